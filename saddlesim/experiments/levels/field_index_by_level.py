"""Field index by level: the index of critical points of random landscapes against the level at which they lie.

Not here: what is exact (curves.py), and figures (result.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import Block, LabelledArray, generator
from saddlesim.experiments.levels import finding
from saddlesim.experiments.levels.curves import LARGEST_EXACT, Curves, level_edges
from saddlesim.experiments.levels.landscapes import Landscape, LandscapeField, SphericalPSpin
from saddlesim.experiments.levels.moments import LEAST_DRAWS, moments
from saddlesim.experiments.levels.result import MEANINGS, SHARED_AXES, FieldIndexByLevelResult, summary_names
from saddlesim.parameters import Count, Label, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.random_matrices import ENSEMBLES

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

DRAWS_IN_A_BLOCK, SPECTRA_IN_A_BLOCK = 50, 1000

MEASURED, EXACT = "measured", "exact"


@declared
class FieldIndexByLevel:
    """At which level which critical points lie: deep down minima, higher up saddles of ever more negative eigenvalues.

    Gaussian landscapes of many dimensions have at each level nearly one index (Bray, Dean 2007; Auffinger, Ben Arous, Cerny
    2013), hence the saying that critical points of high loss are saddles (Dauphin et al. 2014). Of spherical glasses of two and
    three components all critical points are found, landscape by landscape. Else every spectrum g_0 < ... < g_n of GOE(n + 1)
    stands for n + 1 critical points, of index k and level ~ g_k, with the weight exp(-tilt g_k^2): in the mean that is the
    landscape's own law, and levels so deep that no draw would reach them are seen as well. Beside what is measured stand the
    exact law, up to n = 100, and the limit of large n, a semicircle's mass below the level. Levels are told in thresholds,
    between which saddles lie in that limit.
    """

    landscapes: dict[Label, LandscapeField] = Field(min_length=1, description="label: {name: ..., parameters}")
    n_levels: Annotated[Count, Field(le=100)] = Field(default=30, description="bins between -1.5 and 1.5 thresholds")
    n_draws: Annotated[Count, Field(ge=LEAST_DRAWS, le=1_000_000)] = Field(
        default=1000, description="landscapes drawn, where all critical points are found"
    )
    n_samples: Annotated[Count, Field(ge=LEAST_DRAWS, le=10_000_000)] = Field(
        default=10_000, description="spectra, for the others"
    )

    @property
    def result_class(self) -> type[FieldIndexByLevelResult]:
        return FieldIndexByLevelResult

    def check(self) -> list[Problem]:
        return []

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        return []

    # ---- blocks: for each landscape some of what is measured, and one of what is exact

    def points(self) -> tuple[str, ...]:
        exact = (label for label, each in self.landscapes.items() if each.n <= LARGEST_EXACT)
        return (*(f"{label}:{EXACT}" for label in exact), *(f"{label}:{MEASURED}" for label in self.landscapes))

    def n_blocks(self, point: str) -> int:
        label, _, part = point.partition(":")
        return 1 if part == EXACT else -(-self.n_draws_of(label) // self._block_size(label))

    def is_found(self, label: str) -> bool:
        """Tell whether all critical points of drawn landscapes are found; else spectra are sampled."""
        landscape = self.landscapes[label]
        return isinstance(landscape, SphericalPSpin) and landscape.dimension <= finding.MOST_COMPONENTS

    def n_draws_of(self, label: str) -> int:
        """Give how many landscapes, or spectra, are drawn."""
        return self.n_draws if self.is_found(label) else self.n_samples

    def _block_size(self, label: str) -> int:
        return DRAWS_IN_A_BLOCK if self.is_found(label) else SPECTRA_IN_A_BLOCK

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        label, _, part = point.partition(":")
        spelt = {
            "experiment": "field_index_by_level",
            "landscape": as_plain(self.landscapes[label]),
            "n_levels": self.n_levels,
            "part": part,
        }
        return spelt if part == EXACT else {**spelt, "block": block, "n_draws": self._n_draws_in(label, block)}

    def _n_draws_in(self, label: str, block: int) -> int:
        size = self._block_size(label)
        return min(size, self.n_draws_of(label) - block * size)

    def run_block(self, point: str, block: int, seed: int) -> Block:
        label, _, part = point.partition(":")
        landscape = self.landscapes[label]
        if part == EXACT:
            return {name: np.asarray(each) for name, each in Curves.of(landscape, self.n_levels)._asdict().items()}
        draw = _found if self.is_found(label) else _sampled
        points = draw(landscape, self._n_draws_in(label, block), generator(seed, block, 0))
        return {**points.moments(landscape.n, level_edges(self.n_levels)), "n_partial": np.array(points.n_partial)}

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> FieldIndexByLevelResult:
        arrays = {}
        for label in self.landscapes:
            parts = blocks[f"{label}:{MEASURED}"]
            made = {name: np.sum([each[name] for each in parts], axis=0) for name in parts[0]}
            for exact in blocks.get(f"{label}:{EXACT}", ()):
                made |= exact
            for name, data in made.items():
                axes, meaning = MEANINGS[name]
                own = tuple(axis if axis in SHARED_AXES else f"{label}:{axis}" for axis in axes)
                arrays[f"{label}:{name}"] = LabelledArray(own, data, meaning)
        return FieldIndexByLevelResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return summary_names(self)

    @classmethod
    def examples(cls) -> tuple[FieldIndexByLevel, ...]:
        return (
            cls(
                landscapes={
                    "glass": {"name": "spherical_p_spin", "dimension": 2},  # type: ignore[dict-item]
                    "field": {"name": "isotropic_field", "dimension": 3},  # type: ignore[dict-item]
                },
                n_levels=10,
                n_draws=100,
                n_samples=100,
            ),
        )


class _Points(NamedTuple):
    """Critical points: draw, index, level in thresholds and weight of each, (P,); how many draws, how many of them partial."""

    draw: Counts
    morse_index: Counts
    level: Array
    weight: Array
    n_draws: int
    n_partial: int

    def moments(self, n: int, edges: Array) -> Block:
        """Give the moments of all that is told of them."""
        bins, n_bins = np.searchsorted(edges, self.level) - 1, len(edges) - 1
        deep = np.where(self.level < -1, 0, -1)
        by_index, by_bin = self._sums(self.morse_index, n + 1), self._sums(bins, n_bins)
        by_depth, whole = self._sums(deep, 1), self._sums(np.zeros_like(bins), 1)
        return {
            "fraction": moments(by_index, whole),
            "number": moments(whole, np.ones_like(whole)),
            "number_of_index": moments(by_index, np.ones_like(whole)),
            "mean_level": moments(self._sums(self.morse_index, n + 1, self.level), by_index),
            "squared_level": moments(self._sums(self.morse_index, n + 1, self.level**2), by_index),
            "level_in_bin": moments(self._sums(bins, n_bins, self.level), by_bin),
            "index_fraction": moments(self._sums(bins, n_bins, self.morse_index / n), by_bin),
            "share_of_minima": moments(self._sums(bins, n_bins, self.morse_index == 0), by_bin),
            "deep_fraction": moments(by_depth, whole),
            "deep_share_of_minima": moments(self._sums(deep, 1, self.morse_index == 0), by_depth),
        }

    def _sums(self, category: Counts, n_categories: int, values: Any = 1.0) -> Array:
        """Sum weighted values over the points of each draw that are of each category, (D, C); others are left out."""
        within = (category >= 0) & (category < n_categories)
        cell = (self.draw * n_categories + category)[within]
        summed = np.bincount(cell, (self.weight * values)[within], self.n_draws * n_categories)
        return summed.reshape(self.n_draws, n_categories).astype(np.float64)


def _found(landscape: Any, n_draws: int, rng: np.random.Generator) -> _Points:
    """Draw glasses and find the critical points of each."""
    drawn = [finding.find(landscape.dimension, landscape.p, rng) for _ in range(n_draws)]
    draw = np.repeat(np.arange(n_draws), [len(each.morse_index) for each in drawn])
    level = np.concatenate([each.level for each in drawn]) / landscape.threshold
    index = np.concatenate([each.morse_index for each in drawn])
    return _Points(draw, index, level, np.ones_like(level), n_draws, sum(not each.is_whole for each in drawn))


def _sampled(landscape: Landscape, n_draws: int, rng: np.random.Generator) -> _Points:
    """Draw spectra of GOE(n + 1), each eigenvalue of which is a critical point with a weight."""
    g = ENSEMBLES["goe"](n=landscape.n + 1).sample_spectrum(n_draws, rng)
    draw, index = np.indices(g.shape)
    level = landscape.unit / landscape.threshold * g
    return _Points(draw.ravel(), index.ravel(), level.ravel(), np.exp(-landscape.tilt * g.ravel() ** 2), n_draws, 0)
