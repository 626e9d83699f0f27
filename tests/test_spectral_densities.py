from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from saddlesim.random_matrices import densities, free_sum
from saddlesim.random_matrices.field_counts import goe_density

FREE_SUMS = [(0.05, 0.25), (0.3, 0.5), (1.0, 1.0), (0.01, 4.0), (0.5, 0.01)]  # the fourth has a gap


def mass(density, low, high, power=0):
    """Integrate x^power density(x) where it ends as a square root, or as the inverse of one, at both sides."""
    middle, half = (low + high) / 2, (high - low) / 2

    def on_the_circle(angle):
        x = middle - half * math.cos(angle)
        return float(density(x)) * x**power * half * math.sin(angle)

    return quad(on_the_circle, 0, math.pi, limit=200)[0]


def goe_spectra(n, n_samples, rng):
    matrices = rng.standard_normal((n_samples, n, n))
    return np.linalg.eigvalsh((matrices + matrices.transpose(0, 2, 1)) / math.sqrt(2))


def largest_gap(eigenvalues, distribution):
    """Give Kolmogorov's distance of a spectrum from a distribution; eigenvalues are rigid, so that it is of order ln(n) / n."""
    ranks = np.arange(1, eigenvalues.size + 1) / eigenvalues.size
    return np.abs(distribution(np.sort(eigenvalues.ravel())) - ranks).max()


def test_the_semicircle_is_its_own_distribution():
    for x in (-3.0, -2.9, -1.0, 0.4, 2.9999):
        below = quad(lambda t: float(densities.semicircle_density(t, 3.0)), -3, x)[0]
        assert densities.semicircle_distribution(x, 3.0) == pytest.approx(below, abs=1e-8)
    np.testing.assert_array_equal(densities.semicircle_density([-4.0, 4.0], 3.0), 0)
    np.testing.assert_array_equal(densities.semicircle_distribution([-4.0, 4.0], 3.0), [0, 1])


def test_a_drawn_goe_is_a_semicircle_and_its_shift_has_the_index_that_is_said():
    n = 300
    spectrum = goe_spectra(n, 1, np.random.default_rng(5))[0]
    radius = 2 * math.sqrt(n)
    assert largest_gap(spectrum, lambda x: densities.semicircle_distribution(x, radius)) < 3 / n
    for shift in (-0.7, 0.0, 0.2, 0.9):
        negative = (spectrum + shift * radius < 0).mean()
        assert densities.semicircle_index_fraction(shift) == pytest.approx(negative, abs=3 / n)


@pytest.mark.parametrize("p", [2, 3, 5])
def test_p_spin_saddles_lose_their_negative_directions_at_the_threshold(p):
    n = 300
    hessians = goe_spectra(n, 1, np.random.default_rng(6))[0] * math.sqrt(p * (p - 1) / n)
    for energy in (-0.9, -0.5, 0.0, 0.3):
        negative = (hessians < p * energy).mean()
        assert densities.p_spin_index_fraction(energy, p) == pytest.approx(negative, abs=3 / n)
    threshold = densities.p_spin_threshold(p)
    np.testing.assert_allclose(
        densities.p_spin_index_fraction([threshold - 0.1, threshold, 0, -threshold], p), [0, 0, 0.5, 1], atol=1e-12
    )


@pytest.mark.parametrize("correlation", [0.4, 0.8])
@pytest.mark.parametrize("scaled_level", [-1.0, 0.5])
def test_the_typical_index_at_a_level_is_that_of_the_mean_weighted_hessian(correlation, scaled_level):
    n = 200
    level = scaled_level * math.sqrt(n)
    xi = np.linspace(-1.9, 1.9, 20001) * math.sqrt(n)
    # E |det(GOE_n + x)| is exp(x^2 / 4) times the density of GOE(n + 1)
    exponent = xi**2 / 4 + np.log(goe_density(xi, n + 1)) - (xi + correlation * level) ** 2 / (2 * (1 - correlation**2))
    weights = np.exp(exponent - exponent.max())
    fraction = (weights @ densities.semicircle_distribution(-xi, 2 * math.sqrt(n))) / weights.sum()
    assert densities.field_index_fraction(level, n, correlation) == pytest.approx(fraction, abs=0.005)


def test_a_field_of_gaussian_covariance_has_the_level_itself_on_its_diagonal():
    level, n = 6.0, 100
    expected = densities.semicircle_distribution(level, 2 * math.sqrt(n))
    assert densities.field_index_fraction(level, n) == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 3.0])
