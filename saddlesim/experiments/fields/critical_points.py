"""Field critical points: Gaussian landscapes are drawn, and their critical points found, all of them, and counted by index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import Block, LabelledArray, generator
from saddlesim.experiments.fields.enumeration import MOST_CELLS, enumerate_points, first_grid
from saddlesim.experiments.fields.laws import INDEX_FRACTIONS
from saddlesim.experiments.fields.result import FieldCriticalPointsResult, summary_names
from saddlesim.objectives import ObjectiveField
from saddlesim.objectives.periodic_fields import PeriodicGaussianField
from saddlesim.parameters import Count, Label, as_plain, declared, with_fields
from saddlesim.problems import Problem

LARGEST_ANISOTROPY = 1e-6
LARGEST_SEED = 2**31  # what a results file can hold


@declared
class FieldCriticalPoints:
    """Are the Hessian signs at the critical points of a random landscape coin flips? All points of drawn fields, by index.

    Kac and Rice say how many critical points of each index there are in the mean: a Hessian counts with the weight of its
    determinant, and in two dimensions 1/4 are minima as for two coins, in three (29 - 6 sqrt 6) / 116 = 0.123 and not 1/8. The
    fields are periodic: no box has an edge that minima could hide behind, and since sum (-1)^index = 0 on a torus each draw
    tells by itself whether points are missing. Points of one draw are not independent, so that standard errors come from the
    spread between draws. The same points are also counted in a box of half the period: the fractions are as on the torus, for
    the formula holds in any set, but the sum of signs is then the degree of the gradient on the box's boundary, seldom 0.
    """

    fields: dict[Label, ObjectiveField] = Field(
        min_length=1,
        description="label: {name: periodic_gaussian_field, dimension: ..., length_scale: ...}; the seeds are replaced",
    )
    n_fields: Annotated[Count, Field(ge=2, le=100_000)] = Field(default=100, description="how many are drawn of each")
    block_size: Annotated[Count, Field(le=1000)] = Field(default=5, description="fields computed and stored together")

    @property
    def result_class(self) -> type[FieldCriticalPointsResult]:
        return FieldCriticalPointsResult

    def check(self) -> list[Problem]:
        return self.check_parts({"fields": self.fields})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        return [
            Problem(("fields", label), told)
            for label, field in parts.get("fields", {}).items()
            if (told := _unfit(field))
        ]

    # ---- blocks: some fields of one kind

    def points(self) -> tuple[str, ...]:
        return tuple(self.fields)

    def n_blocks(self, point: str) -> int:
        return -(-self.n_fields // self.block_size)

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        numbers = self._numbers(block)
        return {
            "experiment": "field_critical_points",
            "field": as_plain(with_fields(self.fields[point], {("seed",): 0})),
            "first": numbers.start,
            "n_fields": len(numbers),
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        seeds = np.array([generator(seed, each, 0).integers(LARGEST_SEED) for each in self._numbers(block)])
        fields = [with_fields(self.fields[point], {("seed",): int(each)}) for each in seeds]
        found = [enumerate_points(each) for each in fields]
        return {
            "seed": seeds,
            "n_cells": np.array([each.n_cells for each in found]),
            "resolved": np.array([each.resolved for each in found]),
            "n_points": np.array([len(each.index) for each in found]),
            "x": np.concatenate([each.x for each in found], axis=1),
            "value": np.concatenate([each.value for each in found]),
            "index": np.concatenate([each.index for each in found]),
        }

    def _numbers(self, block: int) -> range:
        """Give the numbers of the draws of a block; by its number each draw has its seed, whatever the block."""
        first = block * self.block_size
        return range(first, min(first + self.block_size, self.n_fields))

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> FieldCriticalPointsResult:
        def of_fields(name: str) -> NDArray[Any]:
            return np.array([np.concatenate([each[name] for each in blocks[label]]) for label in self.fields])

        def of_points(name: str) -> NDArray[Any]:
            return np.concatenate([each[name] for label in self.fields for each in blocks[label]])

        axes, n_points = ("case", "field"), of_fields("n_points")
        cases, numbers = np.indices(n_points.shape)
        largest = max(each.dimension for each in self.fields.values())  # type: ignore[attr-defined]
        x = [
            np.pad(each["x"].T, ((0, 0), (0, largest - len(each["x"]))), constant_values=np.nan)
            for label in self.fields
            for each in blocks[label]
        ]
        arrays = {
            "case": LabelledArray(("case",), np.array(list(self.fields)), "label of a kind of field"),
            "seed": LabelledArray(axes, of_fields("seed"), "seed of a field"),
            "n_cells": LabelledArray(axes, of_fields("n_cells"), "cells along each axis of the finest grid searched"),
            "resolved": LabelledArray(axes, of_fields("resolved"), "whether nothing speaks against completeness"),
            "point_case": LabelledArray(("point",), np.repeat(cases, n_points.ravel()), "place of its case"),
            "point_field": LabelledArray(("point",), np.repeat(numbers, n_points.ravel()), "number of its field"),
            "x": LabelledArray(("point", "component"), np.concatenate(x), "position; nan beyond its dimension"),
            "value": LabelledArray(("point",), of_points("value"), "value, in standard deviations of the field"),
            "index": LabelledArray(("point",), of_points("index"), "Morse index"),
        }
        return FieldCriticalPointsResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return summary_names(self)

    @classmethod
    def examples(cls) -> tuple[FieldCriticalPoints, ...]:
        plane = {"name": "periodic_gaussian_field", "dimension": 2, "length_scale": 0.8}
        return (cls(fields={"plane": plane}, n_fields=4),)  # type: ignore[dict-item]


def _unfit(field: Any) -> str:
    """Tell why the critical points of a field cannot be enumerated, or not be compared with the isotropic field's."""
    if not isinstance(field, PeriodicGaussianField):
        return f"{field} is no periodic_gaussian_field, whose critical points alone can be listed on a torus"
    if field.dimension not in INDEX_FRACTIONS:
        return f"dimension={field.dimension}: a grid would need too many cells; at most {max(INDEX_FRACTIONS)}"
    if field.anisotropy > LARGEST_ANISOTROPY:
        return (
            f"length_scale={field.length_scale}: the torus is felt, moments differ by {field.anisotropy:.1g} from the "
            "isotropic field's; at most 0.9"
        )
    if first_grid(field) ** field.dimension > MOST_CELLS:
        n = first_grid(field)
        return (
            f"length_scale={field.length_scale}: {n}^{field.dimension} cells are more than {MOST_CELLS}; take it longer"
        )
    return ""
