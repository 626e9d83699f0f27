"""Training: loss, gradient, ends of the Hessian's spectrum and its index along runs, plateaus shaded by what they are near."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from saddlesim.experiments import TrainingResult
from saddlesim.experiments.training.approaches import PLACES

Array = NDArray[np.float64]

SHADES = {"saddle": "C4", "minimum": "C2", "degenerate": "C5"}  # of plateaus; grey near no critical point
OTHER = "0.6"
POINT = {"saddle": "", "minimum": "", "degenerate": " critical point"}
FAINT: dict[str, Any] = {"lw": 0.7, "alpha": 0.35}  # of all runs but the first
LINE = "0.15"  # of what is not an eigenvalue
MARGIN = 0.06  # of an axis
SMALLEST_SHOWN = 1e-3  # of the largest eigenvalue, below which the axis is linear
WIDE = 30  # ratio of eigenvalues, above which it is symmetric logarithmic
ROWS = ("loss", "|gradient|", r"eigenvalues $\lambda$", "index / d")


def training_figure(result: TrainingResult) -> Figure:
    """Draw a column for each optimizer: the first run, its plateaus shaded, and the others faintly behind it."""
    labels = list(result.experiment.optimizers)
    figure = Figure(figsize=(max(5.6, 3.6 * len(labels) + 0.6), 8.0))
    panels = figure.subplots(len(ROWS), len(labels), squeeze=False, sharex=True, sharey="row")
    for o, label in enumerate(labels):
        loss, gradient, spectrum, index = panels[:, o]
        _draw_lines(loss, result["record_step"], result["loss"][o], LINE)
        loss.plot(result["record_step"], result["error"][o, :, 0], ":", color="C7")
        _draw_lines(gradient, result["record_step"], result["gradient_norm"][o], LINE)
        _draw_ends(spectrum, result, o)
        _draw_index(index, result, o)
        for axes in panels[:, o]:
            _shade(axes, result, o)
        loss.set_title(label)
        index.set(xlabel="step", xlim=(0, result.experiment.n_steps))
    figure.get_layout_engine().set(wspace=0.05)  # type: ignore[union-attr, call-arg]
    for axes, name in zip(panels[:, 0], ROWS, strict=True):
        axes.set_ylabel(name)
    _scale(panels, result)
    _explain(figure, result)
    return figure


def _draw_lines(axes: Axes, steps: NDArray[np.int64], values: Array, color: str) -> None:
    """Draw a line for each run of values (R, B), the first on top."""
    axes.plot(steps, values[:, 1:], color=color, **FAINT)
    axes.plot(steps, values[:, 0], color=color)


def _draw_ends(axes: Axes, result: TrainingResult, o: int) -> None:
    _draw_lines(axes, result["curvature_step"], result["highest_eigenvalue"][o], "C0")
    _draw_lines(axes, result["curvature_step"], result["lowest_eigenvalue"][o], "C1")
    axes.axhline(0, color="0.2", lw=0.8)


def _draw_index(axes: Axes, result: TrainingResult, o: int) -> None:
    """Draw the index along the runs, with its interval where it is an estimate, and that of the points near plateaus."""
    d, steps = result["final_x"].shape[-1], result["curvature_step"]
    low, high = (result[f"index_{end}"][o, :, 0] / d for end in ("low", "high"))
    axes.fill_between(steps, low, high, color=LINE, alpha=0.2, lw=0)
    _draw_lines(axes, steps, result["index"][o] / d, LINE)
    critical = result.exists[o, 0] & np.isin(result["place"][o, 0], [PLACES.index(name) for name in SHADES])
    if critical.any():  # an empty line that is not clipped has no extent, at which the layout gives up
        steps, index = result["flattest_step"][o, 0][critical], result["found_index"][o, 0][critical]
        axes.plot(steps, index / d, "D", color="C3", ms=5, clip_on=False, zorder=5)


def _shade(axes: Axes, result: TrainingResult, o: int) -> None:
    """Shade the plateaus of the first run."""
    for p in np.flatnonzero(result.exists[o, 0]):
        first, last = (int(result[name][o, 0, p]) for name in ("first_step", "last_step"))
        color = SHADES.get(PLACES[int(result["place"][o, 0, p])], OTHER)
        axes.axvspan(first, last, color=color, alpha=0.25, lw=0, zorder=0)


def _scale(panels: Any, result: TrainingResult) -> None:
    if (result["gradient_norm"] > 0).any():
        panels[1, 0].set_yscale("log")
    else:
        panels[1, 0].set(ylim=(-MARGIN, 1), yticks=[0])
    if (result["loss"] > 0).all() and np.ptp(np.log10(result["loss"][np.isfinite(result["loss"])])) > 2:
        panels[0, 0].set_yscale("log")
    ends = np.abs([result["lowest_eigenvalue"], result["highest_eigenvalue"]])
    ends = ends[np.isfinite(ends) & (ends > 0)]
    if ends.size and ends.max() > WIDE * ends.min():
        linear = max(float(np.quantile(ends, 0.25)), SMALLEST_SHOWN * float(ends.max()))
        panels[2, 0].set_yscale("symlog", linthresh=10 ** np.floor(np.log10(linear)), linscale=0.9)
    panels[2, 0].margins(y=MARGIN)
    d = result["final_x"].shape[-1]
    highest = max(1 / d, *(float(np.nanmax(result[name], initial=0)) / d for name in ("index", "index_high")))
    panels[3, 0].set_ylim(-MARGIN * highest, (1 + MARGIN) * highest)


def _explain(figure: Figure, result: TrainingResult) -> None:
    """Say below what lines, shades and diamonds are."""
    shown = {PLACES[int(each)] for each in result["place"][:, 0][result.exists[:, 0]]}
    has_error = np.isfinite(result["error"]).any()
    handles: list[Any] = [
        *([Line2D([], [], ls=":", color="C7", label="fraction of samples misclassified")] if has_error else []),
        *([Line2D([], [], color=LINE, **FAINT, label="other runs")] if result["loss"].shape[-1] > 1 else []),
        Line2D([], [], color="C0", label="highest eigenvalue"),
        Line2D([], [], color="C1", label="lowest eigenvalue"),
        *(
            Patch(color=c, alpha=0.25, lw=0, label=f"plateau near a {name}{POINT[name]}")
            for name, c in SHADES.items()
            if name in shown
        ),
    ]
    if shown - SHADES.keys():
        told = ", ".join(sorted(each.replace("_", " ") for each in shown - SHADES.keys()))
        handles.append(Patch(color=OTHER, alpha=0.25, lw=0, label=f"near none found: {told}"))
    if shown & SHADES.keys():
        handles.append(Line2D([], [], color="C3", ls="", marker="D", ms=5, label="index of the critical point near it"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
