"""Search: candidates for critical points from many starts at once, and winding numbers that tell where one is missing.

All of it in floating point, and in coordinates in which the domain is the unit cube.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from saddlesim.expressions import Formula

Array = NDArray[np.float64]

SEARCHED = 0.02  # how far outside the unit cube starts lie, so that nothing on its boundary is missed
LONGEST_STEP = 0.1
N_STEPS = 60
CLOSE = 1e-6  # Newton steps below this make a candidate
FLAT = 1e-20  # a gradient below this, relative to the usual Hessian, beside a candidate means a plateau
SAME = 1e-9  # distance below which candidates are one
LARGEST_TURN = 0.7  # of the gradient between neighbours on a path, in radians
MOST_PIECES = 500  # of one path that are still too long; more are the noise of rounding


class UnitCube:
    """A function on the box that `domain` says, (d, 2), in coordinates u from 0 to 1."""

    def __init__(self, function: Formula, domain: Array) -> None:
        self.function = function
        self.low = domain[:, 0]
        self.width = domain[:, 1] - domain[:, 0]
        self.dimension = len(domain)
        with np.errstate(all="ignore"):
            norms = np.abs(self.hessian(self.starts(0, 200))).max(axis=(0, 1))
        self.usual = float(np.median(norms[np.isfinite(norms)]))  # norm of the Hessian by u

    def x(self, u: Array) -> Array:
        """Give the points in coordinates of the function: (d, B) -> (d, B)."""
        return self.low[:, None] + self.width[:, None] * u

    def gradient(self, u: Array) -> Array:
        """Give the gradient by u: (d, B) -> (d, B)."""
        return self.width[:, None] * self.function.derivative(self.x(u), 1)

    def hessian(self, u: Array) -> Array:
        """Give the Hessian by u: (d, B) -> (d, d, B)."""
        return self.width[:, None, None] * self.width[:, None] * self.function.derivative(self.x(u), 2)

    def starts(self, begin: int, end: int) -> Array:
        """Give points of an additive recurrence (Roberts' R sequence) in the cube and a little around it: (d, B)."""
        ratio = 2.0
        for _ in range(60):
            ratio = (1 + ratio) ** (1 / (self.dimension + 1))
        steps = ratio ** -np.arange(1.0, self.dimension + 1)
        unit = (0.5 + np.arange(begin + 1, end + 1) * steps[:, None]) % 1
        return unit * (1 + 2 * SEARCHED) - SEARCHED


def candidates(cube: UnitCube, starts: Array) -> Array:
    """Descend from all starts by Newton's method, and by Levenberg-Marquardt on |gradient|^2 where it fails: (d, B) -> (d, C)."""
    with np.errstate(all="ignore"):
        found, failed = _newton(cube, starts)
        more = _levenberg_marquardt(cube, starts[:, failed])
        found = np.concatenate([found, more], axis=1)
        found = distinct(found[:, np.abs(found - 0.5).max(axis=0) <= 0.5 + SEARCHED])
        away = 0.01 * np.cos(1 + np.arange(cube.dimension))[:, None]
        flat = np.abs(cube.gradient(found + away)).max(axis=0, initial=0) < FLAT * cube.usual
    return found[:, ~flat]


def distinct(points: Array) -> Array:
    """Leave one of those that lie together, the first: (d, B) -> (d, C)."""
    _, first = np.unique(np.rint(points / SAME), axis=1, return_index=True)
    points = points[:, np.sort(first)]
    keep = np.ones(points.shape[1], dtype=bool)
    if points.size:
        keep[cKDTree(points.T).query_pairs(SAME, output_type="ndarray")[:, 1]] = False
    return points[:, keep]


def _newton(cube: UnitCube, starts: Array) -> tuple[Array, NDArray[np.int64]]:
    """Give where steps of bounded length end, and the lanes that end nowhere."""
    u, lanes = starts.copy(), np.arange(starts.shape[1])
    found, failed = [], []
    for n in range(N_STEPS + 1):
        step = _newton_step(cube.gradient(u), *_spectra(cube.hessian(u)))
        size = np.abs(step).max(axis=0)
        arrived = size < (1e-12 if n < N_STEPS else CLOSE)
        lost = ~(np.abs(u - 0.5).max(axis=0) < 1) | ~np.isfinite(size) | (~arrived & (n == N_STEPS))
        found.append(u[:, arrived & ~lost])
        failed.append(lanes[lost])
        going = ~arrived & ~lost
        u = u[:, going] + (step * np.minimum(1, LONGEST_STEP / size))[:, going]
        lanes = lanes[going]
    return np.concatenate(found, axis=1), np.sort(np.concatenate(failed))


def _levenberg_marquardt(cube: UnitCube, starts: Array) -> Array:
    """Give where |gradient|^2 is descended to a zero."""
    u = starts.copy()
    gradient = cube.gradient(u)
    damping = np.full(u.shape[1], 1e-2)
    found = []
    for n in range(N_STEPS + 1):
        values, vectors = _spectra(cube.hessian(u))
        size = np.abs(_newton_step(gradient, values, vectors)).max(axis=0)
        arrived = size < (1e-12 if n < N_STEPS else CLOSE)
        found.append(u[:, arrived])
        going = ~arrived & np.isfinite(size) & (damping < 1e12)
        u, gradient, damping, values, vectors = (
            each[..., going] for each in (u, gradient, damping, values, np.moveaxis(vectors, 0, -1))
        )
        along = np.einsum("ijb,ib->jb", vectors, gradient)
        scale = damping * np.max(values**2, axis=0, initial=0)
        step = -np.einsum("ijb,jb->ib", vectors, values / (values**2 + scale) * along)
        tried = cube.gradient(u + step)
        better = ((tried**2).sum(axis=0) < (gradient**2).sum(axis=0)) & (np.abs(u + step - 0.5).max(axis=0) < 1)
        u, gradient = np.where(better, u + step, u), np.where(better, tried, gradient)
        damping = np.where(better, damping / 10, damping * 10)
    return np.concatenate(found, axis=1)


def _spectra(hessians: Array) -> tuple[Array, Array]:
    """Give eigenvalues (d, B) and eigenvectors (B, d, d); nan where a Hessian is not finite."""
    matrices = np.moveaxis(hessians, -1, 0)
    bad = ~np.isfinite(matrices).all(axis=(1, 2))
    matrices = np.where(bad[:, None, None], 0.0, matrices)
    values, vectors = np.linalg.eigh(matrices)
    values[bad] = np.nan
    return values.T, vectors


def _newton_step(gradient: Array, values: Array, vectors: Array) -> Array:
    along = np.einsum("bij,ib->jb", vectors, gradient)
    return -np.einsum("bij,jb->ib", vectors, np.where(along == 0, 0, along / values))


# ---- winding numbers, in the plane


class Cells:
    """A square cut into n x n cells, by lines that keep away from the points; outside it only where a point is on its boundary.

    Parameters
    ----------
    cube : UnitCube
    n : int
    points : (2, B)
        That are known.
    extent : pair of (2,)
        Where most lines are, if they are all in a small part of it.
    """

    def __init__(self, cube: UnitCube, n: int, points: Array, extent: tuple[Array, Array]) -> None:
        self.cube = cube
        self.widened = bool((np.minimum(np.abs(points), np.abs(points - 1)) < 1e-9).any())
        outer = 1e-3 if self.widened else 0.0
        self.lines = np.array([_lines(n, outer, *each) for each in zip(points, *extent, strict=True)])
        horizontal, vertical = (self._turns(axis) for axis in (0, 1))
        turned = horizontal[:-1] - horizontal[1:] + (vertical[1:] - vertical[:-1]).T
        self.winding = np.rint(turned / (2 * np.pi))  # [row, column]; nan where it cannot be told

    def _turns(self, axis: int) -> Array:
        """Give how far the gradient turns along each edge in the direction of `axis`: [line, edge]."""
        along, lines = self.lines[axis], self.lines[1 - axis]
        begin = np.stack(np.broadcast_arrays(along[:-1], lines[:, None]))
        end = np.stack(np.broadcast_arrays(along[1:], lines[:, None]))
        if axis:
            begin, end = begin[::-1], end[::-1]
        flat = turns(self.cube.gradient, begin.reshape(2, -1), end.reshape(2, -1))
        return flat.reshape(len(lines), -1)

    def degrees(self, points: Array, degrees: Array) -> Array:
        """Give the sum of the points' degrees in each cell."""
        out = np.zeros_like(self.winding)
        column, row = (np.searchsorted(lines, each) - 1 for lines, each in zip(self.lines, points, strict=True))
        inside = ((points > self.lines[:, :1]) & (points < self.lines[:, -1:])).all(axis=0)
        np.add.at(out, (row[inside], column[inside]), degrees[inside])
        return out

    def starts(self, cells: NDArray[np.bool_], n: int) -> Array:
        """Give n points in each of those cells."""
        rows, columns = np.nonzero(cells)
        unit = self.cube.starts(0, n)
        low = np.stack([self.lines[0, columns], self.lines[1, rows]])
        high = np.stack([self.lines[0, columns + 1], self.lines[1, rows + 1]])
        return (low[:, :, None] + (high - low)[:, :, None] * unit[:, None]).reshape(2, -1)


def _lines(n: int, outer: float, coordinates: Array, low: float, high: float) -> Array:
    """Give n + 1 positions; the inner ones in the middle of the widest gap between points nearby."""
    wanted = np.linspace(0, 1, n + 1)
    if high - low < 0.5:
        fine = np.linspace(max(low, 0), min(high, 1), n - 3)
        wanted = np.unique(np.concatenate([np.linspace(0, 1, 5), fine]))[: n + 1]
        wanted[-1] = 1.0
    lines = [-outer]
    for before, line, after in zip(wanted[:-2], wanted[1:-1], wanted[2:], strict=True):
        tried = line + np.linspace(0.3 * (before - line), 0.3 * (after - line), 41)
        lines.append(tried[np.abs(tried[:, None] - coordinates).min(axis=1, initial=1.0).argmax()])
    return np.array([*lines, 1 + outer])


def turns(gradient: Callable[[Array], Array], begin: Array, end: Array) -> Array:
    """Give the angle by which a plane gradient turns along straight paths, (B,) for (2, B) twice; nan where it cannot tell."""
    n_paths = begin.shape[1]
    owner = np.repeat(np.arange(n_paths), 64)
    low = np.tile(np.arange(64) / 64, n_paths)
    high = low + 1 / 64
    total = np.zeros(n_paths)

    def angles(at: Array, path: NDArray[np.int64]) -> Array:
        g = gradient(begin[:, path] + (end - begin)[:, path] * at)
        return np.where((g == 0).all(axis=0), np.nan, np.arctan2(g[1], g[0]))

    left, right = angles(low, owner), angles(high, owner)
    while len(owner):
        turn = (right - left + np.pi) % (2 * np.pi) - np.pi
        middle = (low + high) / 2
        between = angles(middle, owner)
        first = (between - left + np.pi) % (2 * np.pi) - np.pi
        fine = (np.abs(turn) < LARGEST_TURN) & (np.abs(first) < LARGEST_TURN)
        rough = np.bincount(owner[~fine], minlength=n_paths) > MOST_PIECES
        hopeless = ~fine & (~np.isfinite(turn + first) | (high - low < 1e-12) | rough[owner])
        np.add.at(total, owner[fine], turn[fine])
        total[owner[hopeless]] = np.nan
        again = ~fine & np.isfinite(total[owner])
        owner = np.tile(owner[again], 2)
        low, high = np.concatenate([low[again], middle[again]]), np.concatenate([middle[again], high[again]])
        left, right = (
            np.concatenate([left[again], between[again]]),
            np.concatenate([between[again], right[again]]),
        )
    return total


def rounds(cube: UnitCube, first: int, most: int) -> Iterator[Array]:
    """Give starts, each time so many that all together are three times as many as before."""
    begin, end = 0, first
    while end <= most:
        yield cube.starts(begin, end)
        begin, end = end, 3 * end
