from __future__ import annotations

import re

import numpy as np
import pytest
import sympy

from saddlesim.analysis import analyse, nearest_critical_point, polish
from saddlesim.experiments.saddles import Find, resolve
from saddlesim.objectives import OBJECTIVES, expression

HIMMELBLAU, MONKEY = OBJECTIVES["himmelblau"](), OBJECTIVES["monkey_saddle"]()
QUADRATIC = OBJECTIVES["quadratic"](eigenvalues=(2.0, -0.25), angle=0.5)


def himmelblaus_saddle():
    """Find the saddle near (0.1, 2.9) to 30 digits."""
    x, y = sympy.symbols("x y")
    f = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    root = sympy.nsolve([f.diff(x), f.diff(y)], [x, y], [0.1, 2.9], prec=30)
    return np.array(root, dtype=float).ravel()


def without_a_list(objective):
    """Hide what the library knows of an objective, so that only searching helps."""
    return type("Unlisted", (), {name: getattr(objective, name) for name in ("value", "gradient", "hessian")})()


def test_polish_ends_at_himmelblaus_saddle():
    np.testing.assert_allclose(polish(HIMMELBLAU, [0.1, 2.9]), himmelblaus_saddle(), rtol=0, atol=1e-12)


def test_polish_leaves_its_guess_alone():
    guess = np.array([0.1, 2.9])
    polish(HIMMELBLAU, guess)
    assert guess.tolist() == [0.1, 2.9]


def test_polish_comes_back_to_every_listed_point(critical_point):
    objective, point = critical_point
    nudge = 1e-3 * np.random.default_rng(0).standard_normal(len(point.x))
    found = polish(objective, point.x + nudge)
    assert analyse(objective, found).is_critical
    np.testing.assert_allclose(found, point.x, rtol=0, atol=1e-4 if point.nullity else 1e-9)


def test_monkey_is_degenerate_even_where_polishing_ends():
    found = analyse(MONKEY, polish(MONKEY, [0.3, 0.2]))
    assert found.is_critical
    assert found.spectrum.kind == "degenerate"
    assert found.spectrum.nullity == 2
    assert resolve(MONKEY, (0.0, 0.0)).kind == "saddle"  # the list knows more than the Hessian
    assert resolve(without_a_list(MONKEY), (0.0, 0.0)).kind == "degenerate"


def test_analysis_tells_gradient_and_eigenvalues():
    at = np.array([0.3, -0.7])
    found = analyse(QUADRATIC, at)
    c, s = np.cos(0.5), np.sin(0.5)
    q = np.array([[c, -s], [s, c]])
    assert found.gradient_norm == pytest.approx(np.linalg.norm(np.array([2.0, -0.25]) * (q.T @ at)), rel=1e-14)
    assert found.value == pytest.approx(0.5 * np.array([2.0, -0.25]) @ (q.T @ at) ** 2, rel=1e-14)
    np.testing.assert_allclose(found.spectrum.eigenvalues, [-0.25, 2.0], rtol=1e-13)
    np.testing.assert_allclose(np.abs(found.eigenvectors), np.abs(q[:, ::-1]), rtol=1e-13)
    assert not found.is_critical


@pytest.mark.parametrize("far", [np.nan, 1e200])
def test_what_is_not_finite_is_told(far):
    with pytest.raises(ValueError, match="is not finite"):
        analyse(HIMMELBLAU, [far, 0.0])


def test_nearest_is_found_with_and_without_a_list():
    for objective in (HIMMELBLAU, without_a_list(HIMMELBLAU)):
        nearest = nearest_critical_point(objective, [0.1, 2.9])
        assert (nearest.kind, nearest.index) == ("saddle", 1)
        np.testing.assert_allclose(nearest.x, himmelblaus_saddle(), atol=1e-9)


@pytest.mark.parametrize("given", ["saddle_2", Find(find=(0.1, 2.9))], ids=str)
def test_a_saddle_is_given_by_label_or_guess(given):
    saddle = resolve(HIMMELBLAU, given)
    assert saddle.known.label == "saddle_2"
    np.testing.assert_allclose(saddle.x, himmelblaus_saddle(), rtol=0, atol=1e-12)
    hessian = HIMMELBLAU.hessian(saddle.x)
    for space, sign in ((saddle.escape_space, -1), (saddle.stable_space, 1)):
        assert space.shape == (2, 1)
        assert sign * (space.T @ hessian @ space).item() > 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            (0.1, 2.9),
            "[0.1, 2.9] is no critical point of himmelblau(): |gradient| = 1.35; "
            "the nearest critical point found is the saddle at [0.08668, 2.884]; {find: [0.1, 2.9]} would polish it",
        ),
        (
            (3.0, 2.0),
            "[3, 2] is a minimum of himmelblau(), no saddle: |gradient| = 0, Hessian eigenvalues 25.72, 82.28; "
            "its known saddles: saddle_1, saddle_2, saddle_3, saddle_4",
        ),
        ("maximum", "is a maximum of himmelblau(), no saddle"),
        ("sadle_1", "himmelblau() has no known critical point 'sadle_1'; did you mean 'saddle_1'?"),
        ((1.0, 2.0, 3.0), "[1, 2, 3] has 3 components but himmelblau() has dimension 2"),
        (Find(find=(1.0,)), "[1] has 1 components but himmelblau() has dimension 2"),
        (Find(find=(3.1, 2.1)), "[3, 2] is a minimum of himmelblau(), no saddle"),
    ],
    ids=str,
)
def test_what_is_no_saddle_is_told(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve(HIMMELBLAU, given)


class Slope:
    """f = x + x^3 / 3, whose gradient 1 + x^2 is smallest at 0 and never zero."""

    def value(self, x):
        return x[0] + x[0] ** 3 / 3

    def gradient(self, x):
        return 1 + x * x

    def hessian(self, x):
        return 2 * x[None]


def test_a_search_that_ends_nowhere_says_so():
    message = re.escape("no critical point found from [0.5]: |gradient| is still 1 at [")
    with pytest.raises(ValueError, match=message):
        resolve(Slope(), Find(find=(0.5,)))


@pytest.mark.parametrize(
    ("text", "at", "find"),
    [
        (
            "x**2 + y**4",
            [0, 1e-4],
            False,
        ),  # four Newton steps overshoot a triple root to where the curvature is 8/9 less
        ("x**5/5 - 3*x**4/4 + x**3 - x**2/2 + y**2", [1.001, 0], True),  # its gradient rounds to zero 4e-6 from (1, 0)
    ],
)
def test_a_point_near_a_degenerate_one_is_not_called_a_minimum(text, at, find):
    objective = expression(text)
    x = polish(objective, at) if find else at
    assert str(analyse(objective, x).spectrum.kind) == "degenerate"
