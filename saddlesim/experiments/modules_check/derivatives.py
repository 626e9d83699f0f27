"""Derivatives: each closed form of a module beside the function it is the derivative of, on drawn numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.networks.modules import (
    activation,
    cross_entropy,
    linear,
    logistic,
    softmax,
    softmax_cross_entropy,
    squared_error,
)
from saddlesim.objectives.networks.modules.activation import ACTIVATIONS

Array = NDArray[Any]

TINY = 1e-30  # a complex step, squared below rounding
N_SAMPLES, N_INPUTS, N_OUTPUTS = 5, 3, 4


class Check(NamedTuple):
    """A scalar function of an array, the array, and the closed form of its derivative there, all of one shape."""

    function: Callable[[Array], Array]
    x: Array
    closed_form: Array

    def by_complex_step(self) -> Array:
        """Give the derivative by steps off the real axis, exact but for rounding."""
        return self._entries(lambda unit: np.imag(self.function(self.x + 1j * TINY * unit)) / TINY)

    def by_differences(self, step: float) -> Array:
        """Give the derivative by central differences; nan where a step leaves the function's domain."""
        with np.errstate(invalid="ignore"):
            return self._entries(
                lambda unit: (self.function(self.x + step * unit) - self.function(self.x - step * unit)) / (2 * step)
            )

    def error(self, derivative: Array) -> float:
        """Give the largest difference from the closed form, over the latter's largest entry; inf where one is not finite."""
        return _error(derivative, self.closed_form)

    def _entries(self, along: Callable[[Array], Array]) -> Array:
        units = np.eye(self.x.size).reshape(self.x.size, *self.x.shape)
        return np.array([along(unit) for unit in units]).reshape(self.x.shape)


def checks(rng: np.random.Generator) -> dict[str, Check]:
    """Draw numbers and give a check for every formula, by what is differentiated and by what."""
    x = rng.standard_normal((N_SAMPLES, N_INPUTS))
    weight, bias = rng.standard_normal((N_OUTPUTS, N_INPUTS)), rng.standard_normal(N_OUTPUTS)
    z, dy = 2 * rng.standard_normal((N_SAMPLES, N_OUTPUTS)), rng.standard_normal((N_SAMPLES, N_OUTPUTS))
    t = rng.dirichlet(np.ones(N_OUTPUTS), N_SAMPLES)
    y = softmax.forward(z)
    by = linear.backward(dy, x, weight)
    found = {
        "linear_inputs": Check(lambda x: (dy * linear.forward(x, weight, bias)).sum(), x, by.inputs),
        "linear_weight": Check(lambda w: (dy * linear.forward(x, w, bias)).sum(), weight, by.weight),
        "linear_bias": Check(lambda b: (dy * linear.forward(x, weight, b)).sum(), bias, by.bias),
    }
    found |= {name: _slope(name, z, dy) for name in ACTIVATIONS}
    found |= {f"{name}_twice": _curvature(name, z, dy) for name in ACTIVATIONS if name not in ("identity", "relu")}
    found |= {
        "softmax": Check(lambda z: (dy * softmax.forward(z)).sum(), z, softmax.backward(dy, y)),
        "cross_entropy": Check(lambda y: cross_entropy.forward(y, t), y, cross_entropy.backward(y, t)),
        "chained": Check(
            lambda z: cross_entropy.forward(softmax.forward(z), t), z, softmax.backward(cross_entropy.backward(y, t), y)
        ),
        "fused": Check(lambda z: softmax_cross_entropy.forward(z, t), z, softmax_cross_entropy.backward(z, t)),
        "logistic": Check(lambda z: logistic.forward(z, t), z, logistic.backward(z, t)),
        "squared_error": Check(lambda z: squared_error.forward(z, t), z, squared_error.backward(z, t)),
    }
    network = OBJECTIVES["multilayer_perceptron"](layers=(2, 3, 3, 2), weight_decay=0.1)
    point, v = rng.standard_normal(network.dimension), rng.standard_normal(network.dimension)
    product = network.hessian_product(point, v)
    return found | {
        "network": Check(network.value, point, network.gradient(point)),
        "network_hessian_product": Check(lambda x: network.gradient(x) @ v, point, product),
    }


def _slope(name: str, z: Array, dy: Array) -> Check:
    return Check(lambda z: (dy * activation.forward(z, name)).sum(), z, activation.backward(dy, z, name))


def _curvature(name: str, z: Array, dy: Array) -> Check:
    return Check(lambda z: activation.backward(dy, z, name).sum(), z, dy * activation.jet(z, name, 2)[2])


class LogitError(NamedTuple):
    """Relative errors of the gradient by logits, of softmax and cross-entropy chained and in one; inf where not finite."""

    chained: float
    fused: float


def logit_error(size: float, rng: np.random.Generator) -> LogitError:
    """Compare both with 50 digits at normal logits of a deviation; the target is the least probable class of each sample."""
    import mpmath

    z = size * rng.standard_normal((N_SAMPLES, N_OUTPUTS))
    t = np.eye(N_OUTPUTS)[z.argmin(axis=1)]
    with mpmath.workdps(50):
        e = [[mpmath.exp(mpmath.mpf(each)) for each in row] for row in z.tolist()]
        y = np.array([[float(each / mpmath.fsum(row)) for each in row] for row in e])
    exact = (y - t) / N_SAMPLES
    outputs = softmax.forward(z)
    with np.errstate(invalid="ignore"):  # inf - inf, where the chain has broken
        chained = softmax.backward(cross_entropy.backward(outputs, t), outputs)
    return LogitError(*(_error(each, exact) for each in (chained, softmax_cross_entropy.backward(z, t))))


def _error(found: Array, exact: Array) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max()) if np.isfinite(found).all() else float("inf")
