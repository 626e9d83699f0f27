"""Recovery problems: a matrix or a signal found again from random quadratic measurements, a term of the sum each.

Not here: approximations of what is wholly known (`matrix_problems`, `rank_one_problems`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from saddlesim.expressions.syntax import MOST_VARIABLES
from saddlesim.objectives.base import Array, CriticalPoint, described_points, square_box
from saddlesim.objectives.finite_sum import FiniteSum, Terms
from saddlesim.parameters import NonNegativeInteger, Size, Vector, declared

LONGEST_TEXT = 200  # coefficients up to which measurements are written out
LARGEST = 200  # components up to which `of_dimension` draws measurements of matrices


@declared
class MatrixSensing(FiniteSum):
    """A low-rank matrix seen through random measurements: few enough, and false minima appear among the saddles.

    ``f(U) = 1/(4 m) sum_k (<A_k, U U'> - <A_k, M>)^2``, the A_k symmetric parts of m matrices of independent standard normal
    entries, M diagonal (which is no restriction, as their law does not depend on the basis). Its mean over the A_k is
    1/4 |U U' - M|_F^2, `SymmetricFactorization`. A point holds U, n x rank, row by row. Usual domain: half as wide again as
    the largest entry of a minimum on the axes. The origin is critical; where M = l e_i e_i' and U is one column, the minima
    +-sqrt(l) e_i are.

    Parameters
    ----------
    eigenvalues : tuple of float, >= 0
        Those of M, one at least positive; they set its size n.
    rank : int
        The number of columns of U.
    n_measurements : int
        The number m of terms.
    seed : int
        Draws the measurements.
    """

    eigenvalues: Vector = (1.0, 0.0, 0.0)
    rank: Size = 1
    n_measurements: Size = 15
    seed: NonNegativeInteger = 0

    formula: ClassVar[str] = "1/(4 m) sum_k (<A_k, U U'> - <A_k, M>)^2, A_k Gaussian, M of the eigenvalues given"
    source: ClassVar[str] = (
        "Bhojanapalli, Neyshabur, Srebro, Global Optimality of Local Search for Low Rank Matrix Recovery (2016) (recalled)"
    )
    dimension_rule: ClassVar[str] = "n rank, M being n x n"
    critical_set: ClassVar[str] = (
        "The origin, and the global minima U U' = M if M has no higher rank than U. With many measurements all other critical "
        "points are strict saddles, near those of `SymmetricFactorization`."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "sign")

    def __post_init__(self) -> None:
        if min(self.eigenvalues) < 0 or max(self.eigenvalues) == 0:
            raise ValueError(f"eigenvalues={self.eigenvalues}: none may be negative, and one must be positive")

    @property
    def dimension(self) -> int:
        return len(self.eigenvalues) * self.rank

    @property
    def n_terms(self) -> int:
        return self.n_measurements

    @cached_property
    def measurements(self) -> Array:
        """The symmetric matrices A_k, (m, n, n)."""
        n = len(self.eigenvalues)
        drawn = np.random.default_rng(self.seed).standard_normal((self.n_measurements, n, n))
        return np.asarray((drawn + drawn.swapaxes(1, 2)) / 2)

    @cached_property
    def measured(self) -> Array:
        """What is known of M, <A_k, M>, (m,)."""
        return np.asarray(self.measurements.diagonal(axis1=1, axis2=2) @ np.array(self.eigenvalues))

    @cached_property
    def domain(self) -> Array:
        return square_box(1.5 * math.sqrt(max(self.eigenvalues)), self.dimension)

    def value(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        _, _, residual = self._state(x)
        return np.asarray((self.weights(x, terms) * residual * residual).mean(axis=0) / 4)

    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        _, seen, residual = self._state(x)
        weighted = self.weights(x, terms) * residual
        return np.asarray((weighted[:, None, None] * seen).mean(axis=0).reshape(x.shape))

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        _, seen, residual = self._state(x)
        curvature = np.einsum("k...,kij,ab->iajb...", residual, self.measurements, np.eye(self.rank))
        hessian = curvature + 2 * np.einsum("kia...,kjb...->iajb...", seen, seen)
        return np.asarray(hessian.reshape(self.dimension, *x.shape) / self.n_terms)

    def hessian_product(self, x: Array, v: Array) -> Array:
        _, seen, residual = self._state(self.points(x))
        direction, seen_too = self._seen(self.points(v, "v"))
        change = 2 * (seen * direction).sum(axis=(1, 2))
        product = (residual[:, None, None] * seen_too + change[:, None, None] * seen).mean(axis=0)
        return np.asarray(product.reshape(self.dimension, *product.shape[2:]))

    def _seen(self, x: Array) -> tuple[Array, Array]:
        """U, (n, rank, ...), and all A_k U, (m, n, rank, ...)."""
        u = x.reshape(len(self.eigenvalues), self.rank, *x.shape[1:])
        return u, np.einsum("kij,ja...->kia...", self.measurements, u)

    def _state(self, x: Array) -> tuple[Array, Array, Array]:
        """U, all A_k U, and what the terms square, (m, ...)."""
        u, seen = self._seen(x)
        return u, seen, (seen * u).sum(axis=(1, 2)) - self.measured.reshape(-1, *(1,) * (x.ndim - 1))

    @property
    def expression_text(self) -> str | None:
        n, names = len(self.eigenvalues), self.variables
        if self.n_terms * n * n * self.rank > LONGEST_TEXT or self.dimension > MOST_VARIABLES:
            return None
        u = [names[i : i + self.rank] for i in range(0, len(names), self.rank)]
        entries = [" + ".join(map("*".join, zip(u[i], u[j], strict=True))) for i in range(n) for j in range(n)]
        seen = (_combination(each.ravel(), entries) for each in self.measurements)
        return _mean_of_squares(seen, self.measured)

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        positions = [np.zeros(self.dimension)]
        if self.rank == 1 and np.count_nonzero(self.eigenvalues) == 1:
            positions += [np.sqrt(self.eigenvalues), -np.sqrt(self.eigenvalues)]
        return described_points(self, positions)

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give M of rank 1 and five measurements for each component."""
        return cls(eigenvalues=(1.0, *[0.0] * (n - 1)), n_measurements=5 * n) if 1 <= n <= LARGEST else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(eigenvalues=(2.0, 1.0), n_measurements=10),
            cls(eigenvalues=(2.0, 1.0, 0.0), rank=2, n_measurements=30),
        )


