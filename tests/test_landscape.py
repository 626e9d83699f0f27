from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console
from scipy.optimize import minimize

from saddlesim.cli.tables import landscape as landscape_table
from saddlesim.experiments import EXPERIMENTS, Landscape, LandscapeResult
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.landscape import cuts, directions
from saddlesim.experiments.landscape.directions import oriented
from saddlesim.objectives import OBJECTIVES
from saddlesim.plots import plot, rendered
from saddlesim.problems import InvalidParameters
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario
from saddlesim.store import load_result

LINEAR = {"name": "two_layer_linear_network", "target_singular_values": (3.0, 2.0, 1.0), "hidden": 2}
DESCENT = {"name": "gradient_descent", "learning_rate": 0.3}
MOONS = {
    "name": "multilayer_perceptron",
    "layers": (2, 2, 1),
    "loss": "logistic",
    "data": {"name": "two_moons", "n_samples": 100},
    "weight_decay": 1e-3,
}


def computed(seed=0, **fields):
    asked = Landscape(**fields)
    assert asked.check() == []
    return asked.reduce({"landscape": [asked.run_block("landscape", 0, seed)]}, seed)


@pytest.fixture(scope="module")
def linear():
    return computed(
        objective=LINEAR, point="saddle_0", directions=(0, 1, -3, -2, -1), half_width=3, n_points=121, plane=(0, 1)
    )


@pytest.fixture(scope="module")
def trained():
    return computed(
        objective=MOONS,
        point={
            "optimizer": DESCENT,
            "n_steps": 1500,
            "initialisation": {"name": "small", "scale": 0.01},
            "search": "eigenvector_following",
        },
        directions=(0, 1, -1),
        half_width=0.1,
        relative=True,
        n_points=41,
    )


# ---- slices that are known


def test_a_quadratic_is_its_quadratic_model_wherever_it_is_cut():
    eigenvalues = (-3.0, 0.0, 0.5, 4.0)
    objective = OBJECTIVES["quadratic"](eigenvalues=eigenvalues)
    for point in ((0.0,) * 4, (1.0, -2.0, 0.5, 3.0)):
        result = computed(objective=objective, point=point, directions=(0, 1, 2, 3), half_width=2, plane=(0, 3))
        np.testing.assert_allclose(result["eigenvalue"], eigenvalues, atol=1e-14)
        np.testing.assert_allclose(result["value"], result["model"], rtol=1e-13, atol=1e-12)
        t = result["position"]
        x = result["x"]
        exact = [
            (np.array(eigenvalues) @ (x * x) + 2 * t * s * x[k] * e + e * t * t) / 2
            for k, (e, s) in enumerate(zip(eigenvalues, result["vector"].diagonal(), strict=True))
        ]
        np.testing.assert_allclose(result["value"], exact, atol=1e-12)
        np.testing.assert_allclose(
            result["plane"] - result.value,
            (result["model"][3] - result.value)[:, None] + (result["model"][0] - result.value),
            atol=1e-11,
        )
        figures = result.summary()["directions"]
        assert [each["model_error"] for each in figures.values()] == [0] * 4
        assert [each["model_holds_to"] for each in figures.values()] == [2] * 4


def test_slices_of_a_linear_network_at_its_saddle_are_the_polynomials_that_they_must_be(linear):
    t = linear["position"]
    np.testing.assert_allclose(linear["eigenvalue"], [-2, -1, 4, 5, 6], atol=1e-13)
    # an idle unit (t / sqrt 2 in both layers) towards a missing mode s: (t^2 / 2 - s)^2 / 2 in place of s^2 / 2
    for row, s in ((0, 2), (1, 1)):
        np.testing.assert_allclose(linear["value"][row], 2.5 + t**4 / 8 - s * t**2 / 2, atol=1e-12)
        np.testing.assert_allclose(linear["slope"][row], t**3 / 2 - s * t, atol=1e-12)
    # a kept mode 3 and a missing one s, against each other: 3 t^2 / 2 and (t^2 / 2 + s)^2 / 2
    for row, s in ((2, 1), (3, 2)):
        np.testing.assert_allclose(linear["value"][row], 2.5 + (3 + s) * t**2 / 2 + t**4 / 8, atol=1e-12)
    # the kept mode with itself: (3 + sqrt 6 t + t^2 / 2 - 3)^2 / 2
    np.testing.assert_allclose(linear["value"][4], 2.5 + (np.sqrt(6) * t + t**2 / 2) ** 2 / 2, atol=1e-12)
    u, w = t[None, :], t[:, None]
    np.testing.assert_allclose(linear["plane"], 2.5 - u**2 - w**2 / 2 + (u**2 + w**2) ** 2 / 8, atol=1e-12)


