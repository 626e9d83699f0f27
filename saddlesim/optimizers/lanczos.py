"""Lanczos: what the Hessian of each lane does on the Krylov space of one vector, from Hessian products alone.

Not here: the methods that step in that space (`krylov`), or only ask it for a direction of negative curvature (`newton_cg`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from saddlesim.optimizers.base import Array
from saddlesim.spectrum import eigensystem, rounding_rtol

Product = Callable[[Array], Array]


class KrylovSpace(NamedTuple):
    """Orthonormal vectors of each lane and the symmetric matrix restricted to them, Q' H Q = S diag(theta) S'.

    Lanes come first, so that each lane's sums run along its own memory, in an order that does not depend on how many there are.

    Attributes
    ----------
    basis : (B, m, d)
        Q', the start's direction first; zero from where an invariant space was complete.
    values : (B, m)
        The Ritz values theta, ascending; those that belong to no vector stand above the others.
    coordinates : (B, m, m)
        S, in columns.
    """

    basis: Array
    values: Array
    coordinates: Array

    def combination(self, coefficients: Array) -> Array:
        """Give the vectors (d, B) of these coefficients in the basis, (B, m)."""
        return np.ascontiguousarray(np.einsum("bmd,bm->bd", self.basis, coefficients).T)

    def lowest(self) -> tuple[Array, Array]:
        """Give the lowest Ritz value, (B,), and the unit vector (d, B) that has it as its curvature."""
        return self.values[:, 0], self.combination(self.coordinates[:, :, 0])


def krylov_space(product: Product, start: Array, n_vectors: int) -> KrylovSpace:
    """Span the Krylov space by Lanczos' recurrence, each vector orthogonalised twice against all before it.

    Parameters
    ----------
    product : callable
        H v of v, both (d, B).
    start : (d, B)
        Not necessarily of length 1. Where it is zero, so is the space.
    n_vectors : int, > 0
        How many vectors at most; never more than d.
    """
    d, n_lanes = start.shape
    m = min(n_vectors, d)
    basis = np.zeros((n_lanes, m, d))
    diagonal, below = np.zeros((m, n_lanes)), np.zeros((m, n_lanes))
    w = np.ascontiguousarray(start.T)
    length = _lengths(w)
    goes_on = length != 0
    size, scale = np.zeros(n_lanes, dtype=np.int64), np.zeros(n_lanes)
    for j in range(m):
        basis[:, j] = np.where(goes_on[:, None], w / np.where(goes_on, length, 1.0)[:, None], 0.0)
        size = size + goes_on
        w = np.ascontiguousarray(product(np.ascontiguousarray(basis[:, j].T)).T)
        diagonal[j] = np.einsum("bd,bd->b", basis[:, j], w)
        known = basis[:, : j + 1]
        for _ in range(2):
            w = w - np.einsum("bmd,bm->bd", known, np.einsum("bmd,bd->bm", known, w))
        length = _lengths(w)
        scale = np.maximum(scale, np.abs(diagonal[j]) + (below[j - 1] if j else 0.0) + length)  # Gershgorin: >= |theta|
        goes_on = goes_on & (length > rounding_rtol(d) * scale)
        below[j] = np.where(goes_on, length, 0.0)
    nowhere = np.where(scale > 0, scale, 1.0)  # the value of rows without a vector: not zero, and below no other
    matrix = np.zeros((m, m, n_lanes))
    row = np.arange(m)
    matrix[row, row] = np.where(row[:, None] < size, diagonal, nowhere)
    matrix[row[1:], row[:-1]] = matrix[row[:-1], row[1:]] = below[:-1]
    return KrylovSpace(basis, *eigensystem(matrix))


def _lengths(vectors: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("bd,bd->b", vectors, vectors)))
