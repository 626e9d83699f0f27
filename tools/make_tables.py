"""Make the tables of critical points: ``python tools/make_tables.py classic surfaces ...`` writes one file for each named room.

Every class of the room whose formula is text gets an entry for each of its examples: the critical points in its domain, as
completely as they can be had, with what is proved and what is not. No entry where they are not isolated, too many, or none was
found.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mpmath
import numpy as np
from refinement import Refined
from survey import MOST_POINTS, Survey

from saddlesim.objectives import tables
from saddlesim.objectives.base import LibraryObjective
from saddlesim.registry import declared_in

MOST_COMPONENTS = 6
SECONDS = int(
    os.environ.get("SECONDS_EACH", "60")
)  # for one function; where gradients vanish over a plain, points never end
KINDS = ("minimum", "saddle", "maximum", "degenerate")
LABELS = {"himmelblau": {"maximum_1": "maximum"}}  # a name that scenarios know


def main(rooms: Sequence[str]) -> None:
    """Write the tables of the rooms."""
    for room in rooms:
        entries = {}
        for objective in _objectives(room):
            began = time.process_time()
            try:
                with _at_most(SECONDS):
                    survey = Survey(objective)
                    entry = _entry(survey)
            except (
                TimeoutError,
                RuntimeError,
            ) as error:  # mpmath's eigenvalues may not converge where entries span 1e300
                _say(f"{room}.{objective.table_key}: NO ENTRY ({error or f'not done in {SECONDS} s'})")
                continue
            if entry is not None:
                entries[objective.table_key] = entry
            _say(f"{room}.{objective.table_key}: {_summary(survey, entry)}, {time.process_time() - began:.1f} s")
        text = json.dumps(entries, indent=1, allow_nan=False)
        pathlib.Path(tables.__file__).with_name(f"{room}.json").write_text(text, encoding="utf-8")


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in what takes longer."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _objectives(room: str) -> Iterator[LibraryObjective]:
    """Give one objective for each entry that there is to make."""
    texts: dict[str, str | None] = {}
    for cls in declared_in(importlib.import_module(f"saddlesim.objectives.{room}")):
        for objective in cls.examples():  # type: ignore[attr-defined]
            key, text = objective.table_key, objective.expression_text
            if key in texts:
                if texts[key] != text:
                    raise SystemExit(f"{room}: two functions share the table key {key}")
            elif text is None or objective.dimension > MOST_COMPONENTS:
                _say(f"{room}.{key}: no text, or more than {MOST_COMPONENTS} components")
            else:
                yield objective
            texts[key] = text


def _entry(survey: Survey) -> dict[str, Any] | None:
    if survey.endless or survey.n_curves or not (survey.inside or survey.proved):
        return None
    points = _labelled(survey.inside, LABELS.get(survey.objective.table_key, {}))
    return {
        "provenance": " ".join(_provenance(survey, points)),
        "accuracy": "nearest float64 in each component",
        "complete": survey.proved,
        "points": [_record(label, point) for label, point in points.items()],
    }


def _labelled(points: Sequence[Refined], renamed: dict[str, str]) -> dict[str, Refined]:
    """Number them within each kind, by value, and by position where values are equal."""
    ordered = sorted(
        points, key=lambda p: (KINDS.index(p.around.kind), float(mpmath.nstr(p.value, 12)), *map(_nearest, p.x))
    )
    labels: dict[str, Refined] = {}
    for point in ordered:
        label = f"{point.around.kind}_{1 + sum(each.around.kind == point.around.kind for each in labels.values())}"
        labels[label] = point
    return {renamed.get(label, label): point for label, point in labels.items()}


def _record(label: str, point: Refined) -> dict[str, Any]:
    record = {
        "label": label,
        "x": [_nearest(each) for each in point.x],
        "value": _nearest(point.value),
        "index": point.index,
        "kind": point.around.kind,
    }
    return record | ({"nullity": point.nullity} if point.nullity else {})


def _nearest(number: Any) -> float:
    """Give the float64 nearest to a number of mpmath."""
    return float(mpmath.nstr(number, 45))


# ---- what is said about it


def _provenance(survey: Survey, points: dict[str, Refined]) -> Iterator[str]:
    if survey.elimination is not None and survey.proved:
        yield _told_elimination(survey)
    else:
        yield (
            f"Newton's and Levenberg-Marquardt's methods from {survey.n_starts} starts spread over the domain, of which the "
            f"last {survey.n_in_vain} led to nothing new; refined by Newton's method to 50 digits."
        )
        yield from _told_winding(survey)
        yield "No proof that there are no others."
    for label, point in points.items():
        if point.nullity:
            place = "coordinates confirmed by SymPy" if point.exact else "coordinates to 40 digits"
            yield (
                f"{label}: {place}; its kind from the values of the function reduced to the null space of the Hessian, "
                "at 60 digits."
            )
    if survey.objective.non_smooth:
        yield f"Only where it is smooth: it is not {survey.objective.non_smooth}."


def _told_elimination(survey: Survey) -> str:
    made = survey.elimination
    told = []
    if made is not None and made.eliminated:
        told.append("Variables that occur squared with a constant coefficient are eliminated.")
    if made is not None and made.remaining == 2:
        told.append(
            "The real roots of the resultants of the gradient's components by either variable are isolated exactly with SymPy; "
            "at all pairs of roots but those of the points interval arithmetic excludes that the gradient is zero."
        )
    elif made is not None and made.remaining == 1:
        told.append("The real roots of the derivative are isolated exactly with SymPy.")
    n_outside = len(survey.points) - len(survey.inside)
    outside = f"{n_outside} more are outside of the domain" if n_outside else "none is outside of the domain"
    return f"{' '.join(told)} Refined to 50 digits. Proved in all of R^{survey.objective.dimension}; {outside}."


def _told_winding(survey: Survey) -> Iterator[str]:
    if survey.cells is None:
        return
    winding = survey.cells.winding
    untold = np.isnan(winding)
    n_differ, n_cells = int((survey.differ & ~untold).sum()), winding.size
    agree = "agrees with the points in it" if not n_differ else f"agrees with the points in it in all but {n_differ}"
    where = "cells" if not survey.cells.widened else "cells, which reach out a little since a point is on the boundary,"
    yield f"The winding number of the gradient along the boundary of each of {n_cells - untold.sum()} {where} {agree}"
    yield f"({winding[~untold].sum():.0f} in all)." if not untold.any() else f"; {untold.sum()} more cannot be told."


def _summary(survey: Survey, entry: dict[str, Any] | None) -> str:
    counts = "/".join(str(sum(p.index == i for p in survey.inside)) for i in range(survey.objective.dimension + 1))
    told = [counts, f"{len(survey.points) - len(survey.inside)} outside", f"{survey.n_starts} starts"]
    n_singular = sum(p.nullity > 0 for p in survey.inside)
    if n_singular:
        told.append(f"{n_singular} degenerate")
    if entry is None:
        reason = "not isolated" if survey.n_curves else f"more than {MOST_POINTS}" if survey.endless else "none found"
        return ", ".join([*told, f"NO ENTRY ({reason})"])
    told.append("PROVED" if entry["complete"] else "not proved")
    if survey.cells is not None:
        untold = np.isnan(survey.cells.winding)
        n_differ = int((survey.differ & ~untold).sum())
        told.append(f"winding {'MISMATCH' if n_differ else 'ok'} in {n_differ} cells, {untold.sum()} untold")
    return ", ".join(told)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
