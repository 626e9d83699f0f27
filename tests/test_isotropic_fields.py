from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from scipy.stats import norm

from saddlesim.objectives.random_fields import SphericalPSpin
from saddlesim.problems import InvalidParameters
from saddlesim.random_matrices import isotropic_fields
from saddlesim.random_matrices.gaussian import GOE
from saddlesim.random_matrices.isotropic_fields import (
    IsotropicField,
    IsotropicFieldAtLevel,
    IsotropicFieldCritical,
    SphericalPSpinCritical,
)

CLASSES = (IsotropicField, IsotropicFieldCritical, IsotropicFieldAtLevel, SphericalPSpinCritical)
ALL = [example for cls in CLASSES for example in cls.examples()]
N_SAMPLES = 100_000


def deviations(indices, law):
    law, counts = np.asarray(law), np.bincount(indices, minlength=len(law))
    return (counts - len(indices) * law) / np.sqrt(len(indices) * law * (1 - law))


def weighted_mean(values, weights):
    """The ratio estimate sum w v / sum w and, by the delta method, its standard error."""
    mean = (weights * values.T).T.sum(axis=0) / weights.sum()
    return mean, np.sqrt(((weights * (values - mean).T) ** 2).sum(axis=-1)) / weights.sum()


def weighted_by_hand(n, levels, rng):
    """Spectra of dense G - u I, and their |det|."""
    spectra = np.linalg.eigvalsh(GOE(n=n).sample(len(levels), rng)) - levels[:, None]
    return spectra, abs(spectra.prod(axis=1))


CASES = [
    (IsotropicFieldCritical, {}, lambda rng: rng.standard_normal(N_SAMPLES)),
    (SphericalPSpinCritical, {"p": 3}, lambda rng: math.sqrt(3 / 2) * rng.standard_normal(N_SAMPLES)),
    (SphericalPSpinCritical, {"p": 10}, lambda rng: math.sqrt(10 / 9) * rng.standard_normal(N_SAMPLES)),
    (IsotropicFieldAtLevel, {"level": 1.2}, lambda rng: np.full(N_SAMPLES, 1.2)),
]


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize(("cls", "fields", "levels"), CASES)
def test_rejection_agrees_with_weighting_by_the_determinant(n, cls, fields, levels):
    rng = np.random.default_rng(1)
    by_hand, weights = weighted_by_hand(n, levels(rng), rng)
    drawn = cls(n=n, **fields).sample_spectrum(20_000, rng)
    indices = cls(n=n, **fields).sample_index(N_SAMPLES, rng)
    each = np.arange(n + 1)
    mean, error = weighted_mean((by_hand < 0).sum(axis=1)[:, None] == each, weights)
    spread = np.sqrt(error**2 + mean * (1 - mean) / N_SAMPLES)
    assert (abs((indices[:, None] == each).mean(axis=0) - mean) <= 4 * spread).all()
    mean, error = weighted_mean(by_hand, weights)
    assert (abs(drawn.mean(axis=0) - mean) < 4 * np.hypot(error, drawn.std(axis=0) / math.sqrt(len(drawn)))).all()
    mean, error = weighted_mean(by_hand**2, weights)
    assert (
        abs((drawn**2).mean(axis=0) - mean) < 4 * np.hypot(error, (drawn**2).std(axis=0) / math.sqrt(len(drawn)))
    ).all()


def test_critical_points_of_fields_follow_the_closed_forms():
    few, many = (29 - 6 * math.sqrt(6)) / 116, (29 + 6 * math.sqrt(6)) / 116
    for n, law in ((1, [1 / 2, 1 / 2]), (2, [1 / 4, 1 / 2, 1 / 4]), (3, [few, many, many, few])):
        indices = IsotropicFieldCritical(n=n).sample_index(N_SAMPLES, np.random.default_rng(n))
        assert abs(deviations(indices, law)).max() < 4


@pytest.mark.parametrize("n", [4, 9, 20])
def test_saddles_of_even_and_odd_index_balance(n):
    indices = IsotropicFieldCritical(n=n).sample_index(N_SAMPLES, np.random.default_rng(n))
    assert abs(((-1.0) ** indices).mean()) < 4 / math.sqrt(N_SAMPLES)  # Euler's characteristic has no density


