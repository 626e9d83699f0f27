from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from saddlesim.analysis import polish
from saddlesim.connecting import ENDS, Connection, connections, disconnectivity, paths
from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.base import described_points

EXPRESSION = OBJECTIVES["expression"]


def of(text, variables="xy", half_width=3.0):
    domain = [(-half_width, half_width)] * len(variables)
    return EXPRESSION(expression=text, variables=tuple(variables), domain=domain)


def unstable_direction(objective, x):
    """Give the lowest eigenvector, the first of its largest components positive."""
    direction = np.linalg.eigh(objective.hessian(x))[1][:, 0]
    large = np.flatnonzero(np.abs(direction) >= 0.99 * np.abs(direction).max())[0]
    return direction * np.sign(direction[large])


def descended(objective, x0, minima, box):
    """Say where the gradient flow goes, by somebody else's integrator at a tight tolerance: the place of a minimum, or None."""

    def near(t, x):
        return np.linalg.norm(minima - x, axis=1).min() - 1e-4

    def inside(t, x):
        return min((x - box[:, 0]).min(), (box[:, 1] - x).min())

    near.terminal = inside.terminal = True
    found = solve_ivp(
        lambda t, x: -objective.gradient(x),
        (0, 1e6),
        x0,
        method="LSODA",
        jac=lambda t, x: -objective.hessian(x),
        rtol=1e-10,
        atol=1e-12,
        events=(near, inside),
    )
    assert found.status == 1
    end = found.y[:, -1]
    return int(np.linalg.norm(minima - end, axis=1).argmin()) if near(0, end) < 1e-6 else None


def by_brute_force(objective, points, some=None):
    """Give for each saddle of index 1, or some of them, the places of the minima that its two sides end at."""
    places = [place for place, point in enumerate(points) if point.kind == "minimum"]
    minima = np.stack([points[place].x for place in places])
    told = {}
    for place, point in itertools.islice(((i, p) for i, p in enumerate(points) if p.index == 1), some):
        direction = unstable_direction(objective, point.x)
        ends = [
            descended(objective, point.x + side * 1e-5 * direction, minima, objective.domain) for side in (-1.0, 1.0)
        ]
        told[place] = tuple(None if end is None else places[end] for end in ends)
    return told


@pytest.mark.parametrize("name", ["himmelblau", "six_hump_camel", "mueller_brown", "goldstein_price", "beale", "wood"])
def test_paths_end_where_a_fine_integration_ends(name):
    objective = OBJECTIVES[name]()
    points = objective.critical_points
    found = connections(objective, points, objective.domain)
    assert {each.saddle: each.minima for each in found} == by_brute_force(objective, points)
    for each in found:
        for minimum, barrier, end in zip(each.minima, each.barriers, each.ends, strict=True):
            assert end == ("left the box" if minimum is None else "minimum")
            expected = None if minimum is None else points[each.saddle].value - points[minimum].value
            assert barrier == expected


def joined(objective, value):
    """Give the values at the ends of the path over the saddle that has a value."""
    points = objective.critical_points
    found = connections(objective, points)
    each = next(each for each in found if points[each.saddle].value == pytest.approx(value, abs=0.01))
    return sorted(points[place].value for place in each.minima)


def test_mueller_browns_passes_lie_between_the_neighbours_of_the_literature():
    """From the deep minimum at -146.70 over -40.66 to the shallow one at -80.77, and over -72.25 to that at -108.17."""
    surface = OBJECTIVES["mueller_brown"]()
    assert joined(surface, -40.66) == pytest.approx([-146.70, -80.77], abs=0.01)
    assert joined(surface, -72.25) == pytest.approx([-108.17, -80.77], abs=0.01)


