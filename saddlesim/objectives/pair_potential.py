"""Pair potential: the base of energies that are sums over pairs of particles, and the arrays in which these are held.

Points hold particle after particle: x_1, y_1, z_1, x_2, ... The potentials themselves are in `particles`.
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, empty_hessian
from saddlesim.parameters import field_names

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
        product = self._curvature_times(_particles(self.points(x)), _particles(self.points(v, "v")))
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
        blocks = blocks_of(hessian)
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
            force = 2 * first[:, None] * change + (4 * second * dot(r, change))[:, None] * r
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


def _particles(x: Array) -> Array:
    """See points (3 n, ...) as particles (n, 3, ...)."""
    return x.reshape(len(x) // 3, 3, *x.shape[1:])


def blocks_of(hessian: Array) -> Array:
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
    s = dot(r, r)
    return np.where(s.real > 0, s, np.nan * s) if np.iscomplexobj(s) else s


def dot(a: Array, b: Array) -> Array:
    """Give the products a . b of particles: (n, 3, ...), (n, 3, ...) -> (n, ...)."""
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])


def directions(y: Array) -> tuple[Array, Array]:
    """Give the unit vectors (n, 3, ...) and the radii (n, 1, ...)."""
    radius = np.sqrt(_square(y))[:, None]
    return y / radius, radius


def part_across(u: Array, v: Array) -> Array:
    """Give the part of v across the unit vectors u, (n, 3, ...)."""
    return np.asarray(v - u * dot(u, v)[:, None])


def _nan_by_lane(derivative: Array, n_axes: int) -> Array:
    """Make a lane nan as a whole where a component of it, along the first axes, is nan."""
    return np.where(np.isnan(derivative).any(axis=tuple(range(n_axes))), np.nan * derivative, derivative)


def square_text(first: Sequence[str], second: Sequence[str]) -> str:
    """Write the square of the distance of two particles."""
    return "(" + " + ".join(f"({a} - {b})**2" for a, b in zip(first, second, strict=True)) + ")"
