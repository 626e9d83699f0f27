"""Approaches: the critical point that a plateau is near, by minimising |gradient|^2 from there, and whether it is one."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET, polish
from saddlesim.experiments.network_index.judging import MEANINGS as MEANINGS_OF_OUTCOMES
from saddlesim.experiments.network_index.judging import OUTCOMES, judge
from saddlesim.experiments.saddles import LARGEST_DIMENSION

Array = NDArray[np.float64]

MEANINGS = {
    "saddle": "critical, some eigenvalue negative",
    "minimum": "critical, all eigenvalues positive",
    "degenerate": "critical, none negative and some zero",
    **{name: MEANINGS_OF_OUTCOMES[name] for name in OUTCOMES[1:]},
    "untried": f"more than {LARGEST_DIMENSION} components, too many to decompose Hessians all the way",
}
PLACES = tuple(MEANINGS)


class Approach(NamedTuple):
    """What was found from a plateau.

    Attributes
    ----------
    place : int
        In `PLACES`: what kind of critical point it is, or why it is none.
    distance : float
        From the plateau's flattest point.
    found_loss, found_gradient_norm : float
    gradient_excess, step_excess : float
        The gradient there and Newton's step over what is allowed of a critical point.
    flatness : float
        ``|H g| / (|H| |g|)`` there: near 0 where minimising |gradient|^2 stops at no critical point.
    found_index, found_nullity : int
        -1 where there is no Hessian.
    found_x : (d,)
    """

    place: int
    distance: float
    found_loss: float
    found_gradient_norm: float
    gradient_excess: float
    step_excess: float
    flatness: float
    found_index: int
    found_nullity: int
    found_x: Array

    @classmethod
    @QUIET
    def of(cls, objective: Any, x: Array, n_steps: int) -> Self:
        """Go from x, (d,), by Levenberg-Marquardt on |gradient|^2 in at most so many steps, and look at where that ends."""
        if len(x) > LARGEST_DIMENSION:
            return cls.none(len(x))
        end = polish(objective, x, n_steps)
        found = judge(objective, end, x)
        outcome = OUTCOMES[found.outcome]
        if outcome == OUTCOMES[0]:
            outcome = "saddle" if found.morse_index else "degenerate" if found.nullity else "minimum"
        return cls(
            PLACES.index(outcome),
            float(np.linalg.norm(end - x)),
            found.value,
            found.gradient_norm,
            found.gradient_excess,
            found.step_excess,
            found.flatness,
            found.morse_index,
            found.nullity,
            end,
        )

    @classmethod
    def none(cls, dimension: int) -> Self:
        """Give what stands where nothing was looked for."""
        nan = float("nan")
        return cls(PLACES.index("untried"), nan, nan, nan, nan, nan, nan, -1, -1, np.full(dimension, nan))
