"""Softmax and cross-entropy of two classes, one logit each sample: L = 1/S sum_si (log(1 + exp(Z_si)) - T_si Z_si), T in [0, 1].

With Y = 1 / (1 + exp(-Z)): dL/dZ = (Y - T) / S, and again Y (1 - Y) / S on the diagonal.
"""

from __future__ import annotations

import numpy as np

from saddlesim.objectives.networks.modules.activation import sigmoid_function, softplus_function
from saddlesim.objectives.networks.modules.shapes import Array, check_alike


def forward(z: Array, t: Array) -> Array:
    """Give L, (...), of logits Z and probabilities T (..., S, m) of the second class.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    check_alike(logits=z, targets=t)
    return np.asarray((softplus_function(z) - t * z).sum(axis=(-2, -1)) / z.shape[-2])


def backward(z: Array, t: Array) -> Array:
    """Give dL/dZ, (..., S, m).

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    check_alike(logits=z, targets=t)
    return np.asarray((sigmoid_function(z) - t) / z.shape[-2])


def hessian_product(z: Array, t: Array, z_tangent: Array) -> Array:
    """Give how dL/dZ changes along a direction of Z; T does not enter."""
    y = sigmoid_function(z)
    return np.asarray(y * (1 - y) * z_tangent / z.shape[-2])
