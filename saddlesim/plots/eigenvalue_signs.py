"""Eigenvalue signs: the probability of a minimum against n, the law of the index, its variance, spectra, free and at the wall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from saddlesim.experiments.signs.result import EigenvalueSignsResult
from saddlesim.plots.lines import MARKERS, line_style
from saddlesim.random_matrices.densities import wall_density, wall_length
from saddlesim.random_matrices.gaussian import GOE, GSE, GUE
from saddlesim.random_matrices.tridiagonal import BetaEnsemble

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

LN10 = math.log(10)
PANELS_IN_A_ROW = 3
MOST_PANELS = 6
N_POINTS = 600


def signs_figures(result: EigenvalueSignsResult) -> dict[str, Figure]:
    """Draw all that there is to draw, by name."""
    drawn = {"index": index_figure(result)}
    if len(result.experiment.dimensions) > 1:
        drawn |= {"minima": minima_figure(result), "variance": variance_figure(result)}
    free = [place for place in _largest(result) if len(result.spectra(*place))]
    if free:
        drawn["spectra"] = spectra_figure(result, free)
    at_wall = [place for place in _largest(result) if len(result.rows("positive", *place)["eigenvalue"])]
    if at_wall:
        drawn["wall"] = wall_figure(result, at_wall)
    return drawn


def minima_figure(result: EigenvalueSignsResult) -> Figure:
    """Draw log10 P(minimum) against n: counted, estimated as a rare event, exact (lines), for large n (dashed), and the coin."""
    asked = result.experiment
    figure = Figure(figsize=(8.4, 5.0))
    axes = figure.subplots()
    sizes = np.array(asked.dimensions)
    axes.plot(sizes, -sizes * math.log10(2), color="black", ls=":", lw=1.2, label="coin, 2$^{-n}$", zorder=1)
    for number, label in enumerate(asked.ensembles):
        colour, marker = line_style(number)["color"], MARKERS[number % len(MARKERS)]
        exact = [(n, logarithm / LN10) for n in asked.dimensions if (logarithm := result.laws[label, n][1]) is not None]
        if exact:
            axes.plot(*zip(*exact, strict=True), color=colour, lw=1.2)
        told = [(n, each / LN10) for n in asked.dimensions if (each := result.expansions[label, n][0]) is not None]
        if told:
            axes.plot(*zip(*told, strict=True), color=colour, ls="--", lw=0.9)
        _draw_counted(axes, result, label, colour, marker)
        _draw_rare(axes, result, label, colour)
    axes.set(xlabel="n", ylabel="log$_{10}$ P(all eigenvalues positive)", title="how rare a minimum is")
    axes.set_xticks(sizes if len(sizes) <= 12 else [*sizes[::2]])
    axes.plot([], [], color="grey", lw=1.2, label="exact law")
    axes.plot([], [], color="grey", ls="--", lw=0.9, label="for large n")
    axes.plot([], [], color="grey", marker=r"$\downarrow$", ls="", ms=8, label="none seen: below")
    if asked.n_rare_samples:
        axes.plot([], [], color="grey", marker="o", mfc="none", ls="", ms=9, label="rare-event estimate")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _draw_counted(axes: Axes, result: EigenvalueSignsResult, label: str, colour: str, marker: str) -> None:
    """Draw what was counted with its interval; an arrow down from the bound where none was seen."""
    seen = [n for n in result.experiment.dimensions if result.counts[label, n].of_kind("minimum")]
    estimates = [result.probability("minimum", label, n) for n in seen]
    values, lows, highs = (np.log10([each[part] for each in estimates]) for part in range(3))
    around = np.array([values - lows, highs - values]).reshape(2, -1)
    axes.errorbar(seen, values, around, color=colour, marker=marker, ms=4, ls="", capsize=2, label=label, zorder=3)
    unseen = [n for n in result.experiment.dimensions if n not in seen]
    bounds = [math.log10(result.probability("minimum", label, n).high) for n in unseen]
    axes.plot(unseen, bounds, color=colour, marker=r"$\downarrow$", ms=8, ls="", zorder=3)


def _draw_rare(axes: Axes, result: EigenvalueSignsResult, label: str, colour: str) -> None:
    told = [(n, each) for n in result.experiment.dimensions if (each := result.rare(label, n))]
    reached = [(n, each) for n, each in told if math.isfinite(each.log_low)]
    if not reached:
        return
    value, low, high = (
        np.array([getattr(each, name) / LN10 for _, each in reached])
        for name in ("log_probability", "log_low", "log_high")
    )
    sizes = [n for n, _ in reached]
    axes.errorbar(
        sizes, value, [value - low, high - value], color=colour, marker="o", mfc="none", ms=9, ls="", capsize=3
    )


def index_figure(result: EigenvalueSignsResult) -> Figure:
    """Draw for the largest size of each ensemble how often each index was seen, with the exact law over it."""
    places = _largest(result)
    figure, panels = _panels(len(places))
    for axes, (label, n), number in zip(panels, places, range(len(places)), strict=True):
        counts, law = result.counts[label, n], result.laws[label, n].distribution
        frequency = counts.of_index() / counts.n_samples
        relevant = np.flatnonzero(frequency if law is None else np.maximum(frequency, law * (law > 1e-6)))
        index = np.arange(relevant[0], relevant[-1] + 1)
        axes.bar(index, frequency[index], width=0.8, color=f"C{number % 8}", alpha=0.6, label="counted")
        if law is not None:
            axes.plot(index, law[index], color="black", marker="o", ms=3, lw=0.8, label="exact")
        axes.set(title=f"{label}, n = {n}", xlabel="index", ylabel="probability")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(fontsize="small")
    return figure


def variance_figure(result: EigenvalueSignsResult) -> Figure:
    """Draw the variance of the index against n, on a logarithmic axis where the Gaussian ensembles' is a line."""
    asked = result.experiment
    figure = Figure(figsize=(7.2, 4.4))
    axes = figure.subplots()
    for number, label in enumerate(asked.ensembles):
        colour, sizes = line_style(number)["color"], np.array(asked.dimensions)
        estimates = [result.counts[label, n].variance(asked.confidence_level) for n in asked.dimensions]
        value, low, high = (np.array([each[part] for each in estimates]) for part in range(3))
        marker = MARKERS[number % len(MARKERS)]
        axes.errorbar(sizes, value, [value - low, high - value], color=colour, marker=marker, ms=4, ls="", label=label)
        exact = [(n, moments[1]) for n in asked.dimensions if (moments := result.laws[label, n].moments)]
        if exact:
            axes.plot(*zip(*exact, strict=True), color=colour, marker="o", mfc="none", ms=9, ls="")
        told = [(n, each) for n in asked.dimensions if (each := result.expansions[label, n].variance_index) is not None]
        if told:
            axes.plot(*zip(*told, strict=True), color=colour, ls="--", lw=0.9)
    axes.plot([], [], color="grey", marker="o", mfc="none", ms=9, ls="", label="exact law")
    axes.plot([], [], color="grey", ls="--", lw=0.9, label="for large n")
    axes.set(
        xscale="log", xlabel="n", ylabel="variance of the index", title="eigenvalues repel: the index hardly varies"
    )
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def spectra_figure(result: EigenvalueSignsResult, places: Sequence[tuple[str, int]]) -> Figure:
    """Draw for the largest size of each ensemble the density of eigenvalues, and its limit for large n."""
    figure, panels = _panels(len(places))
    for axes, (label, n), number in zip(panels, places, range(len(places)), strict=True):
        eigenvalues = result.spectra(label, n).ravel()
        _draw_density(axes, eigenvalues, None, f"C{number % 8}")
        x = np.linspace(*axes.get_xlim(), N_POINTS)
        ensemble = result.experiment.ensemble(label, n)
        limit = ensemble.spectral_density(x) if hasattr(ensemble, "spectral_density") else None
        if limit is not None:
            axes.plot(x, limit, color="black", lw=1, label="for large n")
            axes.legend(fontsize="small")
        axes.axvline(0, color="grey", lw=0.8, ls=":")
        axes.set(title=f"{label}, n = {n}", xlabel="eigenvalue", ylabel="density")
    return figure


