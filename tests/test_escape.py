"""The escape experiment: lanes against closed forms, statistics against textbooks, figures against NumPy."""

import json
import math
from statistics import NormalDist

import numpy as np
import pytest

from saddlesim.experiments import Escape
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.endpoints import FINAL_KINDS, final_kinds
from saddlesim.experiments.estimates import fraction
from saddlesim.experiments.survival import median_escape_step, survival_curve
from saddlesim.objectives import Quadratic
from saddlesim.scenario import Expectation
from saddlesim.store import json_text

Z = NormalDist().inv_cdf(0.975)  # of a 95 % interval
DESCENT = {"name": "gradient_descent", "learning_rate": 0.1}
DEFAULTS = {
    "objective": {"name": "quadratic", "eigenvalues": (1, -1)},
    "saddle": (0, 0),
    "start": {"name": "gaussian", "scale": 1e-6},
    "optimizers": {"gd": DESCENT},
    "escape_radius": 1,
    "n_steps": 300,
    "n_lanes": 100,
}


def escape(**changes):
    return Escape(**DEFAULTS | changes)


def result_of(asked, seed=0):
    blocks = {
        point: [asked.run_block(point, block, seed) for block in range(asked.n_blocks(point))]
        for point in asked.points()
    }
    return asked.reduce(blocks, seed)


@pytest.fixture(scope="module")
def toy():
    """Lanes that reach minima, that stay, that end on the saddle and that diverge, on one objective."""
    return result_of(
        escape(
            objective={"name": "strict_saddle_toy"},
            start={"name": "gaussian", "scale": 1e-3},
            optimizers={
                "gd": DESCENT,
                "slow": {**DESCENT, "learning_rate": 0.027},
                "newton": {"name": "newton"},
                "unstable": {**DESCENT, "learning_rate": 4},
                "noisy": {"name": "noisy_gradient_descent", "learning_rate": 0.1, "noise": 1e-3},
            },
            escape_radius=0.8,
            n_lanes=101,
            block_size=40,
            n_recorded_lanes=60,
        )
    )


# ---- lanes


def test_lanes_leave_a_quadratic_saddle_at_the_step_of_the_closed_form():
    result = result_of(escape(objective={"name": "quadratic", "eigenvalues": (2, 0.5, -1)}, saddle=(0, 0, 0)))
    start = result.lanes("record_x", "gd")[0]
    assert start.shape == (3, 64)
    factors = 1 - 0.1 * np.array([2, 0.5, -1])
    steps = np.arange(301)
    distance = np.linalg.norm(factors[:, None, None] ** steps[:, None] * start[:, None, :], axis=0)
    first = np.where((distance >= 1).any(axis=0), (distance >= 1).argmax(axis=0), -1)
    np.testing.assert_array_equal(result.lanes("escape_step", "gd")[:64], first)


def test_a_lane_leaves_the_monkey_saddle_at_the_step_of_the_recursion():
    x, steps = 0.05, 0
    while x < 1:
        x, steps = x + 0.01 * 3 * x * x, steps + 1
    asked = escape(
        objective={"name": "monkey_saddle"},
        start={"name": "point", "x": (-0.05, 0)},
        optimizers={"gd": {**DESCENT, "learning_rate": 0.01}},
        n_steps=1000,
        n_lanes=2,
    )
    assert result_of(asked).lanes("escape_step", "gd").tolist() == [steps, steps]


def test_the_plateau_is_the_steps_with_a_tenth_of_the_gradient_at_exit():
    asked = escape(start={"name": "point", "x": (0, 1e-6)}, n_lanes=1)
    result = result_of(asked)
    exit_step = math.ceil(math.log(1e6) / math.log(1.1))
    assert result.lanes("escape_step", "gd").tolist() == [exit_step]
    flat = [step for step in range(exit_step) if 10 * 1.1**step <= 1.1**exit_step]
    assert result.lanes("plateau_steps", "gd").tolist() == [len(flat)]


def test_a_lane_that_starts_outside_has_escaped_at_step_0():
    result = result_of(escape(start={"name": "gaussian", "scale": 1.0}))
    outside = np.linalg.norm(result.lanes("record_x", "gd")[0], axis=0) >= 1
    assert 0 < outside.sum() < 64
    np.testing.assert_array_equal(result.lanes("escape_step", "gd")[:64] == 0, outside)


