"""Slices: an objective along eigenvectors beside its quadratic model, and its contours over the plane of two of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from saddlesim.experiments import LandscapeResult
from saddlesim.objectives import name_of

Array = NDArray[np.float64]

UP, DOWN, FLAT = "#0072B2", "#D55E00", "#7F7F7F"  # by the eigenvalue's sign
DASHES = (0, (4, 3))
MOST_COLUMNS = 4
BEYOND = 0.35  # of the range of the value, by which the model may leave the picture
MARGIN = 0.07
SLIGHT = 0.02  # of the point's value: changes that are not read off its axis
N_LEVELS = 12  # on each side of the point's value
LABELLED = 3  # every third of them has its value written
HIGHEST = 0.92  # quantile of the plane's values that the colours reach to
ARROW = 0.5  # of the half-width of the plane
LONGEST = 88  # letters of a line above the panels


def slice_figure(result: LandscapeResult) -> Figure:
    """Draw a panel for each direction, the value solid and the quadratic model dashed, shaded where the model holds to 10 %."""
    count = len(result["direction"])
    columns = {4: 2, 5: 3, 6: 3, 9: 3}.get(count, min(count, MOST_COLUMNS))
    rows = -(-count // columns)
    figure = Figure(figsize=(max(5.4, 0.8 + 2.9 * columns), 1.3 + 2.55 * rows))
    panels = list(figure.subplots(rows, columns, squeeze=False, sharex=True).ravel())
    for axes in panels[count:]:
        axes.remove()
    zero = _zero(result)
    for row, axes in enumerate(panels[:count]):
        _draw_slice(axes, result, row, zero)
        if row % columns == 0:
            axes.set_ylabel(_value_label(zero))
        if row + columns >= count:
            axes.set_xlabel("distance $t$ along $v$")
            axes.tick_params(labelbottom=True)
    figure.suptitle(_headline(result), fontsize=9)
    _explain(figure, result)
    return figure


def _draw_slice(axes: Axes, result: LandscapeResult, row: int, zero: float) -> None:
    t, value, model = result["position"], result["value"][row] - zero, result["model"][row] - zero
    color, reach = _colour(result, row), float(result.reaches[row])
    if reach > 0:
        axes.axvspan(-reach, reach, color=color, alpha=0.08, lw=0, zorder=0)
    axes.plot(t, value, color=color, lw=2)
    axes.plot(t, model, color="black", lw=1, ls=DASHES)
    axes.plot(0, result.value - zero, "o", color="black", ms=4.5, zorder=5, clip_on=False)
    if result.descends[row]:
        place = result.lowest[row]
        axes.plot(t[place], value[place], "v", color=color, mec="white", mew=0.6, ms=7, zorder=5, clip_on=False)
    low, high = _limits(value, model)
    if low < high:
        axes.set_ylim(low, high)
    axes.set_xlim(t[0], t[-1])
    axes.set_title(f"{_words(result, row)}: $\\lambda$ = {_number(result['eigenvalue'][row])}", color=color)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda each, _: _signed(f"{each:.4g}")))


def plane_figure(result: LandscapeResult) -> Figure:
    """Draw contours over the plane of two directions, violet below the point's value and orange above, the two as arrows."""
    first, second = result.experiment.plane_rows
    t, value = result["position"], np.ma.masked_invalid(result["plane"])
    figure = Figure(figsize=(6.8, 5.6))
    axes = figure.subplots()
    if value.count() and np.ptp(value.compressed()) > 0:
        _draw_contours(figure, axes, result, value)
    else:
        axes.text(0.5, 0.9, "no value here is finite, or all are one", transform=axes.transAxes, ha="center")
    for row, unit in ((first, (1.0, 0.0)), (second, (0.0, 1.0))):
        if np.isfinite(t[-1] * result["eigenvalue"][row]):
            _draw_arrows(axes, result, row, np.array(unit) * t[-1])
    axes.plot(0, 0, "o", color="black", ms=5.5, mec="white", mew=0.8, zorder=6)
    axes.set(xlim=(t[0], t[-1]), ylim=(t[0], t[-1]), aspect="equal")
    axes.set_xlabel(f"distance along the {_words(result, first)} eigenvector")
    axes.set_ylabel(f"distance along the {_words(result, second)} eigenvector")
    axes.grid(False)
    figure.suptitle(_headline(result), fontsize=9)
    return figure


def _draw_contours(figure: Figure, axes: Axes, result: LandscapeResult, value: Any) -> None:
    t, centre = result["position"], result.value
    low, high = float(value.min()), float(np.quantile(value.compressed(), HIGHEST))
    high = max(high, centre + 0.25 * (centre - low))  # where nearly all is lower
    below = np.linspace(low, centre, N_LEVELS + 1)[:-1] if centre > low else np.array([])
    levels = np.concatenate([below, np.linspace(centre, high, N_LEVELS + 1)])
    span = max(centre - low, high - centre)
    norm = TwoSlopeNorm(centre, min(low, centre - 1e-9 * span), max(high, centre + 1e-9 * span))
    shown = np.ma.clip(value, levels[0], None)
    filled = axes.contourf(t, t, shown, levels=levels, cmap="PuOr_r", norm=norm, extend="max", alpha=0.9)
    axes.contour(t, t, shown, levels=levels, colors="white", linewidths=0.4, alpha=0.7)
    axes.contour(t, t, shown, levels=[centre], colors="0.15", linewidths=1.3)
    zero = _zero(result)
    bar = figure.colorbar(filled, ax=axes, label=_value_label(zero), shrink=0.9)
    bar.ax.axhline(centre, color="0.15", lw=1.3)
    told = np.concatenate([below[::LABELLED], levels[len(below) :: LABELLED]])
    bar.set_ticks(told.tolist(), labels=_told_apart(told - zero))
    bar.ax.minorticks_off()


