"""Audit result: what is made of the runs that `Audit` had. Rates with Wilson intervals, by method, start and objective."""

from __future__ import annotations

import functools
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.auditing.starts import (
    AT_REST_EXACTLY,
    AT_REST_IN_FLOATING_POINT,
    LADDERS,
    START_KINDS,
)
from saddlesim.experiments.base import Result
from saddlesim.experiments.endpoints import FINAL_KINDS
from saddlesim.experiments.estimates import estimate_names, figures_of, fraction
from saddlesim.experiments.evaluations import Evaluations

if TYPE_CHECKING:
    from saddlesim.experiments.auditing.audit import Audit

Runs = NDArray[np.bool_]  # which of all runs are meant

RUN_ARRAYS = {
    "start": "how it started, a position in start_name",
    "saddle": "the place, among those asked about, of the saddle it started at; -1: none",
    "distance": "how far off the saddle or the stable eigenvector it started; nan: another start",
    "rest": "whether combined gradients never leave from there: 0 not so, 1 in exact arithmetic, 2 in floating point, too",
    "left": "1 where it ended away from its saddle; -1: it started at none",
    "claimed": "1 where the method says that it succeeded",
    "raised": "1 where it died of an exception",
    "message": "what it says",
    "step": "steps, or what the method calls iterations; -1: it does not say",
    **{f"{name}_evaluations": f"how often it asked for the {name}" for name in Evaluations._fields},
    "value": "objective where it stopped",
    "kind": "kind of the point where it stopped, a position in kind_name",
    "index": "negative eigenvalues of the Hessian there; -1: it is not finite",
    "lowest_eigenvalue": "smallest Hessian eigenvalue there",
    "margin": "factor by which the threshold of zero would have to move to change an eigenvalue's sign",
    "gradient_norm": "gradient norm there",
    "nearest": "label of the nearest listed critical point",
    "nearest_distance": "how far that is",
    "x0": "where it started",
    "x": "where it stopped",
}

RATES = (
    "false_success_rate",
    "success_rate",
    "false_share_of_claims",
    "at_saddle_rate",
    "honest_failure_rate",
    "exception_rate",
    "release_rate",
    "released_by_rounding",
    "released_by_design",
)
START_RATES = ("false_success_rate", "success_rate", "release_rate")
MEDIANS = ("evaluations", *(f"{name}_evaluations" for name in Evaluations._fields))


