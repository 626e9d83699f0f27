"""Sweeps: fields of an experiment that take one value after another, on a grid or in step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from saddlesim.parameters import Count, Real, construct, declared, with_fields
from saddlesim.problems import InvalidParameters, Problem

Setting = dict[str, Any]  # dotted path of a field -> the value that it takes
Experiment = TypeVar("Experiment")

MOST_POINTS = 1000
EVERYWHERE: dict[str, Any] = {"sweep": None, "fits": {}, "n_recorded_lanes": 0}  # what every point has


@declared
class Range:
    """Values from one number to another, both included."""

    first: Real = Field(alias="from")
    last: Real = Field(alias="to")
    n: Annotated[Count, Field(ge=2, le=MOST_POINTS)]
    spacing: Literal["linear", "logarithmic"] = "linear"

    def __post_init__(self) -> None:
        if self.spacing == "logarithmic" and not self.first * self.last > 0:
            raise ValueError(f"from {self.first} to {self.last}: logarithmic spacing needs two numbers of one sign")

    def values(self) -> tuple[float, ...]:
        """Give the values."""
        spaced = np.linspace if self.spacing == "linear" else np.geomspace
        return tuple(float(f"{each:.12g}") for each in spaced(self.first, self.last, self.n))


def _written_out(given: Any) -> Any:
    """Put a range's values in its place."""
    if isinstance(given, Mapping):
        return construct(Range, {str(key): each for key, each in given.items()}).values()
    return tuple(given) if isinstance(given, list) else given


Values = Annotated[
    tuple[Any, ...],
    BeforeValidator(_written_out),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "array", "minItems": 1}, TypeAdapter(Range).json_schema()]}),
]


@declared
class Sweep:
    """Which fields take which values: all combinations on a grid, and some fields in step with each other.

    Keys are dotted paths of fields: ``start.scale``, ``optimizers.gd.learning_rate``, ``optimizers.*.learning_rate`` for all of
    them, ``objective.eigenvalues.1`` for one entry of a vector. Values are a list, or {from, to, n, spacing}.
    """

    grid: dict[str, Values] = Field(default={}, description="path: values; every combination is run")
    zip: dict[str, Values] = Field(default={}, description="path: values; the first with the first, and so on")

    def __post_init__(self) -> None:
        if not self.grid and not self.zip:
            raise ValueError("a sweep needs at least one field: grid: {start.scale: [1e-6, 1e-4]}")
        if both := sorted(self.grid.keys() & self.zip.keys()):
            raise ValueError(f"{both[0]} stands in grid and in zip; name it once")
        lengths = {path: len(values) for path, values in self.zip.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{path} has {n}" for path, n in lengths.items())
            raise ValueError(f"what is zipped must be equally long, but {told} values")
        n_points = math.prod(map(len, self.grid.values())) * next(iter(lengths.values()), 1)
        if n_points > MOST_POINTS:
            raise ValueError(f"a sweep of {n_points} points; at most {MOST_POINTS}")

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields that are swept."""
        return (*self.grid, *self.zip)

    def settings(self) -> tuple[Setting, ...]:
        """Give the points of the sweep in order, the last axis fastest."""
        in_step = [dict(zip(self.zip, each, strict=True)) for each in zip(*self.zip.values(), strict=True)] or [{}]
        axes = [[{path: value} for value in values] for path, values in self.grid.items()]
        return tuple({k: v for each in point for k, v in each.items()} for point in itertools.product(*axes, in_step))


def applied(experiment: Experiment, setting: Setting) -> Experiment:
    """Give the experiment at one point of its sweep.

    Parameters
    ----------
    experiment : object
        A declared one.
    setting : dict of dotted path to value

    Raises
    ------
    InvalidParameters
        If a path leads nowhere, or a value is refused.
    """
    changes = {tuple(path.split(".")): value for path, value in setting.items()}
    made: Experiment = with_fields(experiment, {(field,): value for field, value in EVERYWHERE.items()} | changes)
    return made


def problems_of_setting(setting: Setting, sweep: Sweep, error: InvalidParameters) -> list[Problem]:
    """Say which swept value is refused, and why."""
    problems = []
    for each in error.problems:
        dotted = tuple(map(str, each.path))
        path = next((path for path in setting if _leads_to(path, dotted)), sweep.paths[0])
        axis = "grid" if path in sweep.grid else "zip"
        place = getattr(sweep, axis)[path].index(setting[path])
        problems.append(Problem(("sweep", axis, path, place), each.message))
    return problems


def _leads_to(path: str, dotted: tuple[str, ...]) -> bool:
    """Whether a swept path is where a problem was found, or above it."""
    keys = path.split(".")
    return all(key in ("*", there) for key, there in zip(keys, dotted, strict=False))
