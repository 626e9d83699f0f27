from __future__ import annotations

import mpmath
import numpy as np
import pytest

from saddlesim.objectives.networks.modules import (
    activation,
    cross_entropy,
    linear,
    logistic,
    softmax,
    softmax_cross_entropy,
    squared_error,
)
from saddlesim.objectives.networks.modules.activation import ACTIVATIONS

STEP = 1e-30
LOSSES = {"softmax_cross_entropy": softmax_cross_entropy, "logistic": logistic, "squared_error": squared_error}
RNG = np.random.default_rng(0)
X, W, B = RNG.standard_normal((5, 3)), RNG.standard_normal((4, 3)), RNG.standard_normal(4)
DX, DW, DB = RNG.standard_normal((5, 3)), RNG.standard_normal((4, 3)), RNG.standard_normal(4)
DY, DDY = RNG.standard_normal((5, 4)), RNG.standard_normal((5, 4))
Z, DZ = 3 * RNG.standard_normal((5, 4)), RNG.standard_normal((5, 4))
T = RNG.dirichlet(np.ones(4), 5)

EXACT = {
    "identity": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "erf": lambda x: mpmath.erf(x / mpmath.sqrt(2)),
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
}


def _bell(x):
    return 1 / (2 + mpmath.exp(x) + mpmath.exp(-x))


def _normal(x):
    return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def _bell_slope(x):
    return -_bell(x) * mpmath.tanh(x / 2)


SLOPES = {
    "identity": (lambda x: mpmath.mpf(1), lambda x: mpmath.mpf(0)),
    "sigmoid": (_bell, _bell_slope),
    "tanh": (lambda x: mpmath.sech(x) ** 2, lambda x: -2 * mpmath.tanh(x) * mpmath.sech(x) ** 2),
    "softplus": (EXACT["sigmoid"], _bell),
    "gelu": (lambda x: mpmath.ncdf(x) + x * _normal(x), lambda x: (2 - x * x) * _normal(x)),
    "erf": (lambda x: 2 * _normal(x), lambda x: -2 * x * _normal(x)),
    "relu": (lambda x: mpmath.mpf(x > 0), lambda x: mpmath.mpf(0)),
    "elu": (lambda x: mpmath.exp(min(x, 0)), lambda x: mpmath.exp(x) if x < 0 else mpmath.mpf(0)),
}


def along(function, *pairs):
    """Differentiate along directions, by a complex step."""
    return function(*(x + 1j * STEP * dx for x, dx in pairs)).imag / STEP


def by_entries(function, x):
    """Differentiate a scalar by every entry, by complex steps."""
    return np.array([along(function, (x, unit.reshape(x.shape))) for unit in np.eye(x.size)]).reshape(x.shape)


# ---- linear


def test_linear_is_what_the_index_notation_says():
    y = np.array([[sum(X[s, j] * W[i, j] for j in range(3)) + B[i] for i in range(4)] for s in range(5)])
    np.testing.assert_allclose(linear.forward(X, W, B), y, rtol=1e-13)
    np.testing.assert_allclose(linear.forward(X, W), y - B, rtol=1e-12)


def test_linear_backward_is_the_derivative_by_every_entry():
    def loss(x, weight, bias):
        return (DY * linear.forward(x, weight, bias)).sum()

    by = linear.backward(DY, X, W)
    np.testing.assert_allclose(by.inputs, by_entries(lambda x: loss(x, W, B), X), rtol=1e-12)
    np.testing.assert_allclose(by.weight, by_entries(lambda weight: loss(X, weight, B), W), rtol=1e-12)
    np.testing.assert_allclose(by.bias, by_entries(lambda bias: loss(X, W, bias), B), rtol=1e-12)


def test_linear_tangents_are_directional_derivatives():
    np.testing.assert_allclose(
        linear.tangent(X, W, DX, DW, DB), along(linear.forward, (X, DX), (W, DW), (B, DB)), rtol=1e-12
    )
    np.testing.assert_allclose(
        linear.tangent(X, W, None, DW, None), along(linear.forward, (X, 0 * DX), (W, DW)), rtol=1e-12
    )
    moved = linear.backward_tangent(DY, X, W, DDY, DX, DW)
    for name in moved._fields:
        expected = along(
            lambda dy, x, w, name=name: getattr(linear.backward(dy, x, w), name), (DY, DDY), (X, DX), (W, DW)
        )
        np.testing.assert_allclose(getattr(moved, name), expected, rtol=1e-12, atol=1e-13)


