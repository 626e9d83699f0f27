from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from saddlesim.cli import app
from saddlesim.objectives import OBJECTIVES

MODULE = '''
import dataclasses

import numpy as np


class Bowl:
    """Somebody's own bowl."""

    dimension = 2

    def __init__(self, steepness=1.0):
        if steepness <= 0:
            raise ValueError(f"steepness={steepness}: must be positive")
        self.steepness = steepness

    def value(self, x):
        return self.steepness * (x[0] * x[0] - x[1] * x[1]) / 2

    def gradient(self, x):
        return self.steepness * np.stack([x[0], -x[1]])

    def hessian(self, x):
        return np.einsum("ij,...->ij...", self.steepness * np.diag([1.0, -1.0]), np.ones(x.shape[1:]))


@dataclasses.dataclass(frozen=True)
class Spelt(Bowl):
    """One whose fields are spelt."""

    steepness: float = 1.0


class Broken(Bowl):
    def value(self, x):
        raise RuntimeError("no value today")


class Crooked(Bowl):
    def gradient(self, x):
        return x[0]


class NoObjective:
    pass
'''

SCENARIO = """
version: 1
title: Somebody's own
experiment:
  name: escape
  objective: {name: "MODULE:Spelt", steepness: 1.0}
  saddle: [0, 0]
  start: {name: gaussian, scale: 1e-3}
  optimizers: {gd: {name: gradient_descent, learning_rate: 0.1}}
  escape_radius: 1
  n_steps: 100
  n_lanes: 40
"""


