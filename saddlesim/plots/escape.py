"""Escape: three pictures of an `EscapeResult`. Where lanes go, what the landscape looks like to them, and how long they stay."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from saddlesim.analysis import listed_points
from saddlesim.experiments import EscapeResult
from saddlesim.experiments.laws import predicted_gradient_norm
from saddlesim.objectives import CriticalPoint
from saddlesim.plots.landscape import Plane, draw_critical_points, draw_landscape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

N_DRAWN_LANES = 12
PANELS_ACROSS = 4


# ---- where lanes go


def contour_figure(result: EscapeResult) -> Figure | None:
    """Draw one map for each optimizer: contours, the first recorded lanes coloured by step, critical points by index.

    In more than two dimensions the map is the plane of the lowest and the highest eigenvector through the saddle; in one, or
    with nothing recorded, there is no map.
    """
    asked = result.experiment
    if len(asked.resolved_saddle.x) < 2 or not result["record_x"].shape[-1]:
        return None
    labels = asked.points()
    across = min(PANELS_ACROSS, len(labels))
    down = -(-len(labels) // across)
    figure = Figure(figsize=(2.3 * across + 0.9, 2.35 * down + 0.5))
    panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    plane = _plane(result)
    colours = Normalize(0, _horizon(result))
    for axes, label in zip(panels.flat, labels, strict=False):
        draw_landscape(axes, asked.objective, plane)
        _draw_lanes(axes, result, label, plane, colours)
        _draw_saddle(axes, result, plane)
        axes.set_title(label)
        axes.label_outer()
    for axes in panels.flat[len(labels) :]:
        axes.remove()
    figure.colorbar(ScalarMappable(colours, "viridis"), ax=panels, label="step", shrink=0.8, pad=0.01)
    n_lanes = min(N_DRAWN_LANES, result["record_x"].shape[-1])
    told = f"{n_lanes} lanes from the same starts; ring: escape radius; broad arrow: unstable eigenvector; numbers: Morse index"
    figure.suptitle(f"{asked.objective}\n{told}", fontsize=9)
    return figure


def _plane(result: EscapeResult) -> Plane:
    """The window: the whole domain of a function of two variables, else eigenvectors out to one and a half radii."""
    asked, saddle = result.experiment, result.experiment.resolved_saddle
    if len(saddle.x) > 2:
        eigenvectors, reach = saddle.analysis.eigenvectors, 1.5 * asked.escape_radius
        axes = np.stack([eigenvectors[:, -1], eigenvectors[:, 0]], axis=1)
        limits = np.array([[-reach, reach]] * 2)
        return Plane(saddle.x, axes, limits, ("along the highest eigenvector", "along the lowest eigenvector"))
    ball = np.stack([saddle.x - 1.5 * asked.escape_radius, saddle.x + 1.5 * asked.escape_radius], axis=1)
    domain = getattr(asked.objective, "domain", ball)
    limits = np.stack([np.minimum(domain[:, 0], ball[:, 0]), np.maximum(domain[:, 1], ball[:, 1])], axis=1)
    wide = asked.escape_radius < 0.05 * float(np.ptp(domain, axis=1).max())
    return Plane(np.zeros(2), np.eye(2), ball if wide else limits, ("$x_1$", "$x_2$"))


def _draw_lanes(axes: Axes, result: EscapeResult, label: str, plane: Plane, colours: Normalize) -> None:
    """Draw lanes as lines, with a dot for each recorded step; what happens far outside the window is cut off."""
    x = result.lanes("record_x", label)[:, :, :N_DRAWN_LANES]
    u, v = plane.coordinates(np.moveaxis(x, 1, 0))
    far = 10 * np.abs(plane.limits).max()
    u, v = (np.where(np.abs(each) < far, each, np.nan) for each in (u, v))
    axes.plot(u, v, color="0.35", lw=0.5, zorder=3)
    step = np.broadcast_to(result["record_step"][:, None], u.shape)
    axes.scatter(u, v, c=step, s=5, norm=colours, cmap="viridis", lw=0, zorder=4)


def _draw_saddle(axes: Axes, result: EscapeResult, plane: Plane) -> None:
    """Draw the ball, the unstable eigenvectors that lie in the window, and the critical points."""
    asked, saddle = result.experiment, result.experiment.resolved_saddle
    u, v = plane.coordinates(saddle.x)
    axes.add_patch(Circle((u, v), asked.escape_radius, fill=False, ls="--", lw=0.8, ec="0.2", zorder=3))
    for vector in saddle.escape_space.T[: int(saddle.analysis.spectrum.index)]:
        du, dv = asked.escape_radius * (plane.axes.T @ vector)
        for sign in (1, -1):
            arrow = {
                "arrowstyle": "-|>,head_width=0.25,head_length=0.5",
                "color": "#E8A87C",
                "lw": 2.5,
                "shrinkA": 0,
                "shrinkB": 0,
            }
            axes.annotate("", (u + sign * du, v + sign * dv), (u, v), arrowprops=arrow, zorder=2)
    points = list(listed_points(asked.objective))
    if saddle.known is None:
        spectrum = saddle.analysis.spectrum
        points.append(CriticalPoint("saddle", saddle.x, saddle.analysis.value, int(spectrum.index), saddle.kind))
    draw_critical_points(axes, points, plane)


# ---- what the landscape looks like to them


def descent_figure(result: EscapeResult) -> Figure | None:
    """Draw value and gradient norm against step for each optimizer's median lane, theory dashed, and the plateaus as bars."""
    asked = result.experiment
    if not result["record_x"].shape[-1]:
        return None
    labels = asked.points()
    figure = Figure(figsize=(8.0, 5.2 + 0.2 * len(labels)))
    value_axes, gradient_axes, plateau_axes = figure.subplots(
        3, 1, sharex=True, height_ratios=[1.1, 1.4, 0.2 + 0.16 * len(labels)]
    )
    horizon = _horizon(result)
    for number, label in enumerate(labels):
        lane = _median_lane(result, label)
        shown = result["record_step"] <= min(horizon, 1.1 * _exit_step(result, label, lane) + 1)
        step = result["record_step"][shown]
        value, gradient_norm = (
            result.lanes(f"record_{name}", label)[shown, lane] for name in ("value", "gradient_norm")
        )
        value_axes.plot(step, value - asked.resolved_saddle.analysis.value, color=f"C{number}", label=label)
        gradient_axes.plot(step, _positive(gradient_norm), color=f"C{number}")
        start = result.lanes("record_x", label)[0, :, lane]
        theory = predicted_gradient_norm(asked.optimizers[label], asked.resolved_saddle, start)
        if theory is not None:
            gradient_axes.plot(step, _positive(theory(step)), color="black", ls=(0, (2, 2)), lw=0.9, zorder=3)
        _draw_plateau(plateau_axes, result, label, number, horizon)
    depth = _depth(result)
    value_axes.set(ylabel="value above the saddle", ylim=(-1.5 * depth, 0.25 * depth) if depth else None)
    value_axes.set_title(f"{asked.objective}: each optimizer's lane of median escape step")
    value_axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    gradient_axes.set(yscale="log", ylim=_gradient_limits(result), ylabel="|gradient|")
    if len(gradient_axes.lines) > len(labels):
        gradient_axes.set_title("black dashes: what theory predicts from the same start")
    plateau_axes.set(
        xlabel="step", xlim=(0, horizon), yticks=range(len(labels)), yticklabels=labels, ylim=(len(labels) - 0.4, -0.6)
    )
    plateau_axes.set_title("bar: plateau (|gradient| at most 1/10 of that at exit); dot: median escape; ring: law")
    plateau_axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    plateau_axes.grid(axis="y", visible=False)
    return figure


