"""Expressions: text -> checked syntax tree -> SymPy -> code on arrays or other numbers, and LaTeX.

`syntax` refuses what is not allowed, `calculus` differentiates, `code` writes and compiles, `formula` is what others use.
"""

from saddlesim.expressions.formula import Formula
from saddlesim.expressions.syntax import FUNCTIONS, ExpressionError

__all__ = ["FUNCTIONS", "ExpressionError", "Formula"]
