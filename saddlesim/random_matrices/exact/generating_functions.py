"""Generating functions of the index, sum_k P_k z^k, of the three classical ensembles, as balls that hold the exact coefficients.

The joint density of n eigenvalues is ``prod |l_i - l_j|^beta exp(-beta sum l_i^2 / 4)``. With weight z below and 1 above a
threshold its integral is, by Andreief (beta = 2) and de Bruijn (beta = 1, 4), the determinant or the Pfaffian of a matrix that
is linear or quadratic in z. It is written in Hermite functions psi_k, orthonormal, ``psi_k' = (sqrt(k) psi_{k-1} - sqrt(k+1)
psi_{k+1}) / 2``, whose integrals above a threshold follow by parts, and where little precision is lost.

Not here: how much precision is enough (`certified`), and what is made of these laws (`kac_rice`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

Ball = Any  # flint.arb
Matrix = Any  # flint.arb_mat


def index_balls(beta: int, n: int, threshold: Ball) -> list[Ball]:
    """Give balls round the probabilities that k of n eigenvalues are below a threshold, k = 0, ..., n, at flint's precision.

    Parameters
    ----------
    beta : {1, 2, 4}
    n : int, >= 1
    threshold : flint.arb
    """
    pencil, is_pfaffian = _PENCILS[beta](n, threshold)

    def generating_function(z: Ball) -> Ball:
        determinant = pencil.at(z).det()
        return determinant.sqrt() if is_pfaffian else determinant  # the integral of something positive is positive

    weights = _coefficients(generating_function, n, 8**beta, _typical_index(n, threshold), threshold.is_zero())
    total = sum(weights)
    return [each / total for each in weights]


def positive_ball(beta: int, n: int, threshold: Ball) -> Ball:
    """Give a ball round the probability that all n eigenvalues are above a threshold: z = 0 over z = 1, however small it is."""
    from flint import arb

    pencil, is_pfaffian = _PENCILS[beta](n, threshold)
    probability = pencil.a.det() / pencil.at(arb(1)).det()
    return probability.sqrt() if is_pfaffian else probability


def _coefficients(
    polynomial: Callable[[Ball], Ball], n: int, ratio: int, centre: float, palindromic: bool
) -> list[Ball]:
    """Give the coefficients of a polynomial of degree n that fall off as r^{-(k - c)^2 / 2}, from its values at z = r^{j - c}.

    ``z^k = r^{(j - c)^2 / 2} r^{(k - c)^2 / 2} r^{-(j - k)^2 / 2} z^c``: in scaled values and coefficients a Toeplitz matrix with
    a strong diagonal, by which hardly any precision is lost, however small some coefficients are.
    """
    from flint import arb, arb_mat

    root, places = arb(ratio).sqrt(), range(n + 1)
    count = n // 2 + 1 if palindromic else n + 1
    scales = [root ** (arb(k) - arb(centre)) ** 2 for k in places]
    nodes = [arb(ratio) ** (arb(j) - arb(centre)) for j in places]
    values = [polynomial(z) / (scale * z ** arb(centre)) for z, scale in zip(nodes[:count], scales, strict=False)]
    values += values[: n + 1 - count][::-1]
    toeplitz = arb_mat([[root ** -((j - k) ** 2) for k in places] for j in places])
    scaled = toeplitz.solve(arb_mat([[each] for each in values])).tolist()
    return [row[0] / scale for row, scale in zip(scaled, scales, strict=True)]


def _typical_index(n: int, threshold: Ball) -> float:
    """Give n times the part of the semicircle that lies below a threshold."""
    s = min(1.0, max(-1.0, float(threshold) / (2 * math.sqrt(n))))
    return n * (0.5 + (s * math.sqrt(1 - s * s) + math.asin(s)) / math.pi)


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

    @property
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

    @property
    def integrals(self) -> list[Ball]:
        """By the integral of psi_k'."""
        from flint import arb

        m = [(arb.pi() / 2).root(4) * (self.c / 2).erfc()]
        for k in range(self.count - 1):
            lower = self.roots[k] * m[k - 1] if k else 0
            m.append((lower + 2 * self.psi[k]) / self.roots[k + 1])
        return m

    @property
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
