"""Field index by level: how the index of critical points rises with the level, and the layers in which each index lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from saddlesim.experiments.levels.curves import REACH, index_fraction, limit_index_fraction, share
from saddlesim.experiments.levels.moments import ratio
from saddlesim.experiments.levels.result import FieldIndexByLevelResult
from saddlesim.plots.lines import line_style, marker_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

N_LIMIT_POINTS = 400
THINNEST, WIDER = 1.2, 2.4  # points: width of a curve, and how much wider it is than another that lies on it
ONE_CURVE = 0.002  # distance of curves that are not told apart
LIMIT: dict[str, Any] = {"color": "black", "ls": (0, (4, 2)), "lw": 1}
PANELS_IN_A_ROW = 3
MOST_BARS = 20
RIDGE = 1.6  # height of the density of an index, in distances between indices
LOWEST_RIDGE, HIGHEST_RIDGE = 0.1, 0.35  # of the axis


def index_figure(result: FieldIndexByLevelResult) -> Figure:
    """Draw index / n and the share of minima against the level: points measured, lines exact, dashed the limit of large n."""
    figure = Figure(figsize=(9.6, 4.2))
    index_axes, minima_axes = figure.subplots(1, 2, sharex=True, sharey=True)
    keys: list[Artist] = []
    for number, label in enumerate(result.experiment.landscapes):
        style = {**line_style(number), "lw": THINNEST + WIDER * _n_upon(result, label)}
        if curves := result.curves.get(label):
            index_axes.plot(curves.level, index_fraction(curves.density), **style)
            minima_axes.plot(curves.level, share(curves.density[0], curves.density.sum(axis=0)), **style)
        points = marker_style(number)
        for axes, name in ((index_axes, "index_fraction"), (minima_axes, "share_of_minima")):
            _draw_measured(axes, result, label, name, points)
        looks = {**style, **points, "lw": THINNEST} if curves else {"ls": "", **points}
        keys.append(Line2D([], [], ms=4, label=label, **looks))
    level = np.linspace(-REACH, REACH, N_LIMIT_POINTS)
    index_axes.plot(level, limit_index_fraction(level), **LIMIT)
    minima_axes.plot([-REACH, -1, -1, REACH], [1, 1, 0, 0], **LIMIT)
    for axes in (index_axes, minima_axes):
        axes.set(xlabel="level, in units of the threshold", xlim=(-REACH, REACH), ylim=(-0.03, 1.03))
    index_axes.set(title="negative eigenvalues", ylabel="fraction")
    minima_axes.set(title="minima among critical points")
    keys += [
        Line2D([], [], color="grey", ls="", marker="o", ms=4, label="points: measured"),
        *([Line2D([], [], color="grey", lw=THINNEST, label="lines: exact")] if result.curves else []),
        Line2D([], [], label="limit of large n", **LIMIT),
    ]
    minima_axes.legend(handles=keys, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def layer_figure(result: FieldIndexByLevelResult) -> Figure:
    """Draw at which levels each index lies: ridges exact, each as high as the others, points and bars measured."""
    labels = list(result.experiment.landscapes)
    n_rows, n_columns = -(-len(labels) // PANELS_IN_A_ROW), min(len(labels), PANELS_IN_A_ROW)
    figure = Figure(figsize=(3.4 * n_columns + 0.6, 3.4 * n_rows + 0.5))
    panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for axes, label in zip(panels.flat, labels, strict=False):
        _draw_layers(axes, result, label)
        axes.set_title(label)
    for axes, above in zip(panels.flat[len(labels) :], panels.flat[len(labels) - n_columns :], strict=False):
        axes.set_axis_off()
        above.tick_params(labelbottom=True)
    told = "ridges: where each index lies, exact, all as high; points and bars: measured mean and standard deviation"
    figure.suptitle(f"{told}; dashed: limit of large n", fontsize=8)
    figure.supxlabel("level, in units of the threshold", fontsize=9)
    figure.supylabel("index / n", fontsize=9)
    return figure


def _draw_measured(axes: Axes, result: FieldIndexByLevelResult, label: str, name: str, style: dict[str, Any]) -> None:
    """Draw estimates with their intervals where the points of each bin lie in the mean."""
    level = ratio(result.moments(label, "level_in_bin"))
    made = [(x, *each[:3]) for x, each in zip(level, result.estimates(label, name), strict=True) if each]
    x, value, low, high = np.array(made).reshape(-1, 4).T
    ends = (value - low, high - value)
    axes.errorbar(x, value, np.maximum(ends, 0), ls="", ms=4, elinewidth=1.2, capsize=2, zorder=3, **style)


def _n_upon(result: FieldIndexByLevelResult, label: str) -> int:
    """Count the landscapes whose curve is drawn later, and upon that of this one."""
    level = np.linspace(-REACH, REACH, N_LIMIT_POINTS)
    drawn = [
        np.interp(level, curves.level, index_fraction(curves.density))
        for name in [*result.experiment.landscapes][[*result.experiment.landscapes].index(label) :]
        if (curves := result.curves.get(name))
    ]
    return sum(bool(np.abs(each - drawn[0]).max() < ONE_CURVE) for each in drawn[1:]) if label in result.curves else 0


def _draw_layers(axes: Axes, result: FieldIndexByLevelResult, label: str) -> None:
    from matplotlib import colormaps

    spread = result.spread(label)
    n = len(spread) - 1
    colours = colormaps["viridis"](np.linspace(0, 0.9, n + 1))
    if curves := result.curves.get(label):
        height = np.clip(RIDGE / n, LOWEST_RIDGE, HIGHEST_RIDGE)
        for k, density in reversed(list(enumerate(curves.density))):
            top = k / n + height * density / density.max()
            axes.fill_between(curves.level, k / n, top, color=colours[k], alpha=0.55, lw=0, zorder=2 + (n - k) / n)
    for k, mean in enumerate(result.estimates(label, "mean_level")):
        if mean:
            bar = spread[k] if n <= MOST_BARS else None
            axes.errorbar(mean.value, k / n, xerr=bar, fmt="o", ms=2.5 if bar else 1.2, lw=0.9, color="black", zorder=4)
    level = np.linspace(-REACH, REACH, N_LIMIT_POINTS)
    axes.plot(level, limit_index_fraction(level), zorder=5, **LIMIT)
    axes.set(xlim=(-REACH, REACH), ylim=(-0.03, 1 + HIGHEST_RIDGE), yticks=(0, 0.25, 0.5, 0.75, 1))
