"""Observers: what is measured while the loop runs. Each owns its accumulator and touches nothing else.

Not here: statistics of what was measured (experiments), and definitions of methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective

Array = NDArray[np.float64]
Accumulator = TypeVar("Accumulator")

INSIDE, ESCAPED, DIVERGED = 0, 1, 2  # how a lane stands to the ball


class Observer(Protocol[Accumulator]):
    """Something told of every step of a block, step 0 included."""

    def start(self, objective: Objective, x: Array, /) -> Accumulator:
        """Give the empty accumulator for starts x of shape (d, B)."""

    def update(self, seen: Accumulator, step: int, state: Any, /) -> Accumulator:
        """Take in the state after so many steps."""


# ---- first passage


class Passage(NamedTuple):
    """How each lane left the ball: the step (-1: it has not), INSIDE, ESCAPED or DIVERGED, and |gradient| then. Each (B,)."""

    step: NDArray[np.int32]
    outcome: NDArray[np.int8]
    gradient_norm: Array
    inside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FirstPassage:
    """The first step at which a lane is out of a ball, and whether it escaped or diverged there.

    A lane is out when ``|x - center| >= radius``. It has escaped if its component in `escape_space` is then the larger one, or
    if it started out; it has diverged if the other component is, or if it is no longer finite.

    Parameters
    ----------
    center : (d,)
    radius : float
    escape_space : (d, m)
        Orthonormal columns: the unstable eigenspace of the saddle at the center.
    """

    center: Array
    radius: float
    escape_space: Array

    def start(self, objective: Objective, x: Array) -> Passage:
        n = x.shape[1]
        return Passage(
            np.full(n, -1, dtype=np.int32),
            np.full(n, INSIDE, dtype=np.int8),
            np.full(n, np.nan),
            np.ones(n, dtype=bool),
        )

    def update(self, seen: Passage, step: int, state: Any) -> Passage:
        if not seen.inside.any():
            return seen
        offset = state.x - self.center[:, None]
        outside = ~(np.einsum("i...,i...->...", offset, offset) < self.radius * self.radius)  # True for nan
        leaving = np.flatnonzero(seen.inside & outside)
        if leaving.size:
            started_out = (step == 0) & np.isfinite(offset[:, leaving]).all(axis=0)
            escaped = started_out | self._along_escape_space(offset[:, leaving])
            seen.step[leaving] = step
            seen.outcome[leaving] = np.where(escaped, ESCAPED, DIVERGED)
            seen.gradient_norm[leaving] = norm(state.gradient[:, leaving])
            seen.inside[leaving] = False
        return seen

    def _along_escape_space(self, offset: Array) -> NDArray[np.bool_]:
        # scaled, so that squares do not overflow; nan, hence False, if not finite
        direction = offset / np.abs(offset).max(axis=0)
        inner = (np.einsum("im,i...->m...", self.escape_space, direction) ** 2).sum(axis=0)
        return np.asarray(inner > (direction * direction).sum(axis=0) - inner)


# ---- visits to a chain of points


class Visits(NamedTuple):
    """The step at which each lane first came to a point, and the next at which it was gone, (K, B) each; -1: never."""

    arrival: NDArray[np.int32]
    departure: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ChainVisits:
    """The first visit of each lane to each point of a chain: when it came within the radius, and when it was out again.

    A lane that is no longer finite has not left: it diverged where it was.

    Parameters
    ----------
    points : (K, d)
    radius : float
        Less than half of the way from a point to the next, so that no lane is at both.
    signs_matter : bool
        Otherwise |x| is looked at, for a function of |x| whose points have no minus sign.
    """

    points: Array
    radius: float
    signs_matter: bool = True

    def start(self, objective: Objective, x: Array) -> Visits:
        never = np.full((len(self.points), x.shape[1]), -1, dtype=np.int32)
        return Visits(never, never.copy())

    def update(self, seen: Visits, step: int, state: Any) -> Visits:
        offset = (state.x if self.signs_matter else np.abs(state.x)) - self.points[:, :, None]
        square = np.einsum("ki...,ki...->k...", offset, offset)
        near = square < self.radius * self.radius
        seen.arrival[near & (seen.arrival < 0)] = step
        seen.departure[~near & np.isfinite(square) & (seen.arrival >= 0) & (seen.departure < 0)] = step
        return seen


# ---- coming to rest


@dataclass(frozen=True, eq=False)
class Rest:
    """The step from which on |gradient| <= tolerance, (B,); -1 for a lane that moves on."""

    tolerance: float

    def start(self, objective: Objective, x: Array) -> NDArray[np.int32]:
        return np.full(x.shape[1], -1, dtype=np.int32)

    def update(self, seen: NDArray[np.int32], step: int, state: Any) -> NDArray[np.int32]:
        still = norm(state.gradient) <= self.tolerance
        return np.where(still, np.where(seen < 0, np.int32(step), seen), np.int32(-1))


# ---- plateau


class GradientHistory(NamedTuple):
    """The gradient norms of the watched lanes, one array (L,) a step, and which are still inside, (L,)."""

    norms: list[Array]
    inside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Plateau:
    """How long the first lanes saw a flat landscape: the gradient norms until they left the ball.

    The plateau is the number of steps before exit with ``|gradient| <= fraction * |gradient at exit|``, or of the largest so far
    where the lane never left. What counts is known only at exit, so the norms are kept, for `n_lanes` lanes and no longer
    than the last of them stays: 8 bytes a lane and step.
    """

    center: Array
    radius: float
    n_lanes: int
    fraction: float = 0.1

    def start(self, objective: Objective, x: Array) -> GradientHistory:
        return GradientHistory([], np.ones(min(self.n_lanes, x.shape[1]), dtype=bool))

    def update(self, seen: GradientHistory, step: int, state: Any) -> GradientHistory:
        if not seen.inside.any():
            return seen
        watched = slice(0, len(seen.inside))
        seen.norms.append(norm(state.gradient[:, watched]))
        still = norm(state.x[:, watched] - self.center[:, None]) < self.radius
        return GradientHistory(seen.norms, seen.inside & still)

    def steps(self, seen: GradientHistory, passage: Passage) -> NDArray[np.int32]:
        """Give the length of each watched lane's plateau in steps, (L,)."""
        norms = np.array(seen.norms).reshape(len(seen.norms), len(seen.inside))
        exits = passage.step[: norms.shape[1]]
        before = np.arange(len(norms))[:, None] < np.where(exits >= 0, exits, len(norms))
        largest = np.max(np.where(before, norms, 0.0), axis=0, initial=0.0)
        reference = np.where(exits >= 0, passage.gradient_norm[: norms.shape[1]], largest)
        return np.asarray(np.count_nonzero(before & (norms <= self.fraction * reference), axis=0), dtype=np.int32)


