"""Eigenvalue signs: the probability of a minimum against n, the law of the index, its variance, spectra, free and at the wall."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from saddlesim.experiments.signs.counts import proportion
from saddlesim.experiments.signs.result import EigenvalueSignsResult
from saddlesim.plots.lines import BELOW, N_COLOURS, marker_style
from saddlesim.random_matrices.densities import wall_density, wall_length
from saddlesim.random_matrices.gaussian import GOE, GSE, GUE
from saddlesim.random_matrices.rare import RareEstimate
from saddlesim.random_matrices.tridiagonal import BetaEnsemble

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

LN10 = math.log(10)
PANELS_IN_A_ROW = 3
FEW_PANELS = 6  # beyond which a row has one more
N_POINTS = 600
BAR = 0.8  # width of the bar of an index
FEWEST_INDICES = 3  # for which there is room
LEAST_SHOWN = 1e-6  # exact probability of an index that was not seen
FAR = -30.0  # log10 P, below which axes are logarithmic
CLOSEST_LABELS = 0.03  # of the axis of n
FARTHEST_BOUND, BOUNDS_WIDTH = 7.0, 34.0  # points between two arrows; from the first to beyond the last

COUNTED: dict[str, Any] = {"ls": "", "ms": 4, "lw": 1.2, "capsize": 2, "zorder": 3}
EXACT: dict[str, Any] = {"ls": "-", "lw": 3, "alpha": 0.35, "marker": "o", "ms": 7, "mew": 0, "zorder": 1.5}
LARGE: dict[str, Any] = {"ls": "--", "lw": 1, "zorder": 2}
RING: dict[str, Any] = {"color": "grey", "ls": "", "marker": "o", "mfc": "none", "ms": 9}
BOUND: dict[str, Any] = {"ls": "", "marker": BELOW, "ms": 18, "mfc": "none", "mew": 1.2}


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
    """Draw log10 P(minimum) against n: counted, estimated as a rare event, exact, for large n, and the coin.

    Both axes are logarithmic where probabilities lie many orders of magnitude apart: a power of n is then a line.
    """
    asked = result.experiment
    figure = Figure(figsize=(8.4, 5.0))
    axes = figure.subplots()
    sizes = np.array(asked.dimensions)
    exact, expanded = _logarithms(result)
    rare = {label: _reached(result, label) for label in asked.ensembles}
    told = [
        *exact.values(),
        *expanded.values(),
        *({n: each.log_low / LN10 for n, each in r.items()} for r in rare.values()),
    ]
    if min((value for each in told for value in each.values()), default=0.0) < FAR:
        axes.set_yscale("symlog", linthresh=0.1, linscale=0.5, subs=range(2, 10))
        axes.set_xscale("log")
    axes.plot(sizes, -sizes * math.log10(2), color="black", ls=":", lw=1.2, zorder=1)
    unseen: dict[str, list[int]] = {}
    for number, label in enumerate(asked.ensembles):
        style = marker_style(number)
        _draw_laws(axes, exact[label], expanded[label], style["color"])
        unseen[label] = _draw_counted(axes, result, label, style)
        _draw_rare(axes, rare[label], style["color"])
    _draw_bounds(axes, result, {label: each for label, each in unseen.items() if each})
    axes.set(xlabel="dimension n", ylabel="log$_{10}$ P(all eigenvalues positive)", title="how rare a minimum is")
    _label_sizes(axes, sizes)
    keys = [
        *_law_keys(any(exact.values()), any(expanded.values())),
        *([Line2D([], [], label="rare-event estimate", **RING)] if any(rare.values()) else []),
        Line2D([], [], color="black", ls=":", lw=1.2, label="coin, 2$^{-n}$"),
        *([Line2D([], [], color="grey", label="none seen: below", **BOUND)] if any(unseen.values()) else []),
    ]
    axes.legend(handles=[*_ensemble_keys(result), *keys], loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def index_figure(result: EigenvalueSignsResult) -> Figure:
    """Draw for the largest size of each ensemble how often each index was seen, with its interval and the exact law."""
    places = _largest(result)
    figure, panels = _panels(len(places))
    for axes, place, number in zip(panels, places, range(len(places)), strict=True):
        _draw_index(axes, result, place, f"C{number % N_COLOURS}")
    has_law = any(result.laws[place].distribution is not None for place in places)
    keys: list[Artist] = [Patch(color="grey", alpha=0.6, label="counted, with its interval")]
    keys += [Line2D([], [], color="black", lw=1.4, label="exact law")] if has_law else []
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure


def variance_figure(result: EigenvalueSignsResult) -> Figure:
    """Draw the variance of the index against n, on a logarithmic axis where the Gaussian ensembles' is a line."""
    asked = result.experiment
    figure = Figure(figsize=(7.2, 4.4))
    axes = figure.subplots()
    axes.set_xscale("log")
    exact, expanded = {}, {}
    for number, label in enumerate(asked.ensembles):
        style = marker_style(number)
        exact[label] = {n: moments[1] for n in asked.dimensions if (moments := result.laws[label, n].moments)}
        large = {n: result.expansions[label, n].variance_index for n in asked.dimensions}
        expanded[label] = {n: each for n, each in large.items() if each is not None}
        _draw_laws(axes, exact[label], expanded[label], style["color"])
        estimates = [result.counts[label, n].variance(asked.confidence_level) for n in asked.dimensions]
        value, low, high = (np.array([each[part] for each in estimates]) for part in range(3))
        axes.errorbar(asked.dimensions, value, [value - low, high - value], **COUNTED, **style)
    axes.set(xlabel="dimension n", ylabel="variance of the index", title="how much the index varies")
    _label_sizes(axes, np.array(asked.dimensions))
    keys = _law_keys(any(exact.values()), any(expanded.values()))
    axes.legend(handles=[*_ensemble_keys(result), *keys], loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def spectra_figure(result: EigenvalueSignsResult, places: Sequence[tuple[str, int]]) -> Figure:
    """Draw for the largest size of each ensemble the density of eigenvalues, and its limit for large n."""
    figure, panels = _panels(len(places))
    limits = []
    for axes, (label, n), number in zip(panels, places, range(len(places)), strict=True):
        eigenvalues = result.spectra(label, n).ravel()
        _draw_density(axes, eigenvalues, None, f"C{number % N_COLOURS}")
        x = np.linspace(*axes.get_xlim(), N_POINTS)
        ensemble = result.experiment.ensemble(label, n)
        limit = ensemble.spectral_density(x) if hasattr(ensemble, "spectral_density") else None
        if limit is not None:
            limits += axes.plot(x, limit, color="black", lw=1, label="for large n")
        axes.axvline(0, color="grey", lw=0.8, ls=":")
        axes.set(title=f"{label}, n = {n}", xlabel="eigenvalue", ylabel="density")
    keys = [Patch(color="grey", alpha=0.6, label="drawn"), *limits[:1]]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure


def wall_figure(result: EigenvalueSignsResult, places: Sequence[tuple[str, int]]) -> Figure:
    """Draw the density of eigenvalues given that all are positive: pushed against the wall at zero (Dean, Majumdar 2006)."""
    figure, panels = _panels(len(places))
    limits = []
    for axes, (label, n), number in zip(panels, places, range(len(places)), strict=True):
        spectra, weights = result.positive_spectra(label, n)
        highest = _draw_density(axes, spectra.ravel(), np.repeat(weights, n), f"C{number % N_COLOURS}")
        ensemble = result.experiment.ensemble(label, n)
        if isinstance(ensemble, GOE | GUE | GSE | BetaEnsemble):
            x = np.linspace(0, 1.05 * wall_length(n), N_POINTS)[1:]
            limits += axes.plot(x, wall_density(x, n), color="black", lw=1, label="all positive, large n")
            limits += axes.plot(x, ensemble.spectral_density(x), color="black", lw=0.8, ls="--", label="free, large n")
        axes.set(title=f"{label}, n = {n}, all positive", xlabel="eigenvalue", ylabel="density")
        axes.set_ylim(0, 1.1 * highest)
    keys = [Patch(color="grey", alpha=0.6, label="drawn, all positive"), *limits[:2]]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure


def _logarithms(result: EigenvalueSignsResult) -> tuple[dict[str, dict[int, float]], dict[str, dict[int, float]]]:
    """Give log10 P(all positive) by label and size, exact and for large n, where they are known."""
    exact: dict[str, dict[int, float]] = {label: {} for label in result.experiment.ensembles}
    expanded: dict[str, dict[int, float]] = {label: {} for label in result.experiment.ensembles}
    for label, n in result.places:
        if (logarithm := result.laws[label, n].log_probability_positive) is not None:
            exact[label][n] = logarithm / LN10
        if (logarithm := result.expansions[label, n][0]) is not None:
            expanded[label][n] = logarithm / LN10
    return exact, expanded


def _draw_laws(axes: Axes, exact: Mapping[int, float], expanded: Mapping[int, float], colour: str) -> None:
    """Draw what is exact, wide and pale, and over it what holds for large n, thin and dashed, as they may be one curve."""
    if exact:
        axes.plot([*exact], [*exact.values()], color=colour, **EXACT)
    if expanded:
        axes.plot([*expanded], [*expanded.values()], color=colour, **LARGE)


def _draw_index(axes: Axes, result: EigenvalueSignsResult, place: tuple[str, int], colour: str) -> None:
    asked, counts, law = result.experiment, result.counts[place], result.laws[place].distribution
    seen = counts.of_index()
    relevant = np.flatnonzero(seen if law is None else np.maximum(seen, law > LEAST_SHOWN))
    index = np.arange(relevant[0], relevant[-1] + 1)
    told = (proportion(int(seen[k]), counts.n_samples, asked.confidence_level, asked.interval) for k in index)
    value, low, high, _ = np.array([*told]).T
    ends, looks = np.maximum([value - low, high - value], 0), {"lw": 0.9, "ecolor": "0.25", "capsize": 2}
    axes.bar(index, value, width=BAR, yerr=ends, color=colour, alpha=0.6, error_kw=looks)
    if law is not None:
        axes.hlines(law[index], index - BAR / 2, index + BAR / 2, color="black", lw=1.4, zorder=3, label="exact law")
    first = max(int(index[0]) - max(FEWEST_INDICES - len(index), 0) // 2, 0)
    axes.set(title="{}, n = {}".format(*place), xlabel="index", ylabel="probability")
    axes.set_xlim(first - 0.6, max(int(index[-1]), first + FEWEST_INDICES - 1) + 0.6)
    axes.set_ylim(0, 1.08 * float(np.max(value + ends[1])))
    axes.xaxis.set_major_locator(FixedLocator(_integers(*axes.get_xlim())))


def _draw_counted(axes: Axes, result: EigenvalueSignsResult, label: str, style: Mapping[str, Any]) -> list[int]:
    """Draw what was counted with its interval; give the sizes at which none was seen."""
    seen = [n for n in result.experiment.dimensions if result.counts[label, n].of_kind("minimum")]
    estimates = [result.probability("minimum", label, n) for n in seen]
    values, lows, highs = (np.log10([each[part] for each in estimates]) for part in range(3))
    around = np.array([values - lows, highs - values]).reshape(2, -1)
    axes.errorbar(seen, values, around, **COUNTED, **style)
    return [n for n in result.experiment.dimensions if n not in seen]


def _draw_bounds(axes: Axes, result: EigenvalueSignsResult, unseen: Mapping[str, Sequence[int]]) -> None:
    """Draw arrows down from the bounds, which are all alike: those of the ensembles side by side, and none where counts are."""
    asked = result.experiment
    for place, (label, sizes) in enumerate(unseen.items()):
        across = place - len(unseen) // 2
        points = (across + (across >= 0)) * min(FARTHEST_BOUND, BOUNDS_WIDTH / len(unseen))
        beside = ScaledTranslation(points / 72, 0, axes.get_figure(root=True).dpi_scale_trans)  # type: ignore[union-attr]
        bounds = [math.log10(result.probability("minimum", label, n).high) for n in sizes]
        colour = marker_style([*asked.ensembles].index(label))["color"]
        # not by `plot`, which would take the translation for one of the data
        axes.add_artist(Line2D(sizes, bounds, color=colour, transform=axes.transData + beside, zorder=3, **BOUND))
        axes.update_datalim(np.column_stack([sizes, bounds]))
    axes.autoscale_view()


def _reached(result: EigenvalueSignsResult, label: str) -> dict[int, RareEstimate]:
    """Give the rare-event estimates that are no zeros, by size."""
    told = {n: result.rare(label, n) for n in result.experiment.dimensions}
    return {n: each for n, each in told.items() if each and math.isfinite(each.log_low)}


def _draw_rare(axes: Axes, reached: Mapping[int, RareEstimate], colour: str) -> None:
    if not reached:
        return
    value, low, high = (
        np.array([getattr(each, name) / LN10 for each in reached.values()])
        for name in ("log_probability", "log_low", "log_high")
    )
    axes.errorbar([*reached], value, [value - low, high - value], capsize=3, **{**RING, "color": colour})


def _draw_density(axes: Axes, values: Array, weights: Array | None, colour: str) -> float:
    """Draw a histogram, and give the height of its highest bar."""
    bins = min(60, max(12, round(math.sqrt(len(values)) / 2)))
    heights, _, _ = axes.hist(values, bins=bins, weights=weights, density=True, color=colour, alpha=0.6)
    return float(np.max(np.asarray(heights)))


def _label_sizes(axes: Axes, sizes: NDArray[np.int_]) -> None:
    """Put ticks at the sizes, and leave out those whose labels would touch; from the largest down, which is thus labelled."""
    places = np.log(sizes) if axes.get_xscale() == "log" else sizes.astype(np.float64)
    labelled: list[int] = []
    for size in np.argsort(places)[::-1]:
        if not labelled or places[labelled[-1]] - places[size] >= CLOSEST_LABELS * np.ptp(places):
            labelled.append(int(size))
    axes.set_xticks(sizes[labelled], [str(n) for n in sizes[labelled]])
    axes.set_xticks([], minor=True)


def _integers(low: float, high: float) -> list[float]:
    """Give integers for ticks between two numbers."""
    return [tick for tick in MaxNLocator(nbins=8, integer=True).tick_values(low, high) if low <= tick <= high]


def _ensemble_keys(result: EigenvalueSignsResult) -> list[Artist]:
    return [
        Line2D([], [], ls="", ms=4, label=label, **marker_style(number))
        for number, label in enumerate(result.experiment.ensembles)
    ]


def _law_keys(exact: bool, expanded: bool) -> list[Artist]:
    """Give the entries of a legend for those laws that are drawn."""
    told = (
        (exact, Line2D([], [], color="grey", label="exact law", **EXACT)),
        (expanded, Line2D([], [], color="grey", label="for large n", **LARGE)),
    )
    return [key for drawn, key in told if drawn]


def _largest(result: EigenvalueSignsResult) -> list[tuple[str, int]]:
    """Give the ensembles, each at its largest size."""
    return [(label, max(result.experiment.dimensions)) for label in result.experiment.ensembles]


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, PANELS_IN_A_ROW if count <= FEW_PANELS else PANELS_IN_A_ROW + 1)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(3.6 * columns + 0.6, 3.2 * rows + 0.3))
    panels = list(np.atleast_1d(figure.subplots(rows, columns)).ravel())
    for unused in panels[count:]:
        unused.remove()
    return figure, panels[:count]
