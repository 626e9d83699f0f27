"""Particles: energies of pairs summed over a cluster. Their critical points stand in ``tables/particles.json``.

Rigid motions leave such an energy as it is: a critical point represents its orbit, and its kind is that in the space of shapes.
Points hold particle after particle: x_1, y_1, z_1, x_2, ...
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, empty_hessian, square_box
from saddlesim.parameters import Count, Positive, declared, field_names

SINGULAR = np.errstate(divide="ignore", invalid="ignore", over="ignore")  # where particles meet, an energy has a pole


class PairPotential(LibraryObjective):
    """A sum over pairs of functions of the squared distance; a particle meets all later ones at once, in the memory of x."""

    non_smooth: ClassVar[str] = "where two particles coincide"
    symmetries: ClassVar[tuple[str, ...]] = ("translation", "rotation", "reflection", "permutation")
    critical_points: ClassVar[None] = None  # rigid motions make a manifold of each
    critical_points_complete: ClassVar[bool] = False

    @property
    def representatives(self) -> Sequence[CriticalPoint] | None:
        return self.table.points if self.table else None

    @abstractmethod
    def pair_energy(self, s: Array) -> Array:
        """Give the energy of pairs of squared distance s, shaped as s."""

    @abstractmethod
    def pair_derivatives(self, s: Array) -> tuple[Array, Array]:
        """Give the first and second derivative of `pair_energy`, each shaped as s."""

    @abstractmethod
    def pair_text(self, first: Sequence[str], second: Sequence[str]) -> str:
        """Write the energy of the pair of particles whose coordinates have these names."""

    @SINGULAR
    def value(self, x: Array) -> Array:
        return self._energy(_particles(self.points(x)))

    @SINGULAR
    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        return _nan_by_lane(self._slope(_particles(x)).reshape(x.shape), 1)

    @SINGULAR
    def hessian(self, x: Array) -> Array:
        return _nan_by_lane(self._curvature(_particles(self.points(x))), 2)

    @SINGULAR
    def hessian_product(self, x: Array, v: Array) -> Array:
        product = self._curvature_times(_particles(self.points(x)), _particles(self.points(v)))
        return _nan_by_lane(product.reshape(self.dimension, *product.shape[2:]), 1)

    def _energy(self, y: Array) -> Array:
        return np.asarray(sum(self.pair_energy(s).sum(axis=0) for _, _, s in _rows(y)))

    def _slope(self, y: Array) -> Array:
        slope = np.zeros_like(y)
        for i, r, s in _rows(y):
            force = 2 * self.pair_derivatives(s)[0][:, None] * r
            slope[i] -= force.sum(axis=0)
            slope[i + 1 :] += force
        return slope

    def _curvature(self, y: Array) -> Array:
        hessian = empty_hessian(y.reshape(self.dimension, *y.shape[2:]))
        blocks = _blocks(hessian)
        for i, r, s in _rows(y):
            first, second = self.pair_derivatives(s)
            block = 4 * second[:, None, None] * (r[:, :, None] * r[:, None, :])
            block[:, range(3), range(3)] += 2 * first[:, None]
            later = np.arange(i + 1, len(y))
            blocks[i, i] += block.sum(axis=0)
            blocks[later, later] += block
            blocks[i, later] = blocks[later, i] = -block
        return hessian

    def _curvature_times(self, y: Array, v: Array) -> Array:
        y, v = np.broadcast_arrays(y, v)
        product = np.zeros(y.shape, dtype=np.result_type(y, v))
        for i, r, s in _rows(y):
            first, second = self.pair_derivatives(s)
            change = v[i + 1 :] - v[i]
            force = 2 * first[:, None] * change + (4 * second * _dot(r, change))[:, None] * r
            product[i] -= force.sum(axis=0)
            product[i + 1 :] += force
        return product

    @property
    def table_key(self) -> str:
        return f"{super().table_key}_{self.dimension // 3}"

    @property
    def expression_text(self) -> str | None:
        if self.dimension > 30:  # the pairs of more than ten are too many to write out
            return None
        particles = [self.variables[i : i + 3] for i in range(0, self.dimension, 3)]
        return " + ".join(self.pair_text(*pair) for pair in itertools.combinations(particles, 2))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return tuple(cls(**{next(iter(field_names(cls))): n}) for n in (4, 2, 3))

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        return cls(**{next(iter(field_names(cls))): n // 3}) if n % 3 == 0 and n >= 6 else None


@declared
class Cluster(PairPotential):
    """Atoms that attract each other from afar, in free space."""

    n_atoms: Annotated[Count, Field(ge=2)] = 4

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
        s = _square_text(first, second)
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
        e = f"exp({self.rho}*(1 - sqrt{_square_text(first, second)}))"
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

    n_points: Annotated[Count, Field(ge=2)] = 4

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
        return super()._energy(_directions(y)[0])

    def _slope(self, y: Array) -> Array:
        u, radius = _directions(y)
        return _across(u, super()._slope(u)) / radius

    def _curvature(self, y: Array) -> Array:
        u, radius = _directions(y)
        slope = super()._slope(u)
        pull, across = _dot(slope, u)[:, None, None], _across(u, slope)[:, :, None] * u[:, None, :]
        projector = np.eye(3).reshape(3, 3, *(1,) * (y.ndim - 2)) - u[:, :, None] * u[:, None, :]
        hessian = super()._curvature(u)
        blocks, scaled = _blocks(hessian), projector / radius[:, None]
        half = np.einsum("iac...,ijcb...->ijab...", scaled, blocks)
        blocks[...] = np.einsum("ijac...,jcb...->ijab...", half, scaled)
        blocks[range(len(y)), range(len(y))] -= (across + across.swapaxes(1, 2) + pull * projector) / (radius * radius)[
            :, None
        ]
        return np.asarray((hessian + hessian.swapaxes(0, 1)) / 2)

    def _curvature_times(self, y: Array, v: Array) -> Array:
        u, radius = _directions(y)
        slope = super()._slope(u)
        pull, across = _dot(slope, u)[:, None], _across(u, slope)
        v = v / radius
        inner = _across(u, super()._curvature_times(u, _across(u, v)))
        bend = across * _dot(u, v)[:, None] + u * _dot(across, v)[:, None] + pull * _across(u, v)
        return np.asarray((inner - bend) / radius)


def _particles(x: Array) -> Array:
    """See points (3 n, ...) as particles (n, 3, ...)."""
    return x.reshape(len(x) // 3, 3, *x.shape[1:])


def _blocks(hessian: Array) -> Array:
    """See a Hessian (3 n, 3 n, ...) as its blocks (n, n, 3, 3, ...)."""
    n = len(hessian) // 3
    return hessian.reshape(n, 3, n, 3, *hessian.shape[2:]).swapaxes(1, 2)


def _rows(y: Array) -> Iterator[tuple[int, Array, Array]]:
    """Give for each particle its number, the way from it to each later one, (m, 3, ...), and that way's square, (m, ...)."""
    for i in range(len(y) - 1):
        r = y[i + 1 :] - y[i]
        yield i, r, _square(r)


