"""Multilayer perceptrons on data: the loss surfaces that training descends."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array
from saddlesim.objectives.networks.data import DataField
from saddlesim.objectives.networks.data.small import Xor
from saddlesim.objectives.networks.layered import Layer, LayeredNetwork
from saddlesim.parameters import NonNegative, Size, declared

ActivationName = Literal["identity", "sigmoid", "tanh", "relu", "softplus", "elu", "gelu", "erf"]
LossName = Literal["cross_entropy", "logistic", "squared_error"]


@declared
class MultilayerPerceptron(LayeredNetwork):
    """A multilayer perceptron on a data set: hidden units of one activation, a linear last layer, and the loss.

    ``f(x) = loss(W_L h(... h(W_1 X' + b_1) ...) + b_L, T) + weight_decay / 2 |x|^2``, the loss a mean over samples. Hidden units
    can be exchanged, so that nearly every critical point has copies, and units that begin alike stay alike: weights that are
    all zero are a critical point of the weights alone, and training from there moves biases only.

    Parameters
    ----------
    layers : tuple of int
        Widths, from the inputs to the outputs.
    activation : str
        Of the hidden layers. `relu` has a kink, where its derivative is taken to be 0, and so has the slope of `elu`.
    data : data set
        What is fitted; it sets the first and the last width.
    loss : "cross_entropy", "logistic" or "squared_error"
        The first is of softmax, one output a class; the second is the same for two classes and one output.
    weight_decay : float, >= 0
        On all components, biases too; without any, the gradient of a cross-entropy vanishes at infinity.
    has_bias : bool
        Whether layers have biases.
    """

    layers: Annotated[tuple[Size, ...], Field(min_length=2)] = (2, 2, 2)
    activation: ActivationName = "tanh"
    data: DataField = Field(default_factory=Xor)
    loss: LossName = "cross_entropy"
    weight_decay: NonNegative = 0.0
    has_bias: bool = True

    formula: ClassVar[str] = "loss(W_L h(... h(W_1 X' + b_1) ...) + b_L, T) + weight_decay / 2 |x|^2"
    source: ClassVar[str] = "Rumelhart, Hinton, Williams, Nature 323 (1986) 533 (recalled)"
    dimension_rule: ClassVar[str] = "m (n + 1) for each layer of n inputs and m outputs, without biases m n"
    critical_set: ClassVar[str] = "Unknown, but for copies: hidden units may be exchanged, and tanh's signs turned."
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)

    def __post_init__(self) -> None:
        n, m = self.inputs.shape[1], self.targets.shape[1]
        if (self.layers[0], self.layers[-1]) != (n, m):
            raise ValueError(
                f"layers={self.layers}: the first and the last must be {n} and {m}, as {self.data} has {n} inputs and"
                f" loss={self.loss} asks for {m} outputs"
            )
        self.check_size()

    @cached_property
    def modules(self) -> Sequence[Layer]:
        last = len(self.layers) - 2
        return tuple(
            Layer(n, m, "identity" if i == last else self.activation, self.has_bias)
            for i, (n, m) in enumerate(itertools.pairwise(self.layers))
        )

    @property
    def inputs(self) -> Array:
        return self.data.inputs

    @cached_property
    def targets(self) -> Array:
        if self.loss == "squared_error":
            return self.data.targets
        probabilities = self.data.class_probabilities()
        if self.loss == "cross_entropy":
            return probabilities
        if probabilities.shape[1] != 2:
            raise ValueError(
                f"loss=logistic is for 2 classes but {self.data} has {probabilities.shape[1]}; use cross_entropy"
            )
        return probabilities[:, 1:]

    def error(self, x: Array) -> Array:
        """Give the fraction of samples whose most probable class is another one: (d, ...) -> (...); nan where there are none."""
        if self.data.labels is None:
            return np.full(np.shape(x)[1:], np.nan)
        outputs = self.outputs(x)
        told = outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs[..., 0] > 0).astype(np.intp)
        return np.asarray((told != self.data.labels).mean(axis=-1))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(layers=(2, 2, 1), loss="logistic", has_bias=False, weight_decay=0.1),
            cls(layers=(2, 3, 2, 2), activation="softplus", loss="squared_error"),
        )
