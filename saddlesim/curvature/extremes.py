"""Extremes: some lowest or highest eigenpairs of a Hessian that is known by its products."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from saddlesim.curvature.krylov import Array, Product, ritz_pairs

SMALL = 200  # rows up to which the matrix is formed
SPARE_VECTORS = (
    20  # of the Krylov space beside the pairs: fewer restart too often, more cost too much to keep orthogonal
)
MOST_RESTARTS = 1000
NORM_STEPS = 10


class ConvergenceError(ArithmeticError):
    """Some of the eigenpairs that were asked for did not converge."""


class Eigenpairs(NamedTuple):
    """Eigenvalues, ascending, with unit vectors in columns, and how well they satisfy H v = lambda v.

    Attributes
    ----------
    values : ndarray, (k,)
    vectors : ndarray, (d, k)
        The component of largest modulus of each is positive.
    residuals : ndarray, (k,)
        |H v - lambda v| of each.
    n_products : int
        Products taken.
    """

    values: Array
    vectors: Array
    residuals: Array
    n_products: int


def extreme_eigenpairs(
    product: Product,
    dimension: int,
    count: int,
    which: Literal["lowest", "highest"],
    rng: np.random.Generator,
    tolerance: float = 1e-6,
) -> Eigenpairs:
    """Find the lowest or highest eigenpairs by Lanczos' method with implicit restarts (ARPACK).

    Parameters
    ----------
    product : callable
        H v of v, (d,) each.
    dimension : int
        d.
    count : int
        How many pairs, fewer than d.
    which : "lowest" or "highest"
        At which end.
    rng : numpy.random.Generator
        Draws the first vector.
    tolerance : float
        Of the residuals, relative to the largest modulus of an eigenvalue, |H|.

    Raises
    ------
    ValueError
        If the count is out of range.
    ConvergenceError
        If pairs are missing after `MOST_RESTARTS`.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    if not 1 <= count < max(dimension, 2):
        raise ValueError(f"count={count}: of {dimension} eigenpairs, 1 to {max(dimension - 1, 1)} can be asked for")
    n_products = 0

    def counted(v: Array) -> Array:
        nonlocal n_products
        n_products += 1
        return product(v.ravel())

    if dimension <= SMALL:
        columns = np.stack([counted(each) for each in np.eye(dimension)], axis=1)
        values, vectors = np.linalg.eigh((columns + columns.T) / 2)
        chosen = slice(count) if which == "lowest" else slice(dimension - count, None)
        values, vectors = values[chosen], vectors[:, chosen]
    else:
        # ARPACK's tolerance is relative to each eigenvalue: |H| away from zero, all that are wanted are as large as it
        shift = _norm(counted, rng.standard_normal(dimension)) * (-1 if which == "lowest" else 1)
        try:
            values, vectors = eigsh(
                LinearOperator(
                    (dimension, dimension), matvec=lambda v: counted(v) + shift * v.ravel(), dtype=np.float64
                ),
                k=count,
                which="LM",
                v0=rng.standard_normal(dimension),
                ncv=min(dimension - 1, 2 * count + SPARE_VECTORS),
                maxiter=MOST_RESTARTS,
                tol=tolerance,
            )
        except ArpackNoConvergence as error:
            raise ConvergenceError(
                f"{len(error.eigenvalues)} of {count} {which} eigenpairs converged to {tolerance:g} in {n_products} products;"
                " ask for fewer, or widen the tolerance"
            ) from None
        order = np.argsort(values)
        values, vectors = values[order] - shift, vectors[:, order]
    leading = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    vectors = vectors * np.where(leading < 0, -1.0, 1.0)
    residuals = [np.linalg.norm(counted(v) - value * v) for value, v in zip(values, vectors.T, strict=True)]
    return Eigenpairs(values, vectors, np.array(residuals), n_products)


def _norm(product: Product, start: Array) -> float:
    """Give nearly |H|, from below: the largest modulus of a Ritz value after a few steps; 1 where that is 0."""
    values, _ = ritz_pairs(product, start, NORM_STEPS)
    return float(np.abs(values).max()) or 1.0
