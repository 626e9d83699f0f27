"""Saddle to saddle: the staircase of the loss, the modes that make its steps, and how long steps are for smaller starts."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saddlesim.experiments import SaddleToSaddleResult
from saddlesim.theory import mode_time


def saddle_figure(result: SaddleToSaddleResult) -> Figure:
    """Draw the loss of one lane at each scale, the modes at the smallest, and half-times against the scale."""
    several = len(result["scale"]) > 1
    figure = Figure(figsize=(12.0 if several else 8.4, 4.2))
    axes = figure.subplots(1, 3 if several else 2, squeeze=False)[0]
    _draw_losses(axes[0], result)
    _draw_modes(axes[1], result)
    if several:
        _draw_half_times(axes[2], result)
    return figure


def _draw_losses(axes: Axes, result: SaddleToSaddleResult) -> None:
    stages = result.summary()["scales"]["scale_0"]
    end = _end(result, int(np.argmin(result["scale"])))
    for k in range(len(result.order)):
        stage = stages[f"stage_{k}"]
        kept = ", ".join(map(str, stage["subset"]))
        axes.axhline(stage["loss"], color="0.75", lw=0.8, zorder=0)
        label = f"{{{kept}}}" + (f"  index {stage['index']}" if stage["index"] is not None else "")
        axes.annotate(
            label,
            (end, stage["loss"]),
            (-2, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=8,
            color="0.35",
        )
    for k in np.argsort(-result["scale"]):
        axes.plot(result.time, result["loss"][k, :, 0], label=f"{result['scale'][k]:g}")
    highest = stages["stage_0"]["loss"]
    axes.set(
        xlabel="time (learning rate x steps)", ylabel="loss", xlim=(0, end), ylim=(-0.03 * highest, 1.12 * highest)
    )
    axes.set_title("it rests where only some modes are kept")
    axes.legend(title="scale of the start", loc="upper right", bbox_to_anchor=(1.0, 0.9))


def _draw_modes(axes: Axes, result: SaddleToSaddleResult) -> None:
    k = int(np.argmin(result["scale"]))
    for i, s in enumerate(result.singular_values.tolist()):
        axes.plot(result.time, result["strength"][k, :, i, 0], color=f"C{i}", label=f"mode {i}, $s$ = {s:g}")
        u0 = float(result["start_strength"][k, i, 0])
        if 0 < u0 < s:
            u = s / (1 + np.exp(-np.linspace(math.log(u0 / (s - u0)), 7.0, 200)))
            times = [mode_time(u0, float(each), s, result.depth) for each in u[1:]]
            axes.plot(times, u[1:], "--", color="0.2", lw=1.0, label="gradient flow" if not i else None)
    axes.set(xlabel="time (learning rate x steps)", ylabel="strength in the product", xlim=(0, _end(result, k)))
    axes.set_title(f"modes, from scale {result['scale'][k]:g}")
    if len(result["scale"]) == 1:
        axes.legend(loc="center right")


def _draw_half_times(axes: Axes, result: SaddleToSaddleResult) -> None:
    order = np.argsort(result["scale"])
    scales = result["scale"][order]
    for i, s in enumerate(result.singular_values.tolist()):
        times = result.half_times[order, i]
        mean = times.mean(axis=1)
        axes.plot(scales, mean, "o", color=f"C{i}", ms=4, label=f"mode {i}, $s$ = {s:g}")
        axes.vlines(scales, times.min(axis=1), times.max(axis=1), color=f"C{i}", lw=1.0)
        law = result.laws[order, i].mean(axis=1)
        if np.isfinite(law).all():
            axes.plot(scales, law, "--", color="0.2", lw=1.0, label="gradient flow" if i == result.order[-1] else None)
    axes.set(xscale="log", xlabel="scale of the start", ylabel="time to half strength", ylim=(0, None))
    axes.set_xticks(scales, [f"{scale:g}" for scale in scales], minor=False)
    axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axes.set_title("a smaller start rests longer")
    axes.legend(loc="upper right")


def _end(result: SaddleToSaddleResult, k: int) -> float:
    """Give a time soon after the last mode was learned at a scale."""
    learned = result.half_times[k][np.isfinite(result.half_times[k])]
    return min(float(result.time[-1]), 1.3 * float(learned.max(initial=0.0)) or math.inf)
