"""Distributions: P(T <= t) of the escape step T from random starts, and the laws of quadratic forms behind them.

The tails of sum_i w_i z_i^2 with independent standard normal z_i, of which the product of (1 + 2 w_i s)^(-1/2) is the Laplace
transform, are inverted along a contour through the saddle point on the real axis (Lugannani, Rice 1980; recalled), where
nothing oscillates: so the smaller tail is relatively accurate, whatever the ratio of the weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

TINY = float(np.finfo(np.float64).tiny)
LARGEST_RATIO = 1e250
SMALLEST_RATE = 1e-10  # 2 w / q, below which a tail is 0
N_NODES = 120
FADED = 38.0  # -ln of what is left of an integrand at the end of a contour
STRIDE = 0.12  # of the points along a vertical contour, in the inverse hyperbolic sine of the distance
N_BISECTIONS = 55
LANES = 2048  # contours computed at a time


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

    reach = ratio / np.maximum(np.abs(np.asarray(amplification, dtype=np.float64)), TINY)
    return np.asarray(gammaincc(n_directions / 2, reach * reach / 2))


def weighted_gaussian_escape_cdf(amplifications: ArrayLike, ratio: float) -> Array:
    """Give P(sum_i (c_i z_i)^2 >= ratio^2) for amplifications c_i, (d, ...), of all directions that matter, z standard normal.

    That a lane is out at step t, and so P(T <= t) if a lane that is out stays out. Gradient descent's do: its |x_t|^2 is a sum
    of powers of t, hence convex in t, and less than r^2 at 0.
    """
    with np.errstate(over="ignore"):
        weights = (np.asarray(amplifications, dtype=np.float64) / ratio) ** 2
    return np.asarray(weighted_chi_square_tails(weights, 1.0)[1])


def uniform_ball_escape_cdf(amplification: ArrayLike, ratio: float, dimension: int, n_directions: int = 1) -> Array:
    """Give P(T <= t) for a start uniform in a ball: P(c_t |xi_E| >= ratio) with xi uniform in the unit ball of R^d.

    The squared length of m of the d components is Beta(m/2, (d - m)/2 + 1), so P = 1 - I_{s^2}(m/2, (d - m)/2 + 1) with
    s = min(1, ratio / c_t). Stable directions are neglected as in `gaussian_escape_cdf`; `ratio` is radius over the ball's.
    """
    from scipy.special import betaincc

    reach = ratio / np.maximum(np.abs(np.asarray(amplification, dtype=np.float64)), TINY)
    s = np.minimum(1.0, reach)
    return np.asarray(betaincc(n_directions / 2, (dimension - n_directions) / 2 + 1, s * s))


def weighted_ball_escape_cdf(amplifications: ArrayLike, ratio: float, dimension: int) -> Array:
    """Give P(sum_i (c_i xi_i)^2 >= ratio^2) for c_i, (m, ...), of m of the d directions, xi uniform in the unit ball of R^d.

    Such a xi is d components of a point uniform on the unit sphere of R^(d + 2), z / |z| with z normal: the event is
    sum_i (c_i^2 - ratio^2) z_i^2 - ratio^2 sum_j z_j^2 >= 0, with j over the d + 2 - m others.
    """
    with np.errstate(over="ignore"):
        squares = np.minimum((np.asarray(amplifications, dtype=np.float64) / ratio) ** 2, LARGEST_RATIO)
    others = np.broadcast_to(-1.0, (dimension + 2 - len(squares), *squares.shape[1:]))
    return np.asarray(indefinite_form_tails(np.concatenate([squares - 1, others]))[1])


def weighted_chi_square_tails(weights: ArrayLike, threshold: ArrayLike) -> Array:
    """Give P(sum_i w_i z_i^2 < q) and P(sum_i w_i z_i^2 >= q), (2, ...), z standard normal.

    Parameters
    ----------
    weights : (d, ...)
        Not negative.
    threshold : (...)
        q > 0.

    Examples
    --------
    >>> weighted_chi_square_tails([1.0, 1.0], 2.0).round(12).tolist()  # 1 - exp(-q / 2) and exp(-q / 2)
    [0.632120558829, 0.367879441171]
    """
    weights = np.asarray(weights, dtype=np.float64)
    with np.errstate(over="ignore"):
        rates = np.minimum(2 * weights / threshold, LARGEST_RATIO)
    rates = np.where(rates.max(axis=0) > SMALLEST_RATE, rates, 0.0)
    return _in_portions(_chi_square_tails, rates)


def indefinite_form_tails(coefficients: ArrayLike) -> Array:
    """Give P(sum_i a_i z_i^2 < 0) and P(sum_i a_i z_i^2 >= 0), (2, ...), for coefficients (d, ...) of either sign.

    Examples
    --------
    >>> indefinite_form_tails([1.0, -3.0]).round(12).tolist()  # P(tan^2 <= 1/3) = 1/3
    [0.666666666667, 0.333333333333]
    """
    return _in_portions(_form_tails, np.asarray(coefficients, dtype=np.float64))


def _in_portions(tails: Callable[[Array], Array], columns: Array) -> Array:
    """Apply a function of (d, n) that gives (2, n) to columns (d, ...), some at a time; where none is positive all is below."""
    flat = columns.reshape(len(columns), -1)
    both = np.repeat([[1.0], [0.0]], flat.shape[1], axis=1)
    possible = np.flatnonzero(flat.max(axis=0) > 0)
    for begin in range(0, len(possible), LANES):
        some = possible[begin : begin + LANES]
        both[:, some] = tails(flat[:, some])
    return both.reshape(2, *columns.shape[1:])


def _chi_square_tails(rates: Array) -> Array:
    """Give P(sum_i r_i z_i^2 < 2) and P(>= 2), (2, n), of rates r = 2 w / q, (d, n).

    The smaller is the integral of e^u prod_i (1 + r_i u)^(-1/2) / u over 2 pi i, up to its sign. The path is a parabola from a
    saddle point, left of the pole at 0 for the upper tail and right of it for the lower, round the branch points -1 / r_i: that
    of steepest descent, as far as these decide it.
    """
    upper = rates.sum(axis=0) <= 2  # the threshold is above the mean
    start = np.where(upper, _upper_saddle(rates), _lower_saddle(rates))
    gaps = rates / (1 + rates * start)
    bend = (gaps**3).sum(axis=0) / (3 * (gaps**2).sum(axis=0))
    y = np.linspace(0.0, 1.0, N_NODES)[:, None] * np.sqrt(FADED / bend)
    u = start + 1j * y - bend * y * y
    exponent = u - np.log(u * np.sign(start)) - sum(np.log(1 + rate * u) for rate in rates) / 2
    height = exponent[0].real
    shares = (np.exp(exponent - height) * (1 + 2j * bend * y)).real
    tail = np.exp(height) * (shares.sum(axis=0) - shares[0] / 2) * y[1] / np.pi
    return np.stack([np.where(upper, 1 - tail, tail), np.where(upper, tail, 1 - tail)])


def _lower_saddle(rates: Array) -> Array:
    """Solve u = 1 + sum_i r_i u / (1 + r_i u) / 2 for u > 0 by Newton's method from above, where it is monotone."""
    u = np.full(rates.shape[1:], 1 + len(rates) / 2)
    for _ in range(12):
        gaps = rates / (1 + rates * u)
        u = u - (u - 1 - u * gaps.sum(axis=0) / 2) / (1 - (gaps / (1 + rates * u)).sum(axis=0) / 2)
    return u


