"""Sweep: the median escape step along what is swept, with the laws and the fitted slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from saddlesim.experiments import SweepResult
from saddlesim.experiments.sweeping.fits import Fit
from saddlesim.experiments.sweeping.result import abscissa, groups
from saddlesim.plots.lines import MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


def sweep_figure(result: SweepResult) -> Figure | None:
    """Draw one panel for each abscissa and form that is fitted; with nothing fitted, one along the first field of numbers.

    Markers are medians with 95 % intervals, triangles at the top where fewer than half leave; dashed lines are the laws. Points
    that differ in another field have a marker of their own.
    """
    fits = result.experiment.fits or _unfitted(result)
    panels: dict[tuple[str, str], list[str]] = {}
    for name, fit in fits.items():
        panels.setdefault((fit.along, fit.form), []).append(name)
    if not panels:
        return None
    figure = Figure(figsize=(4.6 * len(panels) + 0.6, 4.4))
    for axes, ((along, form), names) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for number, name in enumerate(names):
            _draw(axes, result, fits[name], name, f"C{number}")
        axes.set(xscale="log", yscale="linear" if form == "logarithm" else "log")
        told = f"|{along}|" if any(isinstance(v, float | int) and v < 0 for v in _values(result, along)) else along
        axes.set(xlabel=f"ln {told}" if form == "polylogarithm" else told, ylabel="median escape step")
        _name_groups(axes, result, fits[names[0]])
        axes.margins(y=0.12)
        axes.legend(fontsize=7, loc="best")
    lawful = any(np.isfinite(result.predicted_medians(fit.optimizer)).any() for fit in fits.values())
    name = getattr(type(result.experiment.objective), "registry_key", str(result.experiment.objective))
    figure.suptitle(f"{name}{'; dashed: the law' * lawful}", fontsize=9)
    return figure


def _values(result: SweepResult, path: str) -> list[Any]:
    return [setting.get(path) for setting in result.settings]


def _name_groups(axes: Axes, result: SweepResult, fit: Fit) -> None:
    """Say in the legend which marker stands for which of the other fields' values."""
    x = abscissa(fit, result.experiment)
    group, settings = groups(x, result.experiment), result.settings
    for number in np.unique(group) if group.any() else ():
        here = [settings[k] for k in np.flatnonzero(group == number)]
        alike = [(path, value) for path, value in here[0].items() if all(each[path] == value for each in here)]
        shared = (f"{path} = {f'{value:.4g}' if isinstance(value, float) else value}" for path, value in alike)
        axes.plot([], [], MARKERS[number % len(MARKERS)], color="0.4", ms=4, label=", ".join(shared))


def _unfitted(result: SweepResult) -> dict[str, Fit]:
    """Make fits that only say what to draw: all optimizers along the first swept field whose values are positive numbers."""
    for path in result.settings[0]:
        values = _values(result, path)
        if all(isinstance(each, int | float) and each > 0 for each in values) and len(set(values)) > 1:
            return {label: Fit(optimizer=label, along=path, form="power") for label in result.experiment.optimizers}
    return {}


def _draw(axes: Axes, result: SweepResult, fit: Fit, name: str, colour: str) -> None:
    x, group = abscissa(fit, result.experiment), groups(abscissa(fit, result.experiment), result.experiment)
    estimates = [each.medians[fit.optimizer] for each in result.results]
    medians, low, high = (np.array(each) for each in zip(*((e.value, e.low, e.high) for e in estimates), strict=True))
    laws = result.predicted_medians(fit.optimizer)
    shown = np.log(x) if fit.form == "polylogarithm" else x
    label = fit.optimizer if name == fit.optimizer else f"{name} ({fit.optimizer})"
    slope, predicted = result.fitted.get(name, (None, None))
    if slope:
        label += f": slope {slope.value:.4g}" + (f", law {predicted:.4g}" if predicted is not None else "")
    for number in np.unique(group):
        here = np.flatnonzero(group == number)
        here = here[np.argsort(shown[here])]
        there = here[np.isfinite(medians[here])]
        ends = np.array([medians[there] - low[there], np.minimum(high[there], 1e300) - medians[there]])
        marker = MARKERS[number % len(MARKERS)]
        axes.errorbar(
            shown[there], medians[there], ends, fmt=marker, ms=4, color=colour, lw=1, label=None if number else label
        )
        if len(there) < len(here):
            never = shown[np.setdiff1d(here, there)]
            top = axes.get_xaxis_transform()
            axes.plot(never, np.full(len(never), 0.98), "^", color=colour, ms=5, mfc="none", transform=top)
        axes.plot(
            shown[here], np.where(np.isfinite(laws[here]), laws[here], np.nan), color="black", ls="--", lw=0.8, zorder=1
        )
