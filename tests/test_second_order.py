"""Dense second-order methods, step by step: closed forms, reductions, what never rises, and SciPy's trust region."""

import numpy as np
import pytest
from scipy import optimize
from scipy.optimize._trustregion_exact import IterativeSubproblem

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS, CubicNewton, TrustRegion
from saddlesim.simulation import simulate

SPECTRUM = np.array([2.0, 0.5, -0.3])
QUADRATIC = OBJECTIVES["quadratic"](eigenvalues=tuple(SPECTRUM))
ROTATED = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5, -0.3), seed=3)
STARTS = np.random.default_rng(0).standard_normal((3, 7))
DESCENDING = [
    OPTIMIZERS[key](**parameters)
    for key, parameters in [
        ("ncn", {}),
        ("adaptive_cubic_newton", {}),
        ("adaptive_cubic_newton", {"initial_sigma": 100.0}),
        ("trust_region", {}),
        ("trust_region", {"initial_radius": 0.01, "largest_radius": 0.1}),
    ]
]
SMALL = [each for cls in OBJECTIVES.values() for each in cls.examples() if each.dimension <= 3][::3]


def path(optimizer, n_steps=10, objective=QUADRATIC, x0=STARTS):
    return simulate(objective, optimizer, x0, n_steps).x


class Waves:
    """f = sum_k cos(a_k'x); the Hessian's Lipschitz constant is at most sum_k |a_k|^3."""

    directions = np.array([[1.0, 0.3], [-0.5, 1.2], [0.8, -0.9]])
    lipschitz = float((np.linalg.norm(directions, axis=1) ** 3).sum())

    def phases(self, x):
        return np.einsum("kd,d...->k...", self.directions, x)

    def value(self, x):
        return np.cos(self.phases(x)).sum(axis=0)

    def gradient(self, x):
        return -np.einsum("kd,k...->d...", self.directions, np.sin(self.phases(x)))

    def hessian(self, x):
        return -np.einsum("kd,ke,k...->de...", self.directions, self.directions, np.cos(self.phases(x)))


class Walled:
    """f = x^2 / 2 - 3 x for x < 1, and not a number from there on."""

    def value(self, x):
        return np.where(x[0] < 1, x[0] ** 2 / 2 - 3 * x[0], np.nan)

    def gradient(self, x):
        return x - 3

    def hessian(self, x):
        return np.ones((1, *x.shape))


class Hyperbola:
    """f = sqrt(1 + x^2), on which Newton's step leads from x to -x^3."""

    def value(self, x):
        return np.sqrt(1 + x[0] ** 2)

    def gradient(self, x):
        return x / np.sqrt(1 + x * x)

    def hessian(self, x):
        return (1 / np.sqrt(1 + x * x) ** 3)[None]


@pytest.mark.parametrize(("eta", "damping"), [(1.0, 0.1), (0.5, 2.0)])
def test_damped_newton_is_a_power(eta, damping):
    x = path(OPTIMIZERS["damped_newton"](learning_rate=eta, damping=damping))
    factors = 1 - eta * SPECTRUM / (SPECTRUM + 0.3 + damping)
    assert factors[2] == pytest.approx(1 + eta * 0.3 / damping)
    np.testing.assert_allclose(x, factors[:, None] ** np.arange(11)[:, None, None] * STARTS, rtol=1e-12)


def test_damped_newton_lies_between_newton_and_gradient_descent():
    bowl = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5, 0.3), seed=1)
    newton = path(OPTIMIZERS["newton"](learning_rate=0.3), objective=bowl)
    hardly = OPTIMIZERS["damped_newton"](learning_rate=0.3, damping=1e-12)
    np.testing.assert_allclose(path(hardly, objective=bowl), newton, rtol=1e-9)
    descent = path(OPTIMIZERS["gradient_descent"](learning_rate=0.1), objective=ROTATED)
    heavily = OPTIMIZERS["damped_newton"](learning_rate=0.1 * 1e9, damping=1e9)
    np.testing.assert_allclose(path(heavily, objective=ROTATED), descent, rtol=1e-6)


@pytest.mark.parametrize("m", [1e-3, 0.4, 5.0])
def test_ncn_takes_full_steps_on_a_quadratic(m):
    x = path(OPTIMIZERS["ncn"](least_curvature=m))
    factors = 1 - SPECTRUM / np.maximum(np.abs(SPECTRUM), m)
    np.testing.assert_allclose(x, factors[:, None] ** np.arange(11)[:, None, None] * STARTS, rtol=1e-12)


