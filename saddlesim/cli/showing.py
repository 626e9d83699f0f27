"""Showing: the commands about one objective or one of its points."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.table import Table
from rich.text import Text

from saddlesim import store
from saddlesim.analysis import listed_points
from saddlesim.cli.console import console_for_results
from saddlesim.cli.exits import UsageError
from saddlesim.cli.loading import make_folder
from saddlesim.objectives import CriticalPoint, Objective, name_of
from saddlesim.spectrum import eigenvalues, zero_threshold

MOST_DIMENSIONS = 300  # of a Hessian whose eigenvalues are shown
MOST_DRAWN = 100_000  # dimensions of a picture
MOST_COMPONENTS = 6  # of a point in a table

_NOT_IN_TEXT = ("objective", "expression", "latex", "critical_points_complete")  # in JSON only, or told otherwise


def show_objective(objective: Objective, most: int, out: Path, formats: Sequence[str], as_json: bool) -> None:
    """Tell what an objective is and what is known of its critical points; draw it where formats are given."""
    if formats:
        if (d := getattr(objective, "dimension", None) or 0) > MOST_DRAWN:
            raise UsageError(f"--plot: a picture of {d} dimensions would take minutes; at most {MOST_DRAWN}")
        make_folder(out)
    listed = getattr(objective, "critical_points", None)
    points = list(listed_points(objective, most))
    facts = _facts(objective)
    told = [_point(objective, point) for point in points]
    files = _drawn(objective, out, formats)
    if as_json:
        number = {"n_critical_points": None if listed is None else _length(listed)}
        typer.echo(store.json_text({**facts, **number, "critical_points": told, "files": files}))
        return
    console = console_for_results()
    console.print(Text(name_of(objective), style="bold"))
    for name, each in facts.items():
        if each not in (None, "", []) and name not in _NOT_IN_TEXT:
            console.print(Text(f"{name.replace('_', ' '):14} {words(each)}"), soft_wrap=True)
    console.print(Text(_count(objective, listed, len(points))), soft_wrap=True)
    if told:
        console.print(_table(told))
    for path in files:
        console.print(Text(path), soft_wrap=True)


def _facts(objective: Any) -> dict[str, Any]:
    """Give what an objective says of itself; one that is not the library's says less."""
    table = getattr(objective, "table", None)
    domain = getattr(objective, "domain", None)
    function = getattr(objective, "function", None)
    return {
        "objective": name_of(objective),
        "what": (inspect.getdoc(type(objective)) or "").partition("\n")[0],
        "formula": getattr(objective, "expression", None) or getattr(objective, "formula", ""),
        "expression": getattr(objective, "expression_text", None),
        "latex": function.latex if function else None,
        "source": getattr(objective, "source", ""),
        "dimension": getattr(objective, "dimension", None),
        "dimension_rule": getattr(objective, "dimension_rule", ""),
        "domain": None if domain is None else np.asarray(domain).tolist(),
        "symmetries": list(getattr(objective, "symmetries", ())),
        "non_smooth": getattr(objective, "non_smooth", ""),
        "critical_set": getattr(objective, "critical_set", ""),
        "critical_points_complete": bool(getattr(objective, "critical_points_complete", False)),
        "provenance": table.provenance if table else "",
        "accuracy": table.accuracy if table else "",
    }


def _point(objective: Objective, point: CriticalPoint) -> dict[str, Any]:
    shown = len(point.x) <= MOST_DIMENSIONS
    return {
        "label": point.label,
        "kind": point.kind,
        "x": point.x.tolist(),
        "value": point.value,
        "index": point.index,
        "nullity": point.nullity,
        "eigenvalues": eigenvalues(objective.hessian(point.x)).tolist() if shown else None,
    }


def _count(objective: Any, listed: Sequence[CriticalPoint] | None, shown: int) -> str:
    if listed is None and shown:
        return f"critical points: infinitely many; {shown} of them, one of each manifold known"
    if listed is None:
        known = getattr(objective, "critical_set", "")
        return f"critical points: none listed; {'see critical set' if known else 'how many there are is not known'}"
    complete = getattr(objective, "critical_points_complete", False)
    extent = "all that there are in the domain, by proof" if complete else "no claim that these are all"
    number = _length(listed)
    rest = f"; the first {shown}" if shown and (number is None or shown < number) else ""
    return f"critical points: {'beyond count' if number is None else number}, {extent}{rest}"


def _length(listed: Sequence[CriticalPoint]) -> int | None:
    """Count a list; None where a machine word cannot, for a lazy one may have 2^d."""
    try:
        return len(listed)
    except OverflowError:
        return None


def _table(points: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("label", "kind", "index", "nullity", "value", "x", "eigenvalues"):
        table.add_column(header, justify="right" if header in ("index", "nullity", "value") else "left")
    for each in points:
        table.add_row(
            each["label"],
            each["kind"],
            str(each["index"]),
            str(each["nullity"]),
            f"{each['value']:.8g}",
            numbers(each["x"], 7),
            "-" if each["eigenvalues"] is None else numbers(_without_rounding(each["eigenvalues"]), 5),
        )
    return table


def _without_rounding(values: list[float]) -> list[float]:
    """Put 0 for eigenvalues that are called zero."""
    threshold = float(zero_threshold(np.array(values)))
    return [0.0 if abs(each) <= threshold else each for each in values]


def _drawn(objective: Objective, out: Path, formats: Sequence[str]) -> list[str]:
    if not formats:
        return []
    from saddlesim.plots import objective_figure, rendered

    name = getattr(type(objective), "registry_key", type(objective).__name__).replace(":", ".")
    figure = objective_figure(objective)
    paths = [out / f"{name}.{suffix}" for suffix in formats]
    for path, suffix in zip(paths, formats, strict=True):
        store.save_bytes(path, rendered(figure, suffix))
    return [str(path) for path in paths]


def words(value: Any) -> str:
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            boxes = [f"[{low:g}, {high:g}]" for low, high in value]
            return f"{boxes[0]}^{len(boxes)}" if len(set(boxes)) == 1 < len(boxes) else " x ".join(boxes[:6])
        return ", ".join(value) if value and isinstance(value[0], str) else numbers(value, 10, 12)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def numbers(values: Sequence[float], digits: int, most: int = MOST_COMPONENTS) -> str:
    told = [f"{each + 0.0:.{digits}g}" for each in values[:most]]
    return f"({', '.join(told)}{', ...' if len(values) > most else ''})"
