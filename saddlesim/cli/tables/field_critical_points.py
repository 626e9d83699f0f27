"""Field critical points: a table for each kind of field, a line an index: how many points, how high, and the exact laws."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import plain_table
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give one table for each kind of field, and what speaks for its being complete."""
    for label, figures in done.summary["fields"].items():
        box = figures["half_box"]
        drawn = f"{done.summary['n_fields']} draws of {figures['field']}"
        yield Text(f"{label}: {drawn}, {figures['n_points']} critical points")
        table = plain_table("index")
        for header in ("points", "fraction", "exact", "z", "in a half-box", "z", "mean value", "exact", "z"):
            table.add_column(header, justify="right")
        for name in (name for name in figures if name.startswith("index_")):
            table.add_row(name.removeprefix("index_"), *_row(figures[name], box[name]))
        yield table
        number, exact, z = _estimate(figures, "mean_number"), figures["exact_mean_number"], _z(figures["mean_number_z"])
        yield Text(f"points of a draw: {number}, exact {exact:.5g}, z = {z}")
        unbalanced = _estimate(box, "mean_absolute_euler_sum")
        yield Text(
            f"sum (-1)^index: not 0 in {figures['nonzero_euler_sums']} draws; in a half-box, whose edge cuts off what would "
            f"balance, {unbalanced} in absolute value"
        )
        if figures["unresolved"]:
            told = f"{figures['unresolved']} draws are unresolved: signs do not cancel, or a finer grid still found other points"
            yield Text(told, style="bold red")


def _row(figures: dict[str, Any], in_box: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(figures["count"]),
        _estimate(figures, "fraction"),
        f"{figures['exact_fraction']:.4f}",
        _z(figures["fraction_z"]),
        _estimate(in_box, "fraction"),
        _z(in_box["fraction_z"]),
        _estimate(figures, "mean_value"),
        f"{figures['exact_mean_value']:.4f}",
        _z(figures["mean_value_z"]),
    )


def _estimate(figures: dict[str, Any], name: str) -> str:
    """Spell a figure with its interval; a dash where there was no point to estimate it from."""
    if figures[name] is None:
        return "-"
    low, high = figures[f"{name}_low"], figures[f"{name}_high"]
    return f"{figures[name]:.4g} [{low:.4g}, {high:.4g}]"


def _z(z: float | None) -> str:
    return "-" if z is None else f"{z:.1f}"
