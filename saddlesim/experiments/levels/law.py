"""Law: the exact index of the matrix that an isotropic Gaussian landscape has for its Hessian at a critical point of given level.

It is the law of the number of the eigenvalue of GOE(n + 1) that lies at x. `random_matrices.exact.eigenvalue_densities` has that
certified, one level at a time; here hundreds of levels take as long, in float64. Not here: which landscape has which level and
which weight (landscapes.py).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

LEAST = 1e-12  # probability that rounding leaves some digits of
BEYOND = 9.0  # the edge of the semicircle: exp(-t^2 / 4) is nothing from there on


def index_law(n: int, levels: ArrayLike) -> tuple[Array, Array]:
    """Give the law of the index of ``GOE(n) - x`` under the weight ``|det(GOE(n) - x)|``, and the mean of that weight.

    That is the law at the critical points of level x. By de Bruijn's formula ``sum_k z^k P(index = k)`` is, but for a factor,
    the Pfaffian of ``A_ij(z) = iint sgn(v - u) g_i(u) g_j(v) du dv``, where ``g_i(u) = |u - x| h_i(u)``, times z for u < x, and
    h_i are the Hermite functions of weight ``exp(-u^2 / 2)``; A is bordered by ``int g_i`` where n is odd. Pfaffians at the
    roots of unity give the probabilities, each to some 1e-13, absolute, at any level; what is below `LEAST` counts as none.

    Parameters
    ----------
    n : int
        Rows, at least 1.
    levels : (X,) of float
        In units of the matrix: off-diagonal variance 1, edges of the semicircle at -2 sqrt(n) and 2 sqrt(n).

    Returns
    -------
    probability : (n + 1, X) of float
    determinant : (X,) of float
        The mean of the modulus, times a factor that is the same at all levels.

    Examples
    --------
    >>> index_law(1, [0.0])[0].ravel().round(12).tolist()
    [0.5, 0.5]
    """
    z = np.exp(2j * np.pi * np.arange((n + 1) // 2 + 1) / (n + 1))  # the other half of the roots is conjugate
    rule = _quadrature(4 * n + 20 * int(n**0.5) + 50)
    series = np.stack([pfaffian(_de_bruijn_matrices(n, float(x), z, rule)) for x in np.asarray(levels)], axis=1)
    probability = np.fft.irfft((series / series[0]).conj(), n + 1, axis=0)
    return np.where(probability < LEAST, 0.0, probability), np.abs(series[0])


def pfaffian(matrices: NDArray[Any]) -> NDArray[np.complex128]:
    """Give the Pfaffians of skew-symmetric matrices, (B, m, m) with m even, by elimination with pivots (Parlett, Reid), (B,)."""
    rest = np.array(matrices, dtype=np.complex128)
    product, lanes = np.ones(len(rest), dtype=np.complex128), np.arange(len(rest))
    while rest.shape[1]:
        place = np.abs(rest[:, 0, 1:]).argmax(axis=1) + 1
        rest[lanes, 1], rest[lanes, place] = rest[lanes, place], rest[lanes, 1]
        rest[lanes, :, 1], rest[lanes, :, place] = rest[lanes, :, place], rest[lanes, :, 1]
        pivot = rest[:, 0, 1]
        product *= np.where(place == 1, pivot, -pivot)
        outer = (rest[:, 1, 2:] / pivot[:, None])[:, :, None] * rest[:, None, 0, 2:]
        rest = rest[:, 2:, 2:] + outer - outer.swapaxes(1, 2)
    return product


class _Quadrature(NamedTuple):
    """Nodes and weights on [-1, 1], (Q,), and the matrix that integrates from -1 to each node, (Q, Q)."""

    nodes: Array
    weights: Array
    primitive: Array


def _de_bruijn_matrices(n: int, x: float, z: NDArray[Any], rule: _Quadrature) -> NDArray[np.complex128]:
    """Give A(z) for each z, (Z, m, m), m the even one of n and n + 1."""
    end = 2 * n**0.5 + BEYOND
    middle = min(max(x, -end), end)
    below, whole_below = _double_integrals(n, x, -end, middle, rule)
    above, whole_above = _double_integrals(n, x, middle, end, rule)
    cross = np.outer(whole_below, whole_above)
    z = z[:, None, None]
    made: NDArray[np.complex128] = z * z * below + z * (cross - cross.T) + above
    if n % 2:
        made = np.pad(made, ((0, 0), (0, 1), (0, 1)))
        made[:, :n, n] = z[:, 0] * whole_below + whole_above
        made[:, n, :n] = -made[:, :n, n]
    return made


def _double_integrals(n: int, x: float, low: float, high: float, rule: _Quadrature) -> tuple[Array, Array]:
    """Give ``iint sgn(v - u) g_i(u) g_j(v)``, (n, n), and ``int g_i``, (n,), from low to high, without z."""
    half_width = (high - low) / 2
    u = (high + low) / 2 + half_width * rule.nodes
    g = np.abs(u - x) * _hermite_functions(n, u) * half_width
    whole = g @ rule.weights
    double = (2 * g @ rule.primitive.T - whole[:, None]) @ (rule.weights * g).T
    return (double - double.T) / 2, whole


def _hermite_functions(n: int, u: Array) -> Array:
    """Give the first n orthonormal functions ``He_i(u) exp(-u^2 / 4)``, (n, U)."""
    made = np.zeros((n + 1, len(u)))
    made[0] = np.exp(-u * u / 4) / (2 * np.pi) ** 0.25
    for i in range(1, n):
        made[i] = (u * made[i - 1] - (i - 1) ** 0.5 * made[i - 2]) / i**0.5
    return made[:n]


def _quadrature(n_nodes: int) -> _Quadrature:
    """Give the rule of Gauss and Legendre; a polynomial through its nodes is integrated as a series of Legendre's."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    values = np.polynomial.legendre.legvander(nodes, n_nodes)
    integrals = np.empty((n_nodes, n_nodes))  # of (2 l + 1) P_l from -1 to each node
    integrals[:, 0], integrals[:, 1:] = 1 + nodes, values[:, 2:] - values[:, :-2]
    return _Quadrature(nodes, weights, integrals @ (values[:, :-1] * weights[:, None] / 2).T)
