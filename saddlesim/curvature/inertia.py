"""Inertia: how many eigenvalues of a Hessian are negative; exactly while it fits into memory, else with an interval.

Exactly means by all eigenvalues, for a few thousand rows take seconds and only they tell by how much each sign is meant: an LDL'
factorization has the signs alone. What counts as zero is `saddlesim.spectrum`'s to say.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from saddlesim.curvature.density import spectral_density
from saddlesim.curvature.krylov import Array, Product, finite
from saddlesim.spectrum import Spectrum, classify

LARGEST_DENSE = 4000  # rows: 128 MB
BLOCK_COLUMNS = 32


class NegativeCount(NamedTuple):
    """An estimate of the number of negative eigenvalues.

    Attributes
    ----------
    estimate : float
        The mean over random vectors.
    low, high : float
        An interval, widened by what lies too near zero to call. It covers the error of sampling, not that of the quadrature,
        which falls as more steps are taken.
    uncertain : float
        How many eigenvalues lie too near zero to call.
    """

    estimate: float
    low: float
    high: float
    uncertain: float


def dense_hessian(product: Product, dimension: int) -> Array:
    """Form the matrix, (d, d), from products with blocks of unit vectors.

    Raises
    ------
    ValueError
        If d is above `LARGEST_DENSE`.
    NotFiniteError
        If a product is inf or nan.
    """
    if dimension > LARGEST_DENSE:
        raise ValueError(
            f"dimension={dimension}: a Hessian is formed up to {LARGEST_DENSE} rows; beyond, ask for extremes or an estimate"
        )
    hessian = np.empty((dimension, dimension))
    for start in range(0, dimension, BLOCK_COLUMNS):
        stop = min(start + BLOCK_COLUMNS, dimension)
        units = np.zeros((dimension, stop - start))
        units[np.arange(start, stop), np.arange(stop - start)] = 1.0
        hessian[:, start:stop] = finite(product(units))
    return np.asarray((hessian + hessian.T) / 2)


def exact_spectrum(product: Product, dimension: int, atol: float = 0.0) -> Spectrum:
    """Give all eigenvalues with inertia and margin; `atol` and errors as in `classify` and `dense_hessian`."""
    return classify(np.linalg.eigvalsh(dense_hessian(product, dimension)), atol)


def negative_count(
    product: Product,
    dimension: int,
    rng: np.random.Generator,
    n_vectors: int = 10,
    n_steps: int = 80,
    confidence_level: float = 0.95,
    near_zero: float | None = None,
) -> NegativeCount:
    """Estimate the number of negative eigenvalues from products, whatever d.

    Of a unit vector in no special direction, the share in a space of k dimensions follows Beta(k / 2, (d - k) / 2); the mean of P
    such shares nearly Beta(P k / 2, P (d - k) / 2), and the interval is that of all k whose law leaves the mean seen in neither
    tail. Vectors of signs spread no wider: less, where eigenvectors lie along few axes.

    Parameters
    ----------
    product, dimension, rng, n_vectors, n_steps
        As for `spectral_density`.
    confidence_level : float
        Of the interval.
    near_zero : float, optional
        Up to which modulus an eigenvalue is too near zero to call; by default what so many steps resolve, the width of the
        spectrum over their number.

    Raises
    ------
    ValueError
        If `confidence_level` or `near_zero` is out of range.
    ValueError, NotFiniteError
        As `spectral_density` says.
    """
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level={confidence_level}: must lie between 0 and 1, such as 0.95")
    if near_zero is not None and not near_zero >= 0:
        raise ValueError(f"near_zero={near_zero}: a modulus, must not be negative")
    density = spectral_density(product, dimension, rng, n_vectors, n_steps)
    if near_zero is None:
        lowest, highest = density.extent
        near_zero = (highest - lowest) / n_steps
    surely = float(density.fraction_below(-near_zero).mean())
    perhaps = float(density.fraction_below(near_zero).mean())
    tail = (1 - confidence_level) / 2
    return NegativeCount(
        estimate=dimension * surely,
        low=_rank_with(surely, 1 - tail, dimension, n_vectors),
        high=_rank_with(perhaps, tail, dimension, n_vectors),
        uncertain=dimension * (perhaps - surely),
    )


def _rank_with(share: float, probability: float, dimension: int, n_vectors: int) -> float:
    """Give the k for which a mean share is at most this one with so much probability, 0 <= k <= d, as a real number."""
    from scipy.optimize import brentq
    from scipy.special import betainc

    share = min(max(share, 0.0), 1.0)  # weights sum to 1 but for rounding
    if share in (0.0, 1.0):
        return share * dimension
    half = n_vectors / 2
    tiny = 1e-9 * dimension
    return float(
        brentq(lambda k: betainc(half * k, half * (dimension - k), share) - probability, tiny, dimension - tiny)
    )
