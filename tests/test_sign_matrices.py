"""Matrices of signs, against all of them and characteristic polynomials of whole numbers."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chi2

from saddlesim.random_matrices.wigner import Rademacher


def inertias_by_descartes(matrices):
    """Count the roots of characteristic polynomials of whole numbers: all of them are real, so that Descartes' rule is exact."""
    n = matrices.shape[-1]
    coefficients, powers = [np.ones(len(matrices), dtype=np.int64)], np.zeros_like(matrices)
    for k in range(1, n + 1):  # Faddeev, LeVerrier
        powers = matrices @ powers + coefficients[-1][:, None, None] * np.eye(n, dtype=np.int64)
        coefficients.append(-np.einsum("bij,bji->b", matrices, powers) // k)
    for polynomial in np.stack(coefficients, axis=1).tolist():
        mirrored = [c * (-1) ** k for k, c in enumerate(polynomial) if c]
        changes = sum(a * b < 0 for a, b in itertools.pairwise(mirrored))
        yield changes, next(k for k, c in enumerate(reversed(polynomial)) if c)


def all_sign_matrices(n):
    for signs in itertools.product([-1, 1], repeat=n * (n + 1) // 2):
        matrix = np.zeros((n, n), dtype=np.int64)
        matrix[np.tril_indices(n)] = signs
        yield matrix + np.tril(matrix, -1).T


@pytest.mark.parametrize("n", [1, 2, 3, 4, pytest.param(5, marks=pytest.mark.slow)])
def test_signs_have_the_inertias_of_all_sign_matrices(n):
    matrices = np.array(list(all_sign_matrices(n)))
    exact = list(inertias_by_descartes(matrices))
    index_law = np.bincount([negative for negative, _ in exact], minlength=n + 1) / len(exact)
    np.testing.assert_array_equal(Rademacher(n=n).index_distribution(), index_law)
    assert index_law[0] == 2 ** (n - 1) / len(exact)  # v v'
    negative, zero = Rademacher(n=n).sample_inertia(20_000, np.random.default_rng(4))
    joint = np.zeros((n + 1, n + 1))
    np.add.at(joint, tuple(np.transpose(exact)), 20_000 / len(exact))
    drawn = np.zeros_like(joint)
    np.add.at(drawn, (negative, zero), 1)
    assert not drawn[joint == 0].any()
    there = joint > 0
    statistic = ((drawn - joint)[there] ** 2 / joint[there]).sum()
    assert chi2.sf(statistic, there.sum() - 1) > 1e-4
    assert math.exp(Rademacher(n=n).log_probability_positive()) == exact.count((0, 0)) / len(exact)
