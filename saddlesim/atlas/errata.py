"""Errata: what is published about critical points, held against the census."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.atlas.pages import numbers
from saddlesim.census import Census, census
from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.base import LibraryObjective

ROUNDED = 1.01  # half units of the last digit that a published figure may be off


@dataclass(frozen=True)
class Claim:
    """Something published about an objective's critical points.

    Attributes
    ----------
    objective : str
    parameters : mapping
        Its registry key, and fields of it.
    claim : str
        ``point``: x is a critical point of that kind. ``value``: f at the critical point x is `value`. ``count``: so many of that
        kind are in the box, by default the domain.
    digits : int
        Decimals that the source gives.
    source : str
    looked_up : bool
        False if it is recalled.
    """

    objective: str
    claim: str
    source: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    x: Sequence[float] = ()
    kind: str = ""
    count: int | None = None
    box: Sequence[Sequence[float]] | None = None
    value: float | None = None
    digits: int = 6
    looked_up: bool = True


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds: ``right``, ``wrong`` or ``open``, and why."""

    claim: Claim
    verdict: str
    reason: str


def published() -> tuple[Claim, ...]:
    """Read the claims that came with the package."""
    text = resources.files(__package__).joinpath("published.json").read_text(encoding="utf-8")
    return tuple(Claim(**each) for each in json.loads(text))


def judged(claims: Iterable[Claim], max_boxes: int) -> list[Verdict]:
    """Hold claims against the census of the box that each is about."""
    taken: dict[str, tuple[LibraryObjective, Census]] = {}
    verdicts = []
    for claim in claims:
        key = json.dumps([claim.objective, dict(claim.parameters), claim.box])
        if key not in taken:
            objective = _made(claim)
            taken[key] = objective, census(objective, claim.box, max_boxes, connected=False)
        judge = _judged_count if claim.claim == "count" else _judged_point
        verdicts.append(Verdict(claim, *judge(claim, *taken[key])))
    return verdicts


def errata_page(verdicts: Sequence[Verdict]) -> str:
    """Give the page: what is wrong and why, what is open, and what is right."""
    number = Counter(each.verdict for each in verdicts)
    lines = [
        "# Errata: published claims about critical points",
        "",
        f"{len(verdicts)} claims were held against the census: {number['right']} are right, {number['wrong']} are wrong, "
        f"{number['open']} are open because the census is not complete or does not cover them.",
    ]
    for verdict, title in (("wrong", "Wrong"), ("open", "Open"), ("right", "Right")):
        told = [each for each in verdicts if each.verdict == verdict]
        lines += ["", f"## {title}", ""] if told else []
        lines += [f"- {_words(each.claim)}. {each.reason} Source: {each.claim.source}" for each in told]
    return "\n".join(lines) + "\n"


def _judged_count(claim: Claim, objective: LibraryObjective, found: Census) -> tuple[str, str]:
    number = sum(each.kind == claim.kind for each in found.listed)
    if number == claim.count and found.status == "complete":
        return "right", "The census is complete."
    if found.status == "complete":
        return "wrong", f"There are {number}, and no others."
    if claim.count is not None and number > claim.count:
        return "wrong", f"{number} are proved, and there may be more."
    return "open", f"{number} are proved; the census is not complete."


def _judged_point(claim: Claim, objective: LibraryObjective, found: Census) -> tuple[str, str]:
    x = np.array(claim.x, dtype=np.float64)
    nearest = min(found.listed, key=lambda each: float(np.abs(each.x - x).max()), default=None)
    allowed = ROUNDED * 0.5 * 10.0**-claim.digits
    if nearest is None or np.abs(nearest.x - x).max() > allowed:
        return _nowhere(x, objective, found, nearest)
    if claim.claim == "value":
        right = claim.value is not None and abs(nearest.value - claim.value) <= allowed
        return ("right", "") if right else ("wrong", f"The value there is {nearest.value:.12g}.")
    if nearest.kind != claim.kind:
        return "wrong", f"It is a {nearest.kind}, of index {nearest.index}."
    return "right", ""


def _nowhere(x: NDArray[np.float64], objective: LibraryObjective, found: Census, nearest: Any) -> tuple[str, str]:
    """Tell what is at a point that is none of those proved."""
    near = "" if nearest is None else f" The nearest one that is proved is the {nearest.kind} {numbers(nearest.x, 10)}."
    if ((x < found.box[:, 0]) | (x > found.box[:, 1])).any():
        return "open", "It is outside of the box."
    pieces: list[Any] = [*found.unresolved, *(each for each in found.degenerate if not each.isolated)]
    held = [each for each in pieces if ((each.box[:, 0] <= x) & (x <= each.box[:, 1])).all()]
    if held:
        return "open", f"It lies in a piece of the box that is not resolved into points: {held[0].reason}."
    with np.errstate(all="ignore"):
        size = float(np.linalg.norm(objective.gradient(x)))
    return "wrong", f"No critical point is there to the digits given: |gradient| = {size:.3g}.{near}"


def _words(claim: Claim) -> str:
    fields = ", ".join(f"{name}={value}" for name, value in claim.parameters.items())
    name = f"{claim.objective}({fields})"
    recalled = "" if claim.looked_up else " (recalled)"
    if claim.claim == "count":
        where = "" if claim.box is None else f" in {claim.box}"
        return f"**{name}**: {claim.count} of kind {claim.kind}{where}{recalled}"
    what = f"a {claim.kind}" if claim.claim == "point" else f"f = {claim.value}"
    return f"**{name}**: {what} at {numbers(claim.x, 12)}{recalled}"


def _made(claim: Claim) -> LibraryObjective:
    cls: Any = OBJECTIVES[claim.objective]
    made: LibraryObjective = cls(**claim.parameters)
    return made
