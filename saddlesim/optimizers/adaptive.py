"""Adaptive: methods that scale each component by accumulated squares of its gradients. They step as torch's do, to rounding.

Not here: those that average the gradient, too (`adam`), or use nothing but its sign (`sign_methods`).
"""

from __future__ import annotations

from typing import Self

import numpy as np

from saddlesim.optimizers.base import Array, FirstOrder, Memory, regularised
from saddlesim.parameters import Decay, NonNegative, Positive, declared


@declared
class Adagrad(FirstOrder):
    """AdaGrad (Duchi, Hazan, Singer 2011): v <- v + g^2, x <- x - eta g / (sqrt v + eps), g = grad f(x). Needs the gradient.

    Near a strict saddle the first step is eta in every component however small its gradient is, and as long as the gradient
    hardly changes, the k-th is eta / sqrt k: along the escape direction it leaves in (1 + radius / (2 eta))^2 steps at most.

    Parameters
    ----------
    epsilon : float
        eps; a component whose gradient is well below it moves as in gradient descent at rate eta / eps.
    learning_rate_decay : float
        a: at step t = 1, 2, ... the rate is eta / (1 + (t - 1) a).
    initial_accumulator : float
        What v starts from.
    weight_decay : float
        lambda: g = grad f(x) + lambda x.
    """

    learning_rate: Positive
    epsilon: Positive = 1e-10
    learning_rate_decay: NonNegative = 0.0
    initial_accumulator: NonNegative = 0.0
    weight_decay: NonNegative = 0.0

    counts = True

    def memory(self, x: Array) -> Memory:
        return (np.full_like(x, self.initial_accumulator), *super().memory(x))

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (square, t), (learning_rate, epsilon, learning_rate_decay, _, weight_decay) = memory, parameters
        gradient = regularised(gradient, x, weight_decay)
        square = square + gradient * gradient
        rate = learning_rate / (1 + t * learning_rate_decay)
        return x - rate * gradient / (np.sqrt(square) + epsilon), (square, t + 1)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.1), cls(learning_rate=0.1, learning_rate_decay=0.01, initial_accumulator=0.1))


@declared
class RMSProp(FirstOrder):
    """RMSProp (Tieleman, Hinton 2012): v <- a v + (1 - a) g^2, x <- x - eta g / (sqrt v + eps), g = grad f(x).

    Centred (Graves 2013), v - m^2 stands for v, with m <- a m + (1 - a) g. With momentum, b <- beta b + g / (sqrt v + eps),
    x <- x - eta b. Needs the gradient. Near a strict saddle the first step is eta / sqrt(1 - a) in every component however small
    its gradient is, as long as that is well above eps, and later ones tend to eta: it leaves in at most radius / eta steps.

    Parameters
    ----------
    decay : float
        a; torch's alpha.
    centered : bool
        Divide by the gradients' standard deviation. Where the gradient has not changed for some 40 / (1 - a) steps, that is
        nothing but rounding.
    momentum : float
        beta.
    weight_decay : float
        lambda: g = grad f(x) + lambda x.
    """

    learning_rate: Positive
    decay: Decay = 0.99
    epsilon: Positive = 1e-8
    centered: bool = False
    momentum: Decay = 0.0
    weight_decay: NonNegative = 0.0

    n_memory = 3

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (square, mean, buffer), (learning_rate, decay, epsilon, centered, momentum, weight_decay) = memory, parameters
        gradient = regularised(gradient, x, weight_decay)
        square = decay * square + (1 - decay) * gradient * gradient
        if centered:
            mean = blend(mean, gradient, 1 - decay)
        scale = np.sqrt(square - mean * mean) + epsilon
        if not momentum:
            return x - learning_rate * gradient / scale, (square, mean, buffer)
        buffer = momentum * buffer + gradient / scale
        return x - learning_rate * buffer, (square, mean, buffer)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01), cls(learning_rate=0.01, decay=0.9, centered=True, momentum=0.5))


@declared
class Adadelta(FirstOrder):
    """Adadelta (Zeiler 2012): x <- x - eta s, s = g sqrt(u + eps) / sqrt(v + eps), g = grad f(x).

    v <- a v + (1 - a) g^2 before it, u <- a u + (1 - a) s^2 after it: means of squared gradients and steps. Needs the gradient.
    Near a strict saddle no component's first step is longer than eta sqrt(eps / (1 - a)), and as long as its gradient is well
    below sqrt(eps) it moves as in gradient descent at rate eta.

    Parameters
    ----------
    decay : float
        a; torch's rho.
    weight_decay : float
        lambda: g = grad f(x) + lambda x.
    """

    learning_rate: Positive = 1.0
    decay: Decay = 0.9
    epsilon: Positive = 1e-6
    weight_decay: NonNegative = 0.0

    n_memory = 2

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (square, moved), (learning_rate, decay, epsilon, weight_decay) = memory, parameters
        gradient = regularised(gradient, x, weight_decay)
        square = decay * square + (1 - decay) * gradient * gradient
        step = np.sqrt(moved + epsilon) / np.sqrt(square + epsilon) * gradient
        moved = decay * moved + (1 - decay) * step * step
        return x - learning_rate * step, (square, moved)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.5, decay=0.95, weight_decay=0.1))


def blend(old: Array, new: Array, share: float) -> Array:
    """Give old + share (new - old), reckoned from the nearer of both ends, as torch does."""
    return old + share * (new - old) if share < 0.5 else new - (1 - share) * (new - old)
