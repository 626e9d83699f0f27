"""Pictures: not their pixels, but the data in their artists, and that the same figure is the same file."""

import math
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

from saddlesim.experiments import Escape, Result
from saddlesim.plots import FORMATS, plot, rendered

OPTIMIZERS = {
    "gd": {"name": "gradient_descent", "learning_rate": 0.1},
    "noisy": {"name": "noisy_gradient_descent", "learning_rate": 0.1, "noise": 1e-3},
    "newton": {"name": "newton"},
}
DEFAULTS = {
    "start": {"name": "gaussian", "scale": 1e-4},
    "optimizers": OPTIMIZERS,
    "escape_radius": 1,
    "n_steps": 150,
    "n_lanes": 20,
}
CASES = {
    "quadratic": {"objective": {"name": "quadratic"}, "saddle": (0, 0)},
    "rosenbrock": {
        "objective": {"name": "rosenbrock", "dimension": 4},
        "saddle": "saddle",
        "optimizers": {"gd": {"name": "gradient_descent", "learning_rate": 1e-3}},
        "escape_radius": 0.1,
    },
    "monkey": {"objective": {"name": "monkey_saddle"}, "saddle": (0, 0), "start": {"name": "point", "x": (-0.1, 0)}},
    "on the saddle": {"objective": {"name": "quadratic"}, "saddle": (0, 0), "start": {"name": "point", "x": (0, 0)}},
    "one dimension": {
        "objective": {"name": "quadratic", "eigenvalues": (0,)},  # flat: the only thing in R that is no extremum
        "saddle": (0,),
        "optimizers": {"noisy": OPTIMIZERS["noisy"]},
    },
}


def result_of(**changes):
    asked = Escape(**DEFAULTS | changes)
    return asked.reduce({point: [asked.run_block(point, 0, 0)] for point in asked.points()}, 0)


@pytest.fixture(scope="module", params=CASES)
def drawn(request):
    """A result and its figures."""
    result = result_of(**CASES[request.param])
    return result, plot(result)


@pytest.fixture(scope="module")
def quadratic():
    result = result_of(**CASES["quadratic"])
    return result, plot(result)


def dashed(axes):
    """Give the lines of theory: black and not solid."""
    return [line for line in axes.lines if line.get_color() == "black" and line.get_linestyle() == "--"]


# ---- every result


def test_a_result_has_its_pictures_and_no_map_where_there_is_no_plane(drawn):
    result, figures = drawn
    maps = ["contour"] if len(result.experiment.resolved_saddle.x) > 1 else []
    assert list(figures) == [*maps, "descent", "survival"]


def test_every_picture_says_what_its_axes_are(drawn):
    _, figures = drawn
    for figure in figures.values():
        for labels in ([axes.get_xlabel() for axes in figure.axes], [axes.get_ylabel() for axes in figure.axes]):
            assert any(labels)
    assert figures["survival"].axes[0].get_xlabel() == figures["descent"].axes[-1].get_xlabel() == "step"
    assert [axes.get_ylabel() for axes in figures["descent"].axes[:2]] == ["value above the saddle", "|gradient|"]


def test_every_picture_can_be_saved(drawn):
    _, figures = drawn
    for figure in figures.values():
        assert rendered(figure, "png").startswith(b"\x89PNG")


def test_the_survival_lines_are_the_measured_curves(drawn):
    result, figures = drawn
    axes = figures["survival"].axes[0]
    lines = {line.get_label().partition(":")[0]: line for line in axes.lines}
    for label, curve in result.survival.items():
        assert lines[label].get_drawstyle() == "steps-post"
        np.testing.assert_array_equal(lines[label].get_xdata(), [*curve.step, result.experiment.n_steps])
        np.testing.assert_array_equal(lines[label].get_ydata(), [*curve.fraction, curve.fraction[-1]])


def test_a_law_is_drawn_for_each_optimizer_that_has_one(drawn):
    result, figures = drawn
    laws = [law for law in result.laws.values() if law]
    lines = dashed(figures["survival"].axes[0])
    assert len(lines) == len(laws)
    for law, line in zip(laws, lines, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), 1 - law.cdf(line.get_xdata()))


