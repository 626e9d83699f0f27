"""Newton-CG: Newton's method by conjugate gradients, which either solve well enough or show where f curves down.

Not here: the conjugate gradients themselves (`conjugate_gradients`) and Lanczos' recurrence (`lanczos`).
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.backtracking import backtracked
from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.optimizers.conjugate_gradients import capped_conjugate_gradients
from saddlesim.optimizers.lanczos import Product, krylov_space
from saddlesim.optimizers.vectors import dot, downhill
from saddlesim.parameters import Count, Fraction, Positive, declared


class NewtonCGState(NamedTuple):
    """Points and gradient, (d, B); which lanes rest where no negative curvature was found; how often each followed some, (B,)."""

    x: Array
    gradient: Array
    rests: NDArray[np.bool_]
    curvature_steps: NDArray[np.int64]


@declared
class NewtonCG(LibraryOptimizer):
    """Newton-CG with complexity guarantees (Royer, O'Neill, Wright 2020, Algorithm 3; recalled).

    Where |grad f(x)| > gradient_threshold, capped conjugate gradients on H + 2 epsilon I give a direction d: a Newton step, or
    one in which f curves down by more than epsilon = curvature_threshold. Elsewhere the Krylov space of a random vector is
    searched for a direction of curvature -epsilon / 2 or less; a lane without one rests for good. A direction of negative
    curvature is scaled, d <- -sgn(d' grad f) (|d' H d| / |d|^2) d / |d|. Then x <- x + alpha d with the first alpha of 1,
    backtracking, backtracking^2, ... for which f(x + alpha d) < f(x) - (decrease / 6) alpha^3 |d|^3; where there is none above
    rounding, x stays.

    Needs value, gradient, Hessian products and an rng. f never rises. Leaves a strict saddle of escape rate gamma > epsilon in
    one step of length gamma at most, even from the saddle itself, unless n_vectors < d are too few to see the direction.

    Parameters
    ----------
    gradient_threshold : float
        The paper's epsilon_g.
    curvature_threshold : float
        The paper's epsilon_H.
    accuracy : float
        zeta of the conjugate gradients, below 1.
    backtracking : float
        theta, below 1.
    decrease : float
        eta.
    n_vectors : int
        Of the Krylov space at most.
    """

    gradient_threshold: Positive = 1e-5
    curvature_threshold: Positive = 1e-3
    accuracy: Fraction = 0.5
    backtracking: Fraction = 0.5
    decrease: Positive = 0.1
    n_vectors: Count = 20

    stochastic: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("hessian_product",)

    def init(self, objective: Any, x: Array, rng: np.random.Generator | None) -> NewtonCGState:
        self.generator(rng)
        nothing = np.zeros(x.shape[1:], dtype=np.int64)
        return NewtonCGState(x, objective.gradient(x), nothing > 0, nothing)

    def step(self, objective: Any, state: NewtonCGState, rng: np.random.Generator | None) -> NewtonCGState:
        x, gradient, rests, curvature_steps = state
        product, epsilon = partial(objective.hessian_product, x), self.curvature_threshold
        direction, curved = np.zeros_like(x), np.zeros_like(rests)
        small = dot(gradient, gradient) <= self.gradient_threshold**2
        solves, asks, stream = ~rests & ~small, ~rests & small, self.stream(rng)
        if solves.any():
            direction, curved, _ = capped_conjugate_gradients(product, gradient, epsilon, self.accuracy, solves)
        if asks.any():
            start = stream.standard_normal(x.shape)  # for all, so that none shifts another's draw
            lowest, v = krylov_space(product, start, self.n_vectors).lowest()
            found = asks & (lowest <= -epsilon / 2)
            direction, curved, rests = np.where(found, v, direction), curved | found, rests | (asks & ~found)
        if curved.any():
            direction = np.where(curved, _scaled(product, direction, gradient), direction)
        x = self._searched(objective, x, direction)
        return NewtonCGState(x, objective.gradient(x), rests, curvature_steps + curved)

    def _searched(self, objective: Objective, x: Array, direction: Array) -> Array:
        """Give the first point along the direction at which f is low enough; x where there is none."""
        value = objective.value(x)
        squared = dot(direction, direction)
        least = self.decrease / 6 * squared * np.sqrt(squared)

        def low_enough(reached: Array, alpha: float) -> NDArray[np.bool_]:
            return reached < value - alpha**3 * least

        return backtracked(objective, x, direction, low_enough, self.backtracking, squared > 0)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(gradient_threshold=1e-3, curvature_threshold=0.1))


def _scaled(product: Product, direction: Array, gradient: Array) -> Array:
    """Make directions as long as f curves along them, and let them lead downhill."""
    squared = dot(direction, direction)
    length = np.abs(dot(direction, product(direction))) / squared
    return downhill(direction, gradient) * length * direction / np.sqrt(squared)
