"""Search: some critical points in any dimension, from many starts, and an estimate of how many are missing.

`many_starts` is the search; `methods` walk from starts to points, `symmetry` knows what makes one point of many, `merging` tells
whether two are one, `collection` keeps what was found, `missing` estimates what was not, `report` is what comes back.
Not here: proofs of completeness (proving/).
"""

from saddlesim.searching.many_starts import search as search
from saddlesim.searching.missing import Missing as Missing
from saddlesim.searching.missing import estimate_missing as estimate_missing
from saddlesim.searching.report import FoundPoint as FoundPoint
from saddlesim.searching.report import Search as Search
