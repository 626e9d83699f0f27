"""Choice: which closed form of the theory tells the escape step of (objective, optimizer, saddle, start), if any does.

Here is the choice, and the laws of methods that amplify components; `methods` has those of the others.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim import theory
from saddlesim.experiments.laws.amplifications import (
    FOREVER,
    Factors,
    amplifications,
    are_powers,
    grows,
    length,
    moves_saddle,
)
from saddlesim.experiments.laws.law import Law
from saddlesim.experiments.laws.methods import (
    ROUNDING,
    marginal_law,
    monkey_law,
    neon_law,
    noise_of,
    step_by_step_law,
)
from saddlesim.experiments.saddles import Saddle
from saddlesim.experiments.starts import Gaussian, Point, StableEigenspace, StartLaw, UniformBall, on_saddle
from saddlesim.objectives import MonkeySaddle, Objective, Quadratic
from saddlesim.optimizers import GradientDescent, LibraryOptimizer, Optimizer, PerturbedGradientDescent
from saddlesim.optimizers.neon import Neon
from saddlesim.optimizers.stochastic import AdditiveNoise

Array = NDArray[np.float64]

SMALLEST_RATIO = 1000.0  # radius over start scale from which on the start's stable components no longer matter
NEGLIGIBLE = 1e-9  # probability


def law_for(
    objective: Objective, optimizer: Optimizer, saddle: Saddle, start: StartLaw, radius: float = 1.0
) -> Law | None:
    """Choose the law of the first step at which a lane is `radius` away from the saddle; None where none is known."""
    exact = isinstance(objective, Quadratic)
    if _stays(optimizer, saddle, start):
        stable = saddle.stable_space.shape[1]
        return Law.never("stays in the stable set", True, _start_cdf(start, radius, len(saddle.x), stable))
    if isinstance(objective, MonkeySaddle) and isinstance(start, Point):
        return monkey_law(objective, optimizer, start.at(saddle), radius)
    if saddle.analysis.spectrum.index == 0:
        return None
    if isinstance(optimizer, PerturbedGradientDescent):
        return _perturbed_law(optimizer, saddle, start, radius, exact)
    if isinstance(optimizer, AdditiveNoise):
        noise = noise_of(optimizer, len(saddle.x))
        if noise is None:
            return None
        if noise:
            return marginal_law(optimizer.learning_rate, noise, saddle, start, radius)
        optimizer = GradientDescent(learning_rate=optimizer.learning_rate)
    if isinstance(optimizer, Neon):
        return neon_law(optimizer, saddle, start, radius) if exact else None
    factors = amplifications(optimizer, saddle)
    if factors is None:
        return step_by_step_law(objective, optimizer, saddle, start, radius)
    if _stable_directions_grow(factors, saddle):
        return None
    if isinstance(start, Point):
        return _deterministic_law(factors, saddle, start.at(saddle) - saddle.x, radius, exact)
    return _random_law(factors, are_powers(optimizer), saddle, start, radius, exact)


def _stays(optimizer: Optimizer, saddle: Saddle, start: StartLaw) -> bool:
    """Whether a method that is known to stay starts on the saddle, or in its invariant stable eigenspace along the axes."""
    if not isinstance(optimizer, LibraryOptimizer) or moves_saddle(optimizer, saddle):
        return False
    if isinstance(start, StableEigenspace):
        projection = saddle.stable_space @ saddle.stable_space.T
        return optimizer.stays_in_eigenspaces and np.array_equal(projection, np.diag(np.diag(projection)))
    return optimizer.stays_on_saddles and saddle.analysis.gradient_norm == 0 and on_saddle(start, saddle)


def _start_cdf(start: StartLaw, radius: float, dimension: int, n_directions: int) -> float:
    """Give the probability that a start is already out."""
    if isinstance(start, Gaussian | StableEigenspace):
        return float(theory.gaussian_escape_cdf(1.0, radius / start.scale, n_directions)) if n_directions else 0.0
    if isinstance(start, UniformBall):
        return float(theory.uniform_ball_escape_cdf(1.0, radius / start.scale, dimension, dimension))
    return 0.0


def _stable_directions_grow(factors: Factors, saddle: Saddle) -> bool:
    """Whether the learning rate is beyond the stability limit of some non-negative eigenvalue."""
    return any(grows(c) for c in factors[int(saddle.analysis.spectrum.index) :])


def _random_law(
    factors: Factors, powers: bool, saddle: Saddle, start: StartLaw, radius: float, exact: bool
) -> Law | None:
    """The law of the sum of amplified squares: of the growing directions alone where the start is far nearer than the radius.

    Else of all of them: that is convex in t, so what is inside at first and at t was inside in between. What starts out, or is
    about to leave along a stable direction, must be next to nothing.
    """
    if not isinstance(start, Gaussian | UniformBall):
        return None
    ratio, dimension = radius / start.scale, len(saddle.x)
    far = ratio >= SMALLEST_RATIO
    if not far and not (powers and _start_cdf(start, radius / math.sqrt(2), dimension, dimension) <= NEGLIGIBLE):
        return None
    rates = [(c, each) for c, each in zip(factors, saddle.eigenvalues, strict=True) if grows(c)]
    if not rates:
        return Law.never("drawn to the saddle", exact, _start_cdf(start, radius, dimension, dimension))
    growing, m = [c for c, _ in rates], len(rates)
    gaussian = isinstance(start, Gaussian)
    if far and np.allclose([each for _, each in rates], rates[0][1], rtol=1e-9, atol=0):
        c = growing[0]
        if gaussian:
            name = "erf law" if m == 1 else "chi-square law"
            return Law.of_cdf(name, exact, lambda t: theory.gaussian_escape_cdf(c(t), ratio, m))
        return Law.of_cdf("ball law", exact, lambda t: theory.uniform_ball_escape_cdf(c(t), ratio, dimension, m))
    telling = growing if far else factors

    def cdf(t: ArrayLike) -> Array:
        amplified = np.stack([c(t) for c in telling])
        if gaussian:
            return theory.weighted_gaussian_escape_cdf(amplified, ratio)
        return theory.weighted_ball_escape_cdf(amplified, ratio, dimension)

    return Law.of_cdf("weighted chi-square law" if gaussian else "weighted ball law", exact, cdf)


def _perturbed_law(
    optimizer: PerturbedGradientDescent, saddle: Saddle, start: StartLaw, radius: float, exact: bool
) -> Law | None:
    """The ball law of one perturbation from the exact saddle, as long as there is no second one."""
    factors = amplifications(GradientDescent(learning_rate=optimizer.learning_rate), saddle)
    if factors is None or not on_saddle(start, saddle) or _stable_directions_grow(factors, saddle):
        return None
    if saddle.analysis.gradient_norm > optimizer.gradient_threshold:  # it does not think itself stuck
        return None
    law = _random_law(factors, True, saddle, UniformBall(scale=optimizer.radius), radius, exact)
    return law and law.until("ball law of the perturbation", optimizer.step_threshold + 1)


def _deterministic_law(factors: Factors, saddle: Saddle, offset: Array, radius: float, exact: bool) -> Law | None:
    """The first step at which the sum over all eigenvectors is out: exact on a quadratic, down to the step."""
    components = saddle.analysis.eigenvectors.T @ offset
    growing = np.array([component if grows(c) else 0.0 for c, component in zip(factors, components, strict=True)])
    on_axes = bool(np.isin(np.abs(saddle.analysis.eigenvectors), (0.0, 1.0)).all())
    if not on_axes and np.abs(growing).max() <= ROUNDING * float(np.linalg.norm(offset)):
        return None  # rounding in the steps will decide, where the eigenvectors are not the axes
    if not growing.any():
        return Law.never("drawn to the saddle", exact) if exact else None
    step = theory.first_passage_step(length(components, factors), radius, FOREVER)
    then = np.array([component * float(c(step)) for c, component in zip(factors, components, strict=True)])
    along = then[: int(saddle.analysis.spectrum.index)]
    if math.isfinite(step) and (along * along).sum() <= (then * then).sum() / 2:
        return None  # it overshoots the ball along a stable direction, which is no escape
    return Law.at_step("exact steps" if exact else "linearised steps", exact, step)
