from __future__ import annotations

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.simulation import simulate

RNG = np.random.default_rng
GAD, HISD = OPTIMIZERS["gentlest_ascent"], OPTIMIZERS["high_index_saddle_dynamics"]
FOLLOWING = OPTIMIZERS["eigenvector_following"]
STIFFNESS = {  # a bound on |eigenvalues| in the part of the domain that is walked
    OBJECTIVES["himmelblau"](): 150.0,
    OBJECTIVES["styblinski_tang"](dimension=3): 60.0,
}


def hisd(k, rate):
    return HISD(k=k, learning_rate=rate, direction_rate=rate)


def index_at(objective, x):
    return int((np.linalg.eigvalsh(objective.hessian(x)) < 0).sum())


@pytest.mark.parametrize(("objective", "k"), [(each, k) for each in STIFFNESS for k in range(each.dimension + 1)])
def test_critical_points_of_index_k_attract_and_the_others_do_not(objective, k):
    points = objective.critical_points
    assert {index_at(objective, each.x) for each in points} == set(range(objective.dimension + 1))
    centres = np.stack([each.x for each in points], axis=1)
    x0 = centres + 0.05 * RNG(k).uniform(-1, 1, centres.shape)
    run = simulate(objective, hisd(k, 0.5 / STIFFNESS[objective]), x0, 4000, record_every=4000)
    stayed = np.linalg.norm(run.x[-1] - centres, axis=0) < 1e-6
    assert [index_at(objective, each.x) == k for each in points] == stayed.tolist()
    arrived = run.gradient_norm[-1] < 1e-6
    assert {index_at(objective, x) for x in run.x[-1].T[arrived]} == {k}
    for x, v in zip(run.x[-1].T[arrived], run.final.directions.transpose(2, 1, 0)[arrived], strict=True):
        lowest = np.linalg.eigh(objective.hessian(x))[1][:, :k]
        np.testing.assert_allclose(v @ v.T, lowest @ lowest.T, atol=1e-6)


def test_on_a_quadratic_it_is_a_power_with_k_signs_reversed():
    spectrum = np.array([-0.3, 0.5, 2.0])
    quadratic = OBJECTIVES["quadratic"](eigenvalues=tuple(spectrum))
    x0 = RNG(0).standard_normal((3, 4))
    for k in range(4):
        signs = np.where(np.arange(3) < k, -1.0, 1.0)
        x = simulate(quadratic, hisd(k, 0.1), x0, 50).x
        factor = (1 - 0.1 * signs * spectrum)[:, None] ** np.arange(51)[:, None, None]
        np.testing.assert_allclose(x, factor * x0, rtol=1e-10)


def test_without_directions_it_is_gradient_descent():
    himmelblau = OBJECTIVES["himmelblau"]()
    x0 = RNG(1).uniform(-5, 5, (2, 30))
    descent = simulate(himmelblau, OPTIMIZERS["gradient_descent"](learning_rate=0.01), x0, 50)
    np.testing.assert_array_equal(simulate(himmelblau, hisd(0, 0.01), x0, 50).x, descent.x)


def dynamics(objective, k, x, directions, time, n_steps):
    """The flow of HiSD-k by Runge and Kutta's fourth-order method, unnormalised; for k = 1 it is GAD's."""

    def flow(x, v):
        gradient, hessian = objective.gradient(x), objective.hessian(x)
        x_rate = -gradient + sum(2 * (u @ gradient) / (u @ u) * u for u in v)
        v_rate = []
        for i, u in enumerate(v):
            image = hessian @ u
            v_rate.append(-image + (u @ image) / (u @ u) * u + sum(2 * (w @ image) * w for w in v[:i]))
        return x_rate, np.array(v_rate)

    h, v = time / n_steps, directions
    for _ in range(n_steps):
        a = flow(x, v)
        b = flow(x + h / 2 * a[0], v + h / 2 * a[1])
        c = flow(x + h / 2 * b[0], v + h / 2 * b[1])
        d = flow(x + h * c[0], v + h * c[1])
        x = x + h / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0])
        v = v + h / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1])
    return x


