from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.simulation import simulate

BOWL = OBJECTIVES["quadratic"](eigenvalues=(5.0, 2.0, 0.5), seed=2)
SADDLE = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5, -0.3), seed=1)
HIMMELBLAU = OBJECTIVES["himmelblau"]()
STARTS = np.random.default_rng(0).standard_normal((3, 5))


def run(key, objective, x0=STARTS, n_steps=30, **fields):
    return simulate(objective, OPTIMIZERS[key](**fields), x0, n_steps)


def states(key, objective, x0, n_steps=30, **fields):
    optimizer = OPTIMIZERS[key](**fields)
    state = optimizer.init(objective, np.array(x0), None)
    yield state
    for _ in range(n_steps):
        yield (state := optimizer.step(objective, state, None))


# ---- backtracking


@pytest.mark.parametrize("objective", [BOWL, SADDLE, HIMMELBLAU], ids=str)
@pytest.mark.parametrize("c", [1e-4, 0.4])
def test_armijos_inequality_holds_at_each_step_and_fails_at_the_trial_before(objective, c):
    shrink, starts = 0.7, 2 * np.random.default_rng(1).standard_normal((objective.dimension, 20))
    fields = {"learning_rate": 3.0, "shrink": shrink, "sufficient_decrease": c}
    passed = list(states("backtracking_gradient_descent", objective, starts, 15, **fields))
    for before, after in itertools.pairwise(passed):
        x, gradient, rate = before.x, before.gradient, after.rate
        slope, f, longer = (gradient**2).sum(axis=0), objective.value(x), rate / shrink
        trials = np.log(rate / 3.0) / math.log(shrink)
        np.testing.assert_allclose(trials, np.round(trials), atol=1e-9)
        np.testing.assert_allclose(after.x, x - rate * gradient, rtol=1e-14)
        assert (objective.value(after.x) <= f - c * rate * slope + 1e-14 * np.abs(f)).all()
        fits = objective.value(x - longer * gradient) <= f - c * longer * slope - 1e-13 * np.abs(f)
        assert not fits[trials > 0.5].any()
    assert len({*np.round(passed[1].rate, 9)}) > 1  # each lane has its own


def test_the_rate_on_a_parabola_is_the_first_that_armijo_allows():
    for curvature in (0.3, 1.7, 40.0):
        parabola = OBJECTIVES["quadratic"](eigenvalues=(curvature,))
        *_, state = states("backtracking_gradient_descent", parabola, [[1.0]], 1, sufficient_decrease=0.2)
        halvings = max(0, math.ceil(math.log2(curvature / (2 * (1 - 0.2)))))  # 1 - eta lambda / 2 >= c
        assert state.rate.item() == 0.5**halvings


def test_backtracking_is_gradient_descent_where_the_first_trial_fits():
    ours = run("backtracking_gradient_descent", SADDLE, learning_rate=0.1).x
    np.testing.assert_allclose(ours, run("gradient_descent", SADDLE, learning_rate=0.1).x, rtol=1e-12)
    down = OBJECTIVES["quadratic"](eigenvalues=(1.0, -0.5))  # eta = 10 is too long for the stable direction alone
    x = run("backtracking_gradient_descent", down, np.array([[0.0], [1e-6]]), 5, learning_rate=10.0).x
    np.testing.assert_allclose(x[:, 1, 0], 1e-6 * 6.0 ** np.arange(6), rtol=1e-12)


