from __future__ import annotations

import functools
import inspect
import pickle

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.optimizers.optax_methods import KINDS, METHODS
from saddlesim.simulation import simulate

jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
OPTAX = OPTIMIZERS["optax"]
QUADRATIC = OBJECTIVES["quadratic"](eigenvalues=(2.0, -0.3))  # not turned, so that its gradient rounds as alone
HIMMELBLAU = OBJECTIVES["himmelblau"]()
ADAM = {"learning_rate": 0.02, "b1": 0.8, "b2": 0.99, "eps": 1e-4, "eps_root": 1e-6}
GIVEN = {  # every parameter that may be given, and none at its default
    "sgd": {"learning_rate": 0.003, "momentum": 0.8, "nesterov": True},
    "sign_sgd": {"learning_rate": 0.02},
    "optimistic_gradient_descent": {"learning_rate": 0.003, "alpha": 0.9, "beta": 0.8},
    "adagrad": {"learning_rate": 0.02, "initial_accumulator_value": 0.2, "eps": 1e-3},
    "adadelta": {"learning_rate": 0.8, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1},
    "rmsprop": {
        "learning_rate": 0.003,
        "decay": 0.8,
        "eps": 1e-3,
        "initial_scale": 0.1,
        "eps_in_sqrt": False,
        "centered": True,
        "momentum": 0.5,
        "nesterov": True,
        "bias_correction": True,
    },
    "rprop": {
        "learning_rate": 0.02,
        "eta_minus": 0.4,
        "eta_plus": 1.3,
        "min_step_size": 1e-4,
        "max_step_size": 0.3,
    },
    "adam": {**ADAM, "nesterov": True},
    "adamw": {**ADAM, "weight_decay": 0.1, "nesterov": True},
    "adamax": {"learning_rate": 0.02, "b1": 0.8, "b2": 0.99, "eps": 1e-4},
    "adamaxw": {"learning_rate": 0.02, "b1": 0.8, "b2": 0.99, "eps": 1e-4, "weight_decay": 0.1},
    "nadam": ADAM,
    "nadamw": {**ADAM, "weight_decay": 0.1},
    "radam": {**ADAM, "b2": 0.9, "threshold": 4.0, "nesterov": True},
    "amsgrad": {**ADAM, "bias_correction_mu": False, "bias_correction_nu": False},
    "adabelief": {**ADAM, "nesterov": True},
    "yogi": {"learning_rate": 0.02, "b1": 0.8, "b2": 0.99, "eps": 1e-4},
    "adan": {**ADAM, "b3": 0.9, "weight_decay": 0.1},
    "lion": {"learning_rate": 0.02, "b1": 0.8, "b2": 0.9, "weight_decay": 0.1},
    "novograd": {**ADAM, "weight_decay": 0.1},
    "sm3": {"learning_rate": 0.02, "momentum": 0.5},
    "lamb": {**ADAM, "weight_decay": 0.1},
    "lars": {
        "learning_rate": 0.3,
        "weight_decay": 0.1,
        "trust_coefficient": 0.02,
        "eps": 1e-3,
        "momentum": 0.5,
        "nesterov": True,
    },
    "fromage": {"learning_rate": 0.02, "min_norm": 1e-3},
}
OURS = {  # where ours is theirs
    "gradient_descent": ("sgd", {}, {}),
    "heavy_ball": ("sgd", {"momentum": 0.9}, {"momentum": 0.9}),
    "nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9}),
    "adam": ("adam", {}, {}),
    "adamw": ("adamw", {"weight_decay": 0.1}, {"weight_decay": 0.1}),
    "adamax": ("adamax", {}, {}),
    "adadelta": ("adadelta", {}, {}),
    "rmsprop": ("rmsprop", {"decay": 0.9, "eps_in_sqrt": False}, {"decay": 0.9}),
    "lion": ("lion", {"weight_decay": 0.1}, {"weight_decay": 0.1}),
    "sign_descent": ("sign_sgd", {}, {}),
}


@pytest.fixture(params=METHODS)
def name(request):
    return request.param


def starts(objective, n_lanes=3, seed=0):
    return np.random.default_rng(seed).standard_normal((objective.dimension, n_lanes))


