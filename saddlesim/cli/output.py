"""Output: where results go, pictures among them, and how a box is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saddlesim import store
from saddlesim.cli.exits import UsageError
from saddlesim.objectives import Objective


@dataclass(frozen=True)
class Output:
    """Where and how results go."""

    as_json: bool
    out: Path
    formats: Sequence[str]
    most: int


def drawn(output: Output, name: str, draw: Callable[[Any], Any]) -> list[str]:
    """Draw with `saddlesim.plots` and save, if pictures are wanted; give the files."""
    if not output.formats:
        return []
    from saddlesim import plots

    figure = draw(plots)
    paths = [output.out / f"{name}.{suffix}" for suffix in output.formats]
    for path, suffix in zip(paths, output.formats, strict=True):
        store.save_bytes(path, plots.rendered(figure, suffix))
    return [str(path) for path in paths]


def stem(objective: Objective) -> str:
    """Name the files of an objective."""
    return str(getattr(type(objective), "registry_key", type(objective).__name__)).replace(":", ".")


def read_box(given: str) -> list[list[float]]:
    """Read ``-6,6;-6,6``."""
    try:
        rows = [[float(each) for each in row.split(",")] for row in given.strip("[]() ").split(";")]
    except ValueError:
        rows = []
    if not rows or any(len(row) != 2 for row in rows):
        raise UsageError(f'--box {given!r}: must be a low and a high number for each variable, such as "-6,6;-6,6"')
    return rows
