"""Flow lines: the ways down from saddles to what they join, drawn again for the eye; connecting/ says where they end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives import Objective
from saddlesim.proving import Census
from saddlesim.spectrum import eigensystem

Array = NDArray[np.float64]

N_STEPS = 400
N_SIZES = 40  # of one step, each twice the last
FINE = 300  # steps of a path along the diagonal of the box, or more
SHORTEST = 40  # steps of a path from a saddle to its minimum, at least


def flow_lines(objective: Objective, found: Census) -> tuple[list[Array], list[Array]]:
    """Follow the flow from saddles down both sides, and give the paths, (n, 2), and straight lines for those that go astray."""
    listed = found.listed
    saddle = np.stack([listed[each.saddle].x for each in found.connections for _ in range(2)], axis=1)
    minima = [place for each in found.connections for place in each.minima]
    target = np.stack([np.full(2, np.nan) if place is None else listed[place].x for place in minima], axis=1)
    far = np.linalg.norm(target - saddle, axis=0)
    length = np.fmin(np.linalg.norm(np.ptp(found.box, axis=1)) / FINE, far / SHORTEST)
    x = saddle + length * _ways_down(objective, saddle)
    track = np.full((N_STEPS + 2, *x.shape), np.nan)
    track[0], track[1] = saddle, x
    moving = np.arange(x.shape[1])
    with np.errstate(all="ignore"):
        for each in range(N_STEPS):
            step = _step(objective, x[:, moving], length[moving])
            x[:, moving] += step
            track[each + 2, :, moving] = x[:, moving].T
            here = x[:, moving]
            outside = ((here < found.box[:, :1]) | (here > found.box[:, 1:])).any(axis=0)
            still = ~(np.linalg.norm(step, axis=0) > 0.01 * length[moving])
            arrived = np.linalg.norm(here - target[:, moving], axis=0) <= length[moving]
            moving = moving[~(outside | still | arrived)]
            if not moving.size:
                break
    followed, straight = [], []
    for lane, place in enumerate(minima):
        path = track[np.isfinite(track[:, :, lane]).all(axis=1), :, lane]
        if place is None:
            followed.append(path)
        elif np.linalg.norm(path[-1] - target[:, lane]) <= 2 * length[lane]:
            followed.append(np.vstack([path, target[:, lane]]))
        else:
            straight.append(np.stack([saddle[:, lane], target[:, lane]]))
    return followed, straight


def _ways_down(objective: Objective, saddle: Array) -> Array:
    """Give the unit vectors, (2, B), against and along the unstable eigenvector in turn, as a `Connection` has them."""
    unstable = eigensystem(objective.hessian(saddle))[1][:, :, 0].T
    large = np.abs(unstable) >= 0.99 * np.abs(unstable).max(axis=0)
    sign = np.sign(np.take_along_axis(unstable, large.argmax(axis=0)[None], axis=0))
    return np.asarray(unstable * sign * np.resize([-1.0, 1.0], saddle.shape[1]))


def _step(objective: Objective, x: Array, length: Array) -> Array:
    """Give a step of the flow, (2, B), no longer than a length: linearly implicit Euler, which stiff valleys do not shake."""
    gradient = objective.gradient(x)
    values, vectors = eigensystem(objective.hessian(x))
    components = np.einsum("bij,ib->bj", vectors, gradient)
    sizes = length / np.linalg.norm(gradient, axis=0) * 2.0 ** (np.arange(N_SIZES)[:, None] - 10)
    growth = 1 + sizes[..., None] * values
    steps = -sizes[..., None] * components / growth
    allowed = (np.linalg.norm(steps, axis=2) <= length) & (growth.min(axis=2) >= 0.5)
    longest = np.where(allowed, np.arange(N_SIZES)[:, None], 0).max(axis=0)
    return np.asarray(np.einsum("bij,bj->ib", vectors, steps[longest, np.arange(len(longest))]))
