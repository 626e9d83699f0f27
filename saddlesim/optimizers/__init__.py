"""Optimizers: who descends. `OPTIMIZERS` holds the library's classes; an `Optimizer` need not be ours."""

from typing import Annotated

from saddlesim.optimizers import (
    accelerated,
    adam,
    adaptive,
    finite_sums,
    first_order,
    krylov,
    line_search,
    neon,
    newton_cg,
    optax_methods,
    perturbed,
    regularised,
    saddle_search,
    second_order,
    sign_methods,
    stochastic,
    torch_methods,
)
from saddlesim.optimizers.adam import Adam
from saddlesim.optimizers.base import METHODS, FirstOrder, LibraryOptimizer, Optimizer, State, unmet_need
from saddlesim.optimizers.first_order import GradientDescent, HeavyBall, Nesterov, NormalisedGradientDescent
from saddlesim.optimizers.perturbed import PerturbedGradientDescent
from saddlesim.optimizers.regularised import CubicNewton, TrustRegion
from saddlesim.optimizers.second_order import Newton, SaddleFreeNewton
from saddlesim.optimizers.sign_methods import SignDescent
from saddlesim.optimizers.stochastic import NoisyGradientDescent
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry, declared_in

ROOMS = (
    first_order,
    line_search,
    adaptive,
    adam,
    sign_methods,
    stochastic,
    perturbed,
    accelerated,
    neon,
    finite_sums,
    second_order,
    regularised,
    krylov,
    newton_cg,
    saddle_search,
    optax_methods,
    torch_methods,
)

OPTIMIZERS = Registry("optimizer", declared_in(*ROOMS))
OPTIMIZERS.load_entry_points()

OptimizerField = Annotated[Optimizer, FromRegistry(OPTIMIZERS, METHODS)]

__all__ = [
    "OPTIMIZERS",
    "ROOMS",
    "Adam",
    "CubicNewton",
    "FirstOrder",
    "GradientDescent",
    "HeavyBall",
    "LibraryOptimizer",
    "Nesterov",
    "Newton",
    "NoisyGradientDescent",
    "NormalisedGradientDescent",
    "Optimizer",
    "OptimizerField",
    "PerturbedGradientDescent",
    "SaddleFreeNewton",
    "SignDescent",
    "State",
    "TrustRegion",
    "unmet_need",
]