def wall_figure(result: EigenvalueSignsResult, places: Sequence[tuple[str, int]]) -> Figure:
    """Draw the density of eigenvalues given that all are positive: pushed against the wall at zero (Dean, Majumdar 2006)."""
    figure, panels = _panels(len(places))
    for axes, (label, n), number in zip(panels, places, range(len(places)), strict=True):
        spectra, weights = result.positive_spectra(label, n)
        highest = _draw_density(axes, spectra.ravel(), np.repeat(weights, n), f"C{number % 8}")
        ensemble = result.experiment.ensemble(label, n)
        if isinstance(ensemble, GOE | GUE | GSE | BetaEnsemble):
            x = np.linspace(0, 1.05 * wall_length(n), N_POINTS)[1:]
            axes.plot(x, wall_density(x, n), color="black", lw=1, label="all positive, large n")
            axes.plot(x, ensemble.spectral_density(x), color="black", lw=0.8, ls="--", label="free, large n")
            axes.legend(fontsize="small")
        axes.set(title=f"{label}, n = {n}, all positive", xlabel="eigenvalue", ylabel="density")
        axes.set_ylim(0, 1.1 * highest)
    return figure


def _draw_density(axes: Axes, values: Array, weights: Array | None, colour: str) -> float:
    """Draw a histogram, and give the height of its highest bar."""
    bins = min(60, max(12, round(math.sqrt(len(values)) / 2)))
    heights, _, _ = axes.hist(values, bins=bins, weights=weights, density=True, color=colour, alpha=0.6)
    return float(np.max(np.asarray(heights)))


def _largest(result: EigenvalueSignsResult) -> list[tuple[str, int]]:
    """Give the first ensembles, each at its largest size."""
    return [(label, max(result.experiment.dimensions)) for label in [*result.experiment.ensembles][:MOST_PANELS]]


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, PANELS_IN_A_ROW)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(3.6 * columns + 0.6, 3.2 * rows))
    panels = list(np.atleast_1d(figure.subplots(rows, columns)).ravel())
    for unused in panels[count:]:
        unused.remove()
    return figure, panels[:count]
