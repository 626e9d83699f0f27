"""What an objective is: the protocol that anyone's object may meet, and the base class of the library's own.

Not here: particular functions (each family has its file) and whatever descends them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.expressions import Formula, TooLargeError
from saddlesim.expressions.syntax import MOST_VARIABLES
from saddlesim.objectives import tables
from saddlesim.objectives.critical_point import CriticalPoint as CriticalPoint  # most who need a base need it, too
from saddlesim.parameters import call_text, field_names
from saddlesim.registry import snake_case
from saddlesim.spectrum import classify, eigenvalues

Array = NDArray[Any]  # float64, or complex128 where a derivative is checked by a complex step


@runtime_checkable
class Objective(Protocol):
    """A function R^d -> R with derivatives, on points component first; an object with these three methods serves.

    Of the further attributes of `LibraryObjective`, ``dimension``, ``critical_points``, ``domain`` and
    ``hessian_product`` are used where an object has them.
    """

    def value(self, x: Array, /) -> Array:
        """Give f(x): (d, ...) -> (...)."""

    def gradient(self, x: Array, /) -> Array:
        """Give the gradient: (d, ...) -> (d, ...)."""

    def hessian(self, x: Array, /) -> Array:
        """Give the Hessian: (d, ...) -> (d, d, ...)."""


METHODS = ("value", "gradient", "hessian")


class LibraryObjective(ABC):
    """Base of the library's objectives: a static problem that knows its critical points. Calling it is `value`.

    Attributes
    ----------
    formula, source : str
        The formula in plain text, and where it comes from.
    dimension_rule : str
        Which dimensions there are, where there is more than one.
    non_smooth : str
        Where it is not twice differentiable; derivatives are nan there.
    critical_set : str
        What is known of the critical points where they are infinitely many or not all known.
    symmetries : tuple of str
        Motions that leave it as it is: translation, rotation, reflection, permutation, scaling, sign.
    """

    formula: ClassVar[str]
    source: ClassVar[str]
    dimension_rule: ClassVar[str] = ""
    non_smooth: ClassVar[str] = ""
    critical_set: ClassVar[str] = ""
    symmetries: ClassVar[tuple[str, ...]] = ()

    @property
    def dimension(self) -> int:
        """The number of components d."""
        return len(self.domain)

    @abstractmethod
    def value(self, x: Array) -> Array:
        """Give f(x): (d, ...) -> (...)."""

    @abstractmethod
    def gradient(self, x: Array) -> Array:
        """Give the gradient: (d, ...) -> (d, ...)."""

    @abstractmethod
    def hessian(self, x: Array) -> Array:
        """Give the Hessian: (d, ...) -> (d, d, ...)."""

    def hessian_product(self, x: Array, v: Array) -> Array:
        """Give the Hessian at x times v: (d, ...), (d, ...) -> (d, ...)."""
        return np.asarray(np.einsum("ij...,j...->i...", self.hessian(x), self.points(v, "v")))

    def __call__(self, x: Array) -> Array:
        return self.value(x)

    @cached_property
    @abstractmethod
    def domain(self) -> Array:
        """The usual box, (d, 2)."""

    @cached_property
    def critical_points(self) -> Sequence[CriticalPoint] | None:
        """The known critical points, or None where they are infinitely many or unknown; by default those of its table."""
        return self.table.points if self.table else None

    @property
    def representatives(self) -> Sequence[CriticalPoint] | None:
        """One critical point of each known manifold of them, where they are not isolated; kinds and indices are its own."""
        return None

    @property
    def critical_points_complete(self) -> bool:
        """Whether `critical_points` is all of them in the domain, by proof."""
        return self.table is not None and self.table.complete

    @property
    def table(self) -> tables.Table | None:
        """The table of its critical points, with provenance and accuracy, where they are kept as data."""
        return tables.table(type(self).__module__.rpartition(".")[2], self.table_key)

    @property
    def table_key(self) -> str:
        """The name of its table; classes with fields say more than the registry key, which is the default."""
        return snake_case(type(self).__name__)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the components, as `expression_text` has them."""
        return tuple(f"x{i}" for i in range(1, self.dimension + 1))

    @property
    def expression_text(self) -> str | None:
        """The formula in the language of expressions/, over `variables`; None where it has none."""
        return None

    @cached_property
    def function(self) -> Formula | None:
        """The `expression_text` with all its derivatives, any kind of numbers, and LaTeX; None where it is none or too large."""
        if self.expression_text is None or self.dimension > MOST_VARIABLES:
            return None
        try:
            return Formula(self.expression_text, self.variables)
        except TooLargeError:
            return None

    @classmethod
    @abstractmethod
    def examples(cls) -> tuple[Self, ...]:
        """Give the instances that tests and listings build, the default one first."""

    @classmethod
    def of_dimension(cls, n: int) -> Self | None:
        """Give the instance that has n components and is otherwise the default one; None where there is none."""
        if "dimension" not in field_names(cls):
            return next((each for each in cls.examples()[:1] if each.dimension == n), None)
        try:
            return cls(dimension=n)  # type: ignore[call-arg]
        except ValueError:
            return None

    def as_scipy(self) -> dict[str, Any]:
        """Give fun, jac, hess, hessp and bounds for `scipy.optimize.minimize`, on single points (d,).

        Examples
        --------
        >>> from scipy.optimize import minimize
        >>> from saddlesim.objectives import OBJECTIVES
        >>> problem = OBJECTIVES["himmelblau"]().as_scipy()
        >>> found = minimize(problem["fun"], [1.0, 1.0], jac=problem["jac"], hess=problem["hess"], method="trust-exact")
        >>> found.x.round(6).tolist()
        [3.0, 2.0]
        """
        return scipy_problem(self)

    def points(self, x: ArrayLike, name: str = "x") -> Array:
        """Give x as an array of floating point of shape (d, ...); messages call it by its name.

        Raises
        ------
        ValueError
            If the first axis is not d long.
        """
        array = np.asarray(x)
        if array.dtype.kind != "c":
            array = np.asarray(array, dtype=np.float64)
        if array.ndim == 0 or array.shape[0] != self.dimension:
            given = f"{array.shape[0]} components" if array.ndim else "no axis of components"
            raise ValueError(f"{name} has {given} but {self} has dimension {self.dimension}")
        return array

    def __str__(self) -> str:
        """Give the constructor call, as in ``quadratic(eigenvalues=(1.0, -1.0))``."""
        return call_text(self)


