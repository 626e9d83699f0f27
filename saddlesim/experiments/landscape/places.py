"""Places: which point an objective is cut through, and how it is come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag

from saddlesim.analysis import QUIET, analyse, coordinates, listed_points, polish
from saddlesim.experiments.base import LARGEST_COUNT, generator
from saddlesim.experiments.network_index.walks import WALKS
from saddlesim.experiments.saddles import LARGEST_DIMENSION, Find
from saddlesim.experiments.start_sets import Uniform
from saddlesim.objectives import CriticalPoint, name_of
from saddlesim.objectives.networks.initialisation import InitialisationField
from saddlesim.optimizers import OptimizerField
from saddlesim.optimizers.base import unmet_need
from saddlesim.parameters import Count, NonNegativeInteger, Positive, Vector, declared
from saddlesim.problems import TAG, Problem, suggestion
from saddlesim.simulation import simulate

Array = NDArray[np.float64]

STARTS, NOISE = range(2)  # streams of random numbers
MOST_SHOWN = 6  # components of a point in a message


@declared
class Trained:
    """Where a run of training has got to, or the critical point that a search leads to from there."""

    optimizer: OptimizerField = Field(description="{name: ..., parameters}")
    n_steps: Annotated[NonNegativeInteger, Field(le=LARGEST_COUNT)] = Field(
        description="after how many steps the point is taken; 0 is the start"
    )
    initialisation: InitialisationField | None = Field(default=None, description="the law of a network's first weights")
    start: Vector | None = Field(
        default=None, description="coordinates to start from; without these and a law, uniform in the domain"
    )
    search: Literal["newton", "minimum_residual", "eigenvector_following"] | None = Field(
        default=None, description="how to go on from there to a critical point of any index; null stays"
    )
    n_search_steps: Annotated[Count, Field(le=100_000)] = Field(default=300, description="most steps of the search")
    longest_step: Positive = Field(default=1.0, description="of the search")

    def __post_init__(self) -> None:
        if self.start is not None and self.initialisation is not None:
            raise ValueError("training starts from coordinates or from a law of weights: give start or initialisation")


def _choice(given: Any) -> str | None:
    if isinstance(given, Find) or (isinstance(given, Mapping) and "find" in given):
        return f"{TAG}find"
    if isinstance(given, Mapping | Trained):
        return f"{TAG}trained"
    if isinstance(given, str):
        return f"{TAG}label"
    return f"{TAG}coordinates" if isinstance(given, list | tuple) or hasattr(given, "__array__") else None


PointField = Annotated[
    Annotated[Vector, Tag(f"{TAG}coordinates")]
    | Annotated[str, Tag(f"{TAG}label")]
    | Annotated[Find, Tag(f"{TAG}find")]
    | Annotated[Trained, Tag(f"{TAG}trained")],
    Discriminator(
        _choice,
        custom_error_type="refused",
        custom_error_message="give a point by the label of a known one, by coordinates [..., ...], by {find: [..., ...]} or by"
        " training: {optimizer: {name: ...}, n_steps: ...}",
    ),
]


class Place(NamedTuple):
    """A point, (d,), how far from where training ended it was found, and the entry of the objective's list that it is."""

    x: Array
    distance: float
    known: CriticalPoint | None


def problems_with(objective: Any, given: Any) -> list[Problem]:
    """List what is wrong with a point for this objective; paths begin inside it."""
    if not isinstance(given, Trained):
        try:
            _listed_or_found(objective, given)
        except ValueError as error:
            return [Problem((), str(error))]
        return []
    wrong, name = list[Problem](), name_of(objective)
    if lack := unmet_need(given.optimizer, objective):
        wrong.append(Problem(("optimizer",), lack))
    if given.initialisation is not None and not all(hasattr(objective, each) for each in ("modules", "joined")):
        wrong.append(Problem(("initialisation",), f"{name} is no layered network, whose weights alone have such laws"))
    if given.start is not None and len(given.start) != (d := getattr(objective, "dimension", len(given.start))):
        wrong.append(Problem(("start",), f"has {len(given.start)} components but {name} has dimension {d}"))
    if given.start is None and given.initialisation is None and getattr(objective, "domain", None) is None:
        wrong.append(Problem(("start",), f"is missing, and {name} has no domain to draw one in"))
    d = dimension(objective, given)
    if given.search is not None and d is not None and d > LARGEST_DIMENSION:
        told = f"{given.search} decomposes whole Hessians, at most {LARGEST_DIMENSION} components; here are {d}"
        wrong.append(Problem(("search",), told))
    return wrong


def dimension(objective: Any, given: Any) -> int | None:
    """Give the number of components d, where it can be told before anything runs."""
    if (d := getattr(objective, "dimension", None)) is not None:
        return int(d)
    if isinstance(given, Find):
        return len(given.find)
    if not isinstance(given, Trained):
        return len(_listed_or_found(objective, given).x)
    if given.start is not None:
        return len(given.start)
    domain = getattr(objective, "domain", None)
    return None if domain is None else len(domain)


@QUIET
def resolve(objective: Any, given: Any, seed: int) -> Place:
    """Come to the point. Where training diverged it is not finite.

    Raises
    ------
    ValueError
        If there is no such point, in one line.
    """
    if not isinstance(given, Trained):
        return _listed_or_found(objective, given)
    rng = generator(seed, 0, STARTS)
    if given.start is not None:
        start = np.array(given.start)[:, None]
    elif given.initialisation is not None:
        start = given.initialisation.draw(objective, 1, rng)
    else:
        start = Uniform(n_points=1).draw(objective, 0, 1, rng)
    run = simulate(objective, given.optimizer, start, given.n_steps, generator(seed, 0, NOISE), None)
    trained = np.array(run.final.x[:, 0])
    if given.search is None or not np.isfinite(trained).all():
        return Place(trained, 0.0, None)
    x = WALKS[given.search](objective, trained, given.n_search_steps, given.longest_step)
    return Place(x, float(np.linalg.norm(x - trained)), None)


def _listed_or_found(objective: Any, given: tuple[float, ...] | str | Find) -> Place:
    """Give a point that takes no training."""
    if isinstance(given, str):
        known = {each.label: each for each in listed_points(objective)}
        if given not in known:
            told = suggestion(given, known) if known else "; it lists none at all"
            raise ValueError(f"{name_of(objective)} has no known critical point {given!r}{told}")
        return Place(np.array(known[given].x, dtype=np.float64), 0.0, known[given])
    x = np.array(given.find if isinstance(given, Find) else given, dtype=np.float64)
    d = getattr(objective, "dimension", len(x))
    if len(x) != d:
        raise ValueError(f"{_shown(x)} has {len(x)} components but {name_of(objective)} has dimension {d}")
    if not isinstance(given, Find):
        return Place(x, 0.0, None)
    if d > LARGEST_DIMENSION:
        raise ValueError(f"find decomposes whole Hessians, at most {LARGEST_DIMENSION} components; here are {d}")
    found = polish(objective, x)
    end = analyse(objective, found)
    if not end.is_critical:
        told = f"|gradient| is still {end.gradient_norm:.3g} at {_shown(found)}; give a nearer guess"
        raise ValueError(f"no critical point found from {_shown(x)}: {told}")
    return Place(found, float(np.linalg.norm(found - x)), None)


def _shown(x: Array) -> str:
    return coordinates(x) if len(x) <= MOST_SHOWN else f"{coordinates(x[:MOST_SHOWN])[:-1]}, ...]"
