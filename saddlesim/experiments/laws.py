"""Laws: which closed form of theory.py tells the escape step of (objective, optimizer, saddle, start), if any does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim import theory
from saddlesim.experiments.saddles import Saddle
from saddlesim.experiments.starts import Gaussian, Point, StableEigenspace, StartLaw, UniformBall
from saddlesim.objectives import MonkeySaddle, Objective, Quadratic
from saddlesim.optimizers import (
    GradientDescent,
    HeavyBall,
    LibraryOptimizer,
    Nesterov,
    Newton,
    Optimizer,
    PerturbedGradientDescent,
    SaddleFreeNewton,
)

Array = NDArray[np.float64]

SMALLEST_RATIO = 1000.0  # radius over start scale from which on the start's stable components no longer matter
FOREVER = 10**6  # steps after which a stable component has faded or an unstable one has not


@dataclass(frozen=True)
class Law:
    """The law of an escape step.

    Attributes
    ----------
    name : str
    exact : bool
        False where the saddle is linearised or steps are taken for a flow.
    cdf : callable
        Gives P(T <= t) for steps t of any shape; nan where the law says nothing any more.
    median : float
        The smallest t with P(T <= t) >= 1/2; inf for never.
    """

    name: str
    exact: bool
    cdf: Callable[[ArrayLike], Array]
    median: float


def law_for(objective: Objective, optimizer: Optimizer, saddle: Saddle, start: StartLaw, radius: float) -> Law | None:
    """Choose the law of the first step at which a lane is `radius` away from the saddle; None where none is known."""
    exact = isinstance(objective, Quadratic)
    if _stays(optimizer, saddle, start):
        stable = saddle.stable_space.shape[1]
        return _never("stays in the stable set", True, _start_cdf(start, radius, len(saddle.x), stable))
    if isinstance(objective, MonkeySaddle) and isinstance(start, Point):
        return _monkey_law(objective, optimizer, start.at(saddle), radius)
    if saddle.analysis.spectrum.index == 0:
        return None
    if isinstance(optimizer, PerturbedGradientDescent):
        return _perturbed_law(optimizer, saddle, start, radius, exact)
    if amplification(optimizer, -1.0) is None or _stable_directions_grow(optimizer, saddle):
        return None
    if isinstance(start, Point):
        return _deterministic_law(optimizer, saddle, start.at(saddle) - saddle.x, radius, exact)
    return _random_law(optimizer, saddle, start, radius, exact)


# ---- amplification of each method


@singledispatch
def amplification(optimizer: Any, eigenvalue: float) -> theory.Amplification | None:
    """Give t -> c_t along an eigenvector of `eigenvalue`; None for a method without a closed form."""
    return None


@amplification.register
def _(optimizer: GradientDescent, eigenvalue: float) -> theory.Amplification:
    return lambda t: theory.gradient_descent_amplification(t, eigenvalue, optimizer.learning_rate)


@amplification.register
def _(optimizer: HeavyBall, eigenvalue: float) -> theory.Amplification:
    return lambda t: theory.heavy_ball_amplification(t, eigenvalue, optimizer.learning_rate, optimizer.momentum)


@amplification.register
def _(optimizer: Nesterov, eigenvalue: float) -> theory.Amplification:
    return lambda t: theory.nesterov_amplification(t, eigenvalue, optimizer.learning_rate, optimizer.momentum)


@amplification.register
def _(optimizer: SaddleFreeNewton, eigenvalue: float) -> theory.Amplification:
    return lambda t: theory.saddle_free_newton_amplification(t, eigenvalue, optimizer.learning_rate, optimizer.damping)


@amplification.register
def _(optimizer: Newton, eigenvalue: float) -> theory.Amplification:
    return lambda t: theory.newton_amplification(t, eigenvalue, optimizer.learning_rate)


def predicted_gradient_norm(optimizer: Optimizer, saddle: Saddle, start: Array) -> theory.Amplification | None:
    """Give t -> |gradient| after t steps from a start, (d,), on the saddle's quadratic form; None without amplifications."""
    components = saddle.eigenvalues * (saddle.analysis.eigenvectors.T @ (start - saddle.x))
    factors = [amplification(optimizer, float(each)) for each in saddle.eigenvalues]
    if not components.any():
        return None
    return _length(components, [c for c in factors if c]) if all(factors) else None


def _length(components: Array, factors: Sequence[theory.Amplification]) -> theory.Amplification:
    """Give t -> the length of the vector whose components along the eigenvectors are amplified."""

    def length(t: ArrayLike) -> Array:
        with np.errstate(over="ignore"):
            squares = [(component * c(t)) ** 2 for c, component in zip(factors, components, strict=True) if component]
            return np.asarray(np.sqrt(np.sum(squares, axis=0)))

    return length


# ---- the laws


def _stays(optimizer: Optimizer, saddle: Saddle, start: StartLaw) -> bool:
    """Whether a deterministic method starts on the saddle or in its invariant stable eigenspace."""
    if not isinstance(optimizer, LibraryOptimizer) or optimizer.stochastic:
        return False
    on_saddle = (
        isinstance(start, Point) and np.array_equal(start.at(saddle), saddle.x) and saddle.analysis.gradient_norm == 0
    )
    return on_saddle or isinstance(start, StableEigenspace)


