"""Audit starts: where the runs of an audit begin. On saddles, beside them, and at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.saddles import Saddle
from saddlesim.objectives import Objective, Quadratic

Array = NDArray[np.float64]

START_KINDS = {
    "saddle": "on the saddle",
    "stable_eigenspace": "off it along a stable eigenvector",
    "beside_saddle": "off it along the most unstable eigenvector",
    "beside_stable_eigenspace": "off a start along a stable eigenvector, along the most unstable one",
    "random": "uniform in the domain",
}
LADDERS = ("beside_saddle", "beside_stable_eigenspace")
NOT_AT_REST, AT_REST_EXACTLY, AT_REST_IN_FLOATING_POINT = 0, 1, 2


class Start(NamedTuple):
    """One start.

    Attributes
    ----------
    x : (d,)
    kind : str
        A key of `START_KINDS`.
    saddle : int
        The place of its saddle; -1 for a random start.
    distance : float
        How far off along the unstable eigenvector; nan where that is not the question.
    rest : int
        Whether methods that only combine gradients never leave from there: not, in exact arithmetic, or in floating point, too.
    """

    x: Array
    kind: str
    saddle: int = -1
    distance: float = np.nan
    rest: int = NOT_AT_REST


def starts_at(
    objective: Objective, place: int, saddle: Saddle, stable_radius: float, n_stable: int, distances: Sequence[float]
) -> list[Start]:
    """Give the starts that belong to one saddle."""
    unstable = _oriented(saddle.escape_space[:, 0])
    stable = [_oriented(each) for each in saddle.stable_space.T[:n_stable]]
    on_axes = saddle.stable_eigenspace_invariant
    invariant = AT_REST_EXACTLY if isinstance(objective, Quadratic) else NOT_AT_REST
    held = AT_REST_EXACTLY if objective.gradient(saddle.x).any() else AT_REST_IN_FLOATING_POINT
    starts = [Start(saddle.x, "saddle", place, rest=held)]
    for vector in stable:
        rest = AT_REST_IN_FLOATING_POINT if on_axes else invariant
        starts.append(Start(saddle.x + stable_radius * vector, "stable_eigenspace", place, rest=rest))
    for distance in sorted(set(distances)):
        starts.append(Start(saddle.x + distance * unstable, "beside_saddle", place, distance))
        for vector in stable[:1]:
            x = saddle.x + stable_radius * vector + distance * unstable
            starts.append(Start(x, "beside_stable_eigenspace", place, distance))
    return starts


def random_starts(objective: Any, n_starts: int, rng: np.random.Generator) -> list[Start]:
    """Draw starts uniformly in the domain."""
    low, high = np.asarray(objective.domain, dtype=np.float64).T
    return [Start(x, "random") for x in rng.uniform(low, high, (n_starts, len(low)))]


def _oriented(vector: Array) -> Array:
    """Turn an eigenvector so that its largest component is positive, for LAPACK does not say which way it points."""
    return np.asarray(vector * np.sign(vector[np.abs(vector).argmax()]))
