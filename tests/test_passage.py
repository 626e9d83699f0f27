"""The passage experiment: visits against a loop over lanes, dwell against the linear laws, statistics against hand-made lanes."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from saddlesim.cli.tables import passage as passage_tables
from saddlesim.experiments import Passage
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.saddles import resolve
from saddlesim.experiments.starts import STARTS
from saddlesim.objectives import OBJECTIVES
from saddlesim.observers import ChainVisits
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario
from saddlesim.store import load_result


def passage(rate=0.2, n_levels=3, **changes):
    """Gradient descent down a staircase of curvature 1/4."""
    staircase = {"name": "staircase", "rates": (0.75, 0.5, 0.25)[:n_levels], "curvature": 0.25}
    fields = {
        "runs": {"gd": {"objective": staircase, "optimizer": {"name": "gradient_descent", "learning_rate": rate}}},
        "start": {"name": "uniform_cube", "scale": 0.01},
        "radius": 0.15,
        "n_steps": 800,
        "n_lanes": 30,
        "n_recorded_lanes": 4,
        "block_size": 20,
    }
    return Passage(**(fields | changes))


def result_of(asked, seed=0):
    blocks = {
        label: [asked.run_block(label, b, seed) for b in range(asked.n_blocks(label))] for label in asked.points()
    }
    return asked.reduce(blocks, seed)


# ---- visits


@pytest.mark.parametrize("signs_matter", [True, False])
def test_visits_are_those_of_a_loop_over_lanes(signs_matter):
    rng = np.random.default_rng(0)
    points = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]])
    path = np.cumsum(rng.normal(scale=0.4, size=(120, 2, 40)), axis=0)
    path[60:, :, 3] = np.nan
    observer = ChainVisits(points, 0.9, signs_matter)
    seen = observer.start(OBJECTIVES["quadratic"](), path[0])
    for step, x in enumerate(path):
        seen = observer.update(seen, step, SimpleNamespace(x=x))
    looked_at = path if signs_matter else abs(path)
    for k, point in enumerate(points):
        for lane in range(40):
            distance = np.linalg.norm(looked_at[:, :, lane] - point, axis=1)
            came = next((t for t, each in enumerate(distance) if each < 0.9), -1)
            left = next((t for t, each in enumerate(distance) if t > came >= 0 and each >= 0.9), -1)
            assert (seen.arrival[k, lane], seen.departure[k, lane]) == (came, left)
    assert (seen.arrival[1:] >= 0).any()
    assert (seen.departure[1:] >= 0).any()


@pytest.mark.parametrize("objective", [OBJECTIVES["octopus"](dimension=3), OBJECTIVES["staircase"]()], ids=str)
def test_the_chain_is_the_points_of_the_plus_signs(objective):
    known = {each.label: each.x for each in objective.critical_points}
    labels = ["saddle_1", "saddle_2", "saddle_4", "minimum_1"]
    np.testing.assert_array_equal(objective.chain, [known[label] for label in labels])


def test_starts_in_a_cube_are_uniform_round_the_saddle():
    saddle = resolve(OBJECTIVES["himmelblau"](), "saddle_2")
    offset = STARTS["uniform_cube"](scale=0.5).draw(saddle, 4000, np.random.default_rng(0)) - saddle.x[:, None]
    assert (abs(offset) <= 0.5).all()
    deciles = np.histogram(offset, np.linspace(-0.5, 0.5, 11))[0]
    assert ((deciles - 800) ** 2 / 800).sum() < 27.9  # chi-square with 9 degrees of freedom, p = 0.001


# ---- dwell against the linear laws


def test_the_first_dwell_is_that_of_the_linear_saddle():
    result = result_of(passage(start={"name": "point", "offset": (1e-6, 1e-3, 1e-3)}, radius=0.01, n_lanes=1))
    growing, shrinking = 1 + 0.2 * 0.75, 1 - 0.2 * 0.25
    steps = np.arange(200)
    distance = np.hypot(1e-6 * growing**steps, math.sqrt(2) * 1e-3 * shrinking**steps)
    first = int((distance >= 0.01).argmax())
    assert result.summary()["runs"]["gd"]["saddles"]["1"]["median_dwell"] == pytest.approx(first, abs=1)


@pytest.mark.parametrize("rate", [0.1, 0.2])
def test_a_nearer_start_lengthens_each_dwell_by_the_linear_law(rate):
    """What is closed shrinks by 1 - eta c a step all the while, and then grows by 1 + eta gamma; ways between saddles cancel."""
    nearer, closing = math.log(1e4), -math.log(1 - rate * 0.25)
    expected, passed = [], 0.0
    for gamma in (0.75, 0.5, 0.25):
        expected.append((nearer + passed * closing) / math.log(1 + rate * gamma))
        passed += expected[-1]
    medians = []
    for scale in (1e-4, 1e-8):
        asked = passage(rate, start={"name": "point", "offset": (scale,) * 3}, n_lanes=1, n_steps=8000)
        assert asked.check() == []
        figures = result_of(asked).summary()["runs"]["gd"]
        medians.append([each["median_dwell"] for each in figures["saddles"].values()])
        assert figures["fraction_at_end"] == 1
        assert figures["final_kinds"]["minimum"] == 1
        assert figures["predicted_growth"] is None
    np.testing.assert_allclose(np.subtract(*medians[::-1]), expected, rtol=0.005)


def test_the_octopus_holds_gradient_descent_by_its_law_and_perturbed_descent_evenly():
    rate, gamma = 0.1, 0.8
    octopus = {"name": "octopus", "dimension": 4, "curvature": 1.5, "gamma": gamma}
    shaken = {"radius": 0.03, "gradient_threshold": 0.03, "step_threshold": 1}
    asked = passage(
        runs={
            "gd": {"objective": octopus, "optimizer": {"name": "gradient_descent", "learning_rate": rate}},
            "perturbed": {
                "objective": octopus,
                "optimizer": {"name": "perturbed_gradient_descent", "learning_rate": rate, **shaken},
            },
        },
        start={"name": "uniform_cube", "scale": 1},
        radius=math.e,
        n_steps=1500,
    )
    runs = result_of(asked).summary()["runs"]
    assert runs["gd"]["predicted_growth"] == pytest.approx(1 + math.log(1 / 0.7) / math.log(1.16), rel=1e-12)
    assert runs["gd"]["growth"] == pytest.approx(runs["gd"]["predicted_growth"], rel=0.03)
    assert runs["perturbed"]["growth"] == pytest.approx(1, abs=0.15)
    assert runs["perturbed"]["fraction_at_end"] == 1


def test_no_growth_is_predicted_where_the_tunnel_is_unstable():
    octopus = {"name": "octopus", "curvature": 1}
    fast = {"objective": octopus, "optimizer": {"name": "gradient_descent", "learning_rate": 0.5}}
    assert (
        result_of(passage(runs={"gd": fast}, radius=2, n_steps=5)).summary()["runs"]["gd"]["predicted_growth"] is None
    )


# ---- statistics


def hand_made():
    """Six lanes on a chain of three saddles and an end, watched for 100 steps."""
    never = -1
    #            all pass    slow   passed by  still at 2  still at 1  on the way
    arrival = [
        [0, 0, 0, 0, 0, 0],
        [12, 22, never, 10, never, never],
        [35, 52, 30, never, never, never],
        [60, never, 90, never, never, never],
    ]
    departure = [
        [10, 20, 25, 8, never, 95],
        [30, 40, never, never, never, never],
        [55, never, 85, never, never, never],
        [never] * 6,
    ]
    asked = passage(n_lanes=6, n_steps=100, n_recorded_lanes=0)
    block = asked.run_block("gd", 0, 0)
    block |= {"arrival": np.array(arrival), "departure": np.array(departure)}
    return asked.reduce({"gd": [block]}, 0)


def test_lanes_that_pass_by_dwell_nothing_and_those_still_there_are_censored():
    first, second, third = hand_made().dwells["gd"]
    np.testing.assert_array_equal(first.steps, [10, 20, 25, 8, -1, 95])
    np.testing.assert_array_equal(second.steps[second.reached], [18, 18, 0, -1])
    np.testing.assert_array_equal(second.observed[second.reached], [88, 78, 0, 90])
    np.testing.assert_array_equal(third.steps[third.reached], [20, -1, 55])


def test_figures_of_hand_made_lanes():
    figures = hand_made().summary()["runs"]["gd"]
    first, second, third = figures["saddles"].values()
    assert [each["median_dwell"] for each in (first, second, third)] == [20, 18, 55]
    assert [each["fraction_reached"] for each in (first, second, third)] == [1, 4 / 6, 3 / 6]
    assert second["fraction_passed_by"] == pytest.approx(1 / 6)
    assert second["fraction_still_there"] == pytest.approx(1 / 6)
    assert first["growth"] is None
    assert second["growth"] == 18 / 20  # of 18/10, 18/20, 0 and one cut off
    assert third["growth"] == 20 / 18  # of 20/18 and one cut off; who passed by has no ratio
    assert figures["fraction_at_end"] == pytest.approx(2 / 6)
    assert figures["median_steps_to_end"] == math.inf


def test_a_saddle_that_no_lane_came_to_has_no_median():
    figures = result_of(passage(n_steps=3)).summary()["runs"]["gd"]
    assert figures["saddles"]["2"]["median_dwell"] is None
    assert figures["saddles"]["1"]["median_dwell"] == math.inf
    assert figures["growth"] is None


def test_every_figure_is_announced():
    result = result_of(passage())
    assert set(dotted_figures(result.summary())) - {"n_lanes", "n_steps", "radius"} <= set(
        result.experiment.summary_names()
    )


def test_runs_of_different_dimension_share_an_array():
    asked = passage()
    short = passage(n_levels=2).runs["gd"]
    both = passage(runs={"long": asked.runs["gd"], "short": short}, start={"name": "uniform_ball", "scale": 0.01})
    result = result_of(both)
    assert result["arrival"].shape == (2, 4, 30)
    assert (result["arrival"][1, 3:] == -1).all()
    assert result.lanes("arrival", "short").shape == (3, 30)


# ---- a chain of one's own


def test_a_chain_by_labels_minds_the_signs():
    figures = result_of(passage(chain=["saddle_1", "saddle_2", "saddle_4"], n_lanes=40)).summary()["runs"]["gd"]
    assert 0.2 < figures["saddles"]["2"]["fraction_reached"] < 0.8
    assert list(figures["saddles"]) == ["1", "2"]


TEXT = """
version: 1
title: chain
experiment:
  name: passage
  runs:
    gd:
      objective: {name: staircase}
      optimizer: {name: gradient_descent, learning_rate: 0.2}
  chain: [saddle_1, saddle_2]
  start: {name: uniform_ball, scale: 0.01}
  radius: 0.2
  n_steps: 400
  n_lanes: 30
  block_size: 20
