from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.linalg import eigh_tridiagonal
from scipy.special import airy

from saddlesim.random_matrices.tracy_widom import (
    edge_scaled,
    tracy_widom_density,
    tracy_widom_distribution,
    tracy_widom_moments,
)


@pytest.mark.parametrize(
    ("beta", "stretch", "mean", "variance"),
    [
        (1, 1.0, -1.2065335745820, 1.607781034581),
        (2, 1.0, -1.7710868074116, 0.8131947928329),
        (4, 2 ** (1 / 6), -2.306884893241, 0.5177237207726),
    ],
)
def test_moments_are_the_published_ones(beta, stretch, mean, variance):
    """Bornemann (2010); beta = 4 in the scale of Tracy and Widom."""
    ours, spread = tracy_widom_moments(beta)
    assert ours * stretch == pytest.approx(mean, abs=2e-12)
    assert spread * stretch**2 == pytest.approx(variance, abs=2e-12)


def test_distributions_are_those_of_painleve():
    """q'' = s q + 2 q^3, q ~ Ai(s); F_2 = exp(-int (t - s) q^2), F_1^2 = F_2 exp(-int q), F_4 = F_2^(1/2) cosh(int q / 2)."""
    start, points = 8.0, np.linspace(6, -4, 41)

    def right_hand_side(s, y):
        q, slope, _, square, _ = y
        return slope, s * q + 2 * q**3, -q, -q * q, -square

    ai, ai_slope, _, _ = airy(start)
    first = quad(lambda t: airy(t)[0], start, 40, epsabs=0)[0]
    square = quad(lambda t: airy(t)[0] ** 2, start, 40, epsabs=0)[0]
    double = quad(lambda t: (t - start) * airy(t)[0] ** 2, start, 40, epsabs=0)[0]
    path = solve_ivp(
        right_hand_side, (start, -4), (ai, ai_slope, first, square, double), "DOP853", points, rtol=1e-13, atol=1e-18
    )
    _, _, simple, _, twice = path.y
    unitary = np.exp(-twice)
    np.testing.assert_allclose(tracy_widom_distribution(points, 2), unitary, atol=1e-10)
    np.testing.assert_allclose(tracy_widom_distribution(points, 1), np.exp(-(simple + twice) / 2), atol=1e-10)
    symplectic = np.exp(-twice / 2) * np.cosh(simple / 2)
    np.testing.assert_allclose(tracy_widom_distribution(points / 2 ** (2 / 3), 4), symplectic, atol=1e-10)


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_the_density_is_the_slope_of_the_distribution(beta):
    s, step = np.linspace(-6, 3, 19), 1e-2
    far, near = (
        tracy_widom_distribution(s + k * step, beta) - tracy_widom_distribution(s - k * step, beta) for k in (2, 1)
    )
    np.testing.assert_allclose(tracy_widom_density(s, beta), (8 * near - far) / (12 * step), atol=2e-8)


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_tails_are_flat_and_shapes_are_kept(beta):
    np.testing.assert_allclose(
        tracy_widom_distribution([[-40.0, -14.0], [16.0, 400.0]], beta), [[0, 0], [1, 1]], atol=1e-13
    )
    np.testing.assert_allclose(tracy_widom_density([-40.0, 400.0], beta), 0, atol=1e-12)
    assert tracy_widom_distribution(0.0, beta).shape == ()
    assert tracy_widom_distribution([], beta).shape == (0,)


def test_the_left_tail_of_the_goe_law_has_its_known_constant():
    """Baik, Buckingham, DiFranco (2008)."""
    s = 6.0
    tau = 2 ** (-11 / 48) * math.exp(-0.16542114370045092 / 2)
    tail = tau * s ** (-1 / 16) * math.exp(-(s**3) / 24 - s**1.5 / (3 * math.sqrt(2)))
    assert float(tracy_widom_distribution(-s, 1)) == pytest.approx(tail, rel=0.02)


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_the_largest_eigenvalue_of_a_drawn_matrix_is_at_the_edge_that_is_said(beta):
    """Dumitriu and Edelman's tridiagonal matrices; z = 4, with the edge of n + 1/2 - 1/beta."""
    n, n_samples = 100, 1000
    rng = np.random.default_rng(beta)
    freedom = beta * np.arange(n - 1, 0, -1)
    largest = np.empty(n_samples)
    for i in range(n_samples):
        diagonal, beside = rng.normal(0, math.sqrt(2 / beta), n), np.sqrt(rng.chisquare(freedom) / beta)
        largest[i] = eigh_tridiagonal(diagonal, beside, eigvals_only=True, select="i", select_range=(n - 1, n - 1))[0]
    mean, variance = tracy_widom_moments(beta)
    expected = mean + (1 / 2 - 1 / beta) * n ** (-1 / 3)
    assert abs(edge_scaled(largest, n).mean() - expected) < 4 * math.sqrt(variance / n_samples)


def test_other_ensembles_are_told_apart():
    with pytest.raises(ValueError, match="beta=3: must be 1, 2 or 4"):
        tracy_widom_distribution(0.0, 3)
