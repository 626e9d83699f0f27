"""Comparison: optimizers over a set of objectives from common random starts, each at the learning rate tuned for it.

Not here: profiles and what else is made of the costs (comparison_result.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import Block, LabelledArray, generator, unmet_needs
from saddlesim.experiments.comparison_result import ComparisonResult, summary_names
from saddlesim.experiments.evaluations import CountedObjective, Evaluations
from saddlesim.experiments.start_sets import Uniform
from saddlesim.objectives import Objective, ObjectiveField
from saddlesim.observers import log_spaced
from saddlesim.optimizers import Optimizer, OptimizerField
from saddlesim.parameters import Count, Fraction, Label, Positive, as_plain, declared, field_names, with_fields
from saddlesim.problems import Problem
from saddlesim.simulation import simulate

Array = NDArray[np.float64]

STARTS, NOISE, TUNING_STARTS, TUNING_NOISE = range(4)  # streams of random numbers


@declared
class Comparison:
    """Which optimizer solves more of a set of problems, at what cost: performance and data profiles (Dolan, More; More, Wild).

    A problem is an objective with a start, drawn uniformly in its domain. It is solved when ``f(x0) - f(x)`` is at least
    ``(1 - tolerance)`` of what the best optimizer reaches from there within the budget. The cost is counted in gradients: one
    for each value, gradient and Hessian product, d for a Hessian. An optimizer that has a learning rate is first tuned on each
    objective: every rate is run from the tuning starts, with the same budget, and that of the lowest best value so far is taken,
    averaged over the steps, in the median of the starts.
    """

    objectives: dict[Label, ObjectiveField] = Field(min_length=1, description="label: {name: ..., parameters}")
    optimizers: dict[Label, OptimizerField] = Field(
        min_length=1, description="label: {name: ..., parameters}; learning rates are replaced by tuned ones"
    )
    learning_rates: tuple[Positive, ...] = Field(
        default=(1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
        min_length=1,
        description="the rates tried, the same for all",
    )
    n_starts: Annotated[Count, Field(le=10_000)] = Field(default=50, description="how many starts for each objective")
    n_tuning_starts: Annotated[Count, Field(le=10_000)] = Field(default=20, description="how many others for tuning")
    n_steps: Annotated[Count, Field(le=1_000_000)] = Field(
        default=1000, description="the budget of every run, tuning included"
    )
    tolerance: Fraction = Field(default=1e-3, description="of the best decrease, that may be missing")

    @property
    def result_class(self) -> type[ComparisonResult]:
        return ComparisonResult

    def check(self) -> list[Problem]:
        return self.check_parts({name: getattr(self, name) for name in ("objectives", "optimizers")})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        wrong = []
        for label, objective in parts.get("objectives", {}).items():
            if getattr(objective, "domain", None) is None:
                wrong.append(Problem(("objectives", label), f"{objective} has no domain to draw starts in"))
            wrong += unmet_needs(parts.get("optimizers", {}), objective)
        return list(dict.fromkeys(wrong))

    # ---- blocks: one optimizer on one objective

    def points(self) -> tuple[str, ...]:
        return tuple(f"{objective}:{optimizer}" for objective in self.objectives for optimizer in self.optimizers)

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        objective, _, optimizer = point.partition(":")
        return {
            "experiment": "comparison",
            "objective": as_plain(self.objectives[objective]),
            "optimizer": as_plain(self.optimizers[optimizer]),
            "learning_rates": list(self.learning_rates),
            "n_starts": self.n_starts,
            "n_tuning_starts": self.n_tuning_starts,
            "n_steps": self.n_steps,
        }

    @cached_property
    def record_steps(self) -> NDArray[np.int64]:
        """The steps after which the best value so far is kept."""
        return log_spaced(self.n_steps)

    def run_block(self, point: str, block: int, seed: int) -> Block:
        objective_label, _, optimizer_label = point.partition(":")
        objective, optimizer = self.objectives[objective_label], self.optimizers[optimizer_label]
        rates, scores = self._tuned(objective, optimizer, seed)
        rate = rates[int(np.argmin(scores))] if rates else math.nan
        best = _with_learning_rate(optimizer, rate) if rates else optimizer
        x0 = _starts(objective, self.n_starts, generator(seed, block, STARTS))
        run = self._run(objective, best, x0, generator(seed, block, NOISE))
        return {
            "learning_rate": np.array(rate),
            "tuning_score": np.array(scores),
            "best_value": run.best_value,
            "cost": run.cost,
        }

    def _tuned(self, objective: Objective, optimizer: Optimizer, seed: int) -> tuple[tuple[float, ...], list[float]]:
        """Give the rates that can be tried, none for a method without one, and the score of each: the lower the better."""
        if not _has_learning_rate(optimizer):
            return (), []
        x0 = _starts(objective, self.n_tuning_starts, generator(seed, 0, TUNING_STARTS))
        weights = np.diff(self.record_steps, prepend=-1).astype(np.float64)
        scores = []
        for rate in self.learning_rates:
            run = self._run(objective, _with_learning_rate(optimizer, rate), x0, generator(seed, 0, TUNING_NOISE))
            scores.append(float(np.median(weights @ run.best_value) / weights.sum()))
        return self.learning_rates, scores

    def _run(self, objective: Objective, optimizer: Optimizer, x0: Array, rng: np.random.Generator) -> _Progress:
        counted: Any = CountedObjective(objective, x0.shape[1])
        progress = BestSoFar(counted, objective, self.record_steps)
        made: _Progress = simulate(counted, optimizer, x0, self.n_steps, rng, None, (progress,)).observations[0]
        return made

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> ComparisonResult:
        def put_together(name: str) -> NDArray[Any]:
            """Objectives along the first axis, optimizers along the second."""
            rows = [[blocks[f"{f}:{o}"][0][name] for o in self.optimizers] for f in self.objectives]
            return np.array(rows)

        axes = ("objective", "optimizer")
        arrays = {
            "objective": LabelledArray(("objective",), np.array(list(self.objectives)), "label of the objective"),
            "optimizer": LabelledArray(("optimizer",), np.array(list(self.optimizers)), "label of the optimizer"),
            "record_step": LabelledArray(("record",), self.record_steps, "step of a record"),
            "learning_rate": LabelledArray(
                axes, put_together("learning_rate"), "tuned learning rate; nan: it has none"
            ),
            "best_value": LabelledArray(
                (*axes, "record", "start"), put_together("best_value"), "lowest objective so far"
            ),
            "cost": LabelledArray((*axes, "record"), put_together("cost"), "cost so far, in gradients a lane"),
        }
        return ComparisonResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return summary_names(self)

    @classmethod
    def examples(cls) -> tuple[Comparison, ...]:
        return (
            cls(
                objectives={"himmelblau": {"name": "himmelblau"}, "toy": {"name": "strict_saddle_toy"}},  # type: ignore[dict-item]
                optimizers={
                    "gd": {"name": "gradient_descent", "learning_rate": 0.1},  # type: ignore[dict-item]
                    "newton": {"name": "saddle_free_newton"},  # type: ignore[dict-item]
                },
                learning_rates=(0.001, 0.01),
                n_starts=20,
                n_tuning_starts=5,
                n_steps=100,
            ),
        )


class _Progress(NamedTuple):
    """The lowest value so far, (R, B), and the cost so far, (R,), at the recorded steps; the lowest now, (B,); a step's row."""

    best_value: Array
    cost: Array
    lowest: Array
    row: dict[int, int]


