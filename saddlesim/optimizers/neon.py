"""Neon: noise that is not added to a lane but grown beside it, into the direction in which f curves down most."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.optimizers.stochastic import uniform_sphere
from saddlesim.optimizers.vectors import dot, downhill, lengths
from saddlesim.parameters import Count, NonNegative, Positive, declared


class NeonState(NamedTuple):
    """Points, gradient and the noise u beside them, (d, B); of each lane the search's iterations so far and its steps, (B,).

    A lane that is not searching has done 0 iterations.
    """

    x: Array
    gradient: Array
    u: Array
    iteration: NDArray[np.int64]
    curvature_steps: NDArray[np.int64]


@declared
class Neon(LibraryOptimizer):
    """Gradient descent with NEON, negative curvature originated from noise (Xu, Jin, Yang 2018; recalled).

    Where |grad f(x)| <= gradient_threshold a search begins: u is drawn uniform on a sphere, and each step is one iteration
    u <- u - eta (grad f(x + u) - grad f(x)) while x stays. It is gradient descent on F(u) = f(x + u) - f(x) - <grad f(x), u>, so
    that u grows by 1 + eta gamma along the eigenvector of the lowest eigenvalue -gamma and turns towards it. As soon as
    F(u) <= -decrease, x moves step_length along u / |u|, to the side on which f does not rise at first. A search that has not
    come so far after n_iterations, or that left the ball of radius reach, ends with a gradient step, and another begins.

    Needs value and gradient, the latter at x and x + u, and an rng. Leaves a strict saddle by one step_length after about
    ln(sqrt(2 d decrease / gamma) / radius) / ln(1 + eta gamma) steps. In the paper a search without success ends the run.

    Parameters
    ----------
    radius : float
        Of the sphere u is drawn from.
    gradient_threshold : float
        The gradient norm at or below which a lane searches.
    n_iterations : int
        Of a search at most.
    decrease : float
        How far below f's tangent u must lead.
    reach : float
        How long u may become.
    step_length : float
        How far x moves along what was found.
    """

    learning_rate: Positive
    radius: Positive
    gradient_threshold: NonNegative
    n_iterations: Count
    decrease: Positive
    reach: Positive
    step_length: Positive

    stochastic: ClassVar[bool] = True

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> NeonState:
        self.generator(rng)
        none = np.zeros(x.shape[1:], dtype=np.int64)
        return NeonState(x, objective.gradient(x), np.zeros_like(x), none, none)

    def step(self, objective: Objective, state: NeonState, rng: np.random.Generator | None) -> NeonState:
        x, gradient, u, iteration, curvature_steps = state
        begins, stream = (iteration == 0) & (lengths(gradient) <= self.gradient_threshold), self.stream(rng)
        if begins.any():
            u = np.where(begins, self.radius * uniform_sphere(x.shape, stream), u)
        searches = begins | (iteration > 0)
        found = fails = np.zeros_like(searches)
        if searches.any():
            u = u - self.learning_rate * (objective.gradient(x + u) - gradient)
            below = objective.value(x) + dot(gradient, u) - objective.value(x + u)
            within = lengths(u) <= self.reach
            found = searches & within & (below >= self.decrease)
            fails = searches & ~found & (~within | (iteration + 1 >= self.n_iterations))
        goes_on = searches & ~found & ~fails
        descended = x - self.learning_rate * gradient
        x = np.where(found, self._along(x, gradient, u), np.where(goes_on, x, descended))
        return NeonState(
            x,
            objective.gradient(x),
            np.where(goes_on, u, 0.0),
            np.where(goes_on, iteration + 1, 0),
            curvature_steps + found,
        )

    def _along(self, x: Array, gradient: Array, u: Array) -> Array:
        length = lengths(u)
        return np.asarray(x + downhill(u, gradient) * self.step_length * u / np.where(length > 0, length, 1.0))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(
                learning_rate=0.1,
                radius=1e-3,
                gradient_threshold=0.01,
                n_iterations=200,
                decrease=1e-4,
                reach=0.5,
                step_length=0.1,
            ),
        )
