import itertools
import sys
import tracemalloc

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.family import Family
from saddlesim.objectives.separable_family import Separable

MILLION = 1_000_000
FAMILIES = {
    key: cls for key, cls in OBJECTIVES.items() if issubclass(cls, Family) and "dimension" in cls.__pydantic_fields__
}
SEPARABLE = {key: cls for key, cls in FAMILIES.items() if issubclass(cls, Separable)}


@pytest.mark.parametrize("key", FAMILIES)
def test_a_million_components_take_memory_for_some_vectors_and_no_matrix(key):
    objective = OBJECTIVES[key](dimension=MILLION)
    x = np.random.default_rng(0).uniform(*objective.domain.T) / 2
    tracemalloc.start()
    with np.errstate(all="ignore"):
        value, gradient, product = objective.value(x), objective.gradient(x), objective.hessian_product(x, x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.shape(value) == ()
    assert gradient.shape == product.shape == (MILLION,)
    assert np.isfinite(gradient).all()
    assert peak < 40 * 8 * MILLION  # bytes: the results, and less than forty vectors beside them


@pytest.mark.parametrize("key", SEPARABLE)
def test_products_of_extrema_are_critical_and_all_are_counted(key):
    objective = OBJECTIVES[key](dimension=2)
    points = objective.critical_points
    if points is None:
        assert objective.critical_set
        return
    assert len(list(points)) == len(points)
    assert points[-1].label == list(points)[-1].label
    assert [each.label for each in points[1:3]] == [each.label for each in points[:]][1:3]
    with pytest.raises(IndexError):
        points[len(points)]
    if key in ("styblinski_tang", "rastrigin", "schwefel", "sphere"):  # whose terms are all alike
        line = OBJECTIVES[key](dimension=1).critical_points
        assert len(points) == len(line) ** 2
        pairs = {tuple(sorted((a.x[0], b.x[0]))) for a, b in itertools.product(line, line)}
        assert {tuple(sorted(point.x)) for point in points} == pairs


def test_rastrigin_has_twenty_one_points_on_a_line_found_by_another_solver():
    from scipy.optimize import brentq

    def slope(t):
        return 2 * t + 20 * np.pi * np.sin(2 * np.pi * t)

    grid = np.linspace(-5.12, 5.12, 100_000)
    changes = np.flatnonzero(np.diff(np.sign(slope(grid))))
    roots = [brentq(slope, grid[k], grid[k + 1], xtol=1e-15) for k in changes]
    listed = sorted(point.x[0] for point in OBJECTIVES["rastrigin"](dimension=1).critical_points)
    np.testing.assert_allclose(listed, roots, atol=1e-12)
    assert len(listed) == 21


def test_a_list_too_long_to_count_is_no_list():
    assert OBJECTIVES["styblinski_tang"](dimension=30).critical_points is not None
    assert len(OBJECTIVES["styblinski_tang"](dimension=39).critical_points) == 3**39 <= sys.maxsize
    assert OBJECTIVES["styblinski_tang"](dimension=41).critical_points is None
    assert not OBJECTIVES["styblinski_tang"](dimension=41).critical_points_complete