@pytest.mark.parametrize("k", [1, 2])
def test_the_error_of_eulers_method_halves_with_the_step(k):
    objective = OBJECTIVES["mueller_brown"]() if k == 1 else Coupled()
    x0, time = (np.array([-0.3, 1.2]), 2e-3) if k == 1 else (np.array([0.4, -0.3, 0.6]), 1.0)
    directions = np.linalg.eigh(objective.hessian(x0))[1][:, :k].T
    exact = dynamics(objective, k, x0, directions, time, 400)
    assert np.linalg.norm(exact - x0) > 0.1
    errors = []
    for n_steps in (200, 400, 800):
        euler = simulate(objective, hisd(k, time / n_steps), x0, n_steps, record_every=n_steps).x[-1, :, 0]
        errors.append(np.linalg.norm(euler - exact))
    np.testing.assert_allclose(np.array(errors[:-1]) / errors[1:], 2.0, rtol=0.05)


class Coupled:
    """x'Ax / 2 + (sum x)^4 / 12 + x1 x2 x3, whose eigenvectors turn."""

    a = np.array([[-1.0, 0.3, 0.2], [0.3, 0.5, -0.4], [0.2, -0.4, 2.0]])

    def value(self, x):
        return (x * (self.a @ x)).sum(axis=0) / 2 + x.sum(axis=0) ** 4 / 12 + x.prod(axis=0)

    def gradient(self, x):
        return self.a @ x + x.sum(axis=0) ** 3 / 3 + np.stack([x[1] * x[2], x[0] * x[2], x[0] * x[1]])

    def hessian(self, x):
        o = np.zeros_like(x[0])
        cross = np.array([[o, x[2], x[1]], [x[2], o, x[0]], [x[1], x[0], o]])
        return self.a.reshape(3, 3, *(1,) * (x.ndim - 1)) + x.sum(axis=0) ** 2 + cross

    def hessian_product(self, x, v):
        return np.einsum("ij...,j...->i...", self.hessian(x), v)


def test_gentlest_ascent_is_the_first_of_the_high_index_dynamics():
    himmelblau = OBJECTIVES["himmelblau"]()
    x0 = RNG(2).uniform(-4, 4, (2, 20))
    gentle = GAD(learning_rate=0.002, direction_rate=0.01)
    high = HISD(k=1, learning_rate=0.002, direction_rate=0.01)
    np.testing.assert_array_equal(simulate(himmelblau, gentle, x0, 60).x, simulate(himmelblau, high, x0, 60).x)


def test_directions_turn_by_the_formula_and_are_orthonormalised_in_their_order():
    objective, x = Coupled(), RNG(7).standard_normal((3, 5))
    method = HISD(k=3, learning_rate=0.1, direction_rate=0.3)
    directions = np.linalg.qr(RNG(8).standard_normal((5, 3, 3)))[0].transpose(1, 2, 0)
    state = method.init(objective, x, None)._replace(directions=directions)
    turned = method.step(objective, state, None).directions
    for lane in range(5):
        v, hessian = directions[:, :, lane], objective.hessian(x[:, lane])
        rates = [(np.eye(3) - np.outer(u, u) - 2 * v[:i].T @ v[:i]) @ hessian @ u for i, u in enumerate(v)]
        q, r = np.linalg.qr((v - 0.3 * np.array(rates)).T)
        np.testing.assert_allclose(turned[:, :, lane], (q * np.sign(np.diag(r))).T, atol=1e-12)


def test_directions_stay_orthonormal():
    state = simulate(Coupled(), hisd(3, 0.02), 0.3 * RNG(3).standard_normal((3, 6)), 20).final
    for v in state.directions.transpose(2, 0, 1):
        np.testing.assert_allclose(v @ v.T, np.eye(3), atol=1e-12)


class Products:
    """An objective that gives Hessian products alone."""

    def __init__(self, objective):
        self.value, self.gradient, self.hessian_product = (
            getattr(objective, name) for name in ("value", "gradient", "hessian_product")
        )


