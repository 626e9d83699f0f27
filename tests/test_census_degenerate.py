import math

import mpmath
import numpy as np
import pytest
import sympy
from censuses import BOX, DIGITS, holds, refined, taken, winding

from saddlesim import expression
from saddlesim.expressions.germ import Germ
from saddlesim.objectives import OBJECTIVES
from saddlesim.proving import census
from saddlesim.proving.enclosures import Boxes, Enclosures
from saddlesim.proving.isolated import alone

A, B = "(x - sqrt(2))", "(y - pi/4)"
P, Q = "(x - 1/3)", "(y + 2/7)"
DEGENERATE = {  # text, where, kind, index, nullity, degree
    "monkey saddle": ("x**3 - 3*x*y**2", (0, 0), "saddle", 0, 2, -2),
    "of four legs": ("x**4 - 6*x**2*y**2 + y**4", (0, 0), "saddle", 0, 2, -3),
    "of five legs": ("x**5 - 10*x**3*y**2 + 5*x*y**4", (0, 0), "saddle", 0, 2, -4),
    "x^2 - y^4": ("x**2 - y**4", (0, 0), "saddle", 0, 1, -1),
    "-x^2 + y^4": ("-x**2 + y**4", (0, 0), "saddle", 1, 1, -1),
    "-x^2 - y^4": ("-x**2 - y**4", (0, 0), "maximum", 1, 1, 1),
    "x^2 + y^4": ("x**2 + y**4", (0, 0), "minimum", 0, 1, 1),
    "x^2 + y^3": ("x**2 + y**3", (0, 0), "saddle", 0, 1, 0),
    "x^4 + y^4": ("x**4 + y**4", (0, 0), "minimum", 0, 2, 1),
    "x^4 - y^4": ("x**4 - y**4", (0, 0), "saddle", 0, 2, -1),
    "x^3 + y^3": ("x**3 + y**3", (0, 0), "saddle", 0, 2, 0),
    "-x^6 - y^2": ("-x**6 - y**2", (0, 0), "maximum", 1, 1, 1),
    "Peano": ("(2*x**2 - y)*(y - x**2)", (0, 0), "saddle", 1, 1, -1),
    "along a diagonal": ("(x + y)**2 + (x - y)**6", (0, 0), "minimum", 0, 1, 1),
    "monkey saddle, rational": (f"{P}**3 - 3*{P}*{Q}**2", (1 / 3, -2 / 7), "saddle", 0, 2, -2),
    "monkey saddle, irrational": (f"{A}**3 - 3*{A}*{B}**2", (2**0.5, math.pi / 4), "saddle", 0, 2, -2),
    "of four legs, rational": (f"{P}**4 - 6*{P}**2*{Q}**2 + {Q}**4", (1 / 3, -2 / 7), "saddle", 0, 2, -3),
    "x^2 - y^4, irrational": (f"{A}**2 - {B}**4", (2**0.5, math.pi / 4), "saddle", 0, 1, -1),
    "x^2 + y^4, irrational": (f"{A}**2 + {B}**4", (2**0.5, math.pi / 4), "minimum", 0, 1, 1),
    "x^2 + y^3, irrational": (f"{A}**2 + {B}**3", (2**0.5, math.pi / 4), "saddle", 0, 1, 0),
    "Peano, rational": (f"({Q} - {P}**2)*({Q} - 3*{P}**2)", (1 / 3, -2 / 7), "saddle", 0, 1, -1),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_a_degenerate_point_gets_its_kind_nullity_degree_and_reason(name):
    text, x, *told = DEGENERATE[name]
    found = taken(text, BOX)
    assert (found.status, found.points) == ("complete", ())
    (point,) = found.degenerate
    assert [point.kind, point.index, point.nullity, point.degree] == told
    assert point.isolated
    np.testing.assert_allclose(point.x, x, rtol=1e-15, atol=0)
    assert ((point.box[:, 0] <= x) & (x <= point.box[:, 1])).all()
    assert "order" in point.reason
    assert winding(expression(text), BOX) == point.degree == found.euler_sum


@pytest.mark.parametrize("legs", [3, 4, 5])
def test_monkey_saddles_of_the_library(legs):
    found = census(OBJECTIVES["monkey_saddle"](legs=legs), connected=False)
    assert found.status == "complete"
    assert [(each.kind, each.nullity, each.degree) for each in found.degenerate] == [("saddle", 2, 1 - legs)]


def test_peano_of_the_library():
    found = census(OBJECTIVES["peano"](), connected=False)
    assert found.status == "complete"
    assert [(each.kind, each.nullity, each.degree) for each in found.degenerate] == [("saddle", 1, -1)]


def test_powell_singular_has_a_minimum_of_nullity_two():
    text = "(a + 10*b)**2 + 5*(c - d)**2 + (b - 2*c)**4 + 10*(a - d)**4"
    found = taken(text, [[-1, 1.5]] * 4)
    assert (found.status, found.points) == ("complete", ())
    assert [(each.kind, each.index, each.nullity) for each in found.degenerate] == [("minimum", 0, 2)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x**4", ("minimum", 0, 1, 1)),
        ("x**3", ("saddle", 0, 1, 0)),
        ("x**5", ("saddle", 0, 1, 0)),
        ("-(x - 1/3)**6", ("maximum", 0, 1, -1)),
        ("x - sin(x)", ("saddle", 0, 1, 0)),
        ("cos(x) + x**2/2", ("minimum", 0, 1, 1)),
    ],
)
def test_degenerate_points_of_one_variable(text, told):
    found = taken(text, [[-1, 1.5]])
    assert (found.status, found.points) == ("complete", ())
    (point,) = found.degenerate
    assert (point.kind, point.index, point.nullity, point.degree) == told
    assert found.boundary_degree == point.degree


