"""Laws of methods that amplify no components: noise, the search for a direction, steps of a given length, power laws."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim import theory
from saddlesim.experiments.laws.law import Law
from saddlesim.experiments.saddles import Saddle
from saddlesim.experiments.starts import Gaussian, Point, StartLaw, on_saddle
from saddlesim.objectives import MonkeySaddle, Objective, Quadratic
from saddlesim.optimizers import (
    CubicNewton,
    GradientDescent,
    HeavyBall,
    Nesterov,
    NoisyGradientDescent,
    NormalisedGradientDescent,
    Optimizer,
    SignDescent,
    TrustRegion,
)
from saddlesim.optimizers.neon import Neon
from saddlesim.optimizers.stochastic import ContinuallyPerturbedGradientDescent, Langevin, SphereNoiseGradientDescent

Array = NDArray[np.float64]

SMALLEST_NOISE_RATIO = 30.0  # radius over the scale of the noise from which on being out is as good as having left
MOST_STEPS = 10**6
ROUNDING = 1e-12  # of a start that is on an axis


# ---- noise at every step


@singledispatch
def noise_of(optimizer: Any, dimension: int) -> float | None:
    """Give the standard deviation of what a step adds to each component at random; None where it is not known."""
    return None


@noise_of.register
def _(optimizer: NoisyGradientDescent, dimension: int) -> float:
    return optimizer.noise


@noise_of.register
def _(optimizer: SphereNoiseGradientDescent | ContinuallyPerturbedGradientDescent, dimension: int) -> float:
    return optimizer.learning_rate * optimizer.radius / math.sqrt(dimension)


@noise_of.register
def _(optimizer: Langevin, dimension: int) -> float:
    return math.sqrt(2 * optimizer.learning_rate * optimizer.temperature)


def marginal_law(learning_rate: float, noise: float, saddle: Saddle, start: StartLaw, radius: float) -> Law | None:
    """The law of being out, by the marginal variance along the unstable directions, from the exact saddle or a Gaussian start.

    A lane that has left may come back: by t a little more have left than are out, by less than 0.002 in probability where
    radius is 30 scale or more (measured), scale^2 = s0^2 + sigma^2 / (a^2 - 1) with a = 1 + eta gamma.
    """
    if not on_saddle(start, saddle) and not isinstance(start, Gaussian):
        return None
    s0 = start.scale if isinstance(start, Gaussian) else 0.0
    multipliers = 1 - learning_rate * saddle.eigenvalues
    index = int(saddle.analysis.spectrum.index)
    if (np.abs(multipliers[index:]) >= 1).any():
        return None
    scale = math.sqrt(s0**2 + noise**2 / np.abs(multipliers**2 - 1).min())
    if radius < SMALLEST_NOISE_RATIO * scale:
        return None

    def cdf(t: ArrayLike) -> Array:
        with np.errstate(over="ignore"):
            variances = [
                (s0 * theory.gradient_descent_amplification(t, each, learning_rate)) ** 2
                + theory.noisy_variance(t, noise, each, learning_rate)
                for each in saddle.eigenvalues[:index]
            ]
        return theory.weighted_gaussian_escape_cdf(np.sqrt(variances), radius)

    return Law.of_cdf("marginal law", False, cdf)


# ---- noise that is grown beside a lane


def neon_law(optimizer: Neon, saddle: Saddle, start: StartLaw, radius: float) -> Law | None:
    """The law of NEON's success in its first search from the exact saddle of a quadratic, where one step on it leads out.

    The last two conditions keep u within reach until then, and its unstable part the larger one.
    """
    eigenvalues, index = saddle.eigenvalues, int(saddle.analysis.spectrum.index)
    gammas, highest = -eigenvalues[:index], max(0.0, float(eigenvalues[-1]))
    square = optimizer.radius**2
    longest = (
        (2 * optimizer.decrease + highest * square) / gammas.min() * (1 + optimizer.learning_rate * gammas.max()) ** 2
    )
    if (
        not on_saddle(start, saddle)
        or optimizer.step_length < radius
        or optimizer.learning_rate * highest >= 2
        or longest + square > optimizer.reach**2
        or gammas.max() * square > optimizer.decrease
    ):
        return None

    def cdf(t: ArrayLike) -> Array:
        found = theory.neon_success_cdf(t, eigenvalues, optimizer.learning_rate, optimizer.radius, optimizer.decrease)
        return np.where(np.asarray(t) > 0, found, 0.0)

    return Law.of_cdf("search law", True, cdf).until("search law", optimizer.n_iterations)


# ---- steps of a given length from one point


def step_by_step_law(
    objective: Objective, optimizer: Optimizer, saddle: Saddle, start: StartLaw, radius: float
) -> Law | None:
    """The law of one start from which the steps of a method can be counted."""
    if not isinstance(start, Point):
        return None
    exact = isinstance(objective, Quadratic)
    components = saddle.analysis.eigenvectors.T @ (start.at(saddle) - saddle.x)
    distance = float(np.linalg.norm(components))
    if isinstance(optimizer, NormalisedGradientDescent):
        along = saddle.eigenvalues[np.abs(components) > ROUNDING * distance]
        if along.size and along[0] < 0 and np.allclose(along, along[0], rtol=1e-9, atol=0):
            steps = theory.normalised_steps(distance, radius, optimizer.learning_rate)
            return Law.at_step("steps of one length", exact, steps)
    if not isinstance(objective, Quadratic):
        return None
    if isinstance(optimizer, SignDescent) and objective.on_axes:
        if not components[saddle.eigenvalues < 0].any():
            return None
        steps = theory.first_passage_step(
            lambda t: theory.sign_descent_distance(t, components, saddle.eigenvalues, optimizer.learning_rate),
            radius,
            MOST_STEPS,
        )
        return Law.at_step("exact steps", True, steps)
    higher = ~np.isclose(saddle.eigenvalues, saddle.eigenvalues[0], rtol=1e-9, atol=0)
    if (np.abs(components[higher]) > ROUNDING * distance).any():
        return None
    if isinstance(optimizer, CubicNewton):
        steps = theory.cubic_newton_steps(distance, radius, -float(saddle.eigenvalues[0]), optimizer.lipschitz)
        return Law.at_step("exact steps", True, steps)
    if isinstance(optimizer, TrustRegion):
        steps = theory.trust_region_steps(distance, radius, optimizer.initial_radius, optimizer.largest_radius)
        return Law.at_step("exact steps", True, steps)
    return None


# ---- power laws


def monkey_law(objective: MonkeySaddle, optimizer: Optimizer, start: Array, radius: float) -> Law | None:
    """The way down a ray on which f = -|x|^n for n legs, that is n times -|x|^n / n, up to O(learning rate)."""
    distance, n = float(np.linalg.norm(start)), objective.legs
    on_ray = distance > 0 and abs(float(objective.value(start)) / distance**n + 1) < 1e-12
    if not on_ray or not isinstance(optimizer, GradientDescent | HeavyBall | Nesterov):
        return None
    if optimizer.weight_decay or (isinstance(optimizer, HeavyBall) and optimizer.dampening):
        return None
    momentum = 0.0 if isinstance(optimizer, GradientDescent) else optimizer.momentum
    lag = momentum / (1 - momentum) * (momentum if isinstance(optimizer, Nesterov) else 1.0)
    steps = theory.power_escape_steps(distance, radius, n, n * optimizer.learning_rate, momentum, lag)
    return Law.at_step("flow down a ray", False, math.ceil(steps))