def saddlesim(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """A module of somebody's in the current folder, under a name of its own for each test."""
    name = "own_" + request.node.name.partition("[")[0][-40:]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(OBJECTIVES)
    (tmp_path / f"{name}.py").write_text(MODULE)
    yield name
    for key in OBJECTIVES.keys() - before.keys():
        del OBJECTIVES[key]
    sys.modules.pop(name, None)


# ---- show


def test_show_tells_all_critical_points_of_himmelblau():
    done = saddlesim("show", "himmelblau", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert told["n_critical_points"] == 9
    assert told["critical_points_complete"] is True
    assert [point["index"] for point in told["critical_points"]].count(1) == 4
    for point in told["critical_points"]:
        assert len(point["eigenvalues"]) == 2
        assert sum(each < 0 for each in point["eigenvalues"]) == point["index"]


@pytest.mark.parametrize("key", OBJECTIVES.keys() - {"expression"})
def test_show_shows_every_objective(key):
    done = saddlesim("show", key, "--most", 3)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith(key)
    assert any(line.startswith("critical points: ") for line in lines)
    assert json.loads(saddlesim("show", key, "--most", 2, "--json").stdout)["formula"]


def test_show_takes_parameters_and_a_text():
    told = json.loads(saddlesim("show", "quadratic", "-p", "eigenvalues=[3, -1, -2]", "--json").stdout)
    assert told["dimension"] == 3
    assert told["critical_points"][0]["eigenvalues"] == [-2, -1, 3]
    done = saddlesim(
        "show", "-e", "x**2 - a*y**2", "-p", "parameters={a: 2}", "-p", "domain=[[-1, 1], [0, 3]]", "--json"
    )
    told = json.loads(done.stdout)
    assert told["domain"] == [[-1, 1], [0, 3]]
    assert told["latex"] == "x^{2} - 2 y^{2}"


def test_show_of_a_long_list_stops_and_says_so():
    done = saddlesim("show", "styblinski_tang", "-p", "dimension=15", "--most", 4)
    assert f"critical points: {3**15}, " in done.stdout
    assert "the first 4" in done.stdout


@pytest.mark.parametrize("format", ["png", "svg"])
def test_show_draws(tmp_path, format):
    done = saddlesim("show", "himmelblau", "--plot", "-o", tmp_path, "-f", format)
    path = tmp_path / f"himmelblau.{format}"
    assert done.stdout.splitlines()[-1] == str(path)
    assert path.stat().st_size > 10_000


REFUSED = [
    (["show"], "name an objective"),
    (["show", "himmelblau", "-e", "x**2"], "either the objective himmelblau or --expression 'x**2', not both"),
    (["show", "rosenbrock", "-p", "dimension=99999999999999999999999"], "must be at most 1000000"),
    (["show", "sphere", "-p", "dimension=1000000000000"], "dimension: 1000000000000 must be at most 1000000"),
    (["classify", "gaussian_field", "-p", "n_features=100000000000", "--at", "0,0"], "must be at most 1000000"),
    (["show", "gaussian_field", "-p", "n_features=1000000", "-p", "dimension=11"], "their product is above 10000000"),
    (["show", "gaussian_field", "-p", "length_scale=1e-320"], "length_scale: 1e-320 must be between 1e-100 and 1e+100"),
    (["list", "objectives", "-d", "99999999999999999999"], "must be at most 1000000"),
    (["show", "-e", "y + 1/(x-x)"], "expression: column 8: division by zero\n    y + 1/(x-x)\n           ^"),
    (["show", "-e", "tan(pi/2)*x"], "expression: column 1: tan(pi/2) is no finite real number"),
    (["show", "-e", ""], "expression: column 1: no expression: empty\n"),
    (["show", "rosenbrock", "-p", "dimension=2", "-p", "dimension=3"], "-p dimension=3: dimension is given twice"),
    (["show", "-e", "x", "-p", "domain=[[-6, 6, 7]]"], "domain[0]: (-6, 6, 7) has too many entries; at most 2"),
    (["show", "-e", "x", "-p", "domain=[[-6]]"], "domain[0]: (-6,) has too few entries; at least 2"),
    (["show", "himmelblau", "--plot", "-o", __file__], "is a file; name a folder"),
    (["show", "sphere", "--plot", "-p", "dimension=200000"], "a picture of 200000 dimensions would take minutes"),
    (["show", "himmelblau", "--plot", "-o", "/proc/x"], "--out /proc/x: "),
    (["show", "himmelbau"], "'himmelbau' is no objective; did you mean 'himmelblau'?"),
    (["show", "os:path"], "'os:path' is no objective; code is imported only if --trust names it on the command line"),
    (["show", "-e", "x + foo"], "expression: column 5: unknown name 'foo'; known: x, pi, e\n    x + foo\n        ^"),
    (["show", "-e", "__import__('os')"], "expression: column 1: the function '__import__' is not allowed"),
    (["show", "rosenbrock", "-p", "dimension=1"], "dimension: 1 must be at least 2"),
    (["show", "rosenbrock", "-p", "dim=2"], "dim: unknown key; did you mean 'dimension'?"),
    (["show", "rosenbrock", "-p", "dimension"], "-p dimension: must be key=value"),
    (["show", "rosenbrock", "-p", "dimension=[2"], "-p dimension=[2: no YAML"),
    (["list", "optimizers", "-d", "2"], "--dimension 2: only objectives have one"),
    (["classify", "himmelblau", "--at", "1"], "--at [1] has 1 components but himmelblau() has dimension 2"),
    (["classify", "himmelblau", "--at", "1,b"], "--at '1,b': must be numbers"),
    (["classify", "himmelblau", "--at", "1,nan"], "--at 1,nan: must be finite"),
    (["classify", "-e", "abs(x) + y**2", "--at", "0,1"], "it is not twice differentiable where an abs has its kink"),
    (["classify", "ackley", "--at", "0,0"], "it is not twice differentiable at the origin"),
    (["show", "--trust", "os"], "--trust os: must be MODULE:CLASS"),
    (["show", "--trust", "os:path"], "--trust os:path: os has no class 'path'"),
    (["show", "--trust", "no_such_module:X"], "no_such_module cannot be imported: ModuleNotFoundError"),
    (["show", "--trust", "fractions:Fraction"], "--trust fractions:Fraction: has no value, gradient, hessian"),
]


@pytest.mark.parametrize(
    ("arguments", "told"), REFUSED, ids=lambda each: " ".join(each) if isinstance(each, list) else ""
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_2(arguments, told):
    done = saddlesim(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr
    assert not done.stdout
    assert "Traceback" not in done.output


# ---- list


def test_list_of_a_dimension_holds_what_there_is_in_it():
    told = {entry["name"] for entry in json.loads(saddlesim("list", "objectives", "-d", 1, "--json").stdout)}
    assert {"double_well", "styblinski_tang"} <= told
    assert not {"himmelblau", "rosenbrock"} & told
    three = {entry["name"] for entry in json.loads(saddlesim("list", "objectives", "-d", 3, "--json").stdout)}
    assert {"rosenbrock", "hartmann3", "quadratic"} <= three
    assert not {"himmelblau", "hartmann6"} & three


def test_list_says_dimension_and_source():
    entries = {entry["name"]: entry for entry in json.loads(saddlesim("list", "objectives", "--json").stdout)}
    assert set(entries) >= set(OBJECTIVES.builtin)
    assert entries["himmelblau"]["dimension"] == "2"
    assert entries["rosenbrock"]["dimension"] == "any n >= 2"
    assert all(entry["source"] and entry["formula"] and entry["what"] for entry in entries.values())


# ---- classify


def test_classify_finds_and_tells():
    told = json.loads(saddlesim("classify", "himmelblau", "--at", "0.1,2.9", "--find", "--json").stdout)
    assert (told["kind"], told["index"], told["critical"]) == ("saddle", 1, True)
    np.testing.assert_allclose(told["x"], [0.0866775, 2.884255], atol=1e-6)
    done = saddlesim("classify", "himmelblau", "--at", "0.1,2.9")
    assert done.exit_code == 0
    assert "no critical point: |gradient| = 1.35; --find goes to the one it leads to" in done.stdout
    assert "the second-derivative test is silent" in saddlesim("classify", "monkey_saddle", "--at", "0,0").stdout


# ---- your own code


def test_a_trusted_class_is_shown_and_classified(module):
    done = saddlesim("show", "--trust", f"{module}:Bowl")
    assert done.exit_code == 0, done.output
    assert "Somebody's own bowl." in done.stdout
    done = saddlesim(
        "classify", f"{module}:Bowl", "--trust", f"{module}:Bowl", "-p", "steepness=3", "--at", "0,0", "--json"
    )
    assert json.loads(done.stdout)["eigenvalues"] == [-3, 3]
    done = saddlesim("show", f"{module}:Bowl", "--trust", f"{module}:Bowl", "-p", "steepness=-1")
    assert done.exit_code == 2
    assert "steepness=-1: must be positive" in done.stderr


def test_a_trusted_class_without_a_text_of_its_own_is_called_by_its_name(module):
    told = saddlesim("show", "--trust", f"{module}:Bowl").stdout
    assert told.splitlines()[0] == f"{module}:Bowl"
    assert told == saddlesim("show", "--trust", f"{module}:Bowl").stdout
    assert json.loads(saddlesim("show", "--trust", f"{module}:Bowl", "--json").stdout)["objective"] == f"{module}:Bowl"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Broken", "Broken: RuntimeError: no value today"),
        ("Crooked", "Crooked: gradient of points (d, lanes) = (2, 3) has shape (3,); must be (2, 3)"),
    ],
)
def test_a_trusted_class_that_fails_is_one_line(module, name, told):
    done = saddlesim("show", "--trust", f"{module}:{name}")
    assert (done.exit_code, done.stderr) == (2, f"{module}:{told}\n")


def test_a_module_that_ends_the_program_is_one_line(module, tmp_path):
    (tmp_path / f"{module}_end.py").write_text("raise SystemExit(7)")
    done = saddlesim("show", "--trust", f"{module}_end:X")
    assert done.exit_code == 2
    assert done.stderr == f"--trust {module}_end:X: {module}_end cannot be imported: SystemExit: 7\n"


def test_want_of_memory_is_one_line(monkeypatch):
    def fill(*given):
        raise MemoryError

    monkeypatch.setattr("saddlesim.cli.showing.listed_points", fill)
    done = saddlesim("show", "himmelblau")
    assert (done.exit_code, done.stderr) == (2, "out of memory; ask for fewer dimensions, points or lanes\n")


def test_many_components_are_shown_without_a_text():
    done = saddlesim("show", "coupled_wells", "-p", "dimension=200", "--most", 1)
    assert done.exit_code == 0, done.output
    assert json.loads(saddlesim("show", "griewank", "-p", "dimension=100", "--json").stdout)["latex"] is None


def test_what_is_known_of_points_that_are_not_listed_is_told():
    assert "critical points: none listed; see critical set\n" in saddlesim("show", "snail").stdout
    told = saddlesim("show", "-e", "x**2", "--most", 0).stdout
    assert "critical points: none listed; see critical set" in told
    assert (
        "critical points: 9, all that there are in the domain, by proof\n"
        in saddlesim("show", "himmelblau", "--most", 0).stdout
    )


def test_the_facts_stand_in_a_column():
    lines = saddlesim("show", "rosenbrock").stdout.splitlines()
    facts = [line for line in lines[1:] if line.startswith(("what ", "formula ", "dimension ", "domain "))]
    assert len(facts) == 5
    assert {(line[14], line[15] != " ") for line in facts} == {(" ", True)}


def test_nothing_is_imported_without_trust(module, tmp_path):
    (tmp_path / "own.yaml").write_text(SCENARIO.replace("MODULE", module))
    for arguments in (["run", "own.yaml"], ["validate", "own.yaml"], ["show", f"{module}:Bowl"]):
        done = saddlesim(*arguments)
        assert done.exit_code == 2
        assert "is no objective; code is imported only if --trust names it on the command line" in done.stderr
        assert module not in sys.modules
    assert not (tmp_path / "runs").exists()


def test_a_trusted_class_runs_and_its_code_enters_the_hash(module, tmp_path):
    (tmp_path / "own.yaml").write_text(SCENARIO.replace("MODULE", module))
    done = saddlesim("run", "own.yaml", "--trust", f"{module}:Spelt", "--json")
    assert done.exit_code == 0, done.output
    first = json.loads(done.stdout)
    assert first["summary"]["optimizers"]["gd"]["fraction_escaped"] > 0.9
    assert saddlesim("plot", first["run"], "--trust", f"{module}:Spelt", "-o", tmp_path / "again").exit_code == 0
    done = saddlesim("plot", first["run"])
    (tmp_path / f"{module}.py").write_text(MODULE + "\n# another version\n")
    import linecache

    linecache.clearcache()
    second = json.loads(saddlesim("run", "own.yaml", "--trust", f"{module}:Spelt", "--json").stdout)
    assert second["run"] != first["run"]
