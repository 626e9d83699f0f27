"""Objective: one picture of a function with its known critical points, as a map and as a surface."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from saddlesim.analysis import listed_points
from saddlesim.objectives import CriticalPoint, Objective
from saddlesim.plots.landscape import MARKERS, Plane, draw_landscape
from saddlesim.spectrum import eigensystem

Array = NDArray[np.float64]

COLOURS = {"minimum": "#0072B2", "saddle": "#D55E00", "maximum": "#009E73", "degenerate": "#CC79A7"}
PLURALS = {"minimum": "minima", "saddle": "saddles", "maximum": "maxima", "degenerate": "degenerate"}
MOST_POINTS = 1000
N_GRID = 161


def objective_figure(objective: Objective) -> Figure:
    """Draw an objective over its domain, known critical points marked by kind.

    One variable gives a curve, two a map and a surface. In more dimensions both show a plane through a known saddle, or whatever
    point is listed first, along its lowest and its highest eigenvector, or through the centre along the first two axes.
    """
    points = list(listed_points(objective, MOST_POINTS))
    domain = _domain(objective)
    if len(domain) == 1:
        figure = _curve(objective, points, domain[0])
    else:
        figure = _map_and_surface(objective, points, _plane(objective, points, domain))
    figure.suptitle(_shortened(str(objective)), fontsize=9)
    return figure


def _curve(objective: Objective, points: Sequence[CriticalPoint], interval: Array) -> Figure:
    figure = Figure(figsize=(6.4, 3.6))
    axes = figure.subplots()
    x = np.linspace(interval[0], interval[1], 801)
    axes.plot(x, objective.value(x[None]), color="0.3")
    for point in points:
        axes.plot(point.x[0], point.value, MARKERS[point.kind], color=COLOURS[point.kind], ms=6)
    axes.set(xlabel=_names(objective)[0], ylabel="$f$", xlim=interval)
    _legend(figure, points)
    return figure


def _map_and_surface(objective: Objective, points: Sequence[CriticalPoint], plane: Plane) -> Figure:
    inside = [point for point in points if plane.holds(point.x)]
    figure = Figure(figsize=(10, 4.6))
    contour = figure.add_subplot(1, 2, 1)
    draw_landscape(contour, objective, plane)
    contour.set_aspect("auto" if _is_long(plane) else "equal")
    surface = figure.add_subplot(1, 2, 2, projection="3d")
    ceiling = _draw_surface(surface, objective, plane, inside)
    size = 6 if len(inside) <= 40 else 3
    for point in inside:
        u, v = plane.coordinates(point.x)
        mark: dict[str, Any] = {
            "marker": MARKERS[point.kind],
            "color": COLOURS[point.kind],
            "ms": size,
            "mec": "white",
            "mew": 0.5,
        }
        contour.plot(u, v, ls="", zorder=5, **mark)
        surface.plot([u], [v], [min(point.value, ceiling)], ls="", zorder=5, **mark)
        if len(inside) <= 40:
            contour.annotate(str(point.index), (u, v), (5, 3), textcoords="offset points", fontsize=7, zorder=6)
    contour.set_title("contours at equal shares of the area; numbers: Morse index", fontsize=8, weight="normal")
    _legend(figure, inside)
    return figure


def _draw_surface(axes: Any, objective: Objective, plane: Plane, points: Sequence[CriticalPoint]) -> float:
    """Draw f cut off at a ceiling above every marked point, for walls would flatten all that is of interest; give the ceiling."""
    u, v = (np.linspace(low, high, N_GRID) for low, high in plane.limits)
    grid = np.stack(np.meshgrid(u, v))
    with np.errstate(all="ignore"):
        value = objective.value(plane.center[:, None, None] + np.tensordot(plane.axes, grid, axes=1))
    finite = value[np.isfinite(value)]
    highest = max((point.value for point in points), default=-np.inf)
    low, middle = np.quantile(finite, [0.0, 0.7]) if finite.size else (0.0, 1.0)
    ceiling = float(max(middle, highest + 0.15 * (highest - low)))
    rim = (
        minimum_filter(np.where(np.isfinite(value), value, np.inf), 3) <= ceiling
    )  # one point further, for a clean edge
    cut = np.where(rim & np.isfinite(value), np.minimum(value, ceiling), np.nan)
    colours = Normalize(low, ceiling)
    axes.plot_surface(*grid, cut, cmap="viridis", norm=colours, alpha=0.75, lw=0, rcount=N_GRID, ccount=N_GRID)
    axes.set(xlabel=plane.labels[0].rpartition("along ")[2], ylabel=plane.labels[1].rpartition("along ")[2])
    told = "$f$" if not finite.size or ceiling >= finite.max() else f"$f$, cut off at {ceiling:.3g}"
    axes.set_title(told, fontsize=8, weight="normal")
    axes.view_init(elev=38, azim=-60)
    return ceiling


def _plane(objective: Objective, points: Sequence[CriticalPoint], domain: Array) -> Plane:
    if len(domain) == 2:
        first, second = _names(objective)
        return Plane(np.zeros(2), np.eye(2), domain, (first, second))
    through = next((point for point in points if point.kind == "saddle"), points[0] if points else None)
    if through is None:
        axes, centre = np.eye(len(domain))[:, :2], domain.mean(axis=1)
        return Plane(centre, axes, (domain - centre[:, None])[:2], ("$x_1$", "$x_2$"))
    vectors = eigensystem(objective.hessian(through.x))[1]
    axes = np.stack([vectors[:, -1], vectors[:, 0]], axis=1)
    reach = 0.5 * float(np.ptp(domain, axis=1).min())
    labels = (f"from {through.label} along the highest eigenvector", "along the lowest")
    return Plane(through.x, axes, np.array([[-reach, reach]] * 2), labels)


def _domain(objective: Any) -> Array:
    """The objective's box, or [-2, 2]^d for one of somebody's that has only a dimension."""
    domain = getattr(objective, "domain", None)
    if domain is not None:
        return np.asarray(domain, dtype=np.float64)
    return np.tile([-2.0, 2.0], (int(getattr(objective, "dimension", 2)), 1))


def _names(objective: Any) -> tuple[str, ...]:
    """The components' own names, a number at the end as an index."""
    names = getattr(objective, "variables", ("x1", "x2"))
    return tuple("$" + re.sub(r"_?([0-9]+)$", r"_{\1}", name) + "$" for name in names)


def _is_long(plane: Plane) -> bool:
    sides = np.ptp(plane.limits, axis=1)
    return bool(sides.max() > 2 * sides.min())


def _legend(figure: Figure, points: Sequence[CriticalPoint]) -> None:
    kinds = [kind for kind in MARKERS if any(point.kind == kind for point in points)]
    counts = {kind: sum(point.kind == kind for point in points) for kind in kinds}
    handles = [
        Line2D(
            [],
            [],
            ls="",
            marker=MARKERS[kind],
            color=COLOURS[kind],
            label=f"{counts[kind]} {PLURALS[kind] if counts[kind] > 1 else kind}",
        )
        for kind in kinds
    ]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _shortened(text: str) -> str:
    return text if len(text) <= 110 else text[:107] + "..."