def test_without_a_hessian_directions_begin_at_random_and_find_the_same_saddle():
    himmelblau = OBJECTIVES["himmelblau"]()
    saddle = next(point for point in himmelblau.critical_points if point.index == 1)
    x0 = saddle.x[:, None] + 1e-3 * RNG(4).standard_normal((2, 5))
    method = GAD(learning_rate=0.003, direction_rate=0.05)
    found = simulate(Products(himmelblau), method, x0, 2000, RNG(5), record_every=2000).x[-1]
    np.testing.assert_allclose(found, np.repeat(saddle.x[:, None], 5, axis=1), atol=1e-8)
    with pytest.raises(ValueError, match="pass rng="):
        simulate(Products(himmelblau), method, x0, 1)


def test_more_directions_than_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"climbs in 3 directions but .* has dimension 2; give k at most 2"):
        simulate(OBJECTIVES["himmelblau"](), hisd(3, 0.01), np.zeros(2), 1)


BESIDE = {"minimum_1": {"saddle_2"}, "minimum_2": {"saddle_1"}, "minimum_3": {"saddle_1", "saddle_2"}}


@pytest.mark.parametrize("label", BESIDE)
def test_eigenvector_following_climbs_from_a_minimum_of_mueller_and_brown_to_the_saddles_beside_it(label):
    surface = OBJECTIVES["mueller_brown"]()
    points = {each.label: each.x for each in surface.critical_points}
    x0 = points[label][:, None] + 0.2 * RNG(0).standard_normal((2, 100))
    run = simulate(surface, FOLLOWING(longest_step=0.05), x0, 300)
    assert np.linalg.norm(np.diff(run.x, axis=0), axis=1).max() <= 0.05 * (1 + 1e-12)
    arrived = run.x[-1][:, run.gradient_norm[-1] < 1e-9]
    at = {name: np.linalg.norm(arrived - x[:, None], axis=0) < 1e-9 for name, x in points.items()}
    counts = {name: int(each.sum()) for name, each in at.items() if each.any()}
    assert set(counts) == BESIDE[label]
    assert sum(counts.values()) == arrived.shape[1] > 30


def test_a_step_is_that_of_optim():
    objective = Coupled()
    x0 = RNG(6).standard_normal((3, 10))
    long, short = (simulate(objective, FOLLOWING(longest_step=most), x0, 1).x[1] - x0 for most in (1e9, 0.2))
    for x, step in zip(x0.T, long.T, strict=True):
        b, u = np.linalg.eigh(objective.hessian(x))
        g = u.T @ objective.gradient(x)
        h = np.array([1, -1, -1]) * 2 * g / (np.abs(b) * (1 + np.sqrt(1 + 4 * (g / b) ** 2)))
        np.testing.assert_allclose(step, u @ h, rtol=1e-10)
    length = np.linalg.norm(long, axis=0)
    assert length.min() > 0.2
    np.testing.assert_allclose(short, 0.2 * long / length, rtol=1e-12)


@pytest.mark.parametrize("label", ["saddle_1", "saddle_3"])
def test_close_to_a_saddle_it_converges_as_newtons_method_does(label):
    himmelblau = OBJECTIVES["himmelblau"]()
    saddle = next(point.x for point in himmelblau.critical_points if point.label == label)
    x0 = saddle + np.array([0.02, -0.02])
    newton = simulate(himmelblau, OPTIMIZERS["newton"](), x0, 4).x
    followed = simulate(himmelblau, FOLLOWING(longest_step=1.0), x0, 4).x
    distances = np.linalg.norm(followed[:, :, 0] - saddle, axis=1)
    assert distances[3] < 1e-9
    np.testing.assert_allclose(followed[1], newton[1], atol=20 * distances[0] ** 3)


def test_a_zero_eigenvalue_is_not_the_lowest_and_gives_no_step():
    for spectrum, lowest in (((0.0, 1.0, 2.0), 1), ((0.0, 1.0, -2.0), 2)):
        run = simulate(OBJECTIVES["quadratic"](eigenvalues=spectrum), FOLLOWING(longest_step=9.0), [0.1, 0.2, 0.3], 1)
        moved = run.x[1, :, 0] - run.x[0, :, 0]
        uphill = moved * np.array(spectrum) * run.x[0, :, 0]
        assert moved[0] == 0
        assert [bool(each > 0) for each in uphill[1:]] == [lowest == 1, lowest == 2]
        assert run.final.met_zero_eigenvalue.all()
