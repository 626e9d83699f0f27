"""Degree: how often a gradient turns round along the boundary of a box, by intervals.

It is the sum of (-1)^index over the critical points within if none is degenerate: an alarm that costs little, and no proof.
"""

from __future__ import annotations

import itertools

import numpy as np

from saddlesim.proving.enclosures import Array, Boxes, Enclosures

FIRST_PIECES = 64  # of an edge
MOST_PIECES = 20_000


def boundary_degree(f: Enclosures, box: Boxes) -> int | None:
    """Give the degree of the gradient on the boundary of a box, (d, 1), in one or two dimensions; None where it is not told.

    It is not where a critical point is on the boundary, or too near.
    """
    if f.dimension == 1:
        (slope,) = f.gradient(Boxes(np.hstack([box.lo, box.hi]), np.hstack([box.lo, box.hi])))
        signs = (slope.lo > 0).astype(int) - (slope.hi < 0)
        return None if (signs == 0).any() else int(signs[1] - signs[0]) // 2
    return _turns(f, box) if f.dimension == 2 else None


def _turns(f: Enclosures, box: Boxes) -> int | None:
    """Follow the gradient counterclockwise; each piece of the way is short enough that one component keeps its sign."""
    corners = np.array([[box.lo[0, 0], box.hi[0, 0]], [box.lo[1, 0], box.hi[1, 0]]])
    way = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]  # which end of each axis
    ends = [np.array([corners[0, i], corners[1, j]]) for i, j in way]
    sides = []
    for begin, end in itertools.pairwise(ends):
        told = _sides(f, np.linspace(begin, end, FIRST_PIECES + 1, axis=1))
        if told is None:
            return None
        sides.append(told)
    around = np.concatenate(sides)
    steps = (np.diff(np.append(around, around[0])) + 1) % 4 - 1
    return None if (steps == 2).any() else int(steps.sum()) // 4


def _sides(f: Enclosures, points: Array) -> Array | None:
    """Tell of each piece between points, (2, n), on which side the gradient is: right 0, up 1, left 2, down 3."""
    while points.shape[1] < MOST_PIECES:
        first, last = points[:, :-1], points[:, 1:]
        right, up = f.gradient(Boxes(np.minimum(first, last), np.maximum(first, last)))
        told = np.select([right.lo > 0, up.lo > 0, right.hi < 0, up.hi < 0], [0, 1, 2, 3], -1)
        told[~(right.whole & up.whole)] = -1  # where the gradient may jump
        unsure = np.flatnonzero(told < 0)
        if not len(unsure):
            return np.asarray(told)
        middle = 0.5 * (first + last)[:, unsure]
        if ((middle == first[:, unsure]) | (middle == last[:, unsure])).all():
            return None
        points = np.insert(points, unsure + 1, middle, axis=1)
    return None