class AuditResult(Result):
    """What `Audit` found.

    A false success is a claim where the Hessian has a negative eigenvalue, or is not finite; an honest failure is the same
    without the claim. A run has left if it ended away from its saddle. What floating point holds in place is left by design
    alone, by a method that draws or looks for negative curvature; what exact arithmetic alone holds, rounding may release.
    """

    experiment: Audit

    def runs(self, method: str | None = None, objective: str | None = None, start: str | None = None) -> Runs:
        """Choose runs, by label."""
        chosen = np.ones(len(self["start"]), dtype=bool)
        for name, label, labels in (
            ("method", method, self.experiment.methods),
            ("objective", objective, self.experiment.objectives),
            ("start", start, START_KINDS),
        ):
            if label is not None:
                chosen &= self[name] == list(labels).index(label)
        return chosen

    @cached_property
    def counted(self) -> dict[str, tuple[Runs, Runs]]:
        """For each rate, which runs count, and out of which."""
        everyone = np.ones(len(self["start"]), dtype=bool)
        claimed, no_minimum = self["claimed"] == 1, self["index"] != 0
        on_saddle = np.isin(self["kind"], [FINAL_KINDS.index(kind) for kind in ("saddle", "maximum")])
        left, rest = self["left"] == 1, self["rest"]
        return {
            "false_success_rate": (claimed & no_minimum, everyone),
            "success_rate": (claimed, everyone),
            "false_share_of_claims": (claimed & no_minimum, claimed),
            "at_saddle_rate": (on_saddle, everyone),
            "honest_failure_rate": (~claimed & no_minimum, everyone),
            "exception_rate": (self["raised"] == 1, everyone),
            "release_rate": (left, self["saddle"] >= 0),
            "released_by_rounding": (left, rest == AT_REST_EXACTLY),
            "released_by_design": (left, rest == AT_REST_IN_FLOATING_POINT),
        }

    def rate(self, name: str, runs: Runs) -> dict[str, Any]:
        """Give a rate among some runs, as the entries of a summary; None where there are none of these."""
        counted, out_of = self.counted[name]
        out_of = out_of & runs
        if not out_of.any():
            return dict(figures_of(name, None))
        return _fraction(int((counted & out_of).sum()), int(out_of.sum())).figures(name)

    def release(self, ladder: str, runs: Runs) -> dict[float, float]:
        """Give the fraction of runs that leave, by the distance at which they start on a ladder."""
        runs = runs & (self["start"] == list(START_KINDS).index(ladder))
        left, distance = self["left"][runs] == 1, self["distance"][runs]
        return {float(each): float(left[distance == each].mean()) for each in np.unique(distance)}

    def summary(self) -> dict[str, Any]:
        asked = self.experiment
        return {
            "n_runs": len(self["start"]),
            "objectives": {
                label: {
                    "objective": str(objective),
                    "n_saddles": len(asked.resolved_saddles[label]),
                    "saddles": [each.x.tolist() for each in asked.resolved_saddles[label]],
                    "methods": {method: self.figures(self.runs(method, label)) for method in asked.methods},
                }
                for label, objective in asked.objectives.items()
            },
            "methods": {label: self.figures(self.runs(label)) for label in asked.methods},
        }

    def figures(self, runs: Runs) -> dict[str, Any]:
        """Give the figures of some runs."""
        kinds = self["kind"][runs]
        evaluations = {f"{name}_evaluations": self[f"{name}_evaluations"][runs] for name in Evaluations._fields}
        evaluations["evaluations"] = np.sum(list(evaluations.values()), axis=0)
        figures: dict[str, Any] = {"n_runs": int(runs.sum())}
        for name in RATES:
            figures |= self.rate(name, runs)
        figures |= {f"median_{name}": float(np.median(evaluations[name])) for name in MEDIANS}
        figures |= {f"release_distance_{ladder}": _released(self.release(ladder, runs)) for ladder in LADDERS}
        figures["final_kinds"] = {kind: float(np.mean(kinds == code)) for code, kind in enumerate(FINAL_KINDS)}
        figures["by_start"] = {start: self._start_figures(runs & self.runs(start=start)) for start in START_KINDS}
        return figures

    def _start_figures(self, runs: Runs) -> dict[str, Any]:
        figures: dict[str, Any] = {"n_runs": int(runs.sum())}
        for name in START_RATES:
            figures |= self.rate(name, runs)
        return figures


def summary_names(experiment: Audit) -> tuple[str, ...]:
    """List the figures of an audit."""
    figures = (
        "n_runs",
        *(name for rate in RATES for name in estimate_names(rate)),
        *(f"median_{name}" for name in MEDIANS),
        *(f"release_distance_{ladder}" for ladder in LADDERS),
        *(f"final_kinds.{kind}" for kind in FINAL_KINDS),
        *(f"by_start.{start}.n_runs" for start in START_KINDS),
        *(f"by_start.{s}.{name}" for s in START_KINDS for rate in START_RATES for name in estimate_names(rate)),
    )
    return (
        "n_runs",
        *(f"objectives.{label}.n_saddles" for label in experiment.objectives),
        *(
            f"objectives.{o}.methods.{m}.{name}"
            for o in experiment.objectives
            for m in experiment.methods
            for name in figures
        ),
        *(f"methods.{label}.{name}" for label in experiment.methods for name in figures),
    )


_fraction = functools.cache(fraction)  # the same few counts come again and again


def _released(fractions: dict[float, float]) -> float | None:
    """Give the smallest distance from which, and from all larger ones, every run leaves; infinity where the largest is none."""
    if not fractions:
        return None
    released = math.inf
    for distance in sorted(fractions, reverse=True):
        if fractions[distance] < 1:
            break
        released = distance
    return released
