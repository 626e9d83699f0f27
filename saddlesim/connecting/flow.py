"""Flow: where the gradient flow x' = -grad f carries points, many at once.

Not here: where it starts, and what its ends are called (paths.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import CRITICAL_TOLERANCE, QUIET
from saddlesim.objectives import Objective
from saddlesim.spectrum import eigensystem, zero_threshold

Array = NDArray[np.float64]

D = 1 / (2 + np.sqrt(2))  # Shampine and Reichelt (1997), section 4.1
E_32 = 6 + np.sqrt(2)
N_STEPS = 20_000
FAR = 1e8  # of |x| over max(1, |x0|)
STANDSTILL = 1e-12  # of a step's length over max(1, |x0|)


class Flow(NamedTuple):
    """Where points were carried: x, (d, B), and whether each settled, left the box or ran off, (B,); or none of these."""

    x: Array
    settled: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    far: NDArray[np.bool_]


@QUIET
def follow_flow(objective: Objective, x0: Array, accuracy: Array, box: Array | None = None) -> Flow:
    """Follow the gradient flow from each of many points until it settles, leaves a box or runs off.

    By the L-stable Rosenbrock pair of order 2(3) of Shampine and Reichelt, "The MATLAB ODE suite" (1997): stiff valleys
    cost no more than wide ones.

    Parameters
    ----------
    objective : Objective
    x0 : (d, B)
    accuracy : (B,)
        The largest error of one step; in proportion to |x| / max(1, |x0|) further out. A lane has settled where Newton's
        step, which is its distance to a critical point to first order, is a tenth of this.
    box : (d, 2), optional
        Where a lane is stopped as it leaves.
    """
    x, step = np.array(x0, dtype=np.float64), np.full(x0.shape[1], np.nan)
    gradient = objective.gradient(x)
    settled, outside, far = (np.zeros(x.shape[1], dtype=np.bool_) for _ in range(3))
    size = np.maximum(1.0, np.linalg.norm(x, axis=0))
    low, high = np.full((2, len(x)), [[-np.inf], [np.inf]]) if box is None else np.asarray(box).T
    moving = np.arange(x.shape[1])
    for _ in range(N_STEPS):
        here = x[:, moving]
        error = accuracy[moving] * np.maximum(1.0, np.linalg.norm(here, axis=0) / size[moving])
        values, vectors = eigensystem(objective.hessian(here))
        settled[moving] = _settled(here, gradient[:, moving], values, vectors, error / 10)
        step[moving] = _allowed_step(step[moving], values)
        there, slope, made = _rosenbrock_step(objective, here, gradient[:, moving], values, vectors, step[moving])
        accepted = (made <= error) & ~settled[moving]
        x[:, moving[accepted]], gradient[:, moving[accepted]] = there[:, accepted], slope[:, accepted]
        step[moving] *= np.nan_to_num(np.clip(0.8 * np.cbrt(error / made), 0.2, 4.0), nan=0.2)
        stuck = ~accepted & (np.linalg.norm(there - here, axis=0) <= STANDSTILL * size[moving])
        here = x[:, moving]
        outside[moving] = np.any((here < low[:, None] - error) | (here > high[:, None] + error), axis=0)
        far[moving] = np.linalg.norm(here, axis=0) > FAR * size[moving]
        lost = ~(np.isfinite(values[:, 0]) & np.isfinite(gradient[:, moving]).all(axis=0))
        moving = moving[~(settled[moving] | outside[moving] | far[moving] | stuck | lost)]
        if not moving.size:
            break
    return Flow(x, settled, outside & ~settled, far & ~settled)


def _rosenbrock_step(
    objective: Objective, x: Array, gradient: Array, values: Array, vectors: Array, step: Array
) -> tuple[Array, Array, Array]:
    """Give x, (d, B), after a step, the gradient there and the error, (B,), from the eigensystem of the Hessian at x."""

    def solve(b: Array) -> Array:
        """Give (I + D step H)^-1 b."""
        components = _transposed(vectors) @ b.T[..., None] / (1 + D * step[:, None] * values)[..., None]
        return np.asarray((vectors @ components)[..., 0].T)

    first = solve(-gradient)
    middle = -objective.gradient(x + step / 2 * first)
    second = solve(middle - first) + first
    there = x + step * second
    slope = objective.gradient(there)
    third = solve(-slope - E_32 * (second - middle) - 2 * (first + gradient))
    return there, slope, step / 6 * np.linalg.norm(first - 2 * second + third, axis=0)


def _allowed_step(step: Array, values: Array) -> Array:
    """Bound steps so that no component along a negative eigenvalue changes its sign: a ridge is never crossed that way."""
    steepest = np.abs(values).max(axis=1)
    falling = np.maximum(-values[:, 0], 0.0)
    return np.asarray(np.minimum(np.where(np.isnan(step), 0.1 / steepest, step), 0.5 / (D * falling)))


def _settled(x: Array, gradient: Array, values: Array, vectors: Array, distance: Array) -> NDArray[np.bool_]:
    """Tell which lanes Newton's step would move by no more than a distance, with no slope left where there is no curvature."""
    components = np.abs((_transposed(vectors) @ gradient.T[..., None])[..., 0])
    curved = np.abs(values) > zero_threshold(values)[:, None]
    newton = np.linalg.norm(np.where(curved, components / np.where(curved, values, 1.0), 0.0), axis=1)
    rest = np.linalg.norm(np.where(curved, 0.0, components), axis=1)
    scale = np.abs(values).max(axis=1) * np.maximum(1.0, np.linalg.norm(x, axis=0))
    return np.asarray((newton <= distance) & (rest <= CRITICAL_TOLERANCE * scale))


def _transposed(stack: Array) -> Array:
    return np.swapaxes(stack, -1, -2)
