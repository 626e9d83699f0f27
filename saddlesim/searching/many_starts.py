"""Many starts: the search itself. Draws starts in a box, lets each method walk from its share of them, and collects the ends."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from saddlesim.analysis import SAME_POINT_TOLERANCE
from saddlesim.connecting import Connection, connections
from saddlesim.objectives.base import METHODS, Objective
from saddlesim.searching.collection import Collection
from saddlesim.searching.merging import same_orbit
from saddlesim.searching.methods import Landscape, OutOfTime, Walk, follow, levenberg_marquardt, newton
from saddlesim.searching.missing import estimate_missing
from saddlesim.searching.report import Search
from saddlesim.searching.starts import draw_starts
from saddlesim.searching.symmetry import WORDS, find_symmetry

Array = NDArray[np.float64]

N_LANES = 64  # of every batch
N_METHODS = 3
N_DEFLATIONS = 5  # rounds of deflation from the starts of one batch, at most
MOST_DEFLATED = 500  # points
ONE_HIGHER = 0.6  # chance that one more eigenvector is followed up, where no index is wanted


def search(
    objective: Objective,
    box: ArrayLike | None = None,
    n_starts: int = 1000,
    wanted_index: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    symmetries: Sequence[str] | None = None,
    connected: bool = True,
) -> Search:
    """Search a box for critical points, from many starts, in any dimension; without a claim that they are all.

    A third of the starts each is walked by Newton's method, by Levenberg-Marquardt on |gradient|^2, and by following eigenvectors
    to an index of its own; or all of them by the last one, to the index that is wanted. From Newton's starts it walks again with
    all points deflated that have been found; this may add points but no hits, for it draws none independently.

    Points that a declared symmetry takes to each other are one; `FoundPoint.n_images` says how many they are. Rigid motions make
    a continuum of each point of a cluster, whose zero modes are counted out; a cluster in pieces is no point (see `Collection`).

    Parameters
    ----------
    objective : Objective
        Also any object with value, gradient and hessian of points (d, B).
    box : (d, 2), optional
        Where starts are drawn; by default the objective's domain. Critical points outside do not count, unless translations or
        scalings leave the objective as it is.
    n_starts : int, >= 1
    wanted_index : int, 0 <= wanted_index <= d, optional
        Look for critical points of this index only.
    seconds : float, > 0, optional
        Time after which no step is begun. What was found is given, and `Search.status` says that it was cut short.
    seed : int, >= 0
        The first starts are the same for any number of them.
    symmetries : sequence of str, optional
        Which of the declared motions make one point of several; by default all that the objective declares, as far as they hold
        at points where they are tried and, if they only change order or signs of components, leave the box as it is.
    connected : bool
        Whether to follow the gradient flow from each saddle of index 1, if there is time left; see `saddlesim.connections`.

    Raises
    ------
    ValueError
        If the box is not there, not bounded, empty or of another shape; if a number is out of its range.

    Examples
    --------
    >>> from saddlesim.objectives import OBJECTIVES
    >>> found = search(OBJECTIVES["himmelblau"](), n_starts=200)
    >>> found.status, found.counts
    ('found 9 critical points; no claim of completeness', {0: 4, 1: 4, 2: 1})
    """
    edges = _checked_box(objective, box)
    _check_numbers(len(edges), n_starts, wanted_index, seconds, seed)
    out_of_time = _clock(seconds)
    declared = _checked_words(getattr(objective, "symmetries", ()) if symmetries is None else symmetries)
    with threadpool_limits(1):  # more threads would round otherwise, and are slower on small matrices
        landscape = Landscape(objective, edges, find_symmetry(objective, edges, declared))
        collection = Collection(landscape, wanted_index)
        n_done, n_there = _follow_all(collection, n_starts, wanted_index, seed, out_of_time)
        points = collection.sorted_points()
        joined: tuple[Connection, ...] = ()
        if connected and wanted_index is None and not out_of_time():
            moving = landscape.symmetry.continuous
            same = functools.partial(same_orbit, landscape.symmetry)
            joined = connections(objective, points, None if moving else edges, same)
    missing = estimate_missing([each.n_hits for each in points if each.non_degenerate])
    return Search(str(objective), edges, points, n_done, n_starts, n_done - n_there, missing, joined)


def _follow_all(
    collection: Collection, n_starts: int, wanted_index: int | None, seed: int, out_of_time: OutOfTime
) -> tuple[int, int]:
    """Follow starts to their ends, batch by batch; give how many were, and how many of them ended at critical points."""
    landscape, d = collection.landscape, len(collection.landscape.box)
    n_methods = N_METHODS if wanted_index is None else 1
    n_done = n_there = 0
    for batch in range(n_methods * math.ceil(n_starts / (n_methods * N_LANES))):
        if out_of_time():
            break
        rounds, method = divmod(batch, n_methods)
        lanes = rounds * n_methods * N_LANES + n_methods * np.arange(N_LANES) + method < n_starts
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(batch,)))
        starts = draw_starts(landscape, rng, lanes, out_of_time)
        index = np.minimum(rng.geometric(1 - ONE_HIGHER, N_LANES) - 1, d)
        if wanted_index is not None:
            walk = follow(landscape, starts, lanes, out_of_time, np.full(N_LANES, wanted_index))
        elif method == 0:
            walk = newton(landscape, starts, lanes, out_of_time)
        elif method == 1:
            walk = levenberg_marquardt(landscape, starts, lanes, out_of_time)
        else:
            walk = follow(landscape, starts, lanes, out_of_time, index)
        taken = collection.take(walk, lanes, out_of_time)
        n_done += int(np.count_nonzero(lanes & ~walk.under_way)) - taken.n_left
        n_there += taken.n_there
        if method == 0 and wanted_index is None and not landscape.symmetry.continuous:
            _deflate(collection, walk, starts, lanes, out_of_time)
    return n_done, n_there


def _deflate(
    collection: Collection, walk: Walk, starts: Array, lanes: NDArray[np.bool_], out_of_time: OutOfTime
) -> None:
    """Walk from the same starts again, away from all points found and from where the last walks ended, while more is found."""
    width = collection.landscape.width[:, None]
    known = np.array([each.x for each in collection.points]).reshape(-1, len(starts)).T
    for _ in range(N_DEFLATIONS):
        known = np.concatenate([known, walk.x[:, walk.arrived]], axis=1)
        _, first = np.unique(np.rint(known / (SAME_POINT_TOLERANCE * width)), axis=1, return_index=True)
        known = known[:, np.sort(first)][:, -MOST_DEFLATED:]
        walk = newton(collection.landscape, starts, lanes, out_of_time, known)
        if not collection.take(walk, lanes, out_of_time, counted=False).n_new or out_of_time():
            break


def _clock(seconds: float | None) -> OutOfTime:
    end = math.inf if seconds is None else time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _checked_box(objective: Any, box: ArrayLike | None) -> Array:
    """Give the box, (d, 2), or say in one line what is wrong with it."""
    lacking = [name for name in METHODS if not callable(getattr(objective, name, None))]
    if lacking:
        raise ValueError(f"{objective!r} has no {' and no '.join(lacking)}; a search needs {', '.join(METHODS)}")
    given = getattr(objective, "domain", None) if box is None else box
    if given is None:
        raise ValueError(f"{objective} has no domain; give box=((low, high), ...), a pair for each of its components")
    try:
        edges = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        edges = np.empty(0)
    if edges.ndim != 2 or edges.shape[1] != 2 or not len(edges):
        told = f"has shape {edges.shape}" if edges.size else f"is {given!r}"
        raise ValueError(f"box {told}: it must be ((low, high), ...), a pair for each component")
    dimension = getattr(objective, "dimension", len(edges))
    if len(edges) != dimension:
        raise ValueError(f"box has {len(edges)} pairs but {objective} has dimension {dimension}")
    for low, high in edges.tolist():
        if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(high - low)):
            raise ValueError(f"box has [{low}, {high}]: it must be bounded")
        if not low < high:
            raise ValueError(f"box has [{low}, {high}]: the first must be below the second")
    return edges


def _checked_words(symmetries: Sequence[str]) -> tuple[str, ...]:
    for word in symmetries:
        if word not in WORDS:
            raise ValueError(f"symmetries: {word!r} is none of {', '.join(WORDS)}")
    return tuple(symmetries)


def _check_numbers(dimension: int, n_starts: int, wanted_index: int | None, seconds: float | None, seed: int) -> None:
    if n_starts < 1:
        raise ValueError(f"n_starts={n_starts}: must be at least 1")
    if wanted_index is not None and not 0 <= wanted_index <= dimension:
        raise ValueError(f"wanted_index={wanted_index}: must be from 0 to {dimension}, the dimension")
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds={seconds}: must be positive")
    if seed < 0:
        raise ValueError(f"seed={seed}: must not be negative")
