"""From Optax: its gradient transformations, by name. Needs the extra `jax`.

Left out are those that ask for more than a gradient (`lbfgs`, `polyak_sgd`), draw by a key of their own (`noisy_sgd`), or are not
in double precision throughout (`adafactor`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import AfterValidator, Field

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array, FirstOrderState
from saddlesim.optimizers.borrowed import Borrowed, Flag, Method, known_among, parameters_of
from saddlesim.parameters import Decay, NonNegative, Positive, Real, declared

ADAM = "learning_rate b1 b2 eps eps_root"
METHODS = {
    "sgd": Method("learning_rate momentum nesterov"),
    "sign_sgd": Method("learning_rate"),
    "optimistic_gradient_descent": Method("learning_rate alpha beta"),
    "adagrad": Method("learning_rate initial_accumulator_value eps"),
    "adadelta": Method("learning_rate rho eps weight_decay"),
    "rmsprop": Method(
        "learning_rate decay eps initial_scale eps_in_sqrt centered momentum nesterov bias_correction",
    ),
    "rprop": Method("learning_rate eta_minus eta_plus min_step_size max_step_size"),
    "adam": Method(f"{ADAM} nesterov"),
    "adamw": Method(f"{ADAM} weight_decay nesterov"),
    "adamax": Method("learning_rate b1 b2 eps"),
    "adamaxw": Method("learning_rate b1 b2 eps weight_decay"),
    "nadam": Method(ADAM),
    "nadamw": Method(f"{ADAM} weight_decay"),
    "radam": Method(f"{ADAM} threshold nesterov"),
    "amsgrad": Method(f"{ADAM} bias_correction_mu bias_correction_nu"),
    "adabelief": Method(f"{ADAM} nesterov"),
    "yogi": Method("learning_rate b1 b2 eps"),
    "adan": Method(f"{ADAM} b3 weight_decay"),
    "lion": Method("learning_rate b1 b2 weight_decay"),
    "novograd": Method(f"{ADAM} weight_decay", by_lane=True),
    "sm3": Method("learning_rate momentum", by_lane=True),
    "lamb": Method(f"{ADAM} weight_decay", by_lane=True),
    "lars": Method("learning_rate weight_decay trust_coefficient eps momentum nesterov", by_lane=True),
    "fromage": Method("learning_rate min_norm", by_lane=True),
}
KINDS = {
    **dict.fromkeys(("learning_rate", "min_step_size", "max_step_size", "eta_plus", "trust_coefficient"), Positive),
    **dict.fromkeys(("eps", "eps_root", "weight_decay", "min_norm", "threshold"), NonNegative),
    **dict.fromkeys(("initial_accumulator_value", "initial_scale"), NonNegative),
    **dict.fromkeys(("b1", "b2", "b3", "decay", "rho", "momentum", "eta_minus"), Decay),
    **dict.fromkeys(("alpha", "beta"), Real),
    **dict.fromkeys(("nesterov", "centered", "eps_in_sqrt"), Flag),
    **dict.fromkeys(("bias_correction", "bias_correction_mu", "bias_correction_nu"), Flag),
}
Transformation = Annotated[
    str, AfterValidator(known_among(METHODS, "transformation")), Field(json_schema_extra={"enum": list(METHODS)})
]
Parameters = Annotated[
    dict[str, Any], AfterValidator(parameters_of(METHODS, KINDS, "transformation", required=("learning_rate",)))
]


@declared
class Optax(Borrowed):
    """A gradient transformation of Optax: x <- x + u, (u, s) <- update(grad f(x), s, x), compiled, in double precision.

    Needs the gradient, and JAX and Optax installed. What it does at a strict saddle is its own; that is what one may ask.
    """

    transformation: Transformation = Field(description="its name in Optax, such as adamw")
    parameters: Parameters = Field(description="what it is called with, by name, such as {learning_rate: 1e-3}")

    extra: ClassVar[str] = "jax"
    libraries: ClassVar[tuple[str, ...]] = ("jax", "optax")

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> FirstOrderState:
        self.check_installed()
        start, _ = self._compiled()
        with _double_precision():
            memory = start(x)
        return FirstOrderState(x, objective.gradient(x), (memory,))

    def step(self, objective: Objective, state: FirstOrderState, rng: np.random.Generator | None) -> FirstOrderState:
        _, advance = self._compiled()
        with _double_precision():
            x, memory = advance(state.x, state.gradient, *state.memory)
        x = np.array(x)
        return FirstOrderState(x, objective.gradient(x), (memory,))

    def _compiled(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        return _compiled(self.transformation, tuple(self.parameters.items()))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return tuple(cls(transformation=name, parameters={"learning_rate": 0.01}) for name in ("sgd", "adamw", "lamb"))


@functools.cache
def _compiled(
    transformation: str, parameters: tuple[tuple[str, Any], ...]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Compile x -> memory and (x, gradient, memory) -> (x, memory); here and not in the object, which is to be pickled."""
    import jax
    import optax

    with _double_precision():
        made = getattr(optax, transformation)(**dict(parameters))

    def advance(x: Any, gradient: Any, memory: Any) -> Any:
        updates, memory = made.update(gradient, memory, x)
        return optax.apply_updates(x, updates), memory

    if not METHODS[transformation].by_lane:
        return jax.jit(made.init), jax.jit(advance)
    last = {"in_axes": -1, "out_axes": -1}
    return jax.jit(jax.vmap(made.init, **last)), jax.jit(jax.vmap(advance, **last))


def _double_precision() -> Any:
    """Give the context of JAX in which a number is a double, whatever the rest of the program does with JAX."""
    import jax

    return jax.enable_x64(True)
