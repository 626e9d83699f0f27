from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from oracles import complex_step
from scipy.integrate import solve_ivp

from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.critical_subsets import n_subsets, subset_at
from saddlesim.theory import mode_half_time, mode_strength, mode_time

TwoLayer, Deep = OBJECTIVES["two_layer_linear_network"], OBJECTIVES["deep_linear_network"]
SHAPES = [
    {"target_singular_values": (3, 2, 1), "hidden": 3},
    {"target_singular_values": (3, 2, 1), "hidden": 2},
    {"target_singular_values": (1, 2), "hidden": 3, "shape": (4, 2)},
    {"target_singular_values": (2.5, 0.5), "hidden": 2, "shape": (2, 5)},
    {"target_singular_values": (2, 2, 1), "hidden": 2},
    {"target_singular_values": (1.5, 1), "hidden": 4, "shape": (3, 4)},
]


@pytest.mark.parametrize("fields", SHAPES, ids=str)
def test_loss_index_and_spectrum_are_known_at_every_subset(fields):
    network = TwoLayer(**fields)
    s, hidden = network.target_singular_values, network.hidden
    found = network.critical_subsets()
    expected = [kept for k in range(len(s) + 1) for kept in itertools.combinations(range(len(s)), k) if k <= hidden]
    assert [each.subset for each in found] == expected
    for subset, loss, index in found:
        x = network.critical_point(subset)
        assert np.abs(network.gradient(x)).max() < 1e-10
        assert network.value(x) == pytest.approx(loss, abs=1e-10)
        hessian = complex_step(network.gradient, x[:, None])[..., 0]
        eigenvalues = np.linalg.eigvalsh((hessian + hessian.T) / 2)
        np.testing.assert_allclose(network.spectrum(subset), eigenvalues, atol=1e-10)
        assert index == (eigenvalues < -1e-9).sum()
        matrix = network.product(x)
        np.testing.assert_allclose(
            matrix.diagonal()[: len(s)], [s[i] if i in subset else 0 for i in range(len(s))], atol=1e-14
        )


def test_a_factorization_is_the_same_function_of_other_coordinates():
    network, factorization = TwoLayer(hidden=2), OBJECTIVES["low_rank_factorization"]()
    x = np.random.default_rng(0).standard_normal(network.dimension)
    (first, _), (second, _) = network.split(x)
    assert network.value(x) == pytest.approx(
        factorization.value(np.concatenate([second.ravel(), first.T.ravel()])), rel=1e-13
    )
    theirs = sorted((round(each.value, 12), each.index) for each in factorization.representatives)
    assert sorted((round(each.loss, 12), each.index) for each in network.critical_subsets()) == theirs


@pytest.mark.parametrize("subset", [(0, 0), (3,), (-1,), (0, 1, 2)])
def test_a_subset_that_is_none_is_refused(subset):
    message = r"subset=.*must have at most 2 different members of 0, ..., 2, the numbers of the singular values to keep"
    with pytest.raises(ValueError, match=message):
        TwoLayer(hidden=2).critical_point(subset)


def test_targets_that_are_none_are_refused():
    with pytest.raises(ValueError, match=r"target_singular_values=\(1.0, 0.0\): each must be positive"):
        TwoLayer(target_singular_values=(1, 0))
    with pytest.raises(ValueError, match=r"shape=\(1, 3\) has no place for 2 singular values"):
        Deep(target_singular_values=(2, 1), shape=(1, 3))
    with pytest.raises(
        ValueError, match=r"shape=\(1, 5000\): a square of its longer side would hold 25000000 numbers; at"
    ):
        TwoLayer(target_singular_values=(2,), shape=(1, 5000))
    with pytest.raises(ValueError, match=r"weights would hold 25010000 numbers; at most 20000000; choose narrower"):
        Deep(target_singular_values=(2,), hidden=(5000, 5000))


