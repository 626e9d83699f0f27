"""Load: from text to a checked Scenario. Structure first, then the numbers; every problem is told at once, and where."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from saddlesim.experiments import EXPERIMENTS, Experiment, ExperimentField
from saddlesim.problems import Problem, problems_of, suggestion
from saddlesim.scenario.document import Document, Mark, ScenarioError, read_value
from saddlesim.scenario.model import Scenario


def load_scenario(path: str | Path, overrides: Iterable[str] = (), reduced: bool = False) -> Scenario:
    """Read a scenario file and check it, numbers included.

    Parameters
    ----------
    path : str or Path
    overrides : iterable of str
        ``dotted.key=value`` each, the value in YAML, put over the file's.
    reduced : bool
        Whether to put the file's own `reduced:` values over it, too.

    Raises
    ------
    ScenarioError
        With every problem, located as ``file:line:col: key.path: what is wrong; what is allowed``.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    except (IsADirectoryError, PermissionError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_scenario(text, str(path), path.stem, overrides, reduced)


def parse_scenario(
    text: str, source: str = "scenario", name: str = "", overrides: Iterable[str] = (), reduced: bool = False
) -> Scenario:
    """Check a scenario's text; `source` stands in messages, `name` is the default of its name. Otherwise as `load_scenario`."""
    document = Document.read(text, source)
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise ScenarioError(f"--set {override}: must be key=value, such as experiment.n_lanes=500")
        origin = f"--set {override}"
        document.set(key.strip(), read_value(value, origin), Mark(0, 0, origin))
    document.data.setdefault("name", re.sub(r"[^A-Za-z0-9_.-]", "-", name))
    full = _checked(document)
    small = _checked(_reduced(document)) if full.reduced else full
    return small if reduced else full


def _reduced(document: Document) -> Document:
    """Put a scenario's own `reduced:` values over it."""
    small = document.copy()
    for key, value in document.data["reduced"].items():
        small.set(key, value, document.mark_of(Problem(("reduced", key), "")))
    return small


def _checked(document: Document) -> Scenario:
    try:
        scenario: Scenario = TypeAdapter(Scenario).validate_python(document.data)
    except ValidationError as error:
        problems = problems_of(error, Scenario)
        raise document.error([*problems, *_problems_of_valid_parts(document.data.get("experiment"))]) from None
    problems = [*_problems_of_numbers(scenario)]
    if problems or document.problems:
        raise document.error(problems)
    return scenario


def _problems_of_valid_parts(experiment: Any) -> list[Problem]:
    """Check the numbers of those fields whose structure is right, so that one round of errors tells all it can."""
    cls = EXPERIMENTS.get(str(experiment.get("name"))) if isinstance(experiment, Mapping) else None
    if cls is None:
        return []
    parts: dict[str, Any] = {}
    for name, field in cls.__pydantic_fields__.items():  # type: ignore[attr-defined]
        with contextlib.suppress(ValidationError):  # it has been told already
            if name in experiment:
                parts[name] = _adapter(field).validate_python(experiment[name])
    return [Problem(("experiment", *each.path), each.message, each.at_key) for each in cls.check_parts(parts)]  # type: ignore[attr-defined]


def _adapter(field: Any) -> TypeAdapter[Any]:
    """Give the validator of one field by itself."""
    made: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(made)


def _problems_of_numbers(scenario: Scenario) -> list[Problem]:
    problems = [Problem(("experiment", *each.path), each.message, each.at_key) for each in scenario.experiment.check()]
    names = scenario.experiment.summary_names()
    for position, expectation in enumerate(scenario.expect):
        where = ("expect", position, "name")
        if expectation.name not in names:
            told = f"the summary will have no figure {expectation.name!r}{_near(expectation.name, names)}"
            problems.append(Problem(where, told))
        elif expectation.z is not None and f"{expectation.name}_standard_error" not in names:
            problems.append(
                Problem(
                    ("expect", position, "z"), f"{expectation.name} has no standard error; give a tolerance instead"
                )
            )
    return problems


def _near(name: str, names: Iterable[str]) -> str:
    """Suggest a figure; where the branch is right, only of that branch, for there are many."""
    branch, _, last = name.rpartition(".")
    same = [each.rpartition(".")[2] for each in names if each.rpartition(".")[0] == branch]
    return suggestion(last, same) if same else suggestion(name, names)


def as_experiment(data: Mapping[str, Any]) -> Experiment:
    """Make an experiment of plain data, such as a stored one.

    Raises
    ------
    ValueError
        If it was made of what is not there.
    """
    try:
        return TypeAdapter(ExperimentField).validate_python(dict(data))
    except ValidationError as error:
        raise ValueError("\n".join(map(str, problems_of(error, Scenario)))) from None
