"""What an experiment is: four methods on which blocks, store and plots hang, and the labelled arrays it results in.

Not here: particular questions (each has its module), files, YAML and pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from saddlesim.optimizers.base import unmet_need
from saddlesim.parameters import LARGEST_COUNT as LARGEST_COUNT  # most that need a base need it, too
from saddlesim.parameters import excess
from saddlesim.problems import Problem

Block = dict[str, NDArray[Any]]


class LabelledArray(NamedTuple):
    """An array with the names of its axes, and what it holds, with its unit, in words."""

    axes: tuple[str, ...]
    data: NDArray[Any]
    meaning: str


@runtime_checkable
class Experiment(Protocol):
    """A question asked of the parts: pure, picklable, cut into blocks that are computed, seeded and stored one by one."""

    @property
    def result_class(self) -> type[Result]:
        """The kind of Result that it reduces to."""

    def check(self) -> list[Problem]:
        """List what is wrong with the numbers, beyond what the fields' types say."""

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        """Do so for those fields alone that are valid by themselves, while others are not."""

    def points(self) -> tuple[str, ...]:
        """Name the parameter sets that blocks are computed for."""

    def n_blocks(self, point: str) -> int:
        """Give the number of blocks of a point."""

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        """Spell all that enters a block but seed and code, in plain values: its identity."""

    def run_block(self, point: str, block: int, seed: int) -> Block:
        """Compute a block."""

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> Result:
        """Put the blocks of all points, in order, together."""

    def summary_names(self) -> tuple[str, ...]:
        """List the dotted names of the figures that the result's summary will hold."""


@dataclass(frozen=True, eq=False)
class Result:
    """Labelled arrays and the question that they answer; `summary` draws the figures from them.

    Attributes
    ----------
    experiment : Experiment
    seed : int
    arrays : mapping of name to LabelledArray
    """

    experiment: Any
    seed: int
    arrays: Mapping[str, LabelledArray]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name].data

    def summary(self) -> dict[str, Any]:
        """Give the figures, nested by name; "never" is infinity."""
        raise TypeError(f"{type(self).__name__} has no summary")


def generator(seed: int, block: int, stream: int) -> np.random.Generator:
    """Give the generator of a block: stream 0 draws starts, stream 1 a method's noise, the same for every point.

    Streams from 2 on are for what else an experiment draws, such as resamples.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block, stream)))


def lanes_of_block(experiment: Any, block: int) -> tuple[int, int]:
    """Give the number of lanes of a block, and of those recorded, of an experiment that counts its lanes."""
    first = block * experiment.block_size
    n_lanes = min(experiment.block_size, experiment.n_lanes - first)
    return n_lanes, max(0, min(n_lanes, experiment.n_recorded_lanes - first))


def too_many_records(size: int, parts: Mapping[str, Any], lanes: str) -> list[Problem]:
    """Tell that all records of all lanes cannot be held, at record_every, or at the lanes where two records are too many.

    Parameters
    ----------
    size : int
        How many numbers a record of one lane holds.
    parts : mapping
        With n_steps, record_every and the number of lanes, those of them that are valid.
    lanes : str
        The field that counts lanes.
    """
    n_lanes, every = parts.get(lanes, 1), parts.get("record_every", 1)
    if told := excess("the first and the last record of all", 2 * size * n_lanes):
        return [Problem((lanes,), f"{n_lanes}: {told}; choose fewer, or a smaller network")]
    if told := excess("records of x", size * n_lanes * (parts.get("n_steps", 0) // every + 1)):
        return [Problem(("record_every",), f"{every}: {told}; raise it")]
    return []


def unmet_needs(optimizers: Mapping[str, Any], objective: Any, field: str = "optimizers") -> list[Problem]:
    """List which optimizers of a field, by label, need what the objective does not have."""
    lacks = {label: unmet_need(optimizer, objective) for label, optimizer in optimizers.items()}
    return [Problem((field, label), lack) for label, lack in lacks.items() if lack]


def dotted_figures(figures: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Flatten nested figures to dotted names; texts and None are left out.

    >>> dotted_figures({"a": {"b": 1, "c": "text"}, "d": True})
    {'a.b': 1, 'd': True}
    """
    flat: dict[str, float] = {}
    for name, each in figures.items():
        if isinstance(each, Mapping):
            flat |= dotted_figures(each, f"{prefix}{name}.")
        elif isinstance(each, bool | int | float):
            flat[f"{prefix}{name}"] = each
    return flat
