from __future__ import annotations

import numpy as np
import pytest
from oracles import complex_step

from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.networks.initialisation import INITIALISATIONS
from saddlesim.objectives.networks.layered import LOSSES, Weights
from saddlesim.objectives.networks.modules import activation
from saddlesim.objectives.networks.modules.activation import ACTIVATIONS
from saddlesim.objectives.networks.symmetries import canonical, permuted, rescaled

Perceptron = OBJECTIVES["multilayer_perceptron"]
MIXTURE = {"name": "gaussian_mixture", "n_samples": 9, "n_classes": 2, "dimension": 3}


def network(**fields):
    outputs = 1 if fields.get("loss") == "logistic" else 2
    return Perceptron(**({"layers": (3, 4, 3, outputs), "data": MIXTURE, "weight_decay": 0.02} | fields))


def a_point(made, seed=0, *lanes):
    return np.random.default_rng(seed).standard_normal((made.dimension, *lanes))


# ---- derivatives


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("has_bias", [True, False])
def test_gradient_and_products_are_complex_steps(name, loss, has_bias):
    made = network(activation=name, loss=loss, has_bias=has_bias)
    x, v = a_point(made, 1, 1), a_point(made, 2)
    np.testing.assert_allclose(made.gradient(x), complex_step(made.value, x), rtol=1e-10, atol=1e-12)
    hessian = complex_step(made.gradient, x)[..., 0]
    np.testing.assert_allclose(made.hessian_product(x[:, 0], v), hessian @ v, rtol=1e-10, atol=1e-12)
    outputs = complex_step(lambda y: made.outputs(y).reshape(y.shape[1], -1).T, x)[..., 0]  # (S m, d)
    z = made.outputs(x[:, 0])
    by_outputs = np.stack(
        [LOSSES[loss].hessian_product(z, made.targets, unit.reshape(z.shape)).ravel() for unit in np.eye(z.size)]
    )
    expected = outputs.T @ by_outputs @ outputs @ v + 0.02 * v
    np.testing.assert_allclose(made.gauss_newton_product(x[:, 0], v), expected, rtol=1e-10, atol=1e-12)


def test_a_blocks_products_are_those_of_its_directions():
    made = network()
    x, block = a_point(made), a_point(made, 3, 5)
    at = made.at(x)
    expected = np.stack([made.hessian(x) @ v for v in block.T], axis=1)
    np.testing.assert_allclose(at.hessian_product(block), expected, rtol=1e-11, atol=1e-13)
    lanes = a_point(made, 4, 5)
    own = made.hessian_product(lanes, block)
    np.testing.assert_allclose(own[:, 3], made.hessian(lanes[:, 3]) @ block[:, 3], rtol=1e-11, atol=1e-13)


def test_the_gauss_newton_matrix_is_the_hessian_where_the_fit_is_perfect():
    teacher = {"name": "teacher", "n_samples": 30, "n_inputs": 3, "hidden": 2}
    made = Perceptron(layers=(3, 2, 1), data=teacher, loss="squared_error", has_bias=False)
    first, second = made.data.weights
    x = made.joined([Weights(first, None), Weights(second, None)])
    assert made.value(x) == pytest.approx(0, abs=1e-30)
    np.testing.assert_allclose(made.gauss_newton_product(x, np.eye(8)), made.hessian(x), atol=1e-14)