def test_lanes_go_before_samples_and_broadcast():
    weights = RNG.standard_normal((2, 6, 4, 3))
    y = linear.forward(X, weights, weights[..., 0])
    assert y.shape == (2, 6, 5, 4)
    np.testing.assert_allclose(y[1, 3], linear.forward(X, weights[1, 3], weights[1, 3, :, 0]), rtol=1e-13)
    by = linear.backward(DY, X, weights)
    assert (by.inputs.shape, by.weight.shape, by.bias.shape) == ((2, 6, 5, 3), (4, 3), (4,))


# ---- activations


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("x", [-40.0, -30.0, -2.5, -0.3, 1e-8, 0.2, 1.7, 20.0, 30.0, 40.0])
def test_an_activation_and_its_derivatives_are_exact(name, x):
    jet = activation.jet(np.array([[x]]), name, 2)
    with mpmath.workdps(60):
        for order, ours in enumerate(jet):
            derivative = EXACT[name] if not order else SLOPES[name][order - 1]
            assert ours.item() == pytest.approx(float(derivative(mpmath.mpf(x))), rel=2e-13, abs=1e-300)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_far_out_an_activation_is_its_limit(name):
    for x in (1e5, 1e200, 1e300, np.inf):
        right, left = activation.jet(np.array([x]), name, 2), activation.jet(np.array([-x]), name, 2)
        ends = {"sigmoid": (0, 1), "tanh": (-1, 1), "erf": (-1, 1), "elu": (-1, x), "identity": (-x, x)}.get(
            name, (0, x)
        )
        slope = float(name not in ("sigmoid", "tanh", "erf"))
        assert [each.item() for each in right] == [ends[1], slope, 0]
        assert [each.item() for each in left] == [ends[0], float(name == "identity"), 0]


