"""Listing: the commands that only tell. None of them imports more than NumPy, but `info`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Sequence
from dataclasses import MISSING
from typing import Any

import typer
from rich.table import Table

from saddlesim.parameters import default_of, field_names
from saddlesim.registry import Registry


def validate_scenarios(given: Sequence[str], overrides: Sequence[str], as_json: bool) -> None:
    """Load scenarios, which checks them, and say so."""
    from saddlesim.cli.loading import load_all

    loaded = load_all(given, overrides)
    if as_json:
        _print_json(
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

    _print_json(json_schema())


def print_list(kind: str, as_json: bool) -> None:
    """Print the entries of a registry, or the library's scenarios."""
    entries = _scenarios() if kind == "scenarios" else _registered(_registry(kind))
    if as_json:
        _print_json(entries)
        return
    from saddlesim.cli.console import console_for_results

    columns = [name for name in entries[0] if name != "source"] if entries else []
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for entry in entries:
        table.add_row(*(_cell(entry[name]) for name in columns))
    console_for_results().print(table)


def print_info(as_json: bool) -> None:
    """Print versions and machine."""
    from saddlesim.runs import environment

    told = environment()
    if as_json:
        _print_json(told)
        return
    for name, value in told.items():
        typer.echo(f"{name:12} {_cell(value)}")


def _registry(kind: str) -> Registry:
    if kind == "objectives":
        from saddlesim.objectives import OBJECTIVES

        return OBJECTIVES
    if kind == "optimizers":
        from saddlesim.optimizers import OPTIMIZERS

        return OPTIMIZERS
    from saddlesim.experiments import EXPERIMENTS

    return EXPERIMENTS


def _registered(registry: Registry) -> list[dict[str, Any]]:
    return [_entry(name, cls) for name, cls in registry.items()]


def _entry(name: str, cls: Any) -> dict[str, Any]:
    told = {"name": name, "what": (inspect.getdoc(cls) or "").partition("\n")[0]}
    told |= {key: getattr(cls, key) for key in ("formula", "source") if isinstance(getattr(cls, key, None), str)}
    return {**told, "fields": {key: _default(cls, name) for key, name in field_names(cls).items()}}


def _default(cls: type, name: str) -> Any:
    """Give a field's default as JSON has it; the text "required" where there is none."""
    default = default_of(cls, name)
    return "required" if default is MISSING else default


def _scenarios() -> list[dict[str, Any]]:
    from saddlesim.scenario import library_scenarios, load_scenario

    loaded = {name: (path, load_scenario(path)) for name, path in library_scenarios().items()}
    return [
        {"name": name, "title": scenario.title, "experiment": type(scenario.experiment).registry_key, "path": str(path)}  # type: ignore[attr-defined]
        for name, (path, scenario) in loaded.items()
    ]


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={_cell(each)}" if each != "required" else str(key) for key, each in value.items())
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_cell, value))})"
    return "none" if value is None else str(value)


def _print_json(content: dict[str, Any] | Iterable[Any]) -> None:
    typer.echo(json.dumps(content, indent=2))
