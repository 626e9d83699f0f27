from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from scipy.special import betainc
from scipy.stats import ks_2samp, kstest, norm

from saddlesim.problems import InvalidParameters
from saddlesim.random_matrices import base
from saddlesim.random_matrices.gaussian import GOE, GSE, GUE, ShiftedGOE
from saddlesim.random_matrices.tridiagonal import BetaEnsemble

ALL = [example for cls in (GOE, GUE, GSE, ShiftedGOE, BetaEnsemble) for example in cls.examples()]
ROOT2 = math.sqrt(2)

GOE_LAWS = {
    1: [1 / 2, 1 / 2],
    2: [(2 - ROOT2) / 4, ROOT2 / 2, (2 - ROOT2) / 4],
    3: [1 / 4 - ROOT2 / (2 * math.pi), 1 / 4 + ROOT2 / (2 * math.pi)] * 2,
    4: [(4 - ROOT2) / 16 - 1 / (2 * math.pi), ROOT2 / 8, (4 - ROOT2) / 8 + 1 / math.pi],
}
GOE_LAWS[3][2:] = GOE_LAWS[3][1::-1]
GOE_LAWS[4] += GOE_LAWS[4][1::-1]
GUE_LAWS = {2: [0.0908450569, 1 - 2 * 0.0908450569, 0.0908450569]}
GUE_LAWS[3] = [0.0056337927, 1 / 2 - 0.0056337927, 1 / 2 - 0.0056337927, 0.0056337927]


def agree(indices, law, z=4):
    """Hold each count against its binomial law."""
    law, counts = np.asarray(law), np.bincount(indices, minlength=len(law))
    deviation = (counts - len(indices) * law) / np.sqrt(len(indices) * law * (1 - law))
    assert abs(deviation).max() < z, deviation


@pytest.mark.parametrize("n", GOE_LAWS)
def test_indices_of_the_goe_follow_the_closed_forms(n):
    agree(GOE(n=n).sample_index(200_000, np.random.default_rng(n)), GOE_LAWS[n])


@pytest.mark.parametrize("n", GUE_LAWS)
def test_indices_of_the_gue_follow_the_closed_forms(n):
    agree(GUE(n=n).sample_index(400_000, np.random.default_rng(n)), GUE_LAWS[n])


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0, 2.5, 4.0, 30.0])
def test_two_rows_have_a_saddle_with_the_probability_of_a_beta_variable(beta):
    # the squared mean and half gap of two eigenvalues are gamma variables of shapes 1/2 and (beta + 1)/2 on the same scale
    saddle = betainc(1 / 2, (beta + 1) / 2, 1 / 2)
    law = [(1 - saddle) / 2, saddle, (1 - saddle) / 2]
    ensemble, rng = BetaEnsemble(n=2, beta=beta), np.random.default_rng(5)
    agree(ensemble.sample_index(200_000, rng), law)
    agree((ensemble.sample_spectrum(20_000, rng) < 0).sum(axis=1), law)


@pytest.mark.parametrize(("n", "beta"), [(3, 2.5), (5, 0.3), (4, 7.0)])
def test_indices_of_any_beta_follow_the_law_of_the_pivots(n, beta):
    ensemble = BetaEnsemble(n=n, beta=beta)
    law, drawn = ensemble.index_distribution(), ensemble.sample_index(100_000, np.random.default_rng(n))
    likely = law > 1e-4  # where the count is near to normal
    counts = np.bincount(drawn, minlength=n + 1)
    assert (abs(counts - len(drawn) * law) < 4 * np.sqrt(len(drawn) * law * (1 - law)))[likely].all()
    assert counts[~likely].sum() <= 4 + 4 * len(drawn) * law[~likely].sum()
    assert ensemble.log_probability_positive() == pytest.approx(math.log(law[0]), rel=1e-9)
    assert BetaEnsemble(n=100_000, beta=beta).index_distribution() is None


@pytest.mark.parametrize("shift", [-1.0, 0.5, 2.0])
def test_a_shift_makes_minima_likely(shift):
    minimum = norm.cdf(shift) - math.exp(-shift * shift / 4) * norm.cdf(shift / ROOT2) / ROOT2
    maximum = norm.cdf(-shift) - math.exp(-shift * shift / 4) * norm.cdf(-shift / ROOT2) / ROOT2
    law = [minimum, 1 - minimum - maximum, maximum]
    ensemble, rng = ShiftedGOE(n=2, shift=shift), np.random.default_rng(6)
    agree(ensemble.sample_index(200_000, rng), law)
    agree((np.linalg.eigvalsh(ensemble.sample(20_000, rng)) < 0).sum(axis=1), law)
    agree((ensemble.sample_spectrum(20_000, rng) < 0).sum(axis=1), law)


def quaternion_self_dual(n_samples, n, rng):
    """Matrices [[A, B], [-B*, A*]] of 2 n rows, A Hermitian, B antisymmetric, with E |a_ij|^2 + E |b_ij|^2 = 1."""
    a, b = (rng.standard_normal((2, n_samples, n, n, 2)) @ [0.5, 0.5j]) / ROOT2
    a, b = a + a.conj().swapaxes(1, 2), b - b.swapaxes(1, 2)
    return np.block([[a, b], [-b.conj(), a.conj()]])


