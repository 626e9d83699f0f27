"""Refinement: a candidate -> the critical point at 50 digits, with its kind and degree."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import sympy
from mpmath import mpf
from neighbourhood import Neighbourhood, neighbourhood
from precise import ACCURATE, DIGITS, Precise

from saddlesim.expressions.calculus import symbols

ZERO = mpf(10) ** -22  # of an eigenvalue, relative to the norm of the Hessian that is usual
SINGULAR = mpf(10) ** -15  # the same, at a point that is known to 40 digits only
LOST = mpf(10) ** -2  # a Newton step that no candidate near a critical point takes, in units of the domain
UNSURE = 1e-5  # how far a degenerate point may be from its candidate at least, in units of the domain
LONGEST_SIMPLIFIED = 1000  # operations


@dataclass(frozen=True)
class Refined:
    """A critical point.

    Attributes
    ----------
    x : tuple of mpf
    value : mpf
    index, nullity : int
    around : Neighbourhood
        Its kind, its degree, and whether it is isolated.
    exact : bool
        Whether SymPy has shown that the gradient vanishes at a degenerate point's simple coordinates.
    """

    x: tuple[Any, ...]
    value: Any
    index: int
    nullity: int
    around: Neighbourhood
    exact: bool


class Refiner:
    """Refines candidates for one function."""

    def __init__(self, f: Precise) -> None:
        self.f = f
        self.degenerate: list[Refined] = []

    def refine(self, candidate: Sequence[Any], trusted: bool = False) -> Refined | None:
        """Give the critical point that Newton's method leads to; None where it leads to none, or where f is not smooth.

        Parameters
        ----------
        candidate : sequence of d numbers
        trusted : bool
            Whether it is known to be one, to 40 digits.
        """
        with mpmath.workdps(DIGITS):
            try:
                return self._newton([mpf(each) for each in candidate], trusted)
            except (
                ZeroDivisionError,
                ValueError,
                OverflowError,
                TypeError,
            ):  # as mpmath meets what is not smooth, or complex
                return None

    def _newton(self, x: list[Any], trusted: bool) -> Refined | None:
        sizes: list[Any] = []
        for _ in range(60):
            hessian = self.f.hessian(x)
            smallest = min(map(abs, mpmath.eigsy(hessian, eigvals_only=True)))
            if smallest <= (SINGULAR if trusted else ZERO) * self.f.usual:
                return self._degenerate(x, UNSURE, trusted)
            step = mpmath.lu_solve(hessian, -self.f.gradient(x))
            size = mpmath.norm(step, mpmath.inf)
            if not size < LOST:
                break
            x = self.f.moved(x, step)
            if size < ACCURATE:
                return self._described(x, exact=False)
            sizes.append(size)
            ratios = [b / a for a, b in itertools.pairwise(sizes[-8:])]
            if len(sizes) > 12 and all(0.2 < each < 0.97 for each in ratios):
                left = ratios[-1] / (1 - ratios[-1])
                return self._degenerate(self.f.moved(x, step * left), float(0.3 * left * size) + UNSURE, trusted)
        return None

    def _degenerate(self, x: list[Any], unsure: float, trusted: bool) -> Refined | None:
        """Give the degenerate point near x: a known one, one of simple coordinates, or what Newton's method slowly leads to."""
        f = self.f
        for known in self.degenerate:
            if all(abs(a - b) <= unsure * unit for a, b, unit in zip(known.x, x, f.width, strict=True)):
                return known
        away = [mpmath.cos(1 + i) / 1000 for i in range(f.d)]
        if f.is_zero(f.gradient(f.moved(x, away))):  # a plateau, all flat to so many digits
            return None
        simple, exact = self._simple(x, unsure)
        made = self._described(simple or x, exact) if simple or trusted else self._slow(x)
        if made is not None and made.nullity:
            self.degenerate.append(made)
        return made

    def _slow(self, x: list[Any]) -> Refined | None:
        """Refine a point that is degenerate but not simple, to which Newton's method converges linearly."""
        with mpmath.workdps(4 * DIGITS):
            for _ in range(500):
                step = mpmath.lu_solve(self.f.hessian(x), -self.f.gradient(x))
                size = mpmath.norm(step, mpmath.inf)
                if not size < LOST:
                    return None
                x = self.f.moved(x, step)
                if size < ACCURATE:
                    break
            else:
                return None
        return self._described(x, exact=False)

    def _simple(self, x: Sequence[Any], unsure: float) -> tuple[list[Any] | None, bool]:
        """Give the point of simple coordinates nearby where the gradient is zero, if there is one, and whether exactly so."""
        gradient = list(self.f.function.derivatives(1).values())
        reach = [unsure * float(unit) for unit in self.f.width]
        for guess in itertools.product(*(list(_simple_numbers(*each)) for each in zip(x, reach, strict=True))):
            rounded = [mpf(str(sympy.N(each, DIGITS))) for each in guess]
            if self.f.is_zero(self.f.gradient(rounded)):
                place = dict(zip(symbols(self.f.d), guess, strict=True))
                short = all(each.count_ops() < LONGEST_SIMPLIFIED for each in gradient)
                return rounded, short and all(sympy.simplify(each.subs(place)) == 0 for each in gradient)
        return None, False

    def _described(self, x: Sequence[Any], exact: bool) -> Refined | None:
        f = self.f
        tiny = [mpf(10) ** -30 * unit for unit in f.width]
        x = tuple(mpf(0) if abs(each) < least else each for each, least in zip(x, tiny, strict=True))
        value = f.value(x)
        values, vectors = mpmath.eigsy(f.hessian(x))
        if not all(map(mpmath.isfinite, [value, *values])):
            return None
        value = mpf(0) if abs(value) < mpf(10) ** -40 else value
        threshold = ZERO * max(f.usual * mpf(10) ** -8, *map(abs, values))
        zero = [i for i in range(f.d) if abs(values[i]) <= threshold]
        index = sum(1 for i in range(f.d) if i not in zero and values[i] < 0)
        if zero:
            around = neighbourhood(f, x, vectors, zero, index)
        else:
            around = Neighbourhood({0: "minimum", f.d: "maximum"}.get(index, "saddle"), (-1) ** index, isolated=True)
        return Refined(x, value, index, len(zero), around, exact)


def _simple_numbers(x: Any, reach: float) -> Iterator[Any]:
    """Give simple numbers near x: rational ones, rational multiples of pi, square roots of rational ones with its sign."""
    for unit, make in (
        (x, lambda q: q),
        (x / mpmath.pi, lambda q: q * sympy.pi),
        (x * x, lambda q: sympy.sqrt(q) * (1 if x > 0 else -1)),
    ):
        for largest in (1, 12, 1000):
            q = Fraction(str(float(unit))).limit_denominator(largest)
            made = make(sympy.Rational(q.numerator, q.denominator))
            if abs(float(made) - float(x)) <= reach:
                yield made
                break
