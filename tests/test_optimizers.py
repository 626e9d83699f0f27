from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.registry import snake_case
from saddlesim.simulation import simulate

TORCH = json.loads((Path(__file__).parent / "data/torch_trajectories.json").read_text())
OURS = {
    "sgd": OPTIMIZERS["gradient_descent"](learning_rate=0.01),
    "sgd_momentum": OPTIMIZERS["heavy_ball"](learning_rate=0.01, momentum=0.9),
    "sgd_nesterov": OPTIMIZERS["nesterov"](learning_rate=0.01, momentum=0.9),
    "adam": OPTIMIZERS["adam"](learning_rate=0.01),
}
PROBLEMS = {"quad_saddle": OBJECTIVES["quadratic"](eigenvalues=(1.0, -1.0)), "himmelblau": OBJECTIVES["himmelblau"]()}
SPECTRUM = (2.0, 0.5, -0.3)
QUADRATIC = OBJECTIVES["quadratic"](eigenvalues=SPECTRUM)
STARTS = np.random.default_rng(0).standard_normal((3, 7))


def path(optimizer, n_steps=60, objective=QUADRATIC, x0=STARTS, rng=None):
    return simulate(objective, optimizer, x0, n_steps, rng).x


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", OURS)
def test_steps_equal_torchs(name, problem):
    reference = {int(step): x for step, x in TORCH["trajectories"][f"{problem}/{name}"].items()}
    ours = path(OURS[name], max(reference), PROBLEMS[problem], np.array(reference[0]))
    assert len(reference) == 23
    for step, x in reference.items():
        np.testing.assert_allclose(ours[step, :, 0], x, rtol=1e-12, atol=1e-12)


def test_gradient_descent_is_a_power():
    x = path(OPTIMIZERS["gradient_descent"](learning_rate=0.1))
    k = np.arange(61)[:, None, None]
    np.testing.assert_allclose(x, (1 - 0.1 * np.array(SPECTRUM))[:, None] ** k * STARTS, rtol=1e-12)


@pytest.mark.parametrize("name", ["heavy_ball", "nesterov"])
def test_momentum_is_a_power_of_the_companion_matrix(name):
    eta, beta = 0.1, 0.8
    x = path(OPTIMIZERS[name](learning_rate=eta, momentum=beta))
    for component, eigenvalue in enumerate(SPECTRUM):
        if name == "heavy_ball":  # (x, v) -> (x + v', v'), v' = beta v - eta lambda x
            step = np.array([[1 - eta * eigenvalue, beta], [-eta * eigenvalue, beta]])
        else:  # (x, b) -> (x - eta (lambda x + beta b'), b'), b' = beta b + lambda x
            step = np.array([[1 - eta * eigenvalue * (1 + beta), -eta * beta * beta], [eigenvalue, beta]])
        for k in (1, 2, 17, 60):
            oracle = np.linalg.matrix_power(step, k)[0, 0] * STARTS[component]
            np.testing.assert_allclose(x[k, component], oracle, rtol=1e-10)


def test_noise_has_the_variance_of_theory():
    noise, eta, gamma, n = 0.1, 0.1, 1.0, 20_000
    noisy = OPTIMIZERS["noisy_gradient_descent"](learning_rate=eta, noise=noise)
    x = path(noisy, 30, OBJECTIVES["quadratic"](eigenvalues=(-gamma,)), np.zeros((1, n)), np.random.default_rng(1))[
        30, 0
    ]
    square = (1 + eta * gamma) ** 2
    variance = noise**2 * (square**30 - 1) / (square - 1)
    assert abs(x.var() - variance) < 4 * variance * math.sqrt(2 / n)  # z = 4


def test_reductions_to_gradient_descent():
    descent = path(OPTIMIZERS["gradient_descent"](learning_rate=0.1))
    for name in ("heavy_ball", "nesterov"):
        np.testing.assert_allclose(path(OPTIMIZERS[name](learning_rate=0.1, momentum=0.0)), descent, rtol=1e-12)
    quiet = OPTIMIZERS["noisy_gradient_descent"](learning_rate=0.1, noise=0.0)
    np.testing.assert_array_equal(path(quiet, rng=np.random.default_rng(0)), descent)
    damped = OPTIMIZERS["saddle_free_newton"](learning_rate=0.1 * 1e9, damping=1e9)
    np.testing.assert_allclose(path(damped, 20), descent[:21], rtol=1e-6)


def test_newton_solves_a_quadratic_in_one_step():
    np.testing.assert_allclose(path(OPTIMIZERS["newton"](), 1)[1], 0, atol=1e-15)


def test_saddle_free_newton_doubles_along_every_descent_direction():
    rotated = OBJECTIVES["quadratic"](eigenvalues=(2.0, -0.3, -7.0), seed=3)
    x = path(OPTIMIZERS["saddle_free_newton"](), 1, rotated)
    before, after = rotated.rotation.T @ x[0], rotated.rotation.T @ x[1]
    np.testing.assert_allclose(after, np.array([[0.0], [2.0], [2.0]]) * before, atol=1e-12)


