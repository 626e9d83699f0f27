"""The basins experiment: ends against closed forms and plain loops, sets of starts against counting."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from saddlesim.cli.tables import basins as basins_tables
from saddlesim.experiments import Basins
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.basins import nearest_points
from saddlesim.experiments.basins_result import largest_curvature
from saddlesim.experiments.endpoints import FINAL_KINDS
from saddlesim.experiments.start_sets import Grid, Uniform
from saddlesim.objectives import OBJECTIVES
from saddlesim.observers import Rest
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario
from saddlesim.store import load_result

SQUARE = ((-1.0, 1.0), (-1.0, 1.0))
GD = {"name": "gradient_descent", "learning_rate": 0.4}


def basins(**changes):
    fields = {
        "objective": {"name": "strict_saddle_toy"},
        "starts": {
            "grid": {"name": "grid", "n_points": (12, 15), "box": SQUARE},
            "random": {"name": "uniform", "n_points": 50, "box": SQUARE},
        },
        "optimizers": {"gd": GD, "newton": {"name": "newton"}},
        "n_steps": 200,
    }
    return Basins(**(fields | changes))


def result_of(asked, seed=0):
    blocks = {
        point: [asked.run_block(point, b, seed) for b in range(asked.n_blocks(point))] for point in asked.points()
    }
    return asked.reduce(blocks, seed)


@pytest.fixture(scope="module")
def toy():
    return result_of(basins())


# ---- ends


@pytest.mark.parametrize("starts", ["grid", "random"])
def test_gradient_descent_ends_at_the_minimum_on_its_side(toy, starts):
    y = toy.of_set("start", starts)[1]
    ends = toy["point"][toy.lanes("end_point", starts, "gd")]
    np.testing.assert_array_equal(ends, np.where(y < 0, "minimum_1", "minimum_2"))
    assert (toy.lanes("end_kind", starts, "gd") == FINAL_KINDS.index("minimum")).all()


@pytest.mark.parametrize("starts", ["grid", "random"])
def test_newton_ends_where_a_plain_loop_does_and_the_saddle_captures_what_is_nearer_than_the_two_cycle(toy, starts):
    y = toy.of_set("start", starts)[1]
    expected = []
    for each in y:
        for _ in range(200):
            each = 2 * each**3 / (3 * each * each - 1)
        expected.append({-1: "minimum_1", 0: "saddle", 1: "minimum_2"}[round(each)])
    np.testing.assert_array_equal(toy["point"][toy.lanes("end_point", starts, "newton")], expected)
    figures = toy.summary()["starts"][starts]["optimizers"]["newton"]
    assert figures["n_captured"] == (abs(y) < 1 / math.sqrt(5)).sum()
    assert figures["learning_rate_times_lipschitz"] is None


def test_the_axis_is_captured_and_rates_beyond_two_over_l_end_nowhere():
    asked = basins(
        starts={
            "axis": {"name": "grid", "n_points": (20, 1), "box": SQUARE},
            "random": {"name": "uniform", "n_points": 50, "box": SQUARE},
        },
        optimizers={"gd": GD, "above": {**GD, "learning_rate": 1.2}, "far": {**GD, "learning_rate": 2.2}},
    )
    starts = result_of(asked).summary()["starts"]
    assert starts["axis"]["optimizers"]["gd"]["fraction_captured"] == 1
    assert starts["axis"]["optimizers"]["above"]["fraction_captured"] == 1
    assert starts["random"]["optimizers"]["above"]["end_kinds"]["moving"] == 1
    assert starts["random"]["optimizers"]["far"]["end_kinds"]["infinite"] == 1
    none = starts["random"]["optimizers"]["gd"]
    assert none["fraction_captured"] == 0
    z2 = 1.959963984540054**2
    assert none["fraction_captured_high"] == pytest.approx(z2 / (50 + z2))  # Wilson's for 0 of 50
    assert none["learning_rate_times_lipschitz"] == pytest.approx(0.8)


def test_a_maximum_captures_too_and_the_list_tells_what_the_hessian_does_not():
    at_zero = {"zero": {"name": "grid", "n_points": (1, 1), "box": SQUARE}}
    newton = {"newton": {"name": "newton"}}
    peak = result_of(
        basins(objective={"name": "quadratic", "eigenvalues": (-1, -2)}, starts=at_zero, optimizers=newton)
    )
    assert peak.summary()["starts"]["zero"]["optimizers"]["newton"]["fraction_captured"] == 1
    monkey = result_of(basins(objective={"name": "monkey_saddle"}, starts=at_zero, optimizers=newton))
    assert monkey.summary()["starts"]["zero"]["optimizers"]["newton"]["end_kinds"]["saddle"] == 1


def test_a_critical_point_that_is_not_listed_is_told_as_such():
    unlisted = {"name": "expression", "expression": "x**2 + y**2", "domain": SQUARE}
    figures = result_of(basins(objective=unlisted)).summary()["starts"]["grid"]["optimizers"]["gd"]
    assert figures["fraction_unlisted"] == 1
    assert figures["end_kinds"]["minimum"] == 1
    assert figures["end_points"] == {}


def test_the_nearest_known_point_is_that_of_all_distances():
    known = OBJECTIVES["himmelblau"]().critical_points
    x = np.random.default_rng(0).uniform(-5, 5, (2, 200))
    x[:, 7] = np.inf
    distance = np.array([np.linalg.norm(x - each.x[:, None], axis=0) for each in known])
    expected = np.where(distance.min(axis=0) <= 1.5, distance.argmin(axis=0), -1)
    np.testing.assert_array_equal(nearest_points(known, x, 1.5), expected)
    assert (nearest_points((), x, 1.5) == -1).all()


def test_rest_is_the_step_after_the_last_that_moved():
    lengths = np.array([[5, 1, 1, 1], [1, 5, 1, 1], [5, 5, 5, 1], [1, 1, 5, 5], [1, 1, 1, np.nan]], dtype=float)
    observer = Rest(2.0)
    seen = observer.start(OBJECTIVES["quadratic"](), np.zeros((2, 4)))
    for step, each in enumerate(lengths):
        seen = observer.update(seen, step, SimpleNamespace(gradient=np.stack([each, 0 * each])))
    np.testing.assert_array_equal(seen, [3, 3, 4, -1])


def test_rest_is_counted_by_the_closed_form():
    bowl = {"name": "quadratic", "eigenvalues": (1, 1)}
    result = result_of(basins(objective=bowl, optimizers={"gd": {**GD, "learning_rate": 0.5}}))
    length = np.linalg.norm(result["start"], axis=0)
    np.testing.assert_array_equal(result["rest_step"][0], np.ceil(np.log2(length / 1e-6)))


# ---- curvature


def test_the_largest_curvature_is_that_of_the_region(toy):
    assert toy.lipschitz == {"grid": 2, "random": 2}  # |3 y^2 - 1| at the corners
    assert largest_curvature(OBJECTIVES["quadratic"](eigenvalues=(1, -3)), np.zeros((2, 1))) == 3


# ---- sets of starts


def test_each_cell_of_a_grid_holds_one_start_and_no_start_is_on_an_axis_of_symmetry():
    himmelblau = OBJECTIVES["himmelblau"]()
    grid = Grid(n_points=(7, 4), box=((0.0, 7.0), (-2.0, 2.0)))
    x = grid.draw(himmelblau, 0, grid.count, np.random.default_rng(0))
    np.testing.assert_array_equal(np.floor(x[0]), np.tile(np.arange(7), 4))
    np.testing.assert_array_equal(np.floor(x[1]), np.repeat(np.arange(-2, 2), 7))
    parts = x % 1
    np.testing.assert_allclose(parts[0], (math.sqrt(5) - 1) / 2)
    np.testing.assert_allclose(parts[1], math.sqrt(5) - 2)
    centred = Grid(n_points=(3, 3), box=SQUARE, centred=True)
    assert (centred.draw(himmelblau, 0, 9, np.random.default_rng(0)) == 0).any(axis=0).sum() == 5


def test_a_slice_holds_the_other_axes_in_the_middle():
    grid = Grid(n_points=(2, 1, 3, 1))
    x = grid.draw(OBJECTIVES["rosenbrock"](dimension=4), 0, 6, np.random.default_rng(0))
    domain = OBJECTIVES["rosenbrock"](dimension=4).domain
    np.testing.assert_array_equal(x[[1, 3]], np.repeat(domain.mean(axis=1)[[1, 3], None], 6, axis=1))
    assert len(np.unique(x[0])) == 2
    assert len(np.unique(x[2])) == 3


def test_blocks_cut_a_grid_and_change_nothing(toy):
    cut = result_of(basins(block_size=7))
    np.testing.assert_array_equal(cut.of_set("start", "grid"), toy.of_set("start", "grid"))
    for name in ("end_point", "end_kind", "rest_step"):
        np.testing.assert_array_equal(cut.of_set(name, "grid"), toy.of_set(name, "grid"))


def test_random_starts_fill_the_box():
    x = Uniform(n_points=4000, box=((2.0, 3.0), (-5.0, -1.0))).draw(
        OBJECTIVES["himmelblau"](), 0, 4000, np.random.default_rng(0)
    )
    assert ((x[0] >= 2) & (x[0] < 3) & (x[1] >= -5) & (x[1] < -1)).all()
    np.testing.assert_allclose(x.mean(axis=1), [2.5, -3], atol=4 * 4 / math.sqrt(12 * 4000))


# ---- bad input

TEXT = """version: 1
title: basins
experiment:
  name: basins
  objective: {name: himmelblau}
  starts:
    grid: {name: grid, n_points: [6, 5], box: [[-5, 5], [-5, 5]]}
    random: {name: uniform, n_points: 30}
  optimizers:
    gd: {name: gradient_descent, learning_rate: 0.01}
    noisy: {name: noisy_gradient_descent, learning_rate: 0.01, noise: 1e-3}
  n_steps: 100
  block_size: 20
