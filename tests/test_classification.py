from __future__ import annotations

import json

import numpy as np
import pytest

from saddlesim import store
from saddlesim.experiments import Classification
from saddlesim.objectives import OBJECTIVES, expression
from saddlesim.proving import Census, census
from saddlesim.runs import run
from saddlesim.scenario import Scenario, ScenarioError, load_scenario


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    (asked,) = Classification.examples()
    return run(Scenario(version=1, title="t", experiment=asked), out=tmp_path_factory.mktemp("runs"))


def test_figures_are_himmelblaus_and_peanos(done):
    himmelblau, peano = (done.summary["objectives"][label] for label in ("himmelblau", "peano"))
    assert [himmelblau[name] for name in ("complete", "all_proved", "minima", "saddles", "maxima")] == [1, 1, 4, 4, 1]
    assert [himmelblau[f"index_{k}"] for k in range(3)] == [4, 4, 1]
    assert himmelblau["highest_value"] == pytest.approx(181.616521522594)
    assert (peano["saddles"], peano["degenerate_points"], peano["euler_sum"]) == (1, 1, -1)
    assert peano["highest_barrier"] is None


def test_every_figure_that_may_be_expected_is_named(done):
    figures = {f"objectives.{label}.{name}" for label, each in done.summary["objectives"].items() for name in each}
    assert figures == set(done.result.experiment.summary_names())


def test_a_result_comes_back_from_disk(done):
    again = store.load_result(done.folder / "results.nc")
    assert again.summary() == done.summary
    for label, found in done.result.found.items():
        assert again.found[label].as_dict() | {"seconds": 0} == found.as_dict() | {"seconds": 0}


def test_the_table_of_points_has_one_row_for_each(done):
    result = done.result
    assert result["x"].shape == (9, 2)
    assert set(result["point_case"].tolist()) == {0}
    gradient = result.experiment.objectives["himmelblau"].gradient(result["x"].T)
    np.testing.assert_allclose(gradient, 0, atol=1e-11)


@pytest.mark.parametrize("text", ["x**2 - y**4 + x*y**2", "(x**2 + y**2 - 1)**2", "abs(x) + y**2", "x**2 + y**2 + 3*z"])
def test_a_census_is_made_again_of_its_plain_values(text):
    found = census(expression(text), max_boxes=3000)
    again = Census.from_dict(json.loads(json.dumps(found.as_dict())))
    assert again.as_dict() == found.as_dict()
    assert (again.status, again.counts, again.euler_sum) == (found.status, found.counts, found.euler_sum)


@pytest.mark.parametrize(
    ("boxes", "path", "message"),
    [
        ({"b": ((0.0, 1.0),)}, ("boxes", "b"), "is the box of none of the objectives, which are a"),
        (
            {"a": ((0.0, 1.0),)},
            ("boxes", "a"),
            "box has 1 interval but himmelblau() has dimension 2",
        ),
        ({"a": ((0.0, 1.0), (2.0, 1.0))}, ("boxes", "a"), "box has [2, 1]: the first must be below the second"),
    ],
)
def test_a_box_that_does_not_fit_is_told_where_it_stands(boxes, path, message):
    (problem,) = Classification(objectives={"a": OBJECTIVES["himmelblau"]()}, boxes=boxes).check()
    assert (problem.path, problem.message) == (path, message)


def test_an_objective_without_a_text_is_told():
    (problem,) = Classification(objectives={"a": OBJECTIVES["octopus"]()}).check()
    assert problem.path == ("objectives", "a")
    assert "has no expression, which a proof needs" in problem.message


def test_a_budget_leaves_the_rest_unresolved():
    asked = Classification(objectives={"a": OBJECTIVES["goldstein_price"]()}, max_boxes=100)
    figures = asked.reduce({"a": [asked.run_block("a", 0, 0)]}, 0).summary()["objectives"]["a"]
    assert not figures["complete"]
    assert figures["unresolved"] > 0
    assert figures["euler_sum"] is None


def test_a_misspelt_key_beside_boxes_is_told_like_any_other(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "version: 1\ntitle: t\nexperiment:\n  name: classification\n  objectives: {a: {name: himmelblau}}\n"
        "  boxes: {a: [[-1, 1], [-1, 1]]}\n  max_boxs: 5\n"
    )
    with pytest.raises(ScenarioError, match=r"a.yaml:7:3: experiment\.max_boxs: unknown key; did you mean 'max_boxes'"):
        load_scenario(tmp_path / "a.yaml")
