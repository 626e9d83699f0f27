"""Network index result: the distinct critical points, what was refused and why, and how index and loss go together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import Result, generator
from saddlesim.experiments.estimates import estimate_names, figures_of
from saddlesim.experiments.network_index.judging import OUTCOMES
from saddlesim.experiments.network_index.ranks import rank_correlation

if TYPE_CHECKING:
    from saddlesim.experiments.network_index.network_index_by_loss import NetworkIndexByLoss

Array = NDArray[np.float64]

REFUSALS = OUTCOMES[1:]
BANDS = ("low", "middle", "high")  # thirds of the distinct points by loss
RESAMPLES = 2  # the stream of randomness


@dataclass(frozen=True, eq=False)
class Ends:
    """Where some walks ended: loss (P,), error, index fraction, flatness, nullity, margin and eigenvalues (P, d) there."""

    value: Array
    error: Array
    index_fraction: Array
    flatness: Array
    nullity: NDArray[np.int64]
    margin: Array
    eigenvalues: Array

    def __len__(self) -> int:
        return len(self.value)

    def those(self, chosen: NDArray[Any]) -> Ends:
        """Give some of them."""
        return Ends(*(getattr(self, name)[chosen] for name in Ends.__dataclass_fields__))


class NetworkIndexByLossResult(Result):
    """What `NetworkIndexByLoss` found. Correlations are of distinct points; what was refused enters none but its own."""

    experiment: NetworkIndexByLoss

    @cached_property
    def accepted(self) -> Ends:
        """The distinct critical points that any search found."""
        return self._distinct(slice(None))

    @cached_property
    def refused(self) -> Ends:
        """Where walks ended that were refused and are neither lost nor far."""
        outcome = self["outcome"]
        return self._ends((outcome != OUTCOMES.index("accepted")) & (outcome != OUTCOMES.index("lost")))

    def accepted_by(self, method: str) -> Ends:
        """Give the distinct critical points that one search found."""
        place = self.experiment.methods.index(method)
        return self._distinct(slice(place, place + 1))

    def bands(self) -> dict[str, Ends]:
        """Give the distinct points by loss, a third in each."""
        order = np.argsort(self.accepted.value, kind="stable")
        thirds = np.array_split(order, len(BANDS))
        return {name: self.accepted.those(third) for name, third in zip(BANDS, thirds, strict=True)}

    def _distinct(self, methods: slice) -> Ends:
        numbers = self["critical_point"][methods]
        _, firsts = np.unique(numbers, return_index=True)
        chosen = np.zeros(numbers.shape, dtype=np.bool_)
        chosen.flat[firsts] = True
        everywhere = np.zeros(self["critical_point"].shape, dtype=np.bool_)
        everywhere[methods] = chosen & (numbers >= 0)
        return self._ends(everywhere)

    def _ends(self, chosen: NDArray[np.bool_]) -> Ends:
        fraction = self["morse_index"] / self["eigenvalues"].shape[-1]
        own = (self[name] for name in ("flatness", "nullity", "margin", "eigenvalues"))
        return Ends(*(each[chosen] for each in (self["value"], self["error"], fraction, *own)))

    def correlation(self, ends: Ends, name: str = "value") -> Any:
        """Estimate Spearman's correlation of the index fraction with the loss, or the error; None where there is none."""
        return rank_correlation(ends.index_fraction, getattr(ends, name), generator(self.seed, 0, RESAMPLES))

    def summary(self) -> dict[str, Any]:
        outcome, found = self["outcome"], self.accepted
        is_accepted = outcome == OUTCOMES.index("accepted")
        with_error = found.those(np.isfinite(found.error))
        return {
            "network": str(self.experiment.network),
            "dimension": self.experiment.network.dimension,  # type: ignore[attr-defined]
            "n_starts": outcome.shape[1],
            "walks": outcome.size,
            "accepted": int(is_accepted.sum()),
            "refused": int((~is_accepted).sum()),
            "distinct": len(found),
            "degenerate": int((found.nullity > 0).sum()),
            "smallest_margin": _least(found.margin),
            "largest_gradient_excess": _most(self["gradient_excess"][is_accepted]),
            "largest_step_excess": _most(self["step_excess"][is_accepted]),
            **figures_of("rank_correlation", self.correlation(found)),
            **figures_of("rank_correlation_with_error", self.correlation(with_error, "error")),
            **figures_of("refused_rank_correlation", self.correlation(self.refused)),
            "bands": {name: _band(each) for name, each in self.bands().items()},
            "methods": {name: self._figures(place, name) for place, name in enumerate(self.experiment.methods)},
        }

    def _figures(self, place: int, method: str) -> dict[str, Any]:
        counts = np.bincount(self["outcome"][place], minlength=len(OUTCOMES))
        found = self.accepted_by(method)
        return {
            **{name: int(count) for name, count in zip(OUTCOMES, counts, strict=True)},
            "distinct": len(found),
            **figures_of("rank_correlation", self.correlation(found)),
        }


def _band(ends: Ends) -> dict[str, Any]:
    return {
        "count": len(ends),
        "lowest_loss": _least(ends.value),
        "highest_loss": _most(ends.value),
        "lowest_index_fraction": _least(ends.index_fraction),
        "mean_index_fraction": _mean(ends.index_fraction),
        "highest_index_fraction": _most(ends.index_fraction),
        "mean_error": _mean(ends.error[np.isfinite(ends.error)]),
    }


def _least(values: Array) -> float | None:
    return float(values.min()) if values.size else None


def _most(values: Array) -> float | None:
    return float(values.max()) if values.size else None


def _mean(values: Array) -> float | None:
    return float(values.mean()) if values.size else None


def summary_names(experiment: NetworkIndexByLoss) -> tuple[str, ...]:
    """List the figures of the experiment."""
    counts = ("dimension", "n_starts", "walks", "accepted", "refused", "distinct", "degenerate")
    limits = ("smallest_margin", "largest_gradient_excess", "largest_step_excess")
    correlations = ("rank_correlation", "rank_correlation_with_error", "refused_rank_correlation")
    of_band = ("count", "lowest_loss", "highest_loss", "mean_error")
    of_fraction = ("lowest_index_fraction", "mean_index_fraction", "highest_index_fraction")
    of_method = (*OUTCOMES, "distinct", *estimate_names("rank_correlation"))
    return (
        *counts,
        *limits,
        *(each for name in correlations for each in estimate_names(name)),
        *(f"bands.{band}.{name}" for band in BANDS for name in (*of_band, *of_fraction)),
        *(f"methods.{method}.{name}" for method in experiment.methods for name in of_method),
    )
