import itertools

import mpmath
import numpy as np
import pytest
import sympy
from oracles import MPMATH

from saddlesim.objectives import OBJECTIVES

MOST = 300  # points of one list that are looked at


def listed(objective):
    return list(itertools.islice(objective.critical_points or objective.representatives or (), MOST))


def spectral_norm(hessian):
    return np.linalg.norm(hessian, ord=2)


def exact_hessian(objective, x):
    """Give the Hessian at 60 digits where the objective has a text, else in floating point."""
    if objective.function is None:
        return mpmath.matrix(objective.hessian(np.array(x, dtype=np.float64)).tolist())
    d = len(x)
    entries = objective.function.evaluate([mpmath.mpf(each) for each in x], 2, MPMATH)
    return mpmath.matrix([[entries[min(i, j), max(i, j)] for j in range(d)] for i in range(d)])


def test_gradient_vanishes_at_a_declared_point(objective):
    for point in listed(objective):
        scale = spectral_norm(objective.hessian(point.x)) * max(1.0, np.linalg.norm(point.x))
        assert np.linalg.norm(objective.gradient(point.x)) <= 1e-8 * scale, point.label
        assert objective.value(point.x) == pytest.approx(point.value, rel=1e-9, abs=1e-12), point.label


def test_eigenvalues_at_extended_precision_give_declared_index_and_nullity(objective):
    for point in listed(objective)[:60]:
        with mpmath.workdps(60):
            x = [mpmath.mpf(float(each)) for each in point.x]
            hessian = exact_hessian(objective, x)
            values = [float(each) for each in mpmath.eigsy(hessian, eigvals_only=True)]
        norm = max(map(abs, values))
        # the nearest float64 is not the point itself: what half a unit in the last place can move an eigenvalue by
        ulps = np.random.default_rng(7).choice([-1e-15, 1e-15], (len(x), 9)) * np.maximum(1.0, np.abs(point.x))[:, None]
        moved = np.abs(objective.hessian(point.x[:, None] + ulps) - objective.hessian(point.x)[..., None]).max()
        # (where none is said to be zero, all signs must be right in spite of that)
        zero = np.abs(values) <= bool(point.nullity) * 10 * moved + (1e-25 if objective.function else 1e-9) * norm
        assert np.count_nonzero(zero) == point.nullity, point.label
        assert np.count_nonzero(np.array(values)[~zero] < 0) == point.index, point.label


def test_declared_kind_is_what_values_on_a_small_sphere_say(objective):
    for point in listed(objective):
        eigenvectors = np.linalg.eigh(objective.hessian(point.x))[1]
        random = np.random.default_rng(4).standard_normal((objective.dimension, 500))
        directions = np.concatenate([eigenvectors, -eigenvectors, random / np.linalg.norm(random, axis=0)], axis=1)
        radius = 1e-4 * max(1.0, np.linalg.norm(point.x))
        rise = objective.value(point.x[:, None] + radius * directions) - objective.value(point.x)
        if point.nullity:
            rise = np.concatenate([rise, reduced_rises(objective, point)])
        rounding = 1e-14 * max(1.0, abs(point.value)) if point.nullity else 0.0
        told = (bool((rise > rounding).any()), bool((rise < -rounding).any()))
        kinds = {(True, False): "minimum", (False, True): "maximum", (True, True): "saddle", (False, False): point.kind}
        assert point.kind == kinds[told], point.label


def reduced_rises(objective, point):
    """Give f - f(x*) along the null space where the gradient in all other directions is made to vanish (splitting lemma)."""
    values, vectors = np.linalg.eigh(objective.hessian(point.x))
    flat = np.abs(values) <= 1e-6 * max(np.abs(values).max(), 1e-300)
    null, rest = vectors[:, flat], vectors[:, ~flat]
    mixed = np.random.default_rng(8).standard_normal((null.shape[1], 20))
    far = (-0.4, 0.4) if point.kind == "saddle" else ()  # a chain of squares falls below what rounding shows only there
    rises = []
    for direction in (null @ np.concatenate([np.eye(null.shape[1]), mixed / np.linalg.norm(mixed, axis=0)], axis=1)).T:
        for distance in (-0.1, -0.03, 0.03, 0.1, *far):
            x = point.x + distance * max(1.0, np.linalg.norm(point.x)) * direction
            for _ in range(20):
                step = np.linalg.lstsq(rest.T @ objective.hessian(x) @ rest, rest.T @ objective.gradient(x))[0]
                x = x - rest @ step
            rises.append(objective.value(x) - objective.value(point.x))
    return np.array(rises)


def test_labels_are_unique(objective):
    labels = [point.label for point in listed(objective)]
    assert len(set(labels)) == len(labels)


def test_points_are_apart_and_in_the_domain_or_said_to_be_everywhere(objective):
    positions = np.array([point.x for point in listed(objective)])
    for i, j in itertools.combinations(range(min(len(positions), 100)), 2):
        assert np.linalg.norm(positions[i] - positions[j]) > 1e-6 * max(1.0, np.linalg.norm(positions[i]))


def test_tables_say_where_their_points_come_from(objective):
    if objective.table is not None:
        assert objective.table.provenance
        assert objective.table.accuracy


def test_gradients_in_an_invariant_stable_eigenspace_have_no_unstable_component(invariant_point):
    objective, point = invariant_point
    values, vectors = np.linalg.eigh(objective.hessian(point.x))
    stable, unstable = vectors[:, values > 0], vectors[:, values < 0]
    x = point.x[:, None] + stable @ np.random.default_rng(5).standard_normal((stable.shape[1], 1000))
    assert (unstable.T @ objective.gradient(x) == 0.0).all()


# ---- counts that are known


