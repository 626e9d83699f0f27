"""Curves: what is exact of a landscape, the density in the level of its critical points of every index, and what follows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.experiments.levels.law import BEYOND, index_law
from saddlesim.random_matrices.densities import semicircle_distribution

if TYPE_CHECKING:
    from saddlesim.experiments.levels.landscapes import Landscape

Array = NDArray[np.float64]

REACH = 1.5  # thresholds: how far up and down levels are shown
LARGEST_EXACT = 100  # dimensions: some seconds

N_PANELS = 30  # at least, between -REACH and REACH
N_NODES = 12  # of a panel
N_TAIL_NODES = 24


class Curves(NamedTuple):
    """Densities of critical points at nodes, with weights that integrate them; levels in thresholds.

    Attributes
    ----------
    level, weight : (X,) of float
    density : (n + 1, X) of float
        By index; all of them together integrate to 1.
    exact_number : float
        The mean number of critical points.
    """

    level: Array
    weight: Array
    density: Array
    exact_number: float

    @classmethod
    def of(cls, landscape: Landscape, n_levels: int) -> Self:
        """Compute them. f and -f have the same law, so that half of the levels suffice."""
        edge = landscape.threshold / landscape.unit
        level, weight = _nodes(n_levels, (2 * math.sqrt(landscape.n + 1) + BEYOND) / edge)
        n_half = (len(level) + 1) // 2
        g = edge * level[:n_half]
        half, determinant = index_law(landscape.n, g)
        eigenvalues = half * (determinant * np.exp(-g * g / 4))
        eigenvalues = np.hstack([eigenvalues, eigenvalues[::-1, : len(level) - n_half][:, ::-1]])
        tilted = eigenvalues * np.exp(-landscape.tilt * (edge * level) ** 2)
        whole, part = (float((each * weight).sum()) for each in (eigenvalues, tilted))
        number = math.exp(landscape.log_factor) * (landscape.n + 1) * part / whole
        return cls(level, weight, tilted / part, number)

    def between(self, low: ArrayLike, high: ArrayLike) -> Array:
        """Give the probabilities of each index together with a level between ends at which panels end, (n + 1, ...)."""
        low, high = np.asarray(low)[..., None], np.asarray(high)[..., None]
        inside = (low < self.level) & (self.level < high)
        return np.asarray(np.einsum("kx,...x->k...", self.density, inside * self.weight))

    def moments(self) -> tuple[Array, Array, Array]:
        """Give the probability of each index, and the mean and the standard deviation of its level in thresholds, (n + 1,).

        Relative errors are below 1e-6 up to n = 50, and 1e-3 at n = 100 for the rarest index: `law.LEAST` is what limits them.
        """
        mass = self.density * self.weight
        fraction = mass.sum(axis=1)
        mean = mass @ self.level / fraction
        variance = (mass * (self.level - mean[:, None]) ** 2).sum(axis=1) / fraction
        return fraction, mean, np.sqrt(variance)


def index_fraction(probability: Array) -> Array:
    """Give the mean of k / n under probabilities, (n + 1, ...), that need not sum to 1; nan where there are none."""
    n = len(probability) - 1
    return share(np.tensordot(np.arange(n + 1) / n, probability, 1), probability.sum(axis=0))


def share(part: Array, whole: Array) -> Array:
    """Divide; nan where there is nothing to divide by."""
    divided: Array = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return divided


def limit_index_fraction(level: ArrayLike) -> Array:
    """Give the index fraction at a level, in thresholds, as n grows: the part of a semicircle that is below (Bray, Dean 2007)."""
    return semicircle_distribution(level, 1.0)


def level_edges(n_levels: int) -> Array:
    """Give the ends of the bins, in thresholds, (n_levels + 1,)."""
    return np.linspace(-REACH, REACH, n_levels + 1)


def _nodes(n_levels: int, end: float) -> tuple[Array, Array]:
    """Give nodes and weights from -end to end; panels end at the ends of bins, at the thresholds, and are symmetric about 0."""
    inner = n_levels * math.ceil(N_PANELS / n_levels)
    edges = np.union1d(level_edges(inner), [-1.0, 1.0])
    edges = np.concatenate([edges[:1], edges[1:][np.diff(edges) > 1e-9]])
    counts = [N_NODES] * (len(edges) - 1)
    if end > REACH:
        edges, counts = np.concatenate([[-end], edges, [end]]), [N_TAIL_NODES, *counts, N_TAIL_NODES]
    rules = [np.polynomial.legendre.leggauss(count) for count in counts]
    half_width, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    level = np.concatenate([m + h * nodes for m, h, (nodes, _) in zip(middle, half_width, rules, strict=True)])
    weight = np.concatenate([h * weights for h, (_, weights) in zip(half_width, rules, strict=True)])
    return level, weight
