"""Densities of eigenvalues in the limit of large matrices: formulas on numbers, arrays in and arrays out.

Each density here integrates to 1, but for atoms, which are told apart. Not here: the edge at its own scale (`tracy_widom`),
probabilities of an index (`asymptotics`), and the density of a finite matrix (`field_counts`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from saddlesim.random_matrices.base import Array


def semicircle_density(x: ArrayLike, radius: float) -> Array:
    """Give Wigner's semicircle 2 sqrt(r^2 - x^2) / (pi r^2): GOE, GUE and GSE with r = 2 sqrt(n)."""
    scaled = np.asarray(x, dtype=float) / radius
    return np.asarray(2 / (math.pi * radius) * np.sqrt(np.maximum(1 - scaled * scaled, 0)))


def semicircle_distribution(x: ArrayLike, radius: float) -> Array:
    """Give the part of a semicircle's mass that is below x.

    >>> float(semicircle_distribution(0.0, 2.0))
    0.5
    """
    scaled = np.clip(np.asarray(x, dtype=float) / radius, -1, 1)
    return np.asarray(0.5 + (scaled * np.sqrt(1 - scaled * scaled) + np.arcsin(scaled)) / math.pi)


def semicircle_index_fraction(shift: ArrayLike) -> Array:
    """Give the fraction of negative eigenvalues of G + t I, from t in units of the radius of G's semicircle."""
    return semicircle_distribution(-np.asarray(shift, dtype=float), 1.0)


def p_spin_threshold(p: int) -> float:
    """Give E_inf = -2 sqrt((p - 1) / p), the energy below which critical points of the spherical p-spin have a finite index.

    Auffinger, Ben Arous, Cerny (2013), Random matrices and complexity of spin glasses; energies are H / N with variance N of H.
    """
    return -2 * math.sqrt((p - 1) / p)


def p_spin_index_fraction(energy: ArrayLike, p: int) -> Array:
    """Give the typical index / N of the spherical p-spin's critical points of energy E = H / N.

    There the Hessian is a GOE of radius 2 sqrt(p (p - 1)) shifted by -p E, so the fraction is a semicircle's mass below
    -E / E_inf, in units of its radius.
    """
    return semicircle_index_fraction(np.asarray(energy, dtype=float) / p_spin_threshold(p))


def field_index_fraction(level: ArrayLike, n: int, correlation: float = 1.0) -> Array:
    """Give the typical index / n at critical points of level u of an isotropic Gaussian field of variance 1, for u ~ sqrt(n).

    The Hessian, scaled to variance 1 off the diagonal, is GOE + xi I, and xi given the level is normal of mean -rho u and
    variance 1 - rho^2. Its weight by |det| near y sqrt(n) grows as exp(n y^2 / 4) for |y| < 2, which moves xi to
    -2 rho u / (1 + rho^2). That the index follows from the level is the finding of Bray and Dean (2007), Statistics of critical
    points of Gaussian fields on large-dimensional spaces, Phys. Rev. Lett. 98, 150201.

    Parameters
    ----------
    level : array_like
        u, in standard deviations of the field.
    n : int
        Dimension.
    correlation : float
        rho in (0, 1], the correlation of -xi with the field: |c'| / sqrt(c c'') at 0 for a covariance c(|r|^2 / 2), 1 for
        exp(-|r|^2 / 2).
    """
    shift = -2 * correlation * np.asarray(level, dtype=float) / (1 + correlation * correlation)
    return semicircle_index_fraction(shift / (2 * math.sqrt(n)))


def marchenko_pastur_edges(ratio: float) -> tuple[float, float]:
    """Give where the continuous spectrum of J J' / m begins and ends, (1 -+ sqrt(phi))^2."""
    return (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2


def marchenko_pastur_atom(ratio: float) -> float:
    """Give the mass at zero of J J' / m: 1 - 1 / phi where there are more rows than columns."""
    return max(0.0, 1 - 1 / ratio)


def marchenko_pastur_density(x: ArrayLike, ratio: float) -> Array:
    """Give the continuous density of J J' / m, J n x m of standard normal numbers, phi = n / m; its mass is min(1, 1 / phi).

    ``sqrt((b - x)(x - a)) / (2 pi phi x)`` between the edges a and b. Marchenko and Pastur (1967).
    """
    low, high = marchenko_pastur_edges(ratio)
    x = np.asarray(x, dtype=float)
    inside = (x > low) & (x < high)
    safe = np.where(inside, x, 1.0)
    density = np.sqrt(np.maximum((high - safe) * (safe - low), 0)) / (2 * math.pi * ratio * safe)
    return np.where(inside, density, 0.0)


def marchenko_pastur_distribution(x: ArrayLike, ratio: float) -> Array:
    """Give the part of the spectrum of J J' / m that is at most x, its atom at zero included."""
    low, high = marchenko_pastur_edges(ratio)
    x = np.asarray(x, dtype=float)
    t = np.clip(x, low, high)
    left, right = np.sqrt(t - low), np.sqrt(high - t)
    outer = (low + high) * np.arctan2(left, right)
    inner = 2 * math.sqrt(low * high) * np.arctan2(math.sqrt(high) * left, math.sqrt(low) * right)
    mass = left * right + outer - inner
    return np.where(x < 0, 0.0, marchenko_pastur_atom(ratio) + mass / (2 * math.pi * ratio))


def wall_length(n: int, wall: float = 0.0) -> float:
    """Give the length of the spectrum between a wall and its soft end: (2/3) (sqrt(w^2 + 12) - w) sqrt(n), w = wall / sqrt(n)."""
    scaled = max(wall / math.sqrt(n), -2.0)
    return 2 / 3 * (math.sqrt(scaled * scaled + 12) - scaled) * math.sqrt(n)


def wall_density(x: ArrayLike, n: int, wall: float = 0.0) -> Array:
    """Give the density of eigenvalues of a Gaussian ensemble, radius 2 sqrt(n), given that all of them are above a wall.

    ``sqrt((L - u) / u) (u + w + L/2) / (2 pi)`` with u the distance from the wall and all lengths in units of sqrt(n): the
    solution of x / 2 = P int rho(y) / (x - y) dy that ends at u = L. A wall below -2 sqrt(n) is not felt, and leaves the
    semicircle. For every beta. Dean and Majumdar (2006, 2008), Extreme value statistics of eigenvalues of Gaussian random
    matrices, Phys. Rev. E 77, 041108.
    """
    root = math.sqrt(n)
    scaled = max(wall / root, -2.0)
    length = wall_length(n, wall) / root
    u = np.asarray(x, dtype=float) / root - scaled
    inside = (u > 0) & (u < length)
    safe = np.where(inside, u, length / 2)
    return np.where(inside, np.sqrt((length - safe) / safe) * (safe + scaled + length / 2) / (2 * math.pi * root), 0.0)
