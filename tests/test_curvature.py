from __future__ import annotations

import numpy as np
import pytest

from saddlesim.curvature import (
    LARGEST_DENSE,
    ConvergenceError,
    NotFiniteError,
    dense_hessian,
    exact_spectrum,
    extreme_eigenpairs,
    extremes,
    negative_count,
    spectral_density,
)
from saddlesim.objectives import OBJECTIVES


def rng(seed=0):
    return np.random.default_rng(seed)


def with_spectrum(values, seed=1):
    q, _ = np.linalg.qr(rng(seed).standard_normal((len(values), len(values))))
    matrix = (q * values) @ q.T
    return lambda v: matrix @ v


def laplacian(v):
    """Give the second difference with zeros beyond both ends: eigenvalues 2 - 2 cos(k pi / (d + 1))."""
    moved = 2 * v
    moved[1:] -= v[:-1]
    moved[:-1] -= v[1:]
    return moved


# ---- extremes


@pytest.mark.parametrize("dimension", [60, 700])
def test_extremes_of_the_laplacian_are_the_closed_form(dimension):
    exact = 2 - 2 * np.cos(np.arange(1, dimension + 1) * np.pi / (dimension + 1))
    for which, expected in (("lowest", exact[:3]), ("highest", exact[-3:])):
        pairs = extreme_eigenpairs(laplacian, dimension, 3, which, rng(), 1e-9)
        np.testing.assert_allclose(pairs.values, expected, atol=1e-10)
        assert pairs.vectors.shape == (dimension, 3)
        np.testing.assert_allclose(pairs.vectors.T @ pairs.vectors, np.eye(3), atol=1e-8)
        for value, v, residual in zip(pairs.values, pairs.vectors.T, pairs.residuals, strict=True):
            assert np.linalg.norm(laplacian(v) - value * v) == pytest.approx(residual, abs=1e-14)
        assert pairs.residuals.max() < 1e-8


def test_a_few_negative_ones_below_a_cluster_at_zero_are_found():
    values = np.concatenate([[-3.0, -1.0, -0.5], np.full(400, 1e-9), np.linspace(0.1, 50, 97)])
    pairs = extreme_eigenpairs(with_spectrum(values), 500, 4, "lowest", rng())
    np.testing.assert_allclose(pairs.values, [-3, -1, -0.5, 1e-9], atol=1e-5)