def _upper_saddle(rates: Array) -> Array:
    """Solve 1 + 1 / v = sum_i r_i / (1 - r_i v) / 2 for -u = v > 0 below all 1 / r_i, by bisection."""
    largest = rates.max(axis=0)
    low, high = np.zeros(largest.shape), 1 / largest
    for _ in range(N_BISECTIONS):
        v = (low + high) / 2
        over = (rates / (1 - rates * v)).sum(axis=0) / 2 > 1 + 1 / v
        low, high = np.where(over, low, v), np.where(over, v, high)
    return -low


def _form_tails(coefficients: Array) -> Array:
    """Give P(sum_i a_i z_i^2 < 0) and P(>= 0), (2, n), of coefficients (d, n).

    The smaller is the integral of prod_i (1 - a_i s)^(-1/2) / s over 2 pi i, signs being turned until it is the second and a
    scaled until the largest is 1. The path is a hyperbola through the saddle point in (0, 1), bent like that of steepest descent,
    with dense points near it and sparse ones far out, since the decay is algebraic.
    """
    mirrored = coefficients.sum(axis=0) > 0  # take the smaller tail
    a = np.where(mirrored, -coefficients, coefficients)
    largest = a.max(axis=0)
    certain = largest <= 0
    a = np.where(certain, 0.5, np.maximum(a / np.where(certain, 1.0, largest), -LARGEST_RATIO))
    low, high = np.zeros(largest.shape), np.ones(largest.shape)
    for _ in range(N_BISECTIONS):
        s = (low + high) / 2
        over = (a * s / (1 - a * s)).sum(axis=0) > 2
        low, high = np.where(over, low, s), np.where(over, s, high)
    gaps = a / (1 - a * low)
    square = (gaps**2).sum(axis=0)
    width = 1 / np.sqrt(1 / low**2 + square / 2)
    bend = np.clip(width * (gaps**3).sum(axis=0) / (1.5 * square), -1.0, 1.0)
    x = np.arange(0.0, FADED, STRIDE)[:, None]
    points = low + width * (1j * np.sinh(x) + bend * (np.cosh(x) - 1))
    exponent = -np.log(points) - sum(np.log(1 - each * points) for each in a) / 2
    height = exponent[0].real
    shares = (np.exp(exponent - height) * (np.cosh(x) - 1j * bend * np.sinh(x))).real
    tail = np.where(certain, 0.0, np.exp(height) * (shares.sum(axis=0) - shares[0] / 2) * STRIDE * width / np.pi)
    return np.stack([np.where(mirrored, tail, 1 - tail), np.where(mirrored, 1 - tail, tail)])
