"""Searching: critical points from many starts, told to people or as JSON, without a claim that they are all."""

from __future__ import annotations

import numpy as np
import typer
from rich.table import Table
from rich.text import Text

from saddlesim import store
from saddlesim.cli.console import console_for_results
from saddlesim.cli.exits import UsageError
from saddlesim.cli.output import Output, drawn, read_box, stem
from saddlesim.cli.showing import numbers, words
from saddlesim.objectives import Objective
from saddlesim.searching import FoundPoint, Search, search


def search_box(objective: Objective, box: str | None, n_starts: int, seconds: float, seed: int, output: Output) -> None:
    """Search a box from many starts and tell what was found; draw what saddles join where formats are given."""
    try:
        found = search(objective, None if box is None else read_box(box), n_starts, None, seconds, seed)
    except ValueError as error:
        raise UsageError(str(error)) from None
    files = []
    if sum(each.kind == "minimum" for each in found.points) > 1 and found.connections:
        files = drawn(
            output,
            f"{stem(objective)}_tree",
            lambda plots: plots.disconnectivity_figure(found.points, found.connections),
        )
    if output.as_json:
        typer.echo(store.json_text({**found.as_dict(), "files": files}))
        return
    _print_search(found, output.most)
    if output.formats and not files:
        console_for_results().print("no picture: a tree needs two minima and a saddle that joins them")
    for path in files:
        console_for_results().print(Text(path), soft_wrap=True)


def _print_search(found: Search, most: int) -> None:
    console = console_for_results()
    console.print(Text(found.objective, style="bold"))
    console.print(Text(f"box           {words(found.box.tolist())}"), soft_wrap=True)
    console.print(Text(f"status        {found.status}"), soft_wrap=True)
    counts = ", ".join(f"{n} of index {index}" for index, n in found.counts.items()) or "none"
    console.print(Text(f"counts        {counts}, modulo the symmetries that the objective declares"), soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("kind", "index", "zero modes", "value", "x", "eigenvalues", "starts"):
        table.add_column(header, justify="left" if header in ("kind", "x", "eigenvalues") else "right")
    for each in found.points[:most]:
        zero = f"{each.nullity}" if each.non_degenerate else f"{each.nullity}, {each.n_symmetry_modes} by symmetry"
        row = (each.kind, str(each.index), zero, f"{each.value:.8g}", numbers(each.x.tolist(), 4, 3))
        table.add_row(*row, numbers(_with_zeros(each), 4, 7), str(each.n_hits))
    console.print(table)
    if len(found.points) > most:
        console.print(Text(f"{len(found.points) - most} more; --most shows more, --json all"), soft_wrap=True)
    missing = found.missing
    told = f"{missing.estimate:.3g} (95%: {missing.low:.0f} to {missing.high:.0f})"
    console.print(
        Text(f"missing       about {told} by capture and recapture: it can warn, never prove"), soft_wrap=True
    )
    console.print(Text(f"{found.n_starts} starts, of which {found.n_failed} led nowhere"), soft_wrap=True)


def _with_zeros(point: FoundPoint) -> list[float]:
    """Put 0 for the eigenvalues that are called zero."""
    values = point.eigenvalues.copy()
    values[np.argsort(np.abs(values))[: point.nullity]] = 0.0
    return [float(each) for each in values]
