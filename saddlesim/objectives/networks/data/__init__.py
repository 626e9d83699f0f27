"""Data: what networks are trained on. `DATA_SETS` holds the library's; an object with `inputs`, `targets` and the like serves.

Every concrete class of the rooms below is registered.
"""

from typing import Annotated

from pydantic import AfterValidator

from saddlesim.objectives.networks.data import drawn, real, small
from saddlesim.objectives.networks.data.base import DataSet, check_own
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry, declared_in

ROOMS = (small, drawn, real)

DATA_SETS = Registry("data set", declared_in(*ROOMS))
DATA_SETS.load_entry_points()
DataField = Annotated[DataSet, FromRegistry(DATA_SETS, ("class_probabilities",)), AfterValidator(check_own)]

__all__ = ["DATA_SETS", "ROOMS", "DataField", "DataSet"]
