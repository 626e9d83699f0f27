"""Families in n dimensions, each a form of its own.

Sums of one-dimensional terms are in `separable`, chains of neighbours in `chains`, sums of squares in `residuals`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Array, CriticalPoint, square_box
from saddlesim.objectives.family import Dimension, Family, Interval
from saddlesim.parameters import Positive, Vector, declared


@declared
class Ackley(Family):
    """A funnel with a thousand dents and a kink at its bottom, so that the gradient does not tell how near that is.

    ``f(x) = 20 (1 - exp(-0.2 r)) + e - exp(c)``, r the root mean square of the x_i, c the mean of cos(2 pi x_i). Usual domain
    [-32.768, 32.768]^n. Its Hessian is diagonal but for two outer products. No critical points are listed.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "20 - 20 exp(-0.2 sqrt(sum x_i^2 / n)) + e - exp(sum cos(2 pi x_i) / n)"
    source: ClassVar[str] = "Ackley, A Connectionist Machine for Genetic Hillclimbing (1987)"
    interval: ClassVar[Interval] = (-32.768, 32.768)
    non_smooth: ClassVar[str] = "at the origin, the global minimum"
    symmetries: ClassVar[tuple[str, ...]] = ("permutation", "sign")
    critical_set: ClassVar[str] = "The global minimum, 0 at 0, is a kink without a gradient; no dent is listed."

    def value(self, x: Array) -> Array:
        radius, dents = self._means(self.points(x))
        return np.asarray(-20 * np.expm1(-0.2 * radius) - math.e * np.expm1(dents))

    @np.errstate(divide="ignore", invalid="ignore")
    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        radius, dents = self._means(x)
        wave = 2 * np.pi * np.exp(1 + dents) * np.sin(2 * np.pi * x)
        return np.asarray((4 * np.exp(-0.2 * radius) / radius * x + wave) / self.dimension)

    @np.errstate(divide="ignore", invalid="ignore")
    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        n, turn = self.dimension, 2 * np.pi
        radius, dents = self._means(x)
        funnel, wave, sines = 4 * np.exp(-0.2 * radius) / radius, turn * turn * np.exp(1 + dents), np.sin(turn * x)
        along, across = (x * v).sum(axis=0) / n, (sines * v).sum(axis=0) / n
        outer = funnel * (0.2 + 1 / radius) / radius * along * x + wave * across * sines
        return np.asarray(((funnel + wave * np.cos(turn * x)) * v - outer) / n)

    def _means(self, x: Array) -> tuple[Array, Array]:
        """Give r, and c - 1 without cancellation near the origin."""
        sines = np.sin(np.pi * x)
        return np.sqrt((x * x).sum(axis=0) / self.dimension), -2 * (sines * sines).sum(axis=0) / self.dimension

    def text(self, names: Sequence[str]) -> str:
        squares, cosines = " + ".join(f"{x}**2" for x in names), " + ".join(f"cos(2*pi*{x})" for x in names)
        return f"20 - 20*exp(-0.2*sqrt(({squares})/{len(names)})) + e - exp(({cosines})/{len(names)})"


