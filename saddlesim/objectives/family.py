"""Family: the base of what exists in n dimensions and is vectorised by hand. The families themselves stand in other rooms."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.expressions.syntax import MOST_VARIABLES
from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective
from saddlesim.parameters import Size

LONGEST_TEXT = 8000  # characters up to which a family is written out

Dimension = Annotated[Size, Field(ge=2)]
Interval = tuple[float, float]


class Family(LibraryObjective):
    """Base of the families: a cube for a domain, Hessians made of products, one minimum at equal components, a text while short.

    Attributes
    ----------
    interval : (low, high)
        The usual domain of each component.
    centre : float, optional
        What all components are at the minimum that is listed where no table lists more.
    proved : bool
        Whether what is listed without a table is proved to be all.
    sizes : tuple of int
        The dimensions of the examples.
    """

    interval: ClassVar[Interval]
    centre: ClassVar[float | None] = None
    proved: ClassVar[bool] = False
    sizes: ClassVar[tuple[int, ...]] = (2, 4, 7)
    dimension_rule: ClassVar[str] = "any n >= 2"

    @abstractmethod
    def text(self, names: Sequence[str]) -> str | None:
        """Write the formula over names; None where the language of expressions cannot."""

    @property
    def minimizer(self) -> Array | None:
        """The minimum that is listed where no table lists more, (d,)."""
        return None if self.centre is None else np.full(self.dimension, self.centre)

    @cached_property
    def domain(self) -> Array:
        return np.tile(np.array(self.interval, dtype=np.float64), (self.dimension, 1))

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        identity = np.eye(self.dimension).reshape(self.dimension, *[1] * (x.ndim - 1), self.dimension)
        columns = np.moveaxis(self.hessian_product(x[..., None], identity), -1, 1)
        return np.asarray((columns + columns.swapaxes(0, 1)) / 2)

    @property
    def table_key(self) -> str:
        return f"{super().table_key}_{self.dimension}"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        x = None if self.table else self.minimizer
        if x is None:
            return super().critical_points
        return (CriticalPoint("minimum_1", x, float(self.value(x)), index=0, kind="minimum"),)

    @property
    def critical_points_complete(self) -> bool:
        return super().critical_points_complete or (self.proved and self.critical_points is not None)

    @property
    def expression_text(self) -> str | None:
        text = self.text(self.variables) if self.dimension <= MOST_VARIABLES else None
        return text if text and len(text) <= LONGEST_TEXT else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return tuple(cls(dimension=n) for n in cls.sizes)  # type: ignore[call-arg]

    def numbers(self, x: Array) -> Array:
        """Give 1, ..., d along the first of as many axes as x has."""
        return np.arange(1.0, self.dimension + 1).reshape(-1, *[1] * (x.ndim - 1))

    def paired(self, x: Array, v: Array) -> tuple[Array, Array, Array]:
        """Give points, directions and zeros for their products, all of one shape (d, ...)."""
        x, v = np.broadcast_arrays(self.points(x), self.points(v, "v"))
        return x, v, np.zeros(x.shape, dtype=np.result_type(x, v))