def test_lanes_that_leave_along_a_stable_direction_have_diverged():
    result = result_of(escape(objective={"name": "quadratic", "eigenvalues": (30, -1)}))
    figures = result.summary()["optimizers"]["gd"]
    assert (result.lanes("escape_step", "gd") == -1).all()
    assert (result.lanes("divergence_step", "gd") > 0).all()
    assert (figures["fraction_diverged"], figures["fraction_escaped"]) == (1, 0)
    assert figures["median_escape_step"] == math.inf


def test_lanes_in_the_stable_eigenspace_never_leave_and_json_says_null():
    result = result_of(escape(start={"name": "stable_eigenspace", "scale": 0.1}))
    figures = result.summary()["optimizers"]["gd"]
    assert figures["median_escape_step"] == figures["law_median_escape_step"] == math.inf
    assert figures["relative_error"] == 0
    assert figures["fraction_never_left"] == 1
    assert json.loads(json_text(result.summary()))["optimizers"]["gd"]["median_escape_step"] is None


def test_blocks_hold_the_lanes_in_order_and_the_last_the_rest():
    asked = escape(n_lanes=50, block_size=20, n_recorded_lanes=30, n_steps=5)
    assert asked.n_blocks("gd") == 3
    blocks = [asked.run_block("gd", block, 0) for block in range(3)]
    assert [len(each["final_value"]) for each in blocks] == [20, 20, 10]
    assert [each["record_x"].shape[-1] for each in blocks] == [20, 10, 0]
    result = asked.reduce({"gd": blocks}, 0)
    np.testing.assert_array_equal(
        result.lanes("final_value", "gd"), np.concatenate([each["final_value"] for each in blocks])
    )


def test_every_array_has_a_name_for_each_axis_and_a_meaning(toy):
    for array in toy.arrays.values():
        assert len(array.axes) == array.data.ndim
        assert array.meaning
    lengths = {pair for array in toy.arrays.values() for pair in zip(array.axes, array.data.shape, strict=True)}
    assert len(lengths) == len({axis for axis, _ in lengths})


# ---- where lanes end


@pytest.mark.parametrize(
    ("optimizer", "kinds"),
    [
        ({"name": "gradient_descent", "learning_rate": 0.01}, {"minimum"}),
        ({"name": "newton"}, {"saddle"}),
    ],
    ids=["gradient_descent", "newton"],
)
def test_on_himmelblau_descent_ends_in_minima_and_newton_on_the_saddle(optimizer, kinds):
    asked = escape(
        objective={"name": "himmelblau"},
        saddle="saddle_1",
        optimizers={"it": optimizer},
        escape_radius=0.5,
        n_steps=3000,
    )
    ends = result_of(asked).lanes("final_kind", "it")
    assert {FINAL_KINDS[code] for code in ends} == kinds


def test_where_nothing_stops_a_lane_it_is_moving_until_it_is_infinite():
    kinds = result_of(escape()).summary()["optimizers"]["gd"]["final_kinds"]
    assert kinds == dict.fromkeys(FINAL_KINDS, 0) | {"moving": 1}
    kinds = result_of(escape(n_steps=10_000, n_lanes=3)).summary()["optimizers"]["gd"]["final_kinds"]
    assert kinds == dict.fromkeys(FINAL_KINDS, 0) | {"infinite": 1}


def test_a_declared_critical_point_is_of_its_kind_and_its_neighbour_is_moving(critical_point):
    objective, point = critical_point
    x = np.stack([point.x, point.x + 0.01], axis=1)
    here, beside = final_kinds(objective, x, objective.gradient(x))
    assert FINAL_KINDS[here] == ("degenerate" if point.nullity else point.kind)  # it may know more than the Hessian
    assert FINAL_KINDS[beside] == "moving"


def test_a_line_of_critical_points_is_degenerate():
    flat = Quadratic(eigenvalues=(1, 0))
    x = np.array([[0.0, 1e-12], [1.0, 2.0]])
    assert [FINAL_KINDS[code] for code in final_kinds(flat, x, flat.gradient(x))] == ["degenerate", "degenerate"]


# ---- statistics


STEPS = np.array([3, 1, -1, 3, 7, 10, -1, 2])  # -1: still there after step 10


def test_the_survival_curve_is_kaplan_and_meiers():
    curve = survival_curve(STEPS, n_steps=10)
    survival, variance, expected = 1.0, 0.0, {0: (1.0, 1.0, 1.0)}
    for step in (1, 2, 3, 7, 10):
        at_risk = np.count_nonzero((step <= STEPS) | (STEPS < 0))
        leaving = np.count_nonzero(step == STEPS)
        survival *= 1 - leaving / at_risk
        variance += leaving / (at_risk * (at_risk - leaving))  # Greenwood
        half_width = Z * math.sqrt(variance) / math.log(survival)
        expected[step] = (survival, *(survival ** math.exp(sign * half_width) for sign in (-1, 1)))
    assert set(expected) <= set(curve.step)
    for step, *figures in zip(*curve, strict=True):
        told = expected[max(each for each in expected if each <= step)]
        np.testing.assert_allclose(figures, [told[0], min(told[1:]), max(told[1:])], rtol=1e-12)


