"""Sweep result: what is made of an escape that was swept: an `EscapeResult` at each point, and the fits through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import LabelledArray, Result, generator
from saddlesim.experiments.escape_result import OPTIMIZER_FIGURES, EscapeResult
from saddlesim.experiments.estimates import Estimate, estimate_names, figures_of
from saddlesim.experiments.starts import Point
from saddlesim.experiments.sweeping.fits import Fit, slope_estimate
from saddlesim.experiments.sweeping.sweep import Setting

if TYPE_CHECKING:
    from saddlesim.experiments.escape import Escape

Array = NDArray[np.float64]

DERIVED = ("dimension", "escape_rate", "start_distance")
FIT_FIGURES = (*estimate_names("slope"), "predicted_slope", "difference", "n_points")


class SweepResult(Result):
    """What a swept `Escape` measured. Arrays are those of an `EscapeResult` with one more axis in front, the point."""

    experiment: Escape

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """What is set at each point."""
        return settings_of(self.experiment)

    @cached_property
    def results(self) -> tuple[EscapeResult, ...]:
        """The result of each point, without records."""
        return tuple(self._result(k) for k in range(len(self.settings)))

    def _result(self, k: int) -> EscapeResult:
        arrays = {
            name: LabelledArray(each.axes[1:], each.data[k], each.meaning)
            for name, each in self.arrays.items()
            if each.axes[:2] == ("point", "optimizer")
        }
        nothing = np.zeros((len(self.experiment.optimizers), 0), dtype=np.int32)
        arrays["plateau_steps"] = LabelledArray(("optimizer", "recorded_lane"), nothing, "not recorded in a sweep")
        return EscapeResult(self.experiment.variants[k], self.seed, arrays)

    def medians(self, label: str) -> Array:
        """Give the median escape step of an optimizer at each point, (n,)."""
        return np.array([each.medians[label].value for each in self.results])

    def predicted_medians(self, label: str) -> Array:
        """Give what the laws say of it; nan where none applies."""
        laws = [each.laws[label] for each in self.results]
        return np.array([law.median if law else math.nan for law in laws])

    @cached_property
    def fitted(self) -> dict[str, tuple[Estimate | None, float | None]]:
        """Each fit's slope, and that of the law; None where fewer than half leave at some point, or no law is known."""
        return {name: self._fitted(fit) for name, fit in self.experiment.fits.items()}

    def _fitted(self, fit: Fit) -> tuple[Estimate | None, float | None]:
        x = abscissa(fit, self.experiment)
        group = groups(x, self.experiment)
        laws = self.predicted_medians(fit.optimizer)
        predicted = fit.slope(x, laws, group) if _positive(laws) else None
        if not _positive(self.medians(fit.optimizer)):
            return None, predicted
        escape_steps = [each.lanes("escape_step", fit.optimizer) for each in self.results]
        return slope_estimate(fit, x, group, escape_steps, generator(self.seed, 0, 2)), predicted

    def summary(self) -> dict[str, Any]:
        asked = self.experiment
        return {
            "objective": str(asked.objective),
            "n_lanes": asked.n_lanes,
            "n_points": len(self.settings),
            "points": {
                str(k): {
                    "setting": setting,
                    "optimizers": {label: result.optimizer_figures(label) for label in asked.optimizers},
                }
                for k, (setting, result) in enumerate(zip(self.settings, self.results, strict=True))
            },
            "fits": {name: self._fit_figures(name) for name in asked.fits},
        }

    def _fit_figures(self, name: str) -> dict[str, Any]:
        slope, predicted = self.fitted[name]
        fit = self.experiment.fits[name]
        return {
            "optimizer": fit.optimizer,
            "along": fit.along,
            "form": fit.form,
            **figures_of("slope", slope),
            "predicted_slope": predicted,
            "difference": slope.value - predicted if slope and predicted is not None else None,
            "n_points": len(self.settings),
        }


def summary_names(experiment: Escape) -> tuple[str, ...]:
    """List the figures of a swept escape."""
    points = range(len(settings_of(experiment)))
    return (
        "n_points",
        *(
            f"points.{k}.optimizers.{at}.{name}"
            for k in points
            for at in experiment.optimizers
            for name in OPTIMIZER_FIGURES
        ),
        *(f"fits.{fit}.{name}" for fit in experiment.fits for name in FIT_FIGURES),
    )


def abscissa(fit: Fit, experiment: Escape) -> Array:
    """Give the x of a fit at each point of a sweep, (n,).

    Raises
    ------
    ValueError
        If it is no number, is zero, or does not fit the form.
    """
    points = zip(settings_of(experiment), experiment.variants, strict=True)
    x = np.array([abs(_along(fit.along, *each)) for each in points])
    least = 1.0 if fit.form == "polylogarithm" else 0.0
    wrong = x[~((x > least) & np.isfinite(x))]
    if wrong.size:
        raise ValueError(f"{fit.along} is {wrong[0]:g} at a point of the sweep; a {fit.form} needs it above {least:g}")
    return x


def groups(x: Array, experiment: Escape) -> NDArray[np.int64]:
    """Number the points of a sweep by the grid fields on which x, (n,), does not depend, (n,)."""
    settings = settings_of(experiment)
    apart = [path for path in (experiment.sweep.grid if experiment.sweep else {}) if not _depends(x, path, settings)]
    keys = [str([setting[path] for path in apart]) for setting in settings]
    return np.unique(keys, return_inverse=True)[1]


def settings_of(experiment: Escape) -> tuple[Setting, ...]:
    """Give what is set at each point of a sweep."""
    return experiment.sweep.settings() if experiment.sweep else ()


def _depends(x: Array, path: str, settings: Sequence[Setting]) -> bool:
    """Whether two points that differ in this field alone differ in x."""
    rest = [str({name: each for name, each in setting.items() if name != path}) for setting in settings]
    return any(len(set(x[[other == each for other in rest]])) > 1 for each in set(rest))


def _along(name: str, setting: Setting, variant: Escape) -> float:
    if name in setting:
        if isinstance(setting[name], bool) or not isinstance(setting[name], int | float):
            raise ValueError(
                f"{name} takes {setting[name]!r}, which is no number; fit along one of {', '.join(DERIVED)}"
            )
        return float(setting[name])
    saddle, start = variant.resolved_saddle, variant.start
    if name == "dimension":
        return float(len(saddle.x))
    if name == "escape_rate":
        return -float(saddle.eigenvalues[0])
    if isinstance(start, Point):
        return float(np.linalg.norm(start.at(saddle) - saddle.x))
    return float(getattr(start, "scale", math.nan))


def _positive(medians: Array) -> bool:
    """Whether all are positive and finite, so that a line can go through them."""
    return bool(np.all((medians > 0) & np.isfinite(medians)))