def test_a_minibatch_is_the_mean_over_its_samples():
    made, lanes = network(), a_point(network(), 5, 4)
    terms = np.array([2, 7, 7, 0])
    for function in (made.value, made.gradient):
        each = np.stack([function(lanes, [k]) for k in terms])
        np.testing.assert_allclose(function(lanes, terms), each.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(function(lanes, np.arange(9)), function(lanes), rtol=1e-13)
    own = np.random.default_rng(6).integers(9, size=(3, 4))
    np.testing.assert_allclose(made.gradient(lanes, own)[:, 2], made.gradient(lanes[:, 2], own[:, 2]), rtol=1e-12)


# ---- packages


def test_jax_has_the_same_gradient_and_hessian():
    jax = pytest.importorskip("jax")
    made = network(activation="gelu")
    x = a_point(made, 7)

    def cut(x):
        start = 0
        for layer in made.modules:
            n, m = layer.n_inputs, layer.n_outputs
            yield x[start : start + m * n].reshape(m, n), x[start + m * n : start + m * n + m]
            start += m * n + m

    def loss(x):
        signal = made.inputs
        for layer, (weight, bias) in zip(made.modules, cut(x), strict=True):
            z = signal @ weight.T + bias
            signal = jax.nn.gelu(z, approximate=False) if layer.activation == "gelu" else z
        return -(made.targets * jax.nn.log_softmax(signal)).sum() / 9 + 0.01 * (x**2).sum()

    with jax.enable_x64(True):
        theirs = jax.numpy.asarray(x)
        np.testing.assert_allclose(made.gradient(x), jax.grad(loss)(theirs), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(made.hessian(x), jax.hessian(loss)(theirs), rtol=1e-10, atol=1e-12)


def test_torch_has_the_same_gradient():
    torch = pytest.importorskip("torch")
    made = network(activation="tanh", weight_decay=0.0)
    x = a_point(made, 8)
    linears = [torch.nn.Linear(layer.n_inputs, layer.n_outputs, dtype=torch.float64) for layer in made.modules]
    with torch.no_grad():
        for each, (weight, bias) in zip(linears, made.split(x), strict=True):
            each.weight.copy_(torch.tensor(weight))
            each.bias.copy_(torch.tensor(bias))
    signal = torch.tensor(made.inputs)
    for each in linears[:-1]:
        signal = torch.tanh(each(signal))
    torch.nn.functional.cross_entropy(linears[-1](signal), torch.tensor(made.targets)).backward()
    theirs = made.joined([Weights(each.weight.grad.numpy(), each.bias.grad.numpy()) for each in linears])
    np.testing.assert_allclose(made.gradient(x), theirs, rtol=1e-10, atol=1e-13)


# ---- facts


def test_weights_at_zero_on_exclusive_or_are_a_saddle_of_one_positive_eigenvalue():
    made = Perceptron(layers=(2, 2, 1), loss="logistic")
    x = np.zeros(made.dimension)
    assert made.value(x) == pytest.approx(np.log(2), rel=1e-15)
    np.testing.assert_array_equal(made.gradient(x), 0)
    np.testing.assert_allclose(np.linalg.eigvalsh(made.hessian(x)), [0] * 8 + [0.25], atol=1e-16)


def test_units_that_begin_alike_stay_alike():
    made = network(layers=(3, 4, 2))
    x = INITIALISATIONS["symmetric"](scale=0.5).draw(made, 2, np.random.default_rng(0))
    for _ in range(20):
        x = x - 0.3 * made.gradient(x)
    (first, bias), (second, _) = made.split(x)
    assert np.ptp(first, axis=-2).max() < 1e-14
    assert np.ptp(bias, axis=-1).max() < 1e-14
    assert np.ptp(second, axis=-1).max() < 1e-14
    assert np.ptp(second, axis=-2).min() > 1e-3  # classes differ, units do not


def test_the_error_is_the_fraction_of_wrong_classes():
    made = network(loss="logistic", activation="relu")
    x = a_point(made, 9, 3)
    told = (made.outputs(x)[..., 0] > 0).astype(int)
    expected = [np.mean([told[b, s] != made.data.labels[s] for s in range(9)]) for b in range(3)]
    np.testing.assert_allclose(made.error(x), expected)
    regression = Perceptron(layers=(4, 1), data={"name": "teacher"}, loss="squared_error")
    assert np.isnan(regression.error(np.zeros(5)))


# ---- symmetries


def test_hidden_units_may_change_places_and_tanh_its_sign():
    made = network()
    x = a_point(made, 10)
    for y in (
        permuted(made, x, 0, [2, 0, 3, 1]),
        permuted(made, x, 1, [1, 2, 0]),
        rescaled(made, x, 1, [-1, 1, -1]),
    ):
        assert np.abs(y - x).max() > 0.1
        assert made.value(y) == pytest.approx(made.value(x), rel=1e-14)
        np.testing.assert_allclose(np.linalg.eigvalsh(made.hessian(y)), np.linalg.eigvalsh(made.hessian(x)), atol=1e-12)
        np.testing.assert_allclose(canonical(made, y), canonical(made, x), rtol=1e-14)
    assert made.value(canonical(made, x)) == pytest.approx(made.value(x), rel=1e-14)


def test_rectified_units_may_be_rescaled_where_nothing_decays():
    made = network(activation="relu", weight_decay=0.0)
    x = a_point(made, 11)
    y = rescaled(made, x, 0, [0.5, 2.0, 10.0, 1.0])
    assert made.value(y) == pytest.approx(made.value(x), rel=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, x: permuted(f, x, 2, [0, 1]), "hidden=2: .* has 2 hidden layers, counted from 0"),
        (lambda f, x: permuted(f, x, 0, [0, 1, 1, 2]), r"must name each of the units 0, ..., 3 once"),
        (lambda f, x: rescaled(f, x, 0, [2, 1, 1, 1]), "factor 2 is no symmetry of tanh"),
        (lambda f, x: rescaled(f, x, 0, [1, 1]), r"factors of shape \(2,\): hidden layer 0 has 4 units"),
    ],
)
def test_what_is_no_symmetry_is_refused(call, message):
    made = network()
    with pytest.raises(ValueError, match=message):
        call(made, a_point(made))