def test_the_median_is_the_first_step_by_which_half_have_left():
    assert median_escape_step(STEPS, survival_curve(STEPS, 10)).value == 3  # 1 2 3 3 7 10 never never
    most_stay = np.array([4, -1, -1, -1, 5])
    assert median_escape_step(most_stay, survival_curve(most_stay, 10)).value == math.inf


def test_the_interval_of_the_median_is_the_exact_one_of_order_statistics():
    steps = np.arange(1, 101)[::-1]  # the k-th smallest is k; for n = 100 the tables give the ranks 40 and 61
    median = median_escape_step(steps, survival_curve(steps, 200))
    assert (median.value, median.low, median.high) == (50, 40, 61)
    assert median.standard_error == pytest.approx((61 - 40) / 2 / Z, rel=1e-12)


def test_the_interval_of_the_median_is_open_where_too_many_stay_or_too_few_are_seen():
    stay = np.where(np.arange(100) < 55, 5, -1)
    assert median_escape_step(stay, survival_curve(stay, 10)).high == math.inf
    few = np.array([1, 2, 3])
    median = median_escape_step(few, survival_curve(few, 10))
    assert (median.low, median.high) == (0, math.inf)


@pytest.mark.parametrize(("count", "total"), [(0, 50), (1, 7), (25, 50), (7, 7)])
def test_the_interval_of_a_fraction_is_wilsons(count, total):
    p, low, high, standard_error = fraction(count, total)
    centre = (count + Z**2 / 2) / (total + Z**2)
    half_width = Z / (total + Z**2) * math.sqrt(count * (total - count) / total + Z**2 / 4)
    assert p == count / total
    assert (low, high) == pytest.approx((centre - half_width, centre + half_width), abs=1e-12)
    assert standard_error == pytest.approx(math.sqrt(p * (1 - p) / total), abs=1e-15)


# ---- the summary


