"""Initialisations: the laws by which weights begin. Their scale decides what saddles training meets.

Each draws points of a network, any objective with `modules` and `joined`, (d, B). Biases begin at zero, but for `small`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Array
from saddlesim.objectives.networks.layered import Layer, LayeredNetwork, Weights
from saddlesim.parameters import FromRegistry, Positive, declared
from saddlesim.registry import Registry


class Initialisation(ABC):
    """Base of laws that draw the weights of each layer apart."""

    source: ClassVar[str] = ""

    @abstractmethod
    def matrices(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Array:
        """Draw the weights of a layer, (B, m, n)."""

    def draw(self, network: LayeredNetwork, n_lanes: int, rng: np.random.Generator) -> Array:
        """Draw points, (d, B)."""
        return network.joined([self.weights(layer, n_lanes, rng) for layer in network.modules])

    def weights(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Weights:
        """Draw the weights of a layer and put its bias at zero."""
        bias = np.zeros((n_lanes, layer.n_outputs)) if layer.has_bias else None
        return Weights(self.matrices(layer, n_lanes, rng), bias)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(),)


@declared
class Zero(Initialisation):
    """All weights zero: a start of full symmetry, which for most networks is a saddle, or lies where only biases move."""

    def matrices(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Array:
        return np.zeros((n_lanes, layer.n_outputs, layer.n_inputs))


@declared
class Symmetric(Initialisation):
    """All weights of a layer equal, normal across lanes of standard deviation `scale`: hidden units that never come to differ."""

    scale: Positive = 1.0

    def matrices(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Array:
        drawn = self.scale * rng.standard_normal((n_lanes, 1, 1))
        return np.tile(drawn, (1, layer.n_outputs, layer.n_inputs))


@declared
class Small(Initialisation):
    """Independent normal weights and biases of standard deviation `scale`: near the origin's saddle, where plateaus are long."""

    scale: Positive = 1e-3

    def matrices(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Array:
        return self.scale * rng.standard_normal((n_lanes, layer.n_outputs, layer.n_inputs))

    def weights(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Weights:
        matrices = self.matrices(layer, n_lanes, rng)
        return Weights(
            matrices, self.scale * rng.standard_normal((n_lanes, layer.n_outputs)) if layer.has_bias else None
        )


@declared
class Xavier(Initialisation):
    """Uniform on +-sqrt(6 / (n + m)), which keeps the variance of signals and of errors through layers that are nearly linear."""

    gain: Positive = 1.0

    source: ClassVar[str] = "Glorot, Bengio, Understanding the difficulty of training deep feedforward networks (2010)"

    def matrices(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Array:
        width = self.gain * math.sqrt(6 / (layer.n_inputs + layer.n_outputs))
        return rng.uniform(-width, width, (n_lanes, layer.n_outputs, layer.n_inputs))


@declared
class He(Initialisation):
    """Normal of variance 2 / n, which keeps the variance of signals through rectified layers."""

    source: ClassVar[str] = "He, Zhang, Ren, Sun, Delving deep into rectifiers (2015)"

    def matrices(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Array:
        return math.sqrt(2 / layer.n_inputs) * rng.standard_normal((n_lanes, layer.n_outputs, layer.n_inputs))


@declared
class Orthogonal(Initialisation):
    """`gain` times a random matrix of orthonormal rows or columns: deep linear maps that neither grow nor shrink."""

    gain: Positive = 1.0

    source: ClassVar[str] = "Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning (2014)"

    def matrices(self, layer: Layer, n_lanes: int, rng: np.random.Generator) -> Array:
        m, n = layer.n_outputs, layer.n_inputs
        q, r = np.linalg.qr(rng.standard_normal((n_lanes, max(m, n), min(m, n))))
        q = q * np.sign(np.einsum("bii->bi", r))[:, None, :]  # makes the law uniform: Mezzadri (2007)
        return np.asarray(self.gain * (q if m >= n else q.swapaxes(-1, -2)))


INITIALISATIONS = Registry("initialisation", (Zero, Symmetric, Small, Xavier, He, Orthogonal))
INITIALISATIONS.load_entry_points()

InitialisationField = Annotated[Any, FromRegistry(INITIALISATIONS, ("draw",))]
