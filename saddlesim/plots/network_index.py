"""Network index: index fraction against loss of what was accepted and what was refused; spectra; where walks ended."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from saddlesim.experiments.network_index.judging import FLAT, OUTCOMES
from saddlesim.experiments.network_index.result import Ends, NetworkIndexByLossResult
from saddlesim.plots.lines import MARKERS

Array = NDArray[np.float64]

MAP = ListedColormap(colormaps["viridis"](np.linspace(0, 0.9, 256)))  # without the yellow that white swallows
FAR_ABOVE = 1.3  # of the highest accepted loss, beyond which refused ends are left out of the picture and counted
LEAST_FLATNESS = 1e-12  # shown


def index_figure(result: NetworkIndexByLossResult) -> Figure:
    """Draw the index fraction against the loss: distinct critical points by their error, and beside them what was refused."""
    figure = Figure(figsize=(10.4, 4.4))
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    found, refused = result.accepted, result.refused
    _draw_accepted(figure, left, found)
    shown = refused.those(refused.value <= _highest(result))
    flatness = np.maximum(shown.flatness, LEAST_FLATNESS)
    right.scatter(found.value, found.index_fraction, s=7, color="0.8", lw=0, label="critical points, as on the left")
    norm = Normalize(np.log10(LEAST_FLATNESS), 0)
    colours = MAP(norm(np.log10(flatness)))
    right.scatter(shown.value, shown.index_fraction, s=24, facecolors="none", edgecolors=colours, lw=1.0)
    bar = figure.colorbar(
        _scale(norm), ax=right, label=r"$\log_{10}\,|Hg| / (|H||g|)$; below $-3$ the gradient is flat"
    )
    bar.ax.axhline(np.log10(FLAT), color="white", lw=1.2)
    left.set(title=f"{len(found)} critical points{_rho(result.correlation(found))}", ylabel="index / number of weights")
    n_hidden = len(refused) - len(shown) + int((result["outcome"] == OUTCOMES.index("lost")).sum())
    n_flat = int((result["outcome"] == OUTCOMES.index("gradient_flat")).sum())
    right.set_title(f"{len(refused)} refused, {n_flat} of them flat{_rho(result.correlation(refused))}")
    if n_hidden:
        told = f"{n_hidden} more lie farther right or were lost"
        right.annotate(told, (0.98, 0.02), xycoords="axes fraction", ha="right", fontsize=8)
    right.legend(loc="upper left")
    for axes in (left, right):
        axes.set(xlabel="loss, weight decay included")
    return figure


def spectrum_figure(result: NetworkIndexByLossResult) -> Figure:
    """Draw the spectra of all critical points, coloured by loss, and how far each walk's end is from being critical."""
    figure = Figure(figsize=(10.4, 4.4))
    left, right = figure.subplots(1, 2)
    _draw_spectra(figure, left, result.accepted)
    _draw_ends(right, result)
    return figure


def _draw_accepted(figure: Figure, axes: Axes, found: Ends) -> None:
    has_error = bool(np.isfinite(found.error).any())
    colours: Any = found.error if has_error else "C0"
    drawn = axes.scatter(found.value, found.index_fraction, c=colours, cmap=MAP if has_error else None, s=24, lw=0)
    if has_error:
        figure.colorbar(drawn, ax=axes, label="samples misclassified")


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


def _draw_ends(axes: Axes, result: NetworkIndexByLossResult) -> None:
    """Draw flatness against the gradient in units of what is allowed, by method; accepted filled, refused hollow."""
    outcome, tiny = result["outcome"], np.finfo(np.float64).tiny
    for place, method in enumerate(result.experiment.methods):
        excess, flatness = result["gradient_excess"][place], np.maximum(result["flatness"][place], LEAST_FLATNESS)
        accepted = outcome[place] == OUTCOMES.index("accepted")
        style: dict[str, Any] = {"ls": "", "marker": MARKERS[place], "color": f"C{place}", "ms": 4.5}
        axes.plot(
            np.maximum(excess, tiny)[accepted], flatness[accepted], mew=0, label=method.replace("_", " "), **style
        )
        axes.plot(excess[~accepted], flatness[~accepted], mfc="none", **style)
    axes.axvline(1, color="0.2", lw=0.8)
    axes.axhline(FLAT, color="0.2", lw=0.8, ls="--")
    axes.set(xscale="log", yscale="log", title="where walks ended: filled accepted, hollow refused")
    axes.set(xlabel="|gradient| over what is allowed", ylabel=r"$|Hg| / (|H||g|)$; dashed: flat below")
    axes.legend(loc="lower left")


def _highest(result: NetworkIndexByLossResult) -> float:
    values = result.accepted.value if len(result.accepted) else result.refused.value
    return FAR_ABOVE * float(values.max(initial=0.0))


def _rho(correlation: Any) -> str:
    return rf", $\rho$ = {correlation.value:.3f} [{correlation.low:.3f}, {correlation.high:.3f}]" if correlation else ""


def _scale(norm: Normalize) -> Any:
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(norm, MAP)
