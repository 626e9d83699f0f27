"""Classifying: the Hessian test at one point, and of a bare matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import typer

from saddlesim import store
from saddlesim.analysis import LocalAnalysis, analyse, coordinates, polish
from saddlesim.cli.exits import UsageError
from saddlesim.cli.output import Output, drawn, stem
from saddlesim.cli.showing import words
from saddlesim.objectives import Objective
from saddlesim.spectrum import Spectrum, classify, eigenvalues


def classify_point(objective: Objective, given: str, find: bool, output: Output) -> None:
    """Tell what gradient and Hessian say at a point, or at the critical point that a search from it ends at."""
    x = _point(given, getattr(objective, "dimension", None), str(objective))
    try:
        found = analyse(objective, polish(objective, x) if find else x)
    except ValueError as error:
        raise UsageError(str(error)) from None
    told = _analysis(found)
    files = drawn(output, f"{stem(objective)}_hessian", lambda plots: plots.hessian_test_figure(objective, found.x))
    if output.as_json:
        typer.echo(store.json_text({"objective": str(objective), **told, "files": files}))
        return
    for line in (*_lines(told), _verdict(found), *files):
        typer.echo(line)


def classify_hessian(given: str, output: Output) -> None:
    """Tell what the eigenvalues of a bare symmetric matrix say."""
    hessian = _matrix(given)
    spectrum = classify(eigenvalues(hessian))
    told = _spectrum(spectrum)
    files = drawn(output, "quadratic_form", lambda plots: plots.quadratic_form_figure(hessian))
    if output.as_json:
        typer.echo(store.json_text({"hessian": hessian.tolist(), **told, "files": files}))
        return
    for line in (*_lines(told), _said(spectrum), *files):
        typer.echo(line)


def _analysis(found: LocalAnalysis) -> dict[str, Any]:
    spectrum = _spectrum(found.spectrum)
    return {
        "x": found.x.tolist(),
        "value": found.value,
        "gradient_norm": found.gradient_norm,
        "critical": found.is_critical,
        **spectrum,
        "kind": spectrum["kind"] if found.is_critical else "none",
    }


def _spectrum(spectrum: Spectrum) -> dict[str, Any]:
    return {
        "eigenvalues": spectrum.eigenvalues.tolist(),
        "inertia": [int(each) for each in spectrum.inertia],
        "index": int(spectrum.index),
        "nullity": int(spectrum.nullity),
        "kind": str(spectrum.kind),
        "threshold": float(spectrum.threshold),
        "margin": float(spectrum.margin),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    def said(name: str, each: Any) -> str:
        return "{} negative, {} zero, {} positive".format(*each) if name == "inertia" else words(each)

    return [f"{name.replace('_', ' '):14} {said(name, each)}" for name, each in told.items()]


def _verdict(found: LocalAnalysis) -> str:
    if not found.is_critical:
        return f"no critical point: |gradient| = {found.gradient_norm:.3g}; --find goes to the one it leads to"
    return _said(found.spectrum)


def _said(spectrum: Spectrum) -> str:
    kind, index = str(spectrum.kind), int(spectrum.index)
    if kind == "degenerate":
        return "degenerate: eigenvalues of one sign and zeros, or zeros alone; the second-derivative test is silent"
    margin = float(spectrum.margin)
    return f"{kind} of index {index}; the eigenvalue nearest to 0 is {margin:.3g} times what would be called zero"


def _matrix(given: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Read ``2,1;1,-3``."""
    example = 'such as "2,1;1,-3"'
    try:
        rows = [[float(each) for each in row.split(",")] for row in given.strip("[]() ").split(";")]
    except ValueError:
        raise UsageError(f"--hessian {given!r}: must be numbers, rows apart by semicolons, {example}") from None
    if any(len(row) != len(rows) for row in rows):
        raise UsageError(f"--hessian {given!r}: must be square, {example}")
    matrix = np.array(rows)
    if not np.isfinite(matrix).all():
        raise UsageError(f"--hessian {given!r}: must be finite")
    if not np.array_equal(matrix, matrix.T):
        i, j = np.argwhere(matrix != matrix.T)[0] + 1
        raise UsageError(
            f"--hessian {given!r}: must be symmetric, but entry ({i}, {j}) is {matrix[i - 1, j - 1]:g} and "
            f"({j}, {i}) is {matrix[j - 1, i - 1]:g}"
        )
    return matrix


def _point(given: str, dimension: int | None, objective: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        x = np.array([float(each) for each in given.strip("[]() ").split(",")])
    except ValueError:
        raise UsageError(f"--at {given!r}: must be numbers with commas between, such as --at 0.1,2.9") from None
    if not np.isfinite(x).all():
        raise UsageError(f"--at {given}: must be finite")
    if dimension is not None and len(x) != dimension:
        raise UsageError(f"--at {coordinates(x)} has {len(x)} components but {objective} has dimension {dimension}")
    return x
