"""What the tests are parametrised over: every example of every registry, and points to try them at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS

EVERY_OBJECTIVE = [example for cls in OBJECTIVES.values() for example in cls.examples()]
EVERY_OPTIMIZER = [example for cls in OPTIMIZERS.values() for example in cls.examples()]


@pytest.fixture(params=EVERY_OBJECTIVE, ids=str)
def objective(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=EVERY_OPTIMIZER, ids=str)
def optimizer(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def points(objective: Any) -> np.ndarray:
    """Random and structured points, (d, B)."""
    d = objective.dimension
    low, high = objective.domain.T
    drawn = np.random.default_rng(1).uniform(low, high, (5, d)).T
    structured = np.stack([np.zeros(d), np.ones(d), np.arange(d) % 2, np.arange(d) % 4], axis=1)
    return np.concatenate([drawn, structured], axis=1)