def test_a_zero_eigenvalue_gives_no_step_and_is_counted():
    flat = OBJECTIVES["quadratic"](eigenvalues=(1.0, 0.0))
    for name in ("newton", "saddle_free_newton"):
        run = simulate(flat, OPTIMIZERS[name](), [[1.0], [0.7]], 3)
        assert run.x[-1, 1, 0] == 0.7
        assert run.final.met_zero_eigenvalue.all()
    assert not simulate(QUADRATIC, OPTIMIZERS["newton"](), STARTS, 1).final.met_zero_eigenvalue.any()


def test_perturbations_come_when_stuck_and_not_too_often():
    saddle = OBJECTIVES["quadratic"](eigenvalues=(1.0, -1e-9))  # so flat that the lane stays stuck
    perturbed = OPTIMIZERS["perturbed_gradient_descent"](
        learning_rate=1e-9, radius=1e-3, gradient_threshold=1.0, step_threshold=5
    )
    x = path(perturbed, 20, saddle, np.zeros((2, 40)), np.random.default_rng(0))
    jumped = np.linalg.norm(np.diff(x, axis=0), axis=1) > 1e-6
    assert [int(step) for step in np.flatnonzero(jumped.all(axis=1))] == [0, 6, 12, 18]
    assert not jumped[[1, 5, 7, 11]].any()
    assert np.linalg.norm(x[1], axis=0).max() <= 1e-3 * (1 + 1e-6)
    awake = OPTIMIZERS["perturbed_gradient_descent"](
        learning_rate=0.1, radius=1, gradient_threshold=1e-9, step_threshold=5
    )
    descent = path(OPTIMIZERS["gradient_descent"](learning_rate=0.1), 20)
    np.testing.assert_array_equal(path(awake, 20, rng=np.random.default_rng(0)), descent)


def test_jins_constants():
    d, smoothness, rho, eps, gap, delta, c = 10, 4.0, 2.0, 1e-2, 3.0, 0.05, 0.5
    chi = 3 * max(math.log(d * smoothness * gap / (c * eps**2 * delta)), 4)
    made = OPTIMIZERS["perturbed_gradient_descent"].from_jin_2017(
        dimension=d,
        smoothness=smoothness,
        hessian_lipschitz=rho,
        accuracy=eps,
        value_gap=gap,
        failure_probability=delta,
        constant=c,
    )
    assert made.learning_rate == pytest.approx(c / smoothness)
    assert made.radius == pytest.approx(math.sqrt(c) / chi**2 * eps / smoothness)
    assert made.gradient_threshold == pytest.approx(math.sqrt(c) / chi**2 * eps)
    assert made.step_threshold == math.ceil(chi / c**2 * smoothness / math.sqrt(rho * eps))


def test_stochastic_methods_ask_for_their_rng(optimizer):
    if optimizer.stochastic:
        with pytest.raises(ValueError, match="pass rng="):
            simulate(QUADRATIC, optimizer, STARTS, 1)
        drawn = [path(optimizer, 20, rng=np.random.default_rng(seed)) for seed in (0, 0, 1)]
        np.testing.assert_array_equal(drawn[0], drawn[1])
        if snake_case(type(optimizer).__name__) == "noisy_gradient_descent":
            assert (drawn[0][1:] != drawn[2][1:]).any()


def test_lanes_do_not_see_each_other(optimizer):
    if not optimizer.stochastic:
        together = path(optimizer, 20)
        alone = np.concatenate([path(optimizer, 20, x0=x) for x in STARTS.T], axis=2)
        np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-300)


def test_states_are_not_changed_in_place(optimizer):
    rng = np.random.default_rng(0)
    state = optimizer.init(QUADRATIC, STARTS.copy(), rng)
    for _ in range(3):
        x, gradient = state.x.copy(), state.gradient.copy()
        following = optimizer.step(QUADRATIC, state, rng)
        np.testing.assert_array_equal(state.x, x)
        np.testing.assert_array_equal(state.gradient, gradient)
        np.testing.assert_array_equal(following.gradient, QUADRATIC.gradient(following.x))
        state = following


def test_parameters_are_checked(optimizer):
    with pytest.raises(ValueError, match=r"learning_rate: -0\.1 must be positive"):
        type(optimizer)(**{**vars_of(optimizer), "learning_rate": -0.1})
    with pytest.raises(TypeError, match="keyword arguments only"):
        type(optimizer)(0.1)


def vars_of(optimizer):
    return {name: getattr(optimizer, name) for name in type(optimizer).__pydantic_fields__}


def test_keys_are_the_classes_names():
    for key, cls in OPTIMIZERS.items():
        assert key == snake_case(cls.__name__)


class Bowl:
    def value(self, x):
        return (x * x).sum(axis=0)

    def gradient(self, x):
        return 2 * x

    def hessian(self, x):
        return 2 * np.eye(len(x)).reshape(len(x), len(x), *(1,) * (x.ndim - 1)) + np.zeros_like(x)


class Halving:
    def init(self, objective, x, rng):
        return OURS["sgd"].init(objective, x, rng)

    def step(self, objective, state, rng):
        return state._replace(x=state.x / 2, gradient=objective.gradient(state.x / 2))


def test_anybodys_objects_serve(optimizer):
    assert simulate(Bowl(), optimizer, STARTS, 3, np.random.default_rng(0)).value.shape == (4, 7)
    np.testing.assert_array_equal(path(Halving(), 3, Bowl())[3], STARTS / 8)
