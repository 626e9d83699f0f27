"""Hessians of isotropic Gaussian fields, at random points and at critical points, where |det H| weighs them; no field is drawn.

Not here: critical points of drawn fields, which want a search, and the exact laws.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.parameters import Count, Real, declared
from saddlesim.problems import InvalidParameters, Problem
from saddlesim.random_matrices.base import LARGEST_PART, Array, ExactLaw, Inertias, LibraryEnsemble, MatrixSize
from saddlesim.random_matrices.counting import Row, negative_pivots
from saddlesim.random_matrices.gaussian import OrthogonalEnsemble
from saddlesim.random_matrices.tridiagonal import (
    LANES,
    semicircle,
    tridiagonal_rows,
    tridiagonal_spectra,
)

FYODOROV = (
    "Fyodorov, Complexity of random energy landscapes, glass transition, and absolute value of the spectral determinant of "
    "random matrices (PRL 92, 2004)"
)

UNIT = math.sqrt(2)  # of the rows of a GOE


@declared
class IsotropicField(OrthogonalEnsemble):
    """The Hessian of a stationary isotropic Gaussian field at a random point: G + xi I, G of the GOE and xi standard normal.

    Such a field has E f_ij f_kl = c (d_ij d_kl + d_ik d_jl + d_il d_jk), whatever its spectrum; the unit of f is chosen so that
    c = 1. The shift, common to all eigenvalues, makes them agree in sign a little oftener than those of the GOE.
    """

    n: MatrixSize = 2

    source: ClassVar[str] = FYODOROV

    @property
    def exact_law(self) -> ExactLaw:
        return "isotropic_field", {}

    def _shifts(self, n_samples: int, rng: np.random.Generator) -> Array:
        return rng.standard_normal(n_samples)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3), cls(n=1))


class DeterminantWeighted(LibraryEnsemble):
    """Base of the laws of G - u I weighted by its |det|, G of GOE(n) and u independent, as at the critical points of a field.

    The joint density of GOE(n + 1) is that of GOE(n) times prod |l_i - u| exp(-u^2 / 4), u one more eigenvalue. So the weighted
    law is that of the other eigenvalues of GOE(n + 1) minus any one, u, with the weight exp(u^2 / 4) times u's own density. That
    falls as exp(-c (u - m)^2): take u = l_K, K uniform, and accept it with this probability. The index is K.

    No inertia takes an eigenvalue: exp(-c (l_K - m)^2) exceeds a uniform number where l_K is within some r of m, which two Sturm
    counts tell. About one in sqrt(1 + pi c n) is accepted.
    """

    n: Any

    @property
    @abstractmethod
    def narrowness(self) -> float:
        """How fast the chance of acceptance falls with the distance of l_K from the level, c."""

    @property
    def level(self) -> float:
        """Where it is greatest, m."""
        return 0.0

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw dense matrices: a spectrum turned by a random rotation. The signs of its columns, which QR leaves open, cancel."""
        spectra = self.sample_spectrum(n_samples, rng)
        rotations, _ = np.linalg.qr(rng.standard_normal((n_samples, self.n, self.n)))
        return np.asarray((rotations * spectra[:, None, :]) @ rotations.swapaxes(1, 2))

    def sample_spectrum(self, n_samples: int, rng: np.random.Generator) -> Array:
        def accepted(n_lanes: int) -> Array:
            rows = [*self._rows(n_lanes, rng)]
            chosen, kept = self._accept(rows, n_lanes, rng)
            spectra = UNIT * tridiagonal_spectra([(diagonal[kept], squared[kept]) for diagonal, squared in rows])
            others = np.arange(self.n + 1) != chosen[kept, None]
            return np.asarray(spectra[others].reshape(-1, self.n) - spectra[~others][:, None])

        return self._collect(accepted, np.empty((n_samples, self.n)), max(1, min(LANES, LARGEST_PART // (2 * self.n))))

    def sample_inertia(self, n_samples: int, rng: np.random.Generator) -> Inertias:
        def accepted(n_lanes: int) -> NDArray[np.int64]:
            chosen, kept = self._accept(self._rows(n_lanes, rng), n_lanes, rng)
            return chosen[kept]

        negative = self._collect(accepted, np.empty(n_samples, dtype=np.int64), LANES)
        return Inertias(negative, np.zeros(n_samples, dtype=np.int64))

    def spectral_density(self, x: Array) -> Array:
        return semicircle(x + self.level, self.n)

    def _collect(self, accepted: Callable[[int], NDArray[Any]], samples: NDArray[Any], most: int) -> NDArray[Any]:
        """Fill `samples` with what is accepted, drawing a little more than is missing, but at most so many at once."""
        filled = 0
        while filled < len(samples):
            n_lanes = math.ceil(1.1 * (len(samples) - filled) * math.sqrt(1 + math.pi * self.narrowness * self.n))
            drawn = accepted(min(n_lanes, most))[: len(samples) - filled]
            samples[filled : filled + len(drawn)] = drawn
            filled += len(drawn)
        return samples

    def _rows(self, n_lanes: int, rng: np.random.Generator) -> Iterator[Row]:
        return tridiagonal_rows(self.n + 1, 1.0, n_lanes, rng)

    def _accept(
        self, rows: Iterable[Row], n_lanes: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Choose K for each lane and tell whether l_K is within a random distance of the level."""
        chosen = rng.integers(self.n + 1, size=n_lanes)
        with np.errstate(divide="ignore"):  # a narrowness of 0 accepts all
            reach = np.sqrt(rng.standard_exponential(n_lanes) / np.float64(self.narrowness))
        below, within = negative_pivots(rows, (self.level + np.stack([-reach, reach])) / UNIT)
        return chosen, (below <= chosen) & (chosen < within)


@declared
class IsotropicFieldCritical(DeterminantWeighted):
    """The Hessian at a critical point of an isotropic Gaussian field: |det H| nearly restores the coin that repulsion took.

    G + xi I as in `isotropic_field`, weighted by |det| (Kac and Rice). With u = -xi of density ~ exp(-u^2 / 2) what is left is a
    weight exp(-u^2 / 4): P(index k) ~ E exp(-l_k^2 / 4), l_0 < ... < l_n the eigenvalues of GOE(n + 1). n = 2: 1/4, 1/2, 1/4;
    n = 3: (29 -+ 6 sqrt(6)) / 116. The alternating sum is zero.
    """

    n: MatrixSize = 2

    source: ClassVar[str] = FYODOROV

    @property
    def narrowness(self) -> float:
        return 1 / 4

    @property
    def exact_law(self) -> ExactLaw:
        return "isotropic_field_critical", {}

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3), cls(n=1))


@declared
class IsotropicFieldAtLevel(DeterminantWeighted):
    """The Hessian at a critical point of value `level`: minima below the semicircle, maxima above it, inside it nearly one index.

    For covariance exp(-r^2 / 2), which has the unit of `isotropic_field`, it is G - level I weighted by |det|: P(index k) ~ the
    density of l_k of GOE(n + 1) at the level. The mean of all l is normal of variance 2 / (n + 1) and independent of their
    differences; let it be what takes l_K to the level, of density ~ exp(-(n + 1)(l_K - level)^2 / 4), l now the spectrum of trace
    zero. Outside [-2 sqrt(n + 1), 2 sqrt(n + 1)] acceptance is too rare to wait for.
    """

    n: MatrixSize = 2
    level: Real = 0.0

    source: ClassVar[str] = (
        "Bray and Dean, Statistics of critical points of Gaussian fields on large-dimensional spaces (PRL 98, 2007)"
    )

    def __post_init__(self) -> None:
        edge = 2 * math.sqrt(self.n + 1)
        if abs(self.level) > edge:
            wrong = f"{self.level} must be within 2 sqrt(n + 1) = {edge:.4g} of 0; samples are too rare outside"
            raise InvalidParameters([Problem(("level",), wrong)])

    @property
    def narrowness(self) -> float:
        return (self.n + 1) / 4

    def _rows(self, n_lanes: int, rng: np.random.Generator) -> Iterator[Row]:
        """Draw each diagonal entry given the sum of those before it, so that the trace is zero."""
        total = np.zeros(n_lanes)
        for i, (normal, squared) in enumerate(super()._rows(n_lanes, rng)):
            left = self.n + 1 - i
            diagonal = math.sqrt(1 - 1 / left) * normal - total / left
            total += diagonal
            yield diagonal, squared

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3, level=-1.5), cls(n=1, level=1.0))


@declared
class SphericalPSpinCritical(DeterminantWeighted):
    """The Hessian, along the sphere, at a critical point of the spherical p-spin glass of n + 1 spins: from any index to a coin.

    G - u I weighted by |det|, u normal of variance p / (p - 1) the scaled energy, off-diagonal variance again 1. So
    P(index k) ~ E exp(-(p - 2) l_k^2 / (4 p)), l_0 < ... < l_n those of GOE(n + 1): uniform on 0, ..., n for p = 2, where +- each
    eigenvector is critical, and as in an isotropic field where p is large.
    """

    n: MatrixSize = 2
    p: Annotated[Count, Field(ge=2)] = 3

    source: ClassVar[str] = (
        "Auffinger, Ben Arous and Cerny, Random matrices and complexity of spin glasses (Comm. Pure Appl. Math. 66, 2013)"
    )

    @property
    def narrowness(self) -> float:
        return (self.p - 2) / (4 * self.p)

    @property
    def exact_law(self) -> ExactLaw:
        return "spherical_p_spin_critical", {"p": self.p}

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(n=3), cls(n=1, p=2), cls(n=2, p=5))
