from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chisquare

from saddlesim.experiments import Escape
from saddlesim.experiments.laws import law_for
from saddlesim.experiments.saddles import resolve
from saddlesim.experiments.starts import Gaussian, Point
from saddlesim.objectives import OBJECTIVES, Quadratic
from saddlesim.objectives.wells import DoubleWell
from saddlesim.optimizers import OPTIMIZERS, GradientDescent

PLAIN = {"name": "quadratic"}
METHODS = {
    "gd": {"name": "gradient_descent", "learning_rate": 0.1},
    "hb": {"name": "heavy_ball", "learning_rate": 0.05, "momentum": 0.8},
    "nesterov": {"name": "nesterov", "learning_rate": 0.1, "momentum": 0.9},
    "sfn": {"name": "saddle_free_newton", "learning_rate": 0.3, "damping": 0.2},
}
SPECTRA = [
    {"name": "quadratic", "eigenvalues": [1, -1]},
    {"name": "quadratic", "eigenvalues": [4, 1, -0.3]},
    {"name": "quadratic", "eigenvalues": [2, 1, -0.5, -0.5]},
    {"name": "quadratic", "eigenvalues": [2, -0.25], "angle": 0.5},
]


def escape(optimizer, objective=PLAIN, start=None, radius=1.0, n_steps=1200, n_lanes=2000, saddle=None):
    objective_dimension = len(objective.get("eigenvalues", [1, -1]))
    return Escape(
        objective=objective,
        saddle=saddle or [0.0] * objective_dimension,
        start=start or {"name": "gaussian", "scale": 1e-6},
        optimizers={"it": optimizer},
        escape_radius=radius,
        n_steps=n_steps,
        n_lanes=n_lanes,
        n_recorded_lanes=2,
    )


def measured(asked, seed=0):
    blocks = {"it": [asked.run_block("it", block, seed) for block in range(asked.n_blocks("it"))]}
    result = asked.reduce(blocks, seed)
    return result.lanes("escape_step", "it"), result.laws["it"]


def p_value(steps, law, least=8.0):
    """Pearson's chi-square of the counts at each step, cells pooled until each expects at least so many."""
    end = int(steps.max()) + 2
    probability = np.diff(np.concatenate([[0.0], law.cdf(np.arange(end)), [1.0]]))
    counts = np.bincount(steps, minlength=end + 1)
    cells, cell = [], np.zeros(2)
    for pair in zip(counts, len(steps) * probability, strict=True):
        cell = cell + pair
        if cell[1] >= least:
            cells.append(cell)
            cell = np.zeros(2)
    cells[-1] = cells[-1] + cell
    observed, expected = np.array(cells).T
    assert len(cells) > 5
    return chisquare(observed, expected * observed.sum() / expected.sum()).pvalue


