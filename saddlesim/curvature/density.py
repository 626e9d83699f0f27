"""Density: how the eigenvalues of a large Hessian are spread, from products with random vectors.

For a vector v whose components are independent signs, E v' g(H) v is the trace of g(H). Lanczos' recurrence from v / |v| gives a
small tridiagonal matrix, whose eigenvalues and squared first components of eigenvectors are a Gauss quadrature of the measure
behind v' g(H) v (stochastic Lanczos quadrature: Golub, Meurant 1994; Ubaru, Chen, Saad 2017; both recalled).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from saddlesim.curvature.krylov import Array, Product, ritz_pairs


@dataclass(frozen=True)
class SpectralDensity:
    """Gauss quadratures of a spectrum, one for each random vector.

    Attributes
    ----------
    dimension : int
        d.
    nodes, weights : ndarray, (P, m)
        Of P vectors; each row of weights sums to 1, some may be 0.
    """

    dimension: int
    nodes: Array
    weights: Array

    def fraction_below(self, level: float) -> Array:
        """Give the fraction of eigenvalues below a level as each vector has it, (P,); their mean is the estimate."""
        return np.asarray(np.where(self.nodes < level, self.weights, 0.0).sum(axis=1))

    def smoothed(self, grid: Array, width: float) -> Array:
        """Give the density at grid (G,) as each vector has it, (P, G), normal kernels of deviation `width` for nodes."""
        z = (grid[:, None] - self.nodes[:, None, :]) / width
        return np.asarray((np.exp(-z * z / 2) * self.weights[:, None, :]).sum(axis=2) / (width * np.sqrt(2 * np.pi)))

    @property
    def extent(self) -> tuple[float, float]:
        """The smallest and the largest node."""
        used = self.nodes[self.weights > 0]
        return float(used.min()), float(used.max())


def spectral_density(
    product: Product, dimension: int, rng: np.random.Generator, n_vectors: int = 10, n_steps: int = 80
) -> SpectralDensity:
    """Estimate the spectrum of H from products.

    Parameters
    ----------
    product : callable
        H v of v, (d,) each.
    dimension : int
        d.
    rng : numpy.random.Generator
        Draws the signs.
    n_vectors : int
        P; the error falls as its root.
    n_steps : int
        Products for each, m; the resolution, about the width of the spectrum over m.

    Raises
    ------
    ValueError
        If either is not positive.
    NotFiniteError
        If a product is inf or nan.
    """
    if min(n_vectors, n_steps) < 1:
        raise ValueError(f"n_vectors={n_vectors}, n_steps={n_steps}: both must be positive")
    steps = min(n_steps, dimension)
    nodes, weights = np.zeros((n_vectors, steps)), np.zeros((n_vectors, steps))
    for p in range(n_vectors):
        values, vectors = ritz_pairs(product, rng.choice([-1.0, 1.0], size=dimension), steps)
        m = len(values)
        nodes[p, :m], weights[p, :m] = values, vectors[0] ** 2
        nodes[p, m:] = values[-1]
    return SpectralDensity(dimension, nodes, weights)
