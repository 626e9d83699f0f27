"""Adaptive and sign methods: each step by all gradients before it in closed form, reductions, and how they leave a saddle."""

from __future__ import annotations

import math

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.simulation import simulate

ETA, A, B1, B2, EPS, DECAY = 0.03, 0.9, 0.8, 0.95, 1e-4, 0.2
SPECTRUM = (2.0, 0.5, -0.3)
QUADRATIC = OBJECTIVES["quadratic"](eigenvalues=SPECTRUM)
STARTS = np.random.default_rng(0).standard_normal((3, 7))
STEP = np.arange(1, 61)
T = STEP[:, None, None]


def made(key, **fields):
    return OPTIMIZERS[key](**{"learning_rate": ETA, **fields})


def path(optimizer, objective=QUADRATIC, x0=STARTS, n_steps=60):
    return simulate(objective, optimizer, x0, n_steps).x


def sums(decay, values):
    """Sum decay^(t - s) values_s over s = 1, ..., t, for every t."""
    age = STEP[:, None] - STEP
    return np.einsum("ts,s...->t...", np.where(age >= 0, decay ** np.abs(age), 0.0), values)


def mean(decay, values):
    return (1 - decay) * sums(decay, values)


def adam_scale(square):
    return np.sqrt(square / (1 - B2**T)) + EPS


def rmsprop_with_all(g):
    spread = mean(A, g * g) - mean(A, g) ** 2
    return sums(0.7, g / (np.sqrt(spread) + EPS))


def adadelta(g, moved):
    before = np.concatenate([np.zeros_like(moved[:1]), mean(A, moved**2)[:-1]])
    return g * np.sqrt(before + EPS) / np.sqrt(mean(A, g * g) + EPS)


def nadam(g, psi):
    mu = B1 * (1 - 0.96 ** (np.arange(1, 62) * psi) / 2)
    product = np.cumprod(mu)
    ahead = (mu[1:] / (1 - product[1:]))[:, None, None] * mean(B1, g)
    return (ahead + ((1 - mu) / (1 - product))[:-1, None, None] * g) / adam_scale(mean(B2, g * g))


def largest(g):
    age = STEP[:, None] - STEP
    return np.array([(B2 ** age[t, : t + 1, None, None] * (np.abs(g[: t + 1]) + EPS)).max(axis=0) for t in range(60)])


def radam(g):
    rho = 2 / (1 - B2) - 1
    rho_t = rho - 2 * T * B2**T / (1 - B2**T)
    r = np.sqrt(np.maximum((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t), 0))
    adapted = r * np.sqrt(1 - B2**T) / (np.sqrt(mean(B2, g * g)) + EPS)
    assert (rho_t > 5).any()
    assert (rho_t <= 5).any()
    return mean(B1, g) / (1 - B1**T) * np.where(rho_t > 5, adapted, 1.0)


def lion(g):
    before = np.concatenate([np.zeros_like(g[:1]), mean(B2, g)[:-1]])
    return np.sign(B1 * before + (1 - B1) * g)


BETAS = {"beta1": B1, "beta2": B2}
ADAM = {**BETAS, "epsilon": EPS}
IN_CLOSED_FORM = {  # the method, and its steps over -eta from the gradients (60, 3, 7) and these steps themselves
    "sign_descent": (made("sign_descent"), lambda g, _: np.sign(g)),
    "adagrad": (
        made("adagrad", epsilon=EPS, learning_rate_decay=0.1, initial_accumulator=0.5),
        lambda g, _: g / (np.sqrt(0.5 + np.cumsum(g * g, axis=0)) + EPS) / (1 + (T - 1) * 0.1),
    ),
    "rmsprop": (made("rmsprop", decay=A, epsilon=EPS), lambda g, _: g / (np.sqrt(mean(A, g * g)) + EPS)),
    "rmsprop_with_all": (
        made("rmsprop", decay=A, epsilon=EPS, centered=True, momentum=0.7),
        lambda g, _: rmsprop_with_all(g),
    ),
    "adadelta": (made("adadelta", decay=A, epsilon=EPS), adadelta),
    "adam": (made("adam", **ADAM), lambda g, _: mean(B1, g) / (1 - B1**T) / adam_scale(mean(B2, g * g))),
    "amsgrad": (
        made("amsgrad", **ADAM),
        lambda g, _: mean(B1, g) / (1 - B1**T) / adam_scale(np.maximum.accumulate(mean(B2, g * g))),
    ),
    "adamax": (made("adamax", **ADAM), lambda g, _: mean(B1, g) / (1 - B1**T) / largest(g)),
    "nadam": (made("nadam", **ADAM, momentum_decay=0.1), lambda g, _: nadam(g, 0.1)),
    "radam": (made("radam", **ADAM), lambda g, _: radam(g)),
    "lion": (made("lion", **BETAS), lambda g, _: lion(g)),
}


