"""Fits: how the median escape step grows along a sweep, measured and by the law, as the slope of a line in the right axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from saddlesim.experiments.estimates import Estimate
from saddlesim.parameters import Label, declared

Array = NDArray[np.float64]

N_RESAMPLES = 400
CONFIDENCE_LEVEL = 0.95


@declared
class Fit:
    """A line through the median escape steps T of one optimizer, along what is swept.

    ``power``: ln T against ln x, so that T ~ x^slope. ``logarithm``: T against ln x, so that T ~ slope ln x.
    ``polylogarithm``: ln T against ln ln x, so that T ~ (ln x)^slope.
    """

    optimizer: Label = Field(description="the label of an optimizer")
    along: str = Field(
        description="x: a swept path whose values are numbers, or dimension, escape_rate or start_distance; its absolute value"
    )
    form: Literal["power", "logarithm", "polylogarithm"] = Field(description="which law the line stands for")

    def slope(self, x: ArrayLike, steps: ArrayLike, group: NDArray[np.int64]) -> float:
        """Fit lines of one slope by least squares, each group at a height of its own.

        Parameters
        ----------
        x, steps : (n,)
            The abscissa and the steps, all positive; with ``polylogarithm`` x > 1.
        group : (n,) of int
            Which points share a line.
        """
        u, v = self.axes(np.asarray(x, dtype=np.float64), np.asarray(steps, dtype=np.float64))
        u = u - (np.bincount(group, u) / np.bincount(group))[group]
        return float((u * v).sum() / (u * u).sum())

    def axes(self, x: Array, steps: Array) -> tuple[Array, Array]:
        """Give the coordinates in which the law is a line."""
        u = np.log(x)
        return (np.log(u) if self.form == "polylogarithm" else u), (
            steps if self.form == "logarithm" else np.log(steps)
        )


def slope_estimate(
    fit: Fit, x: Array, group: NDArray[np.int64], escape_steps: Sequence[NDArray[np.int32]], rng: np.random.Generator
) -> Estimate:
    """Fit through medians, with an interval by resampling lanes.

    Every point of a sweep has the same starts and the same noise (common random numbers), so that its medians err together: a
    resample draws one set of lanes and takes it at every point.

    Parameters
    ----------
    x : (n,)
    group : (n,) of int
    escape_steps : n arrays (B,) of int
        -1 for a lane that never escaped. More than half of the lanes must have.
    """
    n_lanes = len(escape_steps[0])
    orders = [np.argsort(np.where(each < 0, np.inf, each), kind="stable") for each in escape_steps]
    ascending = [np.where(each < 0, np.inf, each)[order] for each, order in zip(escape_steps, orders, strict=True)]

    def slope(weights: Array) -> float:
        medians = [_weighted_median(each, weights[order]) for each, order in zip(ascending, orders, strict=True)]
        return fit.slope(x, medians, group) if np.isfinite(medians).all() else math.nan

    equal = np.full(n_lanes, 1 / n_lanes)
    slopes = [slope(rng.multinomial(n_lanes, equal).astype(np.float64)) for _ in range(N_RESAMPLES)]
    if np.isnan(slopes).any():  # so few leave that a median may be never
        return Estimate(slope(np.ones(n_lanes)), -math.inf, math.inf, math.inf)
    low, high = np.quantile(slopes, [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2])
    return Estimate(slope(np.ones(n_lanes)), float(low), float(high), float(np.std(slopes, ddof=1)))


def _weighted_median(ascending: Array, weights: Array) -> float:
    """Give the smallest value at which half of the weight is reached."""
    reached = np.cumsum(weights)
    return float(ascending[np.searchsorted(reached, reached[-1] / 2)])