def test_regular_and_degenerate_points_side_by_side():
    found = taken("exp(-x**2 - y**2)*(x**3 - 3*x*y**2)", [[-2, 2.25], [-2, 2.25]])
    assert (found.status, dict(found.counts)) == (
        "complete",
        {0: 3, 2: 3},
    )  # three hills and three hollows, 60 degrees apart
    assert [(each.kind, each.degree) for each in found.degenerate] == [("saddle", -2)]


@pytest.mark.parametrize("c", [100, 10_000, 50_000])
def test_the_degree_of_a_degenerate_point_does_not_count_its_neighbours(c):
    found = taken(f"x**3 - 3*x*y**2 + {c}*(x**2 + y**2)**2", [[-1, 1.1], [-1.2, 1]])  # minima at distance 3/(4 c)
    assert (found.status, dict(found.counts)) == ("complete", {0: 3})
    np.testing.assert_allclose([np.hypot(*point.x) for point in found.points], 0.75 / c, rtol=1e-12)
    assert [each.degree for each in found.degenerate] == [-2]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("x**4/4 - x**3/3", 1.0),
        ("x**2 + y**4/4 - y**3/3", 1.0),
        ("(x - y**2)**2 + y**5/5 - y**4/4", 1.0),
        ("x**3 - 3*x*y**2 + (x**2 + y**2)**2", 0.75),
        ("(x - y**2 - y**5)**2/2 + y**4/4 - y**10/2", 0.9),  # y^6 = 1/5 is critical, though F = s^4/4 on T = s^2
    ],
)
def test_a_degenerate_point_is_not_alone_in_a_box_with_another_one(text, other):
    function = expression(text).function
    germ = Germ(function, (sympy.Integer(0),) * function.dimension)
    for reach, told in ((1e-4, True), (1.1 * other, False), (1.01 * other, False)):
        edge = np.full((function.dimension, 1), reach)
        assert (alone(Enclosures(function), germ, Boxes(-edge, edge)) is not None) is told