@pytest.mark.parametrize("objective", SPECTRA, ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_gaussian_starts_follow_the_law(method, objective):
    steps, law = measured(escape(METHODS[method], objective))
    assert law.exact
    assert law.name == ("chi-square law" if len(objective["eigenvalues"]) == 4 else "erf law")
    assert (steps >= 0).all()
    assert p_value(steps, law) >= 1e-3
    assert abs(np.median(steps) - law.median) <= max(2, 0.02 * law.median)


@pytest.mark.parametrize("method", METHODS)
def test_ball_starts_follow_the_law(method):
    objective = {"name": "quadratic", "eigenvalues": [1, 1, 2, -0.5]}
    steps, law = measured(escape(METHODS[method], objective, start={"name": "uniform_ball", "scale": 1e-5}))
    assert p_value(steps, law) >= 1e-3


@pytest.mark.parametrize("objective", SPECTRA, ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_one_start_leaves_at_exactly_the_step_of_the_law(method, objective):
    d = len(objective["eigenvalues"])
    for offset in (1e-7, 1e-3, 0.3):
        start = {"name": "point", "offset": list(offset * np.linspace(0.4, 1.0, d))}
        steps, law = measured(escape(METHODS[method], objective, start=start, n_lanes=1))
        assert steps.tolist() == [law.median]


def test_newton_never_leaves():
    steps, law = measured(escape({"name": "newton"}, n_steps=50, n_lanes=20))
    assert law.median == math.inf
    assert (steps == -1).all()


def test_one_perturbation_from_the_saddle_follows_the_ball_law():
    perturbed = {
        "name": "perturbed_gradient_descent",
        "learning_rate": 0.1,
        "radius": 1e-4,
        "gradient_threshold": 1e-3,
        "step_threshold": 1000,
    }
    objective = {"name": "quadratic", "eigenvalues": [1, 1, 1, -1]}
    at_saddle = {"name": "point", "offset": [0, 0, 0, 0]}
    steps, law = measured(escape(perturbed, objective, start=at_saddle, n_steps=900))
    assert law.name == "ball law of the perturbation"
    assert p_value(steps, law) >= 1e-3
    short = escape({**perturbed, "step_threshold": 3}, objective, start=at_saddle, n_steps=9, n_lanes=1)
    assert measured(short)[1] is None  # perturbed again before it can leave


@pytest.mark.parametrize(
    "method", [*METHODS.values(), {"name": "newton"}, {"name": "adam", "learning_rate": 1e-3}], ids=str
)
@pytest.mark.parametrize("objective", [{"name": "strict_saddle_toy"}, {"name": "double_well"}], ids=str)
def test_deterministic_methods_stay_in_an_invariant_stable_eigenspace(method, objective):
    start = {"name": "stable_eigenspace", "scale": 0.05}
    steps, law = measured(escape(method, objective, start=start, radius=0.8, n_steps=500, n_lanes=50))
    assert law.median == math.inf
    assert (steps == -1).all()


@pytest.mark.parametrize(
    ("optimizer", "objective"),
    [
        ({"name": "adam", "learning_rate": 0.1}, PLAIN),
        ({"name": "noisy_gradient_descent", "learning_rate": 0.1, "noise": 0.1}, PLAIN),  # too loud
        ({"name": "gradient_descent", "learning_rate": 2.1}, PLAIN),  # the stable direction grows, too
        ({"name": "normalised_gradient_descent", "learning_rate": 0.1}, PLAIN),
        ({"name": "cubic_newton", "lipschitz": 1.0}, PLAIN),
    ],
    ids=str,
)
def test_no_law_is_claimed_where_none_applies(optimizer, objective):
    assert measured(escape(optimizer, objective, n_steps=5, n_lanes=5))[1] is None


@pytest.mark.parametrize("angle", [math.pi, math.pi / 3, -math.pi / 3])
def test_the_monkey_lets_go_in_a_time_inverse_to_the_distance(angle):
    medians = []
    for distance in (0.02, 0.01):
        start = {"name": "point", "x": [distance * math.cos(angle), distance * math.sin(angle)]}
        steps, law = measured(escape(METHODS["gd"], {"name": "monkey_saddle"}, start=start, n_steps=400, n_lanes=1))
        assert steps[0] == pytest.approx(law.median, rel=0.02)
        medians.append(steps[0])
    assert medians[1] / medians[0] == pytest.approx(2, rel=0.05)


def test_elsewhere_the_saddle_is_linearised_and_says_so():
    asked = escape(
        {"name": "gradient_descent", "learning_rate": 1e-3},
        {"name": "himmelblau"},
        saddle="saddle_2",
        start={"name": "gaussian", "scale": 1e-8},
        radius=1e-3,
    )
    steps, law = measured(asked)
    assert not law.exact
    assert np.median(steps) == pytest.approx(law.median, rel=0.01)


SEVERAL_RATES = [
    {"name": "quadratic", "eigenvalues": [1, -0.5, -1]},
    {"name": "quadratic", "eigenvalues": [3, 0.1, -0.5, -0.45, -0.02], "seed": 4},
]


@pytest.mark.parametrize(
    "start", [{"name": "gaussian", "scale": 1e-6}, {"name": "uniform_ball", "scale": 1e-5}], ids=str
)
@pytest.mark.parametrize(
    "objective", [SEVERAL_RATES[0], pytest.param(SEVERAL_RATES[1], marks=pytest.mark.slow)], ids=str
)
@pytest.mark.parametrize("method", METHODS)
def test_several_escape_rates_are_weighted(method, objective, start):
    steps, law = measured(escape(METHODS[method], objective, start=start, n_steps=500))
    assert law.exact
    assert law.name == ("weighted chi-square law" if start["name"] == "gaussian" else "weighted ball law")
    assert (steps >= 0).all()
    assert p_value(steps, law) >= 1e-3


@pytest.mark.parametrize(
    "start", [{"name": "gaussian", "scale": 0.08}, {"name": "uniform_ball", "scale": 0.7}], ids=str
)
@pytest.mark.parametrize("objective", [{"name": "quadratic", "eigenvalues": [0.01, -0.1]}, SEVERAL_RATES[0]], ids=str)
def test_starts_near_the_radius_count_their_stable_components(objective, start):
    slow = {"name": "gradient_descent", "learning_rate": 0.02}
    steps, law = measured(escape(slow, objective, start=start, n_steps=8000, n_lanes=2000))
    assert law.exact
    assert p_value(steps, law) >= 1e-3


def test_starts_that_may_be_out_have_no_law():
    near = {"name": "gaussian", "scale": 0.2}
    assert measured(escape(METHODS["gd"], start=near, n_steps=5, n_lanes=5))[1] is None
    assert measured(escape(METHODS["hb"], start={**near, "scale": 0.01}, n_steps=5, n_lanes=5))[1] is None  # overshoots


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "heavy_ball", "learning_rate": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"name": "heavy_ball", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.4},
        {"name": "gradient_descent", "learning_rate": 0.1, "weight_decay": 0.4, "dampening": 0.9},
        {"name": "nesterov", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.4},
        {"name": "damped_newton", "learning_rate": 0.2, "damping": 0.5},
    ],
    ids=str,
)
def test_dampened_decayed_and_damped_methods_follow_the_law(optimizer):
    objective = {"name": "quadratic", "eigenvalues": [2, -0.6, -1]}
    steps, law = measured(escape(optimizer, objective, start={"name": "gaussian", "scale": 1e-12}))
    assert law.exact
    assert p_value(steps, law) >= 1e-3
    start = {"name": "point", "offset": [1e-3, 2e-5, -1e-5]}
    steps, law = measured(escape(optimizer, objective, start=start, n_lanes=1))
    assert steps.tolist() == [law.median]


