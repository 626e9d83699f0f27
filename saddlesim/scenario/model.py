"""Model: what a scenario is, and what an expectation means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, TypeAdapter

from saddlesim.experiments import ExperimentField
from saddlesim.experiments.base import dotted_figures
from saddlesim.parameters import OF_REGISTRY, NonNegative, NonNegativeInteger, Positive, declared

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


class Check(NamedTuple):
    """How one expectation fared."""

    name: str
    value: float | None
    expected: float
    tolerance: float
    passed: bool
    source: str


@declared
class Expectation:
    """A published or derived figure that a run must reproduce."""

    name: str = Field(description="path of a figure in the summary, such as optimizers.gd.median_escape_step")
    value: Annotated[float, Field(strict=True, allow_inf_nan=True)] | None = Field(
        description="what it must be; null or .inf for never"
    )
    tolerance: NonNegative | None = Field(default=None, description="allowed absolute difference")
    relative_tolerance: NonNegative | None = Field(default=None, description="allowed difference relative to value")
    z: Positive | None = Field(default=None, description="allowed number of the figure's own standard errors")
    source: str = Field(default="", description="where the value comes from")

    def __post_init__(self) -> None:
        given = [name for name in ("tolerance", "relative_tolerance", "z") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given; give one of tolerance, relative_tolerance and z")
        if self.value is not None and math.isnan(self.value):
            raise ValueError("a figure cannot be expected to be nan; null or .inf means never")

    def check(self, summary: Mapping[str, Any]) -> Check:
        """Compare with a summary. A figure that is not there has no value, and fails."""
        figures = dotted_figures(summary)
        expected = math.inf if self.value is None else self.value
        tolerance = self.tolerance or 0.0
        if self.relative_tolerance is not None:
            tolerance = self.relative_tolerance * abs(expected) if math.isfinite(expected) else 0.0
        if self.z is not None:
            tolerance = self.z * figures.get(f"{self.name}_standard_error", math.nan)
        value = figures.get(self.name)
        passed = value is not None and (value == expected or abs(value - expected) <= tolerance)
        return Check(self.name, value, expected, tolerance, passed, self.source)


@declared
class Scenario:
    """What to run, and what must come out."""

    version: Literal[1] = Field(description="of this format")
    title: str = Field(description="one line for people")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]*$")] = Field(
        default="", description="of its run folders; the file's name by default"
    )
    seed: NonNegativeInteger = Field(default=0, description="from which all randomness is drawn")
    experiment: ExperimentField = Field(description="the question asked")
    expect: tuple[Expectation, ...] = Field(default=(), description="figures that the run must reproduce")
    reduced: dict[str, Any] = Field(
        default={}, description="dotted keys and the values that make it small, for a test suite"
    )


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of scenario files, with the built-in classes."""
    whole = _spelt_out(TypeAdapter(Scenario).json_schema())
    choices = dict[str, Any]()
    told = {key: _with_references(each, choices) for key, each in whole.items()}
    return {"$schema": SCHEMA_ID, **told, "$defs": {**told["$defs"], **choices}}


def _with_references(schema: Any, choices: dict[str, Any]) -> Any:
    """Tell what a registry offers once, in `choices` by its noun, and refer to it wherever else it is offered."""
    if isinstance(schema, list):
        return [_with_references(each, choices) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: _with_references(each, choices) for key, each in schema.items() if key != OF_REGISTRY}
    noun = schema.get(OF_REGISTRY)
    if noun is None or noun == "experiment":
        return told
    key = noun.replace(" ", "_")
    if choices.setdefault(key, {"oneOf": told["oneOf"]}) != {"oneOf": told["oneOf"]}:
        raise ValueError(f"two registries are of the noun {noun}")
    return {"$ref": f"#/$defs/{key}", **{name: each for name, each in told.items() if name != "oneOf"}}


_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}


def _spelt_out(schema: Any) -> Any:
    """Name bounds as JSON Schema does: pydantic leaves those that stand behind a function as they are."""
    if isinstance(schema, list):
        return [_spelt_out(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    spelt = {key: _spelt_out(each) for key, each in schema.items() if not (key in _BOUNDS and _is_number(each))}
    return spelt | {_BOUNDS[key]: each for key, each in schema.items() if key in _BOUNDS and _is_number(each)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