@pytest.mark.parametrize(
    "fields",
    [{"hidden": 3}, {"hidden": 3, "shape": (3, 5)}, {"target_singular_values": (2, 2, 1), "shape": (5, 3)}],
    ids=str,
)
def test_the_index_is_the_same_all_over_a_manifold(fields):
    network, rng = TwoLayer(**fields), np.random.default_rng(1)
    for subset, loss, index in network.critical_subsets():
        first, second = network.split(network.critical_point(subset))
        idle, mixed = len(subset), np.eye(network.hidden) + 0.3 * rng.standard_normal((network.hidden,) * 2)
        unseen = ~(network.target - second.matrix @ first.matrix).any(axis=0)
        entering = first.matrix.copy()
        entering[idle:] = (
            rng.standard_normal(entering[idle:].shape) * unseen
        )  # idle units may hear what no error comes from
        x = network.joined(
            [first._replace(matrix=mixed @ entering), second._replace(matrix=second.matrix @ np.linalg.inv(mixed))]
        )
        assert np.abs(network.gradient(x)).max() < 1e-11
        assert network.value(x) == pytest.approx(loss, abs=1e-11)
        assert (np.linalg.eigvalsh(network.hessian(x)) < -1e-8).sum() == index


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"target_singular_values": (2, 1), "hidden": (2, 3, 2), "shape": (2, 3)},
        {"target_singular_values": (1, 2.5), "hidden": (4, 2, 3, 5), "shape": (4, 3)},
        {"target_singular_values": (2, 2, 1), "hidden": (2, 3)},
        {"target_singular_values": (1.5, 0.5), "hidden": (3,), "shape": (2, 4)},
    ],
    ids=str,
)
def test_deep_networks_have_a_known_spectrum_at_balanced_points(fields):
    network = Deep(**fields)
    most = min(len(network.target_singular_values), *network.hidden)
    for (subset, loss, index), point in zip(network.critical_subsets(), network.representatives, strict=True):
        assert network.critical_subset(subset) == (subset, loss, index)
        x = network.critical_point(subset)
        assert np.abs(network.gradient(x)).max() < 1e-12
        assert network.value(x) == pytest.approx(loss, abs=1e-12)
        hessian = complex_step(network.gradient, x[:, None])[..., 0]
        eigenvalues = np.linalg.eigvalsh((hessian + hessian.T) / 2)
        np.testing.assert_allclose(network.spectrum(subset), eigenvalues, atol=1e-10)
        assert (index, point.nullity) == ((eigenvalues < -1e-9).sum(), (np.abs(eigenvalues) < 1e-9).sum())
        assert point.kind == ("minimum" if len(subset) == most and not index else "saddle")


def test_a_saddle_of_index_zero_is_left_by_a_power_of_the_distance():
    network = Deep()
    origin, step = network.critical_point((0,)), network.critical_point((0, 1)) - network.critical_point((0,))
    falls = [network.value(origin) - network.value(origin + eps * step) for eps in (1e-2, 2e-2)]
    assert network.critical_subset((0,)).index == 0
    assert falls[0] > 0
    assert falls[1] / falls[0] == pytest.approx(8, rel=1e-4)


@pytest.mark.parametrize("hidden", [(3, 3), (3, 4, 3)])
def test_beyond_two_layers_the_hessian_is_zero_at_the_origin(hidden):
    network = Deep(hidden=hidden)
    np.testing.assert_array_equal(network.hessian(np.zeros(network.dimension)), 0)
    for subset in ((), (1,), (0, 2), (0, 1, 2)):
        assert np.abs(network.gradient(network.critical_point(subset))).max() < 1e-13
    assert np.linalg.eigvalsh(TwoLayer().hessian(np.zeros(18)))[0] == pytest.approx(-3)


def test_a_chain_is_flat_where_three_are_zero_and_strict_where_two_are():
    chain = OBJECTIVES["scalar_chain"](depth=5, target=1.5)
    np.testing.assert_array_equal(chain.hessian(np.array([0.0, 0.0, 0.0, 2.0, 3.0])), 0)
    values = np.linalg.eigvalsh(chain.hessian(np.array([0.0, 0.0, 0.5, 2.0, 3.0])))
    np.testing.assert_allclose(values, [-4.5, 0, 0, 0, 4.5], atol=1e-13)
    assert chain.value(chain.critical_point((0,))) == pytest.approx(0, abs=1e-30)


# ---- autoencoders