def test_the_loss_of_a_class_that_is_all_but_certain_keeps_its_digits():
    z = np.array([[40.0], [-40.0]])
    with mpmath.workdps(60):
        small = [float(f) for f in (mpmath.log1p(mpmath.exp(-40)), 1 / (1 + mpmath.exp(40)))]
        bell = float(mpmath.exp(-40) / (1 + mpmath.exp(-40)) ** 2)
    assert logistic.forward(z, [[1], [0]]) == pytest.approx(small[0], rel=1e-14)
    np.testing.assert_allclose(2 * logistic.backward(z, [[1], [0]]), [[-small[1]], [small[1]]], rtol=1e-14)
    np.testing.assert_allclose(2 * logistic.hessian_product(z, [[1], [0]], np.ones((2, 1))), bell, rtol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_chain(name):
    expected = by_entries(lambda z: (DY * activation.forward(z, name)).sum(), Z)
    np.testing.assert_allclose(activation.backward(DY, Z, name), expected, rtol=1e-11, atol=1e-14)
    tangent = along(lambda z: activation.forward(z, name), (Z, DZ))
    np.testing.assert_allclose(activation.tangent(Z, DZ, name), tangent, rtol=1e-11, atol=1e-14)
    turned = along(lambda dy, z: activation.backward(dy, z, name), (DY, DDY), (Z, DZ))
    np.testing.assert_allclose(activation.backward_tangent(DY, Z, DDY, DZ, name), turned, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_activation_overflows(name):
    for x in (-1e4, 1e4):
        for each in activation.jet(np.array([x]), name, 2):
            assert np.isfinite(each).all()


def test_at_a_kink_the_value_from_the_left_is_taken():
    assert [each.item() for each in activation.jet(np.zeros(1), "relu", 2)] == [0, 0, 0]
    assert [each.item() for each in activation.jet(np.zeros(1), "elu", 2)] == [0, 1, 1]


# ---- softmax and cross-entropy, apart and in one


def exact_loss(z, t):
    with mpmath.workdps(60):
        rows = zip(z.tolist(), t.tolist(), strict=True)
        return sum(mpmath.log(sum(map(mpmath.exp, a))) - mpmath.fdot(a, b) for a, b in rows) / len(z)


@pytest.mark.parametrize("scale", [1, 100, 1e4])
def test_the_fused_loss_and_its_gradient_are_exact_at_any_logits(scale):
    z, hot = scale * Z, np.eye(4)[[0, 1, 2, 3, 0]]
    assert softmax_cross_entropy.forward(z, hot) == pytest.approx(float(exact_loss(z, hot)), rel=1e-13)
    with mpmath.workdps(60):
        e = [[mpmath.exp(each) for each in row] for row in z.tolist()]
        y = np.array([[float(each / sum(row)) for each in row] for row in e])
    np.testing.assert_allclose(softmax_cross_entropy.backward(z, hot), (y - hot) / 5, rtol=1e-11, atol=1e-18)


def test_softmax_backward_is_the_derivative_by_every_entry():
    expected = by_entries(lambda z: (DY * softmax.forward(z)).sum(), Z)
    y = softmax.forward(Z)
    np.testing.assert_allclose(softmax.backward(DY, y), expected, rtol=1e-11, atol=1e-14)
    dy = along(softmax.forward, (Z, DZ))
    np.testing.assert_allclose(softmax.tangent(y, DZ), dy, rtol=1e-11, atol=1e-14)
    turned = along(lambda d, z: softmax.backward(d, softmax.forward(z)), (DY, DDY), (Z, DZ))
    np.testing.assert_allclose(softmax.backward_tangent(DY, y, DDY, dy), turned, rtol=1e-11, atol=1e-13)


def test_cross_entropy_backward_is_the_derivative_by_every_entry():
    y = softmax.forward(Z)
    np.testing.assert_allclose(
        cross_entropy.backward(y, T), by_entries(lambda y: cross_entropy.forward(y, T), y), rtol=1e-12
    )
    turned = along(lambda y: cross_entropy.backward(y, T), (y, DZ))
    np.testing.assert_allclose(cross_entropy.hessian_product(y, T, DZ), turned, rtol=1e-12)


def test_chained_and_fused_agree_until_an_output_rounds_to_zero():
    chained = softmax.backward(cross_entropy.backward(softmax.forward(Z), T), softmax.forward(Z))
    np.testing.assert_allclose(chained, softmax_cross_entropy.backward(Z, T), rtol=1e-12, atol=1e-15)
    z, hot = np.array([[0.0, 800.0]]), np.array([[0.0, 1.0]])
    y = softmax.forward(z)
    with np.errstate(invalid="ignore"):
        assert np.isnan(softmax.backward(cross_entropy.backward(y, hot), y)).any()
        assert np.isnan(softmax.backward(cross_entropy.backward(y, 1 - hot), y)).any()
    np.testing.assert_array_equal(softmax_cross_entropy.backward(z, hot), [[0, 0]])
    np.testing.assert_array_equal(softmax_cross_entropy.backward(z, 1 - hot), [[-1, 1]])
    assert cross_entropy.forward(y, 1 - hot) == np.inf
    assert softmax_cross_entropy.forward(z, 1 - hot) == 800


# ---- losses


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_its_derivatives(name):
    loss = LOSSES[name]
    np.testing.assert_allclose(loss.backward(Z, T), by_entries(lambda z: loss.forward(z, T), Z), rtol=1e-11, atol=1e-15)
    turned = along(lambda z: loss.backward(z, T), (Z, DZ))
    np.testing.assert_allclose(loss.hessian_product(Z, T, DZ), turned, rtol=1e-11, atol=1e-15)


def test_one_logit_is_two_with_the_other_at_zero():
    t, two = T[:, :1], np.concatenate([1 - T[:, :1], T[:, :1]], axis=1)
    z = np.concatenate([0 * Z[:, :1], Z[:, :1]], axis=1)
    assert logistic.forward(Z[:, :1], t) == pytest.approx(softmax_cross_entropy.forward(z, two), rel=1e-14)
    np.testing.assert_allclose(
        logistic.backward(Z[:, :1], t), softmax_cross_entropy.backward(z, two)[:, 1:], rtol=1e-12
    )


# ---- what does not fit


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear.forward(X, W[:, :2]), r"inputs \(5, 3\) and weights \(4, 2\) do not fit"),
        (
            lambda: linear.forward(X, W, B[:3]),
            r"weights \(4, 3\) and bias \(3,\) do not fit; they must be \(..., m, n\) and \(..., m\)",
        ),
        (lambda: linear.backward(DY[:4], X, W), r"inputs \(5, 3\) and dy \(4, 4\) do not fit"),
        (lambda: linear.backward(DY[:, :3], X, W), r"weights \(4, 3\) and dy \(5, 3\) do not fit"),
        (lambda: activation.backward(DY, X, "tanh"), r"dy \(5, 4\) and inputs \(5, 3\) do not fit"),
        (lambda: activation.forward(X, "swish"), r"activation 'swish' is not known; allowed: identity, sigmoid, tanh"),
        (lambda: softmax.backward(DY, X), r"dy \(5, 4\) and outputs \(5, 3\) do not fit"),
        (lambda: softmax_cross_entropy.forward(Z, T[:4]), r"logits \(5, 4\) and targets \(4, 4\) do not fit"),
        (lambda: squared_error.backward(Z, T[:, :3]), r"outputs \(5, 4\) and targets \(5, 3\) do not fit"),
        (lambda: linear.tangent(X, W, DX[:1], DW, DB), r"inputs \(5, 3\) and x_tangent \(1, 3\) do not fit"),
        (lambda: linear.tangent(X, W, DX, DW[:1], DB), r"weights \(4, 3\) and weight_tangent \(1, 3\) do not fit"),
        (lambda: linear.tangent(X, W, DX, DW, DB[:1]), r"weights \(4, 3\) and bias_tangent \(1,\) do not fit"),
        (lambda: linear.backward_tangent(DY, X, W, DDY[:1], DX, DW), r"inputs \(5, 3\) and dy_tangent \(1, 4\) do not"),
        (lambda: activation.tangent(Z, DZ[:1], "tanh"), r"inputs \(5, 4\) and x_tangent \(1, 4\) do not fit"),
        (
            lambda: activation.backward_tangent(DY, Z, DDY[:, :1], DZ, "tanh"),
            r"dy \(5, 4\) and dy_tangent \(5, 1\) do not",
        ),
        (lambda: softmax.tangent(Z, DZ[:1]), r"outputs \(5, 4\) and z_tangent \(1, 4\) do not fit"),
        (lambda: softmax.backward_tangent(DY, Z, DDY, DZ[:1]), r"dy \(5, 4\) and y_tangent \(1, 4\) do not fit"),
        (
            lambda: softmax_cross_entropy.hessian_product(Z, T, DZ[:1]),
            r"logits \(5, 4\) and z_tangent \(1, 4\) do not fit",
        ),
        (lambda: logistic.hessian_product(Z, T, DZ[:, :1]), r"logits \(5, 4\) and z_tangent \(5, 1\) do not fit"),
        (
            lambda: squared_error.hessian_product(Z, T, DZ[0]),
            r"y_tangent \(4,\) has too few axes; it must be \(..., S, m\)",
        ),
        (lambda: cross_entropy.hessian_product(Z, T, DZ[:1]), r"outputs \(5, 4\) and y_tangent \(1, 4\) do not fit"),
        (
            lambda: linear.forward(np.ones((3, 5, 3)), np.ones((2, 4, 3))),
            r"inputs and weights have lanes \(3,\) and \(2,\), which do not broadcast",
        ),
        (lambda: linear.forward([[1, "a"]], [[1, 2]]), "inputs must be an array of numbers"),
        (
            lambda: activation.forward([[1], [1, 2]], "tanh"),
            "inputs must be an array of numbers, or rows of numbers of one",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("loss", [*LOSSES.values(), cross_entropy])
@pytest.mark.parametrize("shape", [(0, 4), (5, 0), (2, 0, 4)])
def test_the_mean_over_nothing_is_refused(loss, shape):
    nothing = np.ones(shape)
    for call in (loss.forward, loss.backward, lambda y, t: loss.hessian_product(y, t, y)):
        with pytest.raises(
            ValueError, match="hold nothing to take the mean of; give one sample and one output at least"
        ):
            call(nothing, nothing)


@pytest.mark.parametrize("loss", [cross_entropy, softmax_cross_entropy])
@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([0.5, 0.4, 0, 0], "row 2 of the targets sums to 0.9 with smallest entry 0; a cross-entropy is of class prob"),
        ([1.5, -0.5, 0, 0], "row 2 of the targets sums to 1 with smallest entry -0.5; "),
        ([np.nan, 1, 0, 0], "row 2 of the targets sums to nan"),
    ],
)
def test_targets_that_are_no_distributions_are_refused(loss, row, told):
    t = T.copy()
    t[2] = row
    y = softmax.forward(Z)
    lanes = np.stack([T, t])
    for call in (loss.forward, loss.backward, lambda y, t: loss.hessian_product(y, t, DZ)):
        for given in (t, lanes):
            with pytest.raises(ValueError, match=told):
                call(y, given)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.nan])
