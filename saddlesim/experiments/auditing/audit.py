"""Audit: which methods stop at saddles and call it success. Each runs as its user would run it, and is then checked.

Not here: the methods (scipy_methods.py, stopping.py), the starts (starts.py), what is found where a run stopped
(stop_points.py) and what is counted (result.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from saddlesim.analysis import listed_points
from saddlesim.experiments.auditing import result as audit_result
from saddlesim.experiments.auditing.result import RUN_ARRAYS, AuditResult
from saddlesim.experiments.auditing.scipy_methods import METHOD_NAMES, Scipy
from saddlesim.experiments.auditing.starts import START_KINDS, Start, random_starts, starts_at
from saddlesim.experiments.auditing.stop_points import MOST_COMPARED, nearest_labels, stop_points
from saddlesim.experiments.auditing.stopping import Ends, StoppingRule
from saddlesim.experiments.base import Block, LabelledArray, generator, unmet_needs
from saddlesim.experiments.endpoints import FINAL_KINDS
from saddlesim.experiments.evaluations import Evaluations
from saddlesim.experiments.saddles import Saddle, SaddleField, resolve
from saddlesim.objectives import ObjectiveField
from saddlesim.objectives.base import name_of
from saddlesim.observers import norm
from saddlesim.optimizers import OPTIMIZERS, Optimizer
from saddlesim.optimizers.base import METHODS
from saddlesim.parameters import Count, FromRegistry, Label, NonNegativeInteger, Positive, Vector, as_plain, declared
from saddlesim.problems import Problem, suggestion
from saddlesim.registry import Registry

AUDITED = Registry("method", (Scipy, *(OPTIMIZERS[key] for key in OPTIMIZERS if key in OPTIMIZERS.builtin)))
AUDITED.update(OPTIMIZERS)


class AuditedMethod(FromRegistry):
    """Annotation of a field that holds a method of SciPy's or an optimizer."""

    def _validate(self, value: Any) -> Any:
        return value if isinstance(value, Scipy) else super()._validate(value)