@pytest.mark.parametrize("name", IN_CLOSED_FORM)
def test_a_step_is_told_by_all_gradients_before_it(name):
    optimizer, formula = IN_CLOSED_FORM[name]
    x = path(optimizer)
    moved = -np.diff(x, axis=0) / ETA
    g = np.array(SPECTRUM)[:, None] * x[:-1]
    np.testing.assert_allclose(moved, formula(g, moved), rtol=1e-9, atol=1e-12)


def test_rprops_step_sizes_by_a_scalar_loop():
    rprop = made("rprop", shrink=0.4, growth=1.3, smallest_step=0.02, largest_step=0.1)
    x = path(rprop)
    for component, eigenvalue in enumerate(SPECTRUM):
        for lane, at in enumerate(STARTS[component]):
            step, sign_before = ETA, 0
            for k in range(60):
                sign = int(np.sign(eigenvalue * at))
                if sign * sign_before > 0:
                    step = min(1.3 * step, 0.1)
                elif sign * sign_before < 0:
                    step, sign = max(0.4 * step, 0.02), 0
                at, sign_before = at - sign * step, sign
                assert x[k + 1, component, lane] == pytest.approx(at, rel=1e-12, abs=1e-14)


L2 = ("adagrad", "rmsprop", "adadelta", "adam", "amsgrad", "adamax", "nadam", "radam")


@pytest.mark.parametrize("key", L2)
def test_weight_decay_in_the_gradient_is_another_objective(key):
    steeper = OBJECTIVES["quadratic"](eigenvalues=[each + DECAY for each in SPECTRUM])
    decayed, plain = made(key, weight_decay=DECAY, epsilon=EPS), made(key, epsilon=EPS)
    np.testing.assert_allclose(path(decayed), path(plain, steeper), rtol=1e-9, atol=1e-12)
    assert not np.allclose(path(decayed), path(plain))


DECOUPLED = {"adamw": {}, "lion": {}} | {key: {"decoupled_weight_decay": True} for key in ("amsgrad", "nadam", "radam")}


@pytest.mark.parametrize("key", DECOUPLED)
def test_decoupled_weight_decay_is_a_power_where_there_is_no_gradient(key):
    flat = OBJECTIVES["quadratic"](eigenvalues=(0.0, 0.0, 0.0))
    x = path(made(key, weight_decay=DECAY, **DECOUPLED[key]), flat)
    np.testing.assert_allclose(x, (1 - ETA * DECAY) ** np.arange(61)[:, None, None] * STARTS, rtol=1e-12)


@pytest.mark.parametrize("key", DECOUPLED)
def test_decoupled_weight_decay_does_not_enter_the_gradient(key):
    apart = {**DECOUPLED[key], "weight_decay": DECAY}
    plain = {"weight_decay": 0.0} if key == "adamw" else {}
    decayed, undecayed = (path(made(key, **fields), n_steps=1)[1] for fields in (apart, plain))
    np.testing.assert_allclose(decayed, undecayed - ETA * DECAY * STARTS, rtol=1e-12)


def test_reductions_to_each_other():
    adam = path(made("adam"))
    np.testing.assert_array_equal(path(made("adamw", weight_decay=0)), adam)
    np.testing.assert_allclose(path(made("nadam", beta1=0)), path(made("adam", beta1=0)), rtol=1e-9)
    assert not np.allclose(path(made("amsgrad", beta2=0.9)), path(made("adam", beta2=0.9)))
    uphill = OBJECTIVES["quadratic"](eigenvalues=(-1.0, -0.5, -0.3))  # where gradients only grow
    np.testing.assert_array_equal(path(made("amsgrad"), uphill), path(made("adam"), uphill))