def _square(r: Array) -> Array:
    """Give |r|^2: (n, 3, ...) -> (n, ...). Beside a real zero it is nan, for there the functions of it have no derivative."""
    s = _dot(r, r)
    return np.where(s.real > 0, s, np.nan * s) if np.iscomplexobj(s) else s


def _dot(a: Array, b: Array) -> Array:
    """Give the products a . b of particles: (n, 3, ...), (n, 3, ...) -> (n, ...)."""
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])


def _directions(y: Array) -> tuple[Array, Array]:
    """Give the unit vectors (n, 3, ...) and the radii (n, 1, ...)."""
    radius = np.sqrt(_square(y))[:, None]
    return y / radius, radius


def _across(u: Array, v: Array) -> Array:
    """Give the part of v across the unit vectors u, (n, 3, ...)."""
    return np.asarray(v - u * _dot(u, v)[:, None])


def _nan_by_lane(derivative: Array, n_axes: int) -> Array:
    """Make a lane nan as a whole where a component of it, along the first axes, is nan."""
    return np.where(np.isnan(derivative).any(axis=tuple(range(n_axes))), np.nan * derivative, derivative)


def _square_text(first: Sequence[str], second: Sequence[str]) -> str:
    return "(" + " + ".join(f"({a} - {b})**2" for a, b in zip(first, second, strict=True)) + ")"
