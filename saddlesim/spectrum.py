"""Spectrum: eigenvalues -> inertia -> kind. The only room that decides what "zero" means.

Not here: Hessians of particular objectives, searches for critical points, and what lies beyond second order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

KINDS = ("minimum", "maximum", "saddle", "degenerate")

Array = NDArray[np.float64]


class Inertia(NamedTuple):
    """How many eigenvalues are negative, zero and positive: Sylvester's invariant of a symmetric matrix. Each of shape (...)."""

    negative: NDArray[np.int64]
    zero: NDArray[np.int64]
    positive: NDArray[np.int64]


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues and what their signs say, for one symmetric matrix or a stack of them.

    Attributes
    ----------
    eigenvalues : (..., d)
        Ascending.
    inertia : Inertia of (...)
    kind : (...) of str
        ``minimum``, ``maximum``, ``saddle`` or ``degenerate``. Both signs present is conclusive even with zeros beside them;
        one sign with zeros, or zeros alone, is degenerate: the second-derivative test is silent there.
    threshold : (...)
        ``atol + rtol * max|lambda|``, at or below which an eigenvalue is called zero.
    margin : (...)
        The factor by which the threshold would have to move before some eigenvalue changed sides; 1 is a coin toss.
    atol, rtol : float
        What was used: rtol covers rounding, atol what the location error of the point moves an eigenvalue by.
    """

    eigenvalues: Array
    inertia: Inertia
    kind: NDArray[np.str_]
    threshold: Array
    margin: Array
    atol: float
    rtol: float

    @property
    def index(self) -> NDArray[np.int64]:
        """Morse index, of shape (...)."""
        return self.inertia.negative

    @property
    def nullity(self) -> NDArray[np.int64]:
        """Number of zero eigenvalues, of shape (...)."""
        return self.inertia.zero


def classify(eigenvalues: ArrayLike, atol: float = 0.0, rtol: float | None = None) -> Spectrum:
    """Tell kind and inertia from eigenvalues.

    Parameters
    ----------
    eigenvalues : (..., d)
        Of symmetric matrices, in any order.
    atol : float, >= 0
        Absolute part of the threshold.
    rtol : float, >= 0, optional
        Part relative to the largest |lambda|; by default `rounding_rtol` of d.

    Raises
    ------
    ValueError
        If an eigenvalue is not finite: a matrix that is not there has no inertia.

    Examples
    --------
    >>> str(classify([2.0, -1.0]).kind), str(classify([2.0, 0.0]).kind)
    ('saddle', 'degenerate')
    """
    values = np.sort(np.asarray(eigenvalues, dtype=np.float64), axis=-1) + 0.0  # no -0.0
    if not np.isfinite(values).all():
        raise ValueError("eigenvalues must be finite; leave out points where the Hessian is not")
    rtol = rounding_rtol(values.shape[-1]) if rtol is None else rtol
    threshold = zero_threshold(values, atol, rtol)
    zero = np.abs(values) <= threshold[..., None]
    inertia = Inertia(*(np.count_nonzero(each, axis=-1) for each in (~zero & (values < 0), zero, ~zero & (values > 0))))
    negative, nullity, positive = inertia
    kind = np.select(
        [(negative > 0) & (positive > 0), (nullity > 0) | (values.shape[-1] == 0), negative > 0],
        ["saddle", "degenerate", "maximum"],
        "minimum",
    )
    return Spectrum(values, inertia, kind, threshold, _margin(values, threshold), atol, rtol)


def rounding_rtol(dimension: int) -> float:
    """Give the default rtol: eight times d machine epsilons, above the backward error of a symmetric eigen-solver."""
    return 8 * dimension * float(np.finfo(np.float64).eps)


def zero_threshold(eigenvalues: Array, atol: float = 0.0, rtol: float | None = None) -> Array:
    """Give ``atol + rtol * max|lambda|`` of shape (...) for eigenvalues of shape (..., d)."""
    rtol = rounding_rtol(eigenvalues.shape[-1]) if rtol is None else rtol
    return np.asarray(atol + rtol * np.max(np.abs(eigenvalues), axis=-1, initial=0.0))


def eigenvalues(hessian: ArrayLike) -> Array:
    """Give the ascending eigenvalues, shape (..., d), of Hessians of shape (d, d, ...); nan where a Hessian is not finite."""
    matrices, finite = _finite_stack(hessian)
    return np.where(finite[..., None], np.linalg.eigvalsh(matrices), np.nan)


def eigensystem(hessian: ArrayLike) -> tuple[Array, Array]:
    """Give eigenvalues (..., d) and eigenvectors (..., d, d), in columns, of Hessians (d, d, ...).

    Where a Hessian is not finite the eigenvalues are nan.
    """
    matrices, finite = _finite_stack(hessian)
    values, vectors = np.linalg.eigh(matrices)
    return np.where(finite[..., None], values, np.nan), vectors


def _finite_stack(hessian: ArrayLike) -> tuple[Array, NDArray[np.bool_]]:
    """Move the matrix axes last, with the identity in place of what is not finite (LAPACK may refuse the whole stack)."""
    matrices = np.moveaxis(np.asarray(hessian, dtype=np.float64), (0, 1), (-2, -1))
    finite = np.asarray(np.isfinite(matrices).all(axis=(-2, -1)))
    if not finite.all():
        matrices = np.where(finite[..., None, None], matrices, np.eye(matrices.shape[-1]))
    return matrices, finite


def _margin(values: Array, threshold: Array) -> Array:
    magnitude, threshold = np.abs(values), threshold[..., None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        factor = np.maximum(magnitude / threshold, threshold / magnitude)
    factor = np.where(np.isnan(factor), np.inf, factor)  # 0 <= 0 whatever rtol is
    return np.asarray(np.min(factor, axis=-1, initial=np.inf))
