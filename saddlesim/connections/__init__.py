"""Connections: which minima a saddle joins, how high the barriers are, and the tree that these make of a landscape.

Not here: the search for the points themselves (census/, search/) and pictures (plots/).
"""

from saddlesim.connections.disconnectivity import Basin, DisconnectivityTree, disconnectivity
from saddlesim.connections.paths import ENDS, Connection, connections

__all__ = ["ENDS", "Basin", "Connection", "DisconnectivityTree", "connections", "disconnectivity"]
