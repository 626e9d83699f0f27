"""Chains: families in n dimensions whose components are coupled to their neighbours only. Tables: ``tables/chains.json``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, CriticalPoint, square_box
from saddlesim.objectives.family import Dimension, Family, Interval
from saddlesim.objectives.least_squares import MGH
from saddlesim.parameters import Size, declared

LIBRARY = "Surjanovic and Bingham, Virtual Library of Simulation Experiments (2013) (recalled)"


@declared
class Rosenbrock(Family):
    """The banana valley, chained: one minimum for n = 2 and 3, a second one and a hidden saddle between from n = 4 on.

    ``f(x) = sum_{i<n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2``. Usual domain [-2, 2]^n. For n = 2 to 5 the list is complete: the
    gradient equations determine x_2, ..., x_n from x_1, and the real roots of the last one are counted exactly by Sturm's
    theorem. Beyond, only the global minimum is listed.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "sum_{i<n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2"
    source: ClassVar[str] = "Rosenbrock (1960); critical points for n >= 4: Kok and Sandrock (2009) (recalled)"
    interval: ClassVar[Interval] = (-2.0, 2.0)
    centre: ClassVar[float] = 1.0
    critical_set: ClassVar[str] = "All are listed up to n = 5; beyond, the global minimum alone."
    before: ClassVar[slice] = slice(None, -1)  # the components that are squared in a link, and those compared with them
    after: ClassVar[slice] = slice(1, None)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        bend, rest = x[self.after] - x[self.before] * x[self.before], 1 - x[self.before]
        return np.asarray((100 * bend * bend + rest * rest).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        y, gradient = x[self.before], np.zeros_like(x)
        bend = x[self.after] - y * y
        gradient[self.before] = -400 * y * bend - 2 * (1 - y)
        gradient[self.after] += 200 * bend
        return gradient

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, product = self.paired(x, v)
        y, w = x[self.before], v[self.before]
        product[self.before] = (1200 * y * y - 400 * x[self.after] + 2) * w - 400 * y * v[self.after]
        product[self.after] += 200 * v[self.after] - 400 * y * w
        return product

    def text(self, names: Sequence[str]) -> str:
        links = zip(names[self.before], names[self.after], strict=True)
        return " + ".join(f"100*({after} - {before}**2)**2 + (1 - {before})**2" for before, after in links)


@declared
class PairedRosenbrock(Rosenbrock):
    """Banana valleys side by side that do not know of each other: Rosenbrock's function without the chain's hidden minimum.

    ``f(x) = sum_{i<=n/2} 100 (x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2``. Usual domain [-2, 2]^n. Its one critical point is the
    minimum (1, ..., 1): the derivative by x_{2i} is 0 only if x_{2i} = x_{2i-1}^2, then that by x_{2i-1} is 2 (x_{2i-1} - 1).
    """

    dimension: Annotated[Size, Field(ge=2, multiple_of=2)] = 2

    formula: ClassVar[str] = "sum_{i<=n/2} 100 (x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2"
    source: ClassVar[str] = f"{MGH} 21"
    dimension_rule: ClassVar[str] = "any even n >= 2"
    sizes: ClassVar[tuple[int, ...]] = (2, 4, 10)
    proved: ClassVar[bool] = True
    critical_set: ClassVar[str] = ""
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)
    before: ClassVar[slice] = slice(0, None, 2)
    after: ClassVar[slice] = slice(1, None, 2)


@declared
class DixonPrice(Family):
    """A chain of parabolas, each half of the one before: two minima, and between them a pass that is degenerate from n = 3 on.

    ``f(x) = (x_1 - 1)^2 + sum_{i>1} i (2 x_i^2 - x_{i-1})^2``. Usual domain [-10, 10]^n. With r_1 = x_1 - 1 and
    r_i = 2 x_i^2 - x_{i-1}, the gradient equations are r_1 = 2 r_2, 4 i x_i r_i = (i + 1) r_{i+1} and x_n r_n = 0. If no x_i is 0
    all r_i are: the minima, x_i = 2^(2^(1-i) - 1) and either sign of x_n. Else let x_k be the first 0; all later ones are 0 too.
    k = 2 is the saddle (1/3, 0, ..., 0), whence f falls along x_{i-1} = 2 x_i^2 (i > 3), x_2 = 18 x_3^2, x_1 = (1 + 4 x_2^2) / 3.
    If k > 2, u_i = -4 i r_i / (i + 1) would have to be 1 at i = k - 1, where 0 < u_2 < 8/9, x_2^2 = (1 - 9/8 u_2) / 2,
    x_{i+1}^2 = x_i (1 - u_i) / 2, u_{i+1} = 4 x_i u_i (i + 1) / (i + 2); interval arithmetic keeps it below 1 up to k = 40.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "(x_1 - 1)^2 + sum_{i>1} i (2 x_i^2 - x_{i-1})^2"
    source: ClassVar[str] = "Dixon and Price, J. Optim. Theory Appl. 60 (1989) 261"
    interval: ClassVar[Interval] = (-10.0, 10.0)
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)
    critical_set: ClassVar[str] = "Two minima and a saddle, which are all up to n = 40; from n = 150 on there are more."

    def value(self, x: Array) -> Array:
        x = self.points(x)
        bend = 2 * x[1:] * x[1:] - x[:-1]
        return np.asarray((x[0] - 1) * (x[0] - 1) + (self.numbers(x)[1:] * bend * bend).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        pull, gradient = 2 * self.numbers(x)[1:] * (2 * x[1:] * x[1:] - x[:-1]), np.zeros_like(x)
        gradient[0] = 2 * (x[0] - 1)
        gradient[1:] += 4 * x[1:] * pull
        gradient[:-1] -= pull
        return gradient

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, product = self.paired(x, v)
        weights = 2 * self.numbers(x)[1:]
        pull, change = weights * (2 * x[1:] * x[1:] - x[:-1]), weights * (4 * x[1:] * v[1:] - v[:-1])
        product[0] = 2 * v[0]
        product[1:] += 4 * (v[1:] * pull + x[1:] * change)
        product[:-1] -= change
        return product

    def text(self, names: Sequence[str]) -> str:
        links = zip(range(2, len(names) + 1), names, names[1:], strict=False)
        return f"({names[0]} - 1)**2 + " + " + ".join(f"{i}*(2*{b}**2 - {a})**2" for i, a, b in links)

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        n, middle = self.dimension, np.zeros(self.dimension)
        middle[0] = 1 / 3
        upper = np.exp2(np.exp2(-np.arange(float(n))) - 1)
        lower = np.append(upper[:-1], -upper[-1])
        return (
            CriticalPoint("minimum_1", lower, 0.0, index=0, kind="minimum"),
            CriticalPoint("minimum_2", upper, 0.0, index=0, kind="minimum"),
            CriticalPoint("saddle", middle, 2 / 3, index=int(n == 2), kind="saddle", nullity=int(n > 2)),
        )

    @property
    def critical_points_complete(self) -> bool:
        return self.dimension <= 40


@declared
class ExtendedPowell(Family):
    """Powell's singular function, repeated: convex, with one minimum where half of the Hessian's eigenvalues are zero.

    Over successive (a, b, c, d) the sum of ``(a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4``. Usual domain [-4, 5]^n.
    Its one critical point is the minimum 0 at 0, of nullity n / 2: even powers of linear forms are convex, and all four
    forms vanish at 0 only.
    """

    dimension: Annotated[Size, Field(ge=4, multiple_of=4)] = 4

    formula: ClassVar[str] = "sum over (a, b, c, d) of (a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4"
    source: ClassVar[str] = f"{MGH} 22"
    dimension_rule: ClassVar[str] = "any multiple of 4"
    interval: ClassVar[Interval] = (-4.0, 5.0)
    sizes: ClassVar[tuple[int, ...]] = (4, 8, 12)
    proved: ClassVar[bool] = True
    symmetries: ClassVar[tuple[str, ...]] = ("permutation", "sign")

    def value(self, x: Array) -> Array:
        p, q, r, s = self._forms(self.points(x))
        return np.asarray((p * p + 5 * q * q + r * r * r * r + 10 * s * s * s * s).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        p, q, r, s = self._forms(x)
        return self._spread(np.empty_like(x), 2 * p, 10 * q, 4 * r * r * r, 40 * s * s * s)

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, product = self.paired(x, v)
        _, _, r, s = self._forms(x)
        p_v, q_v, r_v, s_v = self._forms(v)
        return self._spread(product, 2 * p_v, 10 * q_v, 12 * r * r * r_v, 120 * s * s * s_v)

    @staticmethod
    def _forms(x: Array) -> tuple[Array, Array, Array, Array]:
        a, b, c, d = (x[k::4] for k in range(4))
        return a + 10 * b, c - d, b - 2 * c, a - d

    @staticmethod
    def _spread(out: Array, p: Array, q: Array, r: Array, s: Array) -> Array:
        """Apply the transpose of `_forms`."""
        out[::4], out[1::4], out[2::4], out[3::4] = p + s, 10 * p + r, q - 2 * r, -q - s
        return out

    def text(self, names: Sequence[str]) -> str:
        blocks = zip(*(names[k::4] for k in range(4)), strict=True)
        terms = "({} + 10*{})**2 + 5*({} - {})**2 + ({} - 2*{})**4 + 10*({} - {})**4"
        return " + ".join(terms.format(a, b, c, d, b, c, a, d) for a, b, c, d in blocks)

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        n = self.dimension
        return (CriticalPoint("minimum_1", np.zeros(n), 0.0, index=0, kind="minimum", nullity=n // 2),)


@declared
class BroydenTridiagonal(Family):
    """Quadratic equations between neighbours: a zero that is easy to find, and ever more points beside it where descent may end.

    ``f(x) = sum ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2``, x_0 = x_{n+1} = 0. Usual domain [-2, 2]^n. Listed is the zero
    that the standard start (-1, ..., -1) leads to, by Jacobi's iteration; all x_i < 0 there, so the Jacobian is diagonally
    dominant and the zero a minimum. For n = 2 all are listed: the real roots of resultants, counted exactly.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "sum ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2, x_0 = x_{n+1} = 0"
    source: ClassVar[str] = f"{MGH} 30"
    interval: ClassVar[Interval] = (-2.0, 2.0)
    critical_set: ClassVar[str] = "All are listed for n = 2 and 4; for more, the zero that the standard start leads to."

    def value(self, x: Array) -> Array:
        residuals = self._residuals(self.points(x))
        return np.asarray((residuals * residuals).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        return 2 * _three_diagonals(3 - 4 * x, self._residuals(x), below=2, above=1)

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v, _ = self.paired(x, v)
        change = _three_diagonals(3 - 4 * x, v, below=1, above=2)
        return np.asarray(2 * (_three_diagonals(3 - 4 * x, change, below=2, above=1) - 4 * self._residuals(x) * v))

    def _residuals(self, x: Array) -> Array:
        return np.asarray(1 + _three_diagonals(3 - 2 * x, x, below=1, above=2))

    def text(self, names: Sequence[str]) -> str:
        around = zip(["", *(f" - {x}" for x in names)], names, [*(f" - 2*{x}" for x in names[1:]), ""], strict=False)
        return " + ".join(f"((3 - 2*{x})*{x}{before}{after} + 1)**2" for before, x, after in around)

    @property
    def minimizer(self) -> Array:
        x = np.full(self.dimension, -1.0)
        for _ in range(100):  # each makes the error 0.6 of what it was, or less
            x = x - self._residuals(x) / (3 - 4 * x)
        return x


@declared
class Trid(Family):
    """A convex quadratic form whose minimum lies far out, at components of n^2 / 4, and whose condition number grows as n^2.

    ``f(x) = sum (x_i - 1)^2 - sum_{i>1} x_i x_{i-1}``. Usual domain [-n^2, n^2]^n. Its one critical point is the minimum
    x_i = i (n + 1 - i), of value -n (n + 4) (n - 1) / 6: the Hessian, tridiagonal of 2 and -1, is positive definite.
    """

    dimension: Dimension = 2

    formula: ClassVar[str] = "sum (x_i - 1)^2 - sum_{i>1} x_i x_{i-1}"
    source: ClassVar[str] = LIBRARY
    proved: ClassVar[bool] = True

    @cached_property
    def domain(self) -> Array:
        return square_box(self.dimension**2, self.dimension)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray(((x - 1) * (x - 1)).sum(axis=0) - (x[1:] * x[:-1]).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        return _three_diagonals(2.0, self.points(x), below=1, above=1) - 2

    def hessian_product(self, x: Array, v: Array) -> Array:
        return _three_diagonals(2.0, self.paired(x, v)[1], below=1, above=1)

    def text(self, names: Sequence[str]) -> str:
        products = (f"{before}*{after}" for before, after in itertools.pairwise(names))
        return f"{' + '.join(f'({x} - 1)**2' for x in names)} - ({' + '.join(products)})"

    @property
    def minimizer(self) -> Array:
        i = np.arange(1.0, self.dimension + 1)
        return np.asarray(i * (self.dimension + 1 - i))


def _three_diagonals(diagonal: Array | float, v: Array, below: float, above: float) -> Array:
    """Multiply v, (d, ...), by a matrix with this diagonal, -below beneath it and -above over it."""
    product: Array = np.asarray(diagonal * v)
    product[1:] -= below * v[:-1]
    product[:-1] -= above * v[1:]
    return product
