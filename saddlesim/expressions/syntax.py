"""Syntax: text -> a checked Python syntax tree. Nothing of the text is executed, and SymPy is not needed.

An allow-list of nodes, names and functions, with bounds on length, depth, exponents and the size of numbers. What is
refused is told with its column.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

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

LONGEST = 10_000  # characters
DEEPEST = 60  # levels; a chain of sums or of products is one
LARGEST_EXPONENT = 100
LARGEST_NUMBER = 1024  # bits of numerator and denominator together
MOST_VARIABLES = 100

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_INSTEAD = {ast.BitXor: "'^' is no power here; write **", ast.FloorDiv: "'//' is not allowed; write /"}
_REFUSED = {
    ast.Attribute: "attribute access",
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Subscript: "an index in brackets",
    ast.Compare: "a comparison",
    ast.BoolOp: "and, or",
    ast.IfExp: "a condition",
    ast.Tuple: "a comma",
    ast.JoinedStr: "text in quotes",
}


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


@dataclass(frozen=True)
class Syntax:
    """A text that has passed.

    Attributes
    ----------
    text : str
        On one line, as long as it was.
    tree : ast.expr
        Only of nodes that `formula` knows; its column offsets count from `offset`.
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
    """
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
    _Check(syntax).known(tree, 0)
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
        raise ExpressionError("nested too deep, or too long in a row; write it flatter", offset + 1, line) from None


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


class _Known(NamedTuple):
    """The value of a subexpression without variables, and a bound on the bits that it takes exactly."""

    value: float
    bits: float


class _Check:
    """The walk over a tree: refuses, and knows the value of whatever is constant."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax

    def known(self, node: ast.expr, depth: int) -> _Known | None:
        """Check a node and all below it; give its value if it is constant."""
        if depth > DEEPEST:
            self.refuse(node, f"nested deeper than {DEEPEST} levels; write it flatter")
        match node:
            case ast.Constant():
                return self.number(node)
            case ast.Name():
                return self.name(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                inner = self.known(node.operand, depth + 1)
                sign = -1 if isinstance(node.op, ast.USub) else 1
                return inner and _Known(sign * inner.value, inner.bits)
            case ast.BinOp():
                return self.chain(node, depth)
            case ast.Call():
                return self.call(node, depth)
        told = next((words for kind, words in _REFUSED.items() if isinstance(node, kind)), "this")
        return self.refuse(node, f"{told} is not allowed; only + - * / **, numbers, names and functions")

    def number(self, node: ast.Constant) -> _Known:
        spelt = self.syntax.spelt(node)
        if not re.fullmatch(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", spelt):
            self.refuse(node, f"{spelt[:40]} is no decimal number")
        mantissa, _, exponent = spelt.lower().partition("e")
        bits = 4 * len(mantissa) + 4 * abs(int(exponent or 0))
        return self.finite(node, lambda: float(spelt), bits)

    def name(self, node: ast.Name) -> _Known | None:
        if node.id in self.syntax.variables:
            return None
        if node.id in self.syntax.parameters:
            return self.finite(node, lambda: float(self.syntax.parameters[node.id]), 128)
        if node.id in CONSTANTS:
            return _Known(CONSTANTS[node.id], 64)
        if node.id in FUNCTIONS:
            self.refuse(node, f"the function {node.id} has no argument; write {node.id}(...)")
        return self.refuse(node, f"unknown name {node.id!r}; known: {', '.join(self.names())}")

    def names(self) -> tuple[str, ...]:
        return (*self.syntax.variables, *self.syntax.parameters, *CONSTANTS)

    def chain(self, node: ast.BinOp, depth: int) -> _Known | None:
        """Check operators that stand in a row, as in a + b - c + d, without a level for each."""
        links = [node]
        while isinstance(links[-1].left, ast.BinOp) and not isinstance(links[-1].op, ast.Pow):
            links.append(links[-1].left)
        left = self.known(links[-1].left, depth + 1)
        for link in reversed(links):
            left = self.operation(link, left, self.known(link.right, depth + 1))
        return left

    def operation(self, node: ast.BinOp, left: _Known | None, right: _Known | None) -> _Known | None:
        apply = _OPERATORS.get(type(node.op))
        if apply is None:
            told = "only + - * / ** are operators here"
            self.refuse(node, _INSTEAD.get(type(node.op), told), after=node.left)
        power = isinstance(node.op, ast.Pow)
        if power and right and abs(right.value) > LARGEST_EXPONENT:
            self.refuse(node.right, f"an exponent of {right.value:.4g}; at most {LARGEST_EXPONENT} in size")
        if isinstance(node.op, ast.Div) and right and right.value == 0:
            self.refuse(node.right, "division by zero")
        if left is None or right is None:
            return None
        bits = left.bits * max(1.0, abs(right.value)) if power else left.bits + right.bits
        return self.finite(node, lambda: apply(left.value, right.value), bits)

    def call(self, node: ast.Call, depth: int) -> _Known | None:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS:
            told = "attribute access" if isinstance(node.func, ast.Attribute) else f"the function {name!r}"
            self.refuse(node.func, f"{told if name or 'attr' in told else 'this'} is not allowed; {self.functions()}")
        wanted = 2 if name == "atan2" else 1
        if node.keywords or any(isinstance(each, ast.Starred) for each in node.args) or len(node.args) != wanted:
            self.refuse(node, f"{name} takes {wanted} argument{'s' * (wanted > 1)}, and nothing else")
        given = [self.known(each, depth + 1) for each in node.args]
        if None in given:
            return None
        return self.finite(node, lambda: FUNCTIONS[str(name)](*(each.value for each in given if each)), 64)

    def functions(self) -> str:
        return f"functions: {', '.join(FUNCTIONS)}"

    def finite(self, node: ast.expr, compute: Callable[[], float], bits: float) -> _Known:
        try:
            value = compute()
        except (ArithmeticError, ValueError):
            value = math.nan
        if isinstance(value, complex) or not math.isfinite(value):
            self.refuse(node, f"{self.syntax.spelt(node)[:40]} is no finite real number")
        if bits > LARGEST_NUMBER:
            self.refuse(node, f"{self.syntax.spelt(node)[:40]} takes more than {LARGEST_NUMBER} bits; write it shorter")
        return _Known(value, bits)

    def refuse(self, node: ast.expr, told: str, after: ast.expr | None = None) -> NoReturn:
        column = self.syntax.offset + node.col_offset + 1
        if after is not None:
            end = self.syntax.offset + (after.end_col_offset or 0)
            rest = self.syntax.text[end:]
            column = end + 1 + len(rest) - len(rest.lstrip(" )"))
        raise ExpressionError(told, column, self.syntax.text)