def test_a_large_epsilon_leaves_gradient_descent():
    descent = path(made("gradient_descent"))
    for key, fields in {"adagrad": {}, "rmsprop": {}, "adam": {"beta1": 0.0}, "adamax": {"beta1": 0.0}}.items():
        np.testing.assert_allclose(path(made(key, learning_rate=ETA * 1e9, epsilon=1e9, **fields)), descent, rtol=1e-5)


FORGETFUL = {"beta1": 0.0, "beta2": 0.0, "epsilon": 1e-300}


@pytest.mark.parametrize(
    "optimizer",
    [
        made("adam", **FORGETFUL),
        made("adamw", **FORGETFUL, weight_decay=0),
        made("adamax", **FORGETFUL),
        made("nadam", **FORGETFUL),
        made("rmsprop", decay=0, epsilon=1e-300),
        made("lion", beta1=0, beta2=0),
    ],
    ids=str,
)
def test_without_memory_only_the_sign_is_left(optimizer):
    np.testing.assert_allclose(path(optimizer), path(made("sign_descent")), rtol=1e-9)


@pytest.mark.parametrize("key", ["sign_descent", "lion"])
def test_each_component_moves_eta(key):
    np.testing.assert_allclose(np.abs(np.diff(path(made(key)), axis=0)), ETA, rtol=1e-12)


TINY = {"epsilon": 1e-300}
INDIFFERENT = [
    made("sign_descent"),
    made("adagrad", **TINY),
    made("rmsprop", **TINY),
    made("rmsprop", **TINY, centered=True, momentum=0.9),
    *(made(key, **TINY) for key in ("adam", "adamw", "amsgrad", "adamax", "nadam")),
    made("rprop"),
    made("lion", weight_decay=DECAY),
]


@pytest.mark.parametrize("optimizer", INDIFFERENT, ids=str)
def test_the_scale_of_f_does_not_matter(optimizer):
    scaled = OBJECTIVES["quadratic"](eigenvalues=[1024 * each for each in SPECTRUM])  # a power of 2: no rounding
    np.testing.assert_array_equal(path(optimizer, scaled), path(optimizer))


def test_the_scale_of_f_does_matter_to_gradient_descent_and_before_radam_adapts():
    scaled = OBJECTIVES["quadratic"](eigenvalues=[2 * each for each in SPECTRUM])
    for optimizer in (made("gradient_descent"), made("radam", **TINY)):
        assert not np.allclose(path(optimizer, scaled), path(optimizer))


RADIUS, RATE, NEAR = 1.0, 0.01, 1e-6


def escape_steps(key, curvature=1.0, start=NEAR, n_steps=2000, **fields):
    """Count steps from start to RADIUS along the escape direction of (x^2 - curvature y^2) / 2."""
    saddle = OBJECTIVES["quadratic"](eigenvalues=(1.0, -curvature))
    x = path(OPTIMIZERS[key](learning_rate=RATE, **fields), saddle, np.array([[0.0], [start]]), n_steps)
    outside = np.abs(x[:, 1, 0]) >= RADIUS
    assert outside.any()
    return int(outside.argmax())


@pytest.mark.parametrize("curvature", [0.01, 1.0])
@pytest.mark.parametrize("start", [1e-6, 1e-3])
@pytest.mark.parametrize("key", ["adam", "adamw", "amsgrad", "adamax", "nadam"])
def test_adams_kin_leave_in_about_radius_over_rate_steps(key, start, curvature):
    share = escape_steps(key, curvature, start, epsilon=1e-12) * RATE / RADIUS
    assert 1 < share < 1.3 if key == "adamax" else 0.6 < share < 1


def test_gradient_descent_waits_and_radam_comes_in_between():
    adam, radam, descent = (escape_steps(key) for key in ("adam", "radam", "gradient_descent"))
    assert 2 * adam < radam < 4 * adam < descent / 4


