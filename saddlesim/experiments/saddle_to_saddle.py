"""Saddle to saddle: a linear network trained from near the origin learns one singular mode after another, and rests in between.

Where the loss rests the product of the layers is the target with only some singular values kept: a saddle of known index. Which
ones, for how long, and how that grows as the start is made smaller, is measured against the gradient flow's laws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import LARGEST_COUNT, Block, LabelledArray, generator, too_many_records
from saddlesim.experiments.estimates import estimate_names
from saddlesim.experiments.saddle_to_saddle_result import OF_SCALE, STAGE, SaddleToSaddleResult
from saddlesim.objectives import ObjectiveField
from saddlesim.objectives.networks.initialisation import Small
from saddlesim.objectives.networks.layered import Weights
from saddlesim.optimizers.first_order import GradientDescent
from saddlesim.parameters import Count, Positive, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.simulation import simulate

Array = NDArray[np.float64]
MOST_RECORDS = 20_000
NEEDED = ("target_singular_values", "critical_subset", "widths", "product", "modules")


@declared
class SaddleToSaddle:
    """Gradient descent on a linear network from starts of several scales: which saddles it visits, and for how long."""

    network: ObjectiveField = Field(description="{name: two_layer_linear_network, ...} or deep_linear_network")
    learning_rate: Positive
    n_steps: Count = Field(le=LARGEST_COUNT)
    scales: tuple[Positive, ...] = Field(min_length=1, description="of the weights at the start, each run by itself")
    start: Literal["balanced", "small"] = Field(
        default="small",
        description="balanced: each mode at scale^N along the target's axes, one lane; small: normal weights of this deviation",
    )
    n_lanes: Count = Field(default=10, le=10_000, description="draws; the same ones at every scale, but for their size")
    record_every: Count = 10

    @property
    def result_class(self) -> type[SaddleToSaddleResult]:
        return SaddleToSaddleResult

    def check(self) -> list[Problem]:
        parts = ("network", "scales", "n_lanes", "start", "n_steps", "record_every")
        return self.check_parts({name: getattr(self, name) for name in parts})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        wrong = list[Problem]()
        if "network" in parts and (lacks := [name for name in NEEDED if not hasattr(parts["network"], name)]):
            told = f"{parts['network']} is no linear network fitted to singular values: it lacks {', '.join(lacks)}"
            wrong.append(
                Problem(("network",), f"{told}; use two_layer_linear_network, deep_linear_network or scalar_chain")
            )
        if parts.get("start") == "balanced" and parts.get("n_lanes", 1) != 1:
            wrong.append(Problem(("n_lanes",), f"{parts['n_lanes']}: a balanced start draws nothing; it is 1"))
        scales = parts.get("scales", ())
        if len(set(scales)) < len(scales):
            wrong.append(Problem(("scales",), f"{list(scales)}: each must be another"))
        records = parts.get("n_steps", 0) // parts.get("record_every", 1)
        if records > MOST_RECORDS:
            told = f"{parts['record_every']}: {records} records of each lane are more than {MOST_RECORDS}; record more rarely"
            wrong.append(Problem(("record_every",), told))
        elif not wrong and "network" in parts:
            wrong += too_many_records(_numbers_of_a_record(parts["network"], len(scales)), parts, "n_lanes")
        return wrong

    def points(self) -> tuple[str, ...]:
        return tuple(f"scale_{k}" for k in range(len(self.scales)))

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        return {
            "experiment": "saddle_to_saddle",
            "network": as_plain(self.network),
            "scale": self.scales[self.points().index(point)],
            **{name: getattr(self, name) for name in ("learning_rate", "n_steps", "start", "n_lanes", "record_every")},
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        network: Any = self.network
        x0 = self.starts(self.scales[self.points().index(point)], generator(seed, block, 0))
        made = simulate(
            network, GradientDescent(learning_rate=self.learning_rate), x0, self.n_steps, None, self.record_every
        )
        r = range(len(network.target_singular_values))
        with np.errstate(all="ignore"):  # runs that overflowed
            products = network.product(np.moveaxis(made.x, 0, 1))  # (R, B, m, n)
            others = (products**2).sum(axis=(2, 3)) - (products[..., r, r] ** 2).sum(axis=2)
        return {
            "step": made.step,
            "loss": made.value,
            "gradient_norm": made.gradient_norm,
            "strength": np.moveaxis(products[..., r, r], -1, 1),
            "remainder": np.sqrt(np.maximum(0.0, others)),
            "start_strength": self.start_strengths(x0),
        }

    def starts(self, scale: float, rng: np.random.Generator) -> Array:
        """Give the starts, (d, B)."""
        network: Any = self.network
        if self.start == "small":
            return scale * Small(scale=1.0).draw(network, self.n_lanes, rng)
        kept = min(len(network.target_singular_values), *network.widths)
        place = range(kept)
        matrices = [np.zeros((layer.n_outputs, layer.n_inputs)) for layer in network.modules]
        for matrix in matrices:
            matrix[place, place] = scale
        return np.asarray(network.joined([Weights(matrix, None) for matrix in matrices])[:, None])

    def start_strengths(self, x0: Array) -> Array:
        """Give what each mode grows from, (modes, B): of two layers what lies along the unstable directions of the origin.

        There W_1 and W_2' grow together and what is in their difference dies out, so a mode begins as the square of half of
        their sum, a vector over the hidden units. Once a larger mode is learned along its own, what others have along the same
        dies out, too: at that saddle its rate is s - s_larger. So of each only what is orthogonal to those before counts.
        Beyond two layers it is the product that a balanced start has; others have no such number (nan).
        """
        network: Any = self.network
        r = range(len(network.target_singular_values))
        if len(network.modules) == 2:
            order = np.argsort(network.target_singular_values)[::-1]
            (first, _), (second, _) = network.split(x0)
            both = (first[:, :, order] + second[:, order, :].swapaxes(1, 2)) / 2  # (B, h, modes)
            triangles = np.asarray(np.linalg.qr(both, mode="r"))
            squares = np.zeros((len(r), x0.shape[1]))
            squares[order[: triangles.shape[1]]] = np.diagonal(triangles, axis1=1, axis2=2).T ** 2
            return squares
        if self.start == "balanced":
            return np.asarray(network.product(x0)[:, r, r].T)
        return np.full((len(r), x0.shape[1]), np.nan)

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> SaddleToSaddleResult:
        meanings = {
            "step": (("record",), "steps done"),
            "loss": (("scale", "record", "lane"), "value"),
            "gradient_norm": (("scale", "record", "lane"), "Euclidean norm"),
            "strength": (
                ("scale", "record", "mode", "lane"),
                "entry of the product of all layers at each singular value",
            ),
            "remainder": (("scale", "record", "lane"), "norm of the other entries of the product"),
            "start_strength": (("scale", "mode", "lane"), "what each mode grows from; nan where it has no such number"),
        }
        made = {name: np.stack([blocks[point][0][name] for point in self.points()]) for name in meanings}
        made["step"] = made["step"][0]
        arrays = {name: LabelledArray(axes, made[name], meaning) for name, (axes, meaning) in meanings.items()}
        arrays["scale"] = LabelledArray(("scale",), np.array(self.scales), "of the weights at the start")
        return SaddleToSaddleResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        modes = range(len(getattr(self.network, "target_singular_values", ())))
        of_modes = (*estimate_names("half_time"), "law", "largest_deviation")
        return (
            *(f"scales.{point}.{name}" for point in self.points() for name in OF_SCALE),
            *(f"scales.{point}.mode_{i}.{name}" for point in self.points() for i in modes for name in of_modes),
            *(
                f"scales.{point}.stage_{k}.{name}"
                for point in self.points()
                for k in range(len(modes) + 1)
                for name in STAGE
            ),
            *(
                f"slopes.mode_{i}.{name}"
                for i in modes
                for name in (*estimate_names("slope"), "law")
                if self.has_slopes
            ),
        )

    @property
    def has_slopes(self) -> bool:
        """Whether half-times grow as the logarithm of the scale, and there is more than one."""
        return len(self.scales) > 1 and len(getattr(self.network, "modules", ())) == 2

    @classmethod
    def examples(cls) -> tuple[SaddleToSaddle, ...]:
        return (
            cls(
                network={"name": "two_layer_linear_network"},  # type: ignore[arg-type]
                learning_rate=0.02,
                n_steps=600,
                scales=(0.01, 0.1),
                n_lanes=2,
            ),
        )


def _numbers_of_a_record(network: Any, n_scales: int) -> int:
    """Give how many numbers one lane's record takes: a point, the product with what it comes from, distances to all saddles."""
    n_modes, n_samples = len(network.target_singular_values), len(network.inputs)
    widest = max(layer.n_outputs for layer in network.modules)
    return int(max(network.dimension, n_samples * widest, n_scales * (n_modes + 1) * n_modes))
