from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest
from annotated_types import Gt

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.optimizers.borrowed import Borrowed
from saddlesim.registry import snake_case
from saddlesim.simulation import simulate

TORCH = json.loads((Path(__file__).parent / "data/torch_trajectories.json").read_text())
OURS = {
    "sgd": OPTIMIZERS["gradient_descent"](learning_rate=0.01),
    "sgd_weight_decay": OPTIMIZERS["gradient_descent"](learning_rate=0.01, weight_decay=0.1),
    "sgd_momentum": OPTIMIZERS["heavy_ball"](learning_rate=0.01, momentum=0.9),
    "sgd_momentum_dampening": OPTIMIZERS["heavy_ball"](learning_rate=0.01, momentum=0.9, dampening=0.9),
    "sgd_nesterov": OPTIMIZERS["nesterov"](learning_rate=0.01, momentum=0.9),
    "adagrad": OPTIMIZERS["adagrad"](learning_rate=0.01),
    "rmsprop": OPTIMIZERS["rmsprop"](learning_rate=0.01),
    "rmsprop_centered_mom": OPTIMIZERS["rmsprop"](learning_rate=0.01, centered=True, momentum=0.9),
    "adadelta": OPTIMIZERS["adadelta"](),
    "adam": OPTIMIZERS["adam"](learning_rate=0.01),
    "adam_l2": OPTIMIZERS["adam"](learning_rate=0.01, weight_decay=0.1),
    "adamw": OPTIMIZERS["adamw"](learning_rate=0.01, weight_decay=0.1),
    "adam_amsgrad": OPTIMIZERS["amsgrad"](learning_rate=0.01),
    "adamax": OPTIMIZERS["adamax"](learning_rate=0.01),
    "nadam": OPTIMIZERS["nadam"](learning_rate=0.01),
    "radam": OPTIMIZERS["radam"](learning_rate=0.01),
    "rprop": OPTIMIZERS["rprop"](learning_rate=0.01),
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


def test_every_reference_is_matched():
    assert {name.partition("/")[2] for name in TORCH["trajectories"]} == set(OURS)


@pytest.mark.parametrize("weight_decay", [0.0, 0.2])
def test_gradient_descent_is_a_power(weight_decay):
    x = path(OPTIMIZERS["gradient_descent"](learning_rate=0.1, weight_decay=weight_decay, dampening=0.5))
    k = np.arange(61)[:, None, None]
    np.testing.assert_allclose(x, (1 - 0.1 * (np.array(SPECTRUM) + weight_decay))[:, None] ** k * STARTS, rtol=1e-12)


def test_descent_at_a_decaying_rate_is_a_product():
    x = path(OPTIMIZERS["decaying_gradient_descent"](learning_rate=0.1, decay=0.3, power=0.7))
    rates = np.array([0.1 / (1 + 0.3 * t) ** 0.7 for t in range(60)])
    for component, eigenvalue in enumerate(SPECTRUM):
        oracle = np.cumprod(1 - rates * eigenvalue)[:, None] * STARTS[component]
        np.testing.assert_allclose(x[1:, component], oracle, rtol=1e-12)


def test_a_rate_that_decays_beyond_all_numbers_is_zero():
    x = path(OPTIMIZERS["decaying_gradient_descent"](learning_rate=0.1, decay=1.0, power=1e4), 3)
    np.testing.assert_array_equal(x[1:], np.broadcast_to(x[1], (3, *STARTS.shape)))


def test_at_a_decaying_rate_the_distance_grows_as_a_power_of_the_steps_or_not_beyond_a_bound():
    eta, decay, gamma, n_steps = 0.1, 0.05, 0.5, 3000
    escape = OBJECTIVES["quadratic"](eigenvalues=(-gamma,))
    x = path(
        OPTIMIZERS["decaying_gradient_descent"](learning_rate=eta, decay=decay), n_steps, escape, np.array([[1e-9]])
    )[-1, 0, 0]
    c, a = 1 / decay, eta * gamma / decay  # prod (1 + a / (k + c)), k < n, in gamma functions
    oracle = math.lgamma(n_steps + c + a) + math.lgamma(c) - math.lgamma(n_steps + c) - math.lgamma(c + a)
    assert math.log(x / 1e-9) == pytest.approx(oracle, rel=1e-10)
    assert oracle == pytest.approx(a * math.log(n_steps * decay), rel=0.01)
    square = OPTIMIZERS["decaying_gradient_descent"](learning_rate=eta, decay=decay, power=2.0)
    bound = math.exp(gamma * eta * sum(1 / (1 + decay * t) ** 2 for t in range(10**5)))
    assert 0.5 * bound < path(square, n_steps, escape, np.array([[1.0]]))[-1, 0, 0] < bound


@pytest.mark.parametrize("weight_decay", [0.0, 0.2])
@pytest.mark.parametrize(("name", "dampening"), [("heavy_ball", 0.0), ("heavy_ball", 0.3), ("nesterov", None)])
def test_momentum_is_a_power_of_the_companion_matrix(name, dampening, weight_decay):
    eta, beta = 0.1, 0.8
    fields = {} if dampening is None else {"dampening": dampening}
    x = path(OPTIMIZERS[name](learning_rate=eta, momentum=beta, weight_decay=weight_decay, **fields))
    for component, eigenvalue in enumerate(np.array(SPECTRUM) + weight_decay):
        if name == "heavy_ball":  # (x, b) -> (x - eta b', b'), b' = beta b + (1 - tau) lambda x; b = lambda x first
            damped = (1 - dampening) * eigenvalue
            step = np.array([[1 - eta * damped, -eta * beta], [damped, beta]])
            first = np.array([1 - eta * eigenvalue, eigenvalue])
        else:  # (x, b) -> (x - eta (lambda x + beta b'), b'), b' = beta b + lambda x
            step = np.array([[1 - eta * eigenvalue * (1 + beta), -eta * beta * beta], [eigenvalue, beta]])
            first = step[:, 0]
        for k in (1, 2, 17, 60):
            oracle = (np.linalg.matrix_power(step, k - 1) @ first)[0] * STARTS[component]
            np.testing.assert_allclose(x[k, component], oracle, rtol=1e-10)


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_a_normalised_step_is_as_long_as_the_learning_rate(scale):
    steep = OBJECTIVES["quadratic"](eigenvalues=(2.0 * scale, 0.5 * scale, -0.3 * scale))
    x = path(OPTIMIZERS["normalised_gradient_descent"](learning_rate=0.01), 60, steep)
    np.testing.assert_allclose(np.linalg.norm(np.diff(x, axis=0), axis=1), 0.01, rtol=1e-10)
    along = -steep.gradient(x[0]) / scale
    np.testing.assert_allclose(x[1] - x[0], 0.01 * along / np.linalg.norm(along, axis=0), rtol=1e-10)
    on_saddle = path(OPTIMIZERS["normalised_gradient_descent"](learning_rate=0.01), 5, steep, np.zeros((3, 1)))
    assert not on_saddle.any()


@pytest.mark.parametrize("gamma", [1e-12, 1.0, 1e6])
def test_normalised_descent_leaves_along_the_axis_in_radius_over_rate_steps_whatever_the_curvature(gamma):
    saddle = OBJECTIVES["quadratic"](eigenvalues=(1.0, -gamma))
    x = path(OPTIMIZERS["normalised_gradient_descent"](learning_rate=0.1), 10, saddle, np.array([[0.0], [1e-6]]))
    np.testing.assert_allclose(x[:, 1, 0], 1e-6 + 0.1 * np.arange(11), rtol=1e-12)


def test_the_normalised_flow_leaves_a_ball_within_the_length_of_murray_swenson_and_kar():
    radius, rate = 1.0, 1e-3
    for spectrum in ((1.0, -1.0), (1.0, -0.05), (2.0, 1.0, -0.1)):
        kappa = max(map(abs, spectrum)) / min(map(abs, spectrum))
        starts = np.random.default_rng(0).uniform(-0.5, 0.5, (len(spectrum), 50))
        n_steps = math.ceil(5 * math.sqrt(kappa) * radius / rate)
        saddle = OBJECTIVES["quadratic"](eigenvalues=spectrum)
        x = simulate(
            saddle, OPTIMIZERS["normalised_gradient_descent"](learning_rate=rate), starts, n_steps, record_every=10
        ).x
        assert (np.linalg.norm(x, axis=1) >= radius).any(axis=0).all()


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
    for name, fields in (("heavy_ball", {"dampening": 0.5}), ("heavy_ball", {}), ("nesterov", {})):
        still = OPTIMIZERS[name](learning_rate=0.1, momentum=0.0, **fields)
        np.testing.assert_allclose(path(still), descent, rtol=1e-12)
    constant = OPTIMIZERS["decaying_gradient_descent"](learning_rate=0.1, decay=0.0)
    np.testing.assert_array_equal(path(constant), descent)
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


def test_stochastic_methods_ask_for_their_rng(stochastic):
    with pytest.raises(ValueError, match="pass rng="):
        simulate(QUADRATIC, stochastic, STARTS, 1)
    drawn = [path(stochastic, 20, rng=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    if snake_case(type(stochastic).__name__) == "noisy_gradient_descent":
        assert (drawn[0][1:] != drawn[2][1:]).any()


def test_lanes_do_not_see_each_other(deterministic):
    together = path(deterministic, 20)
    alone = np.concatenate([path(deterministic, 20, x0=x) for x in STARTS.T], axis=2)
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-300)


def test_a_lane_is_the_same_whoever_its_neighbours_are(optimizer):
    others = 1e3 * STARTS[:, ::-1]
    others[:, ::2] = STARTS[:, ::2]
    paths = [path(optimizer, 20, x0=x0, rng=np.random.default_rng(0))[:, :, ::2] for x0 in (STARTS, others)]
    np.testing.assert_allclose(*paths, rtol=1e-12, atol=1e-300)


def test_states_are_not_changed_in_place(optimizer):
    rng = np.random.default_rng(0)
    state = optimizer.init(QUADRATIC, STARTS.copy(), rng)
    for _ in range(3):
        kept = copy.deepcopy(state)
        following = optimizer.step(QUADRATIC, state, rng)
        for now, before in zip(arrays_in(state), arrays_in(kept), strict=True):
            np.testing.assert_array_equal(now, before)
        np.testing.assert_array_equal(following.gradient, QUADRATIC.gradient(following.x))
        state = following


def arrays_in(held):
    """What a state is made of, also where it keeps arrays of another library."""
    if isinstance(held, dict):
        held = tuple(held.values())
    return [each for part in held for each in arrays_in(part)] if isinstance(held, tuple) else [np.asarray(held)]


def test_parameters_are_checked(optimizer):
    described = type(optimizer).__pydantic_fields__
    positive = [name for name, field in described.items() if field.annotation is float and Gt(0) in field.metadata]
    assert positive or isinstance(optimizer, Borrowed)  # whose parameters are no fields
    for name in positive:
        with pytest.raises(ValueError, match=rf"{name}: -0\.1 must be positive"):
            type(optimizer)(**{key: getattr(optimizer, key) for key in described} | {name: -0.1})
    with pytest.raises(TypeError, match="keyword arguments only"):
        type(optimizer)(0.1)


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

    def hessian_product(self, x, v):
        return 2 * v


class Halving:
    def init(self, objective, x, rng):
        return OURS["sgd"].init(objective, x, rng)

    def step(self, objective, state, rng):
        return state._replace(x=state.x / 2, gradient=objective.gradient(state.x / 2))


def test_anybodys_objects_serve(optimizer):
    assert simulate(Bowl(), optimizer, STARTS, 3, np.random.default_rng(0)).value.shape == (4, 7)
    np.testing.assert_array_equal(path(Halving(), 3, Bowl())[3], STARTS / 8)


STUCK_OR_NOT = [
    {
        "name": "perturbed_gradient_descent",
        "learning_rate": 0.01,
        "radius": 0.001,
        "gradient_threshold": 0.001,
        "step_threshold": 50,
    },
    {"name": "perturbed_accelerated_gradient_descent", "learning_rate": 0.002, "step_threshold": 50},
    {
        "name": "negative_curvature_descent",
        "learning_rate": 0.01,
        "gradient_threshold": 0.01,
        "curvature_threshold": 0.1,
        "hessian_lipschitz": 50,
    },
    {"name": "newton_cg"},
]


@pytest.mark.parametrize("given", STUCK_OR_NOT, ids=lambda given: given["name"])
def test_what_a_lane_draws_does_not_depend_on_who_drew_before(given):
    himmelblau = OBJECTIVES["himmelblau"]()
    optimizer = OPTIMIZERS[given["name"]](**{key: each for key, each in given.items() if key != "name"})
    saddle = himmelblau.critical_points[4].x
    beside = {"awake": [0.5, 0.2], "stuck": himmelblau.critical_points[0].x, "saddle": saddle}
    ends = [
        path(optimizer, 120, himmelblau, np.stack([[0.3, 2.7], each], axis=1), np.random.default_rng(0))[-1, :, 0]
        for each in beside.values()
    ]
    np.testing.assert_allclose(ends[1:], [ends[0]] * 2, rtol=1e-12)
