"""Classic test functions of fixed dimension. Their critical points stand in ``tables/classic.json``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives import tables
from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, square_box
from saddlesim.parameters import declared


@declared
class Himmelblau(LibraryObjective):
    """Four equal minima round one maximum, with a saddle between neighbours: the map on which basins are taught.

    ``f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2``. Usual domain [-6, 6]^2. All nine critical points: roots of the
    resultant of the two gradient components, counted exactly and refined to the accuracy that the table states.
    """

    formula: ClassVar[str] = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
    source: ClassVar[str] = "Himmelblau, Applied Nonlinear Programming (1972) (recalled)"

    @cached_property
    def domain(self) -> Array:
        return square_box(6.0, 2)

    def value(self, x: Array) -> Array:
        residuals = self._residuals(self.points(x))
        return np.asarray((residuals * residuals).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        residuals = self._residuals(x)
        return np.asarray(4 * x * residuals + 2 * residuals[::-1])

    def hessian(self, x: Array) -> Array:
        x, y = self.points(x)
        mixed = 4 * (x + y)
        return np.stack([np.stack([12 * x * x + 4 * y - 42, mixed]), np.stack([mixed, 4 * x + 12 * y * y - 26])])

    def _residuals(self, x: Array) -> Array:
        """The two terms that are squared; both at once, for each is a square plus the other component."""
        return np.asarray(((x * x + x[::-1]).T - (11, 7)).T)

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        return tables.critical_points("classic", "himmelblau")

    @property
    def critical_points_complete(self) -> bool:
        return True

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(),)
