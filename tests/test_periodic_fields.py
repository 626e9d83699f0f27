import math

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES, periodic_fields
from saddlesim.objectives.periodic_fields import PeriodicGaussianField


def images(length):
    """Give the sum of exp(-u^2 / 2) p(u) over the images u = (r + 2 pi m) / length of a distance r, for any p."""

    def of(r, p=lambda u: np.ones_like(u)):
        u = (np.asarray(r, dtype=float)[..., None] + 2 * np.pi * np.arange(-20, 21)) / length
        return (np.exp(-u * u / 2) * p(u)).sum(axis=-1)

    return of


@pytest.mark.parametrize("length", [0.3, 0.8, 2.0])
def test_the_covariance_is_the_periodised_gaussian(length):
    field = PeriodicGaussianField(dimension=1, length_scale=length)
    r, theta = np.linspace(-4, 9, 30), images(length)
    covariance = field.variances @ np.cos(np.arange(len(field.variances))[:, None] * r)
    np.testing.assert_allclose(covariance, theta(r) / theta(0), atol=1e-14)


def test_values_of_many_draws_are_normal_of_that_covariance():
    n, length = 4000, 0.7
    x = np.array([[0.1, 0.5, 3.0, 6.2], [0.2, 1.0, 0.2, 0.1]])
    drawn = np.array([PeriodicGaussianField(length_scale=length, seed=seed).value(x) for seed in range(n)])
    theta = images(length)
    differences = x[:, :, None] - x[:, None, :]
    exact = np.prod(theta(differences) / theta(0), axis=0)
    deviation = np.sqrt((1 + exact**2) / n)  # of a product of two standard normal numbers of this covariance
    assert np.abs((drawn.T @ drawn / n - exact) / deviation).max() < 4
    assert np.abs(drawn.mean(axis=0)).max() < 4 / math.sqrt(n)
    assert np.abs((drawn**4).mean(axis=0) - 3).max() < 4 * math.sqrt(96 / n)


@pytest.mark.parametrize("length", [0.8, 0.9, 1.0, 1.5])
def test_anisotropy_is_what_the_images_make_of_the_moments(length):
    theta = images(length)
    second = theta(0, lambda u: 1 - u * u) / theta(0)
    fourth = theta(0, lambda u: 3 - 6 * u**2 + u**4) / theta(0)
    told = PeriodicGaussianField(length_scale=length).anisotropy
    assert told == pytest.approx(max(abs(second**2 - 1), abs(fourth / 3 - 1)), rel=1e-3, abs=1e-14)
    assert (told < 1e-6) == (length <= 0.9)


@pytest.mark.parametrize("field", PeriodicGaussianField.examples(), ids=str)
def test_a_period_further_all_is_the_same(field):
    x = np.random.default_rng(0).uniform(0, 2 * np.pi, (field.dimension, 5))
    further = x + 2 * np.pi * np.arange(1, field.dimension + 1)[:, None]
    np.testing.assert_allclose(field.hessian(further), field.hessian(x), atol=1e-11 / field.length_scale**3)


@pytest.mark.parametrize("field", PeriodicGaussianField.examples(), ids=str)
def test_a_grid_has_the_values_of_its_points(field):
    axes = [np.linspace(0, 5, 3 + axis) for axis in range(field.dimension)]
    x = np.stack(np.meshgrid(*axes, indexing="ij"))
    for order, function in enumerate((field.value, field.gradient, field.hessian)):
        np.testing.assert_allclose(field.on_grid(axes, order), function(x), atol=1e-12 / field.length_scale**order)


def test_points_may_be_evaluated_a_few_at_a_time(monkeypatch):
    field = PeriodicGaussianField(dimension=3, length_scale=0.8)
    x = np.random.default_rng(1).uniform(0, 2 * np.pi, (3, 2, 25))
    at_once = field.gradient(x)
    monkeypatch.setattr(periodic_fields, "MOST_AT_ONCE", 7 * field.coefficients.size // len(field.coefficients))
    np.testing.assert_allclose(field.gradient(x), at_once, rtol=0, atol=1e-13)


@pytest.mark.parametrize("fields", [{"dimension": 5}, {"length_scale": 1e-320}, {"dimension": 10**6}])
def test_too_many_waves_are_refused(fields):
    with pytest.raises(ValueError, match="waves are more than 10000000"):
        OBJECTIVES["periodic_gaussian_field"](**fields)
