"""Amplifications: by what each method multiplies the components along the eigenvectors of a saddle, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, singledispatch
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim import theory
from saddlesim.experiments.saddles import Saddle
from saddlesim.optimizers import GradientDescent, HeavyBall, Nesterov, Newton, Optimizer, SaddleFreeNewton
from saddlesim.optimizers.second_order import DampedNewton

Array = NDArray[np.float64]
Factors = tuple[theory.Amplification, ...]

FOREVER = 10**6  # steps after which a stable component has faded or an unstable one has not


def amplifications(optimizer: Optimizer, saddle: Saddle) -> Factors | None:
    """Give t -> c_t along each eigenvector of the saddle, in order; None for a method that has none there.

    Weight decay adds to every eigenvalue where it does not move the saddle.
    """
    if moves_saddle(optimizer, saddle):
        return None
    return _along(optimizer, saddle.eigenvalues + getattr(optimizer, "weight_decay", 0.0))


def moves_saddle(optimizer: Optimizer, saddle: Saddle) -> bool:
    """Tell whether what the method descends, f with its weight decay, has its saddle elsewhere: f's is not at 0."""
    return bool(getattr(optimizer, "weight_decay", 0.0)) and bool(saddle.x.any())


def grows(amplification: theory.Amplification) -> bool:
    """Tell whether a component so amplified leaves in the end."""
    return not abs(amplification(FOREVER)) <= 1


def are_powers(optimizer: Optimizer) -> bool:
    """Tell whether each c_t is a power of t, so that the squared distance from the saddle is a convex function of t."""
    return not isinstance(optimizer, HeavyBall | Nesterov)


def length(components: Array, factors: Sequence[theory.Amplification]) -> theory.Amplification:
    """Give t -> the length of the vector whose components along the eigenvectors, (d,), are amplified."""

    def of_step(t: ArrayLike) -> Array:
        with np.errstate(over="ignore"):
            squares = [(component * c(t)) ** 2 for c, component in zip(factors, components, strict=True) if component]
            return np.asarray(np.sqrt(np.sum(squares, axis=0)))

    return of_step


def predicted_gradient_norm(optimizer: Optimizer, saddle: Saddle, start: Array) -> theory.Amplification | None:
    """Give t -> |gradient| after t steps from a start, (d,), on the saddle's quadratic form; None without amplifications."""
    components = saddle.eigenvalues * (saddle.analysis.eigenvectors.T @ (start - saddle.x))
    factors = amplifications(optimizer, saddle)
    return length(components, factors) if factors and components.any() else None


@singledispatch
def _along(optimizer: Any, eigenvalues: Array) -> Factors | None:
    return None


def _each(eigenvalues: Array, amplification: Callable[..., Array], **parameters: float) -> Factors:
    return tuple(partial(amplification, eigenvalue=float(each), **parameters) for each in eigenvalues)


@_along.register
def _(optimizer: GradientDescent, eigenvalues: Array) -> Factors:
    return _each(eigenvalues, theory.gradient_descent_amplification, learning_rate=optimizer.learning_rate)


@_along.register
def _(optimizer: HeavyBall, eigenvalues: Array) -> Factors:
    return _each(
        eigenvalues,
        theory.heavy_ball_amplification,
        learning_rate=optimizer.learning_rate,
        momentum=optimizer.momentum,
        dampening=optimizer.dampening,
    )


@_along.register
def _(optimizer: Nesterov, eigenvalues: Array) -> Factors:
    return _each(
        eigenvalues,
        theory.nesterov_amplification,
        learning_rate=optimizer.learning_rate,
        momentum=optimizer.momentum,
    )


@_along.register
def _(optimizer: SaddleFreeNewton, eigenvalues: Array) -> Factors:
    return _each(
        eigenvalues,
        theory.saddle_free_newton_amplification,
        learning_rate=optimizer.learning_rate,
        damping=optimizer.damping,
    )


@_along.register
def _(optimizer: DampedNewton, eigenvalues: Array) -> Factors:
    return _each(
        eigenvalues,
        theory.damped_newton_amplification,
        learning_rate=optimizer.learning_rate,
        damping=optimizer.damping,
        lowest=float(eigenvalues[0]),
    )


@_along.register
def _(optimizer: Newton, eigenvalues: Array) -> Factors:
    return _each(eigenvalues, theory.newton_amplification, learning_rate=optimizer.learning_rate)
