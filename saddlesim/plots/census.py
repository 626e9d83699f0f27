"""Census: what was found in a box as a picture: on a map, on a graph, or by index and value where there is no room for either.

Not here: the search (proving/) and what saddles connect (connecting/); paths are drawn again, for the eye.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from saddlesim.expressions.code import Arithmetic
from saddlesim.expressions.factors import common_factors
from saddlesim.expressions.formula import array_arithmetic
from saddlesim.objectives import Objective
from saddlesim.plots import landscape
from saddlesim.plots import objective as known
from saddlesim.plots.flow_lines import flow_lines
from saddlesim.proving import Census, Degenerate
from saddlesim.spectrum import eigenvalues

Array = NDArray[np.float64]

UNPROVED = "unknown"  # of a regular point whose index is not proved
MARKERS = {**landscape.MARKERS, UNPROVED: "P"}
COLOURS = {**known.COLOURS, UNPROVED: "#7F7F7F"}
PLURALS = {**known.PLURALS, UNPROVED: "of unproved index"}
HATCHES = ("////", "\\\\\\\\", "xxxx", "....")
UNRESOLVED_COLOUR = "#E69F00"
VISIBLE = 0.025  # of the box's sides: smaller unresolved boxes are drawn as large as this
MOST_NUMBERS = 30
MANY, CROWD = 100, 1000
MOST_CONNECTIONS = 4000
SIDE = 4.4  # inches, of a map that is not crowded
COLUMN = 0.8  # of the distance between two indices
CHARACTERS = 13  # in an inch of a title
N_GRID = 481  # of a map of many points, which lie close to each other
STEEP = 1e3  # ratio of sizes from which on a scale is logarithmic, but for a strip round 0
LEGEND_WIDTH = 30  # characters


def census_figure(objective: Objective, found: Census) -> Figure:
    """Draw what a census found, marked by kind: on a map for d = 2, on the graph for d = 1, and else by index and value.

    Unresolved boxes are hatched, those too small to be seen drawn larger. From each saddle of the connections a line follows
    the flow down; a dashed one tells where it leads if that cannot be drawn.
    """
    draw = {1: _graph, 2: _map}.get(len(found.box), _by_index)
    figure, handles = draw(objective, found)
    width = int(CHARACTERS * figure.get_figwidth())
    told = [found.objective, f"{found.status}: {_counted(found)}", found.alarm]
    lines = [textwrap.fill(line, width, max_lines=3, placeholder=" ...") for line in told if line]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=9)
    if handles:
        figure.legend(handles=handles, loc="outside right center", labelspacing=0.9)
    return figure


def _map(objective: Objective, found: Census) -> tuple[Figure, list[Artist]]:
    points = found.listed
    side = SIDE * float(np.clip((len(points) / CROWD) ** 0.25, 1, 2))
    width, height = np.ptp(found.box, axis=1)
    in_scale = max(width, height) <= 2 * min(width, height)
    figure = Figure(figsize=(1.04 * side + 3.2, 1.0 + side * (min(height / width, 1.0) if in_scale else 1.0)))
    axes = figure.subplots()
    first, second = _names(objective)
    plane = landscape.Plane(np.zeros(2), np.eye(2), found.box, (first, second))
    detail = {"n_levels": 8 if len(points) < CROWD else 4, "n_grid": N_GRID} if len(points) > MANY else {}
    landscape.draw_landscape(axes, objective, plane, **detail)
    axes.set_aspect("equal" if in_scale else "auto")
    places = [each.x for each in points]
    handles = _mark(axes, points, places, _size(len(points), side))
    _number(axes, places)
    handles += _draw_sets(axes, objective, found)
    handles += _draw_connections(axes, objective, found)
    return figure, handles + _draw_unresolved(axes, found)


def _graph(objective: Objective, found: Census) -> tuple[Figure, list[Artist]]:
    figure = Figure(figsize=(7.6, 3.8))
    axes = figure.subplots()
    x = np.linspace(found.box[0, 0], found.box[0, 1], 1601)
    with np.errstate(all="ignore"):
        value = objective.value(x[None])
    axes.plot(x, np.where(np.isfinite(value), value, np.nan), color="0.3")
    axes.set(xlim=found.box[0], xlabel=_names(objective)[0], ylabel="$f$")
    _scale(axes, "y", value)
    points: list[Any] = [*found.points, *found.degenerate]
    places = [(each.x[0], each.value) for each in points]
    handles = _mark(axes, points, places, _size(len(points), SIDE))
    _number(axes, places)
    return figure, handles + _draw_unresolved(axes, found)


def _by_index(objective: Objective, found: Census) -> tuple[Figure, list[Artist]]:
    """Draw value against index, in each column by rising value, and beside it the extreme eigenvalues at the same heights."""
    figure = Figure(figsize=(9.4, 4.6))
    left, right = figure.subplots(1, 2, sharey=True)
    points: list[Any] = [*found.points, *found.degenerate]
    columns: dict[int, list[int]] = {}
    for place in sorted(range(len(points)), key=lambda place: points[place].value):
        columns.setdefault(points[place].index, []).append(place)
    across, d = np.zeros(len(points)), len(found.box)
    for index, places in columns.items():
        across[places] = index + COLUMN * ((np.arange(len(places)) + 0.5) / len(places) - 0.5)
    most = max(map(len, columns.values()), default=1)
    size = float(np.clip(240 * COLUMN / (d + 1) / most, 3, 6.5))
    handles = _mark(left, points, [(x, each.value) for x, each in zip(across, points, strict=True)], size)
    left.set(xlabel="index", ylabel="$f$", xlim=(-0.5, d + 0.5), xticks=range(d + 1))
    extremes = np.reshape([eigenvalues(objective.hessian(each.x))[[0, -1]] for each in points], (-1, 2))
    values = np.array([each.value for each in points])
    ends = np.stack([extremes, np.stack([values, values], axis=1)], axis=2)
    right.add_collection(LineCollection(list(ends), colors="0.8", linewidths=0.6))
    for end, face, label in ((1, "white", "highest eigenvalue"), (0, "0.2", "lowest eigenvalue")):
        right.plot(*ends[:, end].T, "o", ms=size * (1.0 if end else 0.7), mfc=face, mec="0.2", mew=0.5, label=label)
    right.axvline(0, color="0.3", lw=0.8, zorder=1)
    right.set_xlabel("eigenvalues of the Hessian")
    _scale(right, "x", extremes)
    _scale(left, "y", values)
    if points:
        handles += right.get_legend_handles_labels()[0]
    else:
        left.text(0.5, 0.5, "no critical point", transform=left.transAxes, ha="center", color="0.4")
    return figure, handles + _hatched(found)


def _mark(axes: Axes, points: Sequence[Any], places: Sequence[Any], size: float) -> list[Artist]:
    """Mark points at places (u, v), and give a handle for each kind of them."""
    at = np.reshape(places, (-1, 2))
    singular = np.array([isinstance(each, Degenerate) for each in points], dtype=np.bool_)
    kinds = np.array([each.kind for each in points], dtype=np.str_)
    handles: list[Artist] = []
    for degenerate, kind in itertools.product((False, True), PLURALS):
        marked = at[(singular == degenerate) & (kinds == kind)]
        if not len(marked):
            continue
        edge = COLOURS["degenerate"] if degenerate else "white"
        style: dict[str, Any] = {
            "marker": MARKERS["degenerate" if degenerate else kind],
            "color": COLOURS[kind],
            "mec": edge,
            "label": _named(kind, len(marked), "degenerate " * degenerate),
        }
        axes.plot(*marked.T, ls="", ms=size, mew=min(size / 4, 1.6) if degenerate else size / 12, zorder=5, **style)
        axes.lines[-1].set_clip_on(False)
        handles.append(Line2D([], [], ls="", ms=6, mew=1.5 if degenerate else 0.5, **style))
    return handles


def _number(axes: Axes, places: Sequence[Any]) -> None:
    """Write at each point its place in the list, if there is room for it."""
    if 1 < len(places) <= MOST_NUMBERS:
        around = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5}
        for place, where in enumerate(places):
            axes.annotate(str(place), where, (5, 4), textcoords="offset points", fontsize=7, bbox=around, zorder=6)
        axes.set_title("numbers: places in the list of points", fontsize=8, weight="normal")


def _draw_sets(axes: Axes, objective: Any, found: Census) -> list[Artist]:
    """Draw curves of critical points where the factor that was proved to vanish does, else as their box."""
    sets = [each for each in found.degenerate if not each.isolated]
    factors = common_factors(objective.function) if sets else ()
    for each in sets:
        factor = next((factor for factor in factors if factor.text == each.equation), None)
        colour, margin = COLOURS[each.kind], 0.01 * np.ptp(found.box, axis=1)
        if factor is None:
            (x, y), (width, height) = each.box[:, 0], np.ptp(each.box, axis=1)
            axes.add_patch(Rectangle((x, y), width, height, fill=False, ec=colour, lw=2.5, ls=":", zorder=4))
            continue
        low = np.maximum(each.box[:, 0] - margin, found.box[:, 0])
        high = np.minimum(each.box[:, 1] + margin, found.box[:, 1])
        grid = np.stack(np.meshgrid(*np.linspace(low, high, 241).T))
        arithmetic = array_arithmetic()
        powers = Arithmetic({**arithmetic.functions, "power": np.power}, arithmetic.constant)
        with np.errstate(all="ignore"):
            (q,) = factor.value.bound(powers)(grid)
            across = np.einsum("ii...->...", objective.hessian(grid))  # of one sign along a curve of one kind
        q = np.where(across > 0 if each.kind == "minimum" else across < 0, q, np.nan)
        axes.contour(*grid, np.ma.masked_invalid(q), levels=[0.0], colors=colour, linewidths=2.5, zorder=4)
    return [Line2D([], [], color=COLOURS[kind], lw=2.5, label=_sets(kind, n, 2)) for kind, n in _tally(sets)]


def _draw_unresolved(axes: Axes, found: Census) -> list[Artist]:
    reasons = _reasons(found)
    for each in found.unresolved:
        sides = np.maximum(np.ptp(each.box, axis=1), VISIBLE * np.ptp(found.box, axis=1))
        corner, style = each.box.mean(axis=1) - sides / 2, _hatch(list(reasons).index(each.reason))
        if len(sides) == 1:
            patch = Rectangle((corner[0], 0), sides[0], 1, transform=axes.get_xaxis_transform(), zorder=3, **style)
        else:
            patch = Rectangle((corner[0], corner[1]), sides[0], sides[1], zorder=4, **style)
        axes.add_patch(patch)
    return _hatched(found)


def _draw_connections(axes: Axes, objective: Objective, found: Census) -> list[Artist]:
    if not found.connections:
        return []
    if len(found.connections) > MOST_CONNECTIONS:
        label = f"{len(found.connections)} connections, too many to be drawn"
        return [Line2D([], [], ls="", label=textwrap.fill(label, LEGEND_WIDTH))]
    followed, straight = flow_lines(objective, found)
    width = 1.0 if len(found.connections) <= MANY else 0.5
    handles: list[Artist] = []
    for lines, style, label in (
        (followed, "-", "the flow down from a saddle"),
        (straight, (0, (3, 2)), "leads to (not the path itself)"),
    ):
        if lines:
            looks: dict[str, Any] = {"linewidths": width, "linestyles": [style], "zorder": 3, "label": label}
            axes.add_collection(LineCollection(lines, colors="0.2", **looks))
            handles.append(Line2D([], [], color="0.2", lw=1, ls=style, label=textwrap.fill(label, LEGEND_WIDTH)))
    return handles


def _counted(found: Census) -> str:
    """Count in words."""
    told = [_named(kind, n) for kind, n in _tally(found.points)]
    told += [_named(kind, n, "degenerate ") for kind, n in _tally(each for each in found.degenerate if each.isolated)]
    told += [
        _sets(kind, n, len(found.box)) for kind, n in _tally(each for each in found.degenerate if not each.isolated)
    ]
    told += [f"{len(found.unresolved)} unresolved"] if found.unresolved else []
    return ", ".join(told) or "no critical point"


def _tally(points: Iterable[Any]) -> list[tuple[str, int]]:
    kinds = [each.kind for each in points]
    return [(kind, kinds.count(kind)) for kind in PLURALS if kind in kinds]


def _named(kind: str, n: int, what: str = "") -> str:
    return f"{n} {what}{PLURALS[kind] if n > 1 or kind == UNPROVED else kind}"


def _sets(kind: str, n: int, d: int) -> str:
    return f"{n} {'curve' if d == 2 else 'surface'}{'s' * (n > 1)} of {PLURALS[kind]}"


def _reasons(found: Census) -> dict[str, str]:
    """Give what the legend says of each reason why boxes are unresolved."""
    told = {}
    for reason in dict.fromkeys(each.reason for each in found.unresolved):
        boxes = [each.box for each in found.unresolved if each.reason == reason]
        small = [(np.ptp(box, axis=1) < VISIBLE * np.ptp(found.box, axis=1)).any() for box in boxes]
        larger = " (drawn larger)" if any(small) and len(found.box) <= 2 else ""
        told[reason] = textwrap.fill(f"{len(boxes)} unresolved{larger}: {reason}", LEGEND_WIDTH)
    return told


def _hatched(found: Census) -> list[Artist]:
    return [Patch(label=label, **_hatch(place)) for place, label in enumerate(_reasons(found).values())]


def _hatch(place: int) -> dict[str, Any]:
    return {"fill": False, "ec": UNRESOLVED_COLOUR, "hatch": HATCHES[place % len(HATCHES)], "lw": 1.0}


def _names(objective: Any) -> list[str]:
    """Give the components' names, a number at the end as an index."""
    return [re.sub(r"^(.*?)_?([0-9]+)$", r"$\1_{\2}$", name) for name in objective.function.variables]


def _size(n: int, side: float) -> float:
    """Give a size in points at which n markers, spread evenly over a square of so many inches, do not touch."""
    return float(np.clip(28 * side / np.sqrt(max(n, 1)), 0.7, 6.5))


def _scale(axes: Axes, direction: str, values: Array) -> None:
    """Make a scale logarithmic on both sides of 0 if values are of very different sizes."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if sizes.size and sizes.max() > STEEP * np.median(sizes):
        set_scale = axes.set_xscale if direction == "x" else axes.set_yscale
        set_scale("symlog", linthresh=float(np.quantile(sizes, 0.25)))
