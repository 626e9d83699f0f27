"""Wells: several minima and the passes between them, for barriers, transitions and chains. Critical points in closed form."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import (
    Array,
    CriticalPoint,
    LibraryObjective,
    described_points,
    empty_hessian,
    square_box,
)
from saddlesim.parameters import NonNegative, Size, declared


class WellsInARow(LibraryObjective):
    """Base of ``w(x_1) + 1/2 sum_{i>1} x_i^2``: wells along the first axis, a bowl across."""

    dimension_rule: ClassVar[str] = "any n >= 1"

    @abstractmethod
    def well(self, t: Array, order: int) -> Array:
        """Give w or its derivative of that order, up to the second: (...) -> (...)."""

    @abstractmethod
    def well_text(self) -> str | None:
        """Write w over x1; None where the language of expressions cannot."""

    def value(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray(self.well(x[0], 0) + (x[1:] * x[1:]).sum(axis=0) / 2)

    def gradient(self, x: Array) -> Array:
        gradient = self.points(x).copy()
        gradient[0] = self.well(gradient[0], 1)
        return gradient

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        hessian = empty_hessian(x)
        hessian[range(self.dimension), range(self.dimension)] = 1
        hessian[0, 0] = self.well(x[0], 2)
        return hessian

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = np.broadcast_arrays(self.points(x), self.points(v, "v"))
        product = np.array(v, dtype=np.result_type(x, v))
        product[0] *= self.well(x[0], 2)
        return product

    @property
    def expression_text(self) -> str | None:
        text = self.well_text()
        return text and " + ".join([text, *(f"{name}**2/2" for name in self.variables[1:])])

    @property
    def critical_points_complete(self) -> bool:
        return True


@declared
class DoubleWell(WellsInARow):
    """Two wells and the pass between them, in any dimension: the saddle of every textbook on rare transitions.

    ``f(x) = (x_1^2 - 1)^2 / 4 + 1/2 sum_{i>1} x_i^2``. Usual domain [-2, 2]^d. Critical points: the saddle 0 (a maximum for
    d = 1) and the minima (-1, 0, ...), (1, 0, ...); the first component solves x^3 = x, the others are zero.
    """

    dimension: Size = 2

    formula: ClassVar[str] = "(x_1^2 - 1)^2 / 4 + 1/2 sum_{i>1} x_i^2"
    source: ClassVar[str] = "classical (Ginzburg-Landau potential)"

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, self.dimension)

    def well(self, t: Array, order: int) -> Array:
        square = t * t
        if order == 0:
            return np.asarray((square - 1) * (square - 1) / 4)
        return np.asarray(t * (square - 1) if order == 1 else 3 * t * t - 1)

    def well_text(self) -> str:
        return "(x1**2 - 1)**2/4"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        axis = np.eye(self.dimension)[0]
        top = "saddle" if self.dimension > 1 else "maximum"
        return (
            CriticalPoint("minimum_1", -axis, 0.0, index=0, kind="minimum"),
            CriticalPoint("minimum_2", axis, 0.0, index=0, kind="minimum"),
            CriticalPoint(top, 0 * axis, 0.25, index=1, kind=top, stable_eigenspace_invariant=True),
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(dimension=1), cls(dimension=5))


@declared
class MultipleWells(WellsInARow):
    """So many equal wells in a row, and a pass of the same height between any two: a walk of many escapes.

    ``f(x) = (1 + T_{2n}(x_1)) / 2 + 1/2 sum_{i>1} x_i^2`` with n = n_wells and T Chebyshev's polynomial. Usual domain
    [-1.1, 1.1]^d. All critical points: T_{2n}' vanishes at cos(k pi / 2n), k = 1, ..., 2n - 1, and nowhere else; odd k are minima
    of value 0, even k passes of value 1; the other components are zero.

    Parameters
    ----------
    n_wells : int, >= 1
    dimension : int, >= 1
    """

    n_wells: Annotated[Size, Field(le=50)] = 3
    dimension: Size = 2

    formula: ClassVar[str] = "(1 + T_{2 n_wells}(x_1)) / 2 + 1/2 sum_{i>1} x_i^2"
    source: ClassVar[str] = "made for this library; T_{2n} is Chebyshev's polynomial of the first kind"

    @cached_property
    def domain(self) -> Array:
        return square_box(1.1, self.dimension)

    def well(self, t: Array, order: int) -> Array:
        wave = self._chebyshev(t)[order]
        return np.asarray((1 + wave) / 2 if order == 0 else wave / 2)

    def _chebyshev(self, t: Array) -> tuple[Array, Array, Array]:
        """T_{2n}, its first and its second derivative, by T_{k+1} = 2 t T_k - T_{k-1} differentiated twice."""
        one, zero = np.ones_like(t), np.zeros_like(t)
        before, here = (one, zero, zero), (t, one, zero)
        for _ in range(2 * self.n_wells - 1):
            value, slope, curvature = here
            after = (2 * t * value, 2 * value + 2 * t * slope, 4 * slope + 2 * t * curvature)
            before, here = here, (after[0] - before[0], after[1] - before[1], after[2] - before[2])
        return here

    def well_text(self) -> str | None:
        """Write Chebyshev's polynomial in Horner's form in x1^2; None for more wells than its coefficients can be exact."""
        if self.n_wells > 10:
            return None
        coefficients = np.polynomial.chebyshev.cheb2poly([0] * 2 * self.n_wells + [1])[::-2].astype(int).tolist()
        nested = str(coefficients[0])
        for each in coefficients[1:]:
            nested = f"({nested})*x1**2 + {each}"
        return f"(1 + {nested})/2"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        positions = np.zeros((2 * self.n_wells - 1, self.dimension))
        positions[:, 0] = [math.cos(k * math.pi / (2 * self.n_wells)) for k in range(2 * self.n_wells - 1, 0, -1)]
        return described_points(self, positions)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n_wells=2, dimension=1), cls(n_wells=5, dimension=4))


@declared
class CoupledWells(LibraryObjective):
    """A chain of double wells with springs between: from 3^d critical points to 3 as the springs stiffen.

    ``f(x) = sum_i (x_i^2 - 1)^2 / 4 + c/2 sum_i (x_{i+1} - x_i)^2``. Usual domain [-2, 2]^d. The uniform states 0 and
    +-(1, ..., 1) are critical for every c. For d = 2 the list is complete: the sum of the two equations is
    (x + y)(x^2 - x y + y^2 - 1) = 0, their difference (x - y)(x^2 + x y + y^2 - 1 + 2 c) = 0, and each pair of factors is solved
    by hand: besides the uniform states +-sqrt(1 - 2 c) (1, -1) for c < 1/2, and x y = -c, x^2 + y^2 = 1 - c for c < 1/3. Where
    the Hessian has a zero, a quartic decides: at 0 it rises, and at +-(1, -1)/sqrt(3) for c = 1/3 it falls; both are saddles.

    Parameters
    ----------
    dimension : int, >= 2
    coupling : float, >= 0
        The stiffness c of the springs.
    """

    dimension: Annotated[Size, Field(ge=2)] = 2
    coupling: NonNegative = 0.1

    formula: ClassVar[str] = "sum_i (x_i^2 - 1)^2 / 4 + coupling/2 sum_i (x_{i+1} - x_i)^2"
    source: ClassVar[str] = "the discrete phi^4 chain with free ends; Berglund, Fernandez, Gentz (2007) (recalled)"
    dimension_rule: ClassVar[str] = "any n >= 2"
    critical_set: ClassVar[str] = "All are listed for two wells; for more, the three uniform states alone."
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)

    @cached_property
    def domain(self) -> Array:
        return square_box(2.0, self.dimension)

    def value(self, x: Array) -> Array:
        x = self.points(x)
        well, spring = x * x - 1, x[1:] - x[:-1]
        return np.asarray((well * well).sum(axis=0) / 4 + self.coupling * (spring * spring).sum(axis=0) / 2)

    def gradient(self, x: Array) -> Array:
        x = self.points(x)
        return np.asarray(x * (x * x - 1) + self._springs(x))

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        hessian = empty_hessian(x)
        i = np.arange(self.dimension)
        hessian[i, i] = 3 * x * x - 1
        hessian[i[:-1], i[:-1]] += self.coupling
        hessian[i[1:], i[1:]] += self.coupling
        hessian[i[:-1], i[1:]] = hessian[i[1:], i[:-1]] = -self.coupling
        return hessian

    def hessian_product(self, x: Array, v: Array) -> Array:
        x, v = self.points(x), self.points(v, "v")
        return np.asarray((3 * x * x - 1) * v + self._springs(v))

    def _springs(self, x: Array) -> Array:
        """The coupling times the chain's Laplacian of x."""
        pull = self.coupling * (x[1:] - x[:-1])
        forces = np.zeros_like(x)
        forces[:-1] -= pull
        forces[1:] += pull
        return forces

    @property
    def expression_text(self) -> str:
        names = self.variables
        wells = (f"({name}**2 - 1)**2/4" for name in names)
        springs = (f"({after} - {before})**2" for before, after in itertools.pairwise(names))
        return f"{' + '.join(wells)} + {self.coupling!r}/2*({' + '.join(springs)})"

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint]:
        positions = [np.full(self.dimension, each) for each in (-1.0, 0.0, 1.0)]
        c = self.coupling
        if self.dimension == 2 and c < 1 / 2:
            positions += [sign * math.sqrt(1 - 2 * c) * np.array([1.0, -1.0]) for sign in (-1, 1)]
        if self.dimension == 2 and 0 < c < 1 / 3:
            total, difference = math.sqrt(1 - 3 * c), math.sqrt(1 + c)
            signs = [(s, t) for s in (-1, 1) for t in (-1, 1)]
            positions += [np.array([s * total + t * difference, s * total - t * difference]) / 2 for s, t in signs]
        if self.dimension == 2 and c == 0:
            positions += [np.array(each) for each in ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))]
        return described_points(self, positions, degenerate="saddle")

    @property
    def critical_points_complete(self) -> bool:
        return self.dimension == 2

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(coupling=0.4), cls(dimension=5, coupling=1.0))
