"""Disconnectivity: minima joined at the lowest saddles that connect them, as a tree (Becker and Karplus 1997)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from saddlesim.connecting.paths import Connection

SAME_HEIGHT = 1e-9  # over max(1, |value|): saddles of one height join all that they join at once


@dataclass(frozen=True, eq=False)
class Basin:
    """A minimum, or all the minima that are joined below some height.

    Attributes
    ----------
    place : int
        In the list of points: of the minimum, or of the saddle that joins.
    value : float
        Of that point: where the branch ends, or where its parts meet.
    parts : tuple of Basin
        What is joined there, the one with the lowest minimum first; none for a minimum.
    minima : tuple of int
        The places of its minima, in the order of its parts.
    lowest : float
        The value of the lowest of these.
    """

    place: int
    value: float
    parts: tuple[Basin, ...]
    minima: tuple[int, ...]
    lowest: float


@dataclass(frozen=True, eq=False)
class DisconnectivityTree:
    """What the saddles make of the minima: one tree for each set of minima that no listed saddle joins to another.

    Attributes
    ----------
    roots : tuple of Basin
        The one with the lowest minimum first.
    """

    roots: tuple[Basin, ...]

    @property
    def minima(self) -> tuple[int, ...]:
        """The places of all minima, in an order in which no branches cross."""
        return tuple(place for root in self.roots for place in root.minima)


def disconnectivity(points: Sequence[Any], connections: Sequence[Connection]) -> DisconnectivityTree:
    """Join minima at the lowest saddles that connect them.

    A path that ended at another saddle joins what that one joins.

    Parameters
    ----------
    points : sequence of objects with value and kind
    connections : sequence of Connection
        Whose places are in `points`.
    """
    above: dict[int, int] = {}
    basins = {
        place: Basin(place, float(point.value), (), (place,), float(point.value))
        for place, point in enumerate(points)
        if point.kind == "minimum"
    }
    for each in sorted(connections, key=lambda each: (float(points[each.saddle].value), each.saddle)):
        ends = [each.saddle, *(place for place in (*each.minima, *each.saddles) if place is not None)]
        joined = sorted({_root(above, place) for place in ends})
        parts = [basins.pop(root) for root in joined if root in basins]
        above.update(dict.fromkeys(joined, joined[0]))
        if parts:
            basins[joined[0]] = parts[0] if len(parts) == 1 else _joined(each.saddle, points, parts)
    return DisconnectivityTree(_ordered(basins.values()))


def _joined(saddle: int, points: Sequence[Any], parts: Sequence[Basin]) -> Basin:
    value = float(points[saddle].value)
    level = value - SAME_HEIGHT * max(1.0, abs(value))
    flat = [part for basin in parts for part in (basin.parts if basin.parts and basin.value >= level else (basin,))]
    ordered = _ordered(flat)
    minima = tuple(place for part in ordered for place in part.minima)
    return Basin(saddle, value, ordered, minima, ordered[0].lowest)


def _ordered(basins: Any) -> tuple[Basin, ...]:
    return tuple(sorted(basins, key=lambda each: (each.lowest, each.minima)))


def _root(above: dict[int, int], place: int) -> int:
    while (higher := above.get(place, place)) != place:
        above[place] = above.get(higher, higher)
        place = higher
    return place
