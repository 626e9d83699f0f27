import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import wrightomega
from scipy.stats import binomtest, ks_2samp, kstest
from threadpoolctl import threadpool_limits

from saddlesim.problems import InvalidParameters
from saddlesim.random_matrices.dense import FACTORED_FROM, LARGEST_DENSE, ContinuousEnsemble
from saddlesim.random_matrices.wigner import DiagonalPlusNoise, EqualVariances, Rademacher, Sparse, Spiked
from saddlesim.random_matrices.wishart import WignerPlusWishart, Wishart
from saddlesim.spectrum import classify

Z = 4.5  # of the largest of some dozen figures, at a fixed seed
N_SAMPLES = 40_000


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small matrices are slower with two."""
    with threadpool_limits(1):
        yield


def generator(seed=0):
    return np.random.default_rng(seed)


def assert_mean(samples, expected, z=Z):
    error = samples.std(axis=0, ddof=1) / math.sqrt(len(samples))
    assert (np.abs(samples.mean(axis=0) - expected) <= z * error + 1e-12).all()


def positive_of_two(diagonal_variance, variance):
    """P(both eigenvalues positive) for independent normal entries: a > 0, a c > b^2, by the angle of a - c and b."""

    def outside(angle):
        k = math.cos(angle) ** 2 + 2 * variance / diagonal_variance * math.sin(angle) ** 2
        return math.sqrt(k / (1 + k))

    return 0.5 - quad(outside, 0, math.pi / 2, epsabs=1e-14)[0] / math.pi


MOMENTS = [  # of entries off the diagonal and on it: mean, variance
    (EqualVariances(n=3), (0, 1), (0, 1)),
    (Rademacher(n=3), (0, 1), (0, 1)),
    (Sparse(n=3, degree=1.5), (0, 1), (0, 2)),
    (DiagonalPlusNoise(n=3, noise=0.5), (0, 0.25 / 3), (0, 1 + 0.5 / 3)),
    (Wishart(n=3, ratio=0.5), (0, 1 / 6), (1, 2 / 6)),
    (Wishart(n=3, ratio=1.5), (0, 1 / 2), (1, 2 / 2)),
    (WignerPlusWishart(n=3, energy=0.3, ratio=0.5), (0, 1 / 6 + 0.2), (1, 2 / 6 + 0.4)),
]


@pytest.mark.parametrize(("ensemble", "off_diagonal", "diagonal"), MOMENTS, ids=str)
def test_entries_have_their_moments(ensemble, off_diagonal, diagonal):
    matrices = ensemble.sample(N_SAMPLES, generator(1))
    assert (matrices == matrices.swapaxes(1, 2)).all()
    for entries, (mean, variance) in (
        (matrices[:, *np.tril_indices(3, -1)], off_diagonal),
        (matrices[:, range(3), range(3)], diagonal),
    ):
        assert_mean(entries, mean)
        assert_mean((entries - mean) ** 2, variance)


TRACES = [  # E tr H, E tr H^2
    (EqualVariances(n=4), 0, 16),
    (Rademacher(n=4), 0, 16),
    (Spiked(n=4, strength=-1.5), -3, 16 + 4 + 9),
    (Sparse(n=4, degree=0.7), 0, 20),
    (DiagonalPlusNoise(n=4, noise=2.0), 0, 4 + 4 * 5),
    (Wishart(n=4, ratio=0.4), 4, 4 * 15 / 10),  # n (n + m + 1) / m
    (Wishart(n=4, ratio=4.0), 4, 4 * 6 / 1),
    (WignerPlusWishart(n=4, energy=0.3, ratio=0.4), 4, 4 * 15 / 10 + 0.6 * 5),
]


@pytest.mark.parametrize(("ensemble", "first", "second"), TRACES, ids=str)
def test_spectra_have_the_traces(ensemble, first, second):
    spectra = ensemble.sample_spectrum(N_SAMPLES, generator(2))
    assert_mean(spectra.sum(axis=1), first)
    assert_mean((spectra**2).sum(axis=1), second)


def test_the_mistaken_goe_has_its_own_probabilities():
    law = EqualVariances().index_distribution()
    assert law[0] == pytest.approx(positive_of_two(1, 1), rel=1e-12)
    assert law[0] == law[2]
    assert law.sum() == pytest.approx(1, abs=1e-15)
    assert law[0] == pytest.approx(0.1159, abs=5e-5)
    assert positive_of_two(2, 1) == pytest.approx((2 - math.sqrt(2)) / 4, rel=1e-12)  # the GOE, by the same oracle
    assert EqualVariances(n=3).index_distribution() is None


@pytest.mark.slow
def test_five_rows_of_equal_variances_are_positive_once_in_sixty_thousand():
    n_samples = 2_000_000
    negative, _ = EqualVariances(n=5).sample_inertia(n_samples, generator(3))
    for extreme in (0, 5):
        assert binomtest(int((negative == extreme).sum()), n_samples, 1.7e-5).pvalue > 1e-3


def test_sums_of_squares_have_no_negative_and_exactly_the_missing_zero_eigenvalues():
    ensemble = Wishart(n=6, ratio=3.0)
    assert ensemble.n_columns == 2
    assert (np.linalg.matrix_rank(ensemble.sample(50, generator()), hermitian=True) == 2).all()
    spectra = ensemble.sample_spectrum(50, generator())
    assert (spectra[:, :4] == 0).all()
    assert (spectra[:, 4:] > 0).all()
    negative, zero = ensemble.sample_inertia(50, generator())
    assert (negative == 0).all()
    assert (zero == 4).all()
    assert ensemble.log_probability_positive() == -math.inf
    assert (Wishart(n=60, ratio=1.0).sample_spectrum(200, generator()) > 0).all()  # down to about 1e-8


@pytest.mark.parametrize(("n", "ratio"), [(3, 0.5), (5, 2.5), (4, 1.0)])
def test_triangular_factors_give_the_law_of_full_ones(n, ratio):
    ensemble = Wishart(n=n, ratio=ratio)
    m = ensemble.n_columns
    factors = generator(5).standard_normal((4000, n, m))
    full = np.linalg.eigvalsh(factors @ factors.swapaxes(1, 2) / m)
    ours = ensemble.sample_spectrum(4000, generator(6))
    for k in range(n - min(n, m), n):
        assert ks_2samp(full[:, k], ours[:, k], method="asymp").pvalue > 1e-4
    traces = np.trace(ensemble.sample(4000, generator(7)), axis1=1, axis2=2)
    assert kstest(traces * m, "chi2", args=(n * m,), method="asymp").pvalue > 1e-4


@pytest.mark.parametrize("phi", [0.25, 0.5, 2.0])
def test_a_large_covariance_spectrum_is_that_of_marchenko_and_pastur(phi):
    low, high = (1 - math.sqrt(phi)) ** 2, (1 + math.sqrt(phi)) ** 2

    def below(x):
        density = quad(lambda y: math.sqrt((high - y) * (y - low)) / (2 * math.pi * phi * y), low, x)[0]
        return max(0, 1 - 1 / phi) + density

    spectra = Wishart(n=200, ratio=phi).sample_spectrum(3, generator(8)).ravel()
    for x in np.linspace(low, high, 9)[1:]:
        assert (spectra <= x).mean() == pytest.approx(below(min(x, high)), abs=0.01)  # eigenvalues are rigid: O(1 / n)


def test_no_eigenvalue_is_negative_below_the_critical_energy_and_the_predicted_fraction_above():
    phi, n = 0.25, 200
    critical = (1 - 20 * phi - 8 * phi**2 + (1 + 8 * phi) ** 1.5) / 16
    assert not WignerPlusWishart(n=n, energy=critical / 2, ratio=phi).sample_index(20, generator(9)).any()
    energy = 5 * critical

    def density(x):  # z = 2 energy G + 1 / (1 - phi G) + 1 / G as a cubic in G
        roots = np.roots([-2 * energy * phi, 2 * energy + phi * x, 1 - phi - x, 1])
        return max(0.0, float(roots.imag.max())) / math.pi

    fraction = quad(density, -3, 0, limit=200)[0]
    index = WignerPlusWishart(n=n, energy=energy, ratio=phi).sample_index(20, generator(9))
    assert 0.05 < fraction < 0.5
    assert index.mean() / n == pytest.approx(fraction, abs=1 / n)


@pytest.mark.parametrize("strength", [-2.0, 1.5])
def test_a_strong_spike_leaves_the_bulk_at_its_place(strength):
    n, side = 400, -1 if strength > 0 else 0
    place = (strength + 1 / strength) * math.sqrt(n)
    spread = math.sqrt(2 * (1 - strength**-2))  # of the outlier, which is normal in the limit
    spiked = Spiked(n=n, strength=strength)
    dense, tridiagonal = np.linalg.eigvalsh(spiked.sample(5, generator(10))), spiked.sample_spectrum(100, generator(11))
    for outliers in (dense[:, side], tridiagonal[:, side]):
        assert abs(outliers.mean() - place) < 4 * spread / math.sqrt(len(outliers)) + 1 / math.sqrt(n)


def test_a_weak_spike_is_not_seen():
    n = 400
    spectra = Spiked(n=n, strength=0.5).sample_spectrum(100, generator(12))
    assert np.abs(spectra).max() < 2 * math.sqrt(n) + 4 * n ** (-1 / 6)  # four units of Tracy and Widom


def test_entries_are_as_many_as_the_degree_says():
    triangles = Sparse(n=5, degree=2.0).sample(4000, generator(18))[:, *np.tril_indices(5)]
    assert binomtest(int(np.count_nonzero(triangles)), triangles.size, 2 / 5).pvalue > 1e-4


def test_as_many_neighbours_as_rows_are_the_goe():
    index = Sparse(n=3, degree=3.0).sample_index(N_SAMPLES, generator(13))
    assert binomtest(int((index == 0).sum()), N_SAMPLES, 1 / 4 - math.sqrt(2) / (2 * math.pi)).pvalue > 1e-4


@pytest.mark.parametrize("degree", [0.5, 1.0, 2.0])
def test_few_neighbours_leave_the_known_fraction_of_zeros(degree):
    n = 200
    q = float(wrightomega(math.log(degree))) / degree  # q = exp(-degree q)
    zeros = Sparse(n=n, degree=degree).sample_inertia(30, generator(14)).zero / n
    error = zeros.std(ddof=1) / math.sqrt(len(zeros))
    assert abs(zeros.mean() - (2 * q + degree * q * q - 1)) < 4 * error + 2 / n  # and a loop or two on the diagonal


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0, 1e5])
def test_noise_leads_from_the_coin_to_the_goe(noise):
    index = DiagonalPlusNoise(n=2, noise=noise).sample_index(N_SAMPLES, generator(15))
    expected = positive_of_two(1 + noise**2, noise**2 / 2)
    assert binomtest(int((index == 0).sum()), N_SAMPLES, expected).pvalue > 1e-4
    if noise in (0.0, 1e5):
        assert expected == pytest.approx(1 / 4 if noise == 0 else (2 - math.sqrt(2)) / 4, rel=1e-9)


@pytest.mark.parametrize("noise", [0.0, 0.05, 1.0, 5.0])
def test_a_normal_law_and_a_semicircle_add_freely(noise):
    x = np.linspace(-12, 12, 100_001) * (1 + noise)
    density = DiagonalPlusNoise(noise=noise).spectral_density(x)
    second = 1 + noise**2
    for power, moment in (
        (0, 1),
        (2, second),
        (4, 1 + 2 * second**2),
    ):  # free cumulants: 1 + noise^2, and 1 of the fourth order
        assert (density * x**power).sum() * (x[1] - x[0]) == pytest.approx(moment, rel=1e-4)
    spectra = DiagonalPlusNoise(n=200, noise=noise).sample_spectrum(40, generator(17))
    below = np.cumsum(density) * (x[1] - x[0])
    assert (spectra < 0.7 * second**0.5).mean() == pytest.approx(np.interp(0.7 * second**0.5, x, below), abs=0.02)


@pytest.mark.parametrize("cls", [EqualVariances, DiagonalPlusNoise, WignerPlusWishart])
@pytest.mark.parametrize("n", [FACTORED_FROM, FACTORED_FROM + 21])
def test_factors_count_what_eigenvalues_do(cls, n):
    ensemble = cls(n=n)
    assert isinstance(ensemble, ContinuousEnsemble)
    counted = ensemble.sample_inertia(10, generator(16))
    spectrum = classify(np.linalg.eigvalsh(ensemble.sample(10, generator(16))))
    np.testing.assert_array_equal(counted.negative, spectrum.index)
    np.testing.assert_array_equal(counted.zero, spectrum.nullity)
    assert ensemble.sample_inertia(0, generator()).negative.shape == (0,)


@pytest.mark.parametrize(
    "ensemble",
    [
        Wishart(n=4, ratio=1e-6),
        Wishart(n=4, ratio=1e6),
        WignerPlusWishart(n=4, energy=1e6, ratio=1e6),
        Spiked(n=4, strength=-1e6),
        Sparse(n=4, degree=1e-6),
        DiagonalPlusNoise(n=4, noise=1e6),
    ],
    ids=str,
)
def test_extreme_parameters_give_finite_matrices(ensemble):
    assert np.isfinite(ensemble.sample(100, generator())).all()
    assert np.isfinite(ensemble.sample_spectrum(100, generator())).all()


@pytest.mark.parametrize("cls", [EqualVariances, Rademacher, Sparse, DiagonalPlusNoise, Wishart, WignerPlusWishart])
def test_more_rows_than_there_is_memory_for_are_refused(cls):
    assert cls(n=LARGEST_DENSE).n == LARGEST_DENSE
    with pytest.raises(InvalidParameters, match=r"n: 5001 must be at most 5000, for all n\^2 entries are drawn"):
        cls(n=LARGEST_DENSE + 1)


@pytest.mark.parametrize(
    ("cls", "wrong"),
    [
        (Wishart, {"ratio": 0.0}),
        (Wishart, {"ratio": 1e7}),
        (WignerPlusWishart, {"energy": 0.0}),
        (Spiked, {"strength": math.inf}),
        (Sparse, {"degree": -1.0}),
        (DiagonalPlusNoise, {"noise": -0.1}),
    ],
)
def test_parameters_out_of_range_are_refused(cls, wrong):
    with pytest.raises(InvalidParameters, match=f"{next(iter(wrong))}: .* must (not )?be"):
        cls(**wrong)
