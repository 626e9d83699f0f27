"""Line search: gradient descent whose step is chosen anew, in each lane by itself, from values, curvature or the last move.

Where the curvature along the step is not positive, no step length follows from it, and `learning_rate` serves.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, FirstOrderState, LibraryOptimizer
from saddlesim.optimizers.vectors import dot, sizes
from saddlesim.parameters import Count, Fraction, Positive, declared

Formula = Literal["long", "short"]

EPSILON = float(np.finfo(np.float64).eps)


class BacktrackingState(NamedTuple):
    """Points and gradient, (d, B); value and the rate of the last step, 0 where no trial was accepted, (B,)."""

    x: Array
    gradient: Array
    value: Array
    rate: Array


@declared
class BacktrackingGradientDescent(LibraryOptimizer):
    """Gradient descent with backtracking (Armijo 1966): x <- x - eta_k grad f(x), eta_k = eta shrink^j for the first j that fits.

    It fits if f(x - eta_k g) <= f(x) - c eta_k |g|^2 (Nocedal, Wright, Algorithm 3.1); after n_trials without one the lane stays
    for this step, so f never rises. Each step begins from eta anew. Needs value and gradient. Near a strict saddle it is
    gradient descent where 1 - eta lambda_max / 2 >= c, and else its rate is decided by the stable components as long as
    these outweigh: down the escape direction alone, eta itself fits whatever it is, and the distance grows by 1 + eta gamma.

    Parameters
    ----------
    learning_rate : float
        eta, the first trial of each step.
    shrink : float
        What the next trial's rate is multiplied by.
    sufficient_decrease : float
        c, the share of the decrease that the gradient promises.
    n_trials : int
        At most so many in a step.
    """

    learning_rate: Positive = 1.0
    shrink: Fraction = 0.5
    sufficient_decrease: Fraction = 1e-4
    n_trials: Count = 40

    stays_on_saddles: ClassVar[bool] = True
    stays_in_eigenspaces: ClassVar[bool] = True

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> BacktrackingState:
        value = objective.value(x)
        return BacktrackingState(x, objective.gradient(x), value, np.zeros_like(value))

    def step(
        self, objective: Objective, state: BacktrackingState, rng: np.random.Generator | None
    ) -> BacktrackingState:
        x, gradient, value, _ = state
        promised = self.sufficient_decrease * dot(gradient, gradient)
        rate = np.full_like(value, self.learning_rate)
        for _ in range(self.n_trials):
            trial = x - rate * gradient
            reached = objective.value(trial)
            fits = reached <= value - rate * promised
            if fits.all():
                break
            rate = np.where(fits, rate, self.shrink * rate)
        x = np.where(fits, trial, x)
        return BacktrackingState(x, objective.gradient(x), np.where(fits, reached, value), np.where(fits, rate, 0.0))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.1, shrink=0.8, sufficient_decrease=0.3))


@declared
class ExactLineSearch(LibraryOptimizer):
    """Steepest descent, exact on quadratics (Cauchy 1847): x <- x - (g'g / g'Hg) g, g = grad f(x), H its Hessian there.

    Where g'Hg is not positive by more than rounding, the quadratic has no minimum along g, and the rate is `learning_rate`.
    Needs the gradient and Hessian products. A minimum along g lies no nearer than 1 / lambda_max, so on the quadratic of a
    strict saddle the escape component grows by 1 + gamma min(1 / lambda_max, learning_rate) a step or more.
    """

    learning_rate: Positive

    stays_on_saddles: ClassVar[bool] = True
    stays_in_eigenspaces: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("hessian_product",)

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        return FirstOrderState(x, objective.gradient(x), ())

    def step(self, objective: Any, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        direction = state.gradient / sizes(state.gradient)
        rate = _secant_rate(direction, objective.hessian_product(state.x, direction), "long", self.learning_rate)
        x = state.x - rate * state.gradient
        return FirstOrderState(x, objective.gradient(x), ())

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.1),)


class TwoPointState(NamedTuple):
    """Points and gradient, (d, B), and the rate of the next step, (B,)."""

    x: Array
    gradient: Array
    rate: Array


@declared
class BarzilaiBorwein(LibraryOptimizer):
    """Barzilai and Borwein's two-point step (1988): x <- x - eta_k grad f(x), s = x_k - x_{k-1}, y its change of gradient.

    eta_k = s's / s'y by the long formula, s'y / y'y by the short one; `learning_rate` at the first step and where s'y is not
    positive by more than rounding. Needs the gradient. On a quadratic the long rate is the exact line search's
    of one step before, so at a strict saddle, from the second step on, the escape component grows by
    1 + gamma min(1 / lambda_max, learning_rate) or more; the short one has no such bound. f may rise.
    """

    learning_rate: Positive
    formula: Formula = "long"

    stays_on_saddles: ClassVar[bool] = True
    stays_in_eigenspaces: ClassVar[bool] = True

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> TwoPointState:
        return TwoPointState(x, objective.gradient(x), np.full(x.shape[1:], self.learning_rate))

    def step(self, objective: Objective, state: TwoPointState, rng: np.random.Generator | None) -> TwoPointState:
        x = state.x - state.rate * state.gradient
        gradient = objective.gradient(x)
        rate = _secant_rate(x - state.x, gradient - state.gradient, self.formula, self.learning_rate)
        return TwoPointState(x, gradient, rate)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01), cls(learning_rate=0.01, formula="short"))


def _secant_rate(s: Array, y: Array, formula: Formula, otherwise: float) -> Array:
    """Give s's / s'y, the long formula, or s'y / y'y, the short one; `otherwise` where s'y is not above 4 d eps |s| |y|."""
    size_s, size_y = sizes(s), sizes(y)
    s, y = s / size_s, y / size_y
    ss, sy, yy = dot(s, s), dot(s, y), dot(y, y)
    curved = sy > 4 * len(s) * EPSILON * np.sqrt(ss * yy)
    above, below = (ss, sy) if formula == "long" else (sy, yy)
    return np.asarray(np.where(curved, above / np.where(curved, below, 1.0) * (size_s / size_y), otherwise))
