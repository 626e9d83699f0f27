"""Saddle search: methods that walk towards saddles, uphill along the lowest curvatures and downhill along all others.

Not here: the reflection of eigenvalues that leads away from saddles (`second_order`, `krylov`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from saddlesim.objectives.base import Objective, name_of
from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.optimizers.second_order import SecondOrderState
from saddlesim.optimizers.vectors import dot
from saddlesim.parameters import NonNegativeInteger, Positive, declared
from saddlesim.spectrum import eigensystem, zero_threshold


class SaddleDynamicsState(NamedTuple):
    """Points and gradient, (d, B), and the directions that are climbed, (k, d, B), orthonormal in each lane."""

    x: Array
    gradient: Array
    directions: Array


class SaddleDynamics(LibraryOptimizer):
    """Base of the methods that reflect the gradient in k directions, which follow the lowest eigenvectors of the Hessian.

    The directions begin as the eigenvectors of the k lowest eigenvalues at the start, or at random where the objective has no
    Hessian; then, alone, an rng is needed.
    """

    learning_rate: Positive
    direction_rate: Positive | None = None

    stays_on_saddles: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("hessian_product",)

    @property
    @abstractmethod
    def n_directions(self) -> int:
        """k, which is the index of the saddles sought."""

    def refusal(self, objective: Any) -> str | None:
        return self._too_many(getattr(objective, "dimension", self.n_directions), name_of(objective))

    def _too_many(self, d: int, name: str) -> str | None:
        k = self.n_directions
        return f"{self} climbs in {k} directions but {name} has dimension {d}; give k at most {d}" if k > d else None

    def init(self, objective: Any, x: Array, rng: np.random.Generator | None) -> SaddleDynamicsState:
        k = self.n_directions
        if told := self._too_many(len(x), name_of(objective)):
            raise ValueError(told)
        if hasattr(objective, "hessian"):
            directions = np.moveaxis(eigensystem(objective.hessian(x))[1][..., :k], 0, -1).swapaxes(0, 1)
        else:
            directions = _orthonormal(self.generator(rng).standard_normal((k, *x.shape)))
        return SaddleDynamicsState(x, objective.gradient(x), np.ascontiguousarray(directions))

    def step(self, objective: Any, state: SaddleDynamicsState, rng: np.random.Generator | None) -> SaddleDynamicsState:
        x, gradient, directions = state
        rate = self.learning_rate if self.direction_rate is None else self.direction_rate
        reflected, turned = gradient, []
        for i, v in enumerate(directions):
            reflected = reflected - 2 * dot(v, gradient) * v
            image = objective.hessian_product(x, v)
            change = image - dot(v, image) * v
            for u in directions[:i]:
                change = change - 2 * dot(u, image) * u
            turned.append(v - rate * change)
        x = x - self.learning_rate * reflected
        return SaddleDynamicsState(x, objective.gradient(x), _orthonormal(np.array(turned).reshape(directions.shape)))


@declared
class GentlestAscent(SaddleDynamics):
    """Gentlest ascent dynamics (E, Zhou 2011; recalled), by Euler's method, v kept at length 1.

    x <- x - eta (grad f(x) - 2 (v' grad f(x)) v),  v <- v - direction_rate (H v - (v' H v) v),  H at the old x.

    Needs one Hessian product a step; the first v is the eigenvector of the lowest eigenvalue. Stays on every critical point.
    Those of index 1 attract it, v being their negative direction, and no others whose Hessian is regular.

    Parameters
    ----------
    direction_rate : float
        How fast v turns, in units of 1 over curvature; by default the learning rate.
    """

    learning_rate: Positive
    direction_rate: Positive | None = None

    @property
    def n_directions(self) -> int:
        return 1

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(learning_rate=0.01, direction_rate=0.01),)


@declared
class HighIndexSaddleDynamics(SaddleDynamics):
    """High-index saddle dynamics HiSD-k (Yin, Zhang, Zhang 2019), by Euler's method, orthonormalised at each step.

    x <- x - eta (I - 2 sum_i v_i v_i') grad f(x),
    v_i <- v_i - direction_rate (I - v_i v_i' - 2 sum_{j < i} v_j v_j') H v_i,  i = 1, ..., k,  H at the old x.

    Needs k Hessian products a step; the first v_i are the eigenvectors of the k lowest eigenvalues. Stays on every critical
    point. Those of index k attract it at small rates, and no others whose Hessian is regular: k = 0 is gradient descent, k = d
    ascent, k = 1 `GentlestAscent`.

    Parameters
    ----------
    k : int
        The index of the saddles sought, 0 to d.
    direction_rate : float
        How fast the directions turn, in units of 1 over curvature; by default the learning rate.
    """

    k: NonNegativeInteger
    learning_rate: Positive
    direction_rate: Positive | None = None

    @property
    def n_directions(self) -> int:
        return self.k

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return tuple(cls(k=k, learning_rate=0.01, direction_rate=0.01) for k in (2, 0))


@declared
class EigenvectorFollowing(LibraryOptimizer):
    """Eigenvector following (Cerjan, Miller 1981), with the step of Wales's OPTIM: uphill along the lowest mode alone.

    Along an eigenvector of eigenvalue lambda, on which the gradient has the component g, x moves by
    +-2 g / (|lambda| + sqrt(lambda^2 + 4 g^2)), upwards for the lowest eigenvalue and downwards for the others; close to a saddle
    of index 1 this is Newton's step. A step longer than longest_step is shortened to it.

    Needs the Hessian. Stays on every critical point. Those of index 1 attract it, and no others whose Hessian is regular with a
    simple lowest eigenvalue; from elsewhere the mode that is lowest at each step may lead past every saddle. Eigenvalues that
    are zero give no step, and none of them is the lowest.

    Parameters
    ----------
    longest_step : float
        In units of x.
    """

    longest_step: Positive

    stays_on_saddles: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("hessian",)

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> SecondOrderState:
        return SecondOrderState(x, objective.gradient(x), np.zeros(x.shape[1:], dtype=bool))

    def step(self, objective: Objective, state: SecondOrderState, rng: np.random.Generator | None) -> SecondOrderState:
        x, gradient, met_zero_eigenvalue = state
        eigenvalues, eigenvectors = eigensystem(objective.hessian(x))
        zero = np.abs(eigenvalues) <= zero_threshold(eigenvalues)[..., None]
        lowest = ~zero & (np.cumsum(~zero, axis=-1) == 1)
        components = np.einsum("bji,bj->bi", eigenvectors, np.ascontiguousarray(gradient.T))
        components = np.where(zero, 0.0, components)
        slopes = np.abs(eigenvalues) + np.sqrt(eigenvalues * eigenvalues + 4 * components * components)
        steps = np.where(lowest, 2.0, -2.0) * components / np.where(zero, 1.0, slopes)
        length = np.sqrt((steps * steps).sum(axis=-1, keepdims=True))
        steps = steps * np.minimum(1.0, self.longest_step / np.where(length > 0, length, 1.0))
        x = x + np.einsum("bij,bj->bi", eigenvectors, steps).T
        return SecondOrderState(x, objective.gradient(x), met_zero_eigenvalue | zero.any(axis=-1))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(longest_step=0.1),)


def _orthonormal(directions: Array) -> Array:
    """Orthonormalise (k, d, B) in each lane, in their order (Gram, Schmidt)."""
    made = np.empty_like(directions)
    for i, v in enumerate(directions):
        for u in made[:i]:
            v = v - dot(u, v) * u
        made[i] = v / np.sqrt(dot(v, v))
    return made
