"""Methods: walks from starts to critical points, all lanes at once, (d, B).

A lane has arrived when Newton's step there is small beside the box. A small gradient would not do: it is small wherever a
cluster has flown apart, too, but there Newton's step still is a fixed part of the distance. Lanes that have arrived, or are lost,
stand still, and none is taken out: products round differently in batches of another width. Lanes walk only if they are named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET
from saddlesim.objectives.base import Objective
from saddlesim.searching.symmetry import Symmetry, spread_points
from saddlesim.spectrum import eigensystem, zero_threshold

Array = NDArray[np.float64]
Lanes = NDArray[np.bool_]
OutOfTime = Callable[[], bool]

ARRIVED = 1e-9  # Newton step over the width of the box
LONGEST_STEP = 0.1  # of the width of the box
FARTHEST = 1.0, 10.0  # widths from the centre at which a lane is lost; where the box only seeds the starts
N_LOOKED_AT = 50
N_STEPS = 100
N_FOLLOWING_STEPS = 300
HOPELESS = 1e12  # damping at which Levenberg-Marquardt has ended where |gradient| is smallest but not zero
WRONG = 0.75  # relative error of the quadratic model above which the trust radius shrinks


class Walk(NamedTuple):
    """Where lanes ended, (d, B), which of them arrived, and which were under way when time was up, (B,) each."""

    x: Array
    arrived: Lanes
    under_way: Lanes


class Local(NamedTuple):
    """The second order at points, in eigenvectors across the continuous symmetry; its modes come last, with large eigenvalues.

    gradient (d, B), slopes (B, d), eigenvalues (B, d), usable (B, d): those that are not zero, eigenvectors (B, d, d) in columns,
    and the rank of the symmetry (B,).
    """

    gradient: Array
    slopes: Array
    eigenvalues: Array
    usable: Lanes
    eigenvectors: Array
    rank: NDArray[np.int64]

    def step(self, along: Array) -> Array:
        """Give the steps (d, B) that have these components along the eigenvectors, (B, d)."""
        return np.asarray(np.einsum("bij,bj->ib", self.eigenvectors, along))

    def newton_step(self) -> Array:
        """Give -H^-1 g, (d, B), without the zero eigenvalues."""
        return -self.step(np.where(self.usable, self.slopes / np.where(self.usable, self.eigenvalues, 1.0), 0.0))


class Landscape:
    """An objective in a box, (d, 2), with what leaves it as it is."""

    @QUIET
    def __init__(self, objective: Objective, box: Array, symmetry: Symmetry) -> None:
        self.objective, self.box, self.symmetry = objective, box, symmetry
        self.centre, self.width = box.mean(axis=1), box[:, 1] - box[:, 0]
        self.box_only_seeds = symmetry.translation or symmetry.scales
        slopes = _norm(objective.gradient(spread_points(box, N_LOOKED_AT)))
        self.usual_slope = float(slopes[np.isfinite(slopes)].max(initial=0.0))

    @QUIET
    def local(self, x: Array, lanes: Lanes | None = None) -> Local:
        """Look at points (d, B); the second order of those lanes only, if some are named, and nan where it is not finite."""
        d, n = x.shape
        gradient, hessian = self.objective.gradient(x), self.objective.hessian(x)
        chosen = np.arange(n) if lanes is None else np.flatnonzero(lanes)
        rank = np.zeros(len(chosen), dtype=np.int64)
        hessian = hessian[..., chosen]
        if self.symmetry.continuous:
            modes, rank = self.symmetry.modes(x[:, chosen])
            along = modes @ modes.swapaxes(1, 2)
            matrices = np.moveaxis(hessian, -1, 0)
            size = np.sqrt((matrices * matrices).sum(axis=(1, 2), keepdims=True))  # no eigenvalue is larger
            hessian = np.moveaxis((np.eye(d) - along) @ matrices @ (np.eye(d) - along) + size * along, 0, -1)
        values, vectors = eigensystem(hessian)
        slopes = np.einsum("bij,ib->bj", vectors, gradient[:, chosen])
        usable = np.abs(values) > zero_threshold(values)[:, None]
        return Local(gradient, *(_spread(each, chosen, n) for each in (slopes, values, usable, vectors, rank)))

    def size(self, step: Array) -> Array:
        """Give the largest component of steps (d, B), in widths of the box: (B,)."""
        return np.asarray(np.abs(step / self.width[:, None]).max(axis=0))

    def bounded(self, step: Array) -> Array:
        """Shorten steps (d, B) that are too long."""
        return step * np.minimum(1.0, LONGEST_STEP / np.maximum(self.size(step), LONGEST_STEP))

    def lost(self, x: Array) -> Lanes:
        """Tell which points (d, B) are too far away to come back."""
        return self.size(x - self.centre[:, None]) > FARTHEST[self.box_only_seeds]


@QUIET
def newton(
    landscape: Landscape, starts: Array, lanes: Lanes, out_of_time: OutOfTime, known: Array | None = None
) -> Walk:
    """Walk by Newton's method on the gradient, in steps of bounded length, away from the known points, (d, K), if there are any.

    With M = prod_k (1 + 1 / |x - x_k|^2), distances in widths of the box, Newton's method on M g does not arrive at a known point
    again (shifted deflation: Farrell, Birkisson and Funke, 2015). Its step is Newton's own times 1 / (1 - s . grad log M).
    """
    x = starts.copy()
    arrived = np.zeros(x.shape[1], dtype=bool)
    going = lanes
    for _ in range(N_STEPS):
        step = landscape.local(x, going).newton_step()
        size = landscape.size(step)
        arrived |= going & (size <= ARRIVED)
        going = going & np.isfinite(size) & ~arrived & ~landscape.lost(x)
        if not going.any() or out_of_time():
            break
        if known is not None and known.size:
            step = step / (1 - _toward_pole(landscape, known, x, step))
        step = landscape.bounded(step)
        going = going & np.isfinite(step).all(axis=0)
        x = np.where(going, x + step, x)
    return Walk(x, arrived, going & out_of_time())


@QUIET
def levenberg_marquardt(landscape: Landscape, starts: Array, lanes: Lanes, out_of_time: OutOfTime) -> Walk:
    """Walk down |gradient|^2 by -(H^2 + damping |H|^2)^-1 H g, in steps of bounded length, to where it is zero."""
    x = starts.copy()
    arrived = np.zeros(x.shape[1], dtype=bool)
    going = lanes
    damping = np.full(x.shape[1], 1e-2)
    for _ in range(N_STEPS):
        local = landscape.local(x, going)
        size = landscape.size(local.newton_step())
        arrived |= going & (size <= ARRIVED)
        going = going & np.isfinite(size) & ~arrived & ~landscape.lost(x) & (damping < HOPELESS)
        if not going.any() or out_of_time():
            break
        squares = local.eigenvalues * local.eigenvalues
        squares = squares + damping[:, None] * squares.max(axis=1, keepdims=True)
        weights = np.where(local.usable, local.eigenvalues / np.where(local.usable, squares, 1.0), 0.0)
        tried = x - landscape.bounded(local.step(weights * local.slopes))
        better = _norm(landscape.objective.gradient(tried)) < _norm(local.gradient)
        x = np.where(going & better, tried, x)
        damping = np.where(better, damping / 10, damping * 10)
    return Walk(x, arrived, going & out_of_time())


@QUIET
def follow(
    landscape: Landscape,
    starts: Array,
    lanes: Lanes,
    out_of_time: OutOfTime,
    index: NDArray[np.int64],
    most_steps: NDArray[np.int64] | int = N_FOLLOWING_STEPS,
) -> Walk:
    """Walk up along the lowest eigenvectors, as many as index, (B,), says, and down along all others; most_steps, (B,), at most.

    Each component is Newton's, with the sign that this demands, and at most the trust radius of its lane. That halves where the
    quadratic model is wrong, and the step is not taken; it doubles where the model is good. Where the eigenvalues have the signs
    that are wanted, it is Newton's method. From a critical point of another index it leaves, by the first eigenvector whose
    eigenvalue has the wrong sign. With no eigenvector to be followed up it is a descent.
    """
    x = starts.copy()
    arrived = np.zeros(x.shape[1], dtype=bool)
    going = lanes
    radius = np.full(x.shape[1], LONGEST_STEP / 2)
    value = landscape.objective.value(x)
    for n in range(N_FOLLOWING_STEPS):
        local = landscape.local(x, going)
        size = landscape.size(local.newton_step())
        n_negative = np.count_nonzero(local.usable & (local.eigenvalues < 0), axis=1)
        there = size <= ARRIVED
        arrived |= going & there & (n_negative == index)
        going = going & (n < most_steps) & ~arrived & ~landscape.lost(x) & (radius > ARRIVED)
        going &= np.isfinite(size) & np.isfinite(value)
        if not going.any() or out_of_time():
            break
        upward = np.where(np.arange(len(x)) < index[:, None], 1.0, -1.0)
        reach = radius[:, None] * np.sqrt(np.einsum("bij,i->bj", local.eigenvectors**2, landscape.width**2))
        length = np.minimum(np.abs(local.slopes) / np.where(local.usable, np.abs(local.eigenvalues), np.inf), reach)
        along = upward * np.sign(local.slopes) * length
        out = there[:, None] & (np.arange(len(x)) == np.minimum(n_negative, index)[:, None])
        along = np.where(out, reach, along)
        step = landscape.bounded(local.step(along))
        predicted = (along * (local.slopes + local.eigenvalues * along / 2)).sum(axis=1)
        tried = landscape.objective.value(x + step)
        error = np.abs(tried - value - predicted)
        fine = error <= WRONG * np.abs(predicted)
        near = landscape.size(step) <= np.sqrt(ARRIVED)  # there the model's error is rounding
        taken = going & np.isfinite(tried) & (fine | near)
        x, value = np.where(taken, x + step, x), np.where(taken, tried, value)
        radius = np.where(fine | near, np.minimum(2 * radius, LONGEST_STEP), radius / 2)
    return Walk(x, arrived, going & out_of_time())


def _toward_pole(landscape: Landscape, known: Array, x: Array, step: Array) -> Array:
    """Give s . grad log M, (B,), by how much the deflation's factor M grows along the steps."""
    away = (x[:, None] - known[:, :, None]) / landscape.width[:, None, None]
    square = (away * away).sum(axis=0)
    along = (away * (step / landscape.width[:, None])[:, None]).sum(axis=0)
    return np.asarray((-2 * along / (square * (1 + square))).sum(axis=0))


def _spread(chosen_lanes: NDArray[Any], lanes: NDArray[np.int64], n: int) -> NDArray[Any]:
    """Put what belongs to some of n lanes, lanes first, beside zeros for the others."""
    everywhere = np.zeros((n, *chosen_lanes.shape[1:]), dtype=chosen_lanes.dtype)
    everywhere[lanes] = chosen_lanes
    return everywhere


def _norm(vectors: Array) -> Array:
    return np.asarray(np.sqrt((vectors * vectors).sum(axis=0)))
