"""Conjugate gradients, capped: a regularised Newton step, or a direction in which it turned out that f curves down.

Not here: what is done with either (`newton_cg`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.optimizers.base import Array
from saddlesim.optimizers.lanczos import Product
from saddlesim.optimizers.vectors import dot

Flags = NDArray[np.bool_]

MOST_ITERATIONS = 4  # times d: exact arithmetic needs d, rounding more where H is ill-conditioned


class Direction(NamedTuple):
    """What capped conjugate gradients end with.

    Attributes
    ----------
    vector : (d, B)
        Zero in the lanes that need none.
    curves_down : (B,) of bool
        Whether it is a direction d with d' H d < -epsilon |d|^2, rather than an approximate solution of (H + 2 epsilon I) d = -g.
    n_iterations : (B,) of int
    """

    vector: Array
    curves_down: Flags
    n_iterations: NDArray[np.int64]


def capped_conjugate_gradients(
    product: Product, gradient: Array, damping: float, accuracy: float, wanted: Flags
) -> Direction:
    """Solve (H + 2 epsilon I) d = -g, or find negative curvature: Algorithm 1 of Royer, O'Neill and Wright (2020).

    It ends in a lane as soon as the solution is accurate enough, or an iterate or a search direction curves less than epsilon
    under H + 2 epsilon I, or the residual falls more slowly than it would if nothing did; then a difference of iterates does.

    Parameters
    ----------
    product : callable
        H v of v, both (d, B).
    gradient : (d, B)
        g.
    damping : float, > 0
        epsilon.
    accuracy : float, 0 < zeta < 1
        A solution's residual is at most zeta / (3 kappa) |g|, kappa being the condition number as far as it has been seen.
    wanted : (B,) of bool
        The lanes that need a direction.
    """
    first_length = np.sqrt(dot(gradient, gradient))
    norm = np.zeros_like(first_length)
    running, curves_down = wanted, np.zeros_like(wanted)
    vector, n_iterations = np.zeros_like(gradient), np.zeros(wanted.shape, dtype=np.int64)
    most = MOST_ITERATIONS * len(gradient)
    for j, at in enumerate(_iterates(product, gradient, damping)):
        hy = at.r - gradient
        for image, preimage in ((at.hp, at.p), (hy, at.y), (at.hr, at.r)):
            norm = np.fmax(norm, _ratios(image - 2 * damping * preimage, preimage))
        kappa = norm / damping + 2
        tau = np.sqrt(kappa) / (np.sqrt(kappa) + 1)
        cap = 2 * kappa * kappa / (1 - np.sqrt(tau)) * tau ** (j / 2)  # sqrt(T) tau^(j / 2)
        length = np.sqrt(at.squared)

        y_is_flat = dot(at.y, hy) < damping * dot(at.y, at.y)
        solved = ~y_is_flat & (length <= accuracy / (3 * kappa) * first_length)
        p_is_flat = ~y_is_flat & ~solved & (at.curvature < damping * dot(at.p, at.p))
        slow = ~y_is_flat & ~solved & ~p_is_flat & (length > cap * first_length)
        overflows = ~np.isfinite(at.curvature)
        ends = running & (y_is_flat | solved | p_is_flat | slow | overflows | (j == most))
        found = np.where(p_is_flat, at.p, at.y)
        if (ends & slow).any():
            again = islice(_iterates(product, gradient, damping), j + 1)
            found = np.where(slow, flattest_difference(again, at.y + at.alpha * at.p, at.r + at.alpha * at.hp), found)
        vector = np.where(ends, found, vector)
        curves_down = curves_down | (ends & (y_is_flat | p_is_flat | slow))
        n_iterations = np.where(ends, j, n_iterations)
        running = running & ~ends
        if not running.any():
            break
    return Direction(vector, curves_down, n_iterations)


class Iterate(NamedTuple):
    """One iterate y of conjugate gradients on (H + 2 epsilon I) y = -g, with what the next is made of.

    Attributes
    ----------
    y, r, p : (d, B)
        The iterate, its residual (H + 2 epsilon I) y + g, and the search direction.
    hp, hr : (d, B)
        H + 2 epsilon I times p and r.
    squared, curvature, alpha : (B,)
        |r|^2, p' (H + 2 epsilon I) p, and their ratio: how far along p the next iterate is.
    """

    y: Array
    r: Array
    p: Array
    hp: Array
    hr: Array
    squared: Array
    curvature: Array
    alpha: Array


def flattest_difference(iterates: Iterable[Iterate], y: Array, r: Array) -> Array:
    """Give the difference, (d, B), between y and that iterate from which H + 2 epsilon I curves least; r is y's residual."""
    flattest, least = np.zeros_like(y), np.full(y.shape[1:], np.inf)
    for at in iterates:
        difference = y - at.y
        curvature = _divided(dot(difference, r - at.r), dot(difference, difference))
        flattest = np.where(curvature < least, difference, flattest)
        least = np.fmin(least, curvature)
    return flattest


def _iterates(product: Product, gradient: Array, damping: float) -> Iterator[Iterate]:
    """Go on for ever, in all lanes; a lane that is solved exactly stays where it is."""
    y, r, p = np.zeros_like(gradient), gradient, -gradient
    hp = hr = np.zeros_like(gradient)
    squared = dot(r, r)
    beta = np.zeros_like(squared)
    while True:
        hp, hp_before = product(p) + 2 * damping * p, hp
        hr = beta * hp_before - hp
        curvature = dot(p, hp)
        alpha = _divided(squared, curvature)
        yield Iterate(y, r, p, hp, hr, squared, curvature, alpha)
        y, r = y + alpha * p, r + alpha * hp
        squared, squared_before = dot(r, r), squared
        beta = _divided(squared, squared_before)
        p = beta * p - r


def _divided(a: Array, b: Array) -> Array:
    """Give a / b, and 0 where b is zero."""
    return np.divide(a, b, out=np.zeros_like(b), where=b != 0)


def _ratios(a: Array, b: Array) -> Array:
    """Give |a| / |b|, (B,); 0 where b is zero."""
    return np.sqrt(_divided(dot(a, a), dot(b, b)))