@pytest.mark.parametrize("n", [2, 6])
@pytest.mark.parametrize(("classical", "beta"), [(GOE, 1.0), (GUE, 2.0), (GSE, 4.0)])
def test_tridiagonal_and_dense_matrices_have_the_same_largest_eigenvalue(n, classical, beta):
    rng, ensemble = np.random.default_rng(7), classical(n=n)
    matrices = quaternion_self_dual(5_000, n, rng) if classical is GSE else ensemble.sample(5_000, rng)
    dense = np.linalg.eigvalsh(matrices)[:, -1]
    assert ks_2samp(dense, ensemble.sample_spectrum(20_000, rng)[:, -1]).pvalue > 1e-3
    assert ks_2samp(dense, BetaEnsemble(n=n, beta=beta).sample_spectrum(20_000, rng)[:, -1]).pvalue > 1e-3
    assert ks_2samp(dense, 1.05 * ensemble.sample_spectrum(20_000, rng)[:, -1]).pvalue < 1e-3  # so it can tell


@pytest.mark.parametrize("ensemble", [BetaEnsemble(n=5, beta=2.5), GSE(n=4), ShiftedGOE(n=5, shift=1.0)], ids=str)
def test_matrices_spectra_and_inertias_are_of_one_law(ensemble):
    rng, n_samples = np.random.default_rng(8), 40_000
    draws = [
        (np.linalg.eigvalsh(ensemble.sample(n_samples, rng)) < 0).sum(axis=1),
        (ensemble.sample_spectrum(n_samples, rng) < 0).sum(axis=1),
        ensemble.sample_index(n_samples, rng),
    ]
    counts = np.array([np.bincount(draw, minlength=ensemble.n + 1) for draw in draws])
    for other in counts[1:]:
        assert (abs(other - counts[0]) <= 4 * np.sqrt(other + counts[0])).all()


def test_strong_repulsion_freezes_the_eigenvalues_at_hermite_zeros():
    zeros = np.polynomial.hermite_e.hermeroots([0] * 7 + [1])
    spectra = BetaEnsemble(n=7, beta=1e8).sample_spectrum(100, np.random.default_rng(9))
    np.testing.assert_allclose(spectra, np.broadcast_to(zeros, spectra.shape), atol=1e-3)


def test_entries_have_the_variances_of_the_convention():
    rng, n_samples = np.random.default_rng(10), 100_000
    for matrices, on_diagonal in ((GOE(n=2).sample(n_samples, rng), 2.0), (GUE(n=2).sample(n_samples, rng), 1.0)):
        for squares, expected in ((abs(matrices[:, 0, 1]) ** 2, 1.0), (matrices[:, 1, 1].real ** 2, on_diagonal)):
            assert abs(squares.mean() - expected) < 4 * squares.std() / math.sqrt(n_samples)
        np.testing.assert_array_equal(matrices, matrices.conj().swapaxes(1, 2))
    assert np.iscomplexobj(matrices)


def test_the_variance_of_the_index_grows_with_the_logarithm_of_n():
    n, n_samples = 1_000, 20_000
    indices = GOE(n=n).sample_index(n_samples, np.random.default_rng(11))
    expected = (math.log(n) + 1 + np.euler_gamma + 3 * math.log(2)) / math.pi**2 - 1 / 8
    assert abs(indices.mean() - n / 2) < 4 * math.sqrt(expected / n_samples)
    assert abs(indices.var() / expected - 1) < 4 * math.sqrt(2 / n_samples)


@pytest.mark.parametrize("ensemble", [GOE(n=400), GUE(n=400), GSE(n=400), ShiftedGOE(n=400, shift=9.0)], ids=str)
def test_spectra_follow_the_semicircle(ensemble):
    x = np.linspace(-60, 60, 60_001)
    density = ensemble.spectral_density(x)
    below = np.cumsum(density) * (x[1] - x[0])
    assert abs(below[-1] - 1) < 1e-5
    spectrum = ensemble.sample_spectrum(1, np.random.default_rng(12))[0]
    assert kstest(spectrum, lambda at: np.interp(at, x, below)).statistic < 5 / 400  # eigenvalues are rigid


@pytest.mark.parametrize("ensemble", ALL, ids=str)
def test_shapes_are_right_for_any_number_of_samples(ensemble):
    n, rng = ensemble.n, np.random.default_rng(13)
    for n_samples in (0, 1, 5):
        matrices, spectra = ensemble.sample(n_samples, rng), ensemble.sample_spectrum(n_samples, rng)
        negative, zero = ensemble.sample_inertia(n_samples, rng)
        assert matrices.shape == (n_samples, n, n)
        assert spectra.shape == (n_samples, n)
        assert negative.shape == zero.shape == (n_samples,)
        assert not zero.any()
        assert ((negative >= 0) & (negative <= n)).all()
        assert (np.diff(spectra) > 0).all()


@pytest.mark.parametrize("ensemble", ALL, ids=str)
def test_one_seed_gives_one_draw(ensemble):
    twice = [ensemble.of_size(6).sample_index(9_000, np.random.default_rng(14)) for _ in range(2)]
    np.testing.assert_array_equal(*twice)


def test_memory_does_not_grow_with_the_samples(monkeypatch):
    monkeypatch.setattr(base, "LARGEST_PART", 20_000)
    tracemalloc.start()
    GOE(n=300).sample_index(20_000, np.random.default_rng(15))
    assert tracemalloc.get_traced_memory()[1] < 2e6  # diagonals and off-diagonals would be 96 megabytes
    tracemalloc.reset_peak()
    assert GOE(n=40).sample_spectrum(5_000, np.random.default_rng(15)).nbytes == 1.6e6
    assert tracemalloc.get_traced_memory()[1] < 1.6e6 + 1e6  # and these 3.2 more
    tracemalloc.stop()


def test_no_repulsion_and_no_rows_are_refused():
    with pytest.raises(InvalidParameters, match=r"beta: .* must be positive"):
        BetaEnsemble(n=3, beta=0.0)
    with pytest.raises(InvalidParameters, match="n: 0 must be positive"):
        GOE(n=0)