def test_marchenko_pastur_has_its_mass_its_mean_its_variance_and_its_distribution(ratio):
    low, high = densities.marchenko_pastur_edges(ratio)
    moments = [mass(lambda x: densities.marchenko_pastur_density(x, ratio), low, high, power) for power in range(3)]
    atom = densities.marchenko_pastur_atom(ratio)
    np.testing.assert_allclose([moments[0] + atom, moments[1], moments[2]], [1, 1, 1 + ratio], rtol=1e-10)
    for x in (low + 0.01, 0.8 * low + 0.2 * high, high - 0.01):
        below = (
            atom
            + quad(
                lambda t: 2 * t * float(densities.marchenko_pastur_density(t * t, ratio)), math.sqrt(low), math.sqrt(x)
            )[0]
        )
        assert densities.marchenko_pastur_distribution(x, ratio) == pytest.approx(below, abs=1e-7)
    outside = densities.marchenko_pastur_distribution([-0.1, 0.0, high + 1], ratio)
    np.testing.assert_allclose(outside, [0, atom, 1], atol=1e-15)


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_a_drawn_wishart_matrix_follows_marchenko_pastur(ratio):
    n = 300
    m = round(n / ratio)
    jacobian = np.random.default_rng(7).standard_normal((n, m))
    spectrum = np.linalg.eigvalsh(jacobian @ jacobian.T / m)
    positive = spectrum[spectrum > 1e-9]
    assert 1 - positive.size / n == pytest.approx(densities.marchenko_pastur_atom(ratio), abs=1e-12)
    below = densities.marchenko_pastur_distribution(positive, ratio)
    ranks = np.arange(n - positive.size + 1, n + 1) / n
    assert np.abs(below - ranks).max() < 3 / n


@pytest.mark.parametrize(("energy", "ratio"), FREE_SUMS)
def test_the_free_sum_has_the_cumulants_of_its_parts(energy, ratio):
    edges = free_sum.free_sum_edges(energy, ratio)
    assert edges.size == (4 if (energy, ratio) == (0.01, 4.0) else 2)
    one, mean, second, third = (
        sum(mass(lambda x: free_sum.free_sum_density(x, energy, ratio), *pair, power) for pair in edges.reshape(-1, 2))
        for power in range(4)
    )
    np.testing.assert_allclose([one, mean, second - mean**2], [1, 1, 2 * energy + ratio], rtol=1e-9)
    assert third - 3 * second * mean + 2 * mean**3 == pytest.approx(ratio**2, abs=1e-8)


@pytest.mark.parametrize(("energy", "ratio"), FREE_SUMS)
def test_the_distribution_of_the_free_sum_is_the_integral_of_its_density(energy, ratio):
    edges = free_sum.free_sum_edges(energy, ratio)
    below = 0.0
    for low, high in edges.reshape(-1, 2):
        middle = (low + high) / 2
        first_half = quad(
            lambda t, low=low: 2 * t * float(free_sum.free_sum_density(low + t * t, energy, ratio)),
            0,
            math.sqrt(middle - low),
        )
        assert free_sum.free_sum_distribution(middle, energy, ratio) == pytest.approx(below + first_half[0], abs=1e-7)
        below += mass(lambda x: free_sum.free_sum_density(x, energy, ratio), low, high)
        assert free_sum.free_sum_distribution(high + 1e-3, energy, ratio) == pytest.approx(below, abs=1e-9)
    assert free_sum.free_sum_distribution(edges[0] - 1e-3, energy, ratio) == 0


def test_the_free_sum_becomes_either_part():
    x = np.linspace(-2, 4, 61) + 0.003
    np.testing.assert_allclose(
        free_sum.free_sum_density(x, 0.3, 1e-9), densities.semicircle_density(x - 1, 2 * math.sqrt(0.6)), atol=1e-7
    )
    np.testing.assert_allclose(
        free_sum.free_sum_density(x, 0.0, 0.4), densities.marchenko_pastur_density(x, 0.4), atol=1e-7
    )


