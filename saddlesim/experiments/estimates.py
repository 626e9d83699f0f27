"""Estimates: a figure with its interval and standard error, and how a summary spells it; the median that is a value."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class Estimate(NamedTuple):
    """A figure, its interval and its standard error."""

    value: float
    low: float
    high: float
    standard_error: float

    @classmethod
    def of_interval(cls, value: float, low: float, high: float, confidence_level: float) -> Self:
        """Give the estimate whose standard error is the half-width of its interval over the normal quantile."""
        from scipy.stats import norm

        half_width = (high - low) / 2 if high > low else 0.0
        return cls(value, low, high, half_width / float(norm.ppf((1 + confidence_level) / 2)))

    def figures(self, name: str) -> dict[str, float]:
        """Give the entries of a summary, by the names of `estimate_names`."""
        return dict(zip(estimate_names(name), self, strict=True))


def estimate_names(name: str) -> tuple[str, ...]:
    """Give the names of a figure, of the ends of its interval and of its standard error."""
    return (name, f"{name}_low", f"{name}_high", f"{name}_standard_error")


def figures_of(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    """Give the entries of a summary; all None where there is nothing to estimate."""
    return dict(estimate.figures(name)) if estimate else dict.fromkeys(estimate_names(name))


def fraction(count: int, total: int, confidence_level: float = 0.95) -> Estimate:
    """Estimate a probability from a count (Wilson's interval; the standard error is that of p (1 - p) / n)."""
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(confidence_level, method="wilson")
    p = count / total
    return Estimate(p, float(interval.low), float(interval.high), math.sqrt(p * (1 - p) / total))


def around(value: float, standard_error: float, confidence_level: float = 0.95) -> Estimate:
    """Give an estimate whose interval is that of the normal law."""
    from scipy.stats import norm

    half_width = float(norm.ppf((1 + confidence_level) / 2)) * standard_error
    return Estimate(value, value - half_width, value + half_width, standard_error)


def wilson_ends(p: Any, z_squared_per_trial: Any) -> tuple[Any, Any]:
    """Give the ends of Wilson's interval about an estimated probability, from ``z^2 / n``; broadcasts, n need not be whole."""
    shift = np.asarray(z_squared_per_trial)
    centre = (p + shift / 2) / (1 + shift)
    half_width = np.sqrt(np.maximum(p * (1 - p), 0.0) * shift + shift * shift / 4) / (1 + shift)
    return centre - half_width, centre + half_width


def median_value(values: NDArray[Any]) -> float:
    """Give the smallest value that half or more do not exceed; nan counts as the largest, lest divergence be averaged away."""
    return float(np.quantile(np.where(np.isnan(values), np.inf, values), 0.5, method="inverted_cdf"))
