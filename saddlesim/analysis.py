"""Analysis: what gradient and Hessian say at one point, and the walk from a guess to the critical point it leads to.

Not here: the meaning of zero and of kinds (spectrum.py), searches from many starts (searching/), proofs (proving/).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.objectives.base import CriticalPoint, Objective
from saddlesim.spectrum import Spectrum, classify, eigensystem, rounding_rtol

Array = NDArray[np.float64]

CRITICAL_TOLERANCE = 1e-8  # of |gradient| over |Hessian| max(1, |x|): the first-order distance to the critical point


SAME_POINT_TOLERANCE = 1e-6  # of distance over max(1, |x|)
MOST_LISTED = 10_000


@dataclass(frozen=True, eq=False)
class LocalAnalysis:
    """What gradient and Hessian say at one point.

    Attributes
    ----------
    x : (d,)
    value, gradient_norm : float
    spectrum : Spectrum
        With an atol for what the point's location error moves an eigenvalue by: the largest change of the Hessian over one to
        four Newton steps, for at a degenerate point Newton's step falls short by the multiplicity of the root, and over the
        step that the gradient's own rounding hides along the flattest eigenvector; 0 at a point that is not critical.
    eigenvectors : (d, d)
        In columns, in the order of the eigenvalues.
    is_critical : bool
        Whether the gradient is zero to `CRITICAL_TOLERANCE`.
    """

    x: Array
    value: float
    gradient_norm: float
    spectrum: Spectrum
    eigenvectors: Array
    is_critical: bool


QUIET = np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore")  # what is not finite is looked at


@QUIET
def analyse(objective: Objective, x: ArrayLike) -> LocalAnalysis:
    """Look at one point, (d,).

    Raises
    ------
    ValueError
        If the objective or a derivative is not finite there.
    """
    x = np.array(x, dtype=np.float64)
    value, gradient, hessian = float(objective.value(x)), objective.gradient(x), objective.hessian(x)
    if not (np.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        why = getattr(objective, "non_smooth", "")
        told = f": it is not twice differentiable {why}" if why else ""
        raise ValueError(f"{objective} or a derivative of it is not finite at {coordinates(x)}{told}")
    eigenvalues, eigenvectors = eigensystem(hessian)
    gradient_norm = float(np.linalg.norm(gradient))
    scale = float(np.max(np.abs(eigenvalues), initial=0.0)) * max(1.0, float(np.linalg.norm(x)))
    newton = _damped_step(eigenvalues, eigenvectors, gradient, 0.0)
    hidden = _hidden_step(eigenvalues, eigenvectors, scale)
    steps = [newton, 2 * newton, 3 * newton, 4 * newton, hidden, -hidden]
    moved = [float(np.linalg.norm(np.nan_to_num(objective.hessian(x + step) - hessian))) for step in steps]
    is_critical = gradient_norm <= CRITICAL_TOLERANCE * scale
    spectrum = classify(eigenvalues, atol=max(moved) if is_critical else 0.0)
    return LocalAnalysis(x, value, gradient_norm, spectrum, eigenvectors, is_critical)


@QUIET
def polish(objective: Objective, guess: ArrayLike, n_steps: int = 1000) -> Array:
    """Walk from a guess, (d,), to where |gradient| is smallest nearby, by Levenberg-Marquardt on |gradient|^2.

    Ends at rounding at a regular critical point, near it at a degenerate one, or at a point of smallest |gradient| that is
    none: `analyse` tells. In NumPy, for a scenario is checked before SciPy is imported.
    """
    x = np.array(guess, dtype=np.float64)
    gradient = objective.gradient(x)
    damping = 1e-3
    for _ in range(n_steps):
        eigenvalues, eigenvectors = eigensystem(objective.hessian(x))
        if not np.isfinite(eigenvalues).all() or not gradient.any():
            break
        trial = x + _damped_step(eigenvalues, eigenvectors, gradient, damping)
        trial_gradient = objective.gradient(trial)
        if np.linalg.norm(trial_gradient) < np.linalg.norm(gradient):
            x, gradient, damping = trial, trial_gradient, damping / 10
        elif damping > 1e12:
            break
        else:
            damping = max(10 * damping, 1e-12)
    return x


def nearest_critical_point(objective: Objective, x: ArrayLike) -> CriticalPoint | None:
    """Find the critical point nearest to x, (d,), among the known ones and the one that polishing from x ends at."""
    x = np.asarray(x, dtype=np.float64)
    candidates = list(listed_points(objective))
    found = analyse(objective, polish(objective, x))
    if found.is_critical and not any(same_point(each.x, found.x) for each in candidates):
        spectrum = found.spectrum
        candidates.append(
            CriticalPoint("found", found.x, found.value, int(spectrum.index), str(spectrum.kind), int(spectrum.nullity))
        )
    return min(candidates, key=lambda each: float(np.linalg.norm(each.x - x)), default=None)


def listed_points(objective: Objective, most: int = MOST_LISTED) -> Iterator[CriticalPoint]:
    """Give the critical points that an objective lists, or those that stand for manifolds of them, one by one.

    At most so many, for some lists have 3^d, each made when it is asked for.
    """
    known = getattr(objective, "critical_points", None) or getattr(objective, "representatives", None) or ()
    return itertools.islice(known, most)


def same_point(x: Array, y: Array) -> bool:
    """Tell whether two positions, (d,), are one critical point, to the accuracy at which known ones are told apart."""
    return bool(np.linalg.norm(x - y) <= SAME_POINT_TOLERANCE * max(1.0, float(np.linalg.norm(y))))


def coordinates(x: ArrayLike) -> str:
    """Write a point for people, as in ``[0.0867, 2.884]``."""
    return "[" + ", ".join(f"{each:.4g}" for each in np.asarray(x, dtype=np.float64)) + "]"


def _damped_step(eigenvalues: Array, eigenvectors: Array, gradient: Array, damping: float) -> Array:
    """Give -(H^2 + damping |H|^2)^-1 H g from the eigensystem of H; Newton's step for damping 0, without zero eigenvalues."""
    largest = np.abs(eigenvalues).max(initial=0.0)
    squared = eigenvalues * eigenvalues + damping * largest * largest
    usable = np.abs(eigenvalues) > rounding_rtol(len(eigenvalues)) * largest
    weights = np.where(usable, eigenvalues / np.where(squared > 0, squared, 1.0), 0.0)
    return np.asarray(-eigenvectors @ (weights * (eigenvectors.T @ gradient)))


def _hidden_step(eigenvalues: Array, eigenvectors: Array, scale: float) -> Array:
    """Give how far along the flattest eigenvector a gradient of that scale is zero to rounding; not beyond 1e-3."""
    flattest = int(np.abs(eigenvalues).argmin())
    rounding = rounding_rtol(len(eigenvalues)) * scale
    far = min(rounding / max(abs(float(eigenvalues[flattest])), np.finfo(np.float64).tiny), 1e-3)
    return np.asarray(far * eigenvectors[:, flattest])
