"""Loading: scenarios as they are named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from saddlesim.cli.exits import UsageError
from saddlesim.scenario import Scenario, ScenarioError, find_scenario, load_scenario


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
