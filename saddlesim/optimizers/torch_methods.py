"""From torch: the optimizers of torch.optim, by name. Needs the extra `torch`.

Left out are those that take matrices only (`Muon`) or sparse gradients (`SparseAdam`), and the options that tell how to compute,
not what.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, FirstOrderState
from saddlesim.optimizers.borrowed import Borrowed, Flag, Method, known_among, parameters_of
from saddlesim.parameters import Count, Decay, Fraction, NonNegative, Positive, Real, declared
from saddlesim.problems import InvalidParameters, Problem

ADAM = "lr betas eps weight_decay"
METHODS = {
    "SGD": Method("lr momentum dampening weight_decay nesterov"),
    "ASGD": Method("lr lambd alpha t0 weight_decay"),
    "Adagrad": Method("lr lr_decay weight_decay initial_accumulator_value eps"),
    "Adadelta": Method("lr rho eps weight_decay"),
    "RMSprop": Method("lr alpha eps weight_decay momentum centered"),
    "Rprop": Method("lr etas step_sizes"),
    "Adam": Method(f"{ADAM} amsgrad decoupled_weight_decay"),
    "AdamW": Method(f"{ADAM} amsgrad"),
    "Adamax": Method(ADAM),
    "NAdam": Method(f"{ADAM} momentum_decay decoupled_weight_decay"),
    "RAdam": Method(f"{ADAM} decoupled_weight_decay"),
    "Adafactor": Method("lr beta2_decay d weight_decay", by_lane=True),
    "LBFGS": Method(
        "lr max_iter max_eval tolerance_grad tolerance_change history_size line_search_fn",
        by_lane=True,
    ),
}
KINDS = {
    "lr": Positive,
    **dict.fromkeys(("weight_decay", "lr_decay", "momentum_decay", "initial_accumulator_value", "lambd"), NonNegative),
    **dict.fromkeys(("eps", "momentum", "alpha", "t0", "tolerance_grad", "tolerance_change"), NonNegative),
    "dampening": Real,
    "rho": Annotated[Real, Field(ge=0, le=1)],
    "betas": tuple[Decay, Decay],
    "etas": tuple[Fraction, Annotated[Real, Field(gt=1)]],
    "step_sizes": tuple[Positive, Positive],
    "beta2_decay": Annotated[Real, Field(le=0)],
    "d": Annotated[Real, Field(ge=1)],
    **dict.fromkeys(("nesterov", "centered", "amsgrad", "decoupled_weight_decay"), Flag),
    **dict.fromkeys(("max_iter", "max_eval", "history_size"), Count),
    "line_search_fn": Literal["strong_wolfe"],
}
TorchOptimizer = Annotated[
    str, AfterValidator(known_among(METHODS, "optimizer of torch")), Field(json_schema_extra={"enum": list(METHODS)})
]
Parameters = Annotated[dict[str, Any], AfterValidator(parameters_of(METHODS, KINDS, "optimizer"))]


@declared
class Torch(Borrowed):
    """An optimizer of torch.optim, stepped on x as its parameter, in double precision, its counters included.

    Needs the gradient (LBFGS the value, too: one step of it is up to max_iter iterations), and torch installed. What it does at a
    strict saddle is its own; that is what one may ask.
    """

    optimizer: TorchOptimizer = Field(description="its name in torch.optim, such as AdamW")
    parameters: Parameters = Field(default={}, description="what it is made with, by name, such as {lr: 1e-3}")

    extra: ClassVar[str] = "torch"
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    def __post_init__(self) -> None:
        given = self.parameters
        if given.get("nesterov") and (not given.get("momentum") or given.get("dampening")):
            told = "torch has Nesterov's form only with a momentum above 0 and no dampening"
            raise InvalidParameters([Problem(("parameters", "nesterov"), told)])

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        self.check_installed()
        n_parameters = x.shape[1] if METHODS[self.optimizer].by_lane else 1
        return FirstOrderState(x, objective.gradient(x), ({},) * n_parameters)

    def step(self, objective: Objective, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        with _double_precision_in_one_thread():
            if METHODS[self.optimizer].by_lane:
                lanes = zip(state.x.T, state.gradient.T, state.memory, strict=True)
                stepped = [self._stepped(objective, *lane) for lane in lanes]
                x = np.stack([point for point, _ in stepped], axis=1)
                memory = tuple(kept for _, kept in stepped)
            else:
                x, kept = self._stepped(objective, state.x, state.gradient, *state.memory)
                memory = (kept,)
        return FirstOrderState(x, objective.gradient(x), memory)

    def _stepped(
        self, objective: Objective, x: Array, gradient: Array, memory: dict[str, Any]
    ) -> tuple[Array, dict[str, Any]]:
        """Step one parameter, a block (d, B) or a lane (d,), by an optimizer made for this step, which works on copies."""
        import torch

        point = torch.tensor(x)
        point.grad = torch.tensor(gradient)
        made = getattr(torch.optim, self.optimizer)([point], **self.parameters)
        made.state[point] = _copied(memory)

        def evaluated() -> Any:
            lane = point.numpy()[:, None]
            point.grad = torch.tensor(objective.gradient(lane)[:, 0])
            return torch.tensor(objective.value(lane)[0])

        made.step(evaluated if self.optimizer == "LBFGS" else None)
        return point.numpy(), made.state[point]

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return tuple(cls(optimizer=name, parameters={"lr": 0.01}) for name in ("SGD", "AdamW", "Adafactor"))


def _copied(kept: Any) -> Any:
    """Copy what torch keeps between steps; `copy.deepcopy` takes seven times as long."""
    if isinstance(kept, dict):
        return {key: _copied(each) for key, each in kept.items()}
    if isinstance(kept, list):
        return [_copied(each) for each in kept]
    return kept.clone() if hasattr(kept, "clone") else kept


@contextmanager
def _double_precision_in_one_thread() -> Iterator[None]:
    """Let torch keep counters in double precision and leave the other cores to other blocks; then as before."""
    import torch

    precision, n_threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_default_dtype(precision)
        torch.set_num_threads(n_threads)
