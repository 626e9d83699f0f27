"""Random fields: functions that are drawn once, from their own seed, and then stay: the same fields give the same function."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, LibraryObjective, empty_hessian, square_box
from saddlesim.objectives.critical_point import CriticalPoint
from saddlesim.objectives.kostlan_form import LONGEST_TEXT, KostlanForm
from saddlesim.parameters import NonNegative, NonNegativeInteger, Positive, Size, declared
from saddlesim.problems import InvalidParameters, Problem

MOST = 10_000_000  # coefficients of a form, or components of frequencies: 80 megabytes
SHORTEST = 1e-100  # length, for its square divides in the Hessian


@declared
class GaussianField(LibraryObjective):
    """An isotropic Gaussian landscape, where saddles abound and the signs of a Hessian at them are nearly fair coins.

    ``f(x) = sqrt(2 / m) sum_{k<=m} cos(w_k . x + phi_k)``, m = n_features, phases uniform, frequencies independent draws from the
    spectrum: over draws mean 0 and covariance exactly C(r), r = |x - y|, with C(0) = 1 and l = length_scale. ``gaussian``:
    w normal of variance 1 / l^2, C = exp(-r^2 / (2 l^2)). ``shell``, the random wave: |w| = sqrt(d) / l, z = sqrt(d) r / l,
    C = Gamma(d/2) (2/z)^{d/2-1} J_{d/2-1}(z). ``matern``, rough: w Student's t of 5 degrees of freedom, z = sqrt(5) r / l,
    C = (1 + z + z^2 / 3) exp(-z). It is Gaussian only as m grows: f(x) has excess kurtosis -3 / (2 m), and the covariance over
    phases alone misses C by at most 1 / sqrt(m) in root mean square. Usual domain [-5 l, 5 l]^d.
    """

    dimension: Size = 2
    n_features: Size = 200
    spectrum: Literal["gaussian", "shell", "matern"] = "gaussian"
    length_scale: Positive = 1.0
    seed: NonNegativeInteger = 0

    formula: ClassVar[str] = "sqrt(2 / m) sum_{k<=m} cos(w_k . x + phi_k)"
    source: ClassVar[str] = "Rahimi and Recht, Random features for large-scale kernel machines (NIPS 2007)"
    dimension_rule: ClassVar[str] = "any n >= 1"
    critical_set: ClassVar[str] = "unknown for a draw; for d = 2, 1/4 minima, 1/2 saddles, 1/4 maxima in the mean"

    def __post_init__(self) -> None:
        if not SHORTEST <= self.length_scale <= 1 / SHORTEST:
            raise InvalidParameters(
                [Problem(("length_scale",), f"{self.length_scale} must be between {SHORTEST:g} and {1 / SHORTEST:g}")]
            )
        if self.n_features * self.dimension > MOST:
            raise ValueError(f"dimension={self.dimension}, n_features={self.n_features}: their product is above {MOST}")

    @cached_property
    def domain(self) -> Array:
        return square_box(5 * self.length_scale, self.dimension)

    @cached_property
    def waves(self) -> tuple[Array, Array]:
        """The frequencies w, (m, d), and the phases, (m,)."""
        rng = np.random.default_rng(self.seed)
        w = rng.standard_normal((self.n_features, self.dimension)) / self.length_scale
        phases = rng.uniform(0, 2 * np.pi, self.n_features)
        if self.spectrum == "shell":
            w *= math.sqrt(self.dimension) / (self.length_scale * np.sqrt((w * w).sum(axis=1, keepdims=True)))
        elif self.spectrum == "matern":
            w *= np.sqrt(5 / rng.chisquare(5, (self.n_features, 1)))
        return w, phases

    def value(self, x: Array) -> Array:
        return np.asarray(self._at(x, np.cos).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        return np.asarray(np.einsum("ki,k...->i...", -self.waves[0], self._at(x, np.sin)))

    def hessian(self, x: Array) -> Array:
        hessian, w, waves = empty_hessian(self.points(x)), self.waves[0], self._at(x, np.cos)
        for i in range(self.dimension):
            bent = np.einsum("k,k...->k...", -w[:, i], waves)
            hessian[i, i:] = hessian[i:, i] = np.einsum("kj,k...->j...", w[:, i:], bent)
        return hessian

    def hessian_product(self, x: Array, v: Array) -> Array:
        along = np.einsum("ki,i...->k...", self.waves[0], self.points(v, "v"))
        return np.asarray(np.einsum("ki,k...->i...", -self.waves[0], self._at(x, np.cos) * along))

    def _at(self, x: Array, wave: Callable[[Array], Array]) -> Array:
        """Give each wave's part of f, or of what `wave` makes of it, (m, ...)."""
        w, phases = self.waves
        return math.sqrt(2 / self.n_features) * wave((np.einsum("ki,i...->k...", w, self.points(x)).T + phases).T)

    @property
    def expression_text(self) -> str | None:
        if self.n_features * self.dimension > LONGEST_TEXT // 10:
            return None
        times, numbers = [*(f"*{name}" for name in self.variables), ""], np.column_stack(self.waves).tolist()
        angles = (" + ".join(f"{a}{name}" for a, name in zip(row, times, strict=True)) for row in numbers)
        return _written(f"sqrt(2/{self.n_features})*({' + '.join(f'cos({angle})' for angle in angles)})")

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=1, n_features=9, spectrum="matern"), cls(dimension=3, spectrum="shell", seed=1))


