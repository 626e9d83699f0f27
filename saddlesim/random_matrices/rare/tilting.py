"""Importance sampling of tridiagonal matrices all of whose pivots are positive, by Doob's transform.

The chain of `pivots` is d_1 -> w_1 -> d_2 -> ..., w the quotient that a pivot leaves. Conditioned to stay positive it is again a
chain, its kernels multiplied by the probability that all later pivots are positive. What is drawn has, in log d or log w, the
density that is log-linear between knots where it is that of the conditioned chain. Its tails are exponential, no lighter than
those of the chain, so that weights are bounded; they are computed from the densities themselves, so that the estimate is unbiased
whatever the error of the tabulated probabilities. Not here: where these come from (`saddlesim.random_matrices.pivots`).
"""

from __future__ import annotations

import math
from functools import singledispatch
from typing import NamedTuple

import numpy as np

from saddlesim.random_matrices.base import Array, parts_of
from saddlesim.random_matrices.gaussian import GOE, GSE, GUE, ShiftedGOE
from saddlesim.random_matrices.pivots import PositiveFutures, positive_futures
from saddlesim.random_matrices.tridiagonal import BetaEnsemble, tridiagonal_spectra

LOWEST_KNOT = 0.01  # below it the densities are powers of d and w
LEAST_FALL = 0.25  # of the upper tail, per e-fold


class BetaForm(NamedTuple):
    """A law that has the tridiagonal form of `pivots`: density prod |l_i - l_j|^beta exp(-beta sum (l_i - shift)^2 / 4)."""

    n: int
    beta: float
    shift: float


@singledispatch
def beta_form(ensemble: object) -> BetaForm | None:
    """Give the tridiagonal form of an ensemble's spectrum; None where it has none. Other ensembles register theirs."""
    return None


@beta_form.register
def _(ensemble: GOE | GUE | GSE | BetaEnsemble) -> BetaForm:
    return BetaForm(ensemble.n, ensemble.dyson_index, 0.0)


@beta_form.register
def _(ensemble: ShiftedGOE) -> BetaForm:
    return BetaForm(ensemble.n, 1.0, ensemble.shift)


class PositiveChains(NamedTuple):
    """Draws of the chain, all pivots positive, in the unit sqrt(2 / beta).

    Attributes
    ----------
    pivots : ndarray, (B, n)
        d.
    quotients : ndarray, (B, n - 1)
        w.
    log_weights : ndarray, (B,)
        Logarithms of density over density drawn from: their exponentials have the mean P(all positive).
    """

    pivots: Array
    quotients: Array
    log_weights: Array

    def spectra(self) -> Array:
        """Give the eigenvalues of the tridiagonal matrices, ascending, (B, n)."""
        diagonals = self.pivots.copy()
        diagonals[:, 1:] += self.quotients
        squared = np.zeros_like(self.pivots)
        squared[:, 1:] = self.pivots[:, :-1] * self.quotients
        return tridiagonal_spectra([*zip(diagonals.T, squared.T, strict=True)])


def weights_of(form: BetaForm, n_samples: int, rng: np.random.Generator) -> Array:
    """Draw chains and keep their log weights, (B,)."""
    tilt = _Tilt(positive_futures(*form))
    return np.concatenate([np.empty(0), *(tilt.draw(b, rng).log_weights for b in tilt.parts(n_samples))])