def test_the_probability_of_a_class_is_one(wrong):
    with pytest.raises(ValueError, match=f"targets: {wrong:g} in row 1 is no probability; it must be from 0 to 1"):
        logistic.forward([[0], [0]], [[1], [wrong]])


def test_rows_of_numbers_serve_as_arrays_do():
    def listed(given):
        return given.tolist() if isinstance(given, np.ndarray) else given

    calls = [
        (linear.forward, (X, W, B)),
        (linear.backward, (DY, X, W)),
        (linear.by_inputs, (DY, W)),
        (linear.by_weight, (DY, X)),
        (linear.by_bias, (DY,)),
        (linear.tangent, (X, W, DX, DW, DB)),
        (linear.backward_tangent, (DY, X, W, DDY, DX, DW)),
        (linear.by_weight_tangent, (DY, X, DDY, DX)),
        (activation.forward, (Z, "tanh")),
        (activation.backward, (DY, Z, "gelu")),
        (activation.tangent, (Z, DZ, "relu")),
        (activation.backward_tangent, (DY, Z, DDY, DZ, "softplus")),
        (activation.jet, (Z, "erf", 2)),
        (softmax.forward, (Z,)),
        (softmax.backward, (DY, Z)),
        (softmax.tangent, (Z, DZ)),
        (softmax.backward_tangent, (DY, Z, DDY, DZ)),
    ]
    for loss in (*LOSSES.values(), cross_entropy):
        y = softmax.forward(Z)
        calls += [(loss.forward, (y, T)), (loss.backward, (y, T)), (loss.hessian_product, (y, T, DZ))]
    for function, given in calls:
        np.testing.assert_equal(function(*map(listed, given)), function(*given))
    assert linear.forward([[1, 2]], [[3, 4]], [5]).tolist() == [[16.0]]
    assert activation.forward([[1, 2]], "relu").dtype == np.float64


