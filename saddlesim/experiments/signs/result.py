"""Eigenvalue signs result: probabilities, moments and goodness of fit, made of the counts of `EigenvalueSigns`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import Result
from saddlesim.experiments.estimates import Estimate, estimate_names, figures_of
from saddlesim.experiments.signs.counts import KINDS, InertiaCounts, bound_where_none_was_seen, proportion, scaled
from saddlesim.experiments.signs.goodness import GOODNESS_FIGURES, Goodness
from saddlesim.experiments.signs.laws import Expansion, Law, expanded_of, expansion_of, known_of
from saddlesim.experiments.signs.rare_events import RARE_FIGURES, rare_figures
from saddlesim.experiments.signs.words import blind_spot
from saddlesim.random_matrices import Ensemble
from saddlesim.random_matrices.rare import RareEstimate

if TYPE_CHECKING:
    from saddlesim.experiments.signs.eigenvalue_signs import EigenvalueSigns

Array = NDArray[np.float64]


class EigenvalueSignsResult(Result):
    """What `EigenvalueSigns` counted. A place is an ensemble's label and a size.

    Arrays are tables in long form: rows of all places one below the other, with the columns label (a position) and dimension.
    """

    experiment: EigenvalueSigns

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Label and size of all that was counted."""
        return tuple((label, n) for label in self.experiment.ensembles for n in self.experiment.dimensions)

    def rows(self, table: str, label: str, n: int) -> dict[str, NDArray[Any]]:
        """Give a place's part of one of `TABLES`, column by column; empty where it has none."""
        if f"{table}_label" not in self.arrays:
            return {name: np.empty(0) for name in TABLES[table]}
        position = tuple(self.experiment.ensembles).index(label)
        here = (self[f"{table}_label"] == position) & (self[f"{table}_dimension"] == n)
        return {name: self[f"{table}_{name}"][here] for name in TABLES[table]}

    @cached_property
    def counts(self) -> dict[tuple[str, int], InertiaCounts]:
        """How often each inertia was seen, by place."""
        return {(label, n): InertiaCounts.together(n, [self.rows("counts", label, n)]) for label, n in self.places}

    @cached_property
    def laws(self) -> dict[tuple[str, int], Law]:
        """What is known exactly, by place."""
        return {place: self._law(*place) for place in self.places}

    def _law(self, label: str, n: int) -> Law:
        asked = self.experiment
        place = tuple(asked.ensembles).index(label), asked.dimensions.index(n)
        distribution = self.rows("laws", label, n)["probability"]
        logarithm = float(self["log_probability_positive"][place])
        return Law(distribution if len(distribution) else None, None if math.isnan(logarithm) else logarithm)

    @cached_property
    def expansions(self) -> dict[tuple[str, int], Expansion]:
        """What is known for large n, by place."""
        return {place: expansion_of(self.experiment.ensemble(*place)) for place in self.places}

    def spectra(self, label: str, n: int) -> Array:
        """Give the eigenvalues of the matrices that were kept, (n_spectra, n), ascending in each."""
        return self.rows("spectra", label, n)["eigenvalue"].reshape(-1, n)

    def positive_spectra(self, label: str, n: int) -> tuple[Array, Array]:
        """Give spectra given that all eigenvalues are positive, (B, n), and their weights, (B,), the largest 1."""
        rows = self.rows("positive", label, n)
        return rows["eigenvalue"].reshape(-1, n), rows["weight"][::n]

    def rare(self, label: str, n: int) -> RareEstimate | None:
        """Give the estimate of P(all positive) by importance sampling or splitting; None where it was not asked for."""
        if not self.experiment.n_rare_samples:
            return None
        place = tuple(self.experiment.ensembles).index(label), self.experiment.dimensions.index(n)
        values = {name: self[f"rare_{name}"][place].item() for name in RARE_ARRAYS}
        return RareEstimate(**values)

    def probability(self, kind: str, label: str, n: int) -> Estimate:
        """Estimate the probability of one of `KINDS`."""
        asked, counts = self.experiment, self.counts[label, n]
        return proportion(counts.of_kind(kind), counts.n_samples, asked.confidence_level, asked.interval)

    def goodness(self, label: str, n: int) -> Goodness | None:
        """Hold the counts of each index against the exact law; None where it is not known."""
        distribution = self.laws[label, n].distribution
        return None if distribution is None else Goodness.of(self.counts[label, n].of_index(), distribution)

    # ---- figures

    def summary(self) -> dict[str, Any]:
        asked = self.experiment
        return {
            "n_samples": asked.n_samples,
            "confidence_level": asked.confidence_level,
            "ensembles": {label: self._ensemble_figures(label) for label in asked.ensembles},
            "points": {
                label: {f"n{n}": self._figures(label, n) for n in asked.dimensions} for label in asked.ensembles
            },
        }

    def _ensemble_figures(self, label: str) -> dict[str, Any]:
        """Give the goodness of fit of all sizes together, which are independent."""
        asked = self.experiment
        together = Goodness.together(self.goodness(label, n) for n in asked.dimensions)
        return {"ensemble": str(asked.ensembles[label]), **_goodness_figures(together)}

    def _figures(self, label: str, n: int) -> dict[str, Any]:
        counts, level = self.counts[label, n], self.experiment.confidence_level
        mean, variance = counts.mean(level), counts.variance(level)
        return {
            "n": n,
            **self._probability_figures(label, n),
            **self._exact_figures(self.laws[label, n], n),
            **self._expansion_figures(self.expansions[label, n]),
            **mean.figures("mean_index"),
            **scaled(mean, 1 / n).figures("mean_fraction"),
            **variance.figures("variance_index"),
            **_goodness_figures(self.goodness(label, n)),
            **self._rare_figures(label, n),
            "blind_spot": self._blind_spot(label, n),
        }

    def _probability_figures(self, label: str, n: int) -> dict[str, Any]:
        level, counts = self.experiment.confidence_level, self.counts[label, n]
        estimates = {kind: self.probability(kind, label, n) for kind in KINDS}
        told = {name: each for kind in KINDS for name, each in estimates[kind].figures(f"probability_{kind}").items()}
        unseen = counts.of_kind("minimum") == 0
        return {
            "n_samples": counts.n_samples,
            "n_minima": counts.of_kind("minimum"),
            **told,
            "bound_minimum": bound_where_none_was_seen(counts.n_samples, level) if unseen else None,
            "probability_coin": 0.5**n,
            "log10_probability_coin": -n * math.log(2) / math.log(10),
            **figures_of("ratio_to_coin", scaled(estimates["minimum"], 2.0**n) if n <= LARGEST_POWER else None),
        }

    def _exact_figures(self, law: Law, n: int) -> dict[str, float | None]:
        told: dict[str, float | None] = dict.fromkeys(EXACT_FIGURES)
        if (logarithm := law.log_probability_positive) is not None:
            told["exact_probability_minimum"] = math.exp(logarithm)
            told["log10_exact_probability_minimum"] = logarithm / math.log(10)
            told["log10_exact_ratio_to_coin"] = logarithm / math.log(10) + n * math.log10(2)
        if law.distribution is not None:
            told["exact_probability_maximum"] = float(law.distribution[-1])
            told["exact_probability_saddle"] = float(law.distribution[1:-1].sum())
        if law.moments is not None:
            told["exact_mean_index"], told["exact_variance_index"] = law.moments
        return told

    def _expansion_figures(self, expansion: Expansion) -> dict[str, float | None]:
        logarithm, *others = expansion
        log10 = None if logarithm is None else logarithm / math.log(10)
        return dict(zip(EXPANSION_FIGURES, (log10, *others), strict=True))

    def _rare_figures(self, label: str, n: int) -> dict[str, dict[str, Any]]:
        told, exact = self.rare(label, n), self.laws[label, n].log_probability_positive
        return {"rare": rare_figures(told, exact)} if told else {}

    def _blind_spot(self, label: str, n: int) -> str | None:
        """Say what counting could not see; None where it saw a minimum."""
        counts, figures = self.counts[label, n], self._exact_figures(self.laws[label, n], n)
        if counts.of_kind("minimum"):
            return None
        known = {"exact": figures["log10_exact_probability_minimum"]}
        if known["exact"] is None:
            known["expansion for large n"] = self._expansion_figures(self.expansions[label, n])[EXPANSION_FIGURES[0]]
        if (rare := self.rare(label, n)) and math.isfinite(rare.log_probability):
            known["rare events"] = rare.log_probability / math.log(10)
        return blind_spot(counts.n_samples, self.experiment.confidence_level, known)


