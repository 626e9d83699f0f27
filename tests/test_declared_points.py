from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from saddlesim import store
from saddlesim.cli.tables import declared_points as declared_table
from saddlesim.experiments import DeclaredPoints
from saddlesim.experiments.base import dotted_figures
from saddlesim.objectives import OBJECTIVES, CriticalPoint
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import Scenario, ScenarioError, parse_scenario


def measured(objective):
    asked = DeclaredPoints(objectives={"it": objective})
    return asked.reduce({"it": [asked.run_block("it", 0, 0)]}, 0)


class Slope:
    """A plane that claims to have a minimum."""

    critical_points = (CriticalPoint("minimum_1", np.zeros(1), 0.0, 0, "minimum"),)

    def value(self, x):
        return x[0]

    def gradient(self, x):
        return np.ones_like(x)

    def hessian(self, x):
        return np.zeros((1, *x.shape))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    (asked,) = DeclaredPoints.examples()
    return run(Scenario(version=1, title="t", experiment=asked), out=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def wrong():
    """What is measured of an objective that errs in one index and one value."""
    objective = OBJECTIVES["himmelblau"]()
    first, second, *others = objective.critical_points
    objective.__dict__["critical_points"] = (
        replace(first, index=2),
        replace(second, value=second.value + 0.5),
        *others,
    )
    return measured(objective)


def test_points_are_measured_by_their_derivatives(done):
    figures = done.summary["objectives"]
    assert [figures[label][name] for label in ("himmelblau", "network") for name in ("n_points", "n_agreeing")] == [
        9,
        9,
        7,
        7,
    ]
    indices = [each["index"] for each in figures["himmelblau"]["points"].values()]
    assert [indices.count(k) for k in range(3)] == [4, 4, 1]
    assert figures["network"]["points"]["saddle_1_2"] == {"value": pytest.approx(4.5), "index": 2, "nullity": 4}
    assert figures["himmelblau"]["largest_gradient"] < 1e-14
    assert figures["network"]["smallest_margin"] > 10


def test_what_is_declared_wrongly_is_seen(wrong):
    figures = wrong.summary()["objectives"]["it"]
    assert (figures["n_points"], figures["n_agreeing"]) == (9, 8)
    assert figures["largest_value_error"] == pytest.approx(0.5)


def test_where_the_hessian_is_zero_a_gradient_is_none_or_infinitely_large():
    figures = measured({"name": "scalar_chain", "depth": 4}).summary()["objectives"]["it"]
    assert figures["points"]["origin"] == {"value": 0.5, "index": 0, "nullity": 4}
    assert figures["largest_gradient"] < 1e-15
    assert measured(Slope()).summary()["objectives"]["it"]["largest_gradient"] == np.inf


def test_every_figure_that_may_be_expected_is_named(done):
    assert set(dotted_figures(done.summary)) == set(done.result.experiment.summary_names())


def test_a_result_comes_back_from_disk(done):
    assert store.load_result(done.folder / "results.nc").summary() == done.summary


def test_workers_and_resuming_change_no_byte(done, tmp_path):
    asked = done.scenario
    again = run(asked, jobs=2, out=tmp_path / "two")
    for block in list((again.folder / "blocks").iterdir())[:1]:
        block.unlink()
    resumed = run(asked, jobs=1, out=tmp_path / "two")
    for name in ("results.nc", "summary.json"):
        assert (done.folder / name).read_bytes() == (resumed.folder / name).read_bytes()


def test_the_picture_fills_the_rings_of_points_that_are_as_declared(wrong):
    (axes,) = plot(wrong)["declared_points"].axes
    declared, measured = (line.get_xydata() for line in axes.lines)
    assert (declared != measured).any(axis=1).sum() == 2
    assert axes.get_title(loc="left") + axes.get_title() == "it: 8 of 9 agree"


def test_points_that_lie_on_one_another_are_counted():
    it = {"name": "two_layer_linear_network", "target_singular_values": (2, 2, 1), "hidden": 3}
    (axes,) = plot(measured(it))["declared_points"].axes
    assert sorted((each.xy, each.get_text()) for each in axes.texts) == [((2, 2), "2 points"), ((2.5, 4), "2 points")]


def test_the_table_lists_what_is_not_as_declared(done, wrong):
    console = Console(file=io.StringIO(), width=120)
    for table in declared_table.tables(done):
        console.print(table)
    assert "not as declared" not in console.file.getvalue()
    for table in declared_table.tables(replace(done, result=wrong, summary=wrong.summary())):
        console.print(table)
    row = console.file.getvalue().splitlines()[-1].split()
    assert row == ["it", wrong["label"][0], "0", "2", "0", "0"]


def test_an_objective_without_listed_points_is_refused():
    text = """
version: 1
title: t
experiment:
  name: declared_points
  objectives: {none: {name: multilayer_perceptron}}
"""
    with pytest.raises(
        ScenarioError, match=r"multilayer_perceptron.* lists no critical points; classification searches"
    ):
        parse_scenario(text, "a.yaml")


def test_no_more_points_than_asked_for_are_looked_at():
    asked = DeclaredPoints(objectives={"network": {"name": "two_layer_linear_network"}}, most_points=3)
    assert [each.label for each in asked.listed("network")] == ["origin", "saddle_0", "saddle_1"]
    assert asked.run_block("network", 0, 0)["index"].tolist() == [9, 4, 5]
