"""Start sets: starts all over a region, for questions that are not about one saddle. Start laws round a saddle: `starts`."""

from __future__ import annotations

import math
from typing import Annotated, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import LARGEST_COUNT
from saddlesim.objectives import Objective
from saddlesim.objectives.symbolic import Bounds
from saddlesim.parameters import Count, FromRegistry, declared
from saddlesim.problems import Problem
from saddlesim.registry import Registry

Array = NDArray[np.float64]

GOLDEN = (math.sqrt(5) - 1) / 2


class StartSet(Protocol):
    """A set of starts in a region; an object with these methods serves."""

    @property
    def count(self) -> int:
        """How many starts there are."""

    def region(self, objective: Objective) -> Array:
        """Give the box that they lie in, (d, 2)."""

    def draw(self, objective: Objective, first: int, n_lanes: int, rng: np.random.Generator) -> Array:
        """Give `n_lanes` starts from the `first` on, (d, B); the rng is that of the block."""


@declared
class Grid:
    """A grid of starts: `n_points` cells along each axis, one start in each cell, the first axis running fastest.

    A start is not in the middle of its cell but at irrational parts of its sides, k times the golden section for axis k, counted
    from 1, so that no axis of symmetry is hit by accident; `centred` puts it in the middle. An axis with one cell is held in the
    middle of its side of the box, so that a grid of two long axes is a slice.
    """

    n_points: tuple[Count, ...] = Field(min_length=1, description="how many cells along each axis; 1 holds it fixed")
    box: Bounds | None = Field(default=None, description="[[low, high], ...]; by default the objective's domain")
    centred: bool = Field(default=False, description="whether a start is in the middle of its cell")

    @property
    def count(self) -> int:
        return math.prod(self.n_points)

    def region(self, objective: Objective) -> Array:
        return _region(self.box, objective)

    def draw(self, objective: Objective, first: int, n_lanes: int, rng: np.random.Generator) -> Array:
        cells = np.unravel_index(np.arange(first, first + n_lanes), self.n_points, order="F")
        sides = (self.sides(axis, limits) for axis, limits in enumerate(self.region(objective)))
        return np.stack([side[cell] for side, cell in zip(sides, cells, strict=True)])

    def sides(self, axis: int, limits: Array) -> Array:
        """Give the coordinates of the starts along an axis, (n_points[axis],)."""
        n = self.n_points[axis]
        part = 0.5 if self.centred or n == 1 else (axis + 1) * GOLDEN % 1
        low, high = limits.tolist()
        return np.asarray(low + (high - low) * (np.arange(n) + part) / n)


@declared
class Uniform:
    """Independent starts, uniform in a box."""

    n_points: Count = Field(description="how many starts are drawn")
    box: Bounds | None = Field(default=None, description="[[low, high], ...]; by default the objective's domain")

    @property
    def count(self) -> int:
        return self.n_points

    def region(self, objective: Objective) -> Array:
        return _region(self.box, objective)

    def draw(self, objective: Objective, first: int, n_lanes: int, rng: np.random.Generator) -> Array:
        low, high = self.region(objective).T
        return np.asarray(low[:, None] + (high - low)[:, None] * rng.random((len(low), n_lanes)))


START_SETS = Registry("start set", (Grid, Uniform))
START_SETS.load_entry_points()

StartSetField = Annotated[StartSet, FromRegistry(START_SETS, ("region", "draw"))]


def _region(box: Any, objective: Objective) -> Array:
    """Give a box, or the objective's domain, as an array (d, 2)."""
    if box is not None:
        return np.array(box, dtype=np.float64)
    domain = getattr(objective, "domain", None)
    if domain is None:
        raise ValueError(f"{objective} has no domain; give a box: [[low, high], ...]")
    return np.asarray(domain)


def problem_with_set(starts: StartSet, objective: Objective) -> Problem | None:
    """Say what is wrong with a set of starts for this objective, if anything."""
    try:
        region = starts.region(objective)
    except ValueError as error:
        return Problem((), str(error))
    dimension = getattr(objective, "dimension", len(region))
    if len(region) != dimension:
        return Problem(("box",), f"has {len(region)} sides but {objective} has dimension {dimension}")
    if not (region[:, 0] <= region[:, 1]).all():
        return Problem(("box",), "each side must be [low, high] with low <= high")
    if isinstance(starts, Grid) and len(starts.n_points) != dimension:
        told = f"has {len(starts.n_points)} axes but {objective} has dimension {dimension}; an axis of 1 is held fixed"
        return Problem(("n_points",), told)
    if starts.count > LARGEST_COUNT:
        return Problem(("n_points",), f"makes {starts.count} starts; at most {LARGEST_COUNT}")
    return None
