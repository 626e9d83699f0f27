from __future__ import annotations

import functools
import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from scipy.integrate import solve_ivp

from saddlesim.connecting import Connection
from saddlesim.objectives import OBJECTIVES, expression
from saddlesim.plots import STYLE, rendered
from saddlesim.plots.census import census_figure
from saddlesim.proving import census

KINDS = {
    ("o", "#0072B2"): "minimum",
    ("X", "#D55E00"): "saddle",
    ("^", "#009E73"): "maximum",
    ("P", "#7F7F7F"): "unproved",
}
DEGENERATE = {("s", colour): kind for (_, colour), kind in KINDS.items()}


@pytest.fixture(autouse=True)
def style():
    with rc_context(fname=str(STYLE)):
        yield


@functools.cache
def taken(name, half_width=None, **options):
    objective = OBJECTIVES[name]()
    box = None if half_width is None else [(-half_width, half_width)] * 2
    return objective, census(objective, box, **options)


def marks(axes, kinds=KINDS):
    """Give the positions of the markers of each kind, (2, n)."""
    drawn = {(line.get_marker(), to_hex(line.get_color()).upper()): np.array(line.get_data()) for line in axes.lines}
    return {kinds[key]: data for key, data in drawn.items() if key in kinds}


def counts(axes, kinds=KINDS):
    return {kind: data.shape[1] for kind, data in marks(axes, kinds).items()}


def hatched(axes):
    return [each for each in axes.patches if isinstance(each, Rectangle) and each.get_hatch()]


def paths(axes, label="the flow down from a saddle"):
    return [line for each in axes.collections if each.get_label() == label for line in each.get_segments()]


def legend(figure):
    return [" ".join(each.get_text().split()) for each in figure.legends[0].texts]


def fits(figure):
    """Whether names, title, axes and legend are inside of the figure and do not lie on each other."""
    saved = rendered(figure, "png")
    axes = [each.get_tightbbox() for each in figure.axes]
    inside = all(each.x0 >= 0 and each.y0 >= 0 and each.x1 <= figure.bbox.x1 for each in axes)
    title, key = figure._suptitle.get_window_extent(), figure.legends[0].get_window_extent()
    apart = not any(a.overlaps(b) for a, b in itertools.combinations([title, key, *axes], 2))
    return len(saved) > 1000 and inside and apart and title.x1 <= figure.bbox.x1


# Published counts; Rastrigin's are 5^2, 2 * 5 * 6 and 6^2, from 5 minima and 6 maxima of one variable on [-2.7, 2.7]
@pytest.mark.parametrize(
    ("name", "half_width", "expected"),
    [
        ("himmelblau", None, (4, 4, 1)),
        ("six_hump_camel", None, (6, 7, 2)),
        ("goldstein_price", None, (4, 4, 1)),
        ("mueller_brown", None, (3, 2, 0)),
        ("rastrigin", 2.7, (25, 60, 36)),
    ],
)
def test_a_map_marks_every_point_by_its_kind(name, half_width, expected):
    objective, found = taken(name, half_width)
    figure = census_figure(objective, found)
    words = [("minimum", "minima"), ("saddle", "saddles"), ("maximum", "maxima")]
    assert counts(figure.axes[0]) == {word[0]: n for word, n in zip(words, expected, strict=True) if n}
    told = [f"{n} {word[n > 1]}" for word, n in zip(words, expected, strict=True) if n]
    assert figure.get_suptitle() == f"{objective}\ncomplete: {', '.join(told)}"
    assert legend(figure) == [*told, "the flow down from a saddle"]
    at = np.concatenate(list(marks(figure.axes[0]).values()), axis=1)
    assert np.abs(objective.gradient(at)).max() < 1e-6
    assert not hatched(figure.axes[0])
    assert fits(figure)


def test_many_points_are_small_and_bear_no_numbers():
    few, many = (
        census_figure(*taken(name, width)).axes[0] for name, width in (("himmelblau", None), ("rastrigin", 5.2))
    )
    assert [each.get_text() for each in few.texts] == list("012345678")
    assert not many.texts
    assert sum(counts(many).values()) == 21**2
    size, edge = many.lines[0].get_markersize(), many.get_window_extent().width * 72 / 150 / 20
    assert size < few.lines[0].get_markersize()
    assert size < edge  # 21 points in a row


@pytest.mark.slow
def test_shuberts_points_are_all_drawn():
    objective, found = taken("shubert", connected=False)
    figure = census_figure(objective, found)
    assert counts(figure.axes[0]) == {"minimum": 722, "saddle": 1444, "maximum": 722}
    assert fits(figure)


