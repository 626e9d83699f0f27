"""Stop points: what the Hessian says where a run stopped, whatever the run says itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import listed_points
from saddlesim.experiments.endpoints import FINAL_KINDS, FINAL_TOLERANCE
from saddlesim.objectives import Objective
from saddlesim.observers import norm
from saddlesim.spectrum import classify, eigensystem, zero_threshold

Array = NDArray[np.float64]

STOP_TOLERANCE = 1e-3  # of |gradient| over |Hessian| max(1, |x|): above the stopping rules of all methods, 1e-4 at most
MOST_COMPARED = 1000  # listed points


@dataclass(frozen=True, eq=False)
class StopPoints:
    """What is there.

    Attributes
    ----------
    kind : (B,)
        Positions in `FINAL_KINDS`; moving where the gradient is not small even by `STOP_TOLERANCE`.
    index : (B,)
        How many eigenvalues are negative beyond the threshold, wherever it stopped; -1 where the Hessian is not finite.
    lowest_eigenvalue, margin : (B,)
        The margin as in `Spectrum`.
    gradient_norm : (B,)
    """

    kind: NDArray[np.int8]
    index: NDArray[np.int32]
    lowest_eigenvalue: Array
    margin: Array
    gradient_norm: Array


def stop_points(objective: Objective, x: Array) -> StopPoints:
    """Look at each point of x, (d, B).

    An eigenvalue is zero if it is below `FINAL_TOLERANCE` of the largest or, near a critical point, if the step that leads there
    would change it as much: a method that stops short of a valley's floor has not stopped at a saddle.
    """
    with np.errstate(all="ignore"):
        gradient, hessian = objective.gradient(x), objective.hessian(x)
        eigenvalues, eigenvectors = eigensystem(hessian)
        gradient_norm, size = norm(gradient), np.maximum(1.0, norm(x))
        finite = np.isfinite(eigenvalues).all(axis=-1) & np.isfinite(gradient).all(axis=0)
        near = gradient_norm <= STOP_TOLERANCE * np.abs(eigenvalues).max(axis=-1) * size
        critical = finite & near & np.isfinite(size)  # a run that fell for ever may overflow in its norm alone
        step = _newton_step(eigenvalues, eigenvectors, gradient)
        step = step * np.minimum(1.0, 10 * STOP_TOLERANCE * size / np.maximum(norm(step), np.finfo(float).tiny))
        changes = [objective.hessian(x + k * step) - hessian for k in (1, 2)]
        change = np.max([norm(each.reshape(-1, x.shape[1])) for each in changes], axis=0)
    kind = np.full(x.shape[1], FINAL_KINDS.index("infinite"), dtype=np.int8)
    index, margin = np.full(x.shape[1], -1, dtype=np.int32), np.full(x.shape[1], np.nan)
    for lane in np.flatnonzero(finite):
        atol = float(np.nan_to_num(change[lane])) if critical[lane] else 0.0
        spectrum = classify(eigenvalues[lane], atol, FINAL_TOLERANCE)
        kind[lane] = FINAL_KINDS.index(str(spectrum.kind) if critical[lane] else "moving")
        index[lane], margin[lane] = int(spectrum.index), float(spectrum.margin)
    return StopPoints(kind, index, eigenvalues[:, 0], margin, gradient_norm)


def _newton_step(eigenvalues: Array, eigenvectors: Array, gradient: Array) -> Array:
    """Give -H^-1 g, (d, B), without the zero eigenvalues."""
    zero = np.abs(eigenvalues) <= zero_threshold(eigenvalues, rtol=FINAL_TOLERANCE)[..., None]
    components = np.einsum("bij,ib->bj", eigenvectors, gradient)
    return np.asarray(-np.einsum("bij,bj->ib", eigenvectors, np.where(zero, 0.0, components / eigenvalues)))


def nearest_labels(objective: Objective, x: Array) -> tuple[NDArray[np.str_], Array]:
    """Give the label of the listed critical point nearest to each point of x, (d, B), and how far it is; "" and nan if none."""
    labels, distance = np.full(x.shape[1], "", dtype=np.object_), np.full(x.shape[1], np.nan)
    points = list(listed_points(objective, MOST_COMPARED))
    if points:
        with np.errstate(all="ignore"):
            apart = norm(np.stack([each.x for each in points], axis=1)[:, :, None] - x[:, None, :])
        apart = np.where(np.isfinite(apart), apart, np.inf)
        finite = np.isfinite(apart).any(axis=0)
        labels[finite] = np.array([each.label for each in points])[apart.argmin(axis=0)[finite]]
        distance[finite] = apart.min(axis=0)[finite]
    return labels.astype(np.str_), distance
