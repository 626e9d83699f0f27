"""Connections: which minima a saddle joins, how high the barriers are, and the tree that these make of a landscape.

Not here: the search for the points themselves (proving/, searching/) and pictures (plots/).
"""

from saddlesim.connecting.paths import ENDS, Connection, connections
from saddlesim.connecting.tree import Basin, DisconnectivityTree, disconnectivity

__all__ = ["ENDS", "Basin", "Connection", "DisconnectivityTree", "connections", "disconnectivity"]
