"""Sign methods: steps whose length in each component does not depend on that of the gradient, only on its sign.

Near a saddle no component waits for its gradient to grow: however small that is, its sign is as good as any.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field

from saddlesim.optimizers.base import Array, FirstOrder, Memory
from saddlesim.parameters import Decay, Fraction, NonNegative, Positive, Real, declared


@declared
class SignDescent(FirstOrder):
    """Sign descent: x <- x - eta sign grad f(x), sign 0 = 0 (signSGD of Bernstein et al. 2018, without its noise).

    Needs the gradient. Leaves a strict saddle along a coordinate axis in radius / eta steps, whatever its curvature; where the
    axes are turned, the gradient's stable components decide the signs, too.
    """

    learning_rate: Positive

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (learning_rate,) = parameters
        return x - learning_rate * np.sign(gradient), memory

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01),)


@declared
class Rprop(FirstOrder):
    """Rprop (Riedmiller, Braun 1993): x <- x - Delta sign g, g = grad f(x), each component's Delta adapted by the signs of g.

    Delta <- growth Delta where g has the sign it had, shrink Delta where it has the other one, and there this step is left out
    and g counts as 0 next time: torch's form, the iRprop- of Igel and Huesken (recalled). Delta is clipped to [smallest_step,
    largest_step]. Needs the gradient. Leaves a strict saddle along a coordinate axis by steps of learning_rate growth^k, whatever
    its curvature.

    Parameters
    ----------
    learning_rate : float
        The first Delta.
    shrink, growth : float
        Torch's etas.
    smallest_step, largest_step : float
        Torch's step_sizes.
    """

    learning_rate: Positive = 0.01
    shrink: Fraction = 0.5
    growth: Annotated[Real, Field(gt=1)] = 1.2
    smallest_step: Positive = 1e-6
    largest_step: Positive = 50.0

    n_memory = 1

    def memory(self, x: Array) -> Memory:
        return (*super().memory(x), np.full_like(x, self.learning_rate))

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (previous, delta), (_, shrink, growth, smallest_step, largest_step) = memory, parameters
        agreement = gradient * previous
        turned = agreement < 0
        delta = np.where(agreement > 0, growth * delta, np.where(turned, shrink * delta, delta))
        delta = np.minimum(np.maximum(delta, smallest_step), largest_step)
        gradient = np.where(turned, 0.0, gradient)
        return x - np.sign(gradient) * delta, (gradient, delta)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.1, largest_step=1.0))


@declared
class Lion(FirstOrder):
    """Lion (Chen et al. 2023): x <- x - eta (sign(b1 m + (1 - b1) g) + lambda x), then m <- b2 m + (1 - b2) g, g = grad f(x).

    Needs the gradient. Leaves a strict saddle along a coordinate axis in radius / eta steps, whatever its curvature, as long as
    lambda |x| is well below 1 and m does not yet point the other way.

    Parameters
    ----------
    weight_decay : float
        lambda, decoupled.
    """

    learning_rate: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.99
    weight_decay: NonNegative = 0.0

    n_memory = 1

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (mean,), (learning_rate, beta1, beta2, weight_decay) = memory, parameters
        direction = np.sign((1 - beta1) * gradient + beta1 * mean)
        mean = (1 - beta2) * gradient + beta2 * mean
        return x - learning_rate * (direction + weight_decay * x), (mean,)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01), cls(learning_rate=0.01, beta1=0.95, beta2=0.98, weight_decay=0.1))
