"""Passage result: what is made of the lanes that `Passage` ran: dwell at each saddle, its growth, and the law beside it.

A lane that is still at a saddle when the steps end is censored then, after as many steps as it had left when it came; one that
passed by on its way to a later point has dwelt 0 steps; one that never got so far says nothing of that saddle.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim import theory
from saddlesim.experiments.base import Result
from saddlesim.experiments.endpoints import FINAL_KINDS
from saddlesim.experiments.estimates import Estimate, estimate_names, figures_of, fraction
from saddlesim.experiments.survival import censored_median
from saddlesim.objectives.escape_constructions import Octopus
from saddlesim.optimizers import GradientDescent

if TYPE_CHECKING:
    from saddlesim.experiments.passage import Passage, PassageRun

Array = NDArray[np.float64]


class Dwell(NamedTuple):
    """How long each lane stayed at a saddle, (B,).

    Attributes
    ----------
    steps : -1 where it has not left; 0 where it passed by.
    observed : how many steps it was watched from its arrival on.
    reached : whether it got as far as there.
    """

    steps: NDArray[np.int64]
    observed: NDArray[np.int64]
    reached: NDArray[np.bool_]


class PassageResult(Result):
    """What `Passage` measured. Steps are counted from the start; -1 means never."""

    experiment: Passage

    def lanes(self, name: str, label: str) -> NDArray[Any]:
        """Give one run's part of an array; of its own chain alone."""
        run = self.experiment.points().index(label)
        data = np.asarray(self[name][run])
        return data[: int(self["n_points"][run])] if name in ("arrival", "departure") else data

    @cached_property
    def dwells(self) -> dict[str, tuple[Dwell, ...]]:
        """The dwell of the lanes of each run at each saddle of its chain, the end left out."""
        return {label: self._dwells_of(label) for label in self.experiment.points()}

    def _dwells_of(self, label: str) -> tuple[Dwell, ...]:
        arrival, departure = (self.lanes(name, label).astype(np.int64) for name in ("arrival", "departure"))
        last = arrival.argmax(axis=0) if len(arrival) else arrival
        departure[last, np.arange(len(last))] = np.where(
            self._diverged(label), -1, departure[last, np.arange(len(last))]
        )
        got_to = np.logical_or.accumulate((arrival >= 0)[::-1])[::-1]
        dwells = []
        for came, left, reached in zip(arrival[:-1], departure[:-1], got_to, strict=False):
            stayed = np.where(left >= 0, left - came, -1)
            steps = np.where(came >= 0, stayed, 0)
            dwells.append(Dwell(steps, np.where(came >= 0, self.experiment.n_steps - came, 0), reached))
        return tuple(dwells)

    def _diverged(self, label: str) -> NDArray[np.bool_]:
        """Whether each lane has run away, (B,); the point that it came to last it has then not left in any sense that counts."""
        return np.asarray(self.lanes("final_kind", label) == FINAL_KINDS.index("infinite"))

    @cached_property
    def medians(self) -> dict[str, tuple[Estimate | None, ...]]:
        """The median dwell at each saddle of each run; None where no lane got there."""
        return {label: tuple(_median_dwell(each) for each in dwells) for label, dwells in self.dwells.items()}

    @cached_property
    def growths(self) -> dict[str, tuple[Estimate | None, ...]]:
        """The median over lanes of the dwell at a saddle over that at the one before; None at the first."""
        return {label: (None, *map(_median_growth, dwells[:-1], dwells[1:])) for label, dwells in self.dwells.items()}

    def late_growth(self, label: str) -> Estimate | None:
        """Give the growth at the last saddle that half of the lanes leave, nearest to its limit; None if there is none."""
        finite = [each for each in self.growths[label] if each and math.isfinite(each.value)]
        return finite[-1] if finite else None

    def summary(self) -> dict[str, Any]:
        asked = self.experiment
        return {
            "n_lanes": asked.n_lanes,
            "n_steps": asked.n_steps,
            "radius": asked.radius,
            "runs": {label: self._run_figures(label) for label in asked.points()},
        }

    def _run_figures(self, label: str) -> dict[str, Any]:
        run, growth = self.experiment.runs[label], self.late_growth(label)
        predicted, n_lanes = predicted_growth(run), self.experiment.n_lanes
        end, kinds = self.lanes("arrival", label)[-1], self.lanes("final_kind", label)
        return {
            "objective": str(run.objective),
            "optimizer": str(run.optimizer),
            "saddles": {str(k + 1): self._saddle_figures(label, k) for k in range(len(self.dwells[label]))},
            **figures_of("growth", growth),
            "predicted_growth": predicted,
            "relative_error": growth.value / predicted - 1 if growth and predicted else None,
            **fraction(int((end >= 0).sum()), n_lanes).figures("fraction_at_end"),
            **fraction(int(self._diverged(label).sum()), n_lanes).figures("fraction_diverged"),
            **figures_of("median_steps_to_end", censored_median(end, self.experiment.n_steps)),
            "final_kinds": {name: float(np.mean(kinds == code)) for code, name in enumerate(FINAL_KINDS)},
        }

    def _saddle_figures(self, label: str, k: int) -> dict[str, Any]:
        steps, _, reached = self.dwells[label][k]
        return {
            **figures_of("median_dwell", self.medians[label][k]),
            **figures_of("growth", self.growths[label][k]),
            **fraction(int(reached.sum()), len(reached)).figures("fraction_reached"),
            "fraction_passed_by": float(np.mean(reached & (steps == 0))),
            "fraction_still_there": float(np.mean(reached & (steps < 0))),
        }


