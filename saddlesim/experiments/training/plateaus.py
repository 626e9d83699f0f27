"""Plateaus: where along a run the gradient is small beside what it was before and becomes after."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHORTEST = 3  # records of a plateau; fewer are no rest, but a dip of noise


class Plateau(NamedTuple):
    """Records between which a run rests.

    Attributes
    ----------
    first, last : int
        Numbers of records, both within.
    flattest : int
        That of the smallest gradient.
    is_left : bool
        Whether the gradient grew again; otherwise the run ends there.
    """

    first: int
    last: int
    flattest: int
    is_left: bool


def plateaus(gradient_norm: Array, fraction: float, at_rest: float = 0.0) -> list[Plateau]:
    """Find the plateaus of a run, in order.

    Peaks and valleys of |gradient| are those that differ from their neighbours by ``1 / fraction`` or more, whatever goes on in
    between. A plateau is the stretch of records around the least of a valley with ``|gradient| <= fraction * |gradient at the
    peak|``, of the lower peak where there is one on both sides; it has three records at least. That is scale-free in the loss,
    in time and in x, asks for no final loss as a reference, and is the rule of `observers.Plateau` where no saddle is known:
    coming down along stable directions, a run leaves a saddle along unstable ones, and the gradient shrinks and grows by factors.

    Parameters
    ----------
    gradient_norm : (R,)
        At the records of a run; what comes after the first that is not finite is not looked at.
    fraction : float
        Between 0 and 1.
    at_rest : float
        Norms up to here are rounding, and all alike. A run that never goes above is one plateau, though nothing is larger.

    Examples
    --------
    >>> [tuple(each) for each in plateaus(np.array([5, 1, 0.2, 0.1, 0.3, 2, 8, 1, 0.2, 0.1, 0.05]), 0.1)]
    [(2, 4, 3, True), (8, 10, 10, False)]
    """
    finite = np.isfinite(gradient_norm)
    norms = np.maximum(gradient_norm[: len(finite) if finite.all() else int(finite.argmin())], at_rest)
    if not norms.size:
        return []
    if norms.max() <= at_rest:
        return [Plateau(0, len(norms) - 1, 0, False)]
    turns = _turns(norms.tolist(), fraction)
    found = []
    for i, (place, is_valley) in enumerate(turns):
        if is_valley:
            before = turns[i - 1][0] if i else None
            after = turns[i + 1][0] if i + 1 < len(turns) else None
            peak = min(math.inf if each is None else float(norms[each]) for each in (before, after))
            above = np.flatnonzero(norms > fraction * peak)
            first = int(above[above < place].max(initial=-1)) + 1
            last = int(above[above > place].min(initial=len(norms))) - 1
            found.append(Plateau(first, last, place, after is not None))
    return [each for each in found if each.last - each.first + 1 >= SHORTEST]


def _turns(norms: list[float], fraction: float) -> list[tuple[int, bool]]:
    """Give the records of peaks and valleys in turn, and whether each is a valley; none where norms differ by less."""
    turns, low, high = list[tuple[int, bool]](), 0, 0
    rising: bool | None = None
    for k, norm in enumerate(norms):
        low = k if norm < norms[low] else low
        high = k if norm > norms[high] else high
        if rising is not True and norms[low] <= fraction * norm:
            turns.append((low, True))
            rising, high = True, k
        elif rising is not False and norm <= fraction * norms[high]:
            turns.append((high, False))
            rising, low = False, k
    if rising is not None:
        turns.append((high, False) if rising else (low, True))
    return turns
