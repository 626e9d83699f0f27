"""Modules check: every closed-form derivative of the networks' modules against finite differences and complex steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from saddlesim.experiments.base import Block, LabelledArray, Result, generator
from saddlesim.experiments.modules_check.derivatives import checks, logit_error
from saddlesim.parameters import Positive, declared
from saddlesim.problems import Problem

STEPS = tuple(float(f"1e-{k}") for k in range(1, 13))


@declared
class ModulesCheck:
    """Whether the formulas for the derivatives of linear, activation, softmax and loss modules hold, and where a chain breaks."""

    steps: tuple[Positive, ...] = Field(default=STEPS, min_length=1, description="of the central differences")
    logits: tuple[Positive, ...] = Field(
        default=(1.0, 10.0, 100.0, 1000.0, 10000.0),
        min_length=1,
        description="sizes at which chained and fused are compared",
    )

    @property
    def result_class(self) -> type[ModulesCheckResult]:
        return ModulesCheckResult

    def check(self) -> list[Problem]:
        return self.check_parts({"steps": self.steps, "logits": self.logits})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        return [
            Problem((name,), f"{list(given)}: each must be another")
            for name, given in parts.items()
            if name in ("steps", "logits") and len(set(given)) < len(given)
        ]

    def points(self) -> tuple[str, ...]:
        return ("derivatives", "logits")

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        numbers = {"steps": list(self.steps)} if point == "derivatives" else {"logits": list(self.logits)}
        return {"experiment": "modules_check", "part": point} | numbers

    def run_block(self, point: str, block: int, seed: int) -> Block:
        if point == "logits":
            errors = [logit_error(size, generator(seed, block, 0)) for size in self.logits]
            return {
                "chained": np.array([each.chained for each in errors]),
                "fused": np.array([each.fused for each in errors]),
            }
        found = checks(generator(seed, block, 0))
        return {
            "formula": np.array(list(found)),
            "complex_step": np.array([each.error(each.by_complex_step()) for each in found.values()]),
            "difference": np.array(
                [[each.error(each.by_differences(step)) for step in self.steps] for each in found.values()]
            ),
        }

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> ModulesCheckResult:
        (derivatives,), (logits,) = blocks["derivatives"], blocks["logits"]
        return ModulesCheckResult(
            self,
            seed,
            {
                "formula": LabelledArray(("formula",), derivatives["formula"], "what is differentiated, and by what"),
                "step": LabelledArray(("step",), np.array(self.steps), "of the central differences"),
                "complex_step": LabelledArray(
                    ("formula",), derivatives["complex_step"], "relative error to a complex step"
                ),
                "difference": LabelledArray(("formula", "step"), derivatives["difference"], "the same to differences"),
                "logits": LabelledArray(("size",), np.array(self.logits), "standard deviation of the logits"),
                "chained": LabelledArray(("size",), logits["chained"], "relative error of softmax, then cross-entropy"),
                "fused": LabelledArray(("size",), logits["fused"], "relative error of both in one"),
            },
        )

    def summary_names(self) -> tuple[str, ...]:
        formulas = checks(generator(0, 0, 0))
        return (
            "largest_complex_step",
            "largest_best_difference",
            *(f"formulas.{label}.{name}" for label in formulas for name in ("complex_step", "difference", "best_step")),
            *(
                f"logits.size_{k}.{name}"
                for k in range(len(self.logits))
                for name in ("size", "chained", "fused", "chained_breaks")
            ),
        )

    @classmethod
    def examples(cls) -> tuple[ModulesCheck, ...]:
        return (cls(steps=(1e-3, 1e-5), logits=(1.0, 1000.0)),)


class ModulesCheckResult(Result):
    """What `ModulesCheck` found; errors are relative to the largest entry of a derivative, inf where it is not finite."""

    def summary(self) -> dict[str, Any]:
        best = self["difference"].argmin(axis=1)
        formulas = {
            str(label): {
                "complex_step": float(self["complex_step"][k]),
                "difference": float(self["difference"][k, best[k]]),
                "best_step": float(self["step"][best[k]]),
            }
            for k, label in enumerate(self["formula"])
        }
        logits = {
            f"size_{k}": {
                "size": float(size),
                "chained": float(self["chained"][k]),
                "fused": float(self["fused"][k]),
                "chained_breaks": bool(np.isinf(self["chained"][k])),
            }
            for k, size in enumerate(self["logits"])
        }
        return {
            "largest_complex_step": float(self["complex_step"].max()),
            "largest_best_difference": float(self["difference"].min(axis=1).max()),
            "formulas": formulas,
            "logits": logits,
        }
