"""Rank-one problems: a matrix approximated by one vector.

Not here: approximations by several vectors (`matrix_problems`), tensors (`tensor_problems`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, square_box
from saddlesim.objectives.critical_point import PointSequence
from saddlesim.objectives.normal_forms import Quadratic
from saddlesim.parameters import NonNegativeInteger, Vector, declared


class Orthonormal(LibraryObjective):
    """Base of what is made of orthonormal vectors: the axes or, with a seed, random ones. Hessians are made of products."""

    seed: int | None
    symmetries: ClassVar[tuple[str, ...]] = ("sign", "permutation")

    @property
    def size(self) -> int:
        """The number n of the orthonormal vectors, which are of R^n."""
        return self.dimension

    @cached_property
    def basis(self) -> Array | None:
        """The vectors, in columns, (n, n); None where they are the axes."""
        return None if self.seed is None else Quadratic(eigenvalues=(1.0,) * self.size, seed=self.seed).rotation

    def along(self, x: Array) -> Array:
        """Give the coefficients of x by the vectors: (n, ...) -> (n, ...)."""
        return x if self.basis is None else np.einsum("ik,i...->k...", self.basis, x)

    def combined(self, c: Array) -> Array:
        """Give the sum of the vectors with these coefficients: (n, ...) -> (n, ...)."""
        return c if self.basis is None else np.einsum("ik,k...->i...", self.basis, c)

    @cached_property
    def domain(self) -> Array:
        return square_box(1.5, self.dimension)

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        columns = self.hessian_product(x[:, None], np.eye(len(x)).reshape(len(x), len(x), *(1,) * (x.ndim - 1)))
        return np.asarray((columns + columns.swapaxes(0, 1)) / 2)

    @property
    def critical_points_complete(self) -> bool:
        return self.critical_points is not None


@declared
class Pca(Orthonormal):
    """The first principal component: a pair of minima, and a pair of saddles for each other component.

    ``f(x) = 1/4 |x x' - M|_F^2``. Usual domain: half as wide again as the largest entry of a minimum on the axes. All critical
    points: the gradient (|x|^2 - M) x vanishes at 0, where the Hessian is -M, and at the eigenvectors whose squared length is
    their eigenvalue l_i > 0, where it has the eigenvalues 2 l_i and l_i - l_j for j != i. These are finitely many unless a
    positive eigenvalue stands twice.

    Parameters
    ----------
    eigenvalues : tuple of float
        Those of M, of any sign; they set the dimension.
    seed : int, optional
        Draws the eigenvectors, uniformly (Haar measure); by default they are the axes.
    """

    eigenvalues: Vector = (3.0, 2.0, 1.0)
    seed: NonNegativeInteger | None = None

    formula: ClassVar[str] = "1/4 |x x' - M|_F^2, M of the eigenvalues given"
    source: ClassVar[str] = "Ge, Jin, Zheng, No Spurious Local Minima in Nonconvex Low Rank Problems (2017)"
    dimension_rule: ClassVar[str] = "the number of eigenvalues"
    critical_set: ClassVar[str] = "0, and eigenvectors: a sphere of them where a positive eigenvalue repeats."
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)

    @property
    def dimension(self) -> int:
        return len(self.eigenvalues)

    @cached_property
    def domain(self) -> Array:
        return square_box(1.5 * math.sqrt(max(*self.eigenvalues, 0.0)) or 1.0, self.dimension)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        s = (x * x).sum(axis=0)
        return np.asarray(s * s / 4 - (x * self._times(x)).sum(axis=0) / 2 + math.fsum(np.square(self.eigenvalues)) / 4)

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray((x * x).sum(axis=0) * x - self._times(x))

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = self.points(x), self.points(v, "v")
        return np.asarray((x * x).sum(axis=0) * v + 2 * (x * v).sum(axis=0) * x - self._times(v))

    def _times(self, x: Array) -> Array:
        """M x."""
        return self.combined((self.along(x).T * self.eigenvalues).T)

    @property
    def expression_text(self) -> str | None:
        form = Quadratic(eigenvalues=self.eigenvalues, seed=self.seed).expression_text
        squares = " + ".join(f"{name}**2" for name in self.variables)
        return form and f"({squares})**2/4 - {form} + {math.fsum(np.square(self.eigenvalues)) / 4!r}"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        kept = [each for each in self.eigenvalues if each > 0]
        return PointSequence(2 * len(kept) + 1, self._point) if len(set(kept)) == len(kept) else None

    def _point(self, place: int) -> CriticalPoint:
        """Make the point at a place: a pair for each positive eigenvalue, the largest first, and the origin last."""
        order = np.argsort(self.eigenvalues)[::-1]
        index, n_pairs = place // 2, sum(each > 0 for each in self.eigenvalues)
        c = np.zeros(self.dimension)
        if index < n_pairs:
            c[order[index]] = math.sqrt(self.eigenvalues[order[index]]) * (1 - 2 * (place % 2))
        x, flat = self.combined(c), (index == n_pairs) * self.eigenvalues.count(0.0)
        kind = "minimum" if not index else "maximum" if index == self.dimension else "saddle"
        label = kind if kind == "maximum" or index == n_pairs == 1 else f"{kind}_{place - 1 if index else place + 1}"
        return CriticalPoint(label, x, float(self.value(x)), index, kind, flat, self.seed is None and kind == "saddle")

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        return cls(eigenvalues=tuple(map(float, range(n, 0, -1)))) if n >= 1 else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(eigenvalues=(1.0, -0.5)), cls(eigenvalues=(2.0, 0.5, 1.0, -1.0, 0.3), seed=3))
