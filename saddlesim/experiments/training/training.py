"""Training: optimizers from common random starts, the curvature along the way, and the saddles that their plateaus are near.

Not here: what a plateau is (plateaus.py), what is near it (approaches.py), curvature at a point (curvatures.py), what arrays hold
(meanings.py) and figures (result.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import LARGEST_COUNT, Block, LabelledArray, generator, too_many_records, unmet_needs
from saddlesim.experiments.start_sets import Uniform
from saddlesim.experiments.training.approaches import PLACES, Approach
from saddlesim.experiments.training.curvatures import LARGEST_ESTIMATED, LARGEST_EXACT, N_STEPS, Curvature
from saddlesim.experiments.training.meanings import ALONG, OF_CURVATURE, OF_PLATEAUS
from saddlesim.experiments.training.plateaus import Plateau, plateaus
from saddlesim.experiments.training.result import TrainingResult, summary_names
from saddlesim.objectives import ObjectiveField
from saddlesim.objectives.networks.initialisation import InitialisationField
from saddlesim.observers import Record, Records, every, norm
from saddlesim.optimizers import OptimizerField
from saddlesim.parameters import Count, Fraction, Label, as_plain, declared, excess
from saddlesim.problems import Problem
from saddlesim.simulation import simulate

Array = NDArray[np.float64]

STARTS, NOISE, LANCZOS = range(3)  # streams of random numbers
AT_REST = 1e-12  # |gradient| over |H| max(1, |x|), up to which a gradient is rounding
ENTERING = ("n_runs", "n_steps", "record_every", "curvature_every", "plateau_fraction", "n_descent_steps")


@declared
class Training:
    """What does training descend past? Optimizers from common starts, with the Hessian's ends and index along the way.

    A run rests where the gradient is small beside what it was before and becomes after: on plateaus. Is that near a saddle, as in
    linear networks (Saxe, McClelland, Ganguli 2014), or is the loss only flat there? From the flattest point of each plateau
    |gradient|^2 is minimised. Where that ends is told with its distance: a critical point and its index, if the gradient vanishes
    to rounding and |Newton's step| <= 1e-6 |x|, or a place where the gradient is flat and not zero, as such descents often find
    (Frye et al. 2021). Any objective serves; networks have initialisations, and errors besides.
    """

    objective: ObjectiveField = Field(description="what is descended, such as {name: multilayer_perceptron, ...}")
    optimizers: dict[Label, OptimizerField] = Field(min_length=1, description="label: {name: ..., parameters}")
    initialisation: InitialisationField | None = Field(
        default=None, description="the law of a network's first weights; by default starts are uniform in the domain"
    )
    n_runs: Annotated[Count, Field(le=100)] = Field(
        default=3, description="runs of each optimizer, from the same starts"
    )
    n_steps: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(description="the step budget of every run")
    record_every: Count = Field(default=10, description="steps between records of loss, gradient and error")
    curvature_every: Count = Field(
        default=100, description="steps between looks at the Hessian, a multiple of record_every"
    )
    plateau_fraction: Fraction = Field(
        default=0.1,
        description="of the gradient norm at the lower of the peaks beside it, up to which a valley is a plateau",
    )
    n_descent_steps: Annotated[Count, Field(le=100_000)] = Field(
        default=200, description="most steps in which |gradient|^2 is minimised from a plateau"
    )

    @property
    def result_class(self) -> type[TrainingResult]:
        return TrainingResult

    def check(self) -> list[Problem]:
        return self.check_parts(
            {name: getattr(self, name) for name in ("objective", "optimizers", "initialisation", *ENTERING)}
        )

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        wrong = list[Problem]()
        if "objective" in parts:
            objective = parts["objective"]
            wrong += unmet_needs(parts.get("optimizers", {}), objective)
            if "initialisation" in parts and (told := _no_start(objective, parts["initialisation"])):
                wrong.append(Problem(("initialisation",), told))
            wrong += _too_large(objective) or too_many_records(getattr(objective, "dimension", 1), parts, "n_runs")
            signals = getattr(objective, "n_signals", 0) * parts.get("n_runs", 1)
            if not wrong and (told := excess("what all layers put out in all runs", signals)):
                wrong.append(Problem(("n_runs",), f"{parts['n_runs']}: {told}; choose fewer, or fewer samples"))
        if {"record_every", "curvature_every"} <= set(parts) and parts["curvature_every"] % parts["record_every"]:
            told = f"{parts['curvature_every']} is no multiple of record_every={parts['record_every']}"
            wrong.append(Problem(("curvature_every",), told))
        return wrong

    @property
    def record_steps(self) -> NDArray[np.int64]:
        """The steps that are recorded, the last among them."""
        return np.union1d(every(self.record_every, self.n_steps), [self.n_steps])

    @property
    def curvature_steps(self) -> NDArray[np.int64]:
        """The steps at which the Hessian is looked at, the last among them."""
        return np.union1d(every(self.curvature_every, self.n_steps), [self.n_steps])

    # ---- blocks: all runs of one optimizer

    def points(self) -> tuple[str, ...]:
        return tuple(self.optimizers)

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        return {
            "experiment": "training",
            "objective": as_plain(self.objective),
            "optimizer": as_plain(self.optimizers[point]),
            "initialisation": as_plain(self.initialisation),
            **{name: getattr(self, name) for name in ENTERING},
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        objective: Any = self.objective
        records = Records(self.record_steps, self.n_runs)
        run = simulate(
            objective,
            self.optimizers[point],
            self.starts(generator(seed, block, STARTS)),
            self.n_steps,
            generator(seed, block, NOISE),
            None,
            (records,),
        )
        record: Record = run.observations[0]
        x = np.moveaxis(record.x, 1, 0)  # (d, R, B)
        looks = x[:, np.isin(record.step, self.curvature_steps)]
        curvature = self._curvatures(looks, generator(seed, block, LANCZOS))
        with np.errstate(all="ignore"):  # runs that overflowed
            error = [objective.error(each) for each in record.x] if hasattr(objective, "error") else None
            scale = np.abs([curvature["lowest_eigenvalue"], curvature["highest_eigenvalue"]]).max(axis=0)
            scale = np.where(np.isfinite(scale), scale * np.maximum(1.0, norm(looks)), 0.0).max(axis=0)
        found = [
            plateaus(norms, self.plateau_fraction, AT_REST * largest)
            for norms, largest in zip(record.gradient_norm.T, scale, strict=True)
        ]
        return {
            "loss": record.value,
            "gradient_norm": record.gradient_norm,
            "error": np.full(record.value.shape, np.nan) if error is None else np.array(error),
            **curvature,
            "span": norm(x - x[:, :1]).max(axis=0),
            "final_x": x[:, -1].T,
            **self._approaches(record, found),
        }

    def starts(self, rng: np.random.Generator) -> Array:
        """Draw the starts, (d, n_runs)."""
        if self.initialisation is None:
            return Uniform(n_points=self.n_runs).draw(self.objective, 0, self.n_runs, rng)
        return np.asarray(self.initialisation.draw(self.objective, self.n_runs, rng))

    def _curvatures(self, looks: Array, rng: np.random.Generator) -> Block:
        """Look at the Hessian at points (d, C, B); (C, B) of each figure."""
        grid = [[Curvature.at(self.objective, x, rng) for x in row.T] for row in np.moveaxis(looks, 1, 0)]
        return {name: np.array([[getattr(each, name) for each in row] for row in grid]) for name in OF_CURVATURE}

    def _approaches(self, record: Record, found: Sequence[Sequence[Plateau]]) -> Block:
        """Go from every plateau to what is near; (B, P) of each figure, the plateaus of a run first and nothing behind."""
        n_plateaus, dimension = max(1, *map(len, found)), record.x.shape[1]
        nothing = (-1, -1, -1, False, np.nan, np.nan, Approach.none(dimension))
        rows = list[list[tuple[Any, ...]]]()
        for run, those in enumerate(found):
            row: list[tuple[Any, ...]] = [
                (
                    *record.step[[each.first, each.last, each.flattest]],
                    each.is_left,
                    record.value[each.flattest, run],
                    record.gradient_norm[each.flattest, run],
                    Approach.of(self.objective, record.x[each.flattest, :, run], self.n_descent_steps),
                )
                for each in those
            ]
            rows.append(row + [nothing] * (n_plateaus - len(row)))
        columns = tuple(OF_PLATEAUS)[: len(nothing) - 1]
        own = {name: np.array([[each[i] for each in row] for row in rows]) for i, name in enumerate(columns)}
        near = {
            name: np.array([[getattr(each[-1], name) for each in row] for row in rows]) for name in Approach._fields
        }
        return own | near

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> TrainingResult:
        of_optimizers = [blocks[label][0] for label in self.optimizers]
        n_plateaus = max(each["first_step"].shape[1] for each in of_optimizers)
        fill = {"first_step": -1, "last_step": -1, "flattest_step": -1, "found_index": -1, "found_nullity": -1}
        fill |= {"left": 0, "place": PLACES.index("untried")}

        def stacked(name: str) -> NDArray[Any]:
            return np.stack([each[name] for each in of_optimizers])

        def padded(name: str) -> NDArray[Any]:
            missing = [n_plateaus - each[name].shape[1] for each in of_optimizers]
            return np.stack(
                [
                    np.pad(
                        each[name],
                        [(0, 0), (0, n), *[(0, 0)] * (each[name].ndim - 2)],
                        constant_values=fill.get(name, np.nan),
                    )
                    for each, n in zip(of_optimizers, missing, strict=True)
                ]
            )

        axes = ("optimizer", "run", "plateau")
        arrays = {
            "optimizer": LabelledArray(("optimizer",), np.array(list(self.optimizers)), "label of the optimizer"),
            "record_step": LabelledArray(("record",), self.record_steps, "step of a record"),
            "curvature_step": LabelledArray(("look",), self.curvature_steps, "step of a look at the Hessian"),
            **{
                name: LabelledArray(("optimizer", "record", "run"), stacked(name), told) for name, told in ALONG.items()
            },
            **{
                name: LabelledArray(("optimizer", "look", "run"), stacked(name), told)
                for name, told in OF_CURVATURE.items()
            },
            "span": LabelledArray(("optimizer", "run"), stacked("span"), "largest distance from the start"),
            "final_x": LabelledArray(
                ("optimizer", "run", "component"), stacked("final_x"), "point after the last step"
            ),
            **{name: LabelledArray(axes, padded(name), told) for name, told in OF_PLATEAUS.items()},
            "found_x": LabelledArray(
                (*axes, "component"), padded("found_x"), "minimum of |gradient|^2 near the plateau"
            ),
        }
        return TrainingResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return summary_names(self)

    @classmethod
    def examples(cls) -> tuple[Training, ...]:
        return (
            cls(
                objective={"name": "multilayer_perceptron", "layers": [2, 3, 2], "weight_decay": 0.01},  # type: ignore[arg-type]
                optimizers={
                    "gd": {"name": "gradient_descent", "learning_rate": 0.5},  # type: ignore[dict-item]
                    "sgd": {"name": "stochastic_gradient_descent", "learning_rate": 0.5, "batch_size": 2},  # type: ignore[dict-item]
                },
                initialisation={"name": "small", "scale": 0.1},
                n_runs=2,
                n_steps=300,
            ),
        )


def _too_large(objective: Any) -> list[Problem]:
    """Tell if no Hessian of so many components can be looked at."""
    told, d = "", getattr(objective, "dimension", 1)
    if d > LARGEST_EXACT and not hasattr(objective, "hessian_product"):
        told = f"{d} components are too many for whole Hessians, and it has no hessian_product"
    elif d > LARGEST_ESTIMATED:
        held = excess(f"the {N_STEPS} vectors that an index is estimated from", N_STEPS * d)
        told = f"{d} components: {held}; choose {LARGEST_ESTIMATED} components or fewer"
    return [Problem(("objective",), told)] if told else []


def _no_start(objective: Any, initialisation: Any) -> str:
    """Tell why runs cannot start, if they cannot."""
    if initialisation is None:
        return "" if getattr(objective, "domain", None) is not None else f"{objective} has no domain to draw starts in"
    if all(hasattr(objective, name) for name in ("modules", "joined")):
        return ""
    return f"{objective} is no layered network, whose weights alone have such laws; without it starts are uniform in the domain"
