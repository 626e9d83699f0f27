"""Starts: where walks begin: anywhere in the box; clusters also in a plane or on a line, and after some steps of descent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from saddlesim.searching.methods import Landscape, Lanes, OutOfTime, follow

Array = NDArray[np.float64]

MOST_DESCENT = 20  # steps


def draw_starts(landscape: Landscape, rng: np.random.Generator, lanes: Lanes, out_of_time: OutOfTime) -> Array:
    """Draw a start for each lane, (d, B), independently; descent is for those named.

    Where mirror images are the same, what begins in a plane stays there, and what is critical in it is critical (Palais, The
    principle of symmetric criticality, 1979); so the dimension of a cluster is drawn, too, and flat and linear shapes are found
    however many directions lead out of them. Atoms thrown into a box mostly fly apart under Newton's method; so each start of a
    cluster first descends by a number of steps that is drawn from 0 to 20.
    """
    n = len(lanes)
    symmetry, box = landscape.symmetry, landscape.box
    starts = rng.uniform(box[:, 0], box[:, 1], size=(n, len(box))).T
    if symmetry.translation and symmetry.rotation and symmetry.improper:
        n_dimensions = rng.integers(1, symmetry.n_columns + 1, n)
        rows = symmetry.rows(starts)
        starts = symmetry.flat(np.where(np.arange(symmetry.n_columns)[:, None] < n_dimensions, rows, 0.0))
    if symmetry.translation:
        n_steps = rng.integers(0, MOST_DESCENT + 1, n)
        starts = follow(landscape, starts, lanes, out_of_time, np.zeros(n, dtype=np.int64), n_steps).x
    return symmetry.normalised(starts)
