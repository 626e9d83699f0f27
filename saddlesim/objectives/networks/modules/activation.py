"""Element-wise activations Y = h(X), with h' and h'' in closed form.

Y_si = h(X_si), so dY_si/dX_tj = h'(X_si) [s = t] [i = j] and dL/dX = dL/dY o h'(X). At the kink of `relu` and at that of the
second derivative of `elu` the value from the left is taken, as the deep-learning packages do.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from saddlesim.functions import modulus
from saddlesim.objectives.networks.modules.shapes import Array, fitted, numbers

Jet = tuple[Array, ...]  # h, h', h'', as many as were asked for
FAR = 40.0  # exp(-x^2 / 2) is 0 beyond


def forward(x: Array, name: str) -> Array:
    """Give h(X), of the shape of X; `name` is one of `ACTIVATIONS`.

    Raises
    ------
    ValueError
        If there is no such activation, or shapes do not fit, here and below.
    """
    return jet(x, name, 0)[0]


def backward(dy: Array, x: Array, name: str) -> Array:
    """Give dL/dX = dL/dY o h'(X), (..., S, n)."""
    dy, x = fitted(dy=(dy, "Sn"), inputs=(x, "Sn"))
    return np.asarray(dy * jet(x, name, 1)[1])


def tangent(x: Array, x_tangent: Array, name: str) -> Array:
    """Give dY along a direction of X: h'(X) o dX."""
    x, x_tangent = fitted(inputs=(x, "Sn"), x_tangent=(x_tangent, "Sn"))
    return np.asarray(jet(x, name, 1)[1] * x_tangent)


def backward_tangent(dy: Array, x: Array, dy_tangent: Array, x_tangent: Array, name: str) -> Array:
    """Give how `backward` changes along directions of dL/dY and X: d(dL/dY) o h'(X) + dL/dY o h''(X) o dX."""
    dy, x, dy_tangent, x_tangent = fitted(
        dy=(dy, "Sn"), inputs=(x, "Sn"), dy_tangent=(dy_tangent, "Sn"), x_tangent=(x_tangent, "Sn")
    )
    _, slope, curvature = jet(x, name, 2)
    return np.asarray(dy_tangent * slope + dy * curvature * x_tangent)


def jet(x: Array, name: str, order: int) -> Jet:
    """Give h(X) and its derivatives up to `order`, at most 2, each of the shape of X, which is any."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation {name!r} is not known; allowed: {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name](numbers("inputs", x), order)


def sigmoid_function(x: Array) -> Array:
    """Give 1 / (1 + exp(-x)), which neither overflows nor loses the small values."""
    e = np.exp(-modulus(x))
    return np.asarray(np.where(x.real >= 0, 1.0, e) / (1 + e))


def bell_function(x: Array) -> Array:
    """Give the derivative of the sigmoid function, which is even, to full accuracy on both sides."""
    e = np.exp(-modulus(x))
    return np.asarray(e / ((1 + e) * (1 + e)))


def softplus_function(x: Array) -> Array:
    """Give log(1 + exp(x)), which does not overflow."""
    return np.asarray(np.where(x.real >= 0, x, 0.0) + np.log1p(np.exp(-modulus(x))))


def _identity(x: Array, order: int) -> Jet:
    return (x, np.ones_like(x), np.zeros_like(x))[: order + 1]


def _sigmoid(x: Array, order: int) -> Jet:
    y = sigmoid_function(x)
    if not order:
        return (y,)
    slope = bell_function(x)
    return (y, slope, -slope * np.tanh(x / 2))[: order + 1]


def _tanh(x: Array, order: int) -> Jet:
    y = np.tanh(x)
    if not order:
        return (y,)
    slope = 4 * bell_function(2 * x)  # 1 - y^2 without what rounding takes of it
    return (y, slope, -2 * y * slope)[: order + 1]


def _relu(x: Array, order: int) -> Jet:
    return (np.where(x.real > 0, x, 0.0), np.where(x.real > 0, 1.0, 0.0), np.zeros(x.shape))[: order + 1]


def _softplus(x: Array, order: int) -> Jet:
    return (softplus_function(x), *(_sigmoid(x, order - 1) if order else ()))


def _elu(x: Array, order: int) -> Jet:
    below = np.where(x.real > 0, 0.0, x)
    e = np.exp(below)
    left = x.real <= 0
    return (np.where(left, np.expm1(below), x), np.where(left, e, 1.0), np.where(left, e, 0.0))[: order + 1]


def _gelu(x: Array, order: int) -> Jet:
    from scipy.special import ndtr

    share, near = ndtr(x), _nearer(x)
    density = np.exp(-near * near / 2) / math.sqrt(2 * math.pi)
    value = np.where(x.real < -FAR, 0.0, x) * share
    return (value, share + near * density, (2 - near * near) * density)[: order + 1]


def _erf(x: Array, order: int) -> Jet:
    from scipy.special import erf

    near = _nearer(x)
    slope = math.sqrt(2 / math.pi) * np.exp(-near * near / 2)
    return (erf(x / math.sqrt(2)), slope, -near * slope)[: order + 1]


def _nearer(x: Array) -> Array:
    """Give x, or `FAR` where it is beyond, lest its square overflow beside a density of 0."""
    return np.asarray(np.where(np.abs(x.real) > FAR, FAR, x))


ACTIVATIONS: dict[str, Callable[[Array, int], Jet]] = {
    "identity": _identity,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,  # max(x, 0)
    "softplus": _softplus,  # log(1 + e^x)
    "elu": _elu,  # e^x - 1 below zero, x above
    "gelu": _gelu,  # x times the normal distribution function
    "erf": _erf,  # erf(x / sqrt 2), as committee machines have it
}
