"""Classification: all critical points of objectives in boxes, proved by the census, as labelled arrays and figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import Block, LabelledArray, Result
from saddlesim.objectives import ObjectiveField
from saddlesim.objectives.symbolic import Bounds
from saddlesim.parameters import Count, Label, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.proving import MAX_BOXES, Census, census, checked_box


@declared
class Classification:
    """All critical points of each objective in its box, with proof: what they are, and that there are no others."""

    objectives: dict[Label, ObjectiveField] = Field(min_length=1, description="label: {name: ..., parameters}")
    boxes: dict[Label, Bounds] = Field(
        default={}, description="label: [[low, high], ...] where it is not the objective's domain"
    )
    max_boxes: Count = Field(default=MAX_BOXES, description="after how many boxes to stop, with a partial answer")

    @property
    def result_class(self) -> type[ClassificationResult]:
        return ClassificationResult

    def check(self) -> list[Problem]:
        return self.check_parts({"objectives": self.objectives, "boxes": self.boxes})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        objectives, boxes = parts.get("objectives", {}), parts.get("boxes", {})
        wrong = [
            Problem(("boxes", label), f"is the box of none of the objectives, which are {', '.join(objectives)}")
            for label in boxes
            if objectives and label not in objectives
        ]
        for label, objective in objectives.items():
            try:
                checked_box(objective, boxes.get(label))
            except (TypeError, ValueError) as error:
                wrong.append(Problem(("boxes", label) if label in boxes else ("objectives", label), str(error)))
        return wrong

    def points(self) -> tuple[str, ...]:
        return tuple(self.objectives)

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        return {
            "experiment": "classification",
            "objective": as_plain(self.objectives[point]),
            "box": as_plain(self.boxes.get(point)),
            "max_boxes": self.max_boxes,
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        found = census(self.objectives[point], self.boxes.get(point), self.max_boxes).as_dict()
        del found["seconds"]  # all else is the same whenever it is computed
        return {"census": np.array(json.dumps(found))}

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> ClassificationResult:
        texts = [str(blocks[label][0]["census"]) for label in self.points()]
        arrays = {
            "case": LabelledArray(("case",), np.array(self.points()), "label of the objective"),
            "census": LabelledArray(("case",), np.array(texts), "all that was found, as JSON"),
            **_point_table([Census.from_dict(json.loads(text)) for text in texts]),
        }
        return ClassificationResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return tuple(
            f"objectives.{label}.{name}"
            for label, objective in self.objectives.items()
            for name in (*FIGURES, *(f"index_{k}" for k in range(objective.dimension + 1)))  # type: ignore[attr-defined]
        )

    @classmethod
    def examples(cls) -> tuple[Classification, ...]:
        return (
            cls(
                objectives={"himmelblau": {"name": "himmelblau"}, "peano": {"name": "peano"}},  # type: ignore[dict-item]
                boxes={"peano": ((-1.0, 1.0), (-1.0, 2.0))},
            ),
        )


class ClassificationResult(Result):
    """What `Classification` proved."""

    experiment: Classification

    @cached_property
    def found(self) -> Mapping[str, Census]:
        """The census of each objective; the times that they took are not kept."""
        return {
            label: Census.from_dict(json.loads(str(text)))
            for label, text in zip(self["case"], self["census"], strict=True)
        }

    def summary(self) -> dict[str, Any]:
        return {"objectives": {label: _figures(each) for label, each in self.found.items()}}


FIGURES = (
    "complete",
    "all_proved",
    "minima",
    "saddles",
    "maxima",
    "of_unproved_index",
    "degenerate_points",
    "degenerate_sets",
    "unresolved",
    "euler_sum",
    "boundary_degree",
    "lowest_value",
    "highest_value",
    "lowest_barrier",
    "highest_barrier",
)


def _figures(found: Census) -> dict[str, Any]:
    kinds = Counter(each.kind for each in found.listed)
    values = [each.value for each in found.listed]
    barriers = [each for link in found.connections for each in link.barriers if each is not None]
    figures: dict[str, Any] = {
        "complete": found.status == "complete",
        "all_proved": all(each.unique_proved and each.index_proved for each in found.points),
        "minima": kinds["minimum"],
        "saddles": kinds["saddle"],
        "maxima": kinds["maximum"],
        "of_unproved_index": kinds["unknown"],
        "degenerate_points": sum(each.isolated for each in found.degenerate),
        "degenerate_sets": sum(not each.isolated for each in found.degenerate),
        "unresolved": len(found.unresolved),
        "euler_sum": found.euler_sum,
        "boundary_degree": found.boundary_degree,
        "lowest_value": min(values, default=None),
        "highest_value": max(values, default=None),
        "lowest_barrier": min(barriers, default=None),
        "highest_barrier": max(barriers, default=None),
    }
    return figures | {f"index_{k}": found.counts.get(k, 0) for k in range(len(found.box) + 1)}


def _point_table(found: Sequence[Census]) -> dict[str, LabelledArray]:
    """Put the points with a regular Hessian into one table, nan beyond the dimension of each; nothing where there is none."""
    points = [(case, each) for case, census_ in enumerate(found) for each in census_.points]
    if not points:
        return {}
    d = max(len(each.x) for _, each in points)

    def padded(name: str) -> NDArray[Any]:
        rows = [getattr(each, name) for _, each in points]
        return np.array([np.pad(row, (0, d - len(row)), constant_values=np.nan) for row in rows])

    indices = [-1 if each.index is None else each.index for _, each in points]
    return {
        "point_case": LabelledArray(("point",), np.array([case for case, _ in points]), "place of its case"),
        "x": LabelledArray(("point", "component"), padded("x"), "position; nan beyond its dimension"),
        "value": LabelledArray(("point",), np.array([each.value for _, each in points]), "value"),
        "index": LabelledArray(("point",), np.array(indices), "Morse index; -1 where it is not proved"),
        "eigenvalues": LabelledArray(("point", "component"), padded("eigenvalues"), "of the Hessian, ascending"),
    }
