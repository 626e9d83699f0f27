"""Comparison: performance and data profiles, the higher the better."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from saddlesim.experiments.comparison_result import ComparisonResult
from saddlesim.plots.lines import line_style

N_POINTS = 400


def profile_figure(result: ComparisonResult) -> Figure:
    """Draw which fraction of the problems each optimizer solves, within a factor of the cheapest and at a cost."""
    figure = Figure(figsize=(9.6, 4.2))
    performance_axes, data_axes = figure.subplots(1, 2, sharey=True)
    ratio, cost = (each[np.isfinite(each)] for each in (result.ratio, result.solving_cost))
    factors = np.geomspace(1, max(2.0, 1.1 * ratio.max(initial=1.0)), N_POINTS)
    costs = np.geomspace(1, max(2.0, 1.1 * cost.max(initial=1.0)), N_POINTS)
    for number, label in enumerate(result.experiment.optimizers):
        style = {**line_style(number), "label": label}
        performance_axes.step(factors, result.performance(label, factors), where="post", **style)
        data_axes.step(costs, result.data(label, costs), where="post", **style)
    performance_axes.set(
        xscale="log", xlabel="cost, as a multiple of the cheapest", ylabel="fraction of problems solved"
    )
    performance_axes.set(title="performance profile", ylim=(-0.02, 1.02))
    data_axes.set(xscale="log", xlabel="cost, in gradients", title="data profile")
    data_axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