@pytest.mark.parametrize(
    ("saddle", "minima"),
    [
        ([3.39, 0.07], {(3, 2), (4, -2)}),
        ([0.09, 2.88], {(3, 2), (-3, 3)}),
        ([-3.07, -0.08], {(-3, 3), (-4, -3)}),
        ([-0.13, -1.95], {(-4, -3), (4, -2)}),
    ],
    ids=str,
)
def test_himmelblaus_saddles_join_the_minima_of_two_neighbouring_quadrants(saddle, minima):
    objective = OBJECTIVES["himmelblau"]()
    points = objective.critical_points
    (found,) = (
        each for each in connections(objective, points) if np.allclose(points[each.saddle].x, saddle, atol=0.01)
    )
    assert {tuple(points[place].x.round()) for place in found.minima} == minima


WELLS = of("(x**2 - 1)**2 + 2*(y**2 - 1)**2 + 3*(z**2 - 1)**2", "xyz")


def test_separable_wells_are_joined_along_one_axis():
    points = described_points(WELLS, itertools.product((-1.0, 0.0, 1.0), repeat=3))
    found = connections(WELLS, points, WELLS.domain)
    assert len(found) == 12
    for each in found:
        at = points[each.saddle].x
        axis = int(np.flatnonzero(at == 0).item())
        for side, minimum, barrier in zip((-1.0, 1.0), each.minima, each.barriers, strict=True):
            expected = at.copy()
            expected[axis] = side
            np.testing.assert_array_equal(points[minimum].x, expected)
            assert barrier == axis + 1.0
    tree = disconnectivity(points, found)
    assert sorted(tree.minima) == [place for place, point in enumerate(points) if point.kind == "minimum"]
    (root,) = tree.roots
    assert (root.value, [part.value for part in root.parts]) == (3.0, [2.0, 2.0])
    assert [[leaf.value for leaf in part.parts] for part in root.parts] == [[1.0, 1.0], [1.0, 1.0]]


def test_lanes_carried_in_parts_end_the_same(monkeypatch):
    points = described_points(WELLS, itertools.product((-1.0, 0.0, 1.0), repeat=3))
    whole = connections(WELLS, points)
    monkeypatch.setattr(paths, "MOST_NUMBERS", 45)
    assert connections(WELLS, points) == whole


CUBIC = of("x**3 - 3*x + y**2")  # falls without end to the left of its saddle at (-1, 0)


@pytest.mark.parametrize(("box", "end"), [(CUBIC.domain, "left the box"), (None, "diverged")])
def test_a_path_may_lead_out(box, end):
    points = described_points(CUBIC, [(1.0, 0.0), (-1.0, 0.0)])
    assert connections(CUBIC, points, box) == (Connection(1, (None, 0), (None, 4.0), (end, "minimum")),)


def test_a_box_stops_a_path_that_would_have_come_to_a_minimum():
    points = described_points(CUBIC, [(1.0, 0.0), (-1.0, 0.0)])
    (found,) = connections(CUBIC, points, [[-3, 0.5], [-1, 1]])
    assert found.ends == ("left the box", "left the box")
    assert found.minima == found.barriers == (None, None)


def test_a_minimum_that_is_not_listed_is_told():
    (found,) = connections(CUBIC, described_points(CUBIC, [(-1.0, 0.0)]), CUBIC.domain)
    assert found.ends == ("left the box", "unlisted")


def test_both_sides_may_end_at_one_minimum():
    """A tilted ring has one minimum, and a saddle opposite of it: by reflection its two sides end alike."""
    ring = of("(x**2 + y**2 - 1)**2 + x/5", half_width=2.0)
    points = described_points(ring, [(x, 0.0) for x in sorted(np.roots([4, 0, -4, 0.2]).real)])
    assert [(point.kind, point.index) for point in points] == [("minimum", 0), ("maximum", 2), ("saddle", 1)]
    (found,) = connections(ring, points, ring.domain)
    assert found.minima == (0, 0)
    (root,) = disconnectivity(points, [found]).roots
    assert (root.place, root.parts) == (0, ())


