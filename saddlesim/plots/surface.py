"""Surface: an objective in a plane as a hilly sheet, its walls cut off or its heights compressed, so that the rest is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter

from saddlesim.plots.landscape import Plane, Relief

Array = NDArray[np.float64]

MUCH = 3.0  # times the height of seven tenths of the sheet: a wall at the rim that is cut off
POLE = 1e3  # times that, or what it is in size, or 1: cut off anywhere
WIDE = 1e4  # between the heights of seven tenths and of one: too much for one scale


@dataclass(frozen=True)
class Heights:
    """How values are drawn.

    Attributes
    ----------
    low, high : float
        Where they are cut off.
    scale : float, optional
        Below which they are linear, and beyond logarithmic; None for linear throughout.
    told : str
        What to say of it.
    """

    low: float
    high: float
    scale: float | None
    told: str

    def of(self, value: Any) -> Any:
        """Give the heights of values, (...) -> (...)."""
        value = np.clip(value, self.low, self.high)
        return value if self.scale is None else np.sign(value) * np.log10(1 + np.abs(value) / self.scale)

    def value(self, height: float) -> float:
        """Give the value at a height."""
        return height if self.scale is None else float(np.sign(height) * self.scale * (10 ** abs(height) - 1))


def heights(drawn: Relief, marked: Sequence[float]) -> Heights:
    """Choose how to draw values: compressed where they span orders of magnitude, else cut off on the side where they explode."""
    finite = drawn.value.compressed()
    if not finite.size:
        return Heights(0.0, 1.0, None, "$f$ is nowhere finite and real in this window")
    lowest, few, some, most, highest = np.quantile(finite, [0.0, 0.1, 0.3, 0.7, 1.0])
    lowest, highest = min([lowest, *marked]), max([highest, *marked])
    if most - lowest > WIDE * (few - lowest) > 0 or highest - some > WIDE * (highest - few) > 0:
        scale = max(float(np.quantile(np.abs(finite), 0.02)), 1e-12 * float(np.abs(finite).max()))
        return Heights(lowest, highest, scale, "$f$, heights symmetric-logarithmic")
    low, high = float(lowest), float(highest)
    pit, wall = drawn.walls
    if highest - most > _enough(wall, most - lowest, most):
        high = max([most, *(each + 0.15 * (each - lowest) for each in marked)])
    if some - lowest > _enough(pit, high - some, some):
        low = min([some, *(each - 0.15 * (high - each) for each in marked)])
    cuts = [
        f"{word} {each:.3g}" for word, each, end in (("above", high, highest), ("below", low, lowest)) if each != end
    ]
    return Heights(low, high, None, f"$f$, cut off {' and '.join(cuts)}" if cuts else "$f$")


def _enough(at_rim: bool, rest: float, level: float) -> float:
    """How far a value must be beyond the rest to be cut off: a wall at the rim, or a pole, but no lone hill or pit on a plain."""
    return MUCH * rest if at_rim and rest > 0 else POLE * max(rest, abs(level), 1.0)


def draw_surface(axes: Any, drawn: Relief, plane: Plane, marked: Sequence[float]) -> Heights:
    """Draw the sheet, every marked value on it; give how values became heights."""
    how = heights(drawn, marked)
    value = drawn.value.filled(np.nan)
    # one point further than the cut, for a clean edge
    inner = minimum_filter(np.where(np.isfinite(value), value, np.inf), 3) <= how.high
    inner &= maximum_filter(np.where(np.isfinite(value), value, -np.inf), 3) >= how.low
    sheet = how.of(np.where(inner & np.isfinite(value), value, np.nan))
    colours = Normalize(how.of(how.low), how.of(how.high))
    rows, columns = (max(1, len(each) // 300) for each in (drawn.v, drawn.u))
    u, v = np.meshgrid(drawn.u, drawn.v)
    if drawn.value.count():
        smooth = {"cmap": "viridis", "norm": colours, "alpha": 0.75, "lw": 0, "antialiased": False}
        axes.plot_surface(u, v, sheet, rstride=rows, cstride=columns, **smooth)
    short = [label.rpartition("along ")[2] for label in plane.labels]
    axes.set(xlabel=short[0], ylabel=short[1], xlim=plane.limits[0], ylim=plane.limits[1])
    axes.set_title(how.told, fontsize=8, weight="normal")
    for axis, corner in ((axes.xaxis, "upper"), (axes.yaxis, "lower"), (axes.zaxis, None)):
        axis.set_major_locator(MaxNLocator(4, prune=corner))
    if how.scale is not None:
        places = np.linspace(how.of(how.low), how.of(how.high), 5)
        axes.zaxis.set_major_locator(FixedLocator(places.tolist()))
        axes.zaxis.set_major_formatter(FuncFormatter(lambda height, _: f"{how.value(height):.1g}"))
    axes.tick_params(labelsize=7, pad=1)
    axes.zaxis.set_tick_params(pad=5)
    axes.view_init(elev=38, azim=-60)
    axes.set_box_aspect(None, zoom=0.88)
    return how
