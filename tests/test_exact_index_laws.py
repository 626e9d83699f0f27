"""The exact laws against closed forms, quadrature, one another and what is published of them."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.stats import norm

from saddlesim.experiments.levels.law import index_law
from saddlesim.random_matrices import ENSEMBLES, LARGEST_EXACT, index_distribution, log_probability_positive
from saddlesim.random_matrices.exact import eigenvalue_densities, index_mean_and_variance, p_spin_mean_counts
from saddlesim.random_matrices.exact.certifying import certified
from saddlesim.random_matrices.pivots import pivot_index_distribution


def closed_forms():
    with mp.workdps(60):
        two, six = mp.sqrt(2), mp.sqrt(6)
        half = two / (2 * mp.pi)
        return {
            ("goe", 2): [(2 - two) / 4, two / 2, (2 - two) / 4],
            ("goe", 3): [mpf(1) / 4 - half, mpf(1) / 4 + half, mpf(1) / 4 + half, mpf(1) / 4 - half],
            ("goe", 4): [
                (4 - two) / 16 - 1 / (2 * mp.pi),
                two / 8,
                (4 - two) / 8 + 1 / mp.pi,
                two / 8,
                (4 - two) / 16 - 1 / (2 * mp.pi),
            ],
            ("gue", 2): [mpf(1) / 4 - 1 / (2 * mp.pi), mpf(1) / 2 + 1 / mp.pi, mpf(1) / 4 - 1 / (2 * mp.pi)],
            ("isotropic_field_critical", 2): [mpf(1) / 4, mpf(1) / 2, mpf(1) / 4],
            ("isotropic_field_critical", 3): [(29 + sign * 6 * six) / 116 for sign in (-1, 1, 1, -1)],
            ("independent_signs", 3): [mpf(1) / 8, mpf(3) / 8, mpf(3) / 8, mpf(1) / 8],
        }


@pytest.mark.parametrize(("ensemble", "n"), closed_forms())
@pytest.mark.parametrize("digits", [20, 50])
def test_every_digit_is_that_of_the_closed_form(ensemble, n, digits):
    found = index_distribution(ensemble, n, digits=digits)
    with mp.workdps(60):
        for each, exact in zip(found, closed_forms()[ensemble, n], strict=True):
            assert abs(each - exact) <= mpf(10) ** -digits * exact


@pytest.mark.parametrize(("ensemble", "beta"), [("goe", 1), ("gue", 2), ("gse", 4), ("shifted_goe", 1)])
def test_two_eigenvalues_by_quadrature(ensemble, beta):
    shift = 0.75 if ensemble == "shifted_goe" else 0.0

    def density(x, y):
        return abs(x - y) ** beta * mp.exp(-mpf(beta) / 4 * ((x - shift) ** 2 + (y - shift) ** 2))

    with mp.workdps(15):

        def integral(low, high):
            def inner(x):  # split where |x - y| bends
                ends = sorted({low, high, x} if low < x < high else {low, high})
                return mp.quad(lambda y: density(x, y), ends)

            return inner

        positive = mp.quad(integral(0, 12), [0, 12])
        negative = mp.quad(integral(-12, 0), [-12, 0])
        mixed = 2 * mp.quad(integral(-12, 0), [0, 12])
    total = positive + negative + mixed
    expected = [float(each / total) for each in (positive, mixed, negative)]
    np.testing.assert_allclose(index_distribution(ensemble, 2, shift=shift), expected, rtol=1e-9)


def test_gue_of_three_as_published():
    assert index_distribution("gue", 2)[0] == pytest.approx(0.0908450569, abs=5e-11)
    assert index_distribution("gue", 3)[0] == pytest.approx(0.0056337927, abs=5e-11)


def test_gue_is_a_sum_of_independent_signs_of_the_overlaps_of_hermite_functions():
    n = 8
    with mp.workdps(25):

        def overlap(i, j):
            def product(x):
                scale = mp.sqrt(2**i * mp.factorial(i) * 2**j * mp.factorial(j) * mp.pi)
                return mp.hermite(i, x) * mp.hermite(j, x) * mp.exp(-x * x) / scale

            return mp.quad(product, [0, 2, 4, 6, 10])

        gram = mp.matrix(n, n)
        for i in range(n):
            for j in range(i + 1):
                gram[i, j] = gram[j, i] = overlap(i, j)
        law = [mpf(1)]
        for kappa in mp.eigsy(gram, eigvals_only=True):
            law = [
                a + b for a, b in zip([*(x * (1 - kappa) for x in law), 0], [0, *(x * kappa for x in law)], strict=True)
            ]
    np.testing.assert_allclose(index_distribution("gue", n), [float(each) for each in law], rtol=1e-12)


@pytest.mark.parametrize("t", [-2.0, 0.3, 1.0, 3.0])
def test_a_shifted_pair_is_positive_as_its_closed_form_says(t):
    exact = norm.cdf(t) - math.exp(-t * t / 4) * norm.cdf(t / math.sqrt(2)) / math.sqrt(2)
    assert index_distribution("shifted_goe", 2, shift=t)[0] == pytest.approx(exact, rel=1e-11)


def test_the_least_shift_tells():
    there = index_distribution("shifted_goe", 2, shift=Fraction(1, 10**30), digits=60)
    with mp.workdps(70):  # P(min) - P(max) = t / sqrt(2 pi) + O(t^3), from the closed form
        assert (there[0] - there[2]) / (mpf(10) ** -30 / mp.sqrt(2 * mp.pi)) == pytest.approx(1, rel=1e-25)


def test_a_shift_reads_backwards_when_its_sign_changes_and_zero_is_no_shift():
    there, back = (index_distribution("shifted_goe", 7, shift=t) for t in (0.6, -0.6))
    np.testing.assert_array_equal(there, back[::-1])
    np.testing.assert_array_equal(index_distribution("shifted_goe", 7), index_distribution("goe", 7))


def by_pivots(beta):
    """The law of Sturm's pivots, in float64: no Pfaffian, no ball, no node."""
    return lambda n: pivot_index_distribution(n, beta)


