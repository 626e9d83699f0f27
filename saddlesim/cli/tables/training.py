"""Training: a line for each optimizer, and a line for each plateau of its runs with the critical point that it is near."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import percent, plain_table
from saddlesim.experiments.training.approaches import MEANINGS
from saddlesim.experiments.training.result import MOST_LISTED
from saddlesim.runs import Run

CRITICAL = ("saddle", "minimum", "degenerate")


def tables(done: Run) -> Iterable[RenderableType]:
    """Give where runs end, what their plateaus are near, and what is meant by the words for these places."""
    optimizers, n_runs = done.summary["optimizers"], done.result.experiment.n_runs
    ends, plateaus = plain_table("optimizer", "run"), plain_table("plateau of", "run")
    for header in ("loss", "error", "|gradient|", "eigenvalues", "index", "of at most", "plateaus", "left"):
        ends.add_column(header, justify="right")
    for header in ("steps", "loss", "|gradient|", "is near", "index", "loss there", "distance", "of the way"):
        plateaus.add_column(header, justify="left" if header == "is near" else "right")
    for label, figures in optimizers.items():
        for r in range(n_runs):
            run = figures[f"run_{r}"]
            ends.add_row(label, str(r), *_end(run))
            for each in (run[f"plateau_{p}"] for p in range(min(run["plateaus"], MOST_LISTED))):
                plateaus.add_row(label, str(r), *_plateau(each))
    yield ends
    if plateaus.row_count:
        yield plateaus
    yield from (Text(f"{name.replace('_', ' ')}: {MEANINGS[name]}", style="italic") for name in _words(optimizers))


def _end(run: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{run['final_loss']:.5g}",
        "-" if run["final_error"] is None else percent(run["final_error"]),
        f"{run['final_gradient_norm']:.2g}",
        f"{run['final_lowest_eigenvalue']:.3g} to {run['final_highest_eigenvalue']:.3g}",
        f"{run['final_index']:g}",
        f"{run['highest_index']:g}",
        str(run["plateaus"]),
        str(run["plateaus_left"]),
    )


def _plateau(plateau: dict[str, Any]) -> tuple[str, ...]:
    steps = f"{plateau['first_step']} to {plateau['last_step']}"
    return (
        steps if plateau["left"] else f"{steps}, the end",
        f"{plateau['loss']:.5g}",
        f"{plateau['gradient_norm']:.2g}",
        plateau["place"].replace("_", " "),
        str(plateau["index"]) if plateau["place"] in CRITICAL else "-",
        f"{plateau['critical_loss']:.5g}",
        f"{plateau['distance']:.2g}",
        f"{plateau['relative_distance']:.1%}",
    )


def _words(optimizers: dict[str, Any]) -> list[str]:
    """Give the words in use that are not plain."""
    return [name for name in MEANINGS if name not in CRITICAL and any(each[name] for each in optimizers.values())]
