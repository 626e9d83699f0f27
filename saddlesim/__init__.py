"""saddlesim, the saddle-point laboratory: objectives, optimizers near their saddles, and what theory says of both.

Notation, which nothing in this package contradicts::

    f        an objective, R^d -> R          x       points, component first: shape (d,) or (d, B); `x, y = X` unpacks
    H        its Hessian, shape (d, d, ...)  lambda  an eigenvalue of H
    index    Morse index: how many eigenvalues are negative      nullity: how many are zero
    inertia  (negative, zero, positive)      gamma   -lambda_min > 0, the escape rate of a strict saddle
    kind     minimum | maximum | saddle | degenerate
    strict saddle   a critical point with a negative eigenvalue (Lee et al. 2016; includes maxima)
    lane     one trajectory of an ensemble   block   a fixed number of lanes computed, seeded and stored together
    step     one update                      escape step  first step at which a lane leaves a given ball round the saddle

Names are loaded when they are first asked for, so that ``saddlesim --help`` need not wait for NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from saddlesim.version import VERSION as __version__

if TYPE_CHECKING:
    from saddlesim.connecting import connections, disconnectivity
    from saddlesim.experiments import EXPERIMENTS
    from saddlesim.objectives import OBJECTIVES, expression
    from saddlesim.objectives.jax_objective import from_jax
    from saddlesim.optimizers import OPTIMIZERS
    from saddlesim.plots import plot
    from saddlesim.proving import census
    from saddlesim.runs import Run, run
    from saddlesim.scenario import Scenario, ScenarioError, load_scenario
    from saddlesim.searching import search
    from saddlesim.simulation import Trajectory, simulate
    from saddlesim.store import load_result

_ROOMS = {
    "EXPERIMENTS": "experiments",
    "OBJECTIVES": "objectives",
    "OPTIMIZERS": "optimizers",
    "Run": "runs",
    "Scenario": "scenario",
    "ScenarioError": "scenario",
    "Trajectory": "simulation",
    "census": "proving",
    "connections": "connecting",
    "disconnectivity": "connecting",
    "expression": "objectives",
    "from_jax": "objectives.jax_objective",
    "load_result": "store",
    "load_scenario": "scenario",
    "plot": "plots",
    "run": "runs",
    "search": "searching",
    "simulate": "simulation",
}

__all__ = [
    "EXPERIMENTS",
    "OBJECTIVES",
    "OPTIMIZERS",
    "Run",
    "Scenario",
    "ScenarioError",
    "Trajectory",
    "__version__",
    "census",
    "connections",
    "disconnectivity",
    "expression",
    "from_jax",
    "load_result",
    "load_scenario",
    "plot",
    "run",
    "search",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'saddlesim' has no attribute {name!r}")
    return getattr(importlib.import_module(f"saddlesim.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