def by_pivots_of_shifts(n):
    """The same at shifts that are normal numbers, by the trapezoidal rule."""
    h = 0.5
    shifts = h * np.arange(1, 20)
    laws = np.array([pivot_index_distribution(n, 1.0, float(t)) for t in shifts])
    both = np.exp(-shifts * shifts / 2) @ (laws + laws[:, ::-1])
    return h * (both + pivot_index_distribution(n, 1.0)) / math.sqrt(2 * math.pi)


def by_levels(n):
    """What is critical at each level, by Pfaffians of Legendre's quadrature, with the density of critical points there."""
    levels = 0.2 * np.arange(-70, 71)
    law, determinant = index_law(n, levels)
    weights = determinant * np.exp(-levels * levels / 2)
    return law @ weights / weights.sum()


@pytest.mark.parametrize("n", [1, 2, 5, 9])
@pytest.mark.parametrize(
    ("ensemble", "oracle", "absolute"),
    [
        ("goe", by_pivots(1.0), 0),
        ("gue", by_pivots(2.0), 0),
        ("gse", by_pivots(4.0), 0),
        ("isotropic_field", by_pivots_of_shifts, 0),
        ("isotropic_field_critical", by_levels, 1e-11),
    ],
)
def test_laws_are_those_that_another_method_gives(ensemble, oracle, absolute, n):
    law = index_distribution(ensemble, n)
    assert law.dtype == np.float64
    np.testing.assert_allclose(law, oracle(n), rtol=1e-9, atol=absolute)
    assert law.sum() == pytest.approx(1, abs=1e-15)
    np.testing.assert_array_equal(law, law[::-1])
    assert (law > 0).all()


def normal_tail(x):
    return mp.erfc(x / mp.sqrt(2)) / 2


@pytest.mark.parametrize("t", [8, 50, 100])
@pytest.mark.parametrize("digits", [20, 50])
def test_far_shifts_leave_every_digit_of_tiny_probabilities(t, digits):
    one, two = (index_distribution("shifted_goe", n, shift=t, digits=digits) for n in (1, 2))
    with mp.workdps(digits + 2400):  # as many as P(all negative) is small
        root = mp.sqrt(2)
        wanted = normal_tail(t / root)
        assert abs(one[1] / wanted - 1) < mpf(10) ** -digits
        both = [normal_tail(-s * t) - mp.exp(-(mpf(t) ** 2) / 4) * normal_tail(-s * t / root) / root for s in (1, -1)]
        for found, exact in zip((two[0], two[2], two[1]), (*both, 1 - sum(both)), strict=True):
            assert abs(found / exact - 1) < mpf(10) ** -digits
    doubles = index_distribution("shifted_goe", 2, shift=t)
    assert doubles.tolist() == [float(each) for each in two]


def test_far_shifts_of_many_rows_are_certified_and_logarithms_may_be_as_near_to_0_as_they_like():
    for n, t in ((20, 100), (20, 9), (12, -30)):
        law = index_distribution("shifted_goe", n, shift=t, digits=30)
        finer = index_distribution("shifted_goe", n, shift=t, digits=60)
        assert all(abs(each / other - 1) < mpf(10) ** -29 for each, other in zip(law, finer, strict=True))
        with mp.workdps(1200):
            logarithm = mp.log1p(-sum(finer[1:])) if t > 0 else mp.log(finer[0])
            told = log_probability_positive("shifted_goe", n, shift=t, digits=30)
            assert abs(told / logarithm - 1) < mpf(10) ** -28
    tail = norm.sf(20 / math.sqrt(2))
    assert log_probability_positive("shifted_goe", 1, shift=20) == pytest.approx(-tail, rel=1e-12)
    pivots = pivot_index_distribution(9, 1.0, 15.0)
    np.testing.assert_allclose(index_distribution("shifted_goe", 9, shift=15), pivots, rtol=1e-9)


