"""Extremes: some lowest or highest eigenpairs of a Hessian that is known by its products."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

from saddlesim.curvature.inertia import LARGEST_DENSE
from saddlesim.curvature.krylov import Array, Product, finite, ritz_pairs

SMALL = 200  # rows up to which the matrix is formed
MANY = 4  # it is formed, too, if more than one pair in so many is wanted
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
    """Find the lowest or highest eigenpairs, each as often as it is, by Lanczos' method with implicit restarts (ARPACK).

    From one vector the method sees one eigenvector of each eigenvalue; copies come up by rounding, or not at all. So it is run
    again on what is orthogonal to all that was found, until nothing there lies beyond the last pair wanted.

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
        Draws the first vectors.
    tolerance : float
        Of the residuals, relative to the largest modulus of an eigenvalue, |H|; that nothing was missed is known to the same
        |H| `tolerance`, but for eigenvalues that lie in a cluster.

    Raises
    ------
    ValueError
        If `count`, `which` or `tolerance` is out of range.
    ConvergenceError
        If pairs are missing after `MOST_RESTARTS`.
    NotFiniteError
        If a product is inf or nan.
    """
    if not 1 <= count < max(dimension, 2):
        raise ValueError(f"count={count}: of {dimension} eigenpairs, 1 to {max(dimension - 1, 1)} can be asked for")
    if which not in ("lowest", "highest"):
        raise ValueError(f"which={which!r}: the ends are 'lowest' and 'highest'")
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance={tolerance}: must lie between 0 and 1")
    counted = _Counted(product)
    if dimension <= max(SMALL, min(MANY * count, LARGEST_DENSE)):
        columns = np.stack([counted(each) for each in np.eye(dimension)], axis=1)
        values, vectors = np.linalg.eigh((columns + columns.T) / 2)
        chosen = slice(count) if which == "lowest" else slice(dimension - count, None)
        values, vectors = values[chosen], vectors[:, chosen]
    else:
        values, vectors = _Search(counted, dimension, which, rng, tolerance).extremes(count)
    leading = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    vectors = vectors * np.where(leading < 0, -1.0, 1.0)
    residuals = np.linalg.norm([counted(v) - value * v for value, v in zip(values, vectors.T, strict=True)], axis=1)
    return Eigenpairs(values, vectors, residuals, counted.n_products)


class _Counted:
    """A product that counts how often it is taken."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self.n_products = 0

    def __call__(self, v: Array) -> Array:
        self.n_products += 1
        return finite(self._product(v))


class _Search:
    """Lanczos' method at one end of a spectrum, again and again on what is orthogonal to all that was found."""

    def __init__(
        self, product: _Counted, dimension: int, which: str, rng: np.random.Generator, tolerance: float
    ) -> None:
        self.product, self.dimension, self.which, self.rng, self.tolerance = product, dimension, which, rng, tolerance
        self.sign = -1.0 if which == "lowest" else 1.0  # of the end
        self.norm = _norm(product, rng.standard_normal(dimension))
        self.values, self.vectors = np.empty(0), np.empty((dimension, 0))

    def extremes(self, count: int) -> tuple[Array, Array]:
        """Give so many values, ascending, and their vectors."""
        self._hold(*self._beyond(count, self.rng.standard_normal(self.dimension), self.tolerance))
        # a vector's error is the root of its value's, so a look for what was missed may be that much shorter
        while len(self.values) < self.dimension:
            (value,), vector = self._beyond(1, self.rng.standard_normal(self.dimension), math.sqrt(self.tolerance))
            last = np.sort(self.sign * self.values)[-count]
            if self.sign * value <= last + self.tolerance * self.norm:
                break
            self._hold(*self._beyond(1, vector[:, 0], self.tolerance))
        order = np.argsort(self.values)
        order = order[:count] if self.which == "lowest" else order[-count:]
        return self.values[order], self.vectors[:, order]

    def _hold(self, values: Array, vectors: Array) -> None:
        self.values = np.concatenate([self.values, values])
        self.vectors = np.concatenate([self.vectors, vectors], axis=1)

    def _beyond(self, count: int, start: Array, tolerance: float) -> tuple[Array, Array]:
        """Give pairs of the matrix as it is on what is orthogonal to the vectors held."""
        from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

        # ARPACK's tolerance is relative to each eigenvalue: |H| away from zero, all that are wanted are between |H| and 2 |H|
        shift = self.sign * self.norm

        def deflated(v: Array) -> Array:
            v = self._rest(v.ravel())
            return self._rest(self.product(v) + shift * v)

        try:
            values, vectors = eigsh(
                LinearOperator((self.dimension, self.dimension), matvec=deflated, dtype=np.float64),
                k=count,
                which="SA" if self.which == "lowest" else "LA",
                v0=self._rest(start),
                ncv=min(self.dimension, 2 * count + SPARE_VECTORS),
                maxiter=MOST_RESTARTS,
                tol=tolerance / 2,
                rng=self.rng,  # where the space is complete before it is large enough
            )
        except ArpackNoConvergence as error:
            raise ConvergenceError(
                f"{len(error.eigenvalues)} of {count} {self.which} eigenpairs converged to {tolerance:g} in"
                f" {self.product.n_products} products; ask for fewer, or widen the tolerance"
            ) from None
        return values - shift, vectors

    def _rest(self, v: Array) -> Array:
        return np.asarray(v - self.vectors @ (self.vectors.T @ v))


def _norm(product: Product, start: Array) -> float:
    """Give nearly |H|, from below: the largest modulus of a Ritz value after a few steps; 1 where that is 0."""
    values, _ = ritz_pairs(product, start, NORM_STEPS)
    return float(np.abs(values).max()) or 1.0
