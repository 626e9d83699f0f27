"""Adaptive: methods that scale each component by what its gradients have been."""

from __future__ import annotations

from typing import Self

import numpy as np

from saddlesim.optimizers.base import Array, FirstOrder, Memory
from saddlesim.parameters import Decay, Positive, declared


@declared
class Adam(FirstOrder):
    """Adam (Kingma, Ba 2015): m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, x <- x - eta m^ / (sqrt v^ + eps).

    m^ = m / (1 - b1^t) and v^ = v / (1 - b2^t) undo the start from zero. Needs the gradient. Near a strict saddle each
    component at first moves about eta a step however small its gradient is, as long as that is well above eps: it leaves
    in about radius / eta steps where gradient descent waits for an exponential to grow.
    """

    learning_rate: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    epsilon: Positive = 1e-8

    n_memory = 2

    def memory(self, x: Array) -> Memory:
        return (*super().memory(x), 0.0)

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (mean, square, t), (learning_rate, beta1, beta2, epsilon) = memory, parameters
        t = t + 1
        mean = beta1 * mean + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * (gradient * gradient)
        scale = np.sqrt(square / (1 - beta2**t)) + epsilon
        return x - learning_rate * (mean / (1 - beta1**t)) / scale, (mean, square, t)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01),)
