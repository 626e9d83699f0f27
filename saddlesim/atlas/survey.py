"""Survey: the census of every objective of the library that has an expression of few variables."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.base import LibraryObjective
from saddlesim.proving import Census, census

MAX_BOXES = 300_000  # of one census
MOST_DIMENSIONS = 6


@dataclass(frozen=True, eq=False)
class Entry:
    """What the census says of one objective in its usual domain.

    Attributes
    ----------
    name : str
        Its registry key.
    objective : LibraryObjective
    found : Census
    """

    name: str
    objective: LibraryObjective
    found: Census


def instances(names: Sequence[str] = ()) -> Iterator[tuple[str, int]]:
    """Give the name and the place among its examples of each objective that is taken; all by default."""
    for name in names or sorted(OBJECTIVES.builtin):
        if name == "expression":
            continue
        for place, each in enumerate(_examples(name)):
            if each.function is not None and each.dimension <= MOST_DIMENSIONS:
                yield name, place


def survey(
    names: Sequence[str] = (), max_boxes: int = MAX_BOXES, jobs: int = 1, progress: Callable[[str], None] | None = None
) -> list[Entry]:
    """Take the census of objectives.

    Parameters
    ----------
    names : sequence of str
        Registry keys; all by default.
    max_boxes : int
        After how many boxes each census stops.
    jobs : int
        Worker processes; the result does not depend on it.
    progress : callable, optional
        Told a line when an objective is done.
    """
    wanted = list(instances(names))
    entries = []
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for (name, place), plain in zip(wanted, pool.map(_taken, wanted, [max_boxes] * len(wanted)), strict=True):
            entry = Entry(name, _examples(name)[place], Census.from_dict(plain))
            entries.append(entry)
            if progress is not None:
                progress(f"{entry.objective}: {entry.found.status}")
    return entries


def _taken(which: tuple[str, int], max_boxes: int) -> dict[str, Any]:
    """Take one census, in a worker."""
    name, place = which
    with threadpool_limits(1):
        found = census(_examples(name)[place], max_boxes=max_boxes).as_dict()
    del found["seconds"]
    return found


def _examples(name: str) -> tuple[LibraryObjective, ...]:
    cls: Any = OBJECTIVES[name]
    return tuple(cls.examples())