DIPPING = of("x**5/5 - 3*x**4/4 + x**3 - x**2/2 + y**2")  # f_x = x (x - 1)^3


@pytest.mark.parametrize("kind", ["minimum", "degenerate"])
def test_where_the_hessian_is_singular_the_list_decides(kind):
    saddle, flat = described_points(DIPPING, [(0.0, 0.0), (1.0, 0.0)])
    (found,) = connections(DIPPING, [saddle, replace(flat, kind=kind)], DIPPING.domain)
    assert found.ends == ("left the box", kind)
    assert found.barriers[1] == (pytest.approx(0.05, rel=1e-12) if kind == "minimum" else None)


def test_a_floor_of_minima_is_degenerate():
    trough = of("(x**2 - 1)**2", "xy")
    (found,) = connections(trough, described_points(trough, [(0.0, 0.0)]), trough.domain)
    assert (found.minima, found.ends) == ((None, None), ("degenerate", "degenerate"))


BRANCHING = of("x**4/4 - x**2/2 + y**2*(1 - 2*x**2)/2 + 4*y**4", half_width=2.0)
BRANCHES = [
    (0.0, 0.0),
    (1.0, 0.0),
    (-1.0, 0.0),
    *itertools.product(*[(-np.sqrt(each), np.sqrt(each)) for each in (7 / 6, 1 / 12)]),
]


def test_a_valley_that_branches_ends_at_the_saddle_where_it_does():
    """The x-axis is invariant, and leads from the saddle at 0 to those at -1 and 1, where the valley has become a ridge."""
    points = described_points(BRANCHING, BRANCHES)
    assert [point.index for point in points] == [1, 1, 1, 0, 0, 0, 0]
    found = connections(BRANCHING, points, BRANCHING.domain)
    assert found[0] == Connection(0, (None, None), (None, None), ("saddle", "saddle"), (2, 1))
    assert [each.minima for each in found[1:]] == [(5, 6), (3, 4)]
    (root,) = disconnectivity(points, found).roots
    assert (root.place, sorted(part.place for part in root.parts)) == (0, [1, 2])


def test_in_one_dimension_a_maximum_joins():
    objective = of("x**4/4 - x**2/2", "x")
    points = described_points(objective, [(0.0,), (1.0,), (-1.0,)])
    (found,) = connections(objective, points)
    assert (found.minima, found.barriers) == ((2, 1), (0.25, 0.25))


def test_a_caller_may_know_symmetries():
    objective = of("(x**2 - 1)**2 + y**2")
    points = described_points(objective, [(0.0, 0.0), (1.0, 0.0)])
    (found,) = connections(objective, points, same=lambda x, y: np.allclose(np.abs(x), np.abs(y), atol=1e-6))
    assert found.minima == (1, 1)


def pair_distances(x):
    atoms = x.reshape(4, 3)
    return np.sort([np.linalg.norm(a - b) for a, b in itertools.combinations(atoms, 2)])


def test_the_rhombus_of_four_atoms_leads_to_the_tetrahedron_on_both_sides():
    """Five pairs of the planar rhombus touch; bent along its short diagonal to either side, the sixth pair does, too: f = -6."""
    cluster = OBJECTIVES["lennard_jones"](n_atoms=4)
    touching = 2 ** (1 / 6)
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * touching / np.sqrt(8)
    rhombus = np.array([[0.5, 0, 0], [-0.5, 0, 0], [0, np.sqrt(0.75), 0], [0, -np.sqrt(0.75), 0]]) * touching
    tetrahedron, saddle = described_points(cluster, [corners.ravel(), polish(cluster, rhombus.ravel())])
    points = [replace(tetrahedron, kind="minimum"), saddle]
    assert (points[0].nullity, saddle.index) == (6, 1)
    (found,) = connections(cluster, points, same=lambda x, y: np.allclose(pair_distances(x), pair_distances(y)))
    assert found.minima == (0, 0)
    assert found.barriers[0] == pytest.approx(6 + saddle.value, rel=1e-12)


