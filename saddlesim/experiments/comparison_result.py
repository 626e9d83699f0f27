"""Comparison result: costs of solving, and the profiles that show them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.experiments.base import Result
from saddlesim.experiments.estimates import estimate_names, fraction, median_value

if TYPE_CHECKING:
    from saddlesim.experiments.comparison import Comparison

Array = NDArray[np.float64]

FACTORS = (1, 2, 5, 10)  # of the cheapest cost, at which the performance profile is told


class ComparisonResult(Result):
    """What `Comparison` measured. A problem is an objective with a start."""

    experiment: Comparison

    @cached_property
    def solving_cost(self) -> Array:
        """The cost at which a problem is solved, (objective, optimizer, start); infinity: not within the budget."""
        best_value, cost = self["best_value"], self["cost"]
        start = best_value[:, :, :1]
        lowest = np.nanmin(best_value, axis=(1, 2), keepdims=True)
        with np.errstate(invalid="ignore"):  # unbounded below: nothing is allowed, nothing solved
            allowed = lowest + self.experiment.tolerance * (start - lowest)
        solved = (best_value <= allowed) & np.isfinite(lowest)
        solved &= start > lowest  # where no optimizer finds anything lower there is nothing to solve
        first = np.argmax(solved, axis=2)
        costs = np.take_along_axis(cost, first.reshape(*cost.shape[:2], -1), axis=2)
        return np.where(solved.any(axis=2), costs, np.inf)

    @cached_property
    def ratio(self) -> Array:
        """The cost over that of the cheapest optimizer, (objective, optimizer, start); infinity where not solved."""
        costs = self.solving_cost
        cheapest = costs.min(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(costs), costs / cheapest, np.inf)

    def performance(self, label: str, factors: ArrayLike) -> Array:
        """Give the fraction of problems that an optimizer solves within each factor of the cheapest cost, (K,)."""
        return _at_most(self.ratio[:, self._place(label)], factors)

    def data(self, label: str, costs: ArrayLike) -> Array:
        """Give the fraction of problems that an optimizer solves at each cost, in gradients, (K,)."""
        return _at_most(self.solving_cost[:, self._place(label)], costs)

    def _place(self, label: str) -> int:
        return tuple(self.experiment.optimizers).index(label)

    def summary(self) -> dict[str, Any]:
        asked = self.experiment
        return {
            "n_problems": len(asked.objectives) * asked.n_starts,
            "n_steps": asked.n_steps,
            "tolerance": asked.tolerance,
            "optimizers": {label: self._figures(label) for label in asked.optimizers},
            "objectives": {
                objective: {label: self._figures_on(i, label) for label in asked.optimizers}
                for i, objective in enumerate(asked.objectives)
            },
        }

    def _figures(self, label: str) -> dict[str, Any]:
        costs = self.solving_cost[:, self._place(label)]
        told = self.performance(label, FACTORS)
        return {
            **fraction(int(np.isfinite(costs).sum()), costs.size).figures("fraction_solved"),
            "median_cost": median_value(costs),
            **{f"within_{factor}": float(each) for factor, each in zip(FACTORS, told, strict=True)},
        }

    def _figures_on(self, objective: int, label: str) -> dict[str, Any]:
        place, tried = (objective, self._place(label)), self.experiment.learning_rates
        costs, rate = self.solving_cost[place], self["learning_rate"][place]
        return {
            "learning_rate": None if np.isnan(rate) else float(rate),
            "at_the_edge": bool(rate in (min(tried), max(tried))),
            **fraction(int(np.isfinite(costs).sum()), costs.size).figures("fraction_solved"),
            "median_cost": median_value(costs),
        }


_FIGURES = (*estimate_names("fraction_solved"), "median_cost")


def summary_names(experiment: Comparison) -> tuple[str, ...]:
    """List the figures of a comparison."""
    return (
        "n_problems",
        *(
            f"optimizers.{label}.{name}"
            for label in experiment.optimizers
            for name in (*_FIGURES, *(f"within_{factor}" for factor in FACTORS))
        ),
        *(
            f"objectives.{objective}.{label}.{name}"
            for objective in experiment.objectives
            for label in experiment.optimizers
            for name in ("learning_rate", "at_the_edge", *_FIGURES)
        ),
    )


def _at_most(values: Array, limits: ArrayLike) -> Array:
    """Give the fraction of all values that are not above each limit, (K,)."""
    ascending = np.sort(values, axis=None)
    return np.asarray(np.searchsorted(ascending, limits, side="right") / ascending.size)
