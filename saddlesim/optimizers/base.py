"""What an optimizer is: the protocol that anyone's object may meet, and the bases of the library's own.

Not here: the update rules (each family has its file), step budgets, saddles and measurements.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective, name_of
from saddlesim.parameters import call_text

Array = NDArray[np.float64]
Memory = tuple[Any, ...]


class State(Protocol):
    """What one step hands to the next: a NamedTuple whose first fields are these two."""

    @property
    def x(self) -> Array:
        """The points, (d, B)."""

    @property
    def gradient(self) -> Array:
        """The gradient that the method uses next, (d, B)."""


@runtime_checkable
class Optimizer(Protocol):
    """Static parameters of a method; an object with these two methods serves."""

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> Any:
        """Give the State at x, (d, B), before the first step."""

    def step(self, objective: Objective, state: Any, rng: np.random.Generator | None) -> Any:
        """Give the State after one more update."""


METHODS = ("init", "step")


class LibraryOptimizer(ABC):
    """Base of the library's optimizers: frozen parameters, no memory of their own.

    Attributes
    ----------
    stochastic : bool
        Whether it draws from the rng it is handed.
    stays_on_saddles : bool
        Whether it is known to stay on a critical point that it starts on: it moves along no direction without gradient. Weight
        decay makes another function of f, and is not covered.
    stays_in_eigenspaces : bool
        Whether it is known to stay in an invariant eigenspace along the axes: no component moves that never had a gradient.
    needs : tuple of str
        The methods that an objective must have for it, besides value and gradient: hessian, hessian_product, ...
    """

    stochastic: ClassVar[bool] = False
    stays_on_saddles: ClassVar[bool] = False
    stays_in_eigenspaces: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> Any:
        """Give the State at x, (d, B), before the first step."""

    @abstractmethod
    def step(self, objective: Objective, state: Any, rng: np.random.Generator | None) -> Any:
        """Give the State after one more update."""

    @classmethod
    @abstractmethod
    def examples(cls) -> tuple[Self, ...]:
        """Give the instances that tests and listings build."""

    def generator(self, rng: np.random.Generator | None) -> np.random.Generator:
        """Give the rng, or say that it is missing.

        Raises
        ------
        ValueError
            If there is none.
        """
        if rng is None:
            raise ValueError(f"{self} draws random numbers; pass rng=numpy.random.default_rng(seed)")
        return rng

    def stream(self, rng: np.random.Generator | None) -> np.random.Generator:
        """Give a generator for one step alone: what a lane draws in it is the same whether or not others had to draw before."""
        return self.generator(rng).spawn(1)[0]

    def refusal(self, objective: Any) -> str | None:
        """Say why it cannot be run on an objective, beyond what it `needs`; None where it can."""
        return None

    def __str__(self) -> str:
        """Give the constructor call, as in ``heavy_ball(learning_rate=0.1, momentum=0.9)``."""
        return call_text(self)


def unmet_need(optimizer: Any, objective: Any) -> str | None:
    """Say what an optimizer needs and an objective or this machine does not have, if anything."""
    refusal = getattr(optimizer, "refusal", None)
    if refusal and (told := refusal(objective)):
        return str(told)
    missing = [name for name in getattr(optimizer, "needs", ()) if not hasattr(objective, name)]
    if not missing:
        return None
    key = getattr(type(optimizer), "registry_key", type(optimizer).__name__)
    return f"{key} needs {' and '.join(map(_NEEDS.__getitem__, missing))}, which {name_of(objective)} does not have"


_NEEDS = {
    "hessian": "the Hessian, hessian(x)",
    "hessian_product": "Hessian products, hessian_product(x, v)",
    "n_terms": "a finite sum, n_terms and gradient(x, terms)",
}


class FirstOrderState(NamedTuple):
    """Points and gradient, (d, B), and what the rule remembers."""

    x: Array
    gradient: Array
    memory: Memory


class FirstOrder(LibraryOptimizer):
    """Base of the methods that are one element-wise rule; the rule is the whole variant.

    Attributes
    ----------
    n_memory : int
        How many arrays like x the rule remembers; they start at zero.
    counts : bool
        Whether it remembers the number of steps done, too, behind the arrays; it starts at 0.0, and the rule raises it.
    """

    stays_on_saddles: ClassVar[bool] = True
    stays_in_eigenspaces: ClassVar[bool] = True
    n_memory: ClassVar[int] = 0
    counts: ClassVar[bool] = False

    @staticmethod
    @abstractmethod
    def rule(x: Array, memory: Memory, gradient: Array, parameters: tuple[float, ...]) -> tuple[Array, Memory]:
        """Give the next x and memory, from the parameters in the order of the fields."""

    @cached_property
    def parameters(self) -> tuple[float, ...]:
        """The values of the fields, in order."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def memory(self, x: Array) -> Memory:
        """Give what the rule remembers before the first step."""
        arrays = tuple(np.zeros_like(x) for _ in range(self.n_memory))
        return (*arrays, 0.0) if self.counts else arrays

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        return FirstOrderState(x, objective.gradient(x), self.memory(x))

    def step(self, objective: Objective, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        x, memory = self.rule(state.x, state.memory, state.gradient, self.parameters)
        return FirstOrderState(x, objective.gradient(x), memory)


def regularised(gradient: Array, x: Array, weight_decay: float) -> Array:
    """Give the gradient of f(x) + weight_decay |x|^2 / 2 from that of f: what weight decay means unless it is decoupled."""
    return gradient + weight_decay * x if weight_decay else gradient
