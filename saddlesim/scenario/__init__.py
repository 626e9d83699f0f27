"""Scenario: YAML <-> experiment. The only room that knows YAML; nothing of a scenario's text is ever executed."""

from saddlesim.scenario.document import ScenarioError, read_value
from saddlesim.scenario.library import find_scenario, library_scenarios
from saddlesim.scenario.load import as_experiment, load_scenario, parse_scenario
from saddlesim.scenario.model import Check, Expectation, Scenario, json_schema

__all__ = [
    "Check",
    "Expectation",
    "Scenario",
    "ScenarioError",
    "as_experiment",
    "find_scenario",
    "json_schema",
    "library_scenarios",
    "load_scenario",
    "parse_scenario",
    "read_value",
]