def test_extremes_are_the_same_each_time():
    first, second = (extreme_eigenpairs(laplacian, 300, 2, "lowest", rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_what_has_not_converged_is_told(monkeypatch):
    monkeypatch.setattr(extremes, "MOST_RESTARTS", 1)
    with pytest.raises(
        ConvergenceError, match=r"0 of 5 lowest eigenpairs converged to 1e-14 in \d+ products; ask for fewer"
    ):
        extreme_eigenpairs(laplacian, 3000, 5, "lowest", rng(), 1e-14)


@pytest.mark.parametrize("count", [0, 300, 301])
def test_a_count_out_of_range_is_refused(count):
    with pytest.raises(ValueError, match=rf"count={count}: of 300 eigenpairs, 1 to 299"):
        extreme_eigenpairs(laplacian, 300, count, "lowest", rng())


@pytest.mark.parametrize("copies", [5, 100])
@pytest.mark.parametrize("count", [1, 3, 10, 30])
def test_a_multiple_eigenvalue_is_found_as_often_as_it_is(copies, count):
    values = np.sort(np.concatenate([np.full(copies, -1.0), rng(7).uniform(0, 1, 300)]))
    for product in (with_spectrum(values), lambda v: values * v):
        for sign, which in ((1, "lowest"), (-1, "highest")):
            pairs = extreme_eigenpairs(lambda v, sign=sign, of=product: sign * of(v), len(values), count, which, rng())
            np.testing.assert_allclose(np.sort(sign * pairs.values), values[:count], atol=1e-9)
            np.testing.assert_allclose(pairs.vectors.T @ pairs.vectors, np.eye(count), atol=1e-9)
            assert pairs.residuals.max() < 1e-6


def test_zeros_below_a_bulk_are_all_found():
    values = np.concatenate([np.full(6, -1e-3), np.zeros(100), np.linspace(1, 50, 300)])
    pairs = extreme_eigenpairs(with_spectrum(values), len(values), 20, "lowest", rng())
    np.testing.assert_allclose(pairs.values, values[:20], atol=1e-9)


def test_the_origin_of_a_wide_linear_network_has_few_values_often():
    network = OBJECTIVES["two_layer_linear_network"](target_singular_values=(3, 2, 1), hidden=200)
    product = network.at(np.zeros(network.dimension)).hessian_product
    pairs = extreme_eigenpairs(product, network.dimension, 10, "lowest", rng())
    np.testing.assert_allclose(pairs.values, -3, atol=1e-12)


@pytest.mark.parametrize("values", [np.zeros(300), np.ones(300), np.repeat([-1.0, 2.0], 150)])
def test_where_the_krylov_space_ends_the_generator_given_goes_on(values):
    first, second = (extreme_eigenpairs(lambda v: values * v, 300, 4, "lowest", rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.vectors, second.vectors)
    np.testing.assert_allclose(first.values, values[0], atol=1e-12)


def test_residuals_are_as_small_as_asked():
    values = np.concatenate([np.linspace(-1, -0.9, 50), np.linspace(0, 1, 450)])
    for seed in range(5):
        pairs = extreme_eigenpairs(with_spectrum(values), 500, 10, "lowest", rng(seed), 1e-4)
        assert pairs.residuals.max() < 1e-4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"which": "smallest"}, "which='smallest': the ends are 'lowest' and 'highest'"),
        ({"tolerance": 0.0}, "tolerance=0.0: must lie between 0 and 1"),
        ({"tolerance": float("nan")}, "tolerance=nan: must lie between 0 and 1"),
    ],
)
def test_an_end_or_a_tolerance_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        extreme_eigenpairs(laplacian, 300, 2, **{"which": "lowest", "rng": rng(), **given})


@pytest.mark.parametrize("dimension", [50, 300])
def test_a_product_that_is_not_finite_is_told(dimension):
    def broken(v):
        return np.full_like(v, np.nan)

    for asked in (
        lambda: extreme_eigenpairs(broken, dimension, 2, "lowest", rng()),
        lambda: negative_count(broken, dimension, rng()),
        lambda: exact_spectrum(broken, dimension),
    ):
        with pytest.raises(NotFiniteError, match="H v is inf or nan"):
            asked()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"confidence_level": 1.0}, "confidence_level=1.0: must lie between 0 and 1"),
        ({"near_zero": -1e-3}, "near_zero=-0.001: a modulus, must not be negative"),
    ],
)
def test_an_interval_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        negative_count(laplacian, 300, rng(), **given)


# ---- inertia


def test_exact_zeros_are_neither_sign():
    values = np.concatenate([np.full(7, -2.0), np.zeros(50), np.linspace(1, 9, 43)])
    spectrum = exact_spectrum(with_spectrum(values), 100)
    assert (spectrum.index, spectrum.nullity) == (7, 50)
    assert spectrum.margin > 2  # at least a factor of 2 either way
    np.testing.assert_allclose(spectrum.eigenvalues, np.sort(values), atol=1e-12)


def test_constant_pixels_make_exact_zeros():
    rows = np.array([[0.0, 1.0], [0.0, -0.3], [0.0, 0.7]]).tolist()
    network = OBJECTIVES["multilayer_perceptron"](
        layers=(2, 3, 2), data={"name": "given", "inputs": rows, "labels": [0, 1, 1]}
    )
    x = rng().standard_normal(network.dimension)
    spectrum = exact_spectrum(network.at(x).hessian_product, network.dimension)
    np.testing.assert_allclose(spectrum.eigenvalues, np.linalg.eigvalsh(network.hessian(x)), atol=1e-13)
    assert spectrum.nullity >= 3  # the weights of the pixel that is always 0


