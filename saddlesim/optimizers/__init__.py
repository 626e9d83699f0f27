"""Optimizers: who descends. `OPTIMIZERS` holds the library's classes; an `Optimizer` need not be ours."""

from typing import Annotated

from saddlesim.optimizers import adaptive, first_order, second_order, stochastic
from saddlesim.optimizers.adaptive import Adam
from saddlesim.optimizers.base import METHODS, FirstOrder, LibraryOptimizer, Optimizer, State, unmet_need
from saddlesim.optimizers.first_order import GradientDescent, HeavyBall, Nesterov
from saddlesim.optimizers.second_order import Newton, SaddleFreeNewton
from saddlesim.optimizers.stochastic import NoisyGradientDescent, PerturbedGradientDescent
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry, declared_in

ROOMS = (
    first_order,
    adaptive,
    stochastic,
    second_order,
)

OPTIMIZERS = Registry("optimizer", declared_in(*ROOMS))
OPTIMIZERS.load_entry_points()

OptimizerField = Annotated[Optimizer, FromRegistry(OPTIMIZERS, METHODS)]

__all__ = [
    "OPTIMIZERS",
    "ROOMS",
    "Adam",
    "FirstOrder",
    "GradientDescent",
    "HeavyBall",
    "LibraryOptimizer",
    "Nesterov",
    "Newton",
    "NoisyGradientDescent",
    "Optimizer",
    "OptimizerField",
    "PerturbedGradientDescent",
    "SaddleFreeNewton",
    "State",
    "unmet_need",
]
