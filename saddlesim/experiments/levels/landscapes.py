"""Landscapes: Gaussian ones without a preferred direction, whose critical points are as the eigenvalues of a GOE matrix.

Not here: the law itself (law.py) and how critical points of a drawn landscape are found (finding.py).
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Protocol, Self, runtime_checkable

from pydantic import Field

from saddlesim.parameters import Count, FromRegistry, call_text, declared
from saddlesim.registry import Registry

LARGEST_DIMENSION = 200  # the squared weight of the deepest samples, exp(-2 n), is still a number
LARGEST_DEGREE = 14  # of a glass of three components that can be drawn

Dimension = Annotated[Count, Field(le=LARGEST_DIMENSION)]


@runtime_checkable
class Landscape(Protocol):
    """A random landscape of n dimensions, whose critical points are as the eigenvalues of GOE(n + 1), but for a tilt.

    The mean number of those of index k at the level ``unit g`` has the density ``factor exp(-tilt g^2) rho_k(g)`` in g, rho_k
    that of the (k+1)-th smallest eigenvalue.
    """

    @property
    def n(self) -> int:
        """The number of eigenvalues of its Hessian."""

    @property
    def tilt(self) -> float:
        """How fast critical points get rare as their level rises or falls."""

    @property
    def unit(self) -> float:
        """The level of an eigenvalue 1."""

    @property
    def threshold(self) -> float:
        """The level, below zero as well as above, between which saddles of all indices lie in the limit of large n."""

    @property
    def log_factor(self) -> float:
        """The logarithm of the factor."""


@declared
class IsotropicField:
    """An isotropic Gaussian field of covariance ``exp(-r^2 / 2)``: its value shifts the semicircle of its Hessian.

    Where f = u the Hessian is GOE(n) - u, so that the index rises from 0 to n as the level u / sqrt(n) goes from -2 to 2. The
    field's own density, exp(-u^2 / 2), times E|det(GOE(n) - u)|, leaves exp(-u^2 / 4) times the density of eigenvalues of
    GOE(n + 1): tilt 1/4. Numbers of critical points are per unit of volume.
    """

    dimension: Dimension = Field(default=10, description="n")

    source: ClassVar[str] = "Bray and Dean, Statistics of critical points of Gaussian fields (Phys. Rev. Lett. 2007)"
    tilt: ClassVar[float] = 0.25
    threshold: ClassVar[float] = 2.0

    @property
    def n(self) -> int:
        return self.dimension

    @property
    def unit(self) -> float:
        return 1 / math.sqrt(self.dimension)

    @property
    def log_factor(self) -> float:
        return math.log(2) / 2 + math.lgamma((self.n + 1) / 2) - (self.n + 1) / 2 * math.log(math.pi)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(dimension=2), cls(dimension=1))

    def __str__(self) -> str:
        return call_text(self)


@declared
class SphericalPSpin:
    """The spherical p-spin glass of N components: at the bottom minima, then saddles of rising index, layer upon layer.

    Levels are energies f / N, the threshold is -2 sqrt((p - 1) / p). With g_k the eigenvalues of GOE(N), off-diagonal variance
    1, there are in the mean ``2 sqrt(2 / p) (p - 1)^(N/2) E[exp(-(p - 2) g_k^2 / (4 p)); g_k sqrt((p - 1) / (p N)) in B]``
    critical points of index k with levels in B: for N = 2 altogether 2 sqrt(3 p - 2), for p = 2 two of every index. Up to N = 3
    all critical points of drawn landscapes are found; above, where no search could promise that, GOE(N) is sampled.
    """

    dimension: Annotated[Dimension, Field(ge=2)] = Field(
        default=10, description="N, components on the sphere of radius sqrt(N)"
    )
    p: Annotated[Count, Field(ge=2, le=LARGEST_DEGREE)] = Field(default=3, description="spins that interact at once")

    source: ClassVar[str] = "Auffinger, Ben Arous and Cerny, Random matrices and complexity of spin glasses (CPAM 2013)"

    @property
    def n(self) -> int:
        return self.dimension - 1

    @property
    def tilt(self) -> float:
        return (self.p - 2) / (4 * self.p)

    @property
    def unit(self) -> float:
        return self.threshold / (2 * math.sqrt(self.dimension))

    @property
    def threshold(self) -> float:
        return 2 * math.sqrt((self.p - 1) / self.p)

    @property
    def log_factor(self) -> float:
        return math.log(8 / self.p) / 2 + self.dimension / 2 * math.log(self.p - 1)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(dimension=2, p=3), cls(dimension=3, p=2), cls(dimension=5, p=4))

    def __str__(self) -> str:
        return call_text(self)


LANDSCAPES = Registry("landscape", (IsotropicField, SphericalPSpin))

LandscapeField = Annotated[Landscape, FromRegistry(LANDSCAPES, ("examples",))]
