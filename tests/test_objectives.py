import itertools
import re

import numpy as np
import pytest
import scipy.optimize
import sympy

from saddlesim.experiments import EXPERIMENTS
from saddlesim.experiments.starts import STARTS
from saddlesim.objectives import (
    OBJECTIVES,
    DoubleWell,
    Himmelblau,
    MonkeySaddle,
    Quadratic,
    Rosenbrock,
    StrictSaddleToy,
)
from saddlesim.optimizers import OPTIMIZERS

REGISTRIES = (OBJECTIVES, OPTIMIZERS, STARTS, EXPERIMENTS)
SHAPES = ((), (3,), (0,), (2, 4))
H = 1e-30


def complex_step(function, x):
    """Give the derivative by each component, along a new last-but-lanes axis: (..., B) becomes (..., d, B)."""
    steps = 1j * H * np.eye(len(x))
    return np.stack([np.imag(function(x + step[:, None])) / H for step in steps], axis=-2)


def assert_close(actual, expected, tolerance):
    """Compare relatively to the largest component of each lane; what a complex step leaves in place of 0 passes."""
    lanes = tuple(range(expected.ndim - 1))
    scale = np.abs(expected).max(axis=lanes, keepdims=True)
    assert actual.shape == expected.shape
    assert (np.abs(actual - expected) <= tolerance * scale + H).all()


# ---- derivatives


def test_gradient_is_the_derivative_of_the_value(objective, x):
    assert_close(objective.gradient(x), complex_step(objective.value, x), 1e-9)


def test_hessian_is_the_derivative_of_the_gradient(objective, x):
    assert_close(objective.hessian(x), complex_step(objective.gradient, x), 1e-9)


def test_hessian_is_symmetric(objective, x):
    hessian = objective.hessian(x)
    np.testing.assert_array_equal(hessian, np.swapaxes(hessian, 0, 1))


def test_hessian_product_is_hessian_times_vector(objective, x):
    v = np.random.default_rng(2).standard_normal(x.shape)
    columns = [objective.hessian(x[:, b]) @ v[:, b] for b in range(x.shape[1])]
    assert_close(objective.hessian_product(x, v), np.stack(columns, axis=1), 1e-12)


@pytest.mark.parametrize(
    ("objective", "x", "value"),
    [
        (Quadratic(eigenvalues=(4.0, -1.0)), (1, 3), -2.5),
        (Quadratic(eigenvalues=(4.0, -1.0), angle=np.pi / 2), (1, 3), 17.5),
        (MonkeySaddle(), (1, 2), -11),
        (DoubleWell(dimension=3), (2, 1, -2), 4.75),
        (StrictSaddleToy(), (2, 2), 4),
        (Himmelblau(), (1, 2), 68),
        (Rosenbrock(dimension=3), (-1, 2, 3), 100 + 4 + 100 + 1),
    ],
    ids=str,
)
def test_value_is_the_formula_by_hand(objective, x, value):
    assert objective.value(np.array(x)) == pytest.approx(value, rel=1e-14)
    assert objective(np.array(x)) == objective.value(np.array(x))


@pytest.mark.parametrize("n", [2, 5])
def test_rosenbrock_is_scipys(n):
    x = np.random.default_rng(3).uniform(-2, 2, n)
    rosenbrock = Rosenbrock(dimension=n)
    np.testing.assert_allclose(rosenbrock.value(x), scipy.optimize.rosen(x), rtol=1e-13)
    np.testing.assert_allclose(rosenbrock.gradient(x), scipy.optimize.rosen_der(x), rtol=1e-12)
    np.testing.assert_allclose(rosenbrock.hessian(x), scipy.optimize.rosen_hess(x), rtol=1e-12)


# ---- the convention: component first, float64, nothing changed in place


@pytest.mark.parametrize("lanes", SHAPES, ids=str)
def test_shapes_follow_the_points(objective, lanes):
    d = objective.dimension
    x = np.ones((d, *lanes))
    assert np.shape(objective.value(x)) == lanes
    assert objective.gradient(x).shape == (d, *lanes)
    assert objective.hessian(x).shape == (d, d, *lanes)
    assert objective.hessian_product(x, x).shape == (d, *lanes)


def test_vectorised_equals_looped_to_1e_13(objective, x):
    grid = x[:, :6].reshape(-1, 2, 3)
    for function in (objective.value, objective.gradient, objective.hessian):
        looped = np.stack([function(x[:, b]) for b in range(6)], axis=-1)
        assert_close(function(x[:, :6]), looped, 1e-13)
        np.testing.assert_array_equal(function(grid), function(x[:, :6]).reshape(*looped.shape[:-1], 2, 3))


def test_integers_give_float64(objective):
    x = np.arange(objective.dimension)
    for function in (objective.value, objective.gradient, objective.hessian):
        assert function(x).dtype == np.float64
        np.testing.assert_array_equal(function(x), function(x.astype(np.float64)))


def test_results_are_new_arrays_and_points_stay(objective, x):
    before = x.copy()
    for result in (objective.gradient(x), objective.hessian(x), objective.hessian_product(x, x)):
        assert not np.shares_memory(result, x)
        result += 1
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(objective.hessian(x), objective.hessian(before))


def test_wrong_number_of_components_is_told(objective):
    d = objective.dimension
    told = re.escape(f"x has {d + 1} components but {objective} has dimension {d}")
    for function in (objective.value, objective.gradient, objective.hessian):
        with pytest.raises(ValueError, match=told):
            function(np.zeros((d + 1, 2)))
    with pytest.raises(ValueError, match="x has no axis of components"):
        objective.value(1.0)


def test_domain_is_a_box(objective):
    low, high = objective.domain.T
    assert low.shape == (objective.dimension,)
    assert (low < high).all()


