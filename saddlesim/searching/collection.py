"""Collection: what has been found so far; each point that a lane arrives at is known, new, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.analysis import QUIET, SAME_POINT_TOLERANCE, analyse, polish
from saddlesim.searching.merging import n_images, same_orbit
from saddlesim.searching.methods import ARRIVED, Landscape, Lanes, OutOfTime, Walk, levenberg_marquardt
from saddlesim.searching.report import FoundPoint
from saddlesim.spectrum import classify

Array = NDArray[np.float64]

BLURRED = 1e3  # times farther apart two degenerate points may be and are one still, for they are reached slowly
BETWEEN = np.array([0.382, 0.555])  # of the way from one to the other; a lattice of points has none there
BENT = 0.3  # part of their distance that the set may lie beside the chord there
MOST_POLISHED = 40  # steps; the lanes that are polished have nearly arrived
DECOUPLED = 1e-9  # part of the strongest coupling up to which parts of a cluster do not feel each other
STEEP = 1e-6  # part of the box's largest gradient, or of the value over its width, that may be left at a critical point
FLAT = 1e-18  # part of the largest gradient at which a plateau is level to rounding
BESIDE = 0.02  # widths of the box from a point at which that is looked at


class Taken(NamedTuple):
    """How many lanes had arrived at critical points, how many of these are new, and how many lanes were left for want of time."""

    n_there: int
    n_new: int
    n_left: int


class Collection:
    """The critical points found in a landscape, with how often each was met.

    A lane's end is one if polishing it ends where the gradient is zero to rounding, in the box (unless this only seeds
    starts), neither at a pole, nor on a plateau, nor at a cluster in pieces. Near a pole Newton's steps are small, for the
    Hessian is larger still than the gradient; but so is the gradient. A cluster is in pieces where it could be cut so that the
    Hessian has no coupling across the cut: then each piece could be moved alone, and the point is critical at infinity only.

    Degenerate points with others all along between them belong to one set, a line or a plateau, and are listed once, or a few
    times where it bends.
    """

    def __init__(self, landscape: Landscape, wanted_index: int | None) -> None:
        self.landscape, self.wanted_index = landscape, wanted_index
        self.points: list[FoundPoint] = []  # their n_hits still 0
        self.hits: list[int] = []

    @QUIET
    def take(self, walk: Walk, lanes: Lanes, out_of_time: OutOfTime, counted: bool = True) -> Taken:
        """Take where those lanes arrived, until time is up."""
        objective = self.landscape.objective
        x = self.landscape.symmetry.normalised(walk.x)
        values, slopes = objective.value(x), np.linalg.norm(objective.gradient(x), axis=0)
        n_before, n_there = len(self.points), 0
        candidates = np.flatnonzero(walk.arrived & lanes & ~self._steep(values, slopes))
        for number, lane in enumerate(candidates):
            if out_of_time():
                return Taken(n_there, len(self.points) - n_before, len(candidates) - number)
            place = self._place(x[:, lane], float(values[lane]))
            if place is not None:
                n_there += 1
                self.hits[place] += counted
        return Taken(n_there, len(self.points) - n_before, 0)

    def sorted_points(self) -> tuple[FoundPoint, ...]:
        """Give the points by index, then by value, with their hits."""
        points = [replace(each, n_hits=hits) for each, hits in zip(self.points, self.hits, strict=True)]
        return tuple(sorted(points, key=lambda each: (each.index, each.value, tuple(each.x))))

    def _place(self, x: Array, value: float) -> int | None:
        """Give the place in the list of the point that a lane arrived at, (d,), made if it is new; None if it is none."""
        if not self._inside(x):
            return None
        place = self._known(x, value)
        if place is None and not self._in_pieces(x):
            found = self._described(polish(self.landscape.objective, x, MOST_POLISHED))
            if found is None:
                return None
            place = self._known(found.x, found.value, not found.non_degenerate)
            if place is None:
                self.points.append(found)
                self.hits.append(0)
                place = len(self.hits) - 1
        return place

    def _known(self, x: Array, value: float, degenerate: bool = False) -> int | None:
        """Give the place in the list of the point that x, (d,), is; degenerate points may be of one set."""
        symmetry = self.landscape.symmetry
        for place, each in enumerate(self.points):
            blur = 1.0 if each.non_degenerate else BLURRED
            allowed = blur * SAME_POINT_TOLERANCE
            if abs(value - each.value) > allowed * max(1.0, abs(value)):
                continue
            near = np.linalg.norm(x - each.x) <= allowed * max(1.0, float(np.linalg.norm(x)))
            if near or same_orbit(symmetry, x, each.x):
                return place
            if degenerate and not each.non_degenerate and self._joined(x, each.x):
                return place
        return None

    def _joined(self, x: Array, y: Array) -> bool:
        """Tell whether two degenerate points, (d,), are of one set: whether critical points are near all along."""
        chord = x[:, None] + (y - x)[:, None] * BETWEEN
        walk = levenberg_marquardt(self.landscape, chord, np.ones(len(BETWEEN), dtype=bool), lambda: False)
        near = np.linalg.norm(walk.x - chord, axis=0) <= BENT * np.linalg.norm(y - x)
        return bool((walk.arrived & near).all())

    def _described(self, x: Array) -> FoundPoint | None:
        """Look at a polished point, (d,); None if it is no critical point of those that are looked for."""
        landscape = self.landscape
        try:
            found = analyse(landscape.objective, x)
        except ValueError:  # no derivative there
            return None
        local = landscape.local(x[:, None])
        n_modes = int(local.rank[0])
        step = 4 * local.newton_step()[:, 0]  # as in `analyse`, but across the orbit; and what x is rounded by
        step += np.copysign(np.finfo(np.float64).eps * landscape.width, step)
        moved = landscape.objective.hessian(x + step) - landscape.objective.hessian(x)
        atol = float(np.linalg.norm(np.nan_to_num(moved)))
        across = classify(local.eigenvalues[0, : len(x) - n_modes], atol=atol)
        index = int(across.index)
        steep = self._steep(found.value, found.gradient_norm)
        level = not local.usable[0, : len(x) - n_modes].any() and self._level(x)
        if not found.is_critical or steep or level or self.wanted_index not in (None, index):
            return None
        if not self._inside(x) or self._in_pieces(x):
            return None
        return FoundPoint(
            x=x,
            value=found.value,
            gradient_norm=found.gradient_norm,
            eigenvalues=found.spectrum.eigenvalues,
            eigenvectors=found.eigenvectors,
            index=index,
            nullity=int(across.nullity) + n_modes,
            n_symmetry_modes=n_modes,
            kind=str(across.kind),
            margin=float(across.margin),
            n_hits=0,
            n_images=n_images(landscape.symmetry, x),
        )

    def _inside(self, x: Array) -> bool:
        low, high = self.landscape.box.T
        slack = ARRIVED * self.landscape.width
        return bool(self.landscape.box_only_seeds or ((x >= low - slack) & (x <= high + slack)).all())

    def _steep(self, value: ArrayLike, slope: ArrayLike) -> Any:
        """Tell whether a gradient is too large to be what rounding left of zero, (B,)."""
        usual = np.maximum(self.landscape.usual_slope, np.abs(value) / self.landscape.width.min())
        return ~(slope <= STEEP * usual)

    def _level(self, x: Array) -> bool:
        """Tell whether the gradient is zero to rounding beside x, (d,), too."""
        away = BESIDE * self.landscape.width * np.cos(1 + np.arange(len(x)))
        beside = self.landscape.objective.gradient(np.stack([x - away, x + away], axis=1))
        return bool(np.linalg.norm(beside) <= FLAT * self.landscape.usual_slope)

    def _in_pieces(self, x: Array) -> bool:
        """Tell whether x, (d,), is a cluster that has flown apart."""
        symmetry = self.landscape.symmetry
        if not symmetry.translation:
            return False
        rows = symmetry.rows(np.arange(len(x)))
        hessian = self.landscape.objective.hessian(x)
        coupling = np.abs(hessian[rows[:, None, :, None], rows[:, None]]).max(axis=(2, 3))
        coupled = ~(coupling <= DECOUPLED * np.abs(hessian).max())
        reached = np.arange(len(rows)) == 0
        for _ in rows:
            reached = coupled[reached].any(axis=0) | reached
        return not reached.all()
