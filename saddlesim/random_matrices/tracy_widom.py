"""Tracy and Widom's laws of the largest eigenvalue, beta = 1, 2 and 4, by Fredholm determinants.

All three are in the scale of `edge_scaled`: eigenvalues of density prod |l_i - l_j|^beta exp(-beta sum l_i^2 / 4), whose
semicircle has radius 2 sqrt(n). That is the usual scale for beta = 1 and 2. For beta = 4 two others are in use, in which the
variable is larger by 2^(1/6) (mean -2.3069) and by 2^(2/3) (mean -3.2624); here the mean is -2.0552, as it is for the laws of
general beta (Ramirez, Rider, Virag 2011).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from saddlesim.random_matrices.base import Array

N_NODES = 40  # 120 give the same 13 digits
LEFT, RIGHT = -13.0, 15.0  # beyond, all three laws and their complements are below 1e-17
STRETCH = {1: 1.0, 2: 1.0, 4: 2 ** (2 / 3)}


def edge_scaled(eigenvalue: ArrayLike, n: int) -> Array:
    """Give (lambda - 2 sqrt(n)) n^(1/6), in which the largest eigenvalue has a limit law for every beta.

    At finite n the edge is that of n + 1/2 - 1/beta, which moves the mean by (1/2 - 1/beta) n^(-1/3).
    """
    return np.asarray((np.asarray(eigenvalue, dtype=float) - 2 * math.sqrt(n)) * n ** (1 / 6))


def tracy_widom_distribution(s: ArrayLike, beta: int) -> Array:
    """Give the probability that the scaled largest eigenvalue is below s; absolute error below 1e-13.

    With the operator B of kernel Ai(x + y + s) on the half-line: F_1 = det(1 - B), F_2 = det(1 - B) det(1 + B), F_4 the mean of
    the two determinants at 2^(2/3) s. Ferrari and Spohn (2005); Bornemann (2010), On the numerical evaluation of distributions in
    random matrix theory: a Gauss-Legendre rule turns each into the determinant of a matrix, and converges exponentially.

    Parameters
    ----------
    s : array_like
        In the scale of `edge_scaled`.
    beta : int
        1, 2 or 4.

    Raises
    ------
    ValueError
        For another beta.
    """
    minus, plus, _, _ = _determinants(s, beta)
    return np.asarray(np.clip({1: minus, 2: minus * plus, 4: (minus + plus) / 2}[beta], 0, 1))


def tracy_widom_density(s: ArrayLike, beta: int) -> Array:
    """Give the density of the scaled largest eigenvalue at s; absolute error below 1e-12. Parameters as for the distribution."""
    minus, plus, minus_slope, plus_slope = _determinants(s, beta)
    slope = {1: minus_slope, 2: minus_slope * plus + minus * plus_slope, 4: (minus_slope + plus_slope) / 2}[beta]
    return np.asarray(np.maximum(slope * STRETCH[beta], 0))


@cache
def tracy_widom_moments(beta: int) -> tuple[float, float]:
    """Give mean and variance; beta 1, 2 or 4.

    >>> mean, variance = tracy_widom_moments(1)
    >>> print(f"{mean:.9f} {variance:.9f}")
    -1.206533575 1.607781035
    """
    stretch = _stretch(beta)
    nodes, weights = _gauss_legendre(LEFT / stretch, RIGHT / stretch, 2 * N_NODES)
    mass = weights * tracy_widom_density(nodes, beta)
    mean = float(mass @ nodes)
    return mean, float(mass @ (nodes - mean) ** 2)


def _determinants(s: ArrayLike, beta: int) -> tuple[Array, Array, Array, Array]:
    """Give det(1 - B), det(1 + B) and their derivatives, at s in the scale of Ai, from the eigenvalues of B and their slopes."""
    from scipy.special import airy

    stretched = np.clip(np.asarray(s, dtype=float) * _stretch(beta), LEFT, RIGHT)
    flat = stretched.ravel()
    eigenvalues, slopes = np.empty((2, flat.size, N_NODES))
    for i, t in enumerate(flat):
        x, weights = _gauss_legendre(0.0, RIGHT + 1 - t, N_NODES)
        kernel, kernel_slope, _, _ = airy(x[:, None] + x + t) * np.sqrt(weights[:, None] * weights)
        eigenvalues[i], vectors = np.linalg.eigh(kernel)
        slopes[i] = ((kernel_slope @ vectors) * vectors).sum(axis=0)
    minus, minus_slope = _product_and_slope(1 - eigenvalues, -slopes)
    plus, plus_slope = _product_and_slope(1 + eigenvalues, slopes)
    shape = stretched.shape
    return minus.reshape(shape), plus.reshape(shape), minus_slope.reshape(shape), plus_slope.reshape(shape)


def _stretch(beta: int) -> float:
    if beta not in STRETCH:
        raise ValueError(f"beta={beta}: must be 1, 2 or 4, the ensembles whose law is a determinant")
    return STRETCH[beta]


def _product_and_slope(factors: Array, slopes: Array) -> tuple[Array, Array]:
    """Give the products over the last axis and their derivatives, with no division: factors may be next to zero."""
    ones = np.ones_like(factors[:, :1])
    before = np.cumprod(np.hstack([ones, factors[:, :-1]]), axis=1)
    after = np.cumprod(np.hstack([ones, factors[:, :0:-1]]), axis=1)[:, ::-1]
    return factors.prod(axis=1), (slopes * before * after).sum(axis=1)


def _gauss_legendre(low: float, high: float, n_nodes: int) -> tuple[Array, Array]:
    nodes, weights = _unit_rule(n_nodes)
    return low + (high - low) * nodes, (high - low) * weights


@cache
def _unit_rule(n_nodes: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (nodes + 1) / 2, weights / 2
