"""Periodic fields: Gaussian landscapes on a torus, which has no edge where critical points could be lost or gained."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Array, LibraryObjective
from saddlesim.objectives.kostlan_form import LONGEST_TEXT
from saddlesim.parameters import NonNegativeInteger, Positive, Size, declared

Orders = tuple[int, ...]  # how often each component is differentiated for

CUTOFF = 8.5  # standard deviations of the spectrum, beyond which there is a variance of 2e-17 on each axis
MOST = 10_000_000  # waves: 80 megabytes
MOST_AT_ONCE = 4_000_000  # numbers of a partial sum, for as many points as are evaluated together


@declared
class PeriodicGaussianField(LibraryObjective):
    """A Gaussian landscape on a torus, where the signs (-1)^index of all critical points cancel in every single draw.

    ``f(x) = sum_k g_k prod_i sqrt(s(k_i)) w(k_i, x_i)``, g independent standard normal, w running through cos 0, cos x, sin x,
    cos 2 x, ... on each axis with ``s(k) ~ exp(-k^2 l^2 / 2)``, l = length_scale: exactly Gaussian and stationary, of period
    2 pi, mean 0, variance 1 and covariance the periodised exp(-|x - y|^2 / (2 l^2)). Waves beyond k = 8.5 / l, of variance
    2e-17, are left out. That signs cancel (Poincare, Hopf) tells when a list of points is incomplete; in two dimensions there
    are as many saddles as minima and maxima together. There is no edge to lose points at. The moments that decide on
    critical points are those of the isotropic field but for `anisotropy`, 1e-10 at l = 0.8. Usual domain [0, 2 pi]^d.
    """

    dimension: Size = 2
    length_scale: Positive = 0.5
    seed: NonNegativeInteger = 0

    formula: ClassVar[str] = "sum_k g_k prod_i sqrt(s(k_i)) (cos or sin)(k_i x_i), g normal, s(k) ~ exp(-k^2 l^2 / 2)"
    source: ClassVar[str] = "Adler and Taylor, Random Fields and Geometry (2007)"
    dimension_rule: ClassVar[str] = "any n >= 1 with (1 + 17 / length_scale)^n <= 10^7"
    critical_set: ClassVar[str] = "unknown for a draw; for d = 2, 1/4 minima, 1/2 saddles, 1/4 maxima in the mean"

    def __post_init__(self) -> None:
        if self.dimension * math.log1p(2 * CUTOFF / self.length_scale) > math.log(MOST):
            given = f"dimension={self.dimension}, length_scale={self.length_scale}"
            raise ValueError(f"{given}: (1 + 17 / length_scale)^dimension waves are more than {MOST}; take it longer")

    @cached_property
    def domain(self) -> Array:
        return np.tile([0.0, 2 * np.pi], (self.dimension, 1))

    @cached_property
    def variances(self) -> Array:
        """The variance s of each frequency 0, 1, ... on one axis; their sum is 1."""
        k = np.arange(math.ceil(CUTOFF / self.length_scale) + 1)
        weights = np.where(k > 0, 2.0, 1.0) * np.exp(-((k * self.length_scale) ** 2) / 2)
        return np.asarray(weights / weights.sum())

    @cached_property
    def coefficients(self) -> Array:
        """What products of waves are multiplied by; along each axis first those of cosines, from cos 0 on, then of sines."""
        deviations = np.sqrt(np.concatenate([self.variances, self.variances[1:]]))
        made = np.random.default_rng(self.seed).standard_normal((len(deviations),) * self.dimension)
        for axis in range(self.dimension):
            made *= deviations.reshape(-1, *(1,) * axis)
        return made

    @cached_property
    def anisotropy(self) -> float:
        """The largest relative error of second and fourth moments of the spectrum, held against exp(-r^2 / (2 l^2))."""
        squares = (np.arange(len(self.variances)) * self.length_scale) ** 2
        second, fourth = float(self.variances @ squares), float(self.variances @ squares**2)
        return max(abs(second**2 - 1), abs(fourth / 3 - 1))

    def value(self, x: Array) -> Array:
        return self._at(x, 0)

    def gradient(self, x: Array) -> Array:
        return self._at(x, 1)

    def hessian(self, x: Array) -> Array:
        return self._at(x, 2)

    def on_grid(self, axes: Sequence[Array], order: int) -> Array:
        """Give the value, gradient or Hessian (order 0, 1 or 2) on a grid, axis by axis, which costs next to nothing.

        Parameters
        ----------
        axes : d arrays (n_i,)
            The coordinates.
        order : int

        Returns
        -------
        (n_1, ..., n_d), (d, n_1, ..., n_d) or (d, d, n_1, ..., n_d)
        """
        sums = self._sums(axes, order, lambda part, waves, axis: np.tensordot(part, waves, (axis, 0)))
        return self._arranged({orders: part.T for orders, part in sums.items()}, order)

    def _at(self, x: Array, order: int) -> Array:
        """Give the derivatives of an order at points (d, ...), some of them at a time."""

        def summed(part: Array, waves: Array, axis: int) -> Array:
            last = axis == self.dimension - 1
            return np.tensordot(part, waves, 1) if last else np.einsum("...kb,kb->...b", part, waves)

        x = self.points(x)
        flat = x.reshape(self.dimension, -1)
        n_lanes = max(1, MOST_AT_ONCE * len(self.coefficients) // self.coefficients.size)
        parts = [flat[:, first : first + n_lanes] for first in range(0, max(1, flat.shape[1]), n_lanes)]
        made = [self._arranged(self._sums(each, order, summed), order) for each in parts]
        return np.concatenate(made, axis=-1).reshape(made[0].shape[:-1] + x.shape[1:])

    def _sums(
        self, coordinates: Sequence[Array] | Array, order: int, summed: Callable[[Array, Array, int], Array]
    ) -> dict[Orders, Array]:
        """Sum over one axis of waves after the other, the last one first; what derivatives have in common is done once."""
        parts: dict[Orders, Array] = {(): self.coefficients}
        for axis in reversed(range(self.dimension)):
            waves = self._waves(coordinates[axis], order)
            parts = {
                (k, *orders): summed(part, waves[k], axis)
                for orders, part in parts.items()
                for k in range(0 if axis else order - sum(orders), order - sum(orders) + 1)
            }
        return parts

    def _waves(self, x: Array, order: int) -> list[Array]:
        """Give all waves of one component x, (B,), and their derivatives up to an order, (2 K + 1, B) each."""
        k = np.arange(len(self.variances))[:, None]
        cosine, sine = np.cos(k * x), np.sin(k * x)
        made = [np.concatenate([cosine, sine[1:]])]
        for _ in range(order):
            cosine, sine = -k * sine, k * cosine
            made.append(np.concatenate([cosine, sine[1:]]))
        return made

    def _arranged(self, sums: dict[Orders, Array], order: int) -> Array:
        """Put partial derivatives into one array, (d, ..., d, ...) with `order` axes of components."""
        d = self.dimension
        shape, some = (d,) * order, next(iter(sums.values()))
        made = np.empty((*shape, *some.shape), dtype=some.dtype)
        for place in np.ndindex(shape):
            made[place] = sums[tuple(place.count(axis) for axis in range(d))]
        return made

    @property
    def expression_text(self) -> str | None:
        if self.coefficients.size > LONGEST_TEXT // 30:  # a coefficient and its wave have some thirty characters
            return None
        text = self._text(self.coefficients.tolist(), self.variables).replace("+ -", "- ")
        return text if len(text) <= LONGEST_TEXT else None

    def _text(self, coefficients: Any, names: Sequence[str]) -> str:
        if not isinstance(coefficients, list):
            return repr(coefficients)
        k, inner = range(1, len(self.variances)), [self._text(each, names[1:]) for each in coefficients]
        waves = ["1", *(f"cos({i}*{names[0]})" for i in k), *(f"sin({i}*{names[0]})" for i in k)]
        terms = (f"{wave}*({each})" if names[1:] else f"{each}*{wave}" for wave, each in zip(waves, inner, strict=True))
        return " + ".join(terms)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=1, seed=1), cls(dimension=2, length_scale=1.5), cls(dimension=3, length_scale=0.8))
