from __future__ import annotations

import math

import numpy as np
import pytest
from mpmath import mp
from scipy.integrate import quad

from saddlesim.random_matrices import asymptotics, densities
from saddlesim.random_matrices.field_counts import critical_point_density, goe_density, log_critical_point_density

CONVEX_3D = (29 - 6 * math.sqrt(6)) / 116  # minima among the critical points of a field in three dimensions


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(90):
        yield


def half_line_moment(k, rate):
    return mp.gamma(mp.mpf(k + 1) / 2) / (2 * mp.mpf(rate) ** (mp.mpf(k + 1) / 2))  # of x^k exp(-rate x^2)


def log_positive(n, beta):
    """Give ln P(all positive) by Andreief's determinant (beta 2) or de Bruijn's Pfaffian (beta 4, and 1 for even n)."""
    if beta == 1:
        return goe_log_above(n, 0) - goe_log_above(n, -40)
    size, rate = {2: (n, mp.mpf(1) / 2), 4: (2 * n, 1)}[beta]
    moments = [half_line_moment(k, rate) for k in range(2 * size - 1)]

    def log_determinant(moments):
        if beta == 2:
            return mp.log(mp.det(mp.matrix([[moments[i + j] for j in range(size)] for i in range(size)])))
        rows = [[(j - i) * moments[i + j - 1] if i != j else 0 for j in range(size)] for i in range(size)]
        return mp.log(mp.det(mp.matrix(rows))) / 2

    whole_line = [2 * moment if k % 2 == 0 else 0 for k, moment in enumerate(moments)]
    return log_determinant(moments) - log_determinant(whole_line)


def goe_log_above(n, x):
    """Give ln P(all eigenvalues of GOE(n) above x), up to a constant; n even.

    de Bruijn: the Pfaffian of a_ij = int int sgn(y - z) z^i y^j w(z) w(y) over the positive axis, w = exp(-(y + x)^2 / 4); by
    parts, z^(i+1) w = 2 i z^(i-1) w - x z^i w - 2 (z^i w)'.
    """
    x = mp.mpf(x)
    at_zero = mp.exp(-x * x / 4)
    simple = [mp.sqrt(mp.pi) * mp.erfc(x / 2)]
    twice = [mp.sqrt(mp.pi / 2) * mp.erfc(x / mp.sqrt(2))]
    for k in range(n):
        simple.append((2 * at_zero if k == 0 else 2 * k * simple[k - 1]) - x * simple[k])
    for k in range(2 * n):
        twice.append((at_zero**2 if k == 0 else k * twice[k - 1]) - x * twice[k])
    a = mp.zeros(n)
    for j in range(n):
        for i in range(j, n - 1):
            a[i + 1, j] = (2 * i * a[i - 1, j] if i else 2 * at_zero * simple[j]) - x * a[i, j] - 4 * twice[i + j]
            a[j, i + 1] = -a[i + 1, j]
    return mp.log(mp.det(a)) / 2


def sturm_counts(n, beta, n_samples, rng):
    """Count negative pivots of Dumitriu and Edelman's tridiagonal matrices."""
    pivot = rng.normal(0, math.sqrt(2 / beta), n_samples)
    counts = (pivot < 0).astype(int)
    for j in range(1, n):
        pivot = rng.normal(0, math.sqrt(2 / beta), n_samples) - rng.chisquare(beta * j, n_samples) / beta / pivot
        counts += pivot < 0
    return counts


def gue_variance(n):
    """Give tr(O - O^2), O the overlaps of Hermite functions on the negative axis: 1/2, and Wronskians at 0."""
    at_zero = np.zeros(n)
    at_zero[0] = (2 * math.pi) ** -0.25
    for j in range(2, n, 2):
        at_zero[j] = -math.sqrt((j - 1) / j) * at_zero[j - 2]
    j = np.arange(n)
    slope = np.append(0, np.sqrt(j[1:]) * at_zero[:-1])
    wronskians = slope[:, None] * at_zero - at_zero[:, None] * slope
    overlaps = wronskians / (j - j[:, None] + np.eye(n))
    return n / 4 - (overlaps**2).sum()


def gse_variance(n):
    """Give (tr M - tr M^2) / 2, the curvature of ln Pf in ln z, with M the share of the negative axis in de Bruijn's matrix."""
    moments = [half_line_moment(k, 1) for k in range(4 * n)]
    whole, negative = mp.zeros(2 * n), mp.zeros(2 * n)
    for i in range(2 * n):
        for j in range(2 * n):
            if i != j:
                negative[i, j] = (j - i) * (-1) ** (i + j - 1) * moments[i + j - 1]
                whole[i, j] = negative[i, j] + (j - i) * moments[i + j - 1]
    share = whole**-1 * negative
    square = share * share
    return sum(share[i, i] - square[i, i] for i in range(2 * n)) / 2


def minimum_fraction(n):
    """Give E exp(-l_0^2 / 4) / sum_k E exp(-l_k^2 / 4) over GOE(n + 1), by parts from P(l_0 > x)."""
    step = 0.25
    x = np.arange(-2 * math.sqrt(n) - 7, 4, step)
    whole = goe_log_above(n + 1, -40)
    above = np.array([float(mp.exp(goe_log_above(n + 1, t) - whole)) for t in x])
    smallest = step * (-x / 2 * np.exp(-x * x / 4)) @ above
    return smallest / quad(lambda t: float(goe_density(t, n + 1)) * math.exp(-t * t / 4), -14, 14)[0]


