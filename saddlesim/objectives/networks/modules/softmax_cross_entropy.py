"""Softmax and mean cross-entropy in one: L = 1/S sum_s (log sum_j exp(Z_sj) - sum_i T_si Z_si), each row of T a distribution.

The two modules chained give dL/dZ_sj = -1/S sum_i T_si ([i = j] - Y_sj) = (Y_sj - T_sj) / S: alpha M with alpha = 1/S, M = Y - T.
The Y in the denominator has gone, so nothing breaks where Y rounds to zero. Each row's Hessian by its logits is
(diag(y) - y y') / S, which is positive semidefinite: L is convex in Z.
"""

from __future__ import annotations

import numpy as np

from saddlesim.objectives.networks.modules import softmax
from saddlesim.objectives.networks.modules.shapes import Array, batch, check_distributions


def forward(z: Array, t: Array) -> Array:
    """Give L, (...), of logits Z and targets T (..., S, m), whatever the size of the logits.

    Raises
    ------
    ValueError
        If the shapes do not fit or a row of T is no distribution, here and below.
    """
    z, t = _checked(z, t)
    shifted = z - z.real.max(axis=-1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return np.asarray(-(t * logarithms).sum(axis=(-2, -1)) / z.shape[-2])


def backward(z: Array, t: Array) -> Array:
    """Give dL/dZ = (softmax(Z) - T) / S, (..., S, m)."""
    z, t = _checked(z, t)
    return np.asarray((softmax.forward(z) - t) / z.shape[-2])


def hessian_product(z: Array, t: Array, z_tangent: Array) -> Array:
    """Give how dL/dZ changes along a direction of Z; T does not enter."""
    z, t, z_tangent = _checked(z, t, z_tangent=z_tangent)
    return np.asarray(softmax.tangent(softmax.forward(z), z_tangent) / z.shape[-2])


def _checked(z: Array, t: Array, **more: Array) -> tuple[Array, ...]:
    arrays = batch(logits=z, targets=t, **more)
    check_distributions(arrays[1])
    return arrays
