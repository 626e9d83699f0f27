"""Escape constructions: chains of saddles, each left along one more component, with all their critical points.

Not here: the saddles of problems that somebody wants solved (`matrix_problems`, `rank_one_problems`, `recovery_problems`).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.functions import modulus
from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, empty_hessian, square_box
from saddlesim.objectives.critical_point import PointSequence
from saddlesim.parameters import Positive, Size, Vector, declared

LONGEST_TEXT = 80  # components up to which a chain is written out


class SaddleTree(LibraryObjective):
    """Base of the chains: level k has k nonzero components of either sign, and a saddle is left along component k + 1.

    Either way out of ``saddle_n`` leads to the next level: plus to saddle 2 n, minus to saddle 2 n + 1; from ``saddle_1``, the
    origin, down to the 2^d minima of level d. So ``saddle_1``, ``saddle_2``, ``saddle_4``, ... is the chain of the plus signs.
    """

    symmetries: ClassVar[tuple[str, ...]] = ("sign",)
    on_axes: ClassVar[bool] = False  # whether no gradient leaves x_{k+1} = 0, anywhere

    @abstractmethod
    def level(self, k: int) -> Array:
        """Give the k nonzero components of the point of level k that has no minus sign, (k,)."""

    @property
    def chain(self) -> Array:
        """The points without a minus sign in the order in which they are met, the minimum last, (d + 1, d).

        Signs do not matter: a lane is at one of the 2^k points of level k when its |x| is at the one that is here.
        """
        return np.stack([np.pad(self.level(k), (0, self.dimension - k)) for k in range(self.dimension + 1)])

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        return PointSequence(2 ** (self.dimension + 1) - 1, self._node)

    @property
    def critical_points_complete(self) -> bool:
        return True

    def _node(self, place: int) -> CriticalPoint:
        """Make the point n = place + 1 of the tree, whose binary digits after the first are its signs."""
        digits = f"{place + 1:b}"[1:]
        k, d = len(digits), self.dimension
        x = np.zeros(d)
        x[:k] = self.level(k) * [1 - 2 * int(each) for each in digits]
        kind = "minimum" if k == d else "saddle" if d > 1 else "maximum"
        label = {"minimum": f"minimum_{place + 2 - 2**d}", "saddle": f"saddle_{place + 1}"}.get(kind, kind)
        return CriticalPoint(label, x, float(self.value(x)), int(k < d), kind, 0, self.on_axes and k < d)


@declared
class Octopus(SaddleTree):
    """A tunnel from saddle to saddle that takes gradient descent exponential time, and perturbed descent polynomial time.

    ``f(x) = sum_{j<i} (L (|x_j| - 4 tau)^2 - nu) - gamma x_i^2 + tau^2 u^3 (a + b u) + sum_{j>i} L x_j^2 - c S(u) x_{i+1}^2``,
    where i is the first component of |x_i| <= 2 tau, u = max(0, |x_i| / tau - 1), S(u) = u^3 (10 - 15 u + 6 u^2), c = L + gamma,
    a = (10 gamma - 14 L) / 3, b = (5 L - 3 gamma) / 2, nu = (37 L + 13 gamma) tau^2 / 6: the paper's pieces, collected. It is
    twice continuously differentiable in the tunnel, |x_j| <= tau for j > i, and nan outside. Usual domain [-6 tau, 6 tau]^d.
    The paper has tau = e, gamma = 1 and L from 1 to 3 (recalled); Zhang, Xiong, Gu (2022) have L = e.

    All critical points: where |x_i| <= tau, the equations are |x_j| = 4 tau for j < i and x_j = 0 for the others; where not, the
    derivative by |x_i|, tau (L u^2 (10 u - 14) - 2 gamma (1 - u)^2 (1 + 3 u)) - c S'(u) x_{i+1}^2 / tau, is negative. The
    eigenvalues at a saddle are 2 L and, once, -2 gamma; at a minimum 2 L.

    Parameters
    ----------
    dimension : int
    curvature, gamma : float
        L and gamma, half of the curvature across the tunnel and of the negative one along it.
    tau : float
        A quarter of the way from a saddle to the next.
    """

    dimension: Size = 5
    curvature: Positive = math.e
    gamma: Positive = 1.0
    tau: Positive = math.e

    formula: ClassVar[str] = (
        "sum_{j<i} (L (|x_j| - 4 tau)^2 - nu) - gamma x_i^2 + tau^2 u^3 (a + b u) "
        "+ sum_{j>i} L x_j^2 - (L + gamma) S(u) x_{i+1}^2, i the first of |x_i| <= 2 tau, u = max(0, |x_i| / tau - 1)"
    )
    source: ClassVar[str] = (
        "Du, Jin, Lee, Jordan, Singh, Poczos, Gradient Descent Can Take Exponential Time to Escape Saddle Points (NeurIPS 2017)"
    )
    dimension_rule: ClassVar[str] = "any n >= 1"
    non_smooth: ClassVar[str] = "outside the tunnel, where it has no value"

    @cached_property
    def domain(self) -> Array:
        return square_box(6 * self.tau, self.dimension)

    def level(self, k: int) -> Array:
        return np.full(k, 4 * self.tau)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        s, u, done, coefficient = self._state(x)
        a, b, nu = self._constants
        away = s - 4 * self.tau
        open_or_closed = coefficient * x * x + self.tau * self.tau * u * u * u * (a + b * u)
        return self._in_tunnel(s, np.where(done, self.curvature * away * away - nu, open_or_closed).sum(axis=0))

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        s, u, done, coefficient = self._state(x)
        a, b, _ = self._constants
        side = np.where(x.real < 0, -1.0, 1.0)
        open_or_closed = 2 * coefficient * x + side * self.tau * u * u * (3 * a + 4 * b * u)
        gradient = np.where(done, 2 * side * self.curvature * (s - 4 * self.tau), open_or_closed)
        gradient[:-1] += self._coupling(x, u) * x[1:] / 2
        return self._in_tunnel(s, gradient)

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        hessian = empty_hessian(x)
        i = np.arange(self.dimension)
        hessian[i, i], mixed = self._curvatures(x)
        hessian[i[:-1], i[1:]] = hessian[i[1:], i[:-1]] = mixed
        return self._in_tunnel(modulus(x), hessian)

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = self.points(x), self.points(v, "v")
        diagonal, mixed = self._curvatures(x)
        product = np.asarray(diagonal * v)
        product[:-1] += mixed * v[1:]
        product[1:] += mixed * v[:-1]
        return self._in_tunnel(modulus(x), product)

    @property
    def _constants(self) -> tuple[float, float, float]:
        """The constants a, b and nu."""
        L, gamma = self.curvature, self.gamma
        return (10 * gamma - 14 * L) / 3, (5 * L - 3 * gamma) / 2, (37 * L + 13 * gamma) / 6 * self.tau * self.tau

    def _state(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """|x_j|, its u, whether it is above 2 tau, and the coefficient of x_j^2, each (d, ...).

        In the tunnel S(u) is 1 before i and 0 after it, so that S(u) of the component before tells what x_j is.
        """
        s = modulus(x)
        done = s.real > 2 * self.tau
        u = np.where(done, 1.0, np.where(s.real > self.tau, (s - self.tau) / self.tau, 0.0))
        step = u * u * u * (10 + u * (6 * u - 15))
        opened = np.concatenate([np.ones_like(step[:1]), step[:-1]])
        return s, u, done, self.curvature * (1 - opened) - self.gamma * opened

    def _coupling(self, x: Array, u: Array) -> Array:
        """The mixed derivatives of neighbours, (d - 1, ...)."""
        slope = np.where(x.real < 0, -60.0, 60.0) * u * u * (1 - u) * (1 - u) / self.tau
        return np.asarray(-(self.curvature + self.gamma) * slope[:-1] * x[1:])

    def _curvatures(self, x: Array) -> tuple[Array, Array]:
        """The Hessian's diagonal, (d, ...), and what stands beside it, (d - 1, ...)."""
        _, u, done, coefficient = self._state(x)
        a, b, _ = self._constants
        diagonal = np.where(done, 2 * self.curvature, 2 * coefficient + 6 * u * (a + 2 * b * u))
        bend = 60 * u * (1 - u) * (1 - 2 * u) / (self.tau * self.tau)
        diagonal[:-1] -= (self.curvature + self.gamma) * bend[:-1] * x[1:] * x[1:]
        return diagonal, self._coupling(x, u)

    def _in_tunnel(self, s: Array, result: Array) -> Array:
        """Make nan what belongs to a lane in which some |x_j| > tau comes after a component that is not done."""
        after = np.logical_or.accumulate(s.real <= 2 * self.tau, axis=0)[:-1]
        outside = (after & (s.real[1:] > self.tau)).any(axis=0)
        return np.where(outside, np.nan * result, result)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(dimension=2, curvature=1.0),
            cls(dimension=3, curvature=2.0, gamma=0.5, tau=1.0),
            cls(dimension=1),
        )


