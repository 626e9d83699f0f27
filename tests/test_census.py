"""The census against counts from the literature, roots refined to 50 digits, and degenerate points worked out by hand."""

import dataclasses
import itertools
import json
import math
import re
import time

import mpmath
import numpy as np
import pytest
import sympy
from oracles import MPMATH
from typer.testing import CliRunner

from saddlesim import expression
from saddlesim.cli import app
from saddlesim.expressions.germ import Germ
from saddlesim.objectives import OBJECTIVES
from saddlesim.proving import census
from saddlesim.proving.branching import Proved
from saddlesim.proving.enclosures import Boxes, Enclosures
from saddlesim.proving.isolated import alone

DIGITS = 50
MUST_SHOW = {  # objective, its fields, a box if not its own, and how many of each index
    "himmelblau": ("himmelblau", {}, None, (4, 4, 1)),
    "six-hump camel": ("six_hump_camel", {}, None, (6, 7, 2)),
    "Beale": ("beale", {}, None, (1, 2, 0)),
    "Styblinski-Tang 2": ("styblinski_tang", {"dimension": 2}, None, (4, 4, 1)),
    "Styblinski-Tang 3": ("styblinski_tang", {"dimension": 3}, None, (8, 12, 6, 1)),
    "Styblinski-Tang 4": ("styblinski_tang", {"dimension": 4}, None, (16, 32, 24, 8, 1)),
    "cubic27": ("cubic27", {"dimension": 3}, None, (8, 12, 6, 1)),
    "Rastrigin": ("rastrigin", {"dimension": 2}, [[-5, 6], [-5, 6]], (144, 264, 121)),
    "Wolfe-Quapp": ("wolfe_quapp", {}, None, (3, 3, 1)),
    "peaks": ("peaks", {}, None, (3, 3, 3)),
    "Branin": ("branin", {}, None, (3, 2, 0)),
    "Goldstein-Price": ("goldstein_price", {}, None, (4, 4, 1)),
    "three-hump camel": ("three_hump_camel", {}, None, (3, 2, 0)),
    "McCormick": ("mccormick", {}, None, (2, 1, 0)),
    "Mueller-Brown": ("mueller_brown", {}, None, (3, 2, 0)),
    "butterfly": ("butterfly", {}, None, (4, 4, 1)),
    "Levy": ("levy", {"dimension": 2}, None, (40, 75, 35)),
}


def taken(text, box, variables=None, **given):
    return census(expression(text, variables=variables), box, connected=False, **given)


@pytest.fixture(scope="module", params=MUST_SHOW)
def shown(request):
    key, fields, box, counts = MUST_SHOW[request.param]
    objective = OBJECTIVES[key](**fields)
    return objective, counts, census(objective, box, connected=False)


def refined(function, x):
    """Refine a root of the gradient by Newton's method, and give the eigenvalues of the Hessian there."""
    d = len(x)

    def derivative(point, order):
        return function.evaluate(list(point), order, MPMATH)

    point = mpmath.matrix([mpmath.mpf(float(each)) for each in x])
    for _ in range(8):
        slope, second = derivative(point, 1), derivative(point, 2)
        gradient = mpmath.matrix([slope[i,] for i in range(d)])
        hessian = mpmath.matrix(d, d)
        for i, j in itertools.product(range(d), repeat=2):
            hessian[i, j] = second[min(i, j), max(i, j)]
        point -= mpmath.lu_solve(hessian, gradient)
    assert mpmath.norm(gradient) <= mpmath.mpf(10) ** (10 - DIGITS) * (1 + mpmath.mnorm(hessian))
    return point, sorted(mpmath.eigsy(hessian, eigvals_only=True))


