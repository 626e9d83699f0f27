"""Goodness of fit: Pearson's chi-square of counts against probabilities, what is rare pooled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST_EXPECTED = 5.0  # samples in a bin, by the usual rule; below, the statistic is no chi-square
SMALLEST, LARGEST = 1e-300, 1 - 1e-16  # p-values whose normal quantile is finite


class Goodness(NamedTuple):
    """A chi-square statistic and its degrees of freedom."""

    chi_square: float
    degrees_of_freedom: int

    @classmethod
    def of(cls, counts: ArrayLike, probabilities: ArrayLike) -> Self | None:
        """Compare counts, (K,), with the law they are said to follow, (K,); None if no two bins can be expected to be filled.

        What the law calls impossible and yet was counted makes the statistic infinite.
        """
        counts, probabilities = np.asarray(counts), np.asarray(probabilities)
        if counts[probabilities == 0].any():
            return cls(np.inf, 1)
        expected = counts.sum() * probabilities
        starts = _pooled(expected)
        if len(starts) < 2:
            return None
        seen, said = np.add.reduceat(counts, starts), np.add.reduceat(expected, starts)
        return cls(float(((seen - said) ** 2 / said).sum()), len(starts) - 1)

    @classmethod
    def together(cls, parts: Iterable[Self | None]) -> Self | None:
        """Add up independent ones."""
        known = [each for each in parts if each]
        return cls(sum(each[0] for each in known), sum(each[1] for each in known)) if known else None

    @property
    def p(self) -> float:
        """The probability of a larger statistic if the law holds."""
        from scipy.stats import chi2

        return float(chi2.sf(*self))

    @property
    def z(self) -> float:
        """The normal quantile of p: large where the law does not hold, negative where the fit is better than the median one."""
        from scipy.stats import norm

        return float(norm.isf(min(max(self.p, SMALLEST), LARGEST)))

    def figures(self) -> dict[str, float]:
        """Give the entries of a summary."""
        return dict(zip(GOODNESS_FIGURES, (self.chi_square, self.degrees_of_freedom, self.p, self.z), strict=True))


GOODNESS_FIGURES = ("chi_square", "degrees_of_freedom", "chi_square_p", "chi_square_z")


def _pooled(expected: NDArray[np.float64]) -> list[int]:
    """Give where bins start that are each expected to hold `FEWEST_EXPECTED` or more, from the left as narrow as can be."""
    starts, first, held = [], 0, 0.0
    for place, each in enumerate(expected):
        held += each
        if held >= FEWEST_EXPECTED:
            starts.append(first)
            first, held = place + 1, 0.0
    return starts  # what is left over on the right is in the last bin