def test_what_a_first_precision_misses_the_next_has():
    precisions = []

    def balls():
        precisions.append(flint.ctx.prec)
        return [flint.arb(2).sqrt() - flint.fmpq(665857, 470832)]  # 40 bits are lost

    (found,) = certified(balls, 30, 110)
    assert precisions[1:]
    assert len(precisions) == 2
    assert found.rel_accuracy_bits() > 30 * math.log2(10)


@pytest.mark.parametrize("ensemble", ["goe", "gue", "gse", "isotropic_field_critical"])
def test_doubles_are_those_nearest_to_fifty_digits(ensemble):
    for n in range(1, 10):
        digits = index_distribution(ensemble, n, digits=50)
        assert list(index_distribution(ensemble, n)) == [float(each) for each in digits]


@pytest.mark.parametrize("n", [20, 30, 60])
def test_all_positive_follows_its_expansion(n):
    expansion = -(math.log(3) / 4) * n**2 - math.log(1 + 2 / math.sqrt(3)) / 2 * n - math.log(n) / 24 - 0.01722
    assert log_probability_positive("goe", n) == pytest.approx(expansion, abs=0.05 / n)


@pytest.mark.parametrize(("ensemble", "shift"), [("goe", 0), ("gue", 0), ("gse", 0), ("shifted_goe", -1.5)])
def test_all_positive_by_itself_is_the_first_of_the_law(ensemble, shift):
    first = index_distribution(ensemble, 7, shift=shift, digits=40)[0]
    with mp.workdps(40):
        alone = log_probability_positive(ensemble, 7, shift=shift, digits=40)
        assert abs(alone - mp.log(first)) < mpf(10) ** -37


def test_a_shift_out_of_reach_has_no_law_and_draws_all_the_same():
    far = ENSEMBLES["shifted_goe"](n=3, shift=1e4)
    assert far.index_distribution() is None
    assert far.log_probability_positive() is None
    assert not far.sample_index(5, np.random.default_rng(0)).any()


def test_a_shift_far_beyond_the_spectrum_leaves_one_index_and_a_logarithm():
    np.testing.assert_array_equal(index_distribution("shifted_goe", 20, shift=-100)[-1], 1)
    # one eigenvalue: log Phi(-100 / sqrt 2)
    assert log_probability_positive("shifted_goe", 1, shift=-100) == pytest.approx(
        norm.logcdf(-100 / math.sqrt(2)), rel=1e-12
    )


@pytest.mark.parametrize("n", [40, 41, 60])
def test_the_variance_of_the_index_follows_its_expansion(n):
    mean, variance = index_mean_and_variance(index_distribution("goe", n))
    assert mean == pytest.approx(n / 2, rel=1e-13)
    expansion = (math.log(n) + 1 + np.euler_gamma + 3 * math.log(2)) / math.pi**2 - 1 / 8
    assert variance == pytest.approx(expansion, abs=0.2 / n)


@pytest.mark.parametrize("n", range(1, 13))
def test_as_many_even_as_odd_critical_points(n):
    with mp.workdps(40):
        signed = sum(
            (-1) ** k * each for k, each in enumerate(index_distribution("isotropic_field_critical", n, digits=30))
        )
        assert abs(signed) < mpf(10) ** -29


def test_a_field_at_random_points_is_a_mixture_of_shifted_matrices():
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    mixed = sum(
        w * index_distribution("shifted_goe", 4, shift=float(t)) for t, w in zip(nodes, weights, strict=True)
    ) / math.sqrt(2 * math.pi)
    np.testing.assert_allclose(index_distribution("isotropic_field", 4), mixed, rtol=1e-10)


@pytest.mark.parametrize("p", [2, 3, 4, 7])
def test_a_spin_glass_of_two_components_has_as_many_critical_points_as_its_circle_says(p):
    assert p_spin_mean_counts(2, p).sum() == pytest.approx(2 * math.sqrt(3 * p - 2), rel=1e-14)


def test_two_critical_points_of_each_index_if_p_is_two():
    np.testing.assert_allclose(p_spin_mean_counts(9, 2), 2, rtol=1e-14)
    np.testing.assert_array_equal(index_distribution("spherical_p_spin_critical", 3, p=2), [0.25] * 4)