@declared
class SphericalPSpin(LibraryObjective):
    """The spherical spin glass: deep down all critical points are minima, higher up saddles of rising index, layer upon layer.

    ``f(x) = N^{-(p-1)/2} sum J_{i1...ip} s_i1 ... s_ip``, s = sqrt(N) x / |x|, N = dimension, J independent standard normal,
    drawn as sums over the orders of i1, ..., ip: mean 0, covariance N R^p, R the cosine of the angle of x and y. The radius is a
    zero mode; f(-x) = (-1)^p f(x). Usual domain [-sqrt(N), sqrt(N)]^N. For p = 2 the critical rays are +- the eigenvectors of the
    symmetrised J, by `numpy.linalg.eigh`, the (k+1)-th of index k. For N = 2 there are 2 sqrt(3 p - 2) in the mean.
    """

    dimension: Annotated[Size, Field(ge=2)] = 6
    p: Annotated[Size, Field(ge=2)] = 3
    seed: NonNegativeInteger = 0

    formula: ClassVar[str] = "N^(-(p-1)/2) sum J_{i1...ip} s_i1 ... s_ip, s = sqrt(N) x / |x|"
    source: ClassVar[str] = "Auffinger, Ben Arous, Cerny, Random matrices and complexity of spin glasses (2010)"
    dimension_rule: ClassVar[str] = "any n >= 2 with n^p <= 10^7"
    non_smooth: ClassVar[str] = "at the origin"
    symmetries: ClassVar[tuple[str, ...]] = ("scaling",)
    critical_set: ClassVar[str] = "whole rays; for p = 2 one point is listed of each of them, for p > 2 none is known"

    def __post_init__(self) -> None:
        if self.p * math.log(self.dimension) > math.log(MOST):
            raise ValueError(f"dimension={self.dimension}, p={self.p}: dimension**p is above {MOST}")

    @cached_property
    def domain(self) -> Array:
        return square_box(math.sqrt(self.dimension), self.dimension)

    @cached_property
    def form(self) -> KostlanForm:
        return KostlanForm(self.dimension, self.p, self.seed, math.sqrt(self.dimension))

    def value(self, x: Array) -> Array:
        u, _ = self._direction(x)
        return np.asarray((u * self.form.gradient(u)).sum(axis=0) / self.p)

    def gradient(self, x: Array) -> Array:
        u, radius = self._direction(x)
        slope = self.form.gradient(u)
        return np.asarray((slope - u * (u * slope).sum(axis=0)) / radius)

    def hessian(self, x: Array) -> Array:
        u, radius = self._direction(x)
        slope, diagonal = self.form.gradient(u), range(self.dimension)
        pull = (u * slope).sum(axis=0)  # p F, by Euler
        mixed = (self.p * slope - (self.p + 2) / 2 * pull * u)[:, None] * u
        hessian = self.form.hessian(u) - (mixed + mixed.swapaxes(0, 1))
        hessian[diagonal, diagonal] -= pull
        return np.asarray(hessian / (radius * radius))

    def hessian_product(self, x: Array, v: Array) -> Array:
        u, radius = self._direction(x)
        v, slope = self.points(v, "v"), self.form.gradient(u)
        pull = (u * slope).sum(axis=0)
        mixed = self.p * slope - (self.p + 2) / 2 * pull * u
        product = self.form.product(u, v) - mixed * (u * v).sum(axis=0) - u * (mixed * v).sum(axis=0) - pull * v
        return np.asarray(product / (radius * radius))

    def _direction(self, x: Array) -> tuple[Array, Array]:
        """Give x / |x| and |x|; both are nan at the origin, and beside it off the real axis, for there is no derivative."""
        x = self.points(x)
        s = (x * x).sum(axis=0)
        radius = np.sqrt(np.where(s.real > 0, s, np.nan))
        return x / radius, radius

    @property
    def expression_text(self) -> str | None:
        text, squares = self.form.text(self.variables), " + ".join(f"{name}**2" for name in self.variables)
        return text and _written(f"({text})/sqrt({squares})**{self.p}")

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        if self.p > 2:
            return None
        points, last = [], self.dimension - 1
        values, vectors = np.linalg.eigh(self.form.curvature[:, :, 0] / 2)
        for k, (value, x) in enumerate(zip(values.tolist(), math.sqrt(self.dimension) * vectors.T, strict=True)):
            kind, number = ("saddle", 2 * k - 1) if 0 < k < last else ("maximum" if k else "minimum", 1)
            points.append(CriticalPoint(f"{kind}_{number}", x, value, k, kind, nullity=1))
            points.append(CriticalPoint(f"{kind}_{number + 1}", -x, value, k, kind, nullity=1))
        return tuple(points)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=2, p=5, seed=1), cls(dimension=5, p=2, seed=2), cls(dimension=3, p=4, seed=3))


