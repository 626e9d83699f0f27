"""Basins result: what is made of the lanes that `Basins` ran: who ends where, how many a saddle captures, and how soon."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import listed_points
from saddlesim.experiments.base import Result
from saddlesim.experiments.endpoints import FINAL_KINDS, HESSIAN_ENTRIES
from saddlesim.experiments.estimates import estimate_names, fraction
from saddlesim.experiments.survival import median_escape_step, survival_curve
from saddlesim.objectives import Objective
from saddlesim.spectrum import eigenvalues

if TYPE_CHECKING:
    from saddlesim.experiments.basins import Basins

Array = NDArray[np.float64]

CAPTURING = ("saddle", "maximum")  # kinds of strict saddles, which as in Lee et al. (2016) include maxima
MOST_CORNERS = 10  # dimensions in which the corners of a box are looked at
MOST_ENTRIES = 20_000_000  # of the Hessians in which the largest curvature is sought
MOST_POINTS = 64  # that are told of one by one in the summary


class BasinsResult(Result):
    """What `Basins` measured.

    A saddle has captured what stands on it after the last step, a lane that is only slow to leave included.
    """

    experiment: Basins

    def of_set(self, name: str, starts: str) -> NDArray[Any]:
        """Give the part of an array that is about one set of starts, lanes last."""
        place = list(self.experiment.starts).index(starts)
        return np.asarray(self[name][..., self["set_of"] == place])

    def lanes(self, name: str, starts: str, label: str) -> NDArray[Any]:
        """Give the part of an array that is about one set of starts and one optimizer, (B,)."""
        return np.asarray(self.of_set(name, starts)[list(self.experiment.optimizers).index(label)])

    @cached_property
    def lipschitz(self) -> dict[str, float]:
        """The largest |Hessian eigenvalue| at the corners and starts of each set, or at some of too many: L from below."""
        return {label: self._lipschitz(label) for label in self.experiment.starts}

    def _lipschitz(self, label: str) -> float:
        objective, starts = self.experiment.objective, self.of_set("start", label)
        corners = _corners(self.experiment.starts[label].region(objective))
        every = -(-starts.size * len(starts) // MOST_ENTRIES)
        return largest_curvature(objective, np.concatenate([corners, starts[:, ::every]], axis=1))

    def rate_times_lipschitz(self, starts: str, label: str) -> float | None:
        """Give the learning rate in units of 1/L; None for a method that has none, or whose steps the Hessian scales."""
        optimizer = self.experiment.optimizers[label]
        rate = getattr(optimizer, "learning_rate", None)
        scaled = any(each.startswith("hessian") for each in getattr(optimizer, "needs", ()))
        return None if rate is None or scaled else rate * self.lipschitz[starts]

    def summary(self) -> dict[str, Any]:
        asked = self.experiment
        return {
            "objective": str(asked.objective),
            "n_steps": asked.n_steps,
            "starts": {
                label: {
                    "n_lanes": starts.count,
                    "lipschitz": self.lipschitz[label],
                    "optimizers": {each: self._figures(label, each) for each in asked.optimizers},
                }
                for label, starts in asked.starts.items()
            },
        }

    def _figures(self, starts: str, label: str) -> dict[str, Any]:
        kinds, ends, rest = (self.lanes(name, starts, label) for name in ("end_kind", "end_point", "rest_step"))
        captured = np.isin(kinds, [FINAL_KINDS.index(each) for each in CAPTURING])
        critical = kinds < FINAL_KINDS.index("moving")
        curve = survival_curve(rest, self.experiment.n_steps)
        return {
            "learning_rate_times_lipschitz": self.rate_times_lipschitz(starts, label),
            "n_captured": int(captured.sum()),
            **fraction(int(captured.sum()), len(kinds)).figures("fraction_captured"),
            **median_escape_step(rest, curve).figures("median_rest_step"),
            "fraction_unlisted": float(np.mean(critical & (ends < 0))),
            "end_kinds": {kind: float(np.mean(kinds == code)) for code, kind in enumerate(FINAL_KINDS)},
            "end_points": {name: float(np.mean(ends == place)) for place, name in enumerate(_labels(self.experiment))},
        }


def largest_curvature(objective: Objective, x: Array) -> float:
    """Give the largest |Hessian eigenvalue| at points (d, B), where it is finite."""
    piece = max(1, HESSIAN_ENTRIES // len(x) ** 2)
    with np.errstate(all="ignore"):
        spectra = [
            np.abs(eigenvalues(objective.hessian(x[:, begin : begin + piece]))).max(axis=-1)
            for begin in range(0, x.shape[1], piece)
        ]
    sizes = np.concatenate(spectra)
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def _corners(region: Array) -> Array:
    """Give the corners of a box, (d, 2^d), or nothing where there are too many."""
    corners = itertools.product(*region) if len(region) <= MOST_CORNERS else ()
    return np.array(list(corners), dtype=np.float64).reshape(-1, len(region)).T


# ---- what there is

LANE_ARRAYS = {
    "end_point": "place of the known critical point where it is after the last step; -1: at none",
    "end_kind": "kind of the point after the last step, a position in kind",
    "rest_step": "step from which on its gradient is zero to the tolerance; -1: it moves on",
    "final_value": "objective after the last step",
}

FIGURES = (
    "learning_rate_times_lipschitz",
    "n_captured",
    *estimate_names("fraction_captured"),
    *estimate_names("median_rest_step"),
    "fraction_unlisted",
    *(f"end_kinds.{kind}" for kind in FINAL_KINDS),
)


def _labels(experiment: Basins) -> list[str]:
    """Give the labels of the known critical points, those of the first where there are many."""
    return [each.label for each in listed_points(experiment.objective, MOST_POINTS)]


def summary_names(experiment: Basins) -> tuple[str, ...]:
    """List the figures of basins."""
    names = (*FIGURES, *(f"end_points.{label}" for label in _labels(experiment)))
    return (
        "n_steps",
        *(f"starts.{starts}.{name}" for starts in experiment.starts for name in ("n_lanes", "lipschitz")),
        *(
            f"starts.{starts}.optimizers.{label}.{name}"
            for starts in experiment.starts
            for label in experiment.optimizers
            for name in names
        ),
    )
