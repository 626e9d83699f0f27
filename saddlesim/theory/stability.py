"""Stability: the learning rates up to which directions of positive curvature close, and what happens beyond.

Roots of mu^2 - trace mu + determinant = 0 are within the unit circle if and only if |trace| < 1 + determinant < 2 (Jury). Beyond
the limit the component along the stiffest direction grows like one along an escape direction, and both race for the radius.

A quadratic says it all for one saddle. For the set of starts that converge to strict saddles of an f with Lipschitz constant L:
it is null for eta < 1 / L (Lee, Simchowitz, Jordan, Recht 2016; Lee, Panageas, Piliouras, Simchowitz, Jordan, Recht 2019), and
for eta < 2 / L if the Hessian is well-behaved (Schaeffer, McCalla 2019, arXiv 1908.01753).
"""

from __future__ import annotations

import math


def gradient_descent_learning_rate_limit(eigenvalue: float) -> float:
    """Give 2 / lambda, below which gradient descent's |1 - eta lambda| is below 1; lambda > 0."""
    return 2 / eigenvalue


def heavy_ball_learning_rate_limit(eigenvalue: float, momentum: float, dampening: float = 0.0) -> float:
    """Give 2 (1 + beta) / ((1 - tau) lambda): the trace 1 + beta - (1 - tau) eta lambda reaches -(1 + beta)."""
    return 2 * (1 + momentum) / ((1 - dampening if momentum else 1.0) * eigenvalue)


def nesterov_learning_rate_limit(eigenvalue: float, momentum: float) -> float:
    """Give 2 (1 + beta) / ((1 + 2 beta) lambda): with a = 1 - eta lambda, the trace (1 + beta) a reaches -(1 + beta a)."""
    return 2 * (1 + momentum) / ((1 + 2 * momentum) * eigenvalue)


def two_root_growth(trace: float, determinant: float) -> float:
    """Give the modulus of the larger root of mu^2 - trace mu + determinant = 0, the factor of a step in the end.

    >>> two_root_growth(2.0, 0.75)
    1.5
    """
    discriminant = trace * trace - 4 * determinant
    return math.sqrt(determinant) if discriminant < 0 else (abs(trace) + math.sqrt(discriminant)) / 2


def divergence_probability(ratio: float, growth: float, stable_growth: float) -> float:
    """Give the probability that a lane leaves along a stable direction beyond its limit, not along the one escape direction.

    From a Gaussian start, |z_u| grows as a^t and |z_s| as b^t, and they reach r / s0 = ratio at ln(ratio / |z_u|) / ln a and at
    ln(ratio / |z_s|) / ln b. The sooner wins: P(|z_s| > ratio (|z_u| / ratio)^(ln b / ln a)), up to the last step's being whole.

    Parameters
    ----------
    ratio : float
        Radius over the start's standard deviation, large.
    growth, stable_growth : float
        a, b > 1: moduli of what a step multiplies the components by.

    Examples
    --------
    >>> round(divergence_probability(1e6, 1.1, 1.1), 6)
    0.5
    """
    from scipy.integrate import quad
    from scipy.special import erfc

    power = math.log(stable_growth) / math.log(growth)

    def share(log_z: float) -> float:
        z = math.exp(log_z)
        other = math.log(ratio) + power * (log_z - math.log(ratio))
        return z * math.exp(-z * z / 2) * float(erfc(math.exp(min(other, 300.0)) / math.sqrt(2)))

    return math.sqrt(2 / math.pi) * float(quad(share, -40.0, math.log(40.0), epsabs=1e-12, limit=200)[0])
