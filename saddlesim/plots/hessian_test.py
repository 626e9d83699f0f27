"""Hessian test: f along each eigenvector of its Hessian against the quadratic model, and a bare quadratic form, as pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from saddlesim.analysis import LocalAnalysis, analyse, coordinates
from saddlesim.objectives import Objective
from saddlesim.plots.landscape import Plane, draw_landscape
from saddlesim.plots.objective import COLOURS as KIND_COLOURS
from saddlesim.plots.objective import _domain, _names, _shortened
from saddlesim.spectrum import Spectrum, classify, eigensystem, rounding_rtol

Array = NDArray[np.float64]

COLOURS = {1: KIND_COLOURS["minimum"], -1: KIND_COLOURS["saddle"], 0: KIND_COLOURS["degenerate"]}
WORDS = {1: " > 0: curves up", -1: " < 0: curves down", 0: ": flat to second order"}
MOST_PANELS = 6
PARTED = 0.5  # of the model's own range: how far f has parted from it at the ends of a panel
N_POINTS = 201
DASHES = (0, (4, 3))
N_HALVINGS = 40
ARROW = 0.62  # of the half-width of a map


def hessian_test_figure(objective: Objective, x: ArrayLike) -> Figure:
    """Draw f along each eigenvector of the Hessian at x, (d,), against the quadratic model f + t grad f . v + lambda t^2 / 2.

    Each panel is as wide as f and the model can be told apart in it and both be seen. For d = 2 a map shows the
    eigenvectors as arrows: outward along a negative eigenvalue, inward along a positive one, as descent goes. Of more than
    six eigenvalues the three lowest and the three highest are drawn.

    Raises
    ------
    ValueError
        If the objective or a derivative is not finite there.
    """
    found = analyse(objective, x)
    spectrum = (
        found.spectrum if found.is_critical else classify(found.spectrum.eigenvalues)
    )  # no location to be in error
    vectors, signs = _oriented(found.eigenvectors), _signs(spectrum)
    slopes = np.zeros(len(vectors)) if found.is_critical else vectors.T @ objective.gradient(found.x)
    reach = 0.5 * float(np.ptp(_domain(objective), axis=1).min())
    figure, panels, plan = _layout(spectrum)
    widest = 0.0
    for axes, place in zip(panels, _shown(len(vectors)), strict=True):
        slope, curvature = float(slopes[place]), float(spectrum.eigenvalues[place])
        section = _section(objective, found, vectors[:, place])
        width = _width(section, slope, curvature if signs[place] else 0.0, reach)
        widest = max(widest, width)
        t = np.linspace(-width, width, N_POINTS)
        axes.plot(t, section(t), color=COLOURS[signs[place]], lw=2)
        axes.plot(t, slope * t + curvature * t * t / 2, color="black", lw=1, ls=DASHES)
        _describe(axes, place, curvature, vectors[:, place], signs[place])
    panels[0].set_ylabel("f(x + t v) - f(x)")
    if plan is not None:
        window = found.x[:, None] + widest * np.array([[-1.0, 1.0]] * 2)
        first, second = _names(objective)
        draw_landscape(plan, objective, Plane(np.zeros(2), np.eye(2), window, (first, second)))
        _arrows(plan, found.x, widest, signs, vectors)
        told = "arrows: the way down" if found.is_critical else "arrows: the way down by curvature alone"
        plan.set_title(told, fontsize=8, weight="normal")
    _legend(figure, signs, "f", "its quadratic model")
    where = f"{_shortened(str(objective))} at {_position(found.x)}, f = {found.value:.6g}"
    verdict = _kind(spectrum) if found.is_critical else f"no critical point, |gradient| = {found.gradient_norm:.3g}"
    figure.suptitle(f"{where}: {verdict}{_left_out(len(vectors))}", fontsize=9)
    return figure


def quadratic_form_figure(hessian: ArrayLike) -> Figure:
    """Draw the quadratic form of a symmetric matrix, (d, d), along each of its unit eigenvectors: q(t) = lambda t^2 / 2.

    For d = 2 a map shows x . H x / 2 with the eigenvectors as arrows, as `hessian_test_figure` has them.

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and finite.
    """
    matrix = np.array(hessian, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"a Hessian is square; this has shape {matrix.shape}")
    rounding = rounding_rtol(len(matrix)) * np.abs(matrix).max()
    if not np.isfinite(matrix).all() or np.abs(matrix - matrix.T).max() > rounding:
        raise ValueError("a Hessian is symmetric and finite; this is not")
    values, vectors = eigensystem(matrix)
    spectrum, vectors = classify(values), _oriented(vectors)
    signs = _signs(spectrum)
    figure, panels, plan = _layout(spectrum)
    t = np.linspace(-1, 1, N_POINTS)
    for axes, place in zip(panels, _shown(len(values)), strict=True):
        if axes is not panels[0]:
            axes.sharey(panels[0])
        axes.plot(t, values[place] * t * t / 2, color=COLOURS[signs[place]], lw=2)
        _describe(axes, place, float(values[place]), vectors[:, place], signs[place])
    panels[0].set_ylabel(r"q(t v) = $\lambda t^2 / 2$")
    if plan is not None:
        window = np.array([[-1.0, 1.0]] * 2)
        draw_landscape(plan, _Form(matrix), Plane(np.zeros(2), np.eye(2), window, ("$x_1$", "$x_2$")))
        _arrows(plan, np.zeros(2), 1.0, signs, vectors)
        plan.set_title("x . H x / 2; arrows: the way down", fontsize=8, weight="normal")
    _legend(figure, signs, "q", "")
    inertia = tuple(map(int, spectrum.inertia))
    figure.suptitle(f"inertia {inertia}: {_kind(spectrum)}{_left_out(len(values))}", fontsize=9)
    return figure


class _Form:
    """x . H x / 2, as an objective."""

    def __init__(self, matrix: Array) -> None:
        self.matrix = matrix

    def value(self, x: Array) -> Array:
        return np.asarray(np.sum(x * self.gradient(x), axis=0) / 2)

    def gradient(self, x: Array) -> Array:
        return np.tensordot(self.matrix, x, axes=1)

    def hessian(self, x: Array) -> Array:
        return np.broadcast_to(self.matrix.reshape(*self.matrix.shape, *(1,) * (x.ndim - 1)), (len(x), *x.shape))


def _layout(spectrum: Spectrum) -> tuple[Figure, list[Axes], Axes | None]:
    """Give a figure, a panel for each eigenvalue that is shown, and for d = 2 a square for a map beside them."""
    d = len(spectrum.eigenvalues)
    count = min(d, MOST_PANELS) + (d == 2)
    columns = 2 if count == 4 else min(count, 3)
    rows = -(-count // columns)
    figure = Figure(figsize=(max(5.2, 1.2 + 3.1 * columns), 0.8 + 2.7 * rows))
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[d == 2 : count], panels[0] if d == 2 else None


def _shown(d: int) -> list[int]:
    """Give the places of the eigenvalues that get a panel."""
    half = MOST_PANELS // 2
    return list(range(d)) if d <= MOST_PANELS else [*range(half), *range(d - half, d)]


def _section(objective: Objective, found: LocalAnalysis, direction: Array) -> Callable[[Array], Array]:
    """Give t -> f(x + t v) - f(x), nan where f is not finite."""

    def along(t: Array) -> Array:
        shape = (-1, *(1,) * t.ndim)
        with np.errstate(all="ignore"):
            value = objective.value(found.x.reshape(shape) + t * direction.reshape(shape)) - found.value
        return np.where(np.isfinite(value), value, np.nan)

    return along


def _width(section: Callable[[Array], Array], slope: float, curvature: float, reach: float) -> float:
    """Give the largest half-width at which f has parted from its model by no more than a share of what the model spans.

    Where the model is flat nothing can be compared, and half of the reach serves.
    """
    widths = reach * 2.0 ** (-0.5 * np.arange(N_HALVINGS))
    t = widths[:, None] * np.linspace(-1, 1, 41)
    model = slope * t + curvature * t * t / 2
    parted = np.abs(section(t) - model).max(axis=1)
    fits = parted <= PARTED * np.abs(model).max(axis=1) if model.any() else (widths <= reach / 2) & np.isfinite(parted)
    return float(widths[fits.argmax()] if fits.any() else widths[-1])


def _describe(axes: Axes, place: int, curvature: float, direction: Array, sign: int) -> None:
    told = f"$\\lambda_{{{place + 1}}}$ = {curvature:.5g}{WORDS[sign]}"
    axes.set_title(told, fontsize=8, color=COLOURS[sign])
    along = f"v = {coordinates(direction)}" if len(direction) <= 3 else f"$v_{{{place + 1}}}$"
    axes.set_xlabel(f"t along {along}", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _arrows(axes: Axes, x: Array, half: float, signs: Sequence[int], vectors: Array) -> None:
    """Draw the eigenvectors through x, pointing the way that descent goes."""
    around = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
    for place, sign in enumerate(signs):
        arrow = {"arrowstyle": "-|>" if sign else "-", "color": COLOURS[sign], "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
        for side in (-1, 1):
            near, far = (tuple(x + side * length * half * vectors[:, place]) for length in (0.1, ARROW))
            tail, head = (near, far) if sign < 0 else (far, near)
            axes.annotate("", head, tail, arrowprops=arrow, zorder=5)
        u, v = x + (ARROW + 0.14) * half * vectors[:, place]
        style: dict[str, Any] = {"ha": "center", "va": "center", "color": COLOURS[sign], "bbox": around}
        axes.text(u, v, f"$\\lambda_{{{place + 1}}}$", fontsize=9, zorder=6, **style)
    axes.plot(*x, "o", color="black", ms=3, zorder=6)


def _oriented(vectors: Array) -> Array:
    """Turn eigenvectors, in columns, so that the largest component is positive."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return np.asarray(vectors * np.sign(largest))


