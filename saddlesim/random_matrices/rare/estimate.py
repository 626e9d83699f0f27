"""What is estimated: the mean of positive numbers known by their logarithms, with an interval and what tells whether to trust it.

Not here: where the numbers come from (`tilting`, `splitting`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from saddlesim.random_matrices.base import Array


class RareEstimate(NamedTuple):
    """A probability too small for counting.

    Attributes
    ----------
    log_probability : float
        Natural logarithm of the unbiased estimate; -inf where nothing reached the event.
    log_low, log_high : float
        Logarithms of the ends of the interval; -inf and 0, which say nothing, where nothing reached the event.
    log_standard_error : float
        Of `log_probability`, whatever the confidence level of the interval; infinite where nothing reached the event.
    effective_sample_size : float
        (sum w)^2 / sum w^2 of the n_samples numbers averaged: how many equal ones would be as good.
    n_samples : int
        How many numbers were averaged: weights of draws, or estimates of independent replicas.
    largest_share : float
        What part of the sum is the largest number's; near 1 the interval is not to be believed.
    method : str
        "tilting" or "splitting".
    """

    log_probability: float
    log_low: float
    log_high: float
    log_standard_error: float
    effective_sample_size: float
    n_samples: int
    largest_share: float
    method: str


def combined(parts: Iterable[Array], confidence_level: float = 0.95, method: str = "tilting") -> RareEstimate:
    """Average log weights of independent draws, from any number of blocks.

    Standard error and interval, Student's, are those of the mean, carried to the logarithm by its derivative.

    Parameters
    ----------
    parts : iterable of ndarray, (B,)
        Logarithms of the weights; -inf is a weight of zero.
    confidence_level : float
        Between 0 and 1.
    method : str
        What they come from.

    Raises
    ------
    ValueError
        If there are fewer than two weights, or the confidence level is no probability.
    """
    logarithms = np.concatenate([np.empty(0), *map(np.ravel, parts)])
    n_samples = logarithms.size
    if n_samples < 2:
        raise ValueError(f"n_samples={n_samples}: an interval needs at least 2")
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level={confidence_level}: must be between 0 and 1, both excluded")
    largest = float(logarithms.max())
    if largest == -math.inf:
        return RareEstimate(-math.inf, -math.inf, 0.0, math.inf, 0.0, n_samples, 0.0, method)
    from scipy.special import stdtrit

    weights = np.exp(logarithms - largest)
    total = float(weights.sum())
    log_probability = largest + math.log(total / n_samples)
    error = float(weights.std(ddof=1)) * math.sqrt(n_samples) / total
    reach = float(stdtrit(n_samples - 1, (1 + confidence_level) / 2)) * error
    effective = total * total / float((weights * weights).sum())
    low, high = log_probability - reach, log_probability + reach
    return RareEstimate(log_probability, low, high, error, effective, n_samples, 1 / total, method)


def combined_replicas(log_estimates: Iterable[float], confidence_level: float = 0.95) -> RareEstimate:
    """Average the estimates of independent replicas of splitting, given by their logarithms; see `combined`."""
    return combined([np.array([*log_estimates], dtype=float)], confidence_level, "splitting")
