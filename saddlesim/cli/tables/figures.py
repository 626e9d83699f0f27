"""Figures: how numbers are spelt in tables, and the table of a result that has none of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.table import Table

from saddlesim.experiments.base import dotted_figures
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[Table]:
    """List all figures of the summary."""
    table = plain_table("figure")
    table.add_column("value", justify="right")
    for name, value in dotted_figures(done.summary).items():
        table.add_row(name, f"{value:g}")
    yield table


def plain_table(*columns: str, title: str | None = None) -> Table:
    """Make the frameless table that all results are printed in; the columns given are aligned left."""
    table = Table(
        *columns,
        box=None,
        pad_edge=False,
        header_style="bold",
        title_justify="left",
        caption_justify="left",
        title_style="",
    )
    table.title = title
    return table


def step_text(step: float) -> str:
    """Spell a number of steps."""
    return "never" if math.isinf(step) else f"{step:g}"


def figure_text(value: float) -> str:
    """Spell a figure that is held against another."""
    return "never" if math.isinf(value) else f"{value:.6g}"


def point_text(x: list[float]) -> str:
    """Spell a point, cut off after six components."""
    told = [f"{each:.4g}" for each in x[:6]]
    return f"({', '.join(told)}{', ...' if len(x) > 6 else ''})"


def percent(fraction: float) -> str:
    """Spell a fraction."""
    return f"{fraction:.1%}"
