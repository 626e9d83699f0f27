"""Escape: how long optimizers stay near a saddle, measured on common random starts and held against theory.

Not here: the loop and its observers (simulation.py, observers.py), the laws (laws.py), statistics (survival.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import Block, LabelledArray, Result, generator
from saddlesim.experiments.laws import Law, law_for
from saddlesim.experiments.saddles import Saddle, SaddleField, resolve
from saddlesim.experiments.starts import StartField, problem_with
from saddlesim.experiments.survival import Estimate, SurvivalCurve, fraction, median_escape_step, survival_curve
from saddlesim.objectives import Objective, ObjectiveField
from saddlesim.observers import DIVERGED, ESCAPED, FirstPassage, Plateau, Records, log_spaced, norm
from saddlesim.optimizers import OptimizerField
from saddlesim.parameters import Count, Label, NonNegativeInteger, Positive, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.simulation import simulate
from saddlesim.spectrum import KINDS, classify, eigenvalues

FINAL_KINDS = (*KINDS, "moving", "infinite")  # moving: the gradient there is not zero
FINAL_TOLERANCE = (
    1e-6  # of |gradient| over |Hessian| max(1, |x|), and of a zero eigenvalue over the largest, at final points
)
LARGEST_COUNT = 100_000_000  # of steps and of lanes
HESSIAN_ENTRIES = 2_000_000  # at the most in one piece while final points are classified: 16 MB


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
        return self.check_parts(
            {name: getattr(self, name) for name in ("objective", "saddle", "start", "escape_radius")}
        )

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        if "objective" not in parts or "saddle" not in parts:
            return []
        try:
            saddle = resolve(parts["objective"], parts["saddle"])
        except ValueError as error:
            return [Problem(("saddle",), str(error))]
        if "start" not in parts:
            return []
        problem = problem_with(parts["start"], saddle, parts["objective"], parts.get("escape_radius", math.inf))
        return [Problem(("start",), problem)] if problem else []

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
        for name, (axes, meaning) in _ARRAYS.items():
            arrays[name] = LabelledArray(("optimizer", *axes), put_together(name), meaning)
        return EscapeResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        saddle = [f"saddle.{name}" for name in _SADDLE_FIGURES]
        return (*saddle, *(f"optimizers.{label}.{name}" for label in self.points() for name in _OPTIMIZER_FIGURES))

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


class EscapeResult(Result):
    """What `Escape` measured. Steps are counted from the start; -1 means never."""

    experiment: Escape

    def lanes(self, name: str, label: str) -> NDArray[Any]:
        """Give one optimizer's part of an array."""
        return np.asarray(self[name][self.experiment.points().index(label)])

    @cached_property
    def laws(self) -> dict[str, Law | None]:
        """The law that applies to each optimizer, if any."""
        asked = self.experiment
        return {
            label: law_for(asked.objective, optimizer, asked.resolved_saddle, asked.start, asked.escape_radius)
            for label, optimizer in asked.optimizers.items()
        }

    @cached_property
    def survival(self) -> dict[str, SurvivalCurve]:
        """The fraction of each optimizer's lanes that have not escaped, against steps."""
        return {
            label: survival_curve(self.lanes("escape_step", label), self.experiment.n_steps)
            for label in self.experiment.points()
        }

    @cached_property
    def medians(self) -> dict[str, Estimate]:
        """The median escape step of each optimizer."""
        return {
            label: median_escape_step(self.lanes("escape_step", label), curve) for label, curve in self.survival.items()
        }

    def summary(self) -> dict[str, Any]:
        asked, saddle = self.experiment, self.experiment.resolved_saddle
        return {
            "objective": str(asked.objective),
            "n_lanes": asked.n_lanes,
            "n_steps": asked.n_steps,
            "escape_radius": asked.escape_radius,
            "saddle": _saddle_figures(saddle),
            "optimizers": {label: self._optimizer_figures(label) for label in asked.points()},
        }

    def _optimizer_figures(self, label: str) -> dict[str, Any]:
        n_steps, n_lanes = self.experiment.n_steps, self.experiment.n_lanes
        escape_step, diverged = self.lanes("escape_step", label), self.lanes("divergence_step", label) >= 0
        law, median = self.laws[label], self.medians[label]
        kinds = self.lanes("final_kind", label)
        plateau = self.lanes("plateau_steps", label)
        return {
            **_estimate("median_escape_step", median),
            "law": law.name if law else None,
            "law_is_exact": law.exact if law else None,
            "law_median_escape_step": law.median if law else None,
            "relative_error": _relative_error(median.value, law.median, n_steps) if law else None,
            "law_distance": _law_distance(law, self.survival[label], n_steps) if law else None,
            **_estimate("fraction_escaped", fraction(int((escape_step >= 0).sum()), n_lanes)),
            **_estimate("fraction_never_left", fraction(int(((escape_step < 0) & ~diverged).sum()), n_lanes)),
            **_estimate("fraction_diverged", fraction(int(diverged.sum()), n_lanes)),
            "plateau_steps": float(np.median(plateau)) if plateau.size else None,
            "median_final_value": _median(self.lanes("final_value", label)),
            "median_final_gradient_norm": _median(self.lanes("final_gradient_norm", label)),
            "fraction_met_zero_eigenvalue": float(self.lanes("met_zero_eigenvalue", label).mean()),
            "final_kinds": {name: float(np.mean(kinds == code)) for code, name in enumerate(FINAL_KINDS)},
        }


