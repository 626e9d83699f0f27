from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import norm

from saddlesim.experiments import Escape
from saddlesim.experiments.survival import fraction_sooner, log_rank_test
from saddlesim.experiments.sweeping.fits import Fit, slope_estimate
from saddlesim.experiments.sweeping.result import abscissa, groups
from saddlesim.experiments.sweeping.sweep import Sweep
from saddlesim.objectives import OBJECTIVES
from saddlesim.parameters import with_fields
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario
from saddlesim.store import load_result

GD = {"name": "gradient_descent", "learning_rate": 0.1}


def swept(sweep, fits=None, n_lanes=400, **changes):
    fields = {
        "objective": {"name": "quadratic", "eigenvalues": [1, -1]},
        "saddle": "saddle",
        "start": {"name": "gaussian", "scale": 1e-6},
        "optimizers": {"gd": GD, "hb": {"name": "heavy_ball", "learning_rate": 0.1, "momentum": 0.9}},
        "escape_radius": 1.0,
        "n_steps": 4000,
    }
    return Escape(**{**fields, **changes}, n_lanes=n_lanes, sweep=sweep, fits=fits or {})


def computed(asked, seed=0):
    blocks = {p: [asked.run_block(p, b, seed) for b in range(asked.n_blocks(p))] for p in asked.points()}
    return asked.reduce(blocks, seed)


def test_a_grid_has_every_combination_and_a_zip_goes_in_step():
    sweep = Sweep(grid={"a": [1, 2], "b": [3, 4]}, zip={"c": [5, 6], "d": [7, 8]})
    points = sweep.settings()
    assert len(points) == 8
    assert points[0] == {"a": 1, "b": 3, "c": 5, "d": 7}
    assert points[1] == {"a": 1, "b": 3, "c": 6, "d": 8}
    assert points[2] == {"a": 1, "b": 4, "c": 5, "d": 7}


