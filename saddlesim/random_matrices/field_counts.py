"""How many critical points an isotropic Gaussian field has, by Kac and Rice, and the density of a finite GOE that it takes.

At a critical point the determinant of the Hessian, GOE(n) + xi I, weighs as much as one more eigenvalue does: E |det(GOE_n - x)|
exp(-x^2 / 4) is the density of GOE(n + 1) at x but for a constant (Fyodorov 2004, Complexity of random energy landscapes, glass
transition, and absolute value of the spectral determinant of random matrices, Phys. Rev. Lett. 92, 240601).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from saddlesim.random_matrices.base import Array

REACH = 9.0  # exp(-81 / 2) is below rounding


def critical_point_density(n: int, length_scale: float = 1.0) -> float:
    """Give the mean number of critical points in a unit of volume, for covariance exp(-|r|^2 / (2 l^2)) in n dimensions.

    >>> math.isclose(critical_point_density(1), math.sqrt(3) / math.pi)
    True
    """
    return math.exp(log_critical_point_density(n, length_scale))


def log_critical_point_density(n: int, length_scale: float = 1.0) -> float:
    """Give the logarithm of sqrt(2) Gamma(N/2) pi^(-N/2) l^-n sum_k E exp(-l_k^2 / 4), N = n + 1 and l_k the spectrum of GOE(N).

    The gradient's density at 0, (2 pi)^(-n/2) l^n, times E |det| of the Hessian, l^(-2n) E |det(GOE_n + xi)|, with Mehta's
    integral for the constants. Other covariances c(|r|^2 / 2) enter by l^2 = -c'(0) / c''(0).
    """
    size = n + 1
    x = np.linspace(-REACH, REACH, 200 + 20 * math.isqrt(size) + 1)  # the trapezoidal rule, exponentially good here
    weights = np.exp(-x * x / 2)
    total = float(weights @ _half_unit_density(x, size)) * (x[1] - x[0])
    constants = 0.5 * math.log(2) + math.lgamma(size / 2) - size / 2 * math.log(math.pi)
    return constants + math.log(total) - n * math.log(length_scale)


def goe_density(x: ArrayLike, n: int) -> Array:
    """Give the mean density of eigenvalues of GOE(n) at x, exact for every n; its integral is n."""
    return _half_unit_density(np.asarray(x, dtype=float) / math.sqrt(2), n) / math.sqrt(2)


def _half_unit_density(x: Array, n: int) -> Array:
    """Give the density of the GOE of variance 1/2 off the diagonal: Mehta, Random matrices, chapter 7.

    sum_{j<n} phi_j^2 + sqrt(n/2) phi_{n-1} (int_{-inf}^x phi_n - half of it over the line), and for odd n also phi_{n-1} over its
    integral. Hermite functions and their integrals go by recursion: phi_j' = sqrt(j/2) phi_{j-1} - sqrt((j+1)/2) phi_{j+1}.
    """
    from scipy.special import erf

    last, phi = np.zeros_like(x), np.exp(-x * x / 2) / math.pi**0.25
    last_integral, integral = np.zeros_like(x), math.pi**0.25 / math.sqrt(2) * (1 + erf(x / math.sqrt(2)))
    last_whole, whole = 0.0, math.sqrt(2) * math.pi**0.25
    squares = np.zeros_like(x)
    for j in range(n):
        squares += phi * phi
        ratio = math.sqrt(j / (j + 1))
        step = math.sqrt(2 / (j + 1))
        last_integral, integral = integral, ratio * last_integral - step * phi
        last_whole, whole = whole, ratio * last_whole
        last, phi = phi, step * x * phi - ratio * last
    density = squares + math.sqrt(n / 2) * last * (integral - whole / 2)
    return np.asarray(density + last / last_whole if n % 2 else density)
