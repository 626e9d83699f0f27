"""Tables of known critical points: data with provenance and accuracy, one JSON file for each family of objectives."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from saddlesim.objectives.critical_point import CriticalPoint


class Table(NamedTuple):
    """The critical points of one objective.

    Attributes
    ----------
    points : tuple of CriticalPoint
    complete : bool
        Whether they are proved to be all of them in the objective's domain.
    provenance, accuracy : str
        How they were found, and to what accuracy their coordinates are known.
    """

    points: tuple[CriticalPoint, ...]
    complete: bool
    provenance: str
    accuracy: str


@functools.cache
def table(family: str, name: str) -> Table | None:
    """Read the entry `name` of a family's table; None where there is none."""
    entry = _family(family).get(name)
    if entry is None:
        return None
    points = (CriticalPoint(**{**point, "x": np.array(point["x"], dtype=np.float64)}) for point in entry["points"])
    return Table(tuple(points), entry["complete"], entry["provenance"], entry["accuracy"])


@functools.cache
def _family(family: str) -> dict[str, Any]:
    path = resources.files(__package__).joinpath(f"{family}.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
