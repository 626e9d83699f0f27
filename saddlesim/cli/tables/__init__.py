"""Tables: what a finished run prints for people. Each kind of result has a room, the others list their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rich.console import RenderableType
from rich.text import Text

from saddlesim.cli.console import console_for_results
from saddlesim.cli.tables import (
    audit,
    basins,
    classification,
    comparison,
    declared_points,
    eigenvalue_signs,
    escape,
    field_critical_points,
    field_index_by_level,
    figures,
    landscape,
    modules_check,
    network_index,
    passage,
    saddle_to_saddle,
    sweep,
    training,
)
from saddlesim.cli.tables.figures import figure_text
from saddlesim.experiments import (
    AuditResult,
    BasinsResult,
    ClassificationResult,
    ComparisonResult,
    DeclaredPointsResult,
    EigenvalueSignsResult,
    EscapeResult,
    FieldCriticalPointsResult,
    FieldIndexByLevelResult,
    LandscapeResult,
    ModulesCheckResult,
    NetworkIndexByLossResult,
    PassageResult,
    Result,
    SaddleToSaddleResult,
    SweepResult,
    TrainingResult,
)
from saddlesim.runs import Run
from saddlesim.scenario import Check

TABLES: Mapping[type[Result], Callable[[Run], Iterable[RenderableType]]] = {
    EscapeResult: escape.tables,
    SweepResult: sweep.tables,
    PassageResult: passage.tables,
    BasinsResult: basins.tables,
    AuditResult: audit.tables,
    ComparisonResult: comparison.tables,
    ClassificationResult: classification.tables,
    DeclaredPointsResult: declared_points.tables,
    EigenvalueSignsResult: eigenvalue_signs.tables,
    FieldCriticalPointsResult: field_critical_points.tables,
    FieldIndexByLevelResult: field_index_by_level.tables,
    LandscapeResult: landscape.tables,
    NetworkIndexByLossResult: network_index.tables,
    ModulesCheckResult: modules_check.tables,
    SaddleToSaddleResult: saddle_to_saddle.tables,
    TrainingResult: training.tables,
}


def print_result(done: Run, quiet: bool, verbose: bool) -> None:
    """Print the table, a line an expectation, and the folder; only what failed and the folder if quiet."""
    console = console_for_results()
    if not quiet:
        console.print(Text(done.scenario.title, style="bold"))
        for table in TABLES.get(type(done.result), figures.tables)(done):
            console.print(table)
    for check in done.expect:
        if not quiet or not check.passed:
            console.print(_check_line(check), soft_wrap=True)
    if verbose:
        blocks, seconds = done.manifest["blocks"], done.manifest["times"]["seconds"]
        told = "{computed} of {total} blocks computed, the rest reused; {jobs} workers".format(**blocks)
        console.print(Text(f"{told}, {seconds} s"), soft_wrap=True)
    console.print(Text(str(done.folder)), soft_wrap=True)


def _check_line(check: Check) -> Text:
    verdict = Text("ok     ", style="green") if check.passed else Text("FAILED ", style="bold red")
    value = "missing" if check.value is None else figure_text(check.value)
    within = f" within {check.tolerance:.3g}" if check.tolerance else ""
    source = f" ({check.source})" if check.source else ""
    return verdict.append(
        f"{check.name} = {value}, expected {figure_text(check.expected)}{within}{source}", style="default"
    )
