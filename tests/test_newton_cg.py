from __future__ import annotations

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.optimizers.conjugate_gradients import Iterate, capped_conjugate_gradients, flattest_difference
from saddlesim.simulation import simulate

RNG = np.random.default_rng
EPSILON = 0.1


def stack(spectra, seed):
    """Random rotations of spectra (B, d) as (d, d, B), and their product."""
    rotations = np.linalg.qr(RNG(seed).standard_normal((*spectra.shape, spectra.shape[1])))[0]
    matrices = np.moveaxis(rotations * spectra[:, None] @ rotations.transpose(0, 2, 1), 0, -1)
    return matrices, lambda v: np.einsum("ijb,jb->ib", matrices, v)


def pseudo_code(h, g, epsilon, zeta):
    """Algorithm 1 with a dense matrix, one lane, as it stands in the paper."""
    bar = h + 2 * epsilon * np.eye(len(g))
    bound = 0.0

    def constants():
        kappa = (bound + 2 * epsilon) / epsilon
        tau = np.sqrt(kappa) / (np.sqrt(kappa) + 1)
        return zeta / (3 * kappa), tau, 4 * kappa**4 / (1 - np.sqrt(tau)) ** 2

    def flat(d):
        return d @ bar @ d < epsilon * d @ d

    ys, r, p, j = [0 * g], g, -g, 0
    if flat(p):
        return p, True, j
    bound = max(bound, np.linalg.norm(h @ p) / np.linalg.norm(p))
    while True:
        alpha = r @ r / (p @ bar @ p)
        y, previous = ys[-1] + alpha * p, r
        ys.append(y)
        r = r + alpha * bar @ p
        p = -r + r @ r / (previous @ previous) * p
        j += 1
        for each in (p, y, r):
            bound = max(bound, np.linalg.norm(h @ each) / np.linalg.norm(each))
        small, tau, t = constants()
        if flat(y):
            return y, True, j
        if np.linalg.norm(r) <= small * np.linalg.norm(g):
            return y, False, j
        if flat(p):
            return p, True, j
        assert np.linalg.norm(r) <= np.sqrt(t) * tau ** (j / 2) * np.linalg.norm(g)


def everyone(g):
    return np.ones(g.shape[1:], dtype=bool)


