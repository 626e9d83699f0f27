"""Inertia without a spectrum: Sturm's pivots for tridiagonal matrices, L D L' for a large one, Cholesky where all are positive.

Not here: what is drawn (the ensembles), and what zero means where it is not exact (`spectrum`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.random_matrices.base import Array, Counts
from saddlesim.spectrum import Inertia, zero_threshold

Row = tuple[Array, Array]

_TINY = float(np.finfo(np.float64).tiny)


def negative_pivots(rows: Iterable[Row], shift: Array) -> Counts:
    """Count the negative pivots d_i = a_i - shift - b_i^2 / d_{i-1} of tridiagonal matrices that come row by row.

    By Sylvester's law they are as many as the eigenvalues below the shift. A pivot of zero becomes a tiny negative one, as in
    LAPACK's dstebz, so that an eigenvalue at the shift counts; where its reciprocal overflows, infinity has the right sign.

    Parameters
    ----------
    rows : iterable of (a_i, b_i^2)
        Each (B,); b_i couples row i to row i - 1, and that of the first is zero.
    shift : (..., B)
        Several shifts of the same matrices share their rows.

    Returns
    -------
    (..., B) of int
    """
    counts = np.zeros(shift.shape, dtype=np.int64)
    pivots, zero = np.ones(shift.shape), np.empty(shift.shape, dtype=bool)
    with np.errstate(over="ignore"):
        for diagonal, squared in rows:
            np.divide(squared, pivots, out=pivots)
            np.subtract(diagonal - shift, pivots, out=pivots)
            np.equal(pivots, 0.0, out=zero)
            np.copyto(pivots, -_TINY, where=zero)
            counts += pivots < 0
    return counts


def inertia_ldl(matrix: ArrayLike) -> Inertia:
    """Give the inertia of one symmetric or Hermitian matrix from its factors L D L', at a fifth of a large spectrum's cost.

    D has blocks of one and two rows (Bunch and Kaufman 1977) and, by Sylvester's law, the inertia of the matrix. What zero means
    `zero_threshold` says of the eigenvalues of D. Only the lower triangle is read.

    Parameters
    ----------
    matrix : (n, n)

    Raises
    ------
    ValueError
        If it is not square, or not finite.

    Examples
    --------
    >>> [int(count) for count in inertia_ldl([[0.0, 1.0], [1.0, 0.0]])]
    [1, 0, 1]
    """
    from scipy.linalg import lapack

    given = np.asarray(matrix)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
        raise ValueError(f"matrix {given.shape}: must be (n, n), n >= 1")
    if not np.isfinite(given).all():
        raise ValueError("matrix must be finite")
    name = "zhetrf" if np.iscomplexobj(given) else "dsytrf"
    workspace, _ = getattr(lapack, f"{name}_lwork")(len(given), lower=1)
    factors, pivots, _ = getattr(lapack, name)(given, lower=1, lwork=int(workspace.real))
    values = _block_eigenvalues(factors, pivots)
    threshold = zero_threshold(values)
    negative, zero, positive = values < -threshold, abs(values) <= threshold, values > threshold
    return Inertia(negative.sum(), zero.sum(), positive.sum())


def is_positive_definite(matrices: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which of a stack of symmetric or Hermitian matrices are positive definite; Cholesky stops at the first that is not.

    Parameters
    ----------
    matrices : (..., n, n)
        Only the lower triangles are read.

    Returns
    -------
    (...) of bool
        False where a matrix is not finite.

    Examples
    --------
    >>> is_positive_definite(np.array([np.eye(2), -np.eye(2)]))
    array([ True, False])
    """
    from scipy.linalg import lapack

    factorise = lapack.zpotrf if np.iscomplexobj(matrices) else lapack.dpotrf
    stack = matrices.reshape(-1, *matrices.shape[-2:])
    finite = np.isfinite(stack).all(axis=(1, 2))
    definite = [
        bool(fine) and factorise(each, lower=1, clean=0)[1] == 0 for each, fine in zip(stack, finite, strict=True)
    ]
    return np.array(definite, dtype=bool).reshape(matrices.shape[:-2])


def _block_eigenvalues(factors: NDArray[Any], pivots: NDArray[np.int32]) -> Array:
    """Give the eigenvalues of D: LAPACK marks both rows of a block of two by a negative pivot."""
    values = np.diagonal(factors).real.copy()
    paired = np.flatnonzero(pivots < 0)
    first, second = paired[::2], paired[1::2]
    centre, half = (values[first] + values[second]) / 2, (values[first] - values[second]) / 2
    radius = np.hypot(half, np.abs(factors[second, first]))
    values[first], values[second] = centre - radius, centre + radius
    return values
