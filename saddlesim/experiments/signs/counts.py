"""Counts: how often which inertia was seen, and what is estimated from that. Not here: laws, and where the samples come from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.estimates import Estimate, around
from saddlesim.experiments.signs.variances import variance_of

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

IntervalMethod = Literal["wilson", "clopper_pearson"]

KINDS = ("minimum", "maximum", "saddle", "degenerate")

_SCIPY_METHODS: Mapping[IntervalMethod, str] = {"wilson": "wilson", "clopper_pearson": "exact"}


class InertiaCounts(NamedTuple):
    """How often each inertia of n eigenvalues was seen; only those that were, ascending.

    Attributes
    ----------
    n : int
        The number of eigenvalues.
    negative, zero : (K,) of int
        How many of them are negative, and how many zero.
    samples : (K,) of int
        How many samples have it.
    """

    n: int
    negative: Whole
    zero: Whole
    samples: Whole

    @classmethod
    def of_samples(cls, n: int, negative: Whole, zero: Whole, samples: Whole | None = None) -> Self:
        """Count inertias, (B,) each; `samples` says for how many each of them stands, one by default."""
        codes, place = np.unique(np.asarray(negative, dtype=np.int64) * (n + 1) + zero, return_inverse=True)
        weights = np.ones(len(negative), dtype=np.int64) if samples is None else samples
        summed = np.zeros(len(codes), dtype=np.int64)
        np.add.at(summed, place, weights)
        return cls(n, codes // (n + 1), codes % (n + 1), summed)

    @classmethod
    def together(cls, n: int, parts: Iterable[Mapping[str, Any]]) -> Self:
        """Add up counts that have been made apart."""
        listed = list(parts)
        joined = (
            np.concatenate([np.asarray(each[name], dtype=np.int64) for each in listed])
            for name in ("negative", "zero", "samples")
        )
        return cls.of_samples(n, *joined)

    @property
    def n_samples(self) -> int:
        """How many samples were counted."""
        return int(self.samples.sum())

    def of_index(self) -> Whole:
        """Give how often each index was seen, (n + 1,)."""
        counts = np.zeros(self.n + 1, dtype=np.int64)
        np.add.at(counts, self.negative, self.samples)
        return counts

    def of_kind(self, kind: str) -> int:
        """Give how many samples are of a kind, as `spectrum` defines kinds: both signs make a saddle, zeros or not."""
        positive = self.n - self.negative - self.zero
        among = {
            "minimum": positive == self.n,
            "maximum": self.negative == self.n,
            "saddle": (self.negative > 0) & (positive > 0),
            "degenerate": (self.zero > 0) & ((self.negative == 0) | (positive == 0)),
        }
        return int(self.samples[among[kind]].sum())

    def mean(self, confidence_level: float) -> Estimate:
        """Estimate the mean index."""
        values, total = self.negative.astype(np.float64), self.n_samples
        mean = float(values @ self.samples) / total
        square = float((values - mean) ** 2 @ self.samples) / total
        return around(mean, math.sqrt(square / max(total - 1, 1)), confidence_level)

    def variance(self, confidence_level: float) -> Estimate:
        """Estimate the variance of the index."""
        counts = self.of_index()
        seen = np.flatnonzero(counts)
        return variance_of(seen.astype(np.float64), counts[seen], self.n, confidence_level)


def proportion(count: int, total: int, confidence_level: float, method: IntervalMethod) -> Estimate:
    """Estimate a probability from a count; the standard error is that of the interval's width, so never 0 for want of events."""
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(confidence_level, method=_SCIPY_METHODS[method])
    return Estimate.of_interval(count / total, float(interval.low), float(interval.high), confidence_level)


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """Multiply an estimate by a number > 0."""
    return Estimate(*(each * factor for each in estimate))


def bound_where_none_was_seen(n_samples: int, confidence_level: float) -> float:
    """Give the probability below which an event stays that no sample showed: 1 - (1 - level)^(1/N), at 95 % about 3/N.

    >>> f"{bound_where_none_was_seen(1_000_000, 0.95):.2g}"
    '3e-06'
    """
    return -math.expm1(math.log1p(-confidence_level) / n_samples)


def fewest_samples(confidence_level: float, method: IntervalMethod) -> int:
    """Give the number of samples from which on an event that none of them showed is told to have a probability below 1/2.

    Wilson's interval ends at z^2 / (N + z^2), that of Clopper and Pearson at 1 - (alpha/2)^(1/N).
    """
    tail = (1 - confidence_level) / 2
    least = NormalDist().inv_cdf(tail) ** 2 if method == "wilson" else -math.log2(tail)
    return math.floor(least) + 1
