"""Field critical points result: fractions, numbers and mean values by index, each beside its exact law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.experiments.base import Result
from saddlesim.experiments.estimates import Estimate, estimate_names, figures_of
from saddlesim.experiments.fields.laws import INDEX_FRACTIONS, MEAN_VALUES
from saddlesim.random_matrices.field_counts import critical_point_density

if TYPE_CHECKING:
    from saddlesim.experiments.fields.critical_points import FieldCriticalPoints

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

CONFIDENCE_LEVEL = 0.95
HALF_PERIOD = math.pi  # the side of the box that is looked at by itself


@dataclass(frozen=True, eq=False)
class DrawnPoints:
    """The critical points of one kind of field: positions (d, P), values, indices and numbers of their fields, (P,)."""

    x: Array
    value: Array
    index: Counts
    field: Counts

    @property
    def in_half_box(self) -> DrawnPoints:
        """Those in [0, pi]^d."""
        inside = (self.x <= HALF_PERIOD).all(axis=0)
        return DrawnPoints(self.x[:, inside], self.value[inside], self.index[inside], self.field[inside])


class FieldCriticalPointsResult(Result):
    """What `FieldCriticalPoints` found. Unresolved fields are told of, and not left out: those kept would be easier ones."""

    experiment: FieldCriticalPoints

    @cached_property
    def drawn(self) -> dict[str, DrawnPoints]:
        """The critical points of all fields of each kind."""
        return {label: self._drawn(case, field.dimension) for case, (label, field) in self._fields}

    @property
    def _fields(self) -> Any:
        return enumerate(self.experiment.fields.items())

    def _drawn(self, case: int, dimension: int) -> DrawnPoints:
        of_case = self["point_case"] == case
        x = self["x"][of_case, :dimension].T
        return DrawnPoints(x, *(self[name][of_case] for name in ("value", "index", "point_field")))

    def counts(self, points: DrawnPoints) -> Counts:
        """Count the points of each field and index, (n_fields, d + 1)."""
        n_fields, n_indices = self.experiment.n_fields, len(points.x) + 1
        flat = np.bincount(points.field * n_indices + points.index, minlength=n_fields * n_indices)
        return flat.reshape(n_fields, n_indices)

    def fraction(self, points: DrawnPoints, index: int) -> Estimate | None:
        """Estimate which fraction of the critical points has an index."""
        counts = self.counts(points)
        return ratio(counts[:, index], counts.sum(axis=1))

    def mean_value(self, points: DrawnPoints, index: int) -> Estimate | None:
        """Estimate the mean of the field at its critical points of an index."""
        chosen = points.index == index
        sums = np.bincount(points.field[chosen], points.value[chosen], minlength=self.experiment.n_fields)
        return ratio(sums, self.counts(points)[:, index])

    def summary(self) -> dict[str, Any]:
        return {
            "n_fields": self.experiment.n_fields,
            "fields": {label: self._figures(case, label) for case, (label, _) in self._fields},
        }

    def _figures(self, case: int, label: str) -> dict[str, Any]:
        field, points = self.experiment.fields[label], self.drawn[label]
        d, inside = len(points.x), points.in_half_box
        exact = critical_point_density(d, field.length_scale) * (2 * math.pi) ** d  # type: ignore[attr-defined]
        return {
            "field": str(field),
            "n_points": len(points.index),
            "unresolved": int((~self["resolved"][case].astype(bool)).sum()),
            "nonzero_euler_sums": int(np.count_nonzero(euler_sums(self.counts(points)))),
            **_compared("mean_number", ratio(self.counts(points).sum(axis=1)), exact),
            **{f"index_{k}": self._figures_of_index(points, k) for k in range(d + 1)},
            "half_box": {
                "n_points": len(inside.index),
                **figures_of("mean_absolute_euler_sum", ratio(np.abs(euler_sums(self.counts(inside))))),
                **_compared("mean_number", ratio(self.counts(inside).sum(axis=1)), exact / 2**d),
                **{f"index_{k}": self._figures_of_index(inside, k) for k in range(d + 1)},
            },
        }

    def _figures_of_index(self, points: DrawnPoints, index: int) -> dict[str, Any]:
        d = len(points.x)
        return {
            "count": int((points.index == index).sum()),
            **_compared("fraction", self.fraction(points, index), INDEX_FRACTIONS[d][index]),
            **_compared("mean_value", self.mean_value(points, index), MEAN_VALUES[d][index]),
        }


def euler_sums(counts: Counts) -> Counts:
    """Give ``sum (-1)^index`` of each field from its numbers of points by index, (n_fields, d + 1)."""
    return np.asarray(counts @ (-1) ** np.arange(counts.shape[1]))


def ratio(parts: ArrayLike, wholes: ArrayLike = 1.0) -> Estimate | None:
    """Estimate E[part] / E[whole] from independent pairs, (n,) each; None where all wholes are 0.

    The standard error is that of the residuals ``part - ratio * whole`` over the mean whole, the interval Student's of n - 1
    degrees of freedom. With wholes of 1 this is the mean.
    """
    from scipy.stats import t

    parts, wholes = np.broadcast_arrays(np.asarray(parts, dtype=np.float64), wholes)
    if not wholes.any():
        return None
    n, value = len(parts), float(parts.sum() / wholes.sum())
    error = float(np.std(parts - value * wholes, ddof=1) / math.sqrt(n) / wholes.mean())
    half_width = error * float(t.ppf((1 + CONFIDENCE_LEVEL) / 2, n - 1))
    return Estimate(value, value - half_width, value + half_width, error)


def _compared(name: str, estimate: Estimate | None, exact: float) -> dict[str, Any]:
    """Give the entries of a figure beside its law: how many of its standard errors it is off."""
    z = None
    if estimate is not None:
        off = estimate.value - exact
        z = off / estimate.standard_error if estimate.standard_error else math.copysign(math.inf, off) if off else 0.0
    return {**figures_of(name, estimate), f"exact_{name}": exact, f"{name}_z": z}


def summary_names(experiment: FieldCriticalPoints) -> tuple[str, ...]:
    """List the figures of the experiment."""
    names = ["n_fields"]
    for label, field in experiment.fields.items():
        by_index = [
            f"index_{k}.{name}"
            for k in range(field.dimension + 1)  # type: ignore[attr-defined]
            for name in ("count", *_compared_names("fraction"), *_compared_names("mean_value"))
        ]
        in_both = ["n_points", *_compared_names("mean_number"), *by_index]
        names += [f"fields.{label}.{each}" for each in ("unresolved", "nonzero_euler_sums", *in_both)]
        names += [f"fields.{label}.half_box.{each}" for each in (*estimate_names("mean_absolute_euler_sum"), *in_both)]
    return tuple(names)


def _compared_names(name: str) -> tuple[str, ...]:
    return (*estimate_names(name), f"exact_{name}", f"{name}_z")
