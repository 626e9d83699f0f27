from __future__ import annotations

import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

import saddlesim
from saddlesim.objectives import OBJECTIVES, Objective

WITHOUT_JAX = """
import sys
sys.modules["jax"] = None
import saddlesim
try:
    saddlesim.from_jax(lambda x: x[0], 1)
except ImportError as error:
    print(error)
"""


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


@pytest.fixture
def objective():
    pytest.importorskip("jax")
    return saddlesim.from_jax(himmelblau, 2, [[-6, 6], [-6, 6]])


def test_it_is_the_same_function_in_double_precision(objective):
    ours = OBJECTIVES["himmelblau"]()
    x, v = np.random.default_rng(0).uniform(-6, 6, size=(2, 2, 3, 5))
    assert isinstance(objective, Objective)
    for name in ("value", "gradient", "hessian"):
        made = getattr(objective, name)(x)
        assert made.dtype == np.float64
        np.testing.assert_allclose(made, getattr(ours, name)(x), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(objective.hessian_product(x, v), ours.hessian_product(x, v), rtol=1e-11, atol=1e-11)
    assert objective(x[:, 0, 0]) == objective.value(x[:, 0, 0])


@pytest.mark.parametrize("lanes", [(), (1,), (0,), (2, 3)], ids=str)
def test_any_batch_shape(objective, lanes):
    x = np.ones((2, *lanes))
    assert objective.value(x).shape == lanes
    assert objective.gradient(x).shape == objective.hessian_product(x, x).shape == (2, *lanes)
    assert objective.hessian(x).shape == (2, 2, *lanes)


def test_it_descends_and_is_analysed(objective):
    descent = saddlesim.OPTIMIZERS["gradient_descent"](learning_rate=0.01)
    end = saddlesim.simulate(objective, descent, np.array([[1.0], [1.0]]), n_steps=300).x[-1]
    np.testing.assert_allclose(end[:, 0], [3, 2], atol=1e-6)


def test_a_pickle_is_the_same_function(objective):
    again = pickle.loads(pickle.dumps(objective))
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(again.gradient(x), objective.gradient(x))
    assert str(again) == "from_jax(himmelblau, dimension=2)"


def test_jax_keeps_its_own_precision_elsewhere(objective):
    import jax.numpy as jnp

    before = jnp.ones(2).dtype
    objective.value(np.ones(2))
    assert jnp.ones(2).dtype == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((0,), "dimension=0: must be at least 1"),
        ((2, [[1, 0], [0, 1]]), "domain has [1.0, 0.0]: the first must be below the second, and both finite"),
        ((2, [[0, 1], [0, np.inf]]), "domain has [0.0, inf]: the first must be below the second, and both finite"),
        ((2, [[-1, 1]]), "domain has shape (1, 2); must be (2, 2), low and high of each component"),
    ],
)
def test_what_does_not_fit_is_told(arguments, told):
    pytest.importorskip("jax")
    with pytest.raises(ValueError, match=re.escape(told)):
        saddlesim.from_jax(himmelblau, *arguments)


@pytest.mark.parametrize("dimension", [2.5, "a", None])
def test_a_dimension_that_is_no_whole_number_is_told(dimension):
    pytest.importorskip("jax")
    with pytest.raises(TypeError, match=re.escape(f"dimension={dimension!r}: must be a whole number")):
        saddlesim.from_jax(himmelblau, dimension)


def a_vector(x):
    return x * x


def an_error(x):
    return x["a"]


@pytest.mark.parametrize(
    ("f", "told"),
    [
        (a_vector, "from_jax(a_vector, dimension=2) gives an array of shape (2,); must give a scalar"),
        (lambda x: (x[0], x[1]), "gives a tuple; must give a scalar"),
        (an_error, "from_jax(an_error, dimension=2) does not take a point: TypeError: "),
    ],
)
def test_a_function_that_gives_no_scalar_is_told_at_once(f, told):
    pytest.importorskip("jax")
    with pytest.raises(ValueError, match=re.escape(told)):
        saddlesim.from_jax(f, 2)


def test_scipy_minimizes_it(objective):
    from scipy.optimize import minimize

    problem = objective.as_scipy()
    assert problem["bounds"] == [(-6, 6), (-6, 6)]
    found = minimize(problem["fun"], [2.0, 1.0], jac=problem["jac"], hess=problem["hess"], method="trust-exact")
    np.testing.assert_allclose(found.x, [3, 2], atol=1e-6)
    assert objective.critical_points is None


def test_a_point_of_another_dimension_is_told(objective):
    with pytest.raises(
        ValueError, match="x has shape \\(3,\\) but from_jax\\(himmelblau, dimension=2\\) has dimension 2"
    ):
        objective.value(np.ones(3))


def test_without_jax_it_says_what_to_install():
    done = subprocess.run([sys.executable, "-c", WITHOUT_JAX], capture_output=True, text=True, check=True)
    assert done.stdout == "from_jax needs JAX; install it with: pip install 'saddlesim[jax]'\n"
