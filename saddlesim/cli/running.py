"""Running: the commands that carry out scenarios and draw them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from saddlesim import blocks, store
from saddlesim.cli.exits import FAILED, INTERRUPTED, UsageError
from saddlesim.cli.loading import load_all
from saddlesim.cli.tables import print_result
from saddlesim.experiments import Result
from saddlesim.runs import Run, run, run_folder
from saddlesim.scenario import Scenario


@dataclass(frozen=True)
class Options:
    """What `run` was asked for besides the scenarios."""

    overrides: Sequence[str]
    jobs: int | None
    out: Path
    reduced: bool
    dry_run: bool
    fresh: bool
    formats: Sequence[str]
    as_json: bool
    quiet: bool
    verbose: bool


def run_scenarios(given: Sequence[str], options: Options) -> int:
    """Carry out scenarios one after the other, once all of them are known to be valid; give the exit code."""
    scenarios = {name: scenario for name, (_, scenario) in load_all(given, options.overrides, options.reduced).items()}
    if options.out.exists() and not options.out.is_dir():
        raise UsageError(f"--out {options.out}: is a file; name a folder")
    if options.dry_run:
        for scenario in scenarios.values():
            _tell_plan(scenario, options)
        return 0
    reports, code = [], 0
    for name, scenario in scenarios.items():
        try:
            done = _run_with_progress(name, scenario, options)
        except KeyboardInterrupt:
            typer.echo(f"interrupted; finished blocks are kept. To go on: {_this_command()}", err=True)
            return INTERRUPTED
        except blocks.WorkerDied as error:
            typer.echo(f"{name}: {error}; finished blocks are kept. To go on: {_this_command()}", err=True)
            return FAILED
        files = [*_data_files(done.folder), *draw(done.result, done.folder, options.formats)]
        reports.append(_report(name, done, files))
        if not options.as_json:
            print_result(done, options.quiet, options.verbose)
        code = code if done.passed else FAILED
    if options.as_json:
        typer.echo(store.json_text(reports[0] if len(reports) == 1 else {"runs": reports}))
    return code


def plot_run(given: Path, out: Path | None, formats: Sequence[str]) -> None:
    """Draw a stored result."""
    path = given / "results.nc" if given.is_dir() else given
    try:
        result = store.load_result(path)
    except FileNotFoundError:
        raise UsageError(f"{given}: no run folder, for it holds no results.nc; `saddlesim run` makes one") from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    for drawn in draw(result, out or path.parent, formats):
        typer.echo(drawn)


def draw(result: Result, folder: Path, formats: Sequence[str]) -> list[str]:
    """Save a result's pictures, and give their paths."""
    from saddlesim.plots import plot, rendered

    paths = []
    for name, figure in plot(result).items():
        for suffix in formats:
            path = folder / f"{name}.{suffix}"
            store.save_bytes(path, rendered(figure, suffix))
            paths.append(str(path))
    return paths


def _run_with_progress(name: str, scenario: Scenario, options: Options) -> Run:
    jobs = options.jobs or len(
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    with _progress_bar(name, options.quiet or not sys.stderr.isatty()) as progress:
        return run(scenario, jobs, options.out, options.fresh, progress)


@contextmanager
def _progress_bar(name: str, silent: bool) -> Iterator[blocks.Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("blocks"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=silent) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell_plan(scenario: Scenario, options: Options) -> None:
    folder, experiment = run_folder(scenario, options.out), scenario.experiment
    keys = [
        blocks.block_key(experiment, point, block, scenario.seed)
        for point in experiment.points()
        for block in range(experiment.n_blocks(point))
    ]
    stored = 0 if options.fresh else sum((folder / "blocks" / f"{key}.npz").exists() for key in keys)
    plan = {"run": str(folder), "blocks": len(keys), "stored": stored}
    typer.echo(store.json_text(plan) if options.as_json else f"{folder}: {len(keys)} blocks, {stored} of them stored")


def _report(name: str, done: Run, files: list[str]) -> dict[str, Any]:
    return {
        "scenario": name,
        "run": str(done.folder),
        "summary": done.summary,
        "expect": [check._asdict() for check in done.expect],
        "files": files,
    }


def _data_files(folder: Path) -> list[str]:
    return [str(folder / name) for name in ("manifest.json", "results.nc", "summary.json")]


def _this_command() -> str:
    return shlex.join(["saddlesim", *sys.argv[1:]])
