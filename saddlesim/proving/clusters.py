"""Clusters: what is left after branching, put together where boxes touch, and resolved as far as mathematics goes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlesim.intervals import EPSILON
from saddlesim.proving.branching import Budget, Proved, branch
from saddlesim.proving.degree import boundary_degree
from saddlesim.proving.enclosures import Array, Boxes, Enclosures, Mask, joined
from saddlesim.proving.isolated import alone
from saddlesim.proving.surfaces import surfaces

if TYPE_CHECKING:
    from saddlesim.expressions.factors import CommonFactor
    from saddlesim.expressions.germ import Germ

FINER = 1 / 64  # by how much boxes of a cluster are made smaller in one go
LOCATED = 2.0**-15  # relative size of boxes from which on a degenerate point is looked for
FINEST = 2.0**-46
SHRINKS = 0.7  # a cluster round a point does so at least, relative to its size, each time its boxes are made `FINER`
LARGE, MANY = 2.0**-6, 32  # relative size, and number of boxes, from which on a cluster may be a curve or surface
BUDGET_SPENT = "the budget of boxes or time was spent"
TOO_MANY = "too many small boxes: no isolated critical point, or one too flat for this method"
COARSE = 256  # cells of the grid that puts together what was not looked at
MOST_BOXES = 30_000  # of a cluster that is made finer


@dataclass(frozen=True, eq=False)
class Degenerate:
    """Critical points without a regular Hessian, proved to be what they are.

    Attributes
    ----------
    box : (d, 2)
        Encloses them.
    kind : str
        Of each of them.
    index, nullity : int
        How many eigenvalues of the Hessian are negative, and how many are zero, exactly.
    degree : int or None
        Of the gradient on the box's boundary, where it is known.
    isolated : bool
        Whether it is one point; else a curve or surface of them.
    x : (d,)
        The point, or one near the set.
    value : float
        At x.
    reason : str
        What was proved, and how.
    equation : str
        What is 0 on a curve or surface.
    """

    box: Array
    kind: str
    index: int
    nullity: int
    value: float
    degree: int | None
    isolated: bool
    x: Array
    reason: str
    equation: str = ""


@dataclass(frozen=True, eq=False)
class Unresolved:
    """A piece of the box of which nothing is proved.

    Attributes
    ----------
    box : (d, 2)
    reason : str
        Why.
    degree : int or None
        Of the gradient on its boundary: if it is not 0 a critical point is in there.
    """

    box: Array
    reason: str
    degree: int | None = None


@dataclass
class Resolver:
    """Takes clusters on, one by one.

    Attributes
    ----------
    f : Enclosures
    domain : (d, 2)
    budget : Budget
    proved : Proved
        To which regular points are added that come to light.
    degenerate, unresolved : list
    """

    f: Enclosures
    domain: Array
    budget: Budget
    proved: Proved
    degenerate: list[Degenerate] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    _critical: dict[tuple[Any, ...], bool] = field(default_factory=dict)
    _germs: dict[tuple[Any, ...], Germ | None] = field(default_factory=dict)

    def resolve(self, boxes: Boxes, resolution: float) -> None:
        """Resolve what is left of a branching down to a resolution."""
        while boxes.n:
            if self.budget.exhausted:
                for piece in _pieces(boxes, self.domain, connected=True):
                    self.give_up(piece, BUDGET_SPENT)
                return
            again = []
            for cluster in clusters(boxes):
                if self._resolved(cluster, resolution):
                    continue
                if self._may_be_set(cluster):
                    self._make_finer(cluster, resolution)
                else:
                    again.append(cluster)
            resolution *= FINER
            boxes = branch(self.f, joined(again, self.f.dimension), self.domain, resolution, self.budget, self.proved)

    def _resolved(self, boxes: Boxes, resolution: float) -> bool:
        """Tell whether a cluster is done with, one way or the other."""
        smooth = self.f.smooth(boxes)
        if not smooth.any() or (resolution <= LOCATED and not smooth.all()):
            self.give_up(boxes, "f is not twice differentiable, or not proved to be, somewhere in there")
        elif resolution > LOCATED or not self._is_point(boxes.hull):
            if resolution <= FINEST:
                self.give_up(boxes, "a critical point without a regular Hessian, or several close together")
            elif boxes.n > MOST_BOXES:
                self.give_up(boxes, TOO_MANY)
            else:
                return self._may_be_set(boxes) and self._is_surface(boxes)
        return True

    def _make_finer(self, boxes: Boxes, resolution: float) -> None:
        """Cut a large cluster up by itself, and go on with what shrinks or falls apart."""
        before = self.proved.n_found
        left = branch(self.f, boxes, self.domain, resolution * FINER, self.budget, self.proved)
        for cluster in () if self.budget.exhausted else clusters(left):
            stays = self._size(cluster.hull) > SHRINKS * self._size(boxes.hull) and before == self.proved.n_found
            if stays and not self._is_surface(cluster):
                self.give_up(cluster, "boxes along a curve or surface; none is proved to be one of critical points")
            elif not stays:
                self.resolve(cluster, resolution * FINER)
        if self.budget.exhausted:
            self.resolve(left, resolution)

    def _is_point(self, hull: Boxes) -> bool:
        """Whether a degenerate critical point of simple coordinates is proved to be alone in there."""
        from saddlesim.expressions.germ import simple_points

        reach = (hull.hi - hull.lo)[:, 0]
        for point in simple_points(hull.middle[:, 0].tolist(), reach.tolist()):
            place = np.array([[float(each)] for each in point])
            around = 4 * EPSILON * np.abs(place)
            may = all(each.holds_zero[0] for each in self.f.gradient(Boxes(place - around, place + around)))
            if may and self._is_critical(point):
                return self._is_alone(point, place, hull)
        return False

    def _is_critical(self, point: tuple[Any, ...]) -> bool:
        from saddlesim.expressions.germ import is_critical

        if point not in self._critical:
            self._critical[point] = is_critical(self.f.formula, point)
        return self._critical[point]

    def _is_alone(self, point: tuple[Any, ...], place: Array, hull: Boxes) -> bool:
        from saddlesim.expressions.germ import Germ

        if point not in self._germs:
            try:
                self._germs[point] = Germ(self.f.formula, point)
            except ValueError:
                self._germs[point] = None
        germ = self._germs[point]
        box = _wider(Boxes(np.minimum(hull.lo, place), np.maximum(hull.hi, place)))
        told = alone(self.f, germ, box) if germ is not None and germ.nullity and self.f.smooth(box).all() else None
        if germ is None or told is None:
            return False
        known = any(each.isolated and np.array_equal(each.x, place[:, 0]) for each in self.degenerate)
        if germ.inside(self.domain) and not known:
            degree = told.degree if told.degree is not None else boundary_degree(self.f, box)
            made = Degenerate(
                _pairs(box),
                told.kind,
                told.index,
                germ.nullity,
                self._value(place),
                degree,
                True,
                place[:, 0],
                told.reason,
            )
            self.degenerate.append(made)
        return True

    def _is_surface(self, boxes: Boxes) -> bool:
        """Whether most of a cluster is proved to be curves or surfaces of critical points; what is not is given up."""
        left, found = boxes, []
        for factor in self._factors:
            made, told = surfaces(self.f, factor, left)
            found += made
            left = left[np.flatnonzero(~told)]
        if not found or left.n > boxes.n / 2:
            return False
        for each in found:
            x = each.boxes.middle[:, :1]
            index, nullity = int(each.kind == "maximum"), self.f.dimension - 1
            box, value = _pairs(each.boxes.hull), self._value(x)
            self.degenerate.append(
                Degenerate(box, each.kind, index, nullity, value, None, False, x[:, 0], each.reason, each.equation)
            )
        for cluster in clusters(left):
            self.give_up(
                cluster, "where curves or surfaces of critical points meet, or the curvature across them is zero"
            )
        return True

    @cached_property
    def _factors(self) -> tuple[CommonFactor, ...]:
        from saddlesim.expressions.factors import common_factors

        return common_factors(self.f.formula)

    def give_up(self, boxes: Boxes, reason: str) -> None:
        """Leave a cluster unresolved, piece by piece if it is large."""
        if self._size(boxes.hull) > LARGE:
            hulls = [_pairs(piece.hull) for piece in _pieces(boxes, self.domain, connected=False)]
            self.unresolved += [Unresolved(hull, reason) for hull in hulls]
        else:
            degree = boundary_degree(self.f, _wider(boxes.hull))
            self.unresolved.append(Unresolved(_pairs(boxes.hull), reason, degree))

    def _value(self, x: Array) -> float:
        return float(self.f.formula.value(x)[0])

    def _size(self, hull: Boxes) -> float:
        """Give the longest edge, relative to the domain."""
        return float(((hull.hi - hull.lo)[:, 0] / (self.domain[:, 1] - self.domain[:, 0])).max())

    def _may_be_set(self, boxes: Boxes) -> bool:
        return boxes.n >= MANY and self._size(boxes.hull) > LARGE


def clusters(boxes: Boxes) -> Iterator[Boxes]:
    """Put boxes together that touch, directly or through others."""
    if boxes.n < 2:
        if boxes.n:
            yield boxes
        return
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    size = np.maximum((boxes.hi - boxes.lo).max(axis=1, keepdims=True), np.finfo(float).tiny)
    tree = cKDTree((boxes.middle / size).T)
    pairs = tree.query_pairs(1.0 + 1e-6, p=np.inf, output_type="ndarray")
    touching = pairs[_touch(boxes[pairs[:, 0]], boxes[pairs[:, 1]])]
    graph = coo_array((np.ones(len(touching), dtype=bool), touching.T), shape=(boxes.n, boxes.n))
    number, labels = connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(number + 1))
    for begin, end in itertools.pairwise(ends):
        yield boxes[order[begin:end]]


def _pieces(boxes: Boxes, domain: Array, connected: bool) -> Iterator[Boxes]:
    """Put boxes together that lie in the same cell of a coarse grid, or in cells that are connected."""
    if not boxes.n:
        return
    from scipy.ndimage import generate_binary_structure, label

    d = len(domain)
    n = max(2, int(COARSE ** (1 / d)))
    part = (boxes.middle - domain[:, :1]) / (domain[:, 1:] - domain[:, :1])
    cells = tuple(np.clip((part * n).astype(int), 0, n - 1))
    if connected:
        taken = np.zeros((n,) * d, dtype=bool)
        taken[cells] = True
        labels = label(taken, generate_binary_structure(d, d))[0][cells]
    else:
        labels = np.ravel_multi_index(cells, (n,) * d)
    for each in np.unique(labels):
        yield boxes[np.flatnonzero(labels == each)]


def _touch(first: Boxes, second: Boxes) -> Mask:
    """Whether boxes meet, or would but for rounding."""
    slack = 1e-3 * np.minimum(first.hi - first.lo, second.hi - second.lo)
    return Boxes(first.lo - slack, first.hi + slack).meet(second)


def _wider(box: Boxes) -> Boxes:
    margin = 0.1 * (box.hi - box.lo) + 1e-12 * np.abs(box.hi)
    return Boxes(box.lo - margin, box.hi + margin)


def _pairs(box: Boxes) -> Array:
    return np.stack([box.lo[:, 0], box.hi[:, 0]], axis=1)
