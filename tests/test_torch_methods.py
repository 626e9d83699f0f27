from __future__ import annotations

import copy
import inspect
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.optimizers.torch_methods import KINDS, METHODS
from saddlesim.simulation import simulate

torch = pytest.importorskip("torch")
TORCH = OPTIMIZERS["torch"]
QUADRATIC = OBJECTIVES["quadratic"](eigenvalues=(2.0, 0.5, -0.3))  # not turned, so that its gradient rounds as alone
HIMMELBLAU = OBJECTIVES["himmelblau"]()
GIVEN = {  # every parameter that may be given, and none at its default
    "SGD": {"lr": 0.003, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True},
    "ASGD": {"lr": 0.02, "lambd": 0.01, "alpha": 0.6, "t0": 10, "weight_decay": 0.1},
    "Adagrad": {"lr": 0.02, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2, "eps": 1e-3},
    "Adadelta": {"lr": 0.8, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1},
    "RMSprop": {"lr": 0.003, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.5, "centered": True},
    "Rprop": {"lr": 0.02, "etas": [0.4, 1.3], "step_sizes": [1e-4, 0.3]},
    "Adam": {"lr": 0.02, "betas": [0.8, 0.99], "eps": 1e-4, "weight_decay": 0.1, "amsgrad": True},
    "AdamW": {"lr": 0.02, "betas": [0.8, 0.99], "eps": 1e-4, "weight_decay": 0.1, "amsgrad": True},
    "Adamax": {"lr": 0.02, "betas": [0.8, 0.99], "eps": 1e-4, "weight_decay": 0.1},
    "NAdam": {"lr": 0.02, "betas": [0.8, 0.99], "eps": 1e-4, "weight_decay": 0.1, "momentum_decay": 0.1},
    "RAdam": {"lr": 0.02, "betas": [0.8, 0.9], "eps": 1e-4, "weight_decay": 0.1, "decoupled_weight_decay": True},
    "Adafactor": {"lr": 0.02, "beta2_decay": -0.6, "d": 1.5, "weight_decay": 0.1},
    "LBFGS": {
        "lr": 0.8,
        "max_iter": 4,
        "max_eval": 7,
        "tolerance_grad": 1e-6,
        "tolerance_change": 1e-8,
        "history_size": 3,
        "line_search_fn": "strong_wolfe",
    },
}
TRAJECTORIES = json.loads((Path(__file__).parent / "data/torch_trajectories.json").read_text())["trajectories"]
PROBLEMS = {"quad_saddle": OBJECTIVES["quadratic"](eigenvalues=(1.0, -1.0)), "himmelblau": HIMMELBLAU}
RECORDED = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"momentum": 0.9}),
    "sgd_momentum_dampening": ("SGD", {"momentum": 0.9, "dampening": 0.9}),
    "sgd_nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "sgd_weight_decay": ("SGD", {"weight_decay": 0.1}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {"lr": 1.0}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_centered_mom": ("RMSprop", {"momentum": 0.9, "centered": True}),
    "adam": ("Adam", {}),
    "adam_amsgrad": ("Adam", {"amsgrad": True}),
    "adam_l2": ("Adam", {"weight_decay": 0.1}),
    "adamw": ("AdamW", {"weight_decay": 0.1}),
    "adamax": ("Adamax", {}),
    "nadam": ("NAdam", {}),
    "radam": ("RAdam", {}),
    "rprop": ("Rprop", {}),
}


