"""Matrix problems: a given matrix, of a spectrum you choose, approximated by thin factors. All critical points are described.

Not here: approximations by one vector (`rank_one_problems`), matrices seen through measurements (`recovery_problems`), networks.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.expressions.syntax import MOST_VARIABLES
from saddlesim.objectives.base import Array, CriticalPoint, square_box
from saddlesim.objectives.critical_subsets import critical_subsets
from saddlesim.objectives.finite_sum import FiniteSum, Terms
from saddlesim.objectives.rank_one_problems import Pca
from saddlesim.parameters import Size, Vector, declared

LONGEST_TEXT = 300  # products of two components up to which a factorization is written out
LARGEST = 2000  # components up to which `of_dimension` makes a factorization, whose methods form the whole matrix


class Factorization(FiniteSum):
    """Base of |U V' - M|_F^2 / divisor, whose critical points are one manifold for each set of singular values that is kept.

    Its terms are the entries of M, row by row.
    """

    rank: int
    divisor: ClassVar[int]

    @property
    @abstractmethod
    def spectrum(self) -> Sequence[float]:
        """The positive singular values, each of which is kept or not."""

    @property
    @abstractmethod
    def matrix(self) -> Array:
        """The diagonal matrix M, (m, n)."""

    @abstractmethod
    def factors(self, x: Array) -> tuple[Array, Array]:
        """Give U, (m, rank, ...), and V, (n, rank, ...), of points (d, ...)."""

    @abstractmethod
    def joined(self, u: Array, v: Array) -> Array:
        """Give the points, (d, ...), of which these are the `factors`."""

    @abstractmethod
    def nullity(self, k: int) -> int:
        """Give the nullity where k singular values, all different from the others, are kept."""

    @property
    def n_terms(self) -> int:
        return self.matrix.size

    def value(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        _, _, e = self.state(x)
        return np.asarray((self.entries(x, terms) * e * e).sum(axis=(0, 1)) / self.divisor)

    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        u, v, e = self.state(x)
        e = self.entries(x, terms) * e
        return self.joined(np.einsum("ij...,ja...->ia...", e, v), np.einsum("ij...,ia...->ja...", e, u))

    def hessian_product(self, x: Array, v: Array) -> Array:
        (u, w, e), (du, dw) = self.state(self.points(x)), self.factors(self.points(v, "v"))
        de = np.einsum("ia...,ja...->ij...", du, w) + np.einsum("ia...,ja...->ij...", u, dw)
        first = np.einsum("ij...,ja...->ia...", de, w) + np.einsum("ij...,ja...->ia...", e, dw)
        return self.joined(first, np.einsum("ij...,ia...->ja...", de, u) + np.einsum("ij...,ia...->ja...", e, du))

    def entries(self, x: Array, terms: Terms | None) -> Array:
        """Give the weights of the entries of M, (m, n, ...)."""
        weights = self.weights(x, terms)
        return weights.reshape(*self.matrix.shape, *weights.shape[1:])

    def state(self, x: Array) -> tuple[Array, Array, Array]:
        """Give U, V and U V' - M, (m, n, ...)."""
        u, v = self.factors(x)
        target = self.matrix.reshape(*self.matrix.shape, *(1,) * (x.ndim - 1))
        return u, v, np.einsum("ia...,ja...->ij...", u, v) - target

    def blocks(self, x: Array) -> tuple[Array, Array, Array]:
        """Give the blocks of the Hessian: U with U, U with V, V with V, U and V being different variables."""
        u, v, e = self.state(x)
        mixed = np.einsum("ib...,ja...->iajb...", u, v) + np.einsum("ij...,ab->iajb...", e, np.eye(self.rank))
        own = (np.einsum("ij,ka...,kb...->iajb...", np.eye(n), w, w) for n, w in ((len(u), v), (len(v), u)))
        first, second = (each.reshape(len(each) * self.rank, len(each) * self.rank, *x.shape[1:]) for each in own)
        return first, mixed.reshape(len(first), len(second), *x.shape[1:]), second

    @cached_property
    def domain(self) -> Array:
        return square_box(1.5 * math.sqrt(max(self.spectrum)), self.dimension)

    @cached_property
    def representatives(self) -> Sequence[CriticalPoint]:
        """One critical point of each manifold, on the axes and balanced (U' U = V' V), those that keep the fewest first."""
        s, points = self.spectrum, list[CriticalPoint]()
        for kept, _, index in critical_subsets(s, (self.rank,)):
            k, left = len(kept), [s[i] for i in range(len(s)) if i not in kept]
            nullity = sum(left.count(s[j]) for j in kept) + self.nullity(k)
            kind = "minimum" if not index else "maximum" if index == self.dimension else "saddle"
            label = f"{kind}_{1 + sum(each.kind == kind for each in points)}"
            u, v = (np.zeros((n, self.rank)) for n in self.matrix.shape)
            rows = np.flatnonzero(self.matrix.diagonal())[list(kept)]
            u[rows, range(k)] = v[rows, range(k)] = np.sqrt(self.matrix.diagonal()[rows])
            x = self.joined(u, v)
            points.append(CriticalPoint(label, x, float(self.value(x)), index, kind, nullity))
        return tuple(points)

    @property
    def expression_text(self) -> str | None:
        if self.matrix.size * self.rank > LONGEST_TEXT or self.dimension > MOST_VARIABLES:
            return None
        u, v = self.factors(np.array(self.variables))
        entries = zip(itertools.product(u, v), self.matrix.ravel().tolist(), strict=True)
        squares = (f"({' + '.join(map('*'.join, zip(*rows, strict=True)))} - {each!r})**2" for rows, each in entries)
        return f"({' + '.join(squares)})/{self.divisor}"


