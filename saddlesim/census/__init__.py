"""Census: all critical points of an expression in a box, each proved to be one, to be alone, and to have its index.

Not here: arithmetic (intervals.py), what a formula is (expressions/), searches without proof (search/).
"""

from saddlesim.census.clusters import Degenerate as Degenerate
from saddlesim.census.clusters import Unresolved as Unresolved
from saddlesim.census.result import Census as Census
from saddlesim.census.result import CensusPoint as CensusPoint
from saddlesim.census.taking import MAX_BOXES as MAX_BOXES
from saddlesim.census.taking import census as census
from saddlesim.census.taking import checked_box as checked_box
