"""Passage: the staircase of values on the way down a chain of saddles, and how the dwell grows from one to the next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from saddlesim.experiments import PassageResult
from saddlesim.experiments.passage_result import predicted_growth
from saddlesim.plots.lines import DASHES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


def passage_figure(result: PassageResult) -> Figure:
    """Draw the median dwell at each saddle, with the laws dotted, and the value of a median lane against steps.

    Colour tells the objective, line and marker the kind of optimizer.
    """
    figure = Figure(figsize=(9.6, 4.2))
    dwell_axes, value_axes = figure.subplots(1, 2, width_ratios=[1.0, 1.15])
    for label, (colour, kind) in _styles(result).items():
        _draw_dwells(dwell_axes, result, label, colour, MARKERS[kind % len(MARKERS)], DASHES[kind % len(DASHES)])
        if result["record_value"].shape[-1]:
            _draw_value(value_axes, result, label, colour, DASHES[kind % len(DASHES)])
    dwell_axes.set(yscale="log", xlabel="saddle of the chain", ylabel="median dwell in steps")
    dwell_axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    dwell_axes.set_title("how long they stay")
    value_axes.set(
        xscale="symlog", xlim=(0, result.experiment.n_steps), xlabel="step", ylabel="value", ylim=(-0.1, 1.15)
    )
    value_axes.set_title("a median lane on its way down")
    handles, labels = dwell_axes.get_legend_handles_labels()
    value_axes.legend(handles, labels, loc="center left", bbox_to_anchor=(1.0, 0.5), title="growth")
    told = (
        "black dots: the law; triangle: fewer than half of the lanes leave; value: 1 at the first saddle, 0 at the end"
    )
    figure.suptitle(f"{result.experiment.n_lanes} lanes; {told}", fontsize=9)
    return figure


def _styles(result: PassageResult) -> dict[str, tuple[str, int]]:
    """Give each run the colour of its objective and the number of its kind of optimizer."""
    runs = result.experiment.runs
    objectives = list(dict.fromkeys(str(run.objective) for run in runs.values()))
    kinds = list(dict.fromkeys(type(run.optimizer) for run in runs.values()))
    return {
        label: (f"C{objectives.index(str(run.objective))}", kinds.index(type(run.optimizer)))
        for label, run in runs.items()
    }


def _draw_dwells(axes: Axes, result: PassageResult, label: str, colour: str, marker: str, line: str) -> None:
    """Draw medians with their intervals; an arrow where fewer than half of those that came have left."""
    medians = {k: each for k, each in enumerate(result.medians[label], 1) if each is not None}
    finite = {k: each for k, each in medians.items() if 0 < each.value < math.inf}
    growth = result.late_growth(label)
    told = f"{label}: {growth.value:.3g}" if growth else label
    if finite:
        values, low, high = np.array([(each.value, each.low, min(each.high, 1e300)) for each in finite.values()]).T
        ends = (values - low, high - values)
        axes.errorbar(list(finite), values, ends, fmt=marker, ls=line, color=colour, ms=4, lw=1, label=told)
    if never := [k for k, each in medians.items() if math.isinf(each.value)]:
        axes.plot(never, [result.experiment.n_steps] * len(never), "^", color=colour, ms=6, clip_on=False)
    law = predicted_growth(result.experiment.runs[label])
    if law and finite:
        last, dwell = list(finite)[-1], list(finite.values())[-1].value
        k = np.arange(1, len(result.medians[label]) + 1)
        k = k[dwell * law ** (k - last) <= result.experiment.n_steps]
        axes.plot(k, dwell * law ** (k - float(last)), color="black", ls=(0, (1, 2)), lw=1, zorder=4)


def _draw_value(axes: Axes, result: PassageResult, label: str, colour: str, line: str) -> None:
    """Draw the value above the end over that of the first saddle, of the recorded lane of median progress."""
    run = result.experiment.runs[label]
    chain = result.experiment.chains[label]
    top, bottom = (float(run.objective.value(chain[end])) for end in (0, -1))
    values = result.lanes("record_value", label)
    progress = np.nanmean(values, axis=0)
    lane = int(np.argsort(progress, kind="stable")[(len(progress) - 1) // 2])
    axes.plot(result["record_step"], (values[:, lane] - bottom) / (top - bottom), color=colour, ls=line, lw=1.2)
