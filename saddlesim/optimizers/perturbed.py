"""Perturbed: gradient descent that shakes a lane loose when it seems stuck.

Not here: the accelerated form (`accelerated`), noise at every step (`stochastic`), noise that only looks for a way down (`neon`).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.optimizers.stochastic import uniform_ball
from saddlesim.optimizers.vectors import lengths
from saddlesim.parameters import Count, NonNegative, Positive, declared


class Perturbed(LibraryOptimizer):
    """Base of the methods that move a stuck lane to a point drawn from a ball round it.

    A lane is stuck if |grad f(x)| <= gradient_threshold and its last perturbation is more than step_threshold steps ago.
    """

    radius: Positive
    gradient_threshold: NonNegative
    step_threshold: Count

    stochastic: ClassVar[bool] = True

    def never(self, x: Array) -> NDArray[np.int64]:
        """Give the `last_perturbed` of lanes that have not been."""
        return np.full(x.shape[1:], -self.step_threshold - 1)

    def stuck(self, state: Any) -> NDArray[np.bool_]:
        """Tell which lanes are stuck, (B,)."""
        small = lengths(state.gradient) <= self.gradient_threshold
        return np.asarray(small & (state.step - state.last_perturbed > self.step_threshold))

    def perturbed(self, x: Array, stuck: NDArray[np.bool_], rng: np.random.Generator) -> Array:
        """Move the stuck lanes."""
        xi = uniform_ball(x.shape, rng) * self.radius  # for all, so that none shifts another's draw
        return np.where(stuck, x + xi, x)


class PerturbedState(NamedTuple):
    """Points and gradient, (d, B); the number of steps done; the step of each lane's last perturbation and their number, (B,)."""

    x: Array
    gradient: Array
    step: int
    last_perturbed: NDArray[np.int64]
    perturbations: NDArray[np.int64]


@declared
class PerturbedGradientDescent(Perturbed):
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
        return PerturbedState(x, objective.gradient(x), 0, self.never(x), np.zeros(x.shape[1:], dtype=np.int64))

    def step(self, objective: Objective, state: PerturbedState, rng: np.random.Generator | None) -> PerturbedState:
        x, gradient, t, last_perturbed, perturbations = state
        stuck, stream = self.stuck(state), self.stream(rng)
        if stuck.any():
            x = self.perturbed(x, stuck, stream)
            gradient = objective.gradient(x)
            last_perturbed = np.where(stuck, t, last_perturbed)
        x = x - self.learning_rate * gradient
        return PerturbedState(x, objective.gradient(x), t + 1, last_perturbed, perturbations + stuck)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, radius=0.001, gradient_threshold=0.001, step_threshold=50),)
