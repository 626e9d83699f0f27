"""Cuts: an objective's values along lines through a point and over a plane through it, so many points at once as memory bears."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.analysis import QUIET

Array = NDArray[np.float64]

MOST_NUMBERS = 4_000_000  # that one batch of points holds, signals of a network included
LARGEST_BATCH = 1024


def positions(half_width: float, n_points: int) -> Array:
    """Give the distances along a slice, (n_points,), the same to both sides of 0 bit by bit."""
    right = half_width * np.arange(1, n_points // 2 + 1) / (n_points // 2)
    return np.concatenate([-right[::-1], [0.0], right])


@QUIET
def slices(objective: Any, x: Array, vectors: Array, t: Array) -> tuple[Array, Array]:
    """Give value and slope along vectors (k, d) through x, (d,), at distances (T,): (k, T) each; what is not finite is nan."""
    k, n = len(vectors), len(t)
    value, slope = np.full((k, n), np.nan), np.full((k, n), np.nan)
    for row, vector in enumerate(vectors):
        if not np.isfinite(vector).all():
            continue
        for some in _batches(objective, len(x), n):
            points = x[:, None] + t[some] * vector[:, None]
            value[row, some] = objective.value(points)
            slope[row, some] = vector @ objective.gradient(points)
    return _finite(value), _finite(slope)


@QUIET
def plane(objective: Any, x: Array, vectors: Array, t: Array) -> Array:
    """Give values at x + t_j vectors[0] + t_i vectors[1], (T, T), the first direction running along the last axis."""
    n = len(t)
    value = np.full(n * n, np.nan)
    if np.isfinite(vectors).all():
        for some in _batches(objective, len(x), n * n):
            i, j = np.divmod(np.arange(n * n)[some], n)
            value[some] = objective.value(x[:, None] + t[j] * vectors[0][:, None] + t[i] * vectors[1][:, None])
    return _finite(value.reshape(n, n))


def _batches(objective: Any, dimension: int, n_points: int) -> list[slice]:
    """Cut so many points into batches, the same ones on every machine, for BLAS rounds differently at other widths."""
    width = sum(layer.n_inputs + layer.n_outputs for layer in getattr(objective, "modules", ()))
    held = 4 * dimension + getattr(objective, "n_terms", 1) * width
    size = max(1, min(LARGEST_BATCH, MOST_NUMBERS // held))
    return [slice(first, first + size) for first in range(0, n_points, size)]


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)
