from __future__ import annotations

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.optimizers.lanczos import krylov_space
from saddlesim.optimizers.vectors import dot
from saddlesim.simulation import simulate

RNG = np.random.default_rng


def stack(eigenvalues, n_lanes, seed):
    """Random rotations of one spectrum, (d, d, B), and their product."""
    d = len(eigenvalues)
    rotations = np.linalg.qr(RNG(seed).standard_normal((n_lanes, d, d)))[0]
    matrices = np.moveaxis(rotations * np.array(eigenvalues) @ rotations.transpose(0, 2, 1), 0, -1)
    return matrices, lambda v: np.einsum("ijb,jb->ib", matrices, v)


def test_a_full_space_has_the_eigenvalues():
    spectrum = np.array([-3.0, -0.2, 0.1, 0.5, 2.0, 7.0])
    _, product = stack(spectrum, 5, 0)
    space = krylov_space(product, RNG(1).standard_normal((6, 5)), 99)
    np.testing.assert_allclose(space.values, np.tile(spectrum, (5, 1)), atol=1e-12)
    lowest, v = space.lowest()
    np.testing.assert_allclose(product(v), lowest * v, atol=1e-11)
    np.testing.assert_allclose(dot(v, v), 1.0, rtol=1e-13)


def test_a_smaller_space_has_the_eigenvalues_of_the_restriction():
    matrices, product = stack(np.linspace(-1, 3, 9), 4, 2)
    start = RNG(3).standard_normal((9, 4))
    space = krylov_space(product, start, 4)
    for lane in range(4):
        powers = [np.linalg.matrix_power(matrices[:, :, lane], k) @ start[:, lane] for k in range(4)]
        q = np.linalg.qr(np.stack(powers, axis=1))[0]
        np.testing.assert_allclose(space.values[lane], np.linalg.eigvalsh(q.T @ matrices[:, :, lane] @ q), atol=1e-9)
        np.testing.assert_allclose(np.abs(q.T @ space.basis[lane].T), np.eye(4), atol=1e-8)


def test_the_basis_stays_orthonormal_long_after_the_extremes_have_converged():
    spectrum = np.concatenate([[-50.0, 80.0], np.linspace(0, 1, 78)])
    _, product = stack(spectrum, 2, 4)
    space = krylov_space(product, RNG(5).standard_normal((80, 2)), 60)
    for basis in space.basis:
        np.testing.assert_allclose(basis @ basis.T, np.eye(60), atol=1e-13)
    np.testing.assert_allclose(space.values[:, 0], -50.0, rtol=1e-13)


def test_each_lane_stops_where_its_own_invariant_space_is_complete():
    diagonal = np.array([-1.0, 2.0, 2.0, 5.0, -1.0])
    starts = np.array([[0, 3, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 1e-30, 0]]).T
    space = krylov_space(lambda v: diagonal[:, None] * v, starts * 1.0, 5)
    sizes = (np.abs(space.basis).sum(axis=2) > 0).sum(axis=1)
    assert sizes.tolist() == [1, 2, 0, 3, 1]
    for lane, values in enumerate([[2], [-1, 2], [], [-1, 2, 5], [2]]):
        np.testing.assert_allclose(space.values[lane, : len(values)], values, rtol=1e-12)
    lowest, v = space.lowest()
    np.testing.assert_allclose(dot(v, diagonal[:, None] * v)[sizes > 0], lowest[sizes > 0], rtol=1e-12)
    assert not np.abs(space.combination(np.ones((5, 5)))[:, 2]).any()


@pytest.mark.parametrize("d", [3, 12])
def test_a_lane_is_the_same_alone(d):
    a, b = RNG(6).standard_normal((2, d, 5))
    diagonal = RNG(7).standard_normal((d, 1))
    whole, alone = krylov_space(lambda v: diagonal * v, a, 4), krylov_space(lambda v: diagonal * v, a[:, 2:3], 4)
    for one, other in zip(whole, alone, strict=True):
        np.testing.assert_array_equal(one[2], other[0])
    np.testing.assert_array_equal(dot(a, b)[2:3], dot(a[:, 2:3], b[:, 2:3]))


