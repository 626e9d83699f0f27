from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from saddlesim.random_matrices import ENSEMBLES
from saddlesim.random_matrices.exact import index_distribution, log_probability_positive
from saddlesim.random_matrices.pivots import (
    pivot_index_distribution,
    pivot_log_index_distribution,
    pivot_log_probability_positive,
)

ROOT, PI = math.sqrt(2), math.pi


def phi(x):
    return math.erfc(-x / ROOT) / 2


@pytest.mark.parametrize(
    "law",
    [
        [1 / 2, 1 / 2],
        [(2 - ROOT) / 4, ROOT / 2, (2 - ROOT) / 4],
        [1 / 4 - ROOT / (2 * PI), 1 / 4 + ROOT / (2 * PI), 1 / 4 + ROOT / (2 * PI), 1 / 4 - ROOT / (2 * PI)],
        [(4 - ROOT) / 16 - 1 / (2 * PI), ROOT / 8, (4 - ROOT) / 8 + 1 / PI, ROOT / 8, (4 - ROOT) / 16 - 1 / (2 * PI)],
    ],
    ids=lambda law: f"n={len(law) - 1}",
)
def test_the_law_of_the_goe_is_the_closed_form(law):
    np.testing.assert_allclose(pivot_index_distribution(len(law) - 1, 1.0), law, rtol=1e-11)


@pytest.mark.parametrize(("n", "published"), [(2, 0.0908450569), (3, 0.0056337927)])
def test_the_gue_is_as_published(n, published):
    assert pivot_index_distribution(n, 2.0)[0] == pytest.approx(published, abs=6e-11)


@pytest.mark.parametrize("beta", [0.05, 0.7, 2.5, 10.0, 60.0])
def test_two_rows_of_any_beta_are_an_integral_over_the_circle(beta):
    def arc(end):
        return quad(lambda angle: math.sin(angle) ** beta, 0, end, epsabs=0, epsrel=1e-12)[0]

    positive = arc(PI / 4) / (2 * arc(PI / 2))
    # (l_1, l_2) in polar coordinates: |l_1 - l_2|^beta is a power of a sine, the rest depends on the radius alone
    np.testing.assert_allclose(pivot_index_distribution(2, beta), [positive, 1 - 2 * positive, positive], rtol=1e-10)


@pytest.mark.parametrize("t", [-4.0, -0.5, 1.0, 6.0])
def test_a_shift_of_two_rows_is_the_closed_form(t):
    positive = phi(t) - math.exp(-t * t / 4) * phi(t / ROOT) / ROOT
    assert pivot_log_probability_positive(2, 1.0, t) == pytest.approx(math.log(positive), rel=1e-10)


def test_weak_repulsion_is_a_coin():
    coin = [math.comb(7, k) / 2**7 for k in range(8)]
    np.testing.assert_allclose(pivot_index_distribution(7, 1e-7), coin, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "beta", "n", "shift"),
    [("goe", 1.0, 20, 0.0), ("gue", 2.0, 12, 0.0), ("gse", 4.0, 7, 0.0), ("shifted_goe", 1.0, 9, 2.5)],
)
def test_it_is_the_law_of_pfaffians(name, beta, n, shift):
    law = pivot_index_distribution(n, beta, shift)
    np.testing.assert_allclose(law, index_distribution(name, n, shift=shift), rtol=1e-10)
    assert law.sum() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize(("name", "beta", "n"), [("goe", 1.0, 40), ("gue", 2.0, 30)])
def test_what_float64_cannot_hold_has_a_logarithm(name, beta, n):
    assert pivot_log_probability_positive(n, beta) == pytest.approx(log_probability_positive(name, n), rel=1e-12)


def test_sixty_rows_follow_the_expansion():
    n = 60
    expansion = -math.log(3) / 4 * n * n - math.log(1 + 2 / math.sqrt(3)) / 2 * n - math.log(n) / 24 - 0.01722
    assert pivot_log_probability_positive(n, 1.0) == pytest.approx(expansion, abs=0.1 / n)


def test_it_is_the_law_of_what_is_drawn():
    n_samples, ensemble = 400_000, ENSEMBLES["beta_ensemble"](n=6, beta=2.5)
    counts = np.bincount(ensemble.sample_index(n_samples, np.random.default_rng(1)), minlength=7)
    law = pivot_index_distribution(6, 2.5)
    z = (counts - n_samples * law) / np.sqrt(n_samples * law * (1 - law))
    assert np.all(np.abs(z[1:-1]) < 4)


def test_a_shift_the_other_way_exchanges_the_signs():
    there, back = pivot_log_index_distribution(15, 3.0, 1.7), pivot_log_index_distribution(15, 3.0, -1.7)
    np.testing.assert_allclose(there, back[::-1], rtol=0, atol=1e-9)
    assert pivot_log_probability_positive(15, 3.0, -1.7) == pytest.approx(there[-1], rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1.0), "1 to"),
        ((1_000, 1.0), "1 to"),
        ((3, -1.0), "beta=-1.0: must be positive"),
        ((3, math.nan), "must be positive"),
        ((60, 50.0), "must be at most"),
        ((3, 1.0, math.inf), "must be at most"),
    ],
)
def test_what_is_out_of_reach_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        pivot_log_probability_positive(*arguments)


def test_an_ensemble_that_the_pivots_do_not_reach_says_so():
    stiff = ENSEMBLES["beta_ensemble"](n=60, beta=50)
    assert stiff.index_distribution() is None
    assert stiff.log_probability_positive() is None
    long = ENSEMBLES["beta_ensemble"](n=150, beta=0.5)
    assert long.index_distribution() is None
    assert long.log_probability_positive() == pytest.approx(pivot_log_probability_positive(150, 0.5))
