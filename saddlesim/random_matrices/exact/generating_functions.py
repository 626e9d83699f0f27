"""Generating functions of the index, sum_k P_k z^k, of the three classical ensembles, as balls that hold the exact coefficients.

The joint density of n eigenvalues is ``prod |l_i - l_j|^beta exp(-beta sum l_i^2 / 4)``. With weight z below and 1 above a
threshold its integral is, by Andreief (beta = 2) and de Bruijn (beta = 1, 4), the determinant or the Pfaffian of a matrix that
is linear or quadratic in z. It is written in Hermite functions psi_k, orthonormal, ``psi_k' = (sqrt(k) psi_{k-1} - sqrt(k+1)
psi_{k+1}) / 2``, whose integrals above a threshold follow by parts, and where little precision is lost.

Not here: how much precision is enough (`certified`), and what is made of these laws (`kac_rice`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

Ball = Any  # flint.arb
Matrix = Any  # flint.arb_mat

BEND = math.log(8)  # of minus the logarithm of the index law, for each unit of beta, inside the semicircle; measured
FAR_INSIDE = 0.55  # of the semicircle's radius: from there on many eigenvalues beyond are weighed as outside


def index_balls(beta: int, n: int, threshold: Ball, far: bool = False) -> list[Ball]:
    """Give balls round the probabilities that k of n eigenvalues are below a threshold, k = 0, ..., n, at flint's precision.

    Parameters
    ----------
    beta : {1, 2, 4}
    n : int, >= 1
    threshold : flint.arb
    far : bool
        Whether precision is spent so as to lose little of each of them, where the threshold is far out and they differ by
        hundreds of orders of magnitude; else so as to lose little of the largest.
    """
    pencil, is_pfaffian = _PENCILS[beta](n, threshold)

    def generating_function(z: Ball) -> Ball:
        determinant = pencil.at(z).det()
        return determinant.sqrt() if is_pfaffian else determinant  # the integral of something positive is positive

    weights = _coefficients(generating_function, _falls(beta, n, float(threshold), far), threshold.is_zero())
    total = sum(weights)
    return [each / total for each in weights]


def positive_ball(beta: int, n: int, threshold: Ball) -> Ball:
    """Give a ball round the probability that all n eigenvalues are above a threshold: z = 0 over z = 1, however small it is."""
    from flint import arb

    pencil, is_pfaffian = _PENCILS[beta](n, threshold)
    probability = pencil.a.det() / pencil.at(arb(1)).det()
    return probability.sqrt() if is_pfaffian else probability


def _coefficients(polynomial: Callable[[Ball], Ball], falls: list[float], palindromic: bool) -> list[Ball]:
    """Give the coefficients of a polynomial from values at as many nodes, at each of which another term is the largest.

    With coefficients ``c_k = exp(-f_k) w_k``, f convex and known roughly, the nodes are z_j = exp(s_j), s_j the slope of f at j:
    ``exp(f_j - j s_j) p(z_j) = sum_k exp(f_j - f_k + s_j (k - j)) w_k``, a matrix whose entries fall off to both sides of the
    diagonal, by which hardly any precision is lost, however small some coefficients are.
    """
    from flint import arb, arb_mat

    n = len(falls) - 1
    places = range(n + 1)
    slopes, heights = [arb(each) for each in _slopes(falls)], [arb(each) for each in falls]
    count = n // 2 + 1 if palindromic else n + 1
    values = [
        polynomial(s.exp()) * (f - j * s).exp() for j, (s, f) in enumerate(zip(slopes[:count], heights, strict=False))
    ]
    values += values[: n + 1 - count][::-1]
    matrix = arb_mat([[(heights[j] - heights[k] + slopes[j] * (k - j)).exp() for k in places] for j in places])
    scaled = matrix.solve(arb_mat([[each] for each in values])).tolist()
    return [row[0] * (-height).exp() for row, height in zip(scaled, heights, strict=True)]


def _falls(beta: int, n: int, threshold: float, far: bool) -> list[float]:
    """Give minus the logarithms, roughly, of the probabilities that k of n eigenvalues are below a threshold.

    Inside the semicircle they are a parabola about the typical index. If `far`, k eigenvalues that lie outside the one of the
    others are weighed by what these leave of their density, ``exp(-beta a y / 2)`` at the distance y, times the repulsion from
    these and from one another (integrals of Mehta and Selberg).
    """
    if threshold < 0:
        return _falls(beta, n, -threshold, far)[::-1]
    edge = 2 * math.sqrt(n)
    s = min(threshold / edge, 1.0)
    typical = n * (0.5 - (s * math.sqrt(1 - s * s) + math.asin(s)) / math.pi)  # of those above, the semicircle's mass
    first = max(
        1, math.ceil(n + 1 - threshold * threshold / 4)
    )  # so many above, the others' edge is below the threshold
    none, bend = _log_outside(beta, n, 0, edge + 1), BEND * beta / 2
    outside = range(first, n + 1) if far and s > FAR_INSIDE else ()
    above = {k: none - _log_outside(beta, n, k, threshold) for k in outside}
    if above and first > typical + 1:
        bend = above[first] / (first - typical) ** 2
    return [above.get(k, bend * (k - typical) ** 2) for k in range(n, -1, -1)]


def _slopes(falls: list[float]) -> list[float]:
    """Give the derivatives of a convex function on 0, ..., n >= 1, which goes on beyond both ends as a parabola."""
    rises = [after - before for before, after in itertools.pairwise(falls)]
    bends = [after - before for before, after in itertools.pairwise(rises)] or [BEND]
    rises = [rises[0] - bends[0], *rises, rises[-1] + bends[-1]]
    return [(before + after) / 2 for before, after in itertools.pairwise(rises)]


def _log_outside(beta: int, n: int, k: int, x: float) -> float:
    """Give the logarithm of n! times the mass of k eigenvalues beyond x > 2 sqrt(n) and n - k elsewhere, nearly."""
    inner, half = n - k, beta / 2
    root = math.sqrt(x * x - 4 * inner)
    # what the inner ones, a semicircle, do to each beyond: inner times the mean of log(x - l)
    pushed = (x * x - x * root) / 4 - inner / 2 + inner * math.log((x + root) / 2)
    mehta = inner / 2 * math.log(2 * math.pi) - (inner / 2 + half * inner * (inner - 1) / 2) * math.log(half)
    mehta += sum(math.lgamma(1 + j * half) - math.lgamma(1 + half) for j in range(1, inner + 1))
    selberg = -(k + half * k * (k - 1)) * math.log(half * root)
    selberg += sum(
        math.lgamma(1 + (j + 1) * half) + math.lgamma(1 + j * half) - math.lgamma(1 + half) for j in range(k)
    )
    ways = -math.lgamma(1 + k) - math.lgamma(1 + inner)
    return ways + mehta + selberg + k * beta * (pushed - x * x / 4)


class Pencil(NamedTuple):
    """The matrix A + z B + z^2 C; no C is zero."""

    a: Matrix
    b: Matrix
    c: Matrix | None = None

    def at(self, z: Ball) -> Matrix:
        """Give the matrix at z."""
        linear = self.a + self.b * z
        return linear if self.c is None else linear + self.c * (z * z)


def _unitary(n: int, threshold: Ball) -> tuple[Pencil, bool]:
    """Give det(<psi_i, psi_j> above + z <psi_i, psi_j> below)."""
    from flint import arb_mat

    above, below = (HalfLine(n, sign * threshold) for sign in (1, -1))
    return Pencil(arb_mat(above.products), arb_mat(_reflected(below.products))), False


def _symplectic(n: int, threshold: Ball) -> tuple[Pencil, bool]:
    """Give Pf(int psi_i psi_j' - psi_i' psi_j), 2 n rows; x = sqrt(2) l takes the weight exp(-l^2) to exp(-x^2/2)."""
    from flint import arb, arb_mat

    above, below = (HalfLine(2 * n + 1, sign * threshold * arb(2).sqrt()) for sign in (1, -1))
    sides = (above.products, _reflected(below.products))
    a, b = (arb_mat([[_wronskian(g, i, j) for j in range(2 * n)] for i in range(2 * n)]) for g in sides)
    return Pencil(a, b), True


def _orthogonal(n: int, threshold: Ball) -> tuple[Pencil, bool]:
    """Give Pf(iint sgn(y - x) psi_i(x) psi_j(y)), with a row of int psi_j below it if n is odd."""
    from flint import arb, arb_mat

    above, below = (HalfLine(n, sign * threshold) for sign in (1, -1))
    v, u = above.integrals, [(-1) ** i * each for i, each in enumerate(below.integrals)]
    a, c = above.ordered, [[-each for each in row] for row in _reflected(below.ordered)]
    b = [[u[i] * v[j] - v[i] * u[j] for j in range(n)] for i in range(n)]
    if n % 2:
        zero = [arb(0)] * n
        a, b, c = (_bordered(each, row) for each, row in ((a, v), (b, u), (c, zero)))
    return Pencil(arb_mat(a), arb_mat(b), arb_mat(c)), True


_PENCILS = {1: _orthogonal, 2: _unitary, 4: _symplectic}


class HalfLine:
    """Integrals over x > c of the first Hermite functions of the weight exp(-x^2/2).

    Attributes
    ----------
    products : list of list of flint.arb
        int psi_i psi_j.
    integrals : list of flint.arb
        int psi_i.
    ordered : list of list of flint.arb
        iint sgn(y - x) psi_i(x) psi_j(y).
    """

    def __init__(self, count: int, c: Ball) -> None:
        self.c, self.count = c, count
        self.roots, self.psi = _hermite_functions(count + 2, c)

    def slope(self, k: int) -> Ball:
        """Give psi_k' at c."""
        lower = self.roots[k] * self.psi[k - 1] if k else 0
        return (lower - self.roots[k + 1] * self.psi[k + 1]) / 2

    @cached_property
    def products(self) -> list[list[Ball]]:
        """By Green's formula off the diagonal, and along it by the integral of (psi_k psi_{k+1})'."""
        from flint import arb

        psi, roots = self.psi, self.roots
        slopes = [self.slope(k) for k in range(self.count + 1)]
        g = [[arb(0)] * (self.count + 1) for _ in range(self.count + 1)]
        for i in range(self.count + 1):
            for j in range(i):
                g[i][j] = g[j][i] = (psi[i] * slopes[j] - slopes[i] * psi[j]) / (j - i)
        g[0][0] = (self.c / arb(2).sqrt()).erfc() / 2
        for k in range(self.count - 1):
            lower = roots[k] * g[k - 1][k + 1] if k else 0
            g[k + 1][k + 1] = g[k][k] + (lower - roots[k + 2] * g[k][k + 2] + 2 * psi[k] * psi[k + 1]) / roots[k + 1]
        return [row[: self.count] for row in g[: self.count]]

    @cached_property
    def integrals(self) -> list[Ball]:
        """By the integral of psi_k'."""
        from flint import arb

        m = [(arb.pi() / 2).root(4) * (self.c / 2).erfc()]
        for k in range(self.count - 1):
            lower = self.roots[k] * m[k - 1] if k else 0
            m.append((lower + 2 * self.psi[k]) / self.roots[k + 1])
        return m

    @cached_property
    def ordered(self) -> list[list[Ball]]:
        """By parts in x: ``iint sgn(y - x) psi_i'(x) psi_j(y) = 2 int psi_i psi_j - psi_i(c) int psi_j``."""
        from flint import arb

        g, m, roots = self.products, self.integrals, self.roots
        a = [[arb(0)] * self.count for _ in range(self.count)]
        for j in range(self.count):
            for i in range(j, self.count - 1):
                lower = roots[i] * a[i - 1][j] if i else 0
                a[i + 1][j] = (lower - 4 * g[i][j] + 2 * self.psi[i] * m[j]) / roots[i + 1]
                a[j][i + 1] = -a[i + 1][j]
        return a


