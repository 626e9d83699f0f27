from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from saddlesim.experiments import Escape
from saddlesim.plots import FORMATS, plot, rendered

METHODS = {
    "gd": {"name": "gradient_descent", "learning_rate": 0.001},
    "noisy": {"name": "noisy_gradient_descent", "learning_rate": 0.001, "noise": 1e-3},
    "newton": {"name": "newton"},
}


def result_of(objective, saddle, n_recorded_lanes=8, radius=0.1, start=None):
    asked = Escape(
        objective=objective,
        saddle=saddle,
        start=start or {"name": "gaussian", "scale": 1e-5},
        optimizers=METHODS,
        escape_radius=radius,
        n_steps=600,
        n_lanes=20,
        n_recorded_lanes=n_recorded_lanes,
    )
    return asked.reduce({label: [asked.run_block(label, 0, 0)] for label in METHODS}, 0)


RESULTS = {
    "plane": lambda: result_of({"name": "himmelblau"}, "saddle_2"),
    "four dimensions": lambda: result_of({"name": "rosenbrock", "dimension": 4}, "saddle", radius=0.01),
    "degenerate": lambda: result_of({"name": "monkey_saddle"}, [0, 0], start={"name": "point", "x": [-0.05, 0]}),
}


@pytest.fixture(scope="module", params=RESULTS)
def result(request):
    return RESULTS[request.param]()


@pytest.fixture(scope="module")
def figures(result):
    return plot(result)


def test_every_panel_says_what_it_shows(figures):
    assert list(figures) == ["contour", "descent", "survival"]
    for figure in figures.values():
        assert any(axes.get_xlabel() for axes in figure.axes)
        assert any(axes.get_ylabel() for axes in figure.axes)
    assert [axes.get_title(loc="left") for axes in figures["contour"].axes[: len(METHODS)]] == list(METHODS)


def test_survival_shows_the_estimate_and_every_law(result, figures):
    lines = figures["survival"].axes[0].lines
    coloured = [line for line in lines if line.get_color() != "black"]
    assert len(lines) - len(coloured) == sum(law is not None for law in result.laws.values())
    for line, label in zip(coloured, METHODS, strict=True):
        curve = result.survival[label]
        np.testing.assert_array_equal(line.get_xdata()[:-1], curve.step)
        np.testing.assert_array_equal(line.get_ydata()[:-1], curve.fraction)


def test_descent_has_a_line_for_each_optimizer_and_a_bar_for_its_plateau(result, figures):
    value_axes, _, plateau_axes = figures["descent"].axes
    assert [line.get_label() for line in value_axes.lines] == list(METHODS)
    horizon = plateau_axes.get_xlim()[1]
    plateaus = [float(np.median(result.lanes("plateau_steps", label))) for label in METHODS]
    assert [bar.get_width() for bar in plateau_axes.patches] == [min(plateau, horizon) for plateau in plateaus]


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_result_is_the_same_picture(format):
    result = RESULTS["plane"]()
    first, second = (rendered(plot(result)["survival"], format) for _ in range(2))
    assert first == second
    assert len(first) > 1000


def test_without_records_only_survival_is_drawn():
    assert list(plot(result_of({"name": "himmelblau"}, "saddle_2", n_recorded_lanes=0))) == ["survival"]


def test_pyplot_stays_out():
    code = "import sys, saddlesim.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
