"""Particles: energies of pairs summed over a cluster. Their critical points stand in ``tables/particles.json``.

Rigid motions leave such an energy as it is: a critical point represents its orbit, and its kind is that in the space of shapes.
Points hold particle after particle: x_1, y_1, z_1, x_2, ...
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, square_box
from saddlesim.objectives.pair_potential import PairPotential, blocks_of, directions, dot, part_across, square_text
from saddlesim.parameters import Positive, Size, declared


@declared
class Cluster(PairPotential):
    """Atoms that attract each other from afar, in free space."""

    n_atoms: Annotated[Size, Field(ge=2)] = 4

    dimension_rule: ClassVar[str] = "3 n_atoms, n_atoms >= 2"
    critical_set: ClassVar[str] = "listed for 2 to 4 atoms: one representative of each orbit that a search found"

    @cached_property
    def domain(self) -> Array:
        return square_box(self.n_atoms ** (1 / 3) + 0.5, 3 * self.n_atoms)


@declared
class LennardJones(Cluster):
    """The standard cluster of rare-gas atoms, whose minima and saddles multiply exponentially with the atoms.

    ``f(x) = sum_{i<j} 4 (r_ij^-12 - r_ij^-6)``, r_ij = |x_i - x_j|, in units of the depth and the diameter of the pair.
    Usual domain: a box of half-width n_atoms^(1/3) + 1/2. Critical points of up to four atoms: searched for from random and
    symmetric starts, and refined to 50 digits; a linear one has nullity 5, any other 6.
    """

    formula: ClassVar[str] = "sum_{i<j} 4 (r_ij^-12 - r_ij^-6)"
    source: ClassVar[str] = "Jones, On the determination of molecular fields II (Proc. R. Soc. A, 1924) (recalled)"

    def pair_energy(self, s: Array) -> Array:
        sixth = 1 / (s * s * s)
        return 4 * sixth * (sixth - 1)

    def pair_derivatives(self, s: Array) -> tuple[Array, Array]:
        inverse = 1 / s
        sixth = inverse * inverse * inverse
        return -12 * inverse * sixth * (2 * sixth - 1), 24 * inverse * inverse * sixth * (7 * sixth - 2)

    def pair_text(self, first: Sequence[str], second: Sequence[str]) -> str:
        s = square_text(first, second)
        return f"4*(1/{s}**3 - 1)/{s}**3"


@declared
class MorseCluster(Cluster):
    """The cluster whose range can be set by rho: the longer it is, the smoother the landscape and the fewer its minima.

    ``f(x) = sum_{i<j} e_ij (e_ij - 2)``, e_ij = exp(rho (1 - r_ij)), r_ij = |x_i - x_j|, in units of the depth and the
    equilibrium distance of the pair; for rho = 6 its curvature there is that of the Lennard-Jones pair. Usual domain: a box of
    half-width n_atoms^(1/3) + 1/2. Critical points as for `LennardJones`, for rho = 6 only.
    """

    rho: Positive = 6.0

    formula: ClassVar[str] = "sum_{i<j} exp(rho (1 - r_ij)) (exp(rho (1 - r_ij)) - 2)"
    source: ClassVar[str] = "Doye and Wales, Structural consequences of the range of the interatomic potential (1997)"

    def pair_energy(self, s: Array) -> Array:
        e = np.exp(self.rho * (1 - np.sqrt(s)))
        return np.asarray(e * (e - 2))

    def pair_derivatives(self, s: Array) -> tuple[Array, Array]:
        r = np.sqrt(s)
        e = np.exp(self.rho * (1 - r))
        first = -self.rho * e * (e - 1) / r
        return first, (self.rho * self.rho * e * (2 * e - 1) - first) / (2 * s)

    def pair_text(self, first: Sequence[str], second: Sequence[str]) -> str:
        e = f"exp({self.rho}*(1 - sqrt{square_text(first, second)}))"
        return f"{e}*({e} - 2)"

    @property
    def table_key(self) -> str:
        return f"{super().table_key}_rho_{self.rho}"


@declared
class Thomson(PairPotential):
    """Electrons on a sphere: a century-old problem whose minima are proved for a few numbers of electrons only.

    ``f(x) = sum_{i<j} 1 / |u_i - u_j|``, u_i = x_i / |x_i|: a function on all of R^{3 n} that does not depend on the radii, so
    that the n radial directions are zero modes beside the rotations. Usual domain [-1, 1]^{3 n}. Critical points of up to six
    electrons, on the unit sphere: searched for from random and symmetric starts, and refined to 50 digits. Over all labelled
    shapes (-1)^index sums to (-1)^{n-3} (n - 3)!, the Euler characteristic of the space of shapes, for n = 3 to 6.
    """

    n_points: Annotated[Size, Field(ge=2)] = 4

    formula: ClassVar[str] = "sum_{i<j} 1 / |x_i / |x_i| - x_j / |x_j||"
    source: ClassVar[str] = "Thomson, On the structure of the atom (Philosophical Magazine, 1904) (recalled)"
    dimension_rule: ClassVar[str] = "3 n_points, n_points >= 2"
    non_smooth: ClassVar[str] = "where an electron is at the origin or two are in one direction"
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "reflection", "permutation", "scaling")
    critical_set: ClassVar[str] = "listed for 2 to 6 electrons: one representative of each orbit that a search found"

    @cached_property
    def domain(self) -> Array:
        return square_box(1.0, 3 * self.n_points)

    def pair_energy(self, s: Array) -> Array:
        return np.asarray(1 / np.sqrt(s))

    def pair_derivatives(self, s: Array) -> tuple[Array, Array]:
        first = -0.5 / (s * np.sqrt(s))
        return first, -1.5 * first / s

    def pair_text(self, first: Sequence[str], second: Sequence[str]) -> str:
        product = " + ".join(f"{a}*{b}" for a, b in zip(first, second, strict=True))
        squares = "*".join("({}**2 + {}**2 + {}**2)".format(*each) for each in (first, second))
        return f"1/sqrt(2 - 2*({product})/sqrt({squares}))"

    def _energy(self, y: Array) -> Array:
        return super()._energy(directions(y)[0])

    def _slope(self, y: Array) -> Array:
        u, radius = directions(y)
        return part_across(u, super()._slope(u)) / radius

    def _curvature(self, y: Array) -> Array:
        u, radius = directions(y)
        slope = super()._slope(u)
        pull, across = dot(slope, u)[:, None, None], part_across(u, slope)[:, :, None] * u[:, None, :]
        projector = np.eye(3).reshape(3, 3, *(1,) * (y.ndim - 2)) - u[:, :, None] * u[:, None, :]
        hessian = super()._curvature(u)
        blocks, scaled = blocks_of(hessian), projector / radius[:, None]
        half = np.einsum("iac...,ijcb...->ijab...", scaled, blocks)
        blocks[...] = np.einsum("ijac...,jcb...->ijab...", half, scaled)
        blocks[range(len(y)), range(len(y))] -= (across + across.swapaxes(1, 2) + pull * projector) / (radius * radius)[
            :, None
        ]
        return np.asarray((hessian + hessian.swapaxes(0, 1)) / 2)

    def _curvature_times(self, y: Array, v: Array) -> Array:
        u, radius = directions(y)
        slope = super()._slope(u)
        pull, across = dot(slope, u)[:, None], part_across(u, slope)
        v = v / radius
        inner = part_across(u, super()._curvature_times(u, part_across(u, v)))
        bend = across * dot(u, v)[:, None] + u * dot(across, v)[:, None] + pull * part_across(u, v)
        return np.asarray((inner - bend) / radius)
