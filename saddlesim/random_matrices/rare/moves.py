"""Random changes of a matrix, reversible with respect to the law of its ensemble: by them the copies in splitting come to differ.

Not here: who is changed, and which changes are refused (`splitting`).
"""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.random_matrices.gaussian import GOE, GSE, GUE, ShiftedGOE
from saddlesim.random_matrices.independent_signs import IndependentSigns
from saddlesim.random_matrices.isotropic_fields import IsotropicField
from saddlesim.random_matrices.tridiagonal import BetaEnsemble
from saddlesim.random_matrices.wigner import DiagonalPlusNoise, EqualVariances, Rademacher, Sparse, Spiked


@singledispatch
def perturbed(ensemble: Any, matrices: NDArray[Any], amount: float, rng: np.random.Generator) -> NDArray[Any]:
    """Change matrices at random, reversibly with respect to their law.

    An ensemble of another package registers its own with ``perturbed.register``.

    Parameters
    ----------
    ensemble : Ensemble
        Whose law it is.
    matrices : ndarray, (B, n, n)
        Such matrices; left as they are.
    amount : float
        From 0, no change, to 1, matrices that are independent of the given ones.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    ValueError
        If nobody has said how to change matrices of this ensemble.
    """
    known = sorted(getattr(cls, "registry_key", cls.__name__) for cls in perturbed.registry if cls is not object)
    raise ValueError(
        f"{ensemble}: no change of its matrices is known that preserves their law; splitting knows"
        f" {', '.join(known)} and what is registered with saddlesim.random_matrices.rare.perturbed"
    )


@perturbed.register
def _(
    ensemble: GOE | GUE | EqualVariances | DiagonalPlusNoise | IsotropicField,
    matrices: NDArray[Any],
    amount: float,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Turn towards an independent copy, sqrt(1 - s^2) H + s H', which suits normal laws of mean zero."""
    return math.sqrt(1 - amount * amount) * matrices + amount * ensemble.sample(len(matrices), rng)


@perturbed.register
def _(ensemble: ShiftedGOE, matrices: NDArray[Any], amount: float, rng: np.random.Generator) -> NDArray[Any]:
    return _turned_about(ensemble.shift * np.eye(ensemble.n), ensemble, matrices, amount, rng)


@perturbed.register
def _(ensemble: Spiked, matrices: NDArray[Any], amount: float, rng: np.random.Generator) -> NDArray[Any]:
    mean = np.zeros((ensemble.n, ensemble.n))
    mean[0, 0] = ensemble.strength * math.sqrt(ensemble.n)
    return _turned_about(mean, ensemble, matrices, amount, rng)


@perturbed.register
def _(
    ensemble: Rademacher | Sparse | IndependentSigns | BetaEnsemble | GSE,
    matrices: NDArray[Any],
    amount: float,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Draw each entry anew with probability s, which suits independent ones; those of tridiagonal forms are."""
    drawn = np.tril(rng.random(matrices.shape) < amount)
    renewed = drawn | np.tril(drawn, -1).swapaxes(1, 2)
    return np.where(renewed, ensemble.sample(len(matrices), rng), matrices)


def _turned_about(
    mean: NDArray[Any], ensemble: ShiftedGOE | Spiked, matrices: NDArray[Any], amount: float, rng: np.random.Generator
) -> NDArray[Any]:
    fresh = ensemble.sample(len(matrices), rng)
    return np.asarray(mean + math.sqrt(1 - amount * amount) * (matrices - mean) + amount * (fresh - mean))