def test_a_range_is_written_out():
    values = {"from": 1e-8, "to": 1e-2, "n": 4, "spacing": "logarithmic"}
    assert Sweep(grid={"a": values}).grid["a"] == (1e-8, 1e-6, 1e-4, 1e-2)
    assert Sweep(grid={"a": {"from": -1, "to": 1, "n": 5}}).grid["a"] == (-1, -0.5, 0, 0.5, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "at least one field"),
        ({"zip": {"a": [1, 2], "b": [1]}}, "equally long"),
        ({"grid": {"a": [1]}, "zip": {"a": [1]}}, "name it once"),
        ({"grid": {"a": list(range(50)), "b": list(range(50))}}, "2500 points; at most 1000"),
        ({"grid": {"a": {"from": -1, "to": 1, "n": 3, "spacing": "logarithmic"}}}, "two numbers of one sign"),
        ({"grid": {"a": {"from": 0, "to": 1, "n": 1}}}, "n: 1 must be at least 2"),
        ({"grid": {"a": []}}, "grid.a"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(given, told):
    with pytest.raises(ValueError, match=told):
        Sweep(**given)


def test_fields_change_together_however_deep():
    asked = swept(None)
    changed = with_fields(asked, {("optimizers", "*", "learning_rate"): 0.5, ("objective", "eigenvalues", "1"): -3})
    assert {each.learning_rate for each in changed.optimizers.values()} == {0.5}
    assert changed.objective.eigenvalues == (1, -3)
    assert changed.optimizers["hb"].momentum == 0.9
    assert asked.optimizers["gd"].learning_rate == 0.1
    with pytest.raises(
        ValueError, match=r"optimizers\.gd\.learning_rat: .*has no 'learning_rat'; did you mean 'learning_rate'"
    ):
        with_fields(asked, {("optimizers", "gd", "learning_rat"): 1.0})
    tree = OBJECTIVES["octopus"](dimension=3)
    assert with_fields(tree, {("dimension",): 2, ("tau",): 1.0}).domain.tolist() == [[-6, 6], [-6, 6]]


def test_each_point_is_the_escape_with_these_values():
    result = computed(swept({"zip": {"start.scale": [1e-6, 1e-3], "optimizers.gd.learning_rate": [0.1, 0.2]}}))
    gd = {"name": "gradient_descent", "learning_rate": 0.2}
    alone = computed(swept(None, start={"name": "gaussian", "scale": 1e-3}, optimizers={"gd": gd}))
    at = result.results[1]
    for name in ("escape_step", "divergence_step", "final_value", "final_kind"):
        np.testing.assert_array_equal(at.lanes(name, "gd"), alone.lanes(name, "gd"))
    told = result.summary()["points"]["1"]
    assert told["setting"] == {"start.scale": 1e-3, "optimizers.gd.learning_rate": 0.2}
    expected = {k: v for k, v in alone.summary()["optimizers"]["gd"].items() if k != "plateau_steps"}
    assert {k: v for k, v in told["optimizers"]["gd"].items() if k != "plateau_steps"} == expected


@pytest.mark.parametrize(
    ("form", "steps"),
    [
        ("power", lambda x: 7 * x**-1.5),
        ("logarithm", lambda x: 4 - 1.5 * np.log(x)),
        ("polylogarithm", lambda x: np.log(x) ** -1.5),
    ],
)
def test_a_fit_finds_the_exponent_it_is_made_for(form, steps):
    x = np.array([2.0, 3.0, 10.0, 2.5])
    fit = Fit(optimizer="gd", along="dimension", form=form)
    assert fit.slope(x, steps(x), np.zeros(4, dtype=int)) == pytest.approx(-1.5, rel=1e-12)


def test_points_that_differ_in_another_field_have_a_line_of_their_own():
    asked = swept(
        {"grid": {"start.scale": [1e-8, 1e-6, 1e-4], "optimizers.gd.learning_rate": [0.01, 0.1]}},
        {"start": Fit(optimizer="gd", along="start.scale", form="power")},
    )
    x = abscissa(asked.fits["start"], asked)
    assert x.tolist() == [1e-8, 1e-8, 1e-6, 1e-6, 1e-4, 1e-4]
    assert groups(x, asked).tolist() == [0, 1, 0, 1, 0, 1]
    steps = np.where(groups(x, asked) == 0, 1.0, 40.0) * x**-0.25
    assert asked.fits["start"].slope(x, steps, groups(x, asked)) == pytest.approx(-0.25)


def test_measured_slopes_agree_with_theory():
    eta, gammas = 0.1, [-0.2, -0.5, -1.0]
    result = computed(
        swept(
            {"grid": {"start.scale": [1e-9, 1e-7, 1e-5], "objective.eigenvalues.1": gammas}},
            {
                "start": Fit(optimizer="gd", along="start_distance", form="logarithm"),
                "rate": Fit(optimizer="gd", along="escape_rate", form="power"),
            },
            n_lanes=2000,
        )
    )
    start, predicted = result.fitted["start"]
    # T = ln(r / s0 |z|) / ln(1 + eta gamma): the common slope is the mean of -1 / ln(1 + eta gamma)
    assert start.value == pytest.approx(np.mean([-1 / math.log(1 - eta * g) for g in gammas]), rel=0.002)
    assert predicted == pytest.approx(start.value, rel=0.002)
    rate, predicted = result.fitted["rate"]
    assert -1 < rate.value < -0.95
    assert abs(rate.value - predicted) <= 4 * max(rate.standard_error, 2e-3)


def test_the_interval_of_a_slope_is_that_of_repetitions():
    fit = Fit(optimizer="gd", along="start.scale", form="power")
    x, group, n = np.array([1.0, 2.0, 4.0]), np.zeros(3, dtype=int), 300

    def drawn(seed):
        rng = np.random.default_rng(seed)
        common = rng.gamma(4.0, size=n)
        return [np.round(100 * each * common * rng.gamma(9.0, size=n)).astype(np.int32) + 1 for each in x]

    estimates = [slope_estimate(fit, x, group, drawn(seed), np.random.default_rng(seed)) for seed in range(60)]
    spread = np.std([each.value for each in estimates], ddof=1)
    told = np.mean([each.standard_error for each in estimates])
    assert 0.7 < told / spread < 1.4
    assert np.mean([each.low <= 1 <= each.high for each in estimates]) >= 0.85


def test_an_interval_is_open_where_barely_half_of_the_lanes_leave():
    fit = Fit(optimizer="gd", along="start.scale", form="logarithm")
    steps = [np.where(np.arange(500) < 260, 100 * k + np.arange(500) % 7, -1).astype(np.int32) for k in (1, 2)]
    told = slope_estimate(fit, np.array([1.0, math.e]), np.zeros(2, dtype=int), steps, np.random.default_rng(0))
    assert told.value == pytest.approx(100)
    assert (told.low, told.high, told.standard_error) == (-math.inf, math.inf, math.inf)


def test_no_slope_is_told_where_fewer_than_half_leave():
    fits = {"it": Fit(optimizer="gd", along="start.scale", form="power")}
    result = computed(swept({"grid": {"start.scale": [1e-9, 1e-3]}}, fits, n_steps=100, n_lanes=50))
    told = result.summary()["fits"]["it"]
    assert told["slope"] is None
    assert told["predicted_slope"] < 0


SCENARIO = """
version: 1
title: a sweep
experiment:
  name: escape
  objective: {name: quadratic, eigenvalues: [1, -1]}
  saddle: saddle
  start: {name: gaussian, scale: 1e-6}
  optimizers:
    gd: {name: gradient_descent, learning_rate: 0.1}
    noisy: {name: noisy_gradient_descent, learning_rate: 0.1, noise: 1e-4}
  escape_radius: 1
  n_steps: 300
  n_lanes: 60
  block_size: 20
  sweep:
    grid:
      start.scale: {from: 1e-6, to: 1e-3, n: 4, spacing: logarithmic}
      optimizers.*.learning_rate: [0.1, 0.2]
  fits:
    slow: {optimizer: gd, along: start.scale, form: logarithm}
"""


def contents(folder):
    files = [folder / "results.nc", folder / "summary.json", *(folder / "blocks").iterdir()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_bytes_are_the_same_however_it_is_run_and_wherever_it_was_interrupted(tmp_path):
    scenario = parse_scenario(SCENARIO, name="it")
    one, two = (run(scenario, jobs, tmp_path / str(jobs)) for jobs in (1, 2))
    assert one.manifest["blocks"]["computed"] == 48
    assert contents(one.folder) == contents(two.folder)
    for path in sorted((one.folder / "blocks").iterdir())[::3]:
        path.unlink()
    (one.folder / "results.nc").unlink()
    again = run(scenario, 1, tmp_path / "1")
    assert again.manifest["blocks"]["computed"] == 16
    assert contents(again.folder) == contents(two.folder)
    loaded = load_result(again.folder / "results.nc")
    assert loaded.summary() == again.result.summary()
    assert set(plot(loaded)) == {"sweep"}


def test_what_a_swept_field_does_not_enter_is_computed_once(tmp_path):
    text = SCENARIO.replace("optimizers.*.learning_rate", "optimizers.gd.learning_rate")
    done = run(parse_scenario(text, name="it"), 1, tmp_path)
    assert done.manifest["blocks"]["total"] == 24 + 12  # noisy is the same at both rates


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "start.scale: {",
            "start.scal: {",
            r"sweep\.grid\.start\.scal\[0\]: gaussian\(scale=1e-06\) has no 'scal'; did you mean 'scale'",
        ),
        (
            "optimizers.*.learning_rate: [0.1, 0.2]",
            "optimizers.*.learning_rate: [0.1, -2]",
            r"learning_rate\[1\]: -2 must be positive",
        ),
        ("start.scale: {", "n_lanes: {", "cannot be swept"),
        (
            "along: start.scale",
            "along: start.scal",
            r"fits\.slow\.along: 'start\.scal' is not swept; did you mean 'start\.scale'",
        ),
        (
            "optimizer: gd",
            "optimizer: dg",
            r"fits\.slow\.optimizer: 'dg' is none of the optimizers; allowed: gd, noisy",
        ),
        ("form: logarithm", "form: polylogarithm", "needs it above 1"),
        ("along: start.scale", "along: dimension", "one value only"),
        ("  sweep:", "  swep:", "unknown key; did you mean 'sweep'"),
        (
            "start.scale: {from: 1e-6, to: 1e-3, n: 4, spacing: logarithmic}",
            "objective.eigenvalues.1: [-1, 2]",
            "has no known critical point 'saddle'",
        ),
    ],
)
def test_what_is_wrong_with_a_sweep_is_told_where_it_stands(before, after, told):
    assert before in SCENARIO
    with pytest.raises(ScenarioError, match=told):
        parse_scenario(SCENARIO.replace(before, after))