def test_weight_decay_stronger_than_the_escape_rate_holds_every_lane():
    steps, law = measured(escape({**METHODS["gd"], "weight_decay": 1.1}, n_steps=300, n_lanes=50))
    assert law.name == "drawn to the saddle"
    assert (steps == -1).all()


def test_weight_decay_moves_a_saddle_that_is_not_at_the_origin():
    on_it = {"name": "point", "offset": [0.0, 0.0]}
    decaying = {**METHODS["gd"], "weight_decay": 0.1}
    asked = escape(decaying, {"name": "himmelblau"}, on_it, radius=0.1, saddle="saddle_1", n_lanes=1, n_steps=50)
    assert measured(asked)[1] is None


@pytest.mark.parametrize(
    ("optimizer", "offset", "name"),
    [
        ({"name": "normalised_gradient_descent", "learning_rate": 0.1}, [0.0, 1e-6, 0.0], "steps of one length"),
        ({"name": "normalised_gradient_descent", "learning_rate": 0.03}, [0.0, 0.0, -0.2], "steps of one length"),
        ({"name": "sign_descent", "learning_rate": 0.07}, [0.5, 1e-5, 0.2], "exact steps"),
        ({"name": "sign_descent", "learning_rate": 0.3}, [0.5, 0.0, 0.2], "exact steps"),
        ({"name": "cubic_newton", "lipschitz": 30.0}, [0.0, 0.0, 1e-5], "exact steps"),
        ({"name": "cubic_newton", "lipschitz": 300.0}, [0.0, 0.0, 0.0], "exact steps"),
        ({"name": "trust_region", "initial_radius": 0.01, "largest_radius": 0.1}, [0.0, 0.0, -1e-3], "exact steps"),
        ({"name": "trust_region", "initial_radius": 0.01}, [0.0, 0.0, 0.0], "exact steps"),
    ],
    ids=str,
)
def test_steps_of_a_given_length_are_counted(optimizer, offset, name):
    objective = {"name": "quadratic", "eigenvalues": [2, -0.3, -0.9]}
    steps, law = measured(escape(optimizer, objective, {"name": "point", "offset": offset}, n_lanes=1))
    assert law.name == name
    assert steps.tolist() == [law.median]


NOISY = {
    "noisy": {"name": "noisy_gradient_descent", "learning_rate": 0.1, "noise": 1e-4},
    "langevin": {"name": "langevin", "learning_rate": 0.1, "temperature": 1e-7},
    "sphere": {"name": "sphere_noise_gradient_descent", "learning_rate": 0.1, "radius": 1e-3},
    "2019": {"name": "continually_perturbed_gradient_descent", "learning_rate": 0.1, "radius": 1e-3},
}


@pytest.mark.parametrize("objective", [{"name": "quadratic", "eigenvalues": [1, -1]}, SEVERAL_RATES[0]], ids=str)
@pytest.mark.parametrize("start", [{"name": "gaussian", "scale": 3e-4}, "the saddle"], ids=str)
@pytest.mark.parametrize("method", NOISY)
def test_small_noise_is_out_when_it_has_left(method, start, objective):
    if start == "the saddle":
        start = {"name": "point", "offset": [0.0] * len(objective["eigenvalues"])}
    steps, law = measured(escape(NOISY[method], objective, start, n_steps=400, n_lanes=4000))
    assert law.name == "marginal law"
    assert not law.exact
    assert p_value(steps, law) >= 1e-3