@declared
class LowRankFactorization(Factorization):
    """A matrix approximated by two thin factors, a linear network: no bad minimum, and saddles for each wrong choice of modes.

    ``f(U, V) = 1/2 |U V' - M|_F^2``, M diagonal, for other bases would only turn U and V. A point holds U, m x rank, row by row
    and then V, n x rank. Usual domain: half as wide again as the largest entry of a balanced minimum.

    Critical points (Baldi, Hornik 1989): U V' is M with only a set I of its singular values s kept, k = |I| <= rank. The value
    is 1/2 sum_{i not in I} s_i^2, the index #{(i, j): i not in I, j in I, s_i > s_j} + (rank - k) (r - k), r being the number
    of positive s. The eigenvalues at the balanced points: s_i + s_j and 0 for (i, j) in I x I, s_j +- s_i for j in I and
    i not in I, s_j for j in I |m - n| times; and rank - k times +-s_i for i not in I, and zeros.

    Parameters
    ----------
    singular_values : tuple of float, > 0
        The singular values of M that are not 0.
    rank : int
        The number of columns of U and of V.
    shape : (int, int), optional
        The shape (m, n) of M; by default it is square and regular.
    """

    singular_values: Vector = (3.0, 2.0, 1.0)
    rank: Size = 2
    shape: tuple[Size, Size] | None = None

    formula: ClassVar[str] = "1/2 |U V' - M|_F^2, M (m x n) of the singular values given"
    source: ClassVar[str] = (
        "Baldi, Hornik, Neural Networks and Principal Component Analysis: Learning from Examples Without Local Minima (1989)"
    )
    dimension_rule: ClassVar[str] = "(m + n) rank, M being m x n"
    critical_set: ClassVar[str] = (
        "A manifold for each set of at most `rank` singular values, U V' being M with only these kept; `representatives` has "
        "a point of each. Those that keep the largest are the minima, all others strict saddles."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "scaling", "sign")
    divisor: ClassVar[int] = 2

    def __post_init__(self) -> None:
        if min(self.singular_values) <= 0:
            raise ValueError(
                f"singular_values={self.singular_values}: each must be positive; those that are 0 follow from shape"
            )
        if self.shape and min(self.shape) < len(self.singular_values):
            raise ValueError(f"shape={self.shape} has no place for {len(self.singular_values)} singular values")

    @property
    def dimension(self) -> int:
        return sum(self.matrix.shape) * self.rank

    @property
    def spectrum(self) -> Sequence[float]:
        return self.singular_values

    @cached_property
    def matrix(self) -> Array:
        s = self.singular_values
        matrix = np.zeros(self.shape or (len(s), len(s)))
        matrix[range(len(s)), range(len(s))] = s
        return matrix

    def factors(self, x: Array) -> tuple[Array, Array]:
        m, n = self.matrix.shape
        lanes = x.shape[1:]
        return x[: m * self.rank].reshape(m, self.rank, *lanes), x[m * self.rank :].reshape(n, self.rank, *lanes)

    def joined(self, u: Array, v: Array) -> Array:
        return np.concatenate([each.reshape(len(each) * self.rank, *each.shape[2:]) for each in (u, v)])

    def hessian(self, x: Array) -> Array:
        first, mixed, second = self.blocks(self.points(x))
        return np.concatenate([np.hstack([first, mixed]), np.hstack([mixed.swapaxes(0, 1), second])])

    def nullity(self, k: int) -> int:
        return k * k + (self.rank - k) * (2 * k + sum(self.matrix.shape) - 2 * len(self.singular_values))

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give a square matrix of singular values n / 4, ..., 2, 1, approximated at rank 2."""
        return cls(singular_values=tuple(map(float, range(n // 4, 0, -1)))) if n in range(4, LARGEST + 1, 4) else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(singular_values=(2.0, 1.0), rank=1),
            cls(singular_values=(2.0, 1.0), shape=(3, 2)),
            cls(singular_values=(1.5,), rank=3, shape=(1, 2)),
        )


@declared
class SymmetricFactorization(Factorization):
    """A positive semidefinite matrix approximated by U U': strict saddles alone beside the minima.

    ``f(U) = 1/4 |U U' - M|_F^2``, M diagonal, for another basis would only turn U. A point holds U, n x rank, row by row. Usual
    domain: half as wide again as the largest entry of a minimum on the axes.

    Critical points: (U U' - M) U = 0 says that the range of U is invariant under M and U U' is M there. So U U' is M with only
    a set I of its positive eigenvalues l kept, k = |I| <= rank, and U is that up to a rotation from the right. The value is
    1/4 sum_{i not in I} l_i^2. The eigenvalues are l_i - l_j for i in I and j not in I, l_i + l_j and 0 for pairs in I, 2 l_i
    for i in I; and rank - k times -l_j for j not in I, 0 for i in I. At rank 1 it is `Pca`.

    Parameters
    ----------
    eigenvalues : tuple of float, >= 0
        Those of M, one at least positive; they set its size n.
    rank : int
        The number of columns of U.
    """

    eigenvalues: Vector = (3.0, 2.0, 1.0)
    rank: Size = 2

    formula: ClassVar[str] = "1/4 |U U' - M|_F^2, M of the eigenvalues given"
    source: ClassVar[str] = "Ge, Jin, Zheng, No Spurious Local Minima in Nonconvex Low Rank Problems (2017)"
    dimension_rule: ClassVar[str] = "n rank, M being n x n"
    critical_set: ClassVar[str] = (
        "A manifold for each set of at most `rank` positive eigenvalues, U U' being M with only these kept; `representatives` "
        "has a point of each. At rank 1 they are finitely many points."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "sign")
    divisor: ClassVar[int] = 4

    def __post_init__(self) -> None:
        if min(self.eigenvalues) < 0 or max(self.eigenvalues) == 0:
            raise ValueError(f"eigenvalues={self.eigenvalues}: none may be negative, and one must be positive")

    @property
    def dimension(self) -> int:
        return len(self.eigenvalues) * self.rank

    @property
    def spectrum(self) -> Sequence[float]:
        return [each for each in self.eigenvalues if each]

    @cached_property
    def matrix(self) -> Array:
        return np.diag(self.eigenvalues)

    def factors(self, x: Array) -> tuple[Array, Array]:
        u = x.reshape(len(self.eigenvalues), self.rank, *x.shape[1:])
        return u, u

    def joined(self, u: Array, v: Array) -> Array:
        return u.reshape(self.dimension, *u.shape[2:])

    def entries(self, x: Array, terms: Terms | None) -> Array:
        weights = super().entries(x, terms)
        return (weights + weights.swapaxes(0, 1)) / 2  # U U' has each entry off the diagonal twice

    def hessian(self, x: Array) -> Array:
        first, mixed, _ = self.blocks(self.points(x))
        return np.asarray(first + mixed)

    def nullity(self, k: int) -> int:
        return k * (k - 1) // 2 + (self.rank - k) * (k + len(self.eigenvalues) - len(self.spectrum))

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        return Pca(eigenvalues=self.eigenvalues).critical_points if self.rank == 1 else None

    @property
    def critical_points_complete(self) -> bool:
        return self.critical_points is not None

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give the eigenvalues n / 2, ..., 2, 1, approximated at rank 2."""
        return cls(eigenvalues=tuple(map(float, range(n // 2, 0, -1)))) if n in range(2, LARGEST + 1, 2) else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(eigenvalues=(2.0, 1.0), rank=1), cls(eigenvalues=(1.0, 0.0, 2.0, 0.5), rank=3))
