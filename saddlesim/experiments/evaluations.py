"""Evaluations: how often a value or a derivative was asked for. A wrapper counts; what it counts for does not notice."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Evaluations(NamedTuple):
    """How many points of one lane each was evaluated at."""

    value: int = 0
    gradient: int = 0
    hessian: int = 0
    hessian_product: int = 0


class CountedObjective:
    """An objective that counts what is asked of it, and is otherwise the one it wraps.

    A call on points (d, n_lanes) counts once, one on (d, k, n_lanes) k times: all lanes of a block ask alike. The gradient of
    some terms of a finite sum counts as a gradient; a Hessian product counts as one even where it is made of a Hessian.

    Parameters
    ----------
    objective : Objective
    n_lanes : int
        How many lanes ask together; 1 for single points (d,).

    Examples
    --------
    >>> from saddlesim.objectives import OBJECTIVES
    >>> counted = CountedObjective(OBJECTIVES["quadratic"]())
    >>> x = counted.gradient(np.array([1.0, 0.5])) + counted.gradient(np.array([2.0, 0.5]))
    >>> counted.evaluations
    Evaluations(value=0, gradient=2, hessian=0, hessian_product=0)
    """

    def __init__(self, objective: Any, n_lanes: int = 1) -> None:
        self.objective = objective
        self.n_lanes = n_lanes
        self.evaluations = Evaluations()

    def value(self, x: Array) -> Array:
        return np.asarray(self._counted("value", x))

    def gradient(self, x: Array, *terms: Any, **named: Any) -> Array:
        return np.asarray(self._counted("gradient", x, *terms, **named))

    def hessian(self, x: Array) -> Array:
        return np.asarray(self._counted("hessian", x))

    def __getattr__(self, name: str) -> Any:
        """Give what else the objective has; the Hessian product, which it may lack, counted."""
        held = getattr(object.__getattribute__(self, "objective"), name)
        return self._counted_product if name == "hessian_product" else held

    def __call__(self, x: Array) -> Array:
        return self.value(x)

    def __str__(self) -> str:
        return str(self.objective)

    def _counted_product(self, x: Array, v: Array) -> Array:
        return np.asarray(self._counted("hessian_product", x, v))

    def _counted(self, name: str, *points: Any, **named: Any) -> Any:
        n_points = max(np.size(each[0]) for each in points[: 2 if name == "hessian_product" else 1])
        asked = getattr(self.evaluations, name) + -(-n_points // self.n_lanes)
        self.evaluations = self.evaluations._replace(**{name: asked})
        return getattr(self.objective, name)(*points, **named)