@pytest.mark.parametrize("apart", ["10**-3", "10**-5", "10**-6", "10**-8"])
def test_a_regular_point_close_to_a_degenerate_one_is_not_lost(apart):
    found = taken(f"x**4/4 - x**3*{apart}/3 + y**2", [[-1, 1.25], [-1, 1.5]])  # x^2 (x - apart)
    x = np.array([float(sympy.sympify(apart)), 0.0])
    boxes = [*(each.enclosure for each in found.points), *(each.box for each in found.unresolved)]
    assert any(holds(box, x) for box in boxes)
    assert found.status == "incomplete" or (len(found.points), len(found.degenerate)) == (1, 1)


# ---- curves of critical points


@pytest.mark.parametrize(
    ("objective", "on", "kind"),
    [
        (OBJECTIVES["circle_of_minima"](), (1.0, 0.0), "minimum"),
        (expression("(x - y)**2"), (0.25, 0.25), "minimum"),
        (expression("-(y - sin(x))**2"), (0.5, math.sin(0.5)), "maximum"),
        (expression("(x*y - 1)**2", domain=((0.5, 2), (0.5, 2))), (0.8, 1.25), "minimum"),
        (expression("x**2", variables=("x", "y")), (0, 0.5), "minimum"),
    ],
    ids=str,
)
def test_a_curve_of_critical_points_is_one_thing(objective, on, kind):
    found = census(objective, connected=False)
    assert found.status == "complete"
    (curve,) = found.degenerate
    assert (curve.kind, curve.nullity, curve.isolated, curve.degree) == (kind, 1, False, None)
    assert "curve" in curve.reason
    assert holds(curve.box, on)


def test_a_hyperbola_is_two_curves():
    found = census(OBJECTIVES["flat_valley"](), connected=False)
    assert (found.status, dict(found.counts)) == ("complete", {1: 1})
    assert [(each.kind, each.nullity, each.isolated) for each in found.degenerate] == [("minimum", 1, False)] * 2


@pytest.mark.parametrize(
    ("text", "counts", "kind"),
    [
        ("(x**2 + y**2 - 1)**2", {2: 1}, "minimum"),
        ("-(x**2 + y**2 - 1)**2*(1 + x**2)", {0: 1}, "maximum"),
        ("(x**2 + y**2)*exp(-x**2 - y**2)", {0: 1}, "maximum"),
    ],
)
def test_a_circle_round_a_regular_point(text, counts, kind):
    found = taken(text, [[-1.5, 1.75], [-1.5, 1.75]])
    assert (found.status, dict(found.counts)) == ("complete", counts)
    (circle,) = found.degenerate
    assert (circle.kind, circle.nullity, circle.isolated) == (kind, 1, False)
    np.testing.assert_allclose(circle.box, [[-1, 1], [-1, 1]], atol=1e-3)


@pytest.mark.parametrize("text", ["x**2*y**2", "(x**2 - y**2)**2"])
def test_where_curves_cross_is_unresolved_with_a_reason(text):
    found = taken(text, [[-1, 1.25], [-1, 1.25]])
    assert (found.status, found.points) == ("incomplete", ())
    assert all(each.reason for each in found.unresolved)
    assert any((each.box[:, 0] <= 0).all() and (each.box[:, 1] >= 0).all() for each in found.unresolved)
    boxes = [each.box for each in (*found.unresolved, *found.degenerate)]
    for s in np.linspace(-0.9, 0.9, 19):
        point = (s, 0) if text == "x**2*y**2" else (s, s)
        assert any(((box[:, 0] <= point) & (point <= box[:, 1])).all() for box in boxes)


# ---- where f is not defined or not smooth


