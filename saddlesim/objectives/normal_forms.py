"""Normal forms: the simplest function for each thing a critical point can be. Their critical points are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, empty_hessian, square_box
from saddlesim.parameters import NonNegativeInteger, Real, Size, Vector, declared
from saddlesim.spectrum import classify

LONGEST_FORM = 12  # dimension up to which a quadratic form is written out


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
    dimension_rule: ClassVar[str] = "the number of eigenvalues"
    critical_set: ClassVar[str] = "The origin; where eigenvalues are zero, the null space."

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

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = np.broadcast_arrays(self.points(x), self.points(v, "v"))
        return self.gradient(v)

    @property
    def expression_text(self) -> str | None:
        """The whole form, entry by entry, with the entries as they are rounded."""
        if self.dimension > LONGEST_FORM:
            return None
        names = self.variables
        squares = (f"({a!r})*{name}**2" for a, name in zip(np.diag(self.matrix).tolist(), names, strict=True))
        mixed = ((i, j, float(self.matrix[i, j])) for i in range(self.dimension) for j in range(i))
        products = (f"2*({a!r})*{names[i]}*{names[j]}" for i, j, a in mixed if a)
        return f"({' + '.join([*squares, *products])})/2"

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give n - 1 eigenvalues 1 and one -1."""
        return cls(eigenvalues=(1.0,) * (n - 1) + (-1.0,)) if n >= 1 else None

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
    """The monkey saddle: the Hessian at the origin is zero, three valleys or more meet there, and escape is polynomial in time.

    ``f(x, y) = Re (x + i y)^n``, which is ``x^3 - 3 x y^2`` for n = 3. Usual domain [-2, 2]^2. Its one critical point is the
    origin, for the gradient is n (Re z^(n-1), -Im z^(n-1)). It is a saddle since f takes both signs on every circle; the
    degree of its gradient there is 1 - n.

    Parameters
    ----------
    legs : int, >= 3
        The number n of valleys.
    """

    legs: Annotated[Size, Field(ge=3, le=100)] = 3

    formula: ClassVar[str] = "Re (x + i y)^legs"
    source: ClassVar[str] = (
        "classical; Hilbert and Cohn-Vossen, Geometry and the Imagination (1932), section 29 (recalled)"
    )

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, 2)

    def value(self, x: Array) -> Array:
        return self._power(x, self.legs)[0]

    def gradient(self, x: Array) -> Array:
        real, imaginary = self._power(x, self.legs - 1)
        return self.legs * np.stack([real, -imaginary])

    def hessian(self, x: Array) -> Array:
        real, imaginary = self._power(x, self.legs - 2)
        factor = self.legs * (self.legs - 1)
        return factor * np.stack([np.stack([real, -imaginary]), np.stack([-imaginary, -real])])

    def _power(self, x: Array, n: int) -> tuple[Array, Array]:
        """Real and imaginary part of (x + i y)^n; spelt out, for x and y may be complex themselves where a step is."""
        x, y = self.points(x)
        real, imaginary = x, y
        for _ in range(n - 1):
            real, imaginary = real * x - imaginary * y, real * y + imaginary * x
        return real, imaginary

    @property
    def variables(self) -> tuple[str, ...]:
        return ("x", "y")

    @property
    def expression_text(self) -> str:
        n = self.legs
        terms = (f"{(-1) ** k * math.comb(n, 2 * k)}*x**{n - 2 * k}*y**{2 * k}" for k in range(n // 2 + 1))
        return " + ".join(terms)

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        return (CriticalPoint("saddle", np.zeros(2), 0.0, index=0, kind="saddle", nullity=2),)

    @property
    def critical_points_complete(self) -> bool:
        return True

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(legs=4), cls(legs=7))


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

    @property
    def variables(self) -> tuple[str, ...]:
        return ("x", "y")

    @property
    def expression_text(self) -> str:
        return "x**2/2 + y**2*(y**2/4 - 1/2)"

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
