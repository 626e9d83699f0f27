"""What holds of optimizers of other packages whether these are installed or not, and of stored runs with them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
from typer.testing import CliRunner

from saddlesim.cli import app
from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS, optax_methods, torch_methods
from saddlesim.parameters import as_plain, with_fields
from saddlesim.problems import InvalidParameters
from saddlesim.scenario import json_schema
from saddlesim.simulation import simulate

OPTAX, TORCH = OPTIMIZERS["optax"], OPTIMIZERS["torch"]
QUADRATIC = OBJECTIVES["quadratic"]()
MADE = {
    "optax": OPTAX(transformation="adamw", parameters={"learning_rate": 1e-3}),
    "torch": TORCH(optimizer="Adam", parameters={"lr": 1e-3, "betas": [0.8, 0.9]}),
}
EXTRAS = {"optax": ("jax", ("jax", "optax")), "torch": ("torch", ("torch",))}
SCENARIO = """
version: 1
title: Adam, borrowed
experiment:
  name: escape
  objective: {name: quadratic}
  saddle: [0, 0]
  start: {name: gaussian, scale: 1e-3}
  optimizers:
    ours: {name: adam, learning_rate: 0.01}
    theirs: %s
  escape_radius: 0.5
  n_steps: 80
  n_lanes: 40
  block_size: 20
