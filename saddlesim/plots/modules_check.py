"""Modules check: how far finite differences are from the closed forms, and where a chain of modules breaks."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from saddlesim.experiments import ModulesCheckResult

FLOOR = 1e-17  # where what is exactly right is drawn


def modules_figure(result: ModulesCheckResult) -> Figure:
    """Draw errors against the step of the differences, and against the size of the logits."""
    figure = Figure(figsize=(9.6, 4.2))
    left, right = figure.subplots(1, 2)
    steps = result["step"]
    order = np.argsort(steps)
    for k, errors in enumerate(result["difference"]):
        left.loglog(
            steps[order],
            np.maximum(errors[order], FLOOR),
            color="C0",
            lw=0.8,
            alpha=0.5,
            label="" if k else "central differences",
        )
    worst = max(float(result["complex_step"].max()), FLOOR)
    left.axhline(worst, color="C1", label="complex step, the worst of all")
    eps = float(np.finfo(np.float64).eps)
    left.loglog(steps[order], eps / steps[order], ":", color="0.3", lw=1.0, label="rounding: machine epsilon / step")
    left.loglog(steps[order], steps[order] ** 2, "--", color="0.3", lw=1.0, label="truncation: step squared")
    left.set(
        xlabel="step", ylabel="relative difference", ylim=(FLOOR / 3, 100), title="closed forms against differences"
    )
    left.legend(loc="upper center")
    sizes, chained, fused = result["logits"], result["chained"], result["fused"]
    whole = np.isfinite(chained)
    right.loglog(sizes[whole], np.maximum(chained[whole], FLOOR), "o-", color="C3", label="softmax, then cross-entropy")
    if not whole.all():
        right.plot(
            sizes[~whole], np.full((~whole).sum(), 1.0), "x", color="C3", ms=9, mew=2, label="the same, not finite"
        )
    right.loglog(sizes, np.maximum(fused, FLOOR), "s-", color="C2", label="both in one")
    right.set(xlabel="size of the logits", ylabel="relative error of the gradient", ylim=(FLOOR / 3, 100))
    right.set_title("where the chain breaks")
    right.legend(loc="upper left")
    return figure
