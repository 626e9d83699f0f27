"""What a step of the loop costs: heavy ball on Himmelblau, 1e5 lanes x 1e3 steps, in blocks and as one block.

Prints CPU seconds and peak memory, and the ratio to the bare arithmetic of the same update on the same arrays.

    python benchmarks/simulate_loop.py
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from saddlesim import OBJECTIVES, OPTIMIZERS, simulate
from saddlesim.observers import FirstPassage

N_LANES, N_STEPS = 100_000, 1_000


def bare_arithmetic(x: np.ndarray) -> None:
    """The update written out by hand, without loop, states or observers around it."""
    velocity = np.zeros_like(x)
    constant = np.array([[11.0], [7.0]])
    for _ in range(N_STEPS):
        residuals = x * x + x[::-1] - constant
        velocity = 0.9 * velocity - 0.001 * (4 * x * residuals + 2 * residuals[::-1])
        x = x + velocity


def main() -> None:
    objective = OBJECTIVES["himmelblau"]()
    optimizer = OPTIMIZERS["heavy_ball"](learning_rate=0.001, momentum=0.9)
    saddle = next(point for point in objective.critical_points if point.kind == "saddle")
    passage = FirstPassage(saddle.x, 0.5, np.eye(2)[:, :1])
    starts = saddle.x[:, None] + 1e-3 * np.random.default_rng(0).standard_normal((2, N_LANES))
    print(f"{N_LANES} lanes x {N_STEPS} steps of {optimizer} on {objective}")
    print("lanes a block   loop s   with first passage s   bare arithmetic s   loop / bare")
    for width in (5_000, 10_000, N_LANES):
        blocks = np.split(starts, N_LANES // width, axis=1)
        loop = cpu_seconds(lambda x: simulate(objective, optimizer, x, N_STEPS, record_every=None), blocks)
        observed = cpu_seconds(lambda x: simulate(objective, optimizer, x, N_STEPS, None, None, (passage,)), blocks)
        bare = cpu_seconds(bare_arithmetic, blocks)
        print(f"{width:13} {loop:8.2f} {observed:22.2f} {bare:19.2f} {loop / bare:13.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the whole process: {peak:.0f} MB")


def cpu_seconds(work: Callable[[np.ndarray], object], blocks: list[np.ndarray]) -> float:
    """The least of three runs over all blocks."""
    taken = []
    for _ in range(3):
        begin = time.process_time()
        for x in blocks:
            work(x)
        taken.append(time.process_time() - begin)
    return min(taken)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