class BestSoFar:
    """Observer of the lowest value met and of the cost so far; what it asks itself is not counted.

    Parameters
    ----------
    counted : CountedObjective
        That the optimizer works on.
    objective : Objective
        The same, uncounted.
    steps : (R,) of int
        The steps to be recorded, ascending.
    """

    def __init__(self, counted: CountedObjective, objective: Objective, steps: NDArray[np.int64]) -> None:
        self.counted, self.objective, self.steps = counted, objective, steps

    def start(self, objective: Objective, x: Array) -> _Progress:
        n_records, n_lanes = len(self.steps), x.shape[1]
        row = {int(step): row for row, step in enumerate(self.steps)}
        return _Progress(np.empty((n_records, n_lanes)), np.empty(n_records), np.full(n_lanes, np.inf), row)

    def update(self, seen: _Progress, step: int, state: Any) -> _Progress:
        lowest = np.fmin(seen.lowest, self.objective.value(state.x))
        row = seen.row.get(step)
        if row is not None:
            seen.best_value[row] = lowest
            seen.cost[row] = cost(self.counted.evaluations, len(state.x))
        return seen._replace(lowest=lowest)


def cost(evaluations: Evaluations, dimension: int) -> int:
    """Give the cost in gradients: d for a Hessian, one for all else."""
    return evaluations.value + evaluations.gradient + evaluations.hessian_product + dimension * evaluations.hessian


def _starts(objective: Objective, n: int, rng: np.random.Generator) -> Array:
    """Draw starts (d, n), uniform in the domain."""
    return Uniform(n_points=n).draw(objective, 0, n, rng)


def _has_learning_rate(optimizer: Any) -> bool:
    return hasattr(type(optimizer), "__pydantic_fields__") and "learning_rate" in field_names(type(optimizer))


def _with_learning_rate(optimizer: Optimizer, rate: float) -> Optimizer:
    made: Optimizer = with_fields(optimizer, {("learning_rate",): rate})
    return made