def test_ncn_shortens_a_step_until_f_is_low_enough():
    x0, decrease, backtracking = 1.7, 0.2, 0.6
    full, eta = x0 + x0**3, 1.0  # p, as x - p = -x^3
    while np.hypot(1, x0 - eta * full) > np.hypot(1, x0) - decrease * eta * full * x0 / np.hypot(1, x0):
        eta *= backtracking
    ncn = OPTIMIZERS["ncn"](decrease=decrease, backtracking=backtracking)
    assert eta < 1
    np.testing.assert_allclose(path(ncn, 1, Hyperbola(), [[x0]])[1, 0, 0], x0 - eta * full, rtol=1e-13)


def test_cubic_newton_leaves_a_saddle_by_its_closed_form():
    gamma, lipschitz = 0.7, 0.4
    saddle = OBJECTIVES["quadratic"](eigenvalues=(3.0, -gamma))
    starts = np.array([[0.0, 0, 0, 0], [0.0, 1e-9, -0.2, 5.0]])
    x = path(CubicNewton(lipschitz=lipschitz), 1, saddle, starts)[1]
    outwards = (gamma + np.sqrt(gamma**2 + 2 * lipschitz * gamma * np.abs(starts[1]))) / lipschitz
    np.testing.assert_allclose(x[1], starts[1] + np.where(starts[1] < 0, -1, 1) * outwards, rtol=1e-14)
    np.testing.assert_array_equal(x[0], 0)


@pytest.mark.parametrize("seed", range(5))
def test_an_exact_saddle_is_left_by_the_eigenvector_whose_first_large_component_is_positive(seed):
    rotated = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5, -0.3), seed=seed)
    lowest = rotated.rotation[:, 2]
    lowest = lowest * np.sign(lowest[np.abs(lowest) > np.abs(lowest).max() / 2][0])
    for optimizer, length in [
        (CubicNewton(lipschitz=0.5), 2 * 0.3 / 0.5),
        (OPTIMIZERS["adaptive_cubic_newton"](initial_sigma=0.25), 0.3 / 0.25),
        (TrustRegion(initial_radius=0.8), 0.8),
    ]:
        x = path(optimizer, 1, rotated, np.zeros((3, 1)))[1, :, 0]
        np.testing.assert_allclose(x, length * lowest, rtol=1e-10, atol=1e-12)


def test_cubic_newton_never_rises_and_ends_where_no_curvature_is_negative():
    waves = Waves()
    starts = np.random.default_rng(1).uniform(-9, 9, (2, 200))
    run = simulate(waves, CubicNewton(lipschitz=waves.lipschitz), starts, 150)
    assert (np.diff(run.value, axis=0) <= 1e-14).all()
    assert np.abs(waves.gradient(run.x[-1])).max() < 1e-8
    assert np.linalg.eigvalsh(np.moveaxis(waves.hessian(run.x[-1]), -1, 0)).min() > -1e-6


@pytest.mark.parametrize("optimizer", DESCENDING, ids=str)
@pytest.mark.parametrize("objective", SMALL, ids=str)
def test_f_never_rises_by_more_than_its_rounding(objective, optimizer):
    starts = np.random.default_rng(2).uniform(*objective.domain.T, size=(10, objective.dimension)).T
    run = simulate(objective, optimizer, starts, 30)
    with np.errstate(invalid="ignore"):
        rises = np.diff(run.value, axis=0) > 1e-14 * np.abs(run.value[:-1])
    assert not rises.any()


@pytest.mark.parametrize("optimizer", [*DESCENDING[1:4:2], DESCENDING[0]], ids=str)
def test_minima_are_found(optimizer):
    himmelblau = OBJECTIVES["himmelblau"]()
    starts = np.random.default_rng(3).uniform(-5, 5, (2, 100))
    assert simulate(himmelblau, optimizer, starts, 60).value[-1].max() < 1e-20


def test_a_trust_region_with_room_is_newtons_method():
    bowl = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5, 0.3), seed=1)
    inside = TrustRegion(initial_radius=100.0)
    np.testing.assert_allclose(path(inside, 1, bowl)[1], 0, atol=1e-14)
    near = np.array([[3.2], [2.1]])
    himmelblau = OBJECTIVES["himmelblau"]()
    newton = path(OPTIMIZERS["newton"](), 6, himmelblau, near)
    np.testing.assert_allclose(path(TrustRegion(), 6, himmelblau, near), newton, rtol=1e-10)
    iterates = []
    optimize.minimize(
        himmelblau.value,
        near[:, 0],
        jac=himmelblau.gradient,
        hess=himmelblau.hessian,
        method="trust-exact",
        callback=lambda x: iterates.append(x.copy()),
    )
    np.testing.assert_allclose(newton[1 : len(iterates) + 1, :, 0], iterates, rtol=1e-10)