def predicted_growth(run: PassageRun) -> float | None:
    """Give the factor by which theory says dwell grows from saddle to saddle in the end, if it does."""
    objective, optimizer = run.objective, run.optimizer
    if not (isinstance(objective, Octopus) and isinstance(optimizer, GradientDescent)) or optimizer.weight_decay:
        return None
    if 2 * optimizer.learning_rate * objective.curvature >= 1:  # what is closed would not shrink in one direction
        return None
    return theory.octopus_dwell_ratio(optimizer.learning_rate, objective.curvature, objective.gamma)


# ---- medians of what is cut off at different times


def _median_dwell(dwell: Dwell) -> Estimate | None:
    return censored_median(dwell.steps[dwell.reached], dwell.observed[dwell.reached])


def _median_growth(before: Dwell, here: Dwell) -> Estimate | None:
    compared = here.reached & (before.steps > 0)
    first = before.steps[compared]
    return censored_median(
        np.where(here.steps[compared] < 0, -1.0, here.steps[compared] / first), here.observed[compared] / first
    )


# ---- what there is

LANE_ARRAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "arrival": (("point", "lane"), "step at which it first came to a point of the chain; -1: never"),
    "departure": (("point", "lane"), "step at which it was next gone from there; -1: never"),
    "final_value": (("lane",), "objective after the last step"),
    "final_kind": (("lane",), "kind of the point after the last step, a position in final_kind_name"),
    "record_value": (("record", "recorded_lane"), "objective"),
}

SADDLE_FIGURES = (
    *estimate_names("median_dwell"),
    *estimate_names("growth"),
    *estimate_names("fraction_reached"),
    "fraction_passed_by",
    "fraction_still_there",
)
RUN_FIGURES = (
    *estimate_names("growth"),
    "predicted_growth",
    "relative_error",
    *estimate_names("fraction_at_end"),
    *estimate_names("fraction_diverged"),
    *estimate_names("median_steps_to_end"),
    *(f"final_kinds.{kind}" for kind in FINAL_KINDS),
)


def summary_names(experiment: Passage) -> tuple[str, ...]:
    """List the figures of a passage."""
    return tuple(
        f"runs.{label}.{name}"
        for label in experiment.runs
        for name in (
            *(f"saddles.{k + 1}.{each}" for k in range(experiment.n_saddles(label)) for each in SADDLE_FIGURES),
            *RUN_FIGURES,
        )
    )
