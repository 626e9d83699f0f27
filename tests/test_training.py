from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from saddlesim.cli.tables import training as training_table
from saddlesim.experiments import Training
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.training import curvatures
from saddlesim.experiments.training.approaches import PLACES, Approach
from saddlesim.experiments.training.curvatures import Curvature
from saddlesim.experiments.training.plateaus import plateaus
from saddlesim.objectives import OBJECTIVES
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario

SCENARIO = """
version: 1
title: trained
seed: 1
experiment:
  name: training
  objective:
    name: multilayer_perceptron
    layers: [2, 3, 3]
    data: {name: gaussian_mixture, n_samples: 30}
    weight_decay: 0.01
  initialisation: {name: small, scale: 0.001}
  optimizers:
    gd: {name: gradient_descent, learning_rate: 0.1}
    sgd: {name: stochastic_gradient_descent, learning_rate: 0.2, batch_size: 5}
    adam: {name: minibatch, optimizer: {name: adam, learning_rate: 0.02}, batch_size: 5}
  n_runs: 2
  n_steps: 205
  record_every: 5
  curvature_every: 50
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return run(parse_scenario(SCENARIO, name="it"), 1, tmp_path_factory.mktemp("one"))


def computed(**fields):
    asked = Training(**fields)
    assert asked.check() == []
    return asked.reduce({point: [asked.run_block(point, 0, 0)] for point in asked.points()}, 0)


# ---- plateaus


def test_plateaus_of_a_constructed_run_are_where_it_was_made_to_rest():
    # peaks of 1, 50 and 2 at 100, 200 and 300, and exponential slopes of a decade in 20 records between: a valley is at each 50
    step = np.arange(401)
    valleys = np.interp(
        step, [0, 50, 100, 150, 200, 250, 300, 400], [0, -2.5, 0, -2.5, np.log10(50), -2.5, np.log10(2), -4.7]
    )
    found = plateaus(10**valleys, 0.1)
    assert [each.flattest for each in found] == [50, 150, 250, 400]
    assert [each.is_left for each in found] == [True, True, True, False]
    for each, lower in zip(found, (1, 1, 2, 2), strict=True):
        inside = step[(10**valleys <= 0.1 * lower) & (abs(step - each.flattest) < 50)]
        within = inside if each.is_left else step[(step > 300) & (10**valleys <= 0.1 * lower)]
        assert (each.first, each.last) == (within.min(), within.max())


def test_plateaus_do_not_depend_on_the_scale_of_the_loss_or_on_what_wiggles():
    step = np.arange(300)
    norms = np.exp(-3 * np.cos(2 * np.pi * step / 100))
    plain = plateaus(norms, 0.1)
    assert plateaus(1e-30 * norms, 0.1) == plain
    noisy = plateaus(norms * np.exp(0.1 * np.random.default_rng(0).standard_normal(300)), 0.1)
    assert len(noisy) == len(plain) == 4  # at 0, 100, 200 and the end
    for each, other in zip(noisy, plain, strict=True):
        assert abs(each.first - other.first) <= 3
        assert abs(each.last - other.last) <= 3
        assert each.is_left == other.is_left


@pytest.mark.parametrize(
    ("norms", "at_rest", "expected"),
    [
        ([0.0] * 5, 0.0, [(0, 4, 0, False)]),
        ([1e-17, 3e-16, 1e-18, 5e-17], 1e-15, [(0, 3, 0, False)]),
        ([1.0, 2.0, 1.5, 0.9], 0.0, []),  # nothing differs by the factor
        ([1.0, 1.0, 0.01, 1.0, 1.0], 0.0, []),  # a dip
        ([1.0, 0.01, 0.01, 0.01, np.nan, 0.01], 0.0, [(1, 3, 1, False)]),
        ([np.inf, 1.0, 1.0], 0.0, []),
    ],
)
def test_plateaus_at_the_edges_of_their_definition(norms, at_rest, expected):
    assert [tuple(each) for each in plateaus(np.array(norms), 0.1, at_rest)] == expected


# ---- what is near


def test_from_near_a_known_saddle_it_is_found_with_its_distance_and_index():
    objective, x = OBJECTIVES["strict_saddle_toy"](), np.array([0.1, -0.2])
    found = Approach.of(objective, x, 200)
    assert PLACES[found.place] == "saddle"
    assert (found.found_index, found.found_nullity) == (1, 0)
    assert found.distance == pytest.approx(np.hypot(0.1, 0.2), rel=1e-9)
    assert PLACES[Approach.of(objective, np.array([0.1, 0.9]), 200).place] == "minimum"


def test_where_the_gradient_is_flat_and_not_zero_no_critical_point_is_claimed():
    # x + x^3 / 3 has no critical point; its slope 1 + x^2 is smallest, and |gradient|^2 with it, at 0
    found = Approach.of(
        OBJECTIVES["expression"](expression="x + x**3/3 + y**2", variables=["x", "y"]), np.array([0.4, 0.3]), 200
    )
    assert PLACES[found.place] == "gradient_flat"
    assert found.found_gradient_norm == pytest.approx(1, abs=1e-6)


def test_an_autoencoder_rests_near_saddles_of_known_loss_and_index():
    data = {"name": "normal_inputs", "variances": [4, 1.5, 0.5], "n_samples": 20}
    result = computed(
        objective={"name": "linear_autoencoder", "data": data, "hidden": 2},
        optimizers={"gd": {"name": "gradient_descent", "learning_rate": 0.04}},
        initialisation={"name": "small", "scale": 1e-6},
        n_runs=1,
        n_steps=600,
        record_every=2,
    )
    known = {
        len(each.subset): each
        for each in result.experiment.objective.critical_subsets()
        if each.subset == tuple(range(len(each.subset)))
    }
    assert result["found_index"][0, 0].tolist() == [known[k].index for k in range(3)] == [6, 2, 0]
    np.testing.assert_allclose(result["found_loss"][0, 0], [3.0, 1.0, 0.25], atol=1e-12)
    assert result["left"][0, 0].tolist() == [1, 1, 0]
    assert (result["distance"][0, 0] < 0.01 * result["span"][0, 0]).all()


# ---- curvature


def test_eigenvalues_and_index_are_those_of_the_whole_hessian(done):
    result, network = done.result, done.result.experiment.objective
    for o in range(3):
        for r in range(2):
            values = np.linalg.eigvalsh(network.hessian(result["final_x"][o, r]))
            assert result["lowest_eigenvalue"][o, -1, r] == pytest.approx(values[0], abs=1e-12)
            assert result["highest_eigenvalue"][o, -1, r] == pytest.approx(values[-1], rel=1e-12)
            assert result["index"][o, -1, r] == (values < 0).sum()
            assert result["loss"][o, -1, r] == pytest.approx(float(network.value(result["final_x"][o, r])), rel=1e-14)


def test_by_products_the_ends_are_the_same_and_the_interval_has_the_index(monkeypatch):
    network = OBJECTIVES["multilayer_perceptron"](
        layers=(3, 30, 4), data={"name": "gaussian_mixture", "dimension": 3, "n_classes": 4}, weight_decay=0.001
    )
    x = 0.3 * np.random.default_rng(0).standard_normal(network.dimension)
    exact = Curvature.at(network, x, np.random.default_rng(1))
    monkeypatch.setattr(curvatures, "LARGEST_EXACT", 100)
    found = Curvature.at(network, x, np.random.default_rng(1))
    scale = exact.highest_eigenvalue
    assert found.lowest_eigenvalue == pytest.approx(exact.lowest_eigenvalue, abs=1e-5 * scale)
    assert found.highest_eigenvalue == pytest.approx(exact.highest_eigenvalue, abs=1e-5 * scale)
    assert found.index_low <= exact.index <= found.index_high
    assert exact.index_low == exact.index == exact.index_high


# ---- runs


def test_descent_is_the_update_rule_from_starts_that_all_share(done):
    result, asked = done.result, done.result.experiment
    np.testing.assert_array_equal(result["loss"][:, 0], np.broadcast_to(result["loss"][0, 0], (3, 2)))
    x = asked.starts(np.random.default_rng(np.random.SeedSequence(1, spawn_key=(0, 0))))
    for _ in range(205):
        x = x - 0.1 * asked.objective.gradient(x)
    np.testing.assert_allclose(result["final_x"][0], x.T, rtol=1e-12)
    np.testing.assert_array_equal(result["error"][0, -1], asked.objective.error(x))


def test_hidden_units_that_begin_alike_stay_alike():
    result = computed(
        objective={"name": "multilayer_perceptron", "layers": [2, 2, 1], "loss": "logistic"},
        optimizers={"gd": {"name": "gradient_descent", "learning_rate": 0.5}},
        initialisation={"name": "symmetric"},
        n_steps=300,
    )
    (inner, bias), (outer, _) = result.experiment.objective.split(result["final_x"][0].T)
    np.testing.assert_allclose(inner[:, 0], inner[:, 1], rtol=1e-12)
    np.testing.assert_allclose(bias[:, 0], bias[:, 1], rtol=1e-12)
    np.testing.assert_allclose(outer[:, 0, 0], outer[:, 0, 1], rtol=1e-12)


def test_any_objective_is_trained_on_from_starts_in_its_domain():
    result = computed(
        objective={"name": "himmelblau"},
        optimizers={"gd": {"name": "gradient_descent", "learning_rate": 0.01}},
        n_steps=400,
    )
    assert np.isnan(result["error"]).all()
    assert result.summary()["optimizers"]["gd"]["minimum"] == 3
    np.testing.assert_allclose(result["found_loss"], 0, atol=1e-24)


def test_runs_that_overflow_are_told_as_what_is_not_finite():
    result = computed(
        objective={"name": "himmelblau"},
        optimizers={"gd": {"name": "gradient_descent", "learning_rate": 1.0}},
        n_steps=200,
    )
    assert not np.isfinite(result["loss"][0, -1]).any()
    assert np.isnan(result["lowest_eigenvalue"][0, -1]).all()
    assert set(dotted_figures(result.summary())) <= set(result.experiment.summary_names())
    plot(result)


def test_summary_names_are_those_of_the_summary(done):
    assert set(dotted_figures(done.result.summary())) <= set(done.result.experiment.summary_names())


def test_the_same_bytes_come_whatever_the_workers_and_when_resumed(done, tmp_path):
    two = run(parse_scenario(SCENARIO, name="it"), 2, tmp_path)
    sorted((two.folder / "blocks").iterdir())[0].unlink()
    for name in ("results.nc", "summary.json"):
        (two.folder / name).unlink()
    resumed = run(parse_scenario(SCENARIO, name="it"), 1, tmp_path)
    assert resumed.manifest["blocks"]["computed"] == 1
    for name in ("results.nc", "summary.json"):
        assert (resumed.folder / name).read_bytes() == (done.folder / name).read_bytes()


def test_the_picture_shows_the_lines_and_shades_the_plateaus_of_the_first_run(done):
    result = done.result
    figure = plot(result)["training"]
    panels = np.array(figure.axes).reshape(4, 3)
    for o in range(3):
        np.testing.assert_array_equal(panels[0, o].lines[1].get_ydata(), result["loss"][o, :, 0])
        np.testing.assert_array_equal(panels[1, o].lines[1].get_ydata(), result["gradient_norm"][o, :, 0])
        np.testing.assert_array_equal(panels[2, o].lines[3].get_ydata(), result["lowest_eigenvalue"][o, :, 0])
        assert len(panels[0, o].patches) == result.exists[o, 0].sum()
    assert result.exists[0, 0].any()


def test_lines_at_zero_stand_clear_of_the_axes():
    result = computed(
        objective={"name": "multilayer_perceptron", "layers": (2, 2, 1), "data": {"name": "xor"}, "loss": "logistic"},
        initialisation={"name": "zero"},
        optimizers={"gd": {"name": "gradient_descent", "learning_rate": 0.5}},
        n_runs=1,
        n_steps=20,
        record_every=5,
        curvature_every=10,
    )
    _, gradient, spectrum, index = plot(result)["training"].axes
    for axes in (gradient, index):
        bottom, top = axes.get_ylim()
        assert bottom < 0 < top
        assert all((line.get_ydata() == 0).all() for line in axes.lines)
    assert spectrum.get_yscale() == "linear"


def test_the_legend_tells_the_colours_of_eigenvalues_from_those_of_other_lines(done):
    figure = plot(done.result)["training"]
    told = {line.get_label(): line for line in figure.legends[0].legend_handles}
    loss, gradient, spectrum, index = (figure.axes[3 * row].lines[1].get_color() for row in range(4))
    assert loss == gradient == index == told["other runs"].get_color()
    assert spectrum == told["highest eigenvalue"].get_color() != loss


def test_the_table_has_a_line_for_each_run_and_each_plateau(done):
    text = io.StringIO()
    for each in training_table.tables(done):
        Console(file=text, width=200).print(each)
    lines = text.getvalue().splitlines()
    n_lines = sum(line.split()[:1] in (["gd"], ["sgd"], ["adam"]) for line in lines)
    assert n_lines == 6 + done.result.exists.sum()
    assert "saddle" in text.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("curvature_every: 50", "curvature_every: 42", "42 is no multiple of record_every=5"),
        ("batch_size: 5}\n    adam", "batch_size: 50}\n    adam", "batch_size=50 is more than the 30 terms"),
        (
            "n_steps: 205",
            "n_steps: 10000000",
            "record_every: 5: records of x would hold 84000042 numbers; at most 20000000",
        ),
        ("scale: 0.001}", "scale: -1}", "scale"),
    ],
)
def test_bad_input_is_told(old, new, message):
    with pytest.raises(ScenarioError, match=message):
        parse_scenario(SCENARIO.replace(old, new))


@pytest.mark.parametrize(
    ("layers", "n_samples", "n_runs", "field", "told"),
    [
        (
            [2, 1500, 1500, 2],
            10,
            1,
            "objective",
            "2259002 components: the 80 vectors that an index is estimated from would hold 180720160 numbers; at most 20000000;"
            " choose 250000 components or fewer",
        ),
        (
            [2, 400, 400, 2],
            10,
            100,
            "n_runs",
            "100: the first and the last record of all would hold 32480400 numbers; at most 20000000; choose fewer, or a"
            " smaller network",
        ),
        (
            [2, 20, 2],
            10_000,
            100,
            "n_runs",
            "100: what all layers put out in all runs would hold 22000000 numbers; at most 20000000; choose fewer, or fewer"
            " samples",
        ),
    ],
)
def test_what_cannot_be_held_is_told_at_the_field_at_fault(layers, n_samples, n_runs, field, told):
    data = {"name": "two_moons", "n_samples": n_samples}
    (wrong,) = Training(
        objective={"name": "multilayer_perceptron", "layers": layers, "data": data},
        optimizers={"gd": {"name": "gradient_descent", "learning_rate": 0.01}},
        n_runs=n_runs,
        n_steps=10,
    ).check()
    assert (wrong.path, wrong.message) == ((field,), told)


def test_an_initialisation_is_for_networks_alone():
    asked = {"optimizers": {"gd": {"name": "gradient_descent", "learning_rate": 0.01}}, "n_steps": 10}
    (wrong,) = Training(objective={"name": "himmelblau"}, initialisation={"name": "zero"}, **asked).check()
    assert wrong.path == ("initialisation",)
    assert "no layered network" in wrong.message
