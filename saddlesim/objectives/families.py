"""Families in n dimensions, vectorised by hand. The critical points that are not exact stand in ``tables/families.json``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives import tables
from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, empty_hessian, square_box
from saddlesim.parameters import Count, declared


@declared
class Rosenbrock(LibraryObjective):
    """The banana valley, chained: one minimum for n = 2 and 3, a second one and a hidden saddle between from n = 4 on.

    ``f(x) = sum_{i<n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2``. Usual domain [-2, 2]^n. For n = 2 to 5 the list is complete: the
    gradient equations determine x_2, ..., x_n from x_1, and the real roots of the last one are counted exactly by Sturm's
    theorem. Beyond, only the global minimum is listed.
    """

    dimension: Annotated[Count, Field(ge=2)] = 2

    formula: ClassVar[str] = "sum_{i<n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2"
    source: ClassVar[str] = "Rosenbrock (1960); critical points for n >= 4: Kok and Sandrock (2009) (recalled)"

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, self.dimension)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        bend, rest = x[1:] - x[:-1] * x[:-1], 1 - x[:-1]
        return np.asarray((100 * bend * bend + rest * rest).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        bend = x[1:] - x[:-1] * x[:-1]
        gradient = np.zeros_like(x)
        gradient[:-1] = -400 * x[:-1] * bend - 2 * (1 - x[:-1])
        gradient[1:] += 200 * bend
        return gradient

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        hessian = empty_hessian(x)
        i = np.arange(self.dimension - 1)
        hessian[i, i] = self._inner_curvature(x)
        hessian[i + 1, i + 1] += 200
        hessian[i, i + 1] = hessian[i + 1, i] = -400 * x[:-1]
        return hessian

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = self.points(x), self.points(v)
        product = np.zeros(np.broadcast_shapes(x.shape, v.shape), dtype=np.result_type(x, v))
        product[:-1] = self._inner_curvature(x) * v[:-1] - 400 * x[:-1] * v[1:]
        product[1:] += 200 * v[1:] - 400 * x[:-1] * v[:-1]
        return product

    def _inner_curvature(self, x: Array) -> Array:
        """The part of the diagonal that the term of x_i and x_{i+1} gives to x_i."""
        return np.asarray(1200 * x[:-1] * x[:-1] - 400 * x[1:] + 2)

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        listed = tables.critical_points("families", f"rosenbrock_{self.dimension}")
        return listed or (CriticalPoint("minimum_1", np.ones(self.dimension), 0.0, index=0, kind="minimum"),)

    @property
    def critical_points_complete(self) -> bool:
        return tables.critical_points("families", f"rosenbrock_{self.dimension}") is not None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=4), cls(dimension=7))
