"""Vectors: products, lengths and sizes of many at once, (d, B), lane by lane."""

from __future__ import annotations

import numpy as np

from saddlesim.optimizers.base import Array


def dot(a: Array, b: Array) -> Array:
    """Give the inner products, (B,), of vectors (d, B); a lane's does not depend on how many there are, down to the last bit."""
    return np.asarray(np.multiply(a, b, order="F").sum(axis=0))


def downhill(direction: Array, gradient: Array) -> Array:
    """Give -1 or 1 by lane, (B,), so that f does not rise at first along that times the direction, (d, B)."""
    return np.where(dot(direction, gradient) > 0, -1.0, 1.0)


def lengths(vectors: Array) -> Array:
    """Give the Euclidean lengths, (B,), of vectors (d, B)."""
    return np.asarray(np.sqrt(dot(vectors, vectors)))


def sizes(vectors: Array) -> Array:
    """Give the size of the largest component of vectors (d, B), 1 for zero: divided by it, none squares to 0 or infinity."""
    largest = np.abs(vectors).max(axis=0)
    return np.asarray(np.where(largest > 0, largest, 1.0))
