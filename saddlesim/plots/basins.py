"""Basins: maps of where each start of a grid ends, shaded by how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from saddlesim.analysis import listed_points
from saddlesim.experiments import BasinsResult
from saddlesim.experiments.basins_result import CAPTURING
from saddlesim.experiments.endpoints import FINAL_KINDS
from saddlesim.experiments.start_sets import Grid
from saddlesim.plots.landscape import MARKERS, Plane, draw_critical_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

MOST_ACROSS = 4
MOST_NAMED = 8
PALETTE = ("#88BBDD", "#F2B880", "#9CCFA0", "#D7A3C9", "#E8D87A", "#A9A4DC", "#E59A97", "#8FD0CC")  # of end points
OTHERS = {"saddle or maximum": "#000000", "at rest elsewhere": "#DDDDDD", "moving": "#A8A8A8", "diverged": "#FFFFFF"}
DARKEST = 0.6  # what the slowest lane's colour is multiplied by
RIM = 0.08  # of the region's width


def basin_figures(result: BasinsResult) -> dict[str, Figure]:
    """Draw one figure for each set of starts that is a grid along two axes, one panel an optimizer."""
    return {
        label: _figure(result, label, starts)
        for label, starts in result.experiment.starts.items()
        if isinstance(starts, Grid) and sum(n > 1 for n in starts.n_points) == 2
    }


def _figure(result: BasinsResult, label: str, starts: Grid) -> Figure:
    asked = result.experiment
    labels = list(asked.optimizers)
    down = -(-len(labels) // MOST_ACROSS)
    across = -(-len(labels) // down)
    figure = Figure(figsize=(2.6 * across + 1.5, 2.6 * down + 0.6))
    panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    colours = _colours(result, label)
    for axes, each in zip(panels.flat, labels, strict=False):
        _draw_map(axes, result, label, each, starts, colours)
        product = result.rate_times_lipschitz(label, each)
        axes.set_title(each if product is None else f"{each}: {product:.3g} / L")
        axes.label_outer()
    for axes in panels.flat[len(labels) :]:
        axes.remove()
    named = {str(result["point"][place]): colour for place, colour in list(colours.items())[:MOST_NAMED]}
    handles = [Patch(facecolor=colour, edgecolor="0.6", label=name) for name, colour in {**named, **OTHERS}.items()]
    panels[0, -1].legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1.0))
    told = f"where {starts.count} starts are after {asked.n_steps} steps; darker: at rest later; numbers: Morse index"
    figure.suptitle(f"{asked.objective}: {told}", fontsize=9)
    return figure


def _plane(result: BasinsResult, starts: Grid) -> Plane:
    """The window: the region of the grid and a rim."""
    region = starts.region(result.experiment.objective)
    shown = [axis for axis, n in enumerate(starts.n_points) if n > 1]
    center = region.mean(axis=1)
    center[shown] = 0.0
    rim = RIM * np.ptp(region[shown], axis=1, keepdims=True) * [-1, 1]
    names = (f"$x_{{{shown[0] + 1}}}$", f"$x_{{{shown[1] + 1}}}$")
    return Plane(center, np.eye(len(region))[:, shown], region[shown] + rim, names)


def _colours(result: BasinsResult, label: str) -> dict[int, str]:
    """Give the known points at which lanes have come to rest, but saddles, their colours, the same in all panels."""
    ends, kinds = (result.of_set(name, label) for name in ("end_point", "end_kind"))
    resting = (ends >= 0) & ~np.isin(kinds, [FINAL_KINDS.index(each) for each in CAPTURING])
    return {int(place): PALETTE[k % len(PALETTE)] for k, place in enumerate(np.unique(ends[resting]))}


def _draw_map(
    axes: Axes, result: BasinsResult, label: str, optimizer: str, starts: Grid, colours: dict[int, str]
) -> None:
    """Paint each cell by the end of its start."""
    kinds, ends, rest = (result.lanes(name, label, optimizer) for name in ("end_kind", "end_point", "rest_step"))
    painted = np.full((len(kinds), 3), to_rgb(OTHERS["at rest elsewhere"]))
    painted[kinds == FINAL_KINDS.index("moving")] = to_rgb(OTHERS["moving"])
    for place, colour in colours.items():
        painted[ends == place] = to_rgb(colour)
    painted *= _shade(rest)[:, None]
    painted[np.isin(kinds, [FINAL_KINDS.index(each) for each in CAPTURING])] = to_rgb(OTHERS["saddle or maximum"])
    painted[kinds == FINAL_KINDS.index("infinite")] = to_rgb(OTHERS["diverged"])
    across, up = (n for n in starts.n_points if n > 1)
    plane, region = _plane(result, starts), starts.region(result.experiment.objective)
    (left, right), (bottom, top) = (region[axis].tolist() for axis, n in enumerate(starts.n_points) if n > 1)
    image = painted.reshape(up, across, 3)
    axes.imshow(image, origin="lower", extent=(left, right, bottom, top), aspect="auto", interpolation="nearest")
    axes.set(xlim=plane.limits[0], ylim=plane.limits[1], xlabel=plane.labels[0], ylabel=plane.labels[1])
    axes.set_facecolor("0.93")
    axes.grid(False)
    points = list(listed_points(result.experiment.objective))
    for point in points:  # a halo, for markers are black, and so is what a saddle captures
        if plane.holds(point.x):
            axes.plot(*plane.coordinates(point.x), MARKERS[point.kind], ms=7, mfc="none", mec="white", mew=2.4)
    draw_critical_points(axes, points, plane)


def _shade(rest: NDArray[np.int32]) -> Array:
    """Give what the colour of each lane, (B,), is multiplied by: 1 for the first to rest and those that never do, else less."""
    resting = rest >= 0
    if not resting.any():
        return np.ones(len(rest))
    late = np.log1p(np.where(resting, rest, 0))
    first, last = np.quantile(late[resting], [0.02, 0.98])
    part = np.clip((late - first) / max(last - first, 1e-9), 0.0, 1.0)
    return np.asarray(np.where(resting, 1 - (1 - DARKEST) * part, 1.0))