def test_the_figures_of_a_saddle_are_those_of_the_polynomials(linear):
    summary = linear.summary()
    point, lowest, highest = summary["point"], summary["directions"]["0"], summary["directions"]["-1"]
    assert (point["kind"], point["index"], point["nullity"], point["is_critical"]) == ("saddle", 2, 3, True)
    assert point["value"] == pytest.approx(2.5, abs=1e-14)
    assert lowest["lowest_value"] == pytest.approx(0.5, abs=1e-12)
    assert lowest["lowest_position"] == pytest.approx(2)  # as low at -2; the right one is told
    assert lowest["descends"]
    assert lowest["model_error"] == pytest.approx(9 / 8, abs=1e-12)
    assert lowest["model_holds_to"] == pytest.approx(np.sqrt(0.8), abs=2e-4)
    assert lowest["gap"] == pytest.approx(1, abs=1e-12)
    assert lowest["residual"] < 1e-13
    assert not highest["descends"]
    assert highest["lowest_position"] == 0


def test_at_a_plateau_of_two_units_alike_stands_the_saddle_of_one_unit_that_does_their_work(trained):
    network, figures = trained.experiment.objective, trained.summary()
    inputs, label = network.inputs, network.data.labels

    def loss(q):  # one unit of twice the output weight, both units' decay
        w, b, a, c = q[:2], q[2], q[3], q[4]
        z = 2 * a * np.tanh(inputs @ w + b) + c
        return np.mean(np.logaddexp(0, z) - label * z) + 1e-3 / 2 * (2 * (w @ w + b * b + a * a) + c * c)

    found = minimize(loss, [0.3, -1.0, 0.2, 2.5, -0.3], method="BFGS", options={"gtol": 1e-9})
    assert figures["point"]["value"] == pytest.approx(found.fun, abs=1e-10)
    assert (figures["point"]["index"], figures["point"]["nullity"], figures["point"]["is_critical"]) == (1, 0, True)
    (inner, _), (outer, _) = network.split(trained["x"])
    np.testing.assert_allclose(np.abs(inner[0]), np.abs(inner[1]), atol=1e-9)
    np.testing.assert_allclose(np.abs(outer[0]), np.abs(found.x[3]), atol=1e-5)
    # where units differ by +v and -v: E[loss' unit''] + decay
    w, b, a, c = found.x[:2], found.x[2], found.x[3], found.x[4]
    augmented, signal = np.column_stack([inputs, np.ones(len(inputs))]), np.tanh(inputs @ w + b)
    error, slope = 1 / (1 + np.exp(-2 * a * signal - c)) - label, 1 - signal**2
    block = np.zeros((4, 4))
    block[:3, :3] = np.einsum("n,ni,nj->ij", -2 * a * error * signal * slope, augmented, augmented) / len(inputs)
    block[:3, 3] = block[3, :3] = (error * slope) @ augmented / len(inputs)
    lowest = np.linalg.eigvalsh(block)[:2] + 1e-3
    np.testing.assert_allclose(trained["eigenvalue"][:2], lowest, atol=1e-6)
    # they can be exchanged, so that the loss is even along that direction
    np.testing.assert_allclose(trained["value"][0], trained["value"][0][::-1], atol=1e-13)
    assert trained["position"][-1] == pytest.approx(0.1 * np.linalg.norm(trained["x"]))


def test_where_training_has_got_to_is_where_the_update_rule_leads():
    start = (1.0, -1.5)
    result = computed(
        objective={"name": "himmelblau"},
        point={"optimizer": {"name": "gradient_descent", "learning_rate": 0.01}, "n_steps": 7, "start": start},
        directions=(1, 0),
        half_width=1e-3,
    )
    objective, x = result.experiment.objective, np.array(start)
    for _ in range(7):
        x = x - 0.01 * objective.gradient(x)
    np.testing.assert_array_equal(result["x"], x)
    gradient, values = objective.gradient(x), np.linalg.eigvalsh(objective.hessian(x))
    np.testing.assert_allclose(result["eigenvalue"], values[::-1], rtol=1e-13)
    centre = len(result["position"]) // 2
    np.testing.assert_allclose(result["slope"][:, centre], result["vector"] @ gradient, rtol=1e-12)
    assert result.summary()["point"]["kind"] == "not critical"
    h = result["position"][centre + 1]
    differences = np.gradient(result["value"], h, axis=1)
    np.testing.assert_allclose(differences[:, 1:-1], result["slope"][:, 1:-1], atol=1e-7)


