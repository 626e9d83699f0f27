"""Disconnectivity: the tree of minima joined at the lowest saddles between them, as a picture (Becker and Karplus 1997)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from saddlesim.connecting import Basin, Connection, DisconnectivityTree, disconnectivity
from saddlesim.plots.landscape import MARKERS
from saddlesim.plots.objective import COLOURS

MOST_LABELS = 100
MOST_UPRIGHT_LABELS = 16
MOST_SADDLE_LABELS = 12
WIDEST = 16.0  # inches


def disconnectivity_figure(points: Sequence[Any], connections: Sequence[Connection]) -> Figure:
    """Draw the disconnectivity tree: a branch down to the value of each minimum, joined at the values of saddles.

    Numbers are places in the list of points, from 0. Minima that no listed saddle joins stand as trees of their own, with
    open ends.

    Parameters
    ----------
    points : sequence of objects with value and kind
    connections : sequence of Connection
    """
    tree = disconnectivity(points, connections)
    count = len(tree.minima)
    figure = Figure(figsize=(min(WIDEST, max(4.8, 1.6 + 0.17 * count)), 4.4))
    axes = figure.subplots()
    if count:
        _draw(axes, tree)
    axes.set(xlim=(-0.7, max(count, 1) - 0.3), xticks=[], ylabel="$f$")
    axes.spines["bottom"].set_visible(False)
    axes.grid(axis="x", visible=False)
    axes.set_title(_told(tree), fontsize=9)
    _legend(figure, tree)
    return figure


def _draw(axes: Axes, tree: DisconnectivityTree) -> None:
    nodes = _nodes(tree)
    values = [node.value for node in nodes]
    span = max(values) - min(values) or max(1.0, abs(max(values)))
    top = max(values) + 0.08 * span
    places = _horizontal_places(tree, nodes)
    style: dict[str, Any] = {"color": "0.35", "lw": 1.1 if len(tree.minima) <= 40 else 0.8, "solid_capstyle": "round"}
    for node in nodes:
        if node.parts:
            across = [places[part.place] for part in node.parts]
            axes.plot([min(across), max(across)], [node.value] * 2, **style)
        for part in node.parts:
            axes.plot([places[part.place]] * 2, [part.value, node.value], **style)
    for root in tree.roots:
        axes.plot([places[root.place]] * 2, [root.value, top], **{**style, "ls": ":"})
    axes.set_ylim(min(values) - 0.12 * span, top)
    _mark(axes, nodes, places)


def _mark(axes: Axes, nodes: Sequence[Basin], places: dict[int, float]) -> None:
    minima = [node for node in nodes if not node.parts]
    joins = [node for node in nodes if node.parts]
    crowd = len(minima) > MOST_UPRIGHT_LABELS
    for kind, those, size in (("saddle", joins, 5), ("minimum", minima, 4 if crowd else 6)):
        x, y = [places[node.place] for node in those], [node.value for node in those]
        axes.plot(x, y, MARKERS[kind], color=COLOURS[kind], ms=size, mec="white", mew=0.5, zorder=4)
    if len(minima) <= MOST_LABELS:
        for node in minima:
            turned: dict[str, Any] = {"rotation": 90 if crowd else 0, "fontsize": 6 if crowd else 8}
            _annotate(axes, node, places, (0, -5), ha="center", va="top", color=COLOURS["minimum"], **turned)
    if len(joins) <= MOST_SADDLE_LABELS:
        for node in joins:
            _annotate(axes, node, places, (4, 3), ha="left", va="bottom", color=COLOURS["saddle"], fontsize=7)


def _annotate(axes: Axes, node: Basin, places: dict[int, float], offset: tuple[int, int], **style: Any) -> None:
    where = (places[node.place], node.value)
    axes.annotate(str(node.place), where, offset, textcoords="offset points", zorder=5, **style)


def _nodes(tree: DisconnectivityTree) -> list[Basin]:
    """Give every basin, each before its parts; without recursion, for a staircase of minima is as deep as it is long."""
    found, waiting = [], list(tree.roots)
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += node.parts
    return found


def _horizontal_places(tree: DisconnectivityTree, nodes: Sequence[Basin]) -> dict[int, float]:
    """Put the minima side by side, and every join in the middle of what it joins."""
    places = {place: float(rank) for rank, place in enumerate(tree.minima)}
    for node in reversed(nodes):
        if node.parts:
            across = [places[part.place] for part in node.parts]
            places[node.place] = (min(across) + max(across)) / 2
    return places


def _told(tree: DisconnectivityTree) -> str:
    count, trees = len(tree.minima), len(tree.roots)
    if not count:
        return "no minimum is listed"
    minima = f"{count} minima" if count > 1 else "1 minimum"
    return f"{minima} in {trees} parts that no listed saddle joins" if trees > 1 else minima


def _legend(figure: Figure, tree: DisconnectivityTree) -> None:
    labels = {"minimum": "minimum", "saddle": "lowest saddle that joins"}
    kinds = ["minimum"] * bool(tree.minima) + ["saddle"] * any(root.parts for root in tree.roots)
    handles = [Line2D([], [], ls="", marker=MARKERS[kind], color=COLOURS[kind], label=labels[kind]) for kind in kinds]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
