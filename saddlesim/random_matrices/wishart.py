"""Covariance matrices: sums of squares, which bend nowhere down, and what noise has to add before they do.

Not here: symmetric matrices of independent entries (`wigner`), and the limits of spectra.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.parameters import Real, declared
from saddlesim.random_matrices.base import Array, Inertias, LibraryEnsemble, parts_of
from saddlesim.random_matrices.dense import ContinuousEnsemble, DenseSize, diagonals_of
from saddlesim.random_matrices.densities import marchenko_pastur_density
from saddlesim.random_matrices.free_sum import free_sum_density
from saddlesim.random_matrices.gaussian import GOE

Ratio = Annotated[Real, Field(ge=1e-6, le=1e6, description="phi, rows to columns of J: parameters to data points")]
Energy = Annotated[Real, Field(ge=1e-9, le=1e6, description="half the variance of the Wigner part's semicircle")]


class CovarianceEnsemble(LibraryEnsemble):
    """Base of what has a part J J' / m, J of n rows and m columns, all standard normal.

    Drawn as L L' / m, L lower triangular, normal but for a diagonal of chi numbers of m, m - 1, ... degrees of freedom (Bartlett
    1933), so that m costs nothing.
    """

    ratio: Any

    @property
    def n_columns(self) -> int:
        """The number m, n / ratio rounded, at least 1."""
        columns: int = round(self.n / self.ratio)
        return max(1, columns)

    def gram_matrices(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw J J' / m, (B, n, n)."""
        factors = self.factors(n_samples, rng)
        matrices = factors @ factors.swapaxes(-1, -2) / self.n_columns
        return np.asarray((matrices + matrices.swapaxes(-1, -2)) / 2)  # products may differ in the last bit

    def factors(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw L, (B, n, min(n, m))."""
        k = min(self.n, self.n_columns)
        factors = np.tril(rng.standard_normal((n_samples, self.n, k)))
        diagonals_of(factors[:, :k])[...] = np.sqrt(rng.chisquare(self.n_columns - np.arange(k), (n_samples, k)))
        return factors


@declared
class Wishart(CovarianceEnsemble):
    """The Gauss-Newton part of a Hessian: ``H = J J' / m``, J of n rows and m columns, all standard normal. No way leads down.

    m = n / ratio, rounded, at least 1. Where there are fewer columns than rows, n - m eigenvalues are exactly zero; the others
    follow Marchenko and Pastur between (1 -+ sqrt(phi))^2, phi = n / m. They are drawn as squares of singular values, and
    so never negative by rounding either.
    """

    n: DenseSize = 2
    ratio: Ratio = 0.5

    source: ClassVar[str] = "Marchenko, Pastur, Distribution of eigenvalues for some sets of random matrices (1967)"

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        return self.gram_matrices(n_samples, rng)

    def sample_spectrum(self, n_samples: int, rng: np.random.Generator) -> Array:
        spectra = np.zeros((n_samples, self.n))
        first = 0
        for b in parts_of(n_samples, self.n * self.n):
            values = np.linalg.svd(self.factors(b, rng), compute_uv=False)[:, ::-1]
            spectra[first : first + b, -values.shape[1] :] = values * values / self.n_columns
            first += b
        return spectra

    def sample_inertia(self, n_samples: int, rng: np.random.Generator) -> Inertias:
        negative = np.zeros(n_samples, dtype=np.int64)
        return Inertias(negative, negative + max(0, self.n - self.n_columns))

    def index_distribution(self) -> Array:
        return np.eye(1, self.n + 1).ravel()

    def log_probability_positive(self) -> float:
        return 0.0 if self.n_columns >= self.n else -math.inf

    def spectral_density(self, x: Array) -> Array:
        """Give the density of the eigenvalues that are not zero: for n > m its integral is m / n."""
        return marchenko_pastur_density(x, self.n / self.n_columns)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n=1), cls(n=5, ratio=2.5), cls(n=12, ratio=1.0))


@declared
class WignerPlusWishart(CovarianceEnsemble, ContinuousEnsemble):
    """A network's Hessian at a critical point of some energy: what the fit bends up, plus what the residuals bend either way.

    ``H = sqrt(2 energy / n) W + J J' / m``, W a GOE, so that the first part's semicircle has variance 2 energy, and J as in
    `wishart`, phi = n / m. In the limit z = 2 energy G + 1 / (1 - phi G) + 1 / G for G(z) = E 1 / (z - lambda). For phi < 1 no
    eigenvalue is negative below the energy (1 - 20 phi - 8 phi^2 + (1 + 8 phi)^(3/2)) / 16; above it, the index grows like the
    excess to the power 3/2. The two parts of a real Hessian are not independent; here they are.
    """

    n: DenseSize = 2
    energy: Energy = 0.1
    ratio: Ratio = 0.25

    source: ClassVar[str] = "Pennington, Bahri, Geometry of neural network loss surfaces (2017)"

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        matrices = self.gram_matrices(n_samples, rng)
        matrices += GOE(n=self.n).sample(n_samples, rng) * math.sqrt(2 * self.energy / self.n)
        return matrices

    def spectral_density(self, x: Array) -> Array:
        return free_sum_density(x, self.energy, self.n / self.n_columns)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n=1), cls(n=12, energy=0.5, ratio=2.0))
