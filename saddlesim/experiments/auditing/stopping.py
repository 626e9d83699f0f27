"""Stopping: the rule by which a method that has none of its own is stopped, and what a run says when it is over.

Not here: methods that stop themselves (scipy_methods.py), and what is found where a run stopped (stop_points.py).
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import LARGEST_COUNT
from saddlesim.experiments.evaluations import CountedObjective, Evaluations
from saddlesim.objectives import Objective
from saddlesim.optimizers import Optimizer
from saddlesim.parameters import Count, NonNegativeInteger, Positive, declared


class Ends(NamedTuple):
    """How runs ended, and what they claim.

    Attributes
    ----------
    x : (d, B)
        Where each stopped.
    claimed, raised : (B,) of bool
        Whether it says that it succeeded, and whether it died of an exception.
    message : (B,) of str
        In its own words.
    step : (B,)
        How many steps it took; -1 where it does not say.
    evaluations : (4, B)
        Of what `Evaluations` counts, in that order.
    """

    x: NDArray[np.float64]
    claimed: NDArray[np.bool_]
    raised: NDArray[np.bool_]
    message: NDArray[np.str_]
    step: NDArray[np.int32]
    evaluations: NDArray[np.int32]


@declared
class StoppingRule:
    """Success is declared where the gradient is small: what practice asks for, and what a saddle satisfies."""

    gradient_tolerance: Positive = Field(
        default=1e-5, description="stop when max|gradient| is at most this, SciPy's rule and default for BFGS"
    )
    patience: NonNegativeInteger = Field(default=0, description="for how many steps more it must stay so")
    n_steps: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(
        default=10_000, description="after how many steps the run has failed"
    )

    def run(
        self, objective: Objective, optimizer: Optimizer, x0: NDArray[np.float64], rng: np.random.Generator
    ) -> Ends:
        """Run an optimizer from x0, (d, B), each lane until it may stop or is no longer finite."""
        n_lanes = x0.shape[1]
        counted = CountedObjective(objective, n_lanes)
        x, claimed = x0.copy(), np.zeros(n_lanes, dtype=bool)
        step_of = np.full(n_lanes, -1, dtype=np.int32)
        evaluations = np.zeros((len(Evaluations._fields), n_lanes), dtype=np.int32)
        message = np.full(n_lanes, f"still running after {self.n_steps} steps", dtype=np.object_)
        n_small = np.zeros(n_lanes, dtype=np.int64)
        with np.errstate(all="ignore"):  # divergence is data
            state: Any = optimizer.init(counted, x0, rng)
            for step in range(self.n_steps + 1):
                if step:
                    state = optimizer.step(counted, state, rng)
                small = (np.abs(state.gradient) <= self.gradient_tolerance).all(axis=0)
                n_small = np.where(small, n_small + 1, 0)
                finite = np.isfinite(state.x).all(axis=0) & np.isfinite(state.gradient).all(axis=0)
                done = (n_small > self.patience) | ~finite | (step == self.n_steps)
                now = np.flatnonzero(done & (step_of < 0))
                x[:, now], step_of[now] = state.x[:, now], step
                evaluations[:, now] = np.array(counted.evaluations)[:, None]
                claimed[now] = n_small[now] > self.patience
                message[now[claimed[now]]] = f"max|gradient| is at most {self.gradient_tolerance:g}"
                message[now[~finite[now]]] = f"not finite after {step} steps"
                if (step_of >= 0).all():
                    break
        return Ends(x, claimed, np.zeros(n_lanes, dtype=bool), message.astype(np.str_), step_of, evaluations)
