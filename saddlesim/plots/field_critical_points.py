"""Field critical points: one drawn landscape with all its critical points, and what all draws say of each index."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from saddlesim.experiments.fields.laws import INDEX_FRACTIONS, MEAN_VALUES
from saddlesim.experiments.fields.result import HALF_PERIOD, FieldCriticalPointsResult
from saddlesim.parameters import with_fields
from saddlesim.plots.landscape import MARKERS, Plane, draw_landscape
from saddlesim.plots.lines import MARKERS as MARKERS_OF_FIELDS
from saddlesim.plots.objective import COLOURS, PLURALS

KINDS = ("minimum", "saddle", "maximum")  # in two dimensions, by index
APART = 0.6  # of the distance between two indices, over which markers of one are spread
OTHER_COLOURS = ("C3", "C4", "C6", "C5", "C7")


def field_figure(result: FieldCriticalPointsResult) -> Figure:
    """Draw the first landscape in two dimensions, if there is one, and beside it fractions and mean values by index."""
    asked = result.experiment
    planes = [label for label, field in asked.fields.items() if field.dimension == 2]  # type: ignore[attr-defined]
    figure = Figure(figsize=(10.4, 5.6) if planes else (5.6, 5.6))
    right: Any = figure
    if planes:
        left, right = figure.subfigures(1, 2, squeeze=False)[0]
        _draw_first(left.subplots(), result, planes[0])
    fractions, ratios, values = right.subplots(3, 1, sharex=True, height_ratios=(3, 2, 3))
    for place, points in enumerate(result.drawn.values()):
        for k in range(len(points.x) + 1):
            exact, lies = (law[len(points.x)][k] for law in (INDEX_FRACTIONS, MEAN_VALUES))
            shares, heights = (
                [estimate(each, k) for each in (points, points.in_half_box)]
                for estimate in (result.fraction, result.mean_value)
            )
            _draw_estimates(fractions, len(asked.fields), place, k, shares, exact)
            _draw_estimates(ratios, len(asked.fields), place, k, shares, exact, exact)
            _draw_estimates(values, len(asked.fields), place, k, heights, lies)
    indices = range(max(len(points.x) for points in result.drawn.values()) + 1)
    fractions.set(ylabel="fraction of points", ylim=(0, None), title="which index they have")
    ratios.set(ylabel="fraction / exact")
    values.set(ylabel="mean of $f$", title="how high they lie", xlabel="index")
    values.set(xticks=indices, xlim=(-0.5, len(indices) - 0.5))
    right.align_ylabels()
    handles = [Line2D([], [], label=label, **_style(place)) for place, label in enumerate(asked.fields)]
    handles += [
        Line2D([], [], ls="", color="0.3", marker="o", ms=4, label="filled: on the torus"),
        Line2D([], [], ls="", color="0.3", marker="o", ms=4, mfc="white", label="hollow: in a box of half the period"),
        Line2D([], [], color="0.3", lw=1.0, label="exact (Kac-Rice)"),
    ]
    right.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _draw_first(axes: Axes, result: FieldCriticalPointsResult, label: str) -> None:
    """Draw the first landscape of a kind as a map, its critical points marked by kind, and the box of half the period."""
    case = list(result.experiment.fields).index(label)
    field: Any = with_fields(result.experiment.fields[label], {("seed",): int(result["seed"][case, 0])})
    plane = Plane(np.zeros(2), np.eye(2), field.domain, ("$x_1$", "$x_2$"))
    draw_landscape(axes, field, plane, n_levels=12)
    points = result.drawn[label]
    for index, kind in enumerate(KINDS):
        x = points.x[:, (points.field == 0) & (points.index == index)]
        style: dict[str, Any] = {"marker": MARKERS[kind], "color": COLOURS[kind], "mec": "white", "mew": 0.5}
        axes.plot(*x, ls="", ms=6.5, zorder=5, clip_on=False, label=f"{x.shape[1]} {PLURALS[kind]}", **style)
    axes.add_patch(Rectangle((0, 0), HALF_PERIOD, HALF_PERIOD, fill=False, ec="0.2", ls="--", zorder=4, clip_on=False))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3)
    axes.set_title(
        f"{label}: one of {result.experiment.n_fields} draws, opposite edges joined; darker is higher", weight="normal"
    )


def _draw_estimates(
    axes: Axes, n_kinds: int, place: int, index: int, estimates: Any, exact: float, unit: float = 1.0
) -> None:
    """Draw an estimate on the torus and one in the half box beside it, hollow, and the exact figure as a line through both."""
    width, style = APART / n_kinds, _style(place)
    across = index + (place - (n_kinds - 1) / 2) * width
    axes.hlines(exact / unit, across - 0.42 * width, across + 0.42 * width, color=style["color"], lw=1.0)
    for estimate, offset, face in zip(estimates, (-0.17, 0.17), (style["color"], "white"), strict=True):
        if estimate is not None:
            value, low, high = (each / unit for each in estimate[:3])
            ends = [[value - low], [high - value]]
            axes.errorbar(across + offset * width, value, ends, mfc=face, lw=1.0, capsize=2, **style)


def _style(place: int) -> dict[str, Any]:
    """Give the look of a kind of field, in colours that do not stand for kinds of points."""
    colour = OTHER_COLOURS[place % len(OTHER_COLOURS)]
    return {"ls": "", "ms": 4, "color": colour, "marker": MARKERS_OF_FIELDS[place % len(MARKERS_OF_FIELDS)]}
