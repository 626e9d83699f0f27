"""Linear networks: products of matrices fitted to one matrix. The map is linear, the loss is not convex.

Not here: which subsets there are and their spectra (`critical_subsets`), how long training stays at each (`theory`).
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.expressions.syntax import MOST_VARIABLES
from saddlesim.objectives.base import Array, CriticalPoint, square_box
from saddlesim.objectives.critical_subsets import (
    CriticalSubset,
    Subset,
    balanced_spectrum,
    checked_subset,
    critical_subset,
    critical_subsets,
    manifold_points,
)
from saddlesim.objectives.networks.layered import Layer, LayeredNetwork, Weights
from saddlesim.parameters import Positive, Size, Vector, declared, excess

LONGEST_TEXT = 60  # products of components up to which a network is written out


class LinearNetwork(LayeredNetwork):
    """Base of 1/2 |W_N ... W_1 - M|_F^2, M diagonal, for other bases would only turn the first and the last matrix."""

    target_singular_values: tuple[float, ...]
    shape: tuple[int, int] | None
    loss: ClassVar[str] = "squared_error"  # type: ignore[misc]
    weight_decay: ClassVar[float] = 0.0  # type: ignore[misc]

    @property
    @abstractmethod
    def widths(self) -> tuple[int, ...]:
        """Of the hidden layers."""

    @cached_property
    def target(self) -> Array:
        """M, (m, n)."""
        s = self.target_singular_values
        matrix = np.zeros(self.shape or (len(s), len(s)))
        matrix[range(len(s)), range(len(s))] = s
        return matrix

    @cached_property
    def modules(self) -> Sequence[Layer]:
        m, n = self.target.shape
        return tuple(Layer(before, after) for before, after in itertools.pairwise((n, *self.widths, m)))

    @cached_property
    def inputs(self) -> Array:
        return np.eye(self.target.shape[1])

    @cached_property
    def targets(self) -> Array:
        return self.target.T

    @property
    def factor(self) -> float:
        return float(len(self.inputs))

    @cached_property
    def domain(self) -> Array:
        return square_box(1.5 * max(self.target_singular_values) ** (1 / len(self.modules)), self.dimension)

    def product(self, x: Array) -> Array:
        """Give W_N ... W_1 of points (d, ...), lanes first, (..., m, n)."""
        return self.outputs(x).swapaxes(-1, -2)

    def critical_point(self, subset: Sequence[int]) -> Array:
        """Give the balanced critical point that keeps these singular values, (d,): each matrix has their N-th roots.

        Raises
        ------
        ValueError
            If a member of the subset is repeated or out of range, or they are more than the narrowest layer is wide.
        """
        kept = list(self._checked(subset))
        places = [kept, *([*range(len(kept))] for _ in self.widths), kept]
        roots = np.array(self.target_singular_values)[kept] ** (1 / len(self.modules))
        matrices = [np.zeros((layer.n_outputs, layer.n_inputs)) for layer in self.modules]
        for matrix, columns, rows in zip(matrices, places[:-1], places[1:], strict=True):
            matrix[rows, columns] = roots
        return self.joined([Weights(matrix, None) for matrix in matrices])

    def critical_subset(self, subset: Sequence[int]) -> CriticalSubset:
        """Give loss and index of the critical manifold that keeps these singular values; errors as in `critical_point`."""
        return critical_subset(self.target_singular_values, self._checked(subset), self.widths)

    def critical_subsets(self) -> tuple[CriticalSubset, ...]:
        """Give every critical manifold, those that keep fewest singular values first."""
        return critical_subsets(self.target_singular_values, self.widths)

    def spectrum(self, subset: Sequence[int]) -> Array:
        """Give the eigenvalues of the Hessian at `critical_point`, ascending, (d,); errors as there."""
        return balanced_spectrum(self.target_singular_values, self._checked(subset), self.widths, self.target.shape)

    @cached_property
    def representatives(self) -> Sequence[CriticalPoint]:
        """The balanced critical point of each manifold, named by its subset."""
        return manifold_points(self.target_singular_values, self.widths, self.critical_point, self._nullity)

    def _checked(self, subset: Sequence[int]) -> Subset:
        return checked_subset(subset, len(self.target_singular_values), min(self.widths))

    def _nullity(self, subset: Subset) -> int:
        return int((self.spectrum(subset) == 0).sum())

    @property
    def expression_text(self) -> str | None:
        paths = math.prod(layer.n_inputs for layer in self.modules) * self.target.shape[0]
        if paths > LONGEST_TEXT or self.dimension > MOST_VARIABLES:
            return None
        parts, place = list[list[list[str]]](), iter(self.variables)
        for n, m, *_ in self.modules:
            parts.append([[next(place) for _ in range(n)] for _ in range(m)])
        rows = parts[0]
        for matrix in parts[1:]:
            columns = list(zip(*rows, strict=True))
            rows = [
                ["(" + " + ".join(map("*".join, zip(row, column, strict=True))) + ")" for column in columns]
                for row in matrix
            ]
        entries = zip(itertools.chain(*rows), self.target.ravel().tolist(), strict=True)
        return f"({' + '.join(f'({entry} - {value!r})**2' for entry, value in entries)})/2"


def _check_target(network: LinearNetwork) -> None:
    s, shape = network.target_singular_values, network.shape
    if min(s) <= 0:
        raise ValueError(f"target_singular_values={s}: each must be positive; those that are 0 follow from shape")
    if shape and min(shape) < len(s):
        raise ValueError(f"shape={shape} has no place for {len(s)} singular values")
    m, n = shape or (len(s), len(s))
    if told := excess("a square of its longer side", max(m, n) ** 2):
        raise ValueError(f"shape={(m, n)}: {told}; choose a smaller one")
    network.check_size()


@declared
class TwoLayerLinearNetwork(LinearNetwork):
    """Two linear layers fitted to a matrix: every wrong choice of modes is a strict saddle, and training passes them in turn.

    ``f(x) = 1/2 |W_2 W_1 - M|_F^2``, M diagonal. Usual domain: half as wide again as the largest entry of a balanced minimum.

    Critical points: W_2 W_1 is M with a subset I of its singular values kept, k = |I| <= hidden. The loss is
    1/2 sum_{i not in I} s_i^2 and the index #{(i, j): i not in I, j in I, s_i > s_j} + (hidden - k) (r - k), r the number of
    positive s. `critical_point`, `critical_subsets` and `spectrum` have all of it. What is not a minimum is a strict saddle.

    Parameters
    ----------
    target_singular_values : tuple of float, > 0
        The singular values of M that are not 0.
    hidden : int
        Units of the hidden layer.
    shape : (int, int), optional
        The shape (m, n) of M, m outputs and n inputs; by default it is square and regular.
    """

    target_singular_values: Vector = (3.0, 2.0, 1.0)
    hidden: Size = 3
    shape: tuple[Size, Size] | None = None

    formula: ClassVar[str] = "1/2 |W_2 W_1 - M|_F^2, M (m x n) of the singular values given"
    source: ClassVar[str] = (
        "Baldi, Hornik, Neural Networks and Principal Component Analysis: Learning from Examples Without Local Minima (1989)"
    )
    dimension_rule: ClassVar[str] = "(m + n) hidden, M being m x n"
    critical_set: ClassVar[str] = (
        "A manifold for each set of at most `hidden` singular values, W_2 W_1 being M with only these kept; `representatives` "
        "has a point of each. Those that keep the largest are the minima, all others strict saddles."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "scaling", "permutation", "sign")

    def __post_init__(self) -> None:
        _check_target(self)

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.hidden,)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(target_singular_values=(2.0, 1.0), hidden=1),
            cls(target_singular_values=(2.0, 2.0, 1.0), hidden=2, shape=(3, 4)),
            cls(target_singular_values=(1.5,), hidden=2, shape=(1, 2)),
        )


@declared
class DeepLinearNetwork(LinearNetwork):
    """Three or more linear layers fitted to a matrix: beyond two, the origin is a saddle at which the Hessian is zero.

    ``f(x) = 1/2 |W_N ... W_1 - M|_F^2``, M diagonal. Usual domain: half as wide again as the largest entry of a balanced
    minimum. Every local minimum is global, and every other critical point a saddle (Kawaguchi 2016).

    Critical points: W_N ... W_1 is M with a subset I of its singular values kept, at most as many as the narrowest layer is wide
    (Achour, Malgouyres, Gerchinovitz 2024). The loss is 1/2 sum_{i not in I} s_i^2. `critical_point` is balanced: each layer has
    the roots s_j^(1/N). For N > 2 its index is #{(i, j): i not in I, j in I, s_i > s_j}, so it is no strict saddle where I is
    the largest values but fewer than can be; at other points of the same product there may be negative eigenvalues.

    Parameters
    ----------
    target_singular_values : tuple of float, > 0
        The singular values of M that are not 0.
    hidden : tuple of int
        Units of each hidden layer, first to last.
    shape : (int, int), optional
        The shape (m, n) of M, m outputs and n inputs; by default it is square and regular.
    """

    target_singular_values: Vector = (3.0, 2.0, 1.0)
    hidden: Annotated[tuple[Size, ...], Field(min_length=1)] = (3, 3)
    shape: tuple[Size, Size] | None = None

    formula: ClassVar[str] = "1/2 |W_N ... W_1 - M|_F^2, M (m x n) of the singular values given"
    source: ClassVar[str] = "Kawaguchi, Deep Learning without Poor Local Minima (2016)"
    dimension_rule: ClassVar[str] = "sum of the products of neighbouring widths"
    critical_set: ClassVar[str] = (
        "A set for each set of at most as many singular values as the narrowest layer is wide, the product being M with only "
        "these kept; `representatives` has the balanced point of each. Those that keep the largest, as many as can be, are the "
        "minima, all others saddles, not all of them strict: beyond two layers the Hessian is zero at the origin."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "scaling", "permutation", "sign")

    def __post_init__(self) -> None:
        _check_target(self)

    @property
    def widths(self) -> tuple[int, ...]:
        return self.hidden

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(target_singular_values=(2.0,), hidden=(1, 2), shape=(1, 2)),
            cls(target_singular_values=(2.0, 1.0), hidden=(2, 3, 2), shape=(2, 3)),
        )


@declared
class ScalarChain(LinearNetwork):
    """One linear unit a layer: the smallest deep network, with the origin for its only kind of saddle, flatter the deeper it is.

    ``f(x) = 1/2 (x_1 x_2 ... x_N - s)^2``. Usual domain: half as wide again as a balanced minimum. The minima are all points with
    x_1 ... x_N = s; all other critical points have at least two components 0, and value s^2 / 2. Where exactly two are 0 the
    saddle is strict, eigenvalues +-s times the product of the others; with three or more the Hessian is zero.

    Parameters
    ----------
    depth : int, >= 2
        N.
    target : float, > 0
        s.
    """

    depth: Annotated[Size, Field(ge=2)] = 3
    target_value: Positive = Field(default=1.0, alias="target")

    formula: ClassVar[str] = "1/2 (x_1 x_2 ... x_N - s)^2"
    source: ClassVar[str] = "Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning (2014)"
    dimension_rule: ClassVar[str] = "any depth N >= 2"
    critical_set: ClassVar[str] = (
        "The minima x_1 ... x_N = s, and the saddles, all points of which two components or more are 0."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("permutation", "sign", "scaling")
    shape: ClassVar[None] = None  # type: ignore[misc]

    @property
    def target_singular_values(self) -> tuple[float, ...]:  # type: ignore[override]
        return (self.target_value,)

    @property
    def widths(self) -> tuple[int, ...]:
        return (1,) * (self.depth - 1)

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give the chain of n units."""
        return cls(depth=n) if n >= 2 else None

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(depth=2, target=2.0), cls(depth=5, target=1.5))
