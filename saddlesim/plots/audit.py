"""Audit: two pictures of an `AuditResult`. Where success is false, and how far off a saddle a run must start to leave it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, PercentFormatter

from saddlesim.experiments import AuditResult
from saddlesim.experiments.auditing.starts import LADDERS, START_KINDS
from saddlesim.plots.lines import line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

PANEL_TITLES = {
    "beside_saddle": "started beside the saddle",
    "beside_stable_eigenspace": "started beside its stable eigenspace",
}


def false_success_figure(result: AuditResult) -> Figure:
    """Draw the false-success rate of each method by start, and by objective, as annotated maps."""
    methods, objectives = list(result.experiment.methods), list(result.experiment.objectives)
    figure = Figure(figsize=(5.0 + 0.55 * len(objectives), 2.3 + 0.34 * len(methods)))
    by_start, by_objective = figure.subplots(1, 2, sharey=True, width_ratios=[len(START_KINDS), len(objectives)])
    starts = [start.replace("_", " ") for start in START_KINDS]
    image = _map(by_start, [[_rate(result, m, start=s) for s in START_KINDS] for m in methods], starts)
    _map(by_objective, [[_rate(result, m, objective=o) for o in objectives] for m in methods], objectives)
    by_start.set_yticks(range(len(methods)), methods)
    by_start.set_title("by start")
    by_objective.set_title("by objective")
    figure.colorbar(image, ax=[by_start, by_objective], format=PercentFormatter(1), shrink=0.8, pad=0.01)
    told = "False success: the method claims success where the Hessian has a negative eigenvalue (% of runs)"
    figure.suptitle(textwrap.fill(told, int(15 * figure.get_figwidth())), fontsize=9)
    return figure


def _rate(result: AuditResult, method: str, start: str | None = None, objective: str | None = None) -> float:
    rate = result.rate("false_success_rate", result.runs(method, objective, start))["false_success_rate"]
    return np.nan if rate is None else float(rate)


def _map(axes: Axes, rates: list[list[float]], columns: list[str]) -> AxesImage:
    image = axes.imshow(np.array(rates), cmap="Reds", vmin=0, vmax=1, aspect="auto")
    for (row, column), rate in np.ndenumerate(np.array(rates)):
        told = "-" if np.isnan(rate) else f"{100 * rate:.0f}"
        axes.text(column, row, told, ha="center", va="center", fontsize=7, color="white" if rate > 0.6 else "black")
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def release_figure(result: AuditResult) -> Figure:
    """Draw the fraction of runs that leave the saddle, against how far off it they start along the unstable eigenvector."""
    figure = Figure(figsize=(8.6, 3.6))
    panels = figure.subplots(1, len(LADDERS), sharey=True)
    for axes, ladder in zip(panels, LADDERS, strict=True):
        for number, method in enumerate(result.experiment.methods):
            left = result.release(ladder, result.runs(method))
            marks = {"marker": "o", "ms": 2.5, "lw": 1.1}
            axes.plot(list(left), list(left.values()), label=method, **marks, **line_style(number))
        axes.set(xscale="log", xlabel="distance along the unstable eigenvector", ylim=(-0.04, 1.04))
        axes.set_title(PANEL_TITLES[ladder])
        axes.xaxis.set_major_locator(LogLocator(numticks=9))
        axes.xaxis.set_minor_locator(NullLocator())
    panels[0].set_ylabel("runs that leave")
    panels[0].yaxis.set_major_formatter(PercentFormatter(1))
    panels[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
