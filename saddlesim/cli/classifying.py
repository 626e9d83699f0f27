"""Classifying: all critical points of a box with proof, the Hessian test at one point, and a bare matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.table import Table
from rich.text import Text

from saddlesim import store
from saddlesim.analysis import LocalAnalysis, analyse, coordinates, polish
from saddlesim.census import Census, census
from saddlesim.cli.console import console_for_results
from saddlesim.cli.exits import UsageError
from saddlesim.cli.showing import numbers, words
from saddlesim.objectives import Objective
from saddlesim.spectrum import Spectrum, classify, eigenvalues

PLURALS = {"minimum": "minima", "saddle": "saddles", "maximum": "maxima"}
MOST_UNRESOLVED = 5  # pieces that are told of one reason


@dataclass(frozen=True)
class Output:
    """Where and how results go."""

    as_json: bool
    out: Path
    formats: Sequence[str]
    most: int


def classify_box(objective: Objective, box: str | None, max_boxes: int, seconds: float | None, output: Output) -> None:
    """Take a census of a box and tell what is in it; draw it where formats are given."""
    limits = None if box is None else _box(box)
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


def classify_point(objective: Objective, given: str, find: bool, output: Output) -> None:
    """Tell what gradient and Hessian say at a point, or at the critical point that a search from it ends at."""
    x = _point(given, getattr(objective, "dimension", None), str(objective))
    try:
        found = analyse(objective, polish(objective, x) if find else x)
    except ValueError as error:
        raise UsageError(str(error)) from None
    told = _analysis(found)
    files = _drawn(output, _stem(objective), "hessian", lambda plots: plots.hessian_test_figure(objective, found.x))
    if output.as_json:
        typer.echo(store.json_text({"objective": str(objective), **told, "files": files}))
        return
    for line in (*_lines(told), _verdict(found), *files):
        typer.echo(line)


def classify_hessian(given: str, output: Output) -> None:
    """Tell what the eigenvalues of a bare symmetric matrix say."""
    hessian = _matrix(given)
    spectrum = classify(eigenvalues(hessian))
    told = _spectrum(spectrum)
    files = _drawn(output, "quadratic_form", "", lambda plots: plots.quadratic_form_figure(hessian))
    if output.as_json:
        typer.echo(store.json_text({"hessian": hessian.tolist(), **told, "files": files}))
        return
    for line in (*_lines(told), _said(spectrum), *files):
        typer.echo(line)


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
    told = [_counted(kinds.count(kind), kind) for kind in PLURALS if kind in kinds]
    if isolated:
        told.append(f"{len(isolated)} degenerate point{'s' if len(isolated) > 1 else ''}")
    if len(isolated) < len(found.degenerate):
        told.append("whole sets of degenerate points")
    counted = ", ".join(told) or "no critical point"
    proved = all(each.index_proved for each in found.points)
    if found.status == "complete":
        return f"{counted}; there are no others" + ("" if proved else ", but some indices are not proved")
    return f"{counted} proved so far; unresolved pieces of the box: {len(found.unresolved)}"


def _counted(n: int, kind: str) -> str:
    return f"{n} {kind if n == 1 else PLURALS[kind]}"


def _points_table(found: Census, most: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("kind", "index", "value", "x", "eigenvalues", "margin"):
        table.add_column(header, justify="right" if header in ("index", "value", "margin") else "left")
    for each in found.points[:most]:
        kind = f"{each.kind} (on the boundary)" if each.on_boundary else each.kind
        table.add_row(
            kind,
            str(each.index),
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


def _analysis(found: LocalAnalysis) -> dict[str, Any]:
    spectrum = _spectrum(found.spectrum)
    return {
        "x": found.x.tolist(),
        "value": found.value,
        "gradient_norm": found.gradient_norm,
        "critical": found.is_critical,
        **spectrum,
        "kind": spectrum["kind"] if found.is_critical else "none",
    }


def _spectrum(spectrum: Spectrum) -> dict[str, Any]:
    return {
        "eigenvalues": spectrum.eigenvalues.tolist(),
        "inertia": [int(each) for each in spectrum.inertia],
        "index": int(spectrum.index),
        "nullity": int(spectrum.nullity),
        "kind": str(spectrum.kind),
        "threshold": float(spectrum.threshold),
        "margin": float(spectrum.margin),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    def said(name: str, each: Any) -> str:
        return "{} negative, {} zero, {} positive".format(*each) if name == "inertia" else words(each)

    return [f"{name.replace('_', ' '):14} {said(name, each)}" for name, each in told.items()]


def _verdict(found: LocalAnalysis) -> str:
    if not found.is_critical:
        return f"no critical point: |gradient| = {found.gradient_norm:.3g}; --find goes to the one it leads to"
    return _said(found.spectrum)


def _said(spectrum: Spectrum) -> str:
    kind, index = str(spectrum.kind), int(spectrum.index)
    if kind == "degenerate":
        return "degenerate: eigenvalues of one sign and zeros, or zeros alone; the second-derivative test is silent"
    margin = float(spectrum.margin)
    return f"{kind} of index {index}; the eigenvalue nearest to 0 is {margin:.3g} times what would be called zero"


def _drawn_census(objective: Objective, found: Census, output: Output) -> list[str]:
    name = _stem(objective)
    files = _drawn(output, name, "census", lambda plots: plots.census_figure(objective, found))
    if len([each for each in found.points if each.kind == "minimum"]) > 1 and found.connections:
        files += _drawn(
            output, name, "tree", lambda plots: plots.disconnectivity_figure(found.points, found.connections)
        )
    return files


def _drawn(output: Output, name: str, what: str, draw: Any) -> list[str]:
    if not output.formats:
        return []
    from saddlesim import plots

    figure = draw(plots)
    stem = f"{name}_{what}" if what else name
    paths = [output.out / f"{stem}.{suffix}" for suffix in output.formats]
    for path, suffix in zip(paths, output.formats, strict=True):
        store.save_bytes(path, plots.rendered(figure, suffix))
    return [str(path) for path in paths]


def _stem(objective: Objective) -> str:
    return str(getattr(type(objective), "registry_key", type(objective).__name__)).replace(":", ".")


def _box(given: str) -> list[list[float]]:
    """Read ``-6,6;-6,6``."""
    try:
        rows = [[float(each) for each in row.split(",")] for row in given.strip("[]() ").split(";")]
    except ValueError:
        rows = []
    if not rows or any(len(row) != 2 for row in rows):
        raise UsageError(f'--box {given!r}: must be a low and a high number for each variable, such as "-6,6;-6,6"')
    return rows


def _matrix(given: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Read ``2,1;1,-3``."""
    example = 'such as "2,1;1,-3"'
    try:
        rows = [[float(each) for each in row.split(",")] for row in given.strip("[]() ").split(";")]
    except ValueError:
        raise UsageError(f"--hessian {given!r}: must be numbers, rows apart by semicolons, {example}") from None
    if any(len(row) != len(rows) for row in rows):
        raise UsageError(f"--hessian {given!r}: must be square, {example}")
    matrix = np.array(rows)
    if not np.isfinite(matrix).all():
        raise UsageError(f"--hessian {given!r}: must be finite")
    if not np.array_equal(matrix, matrix.T):
        i, j = np.argwhere(matrix != matrix.T)[0] + 1
        raise UsageError(
            f"--hessian {given!r}: must be symmetric, but entry ({i}, {j}) is {matrix[i - 1, j - 1]:g} and "
            f"({j}, {i}) is {matrix[j - 1, i - 1]:g}"
        )
    return matrix


def _point(given: str, dimension: int | None, objective: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        x = np.array([float(each) for each in given.strip("[]() ").split(",")])
    except ValueError:
        raise UsageError(f"--at {given!r}: must be numbers with commas between, such as --at 0.1,2.9") from None
    if not np.isfinite(x).all():
        raise UsageError(f"--at {given}: must be finite")
    if dimension is not None and len(x) != dimension:
        raise UsageError(f"--at {coordinates(x)} has {len(x)} components but {objective} has dimension {dimension}")
    return x
