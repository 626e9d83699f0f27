"""Critical point: one point where a gradient vanishes, and what is known of it; and lists too long to be made at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class PointSequence(Sequence[CriticalPoint]):
    """So many critical points, each made, by its place 0, 1, ..., when it is asked for."""

    def __init__(self, length: int, make: Callable[[int], CriticalPoint]) -> None:
        self.length, self.make = length, make

    def __len__(self) -> int:
        return self.length

    def __bool__(self) -> bool:
        return self.length > 0  # which may be too large for len

    def __getitem__(self, place: Any) -> Any:
        chosen = range(self.length)[place]
        return self.make(chosen) if isinstance(chosen, int) else tuple(map(self.make, chosen))
