from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import betainc, erf

from saddlesim import theory

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


def test_ball_law_is_that_of_facts_and_of_points_drawn_in_a_ball():
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
