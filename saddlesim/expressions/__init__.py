"""Expressions: text -> checked syntax tree -> SymPy -> code on arrays or other numbers, and LaTeX.

`reading` refuses what is not allowed (by `checking` and `growth`), `calculus` differentiates, `code` writes and compiles (with
proved `constants`), `formula` is what others use.
"""

from saddlesim.expressions.formula import Formula
from saddlesim.expressions.syntax import FUNCTIONS, ExpressionError, TooLargeError

__all__ = ["FUNCTIONS", "ExpressionError", "Formula", "TooLargeError"]
