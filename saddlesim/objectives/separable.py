"""Separable families: sums of one-dimensional terms, whose lists of critical points are complete in any dimension."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from saddlesim.functions import modulus
from saddlesim.objectives.base import Array
from saddlesim.objectives.family import Dimension, Interval
from saddlesim.objectives.separable_family import Separable
from saddlesim.parameters import Size, declared


@declared
class StyblinskiTang(Separable):
    """Two wells of unequal depth along every axis: 2^n minima, and C(n, k) 2^(n-k) critical points of every index k.

    ``f(x) = 1/2 sum x_i^4 - 16 x_i^2 + 5 x_i``. Usual domain [-5, 5]^n. All critical points: the slope of a term is cubic and
    changes its sign thrice between -5, 0, 1 and 5.
    """

    formula: ClassVar[str] = "1/2 sum x_i^4 - 16 x_i^2 + 5 x_i"
    source: ClassVar[str] = "Styblinski and Tang, Neural Networks 3 (1990) 467"
    interval: ClassVar[Interval] = (-5.0, 5.0)
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        yield ((t * t - 16) * t + 5) * t / 2
        yield (2 * t * t - 16) * t + 2.5
        yield 6 * t * t - 16

    def term_text(self, name: str, i: int) -> str:
        return f"(({name}**2 - 16)*{name} + 5)*{name}/2"

    def axes(self) -> Iterator[tuple[int, Array]]:
        yield self.dimension, self.zeros(np.array([-5.0, 0.0, 1.0, 5.0]))


@declared
class Rastrigin(Separable):
    """A bowl with ripples: 11^n minima almost on a lattice, and 21^n critical points.

    ``f(x) = sum x_i^2 + 10 (1 - cos 2 pi x_i)``. Usual domain [-5.12, 5.12]^n. All critical points: at odd multiples of 1/4 the
    slope 2 t + 20 pi sin 2 pi t of a term alternates in sign, as |t| < 10 pi. Between neighbours it has one zero: the curvature
    2 + 40 pi^2 cos 2 pi t keeps its sign there, but close to them, where the sine is too large for a zero.
    """

    formula: ClassVar[str] = "sum x_i^2 + 10 (1 - cos 2 pi x_i)"
    source: ClassVar[str] = "Rastrigin, Systems of Extremal Control (1974) (recalled)"
    interval: ClassVar[Interval] = (-5.12, 5.12)
    symmetries: ClassVar[tuple[str, ...]] = ("permutation", "sign")

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        angle = np.pi * (t - np.rint(t.real))  # the difference is exact
        yield t * t + 20 * np.sin(angle) * np.sin(angle)
        yield 2 * t + 20 * np.pi * np.sin(2 * angle)
        yield 2 + 40 * np.pi * np.pi * np.cos(2 * angle)

    def term_text(self, name: str, i: int) -> str:
        return f"{name}**2 + 20*sin(pi*{name})**2"

    def axes(self) -> Iterator[tuple[int, Array]]:
        yield self.dimension, self.zeros(np.arange(-10.5, 11) / 2)


@declared
class Schwefel(Separable):
    """Ripples that deepen outwards: the best minimum is near a corner, and the next best far from it.

    ``f(x) = 418.9829 n - sum x_i sin sqrt|x_i|``. Usual domain [-500, 500]^n. With s = sqrt|t| the slope of a term is
    -sin s - s/2 cos s. It is 0 where tan s + s/2 is, which increases from pole to pole: once in each ((k - 1/2) pi, k pi), for
    k = 1, ..., 7 in the domain. At t = 0 it is 0 too; there the term, almost -t sqrt|t|, has an inflection and no curvature.
    """

    formula: ClassVar[str] = "418.9829 n - sum x_i sin sqrt|x_i|"
    source: ClassVar[str] = "Schwefel, Numerical Optimization of Computer Models (1981); its number 2.26 is recalled"
    interval: ClassVar[Interval] = (-500.0, 500.0)
    proved: ClassVar[bool] = False
    non_smooth: ClassVar[str] = "where a component is 0: there is a gradient, but no Hessian"
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)
    critical_set: ClassVar[str] = (
        "All that have no component 0, listed if a machine word can count them. If further components are set to 0 the gradient "
        "still vanishes, but there is no Hessian, and no extremum."
    )

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        s = np.sqrt(modulus(t))
        sine, cosine = np.sin(s), np.cos(s)
        yield 418.9829 - t * sine
        yield -sine - s * cosine / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            yield t / modulus(t) * (sine - 3 * cosine / s) / 4

    def term_text(self, name: str, i: int) -> str:
        return f"418.9829 - {name}*sin(sqrt(abs({name})))"

    def axes(self) -> Iterator[tuple[int, Array]]:
        positive = self.zeros((np.arange(1, 15) * np.pi / 2) ** 2)
        yield self.dimension, np.concatenate([-positive[::-1], positive])


@declared
class SumOfPowers(Separable):
    """A bowl flatter along each axis than along the one before: a minimum where all eigenvalues but one are zero.

    ``f(x) = sum |x_i|^{i+1}``. Usual domain [-1, 1]^n. Its one critical point is the minimum 0 at 0, of nullity n - 1: each term
    falls before 0 and rises after. Twice continuously differentiable everywhere.
    """

    formula: ClassVar[str] = "sum |x_i|^{i+1}"
    source: ClassVar[str] = "Rahnamayan, Tizhoosh, Salama, Comput. Math. Appl. 53 (2007) 1605; also called Powell's sum"
    interval: ClassVar[Interval] = (-1.0, 1.0)
    critical_set: ClassVar[str] = ""
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        size = modulus(t)
        yield size ** (i + 1)
        yield (i + 1) * t * size ** (i - 1)
        yield (i + 1) * i * size ** (i - 1)

    def term_text(self, name: str, i: int) -> None:
        """Give none: generated code has no derivatives of |x|^3 at 0, where there are two."""

    def axes(self) -> Iterator[tuple[int, Array]]:
        yield self.dimension, np.zeros(1)


@declared
class Michalewicz(Separable):
    """Valleys ever narrower and more, between plains where all derivatives almost vanish: a search for needles.

    ``f(x) = -sum sin(x_i) sin(i x_i^2 / pi)^20``. Usual domain [0, pi]^n. Term i is 0 at t_k = pi sqrt(k / i), k = 0, ..., i, to
    order 20 or more, and has one minimum between neighbours: its logarithmic slope cot t + 40 i t / pi cot(i t^2 / pi)
    decreases there.
    """

    formula: ClassVar[str] = "-sum sin(x_i) sin(i x_i^2 / pi)^20"
    source: ClassVar[str] = "Michalewicz, Genetic Algorithms + Data Structures = Evolution Programs (1992)"
    interval: ClassVar[Interval] = (0.0, math.pi)
    critical_set: ClassVar[str] = (
        "None is listed of the (2 n + 1)!! in the domain. Component i is at one of the i minima of its term, or at one of i + 1 "
        "points where 19 derivatives or more vanish; so n! are minima, and of the others the Hessian says little."
    )

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        angle, turn = i * t * t / np.pi, 2 * i * t / np.pi
        s, c, sine, cosine = np.sin(angle), np.cos(angle), np.sin(t), np.cos(t)
        s2 = s * s
        s16 = s2 * s2 * s2 * s2 * s2 * s2 * s2 * s2
        s18, s19, s20 = s16 * s2, s16 * s2 * s, s16 * s2 * s2
        yield -sine * s20
        yield -cosine * s20 - 20 * sine * s19 * c * turn
        bend = (19 * s18 * c * c - s20) * turn * turn + s19 * c * (2 * i / np.pi)
        yield sine * s20 - 40 * cosine * s19 * c * turn - 20 * sine * bend

    def term_text(self, name: str, i: int) -> str:
        return f"-sin({name})*sin({i}*{name}**2/pi)**20"


class QuarticWells(Separable):
    """Base of ``f(x) = sum a_i (x_i^2 - b_i)^2``: two wells along each axis, at +-sqrt(b_i), and a maximum between, at 0."""

    symmetries: ClassVar[tuple[str, ...]] = ("sign",)

    @abstractmethod
    def shape(self, i: Array) -> tuple[Array, Array]:
        """Give a_i and b_i, each shaped as i."""

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        a, b = self.shape(i)
        yield a * (t * t - b) * (t * t - b)
        yield 4 * a * t * (t * t - b)
        yield 4 * a * (3 * t * t - b)

    def term_text(self, name: str, i: int) -> str:
        a, b = self.shape(np.array(i))
        return f"{a}*({name}**2 - {b})**2"

    def axes(self) -> Iterator[tuple[int, Array]]:
        for i in range(1, self.dimension + 1):
            yield 1, math.sqrt(self.shape(np.array(i))[1]) * np.array([-1.0, 0.0, 1.0])


@declared
class Cubic27(QuarticWells):
    """A lattice of critical points of every index: in three dimensions the corners, edges, faces and middle of a cube, 27.

    ``f(x) = sum j (x_j^2 - 1)^2``. Usual domain [-2, 2]^n. All critical points: the slope 4 j t (t^2 - 1) of a term is 0 at its
    minima -1 and 1 and its maximum 0.
    """

    dimension: Size = 3

    formula: ClassVar[str] = "sum j (x_j^2 - 1)^2"
    source: ClassVar[str] = "example 3, Cubic, of SaddleScape; Liu, Su, Xiao, Zhang, Zhao, arXiv 2601.01081 (2026)"
    interval: ClassVar[Interval] = (-2.0, 2.0)
    sizes: ClassVar[tuple[int, ...]] = (3, 1, 5)

    def shape(self, i: Array) -> tuple[Array, Array]:
        return i, np.ones_like(i)


@declared
class Qing(QuarticWells):
    """Two equal wells along every axis, each pair further apart: 2^n minima of value 0.

    ``f(x) = sum (x_i^2 - i)^2``. Usual domain [-500, 500]^n. All critical points: the slope 4 t (t^2 - i) of a term is 0 at its
    minima -sqrt(i) and sqrt(i) and its maximum 0.
    """

    formula: ClassVar[str] = "sum (x_i^2 - i)^2"
    source: ClassVar[str] = "Qing, IEEE Trans. Geosci. Remote Sens. 44 (2006) 116"
    interval: ClassVar[Interval] = (-500.0, 500.0)

    def shape(self, i: Array) -> tuple[Array, Array]:
        return np.ones_like(i), i


@declared
class Sphere(Separable):
    """The round bowl: what every method must get right.

    ``f(x) = sum x_i^2``. Usual domain [-5.12, 5.12]^n. Its one critical point is the minimum 0 at 0: the gradient is 2 x.
    """

    formula: ClassVar[str] = "sum x_i^2"
    source: ClassVar[str] = "De Jong's first function (1975) (recalled)"
    interval: ClassVar[Interval] = (-5.12, 5.12)
    critical_set: ClassVar[str] = ""
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "reflection", "permutation", "sign")

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        yield from (t * t, 2 * t, np.full_like(t, 2.0))

    def term_text(self, name: str, i: int) -> str:
        return f"{name}**2"

    def axes(self) -> Iterator[tuple[int, Array]]:
        yield self.dimension, np.zeros(1)


@declared
class Levy(Separable):
    """Ripples in a bowl, along each axis alone: often called non-separable, as it would be with w_{i+1} for w_i + 1.

    ``f(x) = sin(pi w_1)^2 + sum_{i<n} (w_i - 1)^2 (1 + 10 sin(pi w_i + 1)^2) + (w_n - 1)^2 (1 + sin(2 pi w_n)^2)`` with
    w = (x + 3) / 4. Usual domain [-10, 10]^n. All critical points: the slope of the first term has 10 zeros, that of the last
    15 and those between 12, isolated by interval arithmetic. The global minimum is 0 at (1, ..., 1).
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = (
        "sin(pi w_1)^2 + sum_{i<n} (w_i - 1)^2 (1 + 10 sin(pi w_i + 1)^2) + (w_n - 1)^2 (1 + sin(2 pi w_n)^2), w = (x + 3) / 4"
    )
    source: ClassVar[str] = "Surjanovic and Bingham, Virtual Library (2013); after Levy and Montalvo (1985) (recalled)"
    dimension_rule: ClassVar[str] = "any n >= 2"
    interval: ClassVar[Interval] = (-10.0, 10.0)
    sizes: ClassVar[tuple[int, ...]] = (2, 3, 6)

    def derivatives(self, t: Array, i: Array) -> Iterator[Array]:
        z, first, last = (t - 1) / 4, i == 1, i == self.dimension
        height, turn, pi = np.where(last, 1, 10), np.where(last, 2, 1) * np.pi, np.pi
        angle = turn * z + np.where(last, 0, 1)
        swing = 1 + height * np.sin(angle) * np.sin(angle)
        yield z * z * swing + first * np.sin(pi * z) * np.sin(pi * z)
        slope = height * turn * np.sin(2 * angle)
        yield (z * (2 * swing + z * slope) + first * pi * np.sin(2 * pi * z)) / 4
        bend = 4 * slope + 2 * z * height * turn * turn * np.cos(2 * angle)
        yield (2 * swing + z * bend + first * 2 * pi * pi * np.cos(2 * pi * z)) / 16

    def term_text(self, name: str, i: int) -> str:
        z = f"pi*({name} - 1)"
        swing = f"sin({z}/2)**2" if i == self.dimension else f"10*sin({z}/4 + 1)**2"
        return f"{f'sin({z}/4)**2 + ' if i == 1 else ''}({name} - 1)**2/16*(1 + {swing})"

    def axes(self) -> Iterator[tuple[int, Array]]:
        nodes = np.linspace(-10, 10, 191)
        yield from ((n, self.zeros(nodes, i)) for n, i in ((1, 1), (self.dimension - 2, 2), (1, self.dimension)))
