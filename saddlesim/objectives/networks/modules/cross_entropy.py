"""Mean cross-entropy of probabilities, L = -1/S sum_si T_si log Y_si, each row of T a distribution.

dL/dY_si = -T_si / (S Y_si), and again T_si / (S Y_si^2) on the diagonal. Where some Y_si rounds to zero this is inf, or nan where
T_si is zero too, although the derivative by the logits of Y is harmless: `softmax_cross_entropy` has that.
"""

from __future__ import annotations

import numpy as np

from saddlesim.objectives.networks.modules.shapes import Array, batch, check_distributions


def forward(y: Array, t: Array) -> Array:
    """Give L, (...), of Y and T (..., S, m); classes of probability zero in T cost nothing.

    Raises
    ------
    ValueError
        If the shapes do not fit or a row of T is no distribution, here and below.
    """
    y, t = _checked(y, t)
    with np.errstate(divide="ignore"):  # log 0 is -inf, and so should be what is lost
        logarithms = np.log(np.where(t == 0, 1.0, y))
    return np.asarray(-(t * logarithms).sum(axis=(-2, -1)) / y.shape[-2])


def backward(y: Array, t: Array) -> Array:
    """Give dL/dY, (..., S, m)."""
    y, t = _checked(y, t)
    with np.errstate(divide="ignore", invalid="ignore"):  # that it breaks here is what is taught
        return np.asarray(-t / (y.shape[-2] * y))


def hessian_product(y: Array, t: Array, y_tangent: Array) -> Array:
    """Give how dL/dY changes along a direction of Y."""
    y, t, y_tangent = _checked(y, t, y_tangent=y_tangent)
    return np.asarray(t * y_tangent / (y.shape[-2] * y * y))


def _checked(y: Array, t: Array, **more: Array) -> tuple[Array, ...]:
    arrays = batch(outputs=y, targets=t, **more)
    check_distributions(arrays[1])
    return arrays