"""

MISTAKES = [
    (
        "chain: [saddle_1, saddle_2]",
        "chain: [saddle_1, saddle_9]",
        "10:10: experiment.chain: ",
        "no known critical point 'saddle_9'",
    ),
    (
        "chain: [saddle_1, saddle_2]",
        "chain: [[0, 0, 0], [1, 0, 0]]",
        "10:10: experiment.chain: ",
        "[1, 0, 0] is no critical point",
    ),
    ("chain: [saddle_1, saddle_2]", "chain: [[0, 0], [1, 0]]", "10:10: experiment.chain: ", "2 components but"),
    ("chain: [saddle_1, saddle_2]", "chain: [minimum_1, saddle_2]", "10:10: experiment.chain: ", "is a minimum"),
    ("chain: [saddle_1, saddle_2]", "chain: [saddle_1]", "10:10: experiment.chain: ", "at least two points"),
    (
        "chain: [saddle_1, saddle_2]",
        "chain: [7, saddle_2]",
        "10:11: experiment.chain[0]: ",
        "give a point by coordinates",
    ),
    ("radius: 0.2", "radius: 2", "12:11: experiment.radius: ", "more than half of the way"),
    ("uniform_ball, scale: 0.01", "point, x: [9, 0, 0]", "11:10: experiment.start: ", "outside the radius"),
    (
        "name: gradient_descent, learning",
        "name: newtonn, learning",
        "9:25: experiment.runs.gd.optimizer.name: ",
        "no optimizer",
    ),
]


@pytest.mark.parametrize(("old", "new", "where", "told"), MISTAKES, ids=[each[1] for each in MISTAKES])
def test_a_mistake_is_told_with_its_place(old, new, where, told):
    assert old in TEXT
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(TEXT.replace(old, new).lstrip("\n"), "a.yaml")
    line, column = where.split(":")[:2]
    assert str(caught.value).startswith(f"a.yaml:{int(line) - 1}:{column}:{where.split(':', 2)[2]}")
    assert told in str(caught.value)


def test_an_objective_without_a_chain_says_so():
    himmelblau = {"objective": {"name": "himmelblau"}, "optimizer": {"name": "newton"}}
    (problem,) = passage(runs={"newton": himmelblau}).check()
    assert problem.path == ("runs", "newton", "objective")
    assert "has no chain of its own" in problem.message


# ---- the way through the program


def test_bytes_do_not_depend_on_workers_and_the_result_can_be_read_back(tmp_path):
    scenario = parse_scenario(TEXT, name="chain")
    one, two = run(scenario, jobs=1, out=tmp_path / "one"), run(scenario, jobs=2, out=tmp_path / "two")
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert len(list((one.folder / "blocks").iterdir())) == 2
    assert load_result(one.folder / "results.nc").summary() == one.result.summary()
    _, table, _ = passage_tables.tables(one)
    headers = ["run", "1", "growth", "by the law", "at the end", "diverged"]
    assert [column.header for column in table.columns] == headers
    assert table.row_count == 1


def test_the_picture_shows_each_run_and_the_law():
    octopus = {"name": "octopus", "dimension": 3, "curvature": 1}
    asked = passage(
        runs={"gd": {"objective": octopus, "optimizer": {"name": "gradient_descent", "learning_rate": 0.25}}},
        start={"name": "uniform_cube", "scale": 1},
        radius=math.e,
        n_steps=200,
    )
    result = result_of(asked)
    dwell, value = plot(result)["passage"].axes
    (law,) = (line for line in dwell.lines if line.get_color() == "black")
    ratio = 1 + math.log(2) / math.log(1.5)
    np.testing.assert_allclose(np.diff(np.log(law.get_ydata())), math.log(ratio), rtol=1e-12)
    (line,) = value.lines
    assert line.get_ydata()[-1] == pytest.approx(0, abs=1e-6)


def test_lanes_that_run_away_have_not_left():
    asked = Passage(
        runs={
            "wild": {
                "objective": {"name": "staircase"},
                "optimizer": {"name": "gradient_descent", "learning_rate": 100},
            }
        },
        start={"name": "uniform_ball", "scale": 0.01},
        radius=0.18,
        n_steps=200,
        n_lanes=50,
    )
    result = asked.reduce({"wild": [asked.run_block("wild", 0, 0)]}, 0)
    told = result.summary()["runs"]["wild"]
    assert told["final_kinds"]["infinite"] == 1
    assert told["fraction_diverged"] == 1
    assert told["saddles"]["1"]["median_dwell"] == np.inf
    assert told["growth"] is None