"""
THEIRS = {
    "optax": "{name: optax, transformation: adam, parameters: {learning_rate: 0.01}}",
    "torch": "{name: torch, optimizer: Adam, parameters: {lr: 0.01}}",
}


@pytest.fixture(params=MADE)
def key(request):
    return request.param


@pytest.fixture
def scenario(tmp_path, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "borrowed.yaml").write_text(SCENARIO % THEIRS[key])
    return tmp_path / "borrowed.yaml"


def saddlesim(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def hide(monkeypatch, *modules):
    for name in modules:
        monkeypatch.setitem(sys.modules, name, None)


def rate(value):
    return {"learning_rate": value}


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: OPTAX(transformation="adamv", parameters=rate(1)), ["'adamv' is no transformation; did you mean 'ad"]),
        (lambda: OPTAX(transformation="noisy_sgd", parameters=rate(1)), ["transformation: 'noisy_sgd' is no transf"]),
        (lambda: OPTAX(transformation="__name__", parameters={}), ["'__name__' is no transformation; allowed: sgd, "]),
        (lambda: OPTAX(transformation=["adam"], parameters={}), ["transformation: ['adam'] is no text"]),
        (lambda: OPTAX(transformation="adam"), ["the key 'parameters' is missing"]),
        (lambda: OPTAX(transformation="adam", parameters={}), ["parameters: the key 'learning_rate' is missing"]),
        (lambda: OPTAX(transformation="adam", parameters=3), ["parameters: 3 is no mapping"]),
        (
            lambda: OPTAX(transformation="adam", parameters={"lerning_rate": 1, "b1": 1.5, "nesterov": "yes"}),
            [
                "parameters.b1: 1.5 must be below 1",
                "parameters.nesterov: 'yes' is neither true nor false",
                "parameters.lerning_rate: unknown key; did you mean 'learning_rate'?",
            ],
        ),
        (
            lambda: OPTAX(transformation="sgd", parameters={**rate(-1), "mask": None}),
            [
                "parameters.learning_rate: -1 must be positive",
                "parameters.mask: unknown key; allowed: learning_rate, momentum, nesterov",
            ],
        ),
        (lambda: TORCH(optimizer="adam"), ["'adam' is no optimizer of torch; did you mean 'Adam'?"]),
        (lambda: TORCH(optimizer="Muon"), ["optimizer: 'Muon' is no optimizer of torch; "]),
        (lambda: TORCH(optimizer="Adam", parameters={"foreach": True}), ["parameters.foreach: unknown key; allowed: "]),
        (lambda: TORCH(optimizer="Adam", parameters={"lr": float("nan")}), ["parameters.lr: nan must be finite"]),
        (lambda: TORCH(optimizer="Adam", parameters={"lr": None}), ["parameters.lr: None is no number"]),
        (lambda: TORCH(optimizer="Adam", parameters={"betas": [0.9]}), ["[0.9] has too few entries; at least 2"]),
        (lambda: TORCH(optimizer="Adam", parameters={"betas": [0.9, 1]}), ["parameters.betas[1]: 1 must be below 1"]),
        (
            lambda: TORCH(optimizer="SGD", parameters={"nesterov": True}),
            ["parameters.nesterov: torch has Nesterov's form only with a momentum above 0"],
        ),
        (
            lambda: TORCH(optimizer="LBFGS", parameters={"line_search_fn": "wolfe"}),
            ["parameters.line_search_fn: 'wolfe' is not allowed; must be 'strong_wolfe'"],
        ),
    ],
)
def test_what_is_wrong_is_told_before_the_library_is_asked(monkeypatch, made, told):
    hide(monkeypatch, "jax", "optax", "torch")
    with pytest.raises(InvalidParameters) as raised:
        made()
    lines = str(raised.value).splitlines()
    assert len(lines) == len(told)
    for line, expected in zip(lines, told, strict=True):
        assert expected in line


def test_plain_spelling_and_single_parameters(key):
    plain = json.loads(json.dumps(as_plain(MADE[key])))
    assert plain.pop("name") == key
    assert OPTIMIZERS[key](**plain) == MADE[key]
    name = {"optax": "learning_rate", "torch": "lr"}[key]
    assert with_fields(MADE[key], {("parameters", name): 1}).parameters[name] == 1.0


def test_the_schema_names_every_method_and_does_not_depend_on_what_is_installed(monkeypatch):
    text = json.dumps(json_schema())
    assert json.dumps(list(optax_methods.METHODS)) in text
    assert json.dumps(list(torch_methods.METHODS)) in text
    hide(monkeypatch, "jax", "optax", "torch")
    assert json.dumps(json_schema()) == text


def test_nothing_is_imported_to_check_or_list(scenario):
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom saddlesim.cli import app\n"
        "for asked in (['--help'], ['schema'], ['list', 'optimizers'], ['validate', 'borrowed.yaml']):\n"
        "    CliRunner().invoke(app, asked)\n"
        "print(*{'jax', 'optax', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_missing_library_is_one_line_that_says_what_to_install(monkeypatch, key):
    extra, modules = EXTRAS[key]
    hide(monkeypatch, *modules)
    told = rf"^{key}\(.*\) needs {' and '.join(modules)}, which .* not installed; install .*'saddlesim\[{extra}\]'$"
    with pytest.raises(ValueError, match=told):
        simulate(QUADRATIC, MADE[key], [[1.0], [1.0]], 1)
    with pytest.raises(ImportError, match=told):
        MADE[key].init(QUADRATIC, QUADRATIC.gradient, None)


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_scenario_that_asks_for_a_missing_library_is_exit_2(monkeypatch, scenario, key, command):
    extra, modules = EXTRAS[key]
    hide(monkeypatch, *modules)
    done = saddlesim(command, scenario)
    assert done.exit_code == 2
    assert done.stdout == ""
    (told,) = (line for line in done.stderr.splitlines() if "needs" in line)
    assert told.startswith(f"{scenario}:11:13: experiment.optimizers.theirs: {key}(")
    assert told.endswith(f"install with: pip install 'saddlesim[{extra}]'")
    assert [path.name for path in scenario.parent.iterdir()] == ["borrowed.yaml"]


@pytest.mark.slow
def test_runs_with_them_are_the_same_whatever_the_workers(scenario, key):
    for module in EXTRAS[key][1]:
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    folders = [saddlesim("run", scenario, "-q", "-j", jobs, "-o", f"jobs{jobs}").stdout.strip() for jobs in (1, 2)]
    one, two = (scenario.parent / folder for folder in folders)
    stored = sorted(path.relative_to(one) for path in one.rglob("*") if path.suffix in (".npz", ".nc", ".json"))
    assert len([path for path in stored if path.suffix == ".npz"]) == 4
    for path in stored:
        if path.name != "manifest.json":
            assert (one / path).read_bytes() == (two / path).read_bytes()
    summary = json.loads((one / "summary.json").read_text())["optimizers"]
    assert summary["theirs"]["median_escape_step"] == summary["ours"]["median_escape_step"]
