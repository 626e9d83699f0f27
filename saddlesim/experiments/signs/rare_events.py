"""Rare events: P(all eigenvalues positive), estimated block by block. Not here: the methods (random_matrices.rare)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.estimates import Estimate, estimate_names, figures_of
from saddlesim.random_matrices import Ensemble
from saddlesim.random_matrices.pivots import pivot_grid
from saddlesim.random_matrices.rare import (
    RareEstimate,
    beta_form,
    block_replica,
    block_weights,
    combined,
    combined_replicas,
    method_for,
    perturbed,
)
from saddlesim.random_matrices.rare.splitting import LEAST_PARTICLES, N_REPLICAS, OutOfReach

Array = NDArray[np.float64]


def problem_with(ensemble: Ensemble, n_samples: int) -> str | None:
    """Say what keeps an ensemble's probability from being estimated by so many samples; None if nothing does."""
    least = N_REPLICAS * LEAST_PARTICLES
    try:
        if form := beta_form(ensemble):
            pivot_grid(*form)
            return None if n_samples > 1 else f"{n_samples} are too few; at least 2"
        perturbed(ensemble, np.empty((0, ensemble.n, ensemble.n)), 0.5, np.random.default_rng(0))
    except ValueError as error:
        reason = str(error).removeprefix(f"{ensemble}: ")
        return (
            f"n_rare_samples asks for P(all positive) of {ensemble}: {reason}; let it be 0, or leave this ensemble out"
        )
    return None if n_samples >= least else f"{n_samples} are too few to split {ensemble}; at least {least}"


def n_blocks(ensemble: Ensemble, n_samples: int, block_size: int) -> int:
    """Give the number of blocks: replicas for splitting."""
    return N_REPLICAS if method_for(ensemble) == "splitting" else -(-n_samples // block_size)


def samples_of_block(ensemble: Ensemble, n_samples: int, block_size: int, block: int) -> int:
    """Give the number of samples, or particles, of a block."""
    tilted = method_for(ensemble) == "tilting"
    return min(block_size, n_samples - block * block_size) if tilted else n_samples // N_REPLICAS


def log_weights(ensemble: Ensemble, n_samples: int, rng: np.random.Generator) -> Array:
    """Draw the logarithms of a block's weights; -inf is a replica that did not reach the event, or whose pilot gave up."""
    if method_for(ensemble) == "tilting":
        return block_weights(ensemble, n_samples, rng)
    try:
        return np.array([block_replica(ensemble, n_samples, rng)])
    except OutOfReach:
        return np.array([-math.inf])


def estimate(ensemble: Ensemble, blocks: Iterable[Array], confidence_level: float) -> RareEstimate:
    """Put the blocks together."""
    if method_for(ensemble) == "tilting":
        return combined(blocks, confidence_level)
    return combined_replicas(np.concatenate(list(blocks)), confidence_level)


RARE_FIGURES = (
    *estimate_names("log_probability"),
    "log10_probability",
    "exact_z",
    "n_samples",
    "effective_sample_size",
    "largest_share",
)


def rare_figures(told: RareEstimate, exact: float | None) -> dict[str, Any]:
    """Give the entries of a summary; `exact` is the logarithm that the estimate is held against."""
    reached = math.isfinite(told.log_probability)
    made = Estimate(*told[:4]) if reached else None
    z = (made.value - exact) / made.standard_error if made and exact is not None and made.standard_error else None
    return {
        **figures_of("log_probability", made),
        "log10_probability": told.log_probability / math.log(10),
        "exact_z": z,
        "n_samples": told.n_samples,
        "effective_sample_size": told.effective_sample_size,
        "largest_share": told.largest_share,
        "method": told.method,
    }
