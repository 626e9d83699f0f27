"""Large matrices: expansions of what exact laws give for small ones. Formulas on numbers; beta is 1 (GOE), 2 (GUE) or 4 (GSE).

Coefficients that no reference is given for were identified from exact probabilities at 200 digits (n to 60), to at least eleven
digits. Not here: limits of densities (`densities`) and of the largest eigenvalue (`tracy_widom`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from saddlesim.random_matrices.base import Array

ZETA_SLOPE = -0.16542114370045092  # zeta'(-1)
HARD_EDGE = math.log(1 + 2 / math.sqrt(3))
POSITIVE_CONSTANTS = {
    1: ZETA_SLOPE / 2 - math.log(2) / 12 - math.log(3) / 16 + HARD_EDGE / 4,
    2: ZETA_SLOPE - math.log(2) / 6 + math.log(3) / 8,
    4: ZETA_SLOPE / 2 - 5 * math.log(2) / 8 - math.log(3) / 16 + HARD_EDGE / 4,
}
VARIANCE_CONSTANTS = {1: -1 / 8, 2: 0.0, 4: 1 / 32 + math.log(2) / (4 * math.pi**2)}


def coin_log_probability(n: int) -> float:
    """Give the logarithm of 2^-n, which independent fair signs would have of being all positive."""
    return -n * math.log(2)


def log_ratio_to_coin(log_probability: float, n: int) -> float:
    """Give the logarithm of P / 2^-n: how much more often than for a coin all signs agree."""
    return log_probability - coin_log_probability(n)


def log_probability_positive_expansion(n: ArrayLike, beta: int = 1) -> Array:
    """Give ln P(all eigenvalues positive) of a Gaussian ensemble, up to O(1/n); O(1/n^2) for beta = 2.

    ``-beta ln 3 / 4 n^2 + (beta/2 - 1) ln(1 + 2/sqrt(3)) n + (beta^2 - 6 beta + 4) / (24 beta) ln n + c_beta``. The first is Dean
    and Majumdar's (2006), the second comes from the entropy of `densities.wall_density` less the semicircle's, the third
    is what the power of |s| in the left tail of Tracy and Widom's laws becomes at |s| ~ n^(2/3), and for the GOE
    c_1 = zeta'(-1) / 2 - ln 2 / 12 - 3 ln 3 / 16 + ln(2 + sqrt(3)) / 4.

    >>> import numpy as np
    >>> float(np.round(np.exp(log_probability_positive_expansion(3)), 4)), round(1 / 4 - 2**0.5 / (2 * np.pi), 4)
    (0.0251, 0.0249)
    """
    _check_beta(beta)
    n = np.asarray(n, dtype=float)
    power = (beta**2 - 6 * beta + 4) / (24 * beta)
    linear = (beta / 2 - 1) * HARD_EDGE
    return np.asarray(-beta * math.log(3) / 4 * n**2 + linear * n + power * np.log(n) + POSITIVE_CONSTANTS[beta])


def wall_rate(wall: ArrayLike) -> Array:
    """Give Phi(w) of P(all eigenvalues above w sqrt(n)) = exp(-beta n^2 Phi(w)) to leading order; 0 up to w = -2, ln(3) / 4 at 0.

    The pressure (pi C)^2 / 2 of a density C / sqrt(u) at the wall, from `densities.wall_density`, integrated: with
    s = sqrt(w^2 + 12), Phi' = (s - w) (2 w + s)^2 / 108. Dean and Majumdar (2008). For G + t I, w = -t / sqrt(n).
    """
    w = np.maximum(np.asarray(wall, dtype=float), -2)
    s = np.sqrt(w * w + 12)
    return np.asarray(
        math.log(3) / 4 + (w * s**3 + 18 * w * s + 216 * np.arcsinh(w / math.sqrt(12)) + 72 * w**2 - w**4) / 432
    )


def index_variance_expansion(n: ArrayLike, beta: int = 1) -> Array:
    """Give the variance of the number of negative eigenvalues of a Gaussian ensemble, in the limit of large n.

    ``(ln n + 1 + gamma + 3 ln 2) / (beta pi^2) + d_beta``, d = -1/8, 0, 1/32 + ln 2 / (4 pi^2). The logarithm's factor and the
    constant of beta = 2 are Majumdar, Nadal, Scardicchio, Vivo's (2009, 2011); the other constants are those of the number
    variance of long intervals (Mehta), for either end of one counts half. The error falls as n^-1 or faster for beta = 1, 2; for
    beta = 4 the eigenvalues are so stiff that odd n lie above and even n below, by 0.035 at n = 40, falling as n^(-1/2) ln^2 n.
    """
    _check_beta(beta)
    n = np.asarray(n, dtype=float)
    return np.asarray(
        (np.log(n) + 1 + np.euler_gamma + 3 * math.log(2)) / (beta * math.pi**2) + VARIANCE_CONSTANTS[beta]
    )


def log_minimum_fraction_expansion(n: ArrayLike) -> Array:
    """Give ln P(minimum) at a critical point of an isotropic Gaussian field in n dimensions, up to O(n^(-1/4)).

    ``-N + (4 sqrt(2) / 3) N^(1/2) - (2^(7/4) / 3) N^(1/4) - (25/96) ln N + c`` with N = n + 1: Laplace's method for
    E exp(-l_0^2 / 4) over the left tail of F_1 = tau |s|^(-1/16) exp(-|s|^3 / 24 - |s|^(3/2) / (3 sqrt(2))),
    tau = 2^(-11/48) exp(zeta'(-1) / 2) (Baik, Buckingham, DiFranco 2008), at |s| = sqrt(8) N^(1/6), with what `wall_rate` and the
    entropy have beyond the tail; over sum_k E exp(-l_k^2 / 4) = 2 sqrt(N / pi). So a minimum is e^-n rare among critical points,
    where a coin says 2^-n, and the GOE 3^(-n^2 / 4). At n = 39 the expansion is below the exact logarithm by 0.29 of 31.9.
    """
    size = np.asarray(n, dtype=float) + 1
    log_tail = ZETA_SLOPE / 2 - 11 / 48 * math.log(2)
    constant = log_tail - (3 / 32 + 1 / 4) * math.log(2) + math.log(math.pi) - 1
    powers = -size + 4 * math.sqrt(2) / 3 * np.sqrt(size) - 2 ** (7 / 4) / 3 * size**0.25
    return np.asarray(powers - 25 / 96 * np.log(size) + constant)


def _check_beta(beta: int) -> None:
    if beta not in POSITIVE_CONSTANTS:
        raise ValueError(f"beta={beta}: must be 1, 2 or 4")