@declared
class PhaseRetrieval(FiniteSum):
    """A signal of which only squared measurements are known: two minima that differ by the sign, and false ones if there are few.

    ``f(x) = 1/(4 m) sum_k ((a_k' x)^2 - (a_k' z)^2)^2``, the a_k of independent standard normal entries, the signal z uniform on
    the unit sphere. Usual domain [-1.5, 1.5]^d. Critical are the global minima +-z and the origin, a maximum, where the
    Hessian is -1/m sum_k (a_k' z)^2 a_k a_k'. The mean of f over the a_k is (3 |x|^4 - 2 |x|^2 - 4 (x' z)^2 + 3) / 4, whose other
    critical points are a sphere of saddles of index 1, x' z = 0 and |x|^2 = 1/3. With 20 measurements in four dimensions, about
    a third of the seeds (0 among them) has false minima as well.

    Parameters
    ----------
    dimension : int
    n_measurements : int
        The number m of terms.
    seed : int
        Draws the signal and then the measurements.
    """

    dimension: Size = 3
    n_measurements: Size = 30
    seed: NonNegativeInteger = 0

    formula: ClassVar[str] = "1/(4 m) sum_k ((a_k' x)^2 - (a_k' z)^2)^2, a_k Gaussian, |z| = 1"
    source: ClassVar[str] = "Sun, Qu, Wright, A Geometric Analysis of Phase Retrieval (2016), its real case"
    dimension_rule: ClassVar[str] = "any n >= 1"
    critical_set: ClassVar[str] = (
        "The minima +-z and the maximum 0. With many measurements all others are strict saddles, near x' z = 0, |x|^2 = 1/3."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)

    @property
    def n_terms(self) -> int:
        return self.n_measurements

    @cached_property
    def drawn(self) -> tuple[Array, Array]:
        """The signal z, (d,), and the vectors a_k, (m, d)."""
        rng = np.random.default_rng(self.seed)
        z = rng.standard_normal(self.dimension)
        return z / np.sqrt((z * z).sum()), rng.standard_normal((self.n_measurements, self.dimension))

    @cached_property
    def measured(self) -> Array:
        """What is known of the signal, (a_k' z)^2, (m,)."""
        z, a = self.drawn
        return np.asarray((a @ z) ** 2)

    @cached_property
    def domain(self) -> Array:
        return square_box(1.5, self.dimension)

    def value(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        _, _, residual = self._state(x)
        return np.asarray((self.weights(x, terms) * residual * residual).mean(axis=0) / 4)

    def gradient(self, x: Array, terms: Terms | None = None) -> Array:
        x = self.points(x)
        a, seen, residual = self._state(x)
        return np.asarray(np.einsum("k...,ki->i...", self.weights(x, terms) * residual * seen, a) / self.n_terms)

    def hessian(self, x: Array) -> Array:
        a, seen, residual = self._state(self.points(x))
        squares = a[:, :, None] * a[:, None]
        return np.asarray(np.einsum("k...,kij->ij...", residual + 2 * seen * seen, squares) / self.n_terms)

    def hessian_product(self, x: Array, v: Array) -> Array:
        a, seen, residual = self._state(self.points(x))
        seen_too = np.einsum("ki,i...->k...", a, self.points(v, "v"))
        return np.asarray(np.einsum("k...,ki->i...", (residual + 2 * seen * seen) * seen_too, a) / self.n_terms)

    def _state(self, x: Array) -> tuple[Array, Array, Array]:
        """The vectors a_k, (m, d), a_k' x, and what the terms square, both (m, ...)."""
        a = self.drawn[1]
        seen = np.einsum("ki,i...->k...", a, x)
        return a, seen, seen * seen - self.measured.reshape(-1, *(1,) * (x.ndim - 1))

    @property
    def expression_text(self) -> str | None:
        if self.n_terms * self.dimension > LONGEST_TEXT or self.dimension > MOST_VARIABLES:
            return None
        seen = (f"({_combination(each, self.variables)})**2" for each in self.drawn[1])
        return _mean_of_squares(seen, self.measured)

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        z, nullity = self.drawn[0], max(0, self.dimension - self.n_terms)
        places = {"minimum_1": z, "minimum_2": -z, "maximum": 0 * z}
        return tuple(
            CriticalPoint(
                label, x, float(self.value(x)), 0 if x.any() else self.dimension - nullity, label[:7], nullity
            )
            for label, x in places.items()
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=2, n_measurements=12, seed=1), cls(dimension=7, n_measurements=60, seed=2))


def _combination(coefficients: Array, names: Sequence[str]) -> str:
    """Write a linear combination."""
    return " + ".join(f"({each!r})*({name})" for each, name in zip(coefficients.tolist(), names, strict=True))


def _mean_of_squares(seen: Iterable[str], measured: Array) -> str:
    """Write 1/(4 m) times the sum of what is seen, less what is measured, squared."""
    squares = (f"({text} - {each!r})**2" for text, each in zip(seen, measured.tolist(), strict=True))
    return f"({' + '.join(squares)})/{4 * len(measured)}"
