"""Sweep problems: what may be wrong with the fields that an escape sweeps, with the experiments these make, and with fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saddlesim.experiments.sweeping.fits import Fit
from saddlesim.experiments.sweeping.result import DERIVED, abscissa, groups
from saddlesim.experiments.sweeping.sweep import applied, problems_of_setting
from saddlesim.problems import InvalidParameters, Problem, listed, suggestion

if TYPE_CHECKING:
    from saddlesim.experiments.escape import Escape

MOST_PROBLEMS = 10  # that are told
SWEPT = ("objective", "saddle", "start", "optimizers", "escape_radius", "n_steps")


def problems_of_sweep(asked: Escape) -> list[Problem]:
    """List what is wrong with the fields swept, with the experiments that they make, and with the fits."""
    sweep = asked.sweep
    if sweep is None:
        return []
    unswept = [path for path in sweep.paths if path.partition(".")[0] not in SWEPT]
    if unswept:
        told = f"cannot be swept; what can is {listed(SWEPT)}, and what is in them"
        return [
            Problem(("sweep", "grid" if path in sweep.grid else "zip", path), told, at_key=True) for path in unswept
        ]
    problems: list[Problem] = []
    known: set[str] = set()
    for setting in sweep.settings():
        try:
            variant = applied(asked, setting)
        except InvalidParameters as error:
            problems += problems_of_setting(setting, sweep, error)
        else:
            where = ", ".join(f"{path} = {value}" for path, value in setting.items())
            found = [each for each in variant.check() if str(each) not in known]
            known |= set(map(str, found))
            problems += [Problem(("sweep",), f"with {where}: {each}") for each in found]
    first = {(each.path[:3], each.message): each for each in reversed(problems)}  # once, of a field that is not there
    problems = list(reversed(first.values()))[:MOST_PROBLEMS]
    return problems or [problem for label, fit in asked.fits.items() for problem in _problems_of_fit(label, fit, asked)]


def _problems_of_fit(label: str, fit: Fit, asked: Escape) -> list[Problem]:
    if fit.optimizer not in asked.optimizers:
        told = f"{fit.optimizer!r} is none of the optimizers{suggestion(fit.optimizer, asked.optimizers)}"
        return [Problem(("fits", label, "optimizer"), told)]
    allowed = (*(asked.sweep.paths if asked.sweep else ()), *DERIVED)
    if fit.along not in allowed:
        return [Problem(("fits", label, "along"), f"{fit.along!r} is not swept{suggestion(fit.along, allowed)}")]
    try:
        x = abscissa(fit, asked)
    except ValueError as error:
        return [Problem(("fits", label, "along"), str(error))]
    group = groups(x, asked)
    if all(len(set(x[group == each])) < 2 for each in group):
        return [Problem(("fits", label, "along"), f"{fit.along} has one value only, through which there is no line")]
    return []
