"""Flow: times of gradient flow, in units of eta a step, and steps that follow it."""

from __future__ import annotations

import math


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
