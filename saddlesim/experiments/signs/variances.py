"""Variances: of an index, from counts, with an interval that covers also where the index is hardly more than a coin.

The variance of s^2 is (m4 - sigma^4) / N to first order, which vanishes at a fair coin, where s^2 can but fall short of sigma^2.
Not here: what is counted (counts.py).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.estimates import Estimate, wilson_ends

Array = NDArray[np.float64]

N_CENTRES = 2001
WIDEST = 1.5  # how far centres reach, in intervals of the mean


def variance_of(values: Array, samples: NDArray[np.int64], largest: int, confidence_level: float) -> Estimate:
    """Estimate the variance of whole numbers from 0 to `largest`.

    Since ``sigma^2 = min_c E (k - c)^2``, the ends are the least ends, over all centres c, of intervals of the means of
    (k - c)^2: Wilson's, for as many trials between the least and the largest of them as have that error. Of two values that is
    Wilson's interval of p, carried through p (1 - p). If no more than two were seen, others may hide: less than Wilson's upper
    end for an event that was not seen, one step beyond. The square of the standard error is ``(m4 - (N - 3) / (N - 1) s^4) / N``.

    Parameters
    ----------
    values, samples : (K,)
        Different numbers, ascending, and how often each was seen, at least once.
    largest : int
        At least 1.
    confidence_level : float
    """
    from scipy.stats import norm

    total, z = int(samples.sum()), float(norm.ppf((1 + confidence_level) / 2))
    mean = float(values @ samples) / total
    m2, m3, m4 = (float((values - mean) ** power @ samples) / total for power in (2, 3, 4))
    variance = m2 * total / max(total - 1, 1)
    error = (m4 - (total - 3) / max(total - 1, 1) * variance**2) / total
    unseen = z * z / (total + z * z)
    seen = values if len(values) > 1 else np.array([values[0] - 1, values[0]] if values[0] else [0.0, 1.0])
    moved = _moves(mean, seen, z * math.sqrt(m2 / total) + unseen)
    spread = np.maximum(m4 - m2 * m2 + 4 * moved * (m3 + moved * m2), 0.0)  # the variance of (k - c)^2
    least, most = _distances(mean - moved, seen)
    low, high = _wilson(m2 + moved * moved, spread, least**2, most**2, z * z / total)
    width = float(seen[-1] - seen[0])
    hidden = (width + 1) * unseen if len(seen) == 2 and largest > width else 0.0
    ends = min(float(low.min()), variance), max(float(high.min()) + hidden, variance)
    return Estimate(variance, *ends, math.sqrt(max(error, 0.0)))


def _moves(mean: float, seen: Array, reach: float) -> Array:
    """Give by how much centres lie below the mean: none, the way to the middle of the range, and a grid."""
    grid = np.linspace(-WIDEST * reach, WIDEST * reach, N_CENTRES)
    middle = mean - (seen[0] + seen[-1]) / 2
    return np.append(grid, middle) if abs(middle) < WIDEST * reach else grid


def _distances(centres: Array, seen: Array) -> tuple[Array, Array]:
    """Give how far the nearest and the farthest of what was seen, ascending, are from each centre."""
    after = np.searchsorted(seen, centres)
    neighbours = (np.clip(after + side, 0, len(seen) - 1) for side in (-1, 0))
    near, other = (np.abs(seen[each] - centres) for each in neighbours)
    return np.minimum(near, other), np.maximum(np.abs(seen[0] - centres), np.abs(seen[-1] - centres))


def _wilson(mean: Array, spread: Array, least: Array, largest: Array, shift: float) -> tuple[Array, Array]:
    """Give the ends of Wilson's intervals, for each centre, of means of what lies between two numbers.

    Parameters
    ----------
    mean, spread, least, largest : (C,)
        Mean, variance, and the ends of the range.
    shift : float
        z^2 over the number of samples.
    """
    width = np.maximum(largest - least, np.finfo(np.float64).tiny)
    p = np.clip((mean - least) / width, 0.0, 1.0)
    of_trials = p * (1 - p) * width * width  # the variance if only the ends were seen, the most that there can be
    known = of_trials > 1e-14 * np.maximum(largest, 1.0) ** 2
    shift_of = shift * np.where(
        known, np.minimum(np.divide(spread, of_trials, where=known, out=np.ones_like(p)), 1.0), 1.0
    )
    low, high = wilson_ends(p, shift_of)
    return least + width * low, least + width * high
