"""Landscape result: how deep each slice goes, and how far the quadratic model of the point tells what is there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import Result
from saddlesim.spectrum import rounding_rtol, zero_threshold

if TYPE_CHECKING:
    from saddlesim.experiments.landscape.landscape import Landscape

Array = NDArray[np.float64]

ROUNDING = 1e-12  # of the largest modulus of a value on the slice: differences up to it are none
HOLDS = 0.1  # of the change of the value: by how much the model may be wrong where it holds

OF_POINT = (
    "dimension",
    "norm",
    "value",
    "gradient_norm",
    "is_critical",
    "index",
    "nullity",
    "margin",
    "distance",
)
OF_DIRECTION = (
    "eigenvalue",
    "residual",
    "gap",
    "slope",
    "lowest_value",
    "lowest_position",
    "descends",
    "model_error",
    "model_holds_to",
)


class LandscapeResult(Result):
    """What `Landscape` cut. Rows of arrays are directions, in the order in which they are asked for."""

    experiment: Landscape

    @property
    def value(self) -> float:
        """At the point."""
        return float(self["centre_value"][0])

    @property
    def kind(self) -> str | None:
        """What the point is; None where its whole Hessian is not known."""
        return str(self["kind"][0]) or None

    @cached_property
    def flatness(self) -> float:
        """Up to which modulus an eigenvalue that is asked for is zero, by the largest of them."""
        values = self["eigenvalue"][np.isfinite(self["eigenvalue"])]
        return float(zero_threshold(values, rtol=rounding_rtol(len(self["x"])))) if values.size else 0.0

    @cached_property
    def roundings(self) -> Array:
        """Below which differences of values are none, of each slice, (k,)."""
        modulus = np.abs(np.column_stack([self["value"], np.full(len(self["value"]), self.value)]))
        return np.asarray(ROUNDING * np.fmax.reduce(modulus, axis=1))

    @cached_property
    def model_errors(self) -> Array:
        """What the quadratic model is wrong by, over the change of the value or of the model, the larger, (k, T).

        0 where they differ by rounding, between 0 and 2 everywhere else, and nan where the value is not finite.
        """
        value, model, least = self["value"] - self.value, self["model"] - self.value, self.roundings[:, None]
        wrong = np.abs(value - model)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(wrong <= least, 0.0, wrong / np.maximum(np.abs(value), np.abs(model))))

    @cached_property
    def reaches(self) -> Array:
        """How far from the point, to both sides, the model is wrong by at most `HOLDS`, (k,); between positions by a line."""
        t, errors = self["position"], self.model_errors
        centre = len(t) // 2
        return np.array([min(_reach(t[centre:], row[centre:]), _reach(t[centre:], row[centre::-1])) for row in errors])

    @cached_property
    def lowest(self) -> NDArray[np.intp]:
        """Where on each slice the value is lowest, (k,); of places that are alike the one nearest to the point, right first."""
        t = self["position"]
        order = np.lexsort((t < 0, np.abs(t)))
        values = np.where(np.isnan(self["value"]), np.inf, self["value"])[:, order]
        alike = values <= (values.min(axis=1) + self.roundings)[:, None]
        return np.asarray(order[alike.argmax(axis=1)])

    @cached_property
    def descends(self) -> NDArray[np.bool_]:
        """Whether the value goes below that of the point, by more than rounding, (k,)."""
        lowest = self["value"][np.arange(len(self.lowest)), self.lowest]
        return np.asarray(lowest < self.value - self.roundings)

    def summary(self) -> dict[str, Any]:
        x = self["x"]
        whole = self["index"][0] >= 0
        return {
            "objective": str(self.experiment.objective),
            "point": {
                "kind": self.kind,
                "dimension": len(x),
                "norm": float(np.linalg.norm(x)),
                "value": self.value,
                "gradient_norm": float(self["gradient_norm"][0]),
                "is_critical": bool(self["is_critical"][0]) if whole else None,
                "index": int(self["index"][0]) if whole else None,
                "nullity": int(self["nullity"][0]) if whole else None,
                "margin": float(self["margin"][0]) if whole else None,
                "distance": float(self["distance"][0]),
            },
            "directions": {str(k): self._direction(row) for row, k in enumerate(self.experiment.directions)},
        }

    def _direction(self, row: int) -> dict[str, Any]:
        place, gap = int(self.lowest[row]), float(self["gap"][row])
        ends = self.model_errors[row, [0, -1]]
        return {
            "eigenvalue": float(self["eigenvalue"][row]),
            "residual": float(self["residual"][row]),
            "gap": None if np.isnan(gap) else gap,
            "slope": float(self["slope"][row, len(self["position"]) // 2]),
            "lowest_value": float(self["value"][row, place]),
            "lowest_position": float(self["position"][place]),
            "descends": bool(self.descends[row]),
            "model_error": float(ends.max()),
            "model_holds_to": float(self.reaches[row]),
        }


def _reach(t: Array, errors: Array) -> float:
    """Give up to which of distances (n,), ascending from 0, errors stay small."""
    bad = ~(errors <= HOLDS)  # what is not finite, too
    if not bad.any():
        return float(t[-1])
    first = int(bad.argmax())
    if first == 0 or np.isnan(errors[first]):
        return float(t[max(first - 1, 0)])
    before, after = errors[first - 1], errors[first]
    return float(t[first - 1] + (t[first] - t[first - 1]) * (HOLDS - before) / (after - before))


def summary_names(experiment: Landscape) -> tuple[str, ...]:
    """List the figures of the experiment."""
    of_directions = (f"directions.{k}.{name}" for k in experiment.directions for name in OF_DIRECTION)
    return (*(f"point.{name}" for name in OF_POINT), *of_directions)
