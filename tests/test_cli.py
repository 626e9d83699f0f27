from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from saddlesim.cli import app
from saddlesim.experiments import EXPERIMENTS
from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS

SCENARIO = """
version: 1
title: A small run
experiment:
  name: escape
  objective: {name: quadratic}
  saddle: [0, 0]
  start: {name: gaussian, scale: 1e-3}
  optimizers:
    gd: {name: gradient_descent, learning_rate: 0.1}
    newton: {name: newton}
  escape_radius: 1
  n_steps: 100
  n_lanes: 40
reduced: {experiment.n_lanes: 10}
expect:
  - {name: optimizers.gd.median_escape_step, value: 77, tolerance: 8, source: erf law}
  - {name: optimizers.newton.median_escape_step, value: null}
"""


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCENARIO)
    return tmp_path / "small.yaml"


def saddlesim(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def imported_by(*arguments):
    code = (
        "import sys; sys.argv = ['saddlesim', *sys.argv[1:]]\nfrom saddlesim.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "print(*(name for name in ('numpy', 'scipy', 'matplotlib', 'sympy') if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list", "--help"]], ids=str)
def test_help_waits_for_no_library(arguments):
    assert imported_by(*arguments) == set()


def test_validate_and_schema_import_numpy_at_most(scenario):
    found = scenario.read_text().replace("saddle: [0, 0]", "saddle: {find: [0.1, 0.1]}")
    scenario.with_name("find.yaml").write_text(found)
    assert imported_by("validate", scenario, scenario.with_name("find.yaml")) <= {"numpy"}
    assert imported_by("schema") <= {"numpy"}


def test_run_prints_the_table_the_verdicts_and_the_folder(scenario):
    done = saddlesim("run", scenario)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "A small run"
    assert [line.split()[0] for line in lines[3:6]] == ["optimizer", "gd", "newton"]
    assert [line.split()[0] for line in lines[6:8]] == ["ok", "ok"]
    assert lines[8].startswith("runs/small-")
    left = {path.name for path in scenario.parent.joinpath(lines[8]).iterdir()}
    pictures = {"contour.png", "descent.png", "survival.png"}
    assert left == {"blocks", "manifest.json", "results.nc", "summary.json"} | pictures


def test_json_is_one_object_with_never_as_null(scenario):
    told = json.loads(saddlesim("run", scenario, "--json").stdout)
    assert list(told) == ["scenario", "run", "summary", "expect", "files"]
    assert told["summary"]["optimizers"]["newton"]["median_escape_step"] is None
    assert told["expect"][0] == {
        "name": "optimizers.gd.median_escape_step",
        "value": told["summary"]["optimizers"]["gd"]["median_escape_step"],
        "expected": 77.0,
        "tolerance": 8.0,
        "passed": True,
        "source": "erf law",
    }
    assert all(scenario.parent.joinpath(path).is_file() for path in told["files"])
    assert json.loads(scenario.parent.joinpath(told["run"], "summary.json").read_text()) == told["summary"]


def test_several_scenarios_are_several_runs(scenario):
    other = scenario.with_name("other.yaml")
    other.write_text(SCENARIO.replace("n_lanes: 40", "n_lanes: 20"))
    told = json.loads(saddlesim("run", scenario, other, "--json", "-j", 1).stdout)
    assert [each["summary"]["n_lanes"] for each in told["runs"]] == [40, 20]


def test_a_failed_expectation_is_exit_1(scenario):
    done = saddlesim("run", scenario, "-q", "-s", "expect.0.value=3")
    assert done.exit_code == 1
    assert done.stdout.startswith("FAILED optimizers.gd.median_escape_step = ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "small.yaml", "-s", "experiment.n_lanes=-1"], "n_lanes: -1 must be positive"),
        (["validate", "small.yaml", "-s", "experiment.saddle=[0, 1]"], "|gradient| = 1"),
        (["run", "smal"], "smal: no such file, nor a scenario of that name"),
        (["run", "first_sadle"], "did you mean 'first_saddle'?"),
        (["run", "small.yaml", "-o", "small.yaml"], "is a file; name a folder"),
        (["run", "small.yaml", "-s", "seed"], "must be key=value"),
        (["run", "small.yaml", "--seed", "-3"], "--seed"),
        (["plot", "."], "no run folder"),
        (["plot", "small.yaml"], "no result of saddlesim"),
        (["list", "things"], "'objectives'"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_exit_2_and_writes_nothing(scenario, arguments, told):
    done = saddlesim(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in scenario.parent.iterdir()] == ["small.yaml"]


def test_dry_run_tells_and_writes_nothing(scenario):
    assert saddlesim("run", scenario, "--dry-run").stdout.endswith(": 2 blocks, 0 of them stored\n")
    assert not scenario.parent.joinpath("runs").exists()
    saddlesim("run", scenario, "-q")
    plan = json.loads(saddlesim("run", scenario, "--dry-run", "--json").stdout)
    assert (plan["blocks"], plan["stored"]) == (2, 2)


def test_seed_and_reduced_and_set_change_the_run(scenario):
    plain, seeded, reduced, same = (
        json.loads(saddlesim("run", scenario, "--json", *more).stdout)
        for more in ([], ["--seed", 1], ["--reduced"], ["-s", "experiment.n_lanes=10"])
    )
    assert plain["run"] != seeded["run"] != reduced["run"] == same["run"]
    assert reduced["summary"]["n_lanes"] == 10


def test_pictures_come_in_the_formats_asked_for(scenario):
    folder = saddlesim("run", scenario, "-q", "-f", "svg").stdout.strip()
    assert {path.suffix for path in scenario.parent.joinpath(folder).glob("*.[sp][vnd]*")} == {".svg"}
    done = saddlesim("plot", folder, "-f", "pdf", "-f", "png", "-o", "pictures")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 6
    assert scenario.parent.joinpath("pictures/survival.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("kind", "registry"), [("objectives", OBJECTIVES), ("optimizers", OPTIMIZERS), ("experiments", EXPERIMENTS)]
)
def test_lists_name_what_the_registries_hold(kind, registry):
    assert [each["name"] for each in json.loads(saddlesim("list", kind, "--json").stdout)] == list(registry)
    printed = saddlesim("list", kind).stdout
    assert all(name in printed for name in registry)


def test_scenarios_are_listed_though_what_one_needs_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    listed = {each["name"]: each for each in json.loads(saddlesim("list", "scenarios", "--json").stdout)}
    assert listed["digits_training"]["experiment"] == "training"


def test_the_librarys_scenarios_run_from_anywhere(scenario):
    listed = {each["name"] for each in json.loads(saddlesim("list", "scenarios", "--json").stdout)}
    assert {"first_saddle", "lee_toy", "monkey"} <= listed
    assert (
        saddlesim("run", "first_saddle", "--reduced", "-q", "-s", "experiment.n_lanes=50", "-s", "expect=[]").exit_code
        == 0
    )


def test_info_tells_the_versions():
    assert json.loads(saddlesim("info", "--json").stdout)["libraries"]["numpy"]