def test_a_guess_leads_to_the_critical_point_nearby():
    result = computed(objective={"name": "himmelblau"}, point={"find": (3.1, 1.9)})
    figures = result.summary()["point"]
    assert figures["kind"] == "minimum"
    np.testing.assert_allclose(result["x"], [3, 2], atol=1e-12)
    assert figures["distance"] == pytest.approx(np.hypot(0.1, 0.1))
    assert not result.descends.any()


def test_a_point_that_its_hessian_does_not_tell_is_what_the_objective_says():
    objective = OBJECTIVES["monkey_saddle"]()
    label = objective.critical_points[0].label
    result = computed(objective=objective, point=label)
    assert result.summary()["point"]["kind"] == objective.critical_points[0].kind
    assert result.summary()["point"]["nullity"] == 2


def test_a_run_that_diverged_has_nothing_to_cut():
    result = computed(
        objective={"name": "himmelblau"},
        point={"optimizer": {"name": "gradient_descent", "learning_rate": 1.0}, "n_steps": 300},
        plane=(0, -1),
        relative=True,
    )
    assert np.isnan(result["value"]).all()
    assert result.summary()["point"]["kind"] == "not finite"
    assert result.summary()["point"]["index"] is None
    for figure in plot(result).values():
        rendered(figure, "png")


def test_a_run_that_stays_at_the_origin_is_cut_in_units_of_x():
    asked = {"optimizer": DESCENT, "n_steps": 5, "initialisation": {"name": "zero"}}
    result = computed(objective={"name": "multilayer_perceptron"}, point=asked, relative=True, half_width=0.5)
    assert not result["x"].any()
    assert result["position"][-1] == 0.5
    assert result.summary()["point"]["value"] == pytest.approx(np.log(2))


# ---- eigenvectors


def test_by_products_eigenvectors_are_the_same_and_the_index_is_not_told(monkeypatch):
    data = {"name": "gaussian_mixture", "dimension": 12, "n_classes": 4, "n_samples": 60}
    asked = {
        "objective": {"name": "multilayer_perceptron", "layers": (12, 15, 4), "data": data, "weight_decay": 1e-3},
        "point": {"optimizer": DESCENT, "n_steps": 30, "initialisation": {"name": "xavier"}},
        "directions": (0, 1, -2, -1),
        "n_points": 11,
    }
    whole = computed(**asked)
    monkeypatch.setattr(directions, "LARGEST_EXACT", 250)
    result = computed(**asked)
    scale = np.abs(whole["eigenvalue"]).max()
    np.testing.assert_allclose(result["eigenvalue"], whole["eigenvalue"], atol=1e-9 * scale)
    assert (result["residual"] < 1e-5 * scale).all()
    np.testing.assert_allclose(result["vector"], whole["vector"], atol=1e-3)
    np.testing.assert_allclose(result["value"], whole["value"], atol=1e-4)
    point = result.summary()["point"]
    assert point["index"] is point["nullity"] is point["kind"] is point["is_critical"] is None
    assert whole.summary()["point"]["index"] > 0
    assert point["gradient_norm"] == whole.summary()["point"]["gradient_norm"]
    plot(result)
    (wrong,) = Landscape(**asked | {"directions": (0, 51)}).check()
    assert str(wrong) == "directions: 51 is too deep: in 259 dimensions at most 50 from either end are found"


def test_of_components_that_are_alike_the_first_is_positive():
    s = np.sqrt(0.5)
    vectors = np.array([[-s, s * (1 + 1e-12)], [s * (1 - 1e-12), -s], [0.6, -0.8]])
    np.testing.assert_allclose(oriented(vectors), [[s, -s], [s, -s], [-0.6, 0.8]], rtol=1e-9)


def test_positions_are_the_same_to_both_sides():
    t = cuts.positions(0.7, 31)
    np.testing.assert_array_equal(t, -t[::-1])
    assert (len(t), t[15], t[-1]) == (31, 0.0, 0.7)


