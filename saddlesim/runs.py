"""Runs: a scenario carried out. Blocks are had, reduced, saved in the run folder, and held against what was expected."""

from __future__ import annotations

import datetime
import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from saddlesim import blocks, store
from saddlesim.experiments.base import Result
from saddlesim.parameters import as_plain
from saddlesim.scenario import Check, Scenario
from saddlesim.version import VERSION

DEFAULT_FOLDER = Path("runs")
LIBRARIES = ("numpy", "scipy", "sympy", "matplotlib", "pydantic", "PyYAML", "yamlcore", "threadpoolctl", "typer")


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run.

    Attributes
    ----------
    scenario : Scenario
    folder : Path
        Holds manifest.json, blocks/, results.nc and summary.json.
    result : Result
    summary : dict
        The result's figures; "never" is infinity here and null in JSON.
    expect : tuple of Check
        How each expectation of the scenario fared.
    manifest : dict
        Versions, machine, resolved scenario, times, and how many blocks were computed and how many were there.
    """

    scenario: Scenario
    folder: Path
    result: Result
    summary: dict[str, Any]
    expect: tuple[Check, ...]
    manifest: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether every expectation is met."""
        return all(check.passed for check in self.expect)


def run(
    scenario: Scenario,
    jobs: int = 1,
    out: str | Path | None = None,
    fresh: bool = False,
    progress: blocks.Progress | None = None,
) -> Run:
    """Carry out a scenario, or finish or repeat one from its stored blocks.

    Parameters
    ----------
    scenario : Scenario
    jobs : int, >= 1
        Worker processes. Results do not depend on it. A script that asks for more than one needs the usual
        ``if __name__ == "__main__":`` guard, for workers import it.
    out : path, optional
        The parent of run folders; ``runs`` by default.
    fresh : bool
        Whether to compute anew what is stored.
    progress : callable, optional
        Told (blocks there, blocks in all).

    Raises
    ------
    ValueError
        If jobs is out of range, or the scenario was made in Python with numbers that do not fit.
    """
    if jobs < 1:
        raise ValueError(f"jobs={jobs}: must be at least 1")
    experiment = scenario.experiment
    if problems := experiment.check():
        raise ValueError("\n".join(map(str, problems)))
    started, clock = datetime.datetime.now(datetime.UTC), time.perf_counter()
    folder = run_folder(scenario, out)
    had = blocks.compute(experiment, scenario.seed, folder, jobs, fresh, progress)
    result = experiment.reduce(had.by_point, scenario.seed)
    summary = result.summary()
    checks = tuple(expectation.check(summary) for expectation in scenario.expect)
    store.save_result(folder / "results.nc", result)
    store.save_json(folder / "summary.json", summary)
    manifest = {
        "scenario": as_plain(scenario),
        "command": sys.argv,
        **blocks.code_identity(),
        "environment": environment(),
        "blocks": {"total": had.total, "computed": had.computed, "jobs": jobs},
        "times": {"started": started.isoformat(timespec="seconds"), "seconds": round(time.perf_counter() - clock, 3)},
        "expect": [check._asdict() for check in checks],
    }
    store.save_json(folder / "manifest.json", manifest)
    return Run(scenario, folder, result, summary, checks, manifest)


def run_folder(scenario: Scenario, out: str | Path | None = None) -> Path:
    """Give the folder of a scenario's runs: its name, and a hash of all that enters the blocks."""
    identity = {"experiment": as_plain(scenario.experiment), "seed": scenario.seed, **blocks.code_identity()}
    name = scenario.name or identity["experiment"]["name"]
    return Path(DEFAULT_FOLDER if out is None else out) / f"{name}-{blocks.digest(identity, 10)}"


def environment() -> dict[str, Any]:
    """Describe the machine and the libraries, for the manifest and for bug reports."""
    from threadpoolctl import threadpool_info

    return {
        "saddlesim": VERSION,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "blas": sorted(
            {f"{each['internal_api']} {each['version']}" for each in threadpool_info() if each["user_api"] == "blas"}
        ),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cpus": os.cpu_count(),
    }
