"""Starts: points along a run of training, and noisy copies of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET

Array = NDArray[np.float64]


class Starts(NamedTuple):
    """Points (d, S), and of each, (S,), after how many steps of training it was met and how much noise was added."""

    x: Array
    training_step: NDArray[np.int64]
    noise: Array


@QUIET
def draw_starts(
    network: Any,
    initialisation: Any,
    training_steps: Sequence[int],
    learning_rate: float,
    noise: Iterable[float],
    rng: np.random.Generator,
) -> Starts:
    """Train from one draw of the initial weights by gradient descent, and take a copy of some points for each noise.

    Parameters
    ----------
    training_steps : sequence of int, ascending
        When points are taken; 0 is the draw itself.
    noise : iterable of float
        Standard deviations of what is added to each weight, in root mean squares of the point's weights.
    """
    x, met = initialisation.draw(network, 1, rng)[:, 0], list[Array]()
    for step in range(training_steps[-1] + 1):
        if step in training_steps:
            met.append(x)
        x = x - learning_rate * network.gradient(x)
    copies = [
        (point + size * np.sqrt((point * point).mean()) * rng.standard_normal(len(point)), step, size)
        for step, point in zip(training_steps, met, strict=True)
        for size in noise
    ]
    points, steps, sizes = zip(*copies, strict=True)
    return Starts(np.stack(points, axis=1), np.array(steps), np.array(sizes))
