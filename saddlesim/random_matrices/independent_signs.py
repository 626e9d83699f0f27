"""Independent signs: the coin that eigenvalue signs are said to be. Not here: matrices whose eigenvalues know of each other."""

from __future__ import annotations

import math
from typing import ClassVar, Self

import numpy as np

from saddlesim.parameters import declared
from saddlesim.random_matrices.base import Array, Inertias, LibraryEnsemble, MatrixSize


@declared
class IndependentSigns(LibraryEnsemble):
    """The coin: a diagonal matrix of n independent standard normal numbers, all positive with probability 2^-n.

    The eigenvalues of a Hessian are no independent numbers; this is what they would do if they were. The index is binomial,
    (n choose k) / 2^n.
    """

    n: MatrixSize = 2

    source: ClassVar[str] = "the usual argument why saddles outnumber minima"

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        matrices = np.zeros((n_samples, self.n, self.n))
        matrices[:, range(self.n), range(self.n)] = rng.standard_normal((n_samples, self.n))
        return matrices

    def sample_spectrum(self, n_samples: int, rng: np.random.Generator) -> Array:
        return np.sort(rng.standard_normal((n_samples, self.n)), axis=1)

    def sample_inertia(self, n_samples: int, rng: np.random.Generator) -> Inertias:
        return Inertias(rng.binomial(self.n, 0.5, n_samples), np.zeros(n_samples, dtype=np.int64))

    def index_distribution(self) -> Array:
        ways, total, law = 1, 2**self.n, []
        for k in range(self.n + 1):
            law.append(ways / total)
            ways = ways * (self.n - k) // (k + 1)
        return np.array(law)

    def log_probability_positive(self) -> float:
        return -self.n * math.log(2)

    def spectral_density(self, x: Array) -> Array:
        return np.asarray(np.exp(-x * x / 2) / math.sqrt(2 * math.pi))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3), cls(n=1))
