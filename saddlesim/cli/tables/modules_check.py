"""Modules check: a line for each formula, and one for each size of logits."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.console import RenderableType

from saddlesim.cli.tables.figures import plain_table
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give the formulas' errors, then where softmax and cross-entropy break apart but not in one."""
    formulas = plain_table("derivative", title="closed forms, relative difference to")
    for header in ("a complex step", "differences", "of step"):
        formulas.add_column(header, justify="right")
    for label, each in done.summary["formulas"].items():
        formulas.add_row(
            label.replace("_", " "),
            f"{each['complex_step']:.1e}",
            f"{each['difference']:.1e}",
            f"{each['best_step']:g}",
        )
    yield formulas
    logits = plain_table("size of logits", title="gradient by the logits, relative error")
    for header in ("softmax, then cross-entropy", "both in one"):
        logits.add_column(header, justify="right")
    for each in done.summary["logits"].values():
        logits.add_row(f"{each['size']:g}", *map(_error, (each["chained"], each["fused"])))
    yield logits


def _error(error: float) -> str:
    return "breaks: not finite" if math.isinf(error) else f"{error:.1e}"