def test_a_map_has_a_panel_for_each_optimizer_and_shows_its_lanes(drawn):
    result, figures = drawn
    if "contour" not in figures:
        return
    panels = {axes.get_title(loc="left"): axes for axes in figures["contour"].axes}
    assert set(result.experiment.points()) <= set(panels)
    for label in result.experiment.points():
        assert len([line for line in panels[label].lines if line.get_color() == "0.35"]) == 12


# ---- a quadratic, where everything is known


def test_a_map_shows_the_first_lanes_where_they_went(quadratic):
    result, figures = quadratic
    lines = [line for line in figures["contour"].axes[0].lines if line.get_color() == "0.35"]
    for lane, line in enumerate(lines):
        path = result.lanes("record_x", "gd")[:, :, lane]
        shown = np.isfinite(line.get_xdata()) & np.isfinite(line.get_ydata())
        assert shown[:50].all()
        np.testing.assert_array_equal(line.get_xydata()[shown], path[shown])


def test_the_laws_of_a_gaussian_start_and_of_newton_are_drawn(quadratic):
    result, figures = quadratic
    assert [bool(law) for law in result.laws.values()] == [True, False, True]
    erf, never = dashed(figures["survival"].axes[0])
    told = [math.erf(1e4 / (math.sqrt(2) * 1.1**step)) for step in erf.get_xdata()]
    np.testing.assert_allclose(erf.get_ydata(), told, atol=1e-12)
    np.testing.assert_allclose(never.get_ydata(), 1, atol=1e-12)


def test_the_gradient_of_the_median_lane_is_drawn_over_its_theory(quadratic):
    _, figures = quadratic
    axes = figures["descent"].axes[1]
    measured, theory = axes.lines[0], dashed(axes)[0]
    np.testing.assert_array_equal(measured.get_xdata(), theory.get_xdata())
    np.testing.assert_allclose(measured.get_ydata(), theory.get_ydata(), rtol=1e-9)
    assert axes.get_yscale() == "log"


def test_the_legends_name_every_optimizer(quadratic):
    result, figures = quadratic
    for name, axes in (("descent", figures["descent"].axes[0]), ("survival", figures["survival"].axes[0])):
        told = [text.get_text().partition(":")[0] for text in axes.get_legend().get_texts()]
        assert told == list(result.experiment.points()), name


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_result_gives_the_same_file(format):
    result = result_of(**CASES["quadratic"] | {"optimizers": {"gd": OPTIMIZERS["gd"]}})
    first, second = ({name: rendered(each, format) for name, each in plot(result).items()} for _ in range(2))
    assert first == second


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_figure_gives_the_same_file_whatever_it_was_saved_as_before(format):
    figures = plot(result_of(**CASES["quadratic"] | {"optimizers": {"gd": OPTIMIZERS["gd"]}}))
    for name, figure in figures.items():
        assert rendered(figure, format) == rendered(figure, format), name


def test_drawing_leaves_matplotlibs_settings_alone(quadratic):
    result, _ = quadratic
    before = dict(mpl.rcParams)
    rendered(plot(result)["survival"], "png")
    assert dict(mpl.rcParams) == before


# ---- where there is less to draw


def test_without_recorded_lanes_only_the_survival_is_drawn():
    assert list(plot(result_of(**CASES["quadratic"], n_recorded_lanes=0))) == ["survival"]


def test_one_lane_is_enough():
    figures = plot(result_of(**CASES["quadratic"], n_lanes=1))
    assert list(figures) == ["contour", "descent", "survival"]
    assert rendered(figures["survival"], "png")


def test_lanes_that_overflow_are_drawn_as_far_as_they_go():
    wild = {"gd": {"name": "gradient_descent", "learning_rate": 40}}
    for figure in plot(result_of(**CASES["quadratic"] | {"optimizers": wild, "n_steps": 500})).values():
        assert rendered(figure, "png")


def test_a_result_of_no_known_kind_has_no_picture():
    with pytest.raises(TypeError, match="there is no picture for a Result"):
        plot(Result(None, 0, {}))


def test_drawing_does_not_import_pyplot():
    code = "import sys, saddlesim.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
