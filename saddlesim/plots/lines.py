"""Lines: how the curves of one picture are told apart, and the mark of an upper bound."""

from __future__ import annotations

from typing import Any

from matplotlib.path import Path

N_COLOURS = 8  # in the cycle of saddlesim.mplstyle
DASHES = ("-", "--", ":", "-.")
MARKERS = "osD^vP*X"

# a bar at the bound and an arrow that hangs from it
BELOW = Path(
    [(-0.4, 0), (0.4, 0), (0, 0), (0, -1), (-0.25, -0.6), (0, -1), (0.25, -0.6)],
    [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.LINETO],
)


def line_style(number: int) -> dict[str, Any]:
    """Give the colour and the dashes of a curve; no two of the first 32 are alike."""
    return {"color": f"C{number % N_COLOURS}", "ls": DASHES[number // N_COLOURS % len(DASHES)]}


def marker_style(number: int) -> dict[str, Any]:
    """Give the colour and the marker of points; no two of the first 64 are alike."""
    return {"color": f"C{number % N_COLOURS}", "marker": MARKERS[(number + number // N_COLOURS) % len(MARKERS)]}
