"""The linear module Y = X W' + b.

Y_si = sum_j X_sj W_ij + b_i, so with D = dL/dY: dL/dW_ij = sum_s D_si X_sj, dL/db_i = sum_s D_si, dL/dX_sj = sum_i D_si W_ij.
That is dL/dW = D' X, dL/db = 1' D, dL/dX = D W. Y is bilinear, so the tangents are the product rule.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from saddlesim.objectives.networks.modules.shapes import Array, fitted, numbers


class Derivatives(NamedTuple):
    """By the inputs, (..., S, n); the weights, (..., m, n); and the bias, (..., m)."""

    inputs: Array
    weight: Array
    bias: Array


def forward(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Give Y, (..., S, m), of X (..., S, n), W (..., m, n) and b (..., m).

    Raises
    ------
    ValueError
        If the shapes do not fit, here and below.
    """
    x, weight, bias = fitted(inputs=(x, "Sn"), weights=(weight, "mn"), bias=(bias, "m"))
    y = x @ _transposed(weight)
    return np.asarray(y if bias is None else y + bias[..., None, :])


def backward(dy: Array, x: Array, weight: Array) -> Derivatives:
    """Give the derivatives of L by X, W and b from that by Y, (..., S, m)."""
    x, weight, dy = fitted(inputs=(x, "Sn"), weights=(weight, "mn"), dy=(dy, "Sm"))
    return Derivatives(by_inputs(dy, weight), by_weight(dy, x), by_bias(dy))


def by_inputs(dy: Array, weight: Array) -> Array:
    """Give dL/dX = D W, (..., S, n); like the next two a product alone, for networks, whose shapes fit."""
    return np.asarray(numbers("dy", dy) @ numbers("weights", weight))


def by_weight(dy: Array, x: Array) -> Array:
    """Give dL/dW = D' X, (..., m, n)."""
    return np.asarray(_transposed(numbers("dy", dy)) @ numbers("inputs", x))


def by_bias(dy: Array) -> Array:
    """Give dL/db = 1' D, (..., m)."""
    return np.asarray(numbers("dy", dy).sum(axis=-2))


def tangent(
    x: Array,
    weight: Array,
    x_tangent: Array | None,
    weight_tangent: Array,
    bias_tangent: Array | None,
) -> Array:
    """Give dY, (..., S, m), along directions of X, W and b; None is zero."""
    x, weight, x_tangent, weight_tangent, bias_tangent = fitted(
        inputs=(x, "Sn"),
        weights=(weight, "mn"),
        x_tangent=(x_tangent, "Sn"),
        weight_tangent=(weight_tangent, "mn"),
        bias_tangent=(bias_tangent, "m"),
    )
    y = x @ _transposed(weight_tangent)
    if x_tangent is not None:
        y = y + x_tangent @ _transposed(weight)
    return np.asarray(y if bias_tangent is None else y + bias_tangent[..., None, :])


def backward_tangent(
    dy: Array,
    x: Array,
    weight: Array,
    dy_tangent: Array,
    x_tangent: Array | None,
    weight_tangent: Array,
) -> Derivatives:
    """Give how `backward` changes along directions of dL/dY, X and W; None is zero."""
    x, weight, dy, x_tangent, weight_tangent, dy_tangent = fitted(
        inputs=(x, "Sn"),
        weights=(weight, "mn"),
        dy=(dy, "Sm"),
        x_tangent=(x_tangent, "Sn"),
        weight_tangent=(weight_tangent, "mn"),
        dy_tangent=(dy_tangent, "Sm"),
    )
    return Derivatives(
        by_inputs(dy_tangent, weight) + by_inputs(dy, weight_tangent),
        by_weight_tangent(dy, x, dy_tangent, x_tangent),
        by_bias(dy_tangent),
    )


def by_weight_tangent(dy: Array, x: Array, dy_tangent: Array, x_tangent: Array | None) -> Array:
    """Give how dL/dW changes along directions of dL/dY and X; None is zero."""
    own = by_weight(dy_tangent, x)
    return own if x_tangent is None else own + by_weight(dy, x_tangent)


def _transposed(matrices: Array) -> Array:
    return matrices.swapaxes(-1, -2)
