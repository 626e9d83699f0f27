"""Wigner matrices and their neighbours: independent entries, dense or sparse, and what is added to the GOE to deform it.

Not here: the GOE itself and its like, which have a tridiagonal form; what is made of products (`wishart`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.parameters import Real, declared
from saddlesim.random_matrices.base import Array, Known, LibraryEnsemble, MatrixSize
from saddlesim.random_matrices.counting import Row
from saddlesim.random_matrices.dense import ContinuousEnsemble, DenseSize, diagonals_of, symmetric
from saddlesim.random_matrices.densities import semicircle_density
from saddlesim.random_matrices.gaussian import GOE, OrthogonalEnsemble
from saddlesim.random_matrices.independent_signs import IndependentSigns
from saddlesim.spectrum import classify

LARGEST_ENUMERATED = 5  # rows: 2^15 matrices of signs
NODES = 4_001  # of a density that is interpolated
HALVINGS = 60

Strength = Annotated[Real, Field(ge=-1e6, le=1e6, description="of the spike, in units of sqrt(n)")]
Noise = Annotated[Real, Field(ge=0, le=1e6, description="standard deviation of the semicircle that is added")]
Degree = Annotated[Real, Field(ge=1e-6, description="mean number of entries in a row")]


@declared
class EqualVariances(ContinuousEnsemble):
    """What is drawn by mistake for the GOE: all entries h_ij = h_ji standard normal, those of the diagonal too.

    The semicircle of radius 2 sqrt(n) does not notice; the signs at small n do, for rotations no longer leave the law as it is.
    n = 2: all positive in the cone a > 0, a c > b^2, which normal numbers hit with the probability, in Carlson's integrals,
    1/2 - (2 R_F(0, 1/2, 2/3) - R_J(0, 1/2, 2/3, 1) / 3) / (sqrt(6) pi) = .1159, against the GOE's .1464.
    """

    n: DenseSize = 2

    source: ClassVar[str] = "Wigner, On the distribution of the roots of certain symmetric matrices (1958)"

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        return symmetric(rng.standard_normal((n_samples, self.n * (self.n + 1) // 2)))

    @property
    def knows(self) -> Known:
        return Known(self.n <= 2, self.n <= 2)

    def index_distribution(self) -> Array | None:
        if self.n == 1:
            return np.array([0.5, 0.5])
        if self.n > 2:
            return None
        from scipy.special import elliprf, elliprj

        outside = 2 * elliprf(0, 1 / 2, 2 / 3) - elliprj(0, 1 / 2, 2 / 3, 1) / 3
        positive = 1 / 2 - outside / (math.sqrt(6) * math.pi)
        return np.array([positive, 1 - 2 * positive, positive])

    def log_probability_positive(self) -> float | None:
        law = self.index_distribution()
        return None if law is None else math.log(law[0])

    def spectral_density(self, x: Array) -> Array:
        return semicircle_density(x, 2 * math.sqrt(self.n))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n=1), cls(n=12))


@declared
class Rademacher(LibraryEnsemble):
    """A fair coin for every entry, h_ij = h_ji = +-1, the diagonal too: the semicircle again, and not one minimum from n = 2 on.

    A minor of two rows is 1 - 1 or -1 - 1, never positive, so that no matrix is definite; index 0 is left to the 2^(n-1) matrices
    v v', singular from n = 2 on. Singular matrices have a positive probability, which decays exponentially; what zero means, the
    rounding threshold of `spectrum` decides. For n <= 5 the exact law is that of all 2^(n(n+1)/2) matrices.
    """

    n: DenseSize = 2

    source: ClassVar[str] = "Wigner, Characteristic vectors of bordered matrices with infinite dimensions (1955)"

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        bits = rng.integers(0, 2, (n_samples, self.n * (self.n + 1) // 2), dtype=np.int8)
        return symmetric(np.where(bits, 1.0, -1.0))

    @property
    def knows(self) -> Known:
        return Known(self.n <= LARGEST_ENUMERATED, True)

    def index_distribution(self) -> Array | None:
        if self.n > LARGEST_ENUMERATED:
            return None
        places = np.arange(self.n * (self.n + 1) // 2)
        bits = np.arange(2 ** len(places))[:, None] >> places & 1
        index = classify(np.linalg.eigvalsh(symmetric(np.where(bits, 1.0, -1.0)))).index
        return np.bincount(index, minlength=self.n + 1) / len(bits)

    def log_probability_positive(self) -> float:
        return -math.log(2) if self.n == 1 else -math.inf

    def spectral_density(self, x: Array) -> Array:
        return semicircle_density(x, 2 * math.sqrt(self.n))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n=1), cls(n=4), cls(n=9))


@declared
class Spiked(OrthogonalEnsemble):
    """One direction that stands out of the noise, or does not: ``H = G + strength sqrt(n) e e'``, G a GOE, e = (1, 0, ..., 0).

    Rotations leave the law of G as it is, so that e is any direction. The bulk is the semicircle on [-2 sqrt(n), 2 sqrt(n)]. Only
    for |strength| > 1 does an eigenvalue leave it, to (strength + 1 / strength) sqrt(n), and is seen; the index changes by one at
    most, for the eigenvalues of H and G interlace. The reduction to tridiagonal form leaves e alone, the row next to the
    coupling of most degrees of freedom.
    """

    n: MatrixSize = 2
    strength: Strength = -2.0

    source: ClassVar[str] = (
        "Baik, Ben Arous, Peche, Phase transition of the largest eigenvalue (2005); for this ensemble "
        "Feral, Peche, The largest eigenvalue of rank one deformation of large Wigner matrices (2007)"
    )

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        matrices = super().sample(n_samples, rng)
        matrices[:, 0, 0] += self.strength * math.sqrt(self.n)
        return matrices

    def _rows(self, n_lanes: int, rng: np.random.Generator) -> Iterator[Row]:
        spike = self.strength * math.sqrt(self.n) / self._unit
        for i, (diagonal, squared) in enumerate(super()._rows(n_lanes, rng), start=1):
            yield (diagonal + spike if i == self.n else diagonal), squared

    @property
    def exact_law(self) -> None:
        return None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n=1, strength=0.5), cls(n=12, strength=3.0))


@declared
class Sparse(LibraryEnsemble):
    """Few interactions: h_ij is zero but with probability p = min(1, degree / n); then normal, of variance (1 + delta_ij) / p.

    So all variances are those of the GOE, which it is for degree >= n. At a fixed degree c large matrices are trees nearly
    everywhere, and a positive fraction of eigenvalues is exactly zero, whatever the values: 2 q + c q^2 - 1 with q = exp(-c q)
    where c < e. There second derivatives tell no minimum any more, however few eigenvalues are negative.
    """

    n: DenseSize = 2
    degree: Degree = 2.0

    source: ClassVar[str] = "Bauer, Golinelli, Core percolation in random graphs (2001), for the eigenvalue zero"

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        p = min(1.0, self.degree / self.n)
        shape = n_samples, self.n * (self.n + 1) // 2
        matrices = symmetric((rng.random(shape) < p) * rng.standard_normal(shape)) / math.sqrt(p)
        diagonals_of(matrices)[...] *= math.sqrt(2)
        return matrices

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n=1, degree=0.5), cls(n=12, degree=1.0))


@declared
class DiagonalPlusNoise(ContinuousEnsemble):
    """From the coin to the GOE: ``H = D + noise G / sqrt(n)``, D of independent standard normal numbers, G a GOE.

    Without noise all eigenvalues are positive with probability 2^-n; any noise couples all of them, and as it grows they repel:
    from exp(-n ln 2) to exp(-n^2 (ln 3) / 4). The eigenvalues are those of Dyson's Brownian motion that starts at D.
    """

    n: DenseSize = 2
    noise: Noise = 1.0

    source: ClassVar[str] = "Rosenzweig, Porter, Repulsion of energy levels in complex atomic spectra (1960)"

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        matrices = GOE(n=self.n).sample(n_samples, rng) * (self.noise / math.sqrt(self.n))
        diagonals_of(matrices)[...] += rng.standard_normal((n_samples, self.n))
        return matrices

    @property
    def knows(self) -> Known:
        return Known(not self.noise, not self.noise)

    def index_distribution(self) -> Array | None:
        return None if self.noise else IndependentSigns(n=self.n).index_distribution()

    def log_probability_positive(self) -> float | None:
        return None if self.noise else IndependentSigns(n=self.n).log_probability_positive()

    def spectral_density(self, x: Array) -> Array:
        if not self.noise:
            return IndependentSigns(n=self.n).spectral_density(x)
        return normal_plus_semicircle_density(x, self.noise)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n=1), cls(n=5, noise=0.0), cls(n=12, noise=0.3))


def normal_plus_semicircle_density(x: Array, noise: float) -> Array:
    """Give the density of the free sum of a standard normal law and a semicircle of variance noise^2, which is positive.

    Biane, On the free convolution with a semi-circular distribution (1997): above each u lies the one v where the normal law has
    E 1 / |u + i v - d|^2 = 1 / noise^2; there, with G(z) = E 1 / (z - d), the density at u + noise^2 Re G is v / (pi noise^2).
    """
    from scipy.special import wofz

    u = np.linspace(-1, 1, NODES) * (10 + noise)  # beyond, less than 1e-20 is left
    low, high = np.zeros(NODES), np.full(NODES, noise)
    for _ in range(HALVINGS):
        v = (low + high) / 2
        transform = -1j * math.sqrt(math.pi / 2) * wofz((u + 1j * v) / math.sqrt(2))
        above = -transform.imag * noise**2 < v
        low, high = np.where(above, low, v), np.where(above, v, high)
    return np.asarray(np.interp(x, u + noise**2 * transform.real, v / (math.pi * noise**2), left=0.0, right=0.0))
