"""Critical point: one point where a gradient vanishes, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """A point where the gradient vanishes, and what is known of it.

    Attributes
    ----------
    label : str
        Unique among the points of its objective, such as ``saddle_2``; scenarios refer to it.
    x : (d,)
    value : float
    index : int
        Morse index: how many Hessian eigenvalues are negative.
    kind : str
        ``minimum``, ``maximum``, ``saddle``, or ``degenerate`` if none is known. It may know more than the Hessian does.
    nullity : int
        How many Hessian eigenvalues are zero.
    stable_eigenspace_invariant : bool
        Whether every gradient of a point of ``x + span(eigenvectors of positive eigenvalues)`` lies in that span *in
        floating point*: then no method that combines gradients ever leaves it.
    """

    label: str
    x: NDArray[Any]
    value: float
    index: int
    kind: str
    nullity: int = 0
    stable_eigenspace_invariant: bool = False
