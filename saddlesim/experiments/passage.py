"""Passage: how long lanes dwell at each saddle of a chain that they have to pass one after another.

Not here: the loop and its observers (simulation.py, observers.py), and what is made of the lanes (passage_result.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag

from saddlesim.analysis import analyse, coordinates, listed_points
from saddlesim.experiments import passage_result
from saddlesim.experiments.base import LARGEST_COUNT, Block, LabelledArray, generator, lanes_of_block
from saddlesim.experiments.endpoints import FINAL_KINDS, final_kinds
from saddlesim.experiments.passage_result import LANE_ARRAYS, PassageResult
from saddlesim.experiments.saddles import Saddle, resolve
from saddlesim.experiments.starts import StartField, problem_with
from saddlesim.objectives import Objective, ObjectiveField
from saddlesim.observers import ChainVisits, Records, log_spaced
from saddlesim.optimizers import OptimizerField, unmet_need
from saddlesim.parameters import Count, Label, NonNegativeInteger, Positive, Vector, as_plain, declared
from saddlesim.problems import TAG, Problem, suggestion
from saddlesim.simulation import simulate

Array = NDArray[np.float64]


def _choice(given: Any) -> str | None:
    if isinstance(given, str):
        return f"{TAG}label"
    return f"{TAG}coordinates" if isinstance(given, list | tuple) or hasattr(given, "__array__") else None


PointField = Annotated[
    Annotated[Vector, Tag(f"{TAG}coordinates")] | Annotated[str, Tag(f"{TAG}label")],
    Discriminator(
        _choice,
        custom_error_type="refused",
        custom_error_message="give a point by coordinates [..., ...] or by the label of a known point",
    ),
]


@declared
class PassageRun:
    """An optimizer that goes down the chain of an objective."""

    objective: ObjectiveField = Field(description="what is descended")
    optimizer: OptimizerField = Field(description="what descends: {name: ..., parameters}")


@declared
class Passage:
    """How long each run dwells at the saddles of a chain, one after another, and how that grows along it."""

    runs: dict[Label, PassageRun] = Field(
        min_length=1, description="label: {objective: ..., optimizer: ...}; a rate that suits one may not suit another"
    )
    chain: tuple[PointField, ...] | None = Field(
        default=None,
        description="critical points in the order they are met, by label or coordinates; by default the objective's own "
        "chain, up to signs",
    )
    start: StartField = Field(description="the law of the starts round the first saddle, the same for every run")
    radius: Positive = Field(description="a lane is at a saddle while it is this near")
    n_steps: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(description="the step budget of every lane")
    n_lanes: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(default=100, description="how many starts are drawn")
    n_recorded_lanes: NonNegativeInteger = Field(
        default=16, description="how many lanes have their values recorded along the way, for plots"
    )
    block_size: Annotated[Count, Field(le=100_000)] = Field(
        default=1000, description="lanes computed and stored together"
    )

    @cached_property
    def chains(self) -> dict[str, Array]:
        """The positions of the points of each run's chain, (K, d); raises ValueError where there is none."""
        return {label: chain_of(run.objective, self.chain) for label, run in self.runs.items()}

    def n_saddles(self, label: str) -> int:
        """Give the number of saddles of a run's chain, its end left out; 0 where it has no chain."""
        chain = getattr(self.runs[label].objective, "chain", ()) if self.chain is None else self.chain
        return max(0, len(chain) - 1)

    @property
    def result_class(self) -> type[PassageResult]:
        return PassageResult

    def check(self) -> list[Problem]:
        return self.check_parts({name: getattr(self, name) for name in ("runs", "chain", "start", "radius")})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        wrong: list[Problem] = []
        for label, run in parts.get("runs", {}).items():
            if lack := unmet_need(run.optimizer, run.objective):
                wrong.append(Problem(("runs", label, "optimizer"), lack))
            if "chain" not in parts:
                continue
            try:
                chain = chain_of(run.objective, parts["chain"])
                saddle = _first_saddle(run.objective, chain)
            except ValueError as error:
                wrong.append(
                    Problem(("chain",) if parts["chain"] is not None else ("runs", label, "objective"), str(error))
                )
                continue
            wrong += _problems_of_places(run.objective, chain, saddle, parts)
        return list(dict.fromkeys(wrong))

    # ---- blocks: one run on one block of lanes

    def points(self) -> tuple[str, ...]:
        return tuple(self.runs)

    def n_blocks(self, point: str) -> int:
        return -(-self.n_lanes // self.block_size)

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        n_lanes, n_recorded = lanes_of_block(self, block)
        return {
            "experiment": "passage",
            "objective": as_plain(self.runs[point].objective),
            "optimizer": as_plain(self.runs[point].optimizer),
            "chain": as_plain(self.chain),
            "start": as_plain(self.start),
            "radius": self.radius,
            "n_steps": self.n_steps,
            "block": block,
            "n_lanes": n_lanes,
            "n_recorded_lanes": n_recorded,
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        n_lanes, n_recorded = lanes_of_block(self, block)
        objective, chain = self.runs[point].objective, self.chains[point]
        x0 = self.start.draw(_first_saddle(objective, chain), n_lanes, generator(seed, block, 0))
        visits = ChainVisits(chain, self.radius, signs_matter=self.chain is not None)
        records = Records(log_spaced(self.n_steps), n_recorded)
        noise = generator(seed, block, 1)
        run = simulate(objective, self.runs[point].optimizer, x0, self.n_steps, noise, None, (visits, records))
        seen, record = run.observations
        with np.errstate(all="ignore"):
            return {
                "arrival": seen.arrival,
                "departure": seen.departure,
                "final_value": objective.value(run.final.x),
                "final_kind": final_kinds(objective, run.final.x, run.final.gradient),
                "record_step": record.step.astype(np.int32),
                "record_value": record.value,
            }

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> PassageResult:
        longest = max(map(len, self.chains.values()))

        def put_together(name: str) -> NDArray[Any]:
            """Lanes of all blocks along the last axis, runs along the first; shorter chains are filled up with -1."""
            joined = [np.concatenate([each[name] for each in blocks[label]], axis=-1) for label in self.runs]
            if name not in ("arrival", "departure"):
                return np.stack(joined)
            return np.stack([np.pad(each, ((0, longest - len(each)), (0, 0)), constant_values=-1) for each in joined])

        first = blocks[next(iter(self.runs))][0]
        arrays = {
            "run": LabelledArray(("run",), np.array(list(self.runs)), "label of the run"),
            "n_points": LabelledArray(
                ("run",), np.array([len(each) for each in self.chains.values()]), "how many points its chain has"
            ),
            "final_kind_name": LabelledArray(("kind",), np.array(FINAL_KINDS), "what the codes of final_kind mean"),
            "record_step": LabelledArray(("record",), first["record_step"], "step of a record"),
        }
        for name, (axes, meaning) in LANE_ARRAYS.items():
            arrays[name] = LabelledArray(("run", *axes), put_together(name), meaning)
        return PassageResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return passage_result.summary_names(self)

    @classmethod
    def examples(cls) -> tuple[Passage, ...]:
        descent = {"name": "gradient_descent", "learning_rate": 0.2}
        return (
            cls(
                runs={"gd": {"objective": {"name": "staircase"}, "optimizer": descent}},  # type: ignore[dict-item]
                start={"name": "uniform_ball", "scale": 0.01},  # type: ignore[arg-type]
                radius=0.2,
                n_steps=1000,
                n_lanes=20,
            ),
        )


def chain_of(objective: Objective, chain: Sequence[str | tuple[float, ...]] | None) -> Array:
    """Give the positions of the points of a chain, (K, d), the objective's own for None.

    Raises
    ------
    ValueError
        If a point is not known or not critical, or the objective has no chain of its own.
    """
    if chain is not None:
        if len(chain) < 2:
            raise ValueError("a chain has at least two points, the last of which is its end")
        return np.stack([_position(objective, each) for each in chain])
    own = getattr(objective, "chain", None)
    if own is None:
        raise ValueError(
            f"{objective} has no chain of its own; list its critical points in order: chain: [saddle_1, ...]"
        )
    return np.asarray(own, dtype=np.float64)


def _position(objective: Objective, given: str | tuple[float, ...]) -> Array:
    if isinstance(given, str):
        known = {each.label: each.x for each in listed_points(objective)}
        if given not in known:
            raise ValueError(f"{objective} has no known critical point {given!r}{suggestion(given, known)}")
        return np.asarray(known[given])
    x = np.array(given)
    dimension = getattr(objective, "dimension", len(x))
    if len(x) != dimension:
        raise ValueError(f"{coordinates(x)} has {len(x)} components but {objective} has dimension {dimension}")
    end = analyse(objective, x)
    if not end.is_critical:
        raise ValueError(f"{coordinates(x)} is no critical point of {objective}: |gradient| = {end.gradient_norm:.3g}")
    return x


def _first_saddle(objective: Objective, chain: Array) -> Saddle:
    return resolve(objective, tuple(chain[0].tolist()))


def _problems_of_places(
    objective: Objective, chain: Array, saddle: Saddle, parts: Mapping[str, Any]
) -> Iterator[Problem]:
    """List what is wrong with the radius and the start, given the chain."""
    if "radius" not in parts:
        return
    radius, shortest = parts["radius"], float(np.linalg.norm(np.diff(chain, axis=0), axis=1).min())
    if 2 * radius > shortest:
        told = f"{radius:g} is more than half of the way between two points of the chain of {objective}"
        yield Problem(("radius",), f"{told}; at most {shortest / 2:.4g}")
    problem = problem_with(parts["start"], saddle, objective, radius) if "start" in parts else None
    if problem:
        yield Problem(("start",), problem)
