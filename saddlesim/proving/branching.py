"""Branching: a box is cut until each piece is excluded, or proved to hold one critical point, or as small as was asked for.

All pieces of a generation are treated at once, some thousand at a time. What is left over goes to degenerate points.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from saddlesim.intervals import EPSILON
from saddlesim.proving.enclosures import Array, Boxes, Enclosures, joined
from saddlesim.proving.proof import contracted, krawczyk

AT_ONCE = 4096  # boxes, whose enclosures then stay in the processor's cache
ENCLOSED = 1e-3  # size of an enclosure, over that of the box where it is alone, from which on a point counts as found
THINNEST = 2.0**-30  # of the domain: around what is left of a box so much is left, too
CUT = 0.4871  # where an edge is cut; off the middle, where critical points like to be
LONGEST = 32.0  # how much longer, relative to the domain, the longest edge may be than the one that is cut


@dataclass
class Budget:
    """How much may still be spent.

    Attributes
    ----------
    boxes : int
        How many boxes may be looked at.
    until : float
        The time of `time.monotonic` at which to stop.
    spent : int
        How many boxes have been looked at.
    """

    boxes: int
    until: float
    spent: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether it is time to stop."""
        return self.spent >= self.boxes or time.monotonic() > self.until


class Proved:
    """Boxes that hold one critical point each, as they are found; the same point may come from several boxes that touch.

    Parameters
    ----------
    dimension : int
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.n_found = 0
        self._tight: list[Boxes] = []
        self._wide: list[Boxes] = []

    def add(self, tight: Boxes, wide: Boxes) -> None:
        """Add points by where they are, to a few units in the last place, and by where there is no other one."""
        self._tight.append(tight)
        self._wide.append(wide)
        self.n_found += tight.n

    def distinct(self) -> tuple[Boxes, Boxes]:
        """Give where each point is, once, and hulls of enclosures that cannot be told apart.

        Two enclosures that meet are of one point if one of them lies where the other is alone. They mostly are some 10^12 times
        smaller than that, so that one always does.
        """
        tight, wide = joined(self._tight, self.dimension), joined(self._wide, self.dimension)
        order = np.argsort(tight.lo[0], kind="stable")
        tight, wide = tight[order], wide[order]
        ends = np.searchsorted(tight.lo[0], tight.hi[0], side="right")
        twice, unclear = np.zeros(tight.n, dtype=bool), np.zeros(tight.n, dtype=bool)
        hulls = []
        for place, end in enumerate(ends):
            if end == place + 1 or twice[place]:
                continue
            others, this = np.arange(place + 1, end), [place]
            meet = tight[this].meet(tight[others])
            same = tight[others].within(wide[this]) | tight[this].within(wide[others])
            twice[others[meet & same]] = True
            for other in others[meet & ~same & ~twice[others]]:
                unclear[[place, other]] = True
                hulls.append(tight[[place, other]].hull)
        return tight[np.flatnonzero(~twice & ~unclear)], joined(hulls, self.dimension)


def branch(f: Enclosures, boxes: Boxes, domain: Array, resolution: float, budget: Budget, proved: Proved) -> Boxes:
    """Cut boxes until nothing is left of them or what is left is small; give what is left.

    Parameters
    ----------
    domain : (d, 2)
        Critical points outside of it do not count.
    resolution : float
        Below which, relative to the domain, an edge is small.
    """
    size = (domain[:, 1] - domain[:, 0])[:, None]
    inside = Boxes(domain[:, :1], domain[:, 1:])
    left = []
    while boxes.n and not budget.exhausted:
        following = []
        for begin in range(0, boxes.n, AT_ONCE):
            piece = boxes[begin : begin + AT_ONCE]
            if budget.exhausted:
                following.append(piece)
                continue
            budget.spent += piece.n
            kept, axis = _looked_at(f, piece, size, inside, proved)
            finest = 8 * EPSILON * np.maximum(np.abs(kept.lo), np.abs(kept.hi))
            small = ((kept.hi - kept.lo) <= np.maximum(resolution * size, finest)).all(axis=0)
            left.append(kept[small])
            following.append(_cut(kept[~small], axis[~small]))
        boxes = joined(following, f.dimension)
    return joined([*left, boxes], f.dimension)


def _looked_at(f: Enclosures, boxes: Boxes, size: Array, inside: Boxes, proved: Proved) -> tuple[Boxes, Array]:
    """Give those about which nothing is proved, as small as they can be made, and the axis along which to cut each."""
    may = np.logical_and.reduce([each.holds_zero for each in f.gradient(boxes)]) & ~f.nowhere(boxes)
    boxes = boxes[may]
    if not boxes.n:
        return boxes, np.empty(0, dtype=np.int64)
    told = krawczyk(f, boxes)
    done = told.excluded.copy()
    if told.proved.any():
        wide = told.wide[told.proved]
        tight = contracted(f, wide)
        small = (tight.hi - tight.lo <= ENCLOSED * (wide.hi - wide.lo)).all(axis=0)
        counts = small & tight.meet(boxes[told.proved]) & tight.meet(inside)
        proved.add(tight[counts], wide[counts])
        done[told.proved] |= small
    there = (np.fmax(boxes.lo, told.image.lo) <= np.fmin(boxes.hi, told.image.hi)).all(axis=0)
    least = THINNEST * size  # a box that is thin along one axis only leaves no room round a point
    lo, hi = np.fmax(boxes.lo, told.image.lo - least), np.fmin(boxes.hi, told.image.hi + least)
    kept = np.flatnonzero(~done & there)
    return Boxes(lo[:, kept], hi[:, kept]), _axis((hi - lo)[:, kept] / size, told.smear[:, kept])


def _axis(edges: Array, smear: Array) -> Array:
    """Choose the axis along which the gradient varies most, but the longest where that is not known, or much longer."""
    longest = edges.argmax(axis=0)
    with np.errstate(invalid="ignore"):
        chosen = np.where(np.isfinite(smear).all(axis=0), smear.argmax(axis=0), longest)
    lanes = np.arange(edges.shape[1])
    return np.asarray(np.where(edges[longest, lanes] > LONGEST * edges[chosen, lanes], longest, chosen))


def _cut(boxes: Boxes, axis: Array) -> Boxes:
    lanes = np.arange(boxes.n)
    lo, hi = boxes.lo.copy(), boxes.hi.copy()
    at = lo[axis, lanes] + CUT * (hi - lo)[axis, lanes]
    lo[axis, lanes] = hi[axis, lanes] = at
    return Boxes(np.concatenate([boxes.lo, lo], axis=1), np.concatenate([hi, boxes.hi], axis=1))
