"""Krylov: methods that look at the Hessian in the Krylov space of one vector, a few Hessian products a step.

Not here: the space itself (`lanczos`), dense second order (`second_order`), Newton's method by conjugate gradients (`newton_cg`).
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.optimizers.lanczos import krylov_space
from saddlesim.optimizers.second_order import SecondOrderState
from saddlesim.optimizers.vectors import dot, downhill
from saddlesim.parameters import Count, NonNegative, Positive, declared
from saddlesim.spectrum import zero_threshold


@declared
class KrylovSaddleFreeNewton(LibraryOptimizer):
    """Saddle-free Newton in a Krylov space (Dauphin et al. 2014; recalled): x <- x - eta Q (|Q' H Q| + delta I)^-1 Q' grad f(x).

    The columns of Q are Lanczos' orthonormal vectors, the first of them along the gradient. n_vectors Hessian products a step
    (no more than d). With n_vectors >= d it is `SaddleFreeNewton`; leaves a strict saddle at that rate as soon as the space holds
    the escape direction, at least a little of which the gradient must have. The paper searches for the best delta at each step.

    Parameters
    ----------
    n_vectors : int
        Of the Krylov space at most.
    damping : float
        delta.
    """

    learning_rate: Positive = 1.0
    n_vectors: Count = 10
    damping: NonNegative = 0.0

    stays_on_saddles: ClassVar[bool] = True
    stays_in_eigenspaces: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("hessian_product",)

    def init(self, objective: Any, x: Array, rng: np.random.Generator | None) -> SecondOrderState:
        return SecondOrderState(x, objective.gradient(x), np.zeros(x.shape[1:], dtype=bool))

    def step(self, objective: Any, state: SecondOrderState, rng: np.random.Generator | None) -> SecondOrderState:
        x, gradient, met_zero_eigenvalue = state
        space = krylov_space(partial(objective.hessian_product, x), gradient, self.n_vectors)
        denominators = np.abs(space.values) + self.damping
        zero = denominators <= zero_threshold(denominators)[:, None]
        components = space.coordinates[:, 0] * np.sqrt(dot(gradient, gradient))[:, None]
        steps = np.where(zero, 0.0, components / np.where(zero, 1.0, denominators))
        x = x - self.learning_rate * space.combination(np.einsum("bij,bj->bi", space.coordinates, steps))
        return SecondOrderState(x, objective.gradient(x), met_zero_eigenvalue | zero.any(axis=-1))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.5, n_vectors=2, damping=0.1))


class NegativeCurvatureState(NamedTuple):
    """Points and gradient, (d, B), and how many steps of each lane followed negative curvature, (B,)."""

    x: Array
    gradient: Array
    curvature_steps: NDArray[np.int64]


@declared
class NegativeCurvatureDescent(LibraryOptimizer):
    """Gradient descent that follows negative curvature where the gradient is small.

    Where |grad f(x)| <= gradient_threshold, the Krylov space of a random vector gives that of its unit vectors v in which the
    curvature theta = v' H(x) v is least. If theta <= -curvature_threshold, the step is that of Carmon, Duchi, Hinder and Sidford
    (2018; recalled), x <- x - sgn(v' grad f(x)) (2 |theta| / L) v, by which f falls by at least 2 |theta|^3 / (3 L^2) if the
    Hessian is L-Lipschitz. Everywhere else x <- x - eta grad f(x).

    Needs Hessian products, n_vectors of them (no more than d) at a step on which some lane's gradient is small, and an rng.
    Leaves a strict saddle of escape rate gamma > curvature_threshold in one step, even from the saddle itself.

    Parameters
    ----------
    gradient_threshold : float
        The gradient norm at or below which a lane looks for negative curvature.
    curvature_threshold : float
        Negative curvature weaker than this is left alone.
    hessian_lipschitz : float
        L.
    n_vectors : int
        Of the Krylov space at most.
    """

    learning_rate: Positive
    gradient_threshold: NonNegative
    curvature_threshold: Positive
    hessian_lipschitz: Positive
    n_vectors: Count = 20

    stochastic: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("hessian_product",)

    def init(self, objective: Any, x: Array, rng: np.random.Generator | None) -> NegativeCurvatureState:
        self.generator(rng)
        return NegativeCurvatureState(x, objective.gradient(x), np.zeros(x.shape[1:], dtype=np.int64))

    def step(
        self, objective: Any, state: NegativeCurvatureState, rng: np.random.Generator | None
    ) -> NegativeCurvatureState:
        x, gradient, curvature_steps = state
        following = x - self.learning_rate * gradient
        small, stream = dot(gradient, gradient) <= self.gradient_threshold**2, self.stream(rng)
        if small.any():
            start = stream.standard_normal(x.shape)  # for all, so that none shifts another's draw
            theta, v = krylov_space(partial(objective.hessian_product, x), start, self.n_vectors).lowest()
            curved = small & (theta <= -self.curvature_threshold)
            length = 2 * np.abs(theta) / self.hessian_lipschitz
            following = np.where(curved, x + downhill(v, gradient) * length * v, following)
            curvature_steps = curvature_steps + curved
        return NegativeCurvatureState(following, objective.gradient(following), curvature_steps)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.1, gradient_threshold=0.01, curvature_threshold=0.01, hessian_lipschitz=10.0),)
