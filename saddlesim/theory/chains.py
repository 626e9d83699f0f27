"""Chains of saddles: how the time at one saddle depends on the time at the one before."""

from __future__ import annotations

import math


def octopus_dwell_ratio(learning_rate: float, curvature: float, gamma: float) -> float:
    """Give the factor by which gradient descent's dwell at successive saddles of the octopus grows in the end.

    While it stays t steps at a saddle, the component that opens next shrinks by (1 - 2 eta L)^t and then it has to grow by that
    factor again at 1 + 2 eta gamma a step, besides what it took to grow the last time: t' = t + t ln(1 / (1 - 2 eta L)) /
    ln(1 + 2 eta gamma), up to what the way between saddles adds to both (Du et al. 2017).

    Parameters
    ----------
    learning_rate : float
        eta < 1 / (2 L).
    curvature, gamma : float
        L and gamma of the objective, half of its curvatures.

    Examples
    --------
    >>> round(octopus_dwell_ratio(0.25, 1.0, 1.0), 3)
    2.71
    """
    return 1 - math.log1p(-2 * learning_rate * curvature) / math.log1p(2 * learning_rate * gamma)