def test_values_do_not_hang_on_how_points_are_cut_into_batches(monkeypatch, linear):
    monkeypatch.setattr(cuts, "LARGEST_BATCH", 7)
    asked = linear.experiment
    x, vectors, t = linear["x"], linear["vector"], linear["position"]
    value, slope = cuts.slices(asked.objective, x, vectors, t)
    np.testing.assert_allclose(value, linear["value"], rtol=1e-13)
    np.testing.assert_allclose(slope, linear["slope"], atol=1e-12)
    np.testing.assert_allclose(cuts.plane(asked.objective, x, vectors[:2], t), linear["plane"], rtol=1e-12)


# ---- runs, tables and pictures

TEXT = """
version: 1
title: cut
seed: 3
experiment:
  name: landscape
  objective: {name: multilayer_perceptron, layers: [2, 3, 2], weight_decay: 0.01}
  point:
    optimizer: {name: stochastic_gradient_descent, learning_rate: 0.2, batch_size: 2}
    n_steps: 40
    initialisation: {name: xavier}
  directions: [0, -1]
  n_points: 21
  plane: [0, -1]
expect:
  - {name: directions.-1.descends, value: 1}
"""


def test_the_same_bytes_come_whatever_the_workers_and_when_resumed(tmp_path):
    one, two = (run(parse_scenario(TEXT), jobs, tmp_path / str(jobs)) for jobs in (1, 2))
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
        (two.folder / name).unlink()
    again = run(parse_scenario(TEXT), 1, tmp_path / "2")
    assert again.manifest["blocks"]["computed"] == 0
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (again.folder / name).read_bytes()
    read = load_result(one.folder / "results.nc")
    assert isinstance(read, LandscapeResult)
    assert read.summary() == one.summary
    np.testing.assert_array_equal(read["plane"], one.result["plane"])


def test_another_seed_is_another_run_and_another_slice(tmp_path):
    one, two = (run(parse_scenario(TEXT.replace("seed: 3", f"seed: {seed}")), 1, tmp_path) for seed in (3, 4))
    assert not np.array_equal(one.result["x"], two.result["x"])


def test_summary_names_are_those_of_the_summary(linear, trained):
    for result in (linear, trained):
        assert set(dotted_figures(result.summary())) == set(result.experiment.summary_names())


def test_the_pictures_have_the_slices_their_models_and_the_plane(linear):
    drawn = plot(linear)
    assert set(drawn) == {"slices", "plane"}
    panels = drawn["slices"].axes
    assert len(panels) == 5
    for row, axes in enumerate(panels):
        curve, model = axes.lines[:2]
        np.testing.assert_array_equal(curve.get_ydata(), linear["value"][row])
        np.testing.assert_array_equal(model.get_ydata(), linear["model"][row])
        assert model.get_linestyle() != curve.get_linestyle()
        assert len(axes.lines) == 3 + linear.descends[row]
    assert [axes.get_title(loc="left").partition(":")[0] for axes in panels] == [
        "lowest",
        "2nd lowest",
        "3rd highest",
        "2nd highest",
        "highest",
    ]
    axes = drawn["plane"].axes[0]
    assert axes.get_xlabel() == "distance along the lowest eigenvector"
    for name, figure in plot(linear).items():
        assert rendered(figure, "png") == rendered(drawn[name], "png")


def test_without_a_plane_there_is_one_picture_and_small_changes_are_drawn_from_the_point(trained):
    drawn = plot(trained)
    assert set(drawn) == {"slices"}
    np.testing.assert_array_equal(drawn["slices"].axes[0].lines[0].get_ydata(), trained["value"][0] - trained.value)
    assert "0.290413" in drawn["slices"].axes[0].get_ylabel()


def test_the_table_has_a_line_for_each_direction(tmp_path):
    text = io.StringIO()
    for each in landscape_table.tables(run(parse_scenario(TEXT), 1, tmp_path)):
        Console(file=text, width=200).print(each)
    lines = text.getvalue().splitlines()
    assert lines[0].startswith("not critical: f = ")
    assert [line.split()[0] for line in lines[1:4]] == ["direction", "0", "-1"]


# ---- what is refused

