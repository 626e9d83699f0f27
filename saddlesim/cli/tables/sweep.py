"""Sweep: a line for each point, the median escape step of each optimizer beside its law; then the fits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from saddlesim.cli.tables.figures import plain_table, step_text
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give the table of points, and one of fits where there are any."""
    summary = done.summary
    points = list(summary["points"].values())
    paths, labels = list(points[0]["setting"]), list(points[0]["optimizers"])
    told = f"{summary['objective']}: {summary['n_points']} points, {summary['n_lanes']} lanes each; median escape step (law)"
    yield Text(told)
    table = plain_table(*paths)
    for label in labels:
        table.add_column(label, justify="right")
    for point in points:
        swept = (f"{each:.4g}" if isinstance(each, float) else str(each) for each in point["setting"].values())
        table.add_row(*swept, *(_median(point["optimizers"][label]) for label in labels))
    yield table
    if summary["fits"]:
        yield _fits(summary["fits"])


def _median(figures: dict[str, Any]) -> str:
    law = figures["law_median_escape_step"]
    diverged = f", {figures['fraction_diverged']:.0%} diverged" if figures["fraction_diverged"] else ""
    told = f" ({step_text(law)})" if law is not None else ""
    return f"{step_text(figures['median_escape_step'])}{told}{diverged}"


_FORMS = {
    "power": "T ~ x^slope",
    "logarithm": "T ~ slope ln x",
    "polylogarithm": "T ~ (ln x)^slope",
}


def _fits(fits: dict[str, Any]) -> Table:
    table = plain_table("fit", "optimizer", "x", "form")
    for header in ("slope", "by the law"):
        table.add_column(header, justify="right")
    for name, fit in fits.items():
        slope, predicted = fit["slope"], fit["predicted_slope"]
        measured = (
            f"{slope:.4g} [{fit['slope_low']:.4g}, {fit['slope_high']:.4g}]"
            if slope is not None
            else "fewer than half leave"
        )
        told = f"{predicted:.4g}" if predicted is not None else "-"
        table.add_row(name, fit["optimizer"], fit["along"], _FORMS[fit["form"]], measured, told)
    return table
