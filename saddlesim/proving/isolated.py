"""Isolated: a degenerate critical point at exact coordinates is proved to be alone in a box, and to be what its first form says.

In coordinates x = p + N s + M t of the germ, a critical point of the box has t = T(s) + w. T is right up to order m - 1, so that
df/dt at (s, T(s)) is rho^m / m! times its m-th derivative somewhere on the ray s = rho u, |u| = 1 by the largest component. Hence
|w| <= K rho^m, K being a bound of (M'HM)^-1 times that over m!. From 0 = grad f there follows |dF/ds_i| <= B_i |w|, where B_i
bounds M'H(N_i + M dT/ds_i). But dF/ds_i is rho^(m-1) / (m-1)! times its (m-1)-th derivative somewhere on the ray: no point with
0 < rho <= a is critical if for each u one of these is larger than (m-1)! a K B_i.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlesim.intervals import EPSILON, Interval
from saddlesim.proving.enclosures import Array, Ball, Boxes, Enclosures, covered, product
from saddlesim.proving.proof import inertia

if TYPE_CHECKING:
    from saddlesim.expressions.germ import Germ

MOST_DIRECTIONS = 20_000  # boxes on the unit sphere
FIRST_CUTS = 4


@dataclass(frozen=True)
class Alone:
    """What a degenerate critical point is proved to be.

    Attributes
    ----------
    kind : str
    index : int
        How many eigenvalues of the Hessian are negative.
    degree : int or None
        Of the gradient round it; None where it is not told.
    reason : str
        In words.
    """

    kind: str
    index: int
    degree: int | None
    reason: str


@np.errstate(all="ignore")
def alone(f: Enclosures, germ: Germ, box: Boxes) -> Alone | None:
    """Prove that the germ's point is the only critical point of a box, (d, 1), and tell its kind; None where that fails."""
    if germ.reduced is None:
        return None
    m = germ.reduced[0]
    codes = germ.codes()
    residual_on, slope_on, form_on = (each.bound(f.arithmetic) for each in (codes.residual, codes.slope, codes.form))
    reach = _reach(germ, box)  # of |s|
    regular = _regular_part(f, germ, box, reach)
    if regular is None:
        return None
    inverse_size, coupling, negative = regular
    pending, spent, signs = _faces(germ.nullity), 0, set[int]()
    while pending.n:
        spent += pending.n
        if spent > MOST_DIRECTIONS:
            return None
        directions = [Interval(*each) for each in zip(pending.lo, pending.hi, strict=True)]
        ray = [Interval(np.zeros(pending.n), np.full(pending.n, reach)), *directions]
        residual = _largest(residual_on(ray), pending.n)
        beside = covered(inverse_size * residual * (reach / m), 4)  # K a (m - 1)!
        steep = np.zeros(pending.n, dtype=bool)
        for slope, size in zip(slope_on(ray), coupling, strict=True):
            lo, hi = _bounds(slope, pending.n)
            steep |= np.maximum(lo, -hi) > covered(beside * size, 4)
        lo, hi = _bounds(form_on(ray)[0], pending.n)
        signs |= {sign for sign, there in ((1, lo > 0), (-1, hi < 0)) if (there & steep).any()}
        unsure = (lo <= 0) & (hi >= 0) & (len(signs) < 2)
        again = ~steep | unsure
        if again.any() and germ.nullity == 1:  # a direction that is a point cannot be cut
            return None
        pending = _halved(pending[np.flatnonzero(again)])
    return _told(germ, m, signs, negative)


def _reach(germ: Germ, box: Boxes) -> float:
    """Bound |s| in the box."""
    null, rest = germ.coordinates
    point = _point(germ)
    away = np.maximum(np.abs(box.hi - point), np.abs(box.lo - point)) + 4 * EPSILON * np.abs(point)
    inverse = np.linalg.inv(np.concatenate([null, rest], axis=1))[: null.shape[1]]
    return float((np.abs(inverse) @ away).max() * (1 + 1e-9))


def _point(germ: Germ) -> Array:
    return np.array([[float(each)] for each in germ.point])


