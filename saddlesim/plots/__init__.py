"""Plots: Result -> Figures, without pyplot and without new science."""

from __future__ import annotations

from functools import singledispatch
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from saddlesim.experiments import EscapeResult, Result
from saddlesim.objectives import Objective
from saddlesim.plots import escape
from saddlesim.plots import objective as objective_pictures

FORMATS = ("png", "svg", "pdf")
STYLE = resources.files(__package__) / "saddlesim.mplstyle"


def plot(result: Result) -> dict[str, Figure]:
    """Draw a result.

    Returns
    -------
    dict of str to Figure
        By the names that their files get.

    Raises
    ------
    TypeError
        If there is no picture for such a result.
    """
    with rc_context(fname=str(STYLE)), np.errstate(all="ignore"):  # lanes that overflowed run off the picture
        return _figures(result)


def objective_figure(objective: Objective) -> Figure:
    """Draw a function over its domain, as a map and a surface, with its known critical points marked."""
    with rc_context(fname=str(STYLE)), np.errstate(all="ignore"):
        return objective_pictures.objective_figure(objective)


def rendered(figure: Figure, format: str) -> bytes:
    """Give the bytes of a picture file in one of `FORMATS`; they hold no time, so that the same result gives the same bytes."""
    buffer = BytesIO()
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format, {})
    with rc_context(fname=str(STYLE)):
        figure.savefig(buffer, format=format, metadata=metadata)
    return buffer.getvalue()


@singledispatch
def _figures(result: Result) -> dict[str, Figure]:
    raise TypeError(f"there is no picture for a {type(result).__name__}")


@_figures.register
def _(result: EscapeResult) -> dict[str, Figure]:
    drawn = {
        "contour": escape.contour_figure(result),
        "descent": escape.descent_figure(result),
        "survival": escape.survival_figure(result),
    }
    return {name: figure for name, figure in drawn.items() if figure is not None}