def test_a_field_at_random_points_has_the_sign_law_of_two_normal_shifts():
    # n = 2: (trace / 2)^2 is 2 chi^2_1 and (gap / 2)^2 is chi^2_2, so that a saddle has probability 1 / sqrt(3)
    law = [(1 - 1 / math.sqrt(3)) / 2, 1 / math.sqrt(3), (1 - 1 / math.sqrt(3)) / 2]
    rng = np.random.default_rng(2)
    assert abs(deviations(IsotropicField(n=2).sample_index(N_SAMPLES, rng), law)).max() < 4
    assert abs(deviations((IsotropicField(n=2).sample_spectrum(20_000, rng) < 0).sum(axis=1), law)).max() < 4
    matrices = IsotropicField(n=2).sample(N_SAMPLES, rng)
    assert abs(deviations((np.linalg.eigvalsh(matrices) < 0).sum(axis=1), law)).max() < 4
    covariance = matrices[:, 0, 0] * matrices[:, 1, 1]
    assert abs(covariance.mean() - 1) < 4 * covariance.std() / math.sqrt(N_SAMPLES)


def test_one_row_at_a_level_is_a_weighted_normal_number():
    for level in (-2.0, 0.0, 0.7):
        below = level * norm.cdf(level / math.sqrt(2)) + math.sqrt(2) * norm.pdf(level / math.sqrt(2))
        indices = IsotropicFieldAtLevel(n=1, level=level).sample_index(N_SAMPLES, np.random.default_rng(3))
        assert abs(deviations(indices, [(below - level) / (2 * below - level), below / (2 * below - level)])).max() < 4


def test_the_index_rises_with_the_level_through_the_semicircle():
    n, levels = 60, [-15.0, -7.0, 0.0, 7.0, 15.0]
    means = [IsotropicFieldAtLevel(n=n, level=u).sample_index(300, np.random.default_rng(4)).mean() / n for u in levels]
    scaled = np.array(levels) / (2 * math.sqrt(n))
    expected = 1 / 2 + (scaled * np.sqrt(1 - scaled**2) + np.arcsin(scaled)) / math.pi
    np.testing.assert_allclose(means, expected, atol=0.01)


def test_a_level_that_is_hardly_ever_met_is_refused():
    with pytest.raises(InvalidParameters, match=r"level: 4\.0 must be within 2 sqrt\(n \+ 1\) = 3\.464 of 0"):
        IsotropicFieldAtLevel(n=2, level=4.0)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_two_spins_give_every_index_the_same_chance(n):
    ensemble = SphericalPSpinCritical(n=n, p=2)
    assert (
        abs(deviations(ensemble.sample_index(N_SAMPLES, np.random.default_rng(n)), ensemble.index_distribution())).max()
        < 4
    )
    known = SphericalPSpin(dimension=n + 1, p=2, seed=n).critical_points
    np.testing.assert_array_equal(np.bincount([point.index for point in known]), [2] * (n + 1))


def test_spectra_at_two_spin_critical_points_are_those_of_the_objective():
    rng, n = np.random.default_rng(5), 2
    found = []
    for seed in range(400):
        spin = SphericalPSpin(dimension=n + 1, p=2, seed=seed)
        point = spin.critical_points[2 * rng.integers(n + 1)]
        along = np.linalg.svd(point.x[None])[2][1:]
        found.append(np.linalg.eigvalsh(along @ spin.hessian(point.x) @ along.T))
    scale = math.sqrt((n + 1) / 2)  # off-diagonal variance p (p - 1) / N
    ours = SphericalPSpinCritical(n=n, p=2).sample_spectrum(20_000, rng)
    found = scale * np.array(found)
    assert (abs(found.mean(axis=0) - ours.mean(axis=0)) < 4 * found.std(axis=0) / 20).all()
    squares = found**2
    assert (abs(squares.mean(axis=0) - (ours**2).mean(axis=0)) < 4 * squares.std(axis=0) / 20).all()