def test_a_stiff_circular_valley_is_followed():
    """penalty1 is 1e5 times as stiff across its valley as along it; its one minimum and one saddle lie opposite on a circle."""
    objective = OBJECTIVES["penalty1"]()
    points = objective.critical_points
    (found,) = connections(objective, points)
    (minimum,) = (place for place, point in enumerate(points) if point.kind == "minimum")
    assert found.minima == (minimum, minimum)


@pytest.mark.parametrize("name", ["monkey_saddle", "peano"])
def test_points_without_one_negative_eigenvalue_are_left_alone(name):
    objective = OBJECTIVES[name]()
    assert connections(objective, objective.critical_points) == ()


def hand_made(*kinds_and_values):
    return [SimpleNamespace(kind=kind, value=value) for kind, value in kinds_and_values]


def joining(saddle, *minima):
    return Connection(saddle, minima, (None, None), ("minimum", "minimum"))


MINIMA = [("minimum", 1.0), ("minimum", 0.0), ("minimum", 2.0), ("minimum", 5.0)]


def test_a_small_tree_by_hand():
    points = hand_made(*MINIMA, ("saddle", 4.0), ("saddle", 3.0), ("saddle", 6.0), ("saddle", 7.0))
    tree = disconnectivity(points, [joining(4, 0, 2), joining(5, 0, 1), joining(6, 1, 2), joining(7, 3, None)])
    assert tree.minima == (1, 0, 2, 3)
    whole, alone = tree.roots
    assert (whole.place, whole.value, whole.lowest, whole.minima) == (4, 4.0, 0.0, (1, 0, 2))
    pair, third = whole.parts
    assert (pair.place, pair.value, [each.place for each in pair.parts]) == (5, 3.0, [1, 0])
    assert (third.place, third.parts) == (2, ())
    assert (alone.place, alone.parts) == (3, ())


def test_saddles_of_one_height_join_at_once():
    points = hand_made(*MINIMA, ("saddle", 6.0), ("saddle", 6.0), ("saddle", 6.0 + 1e-12))
    (root,) = disconnectivity(points, [joining(4, 0, 1), joining(5, 2, 3), joining(6, 0, 3)]).roots
    assert [each.place for each in root.parts] == [1, 0, 2, 3]


def test_minima_that_nothing_joins_stay_apart():
    tree = disconnectivity(hand_made(*MINIMA), ())
    assert [root.place for root in tree.roots] == [1, 0, 2, 3]
    assert disconnectivity((), ()).roots == ()


def test_a_long_staircase_of_minima_needs_no_recursion():
    count = 3000
    points = hand_made(
        *[("minimum", -float(i)) for i in range(count)], *[("saddle", float(i)) for i in range(count - 1)]
    )
    (root,) = disconnectivity(points, [joining(count + i, i, i + 1) for i in range(count - 1)]).roots
    assert root.minima == tuple(reversed(range(count)))


SMOOTH = [
    "wolfe_quapp",
    "butterfly",
    "peaks",
    "three_hump_camel",
    "branin",
    "zettl",
    "bohachevsky2",
    "bird",
    "hartmann3",
    "hartmann6",
    "freudenstein_roth",
    "colville",
    "allinitu",
    "hairy",
    "rastrigin",
    "schwefel",
    "cubic27",
    "levy",
    "tensor_decomposition",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", SMOOTH)
def test_the_library_agrees_with_a_fine_integration(name):
    objective = OBJECTIVES[name]()
    points = list(objective.critical_points)
    found = {each.saddle: each for each in connections(objective, points, objective.domain)}
    assert all(end in ENDS for each in found.values() for end in each.ends)
    for saddle, minima in by_brute_force(objective, points, some=40).items():
        assert found[saddle].minima == minima