def final_kinds(objective: Objective, x: NDArray[np.float64], gradient: NDArray[np.float64]) -> NDArray[np.int8]:
    """Tell at what kind of point each lane stands, as positions in `FINAL_KINDS`, (B,).

    Parameters
    ----------
    x, gradient : (d, B)
    """
    d, n_lanes = x.shape
    kinds = np.full(n_lanes, FINAL_KINDS.index("moving"), dtype=np.int8)
    piece = max(1, HESSIAN_ENTRIES // (d * d))
    for begin in range(0, n_lanes, piece):
        lanes = slice(begin, begin + piece)
        spectrum = eigenvalues(objective.hessian(x[:, lanes]))
        finite = np.isfinite(spectrum).all(axis=-1) & np.isfinite(gradient[:, lanes]).all(axis=0)
        scale = np.abs(spectrum).max(axis=-1) * np.maximum(1.0, norm(x[:, lanes]))
        critical = finite & (norm(gradient[:, lanes]) <= FINAL_TOLERANCE * scale)
        named = classify(np.where(critical[:, None], spectrum, 1.0), rtol=FINAL_TOLERANCE).kind
        codes = np.select([named == kind for kind in KINDS], range(len(KINDS)))
        kinds[lanes] = np.where(critical, codes, np.where(finite, kinds[lanes], FINAL_KINDS.index("infinite")))
    return kinds


# ---- the figures of a summary

_ARRAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "escape_step": (("lane",), "first step out of the ball along the unstable eigenspace; -1: never"),
    "divergence_step": (("lane",), "first step out of the ball otherwise, or not finite; -1: never"),
    "final_value": (("lane",), "objective after the last step"),
    "final_gradient_norm": (("lane",), "gradient norm after the last step"),
    "final_kind": (("lane",), "kind of the point after the last step, a position in final_kind_name"),
    "met_zero_eigenvalue": (("lane",), "1 where a second-order method met a zero eigenvalue and took no step along it"),
    "plateau_steps": (("recorded_lane",), "steps before exit with gradient norm at most a tenth of that at exit"),
    "record_x": (("record", "component", "recorded_lane"), "position"),
    "record_value": (("record", "recorded_lane"), "objective"),
    "record_gradient_norm": (("record", "recorded_lane"), "gradient norm"),
    "record_distance": (("record", "recorded_lane"), "distance from the saddle"),
    "record_lowest_eigenvalue": (("record", "recorded_lane"), "smallest Hessian eigenvalue"),
}


def _with_interval(name: str) -> tuple[str, ...]:
    return (name, f"{name}_low", f"{name}_high", f"{name}_standard_error")


def _estimate(name: str, estimate: Estimate) -> dict[str, float]:
    return dict(zip(_with_interval(name), estimate, strict=True))


_SADDLE_FIGURES = (
    "value",
    "gradient_norm",
    "index",
    "nullity",
    "lowest_eigenvalue",
    "highest_eigenvalue",
    "margin",
    "atol",
    "rtol",
)
_OPTIMIZER_FIGURES = (
    *_with_interval("median_escape_step"),
    "law_is_exact",
    "law_median_escape_step",
    "relative_error",
    "law_distance",
    *(name for kind in ("escaped", "never_left", "diverged") for name in _with_interval(f"fraction_{kind}")),
    "plateau_steps",
    "median_final_value",
    "median_final_gradient_norm",
    "fraction_met_zero_eigenvalue",
    *(f"final_kinds.{kind}" for kind in FINAL_KINDS),
)


def _saddle_figures(saddle: Saddle) -> dict[str, Any]:
    analysis, spectrum = saddle.analysis, saddle.analysis.spectrum
    return {
        "x": saddle.x.tolist(),
        "label": saddle.known.label if saddle.known else None,
        "kind": saddle.kind,
        "value": analysis.value,
        "gradient_norm": analysis.gradient_norm,
        "eigenvalues": saddle.eigenvalues.tolist(),
        "index": int(spectrum.index),
        "nullity": int(spectrum.nullity),
        "lowest_eigenvalue": float(saddle.eigenvalues[0]),
        "highest_eigenvalue": float(saddle.eigenvalues[-1]),
        "margin": float(spectrum.margin),
        "atol": spectrum.atol,
        "rtol": spectrum.rtol,
    }


def _median(values: NDArray[np.float64]) -> float:
    """The median lane's value; nan lanes count as the largest, so that divergence is not averaged away."""
    return float(np.quantile(np.where(np.isnan(values), np.inf, values), 0.5, method="inverted_cdf"))


def _relative_error(measured: float, law: float, n_steps: int) -> float:
    """Give (measured - law) / law; 0 where both say never within the budget."""
    if math.isinf(measured) and law > n_steps:
        return 0.0
    return (measured - law) / law if law else measured


def _law_distance(law: Law, curve: SurvivalCurve, n_steps: int) -> float:
    """Give the largest difference between the measured and the law's distribution (Kolmogorov's), at the steps up to n_steps."""
    steps = np.arange(n_steps + 1)
    measured = 1 - curve.fraction[np.searchsorted(curve.step, steps, side="right") - 1]
    return float(np.nanmax(np.abs(measured - law.cdf(steps))))