def _before_exit(result: EscapeResult, name: str, label: str) -> Array:
    """Give what was recorded of the median lane while it was in the ball, its exit included."""
    lane = _median_lane(result, label)
    until = result["record_step"] <= _exit_step(result, label, lane)
    return np.asarray(result.lanes(name, label)[until, lane])


def _depth(result: EscapeResult) -> float:
    """How far the median lanes are below the saddle on leaving the ball, at the most."""
    top = result.experiment.resolved_saddle.analysis.value
    depths = [top - _before_exit(result, "record_value", label) for label in result.experiment.points()]
    return max(0.0, *(float(np.nanmax(each)) for each in depths))


def _gradient_limits(result: EscapeResult) -> tuple[float, float] | None:
    """The range from where lanes that leave are slowest to where they are out; one that converges runs off the picture."""
    labels = result.experiment.points()
    leaving = [label for label in labels if math.isfinite(_exit_step(result, label, _median_lane(result, label)))]
    norms = [_positive(_before_exit(result, "record_gradient_norm", label)) for label in leaving]
    norms = [each for each in norms if np.isfinite(each).any()]
    return (min(map(np.nanmin, norms)) / 5, max(map(np.nanmax, norms)) * 20) if norms else None


def _positive(values: Array) -> Array:
    """Leave out what a logarithmic axis cannot show."""
    return np.where((values > 0) & np.isfinite(values), values, np.nan)


