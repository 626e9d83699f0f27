"""Kostlan form: a random homogeneous polynomial whose law no rotation changes. Spin glasses are made of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from saddlesim.objectives.base import Array

LONGEST_TEXT = 8000  # characters


class KostlanForm:
    """A homogeneous polynomial F of n variables whose law no rotation changes: its covariance is scale^2 (x . y)^degree.

    `curvature`, (n, n, L), holds the second derivatives on the L monomials of degree - 2; by Euler's theorem the gradient
    follows, and F = x . gradient / degree. The coefficient of x^a has variance scale^2 degree! / (a_1! ... a_n!).
    """

    def __init__(self, n: int, degree: int, seed: int, scale: float = 1.0) -> None:
        self.degree, self.monomials, self.lower = degree, _monomials(n, degree), _monomials(n, degree - 2)
        orders, place_values = _orders(self.monomials), n ** np.arange(degree)[::-1]
        self.coefficients = scale * np.sqrt(orders) * np.random.default_rng(seed).standard_normal(len(orders))
        joined = np.sort(np.broadcast_arrays(np.arange(n)[:, None, None], np.arange(n)[:, None], *self.lower.T), axis=0)
        place = np.searchsorted(self.monomials @ place_values, np.tensordot(place_values, joined, 1))
        self.curvature = degree * (degree - 1) * (self.coefficients / orders)[place] * _orders(self.lower)

    def gradient(self, y: Array) -> Array:
        return self.product(y, y) / (self.degree - 1)

    def hessian(self, y: Array) -> Array:
        return np.asarray(np.einsum("ijm,m...->ij...", self.curvature, self._lower_at(y)))

    def product(self, y: Array, v: Array) -> Array:
        return np.asarray(np.einsum("ijm,m...,j...->i...", self.curvature, self._lower_at(y), v))

    def _lower_at(self, y: Array) -> Array:
        return np.asarray(math.prod((y[i] for i in self.lower.T), start=np.ones((len(self.lower), *y.shape[1:]))))

    def text(self, names: Sequence[str]) -> str | None:
        if len(self.monomials) > LONGEST_TEXT // 20:  # a term has some twenty characters
            return None
        rows = zip(self.coefficients.tolist(), self.monomials.tolist(), strict=True)
        return " + ".join("*".join([repr(c), *(names[i] for i in row if names[i] != "1")]) for c, row in rows)


def _monomials(n: int, degree: int) -> Array:
    """List the monomials of n variables, each as the ascending indices of its variables, in lexical order, as (L, degree)."""
    flat = itertools.chain.from_iterable(itertools.combinations_with_replacement(range(n), degree))
    return np.fromiter(flat, dtype=np.int64).reshape(math.comb(n + degree - 1, degree), degree)


def _orders(monomials: Array) -> Array:
    """Count in how many orders the indices of each row can stand: the multinomial coefficient, (L,)."""
    repeats = np.tril(monomials[:, :, None] == monomials[:, None, :]).sum(axis=2, dtype=np.float64)
    return np.asarray(np.rint(math.factorial(monomials.shape[1]) / repeats.prod(axis=1)))