MethodField = Annotated[Scipy | Optimizer, AuditedMethod(AUDITED, METHODS)]
Saddles = Annotated[
    tuple[SaddleField, ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    Field(min_length=1),
]


def all_of_scipy() -> dict[str, Scipy | Optimizer]:
    """Give every derivative-based method of scipy.optimize.minimize, by its own name."""
    return {name: Scipy(method=name) for name in METHOD_NAMES}  # type: ignore[arg-type]


@declared
class Audit:
    """How often each method stops where the Hessian has a negative eigenvalue, and claims success."""

    objectives: dict[Label, ObjectiveField] = Field(min_length=1, description="label: {name: ..., parameters}")
    saddles: dict[Label, Saddles] = Field(
        default={}, description="label: [saddle, ...] where it is not the first strict saddles that the objective lists"
    )
    n_saddles: Count = Field(default=2, description="of how many of the listed strict saddles, where none is given")
    methods: dict[Label, MethodField] = Field(
        default_factory=all_of_scipy,
        min_length=1,
        description="label: {name: scipy, method: BFGS} or {name: an optimizer, ...}; by default SciPy's eleven",
    )
    rule: StoppingRule = Field(
        default_factory=StoppingRule, description="how optimizers are stopped, which have no rule of their own"
    )
    stable_radius: Positive = Field(default=1.0, description="how far along a stable eigenvector runs start")
    n_stable: Count = Field(default=1, description="along how many stable eigenvectors, the softest first")
    distances: Annotated[Vector, Field(max_length=100)] = Field(
        default=tuple(float(f"1e-{k}") for k in range(16, 0, -1)),
        description="off the saddle, and off the stable eigenvector, along the most unstable one",
    )
    n_random: Annotated[NonNegativeInteger, Field(le=100_000)] = Field(
        default=20, description="how many starts are drawn in each domain"
    )
    escape_radius: Positive = Field(
        default=0.2,
        description="a run has left if its component along the unstable eigenspace is at least this at its end",
    )

    def __post_init__(self) -> None:
        if min(self.distances) <= 0:
            raise ValueError(f"distances={self.distances}: all must be positive; starts on the saddle are made anyway")

    @property
    def result_class(self) -> type[AuditResult]:
        return AuditResult

    def check(self) -> list[Problem]:
        names = ("objectives", "saddles", "n_saddles", "methods", "n_random")
        return self.check_parts({name: getattr(self, name) for name in names})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        objectives, saddles = parts.get("objectives", {}), parts.get("saddles", {})
        wrong = [
            Problem(("saddles", label), f"{label!r} is none of the objectives{suggestion(label, objectives)}")
            for label in saddles
            if objectives and label not in objectives
        ]
        for label, objective in objectives.items():
            wrong += unmet_needs(parts.get("methods", {}), objective, "methods")
            if parts.get("n_random", 1) and not hasattr(objective, "domain"):
                told = f"{name_of(objective)} has no domain to start in at random; set n_random: 0"
                wrong.append(Problem(("objectives", label), told))
            for path, given in _asked(label, objective, saddles, parts.get("n_saddles", 1)):
                try:
                    resolve(objective, given)
                except ValueError as error:
                    wrong.append(Problem(path, str(error)))
            if label not in saddles and not _listed(objective, 1):
                told = f"{name_of(objective)} lists no strict saddle; give some by saddles: {{{label}: [[..., ...]]}}"
                wrong.append(Problem(("objectives", label), told))
        return wrong

    @cached_property
    def resolved_saddles(self) -> dict[str, tuple[Saddle, ...]]:
        """The saddles that each objective is asked about."""
        return {
            label: tuple(resolve(each, given) for _, given in _asked(label, each, self.saddles, self.n_saddles))
            for label, each in self.objectives.items()
        }

    # ---- blocks: one method on one objective, from all starts

    def points(self) -> tuple[str, ...]:
        return tuple(f"{objective}:{method}" for objective in self.objectives for method in self.methods)

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        label, _, name = point.partition(":")
        method = self.methods[name]
        return {
            "experiment": "audit",
            "objective": as_plain(self.objectives[label]),
            "saddles": as_plain([each.x.tolist() for each in self.resolved_saddles[label]]),
            "method": as_plain(method),
            "rule": None if isinstance(method, Scipy) else as_plain(self.rule),
            **{
                field: as_plain(getattr(self, field))
                for field in ("stable_radius", "n_stable", "distances", "n_random")
            },
            "escape_radius": self.escape_radius,
        }

    def starts(self, label: str, seed: int) -> list[Start]:
        """Give the starts of one objective, the same for every method."""
        objective = self.objectives[label]
        starts = [
            start
            for place, saddle in enumerate(self.resolved_saddles[label])
            for start in starts_at(objective, place, saddle, self.stable_radius, self.n_stable, self.distances)
        ]
        return starts + random_starts(objective, self.n_random, generator(seed, 0, 0)) if self.n_random else starts

    def run_block(self, point: str, block: int, seed: int) -> Block:
        label, _, name = point.partition(":")
        objective, method = self.objectives[label], self.methods[name]
        starts = self.starts(label, seed)
        x0 = np.stack([each.x for each in starts], axis=1)
        if isinstance(method, Scipy):
            ends = method.run(objective, x0)
        else:
            ends = self.rule.run(objective, method, x0, generator(seed, block, 1))
        there = stop_points(objective, ends.x)
        nearest, nearest_distance = nearest_labels(objective, ends.x)
        with np.errstate(all="ignore"):
            value = objective.value(ends.x)
        return {
            "start": np.array([list(START_KINDS).index(each.kind) for each in starts], dtype=np.int8),
            "saddle": np.array([each.saddle for each in starts], dtype=np.int32),
            "distance": np.array([each.distance for each in starts]),
            "rest": np.array([each.rest for each in starts], dtype=np.int8),
            "left": self._left(label, starts, ends),
            "claimed": ends.claimed.astype(np.int8),
            "raised": ends.raised.astype(np.int8),
            "message": ends.message,
            "step": ends.step,
            **{f"{name}_evaluations": ends.evaluations[k] for k, name in enumerate(Evaluations._fields)},
            "value": value,
            **vars(there),
            "nearest": nearest,
            "nearest_distance": nearest_distance,
            "x0": x0,
            "x": ends.x,
        }

    def _left(self, label: str, starts: Sequence[Start], ends: Ends) -> Any:
        """Tell which runs ended away from their saddle: 1, 0, or -1 where there is none."""
        left = np.full(len(starts), -1, dtype=np.int8)
        for place, saddle in enumerate(self.resolved_saddles[label]):
            runs = [run for run, start in enumerate(starts) if start.saddle == place]
            with np.errstate(all="ignore"):
                offset = ends.x[:, runs] - saddle.x[:, None]
                left[runs] = ~(norm(np.einsum("im,ib->mb", saddle.escape_space, offset)) < self.escape_radius)
        return left

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> AuditResult:
        had = [blocks[point][0] for point in self.points()]
        n_runs = [len(each["start"]) for each in had]
        places = [(o, m) for o in range(len(self.objectives)) for m in range(len(self.methods))]
        width = max(len(each["x"]) for each in had)

        def put_together(name: str) -> Any:
            if name in ("x0", "x"):
                rows = [
                    np.pad(each[name], ((0, width - len(each[name])), (0, 0)), constant_values=np.nan) for each in had
                ]
                return np.concatenate(rows, axis=1).T
            return np.concatenate([each[name] for each in had])

        arrays = {
            "objective_name": LabelledArray(("objective_label",), np.array(list(self.objectives)), "label"),
            "method_name": LabelledArray(("method_label",), np.array(list(self.methods)), "label"),
            "start_name": LabelledArray(("start_kind",), np.array(list(START_KINDS)), "what the codes of start mean"),
            "kind_name": LabelledArray(("final_kind",), np.array(FINAL_KINDS), "what the codes of kind mean"),
        }
        for position, name in enumerate(("objective", "method")):
            data = np.repeat([each[position] for each in places], n_runs).astype(np.int32)
            arrays[name] = LabelledArray(("run",), data, f"position in {name}_name")
        for name, meaning in RUN_ARRAYS.items():
            axes = ("run", "component") if name in ("x0", "x") else ("run",)
            arrays[name] = LabelledArray(axes, put_together(name), meaning)
        return AuditResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return audit_result.summary_names(self)

    @classmethod
    def examples(cls) -> tuple[Audit, ...]:
        return (cls(objectives={"toy": {"name": "strict_saddle_toy"}}, distances=(1e-8, 1e-1), n_random=3),)  # type: ignore[dict-item]


def _listed(objective: Any, most: int) -> list[str]:
    """Give the labels of an objective's strict saddles, at most so many."""
    strict = [each.label for each in listed_points(objective, MOST_COMPARED) if each.kind == "saddle" and each.index]
    return strict[:most]


def _asked(
    label: str, objective: Any, saddles: Mapping[str, Any], n_saddles: int
) -> list[tuple[tuple[str | int, ...], Any]]:
    """Give the saddles of one objective as they are named, each with the path of the field that says so."""
    if label in saddles:
        return [(("saddles", label, position), given) for position, given in enumerate(saddles[label])]
    return [(("objectives", label), given) for given in _listed(objective, n_saddles)]
