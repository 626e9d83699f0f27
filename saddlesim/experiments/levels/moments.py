"""Moments: what has to be kept of draws so that ratios of their sums, with honest errors, follow for any number of blocks.

Draws are independent; the critical points of one draw are not, hence sums over each draw are what errors are made of.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.estimates import Estimate, around, wilson_ends

Array = NDArray[np.float64]

LEAST_DRAWS = 100  # effective ones, for an error to be trusted
ROUNDING = 1e-12  # of squares, in their difference
QUANTILE = 1.959963984540054  # of the normal law, for intervals of confidence 0.95


def moments(numerator: Array, denominator: Array) -> Array:
    """Give the sums over draws of a, b, a^2, a b, b^2, (5, ...), of numerators a and denominators b, (D, ...)."""
    a, b = np.broadcast_arrays(numerator, denominator)
    return np.stack([each.sum(axis=0) for each in (a, b, a * a, a * b, b * b)])


def ratio(summed: Array) -> Array:
    """Give the ratio of the sums, (...); nan where nothing contributes."""
    a, b = summed[:2]
    divided: Array = np.divide(a, b, out=np.full(np.shape(a), np.nan), where=b > 0)
    return divided


def effective_draws(summed: Array) -> Array:
    """Give how many draws of equal weight would tell as much: (sum b)^2 / sum b^2 (Kish), (...)."""
    b, bb = summed[1], summed[4]
    effective: Array = np.divide(b * b, bb, out=np.zeros(np.shape(b)), where=bb > 0)
    return effective


def estimate(summed: Array, bounded: bool = False) -> Estimate:
    """Estimate a ratio of means from its moments, (5,), of two draws or more.

    The error is that of the ratio estimator. `bounded`: the ratio lies between 0 and 1, and so does its interval: Wilson's, for
    as many independent trials as have that error, or for the effective draws where all of them say 0 or all say 1.
    """
    n_draws = float(effective_draws(summed))
    a, b, aa, ab, bb = map(float, summed)
    value = a / b
    squares = aa - 2 * value * ab + value * value * bb
    agreed = squares <= ROUNDING * (aa + value * value * bb)
    error = 0.0 if agreed else math.sqrt(squares * n_draws / (n_draws - 1)) / b
    variance = value * (1 - value)
    if not bounded or (agreed and variance > ROUNDING):
        return around(value, error)
    trials = n_draws if agreed else variance / (error * error)
    low, high = map(float, wilson_ends(value, QUANTILE * QUANTILE / trials))
    return Estimate(value, max(low, 0.0), min(high, 1.0), error)
