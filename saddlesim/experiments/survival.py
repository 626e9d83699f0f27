"""Survival: statistics of steps that some lanes never reach. Lanes still inside at the end are censored, not slow.

Divergence is a competing event and no censoring: a diverged lane never escapes, so it stays among those at risk to the end.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.estimates import Estimate, fraction

Array = NDArray[np.float64]


class SurvivalCurve(NamedTuple):
    """The fraction not yet escaped after each step (K,), with its pointwise interval. Steps are ascending and start at 0."""

    step: Array
    fraction: Array
    low: Array
    high: Array


def survival_curve(
    escape_step: NDArray[Any], n_steps: int | NDArray[Any], confidence_level: float = 0.95
) -> SurvivalCurve:
    """Estimate the survival function of the escape step (Kaplan-Meier, log-log interval).

    Parameters
    ----------
    escape_step : (B,)
        -1 for a lane that never escaped.
    n_steps : int or (B,)
        When observation ended, of all lanes or of each.
    """
    from scipy.stats import CensoredData, ecdf

    never = escape_step < 0
    estimate = ecdf(CensoredData.right_censored(np.where(never, n_steps, escape_step), never)).sf
    with warnings.catch_warnings():
        # SciPy warns that its formula is undefined at 0 and 1, where the interval is the point
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = estimate.confidence_interval(confidence_level, method="log-log")
    low, high = (
        np.where(np.isnan(each.probabilities), estimate.probabilities, each.probabilities) for each in interval
    )
    curve = SurvivalCurve(estimate.quantiles, estimate.probabilities, low, high)
    if curve.step[0] == 0:
        return curve
    return SurvivalCurve(
        *(np.concatenate([[start], each]) for start, each in zip((0.0, 1.0, 1.0, 1.0), curve, strict=True))
    )


def median_escape_step(escape_step: NDArray[Any], curve: SurvivalCurve, confidence_level: float = 0.95) -> Estimate:
    """Estimate the smallest step by which half of the lanes have escaped; infinite where fewer ever do.

    The interval is the exact one from order statistics (`scipy.stats.quantile_test`): all lanes are censored at the same step,
    after every event, so that "never" orders above every step. The standard error is its half-width over the normal quantile.

    Parameters
    ----------
    escape_step : (B,) of int
        -1 for a lane that never escaped.
    curve : SurvivalCurve
        Of these lanes.
    """
    from scipy.stats import quantile_test

    steps = np.where(escape_step < 0, np.inf, escape_step.astype(np.float64))
    interval = quantile_test(steps, q=0.0, p=0.5).confidence_interval(confidence_level)
    # with too few lanes for an interval of this level it is open
    low = 0.0 if math.isnan(interval.low) else float(interval.low)
    high = math.inf if math.isnan(interval.high) else float(interval.high)
    return Estimate.of_interval(_half_reached(curve.step, curve.fraction), low, high, confidence_level)


def censored_median(
    values: NDArray[Any], observed: int | NDArray[Any], confidence_level: float = 0.95
) -> Estimate | None:
    """Estimate the median of what was cut off at different times, by where the survival curve and its band cross 1/2.

    Infinite where the curve does not; None where there is nothing. The standard error is the half-width over the normal quantile.

    Parameters
    ----------
    values : (B,)
        -1 for what was cut off.
    observed : int or (B,)
        Where that was cut off.
    """
    if not values.size:
        return None
    curve = survival_curve(values, observed, confidence_level)
    median, low, high = (_half_reached(curve.step, each) for each in (curve.fraction, curve.low, curve.high))
    return Estimate.of_interval(median, low, high, confidence_level)


def _half_reached(step: Array, left: Array) -> float:
    """Give the first of the steps, (K,), at which no more than half is left, (K,); infinity if there is none."""
    reached = np.flatnonzero(left <= 0.5 + 1e-12)
    return float(step[reached[0]]) if reached.size else math.inf


def log_rank_test(first: NDArray[Any], second: NDArray[Any], n_steps: int) -> tuple[float, float]:
    """Give statistic and two-sided p-value of the log-rank test that two optimizers escape alike (`scipy.stats.logrank`).

    A positive statistic: the first leaves sooner. It takes the two for independent; with the same starts `fraction_sooner`
    compares lane with lane.

    Parameters
    ----------
    first, second : (B,) of int
        -1 for a lane that never escaped.
    n_steps : int
        When observation ended.
    """
    from scipy.stats import CensoredData, logrank

    censored = [CensoredData.right_censored(np.where(each < 0, n_steps, each), each < 0) for each in (first, second)]
    with np.errstate(invalid="ignore"):
        result = logrank(*censored)
    if math.isnan(result.statistic):  # nothing can differ: none leaves, or all do at one step
        return 0.0, 1.0
    return float(result.statistic), float(result.pvalue)


def fraction_sooner(first: NDArray[Any], second: NDArray[Any]) -> Estimate | None:
    """Estimate how often the first optimizer leaves sooner, of the lanes, (B,), in which they differ; None where none does."""
    a, b = (np.where(each < 0, np.inf, each) for each in (first, second))
    differ = int((a != b).sum())
    return fraction(int((a < b).sum()), differ) if differ else None