LARGEST_POWER = 1000  # of two, that a float holds with room for the counts beside it

FIGURES_OF_MINIMA = ("exact_probability_minimum", "log10_exact_probability_minimum", "log10_exact_ratio_to_coin")
FIGURES_OF_THE_LAW = (
    "exact_probability_maximum",
    "exact_probability_saddle",
    "exact_mean_index",
    "exact_variance_index",
)
EXACT_FIGURES = (*FIGURES_OF_MINIMA, *FIGURES_OF_THE_LAW)
EXPANSION_FIGURES = ("log10_expansion_probability_minimum", "expansion_variance_index", "limit_mean_fraction")
FIGURES = (
    "n",
    "n_samples",
    "n_minima",
    *(name for kind in KINDS for name in estimate_names(f"probability_{kind}")),
    "bound_minimum",
    "probability_coin",
    "log10_probability_coin",
    *estimate_names("ratio_to_coin"),
    *EXACT_FIGURES,
    *EXPANSION_FIGURES,
    *estimate_names("mean_index"),
    *estimate_names("mean_fraction"),
    *estimate_names("variance_index"),
    *GOODNESS_FIGURES,
)

TABLES: Mapping[str, Mapping[str, str]] = {
    "counts": {
        "negative": "how many eigenvalues are negative",
        "zero": "how many eigenvalues are zero",
        "samples": "how many samples have this inertia",
    },
    "laws": {"index": "how many eigenvalues are negative", "probability": "its exact probability"},
    "spectra": {"eigenvalue": "eigenvalues of one sample after another, ascending in each"},
    "positive": {
        "eigenvalue": "the same, given that all are positive",
        "weight": "weight of the sample in an average, the largest of the place 1",
    },
}
RARE_ARRAYS = {
    "log_probability": "logarithm of the estimate of P(all positive); -inf: nothing reached it",
    "log_low": "logarithm of the lower end of its interval",
    "log_high": "logarithm of the upper end",
    "log_standard_error": "standard error of the logarithm; inf: nothing reached it",
    "effective_sample_size": "how many equal weights would be as good",
    "n_samples": "how many weights, or replicas, were averaged",
    "largest_share": "part of the sum that is the largest weight's",
    "method": "tilting or splitting",
}


