"""Escape: how long optimizers stay near a saddle, measured on common random starts and held against theory.

Not here: the loop and its observers (simulation.py, observers.py), and what is made of the lanes (escape_result.py, laws/).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments import escape_result
from saddlesim.experiments.base import (
    LARGEST_COUNT,
    Block,
    LabelledArray,
    Result,
    generator,
    lanes_of_block,
    unmet_needs,
)
from saddlesim.experiments.endpoints import FINAL_KINDS, final_kinds
from saddlesim.experiments.escape_result import COUNTERS, LANE_ARRAYS, EscapeResult
from saddlesim.experiments.saddles import Saddle, SaddleField, resolve
from saddlesim.experiments.starts import StartField, problem_with
from saddlesim.experiments.sweeping.fits import Fit
from saddlesim.experiments.sweeping.problems import problems_of_sweep
from saddlesim.experiments.sweeping.result import SweepResult
from saddlesim.experiments.sweeping.result import summary_names as swept_names
from saddlesim.experiments.sweeping.sweep import Sweep, applied
from saddlesim.objectives import ObjectiveField
from saddlesim.observers import DIVERGED, ESCAPED, FirstPassage, Plateau, Records, log_spaced, norm
from saddlesim.optimizers import Optimizer, OptimizerField
from saddlesim.parameters import Count, Label, NonNegativeInteger, Positive, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.simulation import simulate
from saddlesim.spectrum import eigenvalues


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
    sweep: Sweep | None = Field(default=None, description="fields that take one value after another, by grid: or zip:")
    fits: dict[Label, Fit] = Field(
        default={}, description="label: how the median escape step of an optimizer grows along the sweep"
    )

    def __post_init__(self) -> None:
        if self.fits and not self.sweep:
            raise ValueError("fits are lines along a sweep, and there is none; give sweep:, or leave fits out")

    @cached_property
    def resolved_saddle(self) -> Saddle:
        """The critical point that is meant; raises ValueError if it is no saddle."""
        return resolve(self.objective, self.saddle)

    @cached_property
    def variants(self) -> tuple[Escape, ...]:
        """The experiment at each point of its sweep; itself alone where there is none."""
        return tuple(applied(self, each) for each in self.sweep.settings()) if self.sweep else (self,)

    @property
    def result_class(self) -> type[Result]:
        return SweepResult if self.sweep else EscapeResult

    def check(self) -> list[Problem]:
        if self.sweep:
            return problems_of_sweep(self)
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
        if not self.sweep:
            return tuple(self.optimizers)
        return tuple(f"{k}:{label}" for k in range(len(self.variants)) for label in self.optimizers)

    def _at(self, point: str) -> tuple[Escape, str]:
        """Give the point of the sweep, and the label of the optimizer there."""
        k, _, label = point.rpartition(":")
        return self.variants[int(k or 0)], label

    def n_blocks(self, point: str) -> int:
        return -(-self.n_lanes // self.block_size)

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        asked, label = self._at(point)
        n_lanes, n_recorded = lanes_of_block(asked, block)
        return {
            "experiment": "escape",
            "objective": as_plain(asked.objective),
            "saddle": as_plain(asked.saddle),
            "start": as_plain(asked.start),
            "optimizer": as_plain(asked.optimizers[label]),
            "escape_radius": asked.escape_radius,
            "n_steps": asked.n_steps,
            "block": block,
            "n_lanes": n_lanes,
            "n_recorded_lanes": n_recorded,
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        asked, label = self._at(point)
        return asked._run_block(asked.optimizers[label], block, seed)

    def _run_block(self, optimizer: Optimizer, block: int, seed: int) -> Block:
        n_lanes, n_recorded = lanes_of_block(self, block)
        saddle = self.resolved_saddle
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
                "met_zero_eigenvalue": _counted(run.final, "met_zero_eigenvalue", False, n_lanes, np.int8),
                **{name: _counted(run.final, name, -1, n_lanes, np.int32) for name in COUNTERS},
                "plateau_steps": plateau.steps(history, left),
                "record_step": record.step.astype(np.int32),
                "record_x": record.x,
                "record_value": record.value,
                "record_gradient_norm": record.gradient_norm,
                "record_distance": norm(np.moveaxis(record.x, 1, 0) - saddle.x[:, None, None]),
                "record_lowest_eigenvalue": eigenvalues(self.objective.hessian(np.moveaxis(record.x, 1, 0)))[..., 0],
            }

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> Result:
        return self._swept(blocks, seed) if self.sweep else self._reduced(blocks, seed)

    def _swept(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> SweepResult:
        """Put a sweep together: what is kept of every lane, points along the first axis."""
        labels = tuple(self.optimizers)
        points = [
            variant._reduced({label: blocks[f"{k}:{label}"] for label in labels}, seed)
            for k, variant in enumerate(self.variants)
        ]
        settings = np.array([json.dumps(each) for each in self.sweep.settings()]) if self.sweep else np.array([])
        arrays = {name: points[0].arrays[name] for name in ("optimizer", "final_kind_name")}
        arrays["setting"] = LabelledArray(("point",), settings, "what is swept, and its value here, as JSON")
        for name, (axes, meaning) in LANE_ARRAYS.items():
            if axes == ("lane",):
                data = np.stack([each[name] for each in points])
                arrays[name] = LabelledArray(("point", "optimizer", "lane"), data, meaning)
        return SweepResult(self, seed, arrays)

    def _reduced(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> EscapeResult:
        labels = tuple(self.optimizers)

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
        return swept_names(self) if self.sweep else escape_result.summary_names(self)

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


def _counted(state: Any, name: str, without: int, n_lanes: int, dtype: type) -> NDArray[Any]:
    """Give what a method counted in its lanes, (B,)."""
    return np.broadcast_to(getattr(state, name, without), n_lanes).astype(dtype)
