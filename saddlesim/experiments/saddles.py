"""Saddles: which critical point an experiment is about, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag

from saddlesim.analysis import (
    LocalAnalysis,
    analyse,
    coordinates,
    listed_points,
    nearest_critical_point,
    polish,
    same_point,
)
from saddlesim.objectives import Objective
from saddlesim.objectives.base import CriticalPoint
from saddlesim.parameters import Vector, declared
from saddlesim.problems import TAG, suggestion

Array = NDArray[np.float64]

LARGEST_DIMENSION = 1000  # of a saddle: its whole Hessian is decomposed, and one at every recorded and final point


@declared
class Find:
    """A saddle that is searched for: polished from a guess."""

    find: Vector = Field(description="the guess; the search ends at the critical point it leads to")


def _choice(given: Any) -> str | None:
    if isinstance(given, Mapping | Find):
        return f"{TAG}find"
    if isinstance(given, str):
        return f"{TAG}label"
    return f"{TAG}coordinates" if isinstance(given, list | tuple) or hasattr(given, "__array__") else None


SaddleField = Annotated[
    Annotated[Vector, Tag(f"{TAG}coordinates")]
    | Annotated[str, Tag(f"{TAG}label")]
    | Annotated[Find, Tag(f"{TAG}find")],
    Discriminator(
        _choice,
        custom_error_type="refused",
        custom_error_message="give a saddle by coordinates [..., ...], by the label of a known point or by {find: [..., ...]}",
    ),
]


@dataclass(frozen=True, eq=False)
class Saddle:
    """A critical point that lanes can leave.

    Attributes
    ----------
    analysis : LocalAnalysis
        Position, value, gradient norm, spectrum and eigenvectors.
    kind : str
        ``saddle``, or ``degenerate`` where neither the Hessian nor the objective's own list tells.
    known : CriticalPoint or None
        The entry of the objective's list that this is.
    """

    analysis: LocalAnalysis
    kind: str
    known: CriticalPoint | None

    @property
    def x(self) -> Array:
        """The position, (d,)."""
        return self.analysis.x

    @property
    def eigenvalues(self) -> Array:
        """Of the Hessian, ascending, (d,)."""
        return self.analysis.spectrum.eigenvalues

    @property
    def escape_space(self) -> Array:
        """The unstable eigenspace, orthonormal columns (d, m); the null space where no eigenvalue is negative."""
        spectrum = self.analysis.spectrum
        count = int(spectrum.index) or int(spectrum.nullity)
        return self.analysis.eigenvectors[:, :count]

    @property
    def stable_space(self) -> Array:
        """The eigenspace of the positive eigenvalues, orthonormal columns (d, m)."""
        return self.analysis.eigenvectors[:, int(self.analysis.spectrum.index + self.analysis.spectrum.nullity) :]

    @property
    def stable_eigenspace_invariant(self) -> bool:
        return self.known is not None and self.known.stable_eigenspace_invariant


def resolve(objective: Objective, given: tuple[float, ...] | str | Find) -> Saddle:
    """Find the saddle that is meant, and make sure that it is one.

    Raises
    ------
    ValueError
        With one line that says what is there instead.
    """
    if getattr(objective, "dimension", 0) > LARGEST_DIMENSION:
        raise ValueError(f"{objective} has dimension {objective.dimension}; here at most {LARGEST_DIMENSION}")  # type: ignore[attr-defined]
    if isinstance(given, str):
        return _by_label(objective, given)
    guess = np.array(given.find if isinstance(given, Find) else given)
    dimension = getattr(objective, "dimension", len(guess))
    if len(guess) != dimension:
        raise ValueError(f"{coordinates(guess)} has {len(guess)} components but {objective} has dimension {dimension}")
    if not isinstance(given, Find):
        return _checked(objective, guess, _known_at(objective, guess))
    found = polish(objective, guess)
    end = analyse(objective, found)
    if not end.is_critical:
        raise ValueError(
            f"no critical point found from {coordinates(guess)}: |gradient| is still {end.gradient_norm:.3g} "
            f"at {coordinates(found)}; give a nearer guess"
        )
    known = _known_at(objective, found)
    return _checked(objective, known.x if known else found, known)


def _by_label(objective: Objective, label: str) -> Saddle:
    known = {each.label: each for each in listed_points(objective)}
    if label not in known:
        raise ValueError(f"{objective} has no known critical point {label!r}{suggestion(label, known)}")
    return _checked(objective, known[label].x, known[label])


def _known_at(objective: Objective, x: Array) -> CriticalPoint | None:
    """Give the listed point that x is, to the accuracy at which positions are told apart."""
    return next((each for each in listed_points(objective) if same_point(each.x, x)), None)


def _checked(objective: Objective, x: Array, known: CriticalPoint | None) -> Saddle:
    analysis = analyse(objective, x)
    if not analysis.is_critical:
        nearest = nearest_critical_point(objective, x)
        where = (
            f"the nearest critical point found is the {nearest.kind} at {coordinates(nearest.x)}; " if nearest else ""
        )
        raise ValueError(
            f"{coordinates(x)} is no critical point of {objective}: |gradient| = {analysis.gradient_norm:.3g}; "
            f"{where}{{find: {coordinates(x)}}} would polish it"
        )
    kind = str(analysis.spectrum.kind)
    if kind == "degenerate" and known is not None:
        kind = known.kind
    if kind in ("minimum", "maximum"):
        told = ", ".join(f"{each:.4g}" for each in analysis.spectrum.eigenvalues)
        raise ValueError(
            f"{coordinates(x)} is a {kind} of {objective}, no saddle: |gradient| = {analysis.gradient_norm:.3g}, "
            f"Hessian eigenvalues {told}{_saddles_of(objective)}"
        )
    return Saddle(analysis, kind, known)


def _saddles_of(objective: Objective) -> str:
    labels = [each.label for each in listed_points(objective) if each.kind == "saddle"]
    return f"; its known saddles: {', '.join(labels[:12])}{', ...' * (len(labels) > 12)}" if labels else ""
