"""Noisy quadratic: a quadratic form as a finite sum, whose minibatches have the noise you choose in each direction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Array, CriticalPoint, square_box
from saddlesim.objectives.finite_sum import FiniteSum, Terms
from saddlesim.objectives.normal_forms import Quadratic
from saddlesim.parameters import Vector, declared

LONGEST_TEXT = 80  # components up to which it is written out


@declared
class NoisyQuadratic(FiniteSum):
    """The simplest saddle under minibatches: the noise of one term has the standard deviations given, the same everywhere.

    ``f(x) = 1/2 sum_i lambda_i x_i^2``, the mean of the 2 d terms ``f(x) +- sqrt(d) noise_i x_i``: the covariance of a term's
    gradient is diag(noise^2). Usual domain [-2, 2]^d. Critical points are those of `quadratic`.

    Parameters
    ----------
    eigenvalues : tuple of float
    noise : tuple of float
        As many.
    """

    eigenvalues: Vector = (1.0, -1.0)
    noise: Vector = (1.0, 1e-3)

    formula: ClassVar[str] = "1/2 sum_i lambda_i x_i^2, the mean over i and both signs of that +- sqrt(d) noise_i x_i"
    source: ClassVar[str] = "made for this library, after the setting of Staib et al. (2019)"
    dimension_rule: ClassVar[str] = "the number of eigenvalues"
    critical_set: ClassVar[str] = "The origin; where eigenvalues are zero, the null space."

    def __post_init__(self) -> None:
        if len(self.noise) != len(self.eigenvalues):
            raise ValueError(
                f"{len(self.noise)} numbers of noise for {len(self.eigenvalues)} eigenvalues; give one for each"
            )

    @cached_property
    def form(self) -> Quadratic:
        """The quadratic form itself."""
        return Quadratic(eigenvalues=self.eigenvalues)

    @property
    def dimension(self) -> int:
        return len(self.eigenvalues)

    @property
    def n_terms(self) -> int:
        return 2 * self.dimension

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, self.dimension)

    @property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        return self.form.critical_points

    @property
    def critical_points_complete(self) -> bool:
        return self.form.critical_points_complete

    @property
    def expression_text(self) -> str | None:
        return self.form.expression_text if self.dimension <= LONGEST_TEXT else None

    def value(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        return np.asarray(self.form.value(x) + (self._tilt(x, terms) * x).sum(axis=0))

    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        return np.asarray(self.form.gradient(x) + self._tilt(x, terms))

    def hessian(self, x: Array) -> Array:
        return self.form.hessian(self.points(x))

    def hessian_product(self, x: Array, v: Array) -> Array:
        return self.form.hessian_product(self.points(x), self.points(v, "v"))

    def _tilt(self, x: Array, terms: Terms | None) -> Array:
        """The mean linear term of those asked for, (d, ...): even ones of +noise_i, odd ones of -noise_i."""
        if terms is None:
            return np.zeros_like(x)
        weights = self.weights(x, terms)
        noise = np.array(self.noise).reshape(-1, *(1,) * (x.ndim - 1)) / np.sqrt(self.dimension)
        return np.asarray(noise * (weights[::2] - weights[1::2]) / 2 + np.zeros_like(x))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(eigenvalues=(2.0, 0.5, -1.0), noise=(0.0, 1.0, 0.1)))
