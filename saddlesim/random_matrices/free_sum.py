"""The spectrum of Wigner + Wishart, a model of a network's Hessian: residuals make the one, the Jacobian the other.

H = sqrt(2 eps) W + J J' / m, W of semicircle radius 2, J n x m of standard normal numbers, phi = n / m (parameters to data), eps
the energy. Their R-transforms add: G(z) = E 1 / (z - lambda) solves z = 2 eps G + 1 / (1 - phi G) + 1 / G. Everything here is in
the reciprocal h = 1 / G, for which that is a monic cubic, well behaved as eps or phi go to zero, and along which the density has
an elementary integral. Pennington and Bahri (2017), Geometry of neural network loss surfaces via random matrix theory, ICML.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.random_matrices.base import Array


def free_sum_density(x: ArrayLike, energy: float, ratio: float) -> Array:
    """Give the density of eigenvalues of Wigner + Wishart at x.

    Parameters
    ----------
    x : array_like
        Where.
    energy, ratio : float
        eps > 0 and phi > 0. With eps = 0 what comes back is Marchenko and Pastur's density without its atom.
    """
    h = _reciprocal_transform(x, energy, ratio)
    return np.asarray(h.imag / (math.pi * np.where(h.imag > 0, np.abs(h) ** 2, 1.0)))


def free_sum_distribution(x: ArrayLike, energy: float, ratio: float) -> Array:
    """Give the part of the spectrum of Wigner + Wishart that is below x, by the integral of G dz along h; eps, phi > 0."""
    h = _reciprocal_transform(x, energy, ratio)
    phase, shifted_phase = np.angle(h), np.angle(h - ratio)  # the limit from above: a negative number's is pi
    angle = phase + (energy / h**2).imag - (phase - shifted_phase) / ratio + (1 / (h - ratio)).imag
    return np.asarray(np.clip(1 - angle / math.pi, 0, 1))


def free_sum_index_fraction(energy: float, ratio: float) -> float:
    """Give alpha(eps, phi), the fraction of negative eigenvalues of Wigner + Wishart; 0 up to the critical energy."""
    return float(free_sum_distribution(0.0, energy, ratio)) if energy > free_sum_critical_energy(ratio) else 0.0


def free_sum_critical_energy(ratio: float) -> float:
    """Give the energy up to which no eigenvalue is negative, (1 - 20 phi - 8 phi^2 + (1 + 8 phi)^(3/2)) / 16; 0 from phi = 1 on.

    >>> free_sum_critical_energy(1.0)
    0.0
    """
    return (1 - 20 * ratio - 8 * ratio**2 + math.sqrt(1 + 8 * ratio) ** 3) / 16 if ratio < 1 else 0.0


def free_sum_index_expansion(energy: float, ratio: float) -> float:
    """Give the leading term of alpha above the critical energy, a constant times (eps - eps_c)^(3/2); phi < 1.

    The lower edge z(h) is a maximum, so the density rises as a square root from an edge that moves by 2 (eps - eps_c) / h; and at
    eps_c, where the edge is at 0, z = z' = 0 gives 2 (h - phi)^2 + (h - phi) - phi = 0.

    Raises
    ------
    ValueError
        If phi >= 1: there the atom at zero spreads at once, and alpha does not begin with this power.
    """
    if ratio >= 1:
        raise ValueError(f"ratio={ratio}: must be below 1, for from there on eigenvalues are negative at every energy")
    critical = free_sum_critical_energy(ratio)
    h = ratio - (1 + math.sqrt(1 + 8 * ratio)) / 4
    curvature = -4 * critical / h**3 - 2 * ratio / (h - ratio) ** 3
    depth = 2 * max(0.0, energy - critical) / -h
    return 2 / (3 * math.pi * h**2) * math.sqrt(2 / curvature) * math.sqrt(depth) ** 3


def free_sum_edges(energy: float, ratio: float) -> Array:
    """Give the ends of the intervals that carry the spectrum, ascending: two, or four where the atom at zero stands apart.

    They are z(h) where z'(h) = 1 - 2 eps / h^2 - phi / (h - phi)^2 vanishes; eps, phi > 0.
    """
    wishart = np.polymul([1, -ratio], [1, -ratio])
    quartic = np.polysub(np.polymul([1, 0, -2 * energy], wishart), [ratio, 0, 0])
    roots = np.roots(quartic)
    h = roots.real[np.abs(roots.imag) < 1e-9 * np.abs(roots)]
    return np.sort(h + 2 * energy / h + h / (h - ratio))


def _reciprocal_transform(x: ArrayLike, energy: float, ratio: float) -> NDArray[Any]:
    """Give 1 / G(x + i0): of h^3 - (x + phi - 1) h^2 + (2 eps + x phi) h - 2 eps phi the root above the real axis.

    Off the spectrum all three are real; then it is the one where z(h) increases, as it does above the axis.
    """
    x = np.asarray(x, dtype=float)
    companion = np.zeros((*x.shape, 3, 3))
    companion[..., 1, 0] = companion[..., 2, 1] = 1.0
    companion[..., 0, 2] = 2 * energy * ratio
    companion[..., 1, 2] = -(2 * energy + x * ratio)
    companion[..., 2, 2] = x + ratio - 1
    roots = np.linalg.eigvals(companion).astype(complex)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = 1 - 2 * energy / roots.real**2 - ratio / (roots.real - ratio) ** 2
    complex_pair = roots.imag.max(axis=-1) > 0
    chosen = np.where(complex_pair, roots.imag.argmax(axis=-1), np.nan_to_num(slope, nan=-np.inf).argmax(axis=-1))
    return np.asarray(np.take_along_axis(roots, chosen[..., None], axis=-1)[..., 0])
