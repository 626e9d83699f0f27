"""Symmetry: the motions that leave an objective as it is, found among those that it declares by trying them.

A declared word such as ``permutation`` leaves open what is permuted: components, particles or columns of a matrix. So x is seen
as rows of every width that divides d, in both orders, and the view is taken in which most of what is declared holds true.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET
from saddlesim.objectives.base import Objective

Array = NDArray[np.float64]

WORDS = ("translation", "rotation", "reflection", "permutation", "scaling", "sign")
N_TRIALS = 5  # points at which a motion is tried
HOLDS = 1e-9  # relative error up to which it holds there
MOST_COLUMNS = 20  # between which rotations are tried: there are n (n - 1) / 2
INDEPENDENT = 1e-6  # of singular values of generators, relative to the largest


@dataclass(frozen=True)
class Symmetry:
    """Motions of x, seen as n rows of so many columns, that leave an objective as it is.

    Attributes
    ----------
    dimension, n_columns : int
    transposed : bool
        Whether x holds column after column.
    translation : bool
        All rows together, in each column.
    rotation, improper : bool
        Of all rows about the origin, in the space of the columns; also those that make mirror images.
    row_scaling, scaling : bool
        Of each row, or of all of x only, by positive factors.
    permutation : bool
        Of rows.
    sign : bool
        x -> -x.
    flips : tuple of bool
        For each component whether it may change its sign alone.
    """

    dimension: int
    n_columns: int = 1
    transposed: bool = False
    translation: bool = False
    rotation: bool = False
    improper: bool = False
    row_scaling: bool = False
    scaling: bool = False
    permutation: bool = False
    sign: bool = False
    flips: tuple[bool, ...] = ()

    @property
    def continuous(self) -> bool:
        """Whether orbits are continua."""
        return self.translation or self.rotation or self.scales

    @property
    def scales(self) -> bool:
        return self.row_scaling or self.scaling

    @property
    def trivial(self) -> bool:
        return not (self.continuous or self.permutation or self.sign or any(self.flips))

    def rows(self, x: NDArray[Any]) -> NDArray[Any]:
        """See points (d, ...) as rows (n, k, ...)."""
        n, k = self.dimension // self.n_columns, self.n_columns
        return x.reshape(k, n, *x.shape[1:]).swapaxes(0, 1) if self.transposed else x.reshape(n, k, *x.shape[1:])

    def flat(self, rows: Array) -> Array:
        """See rows (n, k, ...) as points (d, ...)."""
        return (rows.swapaxes(0, 1) if self.transposed else rows).reshape(self.dimension, *rows.shape[2:])

    def normal_rows(self, x: Array) -> Array:
        """Give the rows (n, k, ...) of points (d, ...) with their centre at the origin and unit lengths, where these are free."""
        rows = self.rows(x)
        if self.translation:
            rows = rows - rows.mean(axis=0)
        if self.scales:
            length = np.sqrt((rows * rows).sum(axis=1 if self.row_scaling else (0, 1), keepdims=True))
            rows = rows / np.where(length > 0, length, 1.0)
        return rows

    def normalised(self, x: Array) -> Array:
        """Give the points (d, ...) that `normal_rows` are the rows of."""
        return self.flat(self.normal_rows(x)) if self.continuous else x

    def generators(self, x: Array) -> Array:
        """Give the velocities, (d, m, B), of points (d, B) in each continuous motion; none is much longer than 1."""
        centred = replace(self, row_scaling=False, scaling=False).normal_rows(x)
        size = np.sqrt((centred * centred).sum(axis=(0, 1)))
        size = np.where(size > 0, size, 1.0)
        n, k = centred.shape[:2]
        fields = []
        if self.translation:
            fields += [np.broadcast_to(axis[:, None], centred.shape) / np.sqrt(n) for axis in np.eye(k)]
        if self.rotation:
            for a, b in zip(*np.triu_indices(k, 1), strict=True):
                field = np.zeros_like(centred)
                field[:, a], field[:, b] = -centred[:, b] / size, centred[:, a] / size
                fields.append(field)
        if self.scaling:
            fields.append(centred / size)
        if self.row_scaling:
            fields += [each[:, None, None] * self.normal_rows(x) for each in np.eye(n)]
        flat = [self.flat(field) for field in fields]
        return np.stack(flat, axis=1) if flat else np.zeros((self.dimension, 0, x.shape[1]))

    def modes(self, x: Array) -> tuple[Array, NDArray[np.int64]]:
        """Give orthonormal bases (B, d, m), padded by zeros, of what the generators span at points (d, B), and the ranks (B,)."""
        vectors, sizes, _ = np.linalg.svd(np.moveaxis(self.generators(x), -1, 0), full_matrices=False)
        kept = sizes > INDEPENDENT * np.max(sizes, axis=1, initial=0.0)[:, None]
        return vectors * kept[:, None], np.count_nonzero(kept, axis=1)


@QUIET
def find_symmetry(objective: Objective, box: Array, words: tuple[str, ...]) -> Symmetry:
    """Find what the words mean for an objective, by trial at a few points of the box, (d, 2).

    Motions that only change the order or the signs of components must leave the box as it is, too.
    """
    d = len(box)
    best = Symmetry(d)
    if not words:
        return best
    trial = _Trial(objective, box)
    for k in (k for k in range(1, d + 1) if d % k == 0):
        for transposed in (False, True)[: 2 if 1 < k < d else 1]:
            view = trial.holding(Symmetry(d, k, transposed), words)
            if _n_motions(view) > _n_motions(best):
                best = view
    return best


def spread_points(box: Array, n: int) -> Array:
    """Give n points of a box, (d, 2), on no line or plane that a symmetry might prefer: (d, n)."""
    numbers = np.arange(1, len(box) + 1)
    parts = np.arange(1, n + 1) * (np.sqrt(2 * numbers + 1) + np.sqrt(2) / numbers)[:, None] % 1
    return np.asarray(box[:, :1] + (box[:, 1] - box[:, 0])[:, None] * parts)


def _n_motions(symmetry: Symmetry) -> tuple[int, int]:
    n_generators = symmetry.generators(np.ones((symmetry.dimension, 1))).shape[1]
    return n_generators, symmetry.permutation + symmetry.sign + symmetry.improper + sum(symmetry.flips)


class _Trial:
    """Points to try motions at, with value and gradient."""

    def __init__(self, objective: Objective, box: Array) -> None:
        self.objective, self.box = objective, box
        self.x = spread_points(box, N_TRIALS)
        self.value, self.gradient = objective.value(self.x), objective.gradient(self.x)
        self.finite = np.isfinite(self.value) & np.isfinite(self.gradient).all(axis=0)

    def holding(self, view: Symmetry, words: tuple[str, ...]) -> Symmetry:
        """Give the view with those of the declared motions that hold in it."""
        found: dict[str, Any] = {}
        if "translation" in words:
            found["translation"] = self._flows(replace(view, translation=True))
        centred = replace(view, **found)
        if "rotation" in words and 1 < view.n_columns <= MOST_COLUMNS:
            found["rotation"] = self._flows(replace(centred, rotation=True))
        if "scaling" in words:
            found["row_scaling"] = self._flows(replace(view, row_scaling=True))
            found["scaling"] = not found["row_scaling"] and self._flows(replace(view, scaling=True))
        free = any(found.values())
        rows, edges = view.rows(self.x), view.rows(self.box)
        if "permutation" in words and len(rows) > 1 and (free or np.ptp(edges, axis=0).max() == 0):
            swapped = rows[[1, 0, *range(2, len(rows))]]
            found["permutation"] = all(self._same(view.flat(each)) for each in (swapped, np.roll(rows, 1, axis=0)))
        symmetric = self.box[:, 0] == -self.box[:, 1]
        if "sign" in words and (free or symmetric.all()):
            found["sign"] = self._same(-self.x)
        if "reflection" in words and found.get("rotation"):
            mirrored = rows.copy()
            mirrored[:, 0] *= -1
            found["improper"] = self._same(view.flat(mirrored))
        if found.get("rotation") and found.get("sign") and view.n_columns % 2:
            found["improper"] = True
        if "reflection" in words and view.n_columns == 1 and not free:
            found["flips"] = tuple(bool(free) and self._flips(i) for i, free in enumerate(symmetric))
        return replace(view, **found)

    def _flips(self, i: int) -> bool:
        flipped = self.x.copy()
        flipped[i] *= -1
        return self._same(flipped)

    def _same(self, moved: Array) -> bool:
        value = self.objective.value(moved)
        close = np.abs(value - self.value) <= HOLDS * np.abs(self.value)
        return bool(self.finite.any() and close[self.finite].all())

    def _flows(self, view: Symmetry) -> bool:
        """Tell whether no generator of the view changes the value."""
        fields = view.generators(self.x)
        change = np.abs(np.einsum("dmb,db->mb", fields, self.gradient))
        allowed = HOLDS * np.linalg.norm(self.gradient, axis=0)
        return bool(self.finite.any() and (change <= allowed)[:, self.finite].all())
