from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from saddlesim.cli.tables import saddle_to_saddle as saddle_table
from saddlesim.experiments import SaddleToSaddle
from saddlesim.experiments.base import dotted_figures
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario

NETWORK = {"name": "two_layer_linear_network", "target_singular_values": (3.0, 1.0), "hidden": 2}


def computed(**fields):
    asked = SaddleToSaddle(
        **({"network": NETWORK, "learning_rate": 0.005, "n_steps": 2800, "scales": (0.01, 0.001)} | fields)
    )
    assert asked.check() == []
    return asked.reduce({point: [asked.run_block(point, 0, 0)] for point in asked.points()}, 0)


@pytest.fixture(scope="module")
def result():
    return computed(n_lanes=4, record_every=4)


def test_half_times_are_those_of_the_flow_of_all_weights(result):
    asked = result.experiment
    for lane in (0, 3):
        x0 = asked.starts(0.001, np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0, 0))))[:, lane]

        def strength(t, x, mode):
            return asked.network.product(x)[mode, mode]

        events = [lambda t, x, i=i, s=s: strength(t, x, i) - s / 2 for i, s in enumerate((3.0, 1.0))]
        found = solve_ivp(lambda t, x: -asked.network.gradient(x), (0, 14), x0, events=events, rtol=1e-9, atol=1e-12)
        expected = [each[0] for each in found.t_events]
        np.testing.assert_allclose(
            result.half_times[1, :, lane], expected, rtol=0.02
        )  # a step of 0.005 is not the flow


@pytest.mark.parametrize(
    ("singular_values", "hidden"),
    [((3.0, 1.0), 2), ((1.0, 3.0), 4), ((4.0, 2.0, 1.0), 3), ((4.0, 2.0, 1.0), 2)],
    ids=str,
)
def test_each_half_time_follows_from_the_start_of_its_lane(singular_values, hidden):
    network = {"name": "two_layer_linear_network", "target_singular_values": singular_values, "hidden": hidden}
    made = computed(network=network, n_lanes=6, scales=(1e-4,), n_steps=4000)
    step = made.experiment.learning_rate
    rates = np.log1p(step * made.singular_values) / step  # at which gradient descent grows, in place of s
    told = made.laws[0] * (made.singular_values / rates)[:, None]
    learned = made.order[:hidden]
    np.testing.assert_allclose(made.half_times[0, learned], told[learned], rtol=4e-3)
    assert np.isnan(made.laws[0, made.order[hidden:]]).all()


def test_modes_come_in_order_and_between_them_a_saddle_is_visited(result):
    figures = result.summary()["scales"]["scale_1"]
    assert figures["in_order"] == 1
    assert [figures[f"stage_{k}"]["subset"] for k in range(3)] == [(), (0,), (0, 1)]
    assert [figures[f"stage_{k}"]["loss"] for k in range(3)] == [5.0, 0.5, 0.0]
    assert [figures[f"stage_{k}"]["index"] for k in range(3)] == [4, 1, 0]
    assert figures["stage_1"]["visited"] == 1
    near = result.experiment.network.critical_point((0,))
    loss = result.experiment.network.value(near)
    course = result["loss"][1, :, 0]
    rest = np.abs(course - loss) < 0.02 * loss
    assert 0.5 < rest.mean() * result.time[-1] / figures["stage_1"]["duration"] < 1.0


def test_slopes_are_what_a_step_grows_by(result):
    for mode, s in ((0, 3.0), (1, 1.0)):
        figures = result.summary()["slopes"][f"mode_{mode}"]
        assert figures["law"] == pytest.approx(0.005 / np.log(1 + 0.005 * s))
        assert figures["slope"] == pytest.approx(figures["law"], rel=0.01)


def test_balanced_starts_follow_saxes_law_at_any_depth():
    deep = {"name": "deep_linear_network", "target_singular_values": (2.0, 1.0), "hidden": (2, 2)}
    for network in (NETWORK, deep):
        result = computed(
            network=network, start="balanced", n_lanes=1, scales=(0.1,), n_steps=12_000, learning_rate=0.002
        )
        np.testing.assert_allclose(result.half_times, result.laws, rtol=2e-3)
        assert result.laws.shape == (1, 2, 1)
        assert "slopes" not in result.summary()


def test_a_mode_that_the_width_has_no_room_for_is_never_learned():
    result = computed(network=NETWORK | {"hidden": 1}, scales=(0.01,), n_lanes=2)
    figures = result.summary()["scales"]["scale_0"]
    assert np.isinf(result.half_times[:, 1]).all()
    assert figures["mode_1"]["half_time"] is None
    assert figures["final_loss"] == pytest.approx(0.5, abs=1e-3)


