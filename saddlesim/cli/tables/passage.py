"""Passage: a line for each run, its median dwell at one saddle after another, and how that grows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table

from saddlesim.cli.tables.figures import percent, plain_table, step_text
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[Table]:
    """Give one table, a line a run."""
    summary = done.summary
    runs = summary["runs"]
    longest = max(len(run["saddles"]) for run in runs.values())
    title = (
        f"median dwell at each saddle, within {summary['radius']:.4g} of it: "
        f"{summary['n_lanes']} lanes, {summary['n_steps']} steps"
    )
    table = plain_table("run", title=title)
    for header in (*map(str, range(1, longest + 1)), "growth", "by the law", "at the end"):
        table.add_column(header, justify="right")
    for label, run in runs.items():
        dwells = [_dwell(each) for each in run["saddles"].values()]
        row = (*dwells, *[""] * (longest - len(dwells)), *_growth(run), percent(run["fraction_at_end"]))
        table.add_row(label, *row)
    table.caption = "never: fewer than half left; -: none came; growth: at the last saddle left"
    yield table


def _dwell(figures: dict[str, Any]) -> str:
    return "-" if figures["median_dwell"] is None else step_text(figures["median_dwell"])


def _growth(run: dict[str, Any]) -> tuple[str, str]:
    growth, law = run["growth"], run["predicted_growth"]
    return "-" if growth is None else f"{growth:.3f}", "-" if law is None else f"{law:.3f}"
