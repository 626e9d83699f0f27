"""Judging: whether the point where a walk ended is critical, and if not, why it ended there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET, analyse
from saddlesim.experiments.network_index.walks import FARTHEST, range_step

Array = NDArray[np.float64]

GRADIENT_TOLERANCE = 1e-10  # of |g| over max(1, |H| |x|)
STEP_TOLERANCE = 1e-6  # of Newton's step on the range of H over |x|
ORIGIN = 1e-8  # a norm of x below which it stands in for |x|, lest the origin, met to rounding only, be refused
FLAT = 1e-3  # |H g| over |H| |g|, at or below which a gradient that is not small is called flat

OUTCOMES = ("accepted", "gradient_flat", "long_step", "lost", "unfinished")
MEANINGS = {
    "accepted": "the gradient is zero to rounding, and so is Newton's last step",
    "gradient_flat": "the gradient is not small, but lies nearly in the Hessian's null space, where |gradient| is stationary",
    "long_step": "the gradient is small, but Newton's step is not: the Hessian is nearly singular",
    "lost": "the walk went far away or overflowed",
    "unfinished": "the walk was still on its way when its steps were used up",
}


class Judged(NamedTuple):
    """What is at the end of a walk.

    Attributes
    ----------
    outcome : int
        Place in `OUTCOMES`.
    value, gradient_norm : float
    gradient_excess, step_excess : float
        The gradient and Newton's last step in units of what is allowed; both at most 1 where a point is accepted.
    flatness : float
        ``|H g| / (|H| |g|)``: 0 where the gradient is in the null space of H, 1 along the steepest eigenvector; nan where g = 0.
    eigenvalues : (d,)
    morse_index, nullity : int
    margin : float
        Factor by which the threshold of zero would have to move to change the inertia; 1 is a coin toss.
    """

    outcome: int
    value: float
    gradient_norm: float
    gradient_excess: float
    step_excess: float
    flatness: float
    eigenvalues: Array
    morse_index: int
    nullity: int
    margin: float


@QUIET
def judge(objective: Any, x: Array, start: Array) -> Judged:
    """Look at where a walk from a start ended; both (d,)."""
    try:
        found = analyse(objective, x)
    except ValueError:
        nan = float("nan")
        return Judged(OUTCOMES.index("lost"), nan, nan, nan, nan, nan, np.full(len(x), nan), -1, -1, nan)
    eigenvalues, gradient = found.spectrum.eigenvalues, objective.gradient(x)
    slopes = found.eigenvectors.T @ gradient
    largest, length = float(np.abs(eigenvalues).max()), float(np.linalg.norm(x))
    step = float(np.linalg.norm(range_step(eigenvalues, slopes)))
    gradient_excess = found.gradient_norm / (GRADIENT_TOLERANCE * max(1.0, largest * length))
    step_excess = step / (STEP_TOLERANCE * max(length, ORIGIN))
    flatness = float(np.linalg.norm(eigenvalues * slopes) / (largest * found.gradient_norm))
    is_far = np.linalg.norm(x - start) > FARTHEST * max(1.0, float(np.linalg.norm(start)))
    outcome = _outcome(gradient_excess, step_excess, flatness, bool(is_far))
    spectrum = found.spectrum
    return Judged(
        OUTCOMES.index(outcome),
        found.value,
        found.gradient_norm,
        gradient_excess,
        step_excess,
        flatness,
        eigenvalues,
        int(spectrum.index),
        int(spectrum.nullity),
        float(spectrum.margin),
    )


def _outcome(gradient_excess: float, step_excess: float, flatness: float, is_far: bool) -> str:
    if is_far:
        return "lost"
    if gradient_excess <= 1:
        return "accepted" if step_excess <= 1 else "long_step"
    return "gradient_flat" if flatness <= FLAT else "unfinished"
