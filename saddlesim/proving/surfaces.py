"""Surfaces: curves and surfaces on which a whole gradient vanishes, because its components have a common factor.

Where the gradient is q h and h has no zero, the critical points are those of q = 0. If grad q has no zero there, they form a
smooth surface of dimension d - 1 (a curve in the plane), and the Hessian on it, grad q h', has one eigenvalue that is not zero:
its trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlesim.intervals import Interval
from saddlesim.proving.enclosures import Boxes, Enclosures, Mask, thin

if TYPE_CHECKING:
    from saddlesim.expressions.factors import CommonFactor


@dataclass(frozen=True)
class Surface:
    """Critical points that fill q = 0 where it meets boxes, (d, B).

    Attributes
    ----------
    boxes : Boxes
    kind : str
        Of each point: a minimum or a maximum, though not a strict one.
    equation : str
        q, in the formula's own names.
    reason : str
    """

    boxes: Boxes
    kind: str
    equation: str
    reason: str


@np.errstate(all="ignore")
def surfaces(f: Enclosures, factor: CommonFactor, boxes: Boxes) -> tuple[list[Surface], Mask]:
    """Prove that critical points in boxes fill a surface on which the factor vanishes.

    Returns
    -------
    list of Surface
        One for each kind that there is.
    (B,) of bool
        In which boxes all critical points, if there are any, are on these.
    """
    (q,), slopes, rest = (_evaluated(f, code, boxes) for code in (factor.value, factor.gradient, factor.rest))
    alone = q.whole & _some_nonzero(rest) & f.smooth(boxes)
    regular = alone & q.holds_zero & _some_nonzero(slopes)
    trace: Any = sum((a * b for a, b in zip(slopes, rest, strict=True)), start=Interval(0.0, 0.0))
    made, told = [], alone & ~q.holds_zero
    for kind, sign, here in (("minimum", "positive", trace.lo > 0), ("maximum", "negative", trace.hi < 0)):
        on = np.flatnonzero(regular & trace.whole & here)
        if len(on) and _reached(f, factor, boxes[on]):
            what = "a smooth curve" if f.dimension == 2 else f"a smooth surface of dimension {f.dimension - 1}"
            reason = f"{what} of critical points, {factor.text} = 0; across it the second derivative is {sign}"
            made.append(Surface(boxes[on], kind, factor.text, reason))
            told[on] = True
    return made, told


def _some_nonzero(components: list[Interval]) -> Mask:
    """Whether surely one of the components is not zero, in all of a box."""
    return np.asarray(np.logical_or.reduce([~each.holds_zero & each.whole for each in components]))


def _reached(f: Enclosures, factor: CommonFactor, boxes: Boxes) -> bool:
    """Whether q surely vanishes somewhere in one of the boxes: it has both signs at corners of it, or is zero at one."""
    mixed = boxes.lo.copy()
    mixed[0] = boxes.hi[0]
    corners = [_evaluated(f, factor.value, thin(each))[0] for each in (boxes.lo, boxes.hi, mixed)]
    positive = np.logical_or.reduce([each.lo > 0 for each in corners])
    negative = np.logical_or.reduce([each.hi < 0 for each in corners])
    zero = np.logical_or.reduce([(each.lo == 0) & (each.hi == 0) for each in corners])
    return bool(((positive & negative) | zero).any())


def _evaluated(f: Enclosures, code: Any, boxes: Boxes) -> list[Interval]:
    x = [Interval(*each) for each in zip(boxes.lo, boxes.hi, strict=True)]
    return [f.filled(each, boxes.n) for each in code.bound(f.arithmetic)(x)]
