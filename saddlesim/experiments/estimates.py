"""Estimates: a figure with its interval and standard error, and how a summary spells it."""

from __future__ import annotations

import math
from typing import NamedTuple


class Estimate(NamedTuple):
    """A figure, its interval and its standard error."""

    value: float
    low: float
    high: float
    standard_error: float

    def figures(self, name: str) -> dict[str, float]:
        """Give the entries of a summary, by the names of `estimate_names`."""
        return dict(zip(estimate_names(name), self, strict=True))


def estimate_names(name: str) -> tuple[str, ...]:
    """Give the names of a figure, of the ends of its interval and of its standard error."""
    return (name, f"{name}_low", f"{name}_high", f"{name}_standard_error")


def fraction(count: int, total: int, confidence_level: float = 0.95) -> Estimate:
    """Estimate a probability from a count (Wilson's interval; the standard error is that of p (1 - p) / n)."""
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(confidence_level, method="wilson")
    p = count / total
    return Estimate(p, float(interval.low), float(interval.high), math.sqrt(p * (1 - p) / total))
