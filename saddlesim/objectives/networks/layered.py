"""Layered networks: linear modules and activations in turn, closed by a loss, as an objective of one flat weight vector.

One pass forward and one back give the value and the gradient; a second pass beside each gives exact Hessian products.
Not here: the modules' formulas (`modules`), what is trained on (`data`), particular networks.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Array, square_box
from saddlesim.objectives.finite_sum import FiniteSum, Terms
from saddlesim.objectives.networks.modules import activation, linear, logistic, softmax_cross_entropy, squared_error
from saddlesim.parameters import excess

LOSSES: dict[str, ModuleType] = {
    "cross_entropy": softmax_cross_entropy,
    "logistic": logistic,
    "squared_error": squared_error,
}
BLOCK = 1 << 19  # numbers that the products of one block of directions hold: more would leave the cache


class Layer(NamedTuple):
    """One linear module and the activation behind it.

    Attributes
    ----------
    n_inputs, n_outputs : int
        n and m of the weights W, (m, n).
    activation : str
        One of `ACTIVATIONS`.
    has_bias : bool
        Whether there is a bias, (m,).
    is_fixed : bool
        Whether the weights are all 1 and no part of a point.
    """

    n_inputs: int
    n_outputs: int
    activation: str = "identity"
    has_bias: bool = False
    is_fixed: bool = False

    @property
    def n_weights(self) -> int:
        """How many components of a point are this layer's."""
        return 0 if self.is_fixed else self.n_outputs * (self.n_inputs + self.has_bias)


class Weights(NamedTuple):
    """A layer's weights W, (..., m, n), and bias, (..., m), or None."""

    matrix: Array
    bias: Array | None