def test_the_matrix_is_that_of_the_products():
    hessian = dense_hessian(laplacian, 70)
    np.testing.assert_array_equal(hessian, 2 * np.eye(70) - np.eye(70, k=1) - np.eye(70, k=-1))
    with pytest.raises(
        ValueError, match=f"dimension={LARGEST_DENSE + 1}: a Hessian is formed up to {LARGEST_DENSE} rows"
    ):
        dense_hessian(laplacian, LARGEST_DENSE + 1)


# ---- density and counts


def test_the_quadrature_is_exact_where_the_space_is_complete():
    values = np.array([-2.0, -2.0, 0.0, 0.0, 0.0, 3.0, 3.0, 5.0])
    density = spectral_density(with_spectrum(values), 8, rng(), n_vectors=400, n_steps=30)
    assert density.weights.sum(axis=1) == pytest.approx(1)
    for level, expected in ((-1, 2 / 8), (1, 5 / 8), (4, 7 / 8)):
        fractions = density.fraction_below(level)
        assert abs(fractions.mean() - expected) < 4 * fractions.std(ddof=1) / 20  # z = 4


def test_the_density_of_a_large_goe_is_the_semicircle():
    n = 600
    a = rng(3).standard_normal((n, n))
    matrix = (a + a.T) / np.sqrt(2 * n)
    density = spectral_density(lambda v: matrix @ v, n, rng(4), 20, 60)
    grid = np.linspace(-1.5, 1.5, 13)
    semicircle = np.sqrt(4 - grid**2) / (2 * np.pi)
    np.testing.assert_allclose(density.smoothed(grid, 0.15).mean(axis=0), semicircle, atol=0.02)
    low, high = density.extent
    assert -2.2 < low < -1.9
    assert 1.9 < high < 2.2


@pytest.mark.parametrize("index", [1, 2, 3, 30, 99])
def test_intervals_of_the_count_hold_it(index):
    product = with_spectrum(np.concatenate([np.full(index, -1.0), np.linspace(0.5, 3, 100 - index)]))
    held = 0
    for seed in range(400):
        count = negative_count(product, 100, rng(seed), 5, 30)
        held += count.low <= index <= count.high
        assert count.uncertain == 0
    assert held >= 363  # 95 % of 400 is 380, z = 3.9 below; so at one negative eigenvalue, where the estimate is skew


def test_along_axes_signs_tell_the_count_and_the_interval_is_on_the_safe_side():
    values = np.concatenate([np.full(3, -1.0), np.linspace(0.5, 3, 97)])
    count = negative_count(lambda v: values * v, 100, rng(), 5, 60)
    assert count.estimate == pytest.approx(3, abs=1e-6)
    assert count.low < 2 < 4 < count.high


def test_none_and_all_are_told_without_doubt():
    for values, index in ((np.linspace(1, 2, 50), 0), (-np.linspace(1, 2, 50), 50)):
        count = negative_count(with_spectrum(values), 50, rng(), 3, 30)
        assert (count.estimate, count.low, count.high) == pytest.approx((index, index, index), abs=1e-6)


def test_what_is_too_near_zero_widens_the_interval():
    values = np.concatenate([np.full(30, -1.0), np.full(40, 1e-9), np.full(30, 2.0)])
    count = negative_count(with_spectrum(values), 100, rng(), 20, 30, near_zero=1e-6)
    assert count.uncertain == pytest.approx(40, abs=10)
    assert count.high - count.low > 30


def test_too_few_vectors_are_refused():
    with pytest.raises(ValueError, match="n_vectors=0, n_steps=80: both must be positive"):
        negative_count(laplacian, 10, rng(), n_vectors=0)
    with pytest.raises(ValueError, match="n_vectors=2, n_steps=0: both must be positive"):
        spectral_density(laplacian, 10, rng(), 2, 0)


def test_a_zero_matrix_has_zeros_at_both_ends():
    pairs = extreme_eigenpairs(np.zeros_like, 300, 2, "lowest", rng())
    np.testing.assert_allclose(pairs.values, 0, atol=1e-12)
