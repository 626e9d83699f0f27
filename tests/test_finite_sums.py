"""Finite sums: their terms against the whole, and descent along minibatches of them against its closed forms."""

import itertools
import math

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES, Quadratic
from saddlesim.objectives.finite_sum import FiniteSum
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.optimizers.finite_sums import StochasticGradientDescent
from saddlesim.parameters import field_names
from saddlesim.simulation import simulate

SUMS = [each for cls in OBJECTIVES.values() if issubclass(cls, FiniteSum) for each in cls.examples()]
SENSING = OBJECTIVES["matrix_sensing"](n_measurements=6)
Z = 4.5


@pytest.fixture(params=SUMS, ids=str)
def finite_sum(request):
    return request.param


@pytest.fixture
def x(finite_sum):
    return np.random.default_rng(2).uniform(*finite_sum.domain.T, size=(4, finite_sum.dimension)).T


def sgd(**changes):
    return StochasticGradientDescent(**{"learning_rate": 0.05, "batch_size": 1} | changes)


# ---- the terms


@pytest.mark.parametrize("method", ["value", "gradient"])
def test_terms_that_are_none_are_told(finite_sum, x, method):
    n = finite_sum.n_terms
    for terms, told in (
        ([-1], f"terms: -1 is none of the {n} terms, 0 to {n - 1}"),
        ([0, n], f"terms: {n} is none of the {n} terms, 0 to {n - 1}"),
        ([[0] * 4, [0, 0, -2, 0]], "terms: -2 is none of"),
        ([0.5], "terms: 0.5 is none of"),
        ([], r"terms=\[\]: must be the numbers of one term or more"),
        (0, "terms=0: must be the numbers of one term or more"),
    ):
        with pytest.raises(ValueError, match=told):
            getattr(finite_sum, method)(x, terms)


def test_there_are_some():
    named = {type(each).registry_key for each in SUMS}
    assert named >= {"matrix_sensing", "phase_retrieval", "low_rank_factorization", "tensor_decomposition"}


@pytest.mark.parametrize("method", ["value", "gradient"])
def test_the_mean_over_the_terms_is_the_whole(finite_sum, x, method):
    give = getattr(finite_sum, method)
    terms = np.mean([give(x, np.array([k])) for k in range(finite_sum.n_terms)], axis=0)
    size = np.abs(give(x)).max()
    np.testing.assert_allclose(terms, give(x), rtol=1e-12, atol=1e-12 * size)
    np.testing.assert_allclose(give(x, np.arange(finite_sum.n_terms)), give(x), rtol=1e-12, atol=1e-12 * size)


def test_the_gradient_of_some_terms_is_the_derivative_of_their_value(finite_sum, x):
    terms = np.array([0, finite_sum.n_terms - 1, 0])
    step = 1e-30j * np.eye(finite_sum.dimension)[:, :, None]
    oracle = finite_sum.value(x[:, None] + step, terms).imag / 1e-30
    np.testing.assert_allclose(finite_sum.gradient(x, terms), oracle, rtol=1e-11, atol=1e-12 * np.abs(oracle).max())


@pytest.mark.parametrize("method", ["value", "gradient"])
def test_each_lane_may_have_terms_of_its_own(finite_sum, x, method):
    give = getattr(finite_sum, method)
    terms = np.random.default_rng(0).integers(finite_sum.n_terms, size=(3, 4))
    alone = [give(x[:, lane], terms[:, lane]) for lane in range(4)]
    np.testing.assert_allclose(give(x, terms), np.stack(alone, axis=-1), rtol=1e-12, atol=1e-13)


def test_a_term_of_each_is_what_its_formula_says():
    u = np.array([0.3, -0.7, 1.1])
    a, seen = SENSING.measurements[4], SENSING.measured[4]
    assert SENSING.value(u, np.array([4])) == pytest.approx((u @ a @ u - seen) ** 2 / 4)
    phase = OBJECTIVES["phase_retrieval"]()
    assert phase.value(u, np.array([7])) == pytest.approx(((phase.drawn[1][7] @ u) ** 2 - phase.measured[7]) ** 2 / 4)
    factors = OBJECTIVES["low_rank_factorization"](singular_values=(2.0, 1.0), rank=1)
    assert factors.value(np.array([0.5, 2, 3, 5]), np.array([1])) == pytest.approx(4 * (0.5 * 5 - 0) ** 2 / 2)
    assert OBJECTIVES["tensor_decomposition"]().value(u, np.array([1])) == pytest.approx(
        (u @ u) ** 4 / 8 - 3 * 0.7**4 / 4
    )


# ---- stochastic gradient descent


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_with_all_terms_it_is_descent(momentum):
    x0, rng = np.random.default_rng(1).standard_normal((3, 5)), np.random.default_rng(0)
    descent = OPTIMIZERS["heavy_ball"](learning_rate=0.05, momentum=momentum)
    ours = simulate(SENSING, sgd(batch_size=6, momentum=momentum), x0, 30, rng).x
    np.testing.assert_array_equal(ours, simulate(SENSING, descent, x0, 30).x)


def test_momentum_0_is_the_default():
    assert sgd() == sgd(momentum=0.0)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_step_has_the_mean_and_the_covariance_of_sampling_without_replacement(batch_size):
    n, x0 = 20_000, np.array([0.4, -0.9, 0.2])
    first = simulate(
        SENSING, sgd(batch_size=batch_size), np.repeat(x0[:, None], n, axis=1), 1, np.random.default_rng(0)
    ).x[1]
    gradients = np.stack([SENSING.gradient(x0, np.array([k])) for k in range(6)], axis=1)
    covariance = 0.05**2 * np.cov(gradients) * (1 - batch_size / 6) / batch_size
    spread = np.sqrt(np.diag(covariance))
    assert (np.abs(first.mean(axis=1) - (x0 - 0.05 * SENSING.gradient(x0))) < Z * spread / math.sqrt(n)).all()
    assert (np.abs(np.cov(first) - covariance) < Z * np.outer(spread, spread) * math.sqrt(3 / n)).all()