@declared
class RandomPolynomial(LibraryObjective):
    """A random polynomial without a preferred direction, held together from afar: an unknown landscape of few terms.

    ``f(x) = P(x) + confinement |x|^{2k} / (2k)``, 2k = m + 2 or m + 3 for degree m; P has independent normal coefficients, that
    of x^a of variance m! / (a_1! ... a_n! (m - |a|)!), so mean 0 and covariance (1 + x . y)^m, and no rotation changes its law.
    Usual domain [-4, 4]^n. Critical points are not known beforehand.
    """

    dimension: Size = 2
    degree: Annotated[Size, Field(ge=2)] = 4
    confinement: NonNegative = 1.0
    seed: NonNegativeInteger = 0

    formula: ClassVar[str] = "P(x) + confinement |x|^(2k) / (2k), 2k = degree + 2 or degree + 3"
    source: ClassVar[str] = "Edelman and Kostlan, How many zeros of a random polynomial are real? (Bull. AMS, 1995)"
    dimension_rule: ClassVar[str] = "any n >= 1 with (n + 1)^degree <= 10^7"
    critical_set: ClassVar[str] = "unknown for a draw; by Bezout's theorem at most (2k - 1)^n isolated points"

    def __post_init__(self) -> None:
        if self.degree * math.log(self.dimension + 1) > math.log(MOST):
            raise ValueError(f"dimension={self.dimension}, degree={self.degree}: (dimension+1)**degree is above {MOST}")

    @cached_property
    def domain(self) -> Array:
        return square_box(4.0, self.dimension)

    @cached_property
    def form(self) -> KostlanForm:
        return KostlanForm(self.dimension + 1, self.degree, self.seed)

    def value(self, x: Array) -> Array:
        y = np.insert(self.points(x), 0, 1, axis=0)
        return np.asarray((y * self.form.gradient(y)).sum(axis=0) / self.degree + self._confining(y[1:])[0])

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray(self.form.gradient(np.insert(x, 0, 1, axis=0))[1:] + self._confining(x)[1] * x)

    def hessian(self, x: Array) -> Array:
        x, diagonal = self.points(x), range(self.dimension)
        _, pull, bend = self._confining(x)
        hessian = np.asarray(self.form.hessian(np.insert(x, 0, 1, axis=0))[1:, 1:] + bend * (x[:, None] * x))
        hessian[diagonal, diagonal] += pull
        return hessian

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = self.points(x), self.points(v, "v")
        _, pull, bend = self._confining(x)
        product = self.form.product(np.insert(x, 0, 1, axis=0), np.insert(v, 0, 0, axis=0))[1:]
        return np.asarray(product + pull * v + bend * (x * v).sum(axis=0) * x)

    def _confining(self, x: Array) -> tuple[Array, Array, Array]:
        """Give the confinement and the factors of x in its gradient and of x x' in its Hessian, besides that of 1."""
        s, k = (x * x).sum(axis=0), (self.degree + 3) // 2
        power = self.confinement * math.prod([s] * (k - 2), start=np.ones_like(s))
        return np.asarray(power * s * s / (2 * k)), np.asarray(power * s), np.asarray(2 * (k - 1) * power)

    @property
    def expression_text(self) -> str | None:
        text, squares = self.form.text(("1", *self.variables)), " + ".join(f"{name}**2" for name in self.variables)
        k = (self.degree + 3) // 2
        return text and _written(f"{text} + {self.confinement}/{2 * k}*({squares})**{k}")

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=1, degree=7, seed=1), cls(dimension=3, degree=3, confinement=0.5, seed=2))


def _written(text: str) -> str | None:
    return text.replace("+ -", "- ") if len(text) <= LONGEST_TEXT else None
