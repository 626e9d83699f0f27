"""Ranks: Spearman's correlation with its interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.estimates import Estimate

Array = NDArray[np.float64]

CONFIDENCE_LEVEL = 0.95
N_RESAMPLES = 2000
FEWEST = 5  # points to be correlated


def rank_correlation(first: Array, second: Array, rng: np.random.Generator) -> Estimate | None:
    """Estimate Spearman's rho of pairs, (n,) each, ties at their mean rank.

    The interval is on each side the wider of the bootstrap's, by percentiles, and Fisher's, artanh rho being normal with variance
    (1 + rho^2 / 2) / (n - 3) (Bonett, Wright 2000). Where the order is perfect the first has no width; the second
    then takes rho as it would be with two neighbours exchanged.

    None where there are fewer than five pairs, or all of one member are equal.
    """
    if len(first) < FEWEST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    from scipy.special import ndtri

    (rho,) = _spearman(first[None], second[None])
    drawn = rng.integers(len(first), size=(N_RESAMPLES, len(first)))
    resampled = _spearman(first[drawn], second[drawn])
    resampled = resampled[np.isfinite(resampled)]
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(resampled, (tail, 1 - tail))
    fisher_low, fisher_high = _fisher(float(rho), len(first), float(ndtri(1 - tail)))
    low, high = min(float(low), fisher_low), max(float(high), fisher_high)
    return Estimate.of_interval(float(rho), low, high, CONFIDENCE_LEVEL)


def _fisher(rho: float, n: int, z: float) -> tuple[float, float]:
    """Give Fisher's interval of z standard deviations, which holds rho."""
    largest = 1 - 12 / (n * (n * n - 1))
    held = min(max(rho, -largest), largest)
    width = z * math.sqrt((1 + held * held / 2) / (n - 3))
    return min(rho, math.tanh(math.atanh(held) - width)), max(rho, math.tanh(math.atanh(held) + width))


def _spearman(first: Array, second: Array) -> Array:
    """Correlate the ranks of each row; nan where a row is constant."""
    from scipy.stats import rankdata

    a, b = (rankdata(each, axis=1) - (each.shape[1] + 1) / 2 for each in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1)))
