"""Half the mean squared error, L = 1/(2 S) sum_si (Y_si - T_si)^2: dL/dY = (Y - T) / S, and again 1/S on the diagonal."""

from __future__ import annotations

import numpy as np

from saddlesim.objectives.networks.modules.shapes import Array, batch


def forward(y: Array, t: Array) -> Array:
    """Give L, (...), of outputs Y and targets T (..., S, m).

    Raises
    ------
    ValueError
        If the shapes do not fit, here and below.
    """
    y, t = batch(outputs=y, targets=t)
    error = y - t
    return np.asarray((error * error).sum(axis=(-2, -1)) / (2 * y.shape[-2]))


def backward(y: Array, t: Array) -> Array:
    """Give dL/dY, (..., S, m)."""
    y, t = batch(outputs=y, targets=t)
    return np.asarray((y - t) / y.shape[-2])


def hessian_product(y: Array, t: Array, y_tangent: Array) -> Array:
    """Give how dL/dY changes along a direction of Y; neither Y nor T enters."""
    y, _, y_tangent = batch(outputs=y, targets=t, y_tangent=y_tangent)
    return np.asarray(y_tangent / y.shape[-2])
