"""Survey: elimination, search and winding numbers together, until nothing new is found of one objective's critical points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
from critical_search import Cells, UnitCube, candidates, rounds
from elimination import Elimination, eliminate
from precise import DIGITS, Precise
from refinement import Refined, Refiner

from saddlesim.objectives.base import LibraryObjective

MOST_POINTS = 1000
MOST_CURVES = 3  # so many points that are not isolated end the search
FIRST_STARTS = {1: 300, 2: 1000}
MOST_STARTS = {1: 30_000, 2: 300_000}
FIRST_STARTS_IN_SPACE = 3000
MOST_STARTS_IN_SPACE = 90_000
STARTS_FOR_EACH = 30
NARROW = 0.5  # the box that holds all points is searched too if it is narrower
STARTS_IN_A_CELL = 1500
MOST_REPEATED = 6  # searches in cells
N_CELLS = 16  # along an edge
SAME = 1e-9  # in units of the domain
HELD = 1e-35  # how near to the middle of its box a point has to be, relative
BLURRED = 1e-5  # how near to a degenerate point its candidates stop
REFUSED = 1e-6  # how near to a candidate that led nowhere no other one is tried


@dataclass
class Survey:
    """The critical points of one objective, as they are found.

    Attributes
    ----------
    points : list of Refined
    places : list of (d,)
        The points in coordinates in which the domain is the unit cube.
    n_starts, n_in_vain : int
        How many starts there were, and how many of them after the last one that led to a new point.
    elimination : Elimination or None
    cells : Cells or None
        With winding numbers, in the plane.
    differ : (n, n) array of bool
        In which cells the winding number is another one than that of the points.
    """

    objective: LibraryObjective
    points: list[Refined] = field(default_factory=list)
    places: list[Any] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)
    n_starts: int = 0
    n_in_vain: int = 0
    elimination: Elimination | None = None
    cells: Cells | None = None
    differ: Any = None

    def __post_init__(self) -> None:
        function = self.objective.function
        if function is None:
            raise TypeError(f"{self.objective} has no text")
        self.cube = UnitCube(function, self.objective.domain)
        self.refiner = Refiner(Precise(function, self.cube.width, self.cube.usual))
        self._run(self.objective.dimension)

    @property
    def inside(self) -> list[Refined]:
        """The points in the domain, its boundary within rounding included."""
        return [each for each, u in zip(self.points, self.places, strict=True) if np.abs(u - 0.5).max() <= 0.5 + 1e-12]

    @property
    def n_curves(self) -> int:
        """How many points are not isolated."""
        return sum(not point.around.isolated for point in self.points)

    @property
    def endless(self) -> bool:
        """Whether the points are not isolated or too many."""
        return self.n_curves >= MOST_CURVES or len(self.points) > MOST_POINTS

    @property
    def proved(self) -> bool:
        """Whether the points are all there are, everywhere: each in one box of the elimination, and each box with one."""
        if self.elimination is None or len(self.points) != len(self.elimination.boxes):
            return False
        held = [sum(_holds(box, point) for box in self.elimination.boxes) for point in self.points]
        return held == [1] * len(self.points)

    def _run(self, d: int) -> None:
        self.elimination = eliminate(self.cube.function)
        for box in self.elimination.boxes if self.elimination else ():
            with mpmath.workdps(DIGITS):
                self._add([mpmath.mpf(each.mid) for each in box], trusted=True)
        first, most = FIRST_STARTS.get(d, FIRST_STARTS_IN_SPACE), MOST_STARTS.get(d, MOST_STARTS_IN_SPACE)
        for unit in rounds(self.cube, first, most):
            n_new = self._take(unit)
            low, high = self._extent()
            if (high - low < NARROW).any():
                n_new += self._take(low[:, None] + (high - low)[:, None] * unit)
            enough = self.n_starts >= STARTS_FOR_EACH * len(self.points)
            if self.endless or (not n_new and enough and (d != 2 or self._cells_agree())):
                break

    def _extent(self) -> tuple[Any, Any]:
        """Give the box that holds all points, and a little around it."""
        if len(self.places) < 2:
            return np.zeros(self.cube.dimension), np.ones(self.cube.dimension)
        low, high = np.min(self.places, axis=0), np.max(self.places, axis=0)
        around = 0.1 * (high - low) + 1e-3
        return low - around, high + around

    def _take(self, starts: Any) -> int:
        """Descend from starts and refine what is not known; give how many new points in the domain that made."""
        before = len(self.inside)
        for u in candidates(self.cube, starts).T:
            if not self.endless and not self._known(u) and not self._add(self.cube.x(u[:, None])[:, 0]):
                self.refused.append(u)
        n_new = len(self.inside) - before
        self.n_starts += starts.shape[1]
        self.n_in_vain = 0 if n_new else self.n_in_vain + starts.shape[1]
        return n_new

    def _known(self, u: Any) -> bool:
        """Tell whether a candidate is a point that is known, or leads nowhere for all that is known."""
        degenerate = [
            place
            for place, point in zip(self.places, self.points, strict=True)
            if point.nullity and point.around.isolated
        ]
        within = ((self.places, SAME), (self.refused, REFUSED), (degenerate, BLURRED))
        return any(_distance(u, known) <= distance for known, distance in within)

    def _add(self, candidate: Sequence[Any], trusted: bool = False) -> bool:
        """Refine a candidate, and keep it unless it is known; tell whether it is a critical point."""
        point = self.refiner.refine(candidate, trusted)
        if point is None:
            return False
        u = (np.array([float(each) for each in point.x]) - self.cube.low) / self.cube.width
        if _distance(u, self.places) > SAME:
            self.points.append(point)
            self.places.append(u)
        return True

    def _cells_agree(self) -> bool:
        """Search where winding numbers differ from what is known; tell whether no new point came of it."""
        for _ in range(MOST_REPEATED):
            places = np.array(self.places).reshape(-1, 2).T
            degrees = np.array([np.nan if each.around.degree is None else each.around.degree for each in self.points])
            self.cells = Cells(self.cube, N_CELLS * (1 + (len(self.points) > 200)), places, self._extent())
            self.differ = self.cells.winding != self.cells.degrees(places, degrees)
            if not self.differ.any() or not self._take(self.cells.starts(self.differ, STARTS_IN_A_CELL)):
                return True
        return False


def _distance(u: Any, known: Sequence[Any]) -> float:
    """Give the distance to the nearest one that is known."""
    return float(np.abs(np.array(known) - u).max(axis=1).min()) if known else np.inf


def _holds(box: Sequence[Any], point: Refined) -> bool:
    """Tell whether a point is in a box, to the accuracy that it has."""
    with mpmath.workdps(DIGITS):
        far = [abs(x - mpmath.mpf(each.mid)) > HELD * max(1, abs(x)) for x, each in zip(point.x, box, strict=True)]
    return not any(far)