def test_a_lane_without_a_fitting_trial_stays_and_the_others_do_not_wait():
    steep = OBJECTIVES["quadratic"](eigenvalues=(1000.0, 1.0))
    *_, state = states("backtracking_gradient_descent", steep, [[1.0, 0.0], [0.0, 1.0]], 1, n_trials=5)
    np.testing.assert_array_equal(state.x, [[1.0, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(state.rate, [0.0, 1.0])


def test_backtracking_never_rises():
    values = run("backtracking_gradient_descent", HIMMELBLAU, 3 * STARTS[:2], 200, learning_rate=10.0).value
    assert (np.diff(values, axis=0) <= 0).all()


# ---- rates from curvature


@pytest.mark.parametrize("objective", [BOWL, SADDLE], ids=str)
def test_exact_line_search_against_a_loop(objective):
    ours = run("exact_line_search", objective, learning_rate=0.1, n_steps=12).x
    for lane, x in enumerate(STARTS.T):
        hessian = objective.hessian(x)
        for k in range(12):
            gradient = hessian @ x
            curvature = gradient @ hessian @ gradient
            x = x - (gradient @ gradient / curvature if curvature > 0 else 0.1) * gradient
            np.testing.assert_allclose(ours[k + 1, :, lane], x, rtol=1e-6, atol=1e-9 * np.abs(x).max())


@pytest.mark.parametrize("formula", ["long", "short"])
@pytest.mark.parametrize("objective", [BOWL, SADDLE], ids=str)
def test_barzilai_borwein_against_a_loop(objective, formula):
    ours = run("barzilai_borwein", objective, learning_rate=0.1, formula=formula, n_steps=12).x
    for lane, x in enumerate(STARTS.T):
        hessian, rate = objective.hessian(x), 0.1
        for k in range(12):
            before, x = x, x - rate * hessian @ x
            np.testing.assert_allclose(ours[k + 1, :, lane], x, rtol=1e-6, atol=1e-9 * np.abs(x).max())
            s = x - before
            y = hessian @ s
            rate = 0.1 if s @ y <= 0 else s @ s / (s @ y) if formula == "long" else s @ y / (y @ y)


def test_exact_line_search_is_at_the_minimum_along_each_step():
    x = run("exact_line_search", BOWL, learning_rate=0.1, n_steps=10).x
    for before, after in itertools.pairwise(x):
        along = (BOWL.gradient(after) * BOWL.gradient(before)).sum(axis=0)
        assert (np.abs(along) < 1e-12 * (BOWL.gradient(before) ** 2).sum(axis=0)).all()


def test_one_dimension_is_done_in_one_step_and_in_two():
    parabola, starts = OBJECTIVES["quadratic"](eigenvalues=(0.7,)), STARTS[:1]
    np.testing.assert_allclose(run("exact_line_search", parabola, starts, 1, learning_rate=0.1).x[1], 0, atol=1e-15)
    for formula in ("long", "short"):
        x = run("barzilai_borwein", parabola, starts, 2, learning_rate=0.1, formula=formula).x
        np.testing.assert_allclose(x[1], 0.93 * starts, rtol=1e-12)
        np.testing.assert_allclose(x[2], 0, atol=1e-15)


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_no_square_underflows_or_overflows(scale):
    starts = np.array([[1.0], [0.3], [-0.2]])
    steep = OBJECTIVES["quadratic"](eigenvalues=tuple(scale * each for each in BOWL.eigenvalues), seed=BOWL.seed)
    for key, fields in (
        ("exact_line_search", {}),
        ("barzilai_borwein", {}),
        ("barzilai_borwein", {"formula": "short"}),
    ):
        near = run(key, BOWL, starts, 6, learning_rate=0.1, **fields).x
        far = run(key, BOWL, scale * starts, 6, learning_rate=0.1, **fields).x
        np.testing.assert_allclose(far / scale, near, rtol=1e-9, atol=1e-12)
        same = run(key, steep, starts, 6, learning_rate=0.1 / scale, **fields).x
        np.testing.assert_allclose(same, near, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("key", ["exact_line_search", "barzilai_borwein"])
def test_without_curvature_the_learning_rate_serves(key):
    hill = OBJECTIVES["quadratic"](eigenvalues=(-1.0, -0.3))
    descent = run("gradient_descent", hill, STARTS[:2], learning_rate=0.1).x
    np.testing.assert_allclose(run(key, hill, STARTS[:2], learning_rate=0.1).x, descent, rtol=1e-12)
    assert not run(key, hill, np.zeros((2, 1)), 3, learning_rate=0.1).x.any()


@pytest.mark.parametrize("seed", range(10))
def test_curvature_that_is_nothing_but_rounding_is_none(seed):
    flat = OBJECTIVES["quadratic"](eigenvalues=(1.0, -1.0), seed=seed)
    null = flat.rotation @ np.ones((2, 1)) * np.linspace(1, 2, 20)  # g'Hg = 0
    x = run("exact_line_search", flat, null, 1, learning_rate=0.1).x
    np.testing.assert_allclose(x[1], x[0] - 0.1 * flat.gradient(x[0]), rtol=1e-12)


@pytest.mark.parametrize(("key", "since"), [("exact_line_search", 0), ("barzilai_borwein", 1)])
def test_at_a_saddle_the_escape_component_grows_by_its_bound_or_more(key, since):
    gamma, largest, rate = 0.3, 2.0, 0.8
    starts = np.random.default_rng(2).standard_normal((3, 200)) * np.array([[1.0], [1.0], [1e-3]])
    saddle = OBJECTIVES["quadratic"](eigenvalues=(largest, 0.5, -gamma))
    escape = np.abs(run(key, saddle, starts, 25, learning_rate=rate).x[since:, 2])
    assert (escape[1:] >= escape[:-1] * (1 + gamma * min(1 / largest, rate)) * (1 - 1e-9)).all()


def test_the_short_formula_has_no_such_bound():
    saddle = OBJECTIVES["quadratic"](eigenvalues=(1.0, -0.999))
    first, second = list(states("barzilai_borwein", saddle, [[1.0], [1.0]], 1, learning_rate=0.1, formula="short"))
    assert first.rate.item() == 0.1
    assert 0 < second.rate.item() < 0.01
