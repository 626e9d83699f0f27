"""Regularised: methods that step to the global minimiser of a quadratic model made safe, by a cubic term or in a ball.

The model has a minimiser whatever the eigenvalues. So those that `spectrum` calls zero are no obstacle and are taken for exact
zeros: along them the gradient alone decides, and rounding makes no negative curvature.

Not here: how the minimisers are found (`subproblems`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.optimizers.second_order import PointState, QuadraticModel, quadratic_model, rounding
from saddlesim.optimizers.subproblems import cubic_step, trust_region_step
from saddlesim.parameters import Fraction, Positive, declared
from saddlesim.spectrum import zero_threshold

SMALLEST_SIGMA = float(np.finfo(np.float64).eps)


@declared
class CubicNewton(LibraryOptimizer):
    """Cubic Newton (Nesterov, Polyak 2006): x <- x + s, s the global minimiser of g's + s'H(x)s / 2 + (M / 6) |s|^3.

    Needs the Hessian, and M = lipschitz, a constant for which |H(x) - H(y)| <= M |x - y|: then f never rises. Leaves a strict
    saddle of escape rate gamma with steps no shorter than 2 gamma / M, the first of them from the saddle itself, along the lowest
    eigenvector; from the distance x on the axis it goes (gamma + sqrt(gamma^2 + 2 M gamma x)) / M outwards.
    """

    lipschitz: Positive

    needs: ClassVar[tuple[str, ...]] = ("hessian",)

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> PointState:
        return PointState(x, objective.gradient(x))

    def step(self, objective: Objective, state: PointState, rng: np.random.Generator | None) -> PointState:
        x, gradient = state
        model = _model(objective, x, gradient)
        x = x + model.vectors(cubic_step(model.eigenvalues, model.components, self.lipschitz))
        return PointState(x, objective.gradient(x))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(lipschitz=1.0), cls(lipschitz=20.0))


class ControlledState(NamedTuple):
    """Points and gradient, (d, B), and what keeps the steps of each lane short, (B,): sigma, or the radius."""

    x: Array
    gradient: Array
    control: Array


class Controlled(LibraryOptimizer):
    """Base of the methods that hold what f does against what their model foretold, and adapt the model to it.

    rho = (f(x) - f(x + s)) / (the model's decrease), both up to rounding of f. Where rho < acceptance, or is nan, x stays. So f
    never rises by more than its rounding.
    """

    acceptance: Positive

    needs: ClassVar[tuple[str, ...]] = ("hessian",)

    @property
    @abstractmethod
    def initial_control(self) -> float:
        """What the control of every lane is at first."""

    @abstractmethod
    def minimiser(self, model: QuadraticModel, control: Array) -> tuple[Array, Array]:
        """Give the coordinates of the step in the eigenbasis, (B, d), and how much lower the model is there, (B,)."""

    @abstractmethod
    def adapted(self, control: Array, ratio: Array, steps: Array) -> Array:
        """Give the next control, (B,), after steps that came out at this ratio rho, which may be nan."""

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> ControlledState:
        return ControlledState(x, objective.gradient(x), np.full(x.shape[1:], self.initial_control))

    def step(self, objective: Objective, state: ControlledState, rng: np.random.Generator | None) -> ControlledState:
        x, gradient, control = state
        model = _model(objective, x, gradient)
        steps, decrease = self.minimiser(model, control)
        trial = x + model.vectors(steps)
        value = objective.value(x)
        slack = rounding(value)
        foretold = np.where(decrease == 0, 1.0, decrease + slack)
        ratio = np.where(decrease == 0, 1.0, (value - objective.value(trial) + slack) / foretold)
        x = np.where(ratio >= self.acceptance, trial, x)
        return ControlledState(x, objective.gradient(x), self.adapted(control, ratio, steps))


@declared
class AdaptiveCubicNewton(Controlled):
    """Adaptive regularisation by cubics, ARC (Cartis, Gould, Toint 2011): cubic Newton that finds its M = 2 sigma on the way.

    s is the global minimiser of g's + s'H(x)s / 2 + (sigma / 3) |s|^3, and x <- x + s if rho >= acceptance; see `Controlled`.
    Each lane has its sigma: halved where rho > good_agreement, doubled where s was refused, one of the choices that the paper's
    Algorithm 2.1 (recalled) leaves open. Needs value, gradient and Hessian.

    Leaves a strict saddle of escape rate gamma with steps no shorter than gamma / sigma, started on it or near.

    Parameters
    ----------
    initial_sigma : float
        sigma at the start.
    acceptance : float
        eta_1, below good_agreement.
    good_agreement : float
        eta_2.
    """

    initial_sigma: Positive = 1.0
    acceptance: Fraction = 0.1
    good_agreement: Fraction = 0.9

    def __post_init__(self) -> None:
        if self.acceptance >= self.good_agreement:
            raise ValueError(f"acceptance={self.acceptance} must be below good_agreement={self.good_agreement}")

    @property
    def initial_control(self) -> float:
        return self.initial_sigma

    def minimiser(self, model: QuadraticModel, control: Array) -> tuple[Array, Array]:
        steps = cubic_step(model.eigenvalues, model.components, 2 * control)
        return steps, model.decrease(steps) - control / 3 * _lengths(steps) ** 3

    def adapted(self, control: Array, ratio: Array, steps: Array) -> Array:
        kept = np.where(ratio >= self.acceptance, control, 2 * control)
        return np.where(ratio > self.good_agreement, np.maximum(control / 2, SMALLEST_SIGMA), kept)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(initial_sigma=100.0, acceptance=0.2, good_agreement=0.8))


@declared
class TrustRegion(Controlled):
    """Trust region, each subproblem solved exactly (More, Sorensen 1983): s minimises g's + s'H(x)s / 2 over |s| <= radius.

    x <- x + s if rho >= acceptance; see `Controlled`. Each lane has its radius: a quarter of it where rho < 1/4, twice as much,
    at most largest_radius, where rho > 3/4 and s reached the boundary (Nocedal, Wright 2006, Algorithm 4.1; recalled). Needs
    value, gradient and Hessian; the defaults are those of SciPy's trust-exact.

    Leaves a strict saddle with steps as long as the radius, started on it or near.
    """

    initial_radius: Positive = 1.0
    largest_radius: Positive = 1000.0
    acceptance: Annotated[Positive, Field(lt=0.25)] = 0.15

    def __post_init__(self) -> None:
        if self.initial_radius > self.largest_radius:
            raise ValueError(
                f"initial_radius={self.initial_radius} must be at most largest_radius={self.largest_radius}"
            )

    @property
    def initial_control(self) -> float:
        return self.initial_radius

    def minimiser(self, model: QuadraticModel, control: Array) -> tuple[Array, Array]:
        steps = trust_region_step(model.eigenvalues, model.components, control)
        return steps, model.decrease(steps)

    def adapted(self, control: Array, ratio: Array, steps: Array) -> Array:
        at_boundary = _lengths(steps) >= control * (1 - 1e-10)
        kept = np.where(ratio >= 0.25, control, control / 4)
        return np.where((ratio > 0.75) & at_boundary, np.minimum(2 * control, self.largest_radius), kept)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(initial_radius=0.1, largest_radius=0.5, acceptance=0.01))


def _model(objective: Objective, x: Array, gradient: Array) -> QuadraticModel:
    """Make the quadratic model at x, with exact zeros for the eigenvalues that are called zero."""
    model = quadratic_model(objective, x, gradient)
    zero = np.abs(model.eigenvalues) <= zero_threshold(model.eigenvalues)[..., None]
    return model._replace(eigenvalues=np.where(zero, 0.0, model.eigenvalues))


def _lengths(steps: Array) -> Array:
    return np.asarray(np.sqrt((steps * steps).sum(axis=-1)))