SFN, KRYLOV = OPTIMIZERS["saddle_free_newton"], OPTIMIZERS["krylov_saddle_free_newton"]
ROTATED = OBJECTIVES["quadratic"](eigenvalues=(3.0, 1.0, 0.2, -0.1, -2.0), seed=1)


@pytest.mark.parametrize("damping", [0.0, 0.3])
@pytest.mark.parametrize("objective", [ROTATED, OBJECTIVES["himmelblau"](), OBJECTIVES["monkey_saddle"]()], ids=str)
def test_with_enough_vectors_it_is_the_dense_method(objective, damping):
    x0 = RNG(8).uniform(*objective.domain.T[..., None], size=(objective.dimension, 20))
    dense, krylov = (
        simulate(objective, cls(learning_rate=0.5, damping=damping, **more), x0, 8).x
        for cls, more in ((SFN, {}), (KRYLOV, {"n_vectors": 5}))
    )
    np.testing.assert_allclose(krylov, dense, rtol=1e-8, atol=1e-8)


def test_with_fewer_it_is_the_dense_method_on_the_restricted_hessian():
    x0 = RNG(9).standard_normal((5, 3))
    after = simulate(ROTATED, KRYLOV(learning_rate=0.7, n_vectors=2, damping=0.1), x0, 1).x[1]
    hessian = ROTATED.hessian(np.zeros(5))
    for x, moved in zip(x0.T, after.T, strict=True):
        gradient = hessian @ x
        q = np.linalg.qr(np.stack([gradient, hessian @ gradient], axis=1))[0]
        values, vectors = np.linalg.eigh(q.T @ hessian @ q)
        q = q @ vectors
        np.testing.assert_allclose(moved, x - 0.7 * q @ (q.T @ gradient / (np.abs(values) + 0.1)), rtol=1e-12)


def test_it_leaves_a_saddle_in_a_hundred_dimensions_as_fast_as_the_dense_method():
    saddle = OBJECTIVES["quadratic"](eigenvalues=(*np.linspace(0.5, 2, 99), -1e-3))
    x0 = np.full((100, 1), 1e-6)
    x = simulate(saddle, KRYLOV(n_vectors=25), x0, 40).x
    assert abs(x[40, 99, 0]) > 1.0
    assert np.abs(x[40, :99]).max() < 1e-6


def test_a_zero_eigenvalue_gives_no_step_and_a_critical_point_none_to_count():
    flat = OBJECTIVES["monkey_saddle"]()
    run = simulate(flat, KRYLOV(), np.array([[0.0, 1.0], [0.0, 0.5]]), 1)
    assert run.final.met_zero_eigenvalue.tolist() == [False, False]
    line = OBJECTIVES["quadratic"](eigenvalues=(0.0, 1.0))
    assert simulate(line, KRYLOV(), [[1.0], [1.0]], 1).x[1].ravel().tolist() == [1.0, 0.0]
    assert simulate(Slope(), KRYLOV(), [[1.0], [1.0]], 1).final.met_zero_eigenvalue.all()


class Slope:
    def value(self, x):
        return x.sum(axis=0)

    def gradient(self, x):
        return np.ones_like(x)

    def hessian(self, x):
        return np.zeros((len(x), *x.shape))

    def hessian_product(self, x, v):
        return np.zeros_like(v)


class Waves:
    """Sum a_i sin(w_i . x): its Hessian is Lipschitz with sum |a_i| |w_i|^3."""

    def __init__(self, seed, d=4, n=6):
        self.a, self.w = RNG(seed).standard_normal(n), RNG(seed + 1).standard_normal((n, d))
        self.lipschitz = float(np.abs(self.a) @ np.linalg.norm(self.w, axis=1) ** 3)

    def value(self, x):
        return self.a @ np.sin(self.w @ x)

    def gradient(self, x):
        return self.w.T @ (self.a[:, None] * np.cos(self.w @ x))

    def hessian(self, x):
        return np.einsum("nb,ni,nj->ijb", -self.a[:, None] * np.sin(self.w @ x), self.w, self.w)

    def hessian_product(self, x, v):
        return np.einsum("ijb,jb->ib", self.hessian(x), v)