@pytest.mark.parametrize(("energy", "ratio"), [(0.1, 0.25), (0.02, 2.0)])
def test_a_drawn_sum_follows_the_free_one(energy, ratio):
    n = 400
    rng = np.random.default_rng(8)
    m = round(n / ratio)
    jacobian, noise = rng.standard_normal((n, m)), rng.standard_normal((n, n))
    wigner = (noise + noise.T) * math.sqrt(energy / n)  # off the diagonal of variance 2 eps / n
    spectrum = np.linalg.eigvalsh(wigner + jacobian @ jacobian.T / m)
    assert largest_gap(spectrum, lambda x: free_sum.free_sum_distribution(x, energy, ratio)) < 4 / n
    assert free_sum.free_sum_index_fraction(energy, ratio) == pytest.approx((spectrum < 0).mean(), abs=4 / n)


@pytest.mark.parametrize("ratio", [0.05, 0.3, 0.8])
def test_negative_eigenvalues_begin_at_the_critical_energy_with_power_three_halves(ratio):
    critical = free_sum.free_sum_critical_energy(ratio)
    assert free_sum.free_sum_edges(critical, ratio)[0] == pytest.approx(0, abs=1e-10)
    assert free_sum.free_sum_index_fraction(critical, ratio) == 0
    assert free_sum.free_sum_index_expansion(critical, ratio) == 0
    for excess in (1e-2, 1e-3, 1e-4):  # the next term is relatively of order the excess
        energy = critical * (1 + excess)
        quotient = free_sum.free_sum_index_fraction(energy, ratio) / free_sum.free_sum_index_expansion(energy, ratio)
        assert quotient == pytest.approx(1, abs=1.5 * excess)


def test_with_as_many_parameters_as_data_every_energy_is_above_the_critical_one():
    assert free_sum.free_sum_critical_energy(1.5) == 0
    assert free_sum.free_sum_index_fraction(1e-4, 2.0) == pytest.approx(0.25, abs=0.01)  # half of the atom
    with pytest.raises(ValueError, match=r"ratio=1\.5: must be below 1"):
        free_sum.free_sum_index_expansion(0.1, 1.5)


@pytest.mark.parametrize("wall", [-15.0, 0.0, 8.0])
def test_eigenvalues_at_a_wall_are_in_equilibrium(wall):
    n, n_nodes = 100, 400
    high = wall + densities.wall_length(n, wall)
    assert mass(lambda x: densities.wall_density(x, n, wall), wall, high) == pytest.approx(1, rel=1e-9)
    # on a circle the ends do no harm, and halfway between nodes the midpoint rule gives the principal value
    angles = (np.arange(n_nodes) + 0.5) * math.pi / n_nodes
    y = (wall + high) / 2 - (high - wall) / 2 * np.cos(angles)
    masses = densities.wall_density(y, n, wall) * (high - wall) / 2 * np.sin(angles) * math.pi / n_nodes
    for angle in angles[[20, 200, 350]] + math.pi / n_nodes / 2:
        x = (wall + high) / 2 - (high - wall) / 2 * math.cos(angle)
        assert n * (masses / (x - y)).sum() == pytest.approx(x / 2, rel=1e-10)


def test_a_wall_beyond_the_semicircle_is_not_felt_and_one_at_zero_leaves_four_over_root_three():
    x = np.linspace(-25, 25, 101)
    for wall in (-20.0, -30.0):
        np.testing.assert_allclose(
            densities.wall_density(x, 100, wall), densities.semicircle_density(x, 20.0), atol=1e-15
        )
    assert densities.wall_length(100) == pytest.approx(40 / math.sqrt(3), rel=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_the_density_of_a_finite_goe_is_its_histogram(n):
    edges = np.linspace(-2, 2, 9) * math.sqrt(n)
    n_samples = 40_000
    counts = np.histogram(goe_spectra(n, n_samples, np.random.default_rng(n)), edges)[0] / n_samples
    expected = [quad(lambda x: float(goe_density(x, n)), low, high)[0] for low, high in itertools.pairwise(edges)]
    deviations = (counts - expected) / np.sqrt(
        np.array(expected) / n_samples
    )  # eigenvalues repel: the true error is smaller
    assert np.abs(deviations).max() < 4


@pytest.mark.parametrize("n", [2, 7, 60])
def test_the_density_of_a_finite_goe_has_its_moments(n):
    x, step = np.linspace(-3 * math.sqrt(n) - 12, 3 * math.sqrt(n) + 12, 4001, retstep=True)
    density = goe_density(x, n) * step
    np.testing.assert_allclose([density.sum(), density @ x**2], [n, n * (n + 1)], rtol=1e-11)