def test_descent_is_drawn_where_the_flow_goes():
    objective, found = taken("himmelblau")
    drawn = paths(census_figure(objective, found).axes[0])
    assert len(drawn) == 8
    ends = [place for each in found.connections for place in each.minima]
    starts = [each.saddle for each in found.connections for _ in range(2)]
    for path, start, end in zip(drawn, starts, ends, strict=True):
        np.testing.assert_array_equal(path[0], found.points[start].x)
        np.testing.assert_array_equal(path[-1], found.points[end].x)
        assert (np.diff(objective.value(path.T)) < 0).all()
        near = path[0] + 1e-3 * (path[1] - path[0]) / np.linalg.norm(path[1] - path[0])
        flow = solve_ivp(
            lambda t, x: -objective.gradient(x), (0, 5), near, "LSODA", rtol=1e-9, atol=1e-9, max_step=1e-3
        )
        apart = np.linalg.norm(path[:, :, None] - flow.y[None], axis=1).min(axis=1)
        assert apart.max() < 12 / 100  # a hundredth of the box


def test_a_path_that_goes_astray_gives_way_to_a_dashed_line():
    objective, found = taken("himmelblau")
    told = found.connections[0]
    wrong = next(place for place in range(4) if place not in told.minima)
    false = Connection(told.saddle, (told.minima[0], wrong), (0.0, 0.0), ("minimum", "minimum"))
    figure = census_figure(objective, replace(found, connections=(false,)))
    (dashed,) = paths(figure.axes[0], "leads to (not the path itself)")
    np.testing.assert_array_equal(dashed, [found.points[told.saddle].x, found.points[wrong].x])
    assert len(paths(figure.axes[0])) == 1
    assert legend(figure)[-2:] == ["the flow down from a saddle", "leads to (not the path itself)"]


def test_too_many_connections_are_only_counted():
    objective, found = taken("himmelblau")
    figure = census_figure(objective, replace(found, connections=found.connections * 1001))
    assert not paths(figure.axes[0])
    assert legend(figure)[-1] == "4004 connections, too many to be drawn"


def test_a_path_that_leaves_the_box_is_followed_to_its_edge():
    objective = expression("x**2 - y**2 + x*y/9")
    found = census(objective)
    (first, second) = paths(census_figure(objective, found).axes[0])
    assert {each.ends for each in found.connections} == {("left the box", "left the box")}
    assert first[-1][1] < found.box[1, 0] + 0.1
    assert second[-1][1] > found.box[1, 1] - 0.1


def test_a_degenerate_point_has_its_own_marker_and_its_kind():
    figure = census_figure(*taken("monkey_saddle"))
    assert counts(figure.axes[0]) == {}
    assert counts(figure.axes[0], DEGENERATE) == {"saddle": 1}
    np.testing.assert_array_equal(marks(figure.axes[0], DEGENERATE)["saddle"], [[0], [0]])
    assert legend(figure) == ["1 degenerate saddle"]
    assert fits(figure)


@pytest.mark.parametrize(
    ("name", "number", "equation"),
    [("circle_of_minima", 1, lambda x, y: x * x + y * y), ("flat_valley", 2, lambda x, y: x * y)],
)
def test_a_curve_of_critical_points_is_drawn_where_it_is(name, number, equation):
    objective, found = taken(name)
    figure = census_figure(objective, found)
    curves = [each for each in figure.axes[0].collections if np.isclose(np.max(each.get_linewidth()), 2.5)]
    assert len(curves) == number
    for each in curves:
        (vertices,) = each.get_segments() if hasattr(each, "get_segments") else [each.get_paths()[0].vertices]
        np.testing.assert_allclose(equation(*vertices.T), 1, atol=1e-3)
        assert np.ptp(vertices, axis=0).min() > 1.4
    assert f"{number} curve{'s' * (number > 1)} of minima" in legend(figure)
    assert fits(figure)


def test_a_curve_whose_equation_is_not_told_is_drawn_as_its_box():
    objective, found = taken("circle_of_minima")
    figure = census_figure(objective, replace(found, degenerate=(replace(found.degenerate[0], equation=""),)))
    (drawn,), box = figure.axes[0].patches, found.degenerate[0].box
    np.testing.assert_array_equal(drawn.get_xy(), box[:, 0])
    np.testing.assert_array_equal([drawn.get_width(), drawn.get_height()], np.ptp(box, axis=1))


def test_unresolved_boxes_are_hatched_and_say_why():
    objective, found = taken("himmelblau", max_boxes=150)
    figure = census_figure(objective, found)
    drawn = hatched(figure.axes[0])
    assert len(drawn) == len(found.unresolved) > 1
    for patch, each in zip(drawn, found.unresolved, strict=True):
        low = np.array(patch.get_xy())
        high = low + np.array([patch.get_width(), patch.get_height()])
        assert (low <= each.box[:, 0] + 1e-9).all()
        assert (high >= each.box[:, 1] - 1e-9).all()
    assert f"{len(drawn)} unresolved" in figure.get_suptitle()
    assert figure.get_suptitle().splitlines()[1].startswith("incomplete: ")
    assert legend(figure)[-1] == f"{len(drawn)} unresolved (drawn larger): the budget of boxes or time was spent"
    assert fits(figure)


