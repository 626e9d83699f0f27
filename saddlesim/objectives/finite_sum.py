"""Finite sums: objectives that are the mean of terms, and how often each term counts where only some are asked for."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.objectives.base import Array, LibraryObjective
from saddlesim.problems import shown

Terms = NDArray[np.intp]  # numbers of terms, (m,) for all lanes or (m, ...) for each its own; they may repeat


class FiniteSum(LibraryObjective):
    """Base of f = 1/n sum_k f_k, whose `value` and `gradient` take ``terms``, the numbers of those to be the mean over.

    So the mean over all terms of gradient(x, [k]) is gradient(x). These objectives are small: a few terms cost as much as all,
    as what each term contributes is computed and then weighted.
    """

    @property
    @abstractmethod
    def n_terms(self) -> int:
        """How many terms f is the mean of."""

    @abstractmethod
    def value(self, x: Array, terms: Terms | None = None) -> Array:
        """Give f(x), or the mean of the given terms: (d, ...) -> (...)."""

    @abstractmethod
    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        """Give the gradient of that: (d, ...) -> (d, ...)."""

    def weights(self, x: Array, terms: Terms | None) -> Array:
        """Give how often each term is asked for, over how often it is on average, (n, ...), to be broadcast against x."""
        lanes = (1,) * (x.ndim - 1)
        if terms is None:
            return np.ones((self.n_terms, *lanes))
        terms = self.checked_terms(terms)
        lanes = terms.shape[1:] or lanes
        n_lanes = int(np.prod(lanes))
        place = terms.reshape(len(terms), -1) * n_lanes + np.arange(n_lanes)
        counts = np.bincount(place.ravel(), minlength=self.n_terms * n_lanes)
        return np.asarray(counts.reshape(self.n_terms, *lanes) * (self.n_terms / len(terms)))

    def checked_terms(self, terms: ArrayLike) -> Terms:
        """Give the numbers of terms as an array, (m, ...), m >= 1.

        Raises
        ------
        ValueError
            If there is none, or one that is no term's.
        """
        numbers = np.asarray(terms)
        if numbers.ndim == 0 or not len(numbers):
            raise ValueError(f"terms={shown(terms)}: must be the numbers of one term or more")
        wrong = numbers[(numbers < 0) | (numbers >= self.n_terms)] if numbers.dtype.kind in "iu" else numbers
        if wrong.size:
            raise ValueError(f"terms: {wrong.ravel()[0]} is none of the {self.n_terms} terms, 0 to {self.n_terms - 1}")
        return numbers