def test_the_oracles_know_small_matrices():
    assert mp.exp(log_positive(2, 1)) == pytest.approx((2 - math.sqrt(2)) / 4, rel=1e-12)
    assert mp.exp(log_positive(4, 1)) == pytest.approx((4 - math.sqrt(2)) / 16 - 1 / (2 * math.pi), rel=1e-12)
    assert mp.exp(log_positive(3, 2)) == pytest.approx(0.0056337927, abs=1e-10)
    assert log_positive(1, 4) == pytest.approx(-math.log(2), rel=1e-12)
    assert gue_variance(1) == gse_variance(1) == 0.25
    assert minimum_fraction(3) == pytest.approx(CONVEX_3D, rel=1e-9)


@pytest.mark.parametrize(("beta", "order", "remainder"), [(1, 1, -0.0153), (2, 2, -1 / 1152), (4, 1, 0.0076)])
def test_the_logarithm_of_all_positive_lacks_its_next_term_only(beta, order, remainder):
    for n in (10, 20):
        missing = float(log_positive(n, beta) - asymptotics.log_probability_positive_expansion(n, beta))
        assert missing * n**order == pytest.approx(remainder, rel=0.1)


def test_the_coin_is_no_law_of_eigenvalues():
    assert asymptotics.coin_log_probability(10) == pytest.approx(math.log(2**-10))
    assert asymptotics.log_ratio_to_coin(math.log(1 / 512), 10) == pytest.approx(math.log(2))


def test_the_rate_of_a_wall_is_the_energy_of_the_density_at_it():
    """E = int x^2 rho / 4 - int int ln|x - y| rho rho / 2, less the semicircle's 3/8."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    angles = math.pi / 4 * (nodes + 1)
    for wall in (-1.5, 0.0, 1.0):
        length = densities.wall_length(1, wall)
        x = wall + length * np.sin(angles) ** 2
        masses = densities.wall_density(x, 1, wall) * length * np.sin(2 * angles) * weights * math.pi / 4
        # the potential int ln|x - y| rho(y) dy - x^2 / 4 is the same all over the spectrum: at its soft end
        potential = masses @ np.log(wall + length - x) - (wall + length) ** 2 / 4
        energy = masses @ x**2 / 4 - (masses @ x**2 / 4 + potential) / 2
        assert float(asymptotics.wall_rate(wall)) == pytest.approx(energy - 3 / 8, abs=1e-6)
    np.testing.assert_allclose(asymptotics.wall_rate([-5, -2, 0]), [0, 0, math.log(3) / 4], atol=1e-15)


def test_the_variance_of_the_goe_index_has_its_constant():
    n, n_samples = 100, 60_000
    counts = sturm_counts(n, 1, n_samples, np.random.default_rng(11))
    variance = float(asymptotics.index_variance_expansion(n))
    assert abs(counts.var() - variance) < 4 * variance * math.sqrt(2 / n_samples)  # z = 4


def test_the_variance_of_the_gue_index_has_its_constant():
    for n in (50, 51, 200):
        assert abs(gue_variance(n) - asymptotics.index_variance_expansion(n, 2)) < 0.3 / n


def test_the_variance_of_the_gse_index_has_its_constant_between_odd_and_even():
    even, odd = (float(gse_variance(n) - asymptotics.index_variance_expansion(n, 4)) for n in (10, 11))
    assert -0.06 < even < -0.05
    assert abs(even + odd) < 1e-3


def missing_of_minima(n):
    return math.log(minimum_fraction(n)) - float(asymptotics.log_minimum_fraction_expansion(n))


def test_minima_among_critical_points_are_near_their_expansion():
    for n in (5, 11):
        assert 0.55 < missing_of_minima(n) * (n + 1) ** 0.25 < 0.7  # about 1 at large n


@pytest.mark.slow
def test_the_expansion_of_minima_among_critical_points_lacks_powers_of_the_fourth_root_only():
    sizes = np.array([6, 12, 18, 26, 36])
    with mp.workdps(110):
        missing = [missing_of_minima(n - 1) for n in sizes]
    constant, first, *_ = np.linalg.solve(sizes[:, None] ** (-np.arange(5) / 4), missing)
    assert abs(constant) < 0.02  # what the next power leaves
    assert 0.6 < first < 1.4


def test_critical_points_of_a_field_are_as_dense_as_kac_and_rice_say():
    assert critical_point_density(1) == pytest.approx(math.sqrt(3) / math.pi, rel=1e-13)
    assert critical_point_density(2) == pytest.approx(2 / (math.pi * math.sqrt(3)), rel=1e-13)
    assert critical_point_density(2, 0.5) == pytest.approx(4 * critical_point_density(2), rel=1e-13)
    assert log_critical_point_density(1000, 3.0) == pytest.approx(
        log_critical_point_density(1000) - 1000 * math.log(3), rel=1e-13
    )


@pytest.mark.parametrize("n", [3, 6])
def test_the_mean_determinant_of_a_field_is_that_of_drawn_hessians(n):
    n_samples = 100_000
    rng = np.random.default_rng(n)
    noise = rng.standard_normal((n_samples, n, n))
    hessians = (noise + noise.transpose(0, 2, 1)) / math.sqrt(2) + rng.standard_normal((n_samples, 1, 1)) * np.eye(n)
    weights = np.abs(np.linalg.det(hessians)) / (2 * math.pi) ** (n / 2)
    assert abs(weights.mean() - critical_point_density(n)) < 4 * weights.std() / math.sqrt(n_samples)  # z = 4


def test_other_ensembles_are_told_apart():
    with pytest.raises(ValueError, match="beta=3: must be 1, 2 or 4"):
        asymptotics.index_variance_expansion(10, 3)
