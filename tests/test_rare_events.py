from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.stats import sem
from scipy.stats import t as student

from saddlesim.random_matrices import ENSEMBLES
from saddlesim.random_matrices.exact import log_probability_positive
from saddlesim.random_matrices.pivots import pivot_log_probability_positive, positive_futures
from saddlesim.random_matrices.rare import (
    block_replica,
    block_weights,
    combined,
    combined_replicas,
    conditional_spectra,
    perturbed,
    probability_positive,
    tilting,
)
from saddlesim.spectrum import zero_threshold

FORMS = [
    (ENSEMBLES["goe"](n=1), 1.0, 0.0),
    (ENSEMBLES["goe"](n=30), 1.0, 0.0),
    (ENSEMBLES["gue"](n=20), 2.0, 0.0),
    (ENSEMBLES["gse"](n=12), 4.0, 0.0),
    (ENSEMBLES["beta_ensemble"](n=8, beta=0.3), 0.3, 0.0),
    (ENSEMBLES["shifted_goe"](n=10, shift=5.0), 1.0, 5.0),
    (ENSEMBLES["shifted_goe"](n=10, shift=-3.0), 1.0, -3.0),
]

MOVED = [
    ENSEMBLES["goe"](n=3),
    ENSEMBLES["gue"](n=3),
    ENSEMBLES["gse"](n=3),
    ENSEMBLES["beta_ensemble"](n=3, beta=2.5),
    ENSEMBLES["shifted_goe"](n=3, shift=-1.5),
    ENSEMBLES["spiked"](n=3, strength=1.5),
    ENSEMBLES["isotropic_field"](n=3),
    ENSEMBLES["equal_variances"](n=3),
    ENSEMBLES["rademacher"](n=3),
    ENSEMBLES["sparse"](n=3, degree=1.5),
    ENSEMBLES["diagonal_plus_noise"](n=3, noise=0.5),
    ENSEMBLES["independent_signs"](n=3),
]


def z_of_weights(log_weights, exact):
    weights = np.exp(log_weights - exact)
    return (weights.mean() - 1) * math.sqrt(weights.size) / weights.std(ddof=1)


@pytest.mark.parametrize(("ensemble", "beta", "shift"), FORMS, ids=str)
def test_tilted_weights_have_the_exact_mean_and_hardly_vary(ensemble, beta, shift):
    log_weights = block_weights(ensemble, 2_000, np.random.default_rng(3))
    exact = pivot_log_probability_positive(ensemble.n, beta, shift)
    assert abs(z_of_weights(log_weights, exact)) < 4
    assert combined([log_weights]).effective_sample_size > 1_900


@pytest.mark.parametrize("n", [20, 30])
def test_a_percent_takes_a_few_hundred_draws(n):
    estimate = probability_positive(ENSEMBLES["goe"](n=n), 400, np.random.default_rng(5), confidence_level=0.9999)
    assert estimate.log_low < log_probability_positive("goe", n) < estimate.log_high
    assert estimate.log_high - estimate.log_low < 0.02
    assert estimate.method == "tilting"


def test_wrong_tables_cost_samples_and_no_bias():
    futures = positive_futures(5, 1.0)
    slope = np.log(futures.grid.pivots)
    wrong = futures._replace(after_pivot=futures.after_pivot + 0.4 * np.sin(3 * slope))
    log_weights = tilting._Tilt(wrong).draw(20_000, np.random.default_rng(2)).log_weights
    assert combined([log_weights]).effective_sample_size < 19_000
    assert abs(z_of_weights(log_weights, futures.log_probability)) < 4


def test_conditional_spectra_of_two_rows_have_the_mean_of_the_density():
    def integral(f):
        return dblquad(lambda y, x: f(x, y) * (y - x) * math.exp(-(x * x + y * y) / 4), 0, 30, lambda x: x, 30)[0]

    spectra, log_weights = conditional_spectra(ENSEMBLES["goe"](n=2), 40_000, np.random.default_rng(4))
    weights = np.exp(log_weights - log_weights.max())
    for column, f in enumerate([lambda x, y: x, lambda x, y: y]):
        mean = integral(f) / integral(lambda x, y: 1)
        values = spectra[:, column]
        error = math.sqrt(np.average((values - mean) ** 2, weights=weights) / len(values))
        assert abs(np.average(values, weights=weights) - mean) < 4 * error


