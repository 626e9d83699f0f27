"""Curvatures: the ends of the Hessian's spectrum and its index at a point, exactly where the whole matrix can be decomposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.curvature import ConvergenceError, NotFiniteError, extreme_eigenpairs, negative_count
from saddlesim.curvature.krylov import Product
from saddlesim.objectives.networks.layered import LayeredNetwork
from saddlesim.parameters import MOST_NUMBERS
from saddlesim.spectrum import classify, eigenvalues

Array = NDArray[np.float64]

LARGEST_EXACT = 2000  # components up to which all eigenvalues are taken, in seconds

N_STEPS = 80  # of Lanczos' method for the index; it tells signs farther from zero than the spectrum's width over that


LARGEST_ESTIMATED = MOST_NUMBERS // N_STEPS  # components up to which the vectors of that method are held


@dataclass(frozen=True)
class Curvature:
    """What the Hessian at a point has.

    Attributes
    ----------
    lowest_eigenvalue, highest_eigenvalue : float
        nan where it is not finite, or where Lanczos' method did not converge.
    index, index_low, index_high : float
        Negative eigenvalues; all three are one number where the index is exact. Otherwise half of those too near zero to call
        are counted, and the interval covers none and all of them.
    nullity : float
        Zero eigenvalues; where the index is an estimate, those too near zero to call.
    margin : float
        Factor by which the threshold of zero would have to move to change the exact inertia; nan for an estimate.
    """

    lowest_eigenvalue: float
    highest_eigenvalue: float
    index: float
    index_low: float
    index_high: float
    nullity: float
    margin: float

    @classmethod
    def at(cls, objective: Any, x: Array, rng: np.random.Generator) -> Self:
        """Look at a point, (d,); the rng is drawn from where there are more than `LARGEST_EXACT` components."""
        if not np.isfinite(x).all():
            return cls._unknown()
        if len(x) <= LARGEST_EXACT:
            return cls._of_matrix(objective, x)
        try:
            return cls._of_products(objective, x, rng)
        except NotFiniteError:
            return cls._unknown()

    @classmethod
    def _of_matrix(cls, objective: Any, x: Array) -> Self:
        values = eigenvalues(objective.hessian(x))
        if not np.isfinite(values).all():
            return cls._unknown()
        found = classify(values)
        index = float(found.index)
        ends = float(values[0]), float(values[-1])
        return cls(*ends, index, index, index, float(found.nullity), float(found.margin))

    @classmethod
    def _of_products(cls, objective: Any, x: Array, rng: np.random.Generator) -> Self:
        product = hessian_product_at(objective, x)
        lowest = _extreme_eigenvalue(product, len(x), "lowest", rng)
        highest = _extreme_eigenvalue(product, len(x), "highest", rng)
        resolution = (highest - lowest) / N_STEPS if np.isfinite(highest - lowest) else None
        count = negative_count(product, len(x), rng, n_steps=N_STEPS, near_zero=resolution)
        index = count.estimate + count.uncertain / 2
        return cls(lowest, highest, index, count.low, count.high, count.uncertain, float("nan"))

    @classmethod
    def _unknown(cls) -> Self:
        nan = float("nan")
        return cls(nan, nan, nan, nan, nan, nan, nan)


def hessian_product_at(objective: Any, x: Array) -> Product:
    """Give H v of v, (d,) each, at one point; a network goes forward and back only once for all of them."""
    if isinstance(objective, LayeredNetwork):
        return objective.at(x).hessian_product
    return lambda v: np.asarray(objective.hessian_product(x, v))


def _extreme_eigenvalue(
    product: Product, dimension: int, which: Literal["lowest", "highest"], rng: np.random.Generator
) -> float:
    try:
        return float(extreme_eigenpairs(product, dimension, 1, which, rng).values[0])
    except ConvergenceError:
        return float("nan")