@declared
class Staircase(SaddleTree):
    """A polynomial chain of saddles, each with the escape rate you choose, and a closed form for every critical point.

    ``f(x) = 1/2 sum_k w_k R_k^2``, ``R_k = (w_k x_k^2 - w_{k+1} x_{k+1}^2 - gamma_k / 2) / w_k``, x_{m+1} = 0, w_1 = 1,
    w_{k+1} = w_k (gamma_{k+1} + c) / gamma_k. Usual domain: half as wide again as the minima. The construction: while x_k = 0,
    the curvature c keeps x_{k+1} at 0; once x_k has arrived, it is -gamma_{k+1}. f is convex in the squares x_k^2, and that
    these cannot be negative makes the saddles. Level k, where w_j x_j^2 = (gamma_j + ... + gamma_k) / 2 for j <= k, has the
    value 1/8 sum_{j>k} gamma_j^2 / w_j, the eigenvalue -gamma_{k+1} once, c for each later component and k positive ones.

    These are all: df/dx_k = 2 w_k x_k (R_k - R_{k-1}), R_0 = 0. If x_{p-1} = 0, but x_p, ..., x_q are not, and q is the last or
    x_{q+1} = 0, then R_{p-1} = R_q; yet R_{p-1} < -g_{p-1} < -g_q < R_q, for g_k = gamma_k / (2 w_k) falls. So only the first k
    are not 0, and their R are. As f falls and what is 0 stays 0, the way out of level k along x_{k+1} ends in level k + 1.

    Parameters
    ----------
    rates : tuple of float, > 0
        The escape rates gamma_1, ..., gamma_m of the saddles, in the order in which they are met; they set the dimension.
    curvature : float
        The curvature c of what is closed.
    """

    rates: Vector = (0.75, 0.5, 0.25)
    curvature: Positive = 0.25

    formula: ClassVar[str] = (
        "1/2 sum_k (w_k x_k^2 - w_{k+1} x_{k+1}^2 - gamma_k / 2)^2 / w_k, w_1 = 1, w_{k+1} = w_k (gamma_{k+1} + c) / gamma_k"
    )
    source: ClassVar[str] = "made for this library"
    dimension_rule: ClassVar[str] = "the number of rates"
    on_axes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if min(self.rates) <= 0:
            raise ValueError(f"rates={self.rates}: each must be positive")

    @property
    def dimension(self) -> int:
        return len(self.rates)

    @cached_property
    def weights(self) -> Array:
        """The weights w, (m,)."""
        rates = np.array(self.rates)
        return np.cumprod(np.concatenate([[1.0], (rates[1:] + self.curvature) / rates[:-1]]))

    @cached_property
    def domain(self) -> Array:
        return np.outer(1.5 * self.level(self.dimension), [-1.0, 1.0])

    def level(self, k: int) -> Array:
        still_to_come = np.cumsum(self.rates[:k][::-1])[::-1]
        return np.sqrt(still_to_come / 2 / self.weights[:k])

    def value(self, x: Array) -> Array:
        w, r = self._weighted(self.points(x))
        return np.asarray((w * r * r).sum(axis=0) / 2)

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        w, r = self._weighted(x)
        return np.asarray(2 * w * x * np.diff(r, axis=0, prepend=0))

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        w, r = self._weighted(x)
        hessian = empty_hessian(x)
        i = np.arange(self.dimension)
        hessian[i, i] = 2 * w * np.diff(r, axis=0, prepend=0) + 4 * w * x * x
        hessian[i[1:], i[1:]] += 4 * (w[1:] / w[:-1]) * w[1:] * x[1:] * x[1:]
        hessian[i[:-1], i[1:]] = hessian[i[1:], i[:-1]] = -4 * w[1:] * x[1:] * x[:-1]
        return hessian

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = self.points(x), self.points(v, "v")
        w, r = self._weighted(x)
        change = -np.diff(2 * w * x * v, axis=0, append=0) / w
        return np.asarray(2 * w * (v * np.diff(r, axis=0, prepend=0) + x * np.diff(change, axis=0, prepend=0)))

    def _weighted(self, x: Array) -> tuple[Array, Array]:
        """The weights, as a column that meets the lanes of x, and R, (m, ...)."""
        w, rates = (each.reshape(-1, *(1,) * (x.ndim - 1)) for each in (self.weights, np.array(self.rates)))
        return w, (-np.diff(w * x * x, axis=0, append=0) - rates / 2) / w

    @property
    def expression_text(self) -> str | None:
        if self.dimension > LONGEST_TEXT:
            return None
        weights = self.weights.tolist()
        y = [f"{w!r}*{name}**2" for w, name in zip(weights, self.variables, strict=True)]
        squares = zip(y, [*y[1:], "0"], self.rates, weights, strict=True)
        return " + ".join(f"({here} - {after} - {rate / 2!r})**2/{2 * w!r}" for here, after, rate, w in squares)

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give the staircase whose rates fall evenly to the curvature: all its weights are 1."""
        return cls(rates=tuple(0.25 * k for k in range(n, 0, -1))) if n >= 1 else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(rates=(1.0, 0.3)), cls(rates=(0.5,) * 5, curvature=0.5), cls(rates=(2.0,)))
