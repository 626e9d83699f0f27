"""Result of field index by level: what was measured, what is exact and what holds in the limit, by level and by index."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import Result
from saddlesim.experiments.estimates import Estimate, estimate_names, figures_of
from saddlesim.experiments.levels.curves import Curves, index_fraction, level_edges, limit_index_fraction, share
from saddlesim.experiments.levels.moments import LEAST_DRAWS, effective_draws, estimate, ratio

if TYPE_CHECKING:
    from saddlesim.experiments.levels.field_index_by_level import FieldIndexByLevel

Array = NDArray[np.float64]

BOUNDED = ("fraction", "index_fraction", "share_of_minima", "deep_fraction", "deep_share_of_minima")

PARTS = {"fraction": "mean_level", "deep_fraction": "deep_share_of_minima"}  # whose b is the weight of the part

_SUMS = "sums over draws of a, b, a^2, a b, b^2, with a the weight of"
SHARED_AXES = ("moment", "bin", "one")  # the lengths of the others differ from landscape to landscape
MEANINGS = {
    "fraction": (("moment", "index"), f"{_SUMS} an index and b that of all"),
    "number": (("moment", "one"), f"{_SUMS} all and b = 1"),
    "number_of_index": (("moment", "index"), f"{_SUMS} an index and b = 1"),
    "mean_level": (("moment", "index"), f"{_SUMS} an index times the level and b that of the index"),
    "squared_level": (("moment", "index"), f"{_SUMS} an index times the squared level and b that of the index"),
    "level_in_bin": (("moment", "bin"), f"{_SUMS} a bin times the level and b that of the bin"),
    "index_fraction": (("moment", "bin"), f"{_SUMS} a bin times index / n and b that of the bin"),
    "share_of_minima": (("moment", "bin"), f"{_SUMS} minima in a bin and b that of the bin"),
    "deep_fraction": (("moment", "one"), f"{_SUMS} what is below the threshold and b that of all"),
    "deep_share_of_minima": (("moment", "one"), f"{_SUMS} minima below the threshold and b that of all there"),
    "n_partial": ((), "draws in which Morse's sum does not come out"),
    "level": (("node",), "level of a node, in thresholds"),
    "weight": (("node",), "weight of a node"),
    "density": (("index", "node"), "exact density of the critical points of an index in the level"),
    "exact_number": ((), "exact mean number of critical points"),
}


class FieldIndexByLevelResult(Result):
    """What `FieldIndexByLevel` measured. Levels are in thresholds."""

    experiment: FieldIndexByLevel

    def moments(self, label: str, name: str) -> Array:
        """Give the moments of a landscape's ratios, (5, ...)."""
        return self[f"{label}:{name}"]

    def estimates(self, label: str, name: str) -> list[Estimate | None]:
        """Estimate a landscape's ratios, one an index or a bin; None where too few draws weigh in the part that is told of."""
        part = self.moments(label, PARTS.get(name, name))
        told = zip(self.moments(label, name).T, effective_draws(part) >= LEAST_DRAWS, strict=True)
        return [estimate(each, bounded=name in BOUNDED) if enough else None for each, enough in told]

    def spread(self, label: str) -> Array:
        """Give the standard deviation of the level of each index, (n + 1,); nan where there are none."""
        mean, square = (ratio(self.moments(label, name)) for name in ("mean_level", "squared_level"))
        return np.sqrt(np.maximum(square - mean * mean, 0))

    @cached_property
    def curves(self) -> dict[str, Curves]:
        """What is exact, of the landscapes small enough."""
        return {
            label: Curves._make(self[f"{label}:{name}"] for name in Curves._fields)
            for label in self.experiment.landscapes
            if f"{label}:density" in self.arrays
        }

    @cached_property
    def edges(self) -> Array:
        """The ends of the bins, (n_levels + 1,)."""
        return level_edges(self.experiment.n_levels)

    def largest_deviation(self, label: str) -> float | None:
        """Give the largest distance of a bin's index fraction from the exact one, in standard errors; None without a bin to tell.

        Bins where all but a few draws have index 0, or all but a few n, are passed over: too rare for their errors to be normal.
        """
        if label not in self.curves:
            return None
        exact = index_fraction(self.curves[label].between(self.edges[:-1], self.edges[1:]))
        others = self.experiment.landscapes[label].n * np.minimum(exact, 1 - exact)
        common = effective_draws(self.moments(label, "index_fraction")) * others >= LEAST_DRAWS
        told = zip(self.estimates(label, "index_fraction"), exact.tolist(), strict=True)
        judged = [each for each, enough in zip(told, common, strict=True) if enough]
        deviations = [
            abs(made.value - law) / made.standard_error for made, law in judged if made and made.standard_error
        ]
        return max(deviations, default=None)

    def summary(self) -> dict[str, Any]:
        return {"landscapes": {label: self._figures(label) for label in self.experiment.landscapes}}

    def _figures(self, label: str) -> dict[str, Any]:
        asked, curves = self.experiment, self.curves.get(label)
        found = asked.is_found(label)
        deep = curves.between(-math.inf, -1.0) if curves else None
        (number,) = self.estimates(label, "number") if found else (None,)
        return {
            "landscape": str(asked.landscapes[label]),
            "threshold": -asked.landscapes[label].threshold,
            "found": found,
            "n_draws": asked.n_draws_of(label),
            "n_partial": int(self[f"{label}:n_partial"]) if found else None,
            **figures_of("number", number),
            "exact_number": float(curves.exact_number) if curves else None,
            "largest_deviation": self.largest_deviation(label),
            "below_threshold": {
                **figures_of("fraction", self.estimates(label, "deep_fraction")[0]),
                "exact_fraction": None if deep is None else float(deep.sum()),
                **figures_of("share_of_minima", self.estimates(label, "deep_share_of_minima")[0]),
                "exact_share_of_minima": None if deep is None else float(deep[0] / deep.sum()),
            },
            "levels": self._figures_by_level(label, curves),
            "indices": self._figures_by_index(label, curves),
        }

    def _figures_by_level(self, label: str, curves: Curves | None) -> dict[str, Any]:
        """Tell of each bin; of the limit at the mean level of its points, which crowd at the end nearer to 0."""
        low, high = self.edges[:-1], self.edges[1:]
        level = (low + high) / 2
        exact = {}
        if curves:
            there = curves.between(low, high)
            exact = {"index_fraction": index_fraction(there), "share_of_minima": share(there[0], there.sum(axis=0))}
        made = {name: self.estimates(label, name) for name in ("index_fraction", "share_of_minima")}
        mean_level = ratio(self.moments(label, "level_in_bin"))
        limit = limit_index_fraction(np.where(np.isnan(mean_level), level, mean_level))
        return {
            str(b): {
                "level": float(level[b]),
                "mean_level": _finite(mean_level[b]),
                **_beside(made, exact, b),
                "limit_index_fraction": float(limit[b]),
            }
            for b in range(len(level))
        }

    def _figures_by_index(self, label: str, curves: Curves | None) -> dict[str, Any]:
        found, spread = self.experiment.is_found(label), self.spread(label)
        made = {name: self.estimates(label, name) for name in ("fraction", "mean_level")}
        exact = dict(zip(("fraction", "mean_level", "spread"), curves.moments(), strict=True)) if curves else {}
        number = self.estimates(label, "number_of_index") if found else [None] * len(spread)
        return {
            str(k): {
                **figures_of("number", number[k]),
                "exact_number": float(exact["fraction"][k] * curves.exact_number) if curves else None,
                **_beside(made, exact, k),
                "spread": _finite(spread[k]) if made["mean_level"][k] else None,
                "exact_spread": _finite(exact["spread"][k]) if curves else None,
            }
            for k in range(len(spread))
        }