@declared
class Griewank(Family):
    """A wide bowl with a product of cosines on it: rough in few dimensions, and ever smoother in many.

    ``f(x) = 1 + sum x_i^2 / 4000 - prod cos(x_i / sqrt(i))``. Usual domain [-600, 600]^n. The global minimum is 0 at 0, as no
    product of cosines is above 1. Derivatives take products of all cosines but one or two, which are made without a division.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "1 + sum x_i^2 / 4000 - prod cos(x_i / sqrt(i))"
    source: ClassVar[str] = "Griewank, J. Optim. Theory Appl. 34 (1981) 11"
    interval: ClassVar[Interval] = (-600.0, 600.0)
    centre: ClassVar[float] = 0.0
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)
    critical_set: ClassVar[str] = "The global minimum is listed; the many other minima, saddles and maxima are not."

    def value(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray(1 - np.cos(x / np.sqrt(self.numbers(x))).prod(axis=0) + (x * x).sum(axis=0) / 4000)

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        roots = np.sqrt(self.numbers(x))
        return np.asarray(x / 2000 + np.sin(x / roots) / roots * _products_of_others(np.cos(x / roots)[None])[0])

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        roots = np.sqrt(self.numbers(x))
        sines, cosines, turns = np.sin(x / roots), np.cos(x / roots), v / roots
        others, change = _products_of_others(np.stack([cosines, -sines * turns]))
        return np.asarray(v / 2000 + (cosines * turns * others + sines * change) / roots)

    def text(self, names: Sequence[str]) -> str:
        squares = " + ".join(f"{x}**2" for x in names)
        return f"1 + ({squares})/4000 - {'*'.join(f'cos({x}/sqrt({i}))' for i, x in enumerate(names, start=1))}"


@declared
class LucchiQuartic(Family):
    """A saddle that is flat in all directions but two, left along one of n: random search needs time exponential in n.

    With m = n - 1 and y the last component, ``f(x, y) = 1/4 sum x_i^4 - y sum x_i + m/2 y^2``. Usual domain [-3, 3]^n. All
    critical points: x_i^3 = y makes the x_i equal, then m y = sum x_i makes y = x_i; so the minima -(1, ..., 1) and (1, ..., 1)
    of value -m / 4, and the saddle 0, whose Hessian has the eigenvalues (m +- sqrt(m^2 + 4 m)) / 2 and zeros.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "1/4 sum_{i<n} x_i^4 - x_n sum_{i<n} x_i + (n - 1)/2 x_n^2"
    source: ClassVar[str] = "Lucchi, Orvieto, Solomou (NeurIPS 2021), arXiv 2110.13265; formula and box: its code"
    interval: ClassVar[Interval] = (-3.0, 3.0)
    proved: ClassVar[bool] = True
    symmetries: ClassVar[tuple[str, ...]] = ("permutation", "sign")

    def value(self, x: Array) -> Array:
        x = self.points(x)
        x, y = x[:-1], x[-1]
        return np.asarray((x * (x * x * x / 4 - y) + y * y / 2).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        return np.concatenate([x[:-1] * x[:-1] * x[:-1] - x[-1], (x[-1] - x[:-1]).sum(axis=0)[None]])

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        return np.concatenate([3 * x[:-1] * x[:-1] * v[:-1] - v[-1], (v[-1] - v[:-1]).sum(axis=0)[None]])

    def text(self, names: Sequence[str]) -> str:
        *others, y = names
        return f"({' + '.join(f'{x}**4' for x in others)})/4 - {y}*({' + '.join(others)}) + {len(others)}*{y}**2/2"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        ones, m = np.ones(self.dimension), self.dimension - 1
        return (
            CriticalPoint("minimum_1", -ones, -m / 4, index=0, kind="minimum"),
            CriticalPoint("minimum_2", ones, -m / 4, index=0, kind="minimum"),
            CriticalPoint("saddle", 0 * ones, 0.0, index=1, kind="saddle", nullity=m - 1),
        )


@declared
class CubicRegularized(Family):
    """The cubic model of a Newton step at a saddle: a quadratic form whose descents the cubic bends up into two minima.

    ``f(x) = 1/2 sum l_i x_i^2 + rho/3 |x|^3``, l the eigenvalues. Usual domain: twice as wide as the critical points. All of
    these: the gradient is (l_i + rho |x|) x_i, so 0 and, for each negative l_i, +-(|l_i| / rho) e_i of value l_i^3 / 6 rho^2;
    there the Hessian has the eigenvalues l_j - l_i and |l_i|, and the index is the number of l_j below l_i.

    Parameters
    ----------
    eigenvalues : tuple of float
        The spectrum of the Hessian at 0, which sets the dimension.
    rho : float, > 0
        Half the Lipschitz constant of the Hessian.
    """

    eigenvalues: Vector = (1.0, -1.0)
    rho: Positive = 1.0

    formula: ClassVar[str] = "1/2 sum eigenvalues_i x_i^2 + rho/3 |x|^3"
    source: ClassVar[str] = "Carmon and Duchi, SIAM J. Optim. 29 (2019) 2146, equation 1 with b = 0"
    dimension_rule: ClassVar[str] = "the number of eigenvalues"
    proved: ClassVar[bool] = True
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)
    critical_set: ClassVar[str] = (
        "If a negative eigenvalue l repeats, the sphere of radius |l| / rho in its eigenspace is critical; then none is listed."
    )

    @property
    def dimension(self) -> int:
        return len(self.eigenvalues)

    @cached_property
    def domain(self) -> Array:
        return square_box(2 * max(map(abs, self.eigenvalues)) / self.rho or 2.0, self.dimension)

    def value(self, x: Array) -> Array:
        x, radius = self._polar(x)
        return np.asarray((x.T * x.T * self.eigenvalues).T.sum(axis=0) / 2 + self.rho / 3 * radius * radius * radius)

    def gradient(self, x: Array) -> Array:
        x, radius = self._polar(x)
        return np.asarray((x.T * self.eigenvalues).T + self.rho * radius * x)

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        x, radius = self._polar(x)
        along = (x * v).sum(axis=0) / np.where(radius == 0, 1, radius)
        return np.asarray((v.T * self.eigenvalues).T + self.rho * (radius * v + along * x))

    def _polar(self, x: Array) -> tuple[Array, Array]:
        x = self.points(x)
        return x, np.sqrt((x * x).sum(axis=0))

    def text(self, names: Sequence[str]) -> None:
        """Give none: generated code would divide 0 by 0 for the Hessian at 0, which is there as a limit."""

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        negative = sorted(each for each in self.eigenvalues if each < 0)
        if len(set(negative)) < len(negative):
            return None
        d, index, flat = self.dimension, len(negative), self.eigenvalues.count(0)
        kind = "saddle" if 0 < index < d else "maximum" if index else "minimum"
        label = f"{kind}_1" if kind != "saddle" else f"saddle_{2 * index - 1}" if index > 1 else "saddle"
        points = [CriticalPoint(label, np.zeros(d), 0.0, index, kind, flat, index > 0)]
        for below, each in enumerate(negative):
            for sign in (-1, 1):
                x, kind = np.zeros(d), "saddle" if below else "minimum"
                x[self.eigenvalues.index(each)] = sign * each / self.rho
                label, value = f"{kind}_{len(points) - 2 * (below > 0)}", each**3 / (6 * self.rho**2)
                points.append(CriticalPoint(label, x, value, below, kind, 0, below > 0))
        return tuple(points)

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give n - 1 eigenvalues 1 and one -1."""
        return cls(eigenvalues=(1.0,) * (n - 1) + (-1.0,)) if n >= 1 else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(eigenvalues=(-2.0, -0.5, 0.0, 1.5), rho=0.5), cls(eigenvalues=(-1.0, -3.0, -0.25)))


def _products_of_others(factors: Array) -> Array:
    """Give for each factor the product of all others, by pairs: (m, d, ...) each, m = 2 for factors with derivatives."""
    if factors.shape[1] == 1:
        return np.stack([np.ones_like(factors[0]), *np.zeros_like(factors[1:])])
    half = factors.shape[1] // 2
    even, odd, rest = factors[:, : 2 * half : 2], factors[:, 1::2], factors[:, 2 * half :]
    outer, others = _products_of_others(np.concatenate([_product(even, odd), rest], axis=1)), np.empty_like(factors)
    others[:, : 2 * half : 2], others[:, 1::2] = _product(outer[:, :half], odd), _product(outer[:, :half], even)
    others[:, 2 * half :] = outer[:, half:]
    return others


def _product(a: Array, b: Array) -> Array:
    """Multiply factors, and their derivatives by the product rule where they are given: (m, d, ...) each."""
    product = np.asarray(a[0] * b)
    product[1:] += a[1:] * b[0]
    return product
