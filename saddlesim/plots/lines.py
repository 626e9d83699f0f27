"""Lines: how the curves of one picture are told apart."""

from __future__ import annotations

N_COLOURS = 8  # in the cycle of saddlesim.mplstyle
DASHES = ("-", "--", ":", "-.")
MARKERS = "osD^vP*X"


def line_style(number: int) -> dict[str, str]:
    """Give the colour and the dashes of a curve; no two of the first 32 are alike."""
    return {"color": f"C{number % N_COLOURS}", "ls": DASHES[number // N_COLOURS % len(DASHES)]}
