"""Training result: where runs end and what their plateaus are near, for each optimizer and run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim.experiments.base import Result
from saddlesim.experiments.estimates import median_value
from saddlesim.experiments.training.approaches import PLACES

if TYPE_CHECKING:
    from saddlesim.experiments.training.training import Training

MOST_LISTED = 8  # plateaus of a run that the summary has; the arrays have all

OF_OPTIMIZER = ("median_final_loss", "median_final_error", "plateaus", "plateaus_left")
OF_RUN = (
    "final_loss",
    "final_gradient_norm",
    "final_error",
    "final_lowest_eigenvalue",
    "final_highest_eigenvalue",
    "final_index",
    "final_nullity",
    "highest_index",
    "plateaus",
    "plateaus_left",
)
OF_PLATEAU = {  # figure of a plateau: the array that has it
    "first_step": "first_step",
    "last_step": "last_step",
    "left": "left",
    "loss": "plateau_loss",
    "gradient_norm": "plateau_gradient_norm",
    "distance": "distance",
    "critical_loss": "found_loss",
    "critical_gradient_norm": "found_gradient_norm",
    "index": "found_index",
    "nullity": "found_nullity",
}


class TrainingResult(Result):
    """What `Training` found. A run's plateaus are counted from 0; the last one, if it is not left, is where the run ends."""

    experiment: Training

    @property
    def exists(self) -> NDArray[np.bool_]:
        """Which plateaus there are, (optimizers, runs, plateaus)."""
        return np.asarray(self["first_step"] >= 0)

    def places(self, optimizer: int, run: int | slice = slice(None)) -> dict[str, int]:
        """Count what the plateaus of an optimizer, or of one run, are near."""
        chosen = self["place"][optimizer, run][self.exists[optimizer, run]]
        return {name: int((chosen == place).sum()) for place, name in enumerate(PLACES)}

    def summary(self) -> dict[str, Any]:
        return {
            "dimension": self["final_x"].shape[-1],
            "optimizers": {label: self._optimizer(o, label) for o, label in enumerate(self.experiment.optimizers)},
        }

    def _optimizer(self, o: int, label: str) -> dict[str, Any]:
        error = self["error"][o, -1]
        return {
            "optimizer": str(self.experiment.optimizers[label]),
            "median_final_loss": median_value(self["loss"][o, -1]),
            "median_final_error": None if np.isnan(error).all() else median_value(error),
            **self._counts(o, slice(None)),
            **{f"run_{r}": self._run(o, r) for r in range(self.experiment.n_runs)},
        }

    def _counts(self, o: int, runs: int | slice) -> dict[str, int]:
        exists = self.exists[o, runs]
        left = (self["left"][o, runs] > 0) & exists
        return {"plateaus": int(exists.sum()), "plateaus_left": int(left.sum()), **self.places(o, runs)}

    def _run(self, o: int, r: int) -> dict[str, Any]:
        index = self["index"][o, :, r]
        return {
            "final_loss": float(self["loss"][o, -1, r]),
            "final_gradient_norm": float(self["gradient_norm"][o, -1, r]),
            "final_error": None if np.isnan(self["error"][o, -1, r]) else float(self["error"][o, -1, r]),
            "final_lowest_eigenvalue": float(self["lowest_eigenvalue"][o, -1, r]),
            "final_highest_eigenvalue": float(self["highest_eigenvalue"][o, -1, r]),
            "final_index": float(index[-1]),
            "final_nullity": float(self["nullity"][o, -1, r]),
            "highest_index": float(np.fmax.reduce(index)),
            **self._counts(o, r),
            **{
                f"plateau_{p}": self._plateau(o, r, p) for p in np.flatnonzero(self.exists[o, r])[:MOST_LISTED].tolist()
            },
        }

    def _plateau(self, o: int, r: int, p: int) -> dict[str, Any]:
        distance, span = float(self["distance"][o, r, p]), float(self["span"][o, r])
        return {
            "place": PLACES[int(self["place"][o, r, p])],
            **{name: self[array][o, r, p].item() for name, array in OF_PLATEAU.items()},
            "relative_distance": distance / span if span else distance,
        }


def summary_names(experiment: Training) -> tuple[str, ...]:
    """List the figures of the experiment; those of plateaus that a run does not have are missing."""
    plateau = (*OF_PLATEAU, "relative_distance")
    of_run = (*OF_RUN, *PLACES, *(f"plateau_{p}.{name}" for p in range(MOST_LISTED) for name in plateau))
    of_runs = (f"run_{r}.{name}" for r in range(experiment.n_runs) for name in of_run)
    of_optimizer = (*OF_OPTIMIZER, *PLACES, *of_runs)
    return ("dimension", *(f"optimizers.{label}.{name}" for label in experiment.optimizers for name in of_optimizer))
