"""What a saddle-to-saddle run says: when each mode was learned, which saddles were near in between, and the laws beside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import Result
from saddlesim.experiments.estimates import Estimate, figures_of, median_value
from saddlesim.theory import mode_half_time

Array = NDArray[np.float64]

NEAR = 0.1  # of |M|: a saddle is visited if the product comes this near
CONFIDENCE_LEVEL = 0.95
OF_SCALE = ("scale", "in_order", "diverged", "final_loss")
STAGE = ("loss", "index", "visited", "closest", "gradient_norm", "duration")


class SaddleToSaddleResult(Result):
    """What `SaddleToSaddle` found. Times are learning rate times steps, those of the gradient flow."""

    @cached_property
    def singular_values(self) -> Array:
        """Those of the target, (modes,)."""
        return np.array(self.experiment.network.target_singular_values)

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.experiment.network.modules)

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """The modes, (modes,), largest singular value first, as they are learned."""
        return np.argsort(-self.singular_values, kind="stable")

    @cached_property
    def time(self) -> Array:
        """Of each record, (R,)."""
        return np.asarray(self.experiment.learning_rate * self["step"])

    @cached_property
    def is_finite(self) -> NDArray[np.bool_]:
        """Whether a lane has not yet overflowed, (scales, R, B)."""
        finite = np.isfinite(self["loss"]) & np.isfinite(self["remainder"]) & np.isfinite(self["strength"]).all(axis=2)
        return np.asarray(np.logical_and.accumulate(finite, axis=1))

    @cached_property
    def diverged(self) -> NDArray[np.bool_]:
        """Which lanes overflow, (scales, B)."""
        return np.asarray(~self.is_finite[:, -1])

    @cached_property
    def last_times(self) -> Array:
        """Until when a lane is followed, (scales, B): its last record that is finite."""
        return np.asarray(self.time[np.maximum(self.is_finite.sum(axis=1) - 1, 0)])

    @cached_property
    def half_times(self) -> Array:
        """When each mode has half its strength, (scales, modes, B), between records by a straight line; inf if never.

        In a lane that diverges no mode is learned, whatever its strength is on the way.
        """
        above = self["strength"] >= self.singular_values[:, None] / 2
        after = above.argmax(axis=1)
        reached, before = above.any(axis=1) & ~self.diverged[:, None], np.maximum(after - 1, 0)
        low, high = (np.take_along_axis(self["strength"], each[:, None], axis=1)[:, 0] for each in (before, after))
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.where(after > 0, (self.singular_values[:, None] / 2 - low) / (high - low), 0.0)
        return np.where(reached, self.time[before] + part * (self.time[after] - self.time[before]), np.inf)

    @cached_property
    def laws(self) -> Array:
        """The same by the gradient flow from what each mode starts with, (scales, modes, B); nan where there is no law.

        It is exact for balanced starts as the learning rate goes to 0, and leading order in the scale for small random ones.
        """
        laws = np.full(self["start_strength"].shape, np.nan)
        for place, u0 in np.ndenumerate(self["start_strength"]):
            s = float(self.singular_values[place[1]])
            if 0 < u0 < s / 2:
                laws[place] = mode_half_time(float(u0), s, self.depth)
        return laws

    @cached_property
    def closest(self) -> Array:
        """How near the product came to each saddle of the sequence while it was due, (scales, stages, B), over |M|."""
        return self._least(self._distances())

    @cached_property
    def least_gradient_norms(self) -> Array:
        """The smallest gradient norm meanwhile, (scales, stages, B)."""
        norms = self["gradient_norm"]
        return self._least(np.repeat(norms[:, None], len(self.order) + 1, axis=1))

    def _distances(self) -> Array:
        """Give |W_N ... W_1 - M_I| / |M| for the first k modes kept, (scales, stages, R, B); inf where it overflows."""
        s = self.singular_values
        kept = np.array([np.isin(np.arange(len(s)), self.order[:k]) for k in range(len(s) + 1)])
        aims = (s * kept)[None, :, None, :, None]
        with np.errstate(over="ignore", invalid="ignore"):
            squares = ((self["strength"][:, None] - aims) ** 2).sum(axis=3) + (self["remainder"] ** 2)[:, None]
        return np.asarray(np.sqrt(squares) / np.linalg.norm(s))

    def _least(self, courses: Array) -> Array:
        """Give the least of courses (scales, stages, R, B) over each stage: between two half-times, the end included."""
        ends = np.sort(self.half_times, axis=1)
        bounds = np.concatenate([np.zeros_like(ends[:, :1]), ends, np.full_like(ends[:, :1], np.inf)], axis=1)
        t = self.time[None, None, :, None]
        due = (bounds[:, :-1, None] <= t) & (t <= bounds[:, 1:, None]) & self.is_finite[:, None]
        return np.asarray(np.where(due, courses, np.inf).min(axis=2))

    @cached_property
    def in_order(self) -> NDArray[np.bool_]:
        """Whether modes were learned largest first and one after another, (scales, B)."""
        learned = self.half_times[:, self.order]
        return np.asarray((learned[:, 1:] > learned[:, :-1]).all(axis=1) & np.isfinite(learned[:, 0]))

    def slope(self, mode: int) -> Estimate | None:
        """Estimate by how much a mode's half-time grows with ln(1 / scale), from each lane's line; None where it has none."""
        times = self.half_times[:, mode]
        if not np.isfinite(times).all():
            return None
        x = -np.log(self["scale"])
        x = x - x.mean()
        return _mean(x @ times / (x @ x))

    def slope_law(self, singular_value: float) -> float:
        """Give what the slope tends to as scales go to 0: eta / ln(1 + eta s), by a step's growth; 1 / s for the flow."""
        rate: float = self.experiment.learning_rate
        return rate / math.log1p(rate * singular_value)

    def summary(self) -> dict[str, Any]:
        asked, modes = self.experiment, range(len(self.singular_values))
        scales = {point: self._scale(k) for k, point in enumerate(asked.points())}
        if not asked.has_slopes:
            return {"scales": scales}
        slopes = {
            f"mode_{i}": {**figures_of("slope", self.slope(i)), "law": self.slope_law(float(self.singular_values[i]))}
            for i in modes
        }
        return {"scales": scales, "slopes": slopes}

    def _scale(self, k: int) -> dict[str, Any]:
        figures: dict[str, Any] = {
            "scale": float(self["scale"][k]),
            "in_order": float(self.in_order[k].mean()),
            "diverged": float(self.diverged[k].mean()),
            "final_loss": median_value(self["loss"][k, -1]),
        }
        for i in range(len(self.singular_values)):
            times, law = self.half_times[k, i], self.laws[k, i]
            known = np.isfinite(law).all() and np.isfinite(times).all()
            figures[f"mode_{i}"] = {
                **figures_of("half_time", _mean(times) if np.isfinite(times).all() else None),
                "law": float(law.mean()) if np.isfinite(law).all() else None,
                "largest_deviation": float(np.abs(times / law - 1).max()) if known else None,
            }
        ends = np.sort(self.half_times[k], axis=0)
        bounds = np.concatenate([np.zeros_like(ends[:1]), ends, np.full_like(ends[:1], np.inf)])
        durations = np.diff(np.minimum(bounds, self.last_times[k]), axis=0)
        for stage in range(len(self.order) + 1):
            kept = tuple(sorted(self.order[:stage].tolist()))
            left = [s for i, s in enumerate(self.singular_values.tolist()) if i not in kept]
            figures[f"stage_{stage}"] = {
                "subset": kept,
                "loss": sum(s * s for s in left) / 2,
                "index": self._index(kept),
                "visited": float((self.closest[k, stage] <= NEAR).mean()),
                "closest": median_value(self.closest[k, stage]),
                "gradient_norm": median_value(self.least_gradient_norms[k, stage]),
                "duration": median_value(durations[stage]),
            }
        return figures

    def _index(self, kept: Sequence[int]) -> int | None:
        """Give the index of the saddle that keeps these modes; None where the network has no room for so many."""
        network = self.experiment.network
        if len(kept) > min(network.widths):
            return None
        return int(network.critical_subset(kept).index)


def _mean(lanes: Array) -> Estimate:
    """Estimate the mean over lanes with Student's interval; one lane has none."""
    from scipy.stats import t

    value, n = float(lanes.mean()), len(lanes)
    if n == 1:
        return Estimate(value, value, value, 0.0)
    error = float(lanes.std(ddof=1)) / math.sqrt(n)
    half_width = error * float(t.ppf((1 + CONFIDENCE_LEVEL) / 2, n - 1))
    return Estimate(value, value - half_width, value + half_width, error)