def test_radam_begins_with_five_steps_of_momentum():
    x = path(made("radam"), n_steps=6)
    g = np.array(SPECTRUM)[:, None] * x[:-1]
    for t in range(1, 7):
        momentum = sum(0.1 * 0.9 ** (t - s) * g[s - 1] for s in range(1, t + 1)) / (1 - 0.9**t)
        assert np.allclose(x[t - 1] - x[t], ETA * momentum, rtol=1e-9) == (t <= 5)


@pytest.mark.parametrize("curvature", [0.01, 1.0, 100.0])
def test_sign_methods_leave_whatever_the_curvature(curvature):
    assert (
        escape_steps("sign_descent", curvature) == escape_steps("lion", curvature) == math.ceil((RADIUS - NEAR) / RATE)
    )
    growing = math.log(1 + 0.2 * (RADIUS - NEAR) / RATE) / math.log(1.2)  # RATE (1.2^k - 1) / 0.2 >= RADIUS - NEAR
    assert escape_steps("rprop", curvature) == math.ceil(growing)


@pytest.mark.parametrize("key", ["adamw", "lion"])
def test_decoupled_weight_decay_ends_an_escape_where_lambda_x_is_1(key):
    uphill = OBJECTIVES["quadratic"](eigenvalues=(-1.0,))
    x = path(made(key, weight_decay=4.0, beta2=0.99), uphill, [[NEAR]], 2000)[:, 0, 0]
    assert x[-1] == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("start", [1e-8, 1e-3])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_begins_with_its_longest_step_and_leaves_within_its_bound(centered, momentum, start):
    fields = {"centered": centered, "momentum": momentum, **TINY}
    first = np.abs(np.diff(path(made("rmsprop", **fields), n_steps=1), axis=0))
    np.testing.assert_allclose(first, ETA / math.sqrt(0.01 * (0.99 if centered else 1)), rtol=1e-10)
    assert escape_steps("rmsprop", start=start, **fields) <= RADIUS / RATE


@pytest.mark.parametrize("start", [1e-8, 1e-3])
def test_adagrad_leaves_within_its_bound(start):
    first = np.abs(np.diff(path(made("adagrad", **TINY), n_steps=1), axis=0))
    np.testing.assert_allclose(first, ETA, rtol=1e-10)
    assert escape_steps("adagrad", start=start, n_steps=3000, **TINY) <= (1 + RADIUS / (2 * RATE)) ** 2


def test_adadelta_begins_as_gradient_descent_or_with_steps_of_its_own():
    saddle, adadelta = OBJECTIVES["quadratic"](eigenvalues=(-0.5,)), OPTIMIZERS["adadelta"](learning_rate=0.1)
    ladder = np.array([[1e-9, 1e-3, 1.0, 1e6]])
    first = np.diff(path(adadelta, saddle, ladder, 1), axis=0)[0, 0]
    assert first[0] == pytest.approx(0.1 * 0.5e-9, rel=1e-3)
    assert first[3] == pytest.approx(0.1 * math.sqrt(1e-6 / 0.1))
    assert (np.diff(first) > 0).all()
    slow, descent = (
        path(each, saddle, [[1e-9]], 100) for each in (adadelta, made("gradient_descent", learning_rate=0.1))
    )
    np.testing.assert_allclose(slow, descent, rtol=1e-2)


def test_amsgrad_never_forgets():
    amsgrad, adam = (made(key, beta2=0.9) for key in ("amsgrad", "adam"))
    for optimizer, length in ((amsgrad, ETA * 1e-3 / 3), (adam, ETA)):
        x, memory = np.zeros((1, 1)), optimizer.memory(np.zeros((1, 1)))
        for gradient in (3.0,) * 300 + (1e-3,) * 300:
            before = x
            x, memory = optimizer.rule(x, memory, np.array([[gradient]]), optimizer.parameters)
        assert (before - x).item() == pytest.approx(length, rel=1e-4)


def test_sign_descent_is_drawn_in_by_a_turned_saddle():
    down = np.array(
        [-0.5, math.sqrt(0.75)]
    )  # the escape direction; from the saddle x lies 1e-3 that way and 1 across it
    gradient = np.array([down[1], -down[0]]) - 1e-3 * down
    sign_descent = made("sign_descent")
    step, _ = sign_descent.rule(np.zeros(2), (), gradient, sign_descent.parameters)
    assert step @ down < -0.3 * ETA
