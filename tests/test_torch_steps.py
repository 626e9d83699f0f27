"""Steps under random hyperparameters, held against torch.optim and optax themselves where these are installed."""

from __future__ import annotations

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS

N_STEPS = 200
PROBLEMS = (
    OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5, -0.3), seed=1),
    OBJECTIVES["himmelblau"](),
    OBJECTIVES["strict_saddle_toy"](),
)


def rate(rng):
    return float(10 ** rng.uniform(-3, -1.7))  # beyond, descent of Himmelblau's function is chaotic


def decay(rng):
    return float(rng.uniform(0, 1) ** 0.3)  # mostly near 1, sometimes below 1/2


def weight(rng):
    return float(rng.uniform(0, 0.1)) * int(rng.integers(2))


def flag(rng):
    return bool(rng.integers(2))


NAMES = {  # our field -> torch's option, where they differ; some are of a pair there
    "learning_rate": "lr",
    "epsilon": "eps",
    "learning_rate_decay": "lr_decay",
    "initial_accumulator": "initial_accumulator_value",
    "beta1": ("betas", 0),
    "beta2": ("betas", 1),
    "shrink": ("etas", 0),
    "growth": ("etas", 1),
    "smallest_step": ("step_sizes", 0),
    "largest_step": ("step_sizes", 1),
    ("rmsprop", "decay"): "alpha",
    ("adadelta", "decay"): "rho",
}
ADAM = {
    "learning_rate": rate,
    "beta1": decay,
    "beta2": decay,
    "epsilon": lambda rng: rate(rng) ** 3,
    "weight_decay": weight,
}
METHODS = {  # our key -> torch's class, options that are fixed there, fields to draw
    "gradient_descent": ("SGD", {}, {"learning_rate": rate, "weight_decay": weight, "dampening": decay}),
    "heavy_ball": ("SGD", {}, {"learning_rate": rate, "momentum": decay, "dampening": decay, "weight_decay": weight}),
    "nesterov": ("SGD", {"nesterov": True}, {"learning_rate": rate, "momentum": decay, "weight_decay": weight}),
    "adagrad": (
        "Adagrad",
        {},
        {
            "learning_rate": rate,
            "epsilon": rate,
            "learning_rate_decay": rate,
            "initial_accumulator": weight,
            "weight_decay": weight,
        },
    ),
    "rmsprop": (
        "RMSprop",
        {},
        {
            "learning_rate": rate,
            "decay": lambda rng: float(rng.uniform(0.9, 1)),  # centred with less, torch takes roots of rounding errors
            "epsilon": lambda rng: rate(rng) ** 2,
            "centered": flag,
            "momentum": lambda rng: decay(rng) * flag(rng),
            "weight_decay": weight,
        },
    ),
    "adadelta": (
        "Adadelta",
        {},
        {"learning_rate": lambda rng: 10 * rate(rng), "decay": decay, "epsilon": rate, "weight_decay": weight},
    ),
    "adam": ("Adam", {}, ADAM),
    "adamw": ("AdamW", {}, ADAM),
    "amsgrad": ("Adam", {"amsgrad": True}, {**ADAM, "decoupled_weight_decay": flag}),
    "adamax": ("Adamax", {}, ADAM),
    "nadam": ("NAdam", {}, {**ADAM, "momentum_decay": rate, "decoupled_weight_decay": flag}),
    "radam": ("RAdam", {}, {**ADAM, "decoupled_weight_decay": flag}),
    "rprop": (
        "Rprop",
        {},
        {
            "learning_rate": rate,
            "shrink": lambda rng: float(rng.uniform(0.1, 0.9)),
            "growth": lambda rng: float(rng.uniform(1.05, 1.5)),
            "smallest_step": lambda rng: rate(rng) ** 3,
            "largest_step": lambda rng: float(rng.uniform(0.2, 2)),
        },
    ),
}


