"""Census: all critical points of an expression in a box, each proved to be one, to be alone, and to have its index.

Not here: arithmetic (intervals.py), what a formula is (expressions/), searches without proof (searching/).
"""

from saddlesim.proving.clusters import Degenerate as Degenerate
from saddlesim.proving.clusters import Unresolved as Unresolved
from saddlesim.proving.result import Census as Census
from saddlesim.proving.result import CensusPoint as CensusPoint
from saddlesim.proving.result import counted as counted
from saddlesim.proving.taking import MAX_BOXES as MAX_BOXES
from saddlesim.proving.taking import census as census
from saddlesim.proving.taking import checked_box as checked_box
