from __future__ import annotations

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.observers import DIVERGED, ESCAPED, INSIDE, FirstPassage, Plateau, Records, log_spaced
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.simulation import simulate

SADDLE = OBJECTIVES["quadratic"](eigenvalues=(1.0, -1.0))
DESCENT = OPTIMIZERS["gradient_descent"](learning_rate=0.1)
STARTS = 0.1 * np.random.default_rng(0).standard_normal((2, 30))
AXIS = np.array([[0.0], [1.0]])  # the unstable eigenvector of SADDLE


def test_trajectory_has_the_recorded_steps_of_all_lanes():
    run = simulate(SADDLE, DESCENT, STARTS, 25, record_every=10)
    assert run.step.tolist() == [0, 10, 20]
    assert run.x.shape == (3, 2, 30)
    assert run.value.shape == run.gradient_norm.shape == (3, 30)
    np.testing.assert_array_equal(run.x[0], STARTS)
    np.testing.assert_allclose(run.value, SADDLE.value(run.x.transpose(1, 0, 2)), rtol=1e-12)
    np.testing.assert_allclose(run.gradient_norm, np.linalg.norm(run.x, axis=1), rtol=1e-12)  # |H x| = |x| here
    assert simulate(SADDLE, DESCENT, STARTS, 25, record_every=None).x.shape == (0, 2, 30)


def test_starts_are_left_alone_and_a_point_is_one_lane():
    before = STARTS.copy()
    simulate(SADDLE, DESCENT, STARTS, 5)
    np.testing.assert_array_equal(STARTS, before)
    assert simulate(SADDLE, DESCENT, [1, 2], 5).x.shape == (6, 2, 1)


@pytest.mark.parametrize(
    ("x0", "n_steps", "record_every", "message"),
    [
        (np.zeros((3, 1)), 1, 1, r"x0 has 3 components but quadratic\(eigenvalues=\(1\.0, -1\.0\)\) has dimension 2"),
        (np.zeros((2, 1, 1)), 1, 1, r"shape \(2, 1, 1\); must be \(d, B\)"),
        (STARTS, -1, 1, "n_steps=-1: must not be negative"),
        (STARTS, 1, 0, "record_every=0: must be at least 1"),
    ],
)
def test_what_does_not_fit_is_told(x0, n_steps, record_every, message):
    with pytest.raises(ValueError, match=message):
        simulate(SADDLE, DESCENT, x0, n_steps, record_every=record_every)


def test_a_lane_that_overflows_disturbs_no_other():
    x0 = np.array([[1e200, 0.1], [0.0, 0.2]])
    run = simulate(OBJECTIVES["himmelblau"](), OPTIMIZERS["gradient_descent"](learning_rate=0.01), x0, 50)
    alone = simulate(OBJECTIVES["himmelblau"](), OPTIMIZERS["gradient_descent"](learning_rate=0.01), x0[:, 1], 50)
    assert not np.isfinite(run.x[-1, :, 0]).any()
    np.testing.assert_array_equal(run.x[:, :, 1], alone.x[:, :, 0])


def passage_by_hand(x, radius):
    """Look at every step of every lane, (R, d, B)."""
    steps, outcomes = [], []
    for lane in x.transpose(2, 0, 1):
        out = [k for k, point in enumerate(lane) if not np.hypot(*point) < radius]
        if not out:
            steps.append(-1)
            outcomes.append(INSIDE)
            continue
        stable, unstable = np.abs(lane[out[0]])
        steps.append(out[0])
        outcomes.append(ESCAPED if out[0] == 0 or unstable > stable else DIVERGED)
    return steps, outcomes


@pytest.mark.parametrize("learning_rate", [0.1, 2.5])  # beyond 2 the stable direction grows, too
def test_first_passage_is_what_one_sees_by_looking(learning_rate):
    descent = OPTIMIZERS["gradient_descent"](learning_rate=learning_rate)
    x0 = 3 * STARTS
    run = simulate(SADDLE, descent, x0, 20, observers=(FirstPassage(np.zeros(2), 0.5, AXIS),))
    steps, outcomes = passage_by_hand(run.x, 0.5)
    passage = run.observations[0]
    assert passage.step.tolist() == steps
    assert passage.outcome.tolist() == outcomes
    assert {ESCAPED, DIVERGED if learning_rate > 2 else INSIDE} <= set(outcomes)


def test_a_lane_that_is_no_longer_finite_has_diverged():
    run = simulate(SADDLE, DESCENT, [[0.1], [0.1]], 0, observers=())
    watch = FirstPassage(np.zeros(2), 1.0, AXIS)
    broken = run.final._replace(x=np.full((2, 1), np.nan))
    passage = watch.update(watch.update(watch.start(SADDLE, run.final.x), 0, run.final), 1, broken)
    assert (passage.step[0], passage.outcome[0]) == (1, DIVERGED)


def test_plateau_counts_the_steps_before_exit_with_a_tenth_of_its_gradient():
    watch = (FirstPassage(np.zeros(2), 1.0, AXIS), Plateau(np.zeros(2), 1.0, n_lanes=12))
    run = simulate(SADDLE, DESCENT, STARTS, 40, observers=watch)
    passage, history = run.observations
    expected = []
    for lane in range(12):
        end = passage.step[lane]
        before = run.gradient_norm[: end if end >= 0 else None, lane]
        reference = run.gradient_norm[end, lane] if end >= 0 else before.max()
        expected.append(sum(norm <= 0.1 * reference for norm in before))
    assert watch[1].steps(history, passage).tolist() == expected
    assert max(expected) > 0
    assert (passage.step[:12] < 0).any()


def test_records_are_rows_of_the_whole_trajectory():
    steps = log_spaced(2000, 50)
    assert steps[0] == 0
    assert steps[-1] == 2000
    assert (np.diff(steps) > 0).all()
    run = simulate(SADDLE, DESCENT, STARTS, 100, observers=(Records(steps=[0, 3, 70], n_lanes=4),))
    record = run.observations[0]
    np.testing.assert_array_equal(record.x, run.x[[0, 3, 70], :, :4])
    np.testing.assert_array_equal(record.gradient_norm, run.gradient_norm[[0, 3, 70], :4])
