"""Objectives: what is descended. `OBJECTIVES` holds the library's classes; an `Objective` need not be ours.

Every concrete class of the rooms below is registered. `symbolic` takes your own text.
"""

from typing import Annotated

from saddlesim.objectives import (
    chains,
    classic,
    cutest,
    escape_constructions,
    families,
    least_squares,
    matrix_problems,
    multimodal,
    noisy_quadratic,
    normal_forms,
    particles,
    periodic_fields,
    random_fields,
    rank_one_problems,
    recovery_problems,
    residuals,
    separable,
    sums_of_wells,
    surfaces,
    symbolic,
    tensor_problems,
    wells,
)
from saddlesim.objectives.base import METHODS, LibraryObjective, Objective, name_of
from saddlesim.objectives.critical_point import CriticalPoint
from saddlesim.objectives.networks import committee_machines, linear_autoencoder, linear_networks, multilayer_perceptron
from saddlesim.objectives.normal_forms import MonkeySaddle, Quadratic
from saddlesim.objectives.symbolic import Expression, expression
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry, declared_in

ROOMS = (
    normal_forms,
    noisy_quadratic,
    wells,
    surfaces,
    classic,
    multimodal,
    sums_of_wells,
    least_squares,
    cutest,
    separable,
    chains,
    families,
    residuals,
    escape_constructions,
    matrix_problems,
    rank_one_problems,
    tensor_problems,
    recovery_problems,
    linear_networks,
    linear_autoencoder,
    multilayer_perceptron,
    committee_machines,
    particles,
    random_fields,
    periodic_fields,
    symbolic,
)

OBJECTIVES = Registry("objective", declared_in(*ROOMS))
OBJECTIVES.load_entry_points()

ObjectiveField = Annotated[Objective, FromRegistry(OBJECTIVES, METHODS)]

__all__ = [
    "OBJECTIVES",
    "ROOMS",
    "CriticalPoint",
    "Expression",
    "LibraryObjective",
    "MonkeySaddle",
    "Objective",
    "ObjectiveField",
    "Quadratic",
    "expression",
    "name_of",
]
