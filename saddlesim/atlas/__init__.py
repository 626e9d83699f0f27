"""Atlas: the census of the whole library, as data and as pages, and published claims held against it.

Not here: how a census is taken (proving/), writing files (store.py), and the tables that objectives carry (objectives/tables/).
"""

from saddlesim.atlas.errata import Claim as Claim
from saddlesim.atlas.errata import Verdict as Verdict
from saddlesim.atlas.errata import errata_page as errata_page
from saddlesim.atlas.errata import judged as judged
from saddlesim.atlas.errata import published as published
from saddlesim.atlas.pages import index_page as index_page
from saddlesim.atlas.pages import objective_page as objective_page
from saddlesim.atlas.survey import MAX_BOXES as MAX_BOXES
from saddlesim.atlas.survey import Entry as Entry
from saddlesim.atlas.survey import instances as instances
from saddlesim.atlas.survey import survey as survey
