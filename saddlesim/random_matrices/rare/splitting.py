"""Multilevel splitting: matrices are driven to be positive floor by floor, those below a floor replaced by copies of those above.

A pilot lays the floors at the medians it meets and tunes how far copies are moved; then all that is left random is a particle
system of fixed floors and kernels, whose product of surviving fractions is an unbiased estimate (Del Moral, Feynman-Kac Formulae,
2004, recalled; adaptive floors alone are biased by O(1 / N): Cerou, Guyader, Adaptive multilevel splitting, 2007, recalled).
Independent replicas give the interval. Not here: the moves (`moves`); laws with a tridiagonal form, which `tilting` does better.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.random_matrices.base import Array, Ensemble
from saddlesim.random_matrices.rare.moves import perturbed
from saddlesim.spectrum import zero_threshold

N_REPLICAS = 20
LEAST_PARTICLES = 10  # of a replica
PILOT_PARTICLES = 100  # at least
N_MOVES = 12  # of every particle at every floor
LARGEST_DESCENT = 2_000  # floors, half of the particles lost at each: e^-1386

FIRST_AMOUNT = 0.5
LEAST_AMOUNT = 1e-3
TUNING = 1.15
ACCEPTED = 0.3  # what fraction of moves should be


class OutOfReach(ValueError):
    """Zero lies too many floors down."""


class Floor(NamedTuple):
    """A value that the smallest eigenvalue has to exceed, and how far particles above it are moved."""

    level: float
    amount: float


class Particles(NamedTuple):
    """Matrices, (B, n, n), and their smallest eigenvalues, (B,)."""

    matrices: NDArray[Any]
    scores: Array

    def above(self, level: float, rng: np.random.Generator) -> Particles:
        """Draw as many from those above the level, which there are."""
        survivors = np.flatnonzero(self.scores > level)
        chosen = survivors[rng.integers(survivors.size, size=self.scores.size)]
        return Particles(self.matrices[chosen], self.scores[chosen])

    def moved(self, ensemble: Ensemble, floor: Floor, rng: np.random.Generator) -> tuple[Particles, float]:
        """Move all that stay above the floor, and tell what fraction does."""
        proposed = perturbed(ensemble, self.matrices, floor.amount, rng)
        scores = smallest_eigenvalues(proposed)
        accepted = scores > floor.level
        matrices = np.where(accepted[:, None, None], proposed, self.matrices)
        return Particles(matrices, np.where(accepted, scores, self.scores)), float(accepted.mean())


def drawn(ensemble: Ensemble, n_particles: int, rng: np.random.Generator) -> Particles:
    """Draw particles from the ensemble itself."""
    matrices = ensemble.sample(n_particles, rng)
    return Particles(matrices, smallest_eigenvalues(matrices))


def smallest_eigenvalues(matrices: NDArray[Any]) -> Array:
    """Give the smallest eigenvalue of each, (B,); exactly 0 where it is zero but for rounding, which is not above a wall at 0."""
    values = np.linalg.eigvalsh(matrices)
    return np.where(np.abs(values[:, 0]) <= zero_threshold(values), 0.0, values[:, 0])


def floors_of(ensemble: Ensemble, n_particles: int, rng: np.random.Generator) -> list[Floor]:
    """Lay floors, the last of them zero, each where about half of the particles above the one before are lost.

    Raises
    ------
    ValueError
        If nobody has said how matrices of this ensemble are moved, or zero is out of reach.
    """
    particles = drawn(ensemble, max(n_particles, PILOT_PARTICLES), rng)
    floors: list[Floor] = []
    amount = FIRST_AMOUNT
    while len(floors) < LARGEST_DESCENT:
        level = min(0.0, float(np.median(particles.scores)))
        if not (particles.scores > level).any():
            level = 0.0
        if level < 0 or (particles.scores > level).any():
            particles = particles.above(level, rng)
            for _ in range(N_MOVES):
                particles, fraction = particles.moved(ensemble, Floor(level, amount), rng)
                amount *= TUNING if fraction > ACCEPTED else 1 / TUNING
                amount = min(max(amount, LEAST_AMOUNT), 1.0)
        floors.append(Floor(level, amount))
        if level == 0:
            return floors
    raise OutOfReach(
        f"{ensemble}: after {LARGEST_DESCENT} floors the smallest eigenvalue is still about {floors[-1].level:.4g};"
        " splitting does not reach a probability this small"
    )


def split(
    ensemble: Ensemble, floors: list[Floor], n_particles: int, rng: np.random.Generator
) -> tuple[float, NDArray[Any]]:
    """Drive particles over the floors.

    Returns
    -------
    (float, ndarray, (B, n, n))
        The logarithm of the unbiased estimate of P(all positive), -inf if none arrived, and those that did, moved.
    """
    particles, log_estimate = drawn(ensemble, n_particles, rng), 0.0
    for floor in floors:
        fraction = float((particles.scores > floor.level).mean())
        if not fraction:
            return -math.inf, particles.matrices[:0]
        log_estimate += math.log(fraction)
        particles = particles.above(floor.level, rng)
        for _ in range(N_MOVES):
            particles, _ = particles.moved(ensemble, floor, rng)
    return log_estimate, particles.matrices
