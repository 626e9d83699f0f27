"""What tests share: every example of every registered class, and points to try objectives at."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from saddlesim.objectives import OBJECTIVES, Quadratic
from saddlesim.optimizers import OPTIMIZERS, unmet_need

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")

OBJECTIVE_EXAMPLES = [each for cls in OBJECTIVES.values() for each in cls.examples()]
OPTIMIZER_EXAMPLES = [  # what needs a finite sum is tested apart
    each for cls in OPTIMIZERS.values() for each in cls.examples() if not unmet_need(each, Quadratic())
]
WELL_SCALED = (
    "quadratic",
    "monkey_saddle",
    "strict_saddle_toy",
    "double_well",
    "coupled_wells",
    "himmelblau",
    "rosenbrock",
)
FEW_POINTS = [  # for tests of what is done at a critical point; those of the points themselves look at all
    (objective, point)
    for key in WELL_SCALED
    for objective in OBJECTIVES[key].examples()
    for point in objective.critical_points or ()
]
INVARIANT_POINTS = [
    (objective, point)
    for objective in OBJECTIVE_EXAMPLES
    for point in itertools.islice(objective.critical_points or (), 300)
    if point.stable_eigenspace_invariant
]


def named(pair: Any) -> str:
    return f"{pair[0]}-{pair[1].label}"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep exact laws for these tests alone, so that none stands on what an earlier code computed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADDLESIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(params=OBJECTIVE_EXAMPLES, ids=str)
def objective(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=FEW_POINTS, ids=named)
def critical_point(request: pytest.FixtureRequest) -> Any:
    """An objective and one of its declared critical points."""
    return request.param


@pytest.fixture(params=INVARIANT_POINTS, ids=named)
def invariant_point(request: pytest.FixtureRequest) -> Any:
    """An objective and a critical point whose stable eigenspace it declares invariant."""
    return request.param


@pytest.fixture(params=OPTIMIZER_EXAMPLES, ids=str)
def optimizer(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=[each for each in OPTIMIZER_EXAMPLES if not each.stochastic], ids=str)
def deterministic(request: pytest.FixtureRequest) -> Any:
    """An optimizer that draws nothing."""
    return request.param


@pytest.fixture(params=[each for each in OPTIMIZER_EXAMPLES if each.stochastic], ids=str)
def stochastic(request: pytest.FixtureRequest) -> Any:
    """An optimizer that draws from an rng."""
    return request.param


@pytest.fixture
def x(objective: Any) -> NDArray[np.float64]:
    """Points to try an objective at, read-only: zeros, ones, 0 1 0 1, 0 1 2 3, and six random ones of its domain."""
    d = objective.dimension
    structured = np.stack([np.zeros(d), np.ones(d), np.arange(d) % 2, np.arange(d)], axis=1)
    random = np.random.default_rng(1).uniform(*objective.domain.T, size=(6, d)).T
    points = np.concatenate([structured, random], axis=1)
    points.flags.writeable = False
    return points
