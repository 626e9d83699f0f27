"""Objective: one picture of a function with its known critical points, as a map and as a surface."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from saddlesim.analysis import listed_points
from saddlesim.objectives import CriticalPoint, Objective, name_of
from saddlesim.plots.landscape import MARKERS, Plane, draw_contours, fine_relief
from saddlesim.plots.surface import draw_surface
from saddlesim.spectrum import eigensystem

Array = NDArray[np.float64]

COLOURS = {"minimum": "#0072B2", "saddle": "#D55E00", "maximum": "#009E73", "degenerate": "#CC79A7"}
PLURALS = {"minimum": "minima", "saddle": "saddles", "maximum": "maxima", "degenerate": "degenerate"}
MOST_POINTS = 1000
MOST_NUMBERED = 40  # points, whose indices are written beside them
MOST_ON_SURFACE = 60
MOST_DIMENSIONS = 300  # of a Hessian whose eigenvectors span the plane


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
    figure.suptitle(_shortened(name_of(objective)), fontsize=9)
    return figure


def _curve(objective: Objective, points: Sequence[CriticalPoint], interval: Array) -> Figure:
    figure = Figure(figsize=(6.4, 3.6))
    axes = figure.subplots()
    x = np.linspace(interval[0], interval[1], 801)
    axes.plot(x, objective.value(x[None]), color="0.3")
    for point in points:
        axes.plot(point.x[0], point.value, MARKERS[point.kind], color=COLOURS[point.kind], ms=6)
    axes.set(xlabel=_names(objective, 1)[0], ylabel="$f$", xlim=interval)
    _legend(figure, points, len(points))
    return figure


def _map_and_surface(objective: Objective, points: Sequence[CriticalPoint], plane: Plane) -> Figure:
    inside = [point for point in points if plane.holds(point.x)]
    drawn = fine_relief(objective, plane, [point.x for point in inside])
    rippled = drawn.is_rippled or len(drawn.u) > 400
    figure = Figure(figsize=(10, 4.6))
    contour = figure.add_subplot(1, 2, 1)
    draw_contours(contour, drawn, plane, n_levels=6 if rippled else 16, lines=not rippled)
    contour.set_aspect("auto" if _is_long(plane) else "equal")
    contour.set_title(_told(objective, plane, inside, drawn.is_plain), fontsize=8, weight="normal")
    surface = figure.add_subplot(1, 2, 2, projection="3d")
    how = draw_surface(surface, drawn, plane, [point.value for point in inside])
    for point in inside:
        u, v = plane.coordinates(point.x)
        mark = _mark(point, len(inside))
        contour.plot(u, v, ls="", zorder=5, **mark)
        if len(inside) <= MOST_ON_SURFACE:
            surface.plot([u], [v], [how.of(point.value)], ls="", zorder=5, **mark)
        if len(inside) <= MOST_NUMBERED:
            contour.annotate(str(point.index), (u, v), (5, 3), textcoords="offset points", fontsize=7, zorder=6)
    _legend(figure, inside, len(points))
    return figure


def _mark(point: CriticalPoint, n: int) -> dict[str, Any]:
    """Give the look of a marker, the smaller the more there are."""
    size, edge = (6.0, 0.5) if n <= MOST_NUMBERED else (3.5, 0.3) if n <= 4 * MOST_NUMBERED else (2.0, 0.0)
    return {"marker": MARKERS[point.kind], "color": COLOURS[point.kind], "ms": size, "mec": "white", "mew": edge}


def _plane(objective: Objective, points: Sequence[CriticalPoint], domain: Array) -> Plane:
    d = len(domain)
    through = next((point for point in points if point.kind == "saddle"), points[0] if points else None)
    if d == 2 or through is None or d > MOST_DIMENSIONS:
        first, second = _names(objective, 2)
        centre = (domain.mean(axis=1) if through is None else through.x) * (np.arange(d) > 1)
        return Plane(centre, np.eye(d, 2), domain[:2], (first, second))
    vectors = eigensystem(objective.hessian(through.x))[1]
    axes = np.stack([vectors[:, -1], vectors[:, 0]], axis=1)
    reach = 0.5 * float(np.ptp(domain, axis=1).min())
    labels = (f"from {through.label} along the highest eigenvector", "along the lowest")
    return Plane(through.x, axes, np.array([[-reach, reach]] * 2), labels)


def _told(objective: Objective, plane: Plane, inside: Sequence[CriticalPoint], in_steps: bool) -> str:
    """Say what the numbers are, and where a plane along two axes lies."""
    told = ["contours at equal steps" if in_steps else "contours at equal shares of the area"]
    if 0 < len(inside) <= MOST_NUMBERED:
        told.append("numbers: Morse index")
    held = plane.center[2:]
    if len(held) and (plane.axes[:2] == np.eye(2)).all():
        names = _names(objective, min(len(plane.center), 5))[2:]
        values = [f"{name} = {each:.4g}" for name, each in zip(names, held, strict=False)]
        told[0] = f"at {', '.join(values)}{', ...' if len(held) > len(values) else ''}"
    return "; ".join(told)


def _domain(objective: Any) -> Array:
    """The objective's box, or [-2, 2]^d for one of somebody's that has only a dimension."""
    domain = getattr(objective, "domain", None)
    if domain is not None:
        return np.asarray(domain, dtype=np.float64)
    return np.tile([-2.0, 2.0], (int(getattr(objective, "dimension", 2)), 1))


def _names(objective: Any, n: int = 2) -> tuple[str, ...]:
    """The first components' own names, a number at the end as an index."""
    names = getattr(objective, "variables", [f"x{i}" for i in range(1, n + 1)])[:n]
    return tuple("$" + re.sub(r"_?([0-9]+)$", r"_{\1}", name) + "$" for name in names)


def _is_long(plane: Plane) -> bool:
    sides = np.ptp(plane.limits, axis=1)
    return bool(sides.max() > 2 * sides.min())


def _legend(figure: Figure, points: Sequence[CriticalPoint], n_listed: int) -> None:
    """Count the points that are drawn by kind; and say so where others are listed."""
    counts = {kind: sum(point.kind == kind for point in points) for kind in MARKERS}
    handles = [
        Line2D(
            [],
            [],
            ls="",
            marker=MARKERS[kind],
            color=COLOURS[kind],
            label=f"{count} {PLURALS[kind] if count > 1 else kind}",
        )
        for kind, count in counts.items()
        if count
    ]
    if n_listed > len(points):
        most = "the first " * (n_listed >= MOST_POINTS)
        told = f"of {most}{n_listed} listed points, {len(points)} in this window"
        handles.append(Line2D([], [], ls="", label=told))
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _shortened(text: str) -> str:
    return text if len(text) <= 110 else text[:107] + "..."
