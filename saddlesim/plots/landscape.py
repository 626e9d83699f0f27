"""Landscape: contours of an objective in a plane through a point, with its critical points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives import Objective

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

MARKERS = {"minimum": "o", "saddle": "X", "maximum": "^", "degenerate": "s"}


@dataclass(frozen=True, eq=False)
class Plane:
    """A two-dimensional window on R^d: x = center + axes @ (u, v), with u and v in `limits`.

    Attributes
    ----------
    center : (d,)
    axes : (d, 2)
        Orthonormal columns.
    limits : (2, 2)
        [[u_min, u_max], [v_min, v_max]].
    labels : pair of str
    """

    center: Array
    axes: Array
    limits: Array
    labels: tuple[str, str]

    def coordinates(self, x: Array) -> Array:
        """Project points (d, ...) to (2, ...)."""
        return np.tensordot(self.axes.T, x - self.center.reshape(-1, *(1,) * (x.ndim - 1)), axes=1)

    def holds(self, x: Array) -> bool:
        """Whether a point (d,) lies in the plane, within the limits."""
        uv = self.coordinates(x)
        in_plane = np.linalg.norm(x - self.center - self.axes @ uv) <= 1e-9 * max(1.0, float(np.linalg.norm(x)))
        return bool(in_plane and np.all((self.limits[:, 0] <= uv) & (uv <= self.limits[:, 1])))


def draw_landscape(axes: Axes, objective: Objective, plane: Plane, n_levels: int = 16, n_grid: int = 161) -> None:
    """Draw filled contours, at levels that as much of the window lies between any two of."""
    u, v = (np.linspace(low, high, n_grid) for low, high in plane.limits)
    grid = np.stack(np.meshgrid(u, v))
    x = plane.center[:, None, None] + np.tensordot(plane.axes, grid, axes=1)
    with np.errstate(all="ignore"):
        value = np.ma.masked_invalid(objective.value(x))
    levels = np.unique(np.quantile(value.compressed(), np.linspace(0, 1, n_levels)))
    if len(levels) > 1:
        ranks = np.arange(len(levels), dtype=np.float64)
        shade = np.ma.array(np.interp(value.filled(levels[0]), levels, ranks), mask=value.mask)
        axes.contourf(u, v, shade, levels=ranks, cmap="Greys", alpha=0.35)
        axes.contour(u, v, shade, levels=ranks, colors="0.6", linewidths=0.4)
    axes.set(xlim=plane.limits[0], ylim=plane.limits[1], xlabel=plane.labels[0], ylabel=plane.labels[1], aspect="equal")
    axes.grid(False)


def draw_critical_points(axes: Axes, points: Any, plane: Plane) -> None:
    """Mark the critical points in the window by kind, each with its Morse index."""
    for point in points:
        if plane.holds(point.x):
            u, v = plane.coordinates(point.x)
            axes.plot(u, v, MARKERS[point.kind], ms=7, mfc="none", mec="black", mew=0.9, zorder=5)
            around = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
            axes.annotate(
                str(point.index), (u, v), (5, 4), textcoords="offset points", fontsize=7, bbox=around, zorder=6
            )