@pytest.mark.parametrize(("components", "p"), [(3, 3), (5, 3), (4, 4)])
def test_critical_points_on_a_sphere_alternate_to_its_euler_characteristic(components, p):
    means = p_spin_mean_counts(components, p)
    assert sum((-1) ** k * each for k, each in enumerate(means)) == pytest.approx(2 if components % 2 else 0, abs=1e-12)


def test_a_spin_glass_of_many_spins_is_an_isotropic_field():
    limit = index_distribution("isotropic_field_critical", 4)
    np.testing.assert_allclose(index_distribution("spherical_p_spin_critical", 4, p=10**9), limit, rtol=1e-7)


def test_densities_of_ordered_eigenvalues_integrate_to_one_and_sum_to_that_of_one_matrix_element():
    x = np.linspace(-14, 14, 281)
    densities = np.array([eigenvalue_densities(3, float(each)) for each in x])
    np.testing.assert_allclose(densities.sum(axis=0) * 0.1, 1, atol=1e-12)  # trapezoidal, and exponentially convergent
    second_moment = (x * x) @ densities.sum(axis=1) * 0.1
    assert second_moment == pytest.approx(3 * 2 + 6, rel=1e-10)  # E tr G^2
    np.testing.assert_allclose(densities, densities[::-1, ::-1], atol=1e-15)


def test_a_law_is_kept_and_found_again_and_a_broken_file_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("SADDLESIM_CACHE", str(tmp_path / "cache"))
    law = index_distribution("goe", 6)
    (kept,) = (tmp_path / "cache" / "laws").iterdir()
    content = json.loads(kept.read_text())
    assert content["law"] == {"index": "goe", "n": 6, "wanted": "doubles"}
    mantissa, exponent = content["numbers"][0]
    assert float(int(mantissa, 16) * Fraction(2) ** exponent) == law[0]
    content["numbers"][0] = [mantissa, exponent + 1]
    kept.write_text(json.dumps(content))
    assert index_distribution("goe", 6)[0] == 2 * law[0]  # it is read
    kept.write_text("{")
    np.testing.assert_array_equal(index_distribution("goe", 6), law)
    more = index_distribution("goe", 6, digits=40)
    assert {json.loads(each.read_text())["digits"] for each in kept.parent.iterdir()} == {25, 40}
    assert mpmath.nstr(more[0], 15) == mpmath.nstr(mpf(law[0]), 15)


def test_whoever_cannot_keep_laws_does_without(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SADDLESIM_CACHE", str(tmp_path / "file"))
    assert index_distribution("goe", 2)[0] == pytest.approx((2 - math.sqrt(2)) / 4, rel=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("goe", 0), r"n=0: the exact index law of goe is for whole n from 1 to 100$"),
        (("goe", 10**6), r"n=1000000: the exact index law of goe is for whole n from 1 to 100$"),
        (("goe", 2.5), r"n=2.5: .* whole n"),
        (("wishart", 3), r"'wishart' has no exact index law here; allowed: goe, gue, gse, shifted_goe"),
        (("shifted_geo", 3), r"'shifted_geo' has no exact index law here; did you mean 'shifted_goe'\?"),
    ],
)
def test_a_law_that_is_not_there_is_refused_in_a_line(arguments, message):
    with pytest.raises(ValueError, match=message):
        index_distribution(*arguments)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shift": 1.0}, r"shift=1.0: goe is not shifted; shifted_goe is"),
        ({"shift": math.nan}, r"shift=nan"),
        ({"shift": 1e3}, r"shift=1000.0: "),
        ({"p": 1}, r"p=1: must be whole, from 2 to 1000"),
        ({"p": 2.5}, r"p=2.5: must be whole"),
        ({"digits": True}, r"digits=True: must be whole"),
        ({"digits": "5"}, r"digits='5': must be whole"),
        ({"shift": "1"}, r"shift='1': must be a number"),
        ({"digits": 0}, r"digits=0: must be whole, from 1 to 1000"),
        ({"digits": 10**6}, r"digits=1000000: must be whole, from 1 to 1000"),
    ],
)
def test_bad_parameters_are_refused_in_a_line(given, message):
    for ask in (index_distribution, log_probability_positive):
        with pytest.raises(ValueError, match=message):
            ask("goe", 3, **given)


@pytest.mark.slow
@pytest.mark.parametrize("ensemble", ["goe", "gue", "gse", "shifted_goe"])
def test_sixty_rows_are_within_reach(ensemble):
    assert LARGEST_EXACT[ensemble] >= 60
    law = index_distribution(ensemble, 60)
    assert law.sum() == pytest.approx(1, abs=1e-15)
    mean, _ = index_mean_and_variance(law)
    assert mean == pytest.approx(30, rel=1e-13)
