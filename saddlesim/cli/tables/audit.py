"""Audit: a line for each method, how often its success is false by where it started; then the same by objective."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table

from saddlesim.cli.tables.figures import plain_table
from saddlesim.runs import Run

STARTS = {  # of the experiment's kinds, as the narrow columns spell them
    "saddle": "on the\nsaddle",
    "stable_eigenspace": "stable\neigenspace",
    "beside_saddle": "beside\nsaddle",
    "beside_stable_eigenspace": "beside\neigenspace",
    "random": "random",
}


def tables(done: Run) -> Iterable[Table]:
    """Give the table of methods, and one of objectives against methods."""
    summary = done.summary
    methods = summary["methods"]
    title = (
        "False success: the method says that it succeeded where the Hessian has a negative eigenvalue.\n"
        f"{summary['n_runs']} runs on {len(summary['objectives'])} objectives; in brackets: Wilson's 95 % interval"
    )
    table = plain_table("method", title=title)
    headers = (
        "false success",
        *STARTS.values(),
        "claims\nsuccess",
        "honest\nfailure",
        "evalua-\ntions",
        "all leave\nfrom",
    )
    for header in headers:
        table.add_column(header, justify="right")
    for label, figures in methods.items():
        table.add_row(label, *_row(figures))
    yield table

    by_objective = plain_table("objective", title="\nFalse success by objective")
    for label in methods:
        by_objective.add_column(label.replace("-", "-\n").replace("_", "_\n"), justify="right")
    for label, figures in summary["objectives"].items():
        rates = (each["false_success_rate"] for each in figures["methods"].values())
        by_objective.add_row(label, *map(_share, rates))
    yield by_objective


def _row(figures: dict[str, Any]) -> tuple[str, ...]:
    rate, low, high = (figures[f"false_success_rate{suffix}"] for suffix in ("", "_low", "_high"))
    distance = figures["release_distance_beside_saddle"]
    return (
        f"{rate:.0%} [{100 * low:.0f}, {100 * high:.0f}]",
        *(_share(figures["by_start"][start]["false_success_rate"]) for start in STARTS),
        *(_share(figures[name]) for name in ("success_rate", "honest_failure_rate")),
        f"{figures['median_evaluations']:g}",
        "never" if distance == float("inf") else f"{distance:.0e}",
    )


def _share(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"
