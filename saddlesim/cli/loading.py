"""Loading: scenarios, objectives and classes as they are named on the command line."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlesim.cli.exits import UsageError
from saddlesim.objectives import OBJECTIVES, Objective
from saddlesim.objectives.base import METHODS
from saddlesim.parameters import construct
from saddlesim.problems import InvalidParameters, suggestion
from saddlesim.scenario import Scenario, ScenarioError, find_scenario, load_scenario, read_value

MOST_DIMENSIONS = 300  # of somebody's objective that is tried


def load_all(given: Sequence[str], overrides: Sequence[str], reduced: bool = False) -> dict[str, tuple[Path, Scenario]]:
    """Load scenarios by path or name; what is wrong with any of them is told at once."""
    loaded, wrong = {}, []
    for name in given:
        try:
            path = find_scenario(name)
            loaded[name] = path, load_scenario(path, overrides, reduced)
        except (ScenarioError, FileNotFoundError) as error:
            wrong.append(str(error))
    if wrong:
        raise UsageError("\n".join(wrong))
    return loaded


def trust_classes(given: Sequence[str]) -> Sequence[str]:
    """Import each ``package.module:Class``, from the current folder too, and register it under that name."""
    if given and "" not in sys.path:
        sys.path.insert(0, "")
    for name in given:
        OBJECTIVES.register(name, _imported(name))
    return given


def make_objective(
    name: str | None, expression: str | None, parameters: Sequence[str], trusted: Sequence[str]
) -> Objective:
    """Make the objective that a command is about, of its name or of a text; by default the one class that is trusted."""
    if name is None and expression is None and len(trusted) == 1:
        name = trusted[0]
    if name is not None and expression is not None:
        raise UsageError(f"either the objective {name} or --expression {expression!r}, not both")
    if name is None and expression is None:
        raise UsageError("name an objective, as `saddlesim list objectives` shows it, or give --expression TEXT")
    if name is not None and name not in OBJECTIVES:
        raise UsageError(f"{name!r} is no objective{OBJECTIVES.hint(name) or suggestion(name, OBJECTIVES)}")
    fields = {} if expression is None else {"expression": expression}
    try:
        fields |= _fields(parameters)
        made: Objective = construct(OBJECTIVES[name or "expression"], fields)
    except (InvalidParameters, ScenarioError) as error:
        raise UsageError(_with_caret(str(error), error, expression)) from None
    missing = [each for each in METHODS if not callable(getattr(made, each, None))]
    if missing:
        raise UsageError(f"{name} has no {', '.join(missing)}; an objective has {', '.join(METHODS)}")
    if (name or "expression") not in OBJECTIVES.builtin:
        _check_shapes(str(name), made)
    return made


def _check_shapes(name: str, objective: Any) -> None:
    """Try somebody's objective at one point, if it says of how many components."""
    d = getattr(objective, "dimension", None)
    if not isinstance(d, int) or d > MOST_DIMENSIONS:
        return
    x = np.full((d, 3), 0.5)
    for method, expected in zip(METHODS, ((3,), (d, 3), (d, d, 3)), strict=True):
        shape = np.shape(getattr(objective, method)(x))
        if shape != expected:
            raise UsageError(f"{name}: {method} of points (d, lanes) = {x.shape} has shape {shape}; must be {expected}")


def _imported(name: str) -> type:
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise UsageError(f"--trust {name}: must be MODULE:CLASS, such as my_package.my_module:MyObjective")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except (Exception, SystemExit) as error:  # whatever somebody's module raises
        raise UsageError(f"--trust {name}: {module} cannot be imported: {type(error).__name__}: {error}") from None
    if not isinstance(found, type):
        raise UsageError(f"--trust {name}: {module} has no class {attribute!r}")
    missing = [each for each in METHODS if not callable(getattr(found, each, None))]
    if missing:
        raise UsageError(f"--trust {name}: has no {', '.join(missing)}; an objective has {', '.join(METHODS)}")
    return found


def _fields(given: Sequence[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for each in given:
        key, value = _parameter(each)
        if key in fields:
            raise UsageError(f"-p {each}: {key} is given twice")
        fields[key] = value
    return fields


def _parameter(given: str) -> tuple[str, Any]:
    key, equals, value = given.partition("=")
    if not (key and equals):
        raise UsageError(f"-p {given}: must be key=value, such as dimension=3")
    return key.strip(), read_value(value, f"-p {given}")


def _with_caret(told: str, error: ValueError, expression: str | None) -> str:
    """Point at the character of the text that is wrong."""
    wrong = [each for each in getattr(error, "problems", ()) if each.path == ("expression",)]
    if not (expression and expression.strip()) or not wrong or len(expression) > 200:
        return told
    return f"{told}\n    {' '.join(expression.splitlines())}\n    {' ' * wrong[0].offset}^"


def make_folder(out: Path) -> None:
    """Make the folder that pictures go to, before anything is computed for them."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"--out {out}: is a file; name a folder") from None
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror or error}; name another folder") from None
    if not os.access(out, os.W_OK):
        raise UsageError(f"--out {out}: nothing can be written there; name another folder")