# ---- initialisations


@pytest.mark.parametrize(
    ("name", "deviation"),
    [("xavier", np.sqrt(2 / (300 + 200))), ("he", np.sqrt(2 / 300)), ("small", 1e-3), ("orthogonal", 1 / np.sqrt(300))],
)
def test_initial_weights_have_the_stated_deviation(name, deviation):
    data = {"name": "gaussian_mixture", "n_samples": 4, "n_classes": 2, "dimension": 300}
    made = Perceptron(layers=(300, 200, 2), data=data)
    (first, bias), _ = made.split(INITIALISATIONS[name]().draw(made, 2, np.random.default_rng(0)))
    assert first.shape == (2, 200, 300)
    assert first.std() == pytest.approx(deviation, rel=0.01)  # z = 5 for 120 000 normal numbers
    assert (bias == 0).all() == (name != "small")
    if name == "orthogonal":
        np.testing.assert_allclose(
            first @ first.swapaxes(1, 2), np.broadcast_to(np.eye(200), (2, 200, 200)), atol=1e-12
        )


def test_rectified_layers_keep_the_second_moment_by_he():
    made = Perceptron(layers=(2, 2), data={"name": "xor"})
    rng = np.random.default_rng(1)
    signal = rng.standard_normal((2000, 400))
    layer = made.modules[0]._replace(n_inputs=400, n_outputs=400)
    for _ in range(3):
        signal = activation.forward(signal @ INITIALISATIONS["he"]().matrices(layer, 1, rng)[0].T, "relu")
    assert (signal**2).mean() == pytest.approx(1, rel=0.2)


# ---- what is refused


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"layers": (3, 4, 3)}, r"layers=\(3, 4, 3\): the first and the last must be 3 and 2"),
        ({"layers": (3,)}, "layers"),
        ({"activation": "swish"}, "activation: 'swish'"),
        (
            {"loss": "logistic", "data": {"name": "gaussian_mixture", "n_classes": 3}},
            "logistic is for 2 classes but .* has 3",
        ),
        ({"data": {"name": "given", "inputs": [[1.0]], "targets": [[0.4, 0.4]]}}, r"row 0 .* sums to 0.8"),
        (
            {"layers": (3, 5000, 5000, 2)},
            "weights would hold 25035002 numbers; at most 20000000; choose narrower layers",
        ),
        (
            {"layers": (2, 300, 2), "loss": "cross_entropy", "data": {"name": "two_moons", "n_samples": 100_000}},
            "what all layers put out would hold 30200000 numbers; at most 20000000",
        ),
    ],
)
def test_what_does_not_fit_is_told(fields, message):
    with pytest.raises(ValueError, match=message):
        network(**fields)