@functools.cache
def compiled(name):
    made = getattr(optax, name)(**GIVEN[name])
    return made.init, jax.jit(made.update)


def by_hand(name, objective, x0, n_steps):
    """Step one lane as anybody would."""
    with jax.enable_x64(True):
        init, update = compiled(name)
        x, path = jax.numpy.array(x0), [x0]
        kept = init(x)
        for _ in range(n_steps):
            updates, kept = update(jax.numpy.array(objective.gradient(path[-1])), kept, x)
            x = optax.apply_updates(x, updates)
            path.append(np.array(x))
    return np.array(path)


@pytest.mark.parametrize("objective", [QUADRATIC, HIMMELBLAU], ids=str)
def test_steps_are_optaxs_by_hand_lane_by_lane(name, objective):
    ours = simulate(objective, OPTAX(transformation=name, parameters=GIVEN[name]), starts(objective), 40).x
    rtol, atol = (
        (1e-11, 1e-13) if METHODS[name].by_lane else (1e-15, 1e-15)
    )  # sums over a lane round as they are compiled
    for lane, x0 in enumerate(starts(objective).T):
        np.testing.assert_allclose(ours[:, :, lane], by_hand(name, objective, x0, 40), rtol=rtol, atol=atol)


@pytest.mark.parametrize("objective", [QUADRATIC, HIMMELBLAU], ids=str)
@pytest.mark.parametrize("key", OURS)
def test_where_ours_is_theirs_the_steps_are_the_same(key, objective):
    name, theirs, ours = OURS[key]
    borrowed = OPTAX(transformation=name, parameters={"learning_rate": 0.01, **theirs})
    paths = [
        simulate(objective, each, starts(objective), 100).x
        for each in (borrowed, OPTIMIZERS[key](learning_rate=0.01, **ours))
    ]
    np.testing.assert_allclose(*paths, rtol=1e-11, atol=1e-12)


def test_a_lane_alone_is_the_lane_in_a_block(name):
    made, x0 = OPTAX(transformation=name, parameters=GIVEN[name]), starts(QUADRATIC)
    together = simulate(QUADRATIC, made, x0, 20).x
    alone = np.concatenate([simulate(QUADRATIC, made, x, 20).x for x in x0.T], axis=2)
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_the_table_is_what_optax_takes(name):
    taken = inspect.signature(getattr(optax, name)).parameters
    listed = METHODS[name].parameters.split()
    how = {"accumulator_dtype", "mu_dtype", "mask", "weight_decay_mask", "trust_ratio_mask"}
    own = {"nesterov"} if name in ("nadam", "nadamw") else set()  # which is what makes them so
    assert set(taken) - how - own == set(listed) == set(GIVEN[name])
    assert set(listed) <= set(KINDS)


def test_a_step_changes_no_state_and_can_be_taken_twice(name):
    made = OPTAX(transformation=name, parameters=GIVEN[name])
    assert pickle.loads(pickle.dumps(made)) == made
    state = made.init(HIMMELBLAU, starts(HIMMELBLAU), None)
    for _ in range(3):
        before = arrays_of(state)
        once, twice = (made.step(HIMMELBLAU, state, None) for _ in range(2))
        np.testing.assert_array_equal(once.gradient, HIMMELBLAU.gradient(once.x))
        for each, its in zip(arrays_of(once), arrays_of(twice), strict=True):
            np.testing.assert_array_equal(each, its)
        for each, its in zip(arrays_of(state), before, strict=True):
            np.testing.assert_array_equal(each, its)
        assert {str(each.dtype) for each in arrays_of(once)} <= {"float64", "int32", "bool"}
        state = once
    assert jax.numpy.ones(1).dtype == np.float32  # as JAX was


def arrays_of(state):
    return [np.array(each) for each in jax.tree.leaves(tuple(state))]


def test_divergence_runs_on(name):
    made = OPTAX(transformation=name, parameters=GIVEN[name])
    final = simulate(HIMMELBLAU, made, starts(HIMMELBLAU) * [1e154, np.nan, 1.0], 8).final
    assert np.isnan(final.x[:, 1]).any()
    assert np.isfinite(final.x[:, 2]).all()
