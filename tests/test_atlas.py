from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from saddlesim.atlas import Claim, errata_page, index_page, instances, judged, objective_page, published, survey
from saddlesim.cli import app
from saddlesim.objectives import OBJECTIVES
from saddlesim.proving import census

HIMMELBLAU = {"objective": "himmelblau", "source": "nobody"}


@pytest.fixture(scope="module")
def entries():
    return survey(["himmelblau", "monkey_saddle", "bukin6"], max_boxes=20_000, jobs=2)


def test_a_survey_is_the_census_of_each(entries):
    for each in entries:
        found = census(each.objective, max_boxes=20_000)
        assert each.found.as_dict() | {"seconds": 0} == found.as_dict() | {"seconds": 0}
    assert [each.name for each in entries] == [
        "himmelblau",
        *["monkey_saddle"] * len(OBJECTIVES["monkey_saddle"].examples()),
        "bukin6",
    ]


def test_instances_are_all_that_have_a_text_and_few_variables():
    names = {name for name, _ in instances()}
    assert {"himmelblau", "hartmann6", "rosenbrock"} <= names
    assert not {"expression", "octopus"} & names
    assert all(OBJECTIVES[name].examples()[place].dimension <= 6 for name, place in instances())


def test_pages_say_what_is_proved_and_what_is_not(entries):
    assert "| [himmelblau()](himmelblau.md) | complete | 4 | 4 | 1 | 0 |  |" in index_page(entries)
    page = objective_page(entries[:1])
    assert "**complete**, 4 minima, 4 saddles, 1 maximum" in page
    assert page.count("| minimum | 0 |") == 4
    assert "| minimum | 0 | 0 | (3, 2) |" in page
    monkey = objective_page([each for each in entries if each.name == "monkey_saddle"])
    assert "Degenerate: saddle at (0, 0), nullity 2" in monkey
    bukin = objective_page([each for each in entries if each.name == "bukin6"])
    assert "**incomplete**" in bukin
    assert "Unresolved, f is not twice differentiable" in bukin


@pytest.mark.parametrize(
    ("claim", "verdict", "reason"),
    [
        ({"claim": "point", "x": [3, 2], "kind": "minimum", "digits": 15}, "right", ""),
        ({"claim": "point", "x": [-2.805118, 3.131313], "kind": "minimum", "digits": 6}, "right", ""),  # rounded
        ({"claim": "point", "x": [-2.805118, 3.131312], "kind": "minimum", "digits": 6}, "right", ""),  # cut off
        ({"claim": "point", "x": [-2.80512, 3.13134], "kind": "minimum", "digits": 5}, "imprecise", "It is at (-2.8051180"),
        ({"claim": "point", "x": [3, 2], "kind": "saddle", "digits": 6}, "wrong", "It is a minimum, of index 0."),
        ({"claim": "point", "x": [-0.270845, -0.93039], "kind": "maximum", "digits": 6}, "wrong", "|gradient| = 0.128"),
        ({"claim": "point", "x": [9, 9], "kind": "maximum"}, "wrong", "|gradient| = "),
        ({"claim": "value", "x": [-0.27, -0.92], "value": 181.617, "digits": 3}, "right", ""),
        ({"claim": "value", "x": [-0.27, -0.92], "value": 181.614, "digits": 3}, "imprecise", "181.6165215"),
        ({"claim": "value", "x": [-0.27, -0.92], "value": 180.0, "digits": 1}, "wrong", "181.6165215"),
        ({"claim": "count", "kind": "saddle", "count": 4}, "right", "complete"),
        ({"claim": "count", "kind": "saddle", "count": 3}, "wrong", "There are 4"),
        ({"claim": "count", "kind": "minimum", "count": 1, "box": [[0, 6], [0, 6]]}, "right", "complete"),
    ],
)  # fmt: skip
def test_claims_are_judged(claim, verdict, reason):
    (told,) = judged([Claim(**HIMMELBLAU, **claim)], max_boxes=10_000)
    assert told.verdict == verdict
    assert reason in told.reason
    assert "Source: nobody" in errata_page([told])


def test_nothing_is_judged_where_the_census_does_not_reach():
    asked = [
        Claim("bukin6", "point", "nobody", x=[-10, 1], kind="minimum"),
        Claim("bukin6", "count", "nobody", kind="minimum", count=1),
    ]
    assert [each.verdict for each in judged(asked, max_boxes=10_000)] == ["open", "open"]


def test_published_claims_fit_their_objectives():
    claims = published()
    assert len(claims) > 60
    for each in claims:
        objective = OBJECTIVES[each.objective](**each.parameters)
        assert each.claim in ("point", "value", "count")
        assert each.claim == "count" or len(each.x) == objective.dimension
        assert each.kind in ("minimum", "saddle", "maximum", "")
        assert np.isfinite(np.array(each.x or (), dtype=float)).all()
        assert each.source


def test_the_command_writes_data_pages_and_errata(tmp_path):
    out = tmp_path / "atlas"
    done = CliRunner().invoke(app, ["atlas", "himmelblau", "three_hump_camel", "-o", str(out), "-q"])
    assert done.exit_code == 0, done.output
    assert sorted(each.name for each in out.iterdir()) == [
        "atlas.json", "errata.md", "himmelblau.md", "index.md", "three_hump_camel.md",
    ]  # fmt: skip
    plain = json.loads((out / "atlas.json").read_text())
    assert plain["objectives"]["himmelblau()"]["counts"] == {"0": 4, "1": 4, "2": 1}
    assert "-0.93039" in (out / "errata.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["himmelblaw"], "'himmelblaw' is no objective; did you mean 'himmelblau'?"),
        (["octopus"], "octopus: no expression of few enough variables for a census"),
    ],
)
def test_what_cannot_be_charted_is_told_and_nothing_written(tmp_path, arguments, message):
    done = CliRunner().invoke(app, ["atlas", *arguments, "-o", str(tmp_path / "atlas")])
    assert done.exit_code == 2
    assert message in done.output
    assert not (tmp_path / "atlas").exists()
