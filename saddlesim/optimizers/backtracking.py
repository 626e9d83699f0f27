"""Backtracking: steps that are shortened lane by lane until f is low enough at their ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array

MOST_BACKTRACKS = 60

LowEnough = Callable[[Array, float], NDArray[np.bool_]]


def backtracked(
    objective: Objective,
    x: Array,
    direction: Array,
    low_enough: LowEnough,
    shrink: float,
    searching: NDArray[np.bool_],
) -> Array:
    """Give the first of x + alpha direction, alpha = 1, shrink, shrink^2, ..., at which f is low enough; x where there is none.

    Parameters
    ----------
    x, direction : (d, B)
    low_enough : callable
        Tells it, (B,), of the values there, (B,), and alpha.
    shrink : float
        Below 1.
    searching : (B,) of bool
        The lanes that are to move.
    """
    reached, alpha = x, 1.0
    for _ in range(MOST_BACKTRACKS):
        if not searching.any():
            break
        trial = x + alpha * direction
        low = searching & low_enough(objective.value(trial), alpha)
        reached = np.where(low, trial, reached)
        searching = searching & ~low
        alpha *= shrink
    return reached
