"""Landscape: values of an objective in a plane through a point, and their contours with its critical points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives import Objective

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

MARKERS = {"minimum": "o", "saddle": "X", "maximum": "^", "degenerate": "s"}
N_GRID = 161
FINEST_GRID = 641
COARSEST_GRID = 41
MOST_IN_ALL = 200_000_000  # components, beyond which the grid is coarser
MOST_NUMBERS = 4_000_000  # components that are evaluated at once
MOST_REFINED = 12  # points that the grid is refined round
NEAR = np.array([0.03, 0.1, 0.2, 0.35, 0.5, 0.7])  # distances from such a point, in cells


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


@dataclass(frozen=True, eq=False)
class Relief:
    """Values on a grid in a plane.

    Attributes
    ----------
    u, v : (n,), (m,)
        Ascending; closer together round points.
    value : (m, n)
        Masked where it is not finite.
    """

    u: Array
    v: Array
    value: np.ma.MaskedArray[Any, Any]

    @property
    def is_rippled(self) -> bool:
        """Whether every fifth value is a crest or a trough along its row or its column: more than contours can show."""
        value = self.value.filled(np.nan)
        turns = [np.abs(np.diff(np.sign(np.diff(value, axis=axis)), axis=axis)) == 2 for axis in (0, 1)]
        return bool(max(float(each.mean()) for each in turns) > 0.2)

    @property
    def is_plain(self) -> bool:
        """Whether more than half of the values are one, but not all."""
        finite = self.value.compressed()
        return bool(finite.size and np.ptp(finite) > 0 and _quantiles(finite, 16)[1].mean() < 0.5)

    @property
    def extremes(self) -> tuple[Array, ...]:
        """Where the lowest and the highest value are, (2,) each; none if no value is finite."""
        if not self.value.count():
            return ()
        places = (np.unravel_index(each, self.value.shape) for each in (self.value.argmin(), self.value.argmax()))
        return tuple(np.array([self.u[column], self.v[row]]) for row, column in places)

    @property
    def walls(self) -> tuple[bool, bool]:
        """Whether the lowest and the highest value are at the rim, so that they rise on beyond."""
        rims = (self.u[[0, -1]], self.v[[0, -1]])
        low, high = (bool((uv == np.stack(rims, axis=1)).any()) for uv in self.extremes or (np.full(2, np.nan),) * 2)
        return low, high


def relief(objective: Objective, plane: Plane, n_grid: int = N_GRID, near: Sequence[Array] = ()) -> Relief:
    """Evaluate an objective on a grid in a plane.

    Parameters
    ----------
    objective : Objective
    plane : Plane
    n_grid : int
        How many values along each axis.
    near : sequence of (d,)
        Points that the grid passes through, and is refined round, if they are few.
    """
    places = [plane.coordinates(x) for x in near[:MOST_REFINED]]
    u, v = (_line(limits, n_grid, [float(each[axis]) for each in places]) for axis, limits in enumerate(plane.limits))
    grid = np.stack(np.meshgrid(u, v))
    n_rows = max(1, MOST_NUMBERS // (len(plane.center) * len(u)))
    value = [_values(objective, plane, grid[:, row : row + n_rows]) for row in range(0, len(v), n_rows)]
    return Relief(u, v, np.ma.masked_invalid(np.concatenate(value)))


def fine_relief(objective: Objective, plane: Plane, near: Sequence[Array] = ()) -> Relief:
    """Evaluate on a grid refined round what it finds, and finer till ripples are resolved or no more can be drawn."""
    n_grid = min(N_GRID, max(COARSEST_GRID, math.isqrt(MOST_IN_ALL // len(plane.center))))
    made = relief(objective, plane, n_grid)
    near = [*near, *(plane.center + plane.axes @ uv for uv in made.extremes)]
    made = relief(objective, plane, n_grid, near)
    while made.is_rippled and N_GRID <= n_grid < FINEST_GRID:
        n_grid = 2 * n_grid - 1
        made = relief(objective, plane, n_grid, near)
    return made


def draw_landscape(axes: Axes, objective: Objective, plane: Plane, n_levels: int = 16, n_grid: int = N_GRID) -> None:
    """Draw filled contours, at levels that as much of the window lies between any two of."""
    draw_contours(axes, relief(objective, plane, n_grid), plane, n_levels)


def draw_contours(axes: Axes, drawn: Relief, plane: Plane, n_levels: int = 16, lines: bool = True) -> None:
    """Draw filled contours of what has been evaluated; an empty map that says so where no value is finite."""
    value, levels = drawn.value, _levels(drawn, n_levels)
    if len(levels) > 1:
        ranks = np.arange(len(levels), dtype=np.float64)
        shade = np.ma.array(np.interp(value.filled(levels[0]), levels, ranks), mask=value.mask)
        axes.contourf(drawn.u, drawn.v, shade, levels=ranks, cmap="Greys", alpha=0.35)
        if lines:
            axes.contour(drawn.u, drawn.v, shade, levels=ranks, colors="0.6", linewidths=0.4)
    elif not value.count():
        axes.text(0.5, 0.5, "no value here is finite and real", transform=axes.transAxes, ha="center", va="center")
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


def _levels(drawn: Relief, n_levels: int) -> Array:
    """Give quantiles that differ by more than rounding; equal steps on a plain."""
    finite = drawn.value.compressed()
    if not finite.size:
        return finite
    levels, apart = _quantiles(finite, n_levels)
    if drawn.is_plain:
        return np.linspace(levels[0], levels[-1], n_levels)
    return np.asarray(levels[np.append(apart, True)])


def _quantiles(finite: Array, n: int) -> tuple[Array, NDArray[np.bool_]]:
    """Give n quantiles, and which of them are apart from the next."""
    levels = np.quantile(finite, np.linspace(0, 1, n))
    return levels, np.diff(levels) > 1e-9 * min(float(levels[-1] - levels[0]), 1.0)


def _line(limits: Array, n: int, places: Sequence[float]) -> Array:
    """Give n equidistant coordinates, and more round those places that lie between the limits."""
    low, high = limits.tolist()
    even = np.linspace(low, high, n)
    offsets = np.concatenate([-NEAR[::-1], [0.0], NEAR]) * (even[1] - even[0])
    more = (place + offsets for place in places if low <= place <= high)
    return np.unique(np.clip(np.concatenate([even, *more]), low, high))


def _values(objective: Objective, plane: Plane, grid: Array) -> Array:
    with np.errstate(all="ignore"):
        x = plane.center[:, None, None] + np.tensordot(plane.axes, grid, axes=1)
        return np.asarray(objective.value(x), dtype=np.float64)
