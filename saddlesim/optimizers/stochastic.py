"""Stochastic: gradient descent with noise added at every step, and how the noise is drawn.

Not here: noise only where a lane seems stuck (`perturbed`), and that of minibatches (`finite_sums`).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, FirstOrderState, LibraryOptimizer
from saddlesim.optimizers.vectors import lengths
from saddlesim.parameters import NonNegative, Positive, declared


class AdditiveNoise(LibraryOptimizer):
    """Base of x <- x - eta grad f(x) + w, with w drawn afresh at every step: of mean 0, alike in all directions."""

    learning_rate: Positive

    stochastic: ClassVar[bool] = True

    @abstractmethod
    def drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw w for every lane, (d, B)."""

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        self.generator(rng)
        return FirstOrderState(x, objective.gradient(x), ())

    def step(self, objective: Objective, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        w = self.drawn(state.x.shape, self.generator(rng))
        x = state.x - self.learning_rate * state.gradient + w
        return FirstOrderState(x, objective.gradient(x), ())


@declared
class NoisyGradientDescent(AdditiveNoise):
    """Gradient descent with isotropic Gaussian noise: x <- x - eta grad f(x) + noise xi, xi ~ N(0, I).

    Needs the gradient and an rng. Leaves a strict saddle of escape rate gamma from wherever it starts, the saddle itself
    included: along the escape direction Var x_t = noise^2 (a^{2t} - 1) / (a^2 - 1), a = 1 + eta gamma.
    """

    learning_rate: Positive
    noise: NonNegative

    def drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return self.noise * rng.standard_normal(shape)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, noise=0.001),)


@declared
class SphereNoiseGradientDescent(AdditiveNoise):
    """Noisy descent of Ge, Huang, Jin, Yuan (2015, Algorithm 1; recalled): x <- x - eta (grad f(x) + xi), xi uniform on a sphere.

    Needs the gradient and an rng. Leaves a strict saddle like `NoisyGradientDescent` of noise eta radius / sqrt d: that is the
    standard deviation of each component. `StochasticGradientDescent` has the other half of their noise, the minibatch's.

    Parameters
    ----------
    radius : float
        Of the sphere; 1 in the paper.
    """

    learning_rate: Positive
    radius: NonNegative = 1.0

    def drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return self.learning_rate * self.radius * uniform_sphere(shape, rng)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01), cls(learning_rate=0.1, radius=0.01))


@declared
class ContinuallyPerturbedGradientDescent(AdditiveNoise):
    """Perturbed gradient descent as of 2019: x <- x - eta (grad f(x) + xi), xi ~ N(0, (r^2 / d) I), at every step.

    Jin, Netrapalli, Ge, Kakade, Jordan, On Nonconvex Optimization for Machine Learning (2021; recalled). Needs the gradient and
    an rng. It asks neither whether a lane is stuck nor how long ago it was perturbed, and leaves a strict saddle like
    `NoisyGradientDescent` of noise eta r / sqrt d.

    Parameters
    ----------
    radius : float
        r, the root mean square length of xi in any dimension.
    """

    learning_rate: Positive
    radius: NonNegative

    def drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return self.learning_rate * self.radius / math.sqrt(shape[0]) * rng.standard_normal(shape)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, radius=0.1),)


@declared
class Langevin(AdditiveNoise):
    """Unadjusted Langevin: x <- x - eta grad f(x) + sqrt(2 eta T) xi, xi ~ N(0, I). Euler and Maruyama's steps of length eta.

    Needs the gradient and an rng. Leaves a strict saddle like `NoisyGradientDescent` of noise sqrt(2 eta T). At a minimum it
    comes to rest in law: along an eigenvalue lambda with variance T / (lambda (1 - eta lambda / 2)), Boltzmann's T / lambda for
    small steps.

    Parameters
    ----------
    temperature : float
        T, in units of f.
    """

    learning_rate: Positive
    temperature: NonNegative

    def drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return math.sqrt(2 * self.learning_rate * self.temperature) * rng.standard_normal(shape)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, temperature=0.001),)


def uniform_ball(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw points of shape (d, B), each uniform in the unit ball of R^d."""
    direction = uniform_sphere(shape, rng)
    return np.asarray(direction * rng.random(shape[1:]) ** (1 / shape[0]))  # |x|^d is uniform


def uniform_sphere(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw points of shape (d, B), each uniform on the unit sphere of R^d."""
    direction = rng.standard_normal(shape)
    return np.asarray(direction / lengths(direction))