def spectra_of(form: BetaForm, n_samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw spectra given that all are positive, (B, n), with log weights, (B,)."""
    tilt, unit = _Tilt(positive_futures(*form)), math.sqrt(2 / form.beta)
    spectra, log_weights = [np.empty((0, form.n))], [np.empty(0)]
    for b in tilt.parts(n_samples):
        chains = tilt.draw(b, rng)
        spectra.append(unit * chains.spectra())
        log_weights.append(chains.log_weights)
    return np.concatenate(spectra), np.concatenate(log_weights)


class _Tilt:
    """The conditioned chain, tabulated at knots."""

    def __init__(self, futures: PositiveFutures) -> None:
        grid = futures.grid
        highest = 10 + 2 * math.sqrt(1 + (grid.shapes.max() if grid.shapes.size else 0.0)) + abs(grid.shift)
        used = (grid.pivots >= LOWEST_KNOT) & (grid.pivots <= highest)
        log_pivots, log_quotients = np.log(grid.pivots), np.log(grid.quotients)
        given_quotient = np.array([np.interp(log_pivots, log_quotients, row) for row in futures.after_quotient])
        tables = np.concatenate([futures.after_pivot, given_quotient.reshape(-1, log_pivots.size)])
        used &= np.isfinite(tables).all(axis=0)
        self.shift, self.shapes = grid.shift, grid.shapes
        self.knots = log_pivots[used]
        self.after_pivot, self.after_quotient = np.split(tables[:, used], [len(futures.after_pivot)])
        self.pivot_powers = 1 + np.append(grid.shapes, 0.0)

    def parts(self, n_samples: int) -> list[int]:
        return [*parts_of(n_samples, self.knots.size)]

    def draw(self, n_samples: int, rng: np.random.Generator) -> PositiveChains:
        n = len(self.after_pivot)
        pivots, quotients = np.empty((n_samples, n)), np.empty((n_samples, n - 1))
        log_weights, quotient = np.zeros(n_samples), np.zeros(n_samples)
        for i in range(n):
            log_law = self._log_pivot_law(self.knots, quotient[:, None]) + self.after_pivot[i]
            log_pivot, log_drawn = _log_linear_draw(self.knots, log_law, self.pivot_powers[i], rng)
            log_weights += self._log_pivot_law(log_pivot, quotient) - log_drawn
            pivots[:, i] = np.exp(log_pivot)
            if i < n - 1:
                shape = self.shapes[i]
                log_law = _log_quotient_law(self.knots + log_pivot[:, None], shape) + self.after_quotient[i]
                log_quotient, log_drawn = _log_linear_draw(self.knots, log_law, shape, rng)
                log_weights += _log_quotient_law(log_quotient + log_pivot, shape) - log_drawn
                quotients[:, i] = quotient = np.exp(log_quotient)
        return PositiveChains(pivots, quotients, log_weights)

    def _log_pivot_law(self, log_pivot: Array, quotient: Array) -> Array:
        """Give the log density of log d, d = a - w."""
        deviation = np.exp(log_pivot) + quotient - self.shift
        return np.asarray(log_pivot - deviation * deviation / 2 - math.log(2 * math.pi) / 2)


def _log_quotient_law(log_coupling: Array, shape: float) -> Array:
    """Give the log density of log w for s = w d standard gamma."""
    return np.asarray(shape * log_coupling - np.exp(log_coupling) - math.lgamma(shape))


def _log_linear_draw(knots: Array, log_law: Array, power: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw, for each row, from the density whose logarithm is linear between the knots and beyond them.

    Parameters
    ----------
    knots : ndarray, (K,)
        Ascending.
    log_law : ndarray, (B, K)
        Logarithms at the knots, up to a constant for each row.
    power : float
        Slope of the lower tail.

    Returns
    -------
    (ndarray, (B,), ndarray, (B,))
        What is drawn, and the logarithm of the normalised density there.
    """
    widths = np.diff(knots)
    log_law = log_law - log_law.max(axis=1, keepdims=True)
    heights, rises = np.exp(log_law), np.diff(log_law, axis=1)
    flat = np.abs(rises) < 1e-9
    masses = np.empty((len(log_law), knots.size + 1))
    masses[:, 1:-1] = np.where(flat, heights[:, 1:], np.diff(heights, axis=1) / np.where(flat, 1.0, rises)) * widths
    last_slope = np.minimum(rises[:, -1] / widths[-1], -LEAST_FALL)
    masses[:, 0], masses[:, -1] = heights[:, 0] / power, -heights[:, -1] / last_slope
    cumulated = masses.cumsum(axis=1)
    total = cumulated[:, -1]
    piece = (cumulated < (rng.random(len(log_law)) * total)[:, None]).sum(axis=1)

    rows = np.arange(len(log_law))
    anchor = np.maximum(piece - 1, 0)  # the knot where a piece begins, or the first tail ends
    inner = np.clip(piece - 1, 0, knots.size - 2)
    slope = np.where(piece == 0, power, np.where(piece == knots.size, last_slope, rises[rows, inner] / widths[inner]))
    u = 1 - rng.random(len(log_law))  # never zero, whose logarithm a tail takes
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        tail = np.log(u) / slope  # of either sign
        within = np.where(flat[rows, inner], u * widths[inner], np.log1p(u * np.expm1(slope * widths[inner])) / slope)
    offset = np.where((piece == 0) | (piece == knots.size), tail, within)
    return knots[anchor] + offset, log_law[rows, anchor] + slope * offset - np.log(total)
