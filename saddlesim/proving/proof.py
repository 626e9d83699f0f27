"""Proof: Krawczyk's operator says of a box that no, or exactly one, critical point is in it; Gershgorin's discs say its index.

Krawczyk's operator on a box X with middle c: K = c - Y g(c) + (I - Y H)(X - c), where g is the gradient, H encloses the Hessian
on X, and Y is any matrix, best an inverse of H's middle (Neumaier, Interval methods for systems of equations, 1990, chapter 5;
recalled). Every critical point in X is in K; if K lies in the interior of X there is exactly one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saddlesim.intervals import EPSILON
from saddlesim.proving.enclosures import Array, Ball, Boxes, Enclosures, Mask, covered, product, thin
from saddlesim.spectrum import eigensystem

INFLATED = 0.1  # of its width a box is widened by at each side, so that a point on its boundary can be proved
MOST_CONTRACTIONS, SHRINKS = 60, 0.99  # and by what an edge must become shorter for another one


@dataclass(frozen=True)
class Krawczyk:
    """What the operator says of boxes.

    Attributes
    ----------
    excluded : (B,) of bool
        Whether there is no critical point in the box.
    wide : Boxes of (d, B)
        The widened boxes.
    proved : (B,) of bool
        Whether there is exactly one critical point in the widened box.
    image : Boxes of (d, B)
        Where all critical points of the box are; nan where nothing is known.
    smear : (d, B)
        How much the gradient may vary over the box along each axis.
    """

    excluded: Mask
    wide: Boxes
    proved: Mask
    image: Boxes
    smear: Array


@np.errstate(all="ignore")
def krawczyk(f: Enclosures, boxes: Boxes, inflated: float = INFLATED) -> Krawczyk:
    """Apply the operator to boxes, and to boxes that are widened by that part of their width at each side."""
    d, middle, own = len(boxes.lo), boxes.middle, boxes.radius
    wide = _widened(boxes, inflated) if inflated else boxes
    outer, inner = wide.radius, np.nextafter(np.minimum(wide.hi - middle, middle - wide.lo), -np.inf)
    hessian, gradient = f.hessian(wide), f.gradient_ball(thin(middle))

    size = np.abs(hessian.middle) + hessian.radius
    varied = size * own
    reached = covered(gradient.radius + varied.sum(axis=1), d)
    excluded = (np.abs(gradient.middle) > reached).any(axis=0)  # by the mean value theorem alone

    inverse = _inverse(hessian.middle)
    newton = product(inverse, gradient)
    defect = _defect(inverse, hessian)
    step = np.abs(newton.middle)
    around = covered(np.einsum("ijb,jb->ib", defect, own) + newton.radius, d)
    excluded |= (step * (1 - 4 * EPSILON) > around + own).any(axis=0)
    proved = (covered(step + np.einsum("ijb,jb->ib", defect, outer) + newton.radius, d) < inner).all(axis=0)
    centre = middle - newton.middle
    around = covered(around + 2 * EPSILON * (np.abs(middle) + step), d)
    image = Boxes(centre - around, centre + around)
    return Krawczyk(np.asarray(excluded), wide, np.asarray(proved), image, varied.sum(axis=0))


def contracted(f: Enclosures, boxes: Boxes) -> Boxes:
    """Shrink boxes that hold exactly one critical point each as far as it goes, mostly to a few units in the last place."""
    lo, hi = boxes.lo.copy(), boxes.hi.copy()
    active = np.arange(boxes.n)
    for _ in range(MOST_CONTRACTIONS):
        if not len(active):
            break
        before = Boxes(lo, hi)[active]
        image = krawczyk(f, before, 0.0).image
        low, high = np.fmax(image.lo, before.lo), np.fmin(image.hi, before.hi)
        shrinks = (low <= high).all(axis=0) & (high - low < SHRINKS * (before.hi - before.lo)).any(axis=0)
        active = active[shrinks]
        lo[:, active], hi[:, active] = low[:, shrinks], high[:, shrinks]
    return Boxes(lo, hi)


@dataclass(frozen=True)
class Inertia:
    """What is proved of the matrices in balls.

    Attributes
    ----------
    proved : (B,) of bool
        Whether all matrices of the ball have the same numbers of negative and positive eigenvalues, and no zero.
    index : (B,) of int
    lo, hi : (B, d)
        Bounds of the eigenvalues, ascending.
    vectors : (B, d, d)
        Approximate eigenvectors, in columns.
    """

    proved: Mask
    index: NDArray[np.int64]
    lo: Array
    hi: Array
    vectors: Array


@np.errstate(all="ignore")
def inertia(hessian: Ball) -> Inertia:
    """Bound the eigenvalues of all symmetric matrices in balls, (d, d, B).

    With any regular Q the matrix Q'HQ has the inertia of H (Sylvester); with Q nearly orthogonal each eigenvalue differs from
    that of H by a factor within 1 +- |Q'Q - I| (Ostrowski). Those of Q'HQ differ from its diagonal by at most the largest row sum
    of what is beside it (Weyl), and lie in the rows' own discs, as many in a union of discs as it has (Gershgorin).
    """
    d = len(hessian.middle)
    _, vectors = eigensystem(hessian.middle)
    q = np.moveaxis(vectors, 0, -1)
    transposed = q.swapaxes(0, 1)
    half = product(transposed, hessian)  # Q'H
    turned = product(transposed, Ball(half.middle.swapaxes(0, 1), half.radius.swapaxes(0, 1)))  # Q'(Q'H)' = Q'HQ
    diagonal = np.einsum("iib->ib", turned.middle)
    beside = np.abs(turned.middle) * (1 - np.eye(d))[:, :, None] + turned.radius
    rows = covered(beside.sum(axis=1), d)
    away = rows.max(axis=0)
    gram = product(transposed, Ball(q, np.zeros_like(q)))
    skew = covered((np.abs(gram.middle - np.eye(d)[:, :, None]) + gram.radius).sum(axis=1), d).max(axis=0) + EPSILON
    order = np.argsort(diagonal, axis=0)
    diagonal = np.take_along_axis(diagonal, order, axis=0)
    least, most = _discs(diagonal, np.take_along_axis(rows, order, axis=0))
    lo, hi = np.maximum(diagonal - away * (1 + EPSILON), least), np.minimum(diagonal + away * (1 + EPSILON), most)
    outward = (1 + 2 * EPSILON) / (1 - skew)  # dividing by 1 - skew moves outwards, by 1 + skew inwards
    inward = (1 - 2 * EPSILON) / (1 + skew)
    lo, hi = lo * np.where(lo < 0, outward, inward), hi * np.where(hi > 0, outward, inward)
    proved = ((lo > 0) | (hi < 0)).all(axis=0) & (skew < 0.5)
    return Inertia(
        np.asarray(proved), (hi < 0).sum(axis=0), lo.T, hi.T, np.take_along_axis(vectors, order.T[:, None, :], axis=2)
    )


def _discs(diagonal: Array, rows: Array) -> tuple[Array, Array]:
    """Bound each eigenvalue, ascending, by the union of overlapping discs that it is in: (d, B), (d, B) -> (d, B), (d, B)."""
    radius = rows * (1 + 4 * EPSILON) + 4 * EPSILON * np.abs(diagonal)
    order = np.argsort(diagonal - radius, axis=0)
    low, high = (np.take_along_axis(each, order, axis=0) for each in (diagonal - radius, diagonal + radius))
    high = np.maximum.accumulate(high, axis=0)
    for place in range(1, len(low)):  # a disc that begins below the end of those before it is in their union
        low[place] = np.where(low[place] > high[place - 1], low[place], low[place - 1])
    for place in reversed(range(len(low) - 1)):
        high[place] = np.where(low[place + 1] > low[place], high[place], high[place + 1])
    return low, high


def _defect(inverse: Array, hessian: Ball) -> Array:
    """Bound |I - Y H|, entry by entry: (d, d, B)."""
    d = len(inverse)
    made = product(inverse, hessian)
    unit = np.eye(d)[:, :, None]
    return covered(np.abs(unit - made.middle) * (1 + EPSILON) + made.radius, d)


def _widened(boxes: Boxes, inflated: float) -> Boxes:
    middle, radius = boxes.middle, boxes.radius * (1 + 2 * inflated)
    return Boxes(np.nextafter(middle - radius, -np.inf), np.nextafter(middle + radius, np.inf))


def _inverse(matrices: Array) -> Array:
    """Give approximate inverses, (d, d, B); of what has none, any matrix."""
    stack = np.moveaxis(matrices, -1, 0)
    finite = np.asarray(np.isfinite(stack).all(axis=(1, 2)))
    stack = np.where(finite[:, None, None], stack, np.eye(len(matrices)))
    try:
        made = np.linalg.inv(stack)
    except np.linalg.LinAlgError:  # one is singular
        made = np.linalg.pinv(stack)
    return np.moveaxis(np.nan_to_num(made), 0, -1)
