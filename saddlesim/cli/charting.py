"""Charting: the atlas, written as files."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import typer

from saddlesim import store
from saddlesim.atlas import errata_page, index_page, instances, judged, objective_page, published, survey
from saddlesim.cli.exits import UsageError
from saddlesim.cli.loading import make_folder
from saddlesim.objectives import OBJECTIVES
from saddlesim.problems import suggestion
from saddlesim.version import VERSION


def write_atlas(names: Sequence[str], out: Path, max_boxes: int, jobs: int, quiet: bool) -> None:
    """Take the census of objectives and write atlas.json, a page for each, an index, and the errata."""
    for name in names:
        if name not in OBJECTIVES:
            raise UsageError(f"{name!r} is no objective{suggestion(name, OBJECTIVES)}")
    if not any(instances(names)):
        raise UsageError(f"{', '.join(names)}: no expression of few enough variables for a census")
    make_folder(out)
    entries = survey(names, max_boxes, jobs, None if quiet else lambda line: typer.echo(line, err=True))
    found = {str(each.objective): {"name": each.name, **each.found.as_dict()} for each in entries}
    store.save_json(out / "atlas.json", {"saddlesim": VERSION, "max_boxes": max_boxes, "objectives": found})
    for name, group in itertools.groupby(entries, key=lambda each: each.name):
        store.save_bytes(out / f"{name}.md", objective_page(list(group)).encode())
    store.save_bytes(out / "index.md", index_page(entries).encode())
    known = {str(each.objective): each.found for each in entries}
    claims = [each for each in published() if not names or each.objective in names]
    store.save_bytes(out / "errata.md", errata_page(judged(claims, max_boxes, known)).encode())
    complete = sum(each.found.status == "complete" for each in entries)
    typer.echo(f"{out}: {len(entries)} objectives, {complete} of them complete; {len(claims)} published claims judged")
