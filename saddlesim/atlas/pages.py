"""Pages: what the atlas says, in Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence

import numpy as np

from saddlesim.atlas.survey import Entry
from saddlesim.proving import Census, counted
from saddlesim.proving.result import KINDS

MOST_ROWS = 100  # of a table of points
MOST_PIECES = 10  # unresolved ones that are told


def index_page(entries: Sequence[Entry]) -> str:
    """Give the table of contents: one line for each objective, and how far its census got."""
    complete = [each for each in entries if each.found.status == "complete"]
    lines = [
        "# Atlas of critical points",
        "",
        f"{len(entries)} objectives in their usual domains; for {len(complete)} of them all critical points are known, by proof.",
        "",
        "| objective | status | minima | saddles | maxima | degenerate | why not complete |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for each in entries:
        found = each.found
        counts = [sum(point.kind == kind for point in found.points) for kind in KINDS]
        reasons = "; ".join(dict.fromkeys(piece.reason for piece in found.unresolved))
        cells = [
            f"[{each.objective}]({each.name}.md)",
            found.status,
            *map(str, counts),
            str(len(found.degenerate)),
            reasons,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def objective_page(entries: Sequence[Entry]) -> str:
    """Give the page of one registry key: what it is, and all that is proved of each of its instances."""
    first = entries[0].objective
    lines = [
        f"# {entries[0].name}",
        "",
        (inspect.getdoc(type(first)) or "").partition("\n")[0],
        "",
        f"- formula: `{first.formula}`",
        f"- source: {first.source}",
    ]
    lines += [f"- not smooth {first.non_smooth}"] if first.non_smooth else []
    for each in entries:
        lines += ["", f"## {each.objective}", "", *_census(each.found)]
    return "\n".join(lines) + "\n"


def _census(found: Census) -> Iterable[str]:
    box = " x ".join(f"[{low:g}, {high:g}]" for low, high in found.box)
    yield f"In {box}: **{found.status}**, {_counted(found)}; {found.boxes} boxes."
    if found.boundary_degree is not None and found.euler_sum is not None:
        yield ""
        yield f"The gradient's degree on the boundary is {found.boundary_degree}, the sum of (-1)^index {found.euler_sum}."
    if found.points:
        yield from ("", "| kind | index | value | x | eigenvalues |", "|---|--:|--:|---|---|")
    for point in found.points[:MOST_ROWS]:
        kind = f"{point.kind}, on the boundary" if point.on_boundary else point.kind
        index = "-" if point.index is None else str(point.index)
        cells = (kind, index, f"{point.value:.12g}", numbers(point.x, 15), numbers(point.eigenvalues, 8))
        yield f"| {' | '.join(cells)} |"
    if len(found.points) > MOST_ROWS:
        yield from ("", f"{len(found.points) - MOST_ROWS} more are in atlas.json.")
    for each in found.degenerate:
        where = f"at {numbers(each.x, 15)}" if each.isolated else f"in {_box(each.box)}"
        yield from ("", f"Degenerate: {each.kind} {where}, nullity {each.nullity}: {each.reason}.")
    for reason in dict.fromkeys(each.reason for each in found.unresolved):
        pieces = [_box(each.box) for each in found.unresolved if each.reason == reason]
        rest = f" and {len(pieces) - MOST_PIECES} more" if len(pieces) > MOST_PIECES else ""
        yield from ("", f"Unresolved, {reason}: {'; '.join(pieces[:MOST_PIECES])}{rest}.")


def _counted(found: Census) -> str:
    told = counted(found.points)
    unknown = sum(each.kind == "unknown" for each in found.points)
    told += [f"{unknown} of unproved index"] if unknown else []
    told += [f"{len(found.degenerate)} degenerate"] if found.degenerate else []
    return ", ".join(told) or "no critical point"


def numbers(values: Iterable[float], digits: int) -> str:
    """Write a vector."""
    return f"({', '.join(f'{each + 0.0:.{digits}g}' for each in values)})"


def _box(box: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return " x ".join(f"[{low:.6g}, {high:.6g}]" for low, high in box)