# ---- declared critical points


def test_gradient_vanishes_at_a_declared_point(critical_point):
    objective, point = critical_point
    scale = np.linalg.norm(objective.hessian(point.x), ord=2) * max(1.0, np.linalg.norm(point.x))
    assert np.linalg.norm(objective.gradient(point.x)) <= 1e-8 * scale
    assert objective.value(point.x) == pytest.approx(point.value, rel=1e-12, abs=1e-12)


def test_eigenvalues_give_declared_index_and_nullity(critical_point):
    objective, point = critical_point
    values = np.linalg.eigvalsh(objective.hessian(point.x))
    zero = np.abs(values) <= 1e-6 * np.abs(values).max()
    assert np.count_nonzero(zero) == point.nullity
    assert np.count_nonzero(values[~zero] < 0) == point.index


def test_declared_kind_is_what_values_on_a_small_sphere_say(critical_point):
    objective, point = critical_point
    eigenvectors = np.linalg.eigh(objective.hessian(point.x))[1]
    random = np.random.default_rng(4).standard_normal((objective.dimension, 500))
    directions = np.concatenate([eigenvectors, -eigenvectors, random / np.linalg.norm(random, axis=0)], axis=1)
    rise = objective.value(point.x[:, None] + 1e-4 * directions) - objective.value(point.x)
    above, below = (rise > 0).any(), (rise < 0).any()
    assert point.kind == {(True, False): "minimum", (False, True): "maximum", (True, True): "saddle"}[above, below]


def test_labels_are_unique(objective):
    labels = [point.label for point in objective.critical_points or ()]
    assert len(set(labels)) == len(labels)


def test_lists_that_claim_to_be_complete_exist(objective):
    assert objective.critical_points or not objective.critical_points_complete


def test_gradients_in_an_invariant_stable_eigenspace_have_no_unstable_component(invariant_point):
    objective, point = invariant_point
    values, vectors = np.linalg.eigh(objective.hessian(point.x))
    stable, unstable = vectors[:, values > 0], vectors[:, values < 0]
    x = point.x[:, None] + stable @ np.random.default_rng(5).standard_normal((stable.shape[1], 1000))
    assert (unstable.T @ objective.gradient(x) == 0.0).all()


# ---- completeness


def real_roots(polynomial, x):
    """Isolate the distinct real roots exactly, and give them as floats, ascending."""
    return [float(root.evalf(30)) for root in sympy.Poly(polynomial, x).sqf_part().real_roots()]


def test_himmelblau_has_four_minima_four_saddles_and_a_maximum_and_no_more():
    x, y = sympy.symbols("x y")
    f = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    resultant = sympy.Poly(sympy.resultant(f.diff(x), f.diff(y), y), x)
    points = Himmelblau().critical_points
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
    declared = sorted(point.x[0] for point in Rosenbrock(dimension=n).critical_points)
    assert len(roots) == count
    np.testing.assert_allclose(declared, roots, rtol=1e-13)


# ---- the quadratic form


@pytest.mark.parametrize("turned", [{}, {"angle": 0.7}, {"seed": 3}], ids=str)
def test_quadratic_has_the_spectrum_it_is_given(turned):
    values = (3.0, 0.5, -0.25, -2.0)
    matrix = Quadratic(eigenvalues=values, **turned).matrix
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), sorted(values), rtol=1e-13)


def test_quadratic_turns_by_its_angle():
    c, s = np.cos(0.3), np.sin(0.3)
    quadratic = Quadratic(eigenvalues=(2.0, -1.0), angle=0.3)
    expected = 2.0 * np.outer([c, s], [c, s]) - np.outer([-s, c], [-s, c])
    np.testing.assert_allclose(quadratic.matrix, expected, rtol=1e-14)


def test_quadratic_of_one_seed_is_one_function():
    first, again, other = (Quadratic(eigenvalues=(1.0, -1.0, 2.0), seed=seed).matrix for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_quadratic_draws_its_axes_without_bias():
    n, d = 1000, 3
    axes = np.array([Quadratic(eigenvalues=(1.0,) * d, seed=seed).rotation for seed in range(n)])
    z = axes.mean(axis=0) * np.sqrt(n * d)  # an entry of a Haar matrix has mean 0 and variance 1 / d
    assert np.abs(z).max() < 4
    np.testing.assert_allclose(axes @ np.swapaxes(axes, 1, 2), np.broadcast_to(np.eye(d), axes.shape), atol=1e-14)


def test_quadratic_with_a_zero_eigenvalue_lists_no_point():
    flat = Quadratic(eigenvalues=(1.0, 0.0))
    assert flat.critical_points is None
    assert not flat.critical_points_complete


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"eigenvalues": (1.0,), "angle": 0.5}, "one dimension has no plane to turn in"),
        ({"angle": 0.5, "seed": 1}, "angle and seed both choose the eigenvectors"),
        ({"eigenvalues": ()}, "eigenvalues: () has too few entries; at least 1"),
        ({"eigenvalues": (1.0, float("nan"))}, "must be finite"),
    ],
)
def test_quadratic_refuses(fields, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        Quadratic(**fields)


# ---- registries


@pytest.mark.parametrize(
    ("key", "cls"), [item for registry in REGISTRIES for item in registry.items()], ids=lambda each: str(each)
)
def test_registry_key_is_the_class_name_in_snake_case(key, cls):
    words = re.findall("[A-Z]+[a-z]*", cls.__name__)
    assert key.split("_") == [word.lower() for word in words]
    assert cls.registry_key == key


@pytest.mark.parametrize("cls", OBJECTIVES.values())
def test_objectives_take_keywords_only(cls):
    with pytest.raises(TypeError, match=f"{cls.__name__} takes keyword arguments only"):
        cls(2)
