from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import sympy

from saddlesim.objectives import OBJECTIVES
from saddlesim.registry import snake_case

STEP = 1e-30  # of a complex step: it has no cancellation, so it may be this small


def complex_step(function, x):
    """Derivatives along each component, stacked last-in-first: (d, ...) -> (..., d, ...)."""
    columns = [function(x + 1j * STEP * unit.reshape(-1, *(1,) * (x.ndim - 1))) for unit in np.eye(len(x))]
    return np.stack([column.imag / STEP for column in columns], axis=-x.ndim)


def test_gradient_is_the_derivative_of_value(objective, points):
    oracle = complex_step(objective.value, points)
    np.testing.assert_allclose(objective.gradient(points), oracle, rtol=1e-9, atol=1e-9 * np.abs(oracle).max())


def test_hessian_is_the_derivative_of_gradient(objective, points):
    oracle = complex_step(objective.gradient, points)
    np.testing.assert_allclose(objective.hessian(points), oracle, rtol=1e-9, atol=1e-9 * np.abs(oracle).max())


def test_hessian_product_is_hessian_times_vector(objective, points):
    v = np.random.default_rng(2).standard_normal(points.shape)
    oracle = np.stack([objective.hessian(x) @ u for x, u in zip(points.T, v.T, strict=True)], axis=1)
    np.testing.assert_allclose(
        objective.hessian_product(points, v), oracle, rtol=1e-12, atol=1e-12 * np.abs(oracle).max()
    )


@pytest.mark.parametrize("batch", [(), (3,), (0,), (2, 3)])
def test_any_batch_shape(objective, batch):
    d = objective.dimension
    x = np.random.default_rng(3).standard_normal((d, *batch))
    assert objective.value(x).shape == batch
    assert objective.gradient(x).shape == (d, *batch)
    assert objective.hessian(x).shape == (d, d, *batch)
    assert objective.hessian_product(x, x).shape == (d, *batch)
    assert objective(x).dtype == objective.gradient(x).dtype == objective.hessian(x).dtype == np.float64


def test_vectorised_equals_looped(objective, points):
    for name in ("value", "gradient", "hessian"):
        together = getattr(objective, name)(points)
        one_by_one = np.stack([getattr(objective, name)(x) for x in points.T], axis=-1)
        np.testing.assert_allclose(together, one_by_one, rtol=1e-13, atol=1e-13 * np.abs(together).max())


def test_input_is_left_alone_and_integers_are_welcome(objective):
    x = np.arange(objective.dimension)
    before = x.copy()
    for name in ("value", "gradient", "hessian"):
        made = getattr(objective, name)(x)
        np.testing.assert_array_equal(made, getattr(objective, name)(x.astype(float)))
        assert made.dtype == np.float64
    np.testing.assert_array_equal(x, before)


def test_wrong_number_of_components_is_told(objective):
    with pytest.raises(ValueError, match=f"x has {objective.dimension + 1} components but .* has dimension"):
        objective.value(np.zeros(objective.dimension + 1))


def test_every_critical_point_is_one(objective):
    for point in objective.critical_points or ():
        hessian = objective.hessian(point.x)
        eigenvalues = np.linalg.eigvalsh(hessian)
        scale = max(1.0, np.abs(eigenvalues).max() * np.linalg.norm(point.x))
        assert np.linalg.norm(objective.gradient(point.x)) < 1e-8 * scale
        assert objective.value(point.x) == pytest.approx(point.value, abs=1e-9)
        assert np.count_nonzero(eigenvalues < -1e-6) == point.index
        assert np.count_nonzero(np.abs(eigenvalues) <= 1e-6) == point.nullity
        if not point.nullity:
            expected = {0: "minimum", objective.dimension: "maximum"}.get(point.index, "saddle")
            assert point.kind == expected


def test_labels_are_unique(objective):
    labels = [point.label for point in objective.critical_points or ()]
    assert len(labels) == len(set(labels))


def test_a_declared_stable_eigenspace_is_invariant_to_the_last_bit(objective):
    for point in objective.critical_points or ():
        if point.stable_eigenspace_invariant:
            eigenvalues, vectors = np.linalg.eigh(objective.hessian(point.x))
            stable, unstable = vectors[:, eigenvalues > 0], vectors[:, eigenvalues < 0]
            x = point.x[:, None] + stable @ np.random.default_rng(4).standard_normal((stable.shape[1], 50))
            assert not (unstable.T @ objective.gradient(x)).any()


def test_himmelblau_has_four_minima_four_saddles_one_maximum_and_no_more():
    x, y = sympy.symbols("x y")
    f = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    resultant = sympy.Poly(sympy.resultant(f.diff(x), f.diff(y), y), x)
    points = OBJECTIVES["himmelblau"]().critical_points
    assert resultant.count_roots() == len(points) == 9
    assert Counter(point.kind for point in points) == {"minimum": 4, "saddle": 4, "maximum": 1}


@pytest.mark.parametrize(("dimension", "n_points"), [(2, 1), (3, 1), (4, 3)])
def test_rosenbrocks_list_has_as_many_points_as_its_gradient_real_roots(dimension, n_points):
    t = sympy.Symbol("t")
    x = [t]
    for i in range(dimension - 1):  # the gradient equation of x_i gives x_{i+1}
        bend = 200 * (x[i] - x[i - 1] ** 2) if i else 0
        x.append(sympy.together(x[i] ** 2 + (bend - 2 * (1 - x[i])) / (400 * x[i])))
    last = sympy.Poly(sympy.numer(sympy.together(x[-1] - x[-2] ** 2)), t)
    objective = OBJECTIVES["rosenbrock"](dimension=dimension)
    assert sympy.Poly(sympy.sqf_part(last.as_expr()), t).count_roots() == n_points == len(objective.critical_points)
    assert objective.critical_points_complete


def test_rotations_keep_the_spectrum():
    for rotated in ({"angle": 0.7}, {"seed": 5}):
        quadratic = OBJECTIVES["quadratic"](eigenvalues=(3.0, 0.5, -1.0, -2.0), **rotated)
        np.testing.assert_allclose(np.linalg.eigvalsh(quadratic.matrix), [-2, -1, 0.5, 3], rtol=1e-13)
    again = OBJECTIVES["quadratic"](eigenvalues=(3.0, 0.5, -1.0, -2.0), seed=5)
    np.testing.assert_array_equal(again.matrix, quadratic.matrix)


def test_keys_are_the_classes_names():
    for key, cls in OBJECTIVES.items():
        assert key == snake_case(cls.__name__)