def test_trust_region_steps_equal_scipys_when_it_is_asked_for_exact_ones():
    rosenbrock = OBJECTIVES["rosenbrock"]()
    starts = np.random.default_rng(4).uniform(-2, 2, (2, 40))
    for radius in (0.01, 0.3, 2.0):
        steps = path(TrustRegion(initial_radius=radius, acceptance=1e-300), 1, rosenbrock, starts)[1] - starts
        compared = 0
        for x, step in zip(starts.T, steps.T, strict=True):
            functions = (rosenbrock.value, rosenbrock.gradient, rosenbrock.hessian)
            theirs, _ = IterativeSubproblem(x, *functions, k_easy=1e-12, k_hard=1e-12, maxiter=1000).solve(radius)
            if rosenbrock.value(x + theirs) < rosenbrock.value(x):
                np.testing.assert_allclose(step, theirs, rtol=1e-8, atol=1e-10)
                compared += 1
            else:
                np.testing.assert_array_equal(step, 0)
        assert compared > 20


def test_radius_and_sigma_follow_the_agreement():
    region = simulate(Walled(), TrustRegion(initial_radius=2.0), [[0.0]], 1).final
    assert (region.x[0, 0], region.control[0]) == (0.0, 0.5)  # the trial was not a number
    region = simulate(Walled(), TrustRegion(initial_radius=2.0), [[0.0]], 2).final
    assert (region.x[0, 0], region.control[0]) == (0.5, 1.0)  # agrees, at the boundary
    region = simulate(QUADRATIC, TrustRegion(initial_radius=2.0, largest_radius=3.0), STARTS, 9).final
    assert (region.control == 3.0).all()
    bowl = OBJECTIVES["quadratic"](eigenvalues=(1.0, 1.0, 1.0))
    assert (simulate(bowl, TrustRegion(initial_radius=50.0), STARTS, 3).final.control == 50.0).all()
    arc = OPTIMIZERS["adaptive_cubic_newton"](initial_sigma=0.01)
    assert simulate(Walled(), arc, [[0.0]], 1).final.control[0] == 0.02
    assert simulate(Walled(), arc, [[0.0]], 1).final.x[0, 0] == 0.0
    assert (simulate(bowl, arc, STARTS * 1e-3, 5).final.control == 0.01 / 2**5).all()


def test_zero_eigenvalues_are_no_obstacle_and_no_negative_curvature():
    flat = OBJECTIVES["quadratic"](eigenvalues=(3.0, 0.0, 0.0, 0.0), seed=5)
    methods = [CubicNewton(lipschitz=1.0), *DESCENDING[1:]]
    for optimizer in methods:
        np.testing.assert_array_equal(path(optimizer, 3, flat, np.zeros((4, 1))), 0)
    monkey = OBJECTIVES["monkey_saddle"]()
    slope = np.array([[1e-3], [2e-3]])

    class Tilted:
        hessian = staticmethod(monkey.hessian)

        def gradient(self, x):
            return monkey.gradient(x) + slope

        def value(self, x):
            return monkey.value(x) + (slope * x).sum(axis=0)

    length = np.sqrt(2 * np.linalg.norm(slope) / 0.5)  # H = 0: (M / 2) |s| s = -g
    x = path(CubicNewton(lipschitz=0.5), 1, Tilted(), np.zeros((2, 1)))[1]
    np.testing.assert_allclose(x, -length * slope / np.linalg.norm(slope), rtol=1e-14)


def test_nothing_is_risked_where_there_is_no_model():
    class Broken(Walled):
        def hessian(self, x):
            return np.where(x > 0.2, np.nan, 1.0)[None]

    for optimizer in DESCENDING:
        x = path(optimizer, 4, Broken(), [[0.1, 0.3]])
        assert (x[:, 0, 1] == 0.3).all()
        assert x[-1, 0, 0] != 0.1
    assert np.isnan(path(CubicNewton(lipschitz=1.0), 1, Broken(), [[0.3]])[1]).all()


def test_parameters_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match=r"acceptance=0\.9 must be below good_agreement=0\.9"):
        OPTIMIZERS["adaptive_cubic_newton"](acceptance=0.9)
    with pytest.raises(ValueError, match=r"initial_radius=2\.0 must be at most largest_radius=1\.0"):
        TrustRegion(initial_radius=2.0, largest_radius=1.0)
    with pytest.raises(ValueError, match="acceptance"):
        TrustRegion(acceptance=0.3)
