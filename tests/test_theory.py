from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import betainc, erf
from scipy.stats import chi2
from scipy.stats import f as f_ratio

from saddlesim import theory
from saddlesim.objectives import Quadratic
from saddlesim.objectives.escape_constructions import Octopus
from saddlesim.optimizers import HeavyBall
from saddlesim.optimizers.second_order import DampedNewton

ETA, BETA = 0.1, 0.9
STEPS = np.arange(120)


def heavy_ball_by_hand(eigenvalue, eta=ETA, beta=BETA):
    x, v, path = 1.0, 0.0, []
    for _ in STEPS:
        path.append(x)
        v = beta * v - eta * eigenvalue * x
        x = x + v
    return path


def nesterov_by_hand(eigenvalue, eta=ETA, beta=BETA):
    x, b, path = 1.0, 0.0, []
    for _ in STEPS:
        path.append(x)
        b = beta * b + eigenvalue * x
        x = x - eta * (eigenvalue * x + beta * b)
    return path


@pytest.mark.parametrize("eigenvalue", [-1.0, -0.01, 0.0, 0.02, 1.0, 30.0])  # real and complex roots
def test_amplifications_solve_the_recursions(eigenvalue):
    ours = theory.heavy_ball_amplification(STEPS, eigenvalue, ETA, BETA)
    np.testing.assert_allclose(ours, heavy_ball_by_hand(eigenvalue), rtol=1e-9, atol=1e-12)
    ours = theory.nesterov_amplification(STEPS, eigenvalue, ETA, BETA)
    np.testing.assert_allclose(ours, nesterov_by_hand(eigenvalue), rtol=1e-9, atol=1e-12)


def test_a_double_root_is_no_exception():
    eigenvalue = (1 - math.sqrt(BETA)) ** 2 / ETA  # where the discriminant vanishes
    ours = theory.heavy_ball_amplification(STEPS, eigenvalue, ETA, BETA)
    np.testing.assert_allclose(ours, heavy_ball_by_hand(eigenvalue), rtol=1e-5, atol=1e-8)


def test_two_zero_roots_leave_one_step():
    ours = theory.nesterov_amplification(STEPS, 1.0, 1.0, BETA)  # 1 - eta lambda = 0
    np.testing.assert_allclose(ours, nesterov_by_hand(1.0, eta=1.0), atol=1e-15)


@pytest.mark.parametrize(
    ("amplification", "steps"),
    [
        (lambda t: theory.gradient_descent_amplification(t, -1.0, ETA), 145),
        (lambda t: theory.heavy_ball_amplification(t, -1.0, ETA, BETA), 52),
        (lambda t: theory.nesterov_amplification(t, -1.0, ETA, BETA), 46),
        (lambda t: theory.saddle_free_newton_amplification(t, -1.0, 1.0, 0.0), 20),
        (lambda t: theory.saddle_free_newton_amplification(t, -1.0, 1.0, 1.0), 35),
        (lambda t: theory.newton_amplification(t, -1.0, 1.0), math.inf),
    ],
)
def test_steps_from_a_millionth_to_one(amplification, steps):
    assert theory.first_passage_step(lambda t: 1e-6 * np.abs(amplification(t)), 1.0, 10_000) == steps


def test_gaussian_law_is_erf_in_one_direction_and_chi_square_in_more():
    c, ratio = np.array([0.5, 3.0, 40.0]), 7.0
    np.testing.assert_allclose(theory.gaussian_escape_cdf(c, ratio), 1 - erf(ratio / (math.sqrt(2) * c)), atol=1e-15)
    n = 100_000
    z = np.linalg.norm(np.random.default_rng(0).standard_normal((3, n)), axis=0)
    p = theory.gaussian_escape_cdf(4.0, ratio, n_directions=3)
    assert abs(np.mean(4.0 * z >= ratio) - p) < 4 * math.sqrt(p * (1 - p) / n)  # z = 4


