from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chisquare

from saddlesim.experiments import Escape

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
        ({"name": "noisy_gradient_descent", "learning_rate": 0.1, "noise": 1e-3}, PLAIN),
        (METHODS["gd"], {"name": "quadratic", "eigenvalues": [1, -0.5, -1]}),  # two rates: no closed form here
        ({"name": "gradient_descent", "learning_rate": 2.1}, PLAIN),  # the stable direction grows, too
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
