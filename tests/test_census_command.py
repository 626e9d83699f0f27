import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from saddlesim.cli import app


def saddlesim(*arguments):
    return CliRunner().invoke(app, ["classify", *map(str, arguments)])


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not list(tmp_path.iterdir())  # without --plot nothing is written


def test_the_table_names_each_point_and_says_that_there_are_no_others(empty):
    done = saddlesim("himmelblau")
    assert done.exit_code == 0
    assert "complete: 4 minima, 4 saddles, 1 maximum; there are no others" in done.stdout
    kinds = [line.split()[0] for line in done.stdout.splitlines() if line]
    assert [kinds.count(each) for each in ("minimum", "saddle", "maximum")] == [4, 4, 1]
    assert "(3, 2)" in done.stdout


def test_the_table_may_be_cut_short(empty):
    done = saddlesim("himmelblau", "--most", 3)
    assert "6 more" in done.stdout
    assert "maximum  " not in done.stdout


def test_an_expression_typed_on_the_command_line_in_a_box_of_ones_own(empty):
    done = saddlesim("--expression", "u**3 - 3*u + v**2", "--variables", "u,v", "--box", "-2,3;-1,1", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["status"], told["counts"], told["box"]) == ("complete", {"0": 1, "1": 1}, [[-2, 3], [-1, 1]])
    np.testing.assert_allclose([each["x"] for each in told["points"]], [[1, 0], [-1, 0]], atol=1e-13)


def test_parameters_on_the_command_line(empty):
    done = saddlesim("styblinski_tang", "-p", "dimension=3", "--json")
    assert json.loads(done.stdout)["counts"] == {"0": 8, "1": 12, "2": 6, "3": 1}


def test_what_is_degenerate_or_unresolved_is_said_with_its_reason(empty):
    done = saddlesim("--expression", "x**3 - 3*x*y**2")
    assert done.exit_code == 0
    assert re.search(r"degenerate: saddle at .0, 0., nullity 2", done.stdout)
    done = saddlesim("himmelblau", "--max-boxes", 10)
    assert done.exit_code == 0
    assert "incomplete" in done.stdout
    assert "no others" not in done.stdout
    assert "unresolved: the budget of boxes or time was spent" in done.stdout


def test_a_bare_matrix(empty):
    done = saddlesim("--hessian", "2,1;1,-3", "--json")
    told = json.loads(done.stdout)
    assert (told["kind"], told["index"], told["inertia"]) == ("saddle", 1, [1, 0, 1])
    np.testing.assert_allclose(told["eigenvalues"], [(-1 - 29**0.5) / 2, (-1 + 29**0.5) / 2], rtol=1e-14)
    assert "second-derivative test is silent" in saddlesim("--hessian", "1,0;0,0").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["himmelblau", "--box", "1"],
        ["himmelblau", "--box", "-1,1"],
        ["himmelblau", "--box", "1,-1;0,1"],
        ["himmelblau", "--box", "1,1;0,1"],
        ["himmelblau", "--box", "a,b;0,1"],
        ["himmelblau", "--box", "0,inf;0,1"],
        ["himmelblau", "--box", "nan,1;0,1"],
        ["himmelblau", "--box", "0,1;0,1", "--at", "1,1"],
        ["himmelblau", "--at", "1"],
        ["himmelblau", "--at", "1,a"],
        ["himmelblau", "--find"],
        ["--hessian", "1,2;3,4"],
        ["--hessian", "1,2"],
        ["--hessian", "1,nan;nan,1"],
        ["--hessian", "a"],
        ["himmelblau", "--hessian", "1,0;0,1"],
        ["--expression", "x^2"],
        ["--expression", "x**2 + y", "--variables", "x"],
        ["himmelblua"],
        [],
    ],
    ids=" ".join,
)
def test_bad_input_is_told_and_exits_with_two(arguments, empty):
    done = saddlesim(*arguments)
    assert done.exit_code == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.output
    assert not done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hessian", "1", "--search"], "--hessian is a matrix by itself"),
        (["himmelblau", "--at", "1,2", "--search"], "--at tests one point"),
        (["himmelblau", "-f", "pdf"], "--format is of pictures"),
        (["himmelblau", "--variables", "x,y"], "--variables names those of an --expression"),
        (["himmelblau", "--box", "-6,6"], "box has 1 interval but himmelblau() has dimension 2"),
    ],
)
def test_options_that_do_nothing_together_are_refused(arguments, message):
    done = saddlesim(*arguments)
    assert (done.exit_code, message in done.output) == (2, True)


def test_a_folder_that_is_a_file_is_told_before_anything_is_computed(tmp_path):
    (tmp_path / "file").write_text("")
    done = saddlesim("himmelblau", "--plot", "-o", tmp_path / "file")
    assert (done.exit_code, "is a file; name a folder" in done.output) == (2, True)


def test_the_inertia_away_from_critical_points_is_that_of_the_eigenvalues():
    told = json.loads(saddlesim("himmelblau", "--at", "1,2", "--json").output)
    assert (told["critical"], told["inertia"]) == (False, [1, 0, 1])
