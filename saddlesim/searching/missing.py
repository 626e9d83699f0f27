"""Missing: how many critical points no start has led to, estimated from how often the others were met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NORMAL_QUANTILE = 1.96  # of a 95% interval


@dataclass(frozen=True)
class Missing:
    """How many points are unseen, by capture and recapture.

    It assumes that every start is an independent draw of one point, always with the same probabilities. It estimates a lower
    bound: where the probabilities differ much, those hardly ever drawn do not show in what was, and more may be missing than
    the upper end of the interval says. So it can warn that a search is incomplete, and never tell that it is complete.

    Attributes
    ----------
    estimate : float
        Chao1 in its bias-corrected form, f1 (f1 - 1) / (2 (f2 + 1)), where f1 points were drawn once and f2 twice.
    low, high : float
        A 95% interval, in whole points: log-normal by the estimated variance or, where f1 < 2, that of draws with equal
        probabilities. Without draws it is all numbers.
    coverage : float
        The probability that a further draw gives a point that was drawn before, by Good and Turing: 1 - f1 / n; nan without
        draws.
    n_draws, n_singletons, n_doubletons : int
        n, f1 and f2.
    """

    estimate: float
    low: float
    high: float
    coverage: float
    n_draws: int
    n_singletons: int
    n_doubletons: int


def estimate_missing(n_hits: Sequence[int]) -> Missing:
    """Estimate how many classes are unseen from how often each of the others was drawn.

    The estimators are those of Chao (1984, 1987), in the equations 6 to 8, 13 and 14 of the manual of EstimateS as skbio's
    documentation numbers them.

    Examples
    --------
    >>> estimate_missing([1, 1, 1, 2, 5]).estimate
    1.5
    """
    hits = np.array([each for each in n_hits if each > 0], dtype=np.int64)
    seen, n = len(hits), int(hits.sum())
    once, twice = int((hits == 1).sum()), int((hits == 2).sum())
    estimate = once * (once - 1) / (2 * (twice + 1))
    if not seen:
        low, high = 0.0, np.inf
    elif estimate:
        spread = np.exp(NORMAL_QUANTILE * np.sqrt(np.log1p(_variance(once, twice, seen + estimate) / estimate**2)))
        low, high = estimate / spread, estimate * spread
    else:
        unseen = np.exp(-n / seen)  # of a class, if all were equally probable
        centre, width = seen * unseen / (1 - unseen), NORMAL_QUANTILE * np.sqrt(seen * unseen / (1 - unseen))
        low, high = max(0.0, centre - width), centre + width
    coverage = 1 - once / n if n else np.nan
    return Missing(estimate, float(np.floor(low)), float(np.ceil(high)), coverage, n, once, twice)


def _variance(once: int, twice: int, total: float) -> float:
    if not twice:
        return once * (once - 1) / 2 + once * (2 * once - 1) ** 2 / 4 - once**4 / (4 * total)
    more = twice + 1
    return (
        once * (once - 1) / (2 * more)
        + once * (2 * once - 1) ** 2 / (4 * more**2)
        + once**2 * twice * (once - 1) ** 2 / (4 * more**4)
    )
