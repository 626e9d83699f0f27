"""Plots: Result -> Figures, without pyplot and without new science."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from saddlesim.connecting import Connection
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
from saddlesim.objectives import Objective
from saddlesim.plots import (
    audit,
    basins,
    comparison,
    declared_points,
    disconnectivity,
    eigenvalue_signs,
    escape,
    field_index_by_level,
    hessian_test,
    modules_check,
    network_index,
    passage,
    saddle_to_saddle,
    slices,
    sweep,
    training,
)
from saddlesim.plots import census as census_pictures
from saddlesim.plots import field_critical_points as field_pictures
from saddlesim.plots import objective as objective_pictures
from saddlesim.proving import Census

FORMATS = ("png", "svg", "pdf")
STYLE = resources.files(__package__) / "saddlesim.mplstyle"


def plot(result: Result) -> dict[str, Figure]:
    """Draw a result.

    Returns
    -------
    dict of str to Figure
        By the names that their files get.

    Raises
    ------
    TypeError
        If there is no picture for such a result.
    """
    with rc_context(fname=str(STYLE)), np.errstate(all="ignore"):  # lanes that overflowed run off the picture
        return _figures(result)


def objective_figure(objective: Objective) -> Figure:
    """Draw a function over its domain, as a map and a surface, with its known critical points marked."""
    with rc_context(fname=str(STYLE)), np.errstate(all="ignore"):
        return objective_pictures.objective_figure(objective)


def census_figure(objective: Objective, found: Census) -> Figure:
    """Draw what a census found, on a map where there are two variables."""
    with rc_context(fname=str(STYLE)), np.errstate(all="ignore"):
        return census_pictures.census_figure(objective, found)


def disconnectivity_figure(points: Sequence[Any], connections: Sequence[Connection]) -> Figure:
    """Draw which minima become one as the height that may be passed rises."""
    with rc_context(fname=str(STYLE)):
        return disconnectivity.disconnectivity_figure(points, connections)


def hessian_test_figure(objective: Objective, x: ArrayLike) -> Figure:
    """Draw a function along each eigenvector of its Hessian at x, (d,), against its quadratic model."""
    with rc_context(fname=str(STYLE)), np.errstate(all="ignore"):
        return hessian_test.hessian_test_figure(objective, x)


def quadratic_form_figure(hessian: ArrayLike) -> Figure:
    """Draw the quadratic form of a symmetric matrix, (d, d), along each eigenvector."""
    with rc_context(fname=str(STYLE)):
        return hessian_test.quadratic_form_figure(hessian)


def rendered(figure: Figure, format: str) -> bytes:
    """Give the bytes of a picture file in one of `FORMATS`; they hold no time, so that the same result gives the same bytes."""
    buffer = BytesIO()
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format, {})
    with rc_context(fname=str(STYLE)):
        figure.savefig(buffer, format=format, metadata=metadata)
    return buffer.getvalue()


@singledispatch
def _figures(result: Result) -> dict[str, Figure]:
    raise TypeError(f"there is no picture for a {type(result).__name__}")


@_figures.register
def _(result: EscapeResult) -> dict[str, Figure]:
    drawn = {
        "contour": escape.contour_figure(result),
        "descent": escape.descent_figure(result),
        "survival": escape.survival_figure(result),
    }
    return {name: figure for name, figure in drawn.items() if figure is not None}


@_figures.register
def _(result: SweepResult) -> dict[str, Figure]:
    figure = sweep.sweep_figure(result)
    return {"sweep": figure} if figure else {}


@_figures.register
def _(result: PassageResult) -> dict[str, Figure]:
    return {"passage": passage.passage_figure(result)}


@_figures.register
def _(result: BasinsResult) -> dict[str, Figure]:
    return {f"basins_{label}": figure for label, figure in basins.basin_figures(result).items()}


@_figures.register
def _(result: AuditResult) -> dict[str, Figure]:
    return {"false_success": audit.false_success_figure(result), "release": audit.release_figure(result)}


@_figures.register
def _(result: ComparisonResult) -> dict[str, Figure]:
    return {"profiles": comparison.profile_figure(result)}


@_figures.register
def _(result: DeclaredPointsResult) -> dict[str, Figure]:
    return {"declared_points": declared_points.index_figure(result)}


@_figures.register
def _(result: FieldCriticalPointsResult) -> dict[str, Figure]:
    return {"field_critical_points": field_pictures.field_figure(result)}


@_figures.register
def _(result: ModulesCheckResult) -> dict[str, Figure]:
    return {"modules_check": modules_check.modules_figure(result)}


@_figures.register
def _(result: SaddleToSaddleResult) -> dict[str, Figure]:
    return {"saddle_to_saddle": saddle_to_saddle.saddle_figure(result)}


@_figures.register
def _(result: LandscapeResult) -> dict[str, Figure]:
    planes = {} if result.experiment.plane is None else {"plane": slices.plane_figure(result)}
    return {"slices": slices.slice_figure(result), **planes}


@_figures.register
def _(result: NetworkIndexByLossResult) -> dict[str, Figure]:
    return {
        "index_by_loss": network_index.index_figure(result),
        "spectra": network_index.spectrum_figure(result),
    }


@_figures.register
def _(result: TrainingResult) -> dict[str, Figure]:
    return {"training": training.training_figure(result)}


@_figures.register
def _(result: EigenvalueSignsResult) -> dict[str, Figure]:
    return eigenvalue_signs.signs_figures(result)


@_figures.register
def _(result: ClassificationResult) -> dict[str, Figure]:
    drawn = {}
    for label, found in result.found.items():
        drawn[label] = census_pictures.census_figure(result.experiment.objectives[label], found)
        if any(each.kind == "saddle" for each in found.points) and len(found.box) > 1:
            drawn[f"{label}_tree"] = disconnectivity.disconnectivity_figure(found.points, found.connections)
    return drawn


@_figures.register
def _(result: FieldIndexByLevelResult) -> dict[str, Figure]:
    return {
        "index_by_level": field_index_by_level.index_figure(result),
        "layers": field_index_by_level.layer_figure(result),
    }
