"""Laws: which law, exact or of large n, applies to an ensemble. Not here: the formulas (random_matrices)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.random_matrices.base import Known, LibraryEnsemble
from saddlesim.random_matrices.exact import index_mean_and_variance
from saddlesim.random_matrices.gaussian import GOE, GSE, GUE
from saddlesim.random_matrices.isotropic_fields import IsotropicFieldCritical
from saddlesim.random_matrices.tridiagonal import CLASSICAL, BetaEnsemble
from saddlesim.random_matrices.wishart import WignerPlusWishart

Array = NDArray[np.float64]


class Law(NamedTuple):
    """What is known exactly of the index.

    Attributes
    ----------
    distribution : (n + 1,) or None
        The probability of each index.
    log_probability_positive : float or None
        The logarithm of the probability that all eigenvalues are positive, which may be too small for a float.
    """

    distribution: Array | None
    log_probability_positive: float | None

    @property
    def moments(self) -> tuple[float, float] | None:
        """Mean and variance of the index."""
        return None if self.distribution is None else index_mean_and_variance(self.distribution)


def known_of(ensemble: Any) -> Known:
    """Tell what `law_of` will give, without computing it; of somebody's plain object, what it may give."""
    if isinstance(ensemble, LibraryEnsemble):
        distribution, logarithm = ensemble.knows
    else:
        distribution, logarithm = (hasattr(ensemble, name) for name in Known._fields)
    return Known(distribution, distribution or logarithm)


def law_of(ensemble: Any) -> Law:
    """Ask an ensemble for its law; somebody's plain object need not know any."""
    distribution, log_probability = (
        getattr(ensemble, name)() if hasattr(ensemble, name) else None for name in Known._fields
    )
    if log_probability is None and distribution is not None and distribution[0] > 0:
        log_probability = math.log(distribution[0])
    return Law(distribution, log_probability)


class Expansion(NamedTuple):
    """What is known for large n; None where nothing is.

    Attributes
    ----------
    log_probability_positive : float or None
        The logarithm of the probability that all eigenvalues are positive.
    variance_index : float or None
        The variance of the index.
    mean_fraction : float or None
        The limit of the fraction of negative eigenvalues.
    """

    log_probability_positive: float | None = None
    variance_index: float | None = None
    mean_fraction: float | None = None


def expanded_of(ensemble: Any) -> tuple[str, ...]:
    """Tell which fields `expansion_of` will give, without computing them."""
    if isinstance(ensemble, GOE | GUE | GSE | BetaEnsemble) and ensemble.dyson_index in CLASSICAL:
        return Expansion._fields
    if isinstance(ensemble, IsotropicFieldCritical):
        return "log_probability_positive", "mean_fraction"
    return ("mean_fraction",) if isinstance(ensemble, WignerPlusWishart) else ()


def expansion_of(ensemble: Any) -> Expansion:
    """Give what is known of an ensemble for large n."""
    if isinstance(ensemble, GOE | GUE | GSE | BetaEnsemble) and ensemble.dyson_index in CLASSICAL:
        from saddlesim.random_matrices.asymptotics import index_variance_expansion, log_probability_positive_expansion

        n, beta = ensemble.n, int(ensemble.dyson_index)
        log_probability = float(log_probability_positive_expansion(n, beta))
        return Expansion(log_probability, float(index_variance_expansion(n, beta)), 0.5)
    if isinstance(ensemble, IsotropicFieldCritical):
        from saddlesim.random_matrices.asymptotics import log_minimum_fraction_expansion

        return Expansion(float(log_minimum_fraction_expansion(ensemble.n)), None, 0.5)
    if isinstance(ensemble, WignerPlusWishart):
        from saddlesim.random_matrices.free_sum import free_sum_index_fraction

        ratio = ensemble.n / ensemble.n_columns
        return Expansion(mean_fraction=free_sum_index_fraction(ensemble.energy, ratio))
    return Expansion()
