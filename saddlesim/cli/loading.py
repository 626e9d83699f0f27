"""Loading: scenarios, objectives and classes as they are named on the command line."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saddlesim.cli.exits import UsageError
from saddlesim.objectives import OBJECTIVES, Objective
from saddlesim.objectives.base import METHODS
from saddlesim.parameters import InvalidParameters, construct, suggestion
from saddlesim.scenario import Scenario, ScenarioError, find_scenario, load_scenario, read_value


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
    if (name is None) == (expression is None):
        raise UsageError("name an objective, as `saddlesim list objectives` shows it, or give --expression TEXT")
    if name is not None and name not in OBJECTIVES:
        raise UsageError(f"{name!r} is no objective{OBJECTIVES.hint(name) or suggestion(name, OBJECTIVES)}")
    fields = {} if expression is None else {"expression": expression}
    try:
        fields |= dict(_parameter(each) for each in parameters)
        made: Objective = construct(OBJECTIVES[name or "expression"], fields)
    except (InvalidParameters, ScenarioError) as error:
        raise UsageError(_with_caret(str(error), error, expression)) from None
    missing = [each for each in METHODS if not callable(getattr(made, each, None))]
    if missing:
        raise UsageError(f"{name} has no {', '.join(missing)}; an objective has {', '.join(METHODS)}")
    return made


def _imported(name: str) -> type:
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise UsageError(f"--trust {name}: must be MODULE:CLASS, such as my_package.my_module:MyObjective")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except Exception as error:  # whatever somebody's module raises
        raise UsageError(f"--trust {name}: {module} cannot be imported: {type(error).__name__}: {error}") from None
    if not isinstance(found, type):
        raise UsageError(f"--trust {name}: {module} has no class {attribute!r}")
    missing = [each for each in METHODS if not callable(getattr(found, each, None))]
    if missing:
        raise UsageError(f"--trust {name}: has no {', '.join(missing)}; an objective has {', '.join(METHODS)}")
    return found


def _parameter(given: str) -> tuple[str, Any]:
    key, equals, value = given.partition("=")
    if not (key and equals):
        raise UsageError(f"-p {given}: must be key=value, such as dimension=3")
    return key.strip(), read_value(value, f"-p {given}")


def _with_caret(told: str, error: ValueError, expression: str | None) -> str:
    """Point at the character of the text that is wrong."""
    wrong = [each for each in getattr(error, "problems", ()) if each.path == ("expression",)]
    if expression is None or not wrong or len(expression) > 200:
        return told
    return f"{told}\n    {' '.join(expression.splitlines())}\n    {' ' * wrong[0].offset}^"
