"""Objectives: what is descended. `OBJECTIVES` holds the library's classes; an `Objective` need not be ours."""

from typing import Annotated

from saddlesim.objectives.base import METHODS, CriticalPoint, LibraryObjective, Objective
from saddlesim.objectives.classic import Himmelblau
from saddlesim.objectives.families import Rosenbrock
from saddlesim.objectives.normal_forms import DoubleWell, MonkeySaddle, Quadratic, StrictSaddleToy
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry

OBJECTIVES = Registry("objective", (Quadratic, MonkeySaddle, DoubleWell, StrictSaddleToy, Himmelblau, Rosenbrock))
OBJECTIVES.load_entry_points()

ObjectiveField = Annotated[Objective, FromRegistry(OBJECTIVES, METHODS)]

__all__ = [
    "OBJECTIVES",
    "CriticalPoint",
    "DoubleWell",
    "Himmelblau",
    "LibraryObjective",
    "MonkeySaddle",
    "Objective",
    "ObjectiveField",
    "Quadratic",
    "Rosenbrock",
    "StrictSaddleToy",
]
