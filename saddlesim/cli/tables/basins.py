"""Basins: a table for each set of starts, a line an optimizer: what a saddle captures, what diverges, where the rest end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import percent, plain_table, step_text
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give one table for each set of starts."""
    summary = done.summary
    for label, starts in summary["starts"].items():
        title = (
            f"{summary['objective']}, {label}: {starts['n_lanes']} starts, {summary['n_steps']} steps, "
            f"L = {starts['lipschitz']:.4g} there"
        )
        yield Text(title)
        table = plain_table("optimizer")
        for header in ("rate x L", "at a saddle or maximum", "at most", "moving", "diverged", "at rest after"):
            table.add_column(header, justify="right")
        table.add_column("ends")
        for name, figures in starts["optimizers"].items():
            table.add_row(name, *_row(figures, starts["n_lanes"]))
        yield table


def _row(figures: dict[str, Any], n_lanes: int) -> tuple[str, ...]:
    product, ends = figures["learning_rate_times_lipschitz"], figures["end_points"]
    return (
        "-" if product is None else f"{product:.3g}",
        f"{figures['n_captured']} of {n_lanes}",
        f"{figures['fraction_captured_high']:.2g}",
        percent(figures["end_kinds"]["moving"]),
        percent(figures["end_kinds"]["infinite"]),
        step_text(figures["median_rest_step"]),
        ", ".join(f"{point} {part:.0%}" for point, part in ends.items() if part >= 0.005) or "-",
    )