@pytest.mark.parametrize(
    ("key", "fields", "counts"),
    [
        ("himmelblau", {}, (4, 4, 1)),
        ("six_hump_camel", {}, (6, 7, 2)),
        ("beale", {}, (1, 2, 0)),
        ("styblinski_tang", {"dimension": 3}, (8, 12, 6, 1)),
        ("rosenbrock", {"dimension": 4}, (2, 1, 0, 0, 0)),
        ("cubic27", {"dimension": 3}, (8, 12, 6, 1)),
        ("multiple_wells", {"n_wells": 4}, (4, 3, 0)),
        ("coupled_wells", {"coupling": 0.1}, (4, 4, 1)),
        ("coupled_wells", {"coupling": 0.4}, (2, 2, 1)),
        ("coupled_wells", {"coupling": 0.6}, (2, 1, 0)),
    ],
    ids=str,
)
def test_so_many_of_each_index_and_complete(key, fields, counts):
    objective = OBJECTIVES[key](**fields)
    indices = [point.index for point in objective.critical_points]
    assert tuple(map(indices.count, range(objective.dimension + 1))) == counts
    assert objective.critical_points_complete


# ---- completeness by elimination


def real_roots(polynomial, x):
    """Isolate the distinct real roots exactly, and give them as floats, ascending."""
    return [float(root.evalf(30)) for root in sympy.Poly(polynomial, x).sqf_part().real_roots()]


def test_himmelblau_has_four_minima_four_saddles_and_a_maximum_and_no_more():
    x, y = sympy.symbols("x y")
    f = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    resultant = sympy.Poly(sympy.resultant(f.diff(x), f.diff(y), y), x)
    points = OBJECTIVES["himmelblau"]().critical_points
    assert resultant.degree() == 9  # Bezout's bound, so every root in x belongs to one point
    np.testing.assert_allclose(sorted(point.x[0] for point in points), real_roots(resultant, x), rtol=1e-14)
    assert [sum(point.index == index for point in points) for index in range(3)] == [4, 4, 1]


@pytest.mark.parametrize(("n", "count"), [(2, 1), (3, 1), (4, 3), (5, 3)])
def test_rosenbrock_has_so_many_critical_points_and_no_more(n, count):
    x = sympy.symbols(f"x1:{n + 1}")
    f = sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))
    eliminated = f.diff(x[-1])
    for inner, outer in zip(x[-2::-1], x[:0:-1], strict=True):
        eliminated = sympy.resultant(sympy.expand(f.diff(inner)), sympy.expand(eliminated), outer)
    roots = real_roots(eliminated, x[0])
    declared = sorted(point.x[0] for point in OBJECTIVES["rosenbrock"](dimension=n).critical_points)
    assert len(roots) == count
    np.testing.assert_allclose(declared, roots, rtol=1e-13)


@pytest.mark.parametrize(
    ("coupling", "place", "index", "slope"),
    [(1 / 2, (0.0, 0.0), 1, (1.0, -1.0)), (1 / 3, (3**-0.5, -(3**-0.5)), 0, (1.0, 1.0))],
)
def test_where_wells_merge_the_quartic_makes_a_saddle(coupling, place, index, slope):
    chain = OBJECTIVES["coupled_wells"](coupling=coupling)
    (point,) = (each for each in chain.critical_points if np.allclose(each.x, place))
    assert (point.kind, point.index, point.nullity) == ("saddle", index, 1)
    assert not [each for each in chain.critical_points if each.kind == "degenerate"]
    t = np.linspace(-0.05, 0.05, 11)
    if index:  # along the null direction f rises as t^4 / 2, along the other it falls
        rise = chain.value(np.outer(slope, t)) - point.value
        np.testing.assert_allclose(rise, t**4 / 2, atol=1e-15)
    else:  # on the curve on which f is least across, it falls as 4 t^4
        x = np.array([[1, -1], [1, 1]]).T @ np.stack([np.sqrt(1 - 2 * coupling - 3 * t * t), t])
        np.testing.assert_allclose(chain.value(x) - point.value, -4 * t**4, atol=1e-15)


@pytest.mark.parametrize(("key", "numbers"), [("shubert", (722, 722, 1444)), ("hansen", (494, 494, 988))])
def test_points_of_a_product_of_waves_are_counted_by_its_factors(key, numbers):
    """Critical points are pairs of zeros of both factors, or of both slopes; found by signs on a fine grid."""
    from scipy.optimize import brentq

    objective = OBJECTIVES[key]()
    lines = [(lambda t: np.stack([t, 0 * t + 0.123])), (lambda t: np.stack([0 * t + 0.123, t]))]
    t = np.linspace(-10, 10, 20_001)
    turns, signs = [], []
    for axis, line in enumerate(lines):  # each factor but for a constant
        slope = lambda s, axis=axis, line=line: objective.gradient(line(np.asarray(s)))[axis]  # noqa: E731
        change = np.flatnonzero(np.diff(np.sign(slope(t))))
        at = np.array([brentq(slope, t[i], t[i + 1], xtol=1e-13) for i in change])
        turns.append(at)
        signs.append(int((np.diff(np.sign(objective.value(line(t)))) != 0).sum()))
    spectra = np.linalg.eigvalsh(np.moveaxis(objective.hessian(np.stack(np.meshgrid(*turns))), (0, 1), (-2, -1)))
    minima, maxima = int((spectra > 0).all(axis=-1).sum()), int((spectra < 0).all(axis=-1).sum())
    assert minima + maxima == len(turns[0]) * len(turns[1])
    assert (minima, maxima, signs[0] * signs[1]) == numbers
    assert objective.critical_set.startswith(f"{numbers[0]} minima, {numbers[1]} maxima and {numbers[2]} saddles")
