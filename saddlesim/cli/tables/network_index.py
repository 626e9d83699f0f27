"""Network index: a line for each search, a line for each third of the points by loss, and what that supports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import plain_table
from saddlesim.experiments.network_index.judging import OUTCOMES
from saddlesim.runs import Run


def tables(done: Run) -> Iterable[RenderableType]:
    """Give the table of searches, that of losses, and in words what is supported and what is not."""
    told = done.summary
    yield Text(
        f"{told['network']}: {told['dimension']} weights, {told['n_starts']} starts, each the start of every search"
    )
    searches = plain_table("search")
    for header in (*(name.replace("_", " ") for name in OUTCOMES), "distinct", "rank correlation"):
        searches.add_column(header, justify="right")
    for method, figures in told["methods"].items():
        counts = (str(figures[name]) for name in (*OUTCOMES, "distinct"))
        searches.add_row(method.replace("_", " "), *counts, _estimate(figures, "rank_correlation"))
    yield searches
    thirds = plain_table("critical points")
    for header in ("number", "loss", "index / weights", "mean", "mean error"):
        thirds.add_column(header, justify="right")
    for name, band in told["bands"].items():
        if band["count"]:
            loss, fraction = _range(band, "loss"), _range(band, "index_fraction")
            mean, error = band["mean_index_fraction"], band["mean_error"]
            thirds.add_row(
                f"of {name} loss",
                str(band["count"]),
                loss,
                fraction,
                f"{mean:.3f}",
                "-" if error is None else f"{error:.3f}",
            )
    yield thirds
    yield from _verdict(told)


def _verdict(told: dict[str, Any]) -> Iterable[Text]:
    n, rho = told["distinct"], told["rank_correlation"]
    yield Text(
        f"rank correlation of index fraction and loss: {_estimate(told, 'rank_correlation')} from {n} distinct points; with "
        f"the error {_estimate(told, 'rank_correlation_with_error')}"
    )
    if rho is not None:
        low, high = told["rank_correlation_low"], told["rank_correlation_high"]
        shown = (
            "rises with the loss"
            if low > 0
            else "falls with the loss"
            if high < 0
            else "shows no sure trend with the loss"
        )
        yield Text(
            f"supported: among the critical points that these searches reach from these starts, the index {shown}"
        )
    yield Text(
        "not supported: that all critical points do so, or a fair sample of them; each search favours some, and the interval "
        "takes distinct points for independent"
    )
    if told["refused_rank_correlation"] is not None:
        yield Text(
            f"{told['refused']} of {told['walks']} walks were refused; among their ends, but for the lost, the same correlation "
            f"is {_estimate(told, 'refused_rank_correlation')}: it does not tell critical points from others"
        )
    if told["degenerate"]:
        yield Text(f"{told['degenerate']} critical points are degenerate: some eigenvalues are zero", style="italic")


def _estimate(figures: dict[str, Any], name: str) -> str:
    if figures[name] is None:
        return "-"
    return f"{figures[name]:.3f} [{figures[f'{name}_low']:.3f}, {figures[f'{name}_high']:.3f}]"


def _range(band: dict[str, Any], name: str) -> str:
    return f"{band[f'lowest_{name}']:.3f} to {band[f'highest_{name}']:.3f}"
