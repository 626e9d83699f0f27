from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib import rc_params_from_file

from saddlesim.experiments import Comparison, LabelledArray
from saddlesim.experiments.comparison import _starts, cost
from saddlesim.experiments.comparison_result import ComparisonResult
from saddlesim.experiments.evaluations import Evaluations
from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.plots import STYLE, plot
from saddlesim.plots.lines import N_COLOURS, line_style
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario
from saddlesim.simulation import simulate

RATES = (0.01, 0.1, 0.5)


def comparison(**changes):
    fields = {
        "objectives": {"bowl": {"name": "quadratic", "eigenvalues": [4, 1]}, "toy": {"name": "strict_saddle_toy"}},
        "optimizers": {
            "gd": {"name": "gradient_descent", "learning_rate": 7},
            "sfn": {"name": "saddle_free_newton"},
        },
        "learning_rates": RATES,
        "n_starts": 12,
        "n_tuning_starts": 6,
        "n_steps": 80,
    }
    return Comparison(**{**fields, **changes})


def computed(asked, seed=0):
    return asked.reduce({p: [asked.run_block(p, 0, seed)] for p in asked.points()}, seed)


def test_the_best_value_and_the_cost_are_those_of_the_run():
    asked = comparison()
    result = computed(asked)
    bowl = asked.objectives["bowl"]
    x0 = _starts(bowl, 12, np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0, 0))))
    rate = float(result["learning_rate"][0, 0])
    path = simulate(bowl, OPTIMIZERS["gradient_descent"](learning_rate=rate), x0, 80)
    np.testing.assert_array_equal(result["best_value"][0, 0], np.minimum.accumulate(path.value, axis=0))
    np.testing.assert_array_equal(result["cost"][0, 0], np.arange(81) + 1)  # one gradient a step, and one at the start
    np.testing.assert_array_equal(result["cost"][0, 1], 1 + 3 * np.arange(81))  # and a Hessian in two dimensions


def test_tuning_takes_the_rate_that_brings_the_value_down_soonest():
    # on 2 x^2 + y^2 / 2 the rate 0.5 goes back and forth along x (1 - 4 * 0.5 = -1), 0.1 contracts both
    result = computed(comparison(objectives={"bowl": {"name": "quadratic", "eigenvalues": [4, 1]}}))
    assert result["learning_rate"].tolist() == [[0.1, 0.5]]
    assert result.summary()["objectives"]["bowl"]["sfn"]["at_the_edge"]


def test_a_method_without_a_learning_rate_is_run_as_it_is():
    class Halving:
        def init(self, objective, x, rng):
            return OPTIMIZERS["gradient_descent"](learning_rate=1).init(objective, x, rng)

        def step(self, objective, state, rng):
            return state._replace(x=state.x / 2, gradient=objective.gradient(state.x / 2))

    result = computed(
        comparison(optimizers={"half": Halving()}, objectives={"bowl": {"name": "quadratic", "eigenvalues": [1, 1]}})
    )
    assert np.isnan(result["learning_rate"]).all()
    assert result.summary()["objectives"]["bowl"]["half"]["learning_rate"] is None
    assert result.summary()["optimizers"]["half"]["fraction_solved"] == 1


def made(best_value, cost_, tolerance=0.1):
    """A result of given curves, (objective, optimizer, record, start) and (objective, optimizer, record)."""
    best_value, cost_ = np.array(best_value, dtype=float), np.array(cost_, dtype=float)
    asked = comparison(
        objectives={f"f{i}": {"name": "quadratic"} for i in range(len(best_value))},
        optimizers={f"o{i}": {"name": "saddle_free_newton"} for i in range(best_value.shape[1])},
        tolerance=tolerance,
        n_starts=best_value.shape[3],
    )
    axes = ("objective", "optimizer")
    arrays = {
        "best_value": LabelledArray((*axes, "record", "start"), best_value, ""),
        "cost": LabelledArray((*axes, "record"), cost_, ""),
        "learning_rate": LabelledArray(axes, np.full(best_value.shape[:2], 0.1), ""),
    }
    return ComparisonResult(asked, 0, arrays)


