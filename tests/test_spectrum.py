from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saddlesim.spectrum import classify, eigensystem, eigenvalues

SIGNS = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 3.0]), min_size=1, max_size=6)


def orthogonal(d, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


def inertia_of(matrix):
    return tuple(int(each) for each in classify(eigenvalues(matrix), rtol=1e-12).inertia)


@given(SIGNS)
def test_inertia_counts_the_signs_of_q_diag_q(values):
    q = orthogonal(len(values))
    expected = tuple(sum(np.sign(each) == sign for each in values) for sign in (-1, 0, 1))
    assert inertia_of(q * values @ q.T) == expected


@given(SIGNS)
def test_inertia_is_invariant_under_congruence(values):
    d = len(values)
    s = orthogonal(d, 1) @ np.diag(np.linspace(0.5, 2, d)) @ orthogonal(d, 2)
    assert inertia_of(s @ np.diag(values) @ s.T) == inertia_of(np.diag(values))


@given(SIGNS)
def test_minus_the_hessian_swaps_the_signs(values):
    negative, zero, positive = inertia_of(np.diag(values))
    assert inertia_of(-np.diag(values)) == (positive, zero, negative)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "minimum"),
        ([-1, -2], "maximum"),
        ([1, -2], "saddle"),
        ([1, 0, -1], "saddle"),
        ([1, 0], "degenerate"),
        ([-1, 0], "degenerate"),
        ([0, 0], "degenerate"),
    ],
)
def test_kinds(values, kind):
    assert classify(values).kind == kind


def test_zero_is_atol_plus_rtol_of_the_largest():
    spectrum = classify([100.0, 0.5, -0.7], atol=0.1, rtol=0.005)
    assert spectrum.threshold == pytest.approx(0.6)
    assert tuple(spectrum.inertia) == (1, 1, 1)


@given(arrays(float, 4, elements=st.floats(-10, 10)), st.floats(1e-6, 1))
def test_margin_is_how_far_the_threshold_may_move(values, atol):
    spectrum = classify(values, atol=atol, rtol=0)
    for factor in (0.99, 1 / 0.99):
        moved = classify(values, atol=atol * min(spectrum.margin, 1e9) ** (np.sign(factor - 1) * 0.99), rtol=0)
        assert moved.inertia == spectrum.inertia
    if spectrum.margin < 1e9:
        nearest = [classify(values, atol=atol * spectrum.margin**power, rtol=0).inertia for power in (1.01, -1.01)]
        assert spectrum.margin == 1 or any(inertia != spectrum.inertia for inertia in nearest)


def test_what_is_not_finite_has_no_inertia():
    with pytest.raises(ValueError, match="finite"):
        classify([1.0, np.nan])


def test_a_hessian_that_is_not_finite_spoils_no_other():
    stack = np.random.default_rng(0).standard_normal((3, 3, 5))
    stack = stack + stack.transpose(1, 0, 2)
    stack[0, 0, 2] = np.nan
    values, vectors = eigensystem(stack)
    assert np.isnan(values[2]).all()
    np.testing.assert_array_equal(eigenvalues(stack)[2], values[2])
    for lane in (0, 1, 3, 4):
        np.testing.assert_allclose((vectors[lane] * values[lane]) @ vectors[lane].T, stack[:, :, lane], atol=1e-12)
