"""Networks: what Hessian products, extreme eigenpairs and an exact index cost. Run: python benchmarks/networks.py"""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

from saddlesim.curvature import exact_spectrum, extreme_eigenpairs
from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.networks.initialisation import Xavier

MIXTURE = {"name": "gaussian_mixture", "n_samples": 1000, "n_classes": 10, "dimension": 64, "separation": 1.0}
REPEATS = 15


def cpu(call):
    """Give the least CPU time of some calls, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def network(layers, steps=30):
    """Give a network and a point some steps of descent into training."""
    made = OBJECTIVES["multilayer_perceptron"](layers=layers, data=MIXTURE, weight_decay=1e-4)
    x = Xavier().draw(made, 1, np.random.default_rng(0))[:, 0]
    for _ in range(steps):
        x = x - 0.5 * made.gradient(x)
    return made, x


def main():
    wide, x = network((64, 300, 256, 10))
    v = np.random.default_rng(1).standard_normal(wide.dimension)
    with threadpool_limits(1):
        gradient = cpu(lambda: wide.gradient(x))
        passes = wide.at(x)
        print(f"{wide.dimension} weights, 1000 samples: a gradient takes {1e3 * gradient:.1f} ms")
        print(f"  a Hessian product: {cpu(lambda: wide.hessian_product(x, v)) / gradient:.2f} gradients")
        print(f"  another at the same point: {cpu(lambda: passes.hessian_product(v)) / gradient:.2f} gradients")
        print(
            f"  a Gauss-Newton product at the same point: {cpu(lambda: passes.gauss_newton_product(v)) / gradient:.2f} gradients"
        )
    start = time.perf_counter()
    norm = extreme_eigenpairs(passes.hessian_product, wide.dimension, 1, "highest", np.random.default_rng(2)).values[-1]
    pairs = extreme_eigenpairs(passes.hessian_product, wide.dimension, 10, "lowest", np.random.default_rng(2))
    seconds, residual = time.perf_counter() - start, pairs.residuals.max() / norm
    print(f"  10 lowest eigenpairs: {seconds:.0f} s, {pairs.n_products} products, residuals {residual:.1g} |H| or less")
    small, x = network((64, 26, 10))
    start = time.perf_counter()
    spectrum = exact_spectrum(small.at(x).hessian_product, small.dimension)
    seconds = time.perf_counter() - start
    told = f"index {int(spectrum.index)}, nullity {int(spectrum.nullity)}, margin {float(spectrum.margin):.3g}"
    print(f"{small.dimension} weights, 1000 samples: all eigenvalues in {seconds:.1f} s; {told}")


if __name__ == "__main__":
    main()
