"""Inertia: how many eigenvalues of a Hessian are negative; exactly while it fits into memory, else with an interval.

Exactly means by all eigenvalues, for a few thousand rows take seconds and only they tell by how much each sign is meant: an LDL'
factorization has the signs alone. What counts as zero is `saddlesim.spectrum`'s to say.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from saddlesim.curvature.density import spectral_density
from saddlesim.curvature.krylov import Array, Product
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
        Student's interval over these vectors, widened by what lies too near zero to call. It covers the error of sampling, not
        that of the quadrature, which falls as more steps are taken.
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
        hessian[:, start:stop] = product(units)
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

    Parameters
    ----------
    product, dimension, rng, n_vectors, n_steps
        As for `spectral_density`; two vectors at least.
    confidence_level : float
        Of the interval.
    near_zero : float, optional
        Up to which modulus an eigenvalue is too near zero to call; by default what so many steps resolve, the width of the
        spectrum over their number.

    Raises
    ------
    ValueError
        If there are fewer than two vectors.
    """
    from scipy.stats import t

    if n_vectors < 2:
        raise ValueError(f"n_vectors={n_vectors}: an interval takes two at least")
    density = spectral_density(product, dimension, rng, n_vectors, n_steps)
    if near_zero is None:
        lowest, highest = density.extent
        near_zero = (highest - lowest) / n_steps
    surely = dimension * density.fraction_below(-near_zero)
    perhaps = dimension * density.fraction_below(near_zero)
    factor = float(t.ppf((1 + confidence_level) / 2, n_vectors - 1)) / math.sqrt(n_vectors)
    return NegativeCount(
        estimate=float(surely.mean()),
        low=max(0.0, float(surely.mean() - factor * surely.std(ddof=1))),
        high=min(float(dimension), float(perhaps.mean() + factor * perhaps.std(ddof=1))),
        uncertain=float((perhaps - surely).mean()),
    )
