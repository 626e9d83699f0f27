"""Means of Gaussian functions of the ordered eigenvalues of the GOE: index laws at critical points, by Kac and Rice.

The Hessian of an isotropic Gaussian field at a critical point is GOE(n) + xi 1, xi ~ N(0, 1), weighted by the modulus of its
determinant. The weight makes of it GOE(n + 1) seen from one of its own eigenvalues, so that P(index k) ~ E exp(-l_k^2 / 4),
l_0 < ... < l_n the eigenvalues of GOE(n + 1). For the spherical p-spin the exponent is (p - 2) / (4 p) (Auffinger, Ben Arous,
Cerny 2010).

Integrals over a threshold x are sums over a grid. Moved off the real axis by iy, a law of N eigenvalues grows by no more than
exp(N y^2 / 4), which bounds the error of the sum: ``2 M / (exp(2 pi y / h) - 1)``, M the integral of the bound (Trefethen and
Weideman, The exponentially convergent trapezoidal rule, SIAM Review 2014, Theorem 5.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from saddlesim.random_matrices.exact.generating_functions import index_balls

Ball = Any  # flint.arb


LEAST_ACCURACY = 20  # bits of the quadrature, whatever the precision


def law_loss(n: int) -> int:
    """Give how many bits a law of n eigenvalues of the GOE loses of sums over it, at the worst threshold; measured to n = 41."""
    return 20 + 6 * n


def gaussian_mean_balls(n: int, exponent: Ball) -> list[Ball]:
    """Give balls round E exp(-c l_k^2) for the eigenvalues l_0 < ... < l_{n-1} of GOE(n), c > 0.

    By parts it is the integral of d/dx exp(-c x^2) times P(l_k > x), the probability that at most k eigenvalues are below x.
    """
    from flint import arb

    def integrand(x: Ball, law: Sequence[Ball]) -> list[Ball]:
        slope, at_most, terms = -2 * exponent * x * (-exponent * x * x).exp(), arb(0), []
        for each in law[:-1]:
            at_most += each
            terms.append(slope * at_most)
        return terms

    c = float(exponent)
    # |2 c (x + iy) exp(-c (x + iy)^2)| <= 2 c (|x| + y) exp(-c x^2 + c y^2), integrated over x
    return _integrals(integrand, n, c, lambda y: 2 + 2 * y * math.sqrt(math.pi * c))


def random_point_balls(n: int) -> list[Ball]:
    """Give balls round the index law of GOE(n) + xi 1, xi ~ N(0, 1): an isotropic field at a random point."""
    from flint import arb

    scale = (2 * arb.pi()).rsqrt()

    def integrand(x: Ball, law: Sequence[Ball]) -> list[Ball]:
        density = scale * (-x * x / 2).exp()
        return [density * each for each in law]

    return _integrals(integrand, n, 0.5, lambda y: 1.0)


def density_balls(n: int, x: Ball) -> list[Ball]:
    """Give balls round the densities of l_0 < ... < l_{n-1}, the eigenvalues of GOE(n), at x: differences of P(l_k > x).

    Cauchy's bound on a circle of radius 1 / sqrt(n), where the probabilities stay below exp(1/4), holds the third derivative.
    """
    from flint import arb, ctx

    h = arb(2) ** (-ctx.prec // 3)
    error = h * h * n * arb(n).sqrt() * 2  # 3! exp(1/4) n^{3/2} h^2 / 6, and the circle moved by h
    left, right = (_at_most(index_balls(1, n, x + side)) for side in (-h, h))
    return [((a - b) / (2 * h)) + arb(0, error) for a, b in zip(left, right, strict=True)]


def _at_most(law: Sequence[Ball]) -> list[Ball]:
    from flint import arb

    sums, total = [], arb(0)
    for each in law[:-1]:
        total += each
        sums.append(total)
    return sums


def _integrals(
    integrand: Callable[[Ball, Sequence[Ball]], list[Ball]],
    n: int,
    c: float,
    bound: Callable[[float], float],
) -> list[Ball]:
    """Integrate over all x what an integrand makes of the law of GOE(n) at threshold x, at flint's precision.

    Parameters
    ----------
    integrand : callable
        ``(x, law) -> list of flint.arb``; its integral beyond +-x, large, is at most exp(-c x^2) on either side.
    n : int
    c : float
    bound : callable
        Of y: a bound of the integral over a line at height y is this times exp((n / 4 + c) y^2).
    """
    from flint import arb, ctx

    accuracy = max(ctx.prec - law_loss(n), LEAST_ACCURACY) * math.log(2)
    growth = n / 4 + c
    h = math.pi / math.sqrt(growth * accuracy)
    y = math.pi / (h * growth)
    grown = arb(growth) * y * y
    aliased = 2 * arb(bound(y)) / ((2 * arb.pi() * y / h - grown).exp() - (-grown).exp())
    steps = math.ceil(math.sqrt(accuracy / c) / h)
    left_out = 2 * (-arb(c) * (arb(steps) * h) ** 2).exp()
    sums: list[Ball] = []
    for step in range(steps + 1):
        x = arb(step) * h
        law = index_balls(1, n, x)
        sides = [integrand(x, law)] if step == 0 else [integrand(x, law), integrand(-x, law[::-1])]
        for each in sides:
            sums = [a + b for a, b in zip(sums, each, strict=True)] if sums else each
    return [h * each + arb(0, (aliased + left_out).upper()) for each in sums]