def test_ball_law_is_the_beta_law_and_that_of_points_drawn_in_a_ball():
    d, ratio, c = 5, 2.0, 6.0
    s = ratio / c
    assert theory.uniform_ball_escape_cdf(c, ratio, d) == pytest.approx(1 - betainc(0.5, (d + 1) / 2, s * s))
    n, rng = 100_000, np.random.default_rng(1)
    cube = rng.uniform(-1, 1, (d, 10 * n))
    ball = cube[:, np.linalg.norm(cube, axis=0) <= 1]
    p = theory.uniform_ball_escape_cdf(c, ratio, d, n_directions=2)
    drawn = c * np.linalg.norm(ball[:2], axis=0) >= ratio
    assert abs(drawn.mean() - p) < 4 * math.sqrt(p * (1 - p) / drawn.size)  # z = 4


@given(st.floats(0.01, 2.0), st.floats(1.5, 1e4), st.floats(0.05, 0.95))
def test_quantile_is_found_by_counting(rate, ratio, probability):
    def cdf(t):
        return theory.gaussian_escape_cdf(theory.gradient_descent_amplification(t, -rate, 1.0), ratio)

    counted = next(t for t in range(10_000) if cdf(t) >= probability)
    assert theory.quantile_step(cdf, probability) == counted


def test_a_probability_that_is_never_reached_has_no_quantile():
    assert theory.quantile_step(lambda t: np.full(np.shape(t), 0.3), 0.5) == math.inf


def crossing_time(speed):
    """Integrate x' = speed(x) from 0.05 until x = 1."""

    def reached(t, x):
        return x[0] - 1.0

    reached.terminal = True
    return solve_ivp(lambda t, x: speed(x), (0, 1e5), [0.05], events=reached, rtol=1e-10, atol=1e-13).t_events[0][0]


def test_exponential_time_is_that_of_the_flow():
    assert theory.exponential_escape_time(0.05, 1.0, 0.7) == pytest.approx(crossing_time(lambda x: 0.7 * x), rel=1e-6)


@pytest.mark.parametrize("order", [3.0, 4.0, 5.5])
def test_power_time_is_that_of_the_flow(order):
    flow = crossing_time(lambda x: x ** (order - 1))
    assert theory.power_escape_time(0.05, 1.0, order) == pytest.approx(flow, rel=1e-6)


@pytest.mark.parametrize("name", ["gradient descent", "heavy ball", "nesterov"])
@pytest.mark.parametrize("order", [3.0, 4.0])
def test_steps_down_a_power_approach_the_law_as_the_rate_goes_to_zero(name, order):
    beta = 0.0 if name == "gradient descent" else 0.8
    lag = {"gradient descent": 0.0, "heavy ball": beta / (1 - beta), "nesterov": beta**2 / (1 - beta)}[name]
    errors = []
    for eta in (1e-3, 1e-4):
        x, memory, steps = 0.1, 0.0, 0
        while x < 1.0:
            gradient = x ** (order - 1)
            memory = beta * memory + gradient
            x, steps = x + eta * (gradient + beta * memory if name == "nesterov" else memory), steps + 1
        errors.append(abs(steps - theory.power_escape_steps(0.1, 1.0, order, eta, beta, lag)))
    assert errors[1] < 1.5  # a step is the least that can be told
    assert errors[0] < 10 * max(errors[1], 1.0)


def test_noisy_variance_adds_up():
    variance, square = 0.0, (1 + ETA * 0.5) ** 2
    for t in range(30):
        assert theory.noisy_variance(t, 0.2, -0.5, ETA) == pytest.approx(variance)
        variance = square * variance + 0.04
    assert theory.noisy_variance(7, 0.2, 0.0, ETA) == pytest.approx(7 * 0.04)


# ---- amplifications of dampened and damped methods, against the methods themselves