def summary_names(experiment: FieldIndexByLevel) -> tuple[str, ...]:
    """List the figures."""
    of_both = (*_beside_names("index_fraction"), *_beside_names("share_of_minima"))
    of_a_level = ("level", "mean_level", *of_both, "limit_index_fraction")
    of_an_index = (*(each for name in ("number", "fraction", "mean_level") for each in _beside_names(name)), "spread")
    of_all = ("threshold", "found", "n_draws", "n_partial", *_beside_names("number"), "largest_deviation")
    of_the_deep = (*_beside_names("fraction"), *_beside_names("share_of_minima"))
    return tuple(
        f"landscapes.{label}.{name}"
        for label, landscape in experiment.landscapes.items()
        for name in (
            *of_all,
            *(f"below_threshold.{each}" for each in of_the_deep),
            *(f"levels.{b}.{each}" for b in range(experiment.n_levels) for each in of_a_level),
            *(f"indices.{k}.{each}" for k in range(landscape.n + 1) for each in (*of_an_index, "exact_spread")),
        )
    )


def _beside_names(name: str) -> tuple[str, ...]:
    return (*estimate_names(name), f"exact_{name}")


def _beside(made: dict[str, list[Estimate | None]], exact: dict[str, Array], place: int) -> dict[str, float | None]:
    """Tell estimates and, beside each, what is exact."""
    told: dict[str, float | None] = {}
    for name, estimates in made.items():
        told |= figures_of(name, estimates[place])
        told[f"exact_{name}"] = _finite(exact[name][place]) if name in exact else None
    return told


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
