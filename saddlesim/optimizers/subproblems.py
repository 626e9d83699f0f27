"""Subproblems: the global minimisers of quadratic models made safe, by a cubic term or in a ball, for many lanes at once.

Everything is told in the eigenbasis of the Hessian, so that what is left is one equation in one unknown, the secular equation.

Not here: the methods that step to these minimisers (`regularised`), and the eigenbasis (`second_order`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.optimizers.base import Array

MOST_ITERATIONS = 60
ACCURACY = 1e-14  # of |s|, relative
ASYMPTOTIC = 0.25  # Newton's steps are taken where they change the distance from the pole by at most this fraction


def cubic_step(eigenvalues: Array, components: Array, lipschitz: ArrayLike) -> Array:
    """Give the global minimiser of g's + s'Hs / 2 + (M / 6) |s|^3, its components (..., d) in the eigenbasis of H.

    It is the s with (H + mu I) s = -g, mu = M |s| / 2 and H + mu I positive semidefinite (Nesterov, Polyak 2006). In the hard
    case, where g has no part in the lowest eigenspace and the s without one is too short, the first eigenvector, as it is, makes
    up the length. These conditions hold to a relative 1e-13 or so.

    Parameters
    ----------
    eigenvalues : (..., d)
        Of H, ascending. Where one is not finite the step is nan.
    components : (..., d)
        Of g.
    lipschitz : (...)
        M > 0.

    Examples
    --------
    >>> float(cubic_step(np.array([-1.0]), np.array([0.0]), 0.5)[0])  # at an exact saddle |s| = 2 gamma / M
    4.0
    """
    growth = 2 / np.asarray(lipschitz, dtype=np.float64)[..., None]
    return _step(eigenvalues, components, growth * _shift(eigenvalues), growth)


def trust_region_step(eigenvalues: Array, components: Array, radius: ArrayLike) -> Array:
    """Give the global minimiser of g's + s'Hs / 2 over |s| <= radius, its components (..., d) in the eigenbasis of H.

    It is the s with (H + mu I) s = -g, mu >= 0, mu (radius - |s|) = 0 and H + mu I positive semidefinite (More, Sorensen 1983).
    The hard case is dealt with as in `cubic_step`; along a zero eigenvalue without gradient s does not move.

    Parameters
    ----------
    eigenvalues : (..., d)
        Of H, ascending. Where one is not finite the step is nan.
    components : (..., d)
        Of g.
    radius : (...)
        Positive.

    Examples
    --------
    >>> trust_region_step(np.array([1.0, 2.0]), np.array([0.5, 0.5]), 1.0).tolist()  # Newton's step is inside
    [-0.5, -0.25]
    """
    return _step(eigenvalues, components, np.asarray(radius, dtype=np.float64)[..., None], np.zeros(1))


def _shift(eigenvalues: Array) -> Array:
    """Give the least mu >= 0 that makes H + mu I positive semidefinite, (..., 1)."""
    return np.maximum(0.0, -eigenvalues[..., :1])


def _step(eigenvalues: Array, components: Array, length: Array, growth: Array) -> Array:
    """Give the s of least excess nu = mu - shift >= 0 whose length is at most length + growth nu, and just that if mu > 0."""
    finite = np.isfinite(eigenvalues).all(axis=-1, keepdims=True) & np.isfinite(components).all(axis=-1, keepdims=True)
    eigenvalues, components = np.where(finite, eigenvalues, 1.0), np.where(finite, components, 0.0)
    length = np.where(finite, length, 1.0)
    shift = _shift(eigenvalues)
    sizes = np.abs(components)
    sizes = np.where(sizes > np.finfo(np.float64).tiny * (1 + length), sizes, 0.0)  # below, nu itself would underflow
    gaps = np.where(sizes > 0, eigenvalues + shift, 1.0)  # a component that is not there has no pole
    with np.errstate(all="ignore"):
        complete = _norm(sizes / gaps) <= length
        excess = np.where(complete, 0.0, _excess(gaps, sizes, length, growth, complete))
        steps = -np.copysign(sizes / (gaps + excess), components)
        norm = _norm(steps)
        missing = np.sqrt(np.maximum((length - norm) * (length + norm), 0.0))
    hard = complete & (shift > 0)
    downhill = np.where(components[..., :1] > 0, -1.0, 1.0)
    steps[..., :1] = np.where(hard, downhill * missing, steps[..., :1])
    return np.where(finite, steps, np.nan)


def _excess(gaps: Array, sizes: Array, length: Array, growth: Array, done: NDArray[np.bool_]) -> Array:
    """Solve |s(nu)| = length + growth nu, |s(nu)| the norm of sizes / (gaps + nu), for nu > 0 in the lanes not done, (..., 1).

    Newton's method on 1 / |s| - 1 / (length + growth nu), which is increasing and concave. Where it is far from its root the
    bracket is bisected instead, in the logarithm of the distance from the nearest pole.
    """
    pole = np.min(gaps, axis=-1, keepdims=True, initial=np.inf, where=sizes > 0)
    low: Array = np.max(_crossing(gaps, sizes, length, growth), axis=-1, keepdims=True)
    high = _crossing(pole, _norm(sizes), length, growth)
    nu = low
    for _ in range(MOST_ITERATIONS):
        pulls = sizes / (gaps + nu)
        norm = _norm(pulls)
        allowed = length + growth * nu
        ratio = norm / allowed
        low, high = np.where(ratio > 1, nu, low), np.where(ratio < 1, nu, high)
        done = done | (np.abs(ratio - 1) <= ACCURACY) | ~(low < high)
        if done.all():
            break
        slope = ((pulls / norm) ** 2 / (gaps + nu)).sum(axis=-1, keepdims=True) + ratio * growth / allowed
        newton = nu + (ratio - 1) / slope
        near = np.abs(newton - nu) <= ASYMPTOTIC * (pole + nu)
        middle = np.sqrt(pole + low) * np.sqrt(pole + high) - pole
        nu = np.where(done, nu, np.clip(np.where(near, newton, middle), low, high))
    return nu


def _crossing(gap: Array, size: Array, length: Array, growth: Array) -> Array:
    """Solve size / (gap + nu) = length + growth nu for nu >= 0; 0 where that is too much to ask."""
    over = np.maximum(size - gap * length, 0.0)
    root = length + gap * growth + np.hypot(length - gap * growth, 2 * np.sqrt(growth) * np.sqrt(size))
    return np.where(over > 0, 2 * over / root, 0.0)


def _norm(vectors: Array) -> Array:
    """Give the Euclidean norms along the last axis, which stays, without overflow on the way."""
    largest = np.max(np.abs(vectors), axis=-1, keepdims=True)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    return np.asarray(scale * np.sqrt(((vectors / scale) ** 2).sum(axis=-1, keepdims=True)))