def test_a_run_that_overflows_is_followed_until_then_and_learns_nothing():
    network = {"name": "two_layer_linear_network", "target_singular_values": [2, 1], "hidden": 2}
    found = computed(network=network, learning_rate=20.0, n_steps=100, scales=(0.01, 0.5), n_lanes=3, record_every=1)
    loss = found["loss"]
    assert not np.isfinite(loss[:, -1]).any()
    last = found.time[[[np.flatnonzero(np.isfinite(lane))[-1] for lane in of.T] for of in loss]]
    assert last.max() < found.time[-1]
    np.testing.assert_array_equal(found.last_times, last)
    assert np.isinf(found.half_times).all()
    for k, figures in enumerate(found.summary()["scales"].values()):
        assert (figures["diverged"], figures["in_order"]) == (1, 0)
        assert figures["stage_0"]["duration"] == np.median(last[k])
        assert figures["stage_1"]["duration"] == figures["stage_2"]["duration"] == 0
    assert found.summary()["scales"]["scale_0"]["stage_0"]["visited"] == 1


def test_many_modes_are_told_without_listing_all_their_subsets():
    modes = tuple(float(k) for k in range(30, 0, -1))
    network = {"name": "two_layer_linear_network", "target_singular_values": modes, "hidden": 20}
    found = computed(network=network, learning_rate=1e-3, n_steps=10, scales=(0.01,), n_lanes=1)
    stages = found.summary()["scales"]["scale_0"]
    assert [stages[f"stage_{k}"]["index"] for k in (0, 20)] == [600, 0]
    assert stages["stage_21"]["index"] is None


def test_summary_names_are_those_of_the_summary(result):
    figures = dotted_figures(result.summary())
    named = {name for name in result.experiment.summary_names() if name in figures}
    assert named == {name for name in figures if not name.endswith("subset")}


def test_the_picture_has_a_plateau_for_each_saddle(result):
    first, _, third = plot(result)["saddle_to_saddle"].axes
    assert len([line for line in first.lines if len(set(np.ravel(line.get_ydata()))) == 1]) == 2
    assert third.get_xscale() == "log"


TEXT = """
version: 1
title: two scales
seed: 1
experiment:
  name: saddle_to_saddle
  network: {name: two_layer_linear_network, target_singular_values: [2, 1], hidden: 2}
  learning_rate: 0.05
  n_steps: 400
  scales: [0.1, 0.01]
  n_lanes: 3
"""


def test_the_same_bytes_come_whatever_the_workers(tmp_path):
    one, two = (run(parse_scenario(TEXT), jobs, tmp_path / str(jobs)) for jobs in (1, 2))
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    blocks = {each.name for each in (one.folder / "blocks").iterdir()}
    more = run(parse_scenario(TEXT.replace("[0.1, 0.01]", "[0.1, 0.01, 0.001]")), 1, tmp_path / "1")
    assert blocks < {each.name for each in (more.folder / "blocks").iterdir()}
    assert list(saddle_table.tables(more))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{name: two_layer_linear_network, target_singular_values: [2, 1], hidden: 2}",
            "{name: himmelblau}",
            "no linear network",
        ),
        ("scales: [0.1, 0.01]", "scales: [0.1, 0.1]", "each must be another"),
        ("scales: [0.1, 0.01]", "scales: [0.1, -1]", "must be positive"),
        ("n_lanes: 3", "start: balanced\n  n_lanes: 3", "a balanced start draws nothing; it is 1"),
        ("n_lanes: 3", "record_every: 0", "must be positive"),
        ("n_steps: 400", "n_steps: 1000000\n  record_every: 1", "1000000 records of each lane are more than 20000"),
        (
            "n_lanes: 3",
            "n_lanes: 10000\n  record_every: 1",
            r"record_every: 1: records of x would hold 48120000 numbers; at",
        ),
        (
            "hidden: 2}",
            "hidden: 1000000}",
            "n_lanes: 3: the first and the last record of all would hold 24000000 numbers; at most 20000000; choose fewer",
        ),
        (
            "[2, 1], hidden: 2}",
            "[2, 1], hidden: 1, shape: [3000, 2000]}\n  record_every: 4000",
            "n_lanes: 3: the first and the last record of all would hold 36000000 numbers",
        ),
    ],
)
def test_bad_input_is_told(old, new, message):
    assert old in TEXT
    with pytest.raises(ScenarioError, match=message):
        parse_scenario(TEXT.replace(old, new))
