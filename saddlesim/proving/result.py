"""Result: what a census found, each piece of the box being one of excluded, proved to hold one critical point, or unresolved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from saddlesim.connecting import Connection
from saddlesim.proving.clusters import Degenerate, Unresolved
from saddlesim.proving.enclosures import Array

KINDS = ("minimum", "saddle", "maximum")
PLURALS = {"minimum": "minima", "saddle": "saddles", "maximum": "maxima"}


@dataclass(frozen=True, eq=False)
class CensusPoint:
    """A critical point with a regular Hessian, the only one in a neighbourhood of its enclosure.

    Attributes
    ----------
    x : (d,)
        The middle of the enclosure.
    enclosure : (d, 2)
    value, gradient_norm : float
        At x.
    value_bounds : (2,)
    eigenvalues : (d,)
        Of the Hessian at x, ascending.
    eigenvalue_bounds : (d, 2)
        Of those at the critical point.
    eigenvectors : (d, d)
        In columns.
    index : int or None
        Morse index; None where it is not proved, though there is exactly one point.
    nullity : int
    kind : str
        ``unknown`` where the index is not proved.
    unique_proved, index_proved : bool
    margin : float
        How many times farther from 0 the nearest eigenvalue is than its bounds are from it; 1 is a coin toss.
    on_boundary : bool
        Whether the enclosure is not inside of the box: it may be on its boundary, or just outside.
    """

    x: Array
    enclosure: Array
    value: float
    value_bounds: Array
    gradient_norm: float
    eigenvalues: Array
    eigenvalue_bounds: Array
    eigenvectors: Array
    index: int | None
    kind: str
    index_proved: bool
    margin: float
    on_boundary: bool
    nullity: int = 0
    unique_proved: bool = True

    @property
    def strict_saddle(self) -> bool:
        """Whether it is a saddle with a negative eigenvalue; a maximum is none."""
        return self.kind == "saddle" and bool(self.index)


@dataclass(frozen=True, eq=False)
class Census:
    """All critical points of an objective in a box, as far as they are proved.

    Attributes
    ----------
    objective : str
    box : (d, 2)
    points : tuple of CensusPoint
        With a regular Hessian: minima first, by index, value and position.
    degenerate : tuple of Degenerate
        Points and sets that are resolved without a regular Hessian.
    unresolved : tuple of Unresolved
    boundary_degree : int or None
        Of the gradient on the boundary of the box, where it is known.
    boxes : int
        How many boxes were looked at.
    seconds : float
        How long that took.
    connections : tuple of Connection
        What the saddles of index 1 join; places count the points, then the isolated degenerate ones.
    """

    objective: str
    box: Array
    points: tuple[CensusPoint, ...]
    degenerate: tuple[Degenerate, ...]
    unresolved: tuple[Unresolved, ...]
    boundary_degree: int | None
    boxes: int
    seconds: float
    connections: tuple[Connection, ...] = ()

    @property
    def status(self) -> str:
        """``complete`` if nothing is unresolved, else ``incomplete``."""
        return "incomplete" if self.unresolved else "complete"

    @property
    def listed(self) -> list[Any]:
        """The points that connections count: those with a regular Hessian, then the isolated degenerate ones."""
        return [*self.points, *(each for each in self.degenerate if each.isolated)]

    @property
    def counts(self) -> Mapping[int, int]:
        """How many points with a regular Hessian have each index that occurs; those of unproved index are not counted."""
        indices = [each.index for each in self.points if each.index is not None]
        return {index: indices.count(index) for index in sorted(set(indices))}

    @property
    def euler_sum(self) -> int | None:
        """The sum of (-1)^index, degenerate points counted by their degree; None where one is not known."""
        degrees = [each.degree for each in self.degenerate]
        degrees += [None for each in self.points if each.index is None]
        known = [each for each in degrees if each is not None]
        regular = sum(n if index % 2 == 0 else -n for index, n in self.counts.items())
        return None if self.unresolved or len(known) < len(degrees) else regular + sum(known)

    @property
    def alarm(self) -> str:
        """What is wrong if the boundary's degree is not the sum of (-1)^index; empty if nothing is, or nothing can be told."""
        told = self.euler_sum is not None and self.boundary_degree is not None
        if not told or self.euler_sum == self.boundary_degree or any(each.on_boundary for each in self.points):
            return ""
        return (
            f"the gradient's degree on the boundary is {self.boundary_degree} but the points make {self.euler_sum}: "
            "this contradicts the proofs and is a fault of the program; please report it"
        )

    def as_dict(self) -> dict[str, Any]:
        """Give plain values, by the names of the attributes."""
        return {
            "objective": self.objective,
            "box": self.box.tolist(),
            "status": self.status,
            "counts": {str(index): n for index, n in self.counts.items()},
            "points": [_plain(each, "strict_saddle") for each in self.points],
            "degenerate": [_plain(each) for each in self.degenerate],
            "unresolved": [_plain(each) for each in self.unresolved],
            "connections": [_plain(each) for each in self.connections],
            "boundary_degree": self.boundary_degree,
            "euler_sum": self.euler_sum,
            "alarm": self.alarm,
            "boxes": self.boxes,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Census:
        """Make one of what `as_dict` gave; the time that it took may be left out."""
        return cls(
            plain["objective"],
            np.array(plain["box"]),
            tuple(_made(CensusPoint, each) for each in plain["points"]),
            tuple(_made(Degenerate, each) for each in plain["degenerate"]),
            tuple(_made(Unresolved, each) for each in plain["unresolved"]),
            plain["boundary_degree"],
            plain["boxes"],
            plain.get("seconds", math.nan),
            tuple(_made(Connection, each) for each in plain["connections"]),
        )


def counted(points: Sequence[CensusPoint]) -> list[str]:
    """Count points by kind in words, as in ``["4 minima", "1 maximum"]``; those of unproved index are left out."""
    numbers = {kind: sum(each.kind == kind for each in points) for kind in KINDS}
    return [f"{n} {kind if n == 1 else PLURALS[kind]}" for kind, n in numbers.items() if n]


def _made(cls: type[Any], plain: Mapping[str, Any]) -> Any:
    """Make a row of its plain values: lists are tuples among connections, and arrays elsewhere."""
    row = tuple if cls is Connection else np.array
    names = [each.name for each in fields(cls) if each.name in plain]
    return cls(**{name: row(plain[name]) if isinstance(plain[name], list | tuple) else plain[name] for name in names})


def _plain(thing: Any, *derived: str) -> dict[str, Any]:
    """Give fields, and derived ones, with lists in place of arrays."""
    names = [*thing.__dataclass_fields__, *derived]
    values = {name: getattr(thing, name) for name in names}
    return {name: each.tolist() if isinstance(each, np.ndarray) else each for name, each in values.items()}