def component(optimizer, eigenvalue, n_steps=60):
    objective = Quadratic(eigenvalues=(eigenvalue,))
    state, path = optimizer.init(objective, np.ones((1, 1)), None), []
    for _ in range(n_steps):
        path.append(state.x[0, 0])
        state = optimizer.step(objective, state, None)
    return path


@pytest.mark.parametrize("eigenvalue", [-1.0, 0.7])
@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_the_first_step_is_not_dampened(eigenvalue, momentum):
    path = component(HeavyBall(learning_rate=ETA, momentum=momentum, dampening=0.4), eigenvalue)
    ours = theory.heavy_ball_amplification(np.arange(60), eigenvalue, ETA, momentum, 0.4)
    np.testing.assert_allclose(ours, path, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("eigenvalue", [-1.0, 0.7])
def test_damped_newton_amplifies(eigenvalue):
    path = component(DampedNewton(learning_rate=0.5, damping=2.0), eigenvalue, 20)
    ours = theory.damped_newton_amplification(np.arange(20), eigenvalue, 0.5, 2.0, lowest=eigenvalue)
    np.testing.assert_allclose(ours, path, rtol=1e-12)


# ---- quadratic forms of normals


def test_equal_weights_are_chi_square():
    for d in (1, 2, 3, 20, 300):
        q = d * np.geomspace(1e-9, 20, 200)
        lower, upper = theory.weighted_chi_square_tails(np.full((d, 200), 2.5), 2.5 * q)
        np.testing.assert_allclose(upper, chi2.sf(q, d), rtol=1e-10, atol=1e-290)
        np.testing.assert_allclose(lower, chi2.cdf(q, d), rtol=1e-10, atol=1e-290)


@pytest.mark.parametrize("ratio", [0.9, 1e-4, 1e-12, 1e-30])
@pytest.mark.parametrize("threshold", [1e-33, 1e-20, 1e-2, 1.5, 200.0])
def test_two_weights_against_an_integral_in_forty_digits(ratio, threshold):
    """In polar coordinates P(Q >= q) is the mean of exp(-q / (2 w(angle))) over the angle, with its tangent e^x."""
    lower, upper = theory.weighted_chi_square_tails([1.0, ratio], threshold)
    small, f = (lower, mpmath.expm1) if lower < upper else (upper, mpmath.exp)

    def share(x):
        t = mpmath.exp(x)
        return abs(f(-threshold * (1 + t * t) / (2 * (1 + mpmath.mpf(ratio) * t * t)))) * t / (1 + t * t)

    with mpmath.workdps(40):
        whole = 2 / mpmath.pi * mpmath.quad(share, list(range(-90, 91, 3)), maxdegree=5)
    assert float(small) == pytest.approx(float(whole), rel=1e-8)


def test_pairs_of_weights_are_sums_of_exponentials():
    weights = np.array([5.0, 1.0, 1e-3, 1e-7])
    rates = [mpmath.mpf(1) / (2 * mpmath.mpf(w)) for w in weights.tolist()]
    for q in (1e-9, 1e-4, 0.3, 7.0, 90.0, 2000.0):
        with mpmath.workdps(60):
            upper = sum(
                mpmath.exp(-a * q) * mpmath.fprod(b / (b - a) for b in rates if b != a) for a in rates
            )  # hypoexponential
            exact = float(1 - upper), float(upper)
        np.testing.assert_allclose(theory.weighted_chi_square_tails(np.repeat(weights, 2), q), exact, rtol=1e-10)


def test_weights_that_overflow_or_vanish():
    assert theory.weighted_chi_square_tails([np.inf, 1.0], 1.0).tolist() == pytest.approx([0, 1])
    assert theory.weighted_chi_square_tails(np.zeros((4, 2)), 1.0).tolist() == [[1, 1], [0, 0]]
    assert theory.weighted_chi_square_tails(np.full(4, 1e-12), 1.0).tolist() == [1, 0]
    one = theory.weighted_chi_square_tails([1.0, 0.0], 2.0)
    assert one.tolist() == pytest.approx([chi2.cdf(2, 1), chi2.sf(2, 1)], rel=1e-12)


def test_indefinite_forms_are_ratios_of_chi_squares():
    for m, n in ((1, 1), (1, 4), (3, 2), (10, 7)):
        for c in (1e-9, 1e-3, 0.4, 3.0, 1e5):
            below, above = theory.indefinite_form_tails([1.0] * m + [-c] * n)  # chi2_m / chi2_n >= c
            np.testing.assert_allclose(above, f_ratio.sf(c * n / m, m, n), rtol=1e-10)
            np.testing.assert_allclose(below, f_ratio.cdf(c * n / m, m, n), rtol=1e-10)
    assert theory.indefinite_form_tails([[-1.0, 1.0], [-2.0, 3.0]]).tolist() == [[1, 0], [0, 1]]


def test_weighted_ball_law_is_the_ball_law_or_that_of_points_drawn():
    c = np.geomspace(1.001, 1e9, 60)
    for d, m in ((1, 1), (3, 1), (5, 2), (1000, 3)):
        ours = theory.weighted_ball_escape_cdf(np.tile(c, (m, 1)), 1.5, d)
        np.testing.assert_allclose(ours, theory.uniform_ball_escape_cdf(c, 1.5, d, m), rtol=1e-8, atol=1e-290)
    rng, n = np.random.default_rng(2), 100_000
    z = rng.standard_normal((3, n))
    xi = z / np.linalg.norm(z, axis=0) * rng.random(n) ** (1 / 3)
    p = theory.weighted_ball_escape_cdf([4.0, 1.5, 0.3], 2.0, 3)
    drawn = np.linalg.norm(np.array([4.0, 1.5, 0.3])[:, None] * xi, axis=0) >= 2.0
    assert abs(drawn.mean() - p) < 4 * math.sqrt(p * (1 - p) / n)  # z = 4


# ---- learning rates


def spectral_radius(step):
    """Of a linear map of (x, memory), from its images of the unit vectors."""
    return np.abs(np.linalg.eigvals(np.array([step(1.0, 0.0), step(0.0, 1.0)]).T)).max()


@pytest.mark.parametrize("beta", [0.3, 0.9])
@pytest.mark.parametrize("eigenvalue", [0.5, 4.0])
def test_beyond_the_limit_the_companion_matrix_expands(beta, eigenvalue):
    def heavy_ball(eta, tau):
        return lambda x, b: (x - eta * (beta * b + (1 - tau) * eigenvalue * x), beta * b + (1 - tau) * eigenvalue * x)

    def nesterov(eta):
        def step(x, b):
            b = beta * b + eigenvalue * x
            return x - eta * (eigenvalue * x + beta * b), b

        return step

    for limit, method in (
        (theory.heavy_ball_learning_rate_limit(eigenvalue, beta), lambda eta: heavy_ball(eta, 0.0)),
        (theory.heavy_ball_learning_rate_limit(eigenvalue, beta, 0.5), lambda eta: heavy_ball(eta, 0.5)),
        (theory.nesterov_learning_rate_limit(eigenvalue, beta), nesterov),
    ):
        assert spectral_radius(method(0.999 * limit)) < 1 < spectral_radius(method(1.001 * limit))
    eta = 1.2 * theory.nesterov_learning_rate_limit(eigenvalue, beta)
    a = 1 - eta * eigenvalue
    assert theory.two_root_growth((1 + beta) * a, beta * a) == pytest.approx(spectral_radius(nesterov(eta)))
    trace = 1 + beta - 0.1 * eigenvalue
    assert theory.two_root_growth(trace, beta) == pytest.approx(spectral_radius(heavy_ball(0.1, 0.0)))


def test_without_momentum_all_limits_are_that_of_gradient_descent():
    limit = theory.gradient_descent_learning_rate_limit(3.0)
    assert limit == 2 / 3
    assert (
        theory.heavy_ball_learning_rate_limit(3.0, 0.0, 0.5) == theory.nesterov_learning_rate_limit(3.0, 0.0) == limit
    )


@pytest.mark.parametrize("learning_rate", [0.52, 0.525, 0.535])
def test_beyond_the_limit_lanes_race(learning_rate):
    """f = (4 x^2 - 0.2 y^2) / 2 at rates above 2 / 4."""
    n, ratio = 20_000, 1e3
    z = np.abs(np.random.default_rng(3).standard_normal((2, n)))
    growth, stable_growth = 1 + 0.2 * learning_rate, 4 * learning_rate - 1
    t = np.arange(600)[:, None]
    first = [np.argmax(each * rate**t >= ratio, axis=0) for each, rate in zip(z, (growth, stable_growth), strict=True)]
    diverged = (first[1] < first[0]).mean() + (first[1] == first[0]).mean() / 2
    p = theory.divergence_probability(ratio, growth, stable_growth)
    assert 0.01 < p < 0.999
    assert diverged == pytest.approx(p, abs=0.02)


# ---- octopus, NEON, steps of a given length


@pytest.mark.parametrize("curvature", [1.0, 1.5])
def test_the_octopus_holds_gradient_descent_for_longer_and_longer(curvature):
    objective = Octopus(dimension=5, curvature=curvature)
    eta, x, passed = 1 / (4 * curvature), np.full((5, 1), 0.1), []
    for step in range(60_000):
        while len(passed) < 5 and abs(x[len(passed), 0]) >= objective.tau:
            passed.append(step)
        if len(passed) == 5:
            break
        x = x - eta * objective.gradient(x)
    dwell = np.diff(passed)
    assert dwell[-1] / dwell[-2] == pytest.approx(theory.octopus_dwell_ratio(eta, curvature, 1.0), rel=0.05)


def test_neon_turns_to_the_lowest_eigenvector_at_that_rate():
    eigenvalues, eta = np.array([2.0, -0.4, -1.0]), 0.2
    u = np.ones(3)
    for _ in range(80):
        u = (1 - eta * eigenvalues) * u
    before, u = u, (1 - eta * eigenvalues) * u
    turned = np.linalg.norm(u[:2]) / abs(u[2]) / (np.linalg.norm(before[:2]) / abs(before[2]))
    assert theory.power_iteration_contraction(eigenvalues, eta) == pytest.approx(turned)


def test_neon_succeeds_as_often_as_directions_drawn_do():
    eigenvalues, n = (1.0, -0.5, -0.7), 50_000
    z = np.random.default_rng(4).standard_normal((3, n))
    u = 1e-3 * z / np.linalg.norm(z, axis=0)
    for _ in range(60):
        u = u - 0.1 * np.array(eigenvalues)[:, None] * u
    drawn = np.mean(-(np.array(eigenvalues)[:, None] * u * u).sum(axis=0) / 2 >= 3e-4)
    p = float(theory.neon_success_cdf(60, eigenvalues, 0.1, 1e-3, 3e-4))
    assert 0.1 < p < 0.9
    assert abs(drawn - p) < 4 * math.sqrt(p * (1 - p) / n)  # z = 4


def test_sign_descent_rattles_about_what_it_closes():
    start, eigenvalues, eta = np.array([0.37, -0.2, 0.011, 0.0, 0.5]), np.array([1.0, 3.0, -2.0, -1.0, 0.0]), 0.1
    distances, x = [], start
    for _ in range(30):
        distances.append(np.linalg.norm(x))
        x = np.round(x - eta * np.sign(eigenvalues * x), 12)  # 0.2 is two steps
    ours = theory.sign_descent_distance(np.arange(30), start, eigenvalues, eta)
    np.testing.assert_allclose(ours, distances, atol=1e-12)