def descent(**changed):
    fields = {"learning_rate": 0.1, "gradient_threshold": 1e-3, "curvature_threshold": 0.01, "hessian_lipschitz": 1.0}
    return OPTIMIZERS["negative_curvature_descent"](**(fields | changed))


@pytest.mark.parametrize("seed", range(5))
def test_a_step_along_negative_curvature_lowers_f_by_the_bound(seed):
    waves = Waves(seed)
    x0 = RNG(seed).uniform(-3, 3, (4, 50))
    lowest = np.linalg.eigvalsh(np.moveaxis(waves.hessian(x0), -1, 0))[:, 0]
    method = descent(gradient_threshold=1e9, hessian_lipschitz=waves.lipschitz)
    run = simulate(waves, method, x0, 1, RNG(0))
    curved = lowest <= -0.01
    assert curved.sum() > 25
    assert (run.final.curvature_steps == curved).all()
    bound = 2 / 3 * np.abs(lowest) ** 3 / waves.lipschitz**2
    assert (run.value[0] - run.value[1] >= bound * (1 - 1e-9))[curved].all()
    length = np.linalg.norm(run.x[1] - run.x[0], axis=0)
    np.testing.assert_allclose(length[curved], 2 * np.abs(lowest[curved]) / waves.lipschitz, rtol=1e-9)
    descended = x0 - 0.1 * waves.gradient(x0)
    np.testing.assert_array_equal(run.x[1][:, ~curved], descended[:, ~curved])


def test_it_leaves_the_saddle_itself_along_the_escape_direction_and_ends_in_a_minimum():
    himmelblau = OBJECTIVES["himmelblau"]()
    saddles = [point for point in himmelblau.critical_points if point.index == 1]
    method = descent(learning_rate=0.01, hessian_lipschitz=200.0)
    run = simulate(himmelblau, method, np.stack([each.x for each in saddles], axis=1), 400, RNG(1))
    for lane, saddle in enumerate(saddles):
        values, vectors = np.linalg.eigh(himmelblau.hessian(saddle.x))
        moved = run.x[1, :, lane] - saddle.x
        np.testing.assert_allclose(np.abs(vectors.T @ moved), [2 * -values[0] / 200, 0], atol=1e-7)
    minima = np.stack([point.x for point in himmelblau.critical_points if point.index == 0])
    assert np.linalg.norm(run.x[-1].T[:, None] - minima, axis=2).min(axis=1).max() < 1e-6


def test_where_the_gradient_is_large_or_nothing_curves_down_it_is_gradient_descent():
    x0 = RNG(10).standard_normal((3, 6))
    bowl = OBJECTIVES["quadratic"](eigenvalues=(1.0, 2.0, 0.5))
    plain = OPTIMIZERS["gradient_descent"](learning_rate=0.1)
    for objective, threshold in ((bowl, 1e9), (OBJECTIVES["quadratic"](eigenvalues=(1.0, -1.0, 0.5)), 0.0)):
        run = simulate(objective, descent(gradient_threshold=threshold), x0, 30, RNG(0))
        np.testing.assert_array_equal(run.x, simulate(objective, plain, x0, 30).x)
        assert not run.final.curvature_steps.any()


def test_a_lane_that_overflows_leaves_the_others_alone():
    x0 = np.array([[1.0, np.inf, 0.5], [0.5, 1.0, 0.1]])
    himmelblau = OBJECTIVES["himmelblau"]()
    for method in (KRYLOV(), descent(gradient_threshold=1e9)):
        x = simulate(himmelblau, method, x0, 5, RNG(0)).x
        assert not np.isfinite(x[-1, :, 1]).all()
        assert np.isfinite(x[..., [0, 2]]).all()


BARE = ["krylov_saddle_free_newton", "negative_curvature_descent", "newton_cg", "gentlest_ascent"]


@pytest.mark.parametrize("name", [*BARE, "high_index_saddle_dynamics"])
def test_an_objective_without_hessian_products_is_refused(name):
    class Bare:
        value, gradient, hessian = Slope.value, Slope.gradient, Slope.hessian

    with pytest.raises(ValueError, match=f"{name} needs Hessian products"):
        simulate(Bare(), OPTIMIZERS[name].examples()[0], [[1.0]], 1, RNG(0))