@pytest.mark.parametrize("seed", [0, 1])
def test_an_autoencoder_keeps_principal_components(seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((30, 4)) * [3, 2, 1, 0.5] + 5
    data = {"name": "given", "inputs": rows.tolist(), "labels": [0] * 30}
    network = OBJECTIVES["linear_autoencoder"](data=data, hidden=2)
    variances = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2 / 30
    for subset, loss, index in network.critical_subsets():
        x = network.critical_point(subset)
        assert np.abs(network.gradient(x)).max() < 1e-12
        assert loss == pytest.approx(sum(v for i, v in enumerate(variances) if i not in subset) / 2, rel=1e-12)
        assert network.value(x) == pytest.approx(loss, rel=1e-12)
        assert index == (np.linalg.eigvalsh(network.hessian(x)) < -1e-9).sum()
    assert [each.subset for each in network.critical_subsets() if not each.index] == [(0, 1)]


@pytest.mark.parametrize("seed", range(6))
def test_equal_variances_have_no_order(seed):
    network = OBJECTIVES["linear_autoencoder"](
        data={"name": "normal_inputs", "variances": (3, 3, 1), "seed": seed}, hidden=2
    )
    for subset, _, index in network.critical_subsets():
        assert index == (np.linalg.eigvalsh(network.hessian(network.critical_point(subset))) < -1e-9).sum(), subset
    assert network.critical_subset((1,)).index == network.critical_subset((0,)).index == 2


def test_an_autoencoder_too_wide_to_be_held_is_refused():
    with pytest.raises(
        ValueError, match="weights would hold 60000000 numbers; at most 20000000; choose narrower layers"
    ):
        OBJECTIVES["linear_autoencoder"](hidden=1_000_000, data={"name": "normal_inputs", "variances": [1.0] * 30})


def test_more_manifolds_than_can_be_made_are_made_as_they_are_asked_for():
    network = OBJECTIVES["linear_autoencoder"](
        data={"name": "normal_inputs", "n_samples": 60, "variances": list(range(1, 41))}, hidden=12
    )
    points = network.representatives
    assert len(points) == sum(math.comb(40, k) for k in range(13))
    assert points[-1].label == "saddle_" + "_".join(map(str, range(28, 40)))
    assert points[-1].index == 12 * 28 == network.critical_subset(range(28, 40)).index


def test_subsets_are_listed_as_combinations_are():
    combinations = [kept for k in range(6) for kept in itertools.combinations(range(5), k)]
    assert [subset_at(place, 5) for place in range(n_subsets(5, 5))] == combinations


# ---- Saxe's trajectories


def flow(depth, u0, s):
    """Integrate the weights themselves, all layers alike, and give when their product passes s / 2, and the solution."""

    def half(t, w):
        return np.prod(w) - s / 2

    def rate(t, w):
        return (s - np.prod(w)) * np.array([np.prod(np.delete(w, i)) for i in range(depth)])

    start = np.full(depth, u0 ** (1 / depth))
    return solve_ivp(rate, (0, 60), start, events=half, rtol=1e-12, atol=1e-14, method="DOP853", dense_output=True)


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
@pytest.mark.parametrize(("u0", "s"), [(1e-3, 2.0), (0.1, 0.7)])
def test_half_times_are_those_of_the_flow(depth, u0, s):
    assert mode_half_time(u0, s, depth) == pytest.approx(flow(depth, u0, s).t_events[0][0], rel=1e-8)


def test_two_layers_have_a_closed_trajectory():
    t = np.linspace(0, 4, 9)
    np.testing.assert_allclose(mode_strength(t, 1e-3, 2.0), flow(2, 1e-3, 2.0).sol(t).prod(axis=0), rtol=1e-8)
    assert mode_time(1e-3, float(mode_strength(1.7, 1e-3, 2.0)), 2.0) == pytest.approx(1.7, rel=1e-12)
    assert mode_half_time(1e-3, 2.0) == pytest.approx(np.log(2 / 1e-3 - 1) / 4, rel=1e-14)


def test_the_flow_of_a_network_along_its_singular_vectors_is_the_scalar_one():
    network = Deep(target_singular_values=(3.0, 1.0), hidden=(2, 2))
    u0 = 0.01
    x0 = network.joined([type(each)(u0 ** (1 / 3) * np.eye(2), None) for each in network.split(np.zeros(12))])
    end = mode_half_time(u0, 1.0, 3)
    x = solve_ivp(lambda t, x: -network.gradient(x), (0, end), x0, rtol=1e-11, atol=1e-13, method="DOP853").y[:, -1]
    np.testing.assert_allclose(network.product(x), np.diag([3.0, 0.5]), atol=1e-8)


@pytest.mark.parametrize("arguments", [(0.0, 0.5, 1.0), (0.5, 1.0, 1.0), (0.5, 0.4, 1.0), (0.1, 0.5, 1.0, 1)])
def test_times_that_are_none_are_refused(arguments):
    with pytest.raises(ValueError, match="must be 0 < start <= end < singular_value and depth >= 2"):
        mode_time(*arguments)
