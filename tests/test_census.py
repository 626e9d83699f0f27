import dataclasses
import json
import math
import time

import mpmath
import numpy as np
import pytest
from censuses import BOX, DIGITS, holds, refined, taken, winding
from oracles import MPMATH

from saddlesim import expression
from saddlesim.objectives import OBJECTIVES
from saddlesim.proving import census
from saddlesim.proving.branching import Proved
from saddlesim.proving.enclosures import Boxes

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


@pytest.fixture(scope="module", params=MUST_SHOW)
def shown(request):
    key, fields, box, counts = MUST_SHOW[request.param]
    objective = OBJECTIVES[key](**fields)
    return objective, counts, census(objective, box, connected=False)


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
        left = [each for each in found.unresolved if holds(each.box, point.x)]
        assert len(proved) == 1 or left
        assert len(proved) <= 1
    assert len(found.points) <= len(every.points)
    assert found.status == "complete" or "budget" in found.unresolved[0].reason


@pytest.mark.parametrize("max_boxes", [1, 10, 30, 100, 1000])
def test_degenerate_points_that_were_not_looked_at_are_in_unresolved_boxes(max_boxes):
    found = taken("x**5 - 10*x**3*y**2 + 5*x*y**4", BOX, max_boxes=max_boxes)
    assert (found.status, found.degenerate) == ("incomplete", ())
    assert any(holds(each.box, np.zeros(2)) for each in found.unresolved)
    assert found.euler_sum is None


def test_no_time_at_all_leaves_the_whole_box():
    found = census(OBJECTIVES["himmelblau"](), seconds=0.0, connected=False)
    assert (found.status, found.points) == ("incomplete", ())
    np.testing.assert_array_equal(found.unresolved[0].box, [[-6, 6], [-6, 6]])


def test_time_is_kept():
    began = time.monotonic()
    assert taken("(x*y*z)**2 + x*y", [[-1, 1.25]] * 3, seconds=0.3).status == "incomplete"
    assert time.monotonic() - began < 4


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


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("1e16*x**2 - y**2", {1: 1}),  # the largest row sum says nothing of the small eigenvalue; its own row does
        ("x**2 + 1e-17*y**2", {0: 1}),
        ("x**4 - 1e-16*x**2 + y**2", {0: 2, 1: 1}),
    ],
)
def test_an_eigenvalue_far_below_the_largest_is_told_from_zero(text, counts):
    found = taken(text, [[-1, 1], [-1, 1]])
    assert (found.status, dict(found.counts), found.alarm) == ("complete", counts, "")


def test_an_index_that_is_not_proved_is_none():
    found = census(OBJECTIVES["himmelblau"](), connected=False)
    unproved = dataclasses.replace(found.points[0], index=None, kind="unknown", index_proved=False)
    changed = dataclasses.replace(found, points=(unproved, *found.points[1:]))
    assert dict(changed.counts) == {0: 3, 1: 4, 2: 1}
    assert (changed.euler_sum, changed.alarm) == (None, "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"box": "a"}, "box is 'a': must be a pair of numbers"),
        ({"box": [[1, 2], [3]]}, "must be a pair of numbers"),
        ({"max_boxes": 0}, "max_boxes=0: must be at least 1"),
        ({"seconds": -1}, "seconds=-1: must not be negative"),
        ({"seconds": math.nan}, "seconds=nan: must not be negative"),
    ],
)
def test_what_is_no_box_or_budget_is_told_in_a_line(given, message):
    with pytest.raises(ValueError, match=message):
        census(OBJECTIVES["himmelblau"](), **given)


@pytest.mark.parametrize(("low", "n"), [(np.sqrt(2), 0), (np.nextafter(np.sqrt(2), 0), 1)])
def test_a_degenerate_point_is_in_the_box_by_its_exact_coordinates(low, n):
    found = taken("(x**2 - 2)**3 + y**2", [[low, 2], [-1, 1]])  # sqrt(2) is a little less than its float
    assert len(found.degenerate) == n