def _hermite_functions(count: int, x: Ball) -> tuple[list[Ball], list[Ball]]:
    """Give the square roots of 0, 1, ..., and psi_k(x), by ``sqrt(k+1) psi_{k+1} = x psi_k - sqrt(k) psi_{k-1}``."""
    from flint import arb

    roots = [arb(k).sqrt() for k in range(count + 1)]
    psi = [(-x * x / 4).exp() / (2 * arb.pi()).root(4)]
    for k in range(count - 1):
        lower = roots[k] * psi[k - 1] if k else 0
        psi.append((x * psi[k] - lower) / roots[k + 1])
    return roots, psi


def _wronskian(products: list[list[Ball]], i: int, j: int) -> Ball:
    """Give int psi_i psi_j' - psi_i' psi_j."""
    from flint import arb

    def slope(k: int, other: int) -> Ball:
        lower = arb(k).sqrt() * products[other][k - 1] if k else 0
        return (lower - arb(k + 1).sqrt() * products[other][k + 1]) / 2

    return slope(j, i) - slope(i, j)


def _reflected(matrix: list[list[Ball]]) -> list[list[Ball]]:
    """Give what becomes of a matrix as x becomes -x: psi_k is even or odd as k is."""
    return [[(-1) ** (i + j) * each for j, each in enumerate(row)] for i, row in enumerate(matrix)]


def _bordered(matrix: list[list[Ball]], row: list[Ball]) -> list[list[Ball]]:
    """Add a column and, negated, a row."""
    from flint import arb

    return [*([*each, last] for each, last in zip(matrix, row, strict=True)), [*(-each for each in row), arb(0)]]
