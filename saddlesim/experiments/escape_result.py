"""Escape result: what is made of the lanes that `Escape` ran: survival, medians, laws beside them, and a summary."""

from __future__ import annotations

import itertools
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import Result
from saddlesim.experiments.endpoints import FINAL_KINDS
from saddlesim.experiments.estimates import Estimate, estimate_names, figures_of, fraction, median_value
from saddlesim.experiments.laws import Law, law_for
from saddlesim.experiments.saddles import Saddle
from saddlesim.experiments.survival import (
    SurvivalCurve,
    fraction_sooner,
    log_rank_test,
    median_escape_step,
    survival_curve,
)

if TYPE_CHECKING:
    from saddlesim.experiments.escape import Escape


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
            "optimizers": {label: self.optimizer_figures(label) for label in asked.points()},
            "pairs": self._pair_figures(),
        }

    def optimizer_figures(self, label: str) -> dict[str, Any]:
        """Give the part of the summary that is about one optimizer."""
        n_steps, n_lanes = self.experiment.n_steps, self.experiment.n_lanes
        escape_step, diverged = self.lanes("escape_step", label), self.lanes("divergence_step", label) >= 0
        law, median = self.laws[label], self.medians[label]
        kinds = self.lanes("final_kind", label)
        plateau = self.lanes("plateau_steps", label)
        return {
            **median.figures("median_escape_step"),
            "law": law.name if law else None,
            "law_is_exact": law.exact if law else None,
            "law_median_escape_step": law.median if law else None,
            "relative_error": _relative_error(median.value, law.median, n_steps) if law else None,
            "law_distance": _law_distance(law, self.survival[label], n_steps) if law else None,
            **fraction(int((escape_step >= 0).sum()), n_lanes).figures("fraction_escaped"),
            **fraction(int(((escape_step < 0) & ~diverged).sum()), n_lanes).figures("fraction_never_left"),
            **fraction(int(diverged.sum()), n_lanes).figures("fraction_diverged"),
            "plateau_steps": float(np.median(plateau)) if plateau.size else None,
            "median_final_value": median_value(self.lanes("final_value", label)),
            "median_final_gradient_norm": median_value(self.lanes("final_gradient_norm", label)),
            "fraction_met_zero_eigenvalue": float(self.lanes("met_zero_eigenvalue", label).mean()),
            **{f"mean_{name}": _mean_count(self.lanes(name, label)) for name in COUNTERS},
            "final_kinds": {name: float(np.mean(kinds == code)) for code, name in enumerate(FINAL_KINDS)},
        }

    def _pair_figures(self) -> dict[str, dict[str, Any]]:
        """Hold each optimizer against those after it: log-rank test, and from the same start, which leaves sooner."""
        pairs: dict[str, dict[str, Any]] = {}
        for a, b in itertools.combinations(self.experiment.points(), 2):
            first, second = self.lanes("escape_step", a), self.lanes("escape_step", b)
            statistic, p_value = log_rank_test(first, second, self.experiment.n_steps)
            sooner = fraction_sooner(first, second)
            pairs.setdefault(a, {})[b] = {
                "log_rank_statistic": statistic,
                "log_rank_p_value": p_value,
                **figures_of("fraction_sooner", sooner),
            }
        return pairs


# ---- what there is

COUNTERS = {
    "perturbations": "how often it was perturbed; -1: a method that is not",
    "energy_rises": "steps, but perturbed ones, at which the method's energy rose; -1: a method without one",
}

LANE_ARRAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "escape_step": (("lane",), "first step out of the ball along the unstable eigenspace; -1: never"),
    "divergence_step": (("lane",), "first step out of the ball otherwise, or not finite; -1: never"),
    "final_value": (("lane",), "objective after the last step"),
    "final_gradient_norm": (("lane",), "gradient norm after the last step"),
    "final_kind": (("lane",), "kind of the point after the last step, a position in final_kind_name"),
    "met_zero_eigenvalue": (("lane",), "1 where a second-order method met a zero eigenvalue and took no step along it"),
    **{name: (("lane",), meaning) for name, meaning in COUNTERS.items()},
    "plateau_steps": (("recorded_lane",), "steps before exit with gradient norm at most a tenth of that at exit"),
    "record_x": (("record", "component", "recorded_lane"), "position"),
    "record_value": (("record", "recorded_lane"), "objective"),
    "record_gradient_norm": (("record", "recorded_lane"), "gradient norm"),
    "record_distance": (("record", "recorded_lane"), "distance from the saddle"),
    "record_lowest_eigenvalue": (("record", "recorded_lane"), "smallest Hessian eigenvalue"),
}

SADDLE_FIGURES = (
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
OPTIMIZER_FIGURES = (
    *estimate_names("median_escape_step"),
    "law_is_exact",
    "law_median_escape_step",
    "relative_error",
    "law_distance",
    *(name for kind in ("escaped", "never_left", "diverged") for name in estimate_names(f"fraction_{kind}")),
    "plateau_steps",
    "median_final_value",
    "median_final_gradient_norm",
    "fraction_met_zero_eigenvalue",
    *(f"mean_{name}" for name in COUNTERS),
    *(f"final_kinds.{kind}" for kind in FINAL_KINDS),
)
PAIR_FIGURES = ("log_rank_statistic", "log_rank_p_value", *estimate_names("fraction_sooner"))


def summary_names(experiment: Escape) -> tuple[str, ...]:
    """List the figures of an escape."""
    labels = experiment.points()
    return (
        *(f"saddle.{name}" for name in SADDLE_FIGURES),
        *(f"optimizers.{label}.{name}" for label in labels for name in OPTIMIZER_FIGURES),
        *(f"pairs.{a}.{b}.{name}" for a, b in itertools.combinations(labels, 2) for name in PAIR_FIGURES),
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


def _mean_count(counts: NDArray[np.int32]) -> float | None:
    """The mean over lanes of what every lane counts to its end; None for a method that does not count it."""
    return float(counts.mean()) if (counts >= 0).all() else None


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
