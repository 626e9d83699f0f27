"""Softmax by rows, Y_si = exp(Z_si) / sum_j exp(Z_sj).

dY_si/dZ_sj = Y_si ([i = j] - Y_sj), so with D = dL/dY:
dL/dZ_sj = sum_i D_si Y_si ([i = j] - Y_sj) = Y_sj (D_sj - sum_i D_si Y_si),
that is Y o (D - (D o Y) 1 1'). The Jacobian is symmetric: `tangent` is `backward`.
"""

from __future__ import annotations

import numpy as np

from saddlesim.objectives.networks.modules.shapes import Array, batch


def forward(z: Array) -> Array:
    """Give Y, (..., S, m), of logits Z (..., S, m), whatever their size.

    Raises
    ------
    ValueError
        If the shapes do not fit, here and below.
    """
    (z,) = batch(logits=z)
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def backward(dy: Array, y: Array) -> Array:
    """Give dL/dZ from dL/dY and Y, all (..., S, m)."""
    dy, y = batch(dy=dy, outputs=y)
    return np.asarray(y * (dy - _row_sums(dy * y)))


def tangent(y: Array, z_tangent: Array) -> Array:
    """Give dY along a direction of Z."""
    y, z_tangent = batch(outputs=y, z_tangent=z_tangent)
    return np.asarray(y * (z_tangent - _row_sums(z_tangent * y)))


def backward_tangent(dy: Array, y: Array, dy_tangent: Array, y_tangent: Array) -> Array:
    """Give how `backward` changes along directions of dL/dY and Y."""
    dy, y, dy_tangent, y_tangent = batch(dy=dy, outputs=y, dy_tangent=dy_tangent, y_tangent=y_tangent)
    turned = _row_sums(dy_tangent * y + dy * y_tangent)
    return np.asarray(y_tangent * (dy - _row_sums(dy * y)) + y * (dy_tangent - turned))


def _row_sums(entries: Array) -> Array:
    return np.asarray(entries.sum(axis=-1, keepdims=True))