def test_every_minibatch_comes_equally_often_and_lanes_draw_their_own():
    n, x0 = 30_000, np.array([0.4, -0.9, 0.2])
    first = simulate(SENSING, sgd(batch_size=2), np.repeat(x0[:, None], n, axis=1), 1, np.random.default_rng(3)).x[1]
    pairs = [x0 - 0.05 * SENSING.gradient(x0, np.array(pair)) for pair in itertools.combinations(range(6), 2)]
    distances = np.linalg.norm(first[:, None] - np.array(pairs).T[:, :, None], axis=0)
    assert distances.min(axis=0).max() < 1e-12
    counts = np.bincount(distances.argmin(axis=0), minlength=15)
    assert ((counts - n / 15) ** 2 / (n / 15)).sum() < 36.1  # chi-square with 14 degrees of freedom, p = 0.001


def test_the_state_holds_the_gradient_of_all_of_f_and_is_not_changed_in_place():
    rng, method = np.random.default_rng(0), sgd(momentum=0.5)
    state = method.init(SENSING, np.ones((3, 4)), rng)
    for _ in range(3):
        kept = [each.copy() for each in state]
        following = method.step(SENSING, state, rng)
        for each, before in zip(state, kept, strict=True):
            np.testing.assert_array_equal(each, before)
        np.testing.assert_array_equal(following.gradient, SENSING.gradient(following.x))
        state = following


def test_it_says_what_it_needs():
    with pytest.raises(ValueError, match=r"needs a finite sum, n_terms and gradient\(x, terms\), which quadratic"):
        simulate(Quadratic(), sgd(), np.zeros((2, 1)), 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="pass rng="):
        simulate(SENSING, sgd(), np.zeros((3, 1)), 1)
    with pytest.raises(
        ValueError, match=r"batch_size=7 is more than the 6 terms of matrix_sensing\(.*choose 6 or fewer"
    ):
        simulate(SENSING, sgd(batch_size=7), np.zeros((3, 1)), 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"batch_size: 0 must be positive"):
        sgd(batch_size=0)
    assert list(field_names(StochasticGradientDescent)) == ["learning_rate", "batch_size", "momentum"]


class Mean:
    """Somebody's finite sum: (x - c_k)^2 / 2, one c_k a term."""

    n_terms = 4
    c = np.array([0.0, 1.0, 3.0, 8.0])

    def value(self, x):
        return ((x - self.c[:, None]) ** 2).mean(axis=0) / 2

    def gradient(self, x, terms=None):
        return x - (self.c.mean() if terms is None else self.c[terms].mean(axis=0))

    def hessian(self, x):
        return np.ones((1, *x.shape))


def test_on_anybodys_sum_it_rests_in_the_law_of_the_closed_form():
    eta, n = 0.2, 20_000
    x = simulate(Mean(), sgd(learning_rate=eta), np.full((1, n), 3.0), 60, np.random.default_rng(0), None).final.x
    variance = eta**2 * Mean.c.var() / (1 - (1 - eta) ** 2)
    assert abs(x.mean() - 3) < Z * math.sqrt(variance / n)
    assert abs(x.var() - variance) < Z * variance * math.sqrt(2 / n)


# ---- any rule on minibatches


def test_a_term_of_the_noisy_quadratic_has_the_covariance_given():
    noisy = OBJECTIVES["noisy_quadratic"](eigenvalues=(1.0, -1.0, 2.0), noise=(0.5, 2.0, 0.0))
    x = np.zeros((3, 1))
    gradients = np.stack([noisy.gradient(x, np.array([k]))[:, 0] for k in range(noisy.n_terms)])
    np.testing.assert_allclose(gradients.T @ gradients / noisy.n_terms, np.diag([0.25, 4.0, 0.0]), atol=1e-14)
    with pytest.raises(ValueError, match="1 numbers of noise for 2 eigenvalues"):
        OBJECTIVES["noisy_quadratic"](noise=(1.0,))


def test_descent_on_minibatches_is_stochastic_descent():
    plain = {"name": "gradient_descent", "learning_rate": 0.05}
    x0 = np.random.default_rng(1).standard_normal((SENSING.dimension, 5))
    ours = simulate(SENSING, OPTIMIZERS["minibatch"](optimizer=plain, batch_size=2), x0, 20, np.random.default_rng(0))
    oracle = simulate(SENSING, sgd(batch_size=2), x0, 20, np.random.default_rng(0))
    np.testing.assert_allclose(ours.x, oracle.x, rtol=1e-12)


@pytest.mark.parametrize("name", ["adam", "rmsprop", "heavy_ball"])
def test_with_all_terms_a_rule_is_itself(name):
    inner, noisy, x0 = OPTIMIZERS[name].examples()[0], OBJECTIVES["noisy_quadratic"](), [[1.0, -0.3], [0.2, 0.1]]
    whole = OPTIMIZERS["minibatch"](optimizer=inner, batch_size=noisy.n_terms)
    ours = simulate(noisy, whole, x0, 30, np.random.default_rng(0)).x
    np.testing.assert_allclose(ours, simulate(noisy, inner, x0, 30).x, rtol=1e-12)


def test_only_a_rule_can_take_a_minibatchs_gradient_for_its_own():
    with pytest.raises(ValueError, match=r"optimizer\.name: 'newton' is no first-order method"):
        OPTIMIZERS["minibatch"](optimizer={"name": "newton"}, batch_size=1)
