"""Passage: a line for each run, its median dwell at one saddle after another, and how that grows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import percent, plain_table, step_text
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give one table, a line a run."""
    summary = done.summary
    runs = summary["runs"]
    longest = max(len(run["saddles"]) for run in runs.values())
    yield Text(
        f"median dwell at each saddle, within {summary['radius']:.4g} of it: "
        f"{summary['n_lanes']} lanes, {summary['n_steps']} steps"
    )
    table = plain_table("run")
    for header in (*map(str, range(1, longest + 1)), "growth", "by the law", "at the end", "diverged"):
        table.add_column(header, justify="right")
    for label, run in runs.items():
        dwells = [_dwell(each) for each in run["saddles"].values()]
        row = (*dwells, *[""] * (longest - len(dwells)), *_growth(run), *_fractions(run))
        table.add_row(label, *row)
    yield table
    yield Text("never: fewer than half left; -: none came; growth: at the last saddle left", style="italic")


def _dwell(figures: dict[str, Any]) -> str:
    return "-" if figures["median_dwell"] is None else step_text(figures["median_dwell"])


def _fractions(run: dict[str, Any]) -> tuple[str, str]:
    return percent(run["fraction_at_end"]), percent(run["fraction_diverged"])


def _growth(run: dict[str, Any]) -> tuple[str, str]:
    growth, law = run["growth"], run["predicted_growth"]
    return "-" if growth is None else f"{growth:.3f}", "-" if law is None else f"{law:.3f}"
