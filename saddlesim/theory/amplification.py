"""Amplification: c_t, by which t steps of a method multiply the component along an eigenvector of a quadratic: x_t = c_t x_0."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Amplification = Callable[[ArrayLike], Array]


def gradient_descent_amplification(steps: ArrayLike, eigenvalue: float, learning_rate: float) -> Array:
    """Give c_t = (1 - eta lambda)^t of gradient descent, for steps t of any shape.

    >>> float(gradient_descent_amplification(2, -1.0, 0.5))
    2.25
    """
    return _power(1 - learning_rate * eigenvalue, steps)


def heavy_ball_amplification(
    steps: ArrayLike, eigenvalue: float, learning_rate: float, momentum: float, dampening: float = 0.0
) -> Array:
    """Give c_t of heavy ball started at rest: the two-root form of mu^2 - (1 + beta - (1 - tau) eta lambda) mu + beta = 0.

    The first step is not dampened, x_1 = (1 - eta lambda) x_0; without momentum none is.
    """
    first = 1 - learning_rate * eigenvalue
    later = 1 - learning_rate * eigenvalue * (1 - dampening) if momentum else first
    return two_root_amplification(steps, later + momentum, momentum, first)


def nesterov_amplification(steps: ArrayLike, eigenvalue: float, learning_rate: float, momentum: float) -> Array:
    """Give c_t of Nesterov's momentum in torch's form, started at rest.

    With a = 1 - eta lambda the roots are those of mu^2 - (1 + beta) a mu + beta a = 0, and x_1 = (1 - eta lambda (1 + beta)) x_0.
    """
    a = 1 - learning_rate * eigenvalue
    first = 1 - learning_rate * eigenvalue * (1 + momentum)
    return two_root_amplification(steps, (1 + momentum) * a, momentum * a, first)


def saddle_free_newton_amplification(
    steps: ArrayLike, eigenvalue: float, learning_rate: float, damping: float
) -> Array:
    """Give c_t = (1 - eta lambda / (|lambda| + delta))^t of saddle-free Newton; 1 for lambda = delta = 0."""
    return _power(1 - learning_rate * eigenvalue / (abs(eigenvalue) + damping) if eigenvalue else 1.0, steps)


def damped_newton_amplification(
    steps: ArrayLike, eigenvalue: float, learning_rate: float, damping: float, lowest: float
) -> Array:
    """Give c_t = (1 - eta lambda / (lambda + delta + max(0, -lambda_min)))^t of damped Newton, lambda_min being `lowest`."""
    return _power(1 - learning_rate * eigenvalue / (eigenvalue + damping + max(0.0, -lowest)), steps)


def newton_amplification(steps: ArrayLike, eigenvalue: float, learning_rate: float) -> Array:
    """Give c_t = (1 - eta)^t of Newton's method, whatever the sign of lambda; 1 for lambda = 0."""
    return _power(1 - learning_rate if eigenvalue else 1.0, steps)


def two_root_amplification(steps: ArrayLike, trace: float, determinant: float, first: float) -> Array:
    """Solve c_{t+1} = trace c_t - determinant c_{t-1}, c_0 = 1, c_1 = first: c_t = A mu+^t + B mu-^t.

    The roots may be complex (an oscillation) or equal (then c_t = (1 + t (first / mu - 1)) mu^t).
    """
    t = np.asarray(steps, dtype=np.float64)
    discriminant = trace * trace - 4 * determinant
    with np.errstate(over="ignore", invalid="ignore"):
        if abs(discriminant) <= 8 * np.finfo(np.float64).eps * trace * trace:
            mu = trace / 2
            return (
                np.asarray((1 + t * (first / mu - 1)) * _power(mu, t))
                if mu
                else np.where(t == 0, 1.0, np.where(t == 1, first, 0.0))
            )
        if discriminant < 0:
            root = complex(trace, math.sqrt(-discriminant)) / 2
            weight = (first - root.conjugate()) / (root - root.conjugate())
            return np.asarray(2 * np.real(weight * np.power(root, t)))
        larger = (trace + math.copysign(math.sqrt(discriminant), trace)) / 2
        smaller = determinant / larger  # without cancellation
        share = (first - smaller) / (larger - smaller)
        return np.asarray(share * _power(larger, t) + (1 - share) * _power(smaller, t))


def _power(base: float, steps: ArrayLike) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.power(base, np.asarray(steps, dtype=np.float64)))
