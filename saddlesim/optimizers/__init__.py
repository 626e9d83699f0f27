"""Optimizers: who descends. `OPTIMIZERS` holds the library's classes; an `Optimizer` need not be ours."""

from typing import Annotated

from saddlesim.optimizers.adaptive import Adam
from saddlesim.optimizers.base import METHODS, FirstOrder, LibraryOptimizer, Optimizer, State
from saddlesim.optimizers.first_order import GradientDescent, HeavyBall, Nesterov
from saddlesim.optimizers.second_order import Newton, SaddleFreeNewton
from saddlesim.optimizers.stochastic import NoisyGradientDescent, PerturbedGradientDescent
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry

OPTIMIZERS = Registry(
    "optimizer",
    (
        GradientDescent,
        HeavyBall,
        Nesterov,
        Adam,
        NoisyGradientDescent,
        PerturbedGradientDescent,
        SaddleFreeNewton,
        Newton,
    ),
)
OPTIMIZERS.load_entry_points()

OptimizerField = Annotated[Optimizer, FromRegistry(OPTIMIZERS, METHODS)]

__all__ = [
    "OPTIMIZERS",
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
]
