"""Merging: whether two points are one, by distance or by a motion that leaves the objective as it is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import SAME_POINT_TOLERANCE, same_point
from saddlesim.searching.symmetry import Symmetry

Array = NDArray[np.float64]

MOST_MATCHINGS = 1000  # of rows that are tried where mirror images are not the same


def same_orbit(symmetry: Symmetry, x: Array, y: Array) -> bool:
    """Tell whether a motion takes one point, (d,), to the other, to the accuracy of `same_point`.

    Rows that may be rotated must agree in all mutual distances for some order, and then in position once they are aligned, for
    different shapes can have the same distances, and near a line distances hardly tell a bend.
    """
    if same_point(x, y):
        return True
    if symmetry.trivial:
        return False
    a, b = symmetry.normal_rows(x), symmetry.normal_rows(y)
    if symmetry.rotation:
        return _congruent(symmetry, a, b)
    return any(_rearranged(symmetry, each, b) for each in ((a, -a) if symmetry.sign else (a,)))


def n_images(symmetry: Symmetry, x: Array) -> int | None:
    """Count the points that the motions make of x, (d,), itself among them; None where they are a continuum."""
    if symmetry.continuous:
        return None
    rows = _unsigned(symmetry, symmetry.normal_rows(x))
    limit = _tolerance(rows)
    images = 1
    if any(symmetry.flips):
        images *= 2 ** int(np.count_nonzero(np.abs(x)[list(symmetry.flips)] > limit))
    if symmetry.permutation:
        images *= math.factorial(len(rows))
        alike = np.linalg.norm(rows[:, None] - rows, axis=-1) <= limit
        for place in range(len(rows)):
            images //= int(np.count_nonzero(alike[place, : place + 1]))
    mirrored = symmetry.sign and not _rearranged(symmetry, -rows, rows)
    return 2 * images if mirrored else images


def _rearranged(symmetry: Symmetry, a: Array, b: Array) -> bool:
    a, b = _unsigned(symmetry, a), _unsigned(symmetry, b)
    if symmetry.permutation:
        from scipy.optimize import linear_sum_assignment

        a = a[linear_sum_assignment(np.linalg.norm(b[:, None] - a, axis=-1))[1]]
    return bool(np.linalg.norm(a - b) <= _tolerance(b))


def _unsigned(symmetry: Symmetry, rows: Array) -> Array:
    """Give rows with the sign taken off the components that may change it."""
    if not any(symmetry.flips):
        return rows
    return np.where(symmetry.rows(np.array(symmetry.flips)), np.abs(rows), rows)


def _congruent(symmetry: Symmetry, a: Array, b: Array) -> bool:
    orders: Iterator[list[int]] = iter([list(range(len(a)))])
    if symmetry.permutation:
        fixed = np.zeros((0 if symmetry.translation else 1, a.shape[1]))  # the centre of rotations
        first, second = (np.concatenate([fixed, each]) for each in (a, b))
        matchings = _matchings(_distances(first), _distances(second), 2 * _tolerance(b), [0] * len(fixed))
        orders = ([each - len(fixed) for each in matching[len(fixed) :]] for matching in matchings)
    return any(
        np.linalg.norm(_aligned(a, b[order], symmetry.improper) - b[order]) <= _tolerance(b)
        for order in itertools.islice(orders, MOST_MATCHINGS)
    )


def _matchings(first: Array, second: Array, tolerance: float, begun: list[int]) -> Iterator[list[int]]:
    """Give the orders of the second matrix of distances in which it is the first one, each beginning as given."""
    place = len(begun)
    if place == len(first):
        yield begun
        return
    profiles = np.abs(np.sort(second, axis=1) - np.sort(first[place])).max(axis=1) <= tolerance
    fits = profiles & (np.abs(second[:, begun] - first[place, :place]) <= tolerance).all(axis=1)
    for candidate in np.flatnonzero(fits):
        if candidate not in begun:
            yield from _matchings(first, second, tolerance, [*begun, int(candidate)])


def _aligned(a: Array, b: Array, improper: bool) -> Array:
    """Give the rows a turned, and mirrored if need be and allowed, to lie as near as can be to b (Kabsch)."""
    u, _, v = np.linalg.svd(a.T @ b)
    if not improper and np.linalg.det(u @ v) < 0:
        u[:, -1] *= -1
    return np.asarray(a @ u @ v)


def _distances(rows: Array) -> Array:
    return np.asarray(np.linalg.norm(rows[:, None] - rows, axis=-1))


def _tolerance(rows: Array) -> float:
    return SAME_POINT_TOLERANCE * max(1.0, float(np.linalg.norm(rows)))
