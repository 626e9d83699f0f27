"""CUTEst's problems as sif2jax decodes them, differentiated by JAX: an oracle for the functions that are in both.

Not compared, since CUTEst's file is wrong: KOWOSB (0.0624 for u_11 = 0.0625), SISSER (a sign); since sif2jax adds 1e-10 under a
root: SNAIL; since it withholds them: BRKMCC, HIMMELBB, POWELLSG, SINEVAL. HELIX takes its angle from 0 to 1 turns, ours from -1/4
to 3/4, so no point here has x1 > 0 > x2.
"""

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES

PROBLEMS = {
    "allinitu": "ALLINITU",
    "bard": "BARD",
    "beale": "BEALE",
    "biggs_exp6": "BIGGS6",
    "box3": "BOX3",
    "branin": "BRANIN",
    "brown_badly_scaled": "BROWNBS",
    "brown_dennis": "BROWNDEN",
    "cliff": "CLIFF",
    "cube": "CUBE",
    "denschnc": "DENSCHNC",
    "denschnd": "DENSCHND",
    "denschne": "DENSCHNE",
    "denschnf": "DENSCHNF",
    "engval2": "ENGVAL2",
    "freudenstein_roth": ("FREUROTH", {"n": 2}),
    "gaussian_fit": "GAUSSIAN",
    "gulf": "GULFNE",
    "hairy": "HAIRY",
    "hatfldd": "HATFLDD",
    "helical_valley": "HELIX",
    "himmelbg": "HIMMELBG",
    "himmelbh": "HIMMELBH",
    "himmelblau": "HIMMELBCLS",
    "humps": "HUMPS",
    "jennrich_sampson": "JENSMP",
    "loghairy": "LOGHAIRY",
    "mccormick": "HS5",
    "mexhat": "MEXHAT",
    "meyer": "MEYER3NE",
    "osborne1": "OSBORNEA",
    "powell_badly_scaled": "POWELLBS",
    "rosenbrock": "ROSENBR",
    "six_hump_camel": "CAMEL6",
    "wood": ("WOODS", {"n": 4, "ns": 1}),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def jax():
    """JAX in double precision, without changing it for other tests."""
    module = pytest.importorskip("jax")
    with module.enable_x64(True):
        yield module


@pytest.fixture(scope="module")
def cutest(jax):
    """The problems; imported here, for that builds every one of them and takes half a minute."""
    return pytest.importorskip("sif2jax").cutest


def function_of(problem):
    """Give the function of a problem; of a system of equations, the sum of squares."""
    if hasattr(problem, "residual"):
        return lambda x: (problem.constraint(x)[0] ** 2).sum()
    return lambda x: problem.objective(x, problem.args)


def points(d):
    rng = np.random.default_rng(1)
    random = rng.uniform(-1, 1, d), rng.uniform(0.5, 1.5, d)
    return np.stack([np.ones(d), np.zeros(d), np.arange(d) % 2, np.arange(d), *random])


@pytest.mark.parametrize("key", PROBLEMS)
def test_value_and_derivatives_are_those_of_sif2jax(key, jax, cutest):
    name, sizes = PROBLEMS[key] if isinstance(PROBLEMS[key], tuple) else (PROBLEMS[key], {})
    objective, f = OBJECTIVES[key](), function_of(getattr(cutest, name)(**sizes))
    n_compared = 0
    for x in points(objective.dimension):
        expected = [np.asarray(function(jax.numpy.array(x))) for function in (f, jax.grad(f), jax.hessian(f))]
        if all(np.isfinite(each).all() for each in expected):
            n_compared += 1
            for function, each in zip((objective.value, objective.gradient, objective.hessian), expected, strict=True):
                np.testing.assert_allclose(function(x), each, rtol=1e-9, atol=1e-9 * np.abs(each).max() + 1e-12)
    assert n_compared >= 3