def _signs(spectrum: Spectrum) -> list[int]:
    """Give -1, 0 or 1 for each eigenvalue, as spectrum counts them."""
    negative, zero, positive = map(int, spectrum.inertia)
    return [-1] * negative + [0] * zero + [1] * positive


def _kind(spectrum: Spectrum) -> str:
    kind, index, nullity = str(spectrum.kind), int(spectrum.index), int(spectrum.nullity)
    if kind == "degenerate":
        return f"degenerate, nullity {nullity}: the signs do not decide"
    return kind if kind != "saddle" else f"saddle of index {index}" + f", nullity {nullity}" * bool(nullity)


def _position(x: Array) -> str:
    return coordinates(x) if len(x) <= 6 else f"{coordinates(x[:6])[:-1]}, ...]"


def _left_out(d: int) -> str:
    left = d - MOST_PANELS
    return f"\nthe three lowest and the three highest of {d} eigenvalues; {left} left out" if left > 0 else ""


def _legend(figure: Figure, signs: Sequence[int], curve: str, model: str) -> None:
    shown = sorted({signs[place] for place in _shown(len(signs))})
    told = {-1: r"$\lambda < 0$", 0: r"$\lambda = 0$", 1: r"$\lambda > 0$"}
    handles = [Line2D([], [], color=COLOURS[sign], lw=2, label=f"{curve} where {told[sign]}") for sign in shown]
    if model:
        handles.append(Line2D([], [], color="black", lw=1, ls=DASHES, label=model))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
