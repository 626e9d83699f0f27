"""Landscape: an objective cut through a point along eigenvectors of its Hessian, and held against the quadratic model there.

Not here: which point (places.py), its eigenvectors (directions.py), evaluation (cuts.py) and figures (result.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from saddlesim.experiments.base import Block, LabelledArray, generator
from saddlesim.experiments.landscape import cuts, places
from saddlesim.experiments.landscape.directions import DEEPEST, LARGEST_EXACT, directions_at, too_deep
from saddlesim.experiments.landscape.places import PointField, Trained
from saddlesim.experiments.landscape.result import LandscapeResult, summary_names
from saddlesim.objectives import ObjectiveField
from saddlesim.parameters import Count, Positive, as_plain, declared
from saddlesim.problems import Problem

Array = NDArray[np.float64]

LANCZOS = 2  # stream of random numbers
MOST_DIRECTIONS = 12  # that a picture has room for
MOST_IN_PLANE = 1001  # points along a side


def _odd(count: int) -> int:
    if count % 2 == 0 or count < 3:
        raise ValueError(f"{count} must be odd and at least 3, so that the point itself is in the middle")
    return count


MEANINGS = {
    "value": (("direction", "place"), "objective along the slice; nan where it is not finite"),
    "model": (("direction", "place"), "f + t g.v + t^2 lambda / 2, the quadratic model of the point"),
    "slope": (("direction", "place"), "gradient along the slice"),
    "eigenvalue": (("direction",), "lambda, of the Hessian at the point; nan where it was not found"),
    "residual": (("direction",), "|H v - lambda v|"),
    "gap": (("direction",), "distance to the nearest other eigenvalue; nan where that is not known"),
    "vector": (("direction", "component"), "v, of length 1; the first of its largest components is positive"),
    "x": (("component",), "the point"),
    "centre_value": (("point",), "objective at the point"),
    "gradient_norm": (("point",), "Euclidean norm of the gradient there"),
    "kind": (("point",), "what the point is; empty where its whole Hessian is not known"),
    "is_critical": (("point",), "whether the gradient vanishes to rounding; -1 where the whole Hessian is not known"),
    "index": (("point",), "negative eigenvalues there; -1 where they are not known"),
    "nullity": (("point",), "zero eigenvalues there; -1 where they are not known"),
    "margin": (("point",), "factor by which the threshold of zero would have to move to change the inertia"),
    "distance": (("point",), "from where training ended, or from the guess, to the point"),
    "plane": (("second", "first"), "objective over the plane of two directions"),
}
ENTERING = ("directions", "half_width", "relative", "n_points", "plane")


@declared
class Landscape:
    """What does a loss surface look like from a point? Slices along eigenvectors of the Hessian there, and a plane of two.

    The point is a known critical point, coordinates, what a guess leads to, or where training has got to. Along each unit
    eigenvector v the value f(x + t v) stands beside the quadratic model f + t g.v + t^2 lambda / 2: how deep the slice goes, and
    how far the model tells what is there. Up to 2000 components the whole Hessian is decomposed, and index and nullity are told;
    beyond, eigenpairs come from Lanczos' method with their residuals, and the index is not told. An eigenvector of an eigenvalue
    that is one of several alike, whose `gap` is 0, is one of many, and another machine may choose another.
    """

    objective: ObjectiveField = Field(description="what is cut: a network, or any objective")
    point: PointField = Field(
        description="label of a known point, coordinates, {find: guess}, or training: {optimizer: ..., n_steps: ...}"
    )
    directions: Annotated[
        tuple[Annotated[int, Field(strict=True)], ...], Field(min_length=1, max_length=MOST_DIRECTIONS)
    ] = Field(
        default=(0, -1),
        description="eigenvectors by eigenvalue in ascending order; negative ones count from the highest",
    )
    half_width: Positive = Field(default=1.0, description="how far the slices go to each side, in units of x")
    relative: bool = Field(default=False, description="whether half_width is in units of |x|, unless that is 0")
    n_points: Annotated[Count, Field(le=100_001), AfterValidator(_odd)] = Field(
        default=101, description="values along each slice, an odd number; the plane has its square"
    )
    plane: tuple[Annotated[int, Field(strict=True)], Annotated[int, Field(strict=True)]] | None = Field(
        default=None, description="two of the directions, to be cut together"
    )

    @property
    def result_class(self) -> type[LandscapeResult]:
        return LandscapeResult

    def check(self) -> list[Problem]:
        return self.check_parts({name: getattr(self, name) for name in ("objective", "point", *ENTERING)})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        wrong, d = list[Problem](), None
        if {"objective", "point"} <= set(parts):
            objective, point = parts["objective"], parts["point"]
            wrong += [each._replace(path=("point", *each.path)) for each in places.problems_with(objective, point)]
            if not wrong:
                d = places.dimension(objective, point)
                if d is not None and d > LARGEST_EXACT and not hasattr(objective, "hessian_product"):
                    told = f"{d} components are too many for whole Hessians, and it has no hessian_product"
                    wrong.append(Problem(("objective",), told))
                if parts.get("relative") and not isinstance(point, Trained):
                    wrong += _without_length(objective, point)
        if "directions" in parts:
            wrong += _problems_of_directions(parts["directions"], parts.get("plane"), d)
        if parts.get("plane") is not None and parts.get("n_points", 0) > MOST_IN_PLANE:
            told = f"{parts['n_points']} along each side of a plane are more than {MOST_IN_PLANE}"
            wrong.append(Problem(("n_points",), told))
        return wrong

    # ---- blocks: one, for all of it hangs on one point

    def points(self) -> tuple[str, ...]:
        return ("landscape",)

    def n_blocks(self, point: str) -> int:
        return 1

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        entering = {name: as_plain(getattr(self, name)) for name in ENTERING}
        return {
            "experiment": "landscape",
            "objective": as_plain(self.objective),
            "point": as_plain(self.point),
            **entering,
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        objective: Any = self.objective
        place = places.resolve(objective, self.point, seed)
        x, found = place.x, directions_at(objective, place.x, self.directions, generator(seed, block, LANCZOS))
        t = cuts.positions(self.half_width * self._unit(x), self.n_points)
        value, slope = cuts.slices(objective, x, found.vectors, t)
        with np.errstate(all="ignore"):  # training that diverged
            centre, gradient = float(objective.value(x)), objective.gradient(x)
            steepness = (found.vectors @ gradient)[:, None]
            model = centre + t * steepness + t * t * found.eigenvalues[:, None] / 2
            gradient_norm = float(np.linalg.norm(gradient))
        kind = found.kind
        if kind == "degenerate" and place.known is not None:
            kind = place.known.kind
        made = {
            "position": t,
            "value": value,
            "model": model,
            "slope": slope,
            "eigenvalue": found.eigenvalues,
            "residual": found.residuals,
            "gap": found.gaps,
            "vector": found.vectors,
            "x": x,
            "centre_value": np.array([centre]),
            "gradient_norm": np.array([gradient_norm]),
            "kind": np.array([kind]),
            "is_critical": np.array([found.is_critical]),
            "index": np.array([found.index]),
            "nullity": np.array([found.nullity]),
            "margin": np.array([found.margin]),
            "distance": np.array([place.distance]),
        }
        if self.plane is not None:
            made["plane"] = cuts.plane(objective, x, found.vectors[self.plane_rows], t)
        return made

    def _unit(self, x: Array) -> float:
        """Give what half_width is measured in; 1 where training has diverged, or has come to the origin."""
        length = float(np.linalg.norm(x))
        return length if self.relative and np.isfinite(length) and length > 0 else 1.0

    @property
    def plane_rows(self) -> list[int]:
        """The places in `directions` of the two that span the plane."""
        return [self.directions.index(each) for each in self.plane or ()]

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> LandscapeResult:
        (block,) = blocks["landscape"]
        arrays = {
            "direction": LabelledArray(("direction",), np.array(self.directions), "which eigenvector, as asked for"),
            "position": LabelledArray(("place",), block["position"], "t, distance from the point along v"),
            **{
                name: LabelledArray(axes, block[name], told) for name, (axes, told) in MEANINGS.items() if name in block
            },
        }
        return LandscapeResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return summary_names(self)

    @classmethod
    def examples(cls) -> tuple[Landscape, ...]:
        perceptron = {"name": "multilayer_perceptron", "layers": [2, 3, 2], "weight_decay": 0.01}
        descent = {"name": "gradient_descent", "learning_rate": 0.5}
        return (
            cls(
                objective={"name": "two_layer_linear_network", "hidden": 2},  # type: ignore[arg-type]
                point="saddle_0",
                directions=(0, 1, -1),
                n_points=21,
                plane=(0, 1),
            ),
            cls(
                objective=perceptron,  # type: ignore[arg-type]
                point={"optimizer": descent, "n_steps": 20, "initialisation": {"name": "xavier"}},  # type: ignore[arg-type]
                n_points=21,
            ),
        )


def _without_length(objective: Any, point: Any) -> list[Problem]:
    """Tell if there is no |x| to measure in."""
    if np.linalg.norm(places.resolve(objective, point, 0).x) > 0:
        return []
    return [Problem(("relative",), "the point is the origin, where |x| = 0; give half_width in units of x")]


def _problems_of_directions(directions: Sequence[int], plane: Sequence[int] | None, d: int | None) -> list[Problem]:
    """List what is wrong with directions in d dimensions, where these are known."""
    wrong = list[Problem]()
    told = ", ".join(map(str, directions))
    if d is not None and (outside := [k for k in directions if not -d <= k < d]):
        wrong.append(Problem(("directions",), f"{outside[0]} is out of range: there are {d} eigenvalues, 0 to {d - 1}"))
    elif len({k if d is None else k % d for k in directions}) < len(directions):
        same = "" if d is None else f"; of {d} eigenvalues -1 is the same as {d - 1}"
        wrong.append(Problem(("directions",), f"{told}: each must be another{same}"))
    elif d is not None and (deep := too_deep(directions, d)):
        wrong.append(
            Problem(
                ("directions",), f"{deep[0]} is too deep: in {d} dimensions at most {DEEPEST} from either end are found"
            )
        )
    if plane is not None and (plane[0] == plane[1] or not set(plane) <= set(directions)):
        wrong.append(Problem(("plane",), f"{list(plane)} must be two of the directions, {told}"))
    return wrong
