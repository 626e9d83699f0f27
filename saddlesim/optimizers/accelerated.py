"""Accelerated: perturbed descent with momentum that takes negative curvature for a direction when momentum meets it.

Not here: momentum alone (`first_order`), and what perturbs a stuck lane (`perturbed`).
"""

from __future__ import annotations

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.base import Array
from saddlesim.optimizers.perturbed import Perturbed
from saddlesim.optimizers.vectors import dot, lengths
from saddlesim.parameters import Count, Decay, NonNegative, Positive, declared

EPSILON = float(np.finfo(np.float64).eps)


class AcceleratedState(NamedTuple):
    """Points, gradient and velocity, (d, B); value, (B,); steps done; and of each lane, (B,), what the fields' names say.

    An energy rises where it does so by more than rounding, which is told from the largest energy so far; that of a perturbed
    lane is taken from the point to which it was moved.
    """

    x: Array
    gradient: Array
    velocity: Array
    value: Array
    step: int
    last_perturbed: NDArray[np.int64]
    perturbations: NDArray[np.int64]
    exploitations: NDArray[np.int64]
    energy_rises: NDArray[np.int64]
    largest_energy: Array


@declared
class PerturbedAcceleratedGradientDescent(Perturbed):
    """Perturbed accelerated gradient descent with negative-curvature exploitation (Jin, Netrapalli, Jordan 2018).

    A stuck lane is first perturbed, as in `PerturbedGradientDescent`. Then y = x + momentum v, x+ = y - eta grad f(y),
    v+ = x+ - x. But where f(x) < f(y) + <grad f(y), x - y> - curvature_threshold / 2 |x - y|^2, f curves down along v, which is
    exploited: if |v| >= jump_length, x stays, else x+ is the better of x +- jump_length v / |v|; and v+ = 0. The paper's <= would
    hold wherever v = 0; here f(x) is less by more than rounding, and a jump that does not lower f, which rounding near a
    minimum may suggest and true bounds exclude, is not made.

    Needs value and gradient, each at x and at y, and an rng. The energy f(x) + |v|^2 / (2 eta) never rises between
    perturbations if the constants are those of `from_jin_2018` for true bounds l and rho. Leaves a strict saddle whose escape
    rate is below curvature_threshold by the larger root of mu^2 - (1 + eta gamma)(1 + beta) mu + beta (1 + eta gamma) = 0 each
    step, beta being the momentum, and another by jumps as soon as v points along the escape direction.

    Parameters
    ----------
    momentum : float
        1 - theta.
    curvature_threshold : float, optional
        gamma: negative curvature stronger than this is exploited; by default the paper's theta^2 / eta, theta = 1 - momentum.
    jump_length : float
        s.
    radius : float
        Of the ball the perturbation is drawn from.
    gradient_threshold : float
        The gradient norm at or below which a lane counts as stuck.
    step_threshold : int
        How many steps a perturbation is given to work.
    """

    learning_rate: Positive
    momentum: Decay = 0.9
    curvature_threshold: Positive | None = None
    jump_length: Positive = 0.01
    radius: Positive = 1e-3
    gradient_threshold: NonNegative = 1e-3
    step_threshold: Count = 50

    @property
    def least_curvature(self) -> float:
        """The curvature beyond which it exploits."""
        default = (1 - self.momentum) ** 2 / self.learning_rate
        return default if self.curvature_threshold is None else self.curvature_threshold

    @classmethod
    def from_jin_2018(
        cls,
        *,
        dimension: int,
        smoothness: float,
        hessian_lipschitz: float,
        accuracy: float,
        value_gap: float,
        failure_probability: float = 0.1,
        constant: float = 1.0,
    ) -> Self:
        """Give the constants of the paper, from what is known of f.

        Parameters
        ----------
        dimension : int
            d.
        smoothness, hessian_lipschitz : float
            Lipschitz constants l of the gradient and rho of the Hessian.
        accuracy : float
            The gradient norm epsilon of the second-order stationary point sought, at most l^2 / rho.
        value_gap : float
            An upper bound Delta_f of f(x_0) - min f.
        failure_probability : float
            delta.
        constant : float
            The paper's c, which is to be large enough.

        Raises
        ------
        ValueError
            If the accuracy is out of range.
        """
        if accuracy > smoothness**2 / hessian_lipschitz:
            raise ValueError(
                f"accuracy={accuracy}: must be at most smoothness^2 / hessian_lipschitz = {smoothness**2 / hessian_lipschitz:.6g}"
            )
        log = math.log(dimension * smoothness * value_gap / (hessian_lipschitz * accuracy * failure_probability))
        chi, root_kappa = max(1.0, log), math.sqrt(smoothness / math.sqrt(hessian_lipschitz * accuracy))
        eta, theta = 1 / (4 * smoothness), 1 / (4 * root_kappa)
        gamma = theta**2 / eta
        return cls(
            learning_rate=eta,
            momentum=1 - theta,
            curvature_threshold=gamma,
            jump_length=gamma / (4 * hessian_lipschitz),
            radius=eta * accuracy / (chi**5 * constant**8),
            gradient_threshold=accuracy,
            step_threshold=math.ceil(root_kappa * chi * constant),
        )

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> AcceleratedState:
        self.generator(rng)
        none, never = np.zeros(x.shape[1:], dtype=np.int64), self.never(x)
        gradient, value = objective.gradient(x), objective.value(x)
        return AcceleratedState(x, gradient, np.zeros_like(x), value, 0, never, none, none, none, np.abs(value))

    def step(self, objective: Objective, state: AcceleratedState, rng: np.random.Generator | None) -> AcceleratedState:
        x, _, v, f, t, last_perturbed, perturbations, exploitations, energy_rises, largest = state
        stuck, stream = self.stuck(state), self.stream(rng)
        if stuck.any():
            x = self.perturbed(x, stuck, stream)
            f = objective.value(x)
            last_perturbed = np.where(stuck, t, last_perturbed)
        y = x + self.momentum * v
        slope, f_y = objective.gradient(y), objective.value(y)
        exploits = self._curves_down(x - y, f, f_y, slope)
        next_x = y - self.learning_rate * slope
        if exploits.any():
            exploited, lower = self._exploited(objective, x, f, v)
            exploits &= lower
            next_x = np.where(exploits, exploited, next_x)
        next_v, next_f = np.where(exploits, 0.0, next_x - x), objective.value(next_x)
        before, after = self._energy(f, v), self._energy(next_f, next_v)
        largest = np.max(np.abs([largest, before, after]), axis=0)
        return AcceleratedState(
            next_x,
            objective.gradient(next_x),
            next_v,
            next_f,
            t + 1,
            last_perturbed,
            perturbations + stuck,
            exploitations + exploits,
            energy_rises + (after - before > 32 * EPSILON * largest),
            largest,
        )

    def _curves_down(self, back: Array, f: Array, f_y: Array, slope: Array) -> NDArray[np.bool_]:
        """Tell where f at x is lower than from y, back = x - y away, a curvature of -curvature_threshold would have it."""
        bound = f_y + dot(slope, back) - self.least_curvature / 2 * dot(back, back)
        return np.asarray(f < bound - 16 * EPSILON * np.maximum(np.abs(f), np.abs(f_y)))

    def _exploited(self, objective: Objective, x: Array, f: Array, v: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Give where x goes without v, and whether f is lower there or x stays."""
        length = lengths(v)
        jump = self.jump_length * v / np.where(length > 0, length, 1.0)
        ahead, behind = objective.value(x + jump), objective.value(x - jump)
        stays = length >= self.jump_length
        better = np.where(ahead < behind, x + jump, x - jump)
        return np.where(stays, x, better), stays | (np.minimum(ahead, behind) < f)

    def _energy(self, value: Array, velocity: Array) -> Array:
        return np.asarray(value + dot(velocity, velocity) / (2 * self.learning_rate))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        known = {"smoothness": 2.0, "hessian_lipschitz": 1.0, "value_gap": 1.0}
        return (cls.from_jin_2018(dimension=2, accuracy=0.01, **known),)
