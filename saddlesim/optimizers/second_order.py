"""Second order: methods that divide the gradient by what they make of the Hessian's eigenvalues, found for each lane and step.

Not here: the minimisers of models made safe (`regularised`), and what Hessian products alone can do (`krylov`, `newton_cg`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.objectives.base import Objective
from saddlesim.optimizers.backtracking import backtracked
from saddlesim.optimizers.base import Array, LibraryOptimizer
from saddlesim.parameters import Fraction, NonNegative, Positive, declared
from saddlesim.spectrum import eigensystem, zero_threshold


class QuadraticModel(NamedTuple):
    """f near the points of each lane, g's + s'Hs / 2, in the eigenbasis of H = Q diag(lambda) Q'.

    Attributes
    ----------
    eigenvalues : (B, d)
        Ascending.
    eigenvectors : (B, d, d)
        In columns, each with the sign that makes its first large component positive.
    components : (B, d)
        Q'g.
    """

    eigenvalues: Array
    eigenvectors: Array
    components: Array

    def vectors(self, coordinates: Array) -> Array:
        """Give the vectors (d, B) of these coordinates, (B, d)."""
        return np.asarray(np.einsum("...ij,...j->i...", self.eigenvectors, coordinates))

    def decrease(self, coordinates: Array) -> Array:
        """Give how much lower the model is at the step of these coordinates, (B,)."""
        return np.asarray(-(coordinates * (self.components + self.eigenvalues * coordinates / 2)).sum(axis=-1))


def quadratic_model(objective: Any, x: Array, gradient: Array) -> QuadraticModel:
    """Make the model at x, (d, B)."""
    eigenvalues, eigenvectors = eigensystem(objective.hessian(x))
    sizes = np.abs(eigenvectors)
    large = sizes > sizes.max(axis=-2, keepdims=True) / 2
    leading = np.take_along_axis(eigenvectors, large.argmax(axis=-2)[..., None, :], axis=-2)
    eigenvectors = eigenvectors * np.sign(leading)  # LAPACK's own sign is anybody's guess
    return QuadraticModel(eigenvalues, eigenvectors, np.einsum("...ji,j...->...i", eigenvectors, gradient))


def rounding(value: Array) -> Array:
    """Give how large a difference of such values of f may be by rounding alone, (B,)."""
    return 10 * float(np.finfo(np.float64).eps) * np.abs(value)


class PointState(NamedTuple):
    """Points and gradient, (d, B)."""

    x: Array
    gradient: Array


class SecondOrderState(NamedTuple):
    """Points and gradient, (d, B), and which lanes have met a zero eigenvalue, which gives no step, (B,)."""

    x: Array
    gradient: Array
    met_zero_eigenvalue: NDArray[np.bool_]


class SecondOrder(LibraryOptimizer):
    """Base of the methods ``x <- x - eta Q diag(1 / d) Q' grad f(x)`` with H = Q diag(lambda) Q' and d made from lambda."""

    learning_rate: Positive

    stays_on_saddles: ClassVar[bool] = True
    stays_in_eigenspaces: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("hessian",)

    @abstractmethod
    def denominators(self, eigenvalues: Array) -> Array:
        """Give what the gradient's component along each eigenvector is divided by, (B, d)."""

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> SecondOrderState:
        return SecondOrderState(x, objective.gradient(x), np.zeros(x.shape[1:], dtype=bool))

    def step(self, objective: Objective, state: SecondOrderState, rng: np.random.Generator | None) -> SecondOrderState:
        x, gradient, met_zero_eigenvalue = state
        model = quadratic_model(objective, x, gradient)
        denominators = self.denominators(model.eigenvalues)
        zero = np.abs(denominators) <= zero_threshold(denominators)[..., None]
        steps = np.where(zero, 0.0, model.components / np.where(zero, 1.0, denominators))
        x = x - self.learning_rate * model.vectors(steps)
        return SecondOrderState(x, objective.gradient(x), met_zero_eigenvalue | zero.any(axis=-1))


