"""Syntax: the names of the language, a text that has passed as a Python syntax tree, and the error that tells a column.

How a text is read is in `reading`, what passes in `checking`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "atan": math.atan,
    "atan2": math.atan2,
    "abs": abs,
}
CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}

MOST_VARIABLES = 100


class ExpressionError(ValueError):
    """Why a text is no expression, and where.

    Attributes
    ----------
    told : str
        What is wrong, in one line.
    column : int
        The character that it is wrong at, from 1.
    """

    def __init__(self, told: str, column: int, text: str = "") -> None:
        super().__init__(told, column, text)
        self.told, self.column, self.text = told, column, text

    def __str__(self) -> str:
        begin = max(0, self.column - 60)
        line = re.sub(r"\s", " ", self.text[begin : begin + 100])
        return f"column {self.column}: {self.told}" + (
            f"\n    {line}\n    {' ' * (self.column - 1 - begin)}^" * bool(line)
        )


class TooLargeError(ExpressionError):
    """A text whose derivatives would be too much to write down."""


@dataclass(frozen=True)
class Syntax:
    """A text that has passed.

    Attributes
    ----------
    text : str
        On one line, as long as it was.
    tree : ast.expr
        Only of nodes that `calculus` knows; its column offsets count from `offset`.
    variables : tuple of str
        In the order of the components.
    parameters : mapping of name to number
    """

    text: str
    tree: ast.expr = field(repr=False)
    offset: int
    variables: tuple[str, ...]
    parameters: Mapping[str, float]

    def spelt(self, node: ast.expr) -> str:
        """Give the text of a node."""
        return self.text[self.offset + node.col_offset : self.offset + (node.end_col_offset or 0)]

    def column(self, node: ast.expr) -> int:
        """Give the column of a node, from 1."""
        return self.offset + node.col_offset + 1
