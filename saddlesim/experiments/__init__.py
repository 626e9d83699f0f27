"""Experiments: questions asked of the parts. `EXPERIMENTS` holds them by name."""

from typing import Annotated

from saddlesim.experiments.base import Experiment, LabelledArray, Result
from saddlesim.experiments.classification import Classification, ClassificationResult
from saddlesim.experiments.escape import Escape
from saddlesim.experiments.escape_result import EscapeResult
from saddlesim.experiments.sweep_result import SweepResult
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry

EXPERIMENTS = Registry("experiment", (Escape, Classification))
EXPERIMENTS.load_entry_points()

ExperimentField = Annotated[Experiment, FromRegistry(EXPERIMENTS, ("points", "n_blocks", "run_block", "reduce"))]

__all__ = [
    "EXPERIMENTS",
    "Classification",
    "ClassificationResult",
    "Escape",
    "EscapeResult",
    "Experiment",
    "ExperimentField",
    "LabelledArray",
    "Result",
    "SweepResult",
]