@declared
class Newton(SecondOrder):
    """Newton's method for grad f = 0: x <- x - eta H(x)^-1 grad f(x). Needs the Hessian.

    Converges to the nearest critical point whatever its index: to it, a saddle is an attractor.
    """

    learning_rate: Positive = 1.0

    def denominators(self, eigenvalues: Array) -> Array:
        return eigenvalues

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.5))


@declared
class DampedNewton(SecondOrder):
    """Newton's method with Levenberg's shift: x <- x - eta (H(x) + delta I)^-1 grad f(x). Needs the Hessian.

    delta = damping + max(0, -lambda_min), so that no eigenvalue is below the damping: the damped Newton that Dauphin et al.
    (2014; recalled) compare with. Nesterov's, a shorter step with the Hessian as it is, is `newton` with a learning rate below 1.

    Leaves a strict saddle of escape rate gamma by a factor 1 + eta gamma / damping a step, while along a curvature lambda > 0 the
    distance shrinks by 1 - eta lambda / (lambda + gamma + damping) only.
    """

    learning_rate: Positive = 1.0
    damping: Positive = 0.1

    def denominators(self, eigenvalues: Array) -> Array:
        return eigenvalues + np.maximum(0.0, -eigenvalues[..., :1]) + self.damping

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.5, damping=1.0))


@declared
class SaddleFreeNewton(SecondOrder):
    """Saddle-free Newton (Dauphin et al. 2014): x <- x - eta (|H(x)| + delta I)^-1 grad f(x). Needs the Hessian.

    |H| has the eigenvalues' absolute values. Leaves a strict saddle of escape rate gamma by a factor
    1 + eta gamma / (gamma + delta) a step: undamped, by 1 + eta whatever the curvature.
    """

    learning_rate: Positive = 1.0
    damping: NonNegative = 0.0

    def denominators(self, eigenvalues: Array) -> Array:
        return np.abs(eigenvalues) + self.damping

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(learning_rate=0.1, damping=1.0))


@declared
class NCN(LibraryOptimizer):
    """Nonconvex Newton, NCN (Paternain, Mokhtari, Ribeiro 2019; constants recalled): x <- x - eta |H(x)|_m^-1 grad f(x).

    |H|_m has the eigenvalues max(|lambda|, m), m = least_curvature, so a zero eigenvalue is no obstacle. eta is the first of 1,
    backtracking, backtracking^2, ... with f(x - eta p) <= f(x) - decrease eta p' grad f(x), up to rounding of f, p the full step;
    where there is none, x stays. Needs value, gradient and Hessian.

    Leaves a strict saddle of escape rate gamma by a factor 1 + gamma / max(gamma, m) a step, 2 where gamma >= m (the paper proves
    3/2). The noise that the paper adds where the gradient is small, for starts in the stable set, is not part of this step.

    Parameters
    ----------
    least_curvature : float
        m.
    decrease : float
        The fraction of the first-order decrease asked for, alpha < 1/2.
    backtracking : float
        beta < 1.
    """

    least_curvature: Positive = 1e-3
    decrease: Annotated[Positive, Field(lt=0.5)] = 0.1
    backtracking: Fraction = 0.5

    needs: ClassVar[tuple[str, ...]] = ("hessian",)

    def init(self, objective: Objective, x: Array, rng: np.random.Generator | None) -> PointState:
        return PointState(x, objective.gradient(x))

    def step(self, objective: Objective, state: PointState, rng: np.random.Generator | None) -> PointState:
        x, gradient = state
        model = quadratic_model(objective, x, gradient)
        steps = model.components / np.maximum(np.abs(model.eigenvalues), self.least_curvature)
        slope = (steps * model.components).sum(axis=-1)
        x = self._searched(objective, x, model.vectors(steps), slope)
        return PointState(x, objective.gradient(x))

    def _searched(self, objective: Objective, x: Array, step: Array, slope: Array) -> Array:
        """Give the first of the shortened steps' ends at which f is low enough; x where there is none."""
        value = objective.value(x)
        ceiling = value + rounding(value)

        def low_enough(reached: Array, eta: float) -> NDArray[np.bool_]:
            return reached <= ceiling - self.decrease * eta * slope

        return backtracked(objective, x, -step, low_enough, self.backtracking, slope > 0)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(least_curvature=0.5, decrease=0.4))