def winding(objective, box):
    """Count how often the gradient turns round along the boundary, by angles between points that are close."""
    (a, b), (c, d) = np.asarray(box, dtype=float)
    for n in (2000, 20_000, 400_000):
        s, one = np.linspace(0, 1, n, endpoint=False), np.ones(n)
        x = np.concatenate([a + (b - a) * s, b * one, b - (b - a) * s, a * one])
        y = np.concatenate([c * one, c + (d - c) * s, d * one, d - (d - c) * s])
        right, up = objective.gradient(np.stack([x, y]))
        angles = np.arctan2(up, right)
        steps = (np.diff(np.append(angles, angles[0])) + np.pi) % (2 * np.pi) - np.pi
        if abs(steps).max() < 1:
            return round(steps.sum() / (2 * np.pi))
    raise AssertionError("the gradient turns too fast, or vanishes on the boundary")


# ---- what must be shown


def test_complete_and_proved_with_the_counts_of_the_literature(shown):
    objective, counts, found = shown
    assert found.status == "complete"
    assert not found.degenerate
    assert {index: n for index, n in enumerate(counts) if n} == dict(found.counts)
    assert all(point.unique_proved and point.index_proved for point in found.points)
    kinds = ["minimum", *["saddle"] * (objective.dimension - 1), "maximum"]
    assert all(point.kind == kinds[point.index] for point in found.points)
    assert all(point.strict_saddle == (point.kind == "saddle") for point in found.points)
    assert not any(point.on_boundary for point in found.points)