class LayeredNetwork(FiniteSum):
    """Base of networks: f(x) = factor * loss(outputs, targets) + weight_decay / 2 |x|^2, the loss a mean over samples.

    A point holds layer by layer the weights W, (m, n) row by row, and then the bias. Its terms are samples, each with the
    whole of the weight decay, so that a minibatch costs its share only.
    """

    loss: str  # one of LOSSES
    weight_decay: float

    @property
    @abstractmethod
    def modules(self) -> Sequence[Layer]:
        """The layers, first to last."""

    @property
    @abstractmethod
    def inputs(self) -> Array:
        """X, (S, n)."""

    @property
    @abstractmethod
    def targets(self) -> Array:
        """T, (S, m)."""

    @property
    def factor(self) -> float:
        """What the mean over samples is multiplied by."""
        return 1.0

    @cached_property
    def dimension(self) -> int:
        return sum(layer.n_weights for layer in self.modules)

    @property
    def n_terms(self) -> int:
        return len(self.inputs)

    @property
    def n_signals(self) -> int:
        """How many numbers all layers put out for all samples, at one point."""
        return self.n_terms * sum(layer.n_outputs for layer in self.modules)

    def check_size(self) -> None:
        """Check that one point, and what one pass leaves of all samples, can be held.

        Raises
        ------
        ValueError
            If it cannot.
        """
        for what, held in (("weights", self.dimension), ("what all layers put out", self.n_signals)):
            if told := excess(what, held):
                raise ValueError(f"{told}; choose narrower layers, fewer of them, or fewer samples")

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, self.dimension)

    def split(self, x: Array, fixed: float = 1.0) -> list[Weights]:
        """Give each layer's weights, lanes first, of points (d, ...); a fixed layer's, without lanes, are all `fixed`."""
        parts, start, lanes = list[Weights](), 0, x.shape[1:]
        for n, m, _, has_bias, is_fixed in self.modules:
            if is_fixed:
                parts.append(Weights(np.full((m, n), fixed), None))
                continue
            matrix = _lanes_first(x[start : start + m * n]).reshape(*lanes, m, n)
            start += m * n
            parts.append(Weights(matrix, _lanes_first(x[start : start + m]) if has_bias else None))
            start += m * has_bias
        return parts

    def joined(self, weights: Sequence[Weights]) -> Array:
        """Give the points (d, ...) of which these are the layers' weights; the inverse of `split`."""
        parts = list[Array]()
        for layer, (matrix, bias) in zip(self.modules, weights, strict=True):
            if layer.is_fixed:
                continue
            lanes, (m, n) = matrix.shape[:-2], matrix.shape[-2:]
            parts.append(_lanes_last(matrix.reshape(*lanes, m * n)))
            if bias is not None:
                parts.append(_lanes_last(bias))
        return np.concatenate(parts)

    def rows(self, terms: Terms | None) -> tuple[Array, Array]:
        """Give the inputs and the targets of these samples, (S, n) and (S, m), or lanes first if each lane has its own."""
        if terms is None:
            return self.inputs, self.targets
        terms = _lanes_first(self.checked_terms(terms))
        return self.inputs[terms], self.targets[terms]

    def outputs(self, x: Array, terms: Terms | None = None) -> Array:
        """Give what comes out for each sample, logits or values, lanes first: (d, ...) -> (..., S, m)."""
        signal, _ = self.rows(terms)
        for layer, (matrix, bias) in zip(self.modules, self.split(self.points(x)), strict=True):
            signal = activation.forward(linear.forward(signal, matrix, bias), layer.activation)
        return signal

    def value(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        _, targets = self.rows(terms)
        loss = LOSSES[self.loss].forward(self.outputs(x, terms), targets)
        return np.asarray(self.factor * loss + self.weight_decay / 2 * (x * x).sum(axis=0))

    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        return self.at(x, terms).gradient

    def hessian_product(self, x: Array, v: Array) -> Array:
        return self.at(x).hessian_product(v)

    def gauss_newton_product(self, x: Array, v: Array) -> Array:
        """Give J' B J v, with J the outputs' Jacobian and B the loss's Hessian by them, and decay: (d, ...) -> (d, ...)."""
        return self.at(x).gauss_newton_product(v)

    def at(self, x: Array, terms: Terms | None = None) -> Passes:
        """Go forward and back once, for the gradient and as many Hessian products as are wanted."""
        return Passes.of(self, self.points(x), terms)

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        lanes = (1,) * (x.ndim - 1)
        passes = self.at(x[..., None])
        width = sum(layer.n_inputs + 4 * layer.n_outputs for layer in self.modules)
        held = max(1, x[0].size) * (self.n_terms * width + 3 * self.dimension)
        identity = np.eye(self.dimension).reshape(self.dimension, *lanes, self.dimension)
        columns = np.empty((*x.shape, self.dimension), dtype=x.dtype)
        for start in range(0, self.dimension, step := max(1, BLOCK // held)):
            some = slice(start, start + step)
            columns[..., some] = passes.hessian_product(identity[..., some])
        hessian = np.moveaxis(columns, -1, 1)
        return np.asarray((hessian + hessian.swapaxes(0, 1)) / 2)


@dataclass(frozen=True)
class Passes:
    """What one pass forward and one back through a network have left, lanes first; Hessian products start from it.

    Attributes
    ----------
    gradient : ndarray, (d, ...)
        Of the objective.
    """

    network: LayeredNetwork
    gradient: Array
    weights: Sequence[Weights]
    targets: Array
    signals: Sequence[Array]  # what enters each layer, and what comes out of the last
    slopes: Sequence[Array]  # h'(Z) of each layer
    curvatures: Sequence[Array]  # h''(Z)
    errors: Sequence[Array]  # the loss's derivative by each layer's h(Z)

    @classmethod
    def of(cls, network: LayeredNetwork, x: Array, terms: Terms | None) -> Passes:
        """Go forward and back at points (d, ...), through all samples or some."""
        inputs, targets = network.rows(terms)
        weights, signals, slopes, curvatures = network.split(x), [inputs], list[Array](), list[Array]()
        for layer, (matrix, bias) in zip(network.modules, weights, strict=True):
            jet = activation.jet(linear.forward(signals[-1], matrix, bias), layer.activation, 2)
            for kept, each in zip((signals, slopes, curvatures), jet, strict=True):
                kept.append(each)
        errors = [network.factor * LOSSES[network.loss].backward(signals[-1], targets)]
        parts = list[Weights]()
        for signal, slope, (matrix, bias) in zip(signals[-2::-1], slopes[::-1], weights[::-1], strict=True):
            delta = errors[-1] * slope
            parts.append(Weights(linear.by_weight(delta, signal), None if bias is None else linear.by_bias(delta)))
            if len(parts) < len(weights):  # nothing asks for the derivative by the data
                errors.append(linear.by_inputs(delta, matrix))
        gradient = network.joined(parts[::-1]) + network.weight_decay * x
        return cls(network, gradient, weights, targets, signals, slopes, curvatures, errors[::-1])

    def hessian_product(self, v: Array) -> Array:
        """Give H v for directions (d, ...), which broadcast against the point's lanes."""
        return self._product(v, exact=True)

    def gauss_newton_product(self, v: Array) -> Array:
        """Give J' B J v, and weight decay: H v with the outputs taken to be linear in the weights."""
        return self._product(v, exact=False)

    def _product(self, v: Array, *, exact: bool) -> Array:
        network, v = self.network, self.network.points(v, "v")
        turns, moved = network.split(v, fixed=0.0), list[Array]()
        tangents: list[Array | None] = [None]  # the data stay
        for i, ((matrix, _), (turn, bias_turn)) in enumerate(zip(self.weights, turns, strict=True)):
            moved.append(linear.tangent(self.signals[i], matrix, tangents[i], turn, bias_turn))
            tangents.append(self.slopes[i] * moved[i])
        error = network.factor * LOSSES[network.loss].hessian_product(self.signals[-1], self.targets, tangents[-1])
        parts = list[Weights]()
        for i in reversed(range(len(turns))):
            delta_tangent = error * self.slopes[i]
            if exact:
                delta = self.errors[i] * self.slopes[i]
                delta_tangent = delta_tangent + self.errors[i] * self.curvatures[i] * moved[i]
                by_weight = linear.by_weight_tangent(delta, self.signals[i], delta_tangent, tangents[i])
            else:
                by_weight = linear.by_weight(delta_tangent, self.signals[i])
            parts.append(Weights(by_weight, None if turns[i].bias is None else linear.by_bias(delta_tangent)))
            if i:
                error = linear.by_inputs(delta_tangent, self.weights[i].matrix)
                error = error + linear.by_inputs(delta, turns[i].matrix) if exact else error
        return np.asarray(network.joined(parts[::-1]) + network.weight_decay * v)


def _lanes_first(x: NDArray[Any]) -> NDArray[Any]:
    return x if x.ndim == 1 else np.moveaxis(x, 0, -1)


def _lanes_last(x: Array) -> Array:
    return x if x.ndim == 1 else np.moveaxis(x, -1, 0)