def test_split_spectra_are_those_that_rejection_leaves():
    ensemble, rng = ENSEMBLES["equal_variances"](n=3), np.random.default_rng(6)
    direct = ensemble.sample_spectrum(200_000, rng)
    direct = direct[direct[:, 0] > 0]
    means = np.array([conditional_spectra(ensemble, 200, rng)[0].mean(axis=0) for _ in range(12)])
    errors = np.sqrt(means.var(axis=0, ddof=1) / len(means) + direct.var(axis=0) / len(direct))
    assert np.all(np.abs(means.mean(axis=0) - direct.mean(axis=0)) < student(11).isf(1e-4) * errors)


@pytest.mark.parametrize(
    ("ensemble", "exact"),
    [
        (ENSEMBLES["goe"](n=4), log_probability_positive("goe", 4)),
        (ENSEMBLES["isotropic_field"](n=4), log_probability_positive("isotropic_field", 4)),
        (ENSEMBLES["independent_signs"](n=6), -6 * math.log(2)),
    ],
    ids=str,
)
def test_splitting_holds_the_exact_value(ensemble, exact):
    rng = np.random.default_rng(8)
    estimate = probability_positive(ensemble, 2_000, rng, confidence_level=0.9999, method="splitting")
    assert estimate.log_low < exact < estimate.log_high
    assert estimate.log_high - estimate.log_low < 1
    assert estimate[5:] == (20, estimate.largest_share, "splitting")


@pytest.mark.parametrize("ensemble", MOVED, ids=str)
def test_moves_are_reversible_and_move(ensemble):
    n_samples, rng = 40_000, np.random.default_rng(9)
    before = ensemble.sample(n_samples, rng)
    kept = before.copy()
    after = perturbed(ensemble, before, 0.6, rng)
    np.testing.assert_array_equal(before, kept)
    assert (before != after).any(axis=(1, 2)).mean() > 0.3
    smallest, largest = (np.linalg.eigvalsh(matrices)[:, [0, -1]].T for matrices in (before, after))
    f, g = (lambda l: l[0]), (lambda l: l[1] ** 2)  # noqa: E741
    for flow in (
        f(smallest) - f(largest),
        g(smallest) - g(largest),
        f(smallest) * g(largest) - g(smallest) * f(largest),
    ):
        assert abs(flow.mean()) < 4 * flow.std() / math.sqrt(n_samples)


def test_a_matrix_of_signs_is_never_positive_and_says_so():
    estimate = probability_positive(ENSEMBLES["rademacher"](n=2), 200, np.random.default_rng(1))
    assert estimate[:3] == (-math.inf, -math.inf, 0.0)
    assert conditional_spectra(ENSEMBLES["rademacher"](n=2), 50, np.random.default_rng(1))[0].shape == (0, 2)


def test_blocks_combine_to_students_interval():
    parts = [np.log([1.0, 2.0, 3.0]), np.array([math.log(6.0), -math.inf])]
    estimate = combined(parts, confidence_level=0.9)
    error = sem([1, 2, 3, 6, 0]) / 2.4
    reach = student(4).isf(0.05) * error
    np.testing.assert_allclose(
        estimate[:7], [math.log(2.4), math.log(2.4) - reach, math.log(2.4) + reach, error, 144 / 50, 5, 1 / 2]
    )
    for level in (0.5, 0.999):  # a standard error is that, whatever interval is asked for
        assert combined(parts, level).log_standard_error == estimate.log_standard_error
    tiny = combined([part - 5_000 for part in parts], confidence_level=0.9)
    assert tiny.log_probability == pytest.approx(estimate.log_probability - 5_000, rel=1e-14)


def test_the_same_numbers_come_from_the_same_rng():
    for ensemble in (ENSEMBLES["goe"](n=5), ENSEMBLES["sparse"](n=3)):
        assert len({probability_positive(ensemble, 200, np.random.default_rng(2)) for _ in range(2)}) == 1
    assert block_replica(MOVED[0], 50, np.random.default_rng(2)) == block_replica(
        MOVED[0], 50, np.random.default_rng(2)
    )