# ---- records


class Record(NamedTuple):
    """What was recorded at R steps of L lanes: step (R,), x (R, d, L), value and gradient norm (R, L); a step's row."""

    step: NDArray[np.int64]
    x: Array
    value: Array
    gradient_norm: Array
    objective: Objective
    row: dict[int, int]


@dataclass(frozen=True, eq=False)
class Records:
    """Position, value and gradient norm of the first `n_lanes` lanes at the given ascending steps."""

    steps: Sequence[int] | NDArray[np.int64]
    n_lanes: int

    def start(self, objective: Objective, x: Array) -> Record:
        n_records, n_lanes = len(self.steps), min(self.n_lanes, x.shape[1])
        blank = np.full((n_records, n_lanes), np.nan)
        row = {int(step): row for row, step in enumerate(self.steps)}
        positions = np.full((n_records, x.shape[0], n_lanes), np.nan)
        return Record(np.asarray(self.steps), positions, blank, blank.copy(), objective, row)

    def update(self, seen: Record, step: int, state: Any) -> Record:
        row = seen.row.get(step)
        if row is not None:
            watched = slice(0, seen.x.shape[2])
            seen.x[row] = state.x[:, watched]
            seen.value[row] = seen.objective.value(seen.x[row])
            seen.gradient_norm[row] = norm(state.gradient[:, watched])
        return seen


def every(interval: int | None, n_steps: int) -> NDArray[np.int64]:
    """Give the steps 0, interval, 2 interval, ... up to n_steps; none for None."""
    return np.arange(0, n_steps + 1 if interval else 0, interval or 1)


def log_spaced(n_steps: int, n_records: int = 400) -> NDArray[np.int64]:
    """Give about `n_records` steps from 0 to n_steps, both included, evenly spaced in the logarithm where steps are dense enough.

    >>> log_spaced(1000, 8).tolist()
    [0, 1, 3, 7, 19, 52, 139, 373, 1000]
    """
    if n_steps <= n_records:
        return np.arange(n_steps + 1)
    return np.unique(np.concatenate([[0], np.round(np.geomspace(1, n_steps, n_records))]).astype(np.int64))


def norm(vectors: Array) -> Array:
    """Give the Euclidean norms, (...), of vectors (d, ...)."""
    return np.asarray(np.sqrt(np.einsum("i...,i...->...", vectors, vectors)))
