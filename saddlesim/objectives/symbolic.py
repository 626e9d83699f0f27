"""Symbolic objectives: what is descended is a text, and all derivatives are made from it. `Expression` takes yours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import BeforeValidator, Field

from saddlesim.expressions import ExpressionError, Formula
from saddlesim.objectives.base import Array, LibraryObjective, square_box
from saddlesim.parameters import Real, declared
from saddlesim.problems import InvalidParameters, Problem

Box = tuple[tuple[float, float], ...]


class FormulaObjective(LibraryObjective):
    """Base of the objectives whose value and derivatives are generated from one `expression_text`."""

    @cached_property
    def function(self) -> Formula:
        """The text with all its derivatives, intervals and LaTeX."""
        return Formula(str(self.expression_text), self.variables)

    def value(self, x: Array) -> Array:
        return self.function.value(self.points(x))

    def gradient(self, x: Array) -> Array:
        return self.function.derivative(self.points(x), 1)

    def hessian(self, x: Array) -> Array:
        return self.function.derivative(self.points(x), 2)

    def hessian_product(self, x: Array, v: Array) -> Array:
        return self.function.product(self.points(x), self.points(v, "v"))


class ExpressionObjective(FormulaObjective):
    """Base of the library's functions that are one expression of fixed dimension: `formula` is the expression itself.

    Attributes
    ----------
    box : tuple of (low, high)
        The usual domain.
    """

    box: ClassVar[Box]

    @property
    def variables(self) -> tuple[str, ...]:
        return ("x", "y") if len(self.box) == 2 else super().variables

    @property
    def expression_text(self) -> str:
        return self.formula

    @cached_property
    def domain(self) -> Array:
        return np.array(self.box, dtype=np.float64)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(),)


def _pairs(value: Any) -> Any:
    """Let lists and arrays stand for tuples."""
    return tuple(map(_pairs, value)) if isinstance(value, list | tuple | np.ndarray) else value


Bounds = Annotated[tuple[tuple[Real, Real], ...], BeforeValidator(_pairs), Field(min_length=1)]
Names = Annotated[tuple[str, ...], BeforeValidator(_pairs), Field(min_length=1)]


@declared
class Expression(FormulaObjective):
    """Your own function, given as text: all derivatives are made from it, and nothing of it is executed.

    ``f`` is what the text says, by + - * / **, exp log sqrt sin cos tan sinh cosh tanh atan atan2 abs, pi and e. Its critical
    points are not known beforehand. Where an abs has its kink, derivatives are nan.

    Parameters
    ----------
    expression : str
        Such as ``x**2 - a*y**2``.
    variables : tuple of str, optional
        The names of the components, in order. By default the single letters in the text, alone or with a number, sorted.
    parameters : mapping of str to float
        Names that stand for numbers.
    domain : tuple of (low, high), optional
        The box that pictures and searches look at, (d, 2); by default [-2, 2] for each variable.
    """

    expression: str
    variable_names: Names | None = Field(default=None, alias="variables")
    parameters: dict[str, Real] = Field(default={})
    bounds: Bounds | None = Field(default=None, alias="domain")

    formula: ClassVar[str] = "what the text says"
    source: ClassVar[str] = "yours"
    dimension_rule: ClassVar[str] = "the number of variables"
    non_smooth: ClassVar[str] = "where an abs has its kink, nor where a root, a logarithm or a quotient ends"
    critical_set: ClassVar[str] = "Not known beforehand."

    def __post_init__(self) -> None:
        try:
            function = self.function
        except ExpressionError as error:
            told = f"column {error.column}: {error.told}"
            raise InvalidParameters([Problem(("expression",), told, offset=error.column - 1)]) from None
        for low, high in self.bounds or ():
            if not low < high:
                raise ValueError(f"domain has [{low}, {high}]: the first must be below the second")
        if self.bounds is not None and len(self.bounds) != function.dimension:
            raise ValueError(
                f"domain has {len(self.bounds)} intervals but there are {function.dimension} variables: "
                f"{', '.join(function.variables)}"
            )

    @cached_property
    def function(self) -> Formula:
        """The text with all its derivatives, intervals and LaTeX."""
        return Formula(self.expression, self.variable_names, self.parameters)

    @property
    def variables(self) -> tuple[str, ...]:
        return self.function.variables

    @property
    def expression_text(self) -> str:
        """The text, with numbers for its parameters."""
        named = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z][A-Za-z0-9_]*")
        return named.sub(lambda match: self._spelt(match[0]), self.expression)

    def _spelt(self, name: str) -> str:
        return f"({float(self.parameters[name])!r})" if name in self.parameters else name

    @cached_property
    def domain(self) -> Array:
        if self.bounds is None:
            return square_box(2.0, self.function.dimension)
        return np.array(self.bounds, dtype=np.float64)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(expression="(x**2 + y - 11)**2 + (x + y**2 - 7)**2", domain=((-6, 6), (-6, 6))),
            cls(expression="exp(-a*u**2)*cos(w) + sqrt(1 + u**2*w**4)/2", variables=("w", "u"), parameters={"a": 0.5}),
            cls(expression="atan2(z, 3 + x*y) + abs(x - 0.3)*tanh(z) - log(2 + y**2)**3"),
            cls(expression="t**4/4 - t**2/2", domain=((-2, 2),)),
        )


def expression(
    text: str,
    variables: Names | None = None,
    parameters: Mapping[str, float] | None = None,
    domain: Any = None,
) -> Expression:
    """Make an objective of a text.

    Parameters
    ----------
    text, variables, parameters, domain
        See `Expression`.

    Raises
    ------
    ExpressionError
        If the text is none; with the column.

    Examples
    --------
    >>> monkey = expression("x**3 - 3*x*y**2")
    >>> monkey.gradient(np.array([1.0, 2.0])).tolist()
    [-9.0, -12.0]
    """
    Formula(text, variables, parameters)
    return Expression(expression=text, variables=variables, parameters=dict(parameters or {}), domain=domain)
