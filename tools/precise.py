"""Precise: a function and its derivatives at 60 digits, in units of the box in which they are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mpmath
from mpmath import mpf
from numpy.typing import NDArray

from saddlesim.expressions import Formula
from saddlesim.expressions.code import Arithmetic

DIGITS = 60
ACCURATE = mpf(10) ** -46  # of a Newton step
ZERO_GRADIENT = mpf(10) ** -40  # relative to the norm of the Hessian that is usual

ARITHMETIC = Arithmetic(
    {
        **{
            name: getattr(mpmath, name)
            for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan")
        },
        "atan2": mpmath.atan2,
        "abs": abs,
        "sign": lambda u: mpmath.sign(u) if u else mpmath.nan,
        "kink": lambda u: mpf(0) if u else mpmath.nan,
        "power": lambda u, n: u**n,
        "real_power": lambda u, a: u**a,
    },
    lambda enclosure: (lambda middle: mpf(middle.numerator) / middle.denominator)((enclosure.low + enclosure.high) / 2),
)


class Precise:
    """A function on mpmath's numbers.

    Parameters
    ----------
    function : Formula
    width : (d,)
        Of the domain, the unit of each component.
    usual : float
        A usual norm of the Hessian in these units.
    """

    def __init__(self, function: Formula, width: NDArray[Any], usual: float) -> None:
        self.function = function
        self.width = [mpf(float(each)) for each in width]
        self.usual = mpf(usual)
        self.d = len(width)
        with mpmath.workdps(DIGITS):
            self.code = [function.code(order, products=False).bound(ARITHMETIC) for order in range(3)]

    def derivative(self, x: Sequence[Any], order: int) -> dict[tuple[int, ...], Any]:
        """Give the partial derivatives in units of the domain."""
        made = zip(self.function.derivatives(order), self.code[order](x), strict=True)
        return {index: mpf(each) * math.prod(self.width[i] for i in index) for index, each in made}

    def value(self, x: Sequence[Any]) -> Any:
        """Give the value."""
        return self.derivative(x, 0)[()]

    def gradient(self, x: Sequence[Any]) -> Any:
        """Give the gradient in units of the domain."""
        return mpmath.matrix(list(self.derivative(x, 1).values()))

    def hessian(self, x: Sequence[Any]) -> Any:
        """Give the Hessian in units of the domain."""
        made = self.derivative(x, 2)
        return mpmath.matrix([[made[min(i, j), max(i, j)] for j in range(self.d)] for i in range(self.d)])

    def moved(self, x: Sequence[Any], step: Any) -> list[Any]:
        """Give x + step, where the step is in units of the domain."""
        return [each + unit * by for each, unit, by in zip(x, self.width, step, strict=True)]

    def is_zero(self, gradient: Any) -> bool:
        """Tell whether a gradient is zero to the accuracy that there is."""
        return bool(mpmath.norm(gradient) < ZERO_GRADIENT * self.usual)
