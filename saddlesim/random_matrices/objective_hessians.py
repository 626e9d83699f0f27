"""Hessians of objectives at random points of their domains. Not here: those at critical points, which have to be found first."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any, ClassVar, NoReturn, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives import OBJECTIVES, Objective, ObjectiveField, name_of
from saddlesim.parameters import declared, field_names, with_fields
from saddlesim.problems import InvalidParameters, Problem
from saddlesim.random_matrices.base import Array, LibraryEnsemble
from saddlesim.random_matrices.dense import LARGEST_DENSE


@declared
class ObjectiveHessian(LibraryEnsemble):
    """The signs that a test function shows to one who looks at it anywhere: its Hessian at a point uniform in its domain.

    ``H = f''(x)``, x uniform in the box, n the objective's dimension. The index at random points is not the index at critical
    points, where a factor |det f''| enters and the gradient must vanish, too. A Hessian that is not finite has no signs, and to
    leave such points out would be another law: drawing one is refused. Where only a kink is without a Hessian, none is drawn.
    What zero means is relative to the largest eigenvalue of the point, as everywhere (`spectrum`).
    """

    objective: ObjectiveField = Field(description="whose Hessian; n is its dimension")

    source: ClassVar[str] = "the objective's own"

    def __post_init__(self) -> None:
        domain = np.asarray(getattr(self.objective, "domain", np.nan), dtype=np.float64)
        if domain.shape[1:] != (2,) or not np.isfinite(domain).all():
            self._refuse("has no finite domain to draw points from; give it one, an array (d, 2) of bounds")
        if len(domain) > LARGEST_DENSE:
            self._refuse(f"has dimension {len(domain)}, above {LARGEST_DENSE}, and its Hessians are held in full")

    def _refuse(self, why: str) -> NoReturn:
        raise InvalidParameters([Problem(("objective",), f"{name_of(self.objective)} {why}")])

    @property
    def domain(self) -> Array:
        """The objective's, (n, 2)."""
        objective: Any = self.objective
        return np.asarray(objective.domain, dtype=np.float64)

    @property
    def n(self) -> int:
        return len(self.domain)

    def of_size(self, n: int) -> Self:
        """Give the law of the same objective in n dimensions, where it has a field `dimension`.

        Raises
        ------
        ValueError
            If there is none of that dimension.
        """
        if n == self.n:
            return self
        if not is_dataclass(self.objective) or "dimension" not in field_names(type(self.objective)):
            raise ValueError(f"{name_of(self.objective)} has dimension {self.n} and no field that makes it {n}")
        made: Self = with_fields(self, {("objective", "dimension"): n})
        return made

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw Hessians, (B, n, n).

        Raises
        ------
        ValueError
            If one is not finite.
        """
        low, high = self.domain.T
        x = rng.uniform(low, high, (n_samples, self.n)).T
        return finite_hessians(self.objective, x)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return tuple(cls(objective=OBJECTIVES[name]()) for name in ("rosenbrock", "himmelblau", "double_well"))

    def __str__(self) -> str:
        return f"objective_hessian(objective={name_of(self.objective)})"


def finite_hessians(objective: Objective, x: Array) -> Array:
    """Give the Hessians at points (n, B), as (B, n, n).

    Raises
    ------
    ValueError
        If one is not finite.
    """
    hessians = np.moveaxis(np.asarray(objective.hessian(x), dtype=np.float64), -1, 0)
    missing = ~np.isfinite(hessians).all(axis=(1, 2))
    if missing.any():
        where = f"x = {x[:, missing.argmax()][:10].round(3).tolist()}{', ...' if len(x) > 10 else ''}"
        told = f"{missing.sum()} of {len(hessians)} random points, such as {where}"
        raise ValueError(f"the Hessian of {name_of(objective)} is not finite at {told}; it has no signs there")
    return np.ascontiguousarray(hessians)