def _regular_part(f: Enclosures, germ: Germ, box: Boxes, reach: float) -> tuple[float, Array, int] | None:
    """Bound, where box and curve are, the inverse of M'HM by its largest row sum, and M'H(N_i + M dT/ds_i) by sums.

    Gives the number of negative eigenvalues of M'HM, too; None where that matrix is not surely regular.
    """
    null, rest = germ.coordinates
    k = null.shape[1]
    if not rest.shape[1]:
        return 0.0, np.zeros(k), 0
    sizes, slopes = germ.curve_bounds(reach)
    away = 1.001 * (np.abs(null) @ np.full((k, 1), reach) + np.abs(rest) @ sizes)
    point = _point(germ)
    hessian = f.hessian(Boxes(np.minimum(box.lo, point - away), np.maximum(box.hi, point + away)))
    half = product(rest.T[:, :, None], hessian)  # M'H
    transposed = Ball(half.middle.swapaxes(0, 1), half.radius.swapaxes(0, 1))
    block = product(rest.T[:, :, None], transposed)
    told = inertia(block)
    if not told.proved[0]:
        return None
    inverse = np.asarray(np.linalg.inv(block.middle[:, :, 0]), dtype=np.float64)
    near = product(inverse[:, :, None], block)
    unit = np.eye(len(inverse))[:, :, None]
    defect = covered(np.abs(unit - near.middle) + near.radius, len(inverse)).sum(axis=1).max()
    if not defect < 0.5:
        return None
    size = float(np.abs(inverse).sum(axis=1).max() / (1 - 1.001 * defect))
    mixed = product(null.T[:, :, None], transposed)  # N'HM
    beside = np.einsum("ij,jk->ik", slopes, (np.abs(block.middle) + block.radius)[:, :, 0])
    coupling = (np.abs(mixed.middle) + mixed.radius)[:, :, 0].sum(axis=1) + beside.sum(axis=1)
    return 1.001 * size, 1.001 * coupling, int(told.index[0])


def _faces(k: int) -> Boxes:
    """Cover the surface of the cube [-1, 1]^k."""
    edges = np.linspace(-1.0, 1.0, FIRST_CUTS + 1)
    cells = list(itertools.product(range(FIRST_CUTS), repeat=k - 1))
    lo, hi = [], []
    for axis, side, cell in itertools.product(range(k), (-1.0, 1.0), cells):
        lo.append(np.insert(edges[list(cell)], axis, side))
        hi.append(np.insert(edges[[c + 1 for c in cell]], axis, side))
    return Boxes(np.array(lo).reshape(-1, k).T, np.array(hi).reshape(-1, k).T)


def _halved(boxes: Boxes) -> Boxes:
    """Cut each along its longest edge; one that is a point cannot be cut, and is given back."""
    lanes = np.arange(boxes.n)
    axis = (boxes.hi - boxes.lo).argmax(axis=0)
    lo, hi = boxes.lo.copy(), boxes.hi.copy()
    lo[axis, lanes] = hi[axis, lanes] = boxes.middle[axis, lanes]
    return Boxes(np.concatenate([boxes.lo, lo], axis=1), np.concatenate([hi, boxes.hi], axis=1))


def _bounds(made: Any, n: int) -> tuple[Array, Array]:
    """Give bounds for each lane, infinite ones where f may not be smooth."""
    interval = made if isinstance(made, Interval) else Interval.exact(float(made))
    whole = interval.whole
    lo, hi = np.where(whole, interval.lo, -np.inf), np.where(whole, interval.hi, np.inf)
    return np.broadcast_to(lo, n), np.broadcast_to(hi, n)


def _largest(made: tuple[Any, ...], n: int) -> Array:
    bounds = [_bounds(each, n) for each in made]
    return np.maximum.reduce([np.maximum(-lo, hi) for lo, hi in bounds]) if bounds else np.zeros(n)


def _told(germ: Germ, m: int, signs: set[int], negative: int) -> Alone:
    """Put the first form and the regular part of the Hessian together."""
    k = germ.nullity
    positive = len(germ.point) - k - negative
    kind, sign = "saddle", "of both signs"
    degree: int | None = 0 if k == 1 else None
    if signs == {1}:
        kind, sign, degree = ("saddle" if negative else "minimum"), "positive", 1
    elif signs == {-1}:
        kind, sign, degree = ("saddle" if positive else "maximum"), "negative", (-1) ** k
    where = "in every direction" if k == len(germ.point) else f"along its null space, of dimension {k}"
    place = ", ".join(map(str, germ.point))
    reason = (
        f"at exact coordinates ({place}) and alone in the box; the Hessian is zero {where}, "
        f"and there the first form of f, of order {m}, is {sign}"
    )
    if negative or positive:
        reason += f"; beside it {negative} negative and {positive} positive eigenvalues"
    return Alone(kind, negative, None if degree is None else (-1) ** negative * degree, reason)
