from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlesim.random_matrices.counting import inertia_ldl, is_positive_definite, negative_pivots

WHOLE = st.integers(-2, 2).map(float)
REAL = st.floats(-10, 10).map(lambda x: round(x, 6))


def counted(diagonal, squared, shift=0.0):
    """Counts of negative pivots, (B,), of matrices given by (B, n) and (B, n - 1) numbers."""
    diagonal, squared = np.asarray(diagonal), np.asarray(squared)
    coupled = np.vstack([np.zeros(len(diagonal)), squared.T])
    return negative_pivots(zip(diagonal.T, coupled, strict=True), np.broadcast_to(shift, len(diagonal)))


def dense(diagonal, squared):
    coupling = np.sqrt(squared)
    return np.diag(diagonal) + np.diag(coupling, 1) + np.diag(coupling, -1)


@given(st.data(), st.integers(1, 9), st.sampled_from([WHOLE, REAL]))
def test_pivots_count_the_eigenvalues_up_to_the_shift(data, n, numbers):
    diagonal = np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)))
    squared = np.array(data.draw(st.lists(numbers.map(abs), min_size=n - 1, max_size=n - 1)))
    shift = data.draw(numbers)
    eigenvalues = np.linalg.eigvalsh(dense(diagonal, squared)) - shift
    up_to = counted([diagonal], [squared], shift)[0]
    below = n - counted([-diagonal], [squared], -shift)[0]
    assert (eigenvalues < -1e-12).sum() <= below <= up_to <= (eigenvalues <= 1e-12).sum()


def test_an_eigenvalue_at_the_shift_counts():
    assert counted([[3.0, 3.0, 3.0]], [[0.0, 0.0]], 3.0) == 3
    assert counted([[0.0, 0.0, 0.0]], [[1.0, 1.0]]) == 2  # -sqrt(2), 0, sqrt(2)
    assert counted([[0.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0]]) == 2


def test_pivots_may_overflow_and_underflow():
    assert counted([[0.0, 0.0, 1.0]], [[1e300, 1e300]]) == 1  # det = -1e300, trace 1
    assert counted([[1e-320, -1.0]], [[1e-300]]) == 1
    assert counted([[1e-320, -1e300, 1.0]], [[1e300, 1e-300]]) == 1


def test_many_lanes_and_shifts_are_counted_at_once():
    rng, n_lanes, n = np.random.default_rng(0), 5_000, 20
    diagonal, squared, shift = (
        rng.standard_normal((n_lanes, n)),
        rng.exponential(size=(n_lanes, n - 1)),
        rng.standard_normal(n_lanes),
    )
    matrices = np.zeros((n_lanes, n, n))
    matrices[:, range(n), range(n)] = diagonal
    matrices[:, range(1, n), range(n - 1)] = np.sqrt(squared)
    expected = (np.linalg.eigvalsh(matrices) < shift[:, None]).sum(axis=1)
    np.testing.assert_array_equal(counted(diagonal, squared, shift), expected)
    rows = list(zip(diagonal.T, np.vstack([np.zeros(n_lanes), squared.T]), strict=True))
    np.testing.assert_array_equal(negative_pivots(rows, np.stack([-shift, shift]))[1], expected)


def test_nothing_is_counted_of_no_matrices():
    assert counted(np.empty((0, 4)), np.empty((0, 3))).shape == (0,)
    assert is_positive_definite(np.empty((0, 4, 4))).shape == (0,)


@given(
    st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 3.0]), min_size=1, max_size=12),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_congruence_leaves_the_inertia_of_factors(signs, seed, hermitian):
    rng, n = np.random.default_rng(seed), len(signs)
    basis = rng.standard_normal((n, n)) + (1j * rng.standard_normal((n, n)) if hermitian else 0)
    unitary, _ = np.linalg.qr(basis)
    well_conditioned = unitary * rng.uniform(0.5, 2, n)
    inertia = inertia_ldl(well_conditioned @ np.diag(signs) @ well_conditioned.conj().T)
    assert tuple(inertia) == (np.less(signs, 0).sum(), np.equal(signs, 0).sum(), np.greater(signs, 0).sum())


def test_factors_of_a_large_matrix_have_the_signs_of_its_eigenvalues():
    a = np.random.default_rng(1).standard_normal((120, 120))
    a += a.T
    eigenvalues = np.linalg.eigvalsh(a)
    for shift in (-12.0, 0.0, 3.0, 15.0):
        assert inertia_ldl(a - shift * np.eye(120)).negative == (eigenvalues < shift).sum()


def test_blocks_of_two_rows_may_be_anywhere():
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert tuple(inertia_ldl(np.kron(np.eye(3), swap))) == (3, 0, 3)
    assert tuple(inertia_ldl(np.kron(swap, np.diag([0.0, 1.0])))) == (1, 2, 1)
    assert tuple(inertia_ldl(np.zeros((3, 3)))) == (0, 3, 0)


@pytest.mark.parametrize("matrix", [np.ones(3), np.ones((2, 3)), np.empty((0, 0)), np.array([[np.nan]])])
def test_what_is_no_finite_square_matrix_has_no_inertia(matrix):
    with pytest.raises(ValueError, match="matrix"):
        inertia_ldl(matrix)


@pytest.mark.parametrize("n", [1, 2, 7, 60])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_definiteness_is_that_of_the_eigenvalues(n, dtype):
    a = np.random.default_rng(n).standard_normal((40, n, n, 2)) @ [1, 1j if dtype is np.complex128 else 0]
    a = (a + a.conj().swapaxes(1, 2)).astype(dtype)
    lowest = np.linalg.eigvalsh(a)[:, 0]
    a -= np.median(lowest) * np.eye(n)
    definite = is_positive_definite(a.reshape(5, 8, n, n))
    np.testing.assert_array_equal(definite.ravel(), lowest > np.median(lowest))
    assert definite.sum() == 20


def test_what_is_not_finite_is_not_positive_definite():
    np.testing.assert_array_equal(
        is_positive_definite(np.array([[[np.nan]], [[np.inf]], [[1.0]]])), [False, False, True]
    )
