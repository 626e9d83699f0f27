"""Directions: some eigenvectors of the Hessian at a point, counted from either end, and what else is known of its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET, analyse
from saddlesim.curvature import ConvergenceError, NotFiniteError, extreme_eigenpairs
from saddlesim.curvature.krylov import Product
from saddlesim.experiments.training.curvatures import LARGEST_EXACT as LARGEST_EXACT
from saddlesim.experiments.training.curvatures import hessian_product_at

Array = NDArray[np.float64]

DEEPEST = 50  # eigenpairs of either end that Lanczos' method is asked for
ALIKE = 1e-6  # of the largest modulus: components that may lead, whatever rounding does to them


@dataclass(frozen=True, eq=False)
class Directions:
    """Unit eigenvectors and the spectrum round them; what is not known is nan, and -1 if it is a count.

    Attributes
    ----------
    eigenvalues : (k,)
    vectors : (k, d)
        The first component whose modulus is the largest, to rounding, is positive.
    residuals : (k,)
        ``|H v - lambda v|``.
    gaps : (k,)
        Distance to the nearest other eigenvalue: at 0 the eigenvector is one of many. Known from the whole matrix alone.
    index, nullity, is_critical : int
    margin : float
        Factor by which the threshold of zero would have to move to change the inertia.
    kind : str
        That of a critical point, ``not critical``, ``not finite``, or empty where the whole Hessian is not known.
    """

    eigenvalues: Array
    vectors: Array
    residuals: Array
    gaps: Array
    index: int
    nullity: int
    is_critical: int
    margin: float
    kind: str


@QUIET
def directions_at(objective: Any, x: Array, chosen: Sequence[int], rng: np.random.Generator) -> Directions:
    """Find eigenvectors at x, (d,): from the whole Hessian up to `LARGEST_EXACT` components, beyond by Lanczos' method.

    Parameters
    ----------
    chosen : sequence of int
        Places among the eigenvalues in ascending order; negative ones count from the highest.
    rng : numpy.random.Generator
        Draws where Lanczos' method begins.
    """
    if not np.isfinite(x).all():
        return _unknown(len(chosen), len(x), "not finite")
    return _of_matrix(objective, x, chosen) if len(x) <= LARGEST_EXACT else _of_products(objective, x, chosen, rng)


def _of_matrix(objective: Any, x: Array, chosen: Sequence[int]) -> Directions:
    try:
        found = analyse(objective, x)
    except ValueError:  # a derivative is not finite
        return _unknown(len(chosen), len(x), "not finite")
    values, spectrum = found.spectrum.eigenvalues, found.spectrum
    vectors = oriented(found.eigenvectors[:, list(chosen)].T)
    own = values[list(chosen)]
    hessian = objective.hessian(x)
    residuals = np.linalg.norm(hessian @ vectors.T - own * vectors.T, axis=0)
    apart = np.concatenate([[np.inf], np.diff(values), [np.inf]])
    gaps = np.minimum(apart[:-1], apart[1:])[list(chosen)]
    gaps[np.isinf(gaps)] = np.nan  # there is no other
    counts = int(spectrum.index), int(spectrum.nullity), int(found.is_critical)
    kind = str(spectrum.kind) if found.is_critical else "not critical"
    return Directions(own, vectors, residuals, gaps, *counts, float(spectrum.margin), kind)


def _of_products(objective: Any, x: Array, chosen: Sequence[int], rng: np.random.Generator) -> Directions:
    d = len(x)
    product = hessian_product_at(objective, x)
    if not np.isfinite(product(np.ones(d))).all():
        return _unknown(len(chosen), d, "not finite")
    found = _unknown(len(chosen), d, "")
    places = np.array(chosen) % d
    lows = np.flatnonzero(2 * places < d)
    highs = np.setdiff1d(np.arange(len(chosen)), lows)
    _fill(found, product, "lowest", lows, places[lows], rng)
    _fill(found, product, "highest", highs, places[highs] - d, rng)
    return found


def _fill(
    found: Directions,
    product: Product,
    which: Literal["lowest", "highest"],
    rows: NDArray[np.intp],
    counted: NDArray[np.intp],
    rng: np.random.Generator,
) -> None:
    """Put eigenpairs, counted from 0 up or from -1 down, into these rows; where Lanczos' method fails nan stays."""
    if not len(rows):
        return
    count = int(np.max(np.where(counted < 0, -counted, counted + 1)))
    try:
        pairs = extreme_eigenpairs(product, found.vectors.shape[1], count, which, rng)
    except (ConvergenceError, NotFiniteError):
        return
    found.eigenvalues[rows] = pairs.values[counted]
    found.vectors[rows] = oriented(pairs.vectors[:, counted].T)
    found.residuals[rows] = pairs.residuals[counted]


def too_deep(chosen: Sequence[int], dimension: int) -> list[int]:
    """List the directions that are too far from both ends for Lanczos' method."""
    if dimension <= LARGEST_EXACT:
        return []
    return [k for k in chosen if min(k % dimension, -k % dimension or dimension) > DEEPEST]


def oriented(vectors: Array) -> Array:
    """Turn vectors, (k, d), so that of the components of largest modulus, those alike to rounding, the first is positive."""
    modulus = np.abs(vectors)
    leads = (modulus >= (1 - ALIKE) * modulus.max(axis=1, keepdims=True)).argmax(axis=1)
    leading = np.take_along_axis(vectors, leads[:, None], axis=1)
    return np.asarray(np.where(leading < 0, -vectors, vectors))


def _unknown(count: int, dimension: int, kind: str) -> Directions:
    rows = (np.full(count, np.nan) for _ in range(3))
    values, residuals, gaps = rows
    return Directions(values, np.full((count, dimension), np.nan), residuals, gaps, -1, -1, -1, float("nan"), kind)
