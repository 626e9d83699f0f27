"""Declared points: a line for each objective, and a line for each point where the Hessian says something else."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from rich.console import RenderableType

from saddlesim.cli.tables.figures import plain_table
from saddlesim.experiments.declared_points import agreeing
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give the table of objectives, and one of the points that are not as declared, if there are any."""
    table = plain_table("objective")
    for header in ("points", "as declared", "highest index", "value off by", "gradient", "margin of zero"):
        table.add_column(header, justify="right")
    for label, each in done.summary["objectives"].items():
        counts = (str(each[name]) for name in ("n_points", "n_agreeing", "highest_index"))
        sizes = (f"{each[name]:.1e}" for name in ("largest_value_error", "largest_gradient", "smallest_margin"))
        table.add_row(label, *counts, *sizes)
    yield table
    wrong = plain_table("not as declared", "point", title="")
    for header in ("index", "declared", "nullity", "declared"):
        wrong.add_column(header, justify="right")
    for label in done.summary["objectives"]:
        points = done.result.of_case(label)  # type: ignore[attr-defined]
        for i in np.flatnonzero(~agreeing(points)):
            names = ("label", "index", "declared_index", "nullity", "declared_nullity")
            wrong.add_row(label, *(str(points[name][i]) for name in names))
    if wrong.row_count:
        yield wrong
