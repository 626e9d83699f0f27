"""Listing: the commands that only tell. None of them imports more than NumPy, but `info`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, is_dataclass
from typing import Any

import typer
from rich.table import Table

from saddlesim.cli.exits import UsageError
from saddlesim.parameters import LARGEST_SIZE, as_plain, default_of, field_names
from saddlesim.registry import Registry


def validate_scenarios(given: Sequence[str], overrides: Sequence[str], as_json: bool) -> None:
    """Load scenarios, which checks them, and say so."""
    from saddlesim.cli.loading import load_all

    loaded = load_all(given, overrides)
    if as_json:
        print_json(
            {
                "valid": [
                    {"scenario": name, "path": str(path), "title": scenario.title}
                    for name, (path, scenario) in loaded.items()
                ]
            }
        )
        return
    for path, scenario in loaded.values():
        typer.echo(f"{path}: valid: {scenario.title}")


def print_schema() -> None:
    """Print the JSON Schema."""
    from saddlesim.scenario import json_schema

    print_json(json_schema())


def print_list(kind: str, dimension: int | None, as_json: bool) -> None:
    """Print the entries of a registry, or the library's scenarios."""
    if dimension is not None and kind != "objectives":
        raise UsageError(f"--dimension {dimension}: only objectives have one; leave it out for {kind}")
    if dimension is not None and dimension > LARGEST_SIZE:
        raise UsageError(f"--dimension {dimension}: must be at most {LARGEST_SIZE}")
    entries = _scenarios() if kind == "scenarios" else _registered(_registry(kind), dimension)
    if as_json:
        print_json(entries)
        return
    from saddlesim.cli.console import console_for_results

    columns = [name for name in entries[0] if name not in _LONG] if entries else []
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for entry in entries:
        table.add_row(*(cell(entry[name]) for name in columns))
    console_for_results().print(table)


def print_info(as_json: bool) -> None:
    """Print versions and machine."""
    from saddlesim.runs import environment

    told = environment()
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        typer.echo(f"{name:12} {cell(value)}")


def _registry(kind: str) -> Registry:
    if kind == "objectives":
        from saddlesim.objectives import OBJECTIVES

        return OBJECTIVES
    if kind == "optimizers":
        from saddlesim.optimizers import OPTIMIZERS

        return OPTIMIZERS
    if kind == "ensembles":
        from saddlesim.random_matrices import ENSEMBLES

        return ENSEMBLES
    from saddlesim.experiments import EXPERIMENTS

    return EXPERIMENTS


_LONG = ("formula", "source", "critical_set", "non_smooth", "symmetries")  # for JSON and for `show`


def _registered(registry: Registry, dimension: int | None) -> list[dict[str, Any]]:
    return [
        _entry(name, cls)
        for name, cls in registry.items()
        if dimension is None or (hasattr(cls, "of_dimension") and cls.of_dimension(dimension) is not None)
    ]


def _entry(name: str, cls: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "what": (inspect.getdoc(cls) or "").partition("\n")[0]}
    if hasattr(cls, "dimension_rule"):
        told["dimension"] = cls.dimension_rule or str(cls.examples()[0].dimension)
    told |= {key: getattr(cls, key) for key in _LONG if hasattr(cls, key)}
    return {**told, "fields": _fields(cls)}


def _fields(cls: type) -> dict[str, Any]:
    """Give a class's fields with their defaults as JSON has them; the text "required" where there is none."""
    if is_dataclass(cls):
        defaults = {key: default_of(cls, name) for key, name in field_names(cls).items()}
    else:
        told = inspect.signature(cls).parameters
        defaults = {name: MISSING if each.default is each.empty else each.default for name, each in told.items()}
    return {key: "required" if default is MISSING else as_plain(default) for key, default in defaults.items()}


def _scenarios() -> list[dict[str, Any]]:
    """Read what scenarios say of themselves, and check nothing: one whose extra is not installed is listed, too."""
    from saddlesim.scenario import library_scenarios
    from saddlesim.scenario.document import Document

    read = {
        name: (path, Document.read(path.read_text("utf-8"), str(path))) for name, path in library_scenarios().items()
    }
    return [
        {"name": name, "title": told.data["title"], "experiment": told.data["experiment"]["name"], "path": str(path)}
        for name, (path, told) in read.items()
    ]


def cell(value: Any) -> str:
    """Write a value for people."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={_inner(each)}" if each != "required" else str(key) for key, each in value.items())
    if isinstance(value, list | tuple):
        return f"({', '.join(map(cell, value))})"
    return "none" if value is None else str(value)


def _inner(value: Any) -> str:
    """Write a value inside another, a mapping as YAML does."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_inner(each)}' for key, each in value.items())}}}"
    return cell(value)


def print_json(content: dict[str, Any] | Iterable[Any]) -> None:
    """Print an object and nothing else."""
    typer.echo(json.dumps(content, indent=2))