def critical_indices(spin, rng, n_starts=400):
    """Indices at the critical points on the sphere of three spins, by Newton's method along it; Euler says when all are there."""
    x = rng.standard_normal((3, n_starts))
    for _ in range(60):
        x /= np.linalg.norm(x, axis=0)
        across = x[:, None] * x
        hessian = np.moveaxis(spin.hessian(x) + across * np.sign(spin.value(x)), 2, 0)  # the radial part is put aside
        step = np.linalg.solve(hessian, spin.gradient(x).T[:, :, None])[:, :, 0].T
        x = x - step / np.maximum(1, 4 * np.linalg.norm(step, axis=0))
    x = x[:, np.linalg.norm(spin.gradient(x), axis=0) < 1e-9]
    x /= np.linalg.norm(x, axis=0)
    kept = []
    for point in x.T:
        if all(np.linalg.norm(point - other) > 1e-5 for other in kept):
            kept.append(point)
    spectra = np.linalg.eigvalsh(np.moveaxis(spin.hessian(np.array(kept).T), 2, 0))
    return (spectra < -1e-7).sum(axis=1)  # the zero mode is no sign


@pytest.mark.slow
def test_indices_are_those_of_the_critical_points_that_newton_finds_on_the_sphere():
    rng, saddles, points = np.random.default_rng(6), [], []
    for seed in range(400):
        found = critical_indices(SphericalPSpin(dimension=3, p=3, seed=seed), rng)
        assert ((-1) ** found).sum() == 2
        saddles.append((found == 1).sum())
        points.append(len(found))
    saddles, points = np.array(saddles), np.array(points)
    found, error = weighted_mean(saddles / points, points.astype(float))
    ours = (SphericalPSpinCritical(n=2, p=3).sample_index(10**6, rng) == 1).mean()
    assert abs(found - ours) < 4 * error


@pytest.mark.parametrize("ensemble", [IsotropicFieldCritical(n=3), SphericalPSpinCritical(n=3, p=3)], ids=str)
def test_matrices_are_turned_at_random(ensemble):
    matrices = ensemble.sample(50_000, np.random.default_rng(7))
    np.testing.assert_allclose(matrices, matrices.swapaxes(1, 2), atol=1e-13)
    isotropy = matrices[:, 0, 1] ** 2 - (matrices[:, 0, 0] - matrices[:, 2, 2]) ** 2 / 4  # a rotation by 45 degrees
    assert abs(isotropy.mean()) < 4 * isotropy.std() / math.sqrt(len(matrices))
    law = np.bincount(ensemble.sample_index(N_SAMPLES, np.random.default_rng(8))) / N_SAMPLES
    assert abs(deviations((np.linalg.eigvalsh(matrices) < 0).sum(axis=1), law)).max() < 4.5  # of two estimates


@pytest.mark.parametrize("ensemble", ALL, ids=str)
def test_as_many_are_drawn_as_are_asked_for(ensemble):
    n, rng = ensemble.n, np.random.default_rng(9)
    for n_samples in (0, 1, 7):
        negative, zero = ensemble.sample_inertia(n_samples, rng)
        assert negative.shape == zero.shape == (n_samples,)
        assert ensemble.sample(n_samples, rng).shape == (n_samples, n, n)
        spectra = ensemble.sample_spectrum(n_samples, rng)
        assert spectra.shape == (n_samples, n)
        assert (np.diff(spectra) > 0).all()
    np.testing.assert_array_equal(*(ensemble.sample_index(9_000, np.random.default_rng(10)) for _ in range(2)))


def test_densities_are_semicircles():
    x = np.linspace(-9, 9, 20_001)
    for ensemble in ALL:
        assert abs(ensemble.spectral_density(x).sum() * (x[1] - x[0]) - 1) < 1e-4
    n, spectra = 100, IsotropicFieldAtLevel(n=100, level=5.0).sample_spectrum(20, np.random.default_rng(11))
    x = np.linspace(-40, 40, 8_001)
    mean = (x * IsotropicFieldAtLevel(n=n, level=5.0).spectral_density(x)).sum() * (x[1] - x[0])
    assert abs(spectra.mean() - mean) < 0.2


def test_rejection_holds_no_more_in_memory_than_one_part(monkeypatch):
    monkeypatch.setattr(isotropic_fields, "LARGEST_PART", 20_000)
    tracemalloc.start()
    IsotropicFieldCritical(n=100).sample_index(10_000, np.random.default_rng(12))
    assert tracemalloc.get_traced_memory()[1] < 2e6  # proposals of the first 8192 lanes alone would be 13 megabytes
    tracemalloc.reset_peak()
    assert IsotropicFieldCritical(n=40).sample_spectrum(2_000, np.random.default_rng(12)).nbytes == 6.4e5
    assert tracemalloc.get_traced_memory()[1] < 6.4e5 + 1e6  # and these 5
    tracemalloc.stop()