def test_enclosures_hold_the_refined_roots_and_eigenvalues(shown):
    objective, _, found = shown
    some = found.points[:: max(1, len(found.points) // 20)]
    with mpmath.workdps(DIGITS):
        for point in some:
            root, eigenvalues = refined(objective.function, point.x)
            assert all(
                float(low) <= each <= float(high) for (low, high), each in zip(point.enclosure, root, strict=True)
            )
            bounds = zip(point.eigenvalue_bounds, eigenvalues, strict=True)
            assert all(float(low) <= each <= float(high) for (low, high), each in bounds)
            low, high = map(float, point.value_bounds)
            assert low <= objective.function.evaluate(list(root), 0, MPMATH)[()] <= high
            assert point.index == sum(each < 0 for each in eigenvalues)


def test_enclosures_are_tight_and_apart(shown):
    _, _, found = shown
    for point in found.points:
        width = np.ptp(point.enclosure, axis=1)
        assert (width <= 1e-12 * np.maximum(1, abs(point.x))).all()
        np.testing.assert_allclose(point.eigenvalues, point.eigenvalue_bounds.mean(axis=1), rtol=1e-12)
    x = np.array([point.x for point in found.points])
    assert len(np.unique(x.round(6), axis=0)) == len(x)


def test_the_sum_over_indices_is_the_degree_on_the_boundary(shown):
    objective, counts, found = shown
    assert found.euler_sum == sum((-1) ** index * n for index, n in enumerate(counts))
    assert not found.alarm
    if objective.dimension == 2:
        assert found.boundary_degree == winding(objective, found.box) == found.euler_sum


def test_alarm_says_that_points_and_degree_disagree():
    found = census(OBJECTIVES["himmelblau"](), connected=False)
    short = dataclasses.replace(found, points=found.points[:-1])
    assert "fault of the program" in short.alarm
    assert short.as_dict()["alarm"] == short.alarm


def test_twice_the_same_but_for_the_time():
    one, two = (census(OBJECTIVES["peaks"]()).as_dict() for _ in range(2))
    del one["seconds"], two["seconds"]
    assert json.dumps(one) == json.dumps(two)


# ---- functions that are in no library


NEVER_SEEN = {  # text, box, and points with their indices, worked out by hand
    "a cubic": ("x**3/3 - x + y**2", [[-3, 2], [-2, 3]], {(1, 0): 0, (-1, 0): 1}),
    "one variable": ("cos(t)", [[-4, 7]], {(-math.pi,): 0, (0,): 1, (math.pi,): 0, (2 * math.pi,): 1}),
    "three variables": (
        "u**2 + v**2 - w**2 + u*w",
        [[-1, 2], [-2, 1], [-1, 3]],
        {(0, 0, 0): 1},
    ),
    "an exponential": ("x*exp(-x**2 - y**2)", [[-2, 3], [-3, 2]], {(0.5**0.5, 0): 2, (-(0.5**0.5), 0): 0}),
    "a logarithm": ("x*log(x) + y**2", [[0.25, 2], [-1, 2]], {(math.exp(-1), 0): 0}),
    "a quotient": ("x + 1/x", [[0.3, 4]], {(1,): 0}),
    "a root": ("sqrt(1 + x**2)*cosh(y)", [[-2, 3], [-2, 1]], {(0, 0): 0}),
    "a power": ("x**1.5 - x", [[0.1, 2]], {(4 / 9,): 0}),
    "an angle": ("atan(x) - x/2", [[-3, 2.5]], {(1,): 1, (-1,): 0}),
    "a modulus": ("abs(x) + (y - x)**2 - x**2", [[0.2, 2], [0, 3]], {(0.5, 0.5): 1}),
    "a tangent": ("tan(x) - 2*x", [[-1.2, 1.5]], {(math.pi / 4,): 0, (-math.pi / 4,): 1}),
}


@pytest.mark.parametrize("name", NEVER_SEEN)
def test_an_expression_never_seen_before(name):
    text, box, points = NEVER_SEEN[name]
    found = taken(text, box)
    assert found.status == "complete"
    assert len(found.points) == len(points)
    for x, index in points.items():
        (near,) = [point for point in found.points if np.allclose(point.x, x, rtol=0, atol=1e-13)]
        assert (near.index, near.index_proved) == (index, True)
        assert np.ptp(near.enclosure, axis=1).max() <= 1e-13
        assert not near.on_boundary


# ---- boundaries and cuts


@pytest.mark.parametrize(
    ("box", "n"),
    [
        ([[0, 1], [-1, 1]], 1),
        ([[-1, 0], [-1, 1]], 1),
        ([[0, 1], [0, 1]], 1),
        ([[-1, 0], [-1, 0]], 1),
        ([[1, 2], [0, 1]], 0),
        ([[1e-9, 1], [-1, 1]], 0),
        ([[-1, 1], [5e-324, 1]], None),
    ],
    ids=str,
)
def test_a_point_on_the_boundary_counts_once(box, n):
    found = taken("x**2 + y**2", box)
    assert found.status == "complete"
    assert len(found.points) <= 1 if n is None else len(found.points) == n
    assert all(point.on_boundary for point in found.points)


def test_points_on_all_sides_and_corners_count_once_and_together_with_the_neighbouring_box():
    text, box = "cos(pi*x) + cos(pi*y)", [[0, 2], [0, 2]]
    found = taken(text, box)
    assert (found.status, dict(found.counts)) == ("complete", {0: 1, 1: 4, 2: 4})
    assert sum(point.on_boundary for point in found.points) == 8
    both = {tuple(point.x.round(9) + 0.0) for part in ([0, 1], [1, 2]) for point in taken(text, [part, box[1]]).points}
    assert len(both) == 9


@pytest.mark.parametrize(
    ("text", "box", "counts"),
    [
        ("x**2 + 9*x/2 + y**3/3 - 11*y**2/8 + 7*y/4", [[-4.75, -2.25], [0, 1]], {1: 1}),
        ("x**2 + 3*x/2 + y**4/2 - 2*y**3/3 - 51*y**2/16 + 27*y/16", [[-0.75, 0.25], [0.2, 2.75]], {0: 1, 1: 1}),
        ("x**2 + 2*x + sin(y)", [[-1, 1], [-1, 2]], {1: 1}),
    ],
)
def test_a_point_on_the_boundary_beside_curvature_is_proved(text, box, counts):
    found = taken(text, box, max_boxes=20_000)
    assert (found.status, dict(found.counts)) == ("complete", counts)


@pytest.mark.parametrize("fraction", [0.4871, 0.4871**2, 0.4871**3, 0.4871 * 1.5129])
def test_a_point_where_the_box_is_cut_counts_once(fraction):
    low, high = -1.0, 2.0
    at = low + fraction * (high - low)
    found = taken(f"(x - {at!r})**4/4 - (x - {at!r})**2 + (y - {at!r})**2", [[low, high], [low, high]])
    assert found.status == "complete"
    assert sum(abs(point.x - at).max() < 1e-12 for point in found.points) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_enclosures_of_one_point_that_are_wide_and_lopsided_count_once(order):
    """Each of two boxes is proved to hold one point; the first enclosure is where the second box is alone, not the other way."""
    found = [([[-0.25]], [[1.0]], [[-0.26]], [[1.01]]), ([[-0.2]], [[1.05]], [[-2.0]], [[2.0]])][::order]
    proved = Proved(1)
    for tight_lo, tight_hi, wide_lo, wide_hi in (map(np.array, each) for each in found):
        proved.add(Boxes(tight_lo, tight_hi), Boxes(wide_lo, wide_hi))
    enclosures, unclear = proved.distinct()
    assert (enclosures.n, unclear.n) == (1, 0)


def test_a_point_on_the_boundary_may_be_degenerate():
    found = taken("x**3 - 3*x*y**2", [[0, 1], [0, 1]])
    assert (found.status, len(found.degenerate)) == ("complete", 1)
    assert (found.degenerate[0].nullity, found.degenerate[0].degree) == (2, -2)
    assert not taken("x**3 - 3*x*y**2", [[0.01, 1], [0, 1]]).degenerate


@pytest.mark.parametrize("text", ["exp(x) + y**2", "x + y", "abs(x) + 2*y", "tan(x) + y", "sin(x) + 2*x + y**3 + y"])
def test_there_may_be_nothing(text):
    found = taken(text, [[-3, 2], [-2, 3]])
    assert (found.status, found.points, found.degenerate, found.euler_sum) == ("complete", (), (), 0)
    assert not found.alarm


# ---- degenerate points


A, B = "(x - sqrt(2))", "(y - pi/4)"
P, Q = "(x - 1/3)", "(y + 2/7)"
BOX = [[-1.5, 1.75], [-1.25, 1.5]]
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
    assert any(_holds(box, x) for box in boxes)
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
    assert _holds(curve.box, on)


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


# ---- budgets


@pytest.mark.parametrize("key", ["himmelblau", "six_hump_camel", "peaks", "beale"])
@pytest.mark.parametrize("max_boxes", [1, 10, 60, 300])
def test_what_was_not_looked_at_is_unresolved_and_covers_what_is_there(key, max_boxes):
    objective = OBJECTIVES[key]()
    every = census(objective, connected=False)
    found = census(objective, max_boxes=max_boxes, connected=False)
    assert found.status == ("incomplete" if every.boxes > max_boxes else "complete")
    for point in every.points:
        proved = [each for each in found.points if (abs(each.x - point.x) < 1e-9).all()]
        left = [each for each in found.unresolved if _holds(each.box, point.x)]
        assert len(proved) == 1 or left
        assert len(proved) <= 1
    assert len(found.points) <= len(every.points)
    assert found.status == "complete" or "budget" in found.unresolved[0].reason


@pytest.mark.parametrize("max_boxes", [1, 10, 30, 100, 1000])
def test_degenerate_points_that_were_not_looked_at_are_in_unresolved_boxes(max_boxes):
    found = taken("x**5 - 10*x**3*y**2 + 5*x*y**4", BOX, max_boxes=max_boxes)
    assert (found.status, found.degenerate) == ("incomplete", ())
    assert any(_holds(each.box, np.zeros(2)) for each in found.unresolved)
    assert found.euler_sum is None


def test_no_time_at_all_leaves_the_whole_box():
    found = census(OBJECTIVES["himmelblau"](), seconds=0.0, connected=False)
    assert (found.status, found.points) == ("incomplete", ())
    np.testing.assert_array_equal(found.unresolved[0].box, [[-6, 6], [-6, 6]])


def test_time_is_kept():
    began = time.monotonic()
    assert taken("(x*y*z)**2 + x*y", [[-1, 1.25]] * 3, seconds=0.3).status == "incomplete"
    assert time.monotonic() - began < 4


def _holds(box, x):
    return bool(((box[:, 0] <= x) & (x <= box[:, 1])).all())


# ---- what comes out


def test_names_in_json_are_those_of_the_attributes():
    found = census(OBJECTIVES["himmelblau"]())
    told = json.loads(json.dumps(found.as_dict()))
    named = (
        "objective box status counts points degenerate unresolved connections boundary_degree euler_sum boxes seconds"
    )
    assert set(named.split()) <= set(told)
    point = "x enclosure value gradient_norm eigenvalues eigenvectors index nullity kind strict_saddle"
    point += " unique_proved index_proved margin"
    assert all(set(point.split()) <= set(each) for each in told["points"])
    assert told["counts"] == {"0": 4, "1": 4, "2": 1}
    assert told["status"] == "complete"
    assert told["box"] == [[-6, 6], [-6, 6]]
    for name in (*named.split()[:3], *named.split()[8:]):
        held = getattr(found, name)
        assert told[name] == (held.tolist() if isinstance(held, np.ndarray) else held)
    for each, plain in zip(found.points, told["points"], strict=True):
        assert all(hasattr(each, name) for name in point.split())
        assert plain["x"] == each.x.tolist()
    assert len(told["connections"]) == 4


def test_names_in_json_of_what_is_degenerate_or_unresolved():
    told = json.loads(
        json.dumps(taken("x**2*y**2 + (z - 1)**2*(z + 1)**4", [[-1, 1.25]] * 3, max_boxes=5000).as_dict())
    )
    assert told["status"] == "incomplete"
    assert all({"box", "reason"} <= set(each) for each in told["unresolved"])
    told = json.loads(json.dumps(taken("x**2 + y**3", BOX).as_dict()))
    (point,) = told["degenerate"]
    assert {"box", "kind", "nullity", "degree", "reason"} <= set(point)


def test_eigenvectors_are_in_columns_in_the_order_of_the_eigenvalues():
    objective = OBJECTIVES["himmelblau"]()
    for point in census(objective, connected=False).points:
        hessian = objective.hessian(point.x)
        np.testing.assert_allclose(hessian @ point.eigenvectors, point.eigenvectors * point.eigenvalues, atol=1e-9)
        assert (np.diff(point.eigenvalues) >= 0).all()


# ---- bad input


@pytest.mark.parametrize(
    "box",
    [
        [[-1, np.inf], [-1, 1]],
        [[-np.inf, np.inf], [-1, 1]],
        [[1, 1], [-1, 1]],
        [[1, -1], [-1, 1]],
        [[np.nan, 1], [-1, 1]],
        [[-1, 1]],
        [-1, 1],
        [[-1, 1], [-1, 1], [-1, 1]],
        [[-1, 0, 1], [-1, 0, 1]],
        [[-1, 1], [-1]],
        [],
    ],
    ids=str,
)
def test_a_bad_box_is_one_line(box):
    with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
        census(OBJECTIVES["himmelblau"](), box)


def test_too_many_dimensions_are_one_line():
    text = " + ".join(f"x{k}**2" for k in range(40))
    with pytest.raises(ValueError, match=r"\A[^\n]*40 dimensions[^\n]*\Z"):
        taken(text, [[-1, 1]] * 40)


def test_without_an_expression_there_is_no_proof():
    class Bare:
        dimension = 2
        domain = np.array([[-1.0, 1.0], [-1.0, 1.0]])

        def __str__(self):
            return "bare"

    with pytest.raises(TypeError, match=r"\Abare has no expression[^\n]*\Z"):
        census(Bare())


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("x**4 - x**2", [[-1e20, 1e20]]),
        ("x**2", [[-1e-310, 1e-310]]),
        ("(x - 1)**2", [[1, math.nextafter(1, 2)]]),
        ("exp(exp(exp(x)))", [[-1, 900]]),
        ("x**100 - x", [[-1e10, 1e10]]),
        ("3", [[-1, 1]]),
        ("(x**2 + y**2)*exp(-x**2 - y**2)", [[-2, 2.25], [-2, 2.25]]),
    ],
)
def test_extremes_are_no_faults(text, box):
    found = taken(text, box, variables=("x", "y")[: len(box)], max_boxes=5000)
    assert found.status in ("complete", "incomplete")


