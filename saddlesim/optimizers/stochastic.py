"""Stochastic and perturbed: gradient descent that shakes itself loose, at every step or when it thinks it is stuck."""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, FirstOrderState, LibraryOptimizer
from saddlesim.parameters import Count, NonNegative, Positive, declared


@declared
class NoisyGradientDescent(LibraryOptimizer):
    """Gradient descent with isotropic Gaussian noise: x <- x - eta grad f(x) + noise xi, xi ~ N(0, I).

    Needs the gradient and an rng. Leaves a strict saddle of escape rate gamma from wherever it starts, the saddle itself
    included: along the escape direction Var x_t = noise^2 (a^{2t} - 1) / (a^2 - 1), a = 1 + eta gamma.
    """

    learning_rate: Positive
    noise: NonNegative

    stochastic: ClassVar[bool] = True

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        self.generator(rng)
        return FirstOrderState(x, objective.gradient(x), ())

    def step(self, objective: Objective, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        xi = self.generator(rng).standard_normal(state.x.shape)
        x = state.x - self.learning_rate * state.gradient + self.noise * xi
        return FirstOrderState(x, objective.gradient(x), ())

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, noise=0.001),)


class PerturbedState(NamedTuple):
    """Points and gradient, (d, B); the number of steps done; the step of each lane's last perturbation, (B,)."""

    x: Array
    gradient: Array
    step: int
    last_perturbed: NDArray[np.int64]


@declared
class PerturbedGradientDescent(LibraryOptimizer):
    """Perturbed gradient descent (Jin, Ge, Netrapalli, Kakade, Jordan 2017, Algorithm 2).

    If |grad f(x)| <= gradient_threshold and the last perturbation is more than step_threshold steps ago, first x <- x + xi
    with xi uniform in the ball of the given radius; then x <- x - eta grad f(x). Needs the gradient and an rng. Leaves a
    strict saddle, started on it or near, after about ln(sqrt d / radius) / ln(1 + eta gamma) steps.

    The algorithm's stopping test (return when f fell too little since the perturbation) is not part of a step: whoever
    runs the loop decides when to stop. `from_jin_2017` gives the paper's own constants.

    Parameters
    ----------
    radius : float
        Of the ball the perturbation is drawn from.
    gradient_threshold : float
        The gradient norm at or below which a lane counts as stuck.
    step_threshold : int
        How many steps a perturbation is given to work.
    """

    learning_rate: Positive
    radius: Positive
    gradient_threshold: NonNegative
    step_threshold: Count

    stochastic: ClassVar[bool] = True

    @classmethod
    def from_jin_2017(
        cls,
        *,
        dimension: int,
        smoothness: float,
        hessian_lipschitz: float,
        accuracy: float,
        value_gap: float,
        failure_probability: float = 0.1,
        constant: float = 1.0,
    ) -> Self:
        """Give the constants of the paper's Algorithm 1, from what is known of f.

        Parameters
        ----------
        dimension : int
            d.
        smoothness, hessian_lipschitz : float
            Lipschitz constants l of the gradient and rho of the Hessian.
        accuracy : float
            The gradient norm epsilon of the second-order stationary point sought.
        value_gap : float
            An upper bound Delta_f of f(x_0) - min f.
        failure_probability : float
            delta.
        constant : float
            The paper's c, at most its unspecified c_max.
        """
        log = math.log(dimension * smoothness * value_gap / (constant * accuracy**2 * failure_probability))
        chi = 3 * max(log, 4.0)
        small = math.sqrt(constant) / chi**2 * accuracy
        duration = chi / constant**2 * smoothness / math.sqrt(hessian_lipschitz * accuracy)
        return cls(
            learning_rate=constant / smoothness,
            radius=small / smoothness,
            gradient_threshold=small,
            step_threshold=math.ceil(duration),
        )

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> PerturbedState:
        self.generator(rng)
        never = np.full(x.shape[1:], -self.step_threshold - 1)
        return PerturbedState(x, objective.gradient(x), 0, never)

    def step(self, objective: Objective, state: PerturbedState, rng: np.random.Generator | None) -> PerturbedState:
        x, gradient, t, last_perturbed = state
        stuck = np.sqrt((gradient * gradient).sum(axis=0)) <= self.gradient_threshold
        stuck &= t - last_perturbed > self.step_threshold
        if stuck.any():
            xi = (
                uniform_ball(x.shape, self.generator(rng)) * self.radius
            )  # for all lanes, so that none shifts another's draw
            x = np.where(stuck, x + xi, x)
            gradient = objective.gradient(x)
            last_perturbed = np.where(stuck, t, last_perturbed)
        x = x - self.learning_rate * gradient
        return PerturbedState(x, objective.gradient(x), t + 1, last_perturbed)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, radius=0.001, gradient_threshold=0.001, step_threshold=50),)


def uniform_ball(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw points of shape (d, B), each uniform in the unit ball of R^d."""
    direction = rng.standard_normal(shape)  # ~ N(0, I): the direction is uniform, and |x|^d of a ball's point is too
    length = np.sqrt((direction * direction).sum(axis=0))
    return np.asarray(direction / length * rng.random(shape[1:]) ** (1 / shape[0]))
