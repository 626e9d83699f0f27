"""Make the tables of critical points from the census: ``python tools/make_tables.py [ROOM ...]``, all rooms by default.

Every objective of a room that is text, of at most six variables and without a list of its own gets an entry, or a new one: the
points that are proved in its domain, and whether they are proved to be all. There is none where points fill curves, or are too
many; what the census does not reach keeps the entry that it has.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from saddlesim.objectives import ROOMS, tables
from saddlesim.objectives.base import LibraryObjective
from saddlesim.objectives.family import Family
from saddlesim.proving import Census, census
from saddlesim.proving.clusters import BUDGET_SPENT, TOO_MANY
from saddlesim.registry import declared_in

MAX_BOXES = 1_000_000
MOST_COMPONENTS = 6
MOST_POINTS = 1000
WIDEST = 1e-11  # enclosure, over max(1, |x|)
LISTED_BY_TABLE = (LibraryObjective.critical_points, Family.critical_points)
PARTS = {  # of domains that are out of reach as a whole: where the point is for which the function is known
    "easom": [[2.5, 3.8], [2.5, 3.8]],
    "schaffer2": [[-0.5, 0.5], [-0.5, 0.5]],
    "schaffer4": [[-0.5, 0.5], [-1.5, 1.5]],
    "gulf": [[49.0, 51.0], [24.5, 25.5], [1.45, 1.55]],
}
KINDS = ("minimum", "saddle", "maximum", "degenerate")
LABELS = {"himmelblau": {"maximum_1": "maximum"}, "rosenbrock_4": {"saddle_1": "saddle"}}  # names that scenarios know


def main(rooms: Sequence[str]) -> None:
    """Write the tables of the rooms."""
    for room in rooms:
        path = pathlib.Path(tables.__file__).with_name(f"{room}.json")
        old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        new = dict(old)
        for objective in _objectives(room, old):
            key = objective.table_key
            found = census(objective, PARTS.get(key), MAX_BOXES, connected=False)
            entry = _entry(key, found, old.get(key), objective.non_smooth)
            if entry is not None:
                new[key] = entry
            counts = "/".join(str(found.counts.get(k, 0)) for k in range(objective.dimension + 1))
            told = "no entry" if key not in new else "kept" if entry is None else "entry"
            sys.stdout.write(f"{room}.{key}: {found.status}, {counts}, {len(found.degenerate)} degenerate: {told}\n")
            sys.stdout.flush()
        if new:
            path.write_text(json.dumps(new, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _objectives(room: str, old: Mapping[str, Any]) -> Iterator[LibraryObjective]:
    """Give one objective for each entry that there may be; none of a class whose key does not tell its functions apart."""
    for cls in declared_in(importlib.import_module(f"saddlesim.objectives.{room}")):
        texts: dict[str, set[str | None]] = {}
        for objective in cls.examples():  # type: ignore[attr-defined]
            texts.setdefault(objective.table_key, set()).add(objective.expression_text)
        for objective in cls.examples():  # type: ignore[attr-defined]
            key, text = objective.table_key, objective.expression_text
            by_table = cls.critical_points in LISTED_BY_TABLE or key in old  # type: ignore[attr-defined]
            known = objective.critical_points_complete and key not in old
            small = text is not None and objective.dimension <= MOST_COMPONENTS
            if by_table and small and not known and len(texts[key]) == 1:
                yield objective


def _entry(key: str, found: Census, old: Mapping[str, Any] | None, non_smooth: str) -> dict[str, Any] | None:
    """Give the entry that a census makes; None where it makes none or a poorer one than there is."""
    points = found.listed
    by_budget = any(each.reason in (BUDGET_SPENT, TOO_MANY) for each in found.unresolved)
    sets = any(not each.isolated for each in found.degenerate)
    if sets or by_budget or len(points) > MOST_POINTS or not all(each.index_proved for each in found.points):
        return None
    if found.unresolved and (not points or len(points) < len((old or {}).get("points", ()))):
        return None
    if any(np.ptp(each.enclosure, axis=1).max() > WIDEST * max(1.0, np.abs(each.x).max()) for each in found.points):
        return None
    known = [np.array(each["x"]) for each in (old or {}).get("points", ())]
    scale = max((abs(each.value) for each in points), default=1.0) or 1.0
    ordered = sorted(
        points, key=lambda each: (KINDS.index(each.kind), round(each.value / scale, 12) + 0.0, *_rounded(each.x))
    )
    records, number = [], dict.fromkeys(KINDS, 0)
    for each in ordered:
        number[each.kind] += 1
        label = f"{each.kind}_{number[each.kind]}"
        record = {
            "label": LABELS.get(key, {}).get(label, label),
            "x": _position(each, known).tolist(),
            "value": each.value + 0.0,
            "index": each.index,
            "kind": each.kind,
        }
        records.append(record | ({"nullity": each.nullity} if each.nullity else {}))
    return {
        "provenance": " ".join(_provenance(found, non_smooth, key in PARTS)),
        "accuracy": "within 1e-11 of max(1, |x|), by the enclosure that is proved",
        "complete": found.status == "complete" and key not in PARTS,
        "points": records,
    }


def _position(point: Any, known: Sequence[Any]) -> Any:
    """Give a position that has been refined to more digits, if one is in the enclosure, else the middle of it."""
    bounds = getattr(point, "enclosure", None)
    if bounds is not None:
        for x in known:
            if ((bounds[:, 0] <= x) & (x <= bounds[:, 1])).all():
                return x
    return point.x + 0.0


def _rounded(x: Any) -> tuple[float, ...]:
    return tuple(float(f"{each:.12g}") + 0.0 for each in x)


def _provenance(found: Census, non_smooth: str, in_part: bool) -> Iterator[str]:
    if in_part:
        part = " x ".join(f"[{low:g}, {high:g}]" for low, high in found.box)
        yield f"Census of the part {part} of the domain, which has no others; the rest of the domain is not covered."
    elif found.status == "complete":
        yield "Census: the domain is cut into boxes; each is proved to hold no critical point, or one of these and no other one."
    else:
        yield "Census: each point is proved, and that there are no others but in pieces of the domain that are not resolved:"
        reasons = dict.fromkeys(each.reason for each in found.unresolved)
        told = [f"{sum(each.reason == reason for each in found.unresolved)} of them, {reason}" for reason in reasons]
        yield f"{'; '.join(told)}."
    yield "Indices are proved by bounds of the eigenvalues."
    for each in found.degenerate:
        yield f"Degenerate: {each.kind} {each.reason}."
    if non_smooth:
        yield f"Only where it is smooth: it is not {non_smooth}."


if __name__ == "__main__":
    main(sys.argv[1:] or [each.__name__.rpartition(".")[2] for each in ROOMS])
