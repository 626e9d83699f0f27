"""Normal forms: the simplest function for each thing a critical point can be. Their critical points are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, empty_hessian, square_box
from saddlesim.parameters import Count, NonNegativeInteger, Real, Vector, declared
from saddlesim.spectrum import classify


@declared
class Quadratic(LibraryObjective):
    """The quadratic form with any spectrum, where every escape law is exact.

    ``f(x) = 1/2 x' Q diag(eigenvalues) Q' x``. Usual domain [-2, 2]^d. Its one critical point is the origin unless an
    eigenvalue is zero; then the null space through it is critical too.

    Parameters
    ----------
    eigenvalues : tuple of float
        The spectrum of the constant Hessian, which sets the dimension.
    angle : float
        Turns the first two axes by so many radians: then Q is that rotation.
    seed : int, optional
        Draws Q uniformly among the orthogonal matrices (Haar measure) instead, from this seed.
    """

    eigenvalues: Vector = (1.0, -1.0)
    angle: Real = 0.0
    seed: NonNegativeInteger | None = None

    formula: ClassVar[str] = "1/2 x' Q diag(eigenvalues) Q' x"
    source: ClassVar[str] = "the second-order normal form of a non-degenerate critical point (Morse lemma)"

    def __post_init__(self) -> None:
        if self.angle and self.dimension < 2:
            raise ValueError(f"angle={self.angle}: one dimension has no plane to turn in; leave angle out")
        if self.angle and self.seed is not None:
            raise ValueError("angle and seed both choose the eigenvectors; give one of them")

    @property
    def dimension(self) -> int:
        return len(self.eigenvalues)

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, self.dimension)

    @cached_property
    def rotation(self) -> Array:
        """The orthogonal matrix Q, (d, d), whose columns are the eigenvectors."""
        if self.seed is not None:
            # QR of a Gaussian matrix, signs fixed, is Haar distributed (Mezzadri 2007); scipy.stats has it, at a start-up's cost
            q, r = np.linalg.qr(np.random.default_rng(self.seed).standard_normal((self.dimension, self.dimension)))
            return np.asarray(q * np.sign(np.diag(r)))
        q = np.eye(self.dimension)
        if self.angle:
            c, s = math.cos(self.angle), math.sin(self.angle)
            q[:2, :2] = [[c, -s], [s, c]]
        return q

    @cached_property
    def matrix(self) -> Array:
        """The constant Hessian, (d, d), symmetric to the last bit."""
        if self.on_axes:
            return np.diag(self.eigenvalues)
        matrix = (self.rotation * self.eigenvalues) @ self.rotation.T
        return np.asarray((matrix + matrix.T) / 2)

    @property
    def on_axes(self) -> bool:
        """Whether the eigenvectors are the coordinate axes."""
        return not self.angle and self.seed is None

    def value(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray(0.5 * (x * self.gradient(x)).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        if self.on_axes:
            return np.asarray((x.T * self.eigenvalues).T)
        return np.asarray(np.einsum("ij,j...->i...", self.matrix, x))

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        return empty_hessian(x) + self.matrix.reshape(self.matrix.shape + (1,) * (x.ndim - 1))

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        spectrum = classify(self.eigenvalues)
        if spectrum.nullity:
            return None
        kind = str(spectrum.kind)
        origin = CriticalPoint(
            kind, np.zeros(self.dimension), 0.0, int(spectrum.index), kind, stable_eigenspace_invariant=self.on_axes
        )
        return (origin,)

    @property
    def critical_points_complete(self) -> bool:
        return self.critical_points is not None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(eigenvalues=(4.0, 1.0, -0.5)),
            cls(eigenvalues=(2.0, -0.25), angle=0.5),
            cls(eigenvalues=(3.0, 1.0, -1.0, -2.0), seed=7),
        )


@declared
class MonkeySaddle(LibraryObjective):
    """The monkey saddle: the Hessian at the origin is zero, three valleys meet there, and escape is polynomial in time.

    ``f(x, y) = x^3 - 3 x y^2``. Usual domain [-2, 2]^2. Its one critical point is the origin: 3 (x^2 - y^2) = 0 and x y = 0
    leave no other. It is a saddle since f is odd; the degree of its gradient there is -2.
    """

    formula: ClassVar[str] = "x^3 - 3 x y^2"
    source: ClassVar[str] = (
        "classical; Hilbert and Cohn-Vossen, Geometry and the Imagination (1932), section 29 (recalled)"
    )

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, 2)

    def value(self, x: Array) -> Array:
        x, y = self.points(x)
        return np.asarray(x * (x * x - 3 * y * y))

    def gradient(self, x: Array) -> Array:
        x, y = self.points(x)
        return np.stack([3 * (x * x - y * y), -6 * x * y])

    def hessian(self, x: Array) -> Array:
        x, y = self.points(x)
        return np.stack([np.stack([6 * x, -6 * y]), np.stack([-6 * y, -6 * x])])

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        return (CriticalPoint("saddle", np.zeros(2), 0.0, index=0, kind="saddle", nullity=2),)

    @property
    def critical_points_complete(self) -> bool:
        return True

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(),)


@declared
class DoubleWell(LibraryObjective):
    """Two wells and the pass between them, in any dimension: the saddle of every textbook on rare transitions.

    ``f(x) = (x_1^2 - 1)^2 / 4 + 1/2 sum_{i>1} x_i^2``. Usual domain [-2, 2]^d. Critical points: the saddle 0 (a maximum for
    d = 1) and the minima (-1, 0, ...), (1, 0, ...); the first component solves x^3 = x, the others are zero.
    """

    dimension: Count = 2

    formula: ClassVar[str] = "(x_1^2 - 1)^2 / 4 + 1/2 sum_{i>1} x_i^2"
    source: ClassVar[str] = "classical (Ginzburg-Landau potential)"

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, self.dimension)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        well = x[0] * x[0] - 1
        return np.asarray(well * well / 4 + (x[1:] * x[1:]).sum(axis=0) / 2)

    def gradient(self, x: Array) -> Array:
        gradient = self.points(x).copy()
        gradient[0] *= gradient[0] * gradient[0] - 1
        return gradient

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        hessian = empty_hessian(x)
        hessian[range(self.dimension), range(self.dimension)] = 1
        hessian[0, 0] = 3 * x[0] * x[0] - 1
        return hessian

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        axis = np.eye(self.dimension)[0]
        top = "saddle" if self.dimension > 1 else "maximum"
        return (
            CriticalPoint("minimum_1", -axis, 0.0, index=0, kind="minimum"),
            CriticalPoint("minimum_2", axis, 0.0, index=0, kind="minimum"),
            CriticalPoint(top, 0 * axis, 0.25, index=1, kind=top, stable_eigenspace_invariant=True),
        )

    @property
    def critical_points_complete(self) -> bool:
        return True

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=1), cls(dimension=5))


@declared
class StrictSaddleToy(LibraryObjective):
    """A strict saddle between two minima, whose stable manifold is a straight line that gradient methods never leave.

    ``f(x, y) = x^2 / 2 - y^2 / 2 + y^4 / 4``. Usual domain [-2, 2]^2. Critical points: x = 0 and y^3 = y, so the saddle (0, 0)
    and the minima (0, -1), (0, 1).
    """

    formula: ClassVar[str] = "x^2 / 2 - y^2 / 2 + y^4 / 4"
    source: ClassVar[str] = (
        "Lee, Simchowitz, Jordan, Recht, Gradient descent only converges to minimizers (COLT 2016) (recalled)"
    )

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, 2)

    def value(self, x: Array) -> Array:
        x, y = self.points(x)
        return np.asarray(x * x / 2 + y * y * (y * y / 4 - 0.5))

    def gradient(self, x: Array) -> Array:
        x, y = self.points(x)
        return np.stack([x, y * (y * y - 1)])

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        hessian = empty_hessian(x)
        hessian[0, 0] = 1
        hessian[1, 1] = 3 * x[1] * x[1] - 1
        return hessian

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        return (
            CriticalPoint("minimum_1", np.array([0.0, -1.0]), -0.25, index=0, kind="minimum"),
            CriticalPoint("minimum_2", np.array([0.0, 1.0]), -0.25, index=0, kind="minimum"),
            CriticalPoint("saddle", np.zeros(2), 0.0, index=1, kind="saddle", stable_eigenspace_invariant=True),
        )

    @property
    def critical_points_complete(self) -> bool:
        return True

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(),)
