"""Proving: a census of a box, told to people or as JSON."""

from __future__ import annotations

import typer
from rich.table import Table
from rich.text import Text

from saddlesim import store
from saddlesim.analysis import coordinates
from saddlesim.cli.console import console_for_results
from saddlesim.cli.exits import UsageError
from saddlesim.cli.output import Output, drawn, read_box, stem
from saddlesim.cli.showing import numbers, words
from saddlesim.objectives import Objective
from saddlesim.proving import Census, census, counted

MOST_PROVED = 6  # variables; a census may be asked for beyond
MOST_UNRESOLVED = 5  # pieces that are told of one reason


def can_be_proved(objective: Objective) -> bool:
    """Whether a census of it is worth trying."""
    function = getattr(objective, "function", None)
    return function is not None and function.dimension <= MOST_PROVED


def classify_box(objective: Objective, box: str | None, max_boxes: int, seconds: float | None, output: Output) -> None:
    """Take a census of a box and tell what is in it; draw it where formats are given."""
    limits = None if box is None else read_box(box)
    try:
        found = census(objective, limits, max_boxes, seconds)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    files = _drawn_census(objective, found, output)
    if output.as_json:
        typer.echo(store.json_text({**found.as_dict(), "files": files}))
        return
    _print_census(found, output.most)
    for path in files:
        console_for_results().print(Text(path), soft_wrap=True)


def _print_census(found: Census, most: int) -> None:
    console = console_for_results()
    console.print(Text(found.objective, style="bold"))
    console.print(Text(f"box           {words(found.box.tolist())}"), soft_wrap=True)
    console.print(Text(f"status        {found.status}: {_status(found)}"), soft_wrap=True)
    if found.points:
        console.print(_points_table(found, most))
    if len(found.points) > most:
        console.print(Text(f"{len(found.points) - most} more; --most shows more, --json all"), soft_wrap=True)
    for each in found.degenerate:
        where = f"at {coordinates(each.x)}" if each.isolated else f"in {words(each.box.tolist())}"
        told = f"degenerate: {each.kind} {where}, nullity {each.nullity}, f = {each.value:.8g}: {each.reason}"
        console.print(Text(told), soft_wrap=True)
    for line in _unresolved(found):
        console.print(Text(line, style="yellow"), soft_wrap=True)
    if found.connections:
        console.print(Text(_barriers(found)), soft_wrap=True)
    if found.boundary_degree is not None:
        check = f"degree of the gradient on the boundary {found.boundary_degree}, sum of (-1)^index "
        console.print(
            Text(f"check         {check}{'unknown' if found.euler_sum is None else found.euler_sum}"), soft_wrap=True
        )
    if found.alarm:
        console.print(Text(f"ALARM: {found.alarm}", style="bold red"), soft_wrap=True)
    console.print(Text(f"{found.boxes} boxes, {found.seconds:.2f} s"), soft_wrap=True)


def _status(found: Census) -> str:
    """Count in words."""
    kinds = [each.kind for each in found.points]
    isolated = [each for each in found.degenerate if each.isolated]
    told = counted(found.points)
    if "unknown" in kinds:
        told.append(f"{_plural(kinds.count('unknown'), 'point')} whose index is not proved")
    if isolated:
        told.append(_plural(len(isolated), "degenerate point"))
    if len(isolated) < len(found.degenerate):
        told.append("whole sets of degenerate points")
    said = ", ".join(told) or "no critical point"
    edge = sum(each.on_boundary for each in found.points)
    if edge:
        said += f"; {_plural(edge, 'point')} of these on the boundary or nearer to it than can be told"
    if found.status == "complete":
        return f"{said}; there are no others"
    return f"{said} proved so far; unresolved pieces of the box: {len(found.unresolved)}"


def _plural(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _points_table(found: Census, most: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("kind", "index", "value", "x", "eigenvalues", "margin"):
        table.add_column(header, justify="right" if header in ("index", "value", "margin") else "left")
    for each in found.points[:most]:
        kind = f"{each.kind} (on the boundary)" if each.on_boundary else each.kind
        table.add_row(
            kind,
            "-" if each.index is None else str(each.index),
            f"{each.value:.8g}",
            numbers(each.x.tolist(), 7),
            numbers(each.eigenvalues.tolist(), 5),
            f"{each.margin:.1e}",
        )
    return table


def _unresolved(found: Census) -> list[str]:
    """Give a line for each reason, with the first pieces."""
    lines = []
    for reason in dict.fromkeys(each.reason for each in found.unresolved):
        boxes = [each for each in found.unresolved if each.reason == reason]
        shown = "; ".join(words(each.box.tolist()) for each in boxes[:MOST_UNRESOLVED])
        rest = f"; and {len(boxes) - MOST_UNRESOLVED} more" if len(boxes) > MOST_UNRESOLVED else ""
        lines.append(f"unresolved: {reason}: {shown}{rest}")
    return lines


def _barriers(found: Census) -> str:
    heights = [each for link in found.connections for each in link.barriers if each is not None]
    joined = sum(None not in link.minima for link in found.connections)
    told = f"connections   {joined} of {len(found.connections)} saddles of index 1 join two minima of the list"
    return f"{told}; barriers from {min(heights):.6g} to {max(heights):.6g}" if heights else told


def _drawn_census(objective: Objective, found: Census, output: Output) -> list[str]:
    name = stem(objective)
    files = drawn(output, f"{name}_census", lambda plots: plots.census_figure(objective, found))
    if sum(each.kind == "minimum" for each in found.points) > 1 and found.connections:
        files += drawn(
            output, f"{name}_tree", lambda plots: plots.disconnectivity_figure(found.points, found.connections)
        )
    return files
