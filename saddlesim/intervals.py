"""Intervals: arithmetic on bounds that are rounded outwards, on many boxes at once. What comes out encloses what is true.

IEEE 754 rounds + - * / and square roots to nearest, so that one step of `nextafter` outwards is enough. Of NumPy's elementary
functions an error of at most 4 units in the last place is assumed, some four times what the tests find; they are moved by 5. Of
sines and cosines that holds up to arguments of some 10^8 only, beyond which nothing is assumed but that they are in [-1, 1];
tangents keep it at any size.

Not here: the language whose functions these are (expressions/), and what is concluded from them (proving/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

EPSILON = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)  # covers whatever error there is below normal numbers
LARGE = 1e308  # what overflowed is at least this large
ULPS = 5.0
FAR = 2.0**26  # of arguments of sin and cos; near their zeros beyond, the reduction by multiples of pi loses digits


class Interval:
    """Sets of real numbers [lo, hi], one for each lane; bounds may be infinite, and nan is the empty set.

    An operation gives the values that it takes where it is defined and marks lanes where it is not everywhere: whoever concludes
    that something exists must ask `whole`; that nothing does may be concluded from the bounds alone.

    Parameters
    ----------
    lo, hi : (...)
        ``lo <= hi``.
    partial : (...) of bool, optional
        Where an operation on the way was undefined for some of the arguments; |u| and roots are defined at 0 though not
        differentiable there, which their derivatives mark.

    Examples
    --------
    >>> x = Interval(1.0, 2.0)
    >>> x - x
    [-1.0000000000000002, 1.0000000000000002]
    """

    __slots__ = ("hi", "lo", "partial")
    __array_ufunc__ = None  # an array times an interval is the interval's business

    def __init__(self, lo: ArrayLike, hi: ArrayLike, partial: Mask | None = None) -> None:
        self.lo: Array = np.asarray(lo, dtype=np.float64)
        self.hi: Array = np.asarray(hi, dtype=np.float64)
        self.partial = partial

    @classmethod
    def exact(cls, value: ArrayLike) -> Interval:
        """Give the intervals of one number each, (...)."""
        number = np.asarray(value, dtype=np.float64)
        return cls(number, number)

    @property
    def whole(self) -> Mask:
        """Whether everything that led here was defined throughout, and bounded, (...)."""
        finite = np.isfinite(self.lo) & np.isfinite(self.hi)
        return finite if self.partial is None else finite & ~self.partial

    @property
    def holds_zero(self) -> Mask:
        """Whether 0 is in it, (...); it is not in the empty set."""
        return np.asarray((self.lo <= 0) & (self.hi >= 0))

    def __repr__(self) -> str:
        return f"[{self.lo}, {self.hi}]"

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo, self.partial)

    def __add__(self, other: Any) -> Interval:
        other = _interval(other)
        return Interval(_down(self.lo + other.lo), _up(self.hi + other.hi), _either(self, other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Interval:
        other = _interval(other)
        return Interval(_down(self.lo - other.hi), _up(self.hi - other.lo), _either(self, other))

    def __rsub__(self, other: Any) -> Interval:
        return _interval(other) - self

    def __mul__(self, other: Any) -> Interval:
        other = _interval(other)
        if other.lo is other.hi:
            self, other = other, self
        products = [self.lo * other.lo, self.lo * other.hi]
        if self.lo is not self.hi:  # not one number, as constants are
            products += [self.hi * other.lo, self.hi * other.hi]
        lo, hi = products[0], products[0]
        for each in products[1:]:
            lo, hi = np.fmin(lo, each), np.fmax(hi, each)  # 0 times infinity is nan and stands for 0
        if np.isnan(lo).any():  # 0 times the whole line, or an empty set
            zero = np.isnan(lo) & ~np.isnan(self.lo) & ~np.isnan(other.lo)
            lo, hi = np.where(zero, 0.0, lo), np.where(zero, 0.0, hi)
        return Interval(_down(lo), _up(hi), _either(self, other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Interval:
        return self * reciprocal(_interval(other))

    def __rtruediv__(self, other: Any) -> Interval:
        if isinstance(other, int) and other == 1:
            return reciprocal(self)
        return _interval(other) * reciprocal(self)


def constant(low: Fraction, high: Fraction) -> Interval:
    """Enclose a number between two fractions; a number that is a float64 is itself."""
    if max(abs(low), abs(high)) > LARGE:
        return Interval(-np.inf if low < 0 else LARGE, np.inf if high > 0 else -LARGE)
    lo, hi = float(low), float(high)
    lo = lo if Fraction(lo) <= low else float(_down(lo))
    hi = hi if Fraction(hi) >= high else float(_up(hi))
    return Interval.exact(lo) if lo == hi else Interval(lo, hi)


def reciprocal(u: Interval) -> Interval:
    """Give 1/u; the whole line, partial, where 0 is in u."""
    zero = u.holds_zero
    lo, hi = _down(1 / u.hi), _up(1 / u.lo)
    return Interval(np.where(zero, -np.inf, lo), np.where(zero, np.inf, hi), _marked(u, zero))


def power(u: Interval, n: int) -> Interval:
    """Give u^n for a whole number n >= 1."""
    if n == 1:
        return u
    if n % 2:
        return Interval(*_relaxed(_raised(u.lo, n), _raised(u.hi, n), n), u.partial)
    inner, outer = _moduli(u)
    lo, hi = _relaxed(_raised(inner, n), _raised(outer, n), n)
    return Interval(np.maximum(lo, 0.0), hi, u.partial)


def real_power(u: Any, a: Any) -> Interval:
    """Give u^a = exp(a log u), for u > 0."""
    return exp(_interval(a) * log(_interval(u)))


def exp(u: Interval) -> Interval:
    """Give e^u."""
    lo, hi = _relaxed(np.exp(u.lo), np.exp(u.hi))
    return Interval(np.maximum(lo, 0.0), hi, u.partial)


def log(u: Interval) -> Interval:
    """Give the natural logarithm of what is positive in u; empty where nothing is."""
    bad = u.lo <= 0
    lo, hi = _relaxed(np.log(np.maximum(u.lo, 0.0)), np.log(np.where(u.hi > 0, u.hi, np.nan)))
    return Interval(np.where(np.isnan(hi), np.nan, lo), hi, _marked(u, bad))


def sqrt(u: Interval) -> Interval:
    """Give the square root of what is not negative in u; empty where nothing is."""
    lo, hi = np.sqrt(np.maximum(u.lo, 0.0)), np.sqrt(np.where(u.hi >= 0, u.hi, np.nan))
    lo = np.where(np.isnan(hi), np.nan, np.maximum(_down(lo), 0.0))
    return Interval(lo, _up(hi), _marked(u, u.lo < 0))


def sin(u: Interval) -> Interval:
    """Give sin(u)."""
    return _wave(u, np.sin, 0.5)


def cos(u: Interval) -> Interval:
    """Give cos(u)."""
    return _wave(u, np.cos, 0.0)


def tan(u: Interval) -> Interval:
    """Give tan(u); the whole line, partial, where a pole may be in u."""
    pole = _holds_whole(u, np.pi, 0.5)
    lo, hi = _relaxed(np.tan(u.lo), np.tan(u.hi))
    pole &= ~np.isnan(u.lo)
    return Interval(np.where(pole, -np.inf, lo), np.where(pole, np.inf, hi), _marked(u, pole))


def sinh(u: Interval) -> Interval:
    """Give sinh(u)."""
    return Interval(*_relaxed(np.sinh(u.lo), np.sinh(u.hi)), u.partial)


def cosh(u: Interval) -> Interval:
    """Give cosh(u)."""
    inner, outer = _moduli(u)
    lo, hi = _relaxed(np.cosh(inner), np.cosh(outer))
    return Interval(np.maximum(lo, 1.0), hi, u.partial)


def tanh(u: Interval) -> Interval:
    """Give tanh(u)."""
    return _within(Interval(*_relaxed(np.tanh(u.lo), np.tanh(u.hi)), u.partial), -1.0, 1.0)


def atan(u: Interval) -> Interval:
    """Give arctan(u)."""
    return Interval(*_relaxed(np.arctan(u.lo), np.arctan(u.hi)), u.partial)


def atan2(v: Any, u: Any) -> Interval:
    """Give the angle of the points (u, v); [-pi, pi], partial, where the negative half-axis or the origin is among them."""
    v, u = _interval(v), _interval(u)
    cut = v.holds_zero & (u.lo <= 0)
    corners = [np.arctan2(b, a) for b in (v.lo, v.hi) for a in (u.lo, u.hi)]
    lo, hi = _relaxed(np.minimum.reduce(corners), np.maximum.reduce(corners))
    half_turn = float(_up(np.pi))
    return Interval(np.where(cut, -half_turn, lo), np.where(cut, half_turn, hi), _marked(_both(v, u), cut))


def modulus(u: Interval) -> Interval:
    """Give |u|."""
    return Interval(*_moduli(u), u.partial)


def sign(u: Interval) -> Interval:
    """Give the derivative of |u|: -1 or 1; partial where 0 is in u."""
    zero = u.holds_zero
    either = np.where(zero, -1.0, np.sign(u.lo)), np.where(zero, 1.0, np.sign(u.hi))
    return Interval(*either, _marked(u, zero))


def kink(u: Interval) -> Interval:
    """Give the derivative of `sign`: 0; partial where 0 is in u."""
    zero = 0.0 * np.sign(u.lo)
    return Interval(zero, zero, _marked(u, u.holds_zero))


FUNCTIONS: Mapping[str, Callable[..., Interval]] = {
    **{each.__name__: each for each in (exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, atan, atan2, sign, kink)},
    "abs": modulus,
    "power": power,
    "real_power": real_power,
}


def _interval(number: Any) -> Interval:
    return number if isinstance(number, Interval) else Interval.exact(number)


def _both(u: Interval, v: Interval) -> Interval:
    """Carry the marks of two, for an operation that makes bounds of its own."""
    return Interval(u.lo, u.hi, _either(u, v))


def _either(u: Interval, v: Interval) -> Mask | None:
    if u.partial is None or v.partial is None:
        return u.partial if v.partial is None else v.partial
    return u.partial | v.partial


def _marked(u: Interval, bad: Mask) -> Mask | None:
    if not np.any(bad):
        return u.partial
    return bad if u.partial is None else bad | u.partial


def _down(x: ArrayLike) -> Array:
    return np.asarray(np.nextafter(x, -np.inf))


def _up(x: ArrayLike) -> Array:
    return np.asarray(np.nextafter(x, np.inf))


def _relaxed(lo: Array, hi: Array, ulps: float = ULPS) -> tuple[Array, Array]:
    """Move bounds outwards by so many units in the last place, the overflowed ones to where they may have come from."""
    lo, hi = np.minimum(lo, LARGE), np.maximum(hi, -LARGE)
    return lo - (np.abs(lo) * (ulps * EPSILON) + TINY), hi + (np.abs(hi) * (ulps * EPSILON) + TINY)


def _raised(x: Array, n: int) -> Array:
    """Give x^n by squaring: less than n roundings of half a unit."""
    if n == 1:
        return x
    half = _raised(x, n // 2)
    return half * half * x if n % 2 else half * half


def _moduli(u: Interval) -> tuple[Array, Array]:
    """Give the smallest and the largest |x| of u."""
    return np.maximum(np.maximum(u.lo, -u.hi), 0.0), np.maximum(-u.lo, u.hi)


def _within(u: Interval, least: float, most: float) -> Interval:
    return Interval(np.maximum(u.lo, least), np.minimum(u.hi, most), u.partial)


def _wave(u: Interval, function: Callable[[Array], Array], phase: float) -> Interval:
    """Give a sine whose maxima are at 2 pi (k + phase/2)."""
    ends = function(u.lo), function(u.hi)
    lo, hi = _relaxed(np.minimum(*ends), np.maximum(*ends))
    far = _moduli(u)[1] > FAR
    lo = np.where(far | _holds_whole(u, 2 * np.pi, phase / 2 + 0.5), -1.0, lo)
    hi = np.where(far | _holds_whole(u, 2 * np.pi, phase / 2), 1.0, hi)
    empty = np.isnan(u.lo)
    return _within(Interval(np.where(empty, np.nan, lo), np.where(empty, np.nan, hi), u.partial), -1.0, 1.0)


def _holds_whole(u: Interval, period: float, phase: float) -> Mask:
    """Whether a point period (k + phase), k whole, may be in u: surely so where one is, and where rounding cannot tell."""
    first, last = u.lo / period - phase, u.hi / period - phase
    unsure = 4 * EPSILON * (np.maximum(np.abs(first), np.abs(last)) + 1)
    told = np.floor(last + unsure) >= np.ceil(first - unsure)
    return np.asarray(told | ~np.isfinite(first) | ~np.isfinite(last))
