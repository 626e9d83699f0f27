"""Ranks: Spearman's correlation with its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.estimates import Estimate

Array = NDArray[np.float64]

CONFIDENCE_LEVEL = 0.95
N_RESAMPLES = 2000
FEWEST = 5  # points to be correlated


def rank_correlation(first: Array, second: Array, rng: np.random.Generator) -> Estimate | None:
    """Estimate Spearman's rho of pairs, (n,) each, ties at their mean rank; the interval is the bootstrap's, by percentiles.

    None where there are fewer than five pairs, or all of one member are equal.
    """
    if len(first) < FEWEST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    (rho,) = _spearman(first[None], second[None])
    drawn = rng.integers(len(first), size=(N_RESAMPLES, len(first)))
    resampled = _spearman(first[drawn], second[drawn])
    resampled = resampled[np.isfinite(resampled)]
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(resampled, (tail, 1 - tail))
    return Estimate(float(rho), float(low), float(high), float(resampled.std(ddof=1)))


def _spearman(first: Array, second: Array) -> Array:
    """Correlate the ranks of each row; nan where a row is constant."""
    from scipy.stats import rankdata

    a, b = (rankdata(each, axis=1) - (each.shape[1] + 1) / 2 for each in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1)))