def test_noise_of_no_size_is_no_noise():
    silent = {"name": "noisy_gradient_descent", "learning_rate": 0.1, "noise": 0.0}
    steps, law = measured(escape(silent, n_steps=400))
    assert p_value(steps, law) >= 1e-3


def test_neon_is_out_when_its_search_succeeds():
    neon = {
        "name": "neon",
        "learning_rate": 0.1,
        "radius": 1e-5,
        "gradient_threshold": 1e-3,
        "n_iterations": 400,
        "decrease": 1e-3,
        "reach": 1.0,
        "step_length": 1.5,
    }
    objective = {"name": "quadratic", "eigenvalues": [1, 0.2, -0.5, -0.4]}
    on_it = {"name": "point", "offset": [0.0] * 4}
    steps, law = measured(escape(neon, objective, on_it))
    assert law.name == "search law"
    assert p_value(steps, law) >= 1e-3
    assert measured(escape({**neon, "step_length": 0.5}, objective, on_it, n_steps=9, n_lanes=1))[1] is None


# ---- what is known to stay


def test_what_is_said_to_stay_on_a_saddle_does(optimizer):
    objective = DoubleWell()
    x, rng = np.zeros((objective.dimension, 1)), np.random.default_rng(0)
    state = optimizer.init(objective, x, rng)
    for _ in range(200):
        state = optimizer.step(objective, state, rng)
    assert (state.x == 0).all() or not optimizer.stays_on_saddles


def test_what_is_said_to_stay_in_an_eigenspace_does(optimizer):
    objective = Quadratic(eigenvalues=(-1.0, 0.5, 2.0))
    x, rng = np.array([[0.0], [0.3], [-0.1]]), np.random.default_rng(0)
    with np.errstate(all="ignore"):
        state = optimizer.init(objective, x, rng)
        for _ in range(200):
            state = optimizer.step(objective, state, rng)
    assert state.x[0, 0] == 0 or not optimizer.stays_in_eigenspaces


@pytest.mark.parametrize("name", ["cubic_newton", "adaptive_cubic_newton", "trust_region"])
def test_second_order_steps_leave_the_saddle_itself(name):
    objective = Quadratic(eigenvalues=(-1.0, 0.5))
    for optimizer in OPTIMIZERS[name].examples():
        state = optimizer.step(objective, optimizer.init(objective, np.zeros((2, 1)), None), None)
        assert state.x.any()
        on_it = law_for(objective, optimizer, resolve(objective, (0.0, 0.0)), Point(x=(0.0, 0.0)))
        if name == "adaptive_cubic_newton":  # its steps have no law
            assert on_it is None
        else:
            assert on_it.median < math.inf


def test_the_radius_is_one_unless_it_is_said():
    objective, start = Quadratic(), Gaussian(scale=1e-6)
    saddle, descent = resolve(objective, (0.0, 0.0)), GradientDescent(learning_rate=0.1)
    assert law_for(objective, descent, saddle, start).median == 150
    assert law_for(objective, descent, saddle, start, radius=0.1).median == 125


def test_no_exact_steps_where_rounding_or_an_overshoot_decides():
    turned = OBJECTIVES["quadratic"](eigenvalues=(1.0, -1.0), angle=0.7)
    plain = OBJECTIVES["quadratic"](eigenvalues=(1.0, -1.0))
    descent = OPTIMIZERS["gradient_descent"](learning_rate=0.1)
    on_stable_axis = Point(offset=tuple(turned.rotation[:, 0] * 0.5))
    assert law_for(turned, descent, resolve(turned, "saddle"), on_stable_axis) is None
    assert law_for(
        plain, descent, resolve(plain, "saddle"), Point(offset=(0.5, 1e-15))
    ).exact  # on the axes nothing is lost
    for ball in (
        OPTIMIZERS["heavy_ball"](learning_rate=2.5, momentum=0.9),
        OPTIMIZERS["nesterov"](learning_rate=1.25, momentum=0.9),
    ):  # a step across the valley leaves the ball, and is no escape
        assert law_for(plain, ball, resolve(plain, "saddle"), Point(offset=(0.9, 1e-9))) is None


def test_a_perturbation_that_is_not_due_has_no_law():
    himmelblau = OBJECTIVES["himmelblau"]()
    saddle = resolve(himmelblau, "saddle_2")
    never_stuck = {"learning_rate": 0.001, "radius": 1e-5, "gradient_threshold": 0, "step_threshold": 5000}
    perturbed = OPTIMIZERS["perturbed_gradient_descent"](**never_stuck)
    assert saddle.analysis.gradient_norm > 0
    assert law_for(himmelblau, perturbed, saddle, Point(x=tuple(saddle.x)), 0.02) is None
