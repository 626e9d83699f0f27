"""Network index: index fraction against loss of what was accepted and what was refused; spectra; where walks ended."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from saddlesim.experiments.network_index.judging import FLAT, OUTCOMES
from saddlesim.experiments.network_index.result import Ends, NetworkIndexByLossResult
from saddlesim.plots.lines import MARKERS

Array = NDArray[np.float64]

MAP = ListedColormap(colormaps["viridis"](np.linspace(0, 0.9, 256)))  # without the yellow that white swallows
FAR_ABOVE = 1.3  # of the highest accepted loss, beyond which refused ends are left out of the picture and counted
LEAST_FLATNESS = 1e-12  # shown
LEAST_EXCESS = 1e-12  # of the gradient, shown


def index_figure(result: NetworkIndexByLossResult) -> Figure:
    """Draw the index fraction against the loss: distinct critical points by their error, and beside them what was refused."""
    figure = Figure(figsize=(10.4, 4.4))
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    found, refused = result.accepted, result.refused
    _draw_accepted(figure, left, found)
    shown = refused.those(refused.value <= _highest(result))
    flatness = np.maximum(shown.flatness, LEAST_FLATNESS)
    right.scatter(
        found.value, found.index_fraction, s=6, color="black", lw=0, zorder=3, label="critical points, as on the left"
    )
    lowest = min(float(np.min(flatness, initial=1.0)), FLAT / 10)  # so that what is flat has its place on the bar
    norm = Normalize(np.floor(np.log10(lowest)), 0)
    colours = MAP(norm(np.log10(flatness)))
    right.scatter(shown.value, shown.index_fraction, s=24, facecolors="none", edgecolors=colours, lw=1.0)
    bar = figure.colorbar(
        _scale(norm),
        ax=right,
        label=rf"$\log_{{10}}\,|Hg| / (|H||g|)$; below ${np.log10(FLAT):.0f}$ the gradient is flat",
    )
    bar.ax.axhline(np.log10(FLAT), color="white", lw=1.2)
    left.set_title(_lines(f"{len(found)} critical points", _rho(result.correlation(found))))
    left.set_ylabel("index / number of weights")
    n_hidden = len(refused) - len(shown) + int((result["outcome"] == OUTCOMES.index("lost")).sum())
    n_flat = int((result["outcome"] == OUTCOMES.index("gradient_flat")).sum())
    right.set_title(_lines(f"{len(refused)} refused, {n_flat} of them flat", _rho(result.correlation(refused))))
    handles = [right.collections[0], Line2D([], [], ls="", marker="o", mfc="none", color="grey", ms=5, label="refused")]
    figure.legend(handles=handles, loc="outside lower right", ncols=2)
    left.set_xlabel("loss, weight decay included")
    not_shown = f"{n_hidden} not shown: farther right, or lost" if n_hidden else ""
    right.set_xlabel(_lines("loss, weight decay included", not_shown))
    return figure


def spectrum_figure(result: NetworkIndexByLossResult) -> Figure:
    """Draw the spectra of all critical points, coloured by loss, and how far each walk's end is from being critical."""
    figure = Figure(figsize=(10.4, 4.4))
    left, right = figure.subplots(1, 2)
    _draw_spectra(figure, left, result.accepted)
    _draw_ends(figure, right, result)
    return figure


def _draw_accepted(figure: Figure, axes: Axes, found: Ends) -> None:
    has_error = bool(np.isfinite(found.error).any())
    colours: Any = found.error if has_error else "C0"
    drawn = axes.scatter(found.value, found.index_fraction, c=colours, cmap=MAP if has_error else None, s=24, lw=0)
    if has_error:
        figure.colorbar(drawn, ax=axes, label="fraction of samples misclassified")


def _draw_spectra(figure: Figure, axes: Axes, found: Ends) -> None:
    """Draw each spectrum against its rank: it crosses zero at the index fraction."""
    axes.set(title="spectra of the critical points", xlabel="rank / number of weights", ylabel=r"eigenvalue $\lambda$")
    if not len(found):
        return
    norm = Normalize(found.value.min(), found.value.max())
    rank = (np.arange(found.eigenvalues.shape[1]) + 0.5) / found.eigenvalues.shape[1]
    order = np.argsort(-found.value, kind="stable")
    for spectrum, value in zip(found.eigenvalues[order], found.value[order], strict=True):
        axes.plot(rank, spectrum, lw=0.7, alpha=0.8, color=MAP(norm(value)))
    axes.set_yscale("symlog", linthresh=float(np.median(np.abs(found.eigenvalues))), linscale=0.7)
    axes.axhline(0, color="0.2", lw=0.8)
    figure.colorbar(_scale(norm), ax=axes, label="loss")


def _draw_ends(figure: Figure, axes: Axes, result: NetworkIndexByLossResult) -> None:
    """Draw flatness against the gradient in units of what is allowed, by method; accepted filled, refused hollow."""
    outcome = result["outcome"]
    for place, method in enumerate(result.experiment.methods):
        excess = np.maximum(result["gradient_excess"][place], LEAST_EXCESS)
        flatness = np.maximum(result["flatness"][place], LEAST_FLATNESS)
        accepted = outcome[place] == OUTCOMES.index("accepted")
        style: dict[str, Any] = {"ls": "", "marker": MARKERS[place], "color": f"C{place}", "ms": 4.5}
        axes.plot(excess[accepted], flatness[accepted], mew=0, label=method.replace("_", " "), **style)
        axes.plot(excess[~accepted], flatness[~accepted], mfc="none", **style)
    axes.axvline(1, color="0.2", lw=0.8)
    axes.axhline(FLAT, color="0.2", lw=0.8, ls="--")
    axes.set(xscale="log", yscale="log", title="where walks ended")
    axes.set(xlabel="|gradient| over what is allowed", ylabel=r"$|Hg| / (|H||g|)$; dashed: flat below")
    keys: list[Any] = [*axes.get_legend_handles_labels()[0]]
    grey: dict[str, Any] = {"ls": "", "marker": "o", "color": "grey", "ms": 4.5}
    keys += [Line2D([], [], label="accepted", mew=0, **grey), Line2D([], [], label="refused", mfc="none", **grey)]
    figure.legend(handles=keys, loc="outside lower right", ncols=len(keys))


def _highest(result: NetworkIndexByLossResult) -> float:
    values = result.accepted.value if len(result.accepted) else result.refused.value
    return FAR_ABOVE * float(values.max(initial=0.0))


def _rho(correlation: Any) -> str:
    return (
        f"rank correlation {correlation.value:.3f} [{correlation.low:.3f}, {correlation.high:.3f}]"
        if correlation
        else ""
    )


def _lines(*told: str) -> str:
    return "\n".join(each for each in told if each)


def _scale(norm: Normalize) -> Any:
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(norm, MAP)
