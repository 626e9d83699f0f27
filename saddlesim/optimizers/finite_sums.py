"""Finite sums: methods that see the mean gradient of a few terms of f, whose noise is the objective's own."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.objectives.base import name_of
from saddlesim.optimizers import adam, adaptive, first_order, sign_methods
from saddlesim.optimizers.base import Array, FirstOrder, FirstOrderState, LibraryOptimizer
from saddlesim.parameters import Count, Decay, FromRegistry, Positive, declared
from saddlesim.registry import Registry, declared_in


class Sampling(LibraryOptimizer):
    """Base of methods that draw `batch_size` terms of f at each step."""

    batch_size: Count

    stochastic: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("n_terms",)

    def refusal(self, objective: Any) -> str | None:
        n_terms = getattr(objective, "n_terms", self.batch_size)
        if self.batch_size <= n_terms:
            return None
        return f"batch_size={self.batch_size} is more than the {n_terms} terms of {name_of(objective)}; choose {n_terms} or fewer"


class MinibatchState(NamedTuple):
    """Points, the gradient of all of f, and the velocity, (d, B)."""

    x: Array
    gradient: Array
    velocity: Array


@declared
class StochasticGradientDescent(Sampling):
    """Stochastic gradient descent (Robbins, Monro 1951): v <- beta v + grad f_S(x), x <- x - eta v, S a minibatch.

    f_S is the mean of batch_size terms of f, drawn anew at each step in every lane by itself, no term twice. Then
    E grad f_S = grad f, and its covariance is C (1 - batch_size / n) / batch_size, C being that of the n terms' gradients with
    divisor n - 1.

    Needs a finite sum, `n_terms` and `gradient(x, terms)`, and an rng. Leaves a strict saddle unless C has nothing along the
    escape direction, as where every term is critical at the saddle, too. The state holds the gradient of all of f besides, for
    those who watch.
    """

    learning_rate: Positive
    batch_size: Count
    momentum: Decay = 0.0

    def init(self, objective: Any, x: Array, rng: np.random.Generator | None) -> MinibatchState:
        self.generator(rng)
        return MinibatchState(x, objective.gradient(x), np.zeros_like(x))

    def step(self, objective: Any, state: MinibatchState, rng: np.random.Generator | None) -> MinibatchState:
        terms = drawn_terms(objective, self.batch_size, state.x.shape[1], self.generator(rng))
        velocity = self.momentum * state.velocity + objective.gradient(state.x, terms)
        x = state.x - self.learning_rate * velocity
        return MinibatchState(x, objective.gradient(x), velocity)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, batch_size=1), cls(learning_rate=0.01, batch_size=4, momentum=0.9))


RULES = Registry(
    "first-order method",
    (each for each in declared_in(first_order, adaptive, adam, sign_methods) if issubclass(each, FirstOrder)),
)


@declared
class Minibatch(Sampling):
    """Any first-order method on minibatches: its rule, with grad f_S(x) in place of grad f(x).

    S is drawn as in `StochasticGradientDescent`. Needs a finite sum and an rng. With Adam or RMSProp the noise is divided by its
    own size in each component, so that a strict saddle is left as soon, however weak it is along the escape direction (Staib,
    Reddi, Kale, Kumar, Sra 2019; recalled).
    """

    optimizer: Annotated[FirstOrder, FromRegistry(RULES, ("rule", "init", "step"))] = Field(
        description="{name: adam, learning_rate: ...}, or another first-order method"
    )
    batch_size: Count = Field(description="terms drawn at each step, in every lane by itself")

    def init(self, objective: Any, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        self.generator(rng)
        return self.optimizer.init(objective, x, rng)

    def step(self, objective: Any, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        terms = drawn_terms(objective, self.batch_size, state.x.shape[1], self.generator(rng))
        gradient = objective.gradient(state.x, terms)
        x, memory = self.optimizer.rule(state.x, state.memory, gradient, self.optimizer.parameters)
        return FirstOrderState(x, objective.gradient(x), memory)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(optimizer={"name": "adam", "learning_rate": 0.01}, batch_size=1),)  # type: ignore[arg-type]


def drawn_terms(objective: Any, batch_size: int, n_lanes: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw a minibatch for each lane, (batch_size, B), no term twice."""
    order = np.repeat(np.arange(objective.n_terms)[:, None], n_lanes, axis=1)
    return rng.permuted(order, axis=0)[:batch_size]
