"""Reading: text -> a checked Python syntax tree. Nothing of the text is executed, and SymPy is not needed.

An allow-list of nodes, names and functions, with bounds on length, depth, exponents, degree and the size of numbers. What is
refused is told with its column.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import warnings
from collections.abc import Iterable, Mapping

from saddlesim.expressions.checking import LONGEST_ROW, Check
from saddlesim.expressions.syntax import CONSTANTS, FUNCTIONS, MOST_VARIABLES, ExpressionError, Syntax

LONGEST = 10_000  # characters


def parse(text: str, variables: Iterable[str] | None = None, parameters: Mapping[str, float] | None = None) -> Syntax:
    """Check a text.

    Parameters
    ----------
    text : str
    variables : iterable of str, optional
        The names of the components, in order. By default those names in the text that are a single letter, or one with a
        number, such as ``x``, ``y``, ``x1``, ``x_10``, in the order of letters and numbers.
    parameters : mapping of str to float, optional
        Names that stand for numbers.

    Raises
    ------
    ExpressionError
        With the column of the first thing that is not allowed.
    TypeError
        If `text` is none.
    """
    if not isinstance(text, str):
        raise TypeError(f"{text!r:.60} is no text; give the expression as a str")
    line = re.sub(r"[\t\r\n]", " ", text[: LONGEST + 1])
    stripped = line.lstrip(" ")
    offset = len(line) - len(stripped)
    if len(text) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters; write it shorter", LONGEST + 1, line)
    if odd := re.search(r"[^ -~]|#", line):
        raise ExpressionError(f"the character {odd[0]!a} is not allowed; ASCII only", odd.start() + 1, line)
    parameters = dict(parameters or {})
    tree = _tree(stripped, offset, line)
    names = None if variables is None else tuple(variables)
    if names is None:
        names = _variables_in(tree, parameters)
    syntax = Syntax(line, tree, offset, names, parameters)
    _check_names(syntax)
    Check(syntax).known(tree)
    if not names:
        raise ExpressionError("no variable stands in it; name them by variables", offset + 1, line)
    return syntax


def _tree(text: str, offset: int, line: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on what it reads is not for us
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        column = offset + min(error.offset or len(text) + 1, len(text) + 1)  # 0 is Python's word for the end
        told = error.msg if text else "empty"
        raise ExpressionError(f"no expression: {told}", column, line) from None
    except (RecursionError, MemoryError):
        told = f"nested too deep, or more than {LONGEST_ROW} operations in a row; write it flatter, or put parts in parentheses"
        raise ExpressionError(told, offset + 1, line) from None


def _variables_in(tree: ast.expr, parameters: Mapping[str, float]) -> tuple[str, ...]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - parameters.keys() - CONSTANTS.keys()
    alike = (re.fullmatch(r"([A-Za-z])_?(\d{0,9})", name) for name in names)
    return tuple(match[0] for match in sorted(filter(None, alike), key=lambda match: (match[1], int(match[2] or -1))))


def _check_names(syntax: Syntax) -> None:
    """Refuse names that would hide another, before any stands in a message as if it were a variable."""
    names = (*syntax.variables, *syntax.parameters)
    for name in names:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", name) or keyword.iskeyword(name):
            told = f"{name!a} is no name; a letter, then letters, digits or _, at most 32"
        elif name in FUNCTIONS or name in CONSTANTS:
            told = f"{name!r} is a {'function' if name in FUNCTIONS else 'constant'} and names no variable or parameter"
        elif hasattr(builtins, name):
            told = f"{name!r} is a name of Python's own; take another"
        elif names.count(name) > 1:
            told = f"{name!r} is named twice; once is enough"
        else:
            continue
        raise ExpressionError(told, _column_of_name(syntax, name), syntax.text)
    if len(syntax.variables) > MOST_VARIABLES:
        told = f"{len(syntax.variables)} variables; at most {MOST_VARIABLES}"
        raise ExpressionError(told, syntax.offset + 1, syntax.text)


def _column_of_name(syntax: Syntax, name: str) -> int:
    found = [node.col_offset for node in ast.walk(syntax.tree) if isinstance(node, ast.Name) and node.id == name]
    return syntax.offset + min(found, default=0) + 1
