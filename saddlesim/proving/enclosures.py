"""Enclosures: value, gradient and Hessian of a formula on many boxes at once, and the mean value theorem in rounded numbers.

Sets of matrices are kept as midpoint and radius there: products of such cost a few array operations, whatever the dimension,
and their rounding is covered by a bound that is known beforehand (Rump's midpoint-radius arithmetic).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.expressions import Formula
from saddlesim.intervals import EPSILON, FUNCTIONS, TINY, Interval, constant

NOT_EVERYWHERE = ("/", "log(", "sqrt(", "tan(", "atan2(", "abs(", "sign(", "kink(", "real_power(")

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Boxes:
    """Boxes [lo, hi], each of shape (d, B)."""

    lo: Array
    hi: Array

    def __getitem__(self, lanes: Any) -> Boxes:
        return Boxes(self.lo[:, lanes], self.hi[:, lanes])

    @property
    def n(self) -> int:
        """How many there are."""
        return int(self.lo.shape[1])

    @property
    def hull(self) -> Boxes:
        """The smallest box that holds all of them, (d, 1)."""
        return Boxes(self.lo.min(axis=1, keepdims=True), self.hi.max(axis=1, keepdims=True))

    @property
    def middle(self) -> Array:
        """A point in each, (d, B)."""
        return np.clip(self.lo + 0.5 * (self.hi - self.lo), self.lo, self.hi)

    @property
    def radius(self) -> Array:
        """How far a box reaches from its `middle` at most, (d, B)."""
        middle = self.middle
        return np.nextafter(np.maximum(self.hi - middle, middle - self.lo), np.inf)

    def meet(self, other: Boxes) -> Mask:
        """Whether two boxes have a point in common, (B,)."""
        return np.asarray(((self.lo <= other.hi) & (other.lo <= self.hi)).all(axis=0))

    def within(self, other: Boxes) -> Mask:
        """Whether a box lies in another one, (B,)."""
        return np.asarray(((self.lo >= other.lo) & (self.hi <= other.hi)).all(axis=0))


def joined(boxes: list[Boxes], dimension: int) -> Boxes:
    """Put lists of boxes together."""
    if not boxes:
        return Boxes(np.empty((dimension, 0)), np.empty((dimension, 0)))
    return Boxes(
        np.concatenate([each.lo for each in boxes], axis=1), np.concatenate([each.hi for each in boxes], axis=1)
    )


class Ball(NamedTuple):
    """Sets of vectors or matrices: all whose entries are within `radius` of those of `middle`; nan where there is no bound."""

    middle: Array
    radius: Array


class Enclosures:
    """A formula and its derivatives on boxes.

    Parameters
    ----------
    formula : Formula
        Of d variables.
    """

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.dimension = formula.dimension
        self._functions: dict[int, Any] = {}

    def value(self, boxes: Boxes) -> Interval:
        """Enclose the values: (d, B) -> (B,)."""
        return self._evaluated(boxes, 0)[()]

    def gradient(self, boxes: Boxes) -> list[Interval]:
        """Enclose the gradient: (d, B) -> d of (B,)."""
        made = self._evaluated(boxes, 1)
        return [made[i,] for i in range(self.dimension)]

    def gradient_ball(self, boxes: Boxes) -> Ball:
        """Enclose the gradient: (d, B) -> (d, B)."""
        return _stacked(self.gradient(boxes))

    def hessian(self, boxes: Boxes) -> Ball:
        """Enclose the Hessian: (d, B) -> (d, d, B); nan where f is not proved to be twice differentiable on all of a box."""
        made = self._evaluated(boxes, 2)
        d = self.dimension
        balls = {place: _stacked([each]) for place, each in made.items()}
        flat = [balls[min(i, j), max(i, j)] for i, j in itertools.product(range(d), repeat=2)]
        smooth = self._whole(made) & self._defined(boxes)
        middle, radius = (np.concatenate(each).reshape(d, d, -1) for each in zip(*flat, strict=True))
        return Ball(np.where(smooth, middle, np.nan), np.where(smooth, radius, np.nan))

    def smooth(self, boxes: Boxes) -> Mask:
        """Whether f is proved to be twice differentiable on all of a box, (B,)."""
        return self._whole(self._evaluated(boxes, 2)) & self._defined(boxes)

    def nowhere(self, boxes: Boxes) -> Mask:
        """Whether f is defined nowhere in a box, (B,)."""
        return np.isnan(self.value(boxes).lo) if self._may_fail else np.zeros(boxes.n, dtype=bool)

    def _defined(self, boxes: Boxes) -> Mask:
        """Whether f and its gradient are defined on all of a box; what their derivatives' formulas say is not enough.

        The derivative of a logarithm is defined where the logarithm is not, and that of an angle across its cut.
        """
        if not self._may_fail:
            return np.ones(boxes.n, dtype=bool)
        return self._whole(self._evaluated(boxes, 0)) & self._whole(self._evaluated(boxes, 1))

    @cached_property
    def _may_fail(self) -> bool:
        """Whether anything is in the formula that is not defined everywhere."""
        return any(
            name in self.formula.code(order, products=False).source for order in range(3) for name in NOT_EVERYWHERE
        )

    @staticmethod
    def _whole(made: dict[tuple[int, ...], Interval]) -> Mask:
        return np.asarray(np.logical_and.reduce([each.whole for each in made.values()]))

    def _evaluated(self, boxes: Boxes, order: int) -> dict[tuple[int, ...], Interval]:
        if order not in self._functions:
            self._functions[order] = self.formula.code(order, products=False).bound(self.arithmetic)
        x = [Interval(*each) for each in zip(boxes.lo, boxes.hi, strict=True)]
        with np.errstate(all="ignore"):  # what is not finite is a bound
            made = self._functions[order](x)
        return {
            place: self.filled(each, boxes.n) for place, each in zip(self.formula.derivatives(order), made, strict=True)
        }

    @staticmethod
    def filled(made: Any, n: int) -> Interval:
        """Give each of n lanes its own bounds where all have the same ones, as of a constant."""
        interval = made if isinstance(made, Interval) else Interval.exact(float(made))
        lo, hi = np.broadcast_to(interval.lo, n), np.broadcast_to(interval.hi, n)
        return Interval(lo, hi, None if interval.partial is None else np.broadcast_to(interval.partial, n))

    @cached_property
    def arithmetic(self) -> Any:
        from saddlesim.expressions.code import Arithmetic

        return Arithmetic(FUNCTIONS, lambda each: constant(each.low, each.high))


def thin(points: Array) -> Boxes:
    """Give points, (d, B), as boxes."""
    return Boxes(points, points)


def product(matrix: Array, ball: Ball) -> Ball:
    """Enclose matrices of floating point, (n, d, B), times sets of vectors (d, B) or of matrices (d, m, B)."""
    rule = "ijb,jb->ib" if ball.middle.ndim == 2 else "ijb,jkb->ikb"
    middle = np.einsum(rule, matrix, ball.middle)
    size = np.abs(matrix)
    rounding = (matrix.shape[1] + 2) * EPSILON
    radius = np.einsum(rule, size, ball.radius + rounding * np.abs(ball.middle))
    return Ball(middle, covered(radius, matrix.shape[1]))


def covered(sums: Array, n: int) -> Array:
    """Round sums of n products of numbers that are not negative up, so that they are bounds."""
    return sums * (1 + 4 * (n + 2) * EPSILON) + TINY


def _stacked(intervals: list[Interval]) -> Ball:
    """Put intervals of (B,) on top of each other."""
    lo = np.stack([np.where(each.whole, each.lo, np.nan) for each in intervals])
    hi = np.stack([np.where(each.whole, each.hi, np.nan) for each in intervals])
    with np.errstate(all="ignore"):
        middle = 0.5 * lo + 0.5 * hi
        radius = np.nextafter(np.maximum(hi - middle, middle - lo), np.inf)
    return Ball(middle, radius)