# ---- against the packages


def test_jax_differentiates_to_the_same():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        theirs = {
            "identity": lambda x: x,
            "sigmoid": jax.nn.sigmoid,
            "tanh": jax.numpy.tanh,
            "relu": jax.nn.relu,
            "softplus": jax.nn.softplus,
            "elu": jax.nn.elu,
            "gelu": lambda x: jax.nn.gelu(x, approximate=False),
            "erf": lambda x: jax.scipy.special.erf(x / 2**0.5),
        }
        assert set(theirs) == set(ACTIVATIONS)
        for name, h in theirs.items():
            values, slope, curvature = activation.jet(Z, name, 2)
            first = jax.grad(lambda z, h=h: h(z).sum())
            np.testing.assert_allclose(values, h(Z), rtol=1e-11, atol=1e-14)
            np.testing.assert_allclose(slope, first(Z), rtol=1e-11, atol=1e-14)
            np.testing.assert_allclose(
                curvature, jax.grad(lambda z, first=first: first(z).sum())(Z), rtol=1e-10, atol=1e-13
            )

        def loss(z):
            return -(T * jax.nn.log_softmax(z)).sum() / 5

        np.testing.assert_allclose(softmax_cross_entropy.backward(Z, T), jax.grad(loss)(Z), rtol=1e-11, atol=1e-15)
        turned = jax.jvp(jax.grad(loss), (Z,), (DZ,))[1]
        np.testing.assert_allclose(softmax_cross_entropy.hessian_product(Z, T, DZ), turned, rtol=1e-11, atol=1e-15)


def test_torch_differentiates_to_the_same():
    torch = pytest.importorskip("torch")
    x, w, b = (torch.tensor(each, requires_grad=True) for each in (X, W, B))
    y = torch.nn.functional.linear(x, w, b)
    (torch.tensor(DY) * y).sum().backward()
    for ours, theirs in zip(linear.backward(DY, X, W), (x, w, b), strict=True):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-12)
    theirs = {name: getattr(torch.nn.functional, name) for name in ACTIVATIONS if name not in ("identity", "erf")}
    theirs["erf"] = lambda x: torch.special.erf(x / 2**0.5)
    for name, h in theirs.items():
        z = torch.tensor(Z, requires_grad=True)
        (slope,) = torch.autograd.grad(h(z).sum(), z)
        np.testing.assert_allclose(activation.jet(Z, name, 1)[1], slope.numpy(), rtol=1e-11, atol=1e-14)
    z = torch.tensor(Z, requires_grad=True)
    torch.nn.functional.cross_entropy(z, torch.tensor(T)).backward()
    np.testing.assert_allclose(softmax_cross_entropy.backward(Z, T), z.grad.numpy(), rtol=1e-11, atol=1e-15)
