"""Tables: what a finished run prints for people."""

from __future__ import annotations

import math
from typing import Any

from rich.table import Table
from rich.text import Text

from saddlesim.cli.console import console_for_results
from saddlesim.experiments import ClassificationResult, EscapeResult
from saddlesim.experiments.base import dotted_figures
from saddlesim.runs import Run
from saddlesim.scenario import Check


def print_result(done: Run, quiet: bool, verbose: bool) -> None:
    """Print the table, a line an expectation, and the folder; only what failed and the folder if quiet."""
    console = console_for_results()
    if not quiet:
        console.print(Text(done.scenario.title, style="bold"))
        tables = {EscapeResult: _escape_table, ClassificationResult: _census_table}
        table = tables.get(type(done.result), _figure_table)(done)
        console.print(table)
    for check in done.expect:
        if not quiet or not check.passed:
            console.print(_check_line(check), soft_wrap=True)
    if verbose:
        blocks, seconds = done.manifest["blocks"], done.manifest["times"]["seconds"]
        told = "{computed} of {total} blocks computed, the rest reused; {jobs} workers".format(**blocks)
        console.print(Text(f"{told}, {seconds} s"), soft_wrap=True)
    console.print(Text(str(done.folder)), soft_wrap=True)


def _escape_table(done: Run) -> Table:
    summary = done.summary
    saddle = summary["saddle"]
    told = ", ".join(f"{each:.4g}" for each in saddle["eigenvalues"][:6]) + (
        ", ..." if len(saddle["eigenvalues"]) > 6 else ""
    )
    table = Table(
        box=None, pad_edge=False, header_style="bold", title_justify="left", caption_justify="left", title_style=""
    )
    table.title = (
        f"{summary['objective']}: {saddle['kind']} at {_point(saddle['x'])}, Hessian eigenvalues {told}\n"
        f"{summary['n_lanes']} lanes, {summary['n_steps']} steps, escape radius {summary['escape_radius']:g}"
    )
    table.add_column("optimizer")
    for header in ("median escape step", "law", "error", "escaped", "still there", "diverged", "plateau"):
        table.add_column(header, justify="right")
    table.add_column("where lanes end")
    for label, figures in summary["optimizers"].items():
        table.add_row(label, *_escape_row(figures))
    return table


def _escape_row(figures: dict[str, Any]) -> tuple[str, ...]:
    median, low, high = (figures[f"median_escape_step{suffix}"] for suffix in ("", "_low", "_high"))
    interval = "" if low == high else f" [{_step(low)}, {_step(high)}]"
    law, error = figures["law_median_escape_step"], figures["relative_error"]
    return (
        f"{_step(median)}{interval}",
        _step(law) if law is not None else "-",
        f"{error:+.1%}" if error is not None else "-",
        *(f"{figures[f'fraction_{kind}']:.1%}" for kind in ("escaped", "never_left", "diverged")),
        _step(figures["plateau_steps"]) if figures["plateau_steps"] is not None else "-",
        ", ".join(f"{kind} {part:.0%}" for kind, part in figures["final_kinds"].items() if part >= 0.005),
    )


def _census_table(done: Run) -> Table:
    columns = ("minima", "saddles", "maxima", "degenerate_points", "degenerate_sets", "unresolved", "euler_sum")
    table = Table("objective", "status", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for label, figures in done.summary["objectives"].items():
        status = "complete" if figures["complete"] else "incomplete"
        if figures["complete"] and figures["all_proved"]:
            status = "complete, proved"
        table.add_row(label, status, *("-" if figures[name] is None else str(figures[name]) for name in columns))
    return table


def _figure_table(done: Run) -> Table:
    table = Table("figure", "value", box=None, pad_edge=False, header_style="bold")
    for name, value in dotted_figures(done.summary).items():
        table.add_row(name, f"{value:g}")
    return table


def _check_line(check: Check) -> Text:
    verdict = Text("ok     ", style="green") if check.passed else Text("FAILED ", style="bold red")
    value = "missing" if check.value is None else _figure(check.value)
    within = f" within {check.tolerance:.3g}" if check.tolerance else ""
    source = f" ({check.source})" if check.source else ""
    return verdict.append(
        f"{check.name} = {value}, expected {_figure(check.expected)}{within}{source}", style="default"
    )


def _step(step: float) -> str:
    return "never" if math.isinf(step) else f"{step:g}"


def _figure(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:.6g}"


def _point(x: list[float]) -> str:
    told = [f"{each:.4g}" for each in x[:6]]
    return f"({', '.join(told)}{', ...' if len(x) > 6 else ''})"
