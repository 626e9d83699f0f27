"""What an objective is: the protocol that anyone's object may meet, and the base class of the library's own.

Not here: particular functions (each family has its file) and whatever descends them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.registry import snake_case

Array = NDArray[Any]  # float64, or complex128 where a derivative is checked by a complex step


@runtime_checkable
class Objective(Protocol):
    """A function R^d -> R with derivatives, on points component first; an object with these three methods serves.

    Of the further attributes of `LibraryObjective`, ``dimension``, ``critical_points``, ``domain`` and
    ``hessian_product`` are used where an object has them.
    """

    def value(self, x: Array, /) -> Array:
        """Give f(x): (d, ...) -> (...)."""

    def gradient(self, x: Array, /) -> Array:
        """Give the gradient: (d, ...) -> (d, ...)."""

    def hessian(self, x: Array, /) -> Array:
        """Give the Hessian: (d, ...) -> (d, d, ...)."""


METHODS = ("value", "gradient", "hessian")


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
    x: Array
    value: float
    index: int
    kind: str
    nullity: int = 0
    stable_eigenspace_invariant: bool = False


class LibraryObjective(ABC):
    """Base of the library's objectives: a static problem that knows its critical points. Calling it is `value`.

    Attributes
    ----------
    formula, source : str
        The formula in plain text, and where it comes from.
    critical_points_complete : bool
        Whether `critical_points` is all of them, anywhere in R^d.
    """

    formula: ClassVar[str]
    source: ClassVar[str]

    @property
    def dimension(self) -> int:
        """The number of components d."""
        return len(self.domain)

    @abstractmethod
    def value(self, x: Array) -> Array:
        """Give f(x): (d, ...) -> (...)."""

    @abstractmethod
    def gradient(self, x: Array) -> Array:
        """Give the gradient: (d, ...) -> (d, ...)."""

    @abstractmethod
    def hessian(self, x: Array) -> Array:
        """Give the Hessian: (d, ...) -> (d, d, ...)."""

    def hessian_product(self, x: Array, v: Array) -> Array:
        """Give the Hessian at x times v: (d, ...), (d, ...) -> (d, ...)."""
        return np.asarray(np.einsum("ij...,j...->i...", self.hessian(x), self.points(v)))

    def __call__(self, x: Array) -> Array:
        return self.value(x)

    @cached_property
    @abstractmethod
    def domain(self) -> Array:
        """The usual box, (d, 2)."""

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        """The known critical points, or None where they are infinitely many or unknown."""
        return None

    @property
    def critical_points_complete(self) -> bool:
        return False

    @classmethod
    @abstractmethod
    def examples(cls) -> tuple[Self, ...]:
        """Give the instances that tests and listings build."""

    def points(self, x: ArrayLike) -> Array:
        """Give x as an array of floating point of shape (d, ...).

        Raises
        ------
        ValueError
            If the first axis is not d long.
        """
        array = np.asarray(x)
        if array.dtype.kind != "c":
            array = np.asarray(array, dtype=np.float64)
        if array.ndim == 0 or array.shape[0] != self.dimension:
            given = f"{array.shape[0]} components" if array.ndim else "no axis of components"
            raise ValueError(f"x has {given} but {self} has dimension {self.dimension}")
        return array

    def __str__(self) -> str:
        """Give the constructor call, as in ``quadratic(eigenvalues=(1.0, -1.0))``."""
        return call_text(self)


def call_text(made: Any) -> str:
    """Spell the constructor call of a declared object: its first field and what else differs from the defaults."""
    given = [
        f"{field.name}={getattr(made, field.name)!r}"
        for position, field in enumerate(fields(made))
        if position == 0 or field.default is MISSING or getattr(made, field.name) != field.default
    ]
    return f"{snake_case(type(made).__name__)}({', '.join(given)})"


def square_box(half_width: float, dimension: int) -> Array:
    """Give the box [-half_width, half_width]^d as (d, 2)."""
    return np.tile([-half_width, half_width], (dimension, 1)).astype(np.float64)


def empty_hessian(x: Array) -> Array:
    """Give zeros of shape (d, d, ...) to fill, of the dtype of x."""
    return np.zeros((x.shape[0], *x.shape), dtype=x.dtype)
