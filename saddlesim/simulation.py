"""Simulation: the one loop, over one block of lanes. It owns no method's mathematics and measures nothing itself.

Not here: observers (observers.py), blocks and their seeds (experiments, blocks.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.objectives.base import Objective
from saddlesim.observers import Observer, Record, Records, every
from saddlesim.optimizers.base import Optimizer, unmet_need

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a simulation leaves.

    Attributes
    ----------
    step : (R,) of int
        The recorded steps; step k is after k updates.
    x : (R, d, B)
    value, gradient_norm : (R, B)
    final : State
        After the last step, recorded or not.
    observations : tuple
        What each observer accumulated, in their order.
    """

    step: NDArray[np.int64]
    x: Array
    value: Array
    gradient_norm: Array
    final: Any
    observations: tuple[Any, ...]


def simulate(
    objective: Objective,
    optimizer: Optimizer,
    x0: ArrayLike,
    n_steps: int,
    rng: np.random.Generator | None = None,
    record_every: int | None = 1,
    observers: Sequence[Observer[Any]] = (),
) -> Trajectory:
    """Run an optimizer on a block of lanes.

    Parameters
    ----------
    objective : Objective
    optimizer : Optimizer
    x0 : (d, B) or (d,)
        The starts; a single point is a block of one lane. It is not changed.
    n_steps : int, >= 0
        How many updates; no lane stops earlier, whatever happens to it. One that overflows goes on as inf or nan.
    rng : numpy.random.Generator, optional
        What a stochastic method draws from.
    record_every : int or None
        Record steps 0, record_every, 2 record_every, ... of all lanes; None records nothing (R = 0).
    observers : sequence of Observer
        Told of every step, 0 included.

    Raises
    ------
    ValueError
        If x0 does not fit the objective, a count is out of range, the objective lacks what the optimizer needs, or a stochastic
        method has no rng.

    Examples
    --------
    >>> from saddlesim.objectives import OBJECTIVES
    >>> from saddlesim.optimizers import OPTIMIZERS
    >>> saddle, descent = OBJECTIVES["quadratic"](), OPTIMIZERS["gradient_descent"](learning_rate=0.5)
    >>> simulate(saddle, descent, [[1.0], [0.25]], n_steps=2).x[:, :, 0].tolist()
    [[1.0, 0.25], [0.5, 0.375], [0.25, 0.5625]]
    """
    x = _block(objective, x0)
    if lack := unmet_need(optimizer, objective):
        raise ValueError(lack)
    if n_steps < 0:
        raise ValueError(f"n_steps={n_steps}: must not be negative")
    if record_every is not None and record_every < 1:
        raise ValueError(f"record_every={record_every}: must be at least 1, or None to record nothing")
    recorder = Records(steps=every(record_every, n_steps), n_lanes=x.shape[1])
    everyone: tuple[Observer[Any], ...] = (recorder, *observers)

    _keep_freed_memory()
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):  # divergence is data
        state = optimizer.init(objective, x, rng)
        seen = [observer.update(observer.start(objective, x), 0, state) for observer in everyone]
        for step in range(1, n_steps + 1):
            state = optimizer.step(objective, state, rng)
            seen = [observer.update(each, step, state) for observer, each in zip(everyone, seen, strict=True)]

    record: Record = seen[0]
    return Trajectory(record.step, record.x, record.value, record.gradient_norm, state, tuple(seen[1:]))


def _keep_freed_memory() -> None:
    """Let glibc reuse the loop's temporaries instead of handing them back to the system after every operation.

    Its threshold for mapping memory afresh rises to the largest mapping ever freed, up to 32 MiB. So free one, untouched: at
    1e5 lanes that saves two fifths of the time, all of it page faults. Elsewhere this does nothing.
    """
    np.empty(2**25 - 2**16, dtype=np.uint8)


def _block(objective: Objective, x0: ArrayLike) -> Array:
    """Give the starts as a new array (d, B) of float64 in C order."""
    x = np.array(x0, dtype=np.float64, order="C")
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim != 2:
        raise ValueError(f"x0 has shape {x.shape}; must be (d, B), or (d,) for one lane")
    dimension = getattr(objective, "dimension", x.shape[0])
    if x.shape[0] != dimension:
        raise ValueError(f"x0 has {x.shape[0]} components but {objective} has dimension {dimension}")
    return x
