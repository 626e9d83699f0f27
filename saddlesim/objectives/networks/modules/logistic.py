"""Softmax and cross-entropy of two classes, one logit each sample: L = 1/S sum_si (log(1 + exp(Z_si)) - T_si Z_si), T in [0, 1].

With Y = 1 / (1 + exp(-Z)): dL/dZ = (Y - T) / S, and again Y (1 - Y) / S on the diagonal.
"""

from __future__ import annotations

import numpy as np

from saddlesim.objectives.networks.modules.activation import bell_function, sigmoid_function, softplus_function
from saddlesim.objectives.networks.modules.shapes import Array, batch


def forward(z: Array, t: Array) -> Array:
    """Give L, (...), of logits Z and probabilities T (..., S, m) of the second class.

    Raises
    ------
    ValueError
        If the shapes do not fit or an entry of T is no probability, here and below.
    """
    z, t = _checked(z, t)
    losses = (1 - t) * softplus_function(z) + t * softplus_function(
        -z
    )  # Z itself would cancel where a class is certain
    return np.asarray(losses.sum(axis=(-2, -1)) / z.shape[-2])


def backward(z: Array, t: Array) -> Array:
    """Give dL/dZ = (Y - T) / S, (..., S, m)."""
    z, t = _checked(z, t)
    return np.asarray(((1 - t) * sigmoid_function(z) - t * sigmoid_function(-z)) / z.shape[-2])


def hessian_product(z: Array, t: Array, z_tangent: Array) -> Array:
    """Give how dL/dZ changes along a direction of Z; T does not enter."""
    z, _, z_tangent = _checked(z, t, z_tangent=z_tangent)
    return np.asarray(bell_function(z) * z_tangent / z.shape[-2])


def _checked(z: Array, t: Array, **more: Array) -> tuple[Array, ...]:
    arrays = batch(logits=z, targets=t, **more)
    wrong = np.argwhere(~((arrays[1] >= 0) & (arrays[1] <= 1)))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        raise ValueError(f"targets: {arrays[1][place]:g} in row {place[-2]} is no probability; it must be from 0 to 1")
    return arrays