def _draw_arrows(axes: Axes, result: LandscapeResult, row: int, edge: Array) -> None:
    """Draw a direction to both sides, pointing the way that the eigenvalue's sign lets descent go, with its eigenvalue."""
    eigenvalue = float(result["eigenvalue"][row])
    style = "-|>" if eigenvalue else "-"
    for side in (-1, 1):
        near, far = (tuple(side * length * edge) for length in (0.07, ARROW))
        tail, head = (near, far) if eigenvalue < 0 else (far, near)
        arrow = {"arrowstyle": style, "color": "0.15", "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", head, tail, arrowprops=arrow, zorder=5)
    around = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    across: dict[str, Any] = {"ha": "left", "va": "center"} if edge[0] else {"ha": "center", "va": "bottom"}
    told = f"$\\lambda$ = {_number(eigenvalue)}"
    u, v = (ARROW + 0.04) * edge
    axes.text(u, v, told, fontsize=8, bbox=around, zorder=6, **across)


def _limits(value: Array, model: Array) -> tuple[float, float]:
    """Give an axis that has all of the value, and the model as far as it does not go much beyond."""
    value, model = value[np.isfinite(value)], model[np.isfinite(model)]
    if not value.size:
        return 0.0, 0.0
    low, high = float(value.min()), float(value.max())
    room = BEYOND * (high - low)
    low, high = max(min(low, *model), low - room), min(max(high, *model), high + room)
    return low - MARGIN * (high - low), high + MARGIN * (high - low)


def _colour(result: LandscapeResult, row: int) -> str:
    eigenvalue = float(result["eigenvalue"][row])
    if not np.isfinite(eigenvalue) or abs(eigenvalue) <= result.flatness:
        return FLAT
    return UP if eigenvalue > 0 else DOWN


def _words(result: LandscapeResult, row: int) -> str:
    """Name a direction by its place from the nearer end of the spectrum."""
    d, place = len(result["x"]), int(result["direction"][row]) % len(result["x"])
    from_end, word = (place, "lowest") if place < d - 1 - place else (d - 1 - place, "highest")
    if d == 1:
        return "only"
    return word if not from_end else f"{_ordinal(from_end + 1)} {word}"


def _ordinal(n: int) -> str:
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def _zero(result: LandscapeResult) -> float:
    """Give what values are drawn from: 0, or the point's value if some slice hardly differs from it."""
    change = np.fmax.reduce(np.abs(result["value"] - result.value), axis=1)
    return result.value if np.isfinite(change).any() and np.nanmin(change) < SLIGHT * abs(result.value) else 0.0


def _value_label(zero: float) -> str:
    return f"value {_signed('-' if zero > 0 else '+')} {abs(zero):.6g}" if zero else "value"


def _told_apart(values: Array) -> list[str]:
    """Write numbers with as few digits as tell them apart, three at least; rounding is 0."""
    values = np.where(np.abs(values) <= 1e-12 * np.abs(values).max(), 0.0, values)
    for digits in range(3, 15):
        told = [_signed(f"{each:.{digits}g}") for each in values]
        if len(set(told)) == len(told):
            break
    return told


def _signed(number: str) -> str:
    return number.replace("-", "\N{MINUS SIGN}")


def _number(value: float) -> str:
    """Write a number for a title, with a minus sign that is one."""
    if not np.isfinite(value):
        return "unknown"
    told, _, power = f"{value:.4g}".partition("e")
    told = _signed(told)
    return f"{told}$\\times 10^{{{int(power)}}}$" if power else told


def _headline(result: LandscapeResult) -> str:
    point, name = result.summary()["point"], name_of(result.experiment.objective)
    name = name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."
    given = result.experiment.point
    label = f"{given}: " if isinstance(given, str) else ""
    index = "" if point["index"] is None else f", index {point['index']}, nullity {point['nullity']}"
    kind = f"{point['kind']}, " if point["kind"] else ""
    told = f"{label}{kind}value {point['value']:.6g}, |gradient| {point['gradient_norm']:.2g}{index}"
    return f"{name}\n{told}"


def _explain(figure: Figure, result: LandscapeResult) -> None:
    """Say below what lines, marks and shades are."""
    handles: list[Any] = [
        Line2D([], [], color="0.35", lw=2, label="value"),
        Line2D([], [], color="black", lw=1, ls=DASHES, label="quadratic model"),
        Line2D([], [], color="black", ls="", marker="o", ms=4.5, label="the point"),
        *(
            [Line2D([], [], color="0.35", ls="", marker="v", ms=6, label="lowest on the slice")]
            if result.descends.any()
            else []
        ),
        Patch(color="0.35", alpha=0.15, lw=0, label="model right to 10 %"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3 if figure.get_figwidth() < 7 else len(handles))
