"""The exact index law of the beta ensemble, any beta > 0, by carrying the law of Sturm's pivots along the tridiagonal matrix.

In the unit sqrt(2 / beta) the pivots are d_1 = a_1, d_i = a_i - s_i / d_(i-1), a_i standard normal about the shift and s_i
standard gamma of shape beta (i - 1) / 2. A step is two: the density of a pivot's size d becomes that of the quotient w = s / d,
then that of a - w. Both kernels are elementary, and on logarithmic grids the trapezoidal rule converges exponentially.

Not here: the laws by Pfaffians and determinants, which know beta = 1, 2, 4 only but any number of digits.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from saddlesim.random_matrices.base import Array

LARGEST_PIVOT_LAW = 100  # rows
LARGEST_CHAIN = 400  # rows, where only P(all positive) is asked for
LARGEST_STIFFNESS = 300.0  # beyond, grids fine enough take more than a hundred megabytes

E_FOLDS = 40.0  # e-folds that a grid spans to either side: exp(-40) is below rounding
STRETCH = 8.0  # e-folds from the centre over which the grid of pivots is logarithmic; beyond, it widens
FAR = 20.0  # where s / d is so large that adding a normal number is a small change
FAR_NODES = 24  # of the Gauss-Hermite rule that makes it


def pivot_index_distribution(n: int, beta: float, shift: float = 0.0) -> Array:
    """Give the probability of each index of the beta ensemble moved by a shift.

    Parameters
    ----------
    n : int
        Rows, 1 to `LARGEST_PIVOT_LAW`.
    beta : float
        Strength of the repulsion, positive: the density is prod |l_i - l_j|^beta exp(-beta sum (l_i - shift)^2 / 4).
    shift : float
        What is added to every eigenvalue.

    Returns
    -------
    ndarray, (n + 1,)
        Probabilities of 0, ..., n negative eigenvalues, each to about 1e-10 of itself, mostly 1e-12; zero below float64's range.

    Raises
    ------
    ValueError
        If n, beta or the shift is out of reach.
    """
    return np.exp(pivot_log_index_distribution(n, beta, shift))


def pivot_log_index_distribution(n: int, beta: float, shift: float = 0.0) -> Array:
    """Give the logarithms of what `pivot_index_distribution` gives, (n + 1,); they do not underflow."""
    if n > LARGEST_PIVOT_LAW:
        raise ValueError(f"n={n}: the law of pivots is for 1 to {LARGEST_PIVOT_LAW} rows")
    grid = pivot_grid(n, beta, shift)
    above, below = _Side(grid, grid.shift), _Side(grid, -grid.shift)
    # row k: k negative pivots so far, the last of them positive or negative; each row has its own scale
    positive, negative = np.zeros((2, n + 1, grid.pivots.size))
    positive[0], negative[1] = normal_density(grid.pivots - grid.shift), normal_density(grid.pivots + grid.shift)
    log_scale = np.full(n + 1, -np.inf)
    log_scale[:2] = 0.0
    for shape in grid.shapes:
        kept_above, turned_below = above.step(positive * grid.pivot_weights, shape)
        kept_below, turned_above = below.step(negative * grid.pivot_weights, shape)
        positive = kept_above + turned_above
        negative = np.roll(turned_below + kept_below, 1, axis=0)
        positive, negative, log_scale = _rescaled(positive, negative, log_scale, grid.pivot_weights)
    with np.errstate(divide="ignore"):
        logarithms: Array = log_scale + np.log((positive + negative) @ grid.pivot_weights)
    return logarithms


def pivot_log_probability_positive(n: int, beta: float, shift: float = 0.0) -> float:
    """Give the logarithm of the probability that all eigenvalues are positive, to about 1e-12; parameters as above."""
    return positive_futures(n, beta, shift).log_probability


def within_reach(n: int, beta: float, shift: float = 0.0, largest: int = LARGEST_PIVOT_LAW) -> bool:
    """Tell whether laws of pivots reach that far; `largest` is `LARGEST_CHAIN` where only P(all positive) is asked for."""
    return 1 <= n <= largest and beta > 0 and _stiffness(n, beta, shift) <= LARGEST_STIFFNESS


class PivotGrid(NamedTuple):
    """Nodes and weights for the size of a pivot and for the quotient that it leaves to the next, with what the chain consists of.

    Attributes
    ----------
    shift : float
        Mean of the diagonal, in the unit sqrt(2 / beta), as everything here.
    shapes : ndarray, (n - 1,)
        Of the gamma numbers that couple each row to the next.
    spacing : float
        Of the grids, in logarithms.
    pivots, pivot_weights : ndarray, (N,)
        d > 0.
    quotients, quotient_weights : ndarray, (M,)
        w > 0, logarithmic near zero and even beyond.
    """

    shift: float
    shapes: Array
    spacing: float
    pivots: Array
    pivot_weights: Array
    quotients: Array
    quotient_weights: Array


def pivot_grid(n: int, beta: float, shift: float = 0.0) -> PivotGrid:
    """Lay the grid; the stiffer the chain, the finer.

    Raises
    ------
    ValueError
        If n, beta or the shift is out of reach.
    """
    if not 1 <= n <= LARGEST_CHAIN:
        raise ValueError(f"n={n}: chains of pivots are for 1 to {LARGEST_CHAIN} rows")
    if not beta > 0:
        raise ValueError(f"beta={beta}: must be positive")
    scaled, stiffness = shift * math.sqrt(beta / 2), _stiffness(n, beta, shift)
    if not stiffness <= LARGEST_STIFFNESS:
        raise ValueError(
            f"n={n}, beta={beta}, shift={shift}: beta (n - 1 + shift^2) / 2 = {stiffness:.4g} must be at most"
            f" {LARGEST_STIFFNESS:g} for the law of pivots; choose smaller ones"
        )
    # |Gamma(k + 2 pi i / h) / Gamma(k)|, the error of the rule of spacing h for a gamma density of shape k, is below exp(-57)
    spacing = 2 * math.pi / (36 + math.sqrt(80 * stiffness))
    end = math.asinh(E_FOLDS / STRETCH)
    x = np.arange(-end, end, spacing / STRETCH)
    pivots = math.sqrt(1 + stiffness) * np.exp(STRETCH * np.sinh(x))
    y = np.arange(-E_FOLDS, FAR + 2 * abs(scaled) + 10, spacing)
    quotients = np.logaddexp(0, y)
    return PivotGrid(
        shift=scaled,
        shapes=beta * np.arange(1, n) / 2,
        spacing=spacing,
        pivots=pivots,
        pivot_weights=pivots * np.cosh(x) * spacing,
        quotients=quotients,
        quotient_weights=-np.expm1(-quotients) * spacing,
    )


class PositiveFutures(NamedTuple):
    """The probability that all later pivots are positive, given one or given the quotient it leaves: Doob's functions.

    Attributes
    ----------
    grid : PivotGrid
        Where they are known.
    after_pivot : ndarray, (n, N)
        Logarithms given d_1, ..., d_n; -inf below the range of float64.
    after_quotient : ndarray, (n - 1, M)
        Logarithms given the quotient after d_1, ..., d_(n-1).
    log_probability : float
        That all pivots are positive.
    """

    grid: PivotGrid
    after_pivot: Array
    after_quotient: Array
    log_probability: float


@functools.lru_cache(maxsize=8)
def positive_futures(n: int, beta: float, shift: float = 0.0) -> PositiveFutures:
    """Carry the probability that all is positive back from the last pivot; parameters and errors as for `pivot_grid`.

    All blocks of a run share them: do not write into them.
    """
    grid = pivot_grid(n, beta, shift)
    after_pivot, after_quotient = np.zeros((n, grid.pivots.size)), np.empty((n - 1, grid.quotients.size))
    to_pivot = normal_density(grid.pivots + grid.quotients[:, None] - grid.shift) * grid.pivot_weights
    log_scale = 0.0
    with np.errstate(divide="ignore"):
        for i, shape in zip(range(n - 2, -1, -1), grid.shapes[::-1], strict=True):
            future = to_pivot @ np.exp(after_pivot[i + 1] - log_scale)
            after_quotient[i] = log_scale + np.log(future)
            quotient_law = quotient_density(grid.quotients[:, None], grid.pivots, shape) * _atom(grid, shape)[:, None]
            after_pivot[i] = log_scale + np.log((grid.quotient_weights * future) @ quotient_law)
            log_scale = after_pivot[i].max()
    first = normal_density(grid.pivots - grid.shift) * grid.pivot_weights
    total = float(first @ np.exp(after_pivot[0] - log_scale))
    after_pivot.flags.writeable = after_quotient.flags.writeable = False
    return PositiveFutures(grid, after_pivot, after_quotient, float(log_scale) + math.log(total))


def normal_density(x: Array) -> Array:
    """Give the standard normal density."""
    return np.asarray(np.exp(-x * x / 2) / math.sqrt(2 * math.pi))


def quotient_density(w: Array, d: Array, shape: float) -> Array:
    """Give the density at w of s / d, s of the standard gamma law of this shape; broadcasts."""
    log_s = np.log(w) + np.log(d)
    return np.asarray(np.exp(shape * log_s - np.exp(log_s) - math.lgamma(shape)) / w)


def _stiffness(n: int, beta: float, shift: float) -> float:
    """Give the largest shape and the square of the shift: a logarithm of a pivot is known to one over its root."""
    return beta * (n - 1 + shift * shift) / 2


class _Side:
    """What follows pivots of one sign, by their sizes; for negative ones everything is mirrored, the shift too."""

    def __init__(self, grid: PivotGrid, shift: float) -> None:
        near = grid.pivots <= FAR + abs(shift)
        far = grid.pivots[~near]
        rule, far_weights = np.polynomial.hermite_e.hermegauss(FAR_NODES)
        self.grid = grid
        self.same = normal_density(grid.pivots[:, None] + grid.quotients - shift) * grid.quotient_weights
        self.other = normal_density(grid.quotients - grid.pivots[near, None] - shift) * grid.quotient_weights
        self.far_quotients = (
            far[:, None] + shift + rule
        ).ravel()  # w = a + d', d' the size of the next pivot, a = shift + rule
        self.far_weights = far_weights / far_weights.sum()

    def step(self, masses: Array, shape: float) -> tuple[Array, Array]:
        """Give the densities of the next pivot's size, for the same sign and for the other, (K, N) each, from masses (K, N)."""
        grid = self.grid
        law = masses @ quotient_density(grid.quotients, grid.pivots[:, None], shape) * _atom(grid, shape)
        far_law = masses @ quotient_density(self.far_quotients, grid.pivots[:, None], shape)
        far = far_law.reshape(len(masses), -1, FAR_NODES) @ self.far_weights
        return law @ self.same.T, np.concatenate([law @ self.other.T, far], axis=1)


def _atom(grid: PivotGrid, shape: float) -> Array:
    """Give the factors of the quotients' weights that add, to the first, the geometric series of all that lie below the grid."""
    factors = np.ones_like(grid.quotients)
    factors[0] /= -math.expm1(-shape * grid.spacing)
    return factors


def _rescaled(positive: Array, negative: Array, log_scale: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Bring both laws of a row to a common scale: `positive` comes from the same row, `negative` from the one before."""
    before = np.concatenate([[-np.inf], log_scale[:-1]])
    with np.errstate(divide="ignore"):
        masses = np.log(positive @ weights) + log_scale, np.log(negative @ weights) + before
    common = np.maximum(*masses)
    reached = np.isfinite(common)
    common[~reached] = 0.0
    factors = [np.where(reached, np.exp(scale - common), 0.0)[:, None] for scale in (log_scale, before)]
    return positive * factors[0], negative * factors[1], np.where(reached, common, -np.inf)
