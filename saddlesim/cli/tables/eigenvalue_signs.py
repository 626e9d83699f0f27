"""Eigenvalue signs: a line for each ensemble and size; below, in words, what counting could not see."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.tables.figures import plain_table
from saddlesim.experiments.signs.words import count_text, power_text
from saddlesim.runs import Run

HEADERS = ("n", "P(min)", "interval", "by law", "coin", "over coin", "mean index", "variance", "by law", "chi2 z")
RARE_HEADERS = ("n", "log10 P(min)", "interval", "exact", "z", "effective", "of", "method")
EXACT_LOG10 = "log10_exact_probability_minimum"
DIGITS = 3


def tables(done: Run) -> Iterable[RenderableType]:
    """Give the table of counts, a line for each place where no minimum was seen, and the table of rare events."""
    summary = done.summary
    yield Text(
        f"P(min): no negative eigenvalue, and none that is zero; {count_text(summary['n_samples'])} samples, "
        f"intervals of {100 * summary['confidence_level']:g} %; coin: 2^-n"
    )
    table = plain_table("ensemble")
    for header in HEADERS:
        table.add_column(header, justify="right")
    unseen = []
    for label, points in summary["points"].items():
        for figures in points.values():
            table.add_row(label, *_row(figures))
            if figures["blind_spot"]:
                unseen.append(f"{label}, n = {figures['n']}: {figures['blind_spot']}")
    yield table
    yield Text("~: expansion for large n, where no exact law is computed; chi2 z: of the whole law", style="italic")
    if unseen:
        yield Text("No minimum was seen here:", style="italic")
        yield Text("\n".join(unseen))
    yield from _rare_table(summary)


def _rare_table(summary: dict[str, Any]) -> Iterable[RenderableType]:
    """Give the table of what importance sampling and splitting say, if they were asked."""
    table = plain_table("ensemble")
    for header in RARE_HEADERS:
        table.add_column(header, justify="right")
    for label, points in summary["points"].items():
        for figures in points.values():
            if "rare" in figures:
                table.add_row(label, str(figures["n"]), *_rare_row(figures["rare"], figures[EXACT_LOG10]))
    if table.row_count:
        yield Text("Importance sampling and splitting, which see what counting does not:")
        yield table


def _rare_row(figures: dict[str, Any], exact: float | None) -> tuple[str, ...]:
    ends = [figures[f"log_probability_{end}"] for end in ("low", "high")]
    return (
        "not reached" if ends[0] is None else f"{figures['log10_probability']:.6g}",
        "-" if ends[0] is None else f"[{ends[0] / math.log(10):.6g}, {ends[1] / math.log(10):.6g}]",
        _told(exact, lambda log10: f"{log10:.6g}"),
        _told(figures["exact_z"], lambda z: f"{z:.2f}"),
        f"{figures['effective_sample_size']:.0f}",
        str(figures["n_samples"]),
        figures["method"],
    )


def _row(figures: dict[str, Any]) -> tuple[str, ...]:
    low, high = (_probability(figures[f"probability_minimum_{end}"]) for end in ("low", "high"))
    return (
        str(figures["n"]),
        _probability(figures["probability_minimum"]),
        f"[{low}, {high}]",
        _law(figures, "log10_{}_probability_minimum", lambda log10: power_text(log10, DIGITS)),
        power_text(figures["log10_probability_coin"], DIGITS),
        _told(figures["ratio_to_coin"], lambda ratio: f"{ratio:.3g}"),
        f"{figures['mean_index']:.6g}",
        f"{figures['variance_index']:.4g}",
        _law(figures, "{}_variance_index", lambda variance: f"{variance:.4g}"),
        _told(figures["chi_square_z"], lambda z: f"{z:.2f}"),
    )


def _probability(value: float) -> str:
    return power_text(math.log10(value), DIGITS) if value > 0 else "0"


def _told(value: float | None, text: Callable[[float], str]) -> str:
    return "-" if value is None else text(value)


def _law(figures: dict[str, Any], name: str, text: Callable[[float], str]) -> str:
    """Spell what is exactly known, else what an expansion says."""
    exact, expansion = (figures[name.format(source)] for source in ("exact", "expansion"))
    return f"~{text(expansion)}" if exact is None and expansion is not None else _told(exact, text)
