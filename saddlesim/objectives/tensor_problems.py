"""Tensor problems: the components of an orthogonal tensor, one by one or all at once. Both are finite sums over them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import combinations
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, CriticalPoint
from saddlesim.objectives.critical_point import PointSequence
from saddlesim.objectives.finite_sum import FiniteSum, Terms
from saddlesim.objectives.rank_one_problems import Orthonormal
from saddlesim.parameters import NonNegativeInteger, Size, declared

LONGEST_TEXT = 16  # components up to which what a tensor on the axes gives is written out
GE = "Ge, Huang, Jin, Yuan, Escaping From Saddle Points - Online Stochastic Gradient for Tensor Decomposition (2015)"


@declared
class TensorDecomposition(Orthonormal, FiniteSum):
    """One component of an orthogonal tensor: 3^n critical points of every index, all minima global, each a component.

    ``f(x) = |x|^8 / 8 - T(x, x, x, x) / 4``, T(x, x, x, x) = sum_k (a_k' x)^4 for orthonormal a_k: but for the constant n / 8 it
    is 1/8 |x (x) x (x) x (x) x - T|_F^2, and its minima are the maxima of T on the sphere. Usual domain [-1.5, 1.5]^n.

    All critical points: in the coefficients c_k = a_k' x the gradient is (|c|^6 - c_k^2) c_k. So m of them, in any places, are
    +-m^(-3/4), and the others 0; the eigenvalues, over m^(-3/2), are 4 once, -2 for m - 1 directions and 1 for the n - m others.
    At 0 the Hessian is 0, and f < 0 all round it. It is the mean of n terms |x|^8 / 8 - n (a_k' x)^4 / 4.

    Parameters
    ----------
    dimension : int
    seed : int, optional
        Draws the a_k, uniformly (Haar measure); by default they are the axes.
    """

    dimension: Size = 3
    seed: NonNegativeInteger | None = None

    formula: ClassVar[str] = "|x|^8 / 8 - sum_k (a_k' x)^4 / 4, a_k orthonormal"
    source: ClassVar[str] = f"best rank-one approximation of the tensor of {GE}"
    dimension_rule: ClassVar[str] = "any n >= 1"

    @property
    def n_terms(self) -> int:
        return self.size

    def value(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        s, squares = (x * x).sum(axis=0), self.along(x) * self.along(x)
        return np.asarray(s * s * s * s / 8 - (self.weights(x, terms) * squares * squares).sum(axis=0) / 4)

    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        s, c = (x * x).sum(axis=0), self.along(x)
        return np.asarray(s * s * s * x - self.combined(self.weights(x, terms) * c * c * c))

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = self.points(x), self.points(v, "v")
        s, c = (x * x).sum(axis=0), self.along(x)
        return np.asarray(s * s * (s * v + 6 * (x * v).sum(axis=0) * x) - 3 * self.combined(c * c * self.along(v)))

    @property
    def expression_text(self) -> str | None:
        if self.dimension > LONGEST_TEXT or self.basis is not None:
            return None
        squares, powers = (" + ".join(f"{name}**{n}" for name in self.variables) for n in (2, 4))
        return f"({squares})**4/8 - ({powers})/4"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        return PointSequence(3**self.dimension, self._point)

    def _point(self, place: int) -> CriticalPoint:
        """Make the point whose k-th coefficient is 0, plus or minus as the k-th digit of its place to base 3 is 0, 1 or 2."""
        signs = np.array([(place // 3**k + 1) % 3 - 1 for k in range(self.dimension)], dtype=np.float64)
        m, i = int(np.count_nonzero(signs)), int(np.argmax(signs != 0))
        x = self.combined(signs / max(m, 1) ** 0.75)
        kind = ("maximum", "minimum")[m] if m < 2 else "saddle"
        label = ("maximum", f"minimum_{2 * i + 1 + (signs[i] < 0)}")[m] if m < 2 else f"saddle_{place}"
        return CriticalPoint(label, x, float(self.value(x)), max(m - 1, 0), kind, 0 if m else self.dimension)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=2, seed=1), cls(dimension=5), cls(dimension=1))


@declared
class JointTensorDecomposition(Orthonormal, FiniteSum):
    """All components of an orthogonal tensor at once: n! 2^n equal minima, and all other critical points strict saddles.

    ``f(x_1, ..., x_n) = sum_{i != j} T(u_i, u_i, u_j, u_j)``, u_i = x_i / |x_i|, T(u, u, v, v) = sum_k (a_k' u)^2 (a_k' v)^2,
    the a_k orthonormal: a function on all of R^{n n}. A point holds x after x. Usual domain [-1.5, 1.5]^{n n}. In the squares
    q_ik = (a_k' u_i)^2 it is sum_{i != j} q_i . q_j, which is 0, the least, only where each u_i is +-a_k with a k of its own.

    At another critical point, let g be the derivatives by q: g_ik is the mean m_i of g_i where q_ik > 0. Where it is less, that
    way the curvature is negative. If it never is, m_i < 2, so that no q_i has a place in common with a q_j of one place only;
    then two of several places have one, and the form sum_{i != j} dq_i . dq_j on these places, of trace 0, takes both signs.
    It is the mean of n terms n sum_{i != j} q_ik q_jk.

    Parameters
    ----------
    n_components : int, >= 2
        The number n of vectors, which is their length as well.
    seed : int, optional
        Draws the a_k, uniformly (Haar measure); by default they are the axes.
    """

    n_components: Annotated[Size, Field(ge=2)] = 3
    seed: NonNegativeInteger | None = None

    formula: ClassVar[str] = "sum_{i != j} sum_k (a_k' u_i)^2 (a_k' u_j)^2, u_i = x_i / |x_i|, a_k orthonormal"
    source: ClassVar[str] = GE
    dimension_rule: ClassVar[str] = "n_components^2"
    critical_set: ClassVar[str] = "Rays: minima where each u_i is +-a_k with a k of its own, and strict saddles."
    non_smooth: ClassVar[str] = "where a vector is 0"
    symmetries: ClassVar[tuple[str, ...]] = ("scaling", "sign", "permutation")

    @property
    def dimension(self) -> int:
        return self.n_components * self.n_components

    @property
    def size(self) -> int:
        return self.n_components

    @property
    def n_terms(self) -> int:
        return self.size

    def value(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        _, _, q = self._state(x)
        return np.asarray((self.weights(x, terms)[:, None] * q * self._slopes(q) / 2).sum(axis=(0, 1)))

    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        c, s, q = self._state(x)
        g = self.weights(x, terms)[:, None] * self._slopes(q)
        return self._joined(2 * c * (g - (g * q).sum(axis=0)) / s)

    def hessian_product(self, x: Array, v: Array) -> Array:
        c, s, q = self._state(self.points(x))
        w, g = self._coefficients(self.points(v, "v")), self._slopes(q)
        turn = w - 2 * c * (c * w).sum(axis=0) / s
        dq = (c * (w + turn)) / s
        dg = self._slopes(dq)
        return self._joined(2 * (turn * (g - (g * q).sum(axis=0)) + c * (dg - (dg * q + g * dq).sum(axis=0))) / s)

    def _slopes(self, q: Array) -> Array:
        """The derivatives of f by q."""
        return np.asarray(2 * (q.sum(axis=1, keepdims=True) - q))

    def _coefficients(self, x: Array) -> Array:
        """The coefficients a_k' x_i, (n of k, n of i, ...)."""
        return self.along(x.reshape(self.size, self.size, *x.shape[1:]).swapaxes(0, 1))

    def _joined(self, c: Array) -> Array:
        """The points (n n, ...) of these coefficients."""
        return self.combined(c).swapaxes(0, 1).reshape(self.dimension, *c.shape[2:])

    def _state(self, x: Array) -> tuple[Array, Array, Array]:
        """The coefficients, the |x_i|^2, (n, ...), nan instead of 0, and the squared coefficients q of the u_i."""
        c = self._coefficients(x)
        s = (c * c).sum(axis=0)
        s = np.where(s.real > 0, s, np.nan * s)
        return c, s, c * c / s

    @property
    def expression_text(self) -> str | None:
        if self.dimension > LONGEST_TEXT or self.basis is not None:
            return None
        rows = [self.variables[i : i + self.size] for i in range(0, self.dimension, self.size)]
        squares = [f"({' + '.join(f'{name}**2' for name in row)})" for row in rows]
        pairs = combinations(zip(rows, squares, strict=True), 2)
        products = ((zip(first, second, strict=True), f"{p}*{q}") for (first, p), (second, q) in pairs)
        return " + ".join(
            f"2*({' + '.join(f'({a}*{b})**2' for a, b in each)})/({lengths})" for each, lengths in products
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n_components=2), cls(seed=4))
