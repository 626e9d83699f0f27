"""Theory: closed forms on numbers. Used twice, as the dashed line in a picture and as the oracle of a test.

Notation: lambda a Hessian eigenvalue of a quadratic, gamma = -lambda > 0 an escape rate, eta a learning rate, c_t the
amplification, by which t steps multiply the component along an eigenvector. Which law applies when is said in
``experiments/laws.py``; the derivations are a line each and given here.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Amplification = Callable[[ArrayLike], Array]

LARGEST_STEP = 2**53  # beyond it not every step is a float64


# ---- amplifications: x_t = c_t x_0 along an eigenvector


def gradient_descent_amplification(steps: ArrayLike, eigenvalue: float, learning_rate: float) -> Array:
    """Give c_t = (1 - eta lambda)^t of gradient descent, for steps t of any shape.

    >>> float(gradient_descent_amplification(2, -1.0, 0.5))
    2.25
    """
    return _power(1 - learning_rate * eigenvalue, steps)


def heavy_ball_amplification(steps: ArrayLike, eigenvalue: float, learning_rate: float, momentum: float) -> Array:
    """Give c_t of heavy ball started at rest: the two-root form of mu^2 - (1 + beta - eta lambda) mu + beta = 0."""
    first = 1 - learning_rate * eigenvalue
    return two_root_amplification(steps, first + momentum, momentum, first)


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


# ---- distributions of the escape step T: P(T <= t)


def gaussian_escape_cdf(amplification: ArrayLike, ratio: float, n_directions: int = 1) -> Array:
    """Give P(T <= t) for a Gaussian start: P(c_t |z| >= ratio) with z standard normal in the escape directions.

    For one direction 1 - erf(ratio / (sqrt2 c_t)); for m directions of one escape rate |z|^2 is chi-square with m degrees of
    freedom. What the start has along stable directions is neglected: the ratio must be large.

    Parameters
    ----------
    amplification : (...)
        |c_t|, which must not decrease.
    ratio : float
        Radius over the start's standard deviation.
    n_directions : int
    """
    from scipy.special import gammaincc

    reach = ratio / np.maximum(np.abs(np.asarray(amplification, dtype=np.float64)), np.finfo(np.float64).tiny)
    return np.asarray(gammaincc(n_directions / 2, reach * reach / 2))


def uniform_ball_escape_cdf(amplification: ArrayLike, ratio: float, dimension: int, n_directions: int = 1) -> Array:
    """Give P(T <= t) for a start uniform in a ball: P(c_t |xi_E| >= ratio) with xi uniform in the unit ball of R^d.

    The squared length of m of the d components is Beta(m/2, (d - m)/2 + 1), so P = 1 - I_{s^2}(m/2, (d - m)/2 + 1) with
    s = min(1, ratio / c_t). Stable directions are neglected as in `gaussian_escape_cdf`; `ratio` is radius over the ball's.
    """
    from scipy.special import betaincc

    reach = ratio / np.maximum(np.abs(np.asarray(amplification, dtype=np.float64)), np.finfo(np.float64).tiny)
    s = np.minimum(1.0, reach)
    return np.asarray(betaincc(n_directions / 2, (dimension - n_directions) / 2 + 1, s * s))


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


# ---- gradient flow: times, in units of eta a step


def exponential_escape_time(start: float, radius: float, escape_rate: float) -> float:
    """Give ln(r / d0) / gamma, the time in which x' = gamma x goes from d0 to r."""
    return math.log(radius / start) / escape_rate


def power_escape_time(start: float, radius: float, order: float) -> float:
    """Give (d0^(2-p) - r^(2-p)) / (p - 2), the time in which x' = x^(p-1), the flow of -x^p / p, goes from d0 to r; p > 2.

    >>> power_escape_time(0.1, 1.0, 3.0)
    9.0
    """
    return float(start ** (2 - order) - radius ** (2 - order)) / (order - 2)


def power_escape_steps(
    start: float, radius: float, order: float, learning_rate: float, momentum: float = 0.0, lag: float = 0.0
) -> float:
    """Give the steps that a method with momentum needs from d0 to r down f = -x^p / p: tau (1 - beta) / eta and what is O(log).

    ``(1 - beta) tau / eta + (p - 1) (1/2 + kappa) ln(r / d0) + kappa`` with tau of `power_escape_time`, up to O(eta). On the slow
    manifold of x_{t+1} = x_t + V(x_t), V = a x^(p-1) + b x^(2p-3) with a = eta / (1 - beta) and b / a = -(p - 1) kappa a; a step
    of V is the flow of V - V V' / 2; and starting at rest costs kappa steps.

    Parameters
    ----------
    start, radius : float
        d0 < r.
    order : float
        p > 2.
    learning_rate, momentum : float
        eta and beta.
    lag : float
        kappa: 0 for gradient descent, beta / (1 - beta) for heavy ball, beta^2 / (1 - beta) for Nesterov in torch's form.
    """
    flow = (1 - momentum) * power_escape_time(start, radius, order) / learning_rate
    return flow + (order - 1) * (0.5 + lag) * math.log(radius / start) + lag


def noisy_variance(steps: ArrayLike, noise: float, eigenvalue: float, learning_rate: float) -> Array:
    """Give Var x_t = sigma^2 (a^2t - 1) / (a^2 - 1), a = 1 - eta lambda, of noisy gradient descent started at x_0 = 0.

    The marginal law at step t, not the law of the first passage.
    """
    t = np.asarray(steps, dtype=np.float64)
    square = (1 - learning_rate * eigenvalue) ** 2
    grown = t if square == 1 else (_power(square, t) - 1) / (square - 1)
    return np.asarray(noise * noise * grown)
