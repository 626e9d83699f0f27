"""Residuals: families in n dimensions that are sums of squares, each of all components at once.

Not here: chains, whose terms are of neighbours (`chains`), and least squares of fixed dimension (`least_squares`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, CriticalPoint
from saddlesim.objectives.family import Dimension, Family, Interval
from saddlesim.objectives.least_squares import MGH
from saddlesim.parameters import Size, declared

LIBRARY = "Surjanovic and Bingham, Virtual Library of Simulation Experiments (2013) (recalled)"


class QuarticAlongOne(Family):
    """Base of ``f(x) = |y|^2 + s^2 + s^4``, where y = x - centre and s = w . y with w_i = rise i."""

    rise: ClassVar[float]
    proved: ClassVar[bool] = True

    def value(self, x: Array) -> Array:
        y, _, s = self._along(self.points(x) - self.centre)
        return np.asarray((y * y).sum(axis=0) + s * s * (1 + s * s))

    def gradient(self, x: Array) -> Array:
        y, w, s = self._along(self.points(x) - self.centre)
        return np.asarray(2 * y + 2 * s * (1 + 2 * s * s) * w)

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        (_, w, s), (_, _, change) = self._along(x - self.centre), self._along(v)
        return np.asarray(2 * v + 2 * (1 + 6 * s * s) * change * w)

    def _along(self, y: Array) -> tuple[Array, Array, Array]:
        w = self.rise * self.numbers(y)
        return y, w, (w * y).sum(axis=0)


@declared
class Zakharov(QuarticAlongOne):
    """A bowl and a steep trough across it: one minimum, whose condition number grows as n^3.

    ``f(x) = sum x_i^2 + s^2 + s^4``, s = sum i x_i / 2 = w . x. Usual domain [-5, 10]^n. Its one critical point is the minimum 0
    at 0: where the gradient 2 x + 2 s (1 + 2 s^2) w vanishes, s = -s (1 + 2 s^2) |w|^2, so s = 0 and x = 0.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "sum x_i^2 + (sum i x_i / 2)^2 + (sum i x_i / 2)^4"
    source: ClassVar[str] = LIBRARY
    interval: ClassVar[Interval] = (-5.0, 10.0)
    centre: ClassVar[float] = 0.0
    rise: ClassVar[float] = 0.5
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)

    def text(self, names: Sequence[str]) -> str:
        total = " + ".join(f"{i}*{x}" for i, x in enumerate(names, start=1))
        return f"{' + '.join(f'{x}**2' for x in names)} + ({total})**2/4 + ({total})**4/16"


