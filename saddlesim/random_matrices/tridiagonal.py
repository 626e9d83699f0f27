"""Gaussian ensembles of every beta as random tridiagonal matrices: 2 n numbers a sample instead of n^2, signs by Sturm's pivots.

Not here: the three classical ones (`gaussian`), and how pivots are counted (`counting`).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np

from saddlesim.parameters import Positive, declared
from saddlesim.random_matrices.base import Array, ExactLaw, Inertias, Known, LibraryEnsemble, MatrixSize, parts_of
from saddlesim.random_matrices.counting import Row, negative_pivots
from saddlesim.random_matrices.densities import semicircle_density

LANES = 8192  # of one row: 64 kilobytes, so that a recursion over rows stays in the cache

CLASSICAL = {1.0: "goe", 2.0: "gue", 4.0: "gse"}


class TridiagonalEnsemble(LibraryEnsemble):
    """Base of ensembles of joint density prod |l_i - l_j|^beta exp(-beta sum l_i^2 / 4), or a multiple of I away from it."""

    @property
    @abstractmethod
    def dyson_index(self) -> float:
        """The power of the differences, beta."""

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw tridiagonal matrices: the spectrum is the ensemble's, the eigenvectors are not."""
        matrices, rows = np.zeros((n_samples, self.n, self.n)), range(self.n)
        for i, (diagonal, squared) in enumerate(self._rows(n_samples, rng)):
            matrices[:, i, i] = self._unit * diagonal
            if i:
                matrices[:, i, i - 1] = matrices[:, i - 1, i] = self._unit * np.sqrt(squared)
        matrices[:, rows, rows] += self._shifts(n_samples, rng)[:, None]
        return matrices

    def sample_spectrum(self, n_samples: int, rng: np.random.Generator) -> Array:
        spectra, first = np.empty((n_samples, self.n)), 0
        for b in parts_of(n_samples, 2 * self.n):
            shifts = self._shifts(b, rng)
            spectra[first : first + b] = self._unit * tridiagonal_spectra([*self._rows(b, rng)]) + shifts[:, None]
            first += b
        return spectra

    def sample_inertia(self, n_samples: int, rng: np.random.Generator) -> Inertias:
        """Draw inertias in one pass over the rows, none of which is kept; zero has probability zero."""
        negative = np.empty(n_samples, dtype=np.int64)
        for first in range(0, n_samples, LANES):
            part = negative[first : first + LANES]
            shifts = self._shifts(len(part), rng)
            part[:] = negative_pivots(self._rows(len(part), rng), -shifts / self._unit)
        return Inertias(negative, np.zeros(n_samples, dtype=np.int64))

    @property
    def exact_law(self) -> ExactLaw | None:
        name = CLASSICAL.get(self.dyson_index)
        return (name, {}) if name else None

    def spectral_density(self, x: Array) -> Array:
        return semicircle(x, self.n)

    @property
    def _unit(self) -> float:
        return math.sqrt(2 / self.dyson_index)

    def _rows(self, n_lanes: int, rng: np.random.Generator) -> Iterator[Row]:
        return tridiagonal_rows(self.n, self.dyson_index, n_lanes, rng)

    def _shifts(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Give the multiple of I that is added to each sample, (B,)."""
        return np.zeros(n_samples)


@declared
class BetaEnsemble(TridiagonalEnsemble):
    """Eigenvalues that repel with any strength: how stiff a spectrum has to be before its signs stop being coins.

    Joint density ``prod |l_i - l_j|^beta exp(-beta sum l_i^2 / 4)``: GOE, GUE and GSE at beta = 1, 2, 4, all but independent
    normal numbers as beta falls to 0, zeros of a Hermite polynomial as it grows. Tridiagonal: diagonal N(0, 2 / beta), squared
    off-diagonal entries chi^2_{beta k} / beta, k = 1, ..., n - 1.
    """

    n: MatrixSize = 2
    beta: Positive = 1.0

    source: ClassVar[str] = "Dumitriu and Edelman, Matrix models for beta ensembles (J. Math. Phys. 43, 2002)"

    @property
    def dyson_index(self) -> float:
        return self.beta

    @property
    def knows(self) -> Known:
        from saddlesim.random_matrices.pivots import LARGEST_CHAIN, within_reach

        if self.beta in CLASSICAL:
            return super().knows
        return Known(within_reach(self.n, self.beta), within_reach(self.n, self.beta, largest=LARGEST_CHAIN))

    def index_distribution(self) -> Array | None:
        if self.beta in CLASSICAL:
            return super().index_distribution()
        from saddlesim.random_matrices.pivots import pivot_index_distribution

        return pivot_index_distribution(self.n, self.beta) if self.knows.index_distribution else None

    def log_probability_positive(self) -> float | None:
        if self.beta in CLASSICAL:
            return super().log_probability_positive()
        from saddlesim.random_matrices.pivots import pivot_log_probability_positive

        return pivot_log_probability_positive(self.n, self.beta) if self.knows.log_probability_positive else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3, beta=2.5), cls(n=1, beta=0.5), cls(n=4, beta=4))


def tridiagonal_rows(n: int, beta: float, n_lanes: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw the rows of tridiagonal matrices of the beta ensemble in the unit sqrt(2 / beta), which leaves no factor anywhere.

    The degrees of freedom ascend, so that the leading blocks are the same ensemble of fewer rows.

    Yields
    ------
    (diagonal, squared)
        Standard normal and, of shape beta i / 2, standard gamma numbers, each (B,); `squared` couples row i to row i - 1.
    """
    yield rng.standard_normal(n_lanes), np.zeros(n_lanes)
    for i in range(1, n):
        yield rng.standard_normal(n_lanes), rng.standard_gamma(beta * i / 2, n_lanes)


def tridiagonal_spectra(rows: Sequence[Row]) -> Array:
    """Give the eigenvalues, ascending, (B, n), of tridiagonal matrices from their rows; LAPACK's dsterf, O(n^2) for each."""
    from scipy.linalg import lapack

    spectra = np.stack([diagonal for diagonal, _ in rows], axis=1)
    if len(rows) == 1:  # SciPy's wrapper takes no empty off-diagonal
        return spectra
    couplings = np.sqrt(np.stack([squared for _, squared in rows[1:]], axis=1))
    for i, coupling in enumerate(couplings):
        spectra[i], failed = lapack.dsterf(spectra[i], coupling)
        if failed:
            raise np.linalg.LinAlgError(f"{failed} off-diagonal entries did not converge to zero")
    return spectra


def semicircle(x: Array, n: int) -> Array:
    """Give the limiting density at x of the eigenvalues of n rows."""
    return semicircle_density(x, 2 * math.sqrt(n))
