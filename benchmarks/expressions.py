"""What generated code costs against NumPy written by hand: Himmelblau and six-hump camel at 1e5 points.

The hand-written versions are as one would write them who knows the formula multiplied out, results into one array at once.

    python benchmarks/expressions.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from saddlesim import OBJECTIVES

N_POINTS, N_RUNS = 100_000, 100

Function = Callable[[np.ndarray], np.ndarray]


def himmelblau(p: np.ndarray) -> np.ndarray:
    x, y = p
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


def himmelblau_gradient(p: np.ndarray) -> np.ndarray:
    x, y = p
    a, b = x * x + y - 11, x + y * y - 7
    out = np.empty_like(p)
    out[0] = 4 * x * a + 2 * b
    out[1] = 2 * a + 4 * y * b
    return out


def himmelblau_hessian(p: np.ndarray) -> np.ndarray:
    x, y = p
    out = np.empty((2, *p.shape))
    out[0, 0] = 12 * x * x + 4 * y - 42
    out[0, 1] = out[1, 0] = 4 * (x + y)
    out[1, 1] = 12 * y * y + 4 * x - 26
    return out


def camel(p: np.ndarray) -> np.ndarray:
    x, y = p
    u, v = x * x, y * y
    return (4 - 2.1 * u + u * u / 3) * u + x * y + (4 * v - 4) * v


def camel_gradient(p: np.ndarray) -> np.ndarray:
    x, y = p
    u = x * x
    out = np.empty_like(p)
    out[0] = x * (8 + u * (2 * u - 8.4)) + y
    out[1] = x + y * (16 * y * y - 8)
    return out


def camel_hessian(p: np.ndarray) -> np.ndarray:
    x, y = p
    u = x * x
    out = np.empty((2, *p.shape))
    out[0, 0] = 8 + u * (10 * u - 25.2)
    out[0, 1] = out[1, 0] = 1
    out[1, 1] = 48 * y * y - 8
    return out


HAND_WRITTEN: dict[str, tuple[Function, Function, Function]] = {
    "himmelblau": (himmelblau, himmelblau_gradient, himmelblau_hessian),
    "six_hump_camel": (camel, camel_gradient, camel_hessian),
}


def main() -> None:
    print(f"{N_POINTS} points, least of {N_RUNS} runs, turn about")
    print("function         what       generated ms   by hand ms   ratio")
    for key, by_hand in HAND_WRITTEN.items():
        objective = OBJECTIVES[key]()
        points = np.random.default_rng(0).uniform(*objective.domain.T, size=(N_POINTS, 2)).T.copy()
        for what, hand in zip(("value", "gradient", "hessian"), by_hand, strict=True):
            generated = getattr(objective, what)
            np.testing.assert_allclose(generated(points), hand(points), rtol=1e-9, atol=1e-9)
            ours, theirs = seconds_of(generated, hand, points)
            print(f"{key:16} {what:9} {1e3 * ours:13.3f} {1e3 * theirs:12.3f} {ours / theirs:7.2f}")


def seconds_of(first: Function, second: Function, points: np.ndarray) -> tuple[float, float]:
    """The least wall time of each, run in turns so that whatever else the machine does meets both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(N_RUNS):
        for function, times in zip((first, second), taken, strict=True):
            begin = time.perf_counter()
            function(points)
            times.append(time.perf_counter() - begin)
    return min(taken[0]), min(taken[1])


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