POINT = """  point:
    optimizer: {name: stochastic_gradient_descent, learning_rate: 0.2, batch_size: 2}
    n_steps: 40
    initialisation: {name: xavier}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("directions: [0, -1]", "directions: [0, 20]", "directions: 20 is out of range: there are 17 eigenvalues, 0 to 16"),
        ("directions: [0, -1]", "directions: [0, -18]", "-18 is out of range"),
        ("directions: [0, -1]", "directions: [0, -1, 0]", "0, -1, 0: each must be another"),
        ("directions: [0, -1]", "directions: [0, -1, 16]", "each must be another; of 17 eigenvalues -1 is the same as 16"),
        ("directions: [0, -1]", "directions: []", "too few entries"),
        ("directions: [0, -1]", "directions: [0, 0.5]", "0.5 is no whole number"),
        ("n_points: 21", "n_points: 20", "n_points: 20 must be odd and at least 3"),
        ("n_points: 21", "n_points: 1", "1 must be odd and at least 3"),
        ("n_points: 21", "n_points: 2001", "2001 along each side of a plane are more than 1001"),
        ("n_points: 21", "n_points: 21\n  half_width: 0", "half_width: 0 must be positive"),
        ("n_points: 21", "n_points: 21\n  half_width: -1", "half_width: -1 must be positive"),
        ("plane: [0, -1]", "plane: [0, 1]", r"plane: \[0, 1\] must be two of the directions, 0, -1"),
        ("plane: [0, -1]", "plane: [0, 0]", "must be two of the directions"),
        (POINT, "  point: saddle_1\n", "has no known critical point 'saddle_1'; it lists none at all"),
        (POINT, "  point: 3\n", "give a point by the label of a known one, by coordinates"),
        (POINT, "  point: [1, 2]\n", "2 components but .* has dimension 17"),
        ("n_steps: 40", "n_steps: -1", "point.n_steps: -1 must not be negative"),
        ("n_steps: 40", "n_steps: 40\n    search: luck", "'luck' is not allowed; must be 'newton'"),
        ("initialisation: {name: xavier}", "start: [1, 2]", "point.start: has 2 components but .* dimension 17"),
        ("{name: xavier}", "{name: xavier}\n    start: [1, 2]", "give start or initialisation"),
        ("batch_size: 2}", "batch_size: 200}", "batch_size=200 is more than the 4 terms"),
        ("directions.-1.descends", "directions.1.descends", "the summary will have no figure 'directions.1.descends'"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_one_line(old, new, message):
    assert old in TEXT
    with pytest.raises(ScenarioError, match=message) as told:
        parse_scenario(TEXT.replace(old, new))
    assert "Traceback" not in str(told.value)


def test_a_label_that_does_not_exist_is_told_with_the_nearest_one():
    (wrong,) = Landscape(objective=LINEAR, point="sadle_0").check()
    assert wrong.path == ("point",)
    assert wrong.message.endswith("has no known critical point 'sadle_0'; did you mean 'saddle_0'?")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n_points": 100}, "n_points: 100 must be odd"),
        ({"half_width": 0}, "half_width: 0 must be positive"),
        ({"directions": tuple(range(13))}, "too many entries; at most 12"),
        ({"point": {"optimizer": DESCENT}}, "the key 'n_steps' is missing"),
    ],
)
def test_in_python_a_constructor_refuses_the_same(fields, message):
    with pytest.raises(InvalidParameters, match=message) as told:
        Landscape(**({"objective": LINEAR, "point": "saddle_0"} | fields))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"directions": (0, 12)}, "12 is out of range: there are 12 eigenvalues"),
        ({"point": "origin", "relative": True}, "the point is the origin, where |x| = 0"),
        (
            {
                "objective": {"name": "himmelblau"},
                "point": {"optimizer": DESCENT, "n_steps": 1, "initialisation": {"name": "he"}},
            },
            "himmelblau() is no layered network",
        ),
        (
            {"objective": {"name": "quadratic", "eigenvalues": (1.0,)}, "point": (0.0,)},
            "of 1 eigenvalues -1 is the same as 0",
        ),
        (
            {"objective": {"name": "expression", "expression": "x + y**2"}, "point": {"find": (1.0, 0.0)}},
            "no critical point found",
        ),
        (
            {
                "objective": {"name": "multilayer_perceptron", "layers": (2, 300, 2)},
                "point": {"optimizer": DESCENT, "n_steps": 1, "initialisation": {"name": "he"}, "search": "newton"},
            },
            "newton decomposes whole Hessians, at most 1000 components; here are 1502",
        ),
    ],
)  # fmt: skip
def test_in_python_check_tells_what_does_not_fit_together(fields, message):
    (wrong,) = Landscape(**({"objective": LINEAR, "point": "saddle_0"} | fields)).check()
    assert message in str(wrong)
    assert "\n" not in str(wrong)


def test_it_is_registered():
    assert EXPERIMENTS["landscape"] is Landscape
