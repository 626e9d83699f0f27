"""Basins: where starts all over a region end under each optimizer, and after how many steps.

Not here: the sets of starts (start_sets.py), and what is made of the lanes (basins_result.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.analysis import listed_points
from saddlesim.experiments import basins_result
from saddlesim.experiments.base import LARGEST_COUNT, Block, LabelledArray, generator, unmet_needs
from saddlesim.experiments.basins_result import LANE_ARRAYS, BasinsResult
from saddlesim.experiments.endpoints import FINAL_KINDS, final_kinds
from saddlesim.experiments.start_sets import StartSetField, problem_with_set
from saddlesim.objectives import CriticalPoint, ObjectiveField
from saddlesim.observers import Rest
from saddlesim.optimizers import OptimizerField
from saddlesim.parameters import Count, Label, Positive, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.simulation import simulate

Array = NDArray[np.float64]


@declared
class Basins:
    """Where each start of a region ends under each optimizer: at which minimum or saddle, and after how many steps."""

    objective: ObjectiveField = Field(description="what is descended")
    starts: dict[Label, StartSetField] = Field(
        min_length=1, description="label: {name: grid or uniform, n_points: ..., box: ...}"
    )
    optimizers: dict[Label, OptimizerField] = Field(min_length=1, description="label: {name: ..., parameters}")
    n_steps: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(description="the step budget of every lane")
    gradient_tolerance: Positive = Field(
        default=1e-6, description="a lane is at rest from the step on from which |gradient| is not larger"
    )
    distance_tolerance: Positive = Field(
        default=1e-3, description="a lane has ended at a known critical point that is not farther away"
    )
    block_size: Annotated[Count, Field(le=100_000)] = Field(
        default=5000, description="lanes computed and stored together"
    )

    @property
    def result_class(self) -> type[BasinsResult]:
        return BasinsResult

    def check(self) -> list[Problem]:
        return self.check_parts({name: getattr(self, name) for name in ("objective", "starts", "optimizers")})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        if "objective" not in parts:
            return []
        sets = parts.get("starts", {}).items()
        problems = ((label, problem_with_set(each, parts["objective"])) for label, each in sets)
        return [
            *unmet_needs(parts.get("optimizers", {}), parts["objective"]),
            *(problem._replace(path=("starts", label, *problem.path)) for label, problem in problems if problem),
        ]

    # ---- blocks: one optimizer on one block of one set of starts

    def points(self) -> tuple[str, ...]:
        return tuple(f"{starts}:{label}" for starts in self.starts for label in self.optimizers)

    def n_blocks(self, point: str) -> int:
        return -(-self.starts[point.partition(":")[0]].count // self.block_size)

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        starts, _, label = point.partition(":")
        return {
            "experiment": "basins",
            "objective": as_plain(self.objective),
            "starts": as_plain(self.starts[starts]),
            "optimizer": as_plain(self.optimizers[label]),
            "n_steps": self.n_steps,
            "gradient_tolerance": self.gradient_tolerance,
            "distance_tolerance": self.distance_tolerance,
            "block": block,
            "block_size": self.block_size,
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        starts, _, label = point.partition(":")
        x0 = self.starts_of(starts, block, seed)
        noise = generator(seed, block, 1)
        rest = Rest(self.gradient_tolerance)
        run = simulate(self.objective, self.optimizers[label], x0, self.n_steps, noise, None, (rest,))
        known = tuple(listed_points(self.objective))
        with np.errstate(all="ignore"):
            kinds = final_kinds(self.objective, run.final.x, run.final.gradient)
            ends = nearest_points(known, run.final.x, self.distance_tolerance)
            return {
                "start": x0,
                "end_point": ends,
                "end_kind": _told_by_list(kinds, ends, known),
                "rest_step": run.observations[0],
                "final_value": self.objective.value(run.final.x),
            }

    def starts_of(self, label: str, block: int, seed: int) -> Array:
        """Give the starts of a block, (d, B)."""
        first = block * self.block_size
        n_lanes = min(self.block_size, self.starts[label].count - first)
        return self.starts[label].draw(self.objective, first, n_lanes, generator(seed, block, 0))

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> BasinsResult:
        def put_together(name: str, label: str) -> NDArray[Any]:
            """Lanes of all blocks and of all sets of starts along the last axis."""
            return np.concatenate(
                [each[name] for starts in self.starts for each in blocks[f"{starts}:{label}"]], axis=-1
            )

        known = [each.label for each in listed_points(self.objective)]
        counts = [each.count for each in self.starts.values()]
        first = next(iter(self.optimizers))
        arrays = {
            "optimizer": LabelledArray(("optimizer",), np.array(list(self.optimizers)), "label of the optimizer"),
            "set": LabelledArray(("set",), np.array(list(self.starts)), "label of the set of starts"),
            "point": LabelledArray(("point",), np.array(known or ["none"]), "label of a known critical point"),
            "kind": LabelledArray(("kind",), np.array(FINAL_KINDS), "what the codes of end_kind mean"),
            "set_of": LabelledArray(("lane",), np.repeat(np.arange(len(counts)), counts), "place of its set of starts"),
            "start": LabelledArray(("component", "lane"), put_together("start", first), "where it started"),
        }
        for name, meaning in LANE_ARRAYS.items():
            data = np.stack([put_together(name, label) for label in self.optimizers])
            arrays[name] = LabelledArray(("optimizer", "lane"), data, meaning)
        return BasinsResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return basins_result.summary_names(self)

    @classmethod
    def examples(cls) -> tuple[Basins, ...]:
        descent = {"name": "gradient_descent", "learning_rate": 0.1}
        return (
            cls(
                objective={"name": "strict_saddle_toy"},  # type: ignore[arg-type]
                starts={"grid": {"name": "grid", "n_points": (5, 5)}},  # type: ignore[dict-item]
                optimizers={"gd": descent},  # type: ignore[dict-item]
                n_steps=200,
            ),
        )


def nearest_points(known: Sequence[CriticalPoint], x: Array, tolerance: float) -> NDArray[np.int32]:
    """Give the place of the known point that each lane, (d, B), is nearest to, (B,); -1 where none is within the tolerance."""
    from scipy.spatial import KDTree

    ends = np.full(x.shape[1], -1, dtype=np.int32)
    finite = np.isfinite(x).all(axis=0)
    if known and finite.any():
        distance, place = KDTree(np.stack([each.x for each in known])).query(x[:, finite].T)
        ends[finite] = np.where(distance <= tolerance, place, -1)
    return ends


def _told_by_list(kinds: NDArray[np.int8], ends: NDArray[np.int32], known: Sequence[CriticalPoint]) -> NDArray[np.int8]:
    """Give the kinds, (B,), where the Hessian does not tell them from the list of known points."""
    if not known:
        return kinds
    listed = np.array([FINAL_KINDS.index(each.kind) for each in known], dtype=np.int8)
    open_ = (kinds == FINAL_KINDS.index("degenerate")) & (ends >= 0)
    return np.where(open_, listed[ends], kinds)
