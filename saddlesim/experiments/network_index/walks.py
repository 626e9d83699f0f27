"""Walks: three ways from a point to a critical point of any index nearby, with whole Hessians.

Where they end need not be critical; `judging` tells. Minimising |gradient|^2 stops wherever the gradient lies in the Hessian's
null space, for grad |g|^2 / 2 = H g; the other two do not, but may not stop at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET, polish
from saddlesim.spectrum import eigensystem, zero_threshold

Array = NDArray[np.float64]

AT_REST = 1e-12  # length of a step over that of x
FIRST_RADIUS = 0.5  # of eigenvector following, in longest steps
SHORTEST_RADIUS = 1e-6  # below which a step is taken, whatever the model is worth
POOR, GOOD = 0.5, 0.15  # what the linear model of the gradient misses, in gradients
FARTHEST = 10.0  # times max(1, |start|), a walk's distance from its start beyond which it is lost
N_HALVINGS = 60


class Place(NamedTuple):
    """A point x, its gradient and Hessian: eigenvalues, eigenvectors in columns, and the gradient's components along these."""

    x: Array
    gradient: Array
    eigenvalues: Array
    eigenvectors: Array
    slopes: Array

    @classmethod
    def of(cls, objective: Any, x: Array) -> Self:
        """Look at a point."""
        gradient = objective.gradient(x)
        eigenvalues, eigenvectors = eigensystem(objective.hessian(x))
        return cls(x, gradient, eigenvalues, eigenvectors, eigenvectors.T @ gradient)

    def is_lost(self, start: Array) -> bool:
        """Tell whether a walk has overflowed, or gone so far that nothing it finds is near its start."""
        farthest = FARTHEST * max(1.0, float(np.linalg.norm(start)))
        return not (np.isfinite(self.eigenvalues).all() and np.linalg.norm(self.x - start) <= farthest)


def range_step(eigenvalues: Array, slopes: Array) -> Array:
    """Give Newton's step along each eigenvector, 0 where `spectrum` calls the eigenvalue zero: the step on the range of H."""
    usable = np.abs(eigenvalues) > zero_threshold(eigenvalues)
    return np.asarray(np.where(usable, -slopes / np.where(usable, eigenvalues, 1.0), 0.0))


def newton(objective: Any, start: Array, n_steps: int, longest_step: float) -> Array:
    """Take Newton's steps on the range of H, cut to a length, whatever the gradient does, as Dauphin et al. did."""
    x = start
    for _ in range(n_steps):
        here = Place.of(objective, x)
        move = here.eigenvectors @ range_step(here.eigenvalues, here.slopes)
        if here.is_lost(start) or _is_at_rest(move, x):
            break
        x = x + move * min(1.0, longest_step / float(np.linalg.norm(move)))
    return x


def minimum_residual(objective: Any, start: Array, n_steps: int, longest_step: float) -> Array:
    """Minimise |gradient|^2 by Levenberg-Marquardt, whose damping stands in for the longest step."""
    return polish(objective, start, n_steps)


def eigenvector_following(objective: Any, start: Array, n_steps: int, longest_step: float) -> Array:
    """Climb along the k lowest eigenvectors and descend along the others, with k the index at the start.

    A step ``-+ slope / (|eigenvalue| + shift)`` is Newton's where the signs of the eigenvalues are those wanted; the shift keeps
    it in a ball, which shrinks where the gradient's linear model fails. The dynamics are attracted by critical points of index k
    alone, unless eigenvalues k and k + 1 coincide there (Wales, J. Chem. Phys. 101 (1994) 3750 (recalled); Yin, Zhang, Zhang,
    SIAM J. Sci. Comput. 41 (2019) A3576 (recalled)).
    """
    here, radius = Place.of(objective, start), FIRST_RADIUS * longest_step
    signs = np.where(np.arange(len(start)) < np.count_nonzero(here.eigenvalues < 0), -1.0, 1.0)
    for _ in range(n_steps):
        if here.is_lost(start):
            break
        along = _shifted_step(signs * here.slopes, np.abs(here.eigenvalues), radius)
        move = here.eigenvectors @ along
        if _is_at_rest(move, here.x):
            break
        foreseen = here.gradient + here.eigenvectors @ (here.eigenvalues * along)
        missed = np.linalg.norm(objective.gradient(here.x + move) - foreseen) / np.linalg.norm(here.gradient)
        if missed < POOR or radius < SHORTEST_RADIUS * longest_step:
            here = Place.of(objective, here.x + move)
            radius = min(2 * radius, longest_step) if missed < GOOD else radius
        else:
            radius = min(radius, float(np.linalg.norm(move))) / 2
    return here.x


WALKS: Mapping[str, Callable[[Any, Array, int, float], Array]] = {
    each.__name__: QUIET(each) for each in (newton, minimum_residual, eigenvector_following)
}


def _is_at_rest(move: Array, x: Array) -> bool:
    return bool(np.linalg.norm(move) <= AT_REST * np.linalg.norm(x))


def _shifted_step(slopes: Array, magnitudes: Array, radius: float) -> Array:
    """Give ``-slopes / (magnitudes + shift)`` with the least shift >= 0 that keeps its length within the radius."""

    def step(shift: float) -> Array:
        return np.asarray(-slopes / np.maximum(magnitudes + shift, np.finfo(np.float64).tiny))

    if np.linalg.norm(step(0.0)) <= radius:
        return step(0.0)
    low, high = 0.0, float(np.linalg.norm(slopes)) / radius
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.linalg.norm(step(middle)) > radius else (low, middle)
    return step(high)
