"""What a step of each optimizer costs: CPU a lane and step on one objective, over that of gradient descent in the same run.

python benchmarks/optimizers.py
"""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

from saddlesim import OBJECTIVES, OPTIMIZERS, simulate
from saddlesim.optimizers import unmet_need

N_LANES, N_STEPS = 2_000, 20
DIMENSIONS = (2, 10)


def microseconds(objective: object, optimizer: object) -> float:
    """The least of three runs, a lane and step."""
    x0 = np.random.default_rng(0).uniform(-1, 1, (objective.dimension, N_LANES))
    taken = []
    for _ in range(3):
        begin = time.process_time()
        simulate(objective, optimizer, x0, N_STEPS, np.random.default_rng(0), record_every=None)
        taken.append(time.process_time() - begin)
    return 1e6 * min(taken) / (N_LANES * N_STEPS)


def main() -> None:
    objectives = [OBJECTIVES["styblinski_tang"](dimension=d) for d in DIMENSIONS]
    unit = [microseconds(objective, OPTIMIZERS["gradient_descent"](learning_rate=0.001)) for objective in objectives]
    print(f"{N_LANES} lanes, {N_STEPS} steps of {', '.join(map(str, objectives))}")
    print(f"{'gradient descent, us a lane and step':42} {unit[0]:8.3f} {unit[1]:8.3f}")
    for name, cls in OPTIMIZERS.items():
        examples = [each for each in cls.examples() if not unmet_need(each, objectives[0])]
        if examples:
            cost = [microseconds(objective, examples[0]) for objective in objectives]
            print(f"{name:42} {cost[0] / unit[0]:8.1f} {cost[1] / unit[1]:8.1f}  times that")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