def test_a_box_too_wide_for_floating_point_is_refused():
    with pytest.raises(ValueError, match="too wide for floating point"):
        census(expression("x**2"), [[-1e308, 1e308]])


# ---- the command


def saddlesim(*arguments):
    return CliRunner().invoke(app, ["classify", *map(str, arguments)])


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not list(tmp_path.iterdir())  # without --plot nothing is written


def test_the_table_names_each_point_and_says_that_there_are_no_others(empty):
    done = saddlesim("himmelblau")
    assert done.exit_code == 0
    assert "complete: 4 minima, 4 saddles, 1 maximum; there are no others" in done.stdout
    kinds = [line.split()[0] for line in done.stdout.splitlines() if line]
    assert [kinds.count(each) for each in ("minimum", "saddle", "maximum")] == [4, 4, 1]
    assert "(3, 2)" in done.stdout


def test_the_table_may_be_cut_short(empty):
    done = saddlesim("himmelblau", "--most", 3)
    assert "6 more" in done.stdout
    assert "maximum  " not in done.stdout


def test_an_expression_typed_on_the_command_line_in_a_box_of_ones_own(empty):
    done = saddlesim("--expression", "u**3 - 3*u + v**2", "--variables", "u,v", "--box", "-2,3;-1,1", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["status"], told["counts"], told["box"]) == ("complete", {"0": 1, "1": 1}, [[-2, 3], [-1, 1]])
    np.testing.assert_allclose([each["x"] for each in told["points"]], [[1, 0], [-1, 0]], atol=1e-13)