def _draw_plateau(axes: Axes, result: EscapeResult, label: str, row: int, horizon: float) -> None:
    plateau = float(np.median(result.lanes("plateau_steps", label)))
    axes.barh(row, min(plateau, horizon), height=0.62, color=f"C{row}", alpha=0.3)
    median, law = result.medians[label].value, result.laws[label]
    if median <= horizon:
        axes.plot(median, row, "o", color=f"C{row}", ms=4.5, clip_on=False, zorder=4)
    else:
        axes.annotate(
            "fewer than half leave",
            (horizon, row),
            (-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=7,
        )
    if law and law.median <= horizon:
        axes.plot(law.median, row, "o", mfc="none", mec="black", ms=8, mew=0.8, clip_on=False, zorder=5)


def _median_lane(result: EscapeResult, label: str) -> int:
    """Choose the recorded lane that leaves when half of the recorded ones have."""
    n_recorded = result["record_x"].shape[-1]
    left = result.lanes("escape_step", label)[:n_recorded]
    return int(np.argsort(np.where(left < 0, np.iinfo(np.int32).max, left), kind="stable")[(n_recorded - 1) // 2])


def _exit_step(result: EscapeResult, label: str, lane: int) -> float:
    left = max(result.lanes("escape_step", label)[lane], result.lanes("divergence_step", label)[lane])
    return float(left) if left >= 0 else math.inf


# ---- how long they stay


def survival_figure(result: EscapeResult) -> Figure:
    """Draw the fraction of lanes not yet escaped against steps, with 95 % bands, and the laws dashed."""
    asked = result.experiment
    figure = Figure(figsize=(7.2, 4.2))
    axes = figure.subplots()
    horizon = _horizon(result)
    steps = np.unique(np.linspace(0, horizon, 600).astype(np.int64))
    for number, label in enumerate(asked.points()):
        colour = f"C{number}"
        curve = result.survival[label]
        end = float(asked.n_steps)
        step, fraction, low, high = (
            np.append(each, last) for each, last in zip(curve, (end, *(each[-1] for each in curve[1:])), strict=True)
        )
        axes.step(step, fraction, where="post", color=colour, label=f"{label}{_told_median(result, label)}")
        axes.fill_between(step, low, high, step="post", color=colour, alpha=0.2, lw=0)
        if (law := result.laws[label]) is not None:
            axes.step(steps, 1 - law.cdf(steps), where="post", color="black", ls=(0, (2, 2)), lw=0.9, zorder=5)
    axes.set(xlabel="step", ylabel="fraction of lanes still there", xlim=(0, horizon), ylim=(-0.02, 1.04))
    axes.set_title(f"{asked.objective}: {asked.n_lanes} lanes; black dashes: the laws")
    axes.legend(title="median escape step", loc="center left", bbox_to_anchor=(1.0, 0.5), alignment="left")
    return figure


def _told_median(result: EscapeResult, label: str) -> str:
    median, law = result.medians[label].value, result.laws[label]
    told = f": {median:g}" if math.isfinite(median) else ": never"
    return f"{told} (law: {law.median:g})".replace("inf", "never") if law else told


def _horizon(result: EscapeResult) -> float:
    """The last step shown: a little after the slowest of the medians that are reached, or the whole budget."""
    reached = [each.value for each in result.medians.values() if math.isfinite(each.value)]
    shown = max(10.0, math.ceil(1.35 * max(reached))) if reached else math.inf
    return float(min(result.experiment.n_steps, shown))
