"""Escape: how long optimizers stay near a saddle, measured on common random starts and held against theory.

Not here: the loop and its observers (simulation.py, observers.py), and what is made of the lanes (escape_result.py, laws.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import Block, LabelledArray, generator, unmet_needs
from saddlesim.experiments.endpoints import FINAL_KINDS, final_kinds
from saddlesim.experiments.escape_result import LANE_ARRAYS, OPTIMIZER_FIGURES, SADDLE_FIGURES, EscapeResult
from saddlesim.experiments.saddles import Saddle, SaddleField, resolve
from saddlesim.experiments.starts import StartField, problem_with
from saddlesim.objectives import ObjectiveField
from saddlesim.observers import DIVERGED, ESCAPED, FirstPassage, Plateau, Records, log_spaced, norm
from saddlesim.optimizers import OptimizerField
from saddlesim.parameters import Count, Label, NonNegativeInteger, Positive, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.simulation import simulate
from saddlesim.spectrum import eigenvalues

LARGEST_COUNT = 100_000_000  # of steps and of lanes


@declared
class Escape:
    """How long each optimizer stays within a ball round a saddle, and what theory says."""

    objective: ObjectiveField = Field(description="what is descended")
    saddle: SaddleField = Field(description="coordinates, the label of a known critical point, or {find: guess}")
    start: StartField = Field(description="the law of the starts, the same starts for every optimizer")
    optimizers: dict[Label, OptimizerField] = Field(min_length=1, description="label: {name: ..., parameters}")
    escape_radius: Positive = Field(description="a lane leaves when it is this far from the saddle")
    n_steps: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(description="the step budget of every lane")
    n_lanes: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(default=1000, description="how many starts are drawn")
    n_recorded_lanes: NonNegativeInteger = Field(
        default=64, description="how many lanes are recorded along the way, for plots and plateaus"
    )
    block_size: Annotated[Count, Field(le=100_000)] = Field(
        default=5000, description="lanes computed and stored together"
    )

    @cached_property
    def resolved_saddle(self) -> Saddle:
        """The critical point that is meant; raises ValueError if it is no saddle."""
        return resolve(self.objective, self.saddle)

    @property
    def result_class(self) -> type[EscapeResult]:
        return EscapeResult

    def check(self) -> list[Problem]:
        names = ("objective", "saddle", "start", "optimizers", "escape_radius")
        return self.check_parts({name: getattr(self, name) for name in names})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        if "objective" not in parts:
            return []
        wrong = unmet_needs(parts.get("optimizers", {}), parts["objective"])
        if "saddle" not in parts:
            return wrong
        try:
            saddle = resolve(parts["objective"], parts["saddle"])
        except ValueError as error:
            return [*wrong, Problem(("saddle",), str(error))]
        if "start" not in parts:
            return wrong
        problem = problem_with(parts["start"], saddle, parts["objective"], parts.get("escape_radius", math.inf))
        return [*wrong, Problem(("start",), problem)] if problem else wrong

    # ---- blocks: one optimizer on one block of lanes

    def points(self) -> tuple[str, ...]:
        return tuple(self.optimizers)

    def n_blocks(self, point: str) -> int:
        return -(-self.n_lanes // self.block_size)

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        n_lanes, n_recorded = self._lanes_of(block)
        return {
            "experiment": "escape",
            "objective": as_plain(self.objective),
            "saddle": as_plain(self.saddle),
            "start": as_plain(self.start),
            "optimizer": as_plain(self.optimizers[point]),
            "escape_radius": self.escape_radius,
            "n_steps": self.n_steps,
            "block": block,
            "n_lanes": n_lanes,
            "n_recorded_lanes": n_recorded,
        }

    def _lanes_of(self, block: int) -> tuple[int, int]:
        """Give the number of lanes of a block, and of those recorded."""
        first = block * self.block_size
        n_lanes = min(self.block_size, self.n_lanes - first)
        return n_lanes, max(0, min(n_lanes, self.n_recorded_lanes - first))

    def run_block(self, point: str, block: int, seed: int) -> Block:
        n_lanes, n_recorded = self._lanes_of(block)
        saddle, optimizer = self.resolved_saddle, self.optimizers[point]
        x0 = self.start.draw(saddle, n_lanes, generator(seed, block, 0))
        passage = FirstPassage(saddle.x, self.escape_radius, saddle.escape_space)
        plateau = Plateau(saddle.x, self.escape_radius, n_recorded)
        records = Records(log_spaced(self.n_steps), n_recorded)
        observers = (passage, plateau, records)
        run = simulate(self.objective, optimizer, x0, self.n_steps, generator(seed, block, 1), None, observers)
        left, history, record = run.observations
        with np.errstate(all="ignore"):
            return {
                "escape_step": np.where(left.outcome == ESCAPED, left.step, -1).astype(np.int32),
                "divergence_step": np.where(left.outcome == DIVERGED, left.step, -1).astype(np.int32),
                "final_value": self.objective.value(run.final.x),
                "final_gradient_norm": norm(run.final.gradient),
                "final_kind": final_kinds(self.objective, run.final.x, run.final.gradient),
                "met_zero_eigenvalue": np.broadcast_to(
                    getattr(run.final, "met_zero_eigenvalue", False), n_lanes
                ).astype(np.int8),
                "plateau_steps": plateau.steps(history, left),
                "record_step": record.step.astype(np.int32),
                "record_x": record.x,
                "record_value": record.value,
                "record_gradient_norm": record.gradient_norm,
                "record_distance": norm(np.moveaxis(record.x, 1, 0) - saddle.x[:, None, None]),
                "record_lowest_eigenvalue": eigenvalues(self.objective.hessian(np.moveaxis(record.x, 1, 0)))[..., 0],
            }

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> EscapeResult:
        labels = self.points()

        def put_together(name: str) -> NDArray[Any]:
            """Lanes of all blocks along the last axis, optimizers along the first."""
            return np.stack([np.concatenate([each[name] for each in blocks[label]], axis=-1) for label in labels])

        arrays = {
            "optimizer": LabelledArray(("optimizer",), np.array(labels), "label of the optimizer"),
            "final_kind_name": LabelledArray(("kind",), np.array(FINAL_KINDS), "what the codes of final_kind mean"),
            "record_step": LabelledArray(("record",), blocks[labels[0]][0]["record_step"], "step of a record"),
        }
        for name, (axes, meaning) in LANE_ARRAYS.items():
            arrays[name] = LabelledArray(("optimizer", *axes), put_together(name), meaning)
        return EscapeResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        saddle = [f"saddle.{name}" for name in SADDLE_FIGURES]
        return (*saddle, *(f"optimizers.{label}.{name}" for label in self.points() for name in OPTIMIZER_FIGURES))

    @classmethod
    def examples(cls) -> tuple[Escape, ...]:
        descent = {"name": "gradient_descent", "learning_rate": 0.1}
        return (
            cls(
                objective={"name": "quadratic"},  # type: ignore[arg-type]
                saddle=(0.0, 0.0),
                start={"name": "gaussian", "scale": 1e-6},  # type: ignore[arg-type]
                optimizers={"gd": descent},  # type: ignore[dict-item]
                escape_radius=1.0,
                n_steps=300,
                n_lanes=100,
            ),
        )