SMOOTH = {  # what keeps the methods from oscillating with a period of two, where rounding would be amplified
    "beta1": lambda rng: float(rng.uniform(0.8, 0.95)),
    "beta2": lambda rng: float(rng.uniform(0.99, 1)),
    "decay": lambda rng: float(rng.uniform(0.99, 1)),
    "epsilon": rate,
}


@pytest.fixture
def torch():
    """Torch, whose counters then are of double precision, too."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


class Told:
    """Gradients that do not depend on x, so that no rounding is amplified: of all sizes, changing slowly, some of them 0."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        sizes = 10 ** rng.uniform(-2, 1, (1, 3, 3))
        changing = np.sin(np.arange(N_STEPS + 1)[:, None, None] * rng.uniform(0, 1, (3, 3)) + rng.uniform(0, 6, (3, 3)))
        self.gradients = iter(sizes * np.where(rng.random(changing.shape) < 0.05, 0.0, changing))

    def gradient(self, x):
        return next(self.gradients)


def our_path(optimizer, objective, x0):
    path = [optimizer.init(objective, x0, None)]
    for _ in range(N_STEPS):
        path.append(optimizer.step(objective, path[-1], None))
    return np.array([state.x for state in path])


def torchs_path(made, objective, x0):
    x = made.param_groups[0]["params"][0]
    path = [x0]
    for _ in range(N_STEPS):
        x.grad = x.new_tensor(objective.gradient(path[-1]))
        made.step()
        path.append(x.detach().numpy().copy())
    return np.array(path)


def both(torch, key, rng, narrow):
    """Give an optimizer of ours and a maker of torch's with the same options."""
    name, fixed, ranges = METHODS[key]
    fields = {field: draw(rng) for field, draw in (ranges | narrow).items() if field in ranges}
    options = {}
    for field, value in fields.items():
        match NAMES.get((key, field)) or NAMES.get(field, field):
            case (pair, position):
                options[pair] = (*options.get(pair, ())[:position], value)
            case option:
                options[option] = value
    return OPTIMIZERS[key](**fields), lambda x0: getattr(torch.optim, name)(
        [torch.tensor(x0, requires_grad=True)], **options, **fixed
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("key", METHODS)
def test_steps_are_torchs_whatever_the_options(torch, key, seed):
    rng = np.random.default_rng(seed)
    ours, theirs = both(torch, key, rng, {})
    x0 = rng.standard_normal((3, 3))
    path = torchs_path(theirs(x0), Told(seed), x0)
    np.testing.assert_allclose(our_path(ours, Told(seed), x0), path, rtol=1e-12, atol=1e-12, err_msg=str(ours))


@pytest.mark.parametrize("objective", PROBLEMS, ids=str)
@pytest.mark.parametrize("key", METHODS)
def test_paths_are_torchs(torch, key, objective):
    rng = np.random.default_rng(1)
    ours, theirs = both(torch, key, rng, SMOOTH)
    x0 = rng.standard_normal((objective.dimension, 3))
    path = torchs_path(theirs(x0), objective, x0)
    np.testing.assert_allclose(our_path(ours, objective, x0), path, rtol=1e-9, atol=1e-11, err_msg=str(ours))


def test_lion_is_optaxs():
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        for seed in range(4):
            fields = {"learning_rate": rate(rng), "beta1": decay(rng), "beta2": decay(rng), "weight_decay": weight(rng)}
            ours, x0, told = OPTIMIZERS["lion"](**fields), rng.standard_normal((3, 3)), Told(seed)
            lion = optax.lion(
                fields["learning_rate"], fields["beta1"], fields["beta2"], weight_decay=fields["weight_decay"]
            )
            x, path = jax.numpy.array(x0), [x0]
            state = lion.init(x)
            for _ in range(N_STEPS):
                updates, state = lion.update(jax.numpy.array(told.gradient(x)), state, x)
                x = optax.apply_updates(x, updates)
                path.append(np.array(x))
            np.testing.assert_allclose(our_path(ours, Told(seed), x0), path, rtol=1e-12, atol=1e-12)
