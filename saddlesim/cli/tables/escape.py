"""Escape: a line for each optimizer, what was measured beside the law."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rich.table import Table

from saddlesim.cli.tables.figures import percent, plain_table, point_text, step_text
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[Table]:
    """Give one table, a line an optimizer."""
    summary = done.summary
    saddle = summary["saddle"]
    told = ", ".join(f"{each:.4g}" for each in saddle["eigenvalues"][:6]) + (
        ", ..." if len(saddle["eigenvalues"]) > 6 else ""
    )
    title = (
        f"{summary['objective']}: {saddle['kind']} at {point_text(saddle['x'])}, Hessian eigenvalues {told}\n"
        f"{summary['n_lanes']} lanes, {summary['n_steps']} steps, escape radius {summary['escape_radius']:g}"
    )
    table = plain_table("optimizer", title=title)
    for header in ("median escape step", "law", "error", "escaped", "still there", "diverged", "plateau"):
        table.add_column(header, justify="right")
    table.add_column("where lanes end")
    for label, figures in summary["optimizers"].items():
        table.add_row(label, *_row(figures))
    yield table


def _row(figures: dict[str, Any]) -> tuple[str, ...]:
    median, low, high = (figures[f"median_escape_step{suffix}"] for suffix in ("", "_low", "_high"))
    interval = "" if low == high else f" [{step_text(low)}, {step_text(high)}]"
    law, error = figures["law_median_escape_step"], figures["relative_error"]
    return (
        f"{step_text(median)}{interval}",
        step_text(law) if law is not None else "-",
        f"{error:+.1%}" if error is not None and (math.isfinite(median) or math.isinf(law)) else "-",
        *(percent(figures[f"fraction_{kind}"]) for kind in ("escaped", "never_left", "diverged")),
        step_text(figures["plateau_steps"]) if figures["plateau_steps"] is not None else "-",
        ", ".join(f"{kind} {part:.0%}" for kind, part in figures["final_kinds"].items() if part >= 0.005),
    )