def scipy_problem(objective: Any) -> dict[str, Any]:
    """Give fun, jac, hess, hessp and bounds for `scipy.optimize.minimize`; see `LibraryObjective.as_scipy`."""
    return {
        "fun": lambda x: float(objective.value(x)),
        "jac": objective.gradient,
        "hess": objective.hessian,
        "hessp": objective.hessian_product,
        "bounds": [(float(low), float(high)) for low, high in objective.domain],
    }


def name_of(objective: Any) -> str:
    """Give what an objective calls itself; one of somebody's that has no text of its own is named by its class."""
    cls: Any = type(objective)
    if cls.__str__ is object.__str__ and cls.__repr__ is object.__repr__:
        return str(getattr(cls, "registry_key", f"{cls.__module__}:{cls.__qualname__}"))
    return str(objective)


def described_points(
    objective: LibraryObjective, positions: Iterable[ArrayLike], degenerate: str = "degenerate"
) -> tuple[CriticalPoint, ...]:
    """Make critical points of exact positions, (d,) each, by the Hessian's eigenvalues; labels number them by kind.

    Where these are silent, `degenerate` says what higher derivatives make of all such points.
    """
    points: list[CriticalPoint] = []
    for position in positions:
        x = np.array(position, dtype=np.float64)
        spectrum = classify(eigenvalues(objective.hessian(x)))
        kind = degenerate if spectrum.kind == "degenerate" else str(spectrum.kind)
        label = f"{kind}_{1 + sum(each.kind == kind for each in points)}"
        points.append(
            CriticalPoint(label, x, float(objective.value(x)), int(spectrum.index), kind, int(spectrum.nullity))
        )
    return tuple(points)


def square_box(half_width: float, dimension: int) -> Array:
    """Give the box [-half_width, half_width]^d as (d, 2)."""
    return np.tile([-half_width, half_width], (dimension, 1)).astype(np.float64)


def empty_hessian(x: Array) -> Array:
    """Give zeros of shape (d, d, ...) to fill, of the dtype of x."""
    return np.zeros((x.shape[0], *x.shape), dtype=x.dtype)
