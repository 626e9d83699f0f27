"""Field index by level: a line for each landscape, then how the index rises from level to level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import plain_table
from saddlesim.runs import Run

MOST_LEVELS = 16  # lines


def tables(done: Run) -> Iterable[RenderableType]:
    """Give the table of landscapes, and that of levels."""
    landscapes = done.summary["landscapes"]
    yield Text("measured (exact); a level of -1 is the threshold, below which nearly all critical points are minima")
    table = plain_table("landscape", "critical points")
    for header in ("draws", "mean number", "threshold", "below it", "of these minima", "largest deviation"):
        table.add_column(header, justify="right")
    for label, figures in landscapes.items():
        deep = figures["below_threshold"]
        table.add_row(
            label,
            "all found" if figures["found"] else "weighted samples",
            f"{figures['n_draws']}",
            _beside(figures, "number", "{:.4g}"),
            f"{figures['threshold']:.4g}",
            _beside(deep, "fraction", "{:.2g}"),
            _beside(deep, "share_of_minima", "{:.1%}"),
            "-" if figures["largest_deviation"] is None else f"{figures['largest_deviation']:.1f} errors",
        )
    yield table
    levels = plain_table("negative eigenvalues at level")
    for header in landscapes:
        levels.add_column(header, justify="right")
    first = next(iter(landscapes.values()))["levels"]
    for b in list(first)[:: -(-len(first) // MOST_LEVELS)]:
        each = (_beside(figures["levels"][b], "index_fraction", "{:.1%}") for figures in landscapes.values())
        levels.add_row(f"{first[b]['level']:.3g}", *each)
    yield levels
    partial = {label: figures["n_partial"] for label, figures in landscapes.items() if figures["n_partial"]}
    if partial:
        told = ", ".join(f"{number} of {label}" for label, number in partial.items())
        yield Text(f"draws whose critical points do not add up, so that some were missed: {told}", style="italic")


def _beside(figures: dict[str, Any], name: str, spelling: str) -> str:
    """Spell a figure and the exact one."""
    told = "-" if figures[name] is None else spelling.format(figures[name])
    exact = figures[f"exact_{name}"]
    return told if exact is None else f"{told} ({spelling.format(exact)})"
