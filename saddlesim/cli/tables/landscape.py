"""Landscape: what the point is, and a line for each slice: how deep it goes and how far the quadratic model holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import plain_table
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give a line on the point, the table of slices, and what its last columns mean."""
    yield Text(_point(done.summary["point"]))
    table = plain_table()
    for header in ("direction", "eigenvalue", "residual", "gap", "slope", "lowest value", "at", "descends"):
        table.add_column(header, justify="right")
    table.add_column("model off by", justify="right")
    table.add_column("holds to", justify="right")
    for name, each in done.summary["directions"].items():
        table.add_row(
            name,
            f"{each['eigenvalue']:.6g}",
            f"{each['residual']:.1e}",
            "-" if each["gap"] is None else f"{each['gap']:.2g}",
            f"{each['slope']:.1e}",
            f"{each['lowest_value']:.6g}",
            f"{each['lowest_position']:.4g}",
            "yes" if each["descends"] else "no",
            f"{each['model_error']:.1%}",
            f"{each['model_holds_to']:.4g}",
        )
    yield table
    far = f"{done.result['position'][-1]:.4g}"
    told = f"model: f + t g.v + t^2 lambda / 2, off by so much of the change at t = {far} or -{far}; holds to 10 %"
    yield Text(told, style="italic")


def _point(point: dict[str, Any]) -> str:
    """Tell what is cut through."""
    kind, index = point["kind"], point["index"]
    told = "index not told" if index is None else f"index {index}, nullity {point['nullity']}"
    size = f"{point['dimension']} components, |x| = {point['norm']:.4g}"
    moved = f", {point['distance']:.3g} from where it was searched from" if point["distance"] else ""
    words = [
        f"{kind}: " if kind else "",
        f"f = {point['value']:.6g}, |gradient| = {point['gradient_norm']:.2g}, {told}",
    ]
    return f"{''.join(words)}; {size}{moved}"