def summary_names(experiment: EigenvalueSigns) -> tuple[str, ...]:
    """List the figures of eigenvalue signs, without those of laws that are not known."""
    names, told = ["n_samples", "confidence_level"], (*FIGURES, *_rare_names(experiment))
    for label in experiment.ensembles:
        unknown = [_unknown_figures(experiment.ensemble(label, n)) for n in experiment.dimensions]
        of_all = frozenset.intersection(*unknown)
        names += [f"ensembles.{label}.{name}" for name in GOODNESS_FIGURES if name not in of_all]
        names += [
            f"points.{label}.n{n}.{name}"
            for n, absent in zip(experiment.dimensions, unknown, strict=True)
            for name in told
            if name not in absent
        ]
    return tuple(names)


def _rare_names(experiment: EigenvalueSigns) -> tuple[str, ...]:
    return tuple(f"rare.{name}" for name in RARE_FIGURES) if experiment.n_rare_samples else ()


def _unknown_figures(ensemble: Ensemble) -> frozenset[str]:
    """Give the figures that nothing will be known of: those of an exact law, or of an expansion, that is not there."""
    known, expanded = known_of(ensemble), expanded_of(ensemble)
    absent = {name for name, field in zip(EXPANSION_FIGURES, Expansion._fields, strict=True) if field not in expanded}
    if not known.index_distribution:
        absent |= {*FIGURES_OF_THE_LAW, *GOODNESS_FIGURES}
    if not known.log_probability_positive:
        absent |= {*FIGURES_OF_MINIMA, "rare.exact_z"}
    return frozenset(absent)


def _goodness_figures(goodness: Goodness | None) -> dict[str, float | None]:
    return dict(goodness.figures()) if goodness else dict.fromkeys(GOODNESS_FIGURES)
