"""Hessians of networks at random weights, and where gradient descent takes these."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives import OBJECTIVES, ObjectiveField, name_of
from saddlesim.objectives.networks.initialisation import InitialisationField, Small, Xavier
from saddlesim.parameters import LARGEST_COUNT, NonNegativeInteger, Positive, declared
from saddlesim.problems import InvalidParameters, Problem
from saddlesim.random_matrices.base import Array, LibraryEnsemble
from saddlesim.random_matrices.dense import LARGEST_DENSE
from saddlesim.random_matrices.objective_hessians import finite_hessians


@declared
class NetworkHessian(LibraryEnsemble):
    """The signs that training meets: the Hessian of a network's loss where weights begin, or so many steps later.

    ``H = f''(x_T)``, x_0 of the initialisation, ``x_{t+1} = x_t - learning_rate f'(x_t)``; n is the number of weights. Signs are
    neither coin flips nor those of a Gaussian ensemble: near the origin of a linear network, for one, they are always the same.
    Such points are not critical, unless training has come to one.
    """

    network: ObjectiveField = Field(
        description="an objective with initialisations, such as {name: multilayer_perceptron}"
    )
    initialisation: InitialisationField = Field(
        default_factory=Xavier, description="the law of the weights that training begins with"
    )
    n_steps: Annotated[NonNegativeInteger, Field(le=LARGEST_COUNT)] = Field(
        default=0, description="of gradient descent, before the Hessian is looked at"
    )
    learning_rate: Positive = Field(default=0.1, description="of these steps")

    source: ClassVar[str] = (
        "Pennington, Bahri, Geometry of Neural Network Loss Surfaces via Random Matrix Theory (2017)"
    )

    def __post_init__(self) -> None:
        told = None
        if not (hasattr(self.network, "modules") and hasattr(self.network, "joined")):
            told = f"{name_of(self.network)} is no network: it has no layers to draw weights for; use objective_hessian"
        elif self.n > LARGEST_DENSE:
            told = f"{name_of(self.network)} has {self.n} weights, above {LARGEST_DENSE}, and its Hessians are held in full"
        if told:
            raise InvalidParameters([Problem(("network",), told)])

    @property
    def n(self) -> int:
        network: Any = self.network
        return int(network.dimension)

    def of_size(self, n: int) -> Self:
        """Give itself; a network's number of weights is its own.

        Raises
        ------
        ValueError
            If n is another.
        """
        if n != self.n:
            raise ValueError(f"{name_of(self.network)} has {self.n} weights; leave dimensions out")
        return self

    def sample(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw Hessians, (B, n, n).

        Raises
        ------
        ValueError
            If one is not finite, as where training has diverged.
        """
        x = self.initialisation.draw(self.network, n_samples, rng)
        with np.errstate(over="ignore", invalid="ignore"):  # what diverges is refused below
            for _ in range(self.n_steps):
                x = x - self.learning_rate * self.network.gradient(x)
            return finite_hessians(self.network, x)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        perceptron = OBJECTIVES["multilayer_perceptron"]()
        return (cls(network=perceptron), cls(network=perceptron, initialisation=Small(), n_steps=3))
