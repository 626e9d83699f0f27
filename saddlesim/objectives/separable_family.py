"""Separable family: the base of sums of one-dimensional terms. Critical points are all vectors of critical points of terms."""

from __future__ import annotations

import functools
import itertools
import sys
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from saddlesim.objectives.base import Array, CriticalPoint, empty_hessian
from saddlesim.objectives.critical_point import PointSequence
from saddlesim.objectives.family import Family
from saddlesim.parameters import Size, declared


@declared
class Separable(Family):
    """Base of ``f(x) = sum_i term_i(x_i)``: a family states its terms and their critical points, and all else follows."""

    dimension: Size = 2

    dimension_rule: ClassVar[str] = "any n >= 1"
    proved: ClassVar[bool] = True
    sizes: ClassVar[tuple[int, ...]] = (2, 1, 5)
    critical_set: ClassVar[str] = "All vectors of critical points of terms, listed if a machine word can count them."

    @abstractmethod
    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        """Yield the terms of the components i = 1, 2, ... at t, then their slopes, then their curvatures."""

    @abstractmethod
    def term_text(self, name: str, i: int) -> str | None:
        """Write the term of component i over a name; None where the language of expressions cannot."""

    def axes(self) -> Iterable[tuple[int, Array]]:
        """Give the extrema of the terms, (k,), after the number of components in a row that have them; nothing if not listed."""
        return ()

    def value(self, x: Array) -> Array:
        return np.asarray(self._derivative(x, 0).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        return self._derivative(x, 1)

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        hessian = empty_hessian(x)
        hessian[range(self.dimension), range(self.dimension)] = self._derivative(x, 2)
        return hessian

    def hessian_product(self, x: Array, v: Array) -> Array:
        return np.asarray(self._derivative(x, 2) * self.points(v, "v"))

    def _derivative(self, x: Array, order: int) -> Array:
        x = self.points(x)
        return next(itertools.islice(self.derivatives(x, self.numbers(x)), order, None))

    def text(self, names: Sequence[str]) -> str | None:
        terms = [self.term_text(name, i) for i, name in enumerate(names, start=1)]
        return None if None in terms else " + ".join(filter(None, terms))

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        length, axes = 1, []
        for n, points in self.axes():
            length *= len(points) ** min(n, 64)  # one point to any power is one, two to 64 are too many
            if length > sys.maxsize:
                return None
            axes.append((n, points))
        return PointSequence(length, functools.partial(self._point, axes)) if axes else None

    def _point(self, axes: Sequence[tuple[int, Array]], place: int) -> CriticalPoint:
        """Make the vector of extrema at a place, which is a number of mixed radix."""
        counts, points = zip(*axes, strict=True)
        radices = np.repeat([len(each) for each in points], counts)
        digits, rest, i = np.zeros(len(radices), dtype=np.int64), place, len(radices)
        while rest:
            i -= 1
            rest, digits[i] = divmod(rest, int(radices[i]))
        begins = np.repeat(np.cumsum([0, *map(len, points[:-1])]), counts)
        x = np.concatenate(points)[begins + digits]
        _, slopes, curvatures = self.derivatives(x, self.numbers(x))
        index, nullity = (int(np.count_nonzero(each)) for each in (curvatures < 0, curvatures == 0))
        kind = {0: "minimum", len(x): "maximum"}.get(index, "saddle")
        invariant = index > 0 and not slopes[curvatures < 0].any()
        return CriticalPoint(f"{kind}_{place + 1}", x, float(self.value(x)), index, kind, nullity, invariant)

    def zeros(self, nodes: Array, i: int = 1) -> Array:
        """Give the zeros of slope i, (k,): one where its sign changes between neighbouring nodes, (m,), to the last bit."""

        def slope(t: Array) -> Array:
            return next(itertools.islice(self.derivatives(t, np.array(float(i))), 1, None))

        rises = slope(nodes[1:]) > 0
        changes = rises != (slope(nodes[:-1]) > 0)
        low, high, rises = nodes[:-1][changes], nodes[1:][changes], rises[changes]
        for _ in range(64):
            middle = (low + high) / 2
            beyond = (slope(middle) > 0) == rises
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        return np.asarray(np.where(np.abs(slope(low)) <= np.abs(slope(high)), low, high))
