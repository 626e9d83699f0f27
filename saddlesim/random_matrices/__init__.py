"""Random symmetric matrices: ensembles to draw from, exact laws of their index, rare events. `ENSEMBLES` holds them by name.

Every concrete class of the rooms below is registered.
"""

from typing import Annotated

from saddlesim.parameters import FromRegistry
from saddlesim.random_matrices import independent_signs
from saddlesim.random_matrices.base import METHODS, Ensemble, Inertias, LibraryEnsemble
from saddlesim.registry import Registry, declared_in

ROOMS = (independent_signs,)

ENSEMBLES = Registry("ensemble", declared_in(*ROOMS))
ENSEMBLES.load_entry_points()

EnsembleField = Annotated[Ensemble, FromRegistry(ENSEMBLES, METHODS)]

__all__ = [
    "ENSEMBLES",
    "ROOMS",
    "Ensemble",
    "EnsembleField",
    "Inertias",
    "LibraryEnsemble",
]