def test_profiles_by_hand():
    # start 0: o0 goes 10, 1, 0; o1 goes 10, 10, 1 at twice the cost. start 1: o0 stays at 10, o1 solves at once.
    o0 = [[10, 10], [1, 10], [0, 10]]
    o1 = [[10, 10], [10, 0], [1, 0]]
    result = made([[o0, o1]], [[[1, 2, 3], [2, 4, 6]]])
    np.testing.assert_array_equal(result.solving_cost[0], [[2, math.inf], [6, 4]])  # allowed: 0 + 0.1 * 10 = 1
    np.testing.assert_array_equal(result.ratio[0], [[1, math.inf], [3, 1]])
    assert result.performance("o0", [1, 2.9, 3]).tolist() == [0.5, 0.5, 0.5]
    assert result.performance("o1", [1, 2.9, 3]).tolist() == [0.5, 0.5, 1]
    assert result.data("o1", [3, 4, 5, 6]).tolist() == [0, 0.5, 0.5, 1]
    told = result.summary()["optimizers"]
    assert told["o0"]["median_cost"] == 2
    assert told["o1"]["within_5"] == 1


def test_nan_is_never_solved_and_a_start_at_the_bottom_is_no_problem_for_anyone():
    nan = math.nan
    result = made([[[[5, 3], [nan, 3]], [[5, 3], [0, 3]]]], [[[1, 2], [1, 2]]])
    np.testing.assert_array_equal(result.solving_cost[0], [[math.inf, math.inf], [2, math.inf]])


def test_cost_counts_a_hessian_as_d_gradients():
    assert cost(Evaluations(value=2, gradient=3, hessian=5, hessian_product=7), 10) == 2 + 3 + 7 + 50


SCENARIO = """
version: 1
title: compared
experiment:
  name: comparison
  objectives: {toy: {name: strict_saddle_toy}, camel: {name: six_hump_camel}}
  optimizers:
    gd: {name: gradient_descent, learning_rate: 0.1}
    noisy: {name: noisy_gradient_descent, learning_rate: 0.1, noise: 1e-3}
  learning_rates: [0.01, 0.1]
  n_starts: 10
  n_tuning_starts: 4
  n_steps: 60
expect:
  - {name: optimizers.gd.within_10, value: 1, tolerance: 1}
"""


def test_bytes_do_not_depend_on_workers(tmp_path):
    scenario = parse_scenario(SCENARIO, name="it")
    one, two = (run(scenario, jobs, tmp_path / str(jobs)) for jobs in (1, 2))
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert one.passed
    (figure,) = plot(one.result).values()
    performance, data = figure.axes
    np.testing.assert_allclose(performance.lines[0].get_ydata()[0], one.result.performance("gd", 1))
    assert data.get_xlabel() == "cost, in gradients"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[0.01, 0.1]", "[0.01, -1]", r"learning_rates\[1\]: -1 must be positive"),
        ("n_steps: 60", "tolerance: 1", "tolerance: 1 must be below 1"),
        ("learning_rates: [0.01, 0.1]", "learning_rates: []", "learning_rates"),
    ],
)
def test_what_is_wrong_is_told(before, after, told):
    with pytest.raises(ScenarioError, match=told):
        parse_scenario(SCENARIO.replace(before, after))


def test_a_need_that_is_not_met_is_told():
    class Bowl:
        domain = np.array([[-1.0, 1.0]])

        def value(self, x):
            return (x * x).sum(axis=0)

        def gradient(self, x):
            return 2 * x

        def hessian(self, x):
            return np.full((1, 1, *x.shape[1:]), 2.0)

    class ByProducts:
        needs = ("hessian_product",)
        init = step = None

    asked = comparison(objectives={"bowl": Bowl()})
    object.__setattr__(asked, "optimizers", {"it": ByProducts()})
    assert "Hessian products" in str(asked.check()[0])
    assert "optimizers.it" in str(asked.check()[0])


def test_starts_fill_the_domain():
    x = _starts(OBJECTIVES["six_hump_camel"](), 4000, np.random.default_rng(0))
    low, high = OBJECTIVES["six_hump_camel"]().domain.T
    assert np.abs(x.mean(axis=1) - (low + high) / 2).max() < 4 * np.max(high - low) / math.sqrt(12 * 4000)
    assert ((x >= low[:, None]) & (x <= high[:, None])).all()


def test_the_curves_of_one_picture_are_told_apart():
    cycle = rc_params_from_file(str(STYLE), use_default_template=False)["axes.prop_cycle"]
    assert len(set(cycle.by_key()["color"])) == N_COLOURS
    assert len({tuple(line_style(number).values()) for number in range(32)}) == 32
