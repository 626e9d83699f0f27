"""Surfaces: curves and surfaces on which a whole gradient vanishes, because its components have a common factor.

Where the gradient is q h and h has no zero, the critical points are those of q = 0. If grad q has no zero there, they form a
smooth surface of dimension d - 1 (a curve in the plane), and the Hessian on it, grad q h', has one eigenvalue that is not zero:
its trace.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from saddlesim.census.enclosures import Array, Boxes, Enclosures, thin
from saddlesim.expressions.factors import CommonFactor
from saddlesim.intervals import Interval


class Surface(NamedTuple):
    """What a set of critical points is proved to be: kind of each point, the surface's enclosure, and why."""

    kind: str
    hull: Boxes
    reason: str


@np.errstate(all="ignore")
def surface(f: Enclosures, factor: CommonFactor, boxes: Boxes) -> Surface | None:
    """Prove that the critical points in boxes are a surface on which the factor vanishes; None where that fails."""
    q, slopes, rest = (_evaluated(f, code, boxes) for code in (factor.value, factor.gradient, factor.rest))
    on = q[0].holds_zero
    if not on.any() or not np.logical_or.reduce([~each.holds_zero & each.whole for each in rest]).all():
        return None
    regular = np.logical_or.reduce([~each.holds_zero & each.whole for each in slopes])
    trace: Any = sum((a * b for a, b in zip(slopes, rest, strict=True)), start=Interval(0.0, 0.0))
    up, down = (trace.lo > 0) & trace.whole, (trace.hi < 0) & trace.whole
    if not regular[on].all() or not (up[on].all() or down[on].all()) or not _crossed(f, factor, boxes):
        return None
    kind, sign = ("minimum", "positive") if up[on].all() else ("maximum", "negative")
    what = {1: "an isolated point", 2: "a smooth curve"}.get(
        f.dimension, f"a smooth surface of dimension {f.dimension - 1}"
    )
    reason = f"{what} of critical points, {factor.text} = 0; across it the second derivative is {sign}"
    return Surface(kind, boxes[on].hull, reason)


def _crossed(f: Enclosures, factor: CommonFactor, boxes: Boxes) -> bool:
    """Whether q surely has both signs at corners of one of the boxes."""
    (low,) = _evaluated(f, factor.value, thin(boxes.lo))
    (high,) = _evaluated(f, factor.value, thin(boxes.hi))
    mixed = boxes.lo.copy()
    mixed[0] = boxes.hi[0]
    (side,) = _evaluated(f, factor.value, thin(mixed))
    positive = (low.lo > 0) | (high.lo > 0) | (side.lo > 0)
    negative = (low.hi < 0) | (high.hi < 0) | (side.hi < 0)
    return bool((positive & negative).any())


def _evaluated(f: Enclosures, code: Any, boxes: Boxes) -> list[Interval]:
    x = [Interval(*each) for each in zip(boxes.lo, boxes.hi, strict=True)]
    made = [each if isinstance(each, Interval) else Interval.exact(float(each)) for each in code.bound(f.arithmetic)(x)]
    return [
        Interval(_lanes(each.lo, boxes.n), _lanes(each.hi, boxes.n), None if each.partial is None else each.partial)
        for each in made
    ]


def _lanes(bound: Array, n: int) -> Array:
    return np.asarray(np.broadcast_to(bound, n))