def test_fits_need_a_sweep():
    with pytest.raises(ValueError, match="fits are lines along a sweep"):
        swept(None, {"it": Fit(optimizer="gd", along="dimension", form="power")})


def test_the_command_prints_points_and_fits(tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(SCENARIO)
    command = [sys.executable, "-m", "saddlesim", "run", str(path), "-j", "1", "-o", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"COLUMNS": "160", "PATH": ""})
    assert "8 points, 60 lanes each" in done.stdout
    assert "T ~ slope ln x" in done.stdout
    summary = json.loads(next(tmp_path.glob("runs/*/summary.json")).read_text())
    law = -0.5 * (1 / math.log(1.1) + 1 / math.log(1.2))
    assert summary["fits"]["slow"]["predicted_slope"] == pytest.approx(law, rel=0.02)


def test_the_picture_shows_medians_and_laws():
    fits = {"it": Fit(optimizer="gd", along="start.scale", form="logarithm")}
    result = computed(swept({"grid": {"start.scale": [1e-6, 1e-4, 1e-2]}}, fits))
    (axes,) = plot(result)["sweep"].axes
    drawn = [line for line in axes.lines if line.get_linestyle() == "--"]
    np.testing.assert_array_equal(drawn[0].get_ydata(), result.predicted_medians("gd"))
    assert axes.get_xscale() == "log"


