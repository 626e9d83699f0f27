"""Report: what a search found, and what it does not claim."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.connecting import Connection
from saddlesim.searching.missing import Missing

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FoundPoint:
    """A critical point that a search found, polished to rounding; or one of an orbit, if motions leave the objective as it is.

    Attributes
    ----------
    x : (d,)
    value, gradient_norm : float
    eigenvalues : (d,)
        Of the Hessian, ascending; those of the symmetry's modes are among them.
    eigenvectors : (d, d)
        In columns.
    index : int
        How many eigenvalues are negative, beyond location error and rounding.
    nullity : int
        How many are zero, those of the symmetry's modes among them.
    n_symmetry_modes : int
        The rank of the continuous symmetries' generators at x: in space 6 for a cluster and 5 for a linear one.
    kind : str
        ``minimum``, ``maximum``, ``saddle`` or ``degenerate``, across the orbit.
    margin : float
        The factor by which the threshold of zero would have to move before an eigenvalue across the orbit changed sides.
    n_hits : int
        How many starts led to its orbit; 0 if only deflation did.
    n_images : int or None
        How many points the permutations and changes of sign make of it, itself among them; None where an orbit is a continuum.
    """

    x: Array
    value: float
    gradient_norm: float
    eigenvalues: Array
    eigenvectors: Array
    index: int
    nullity: int
    n_symmetry_modes: int
    kind: str
    margin: float
    n_hits: int
    n_images: int | None

    @property
    def strict_saddle(self) -> bool:
        """Whether it is a saddle with a negative eigenvalue; a maximum is none."""
        return self.kind == "saddle" and self.index > 0

    @property
    def non_degenerate(self) -> bool:
        """Whether the continuous symmetries account for all zero modes."""
        return self.nullity == self.n_symmetry_modes


@dataclass(frozen=True, eq=False)
class Search:
    """Critical points found from many starts. It is not claimed that they are all.

    Attributes
    ----------
    objective : str
    box : (d, 2)
        Where starts were drawn; points lie in it unless translations or scalings leave the objective as it is.
    points : tuple of FoundPoint
        By index, then by value; one of each orbit.
    n_starts : int
        How many starts were followed to their ends.
    n_planned : int
        How many there should have been; fewer were followed if time was up.
    n_failed : int
        How many starts led to no point: they ended nowhere, outside the box, at infinity, or at another index than was wanted.
    missing : Missing
        How many non-degenerate orbits are estimated to be unseen; those found by deflation alone count neither way.
    connections : tuple of Connection
        What the saddles of index 1 join, any point of an orbit standing for it.
    """

    objective: str
    box: Array
    points: tuple[FoundPoint, ...]
    n_starts: int
    n_planned: int
    n_failed: int
    missing: Missing
    connections: tuple[Connection, ...] = ()

    @property
    def status(self) -> str:
        """What may be said of it, in words."""
        noun = "point" if len(self.points) == 1 else "points"
        cut = (
            "" if self.n_starts == self.n_planned else f"; out of time after {self.n_starts} of {self.n_planned} starts"
        )
        return f"found {len(self.points)} critical {noun}; no claim of completeness{cut}"

    @property
    def counts(self) -> dict[int, int]:
        """Index -> how many non-degenerate points have it, modulo the declared symmetries."""
        return _sorted(Counter(each.index for each in self.points if each.non_degenerate))

    @property
    def counts_of_images(self) -> dict[int, int]:
        """Index -> how many non-degenerate points have it, images under permutations and changes of sign counted singly."""
        images: Counter[int] = Counter()
        for each in self.points:
            if each.non_degenerate and each.n_images is not None:
                images[each.index] += each.n_images
        return _sorted(images)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values, by the names of the attributes."""
        return {
            "objective": self.objective,
            "box": self.box.tolist(),
            "status": self.status,
            "counts": {str(index): n for index, n in self.counts.items()},
            "points": [_plain(each) for each in self.points],
            "connections": [asdict(each) for each in self.connections],
            "n_starts": self.n_starts,
            "n_planned": self.n_planned,
            "n_failed": self.n_failed,
            "missing": asdict(self.missing),
        }


def _plain(point: FoundPoint) -> dict[str, Any]:
    values = {each.name: getattr(point, each.name) for each in fields(point)}
    plain = {name: each.tolist() if isinstance(each, np.ndarray) else each for name, each in values.items()}
    return plain | {"strict_saddle": point.strict_saddle, "non_degenerate": point.non_degenerate}


def _sorted(counter: Counter[int]) -> dict[int, int]:
    return dict(sorted(counter.items()))
