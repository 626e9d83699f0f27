"""Data sets that are drawn, once and for all by their seed."""

from __future__ import annotations

import itertools
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from saddlesim.objectives.networks.data.base import Array, DataSet, Samples, check_size
from saddlesim.objectives.networks.modules import activation, linear
from saddlesim.parameters import NonNegative, NonNegativeInteger, Size, Vector, declared


@declared
class TwoMoons(DataSet):
    """Two half circles that reach into each other, one a class: the smallest picture of a curved boundary.

    Class 0 lies on (cos a, sin a), class 1 on (1 - cos a, 1/2 - sin a), a evenly spaced from 0 to pi; `noise` is the standard
    deviation of what is added to both coordinates. Classes take turns.
    """

    n_samples: Annotated[Size, Field(ge=2)] = 100
    noise: NonNegative = 0.1
    seed: NonNegativeInteger = 0

    def samples(self) -> Samples:
        labels = np.arange(self.n_samples) % 2
        a = np.pi * np.where(
            labels, _even(self.n_samples // 2, self.n_samples), _even(-(-self.n_samples // 2), self.n_samples)
        )
        moons = np.stack(
            [np.where(labels, 1 - np.cos(a), np.cos(a)), np.where(labels, 0.5 - np.sin(a), np.sin(a))], axis=1
        )
        noise = np.random.default_rng(self.seed).standard_normal(moons.shape)
        return Samples(moons + self.noise * noise, labels=labels, n_classes=2)


@declared
class GaussianMixture(DataSet):
    """One normal cloud of variance 1 in each coordinate for each class, round centres that are drawn, too.

    Centres are normal of standard deviation `separation`. Classes take turns.
    """

    n_samples: Size = 100
    n_classes_: Annotated[Size, Field(ge=2, alias="n_classes")] = 3
    dimension: Size = 2
    separation: NonNegative = 3.0
    seed: NonNegativeInteger = 0

    def __post_init__(self) -> None:
        check_size("inputs", n_samples=self.n_samples, dimension=self.dimension)
        check_size("centres", n_classes=self.n_classes_, dimension=self.dimension)
        check_size("targets", n_samples=self.n_samples, n_classes=self.n_classes_)

    def samples(self) -> Samples:
        rng = np.random.default_rng(self.seed)
        centres = self.separation * rng.standard_normal((self.n_classes_, self.dimension))
        labels = np.arange(self.n_samples) % self.n_classes_
        return Samples(
            centres[labels] + rng.standard_normal((self.n_samples, self.dimension)),
            labels=labels,
            n_classes=self.n_classes_,
        )


@declared
class Teacher(DataSet):
    """Normal inputs, and what a drawn network of one hidden layer makes of them: a student as wide can fit it without error.

    ``T = V h(W X') + noise``: W is normal of variance 1 / inputs, V of variance 1 / hidden, or all ones, which makes a
    committee of the teacher. `weights` has both.
    """

    n_samples: Size = 100
    n_inputs: Size = 4
    hidden: Size = 2
    outputs: Size = 1
    activation: Literal["identity", "sigmoid", "tanh", "relu", "softplus", "elu", "gelu", "erf"] = "tanh"
    output_weights: Literal["normal", "ones"] = "normal"
    noise: NonNegative = 0.0
    seed: NonNegativeInteger = 0

    source: ClassVar[str] = (
        "Gardner, Derrida, Three unfinished works on the optimal storage capacity of networks (1989) (recalled)"
    )

    def __post_init__(self) -> None:
        widths = {"n_inputs": self.n_inputs, "hidden": self.hidden, "outputs": self.outputs}
        for name, width in widths.items():
            check_size(f"signals at {name}", n_samples=self.n_samples, **{name: width})
        for first, second in itertools.pairwise(widths):
            check_size("the teacher's weights", **{first: widths[first], second: widths[second]})

    def samples(self) -> Samples:
        inputs = self._rng("inputs").standard_normal((self.n_samples, self.n_inputs))
        first, second = self.weights
        values = linear.forward(activation.forward(linear.forward(inputs, first), self.activation), second)
        return Samples(inputs, targets=values + self.noise * self._rng("noise").standard_normal(values.shape))

    @property
    def weights(self) -> tuple[Array, Array]:
        """The teacher's W, (hidden, inputs), and V, (outputs, hidden)."""
        rng = self._rng("weights")
        first = rng.standard_normal((self.hidden, self.n_inputs)) / self.n_inputs**0.5
        drawn = rng.standard_normal((self.outputs, self.hidden)) / self.hidden**0.5
        return first, drawn if self.output_weights == "normal" else np.ones_like(drawn)

    def _rng(self, stream: Literal["inputs", "weights", "noise"]) -> np.random.Generator:
        place = ("inputs", "weights", "noise").index(stream)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(place,)))


@declared
class NormalInputs(DataSet):
    """Normal inputs without classes whose covariance has a chosen spectrum: what a linear autoencoder compresses.

    The sample itself, not only its law, has mean 0 and exactly these variances, along orthogonal axes that are drawn. Targets are
    the inputs.
    """

    variances: Annotated[Vector, Field(min_length=1)] = (4.0, 2.0, 1.0)
    n_samples: Size = 50
    seed: NonNegativeInteger = 0

    def __post_init__(self) -> None:
        if min(self.variances) < 0:
            raise ValueError(f"variances={self.variances}: none may be negative")
        if self.n_samples <= len(self.variances):
            raise ValueError(f"n_samples={self.n_samples}: must be more than the {len(self.variances)} variances")
        check_size("inputs", n_samples=self.n_samples, variances=len(self.variances))

    def samples(self) -> Samples:
        rng, n = np.random.default_rng(self.seed), len(self.variances)
        drawn = rng.standard_normal((self.n_samples, n))
        white, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
        axes, _ = np.linalg.qr(rng.standard_normal((n, n)))
        inputs = self.n_samples**0.5 * (white * np.sqrt(self.variances)) @ axes.T
        return Samples(inputs, targets=inputs.copy())


def _even(count: int, n_samples: int) -> Array:
    """Give where on its moon each sample lies if `count` of them share it, (S,), from 0 to 1."""
    return np.asarray(np.arange(n_samples) // 2 / max(count - 1, 1))
