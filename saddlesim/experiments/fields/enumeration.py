"""Enumeration: all critical points of a periodic Gaussian field, by Newton's method from every cell where one may be.

Not a proof (`saddlesim.census` gives one, at its price), but held against two things that know nothing of the search: the
Euler characteristic of the torus, and the same search on a grid twice as fine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.periodic_fields import PeriodicGaussianField
from saddlesim.spectrum import classify, eigenvalues

Array = NDArray[np.float64]

COARSEST_CELL = 0.25  # length scales
N_REFINEMENTS = 3  # how often the grid may be made twice as fine
MOST_CELLS = 200_000  # of the first grid; the last one has 8^d as many
MOST_AT_ONCE = 200_000  # cells that are looked at together
CURVATURE = 6.0  # times h^2 / l^3: what a gradient may be off by at distance h, beyond its linear part
N_NEWTON_STEPS = 30
LONGEST_STEP = 1.0  # in cells, for each component
FARTHEST = 4.0  # cells from its own that Newton's method may lead to
AT_REST = 1e-9  # the length of a step, in length scales, after which one more is within rounding
SAME = 1e-7  # distance of points that are one, in length scales


@dataclass(frozen=True, eq=False)
class Enumeration:
    """The critical points of a field.

    Attributes
    ----------
    x : (d, P)
        In [0, 2 pi), in lexical order.
    value : (P,)
    index : (P,) of int
    n_cells : int
        Along each axis, of the finest grid.
    resolved : bool
        Whether two grids gave as many points and ``sum (-1)^index`` is 0, as it must be on a torus.
    """

    x: Array
    value: Array
    index: NDArray[np.int64]
    n_cells: int
    resolved: bool


def enumerate_points(field: PeriodicGaussianField) -> Enumeration:
    """Find all critical points of a field on the torus, on finer and finer grids till nothing speaks against the list."""
    n_cells = first_grid(field)
    before = points_on_grid(field, n_cells)
    for _ in range(N_REFINEMENTS):
        n_cells *= 2
        x = points_on_grid(field, n_cells)
        index = classify(eigenvalues(field.hessian(x))).index
        resolved = x.shape == before.shape and euler_sum(index) == 0
        if resolved:
            break
        before = x
    return Enumeration(x, field.value(x), index, n_cells, resolved)


def first_grid(field: PeriodicGaussianField) -> int:
    """Give the number of cells along each axis of the coarsest grid."""
    return int(np.ceil(2 * np.pi / (COARSEST_CELL * field.length_scale)))


def euler_sum(index: NDArray[np.int64]) -> int:
    """Give ``sum (-1)^index``."""
    return int((1 - 2 * (index % 2)).sum())


def points_on_grid(field: PeriodicGaussianField, n_cells: int) -> Array:
    """Find the critical points, (d, P), that Newton's method leads to from the cells of one grid."""
    cell = 2 * np.pi / n_cells
    starts = np.concatenate([*_starts(field, n_cells)], axis=1)
    return _distinct(_polished(field, starts, cell), SAME * field.length_scale)


def _starts(field: PeriodicGaussianField, n_cells: int) -> Iterator[Array]:
    """Give the midpoints, (d, S), of the cells in which the gradient may vanish, slab by slab of the grid.

    In a cell of half-width h a component g_i of the gradient changes by at most ``h sum_j |H_ij|`` to first order,
    and by a few ``h^2 / l^3`` beyond.
    """
    d, half_width = field.dimension, np.pi / n_cells
    middles = (np.arange(n_cells) + 0.5) * 2 * half_width
    beyond = CURVATURE * half_width**2 / field.length_scale**3
    n_rows = max(1, MOST_AT_ONCE // n_cells ** (d - 1))
    for first in range(0, n_cells, n_rows):
        axes = [middles[first : first + n_rows], *[middles] * (d - 1)]
        gradient, hessian = field.on_grid(axes, 1), field.on_grid(axes, 2)
        reach = half_width * np.abs(hessian).sum(axis=1) + beyond
        cells = np.nonzero((np.abs(gradient) <= reach).all(axis=0))
        yield np.stack([each[place] for each, place in zip(axes, cells, strict=True)])


def _polished(field: PeriodicGaussianField, starts: Array, cell: float) -> Array:
    """Give where Newton's method comes to rest, (d, R), of those starts, (d, S), from which it does so nearby."""
    found, x, home = [], starts, starts
    for _ in range(N_NEWTON_STEPS):
        step = np.linalg.solve(np.moveaxis(field.hessian(x), -1, 0), field.gradient(x).T[..., None])[..., 0].T
        x = x - np.clip(step, -LONGEST_STEP * cell, LONGEST_STEP * cell)
        at_rest = np.abs(step).max(axis=0) <= AT_REST * field.length_scale
        near = np.abs(x - home).max(axis=0) <= FARTHEST * cell
        found.append(x[:, at_rest & near])
        x, home = x[:, near & ~at_rest], home[:, near & ~at_rest]
    x = np.concatenate(found, axis=1) % (2 * np.pi)
    return np.where(x < 2 * np.pi, x, 0.0)  # to which the remainder of a number just below 0 is rounded


def _distinct(x: Array, same: float) -> Array:
    """Give one of every set of points, (d, R), that are the same on the torus, in lexical order: (d, P)."""
    from scipy.spatial import KDTree

    x = x[:, np.lexsort(x[::-1])]
    pairs = KDTree(x.T, boxsize=2 * np.pi).query_pairs(same, output_type="ndarray")
    kept = np.ones(x.shape[1], dtype=np.bool_)
    kept[pairs.max(axis=1)] = False
    return x[:, kept]
