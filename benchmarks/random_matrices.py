"""What the sign of an eigenvalue costs: Sturm's pivots of random tridiagonal matrices beside dense matrices and eigvalsh.

Prints CPU seconds and microseconds with one BLAS thread, their ratios, and the targets.

    python benchmarks/random_matrices.py
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np
import scipy.linalg  # noqa: F401  (it brings a BLAS of its own, which has to be there when threads are limited)
from threadpoolctl import threadpool_limits

from saddlesim.random_matrices import ENSEMBLES
from saddlesim.random_matrices.counting import inertia_ldl, is_positive_definite

SIZES = ((5, 1_000_000, 100_000), (20, 500_000, 20_000), (100, 100_000, 2_000), (400, 20_000, 60))
SIZES_OF_FIELDS = ((5, 100_000), (20, 50_000), (100, 20_000), (1_000, 1_000))


def main() -> None:
    rng, goe, critical = np.random.default_rng(0), ENSEMBLES["goe"], ENSEMBLES["isotropic_field_critical"]
    before = peak_megabytes()
    print("indices of a GOE by pivots")
    for n, n_samples, target in ((20, 1_000_000, 4), (10_000, 1_000, 15)):
        taken = n_samples * seconds_a_sample(goe(n=n).sample_index, n_samples, rng)
        print(f"  n = {n:6}, {n_samples:7} samples {taken:8.2f} s, target {target} s")
    print(f"  peak memory of the process {peak_megabytes():.0f} MB, {before:.0f} of it before any sample")

    print("\nmicroseconds a sample of a GOE; the target at n = 100 is that eigvalsh / pivots be at least 100")
    print("       n         pivots    tridiagonal dense eigvalsh   dense L D L' dense Cholesky  eigvalsh / pivots")
    for n, n_samples, n_dense in SIZES:
        ensemble = goe(n=n)
        pivots = seconds_a_sample(ensemble.sample_index, n_samples, rng)
        spectrum = seconds_a_sample(ensemble.sample_spectrum, n_dense, rng)
        dense, factors, cholesky = (
            seconds_a_sample(lambda b, rng, e=ensemble, f=f: f(e.sample(b, rng)), n_dense, rng)
            for f in (np.linalg.eigvalsh, lambda matrices: [*map(inertia_ldl, matrices)], is_positive_definite)
        )
        columns = "".join(f"{1e6 * seconds:15.2f}" for seconds in (pivots, spectrum, dense, factors, cholesky))
        print(f"{n:8}{columns}{dense / pivots:19.0f}")

    print("\nmicroseconds a sample at critical points of an isotropic field, by rejection")
    print("       n         pivots  ratio to the GOE")
    for n, n_samples in SIZES_OF_FIELDS:
        rejection = seconds_a_sample(critical(n=n).sample_index, n_samples, rng)
        plain = seconds_a_sample(goe(n=n).sample_index, n_samples, rng)
        print(f"{n:8}{1e6 * rejection:15.2f}{rejection / plain:18.1f}")


def seconds_a_sample(
    draw: Callable[[int, np.random.Generator], object], n_samples: int, rng: np.random.Generator
) -> float:
    """The least CPU time of three runs."""
    taken = []
    for _ in range(3):
        begin = time.process_time()
        draw(n_samples, rng)
        taken.append(time.process_time() - begin)
    return min(taken) / n_samples


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
