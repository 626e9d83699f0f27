"""Noise at every step: its law at one step, its variance after many, and descent where there is none."""

import math

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.optimizers.stochastic import uniform_ball, uniform_sphere
from saddlesim.simulation import simulate

N = 20_000
ETA = 0.1
SADDLE = OBJECTIVES["quadratic"](eigenvalues=(1.0, 0.3, -0.5))
Z = 4.5  # for all figures here, at fixed seeds


def made(name, **parameters):
    return OPTIMIZERS[name](learning_rate=ETA, **parameters)


NOISY = {  # and the standard deviation of what it adds to a component, d = 3
    "noisy_gradient_descent": (made("noisy_gradient_descent", noise=0.2), 0.2),
    "sphere_noise_gradient_descent": (made("sphere_noise_gradient_descent"), ETA / math.sqrt(3)),
    "continually_perturbed_gradient_descent": (
        made("continually_perturbed_gradient_descent", radius=5),
        ETA * 5 / math.sqrt(3),
    ),
    "langevin": (made("langevin", temperature=0.7), math.sqrt(2 * ETA * 0.7)),
}
QUIET = {
    "noisy_gradient_descent": {"noise": 0},
    "sphere_noise_gradient_descent": {"radius": 0},
    "continually_perturbed_gradient_descent": {"radius": 0},
    "langevin": {"temperature": 0},
}


def ends(optimizer, n_steps, objective=SADDLE, x0=None, seed=0):
    x0 = np.zeros((objective.dimension, N)) if x0 is None else x0
    return simulate(objective, optimizer, x0, n_steps, np.random.default_rng(seed), None).final.x


@pytest.mark.parametrize("name", NOISY)
def test_without_noise_it_is_gradient_descent(name):
    x0 = np.random.default_rng(0).standard_normal((3, 5))
    quiet, descent = made(name, **QUIET[name]), made("gradient_descent")
    np.testing.assert_array_equal(ends(quiet, 30, x0=x0), ends(descent, 30, x0=x0))


@pytest.mark.parametrize("name", NOISY)
def test_the_variance_is_that_of_theory_along_every_eigenvector(name):
    optimizer, sigma = NOISY[name]
    x = ends(optimizer, 25)
    squares = (1 - ETA * np.array(SADDLE.eigenvalues)) ** 2
    variance = sigma**2 * (squares**25 - 1) / (squares - 1)
    assert (np.abs(x.var(axis=1) - variance) < Z * variance * math.sqrt(2 / N)).all()
    assert (np.abs(x.mean(axis=1)) < Z * np.sqrt(variance / N)).all()
    assert (np.abs(np.corrcoef(x) - np.eye(3)) < Z / math.sqrt(N)).all()


@pytest.mark.parametrize("eigenvalue", [0.5, 4.0])  # at 4 the variance is a quarter above Boltzmann's
def test_langevin_rests_in_the_law_of_its_discrete_steps(eigenvalue):
    bowl = OBJECTIVES["quadratic"](eigenvalues=(eigenvalue,))
    x = ends(made("langevin", temperature=0.3), 200, bowl)
    variance = 0.3 / eigenvalue / (1 - ETA * eigenvalue / 2)
    assert abs(x.var() - variance) < Z * variance * math.sqrt(2 / N)


def test_what_ge_adds_has_one_length_and_any_direction():
    moved = ends(made("sphere_noise_gradient_descent", radius=2.0), 1)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=0), 2 * ETA, rtol=1e-12)


@pytest.mark.parametrize("d", [1, 2, 7])
def test_points_are_uniform_in_the_ball_and_on_the_sphere(d):
    rng = np.random.default_rng(3)
    ball, sphere = uniform_ball((d, N), rng), uniform_sphere((d, N), rng)
    np.testing.assert_allclose(np.linalg.norm(sphere, axis=0), 1, rtol=1e-12)
    depth = np.linalg.norm(ball, axis=0) ** d  # uniform on [0, 1]
    assert depth.max() <= 1
    assert np.abs(np.sort(depth) - np.arange(1, N + 1) / N).max() < 1.95 / math.sqrt(N)  # Kolmogorov's, p = 0.001
    for points, variance in ((ball, 1 / (d + 2)), (sphere, 1 / d)):
        spread = np.sqrt(((points * points).var(axis=1) / N).max()) + 1e-15
        assert (np.abs((points * points).mean(axis=1) - variance) < Z * spread).all()
        assert (np.abs(points.mean(axis=1)) < Z * math.sqrt(variance / N)).all()


@pytest.mark.parametrize("name", NOISY)
def test_each_lane_has_noise_of_its_own(name):
    x = ends(NOISY[name][0], 1, x0=np.zeros((3, 50)))
    assert len(np.unique(x[0])) == 50
