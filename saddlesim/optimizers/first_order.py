"""First order: gradient descent and its two momenta. One element-wise rule each."""

from __future__ import annotations

from typing import Self

from saddlesim.optimizers.base import Array, FirstOrder, Memory
from saddlesim.parameters import Decay, Positive, declared


@declared
class GradientDescent(FirstOrder):
    """Gradient descent (Cauchy 1847): x <- x - eta grad f(x). Needs the gradient.

    Leaves a strict saddle of escape rate gamma by a factor 1 + eta gamma a step, so the time it stays is the logarithm
    of how near it came; it stays for ever if it starts in the stable set.
    """

    learning_rate: Positive

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (learning_rate,) = parameters
        return x - learning_rate * gradient, memory

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01),)


@declared
class HeavyBall(FirstOrder):
    """Polyak's heavy ball (1964): v <- beta v - eta grad f(x), x <- x + v. Needs the gradient.

    Leaves a strict saddle of escape rate gamma faster than gradient descent: the distance grows by the larger root of
    mu^2 - (1 + beta + eta gamma) mu + beta = 0 each step.
    """

    learning_rate: Positive
    momentum: Decay

    n_memory = 1

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (velocity,), (learning_rate, momentum) = memory, parameters
        velocity = momentum * velocity - learning_rate * gradient
        return x + velocity, (velocity,)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, momentum=0.9),)


@declared
class Nesterov(FirstOrder):
    """Nesterov's momentum in torch's form: b <- beta b + grad f(x), x <- x - eta (grad f(x) + beta b). Needs the gradient.

    Its x is the look-ahead point of the two-sequence form (Nesterov 1983). Leaves a strict saddle of escape rate gamma by
    the larger root of mu^2 - (1 + eta gamma)(1 + beta) mu + beta (1 + eta gamma) = 0 each step, heavy ball's with momentum
    beta (1 + eta gamma).
    """

    learning_rate: Positive
    momentum: Decay

    n_memory = 1

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (buffer,), (learning_rate, momentum) = memory, parameters
        buffer = momentum * buffer + gradient
        return x - learning_rate * (gradient + momentum * buffer), (buffer,)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, momentum=0.9),)
