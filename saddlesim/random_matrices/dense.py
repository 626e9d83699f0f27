"""Dense matrices: how many rows they may have, how they are filled, how signs are counted where no spectrum is asked for.

Not here: the ensembles that are drawn so (`wigner`, `wishart`), and tridiagonal forms, which reach further.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from saddlesim.parameters import Count
from saddlesim.random_matrices.base import Array, Inertias, LibraryEnsemble, parts_of
from saddlesim.random_matrices.counting import inertia_ldl

LARGEST_DENSE = 5_000  # rows: two hundred megabytes a matrix
FACTORED_FROM = 100  # rows from which L D L', matrix by matrix, takes less than half the time of a stack's eigenvalues


def drawn_in_full(n: int) -> int:
    """Refuse more rows than there is memory for."""
    if n > LARGEST_DENSE:
        raise ValueError(f"{n} must be at most {LARGEST_DENSE}, for all n^2 entries are drawn; goe goes further")
    return n


DenseSize = Annotated[
    Count,
    AfterValidator(drawn_in_full),
    Field(
        description="rows, all of whose entries are drawn; an experiment's dimensions replace it",
        json_schema_extra={"maximum": LARGEST_DENSE},
    ),
]


class ContinuousEnsemble(LibraryEnsemble):
    """Base of dense ensembles that are singular with probability zero, so that factors of large matrices tell their index."""

    def sample_inertia(self, n_samples: int, rng: np.random.Generator) -> Inertias:
        if self.n < FACTORED_FROM:
            return super().sample_inertia(n_samples, rng)
        parts = parts_of(n_samples, self.n * self.n)
        counts = [inertia_ldl(matrix)[:2] for b in parts for matrix in self.sample(b, rng)]
        return Inertias(*np.array(counts, dtype=np.int64).reshape(-1, 2).T)


def symmetric(triangles: Array) -> Array:
    """Make symmetric matrices, (B, n, n), of their lower triangles, (B, n (n + 1) / 2), row by row.

    >>> symmetric(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[[1.0, 2.0], [2.0, 3.0]]]
    """
    n = math.isqrt(2 * triangles.shape[1])
    rows, columns = np.tril_indices(n)
    place = np.empty((n, n), dtype=np.int64)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    return np.take(triangles, place, axis=1)


def diagonals_of(matrices: Array) -> Array:
    """Give the diagonals, (B, n), as a view to write to."""
    return np.asarray(np.einsum("bii->bi", matrices))
