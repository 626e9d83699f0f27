"""Declared points: index against value of each objective's critical points, as declared and as its Hessian has it."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from saddlesim.experiments import DeclaredPointsResult

N_COLUMNS = 3


def index_figure(result: DeclaredPointsResult) -> Figure:
    """Draw a panel for each objective: rings are what it declares, dots what was measured, so that a ring is filled or not."""
    labels = result.experiment.points()
    n_columns = min(N_COLUMNS, len(labels))
    n_rows = math.ceil(len(labels) / n_columns)
    figure = Figure(figsize=(3.6 * n_columns + 0.8, 2.8 * n_rows + 0.8))
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axes, label in zip(panels, labels, strict=False):
        _draw_case(axes, result, label)
    for axes in panels[len(labels) :]:
        axes.set_axis_off()
    for axes in panels[max(0, len(labels) - n_columns) : len(labels)]:
        axes.set_xlabel("value")
    for axes in panels[::n_columns]:
        axes.set_ylabel("index")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _draw_case(axes: Axes, result: DeclaredPointsResult, label: str) -> None:
    """Draw the points of one objective, and say how many there are where some lie on one another."""
    points, figures = result.of_case(label), result.summary()["objectives"][label]
    axes.plot(points["declared_value"], points["declared_index"], "o", ms=9, mfc="none", mec="C0", label="declared")
    axes.plot(points["value"], points["index"], "o", ms=4, color="C1", label="measured")
    at, index = points["declared_value"], points["declared_index"]
    places = np.stack([np.round(at / (np.ptp(at) or 1.0), 3), index])
    _, first, counts = np.unique(places, axis=1, return_index=True, return_counts=True)
    for point, count in zip(first, counts, strict=True):
        if count > 1:
            axes.annotate(
                f"{count} points", (at[point], index[point]), (7, -10), textcoords="offset points", fontsize=7
            )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(0.1)
    axes.set_title(f"{label}: {figures['n_agreeing']} of {figures['n_points']} agree")