def test_parameters_on_the_command_line(empty):
    done = saddlesim("styblinski_tang", "-p", "dimension=3", "--json")
    assert json.loads(done.stdout)["counts"] == {"0": 8, "1": 12, "2": 6, "3": 1}


def test_what_is_degenerate_or_unresolved_is_said_with_its_reason(empty):
    done = saddlesim("--expression", "x**3 - 3*x*y**2")
    assert done.exit_code == 0
    assert re.search(r"degenerate: saddle at .0, 0., nullity 2", done.stdout)
    done = saddlesim("himmelblau", "--max-boxes", 10)
    assert done.exit_code == 0
    assert "incomplete" in done.stdout
    assert "no others" not in done.stdout
    assert "unresolved: the budget of boxes or time was spent" in done.stdout


def test_a_bare_matrix(empty):
    done = saddlesim("--hessian", "2,1;1,-3", "--json")
    told = json.loads(done.stdout)
    assert (told["kind"], told["index"], told["inertia"]) == ("saddle", 1, [1, 0, 1])
    np.testing.assert_allclose(told["eigenvalues"], [(-1 - 29**0.5) / 2, (-1 + 29**0.5) / 2], rtol=1e-14)
    assert "second-derivative test is silent" in saddlesim("--hessian", "1,0;0,0").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["himmelblau", "--box", "1"],
        ["himmelblau", "--box", "-1,1"],
        ["himmelblau", "--box", "1,-1;0,1"],
        ["himmelblau", "--box", "1,1;0,1"],
        ["himmelblau", "--box", "a,b;0,1"],
        ["himmelblau", "--box", "0,inf;0,1"],
        ["himmelblau", "--box", "nan,1;0,1"],
        ["himmelblau", "--box", "0,1;0,1", "--at", "1,1"],
        ["himmelblau", "--at", "1"],
        ["himmelblau", "--at", "1,a"],
        ["himmelblau", "--find"],
        ["--hessian", "1,2;3,4"],
        ["--hessian", "1,2"],
        ["--hessian", "1,nan;nan,1"],
        ["--hessian", "a"],
        ["himmelblau", "--hessian", "1,0;0,1"],
        ["--expression", "x^2"],
        ["--expression", "x**2 + y", "--variables", "x"],
        ["himmelblua"],
        [],
    ],
    ids=" ".join,
)
def test_bad_input_is_told_and_exits_with_two(arguments, empty):
    done = saddlesim(*arguments)
    assert done.exit_code == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.output
    assert not done.stdout
