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
from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.base import LibraryObjective
from saddlesim.proving import Census, census

ROUNDING = 1e-14  # relative, of figures that are given to all digits
AROUND = 1e-2  # half-width of a small box, relative
NEAR = 1e-4  # relative distance up to which a wrong figure is told as imprecise


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
    x: Sequence[float] | None = None
    kind: str = ""
    count: int | None = None
    box: Sequence[Sequence[float]] | None = None
    value: float | None = None
    digits: int | None = 6
    looked_up: bool = True


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, and why.

    ``right``: to the digits given, rounded or cut off. ``imprecise``: not all of its digits are right. ``wrong``. ``open``: the
    census does not say.
    """

    claim: Claim
    verdict: str
    reason: str


def published() -> tuple[Claim, ...]:
    """Read the claims that came with the package."""
    text = resources.files(__package__).joinpath("published.json").read_text(encoding="utf-8")
    return tuple(Claim(**each) for each in json.loads(text))


def judged(claims: Iterable[Claim], max_boxes: int, known: Mapping[str, Census] | None = None) -> list[Verdict]:
    """Hold claims against the census of the box that each is about, or else of a small box round the point.

    Parameters
    ----------
    claims : iterable of Claim
    max_boxes : int
        For a census that is not known.
    known : mapping of str to Census, optional
        Those of objectives in their domains.
    """
    taken = dict(known or {})
    verdicts = []
    for claim in claims:
        objective = _made(claim)
        key = str(objective) if claim.box is None else f"{objective} {json.dumps(claim.box)}"
        if key not in taken:
            taken[key] = census(objective, claim.box, max_boxes, connected=False)
        judge = {"count": _judged_count, "value": _judged_value}.get(claim.claim, _judged_point)
        told = judge(claim, objective, taken[key])
        if told[0] == "open" and claim.x is not None:
            around = _around(claim.x)
            told = judge(claim, objective, census(objective, around, max_boxes, connected=False))
        verdicts.append(Verdict(claim, *told))
    return verdicts


def errata_page(verdicts: Sequence[Verdict]) -> str:
    """Give the page: what is wrong and why, what is open, and what is right."""
    number = Counter(each.verdict for each in verdicts)
    lines = [
        "# Errata: published claims about critical points",
        "",
        f"{len(verdicts)} claims were held against the census. Right to the digits given: {number['right']}; with digits "
        f"that are not right: {number['imprecise']}; wrong: {number['wrong']}; not decided: {number['open']}.",
    ]
    titles = {"wrong": "Wrong", "imprecise": "More digits than are right", "open": "Open", "right": "Right"}
    for verdict, title in titles.items():
        told = [each for each in verdicts if each.verdict == verdict]
        lines += ["", f"## {title}", ""] if told else []
        lines += [f"- {_words(each.claim)}. {_ended(each.reason)}Source: {each.claim.source}" for each in told]
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
    nearest = _nearest(x, found)
    told = "wrong" if nearest is None else _compared(x, nearest.x, claim.digits or 0)
    if nearest is None or told == "wrong":
        return _nowhere(x, objective, found, nearest)
    if nearest.kind != claim.kind:
        return "wrong", f"It is a {nearest.kind}, of index {nearest.index}."
    return told, "" if told == "right" else f"It is at {numbers(nearest.x, 12)}."


def _judged_value(claim: Claim, objective: LibraryObjective, found: Census) -> tuple[str, str]:
    """Judge a value; its x only says which point is meant."""
    x = np.array(claim.x, dtype=np.float64)
    nearest = _nearest(x, found)
    if nearest is None or np.abs(nearest.x - x).max() > 1e-2 * (1 + np.abs(x).max()):
        return _nowhere(x, objective, found, nearest)
    told = _compared(np.array([claim.value]), np.array([nearest.value]), claim.digits or 0)
    return told, "" if told == "right" else f"The value there is {nearest.value:.14g}."


def _nearest(x: NDArray[np.float64], found: Census) -> Any:
    return min(found.listed, key=lambda each: float(np.abs(each.x - x).max()), default=None)


def _compared(given: NDArray[np.float64], true: NDArray[np.float64], digits: int) -> str:
    """Compare figures of so many decimals with what is true: a unit of the last one, for it may be rounded or cut off."""
    scale = 1 + np.abs(true).max()
    off = float(np.abs(given - true).max())
    if off <= 10.0**-digits + ROUNDING * scale:
        return "right"
    return "imprecise" if off <= NEAR * scale else "wrong"


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


def _ended(sentence: str) -> str:
    return f"{sentence} " if sentence else ""


def _words(claim: Claim) -> str:
    fields = ", ".join(f"{name}={value}" for name, value in claim.parameters.items())
    name = f"{claim.objective}({fields})"
    recalled = "" if claim.looked_up else " (recalled)"
    if claim.claim == "count":
        where = "" if claim.box is None else f" in {claim.box}"
        return f"**{name}**: {claim.count} of kind {claim.kind}{where}{recalled}"
    what = f"a {claim.kind}" if claim.claim == "point" else f"f = {claim.value}"
    return f"**{name}**: {what} at {numbers(claim.x or (), 12)}{recalled}"


def _made(claim: Claim) -> LibraryObjective:
    cls: Any = OBJECTIVES[claim.objective]
    made: LibraryObjective = cls(**claim.parameters)
    return made


def _around(x: Sequence[float]) -> NDArray[np.float64]:
    middle = np.array(x, dtype=np.float64)
    margin = AROUND * (np.abs(middle) + 1e-3 * np.abs(middle).max() + 1e-6)
    return np.stack([middle - margin, middle + margin], axis=1)
