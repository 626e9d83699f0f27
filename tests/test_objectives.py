import re

import numpy as np
import pytest
import scipy.optimize
from oracles import assert_close, complex_step, evaluated_text, exact_derivative

from saddlesim.experiments import EXPERIMENTS
from saddlesim.experiments.starts import STARTS
from saddlesim.objectives import OBJECTIVES, Quadratic
from saddlesim.optimizers import OPTIMIZERS

REGISTRIES = (OBJECTIVES, OPTIMIZERS, STARTS, EXPERIMENTS)
SHAPES = ((), (3,), (0,), (2, 4))


def functions_of(objective):
    return objective.value, objective.gradient, objective.hessian


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
    hessian = objective.hessian(x)
    for each in (v, v[:, :1]):
        with np.errstate(all="ignore"):
            expected = np.einsum("ij...,j...->i...", hessian, np.broadcast_to(each, x.shape))
        assert_close(objective.hessian_product(x, each), expected, 1e-12)


def test_where_a_derivative_is_missing_is_declared(objective, x):
    value, gradient, hessian = (function(x) for function in functions_of(objective))
    regular = np.isfinite(value)
    missing = ~np.isfinite(hessian).all(axis=(0, 1)) | ~np.isfinite(gradient).all(axis=0)
    assert objective.non_smooth or not missing[regular].any()
    assert objective.non_smooth or regular.all()
    assert (~regular | np.isfinite(objective.gradient(x)).all(axis=0) | missing).all()


def test_value_and_derivatives_are_those_of_the_text_at_40_digits(objective, x):
    if objective.function is None:
        assert objective.expression_text is None
        return
    for order, function in enumerate(functions_of(objective)):
        exact = np.stack([exact_derivative(objective.function, each, order) for each in x.T], axis=-1)
        assert_close(function(x), exact, 1e-9)


def test_text_means_what_python_says_it_means(objective, x):
    text = objective.expression_text
    if text is None:
        assert objective.function is None
        return
    value = objective.value(x)
    for here, told in zip(x.T[4:], value[4:], strict=True):
        assert told == pytest.approx(evaluated_text(text, objective.variables, here), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("key", "fields", "x", "value"),
    [
        ("quadratic", {"eigenvalues": (4.0, -1.0)}, (1, 3), -2.5),
        ("quadratic", {"eigenvalues": (4.0, -1.0), "angle": np.pi / 2}, (1, 3), 17.5),
        ("monkey_saddle", {}, (1, 2), -11),
        ("monkey_saddle", {"legs": 4}, (1, 2), 1 - 24 + 16),
        ("double_well", {"dimension": 3}, (2, 1, -2), 4.75),
        ("multiple_wells", {"n_wells": 2}, (0.5, 2), 2.25),
        ("coupled_wells", {"coupling": 0.5}, (2, 0), 2.25 + 0.25 + 1),
        ("strict_saddle_toy", {}, (2, 2), 4),
        ("himmelblau", {}, (1, 2), 68),
        ("rosenbrock", {"dimension": 3}, (-1, 2, 3), 100 + 4 + 100 + 1),
    ],
    ids=str,
)
def test_value_is_the_formula_by_hand(key, fields, x, value):
    objective = OBJECTIVES[key](**fields)
    assert objective.value(np.array(x)) == pytest.approx(value, rel=1e-14)
    assert objective(np.array(x)) == objective.value(np.array(x))


@pytest.mark.parametrize("n", [2, 5])
def test_rosenbrock_is_scipys(n):
    x = np.random.default_rng(3).uniform(-2, 2, n)
    rosenbrock = OBJECTIVES["rosenbrock"](dimension=n)
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
    last = x[:, -6:]
    grid = last.reshape(-1, 2, 3)
    for function in functions_of(objective):
        looped = np.stack([function(last[:, b]) for b in range(6)], axis=-1)
        assert_close(function(last), looped, 1e-13)
        np.testing.assert_array_equal(function(grid), function(last).reshape(*looped.shape[:-1], 2, 3))


def test_a_lane_does_not_depend_on_the_others(objective, x):
    spoilt = np.concatenate([x, np.full((len(x), 1), np.nan)], axis=1)
    for function in functions_of(objective):
        with np.errstate(all="ignore"):
            assert_close(function(spoilt)[..., :-1], function(x), 1e-13)


def test_integers_give_float64(objective):
    x = np.arange(objective.dimension)
    for function in functions_of(objective):
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
    for function in functions_of(objective):
        with pytest.raises(ValueError, match=told):
            function(np.zeros((d + 1, 2)))
    with pytest.raises(ValueError, match="x has no axis of components"):
        objective.value(1.0)
    with pytest.raises(ValueError, match=f"^v{told[1:]}"):
        objective.hessian_product(np.zeros((d, 2)), np.zeros((d + 1, 2)))


def test_domain_is_a_box(objective):
    low, high = objective.domain.T
    assert low.shape == (objective.dimension,)
    assert (low < high).all()


def test_scipy_gets_what_it_takes(objective):
    problem = objective.as_scipy()
    x = np.random.default_rng(6).uniform(*objective.domain.T)
    assert isinstance(problem["fun"](x), float)
    np.testing.assert_array_equal(problem["fun"](x), objective.value(x))
    d = objective.dimension
    assert problem["jac"](x).shape == problem["hessp"](x, x).shape == (d,)
    assert problem["hess"](x).shape == (d, d)
    assert scipy.optimize.Bounds(*np.transpose(problem["bounds"])).lb.shape == (d,)


# ---- what a listing tells


@pytest.mark.parametrize("cls", OBJECTIVES.values(), ids=OBJECTIVES)
def test_every_class_says_what_it_is(cls):
    assert cls.formula
    assert cls.source
    assert cls.__doc__.partition("\n")[0].rstrip().endswith(".")
    assert set(cls.symmetries) <= {"translation", "rotation", "reflection", "permutation", "scaling", "sign"}
    default = cls.examples()[0]
    assert cls.dimension_rule or cls.of_dimension(default.dimension) is not None


@pytest.mark.parametrize("cls", OBJECTIVES.values(), ids=OBJECTIVES)
def test_the_instance_of_a_dimension_has_it(cls):
    for n in range(1, 13):
        made = cls.of_dimension(n)
        assert made is None or made.dimension == n


def test_lists_that_claim_to_be_complete_exist_and_others_say_why_not(objective):
    assert objective.critical_points is not None or not objective.critical_points_complete
    assert objective.critical_points is not None or objective.critical_set or "expression" in str(objective)


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
    words = re.findall("(?<=[a-z])[A-Z](?=[A-Z][a-z])|[A-Z]+[a-z0-9]*", cls.__name__)
    assert key.split("_") == [word.lower() for word in words]
    assert cls.registry_key == key


@pytest.mark.parametrize("cls", OBJECTIVES.values())
def test_objectives_take_keywords_only(cls):
    with pytest.raises(TypeError, match=f"{cls.__name__} takes keyword arguments only"):
        cls(2)


def test_there_are_at_least_eighty():
    assert len(OBJECTIVES) >= 80