def test_no_samples_are_no_spectra():
    for ensemble in (ENSEMBLES["goe"](n=3), ENSEMBLES["sparse"](n=3)):
        spectra, log_weights = conditional_spectra(ensemble, 0, np.random.default_rng(0))
        assert spectra.shape == (0, 3)
        assert log_weights.shape == (0,)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda rng: probability_positive(MOVED[0], 1, rng), "n_samples=1: an interval needs at least 2"),
        (lambda rng: probability_positive(MOVED[0], 9, rng, method="splitting"), "at least 200"),
        (lambda rng: probability_positive(MOVED[0], 9, rng, method="guessing"), "one of tilting, splitting"),
        (lambda rng: probability_positive(MOVED[0], 9, rng, confidence_level=1.0), "between 0 and 1"),
        (lambda rng: probability_positive(MOVED[8], 9, rng, method="tilting"), "no tridiagonal form"),
        (
            lambda rng: probability_positive(ENSEMBLES["wishart"](), 200, rng),
            r"^wishart\(n=2\): .* splitting knows beta_ensemble, dia",
        ),
        (lambda rng: probability_positive(ENSEMBLES["goe"](n=100_000), 9, rng), "1 to 400 rows"),
        (lambda rng: block_replica(MOVED[0], 1, rng), "n_particles=1: must be at least 10"),
        (lambda rng: combined_replicas([0.0]), "at least 2"),
        (lambda rng: probability_positive(MOVED[0], -1, rng), "n_samples=-1: must be whole, 0 or more"),
        (lambda rng: conditional_spectra(MOVED[0], 2.5, rng), "n_samples=2.5: must be whole, 0 or more"),
    ],
)
def test_what_cannot_be_had_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(np.random.default_rng(0))


def test_tables_are_made_once_and_not_to_be_written_into():
    tables = positive_futures(12, 1.0, 0.0)
    assert positive_futures(12, 1.0, 0.0) is tables
    with pytest.raises(ValueError, match="read-only"):
        tables.after_pivot[0, 0] = 1.0


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 30])
def test_the_interval_of_tilting_holds_the_exact_value_in_90_of_100_seeds(n):
    ensemble, exact = ENSEMBLES["goe"](n=n), log_probability_positive("goe", n)
    estimates = [probability_positive(ensemble, 1_000, np.random.default_rng([n, seed])) for seed in range(100)]
    assert sum(estimate.log_low <= exact <= estimate.log_high for estimate in estimates) >= 90
    assert max(estimate.log_high - estimate.log_low for estimate in estimates) < 0.01


@pytest.mark.slow
def test_the_interval_of_splitting_holds_the_exact_value_in_90_of_100_seeds():
    ensemble, exact = ENSEMBLES["goe"](n=5), log_probability_positive("goe", 5)
    estimates = [
        probability_positive(ensemble, 1_000, np.random.default_rng([5, seed]), method="splitting")
        for seed in range(100)
    ]
    assert sum(estimate.log_low <= exact <= estimate.log_high for estimate in estimates) >= 90
    ratios = np.exp([estimate.log_probability - exact for estimate in estimates])
    assert abs(ratios.mean() - 1) < 4 * ratios.std(ddof=1) / 10


@pytest.mark.slow
def test_splitting_equal_variances_agrees_with_four_million_draws():
    ensemble, rng = ENSEMBLES["equal_variances"](n=5), np.random.default_rng(7)
    seen = sum(int((ensemble.sample_spectrum(200_000, rng)[:, 0] > 0).sum()) for _ in range(20))
    estimate = probability_positive(ensemble, 20_000, rng)
    expected, error = 4e6 * math.exp(estimate.log_probability), (estimate.log_high - estimate.log_low) / 4.2
    assert abs(seen - expected) < 4 * math.hypot(math.sqrt(expected), expected * error)


def test_singular_matrices_are_not_above_the_wall():
    sparse = ENSEMBLES["sparse"](n=4, degree=1.0)
    spectra, _ = conditional_spectra(sparse, 100_000, np.random.default_rng(2))
    assert len(spectra)
    assert (spectra[:, 0] > zero_threshold(spectra)).all()
