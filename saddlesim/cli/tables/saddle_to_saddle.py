"""Saddle to saddle: for each scale the stages, from the origin to the minimum, and when each mode was learned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import plain_table
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give two tables for each scale, and one of how half-times grow as the scale goes to zero."""
    for figures in done.summary["scales"].values():
        yield Text(
            f"weights of size {figures['scale']:g} at the start; modes learned in order in {figures['in_order']:.0%} of lanes"
            + (f", diverged {figures['diverged']:.0%}" if figures["diverged"] else "")
        )
        stages = plain_table("kept")
        for header in ("loss", "index", "visited", "closest", "least |gradient|", "time there"):
            stages.add_column(header, justify="right")
        for each in (each for name, each in figures.items() if name.startswith("stage_")):
            stages.add_row(
                "{" + ", ".join(map(str, each["subset"])) + "}",
                f"{each['loss']:g}",
                "-" if each["index"] is None else str(each["index"]),
                f"{each['visited']:.0%}",
                f"{each['closest']:.2g}",
                f"{each['gradient_norm']:.2g}",
                f"{each['duration']:.4g}",
            )
        yield stages
        modes = plain_table("mode")
        for header in ("half-time", "law", "largest deviation"):
            modes.add_column(header, justify="right")
        for name, each in figures.items():
            if name.startswith("mode_"):
                modes.add_row(
                    name.removeprefix("mode_"),
                    _estimate(each, "half_time"),
                    *map(_number, (each["law"], each["largest_deviation"])),
                )
        yield modes
    if "slopes" in done.summary:
        slopes = plain_table("mode", title="half-time against ln(1 / scale)")
        for header in ("slope", "law"):
            slopes.add_column(header, justify="right")
        for name, each in done.summary["slopes"].items():
            slopes.add_row(name.removeprefix("mode_"), _estimate(each, "slope"), _number(each["law"]))
        yield slopes


def _estimate(figures: dict[str, Any], name: str) -> str:
    """Spell a figure with its interval; "never" where some lane has none."""
    if figures[name] is None:
        return "never"
    low, high = figures[f"{name}_low"], figures[f"{name}_high"]
    return f"{figures[name]:.4g}" + (f" [{low:.4g}, {high:.4g}]" if high > low else "")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
