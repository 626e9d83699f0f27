"""Taking a census: branching, then clusters, then what is said of each point."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from saddlesim.connecting import connections
from saddlesim.objectives import Objective
from saddlesim.proving.branching import Budget, Proved, branch
from saddlesim.proving.clusters import Resolver
from saddlesim.proving.degree import boundary_degree
from saddlesim.proving.enclosures import Array, Boxes, Enclosures
from saddlesim.proving.proof import inertia
from saddlesim.proving.result import KINDS, Census, CensusPoint

MAX_BOXES = 2_000_000
FIRST_RESOLUTION = 2.0**-9  # relative size down to which the whole box is cut before clusters are looked at
MOST_DIMENSIONS = 12
MOST_CONNECTED = 3000
N_CELLS = 64  # along an edge, on which smoothness is proved


def census(
    objective: Objective,
    box: ArrayLike | None = None,
    max_boxes: int = MAX_BOXES,
    seconds: float | None = None,
    connected: bool = True,
) -> Census:
    """Find all critical points in a box, with proof, and what the saddles connect, without.

    Parameters
    ----------
    objective : Objective
        One that has a `function`, an expression: everything in the library that has a text, and `saddlesim.expression`.
    box : (d, 2), optional
        Its domain by default.
    max_boxes : int
        After how many boxes to stop, with a partial answer; what was not looked at is unresolved then.
    seconds : float, optional
        After what time to stop likewise.
    connected : bool
        Whether to follow the gradient flow from each saddle of index 1; see `saddlesim.connections`. It is not followed from
        more than 3000 saddles, for that would take longer than the proof.

    Returns
    -------
    Census

    Raises
    ------
    TypeError
        If the objective has no expression.
    ValueError
        If the box is not one, or has too many dimensions; if a budget is none.

    Examples
    --------
    >>> from saddlesim.objectives import OBJECTIVES
    >>> found = census(OBJECTIVES["himmelblau"]())
    >>> found.status, dict(found.counts)
    ('complete', {0: 4, 1: 4, 2: 1})
    """
    if max_boxes < 1:
        raise ValueError(f"max_boxes={max_boxes}: must be at least 1")
    if seconds is not None and not seconds >= 0:
        raise ValueError(f"seconds={seconds}: must not be negative")
    began = time.monotonic()
    domain = checked_box(objective, box)
    f = Enclosures(objective.function)  # type: ignore[attr-defined]  # checked
    budget = Budget(max_boxes, began + (np.inf if seconds is None else seconds))
    proved = Proved(f.dimension)
    whole = Boxes(domain[:, :1], domain[:, 1:])
    left = branch(f, whole, domain, FIRST_RESOLUTION, budget, proved)
    resolver = Resolver(f, domain, budget, proved)
    resolver.resolve(left, FIRST_RESOLUTION)
    tight, unclear = proved.distinct()
    for place in range(unclear.n):
        resolver.give_up(unclear[[place]], "enclosures of critical points that cannot be told apart")
    points = _points(f, objective, tight, domain)
    found = Census(
        str(objective),
        domain,
        points,
        tuple(sorted(resolver.degenerate, key=lambda each: each.x.tolist())),
        tuple(sorted(resolver.unresolved, key=lambda each: each.box.tolist())),
        boundary_degree(f, whole) if _smooth_throughout(f, domain) else None,
        budget.spent,
        time.monotonic() - began,
    )
    if not connected or f.dimension == 1 or found.counts.get(1, 0) > MOST_CONNECTED:
        return found
    return replace(found, connections=connections(objective, found.listed, domain))


def checked_box(objective: Objective, given: ArrayLike | None = None) -> Array:
    """Give the box to look at as (d, 2), by default the objective's domain.

    Raises
    ------
    TypeError
        If the objective has no expression.
    ValueError
        If the box is not bounded, empty, or of another dimension, or of more than can be cut up.
    """
    function = getattr(objective, "function", None)
    if function is None:
        raise TypeError(
            f"{objective} has no expression, which a proof needs; saddlesim.search finds points without one"
        )
    given = getattr(objective, "domain", None) if given is None else given
    if given is None:
        raise ValueError(f"{objective} has no domain; give a box")
    d = function.dimension
    try:
        box = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"box is {given!r}: must be a pair of numbers, low and high, for each variable") from None
    if box.ndim != 2 or box.shape[1] != 2:
        raise ValueError(f"box has shape {box.shape}: must be a pair of numbers, low and high, for each variable")
    if len(box) != d:
        intervals = "1 interval" if len(box) == 1 else f"{len(box)} intervals"
        raise ValueError(f"box has {intervals} but {objective} has dimension {d}")
    if d > MOST_DIMENSIONS:
        raise ValueError(
            f"{objective} has {d} dimensions; a box of more than {MOST_DIMENSIONS} cannot be cut up within any budget, "
            "but saddlesim.search finds some of its critical points"
        )
    for low, high in box:
        if not np.isfinite([low, high]).all():
            raise ValueError(f"box has [{low:g}, {high:g}]: must be bounded")
        if not math.isfinite(float(high) - float(low)):
            raise ValueError(f"box has [{low:g}, {high:g}]: too wide for floating point")
        if not low < high:
            raise ValueError(f"box has [{low:g}, {high:g}]: the first must be below the second")
    return box


def _points(f: Enclosures, objective: Objective, tight: Boxes, domain: Array) -> tuple[CensusPoint, ...]:
    told, values = inertia(f.hessian(tight)), f.value(tight)
    x = tight.middle
    with np.errstate(all="ignore"):
        value, gradient = objective.value(x), objective.gradient(x)
    inside = tight.within(Boxes(domain[:, :1], domain[:, 1:]))
    made = []
    for lane in range(tight.n):
        bounds = np.stack([told.lo[lane], told.hi[lane]], axis=1)
        index = int(told.index[lane])
        made.append(
            CensusPoint(
                x=x[:, lane],
                enclosure=np.stack([tight.lo[:, lane], tight.hi[:, lane]], axis=1),
                value=float(value[lane]),
                value_bounds=np.array([values.lo[lane], values.hi[lane]]),
                gradient_norm=float(np.linalg.norm(gradient[:, lane])),
                eigenvalues=bounds.mean(axis=1),
                eigenvalue_bounds=bounds,
                eigenvectors=told.vectors[lane],
                index=index if told.proved[lane] else None,
                kind=_kind(index, f.dimension) if told.proved[lane] else "unknown",
                index_proved=bool(told.proved[lane]),
                margin=_margin(bounds),
                on_boundary=not inside[lane],
            )
        )
    return tuple(
        sorted(made, key=lambda each: (-1 if each.index is None else each.index, each.value_bounds[0], each.x.tolist()))
    )


def _smooth_throughout(f: Enclosures, domain: Array) -> bool:
    """Whether f is proved to be twice differentiable on all of the box: else its gradient's degree is no sum over points."""
    if len(domain) > 2:
        return True  # the degree is not computed
    edges = [np.linspace(low, high, N_CELLS + 1) for low, high in domain]
    lo = np.stack([each.ravel() for each in np.meshgrid(*(edge[:-1] for edge in edges), indexing="ij")])
    hi = np.stack([each.ravel() for each in np.meshgrid(*(edge[1:] for edge in edges), indexing="ij")])
    return bool(f.smooth(Boxes(lo, hi)).all())


def _kind(index: int, dimension: int) -> str:
    minimum, saddle, maximum = KINDS
    return minimum if index == 0 else maximum if index == dimension else saddle


def _margin(bounds: Array) -> float:
    middle, radius = np.abs(bounds.mean(axis=1)), (bounds[:, 1] - bounds[:, 0]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.min(middle / radius))
