from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_hex

from saddlesim.analysis import polish
from saddlesim.connecting import connections, disconnectivity
from saddlesim.objectives import OBJECTIVES
from saddlesim.plots import STYLE, rendered
from saddlesim.plots.disconnectivity import disconnectivity_figure
from saddlesim.plots.hessian_test import COLOURS, hessian_test_figure, quadratic_form_figure

HIMMELBLAU = OBJECTIVES["himmelblau"]()
SADDLE = polish(HIMMELBLAU, [0.1, 2.9])


@pytest.fixture(autouse=True)
def style():
    with rc_context(fname=str(STYLE)):
        yield


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def eigensystem_by_hand(hessian):
    """Give eigenvalues and eigenvectors, largest component positive, of [[a, b], [b, c]] by the quadratic formula."""
    (a, b), (_, c) = hessian
    root = np.hypot((a - c) / 2, b)
    values = (a + c) / 2 + np.array([-root, root])
    vectors = np.array([[b, b], values - a])
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), [0, 1]])
    return values, vectors / np.linalg.norm(vectors, axis=0)


def colour(line):
    return to_hex(line.get_color()).upper()


def n_arrows(axes):
    return sum(each.arrowprops is not None for each in axes.texts if hasattr(each, "arrowprops"))


def test_each_panel_holds_f_along_an_eigenvector_and_its_parabola():
    values, vectors = eigensystem_by_hand(HIMMELBLAU.hessian(SADDLE))
    figure = hessian_test_figure(HIMMELBLAU, SADDLE)
    plan, *panels = figure.axes
    for axes, value, vector in zip(panels, values, vectors.T, strict=True):
        function, model = axes.lines
        t = function.get_xdata()
        x, y = SADDLE[:, None] + t * vector[:, None]
        along = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
        np.testing.assert_allclose(function.get_ydata(), along - along[len(t) // 2], atol=1e-9)
        np.testing.assert_allclose(model.get_ydata(), value * t**2 / 2, atol=1e-9)
        assert colour(function) == COLOURS[int(np.sign(value))]
        parted = np.abs(function.get_ydata() - model.get_ydata()).max() / np.abs(model.get_ydata()).max()
        assert 0.05 < parted <= 0.5
    assert titles(figure)[1:] == [r"$\lambda_{1}$ = -31.707 < 0: curves down", r"$\lambda_{2}$ = 75.508 > 0: curves up"]
    assert figure.get_suptitle() == "himmelblau() at [0.08668, 2.884], f = 67.7192: saddle of index 1"
    assert n_arrows(plan) == 4
    assert len(rendered(figure, "png")) > 1000


def test_arrows_point_the_way_down():
    plan = hessian_test_figure(HIMMELBLAU, SADDLE).axes[0]
    for arrow in (each for each in plan.texts if getattr(each, "arrowprops", None)):
        head, tail = np.array(arrow.xy), np.array(arrow.xyann)
        assert HIMMELBLAU.value(head) < HIMMELBLAU.value(tail)


@pytest.mark.parametrize(
    ("name", "nullity", "along"), [("monkey_saddle", 2, lambda t: t**3), ("peano", 1, lambda t: 2 * t**4)]
)
def test_where_the_test_is_silent_the_picture_says_so(name, nullity, along):
    figure = hessian_test_figure(OBJECTIVES[name](), [0, 0])
    assert titles(figure)[1] == r"$\lambda_{1}$ = 0: flat to second order"
    assert figure.get_suptitle().endswith(f"degenerate, nullity {nullity}: the signs do not decide")
    function, model = figure.axes[1].lines
    assert colour(function) == COLOURS[0]
    assert not model.get_ydata().any()
    np.testing.assert_allclose(function.get_ydata(), along(function.get_xdata()))


def test_where_the_gradient_is_not_zero_the_model_has_its_slope():
    figure = hessian_test_figure(HIMMELBLAU, [1.0, 1.0])
    gradient = np.array(
        [-46.0, -38.0]
    )  # 4x(x^2 + y - 11) + 2(x + y^2 - 7) and 2(x^2 + y - 11) + 4y(x + y^2 - 7) at (1, 1)
    for axes, vector in zip(figure.axes[1:], eigensystem_by_hand(HIMMELBLAU.hessian(np.ones(2)))[1].T, strict=True):
        model = axes.lines[1]
        slope = np.diff(model.get_ydata()[[99, 101]]) / np.diff(model.get_xdata()[[99, 101]])
        np.testing.assert_allclose(slope, gradient @ vector, rtol=1e-9)
    assert "no critical point, |gradient| = 59.7" in figure.get_suptitle()


@pytest.mark.parametrize(("dimension", "shown"), [(1, 1), (5, 5), (6, 6), (10, 6)])
def test_at_most_six_panels_and_the_rest_is_counted(dimension, shown):
    figure = hessian_test_figure(OBJECTIVES["sphere"](dimension=dimension), np.zeros(dimension))
    assert len(figure.axes) == shown
    told = "\nthe three lowest and the three highest of 10 eigenvalues; 4 left out"
    assert figure.get_suptitle().endswith(told) == (dimension == 10)
    numbers = [int(re.match(r"\$\\lambda_\{(\d+)\}", title).group(1)) for title in titles(figure)]
    assert numbers == ([1, 2, 3, 8, 9, 10] if dimension == 10 else list(range(1, dimension + 1)))


def test_a_bare_matrix_is_drawn_as_its_form():
    figure = quadratic_form_figure([[2, 1], [1, -3]])
    plan, *panels = figure.axes
    for axes, value in zip(panels, (-(1 + 29**0.5) / 2, (29**0.5 - 1) / 2), strict=True):
        (line,) = axes.lines
        np.testing.assert_allclose(line.get_ydata(), value * line.get_xdata() ** 2 / 2, rtol=1e-12)
        assert colour(line) == COLOURS[int(np.sign(value))]
    assert figure.get_suptitle() == "inertia (1, 0, 1): saddle of index 1"
    assert n_arrows(plan) == 4
    assert len(rendered(figure, "svg")) > 1000


def test_panels_of_a_bare_matrix_share_their_scale():
    figure = quadratic_form_figure(np.diag([4.0, -1.0, 0.0, 2.0]))
    assert figure.get_suptitle() == "inertia (1, 1, 2): saddle of index 1, nullity 1"
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


@pytest.mark.parametrize("matrix", [[[1, 2, 3]], [[1, 2], [3, 4]], [[np.nan]], [], [1.0]], ids=str)
def test_what_is_no_hessian_is_refused(matrix):
    with pytest.raises(ValueError, match="a Hessian is"):
        quadratic_form_figure(matrix)


def drawn_tree(objective):
    points = list(objective.critical_points)
    joined = connections(objective, points, objective.domain)
    return points, disconnectivity(points, joined), disconnectivity_figure(points, joined)


def segments(figure):
    """Give the branches: levels as (left, right, y), and uprights as (x, low, high)."""
    lines = [np.sort(line.get_xydata(), axis=0) for line in figure.axes[0].lines if line.get_linestyle() == "-"]
    levels = [(low[0], high[0], low[1]) for low, high in lines if low[1] == high[1] and low[0] < high[0]]
    uprights = [(low[0], low[1], high[1]) for low, high in lines if low[0] == high[0] and low[1] < high[1]]
    return levels, uprights


def test_himmelblaus_tree_joins_at_three_saddles():
    _, _, figure = drawn_tree(HIMMELBLAU)
    saddles, minima = (line for line in figure.axes[0].lines if line.get_marker() in "Xo")
    np.testing.assert_allclose(np.sort(saddles.get_ydata()), [13.3119, 67.7192, 104.0152], atol=1e-4)
    np.testing.assert_allclose(minima.get_ydata(), 0, atol=1e-9)
    assert sorted(text.get_text() for text in figure.axes[0].texts) == sorted("0123456")
    levels, _ = segments(figure)
    np.testing.assert_allclose(sorted(level[2] for level in levels), np.sort(saddles.get_ydata()))
    assert len(rendered(figure, "pdf")) > 1000


@pytest.mark.parametrize("objective", [OBJECTIVES["styblinski_tang"](dimension=3), OBJECTIVES["levy"]()], ids=str)
def test_no_branches_cross_and_each_ends_at_its_minimum(objective):
    points, tree, figure = drawn_tree(objective)
    levels, uprights = segments(figure)
    for (left, right, y), (x, low, high) in itertools.product(levels, uprights):
        assert not (left < x < right and low < y < high)
    for rank, place in enumerate(tree.minima):
        assert any(x == rank and low == points[place].value for x, low, _ in uprights)
    numbers = [text.get_text() for text in figure.axes[0].texts if to_hex(text.get_color()).upper() == "#0072B2"]
    assert sorted(numbers) == sorted(map(str, tree.minima))


def test_numbers_under_the_branches_do_not_overlap():
    _, _, figure = drawn_tree(OBJECTIVES["schwefel"]())
    rendered(figure, "png")
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 49
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize(
    ("name", "title"),
    [("beale", "1 minimum"), ("peano", "no minimum is listed"), ("branin", "3 minima"), ("mueller_brown", "3 minima")],
)
def test_the_tree_counts_its_minima(name, title):
    _, _, figure = drawn_tree(OBJECTIVES[name]())
    assert titles(figure) == [title]


def test_trees_that_nothing_joins_are_counted():
    points = [each for each in HIMMELBLAU.critical_points if each.kind == "minimum"]
    assert titles(disconnectivity_figure(points, ())) == ["4 minima in 4 parts that no listed saddle joins"]
