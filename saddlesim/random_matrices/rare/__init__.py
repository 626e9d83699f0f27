"""P(all eigenvalues positive) where counting sees none: an unbiased estimate, an interval, and the spectrum in that case.

Ensembles with a tridiagonal form are tilted, others split. An experiment computes blocks, `block_weights` or `block_replica`, and
combines them; `probability_positive` does both.
"""

from __future__ import annotations

import numpy as np

from saddlesim.random_matrices.base import Array, Ensemble, check_draw
from saddlesim.random_matrices.rare import splitting, tilting
from saddlesim.random_matrices.rare.estimate import RareEstimate, combined, combined_replicas
from saddlesim.random_matrices.rare.moves import perturbed
from saddlesim.random_matrices.rare.tilting import BetaForm, beta_form

RARE_METHODS = ("tilting", "splitting")

__all__ = [
    "RARE_METHODS",
    "BetaForm",
    "RareEstimate",
    "beta_form",
    "block_replica",
    "block_weights",
    "combined",
    "combined_replicas",
    "conditional_spectra",
    "method_for",
    "perturbed",
    "probability_positive",
]


def probability_positive(
    ensemble: Ensemble,
    n_samples: int,
    rng: np.random.Generator,
    confidence_level: float = 0.95,
    method: str | None = None,
) -> RareEstimate:
    """Estimate the probability that all eigenvalues are positive.

    Parameters
    ----------
    ensemble : Ensemble
        The law.
    n_samples : int
        Draws; for splitting the particles of all replicas together.
    rng : numpy.random.Generator
        Source of randomness.
    confidence_level : float
        Of the interval.
    method : str, optional
        "tilting" or "splitting"; tilting where the ensemble has a tridiagonal form, if not said.

    Raises
    ------
    ValueError
        If the method is not for this ensemble, or the samples are too few for an interval.
    """
    check_draw(n_samples, rng)
    if method_for(ensemble, method) == "tilting":
        return combined([block_weights(ensemble, n_samples, rng)], confidence_level)
    n_particles, least = n_samples // splitting.N_REPLICAS, splitting.N_REPLICAS * splitting.LEAST_PARTICLES
    if n_samples < least:
        raise ValueError(
            f"n_samples={n_samples}: must be at least {least}, for splitting takes its interval from"
            f" {splitting.N_REPLICAS} replicas of {splitting.LEAST_PARTICLES} particles or more"
        )
    floors = splitting.floors_of(ensemble, n_particles, rng)
    replicas = [splitting.split(ensemble, floors, n_particles, rng)[0] for _ in range(splitting.N_REPLICAS)]
    return combined_replicas(replicas, confidence_level)


def conditional_spectra(ensemble: Ensemble, n_samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw spectra given that all eigenvalues are positive: pushed against the wall.

    Returns
    -------
    (ndarray, (B, n), ndarray, (B,))
        Ascending eigenvalues, and the logarithms of weights whose mean is unbiased for P(all positive). B is n_samples; for
        splitting, whose spectra are not independent, 0 if no particle arrived.
    """
    check_draw(n_samples, rng)
    form = beta_form(ensemble)
    if form:
        return tilting.spectra_of(form, n_samples, rng)
    if not n_samples:
        return np.empty((0, ensemble.n)), np.empty(0)
    floors = splitting.floors_of(ensemble, n_samples, rng)
    log_estimate, matrices = splitting.split(ensemble, floors, n_samples, rng)
    return np.linalg.eigvalsh(matrices), np.full(len(matrices), log_estimate)


def block_weights(ensemble: Ensemble, n_samples: int, rng: np.random.Generator) -> Array:
    """Draw log weights by tilting, (B,), for `combined`.

    Raises
    ------
    ValueError
        If the ensemble has no tridiagonal form, or its form is out of reach.
    """
    check_draw(n_samples, rng)
    form = beta_form(ensemble)
    if form is None:
        raise ValueError(
            f"{ensemble}: has no tridiagonal form to tilt, as goe, gue, gse, beta_ensemble and shifted_goe have; use splitting"
        )
    return tilting.weights_of(form, n_samples, rng)


def block_replica(ensemble: Ensemble, n_particles: int, rng: np.random.Generator) -> float:
    """Make one independent replica of splitting, its pilot included, and give its log estimate for `combined_replicas`.

    Raises
    ------
    ValueError
        If it is unknown how matrices of this ensemble are moved, or there are too few particles.
    """
    if n_particles < splitting.LEAST_PARTICLES:
        raise ValueError(f"n_particles={n_particles}: must be at least {splitting.LEAST_PARTICLES}")
    floors = splitting.floors_of(ensemble, n_particles, rng)
    return splitting.split(ensemble, floors, n_particles, rng)[0]


def method_for(ensemble: Ensemble, method: str | None = None) -> str:
    """Tell which method serves an ensemble: the one that is named, or tilting wherever there is a tridiagonal form.

    Raises
    ------
    ValueError
        If no method has that name.
    """
    if method is None:
        return "tilting" if beta_form(ensemble) else "splitting"
    if method not in RARE_METHODS:
        raise ValueError(f"method={method!r}: must be one of {', '.join(RARE_METHODS)}")
    return method