def figures_with_their_names(nested, prefix=""):
    for name, each in nested.items():
        if isinstance(each, dict):
            yield from figures_with_their_names(each, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", each


def test_the_summary_holds_the_figures_that_were_promised_and_no_others(toy):
    promised = set(toy.experiment.summary_names())
    there = dict(figures_with_their_names(toy.summary()))
    assert promised <= there.keys()
    numbers = {name for name, each in there.items() if isinstance(each, int | float)}
    assert numbers - promised == {"n_lanes", "n_steps", "escape_radius"}
    assert numbers == dotted_figures(toy.summary()).keys()


@pytest.mark.parametrize("label", ["gd", "slow", "newton", "unstable", "noisy"])
def test_the_figures_are_those_of_the_arrays(toy, label):
    told = toy.summary()["optimizers"][label]
    escape_step, divergence_step = (toy.lanes(f"{name}_step", label) for name in ("escape", "divergence"))
    assert len(escape_step) == 101
    assert told["fraction_escaped"] == np.mean(escape_step >= 0)
    assert told["fraction_diverged"] == np.mean(divergence_step >= 0)
    assert told["fraction_never_left"] == np.mean((escape_step < 0) & (divergence_step < 0))
    assert not np.any((escape_step >= 0) & (divergence_step >= 0))
    assert told["median_escape_step"] == np.median(np.where(escape_step < 0, np.inf, escape_step))
    assert told["plateau_steps"] == np.median(toy.lanes("plateau_steps", label))
    for name in ("final_value", "final_gradient_norm"):
        lanes = toy.lanes(name, label)
        assert told[f"median_{name}"] == np.median(np.where(np.isnan(lanes), np.inf, lanes))
    ends = np.array(FINAL_KINDS)[toy.lanes("final_kind", label)]
    assert told["final_kinds"] == {kind: np.mean(ends == kind) for kind in FINAL_KINDS}


def test_the_toys_lanes_fare_as_they_must(toy):
    told = toy.summary()["optimizers"]
    assert told["gd"]["final_kinds"]["minimum"] == 1
    assert told["newton"]["final_kinds"]["saddle"] == 1
    assert told["newton"]["fraction_never_left"] == 1
    assert 0 < told["unstable"]["fraction_diverged"] < 1
    assert told["unstable"]["fraction_never_left"] == 0
    assert told["unstable"]["final_kinds"]["infinite"] == 1
    assert 0 < told["slow"]["fraction_never_left"] < 1


def test_the_saddles_figures_are_those_of_its_hessian():
    matrix = Quadratic(eigenvalues=(3, 1, -1, -2), seed=7).hessian(np.zeros(4))
    asked = escape(objective=Quadratic(eigenvalues=(3, 1, -1, -2), seed=7), saddle=(0, 0, 0, 0), n_steps=1)
    told = result_of(asked).summary()["saddle"]
    np.testing.assert_allclose(told["eigenvalues"], np.linalg.eigvalsh(matrix), rtol=1e-13)
    assert (told["kind"], told["index"], told["nullity"], told["gradient_norm"]) == ("saddle", 2, 0, 0)
    assert (told["lowest_eigenvalue"], told["highest_eigenvalue"]) == (told["eigenvalues"][0], told["eigenvalues"][-1])


def test_the_law_of_a_gaussian_start_is_held_against_the_measured_steps():
    result = result_of(escape(n_lanes=2000))
    told = result.summary()["optimizers"]["gd"]
    law = [math.erfc(1e6 / (math.sqrt(2) * 1.1**step)) for step in range(301)]  # P(|N(0, 1)| 1.1^t 1e-6 >= 1)
    median = next(step for step, p in enumerate(law) if p >= 0.5)
    assert told["law_median_escape_step"] == median == 150
    assert told["law_is_exact"]
    assert told["relative_error"] == pytest.approx((told["median_escape_step"] - median) / median)
    assert abs(told["median_escape_step"] - median) <= 4 * told["median_escape_step_standard_error"]
    escape_step = result.lanes("escape_step", "gd")
    measured = [np.mean((escape_step >= 0) & (escape_step <= step)) for step in range(301)]
    assert told["law_distance"] == pytest.approx(np.abs(np.subtract(measured, law)).max(), abs=1e-12)
    assert told["law_distance"] < 1.63 / math.sqrt(2000)  # Kolmogorov's 1 % point, conservative for whole steps


# ---- expectations

FIGURES = {
    "a": {"median": 100.0, "median_standard_error": 2.0, "never": math.inf, "flag": True, "text": "t", "no": None}
}


@pytest.mark.parametrize(
    ("expected", "passed"),
    [
        ({"name": "a.median", "value": 100}, True),
        ({"name": "a.median", "value": 100.5}, False),
        ({"name": "a.median", "value": 100.5, "tolerance": 0.5}, True),
        ({"name": "a.median", "value": 100.5, "tolerance": 0.49}, False),
        ({"name": "a.median", "value": 110, "relative_tolerance": 0.1}, True),
        ({"name": "a.median", "value": 112, "relative_tolerance": 0.1}, False),
        ({"name": "a.median", "value": -100, "relative_tolerance": 0.1}, False),
        ({"name": "a.median", "value": 105, "z": 2.5}, True),
        ({"name": "a.median", "value": 105, "z": 2.4}, False),
        ({"name": "a.median", "value": None}, False),
        ({"name": "a.median", "value": None, "relative_tolerance": 0.5}, False),
        ({"name": "a.median", "value": math.inf, "tolerance": 1e9}, False),
        ({"name": "a.never", "value": None}, True),
        ({"name": "a.never", "value": math.inf}, True),
        ({"name": "a.never", "value": 100, "tolerance": 1e9}, False),
        ({"name": "a.never", "value": None, "z": 3}, True),
        ({"name": "a.flag", "value": 1}, True),
        ({"name": "a.text", "value": 1, "tolerance": 1e9}, False),
        ({"name": "a.no", "value": None}, False),
        ({"name": "a.missing", "value": 0, "tolerance": 1e9}, False),
    ],
    ids=str,
)
def test_an_expectation_is_met_within_its_tolerance_and_never_is_infinity(expected, passed):
    assert Expectation(**expected).check(FIGURES).passed == passed


def test_a_check_tells_value_expectation_and_tolerance():
    check = Expectation(name="a.median", value=105, z=2, source="somewhere").check(FIGURES)
    assert check == ("a.median", 100.0, 105.0, 4.0, False, "somewhere")


def test_a_method_that_climbs_in_more_directions_than_there_are_is_refused_where_it_stands():
    asked = escape(optimizers={"up": {"name": "high_index_saddle_dynamics", "k": 5, "learning_rate": 0.1}})
    (problem,) = asked.check()
    assert problem.path == ("optimizers", "up")
    assert "give k at most 2" in problem.message
