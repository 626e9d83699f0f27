"""Paths: from each index-1 saddle down both of its sides, and what lies at their ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.analysis import QUIET, analyse, polish, same_point
from saddlesim.connecting.flow import follow_flow
from saddlesim.objectives import Objective
from saddlesim.spectrum import eigensystem, zero_threshold

Array = NDArray[np.float64]
End = tuple[str, int | None]  # what it is, and its place where it is listed

ENDS = ("minimum", "saddle", "degenerate", "unlisted", "left the box", "diverged")
LARGEST_START = 1e-2  # distance from the saddle over max(1, |x|)
CURVED = 1e-2  # shift of the way down from the eigenvector, over that distance
N_HALVINGS = 20
ACCURACY = 1e-2  # of a step of the flow, over the distance at which it started
SAME_VALUE = 1e-6  # over max(1, |value|)
SETTLED_DISTANCE = 1e-3  # over max(1, |x|): that polishing walks, or stops short of a point without a regular Hessian
MOST_NUMBERS = 4_000_000  # in the Hessians of the lanes that are carried together


@dataclass(frozen=True)
class Connection:
    """A saddle of index 1 and what lies at the two ends of the steepest descent from it.

    The first of two goes down against the unstable eigenvector, the second along it; the first of its largest
    components is positive.

    Attributes
    ----------
    saddle : int
        Its place in the list of points.
    minima : pair of int or None
        The places of the minima at the two ends, which may be the same; None where a path does not end at a listed minimum.
    barriers : pair of float or None
        The saddle's value minus that of each minimum.
    ends : pair of str
        ``minimum``; ``saddle``: a listed point that descent may leave again, a valley that branches; ``degenerate``: a point
        without a regular Hessian that is no listed minimum; ``unlisted``: a point that is not in the list, or none that could be
        found; ``left the box``; ``diverged``.
    saddles : pair of int or None
        The places of the listed points that are no minima where a path ended.
    """

    saddle: int
    minima: tuple[int | None, int | None]
    barriers: tuple[float | None, float | None]
    ends: tuple[str, str]
    saddles: tuple[int | None, int | None] = (None, None)


def connections(
    objective: Objective,
    points: Sequence[Any],
    box: ArrayLike | None = None,
    same: Callable[[Array, Array], bool] = same_point,
) -> tuple[Connection, ...]:
    """Follow the gradient flow from every point of index 1 down both sides, and tell where it ends.

    In one dimension a point of index 1 is a maximum, and joins two minima just so.

    Parameters
    ----------
    objective : Objective
    points : sequence of objects with x (d,), value, index, nullity and kind
        Critical points, minima among them.
    box : (d, 2), optional
        A path that leaves it is stopped there.
    same : callable
        Whether two positions, (d,), are one point; give one that knows the symmetries where the list has one point of each orbit.
    """
    saddles = [place for place, point in enumerate(points) if point.index == 1]
    if not saddles:
        return ()
    x = np.stack([np.asarray(points[place].x, dtype=np.float64) for place in saddles], axis=1)
    limits = None if box is None else np.asarray(box, dtype=np.float64)
    known = _Known(objective, points, same)
    told: list[Connection] = []
    width = max(1, MOST_NUMBERS // x.shape[0] ** 2)
    for start in range(0, len(saddles), width):
        part = slice(start, start + width)
        ends = _ends(objective, x[:, part], limits, known)
        sides = zip(saddles[part], ends[: len(ends) // 2], ends[len(ends) // 2 :], strict=True)
        told += [_connection(saddle, points, first, second) for saddle, first, second in sides]
    return tuple(told)


def _ends(objective: Objective, x: Array, box: Array | None, known: _Known) -> list[End]:
    """Give the ends of the paths from n saddles, (d, n): first those against the unstable eigenvectors, then the others."""
    reach, x0 = _starts(objective, x)
    flow = follow_flow(objective, x0, ACCURACY * reach, box)
    lanes = zip(flow.x.T, flow.outside, flow.far, strict=True)
    return [
        ("left the box", None) if outside else ("diverged", None) if far else known.at(end)
        for end, outside, far in lanes
    ]


@QUIET
def _starts(objective: Objective, x: Array) -> tuple[Array, Array]:
    """Give starts, (d, 2 n), on both sides of n saddles, and their distance: so near that the way down is straight.

    Straight means that the gradient's part which is not linear shifts it little, whose component along an eigenvector is
    felt over the curvature there: a stiff valley does not ask for a start that is drowned in rounding.
    """
    values, vectors = eigensystem(objective.hessian(x))
    unstable = vectors[:, :, 0].T
    large = np.abs(unstable) >= 0.99 * np.abs(unstable).max(axis=0)  # rounding does not choose among equals
    unstable = unstable * np.sign(np.take_along_axis(unstable, large.argmax(axis=0)[None], axis=0))
    curved = np.abs(values) > zero_threshold(values)[:, None]
    stiffness = np.tile(np.where(curved, np.abs(values), np.abs(values[:, :1])), (2, 1)).T
    back, lowest = np.tile(vectors, (2, 1, 1)).swapaxes(-1, -2), np.tile(values[:, 0], 2)
    saddle, direction = np.tile(x, 2), np.concatenate([-unstable, unstable], axis=1)
    reach = LARGEST_START * np.maximum(1.0, np.linalg.norm(saddle, axis=0))
    for _ in range(N_HALVINGS):
        bent = objective.gradient(saddle + reach * direction) - lowest * reach * direction
        shift = np.linalg.norm((back @ bent.T[..., None])[..., 0].T / stiffness, axis=0)
        straight = shift <= CURVED * reach
        if straight.all():
            break
        reach = np.where(straight, reach, reach / 2)
    return reach, saddle + reach * direction


class _Known:
    """The listed points, to look up what is at a position."""

    def __init__(self, objective: Objective, points: Sequence[Any], same: Callable[[Array, Array], bool]) -> None:
        self.objective, self.points, self.same = objective, points, same
        self.x = np.stack([np.asarray(point.x, dtype=np.float64) for point in points])
        self.values = np.array([point.value for point in points], dtype=np.float64)

    def at(self, x: Array) -> tuple[str, int | None]:
        """Tell what the flow ended at: what polishing leads to, unless that is somewhere else."""
        end = polish(self.objective, x)
        if not np.linalg.norm(end - x) <= SETTLED_DISTANCE * _size(x):
            return "unlisted", None
        place = self.place(end)
        if place is None:
            try:
                found = analyse(self.objective, end)
            except ValueError:
                return "unlisted", None
            return ("degenerate" if found.is_critical and found.spectrum.nullity else "unlisted"), None
        point = self.points[place]
        if point.kind == "minimum":
            return "minimum", place
        return ("degenerate" if point.nullity else "saddle"), place

    def place(self, x: Array) -> int | None:
        """Give the place of the listed point that is at x, the nearest first of those that have its value."""
        value = float(self.objective.value(x))
        candidates = np.flatnonzero(np.abs(self.values - value) <= SAME_VALUE * max(1.0, abs(value)))
        distances = np.linalg.norm(self.x[candidates] - x, axis=1)
        for each in np.argsort(distances, kind="stable"):
            point = self.points[candidates[each]]
            near = point.nullity and distances[each] <= SETTLED_DISTANCE * _size(x)
            if near or self.same(point.x, x):
                return int(candidates[each])
        return None


def _connection(saddle: int, points: Sequence[Any], first: End, second: End) -> Connection:
    minima = _minimum(first), _minimum(second)
    barriers = _barrier(points, saddle, minima[0]), _barrier(points, saddle, minima[1])
    others = None if minima[0] is not None else first[1], None if minima[1] is not None else second[1]
    return Connection(saddle, minima, barriers, (first[0], second[0]), others)


def _minimum(end: End) -> int | None:
    return end[1] if end[0] == "minimum" else None


def _barrier(points: Sequence[Any], saddle: int, minimum: int | None) -> float | None:
    return None if minimum is None else float(points[saddle].value - points[minimum].value)


def _size(x: Array) -> float:
    return max(1.0, float(np.linalg.norm(x)))
