"""Random symmetric matrices: ensembles to draw from, exact laws of their index, rare events. `ENSEMBLES` holds them by name.

Every concrete class of the rooms below is registered.
"""

from typing import Annotated

from saddlesim.parameters import FromRegistry
from saddlesim.random_matrices import (
    gaussian,
    independent_signs,
    isotropic_fields,
    network_hessians,
    objective_hessians,
    tridiagonal,
    wigner,
    wishart,
)
from saddlesim.random_matrices.base import METHODS, Ensemble, Inertias, LibraryEnsemble
from saddlesim.random_matrices.exact import EXACT_LAWS, LARGEST_EXACT, index_distribution, log_probability_positive
from saddlesim.registry import Registry, declared_in

ROOMS = (
    independent_signs,
    gaussian,
    tridiagonal,
    wigner,
    wishart,
    isotropic_fields,
    objective_hessians,
    network_hessians,
)

ENSEMBLES = Registry("ensemble", declared_in(*ROOMS))
ENSEMBLES.load_entry_points()

EnsembleField = Annotated[Ensemble, FromRegistry(ENSEMBLES, METHODS)]

__all__ = [
    "ENSEMBLES",
    "EXACT_LAWS",
    "LARGEST_EXACT",
    "ROOMS",
    "Ensemble",
    "EnsembleField",
    "Inertias",
    "LibraryEnsemble",
    "index_distribution",
    "log_probability_positive",
]
