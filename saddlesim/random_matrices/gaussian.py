"""Dyson's three Gaussian ensembles and the shifted one: dense matrices, and tridiagonal ones for eigenvalues and signs."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.parameters import Real, declared
from saddlesim.random_matrices.base import Array, ExactLaw, MatrixSize
from saddlesim.random_matrices.tridiagonal import TridiagonalEnsemble, semicircle


class OrthogonalEnsemble(TridiagonalEnsemble):
    """Base of what is G + shift I, G of the GOE: off-diagonal variance 1, diagonal variance 2."""

    @property
    def dyson_index(self) -> float:
        return 1.0

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw dense matrices."""
        normal, rows = rng.standard_normal((n_samples, self.n, self.n)), range(self.n)
        matrices = (normal + normal.swapaxes(1, 2)) / math.sqrt(2)
        matrices[:, rows, rows] += self._shifts(n_samples, rng)[:, None]
        return matrices


@declared
class GOE(OrthogonalEnsemble):
    """The Gaussian orthogonal ensemble, the usual model of a Hessian: all positive with probability about 3^(-n^2 / 4), not 2^-n.

    Symmetric with independent normal entries, off-diagonal variance 1 and diagonal variance 2: density ~ exp(-tr H^2 / 4), which
    no rotation changes. Joint density of eigenvalues ``prod |l_i - l_j| exp(-sum l_i^2 / 4)``; the differences, which keep them
    apart, are what makes a minimum rare.
    """

    n: MatrixSize = 2

    source: ClassVar[str] = (
        "Dean and Majumdar, Large deviations of extreme eigenvalues of random matrices (PRL 97, 2006)"
    )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3), cls(n=1))


@declared
class GUE(TridiagonalEnsemble):
    """The Gaussian unitary ensemble: complex Hermitian, of stronger repulsion, all positive with probability about 3^(-n^2 / 2).

    E |h_ij|^2 = 1 off the diagonal, and on it variance 1: density ~ exp(-tr H^2 / 2), joint density of eigenvalues
    ``prod |l_i - l_j|^2 exp(-sum l_i^2 / 2)``.
    """

    n: MatrixSize = 2

    source: ClassVar[str] = "Dyson, The threefold way (J. Math. Phys. 3, 1962)"

    @property
    def dyson_index(self) -> float:
        return 2.0

    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[Any]:
        """Draw dense complex matrices."""
        normal = rng.standard_normal((n_samples, self.n, 2 * self.n)).view(np.complex128)
        return np.asarray((normal + normal.conj().swapaxes(1, 2)) / 2)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3), cls(n=1))


@declared
class GSE(TridiagonalEnsemble):
    """The Gaussian symplectic ensemble: quaternion self-dual, the strongest repulsion of Dyson's three.

    E |h_ij|^2 = 1 off the diagonal, a quarter in each component, and on it variance 1/2: density ~ exp(-tr H^2), joint density of
    the n distinct eigenvalues ``prod |l_i - l_j|^4 exp(-sum l_i^2)``. As complex matrices of 2n rows they would have each of
    them twice; `sample` gives the n x n tridiagonal matrices of the same spectrum instead.
    """

    n: MatrixSize = 2

    source: ClassVar[str] = "Dyson, The threefold way (J. Math. Phys. 3, 1962)"

    @property
    def dyson_index(self) -> float:
        return 4.0

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3), cls(n=1))


@declared
class ShiftedGOE(OrthogonalEnsemble):
    """G + t I, G of the GOE: as t passes 2 sqrt(n) minima turn from unheard of to certain, as on the way down a landscape.

    n = 2: P(all positive) = Phi(t) - exp(-t^2 / 4) Phi(t / sqrt(2)) / sqrt(2).
    """

    n: MatrixSize = 2
    shift: Real = 0.0

    source: ClassVar[str] = (
        "Bray and Dean, Statistics of critical points of Gaussian fields on large-dimensional spaces (PRL 98, 2007)"
    )

    @property
    def exact_law(self) -> ExactLaw:
        return "shifted_goe", {"shift": self.shift}

    def spectral_density(self, x: Array) -> Array:
        return semicircle(np.asarray(x) - self.shift, self.n)

    def _shifts(self, n_samples: int, rng: np.random.Generator) -> Array:
        return np.full(n_samples, self.shift)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3, shift=1.5), cls(n=1, shift=-0.5))
