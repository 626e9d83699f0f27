"""Krylov: what a symmetric matrix does on the space that its powers span from one vector."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Product = Callable[[Array], Array]

BREAKDOWN = 1e-12  # of the largest entry: an invariant space is complete


class NotFiniteError(ArithmeticError):
    """A product of a Hessian is inf or nan, so nothing can be said of its spectrum."""


def finite(moved: Array) -> Array:
    """Give a product back if it is finite, else raise `NotFiniteError`."""
    if not np.isfinite(moved).all():
        raise NotFiniteError("H v is inf or nan: nothing can be said of the spectrum; is the point itself finite?")
    return moved


def ritz_pairs(product: Product, start: Array, n_steps: int) -> tuple[Array, Array]:
    """Give the Ritz values, ascending, (m,), and their vectors in Lanczos' basis, in columns, (m, m); m <= n_steps."""
    from scipy.linalg import eigh_tridiagonal

    values, vectors = eigh_tridiagonal(*lanczos(product, start, n_steps))
    return values, vectors


def lanczos(product: Product, start: Array, n_steps: int) -> tuple[Array, Array]:
    """Give the diagonal, (m,), and what is beside it, (m - 1,), of H on the Krylov space of a vector, m <= n_steps.

    Every vector is made orthogonal to all before it, twice, so that no eigenvalue comes again as a ghost.
    """
    basis = np.empty((n_steps, len(start)))
    diagonal, off_diagonal = list[float](), list[float]()
    vector = start / np.linalg.norm(start)
    for m in range(n_steps):
        basis[m] = vector
        moved = finite(product(vector))
        diagonal.append(float(vector @ moved))
        for _ in range(2):
            moved = moved - (basis[: m + 1] @ moved) @ basis[: m + 1]
        length = float(np.linalg.norm(moved))
        if length <= BREAKDOWN * max(map(abs, diagonal + off_diagonal)):
            break
        off_diagonal.append(length)
        vector = moved / length
    return np.array(diagonal), np.array(off_diagonal[: len(diagonal) - 1])
