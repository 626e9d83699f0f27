"""Tables of known critical points: data with provenance and accuracy, one JSON file for each family of objectives."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

import numpy as np

from saddlesim.objectives.base import CriticalPoint


@functools.cache
def critical_points(family: str, name: str) -> tuple[CriticalPoint, ...] | None:
    """Read the points of the entry `name` of a family's table; None where the table has no such entry."""
    entry = _family(family).get(name)
    if entry is None:
        return None
    return tuple(CriticalPoint(**{**point, "x": np.array(point["x"], dtype=np.float64)}) for point in entry["points"])


@functools.cache
def _family(family: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(f"{family}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]
