"""Experiments: questions asked of the parts. `EXPERIMENTS` holds them by name."""

from typing import Annotated

from saddlesim.experiments.auditing.audit import Audit
from saddlesim.experiments.auditing.result import AuditResult
from saddlesim.experiments.base import Experiment, LabelledArray, Result
from saddlesim.experiments.basins import Basins
from saddlesim.experiments.basins_result import BasinsResult
from saddlesim.experiments.classification import Classification, ClassificationResult
from saddlesim.experiments.comparison import Comparison
from saddlesim.experiments.comparison_result import ComparisonResult
from saddlesim.experiments.declared_points import DeclaredPoints, DeclaredPointsResult
from saddlesim.experiments.escape import Escape
from saddlesim.experiments.escape_result import EscapeResult
from saddlesim.experiments.fields.critical_points import FieldCriticalPoints
from saddlesim.experiments.fields.result import FieldCriticalPointsResult
from saddlesim.experiments.landscape.landscape import Landscape
from saddlesim.experiments.landscape.result import LandscapeResult
from saddlesim.experiments.levels.field_index_by_level import FieldIndexByLevel
from saddlesim.experiments.levels.result import FieldIndexByLevelResult
from saddlesim.experiments.modules_check.modules_check import ModulesCheck, ModulesCheckResult
from saddlesim.experiments.network_index.network_index_by_loss import NetworkIndexByLoss
from saddlesim.experiments.network_index.result import NetworkIndexByLossResult
from saddlesim.experiments.passage import Passage
from saddlesim.experiments.passage_result import PassageResult
from saddlesim.experiments.saddle_to_saddle import SaddleToSaddle
from saddlesim.experiments.saddle_to_saddle_result import SaddleToSaddleResult
from saddlesim.experiments.signs.eigenvalue_signs import EigenvalueSigns
from saddlesim.experiments.signs.result import EigenvalueSignsResult
from saddlesim.experiments.sweeping.result import SweepResult
from saddlesim.experiments.training.result import TrainingResult
from saddlesim.experiments.training.training import Training
from saddlesim.parameters import FromRegistry
from saddlesim.registry import Registry

EXPERIMENTS = Registry(
    "experiment",
    (
        Escape,
        Passage,
        Basins,
        Audit,
        Comparison,
        Classification,
        DeclaredPoints,
        EigenvalueSigns,
        FieldCriticalPoints,
        FieldIndexByLevel,
        NetworkIndexByLoss,
        SaddleToSaddle,
        Landscape,
        ModulesCheck,
        Training,
    ),
)
EXPERIMENTS.load_entry_points()

ExperimentField = Annotated[Experiment, FromRegistry(EXPERIMENTS, ("points", "n_blocks", "run_block", "reduce"))]

__all__ = [
    "EXPERIMENTS",
    "Audit",
    "AuditResult",
    "Basins",
    "BasinsResult",
    "Classification",
    "ClassificationResult",
    "Comparison",
    "ComparisonResult",
    "DeclaredPoints",
    "DeclaredPointsResult",
    "EigenvalueSigns",
    "EigenvalueSignsResult",
    "Escape",
    "EscapeResult",
    "Experiment",
    "ExperimentField",
    "FieldCriticalPoints",
    "FieldCriticalPointsResult",
    "FieldIndexByLevel",
    "FieldIndexByLevelResult",
    "LabelledArray",
    "Landscape",
    "LandscapeResult",
    "ModulesCheck",
    "ModulesCheckResult",
    "NetworkIndexByLoss",
    "NetworkIndexByLossResult",
    "Passage",
    "PassageResult",
    "Result",
    "SaddleToSaddle",
    "SaddleToSaddleResult",
    "SweepResult",
    "Training",
    "TrainingResult",
]