"""

MISTAKES = [
    ("box: [[-5, 5], [-5, 5]]", "box: [[-5, 5]]", "7:47: experiment.starts.grid.box: ", "has 1 sides but"),
    ("box: [[-5, 5], [-5, 5]]", "box: [[5, -5], [-5, 5]]", "7:47: experiment.starts.grid.box: ", "low <= high"),
    ("n_points: [6, 5]", "n_points: [6]", "7:34: experiment.starts.grid.n_points: ", "has 1 axes but"),
    ("n_points: [6, 5]", "n_points: [60000, 50000]", "7:34: experiment.starts.grid.n_points: ", "at most 100000000"),
    ("n_points: 30", "n_points: 0", "8:39: experiment.starts.random.n_points: ", "must be positive"),
    ("name: uniform", "name: uniformly", "8:20: experiment.starts.random.name: ", "did you mean 'uniform'"),
]


@pytest.mark.parametrize(("old", "new", "where", "told"), MISTAKES, ids=[each[1] for each in MISTAKES])
def test_a_mistake_is_told_with_its_place(old, new, where, told):
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(TEXT.replace(old, new), "a.yaml")
    assert str(caught.value).startswith(f"a.yaml:{where}")
    assert told in str(caught.value)


# ---- the way through the program


def test_bytes_do_not_depend_on_workers_and_the_result_can_be_read_back(tmp_path):
    scenario = parse_scenario(TEXT, name="basins")
    one, two = run(scenario, jobs=1, out=tmp_path / "one"), run(scenario, jobs=2, out=tmp_path / "two")
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert len(list((one.folder / "blocks").iterdir())) == 8
    assert load_result(one.folder / "results.nc").summary() == one.result.summary()
    assert set(dotted_figures(one.summary)) <= set(scenario.experiment.summary_names())
    _, grid, _, random = basins_tables.tables(one)
    assert (grid.row_count, random.row_count) == (2, 2)


def test_the_map_has_the_colour_of_the_end_at_each_start(toy):
    figures = plot(toy)
    assert list(figures) == ["basins_grid"]
    axes = figures["basins_grid"].axes[1]  # Newton's
    (image,) = axes.images
    pixels = np.asarray(image.get_array())
    assert pixels.shape == (15, 12, 3)
    captured = (pixels == 0).all(axis=2).ravel()
    np.testing.assert_array_equal(captured, toy.lanes("end_kind", "grid", "newton") == FINAL_KINDS.index("saddle"))
    y = toy.of_set("start", "grid")[1].reshape(15, 12)[:, 0]
    left, right, bottom, top = image.get_extent()
    rows = bottom + (top - bottom) * np.arange(16) / 15
    assert ((rows[:-1] < y) & (y < rows[1:])).all()
    assert (left, right) == (-1, 1)
