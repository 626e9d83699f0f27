"""SciPy's methods as they are audited, against SciPy asked directly; and evaluations, against counting by hand."""

import pickle

import numpy as np
import pytest
from scipy.optimize import minimize

from saddlesim.experiments import Audit
from saddlesim.experiments.auditing.scipy_methods import METHOD_NAMES, OPTIONS, Scipy
from saddlesim.experiments.evaluations import CountedObjective, Evaluations
from saddlesim.objectives import OBJECTIVES, Objective

TOY = OBJECTIVES["strict_saddle_toy"]()


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_scipy_answers_as_when_it_is_asked_directly_and_evaluations_are_its_own_count(name):
    himmelblau, start = OBJECTIVES["himmelblau"](), np.array([3.2, 1.7])
    problem, method = himmelblau.as_scipy(), Scipy(method=name)
    keys = {"hessian": "hess", "hessian_product": "hessp"}
    second = {keys[need]: problem[keys[need]] for need in method.needs}
    calls = {"value": 0, "gradient": 0}

    def told(key, function):
        def asked(x):
            calls[key] += 1
            return function(x)

        return asked

    found = minimize(told("value", problem["fun"]), start, jac=told("gradient", problem["jac"]), method=name, **second)
    ends = method.run(himmelblau, np.stack([start, start], axis=1))
    np.testing.assert_array_equal(ends.x[:, 0], found.x)
    np.testing.assert_array_equal(ends.x[:, 0], ends.x[:, 1])
    assert (bool(ends.claimed[0]), int(ends.step[0])) == (found.success, found.nit)
    assert ends.evaluations[:2, 0].tolist() == [calls["value"], calls["gradient"]]


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_scipy_takes_every_option_in_the_table_without_a_warning(name):
    values = {"maxiter": 50, "norm": 2, "c1": 1e-4, "c2": 0.5, "maxcor": 5, "maxfun": 100, "maxls": 10, "eta": 0.1}
    values["max_trust_radius"] = 10
    ends = Scipy(method=name, options={each: values.get(each, 1e-3) for each in OPTIONS[name]}).run(
        TOY, np.ones((2, 1))
    )
    assert "nknown" not in ends.message[0]
    assert not ends.raised[0]


class Broken:
    """x^2 - y^2 that raises, warns, or is nan, where x < 1."""

    dimension, domain = 2, np.array([[-2.0, 2.0], [-2.0, 2.0]])

    def __init__(self, how):
        self.how = how

    def value(self, x):
        if self.how == "raises" and x[0] < 1:
            raise np.linalg.LinAlgError("no such matrix")
        return np.where((self.how == "nan") & (x[0] < 1), np.nan, x[0] ** 2 - x[1] ** 2)

    def gradient(self, x):
        return np.stack([2 * x[0], -2 * x[1]])

    def hessian(self, x):
        return np.diag([2.0, -2.0]).reshape(2, 2, *(1,) * (x.ndim - 1)) + np.zeros(x.shape[1:])


def test_what_scipy_dies_of_is_its_answer(capfd):
    ends = Scipy(method="BFGS").run(Broken("raises"), np.array([[1.5], [0.0]]))
    assert (bool(ends.claimed[0]), bool(ends.raised[0]), ends.message[0]) == (
        False,
        True,
        "LinAlgError: no such matrix",
    )
    for name in METHOD_NAMES:
        if "hessian_product" not in Scipy(method=name).needs:
            ends = Scipy(method=name).run(Broken("nan"), np.array([[1.5], [0.0]]))
            assert ends.message[0]
    assert capfd.readouterr() == ("", "")


# ---- counting


def test_evaluations_are_counted_by_the_lane():
    counted = CountedObjective(OBJECTIVES["himmelblau"](), n_lanes=4)
    x = np.ones((2, 4))
    for _ in range(3):
        counted.value(x)
    counted.gradient(x)
    counted.gradient(np.ones((2, 5, 4)))  # five trial points a lane
    counted.hessian(x)
    counted.hessian_product(x, x)
    counted.hessian_product(x, np.ones((2, 2, 4)))
    assert counted.evaluations == Evaluations(value=3, gradient=6, hessian=1, hessian_product=3)


def test_a_counted_objective_is_the_objective():
    counted = CountedObjective(TOY)
    assert isinstance(counted, Objective)
    assert (str(counted), counted.dimension, counted(np.array([0.0, 1.0]))) == (str(TOY), 2, -0.25)
    assert counted.critical_points is TOY.critical_points
    assert not hasattr(CountedObjective(Broken("")), "hessian_product")
    assert pickle.loads(pickle.dumps(counted)).evaluations.value == 1


def test_a_method_that_needs_products_is_refused_where_there_are_none():
    asked = Audit(
        objectives={"mine": Broken("")}, saddles={"mine": ((0, 0),)}, methods={"krylov": Scipy(method="trust-krylov")}
    )
    (problem,) = asked.check()
    assert str(problem).startswith("methods.krylov: scipy needs Hessian products, hessian_product(x, v), which ")
