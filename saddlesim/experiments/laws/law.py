"""Law: what theory says of an escape step, as a distribution with its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim import theory

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """The law of an escape step.

    Attributes
    ----------
    name : str
    exact : bool
        False where the saddle is linearised, steps are taken for a flow, or passage for being out.
    cdf : callable
        Gives P(T <= t) for steps t of any shape; nan where the law says nothing any more.
    median : float
        The smallest t with P(T <= t) >= 1/2; inf for never.
    """

    name: str
    exact: bool
    cdf: Callable[[ArrayLike], Array]
    median: float

    @classmethod
    def of_cdf(cls, name: str, exact: bool, cdf: Callable[[ArrayLike], Array]) -> Self:
        """Give the law of a distribution that does not decrease."""
        return cls(name, exact, cdf, theory.quantile_step(cdf, 0.5))

    @classmethod
    def at_step(cls, name: str, exact: bool, step: float) -> Self:
        """Give the law of lanes that all leave at one step."""
        return cls(name, exact, lambda t: np.where(np.asarray(t) >= step, 1.0, 0.0), float(step))

    @classmethod
    def never(cls, name: str, exact: bool, at_start: float = 0.0) -> Self:
        """Give the law of lanes that are out at step 0, with this probability, or never."""
        return cls(name, exact, lambda t: np.full(np.shape(t), at_start), 0.0 if at_start >= 0.5 else math.inf)

    def until(self, name: str, step: float) -> Law | None:
        """Give the law as far as it is known, up to a step; None if its median is later."""
        if self.median > step:
            return None
        return Law(name, self.exact, lambda t: np.where(np.asarray(t) <= step, self.cdf(t), np.nan), self.median)
