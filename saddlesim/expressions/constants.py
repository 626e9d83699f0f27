"""Constants: numbers of SymPy's -> bounds of their values, proved by interval arithmetic with outward rounding."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import sympy

from saddlesim.expressions.syntax import ExpressionError

DIGITS = (60, 120, 240)  # so many at first, and more where they cancel
TIGHT = Fraction(1, 10**40)  # relative width that will do
SPARE_BITS = 8  # by which elementary functions are widened, whatever their last bit


class Enclosure(NamedTuple):
    """Proved bounds of a constant; equal where it is rational."""

    low: Fraction
    high: Fraction

    def nearest(self) -> float:
        """Give the float64 nearest to its middle; infinity where that is beyond them."""
        middle = (self.low + self.high) / 2
        try:
            return float(middle)
        except OverflowError:
            return math.inf if middle > 0 else -math.inf


@functools.lru_cache(maxsize=4096)
def enclosure(number: Any) -> Enclosure:
    """Enclose a number of SymPy's. One that cannot be told from zero is enclosed by bounds of either sign.

    Raises
    ------
    ExpressionError
        If it is not made of rationals, pi, e, + - * /, powers and the functions of expressions, or not finite and real for sure.
    """
    if number.is_Rational:
        exact = Fraction(int(number.p), int(number.q))
        return Enclosure(exact, exact)
    for digits in DIGITS:
        found = _Bounds(digits).proved(number)
        if found and found.high - found.low <= TIGHT * min(abs(found.low), abs(found.high)):
            return found
    if found is None:
        raise ExpressionError(f"the constant {str(number)[:60]} is not known to be a finite real number", 1)
    return found


class _Bounds:
    """The evaluation of a number's tree in intervals."""

    def __init__(self, digits: int) -> None:
        self.iv: Any = mpmath.ctx_iv.MPIntervalContext()
        self.iv.dps = digits
        self.functions: dict[Any, Callable[[Any], Any]] = {
            sympy.exp: self.exp,
            sympy.log: self.log,
            sympy.sin: lambda u: self.widened(self.iv.sin(u)),
            sympy.cos: lambda u: self.widened(self.iv.cos(u)),
            sympy.tan: lambda u: self.quotient(self.iv.sin(u), self.iv.cos(u)),
            sympy.cot: lambda u: self.quotient(self.iv.cos(u), self.iv.sin(u)),
            sympy.sinh: lambda u: (self.exp(u) - self.exp(-u)) / 2,
            sympy.cosh: lambda u: (self.exp(u) + self.exp(-u)) / 2,
            sympy.tanh: lambda u: 1 - 2 / (self.exp(2 * u) + 1),
            sympy.coth: lambda u: 1 + self.quotient(2, self.exp(2 * u) - 1),
            sympy.atan: self.atan,
            sympy.Abs: abs,
        }

    def proved(self, number: Any) -> Enclosure | None:
        """Give finite bounds; None where there are none at so many digits."""
        try:
            low, high = self.of(number)._mpi_
            return Enclosure(_fraction(low), _fraction(high))
        except (ArithmeticError, ValueError, mpmath.libmp.ComplexResult):
            return None

    def of(self, number: Any) -> Any:
        """Evaluate."""
        if number.is_Rational:
            return self.iv.mpf(int(number.p)) / int(number.q)
        if number in (sympy.pi, sympy.E):
            return +(self.iv.pi if number == sympy.pi else self.iv.e)
        if number.is_Add or number.is_Mul:
            return functools.reduce(operator.add if number.is_Add else operator.mul, map(self.of, number.args))
        if number.is_Pow:
            return self.power(*number.args)
        if number.func not in self.functions:
            raise ValueError(f"{number.func} is not among the functions")
        return self.functions[number.func](*map(self.of, number.args))

    def power(self, base: Any, exponent: Any) -> Any:
        if not exponent.is_Rational or exponent.q > 2:
            return self.exp(self.of(exponent) * self.log(self.of(base)))
        root = self.of(base) if exponent.is_Integer else self.root(self.of(base))
        whole = functools.reduce(operator.mul, [root] * abs(int(exponent.p)))
        return whole if exponent > 0 else self.quotient(1, whole)

    def quotient(self, above: Any, below: Any) -> Any:
        if 0 in below:
            raise ZeroDivisionError
        return self.widened(above / below)

    def root(self, u: Any) -> Any:
        if u.a < 0:
            raise ValueError("the root of what may be negative")
        return self.widened(self.iv.sqrt(u))

    def exp(self, u: Any) -> Any:
        return self.widened(self.iv.exp(u))

    def log(self, u: Any) -> Any:
        if u.a <= 0:
            raise ValueError("the logarithm of what may be zero or negative")
        return self.widened(self.iv.log(u))

    def atan(self, u: Any) -> Any:
        """Halve the angle until its alternating series is short: the error is less than the first term left out."""
        if abs(u).b > 1 and 0 not in u:
            quarter = self.iv.pi / 2
            return (quarter if u.a > 0 else -quarter) - self.atan(1 / u)
        halvings = 0
        while abs(u).b > 2**-6:
            u, halvings = u / (1 + self.root(1 + u * u)), halvings + 1
        total, power, k = self.iv.mpf(0), u, 1
        while True:
            term = power / k
            if abs(term).b < self.iv.mpf(2) ** (-2 * self.iv.prec):
                return 2**halvings * (total + self.iv.mpf([-1, 1]) * abs(term).b)
            total, power, k = total + (term if k % 4 == 1 else -term), power * u * u, k + 2

    def widened(self, u: Any) -> Any:
        return u * (1 + self.iv.mpf([-1, 1]) * self.iv.mpf(2) ** (SPARE_BITS - self.iv.prec))


def _fraction(bound: Any) -> Fraction:
    sign, mantissa, exponent, _ = bound
    if not mantissa and exponent:
        raise OverflowError("a bound is infinite")
    size = int(mantissa) * Fraction(2) ** int(exponent)
    return Fraction(-size if sign else size)