@pytest.fixture
def double():
    """Torch as it is to be used by hand: counters of double precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(params=METHODS)
def name(request):
    return request.param


def starts(objective, n_lanes=5, seed=0):
    return np.random.default_rng(seed).standard_normal((objective.dimension, n_lanes))


def by_hand(name, parameters, objective, x0, n_steps):
    """Step one lane as anybody would, with one torch optimizer from the first step to the last."""
    point = torch.tensor(x0, requires_grad=True)
    made = getattr(torch.optim, name)([point], **parameters)

    def closure():
        x = point.detach().numpy()
        point.grad = torch.tensor(objective.gradient(x))
        return torch.tensor(float(objective.value(x)))

    path = [x0]
    for _ in range(n_steps):
        made.step(closure)
        path.append(point.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize("objective", [QUADRATIC, HIMMELBLAU], ids=str)
@pytest.mark.parametrize("given", [{}, GIVEN], ids=["defaults", "others"])
def test_steps_are_torchs_by_hand_lane_by_lane(double, name, given, objective):
    parameters = given.get(name, {})
    n_steps = 8 if name == "LBFGS" else 100
    ours = simulate(objective, TORCH(optimizer=name, parameters=parameters), starts(objective), n_steps).x
    for lane, x0 in enumerate(starts(objective).T):
        with np.errstate(all="ignore"):
            path = by_hand(name, parameters, objective, x0, n_steps)
        np.testing.assert_allclose(ours[:, :, lane], path, rtol=1e-15, atol=0)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("key", RECORDED)
def test_steps_are_those_recorded_of_torch(key, problem):
    name, parameters = RECORDED[key]
    reference = {int(step): x for step, x in TRAJECTORIES[f"{problem}/{key}"].items()}
    made = TORCH(optimizer=name, parameters={"lr": 0.01, **parameters})
    ours = simulate(PROBLEMS[problem], made, reference[0], max(reference)).x
    for step, x in reference.items():
        np.testing.assert_allclose(ours[step, :, 0], x, rtol=1e-12, atol=1e-12)


def test_lbfgs_is_one_that_differentiates_by_itself(double):
    x0 = np.array([0.3, -0.2])
    point = torch.tensor(x0, requires_grad=True)
    made = torch.optim.LBFGS([point], lr=0.5)

    def closure():
        made.zero_grad()
        x, y = point
        value = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
        value.backward()
        return value

    for _ in range(3):
        made.step(closure)
    ours = simulate(HIMMELBLAU, TORCH(optimizer="LBFGS", parameters={"lr": 0.5}), x0, 3).x
    np.testing.assert_allclose(ours[-1, :, 0], point.detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("objective", [QUADRATIC, HIMMELBLAU], ids=str)
def test_a_lane_alone_is_the_lane_in_a_block(name, objective):
    made, x0 = TORCH(optimizer=name, parameters=GIVEN[name]), starts(objective)
    together = simulate(objective, made, x0, 15).x
    alone = np.concatenate([simulate(objective, made, x, 15).x for x in x0.T], axis=2)
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_the_table_is_what_torch_takes(name):
    taken = inspect.signature(getattr(torch.optim, name)).parameters
    listed = METHODS[name].parameters.split()
    assert set(listed) <= set(taken)
    how = {"params", "foreach", "maximize", "capturable", "differentiable", "fused"}
    assert set(taken) - set(listed) - how == ({"eps"} if name == "Adafactor" else set())
    assert set(listed) <= set(KINDS)
    untried = {"SGD": {"dampening"}, "Adam": {"decoupled_weight_decay"}, "NAdam": {"decoupled_weight_decay"}}
    assert set(listed) - set(GIVEN[name]) == untried.get(name, set())


def test_a_step_changes_no_state_and_can_be_taken_twice(name):
    made = TORCH(optimizer=name, parameters=GIVEN[name])
    assert pickle.loads(pickle.dumps(made)) == made
    state = made.init(HIMMELBLAU, starts(HIMMELBLAU), None)
    for _ in range(4):
        before = copy.deepcopy(state)
        once, twice = (made.step(HIMMELBLAU, state, None) for _ in range(2))
        np.testing.assert_array_equal(once.x, twice.x)
        np.testing.assert_array_equal(once.gradient, HIMMELBLAU.gradient(once.x))
        assert_same(once.memory, twice.memory)
        assert_same(state, before)
        state = once


def assert_same(kept, other):
    match kept:
        case dict():
            assert list(kept) == list(other)
            assert_same(list(kept.values()), list(other.values()))
        case list() | tuple():
            for each, its in zip(kept, other, strict=True):
                assert_same(each, its)
        case torch.Tensor():
            assert torch.equal(kept, other)
            assert kept.dtype == torch.float64
        case _:
            np.testing.assert_array_equal(kept, other)


def test_torch_is_left_as_it_was(name):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        simulate(QUADRATIC, TORCH(optimizer=name, parameters=GIVEN[name]), starts(QUADRATIC), 2)
        assert torch.get_num_threads() == 2
        assert torch.get_default_dtype() == torch.float32
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("scale", [1e80, 1e154, np.nan])
def test_divergence_runs_on(name, scale):
    x0 = np.concatenate([scale * starts(HIMMELBLAU, 2), starts(HIMMELBLAU, 2)], axis=1)
    made = TORCH(optimizer=name, parameters={**GIVEN[name], "lr": 1e-4})
    final = simulate(HIMMELBLAU, made, x0, 8).final
    assert np.isfinite(final.x[:, 2:]).all()
