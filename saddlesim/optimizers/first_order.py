"""First order: gradient descent at a given learning rate, constant or decaying, its two momenta, and its normalised form.

Not here: steps chosen by the values of f (`line_search`), by signs (`sign_methods`) or by past gradients (`adaptive`, `adam`).
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, FirstOrder, FirstOrderState, LibraryOptimizer, Memory, regularised
from saddlesim.optimizers.vectors import lengths, sizes
from saddlesim.parameters import Decay, NonNegative, Positive, declared


@declared
class GradientDescent(FirstOrder):
    """Gradient descent (Cauchy 1847): x <- x - eta grad f(x). Needs the gradient.

    Leaves a strict saddle of escape rate gamma by a factor 1 + eta gamma a step, so the time it stays is the logarithm
    of how near it came; it stays for ever if it starts in the stable set.

    Parameters
    ----------
    weight_decay : float
        lambda: what is descended is f(x) + lambda |x|^2 / 2, whose saddles are elsewhere.
    dampening : float
        Of no effect without momentum, as in torch's SGD; `HeavyBall` has both.
    """

    learning_rate: Positive
    weight_decay: NonNegative = 0.0
    dampening: Decay = 0.0

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        learning_rate, weight_decay, _ = parameters
        return x - learning_rate * regularised(gradient, x, weight_decay), memory

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01), cls(learning_rate=0.01, weight_decay=0.1))


@declared
class DecayingGradientDescent(FirstOrder):
    """Gradient descent at a decaying rate: x <- x - eta_t grad f(x), eta_t = eta / (1 + decay t)^power, t = 0, 1, ...

    The schedule of Robbins and Monro (1951) for 1/2 < power <= 1. Needs the gradient. Leaves a strict saddle of escape rate
    gamma by the product of the 1 + eta_t gamma: for power 1 that grows as t^(eta gamma / decay) only, and for a larger power
    not beyond a bound, so that it stays if it comes near enough.
    """

    learning_rate: Positive
    decay: NonNegative = 0.01
    power: NonNegative = 1.0

    counts = True

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (t,), (learning_rate, decay, power) = memory, parameters
        return x - learning_rate * (1 + decay * t) ** -power * gradient, (t + 1,)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.05), cls(learning_rate=0.05, decay=0.1, power=0.5))


@declared
class HeavyBall(FirstOrder):
    """Polyak's heavy ball (1964): b <- beta b + grad f(x), x <- x - eta b. Needs the gradient.

    Leaves a strict saddle of escape rate gamma faster than gradient descent: the distance grows by the larger root of
    mu^2 - (1 + beta + eta gamma) mu + beta = 0 each step.

    Parameters
    ----------
    dampening : float
        tau: from the second step on, b <- beta b + (1 - tau) grad f(x), as in torch's SGD; of no effect without momentum. Then
        gamma above is (1 - tau) gamma.
    weight_decay : float
        lambda: what is descended is f(x) + lambda |x|^2 / 2.
    """

    learning_rate: Positive
    momentum: Decay
    dampening: Decay = 0.0
    weight_decay: NonNegative = 0.0

    n_memory = 1
    counts = True

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (buffer, t), (learning_rate, momentum, dampening, weight_decay) = memory, parameters
        share = 1 - dampening if t and momentum else 1.0
        buffer = momentum * buffer + share * regularised(gradient, x, weight_decay)
        return x - learning_rate * buffer, (buffer, t + 1)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(learning_rate=0.01, momentum=0.9),
            cls(learning_rate=0.01, momentum=0.9, dampening=0.5, weight_decay=0.1),
        )


@declared
class Nesterov(FirstOrder):
    """Nesterov's momentum in torch's form: b <- beta b + grad f(x), x <- x - eta (grad f(x) + beta b). Needs the gradient.

    Its x is the look-ahead point of the two-sequence form (Nesterov 1983). Leaves a strict saddle of escape rate gamma by
    the larger root of mu^2 - (1 + eta gamma)(1 + beta) mu + beta (1 + eta gamma) = 0 each step, heavy ball's with momentum
    beta (1 + eta gamma).

    Parameters
    ----------
    weight_decay : float
        lambda: what is descended is f(x) + lambda |x|^2 / 2.
    """

    learning_rate: Positive
    momentum: Decay
    weight_decay: NonNegative = 0.0

    n_memory = 1

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (buffer,), (learning_rate, momentum, weight_decay) = memory, parameters
        gradient = regularised(gradient, x, weight_decay)
        buffer = momentum * buffer + gradient
        return x - learning_rate * (gradient + momentum * buffer), (buffer,)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, momentum=0.9),)


@declared
class NormalisedGradientDescent(LibraryOptimizer):
    """Normalised gradient descent (Murray, Swenson, Kar 2019): x <- x - eta grad f(x) / |grad f(x)|. Needs the gradient.

    No step where the gradient is zero. Each step is eta long, however flat f is: its flow leaves a ball of radius r round a
    strict saddle with a Hessian of condition number kappa within a path of length 5 sqrt(kappa) r (there, abstract), from
    wherever in the ball. It comes to rest nowhere: in a basin it ends in steps of length eta to and fro.
    """

    learning_rate: Positive

    stays_on_saddles: ClassVar[bool] = True
    stays_in_eigenspaces: ClassVar[bool] = True

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        return FirstOrderState(x, objective.gradient(x), ())

    def step(self, objective: Objective, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        direction = state.gradient / sizes(state.gradient)
        length = lengths(direction)
        x = state.x - self.learning_rate * (direction / np.where(length > 0, length, 1.0))
        return FirstOrderState(x, objective.gradient(x), ())

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01),)
