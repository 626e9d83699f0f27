"""Declared points: every critical point that an objective lists, held against what its derivatives say there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.analysis import analyse, listed_points
from saddlesim.experiments.base import Block, LabelledArray, Result
from saddlesim.objectives import CriticalPoint, ObjectiveField, name_of
from saddlesim.parameters import Count, Label, as_plain, declared
from saddlesim.problems import Problem


class Column(NamedTuple):
    """The type of what is kept of each point, and what it is."""

    dtype: type
    meaning: str


COLUMNS = {
    "label": Column(str, "name of the point"),
    "declared_value": Column(float, "value that the objective says"),
    "declared_index": Column(int, "index that it says"),
    "declared_nullity": Column(int, "nullity that it says"),
    "value": Column(float, "value there"),
    "gradient": Column(float, "|gradient| / (|Hessian| max(1, |x|)); 0 if the gradient is"),
    "index": Column(int, "negative eigenvalues of the Hessian"),
    "nullity": Column(int, "zero eigenvalues, to rounding and to the point's accuracy"),
    "margin": Column(float, "factor by which what counts as zero would have to move to change a sign"),
}


@declared
class DeclaredPoints:
    """Whether the critical points that objectives list have the value, index and nullity that they are said to have."""

    objectives: dict[Label, ObjectiveField] = Field(min_length=1, description="label: {name: ..., parameters}")
    most_points: Count = Field(default=1000, le=10_000, description="of each objective, the first of its list")

    @property
    def result_class(self) -> type[DeclaredPointsResult]:
        return DeclaredPointsResult

    def check(self) -> list[Problem]:
        return self.check_parts({"objectives": self.objectives})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        return [
            Problem(
                ("objectives", label),
                f"{name_of(objective)} lists no critical points; classification searches for them",
            )
            for label, objective in parts.get("objectives", {}).items()
            if next(listed_points(objective, 1), None) is None
        ]

    def points(self) -> tuple[str, ...]:
        return tuple(self.objectives)

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        return {
            "experiment": "declared_points",
            "objective": as_plain(self.objectives[point]),
            "most_points": self.most_points,
        }

    def listed(self, label: str) -> Iterator[CriticalPoint]:
        """Give the points of one objective, one by one."""
        return listed_points(self.objectives[label], self.most_points)

    def run_block(self, point: str, block: int, seed: int) -> Block:
        rows = [_measured(self.objectives[point], each) for each in self.listed(point)]
        return {
            name: np.array(values, dtype=column.dtype)
            for (name, column), values in zip(COLUMNS.items(), zip(*rows, strict=True), strict=True)
        }

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> DeclaredPointsResult:
        found = [blocks[label][0] for label in self.points()]
        case = np.repeat(np.arange(len(found)), [len(each["value"]) for each in found])
        arrays = {
            "case": LabelledArray(("case",), np.array(self.points()), "label of the objective"),
            "point_case": LabelledArray(("point",), case, "place of its case"),
        }
        for name, column in COLUMNS.items():
            arrays[name] = LabelledArray(("point",), np.concatenate([each[name] for each in found]), column.meaning)
        return DeclaredPointsResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return tuple(
            f"objectives.{label}.{name}"
            for label in self.objectives
            for name in (
                *FIGURES,
                *(f"points.{each.label}.{figure}" for each in self.listed(label) for figure in POINT_FIGURES),
            )
        )

    @classmethod
    def examples(cls) -> tuple[DeclaredPoints, ...]:
        return (
            cls(
                objectives={
                    "himmelblau": {"name": "himmelblau"},  # type: ignore[dict-item]
                    "network": {"name": "two_layer_linear_network", "hidden": 2},  # type: ignore[dict-item]
                }
            ),
        )


FIGURES = ("n_points", "n_agreeing", "highest_index", "largest_value_error", "largest_gradient", "smallest_margin")
POINT_FIGURES = ("value", "index", "nullity")


class DeclaredPointsResult(Result):
    """What `DeclaredPoints` measured."""

    experiment: DeclaredPoints

    def of_case(self, label: str) -> dict[str, NDArray[Any]]:
        """Give the columns of one objective's points, (n,) each."""
        own = self["point_case"] == self.experiment.points().index(label)
        return {name: self[name][own] for name in COLUMNS}

    def summary(self) -> dict[str, Any]:
        return {"objectives": {label: _figures(self.of_case(label)) for label in self.experiment.points()}}


def agreeing(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Tell of each point, (n,), whether index and nullity are as declared."""
    index, nullity = (columns[name] == columns[f"declared_{name}"] for name in ("index", "nullity"))
    return np.asarray(index & nullity)


def _measured(objective: Any, point: CriticalPoint) -> tuple[Any, ...]:
    """Give a row of `COLUMNS`."""
    found = analyse(objective, point.x)
    scale = float(np.abs(found.spectrum.eigenvalues).max()) * max(1.0, float(np.linalg.norm(point.x)))
    gradient = 0.0 if not found.gradient_norm else found.gradient_norm / scale if scale else math.inf
    inertia = int(found.spectrum.index), int(found.spectrum.nullity), float(found.spectrum.margin)
    return (point.label, point.value, point.index, point.nullity, found.value, gradient, *inertia)


def _figures(columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    points = zip(*(columns[name].tolist() for name in ("label", *POINT_FIGURES)), strict=True)
    return {
        "n_points": len(columns["value"]),
        "n_agreeing": int(agreeing(columns).sum()),
        "highest_index": int(columns["index"].max()),
        "largest_value_error": float(np.abs(columns["value"] - columns["declared_value"]).max()),
        "largest_gradient": float(columns["gradient"].max()),
        "smallest_margin": float(columns["margin"].min()),
        "points": {label: dict(zip(POINT_FIGURES, each, strict=True)) for label, *each in points},
    }
