"""Classification: a line for each objective, what was proved of it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from saddlesim.cli.tables.figures import plain_table
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[Table]:
    """Give one table, a line an objective."""
    columns = ("minima", "saddles", "maxima", "degenerate_points", "degenerate_sets", "unresolved", "euler_sum")
    table = plain_table("objective", "status")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for label, figures in done.summary["objectives"].items():
        status = "complete" if figures["complete"] else "incomplete"
        if figures["complete"] and figures["all_proved"]:
            status = "complete, proved"
        table.add_row(label, status, *("-" if figures[name] is None else str(figures[name]) for name in columns))
    yield table
