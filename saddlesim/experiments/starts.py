"""Start laws: where lanes begin, relative to a saddle."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.saddles import Saddle
from saddlesim.optimizers.stochastic import uniform_ball
from saddlesim.parameters import FromRegistry, Positive, Vector, declared
from saddlesim.registry import Registry

Array = NDArray[np.float64]


class StartLaw(Protocol):
    """A law of starts; an object with this method serves."""

    def draw(self, saddle: Saddle, n_lanes: int, rng: np.random.Generator) -> Array:
        """Draw the starts of a block, (d, B)."""


@declared
class Gaussian:
    """Independent normal offsets from the saddle, of standard deviation `scale` in every direction."""

    scale: Positive

    def draw(self, saddle: Saddle, n_lanes: int, rng: np.random.Generator) -> Array:
        return saddle.x[:, None] + self.scale * rng.standard_normal((len(saddle.x), n_lanes))


@declared
class UniformBall:
    """Uniform in the ball of radius `scale` round the saddle."""

    scale: Positive

    def draw(self, saddle: Saddle, n_lanes: int, rng: np.random.Generator) -> Array:
        return saddle.x[:, None] + self.scale * uniform_ball((len(saddle.x), n_lanes), rng)


@declared
class UniformCube:
    """Uniform in the cube whose faces are `scale` away from the saddle."""

    scale: Positive

    def draw(self, saddle: Saddle, n_lanes: int, rng: np.random.Generator) -> Array:
        return saddle.x[:, None] + self.scale * rng.uniform(-1.0, 1.0, (len(saddle.x), n_lanes))


@declared
class Point:
    """Every lane at one point: `x` itself, or the saddle plus `offset`, which is exact at any distance."""

    x: Vector | None = None
    offset: Vector | None = None

    def __post_init__(self) -> None:
        if (self.x is None) == (self.offset is None):
            raise ValueError("a point is given by x or by offset, one of them")

    def at(self, saddle: Saddle) -> Array:
        """Give the point, (d,)."""
        given = np.array(self.x if self.x is not None else self.offset)
        if given.shape != saddle.x.shape:
            raise ValueError(f"the start has {given.size} components but the saddle has {len(saddle.x)}")
        return given if self.x is not None else np.asarray(saddle.x + given)

    def draw(self, saddle: Saddle, n_lanes: int, rng: np.random.Generator) -> Array:
        return np.repeat(self.at(saddle)[:, None], n_lanes, axis=1)


@declared
class StableEigenspace:
    """Normal offsets of standard deviation `scale` within the saddle's stable eigenspace, which must be invariant."""

    scale: Positive = 1.0

    def draw(self, saddle: Saddle, n_lanes: int, rng: np.random.Generator) -> Array:
        stable = saddle.stable_space
        return saddle.x[:, None] + self.scale * (stable @ rng.standard_normal((stable.shape[1], n_lanes)))


STARTS = Registry("start law", (Gaussian, UniformBall, UniformCube, Point, StableEigenspace))
STARTS.load_entry_points()

StartField = Annotated[StartLaw, FromRegistry(STARTS, ("draw",))]


def on_saddle(start: StartLaw, saddle: Saddle) -> bool:
    """Tell whether every lane starts on the saddle itself."""
    return isinstance(start, Point) and np.array_equal(start.at(saddle), saddle.x)


def problem_with(start: StartLaw, saddle: Saddle, objective: Any, radius: float) -> str | None:
    """Say what is wrong with a start law at this saddle, if anything."""
    if isinstance(start, StableEigenspace) and not saddle.stable_eigenspace_invariant:
        return (
            f"{objective} does not declare the stable eigenspace of this saddle invariant, so lanes would leave it at once; "
            "start from a point instead: {name: point, x: [..., ...]}"
        )
    if isinstance(start, Point):
        try:
            distance = float(np.linalg.norm(start.at(saddle) - saddle.x))
        except ValueError as error:
            return str(error)
        if distance >= radius:
            return (
                f"the start is {distance:.4g} from the saddle, outside the radius {radius:.4g}; "
                "start nearer or widen it"
            )
    return None