# ---- optimizers against each other


def test_log_rank_against_its_definition():
    first, second, n_steps = np.array([2, 3, 3, -1]), np.array([3, 5, -1, -1]), 6
    observed = expected = variance = 0.0
    for t in range(n_steps + 1):
        at_risk = [np.sum((each < 0) | (each >= t)) for each in (first, second)]
        events = [np.sum(each == t) for each in (first, second)]
        n, d = sum(at_risk), sum(events)
        if d:
            observed += events[0]
            expected += d * at_risk[0] / n
            variance += d * (at_risk[0] / n) * (at_risk[1] / n) * (n - d) / (n - 1)
    z = (observed - expected) / math.sqrt(variance)
    statistic, p_value = log_rank_test(first, second, n_steps)
    assert abs(statistic) == pytest.approx(abs(z))
    assert statistic > 0  # the first leaves sooner
    assert p_value == pytest.approx(2 * norm.sf(abs(z)))
    assert log_rank_test(np.array([-1, -1]), np.array([-1, -1]), 9) == (0.0, 1.0)
    assert log_rank_test(np.array([4, 4]), np.array([4, 4]), 9) == (0.0, 1.0)


def test_lanes_are_compared_one_by_one():
    first, second = np.array([2, 5, -1, 4, 1]), np.array([3, 5, 7, -1, 9])
    sooner = fraction_sooner(first, second)
    assert sooner.value == 3 / 4  # four lanes differ; in three the first leaves sooner
    assert fraction_sooner(first, first) is None


def test_pairs_stand_in_the_summary():
    pairs = computed(swept(None)).summary()["pairs"]
    assert set(pairs) == {"gd"}
    assert pairs["gd"]["hb"]["fraction_sooner"] == 0
    assert pairs["gd"]["hb"]["log_rank_p_value"] < 1e-9