def test_a_kink_is_hatched_although_it_is_tiny():
    objective, found = taken("ackley", 1.5, connected=False)
    figure = census_figure(objective, found)
    (patch,) = hatched(figure.axes[0])
    assert 0 < patch.get_width() == pytest.approx(0.025 * 3)
    assert patch.get_xy()[0] < 0 < patch.get_xy()[0] + patch.get_width()
    assert legend(figure)[-1].startswith("1 unresolved (drawn larger): f is not twice differentiable")
    assert fits(figure)


def test_reasons_have_different_hatches():
    objective, found = taken("himmelblau", max_boxes=150)
    other = replace(found.unresolved[0], reason="another")
    figure = census_figure(objective, replace(found, unresolved=(*found.unresolved, other)))
    hatches = Counter(each.get_hatch() for each in hatched(figure.axes[0]))
    assert sorted(hatches.values()) == [1, len(found.unresolved)]


def test_one_variable_gives_the_graph():
    objective = expression("x**4/4 - x**2/2")
    figure = census_figure(objective, census(objective))
    x, y = figure.axes[0].lines[0].get_data()
    np.testing.assert_allclose(y, x**4 / 4 - x**2 / 2, atol=1e-12)
    drawn = marks(figure.axes[0])
    np.testing.assert_allclose(drawn["minimum"], [[-1, 1], [-0.25, -0.25]], atol=1e-12)
    np.testing.assert_allclose(drawn["maximum"], [[0], [0]], atol=1e-12)
    assert fits(figure)


def test_what_is_unresolved_of_one_variable_is_a_hatched_strip():
    objective = expression("abs(x) + x**2/4")
    found = census(objective)
    figure = census_figure(objective, found)
    (strip,) = hatched(figure.axes[0])
    assert len(found.unresolved) == 1
    assert strip.get_x() < 0 < strip.get_x() + strip.get_width()
    assert (strip.get_y(), strip.get_height()) == (0, 1)
    assert fits(figure)


def test_in_three_dimensions_value_stands_against_index():
    objective = OBJECTIVES["styblinski_tang"](dimension=3)
    found = census(objective)
    figure = census_figure(objective, found)
    left, right = figure.axes
    assert counts(left) == {"minimum": 8, "saddle": 18, "maximum": 1}
    index, value = np.concatenate(list(marks(left).values()), axis=1)
    assert Counter(np.round(index)) == {0: 8, 1: 12, 2: 6, 3: 1}
    for each in range(4):
        column = np.round(index) == each
        assert (np.diff(value[column][np.argsort(index[column])]) >= 0).all()
    highest, lowest = (line.get_xydata() for line in right.lines[:2])
    x = np.array([each.x for each in found.points])
    curvatures = 6 * x**2 - 16  # of x^4 / 2 - 8 x^2 + 5 x / 2
    np.testing.assert_allclose(lowest[:, 0], curvatures.min(axis=1))
    np.testing.assert_allclose(highest[:, 0], curvatures.max(axis=1))
    np.testing.assert_allclose(lowest[:, 1], objective.value(x.T))
    assert figure.get_suptitle() == "styblinski_tang(dimension=3)\ncomplete: 8 minima, 18 saddles, 1 maximum"
    assert fits(figure)


def test_in_four_dimensions_a_degenerate_point_stands_with_the_others():
    objective = OBJECTIVES["powell_singular"]()
    figure = census_figure(objective, census(objective))
    assert counts(figure.axes[0], DEGENERATE) == {"minimum": 1}
    (highest, lowest) = (line.get_xdata()[0] for line in figure.axes[1].lines[:2])
    # (x1 + 10 x2)^2 + 5 (x3 - x4)^2 has the eigenvalues 202 and 20, 0 and 0
    np.testing.assert_allclose([lowest, highest], [0, 202], atol=1e-9)
    assert fits(figure)


@pytest.mark.parametrize("text", ["x + x**3", "x + y", "x + y + z"])
def test_where_there_is_no_critical_point_the_picture_says_so(text):
    objective = expression(text)
    figure = census_figure(objective, census(objective))
    assert figure.get_suptitle().endswith("complete: no critical point")
    assert counts(figure.axes[0]) == {}
    assert len(rendered(figure, "svg")) > 1000


def test_a_point_of_unproved_index_is_no_saddle():
    objective, found = taken("himmelblau")
    doubtful = replace(found.points[4], kind="unknown", index_proved=False)
    figure = census_figure(objective, replace(found, points=(*found.points[:4], doubtful, *found.points[5:])))
    assert counts(figure.axes[0]) == {"minimum": 4, "saddle": 3, "maximum": 1, "unproved": 1}
    assert "1 of unproved index" in figure.get_suptitle()


def test_an_alarm_is_in_the_title():
    objective, found = taken("himmelblau")
    title = census_figure(objective, replace(found, boundary_degree=7)).get_suptitle()
    assert "the gradient's degree on the boundary is 7 but the points make 1" in " ".join(title.split())


def test_steep_functions_have_a_logarithmic_scale():
    steep, mild = expression("exp(9*x**2) - 99*x"), expression("x**2")
    scales = [census_figure(each, census(each)).axes[0].get_yscale() for each in (steep, mild)]
    assert scales == ["symlog", "linear"]
