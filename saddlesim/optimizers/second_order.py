"""Second order: methods that solve with the Hessian of each lane. Dense, one symmetric eigenproblem a lane and step."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.parameters import NonNegative, Positive, declared
from saddlesim.spectrum import eigensystem, zero_threshold


class SecondOrderState(NamedTuple):
    """Points and gradient, (d, B), and which lanes have met a zero eigenvalue, which gives no step, (B,)."""

    x: Array
    gradient: Array
    met_zero_eigenvalue: NDArray[np.bool_]


class SecondOrder(LibraryOptimizer):
    """Base of the methods ``x <- x - eta Q diag(1 / d) Q' grad f(x)`` with H = Q diag(lambda) Q' and d made from lambda."""

    learning_rate: Positive

    needs: ClassVar[tuple[str, ...]] = ("hessian",)

    @abstractmethod
    def denominators(self, eigenvalues: Array) -> Array:
        """Give what the gradient's component along each eigenvector is divided by, (B, d)."""

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> SecondOrderState:
        return SecondOrderState(x, objective.gradient(x), np.zeros(x.shape[1:], dtype=bool))

    def step(self, objective: Objective, state: SecondOrderState, rng: np.random.Generator | None) -> SecondOrderState:
        x, gradient, met_zero_eigenvalue = state
        eigenvalues, eigenvectors = eigensystem(objective.hessian(x))
        denominators = self.denominators(eigenvalues)
        zero = np.abs(denominators) <= zero_threshold(denominators)[..., None]
        components = np.einsum("...ji,j...->...i", eigenvectors, gradient)
        steps = np.where(zero, 0.0, components / np.where(zero, 1.0, denominators))
        x = x - self.learning_rate * np.einsum("...ij,...j->i...", eigenvectors, steps)
        return SecondOrderState(x, objective.gradient(x), met_zero_eigenvalue | zero.any(axis=-1))


@declared
class Newton(SecondOrder):
    """Newton's method for grad f = 0: x <- x - eta H(x)^-1 grad f(x). Needs the Hessian.

    Converges to the nearest critical point whatever its index: to it, a saddle is an attractor.
    """

    learning_rate: Positive = 1.0

    def denominators(self, eigenvalues: Array) -> Array:
        return eigenvalues

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.5))


@declared
class SaddleFreeNewton(SecondOrder):
    """Saddle-free Newton (Dauphin et al. 2014): x <- x - eta (|H(x)| + delta I)^-1 grad f(x). Needs the Hessian.

    |H| has the eigenvalues' absolute values. Leaves a strict saddle of escape rate gamma by a factor
    1 + eta gamma / (gamma + delta) a step: undamped, by 1 + eta whatever the curvature.
    """

    learning_rate: Positive = 1.0
    damping: NonNegative = 0.0

    def denominators(self, eigenvalues: Array) -> Array:
        return np.abs(eigenvalues) + self.damping

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.1, damping=1.0))