@pytest.mark.parametrize(
    ("text", "box", "at"),
    [
        ("abs(x) + y**2", [[-1, 1.5], [-1, 1.5]], (0, 0)),
        ("sqrt(x**2 + y**2)", [[-1, 1.5], [-1, 1.5]], (0, 0)),
        ("1/x + y**2", [[-1, 1.5], [-1, 1.5]], (0, 0)),
        ("log(x) + y**2", [[0, 1.5], [-1, 1.5]], (0, 0)),
        ("log(x**2)", [[-1, 1.5]], (0,)),
        ("sqrt(x)", [[0, 1]], (0,)),
        ("abs(tan(x))", [[1, 2]], (math.pi / 2,)),
        ("abs(x - 1/3)", [[-1, 1]], (1 / 3,)),
        ("atan2(y, x)", [[-1, 1.5], [-1, 1.5]], (0, 0)),
    ],
)
def test_poles_edges_and_kinks_are_unresolved_with_the_reason(text, box, at):
    found = taken(text, box)
    assert (found.status, found.points, found.degenerate) == ("incomplete", (), ())
    for each in found.unresolved:
        assert "differentiable" in each.reason
        assert ((each.box[:, 0] <= at) & (at <= each.box[:, 1])).all()
        assert np.ptp(each.box, axis=1).max() < 0.02


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("log(x**2 - 1)", [[-0.9, 0.8]]),
        ("log(x) + x", [[-2, -0.5]]),
        ("log(cos(x))", [[2, 4]]),
        ("log(x)**2*y + log(x)", [[-2, -0.5], [-1, 1.5]]),
        ("log(x*y) + x - y", [[-2, -0.5], [0.5, 2]]),
        ("atan2(y, x) + 0.3*y", [[-4, -2], [-1, 1.5]]),
        ("(x - pi/2)**2 + atan(tan(x)) - x", [[1.4, 1.8]]),
        ("log(x**4 - 1)", [[-0.9, 0.8]]),
        ("log(x**4 - 1) + y**2", [[-0.9, 0.8], [-1, 1.1]]),
        ("log((x**2 + y**2 - 1)**2 - 1)", [[-1.2, 1.3], [-1.1, 1.2]]),
    ],
)
def test_no_point_is_proved_where_f_is_not_defined_or_jumps(text, box):
    """Derivatives are defined at the zeros of these gradients, but f is not, or jumps."""
    found = taken(text, box)
    assert (found.points, found.degenerate) == ((), ())


@pytest.mark.parametrize(
    ("text", "box", "counts"),
    [
        ("(x**2 - 0.1)*log(x**2 - 0.1)", [[-1, 1.1]], {0: 2}),
        ("(x**2 + y**2 - 0.1)*log(x**2 + y**2 - 0.1) + 0.1*x", [[-1, 1.1], [-1.2, 1]], {0: 1, 1: 1}),
    ],
)
def test_a_hole_in_the_box_is_no_cause_for_alarm(text, box, counts):
    """With u = r^2 - 0.1, u log u has its minimum at log u = -1, and u < 0 is a hole, round which a degree is not a sum."""
    found = taken(text, box)
    assert dict(found.counts) == counts
    assert not found.alarm
    for point in found.points:
        assert np.ptp(point.enclosure, axis=1).max() < 1e-12


@pytest.mark.parametrize("t", ["0.01", "0.001"])
def test_a_point_beside_a_jump_of_the_gradient_is_not_missed(t):
    slope = f"(atan2({t}, -1) + {t}/(1 + {t}**2))", f"(1/(1 + {t}**2))"
    text = f"x*atan2(y, x) - {slope[0]}*x - {slope[1]}*y + 3*(x + 1)**2 + 3*(y - {t})**2"  # critical at (-1, t)
    function = expression(text).function
    with mpmath.workdps(DIGITS):
        root, _ = refined(function, (-1, float(t)))
        assert abs(root[0] + 1) + abs(root[1] - mpmath.mpf(t)) < mpmath.mpf(10) ** -12
    found = taken(text, [[-1.1, -0.9], [-0.1, 0.05]])
    x = (-1.0, float(t))
    boxes = [*(each.enclosure for each in found.points), *(each.box for each in found.unresolved)]
    assert any(((box[:, 0] <= x) & (x <= box[:, 1])).all() for box in boxes)
