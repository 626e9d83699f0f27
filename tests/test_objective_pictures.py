"""Pictures of objectives: what is in their artists, and that nothing that can be shown makes them fail."""

from __future__ import annotations

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES, Expression
from saddlesim.plots import objective_figure, rendered
from saddlesim.plots.landscape import FINEST_GRID, Plane, fine_relief, relief
from saddlesim.plots.surface import heights


def drawn(objective):
    figure = objective_figure(objective)
    rendered(figure, "png")  # constrained layout and all artists at work, every warning an error
    return figure


def texts(figure):
    legends = [each.get_text() for legend in figure.legends for each in legend.get_texts()]
    return [each.get_title(loc="left") + each.get_title() for each in figure.axes] + legends


def window(text, **fields):
    objective = Expression(expression=text, **fields)
    return objective, Plane(np.zeros(2), np.eye(2), objective.domain, ("x", "y"))


def sheet(text, marked=(), **fields):
    return heights(fine_relief(*window(text, **fields)), marked)


@pytest.mark.parametrize(
    "objective", [OBJECTIVES["joint_tensor_decomposition"](), Expression(expression="sqrt(-1 - x**2 - y**2)")], ids=str
)
def test_what_is_nowhere_finite_is_an_empty_map_that_says_so(objective):
    figure = drawn(objective)
    assert [each.get_text() for each in figure.axes[0].texts] == ["no value here is finite and real"]
    assert "$f$ is nowhere finite and real in this window" in texts(figure)


@pytest.mark.parametrize(
    "text", ["x*0 + y*0 + 1", "1/x + 0*y", "x", "exp(300*x)*exp(300*y)", "log(x) + y", "abs(x) + y"]
)
def test_every_sort_of_sheet_is_drawn(text):
    drawn(Expression(expression=text, variables=("x", "y")))


def test_a_plane_without_points_has_the_coordinates_and_says_what_is_held():
    figure = drawn(Expression(expression="x1*x2 + x3**2 + x4", domain=((0, 10),) * 4))
    axes = figure.axes[0]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 10), (0, 10))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_{1}$", "$x_{2}$")
    assert "at $x_{3}$ = 5, $x_{4}$ = 5" in texts(figure)
    own = drawn(Expression(expression="u**2 + speed*w", variables=("speed", "u", "w"), domain=((0, 2), (1, 3), (4, 6))))
    assert own.axes[0].get_xlabel() == "$speed$"
    assert "at $w$ = 5" in texts(own)


def test_a_narrow_pit_is_seen_to_its_bottom():
    objective = OBJECTIVES["easom"]()  # -1 at (pi, pi), about 1 wide in a box 200 wide
    plane = Plane(np.zeros(2), np.eye(2), objective.domain, ("x", "y"))
    assert relief(objective, plane).value.min() > -0.9
    made = fine_relief(objective, plane)
    assert made.value.min() < -0.99
    assert heights(made, ()).low == made.value.min()
    assert texts(drawn(objective))[0].startswith("contours at equal steps")
    assert texts(drawn(OBJECTIVES["himmelblau"]()))[0].startswith("contours at equal shares of the area")


@pytest.mark.parametrize("key", ["ackley", "schaffer2"])
def test_ripples_are_resolved_and_drawn_without_lines(key):
    objective = OBJECTIVES[key]()
    plane = Plane(np.zeros(2), np.eye(2), objective.domain, ("x", "y"))
    assert relief(objective, plane).is_rippled
    assert len(fine_relief(objective, plane).u) >= FINEST_GRID
    assert len(objective_figure(objective).axes[0].collections) == 1  # the filled contours alone


def test_many_points_are_small_and_not_on_the_surface():
    objective = OBJECTIVES["rastrigin"]()
    contour, surface = drawn(objective).axes
    assert len(contour.lines) > 400
    assert {line.get_markersize() for line in contour.lines} == {2.0}
    assert not surface.lines
    contour, surface = drawn(OBJECTIVES["himmelblau"]()).axes
    assert len(contour.lines) == len(surface.lines) == 9
    assert {line.get_markersize() for line in contour.lines} == {6.0}


@pytest.mark.parametrize(
    "text", ["-x**2 - y**2", "x**2 + y**2", "x**2 - y**2", "cos(3*x)*y", "20 - 20*exp(-5*(x**2 + y**2))"]
)
def test_what_explodes_nowhere_is_not_cut(text):
    made = sheet(text)
    finite = fine_relief(*window(text)).value
    assert (made.low, made.high, made.told) == (finite.min(), finite.max(), "$f$")


def test_a_sheet_is_cut_on_the_side_where_it_explodes():
    up, down = sheet("x**8 + y**8"), sheet("-x**8 - y**8")
    assert up.low == pytest.approx(0, abs=1e-9)
    assert up.high < 100
    assert up.told.startswith("$f$, cut off above")
    assert (down.low, down.high) == (-up.high, -up.low)
    assert down.told.startswith("$f$, cut off below")
    assert sheet("x**8 + y**8", marked=[300.0]).high >= 300


def test_a_pole_is_cut_wherever_it_is():
    made = sheet("1/(x**2 + y**2)**6 - 2/(x**2 + y**2)**3")  # of depth 1 at distance 1
    assert made.low == pytest.approx(-1, abs=1e-3)
    assert made.high < 10


def test_orders_of_magnitude_are_drawn_symmetric_logarithmic():
    made = sheet("exp(40*x) + y**2/100")
    assert made.told == "$f$, heights symmetric-logarithmic"
    assert made.of(made.high) < 60
    for value in (made.low, made.high, 0.0 + made.scale):
        assert made.value(float(made.of(value))) == pytest.approx(value, rel=1e-9)


def test_the_legend_tells_how_many_listed_points_are_drawn():
    told = texts(drawn(OBJECTIVES["wood"]()))
    n = len(OBJECTIVES["wood"]().critical_points)
    assert f"of {n} listed points, 1 in this window" in told
    assert not [each for each in texts(drawn(OBJECTIVES["himmelblau"]())) if "listed" in each]


def test_many_dimensions_are_drawn_on_a_coarser_grid():
    objective = OBJECTIVES["rosenbrock"](dimension=3000)
    figure = drawn(objective)
    assert figure.axes[0].get_xlabel() == "$x_{1}$"
    assert "at $x_{3}$ = 1, $x_{4}$ = 1, $x_{5}$ = 1, ...; numbers: Morse index" in texts(figure)


def test_tick_labels_of_a_narrow_range_are_few():
    surface = drawn(Expression(expression="1000 + x/1000 + y/1000", domain=((0, 1), (0, 1)))).axes[1]
    for axis in (surface.xaxis, surface.yaxis, surface.zaxis):
        low, high = axis.get_view_interval()
        assert sum(low <= each <= high for each in axis.get_majorticklocs()) <= 5
