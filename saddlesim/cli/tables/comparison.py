"""Comparison: a line for each optimizer, over all problems; then the tuned learning rates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import percent, plain_table, step_text
from saddlesim.experiments.comparison_result import FACTORS
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give the table of optimizers, and that of learning rates."""
    summary = done.summary
    yield Text(
        f"{summary['n_problems']} problems, solved when no more than {summary['tolerance']:g} of the best decrease is missing; "
        f"{summary['n_steps']} steps; cost in gradients"
    )
    table = plain_table("optimizer")
    for header in ("solved", "median cost", "cheapest", *(f"within {factor}x" for factor in FACTORS[1:])):
        table.add_column(header, justify="right")
    for label, figures in summary["optimizers"].items():
        interval = f"[{percent(figures['fraction_solved_low'])}, {percent(figures['fraction_solved_high'])}]"
        within = (percent(figures[f"within_{factor}"]) for factor in FACTORS)
        table.add_row(
            label, f"{percent(figures['fraction_solved'])} {interval}", step_text(figures["median_cost"]), *within
        )
    yield table
    rates = plain_table("tuned learning rate")
    for label in summary["optimizers"]:
        rates.add_column(label, justify="right")
    for objective, figures in summary["objectives"].items():
        rates.add_row(objective, *map(_rate, figures.values()))
    yield rates
    if any(each["at_the_edge"] for figures in summary["objectives"].values() for each in figures.values()):
        yield Text("*: the lowest or the highest rate tried; one beyond might be better", style="italic")
    by_objective = summary["objectives"].items()
    unsolved = [name for name, figures in by_objective if not any(each["fraction_solved"] for each in figures.values())]
    if unsolved:
        told = f"no problem of {', '.join(unsolved)} counts as solved: no optimizer reaches a finite lowest value from there"
        yield Text(told, style="italic")


def _rate(figures: dict[str, Any]) -> str:
    rate = figures["learning_rate"]
    return "-" if rate is None else f"{rate:g}{'*' if figures['at_the_edge'] else ''}"