@pytest.mark.parametrize(("d", "zeta", "n_lanes"), [(7, 0.5, 200), (7, 1e-2, 200), (3, 0.9, 1000)])
def test_it_is_the_pseudo_code(d, zeta, n_lanes):
    spectra = RNG(0).uniform(-0.6, 2.0, (n_lanes, d)) * RNG(1).uniform(0, 1, (n_lanes, 1))
    spectra[: n_lanes // 3] = np.abs(spectra[: n_lanes // 3])
    matrices, product = stack(spectra, 2)
    g = RNG(3).standard_normal((d, n_lanes))
    found = capped_conjugate_gradients(product, g, EPSILON, zeta, everyone(g))
    assert n_lanes / 7 < found.curves_down.sum() < 6 * n_lanes / 7
    for lane in range(n_lanes):
        vector, curved, j = pseudo_code(matrices[:, :, lane], g[:, lane], EPSILON, zeta)
        assert (found.curves_down[lane], found.n_iterations[lane]) == (curved, j)
        np.testing.assert_allclose(found.vector[:, lane], vector, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("d", [1, 6, 40])
def test_where_nothing_curves_down_it_solves(d):
    spectra = RNG(4).uniform(0.01, 3.0, (30, d))
    matrices, product = stack(spectra, 5)
    g = RNG(6).standard_normal((d, 30))
    for zeta in (0.9, 1e-9):
        found = capped_conjugate_gradients(product, g, EPSILON, zeta, everyone(g))
        assert not found.curves_down.any()
        bar = matrices + 2 * EPSILON * np.eye(d)[..., None]
        residual = np.linalg.norm(np.einsum("ijb,jb->ib", bar, found.vector) + g, axis=0)
        assert (residual <= zeta / 6 * np.linalg.norm(g, axis=0)).all()  # kappa >= 2
    exact = np.linalg.solve(np.moveaxis(bar, -1, 0), -g.T[..., None])[..., 0].T
    np.testing.assert_allclose(found.vector, exact, rtol=1e-7, atol=1e-8)


def test_where_something_curves_down_it_is_found():
    spectra = RNG(7).uniform(-1, 3, (200, 8))
    spectra[:, 0] = RNG(8).uniform(-4, -2.1, 200) * EPSILON  # then H + 2 epsilon I is not positive, and must be caught
    matrices, product = stack(spectra, 9)
    g = RNG(10).standard_normal((8, 200))
    found = capped_conjugate_gradients(product, g, EPSILON, 1e-6, everyone(g))
    assert found.curves_down.all()
    curvature = np.einsum("ib,ijb,jb->b", found.vector, matrices, found.vector) / (found.vector**2).sum(axis=0)
    assert (curvature < -EPSILON).all()


def test_a_lane_is_the_same_alone_and_one_that_needs_nothing_gets_zero():
    spectra = RNG(11).uniform(-1, 2, (6, 12))
    _, product = stack(spectra, 12)
    g = RNG(13).standard_normal((12, 6))
    g[:, 4] = 0
    wanted = everyone(g)
    wanted[5] = False
    whole = capped_conjugate_gradients(product, g, EPSILON, 0.1, wanted)
    assert not np.abs(whole.vector[:, 4:]).any()
    for lane in range(4):
        alone = capped_conjugate_gradients(
            lambda v, lane=lane: product(np.repeat(v, 6, axis=1))[:, lane : lane + 1],
            g[:, lane : lane + 1],
            EPSILON,
            0.1,
            np.ones(1, dtype=bool),
        )
        np.testing.assert_array_equal(alone.vector[:, 0], whole.vector[:, lane])


def test_of_the_differences_of_iterates_the_flattest_is_given():
    matrices, product = stack(RNG(14).uniform(-1, 3, (5, 6)), 15)
    bar = np.moveaxis(matrices, -1, 0) + 2 * EPSILON * np.eye(6)
    ys, end = RNG(16).standard_normal((4, 6, 5)), RNG(17).standard_normal((6, 5))
    unused = np.zeros(5)
    iterates = [Iterate(y, product(y) + 2 * EPSILON * y, y, y, y, unused, unused, unused) for y in ys]
    found = flattest_difference(iterates, end, product(end) + 2 * EPSILON * end)
    for lane in range(5):
        candidates = [end[:, lane] - y[:, lane] for y in ys]
        curvatures = [each @ bar[lane] @ each / (each @ each) for each in candidates]
        np.testing.assert_array_equal(found[:, lane], candidates[int(np.argmin(curvatures))])


def test_a_residual_that_does_not_fall_ends_it():
    turn = 10 * np.kron(
        np.eye(5), [[0.0, -1.0], [1.0, 0.0]]
    )  # no Hessian: v' turn v = 0, nothing is flat, nothing converges
    found = capped_conjugate_gradients(lambda v: turn @ v, np.ones((10, 1)), 10.0, 0.1, np.ones(1, dtype=bool))
    assert found.curves_down.all()
    assert 15 < found.n_iterations[0] < 30
    assert np.isfinite(found.vector).all()
    assert np.abs(found.vector).max() > 0


NEWTON_CG = OPTIMIZERS["newton_cg"]
SMOOTH = ["himmelblau", "double_well", "coupled_wells", "strict_saddle_toy", "styblinski_tang", "mueller_brown"]
STRICT = [
    (objective, point)
    for key in SMOOTH
    for objective in OBJECTIVES[key].examples()
    for point in (objective.critical_points or ())[:40]
    if point.index > 0 and point.nullity == 0
]


@pytest.mark.parametrize("key", [*SMOOTH, "rosenbrock"])
def test_f_never_rises_and_lanes_come_to_rest(key):
    objective = OBJECTIVES[key].examples()[0]
    x0 = RNG(18).uniform(*objective.domain.T[..., None], size=(objective.dimension, 60))
    run = simulate(objective, NEWTON_CG(), x0, 80, RNG(19))
    assert (np.diff(run.value, axis=0) <= 0).all()
    assert run.final.rests.all()
    assert run.gradient_norm[-1].max() <= 1e-5
    values = np.linalg.eigvalsh(np.moveaxis(objective.hessian(run.x[-1]), -1, 0))
    assert values.min() > -1e-3


def test_it_finds_a_minimum_from_every_strict_saddle_itself():
    assert len(STRICT) > 20
    assert max(point.index for _, point in STRICT) > 1
    for objective, point in STRICT:
        run = simulate(objective, NEWTON_CG(curvature_threshold=1e-4), point.x, 60, RNG(20))
        assert run.value[-1] < point.value
        assert np.linalg.eigvalsh(objective.hessian(run.x[-1, :, 0]))[0] > 0
        assert run.gradient_norm[-1] <= 1e-5


def test_the_first_step_from_a_saddle_is_scaled_by_its_curvature_and_backtracked():
    saddle = OBJECTIVES["quadratic"](eigenvalues=(1.0, -0.5), seed=4)
    x = simulate(saddle, NEWTON_CG(decrease=0.1), np.zeros(2), 1, RNG(21)).x
    escape = saddle.rotation[:, 1]
    assert abs(escape @ x[1, :, 0]) == pytest.approx(0.5)  # f falls by gamma^3 / 2 > eta / 6 gamma^3: alpha is 1
    steep = simulate(saddle, NEWTON_CG(decrease=4.0), np.zeros(2), 1, RNG(21)).x
    assert abs(escape @ steep[1, :, 0]) == pytest.approx(0.5 * 0.5)  # alpha^2 / 2 > eta / 6 alpha^3: alpha < 3 / 4


@pytest.mark.parametrize(("escape_rate", "rests"), [(0.06, False), (0.04, True)])
def test_at_a_saddle_it_follows_curvature_beyond_half_the_threshold(escape_rate, rests):
    saddle = OBJECTIVES["quadratic"](eigenvalues=(1.0, -escape_rate))
    run = simulate(saddle, NEWTON_CG(curvature_threshold=0.1), np.zeros(2), 1, RNG(25))
    assert run.final.rests.tolist() == [rests]
    assert run.x.any() != rests


def test_where_f_curves_down_it_steps_downhill_from_wherever_it_is():
    saddle = OBJECTIVES["quadratic"](eigenvalues=(1e-3, -1.0))
    x = simulate(saddle, NEWTON_CG(gradient_threshold=10.0), [[0.0, 0.0], [0.3, -0.3]], 1, RNG(22)).x
    np.testing.assert_allclose(x[1], [[0.0, 0.0], [1.3, -1.3]], atol=1e-6)


def test_close_to_a_minimum_it_is_newtons_method_with_2_epsilon():
    bowl = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5))
    x = simulate(bowl, NEWTON_CG(curvature_threshold=0.25, accuracy=1e-9), [[0.1], [0.1]], 1, RNG(0)).x
    np.testing.assert_allclose(x[1].ravel(), [0.1 * 0.5 / 2.5, 0.1 * 0.5 / 1.0], rtol=1e-8)


def test_a_lane_at_rest_stays_and_draws_nothing_for_itself():
    bowl = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5))
    rng = RNG(23)
    run = simulate(bowl, NEWTON_CG(), np.zeros((2, 3)), 5, rng)
    assert run.final.rests.all()
    assert not run.x.any()
    assert rng.standard_normal() == RNG(23).standard_normal()  # each step has a stream of its own


def test_what_cannot_be_lowered_stays():
    x0 = np.array([[1.0, np.inf, np.nan], [0.5, 1.0, 0.1]])
    run = simulate(OBJECTIVES["himmelblau"](), NEWTON_CG(), x0, 20, RNG(24))
    assert np.isfinite(run.x[:, :, 0]).all()
    np.testing.assert_array_equal(run.x[-1, :, 1:], x0[:, 1:])


@pytest.mark.parametrize("name", ["accuracy", "backtracking"])
def test_fractions_are_below_one(name):
    with pytest.raises(ValueError, match=f"{name}: 1"):
        NEWTON_CG(**{name: 1.0})
