"""Adam and its kin: methods that scale the mean of a component's past gradients by their size. They step as torch's do.

Torch's order of operations is kept, so that nothing differs but the rounding of the products that torch fuses with a sum.

Throughout g = grad f(x), and m <- b1 m + (1 - b1) g and v <- b2 v + (1 - b2) g^2 start from zero, which m^ = m / (1 - b1^t) and
v^ = v / (1 - b2^t), t = 1, 2, ..., undo. Weight decay of lambda puts grad f(x) + lambda x for g (L2) or, decoupled, begins a step
with x <- (1 - eta lambda) x. Near a strict saddle each component at first moves about eta a step, however small its gradient is,
as long as that is well above eps: they leave in about radius / eta steps where gradient descent waits for an exponential to grow.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np

from saddlesim.optimizers.adaptive import blend
from saddlesim.optimizers.base import Array, FirstOrder, Memory, regularised
from saddlesim.parameters import Decay, NonNegative, Positive, declared


@declared
class AdamFamily(FirstOrder):
    """Base of Adam and its kin: their common fields."""

    learning_rate: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    epsilon: Positive = 1e-8

    n_memory = 2
    counts = True

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01),)


@declared
class Adam(AdamFamily):
    """Adam (Kingma, Ba 2015): x <- x - eta m^ / (sqrt v^ + eps), m^ and v^ the means of past gradients and their squares.

    Needs the gradient. Leaves a strict saddle in about radius / eta steps, as long as the gradient is well above eps.

    Parameters
    ----------
    weight_decay : float
        lambda, as L2: for g serves grad f(x) + lambda x.
    """

    weight_decay: NonNegative = 0.0

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (mean, square, t), (learning_rate, beta1, beta2, epsilon, weight_decay) = memory, parameters
        t = t + 1
        mean, square = moments(mean, square, regularised(gradient, x, weight_decay), beta1, beta2)
        scale = np.sqrt(square) / math.sqrt(1 - beta2**t) + epsilon
        return x - learning_rate / (1 - beta1**t) * mean / scale, (mean, square, t)


@declared
class Adamw(AdamFamily):
    """AdamW (Loshchilov, Hutter 2019): Adam with decoupled weight decay, x <- (1 - eta lambda) x - eta m^ / (sqrt v^ + eps).

    Needs the gradient. Leaves a strict saddle like Adam as long as lambda |x| is well below 1: the decay does not shrink with the
    gradient, nor is it scaled by its past.

    Parameters
    ----------
    weight_decay : float
        lambda.
    """

    weight_decay: NonNegative = 0.01

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        learning_rate, beta1, beta2, epsilon, weight_decay = parameters
        shrunk = x * (1 - learning_rate * weight_decay)
        return Adam.rule(shrunk, memory, gradient, (learning_rate, beta1, beta2, epsilon, 0.0))


@declared
class AMSGrad(AdamFamily):
    """AMSGrad (Reddi, Kale, Kumar 2018), torch's: x <- x - eta m^ / (sqrt(u / (1 - b2^t)) + eps), u the largest v so far.

    Optax takes the largest v^ instead. Needs the gradient. Leaves a strict saddle like Adam while v grows; but what was
    once steep it never forgets: if |g| has been G for long, a component moves by eta |m^| / G only, and its escape is
    exponential like gradient descent's.

    Parameters
    ----------
    weight_decay : float
        lambda, as L2: for g serves grad f(x) + lambda x.
    decoupled_weight_decay : bool
        Take x <- (1 - eta lambda) x before the step instead.
    """

    weight_decay: NonNegative = 0.0
    decoupled_weight_decay: bool = False

    n_memory = 3

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (mean, square, largest, t), (learning_rate, beta1, beta2, epsilon, weight_decay, decoupled) = memory, parameters
        t = t + 1
        x, gradient = decayed(x, gradient, learning_rate, weight_decay, decoupled)
        mean, square = moments(mean, square, gradient, beta1, beta2)
        largest = np.maximum(largest, square)
        scale = np.sqrt(largest) / math.sqrt(1 - beta2**t) + epsilon
        return x - learning_rate / (1 - beta1**t) * mean / scale, (mean, square, largest, t)


@declared
class Adamax(AdamFamily):
    """Adamax (Kingma, Ba 2015): x <- x - eta m^ / u, u <- max(b2 u, |g| + eps). Adam with the largest instead of the mean square.

    Needs the gradient. Leaves a strict saddle like Adam, somewhat later: of a growing gradient the last is the largest.

    Parameters
    ----------
    weight_decay : float
        lambda, as L2: for g serves grad f(x) + lambda x.
    """

    weight_decay: NonNegative = 0.0

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (mean, largest, t), (learning_rate, beta1, beta2, epsilon, weight_decay) = memory, parameters
        t = t + 1
        gradient = regularised(gradient, x, weight_decay)
        mean = blend(mean, gradient, 1 - beta1)
        largest = np.maximum(beta2 * largest, np.abs(gradient) + epsilon)
        return x - learning_rate / (1 - beta1**t) * mean / largest, (mean, largest, t)


@declared
class NAdam(AdamFamily):
    """NAdam (Dozat 2016): Adam with Nesterov's momentum, which looks one step ahead.

    x <- x - eta (mu_{t+1} m / (1 - M_{t+1}) + (1 - mu_t) g / (1 - M_t)) / (sqrt v^ + eps), mu_t = b1 (1 - 0.96^(t psi) / 2), M_t
    the product of mu_1 to mu_t: torch's schedule; Optax keeps mu at b1. Torch rounds M_t to its default dtype: steps are equal
    where that is float64. Needs the gradient. Leaves a strict saddle like Adam.

    Parameters
    ----------
    weight_decay : float
        lambda, as L2: for g serves grad f(x) + lambda x.
    momentum_decay : float
        psi: how fast mu_t rises from b1 / 2 to b1.
    decoupled_weight_decay : bool
        Take x <- (1 - eta lambda) x before the step instead.
    """

    weight_decay: NonNegative = 0.0
    momentum_decay: NonNegative = 0.004
    decoupled_weight_decay: bool = False

    def memory(self, x: Array) -> Memory:
        return (*super().memory(x), 1.0)

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        mean, square, t, product = memory
        learning_rate, beta1, beta2, epsilon, weight_decay, momentum_decay, decoupled = parameters
        t = t + 1
        x, gradient = decayed(x, gradient, learning_rate, weight_decay, decoupled)
        mu, next_mu = (beta1 * (1 - 0.5 * 0.96 ** (s * momentum_decay)) for s in (t, t + 1))
        product = product * mu
        mean, square = moments(mean, square, gradient, beta1, beta2)
        scale = np.sqrt(square / (1 - beta2**t)) + epsilon
        x = x - learning_rate * (1 - mu) / (1 - product) * gradient / scale
        return x - learning_rate * next_mu / (1 - product * next_mu) * mean / scale, (mean, square, t, product)


@declared
class RAdam(AdamFamily):
    """RAdam (Liu et al. 2020): Adam with the step multiplied by r_t, which corrects for how few squares are in v yet.

    r_t^2 = (rho_t - 4)(rho_t - 2) rho / ((rho - 4)(rho - 2) rho_t), rho_t = rho - 2 t b2^t / (1 - b2^t), rho = 2 / (1 - b2) - 1.
    As long as rho_t <= 5, x <- x - eta m^. Torch adds eps to sqrt v, not to sqrt v^. Needs the gradient. Leaves a strict saddle
    like Adam, but later: at the default b2 the first five steps are those of descent with momentum, and then r_t grows from
    nearly 0.

    Parameters
    ----------
    weight_decay : float
        lambda, as L2: for g serves grad f(x) + lambda x.
    decoupled_weight_decay : bool
        Take x <- (1 - eta lambda) x before the step instead.
    """

    weight_decay: NonNegative = 0.0
    decoupled_weight_decay: bool = False

    @staticmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        (mean, square, t), (learning_rate, beta1, beta2, epsilon, weight_decay, decoupled) = memory, parameters
        t = t + 1
        x, gradient = decayed(x, gradient, learning_rate, weight_decay, decoupled)
        mean, square = moments(mean, square, gradient, beta1, beta2)
        step = mean / (1 - beta1**t) * learning_rate
        rho = 2 / (1 - beta2) - 1
        rho_t = rho - 2 * t * beta2**t / (1 - beta2**t)
        if rho_t > 5:
            rectification = math.sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t))
            step = step * (math.sqrt(1 - beta2**t) / (np.sqrt(square) + epsilon)) * rectification
        return x - step, (mean, square, t)


def moments(mean: Array, square: Array, gradient: Array, beta1: float, beta2: float) -> tuple[Array, Array]:
    """Give m and v after one more gradient."""
    return blend(mean, gradient, 1 - beta1), beta2 * square + (1 - beta2) * gradient * gradient


def decayed(
    x: Array, gradient: Array, learning_rate: float, weight_decay: float, decoupled: float
) -> tuple[Array, Array]:
    """Give x and gradient after weight decay: that of x, if decoupled, or that of the gradient."""
    if decoupled:
        return x * (1 - learning_rate * weight_decay), gradient
    return x, regularised(gradient, x, weight_decay)