@declared
class VariablyDimensioned(QuarticAlongOne):
    """A bowl and a steep trough across it, as least squares of n + 2 residuals that are used in every dimension.

    ``f(x) = sum (x_i - 1)^2 + s^2 + s^4``, s = sum i (x_i - 1). Usual domain [-1, 3]^n. Its one critical point is the minimum 0
    at (1, ..., 1), by the argument for `Zakharov`.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "sum (x_i - 1)^2 + (sum i (x_i - 1))^2 + (sum i (x_i - 1))^4"
    source: ClassVar[str] = f"{MGH} 25"
    interval: ClassVar[Interval] = (-1.0, 3.0)
    centre: ClassVar[float] = 1.0
    rise: ClassVar[float] = 1.0

    def text(self, names: Sequence[str]) -> str:
        total = " + ".join(f"{i}*({x} - 1)" for i, x in enumerate(names, start=1))
        return f"{' + '.join(f'({x} - 1)**2' for x in names)} + ({total})**2 + ({total})**4"


@declared
class Penalty1(Family):
    """A sphere of almost minima, tilted by 1e-5: the valley that a penalty method leaves to the optimizer.

    ``f(x) = 1e-5 sum (x_i - 1)^2 + (sum x_i^2 - 1/4)^2``. Usual domain [-1, 1]^n. All critical points: where the gradient is 0
    all x_i are one t with 2 n t^3 - (1/2 - 1e-5) t = 1e-5, which has three real roots for n < 9.25e7. The Hessian there is
    2e-5 / t I + 8 t^2 (1, ..., 1)(1, ..., 1)': the positive root is a minimum, the negative ones are a maximum and a saddle.
    """

    dimension: Annotated[Size, Field(ge=2)] = 2

    formula: ClassVar[str] = "1e-5 sum (x_i - 1)^2 + (sum x_i^2 - 1/4)^2"
    source: ClassVar[str] = f"{MGH} 23"
    dimension_rule: ClassVar[str] = "any n from 2 to 9e7"
    interval: ClassVar[Interval] = (-1.0, 1.0)
    proved: ClassVar[bool] = True
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        excess = (x * x).sum(axis=0) - 0.25
        return np.asarray(1e-5 * ((x - 1) * (x - 1)).sum(axis=0) + excess * excess)

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray(2e-5 * (x - 1) + 4 * ((x * x).sum(axis=0) - 0.25) * x)

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        return np.asarray((2e-5 + 4 * ((x * x).sum(axis=0) - 0.25)) * v + 8 * (x * v).sum(axis=0) * x)

    def text(self, names: Sequence[str]) -> str:
        tilt, squares = " + ".join(f"({x} - 1)**2" for x in names), " + ".join(f"{x}**2" for x in names)
        return f"0.00001*({tilt}) + ({squares} - 0.25)**2"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        n, a, b = self.dimension, 1e-5, 0.5 - 1e-5
        turn = math.acos(1.5 * a / b * math.sqrt(6 * n / b)) / 3
        t = 2 * math.sqrt(b / (6 * n)) * np.cos(turn - np.arange(3) * 2 * math.pi / 3)  # Viete's formula
        t -= (2 * n * t * t * t - b * t - a) / (6 * n * t * t - b)  # one step of Newton's, for the small root's digits
        told = (("minimum_1", "minimum", 0), ("maximum_1", "maximum", n), ("saddle", "saddle", n - 1))
        points = [(np.full(n, each), *rest) for each, rest in zip(t, told, strict=True)]
        return tuple(CriticalPoint(label, x, float(self.value(x)), index, kind) for x, label, kind, index in points)


@declared
class Trigonometric(Family):
    """Residuals that all contain all cosines: descents from the standard start (1/n, ..., 1/n) end at minima that are not zero.

    ``f(x) = sum_i r_i^2``, r_i = n - sum_j cos x_j + i (1 - cos x_i) - sin x_i. Usual domain [-pi, pi]^n. At 0 all r_i vanish and
    their Jacobian is -1: a minimum.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "sum_i (n - sum_j cos x_j + i (1 - cos x_i) - sin x_i)^2"
    source: ClassVar[str] = f"{MGH} 26"
    interval: ClassVar[Interval] = (-math.pi, math.pi)
    centre: ClassVar[float] = 0.0
    critical_set: ClassVar[str] = "All are listed for n = 2 and 4; for more, the minimum of value 0 at 0 alone."

    def value(self, x: Array) -> Array:
        residuals = self._parts(self.points(x))[0]
        return np.asarray((residuals * residuals).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        residuals, sines, own, _ = self._parts(self.points(x))
        return np.asarray(2 * (own * residuals + sines * residuals.sum(axis=0)))

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        residuals, sines, own, bend = self._parts(x)
        change = own * v + (sines * v).sum(axis=0)
        bend = (np.cos(x) * residuals.sum(axis=0) + bend * residuals) * v
        return np.asarray(2 * (own * change + sines * change.sum(axis=0) + bend))

    def _parts(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """Give the residuals, the sines, and the first and second derivative of what r_i has of x_i alone."""
        i, sines, cosines = self.numbers(x), np.sin(x), np.cos(x)
        halves = np.sin(x / 2)
        versed = 2 * halves * halves
        return versed.sum(axis=0) + i * versed - sines, sines, i * sines - cosines, i * cosines + sines

    def text(self, names: Sequence[str]) -> str:
        n, cosines = len(names), " - ".join(f"cos({x})" for x in names)
        return " + ".join(f"({n} - {cosines} + {i}*(1 - cos({x})) - sin({x}))**2" for i, x in enumerate(names, start=1))