def _never(name: str, exact: bool, at_start: float) -> Law:
    """The law of lanes that are out at step 0 or never."""
    return Law(name, exact, lambda t: np.full(np.shape(t), at_start), 0.0 if at_start >= 0.5 else math.inf)


def _start_cdf(start: StartLaw, radius: float, dimension: int, n_directions: int) -> float:
    """Give the probability that a start is already out."""
    if isinstance(start, Gaussian | StableEigenspace):
        return float(theory.gaussian_escape_cdf(1.0, radius / start.scale, n_directions)) if n_directions else 0.0
    if isinstance(start, UniformBall):
        return float(theory.uniform_ball_escape_cdf(1.0, radius / start.scale, dimension, dimension))
    return 0.0


def _random_law(optimizer: Optimizer, saddle: Saddle, start: StartLaw, radius: float, exact: bool) -> Law | None:
    """The erf law, or chi-square for several negative eigenvalues if they are equal."""
    scale, dimension = getattr(start, "scale", math.inf), len(saddle.x)
    unstable = saddle.eigenvalues[: int(saddle.analysis.spectrum.index)]
    if radius / scale < SMALLEST_RATIO or not np.allclose(unstable, unstable[0], rtol=1e-9, atol=0):
        return None
    c, m = amplification(optimizer, float(unstable.mean())), len(unstable)
    if c is None:
        return None
    if abs(c(FOREVER)) <= 1:
        return _never("drawn to the saddle", exact, _start_cdf(start, radius, dimension, dimension))
    if isinstance(start, Gaussian):
        return _law(
            "erf law" if m == 1 else "chi-square law",
            exact,
            lambda t: theory.gaussian_escape_cdf(c(t), radius / scale, m),
        )
    if isinstance(start, UniformBall):
        return _law("ball law", exact, lambda t: theory.uniform_ball_escape_cdf(c(t), radius / scale, dimension, m))
    return None


def _perturbed_law(
    optimizer: PerturbedGradientDescent, saddle: Saddle, start: StartLaw, radius: float, exact: bool
) -> Law | None:
    """The ball law of one perturbation from the exact saddle, as long as there is no second one."""
    descent = GradientDescent(learning_rate=optimizer.learning_rate)
    if (
        not isinstance(start, Point)
        or not np.array_equal(start.at(saddle), saddle.x)
        or _stable_directions_grow(descent, saddle)
    ):
        return None
    law = _random_law(descent, saddle, UniformBall(scale=optimizer.radius), radius, exact)
    last_step = optimizer.step_threshold + 1
    if law is None or law.median > last_step:
        return None
    return Law(
        "ball law of the perturbation",
        exact,
        lambda t: np.where(np.asarray(t) <= last_step, law.cdf(t), np.nan),
        law.median,
    )


def _deterministic_law(optimizer: Optimizer, saddle: Saddle, offset: Array, radius: float, exact: bool) -> Law | None:
    """The first step at which the sum over all eigenvectors is out: exact on a quadratic, down to the step."""
    components = saddle.analysis.eigenvectors.T @ offset
    factors = [c for each in saddle.eigenvalues if (c := amplification(optimizer, float(each)))]
    if not any(abs(c(FOREVER)) > 1 and component for c, component in zip(factors, components, strict=True)):
        return _never("drawn to the saddle", exact, 0.0) if exact else None
    step = theory.first_passage_step(_length(components, factors), radius, FOREVER)
    return _step_law("exact steps" if exact else "linearised steps", exact, step)


def _monkey_law(objective: MonkeySaddle, optimizer: Optimizer, start: Array, radius: float) -> Law | None:
    """The way down a ray on which f = -|x|^n for n legs, that is n times -|x|^n / n, up to O(learning rate)."""
    distance, n = float(np.linalg.norm(start)), objective.legs
    on_ray = distance > 0 and abs(float(objective.value(start)) / distance**n + 1) < 1e-12
    if not on_ray or not isinstance(optimizer, GradientDescent | HeavyBall | Nesterov):
        return None
    momentum = 0.0 if isinstance(optimizer, GradientDescent) else optimizer.momentum
    lag = momentum / (1 - momentum) * (momentum if isinstance(optimizer, Nesterov) else 1.0)
    steps = theory.power_escape_steps(distance, radius, n, n * optimizer.learning_rate, momentum, lag)
    return _step_law("flow down a ray", False, math.ceil(steps))


def _stable_directions_grow(optimizer: Optimizer, saddle: Saddle) -> bool:
    """Whether the learning rate is beyond the stability limit of some non-negative eigenvalue."""
    stable = saddle.eigenvalues[int(saddle.analysis.spectrum.index) :]
    factors = [amplification(optimizer, float(each)) for each in stable]
    return any(not abs(c(FOREVER)) <= 1 for c in factors if c)


def _law(name: str, exact: bool, cdf: Callable[[ArrayLike], Array]) -> Law:
    return Law(name, exact, cdf, theory.quantile_step(cdf, 0.5))


def _step_law(name: str, exact: bool, step: float) -> Law:
    return Law(name, exact, lambda t: np.where(np.asarray(t) >= step, 1.0, 0.0), float(step))
