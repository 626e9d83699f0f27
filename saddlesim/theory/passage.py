"""Passage: the step at which something is out, by distance or by probability, and the steps of methods that do not amplify."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.theory.amplification import Amplification

Array = NDArray[np.float64]

LARGEST_STEP = 2**53  # beyond it not every step is a float64


def first_passage_step(distance: Amplification, radius: float, n_steps: int) -> float:
    """Find the first step t <= n_steps with distance(t) >= radius, however distance goes up and down; inf if there is none."""
    for begin in range(0, n_steps + 1, 4096):
        steps = np.arange(begin, min(begin + 4096, n_steps + 1))
        out = np.flatnonzero(~(distance(steps) < radius))
        if out.size:
            return float(steps[out[0]])
    return math.inf


def quantile_step(cdf: Callable[[ArrayLike], Array], probability: float) -> float:
    """Find the smallest step t with P(T <= t) >= probability for a cdf that does not decrease; inf if there is none."""
    high = 1
    while cdf(high) < probability:
        high *= 2
        if high > LARGEST_STEP:
            return math.inf
    low = high // 2 if cdf(0) < probability else -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if cdf(middle) >= probability else (middle, high)
    return float(high)


# ---- from a point on the axis of the lowest eigenvalue -gamma; d0 = 0 is the saddle itself


def normalised_steps(start: float, radius: float, learning_rate: float) -> float:
    """Give ceil((r - d0) / eta): normalised gradient descent moves eta a step, whatever gamma; inf from the saddle itself.

    >>> normalised_steps(1e-6, 1.0, 0.1)
    10.0
    """
    return float(math.ceil((radius - start) / learning_rate)) if start else math.inf


def cubic_newton_steps(start: float, radius: float, escape_rate: float, lipschitz: float) -> float:
    """Count cubic Newton's steps d <- d + s, s = (gamma + sqrt(gamma^2 + 2 M gamma d)) / M, for M / 2 s^2 - gamma s = gamma d.

    >>> cubic_newton_steps(1e-6, 1.0, escape_rate=1.0, lipschitz=2.0)
    1.0
    """
    distance, steps = start, 0
    while distance < radius:
        root = math.sqrt(escape_rate * escape_rate + 2 * lipschitz * escape_rate * distance)
        distance, steps = distance + (escape_rate + root) / lipschitz, steps + 1
    return float(steps)


def trust_region_steps(start: float, radius: float, initial_radius: float, largest_radius: float) -> float:
    """Count the steps of a trust region that doubles: on a quadratic, which is its own model, each step is as long as allowed."""
    distance, length, steps = start, min(initial_radius, largest_radius), 0
    while distance < radius:
        distance, length, steps = distance + length, min(2 * length, largest_radius), steps + 1
    return float(steps)


def sign_descent_distance(steps: ArrayLike, start: Array, eigenvalues: Array, learning_rate: float) -> Array:
    """Give the distance of sign descent from the saddle of a quadratic along the axes after steps (...), from a start (d,).

    A component of negative eigenvalue recedes by eta a step; one of positive eigenvalue comes nearer by eta until it is less than
    eta away, and then jumps over 0 at each step; one that is 0, or without curvature, stays.
    """
    t = np.asarray(steps, dtype=np.float64)[..., None]
    size, moves = np.abs(start), (start != 0) & (eigenvalues != 0)
    until = np.floor(size / learning_rate)
    rest = size - until * learning_rate
    inside = np.where((t - until) % 2 == 0, rest, learning_rate - rest)
    nearer = np.where(t <= until, size - learning_rate * t, np.where(rest > 0, inside, 0.0))
    moved = np.where(eigenvalues < 0, size + learning_rate * t, nearer)
    return np.asarray(np.sqrt((np.where(moves, moved, size) ** 2).sum(axis=-1)))
