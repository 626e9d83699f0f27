"""Checking: the walk over a syntax tree that refuses what is not allowed, and knows the value of whatever is constant."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

from saddlesim.expressions.growth import NUMBER, Growth, variable
from saddlesim.expressions.syntax import CONSTANTS, FUNCTIONS, ExpressionError, Syntax, TooLargeError

DEEPEST = 60  # levels; a chain of sums or of products is one
LONGEST_ROW = 2000  # operations
LARGEST_EXPONENT = 100
LARGEST_DEGREE = 1000
LARGEST_NUMBER = 1024  # bits of numerator and denominator together
HYPERBOLIC = ("sinh", "cosh", "tanh")
MOST_HYPERBOLIC = 7  # in each other
MOST_WORK = 250_000  # factors that the Hessian is made of; they take some seconds

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
    ast.List: "a list",
    ast.Set: "a set",
    ast.Dict: "a mapping",
    ast.Call: "what a call gives",
    ast.JoinedStr: "text in quotes",
    ast.Starred: "a star",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.NamedExpr: "an assignment",
}


class Known(NamedTuple):
    """What is known of a subexpression.

    Attributes
    ----------
    value : float, optional
        None where a variable stands in it.
    bits : float
        A bound on what the value takes exactly.
    growth : Growth
    """

    value: float | None
    bits: float
    growth: Growth = NUMBER


class Check:
    """The walk over a tree."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.places = {name: place for place, name in enumerate(syntax.variables)}

    def known(self, node: ast.expr, depth: int = 0) -> Known:
        """Check a node and all below it; give what is known of it.

        Raises
        ------
        ExpressionError
            With the column of the first thing that is not allowed.
        """
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
                return inner if inner.value is None else inner._replace(value=sign * inner.value)
            case ast.BinOp():
                return self.chain(node, depth)
            case ast.Call():
                return self.call(node, depth)
        return self.refuse(node, f"{_called(node)} is not allowed; only + - * / **, numbers, names and functions")

    def number(self, node: ast.Constant) -> Known:
        spelt = self.syntax.spelt(node)
        if node.value is None or node.value is ... or isinstance(node.value, bool | str | bytes):
            told = "text in quotes" if isinstance(node.value, str | bytes) else spelt
            self.refuse(node, f"{told} is not allowed; only + - * / **, numbers, names and functions")
        if not re.fullmatch(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", spelt):
            self.refuse(node, f"{spelt[:40]} is no decimal number")
        mantissa, _, exponent = spelt.lower().partition("e")
        bits = 4 * len(mantissa) + 4 * abs(int(exponent or 0))
        return self.finite(node, lambda: float(spelt), bits)

    def name(self, node: ast.Name) -> Known:
        if node.id in self.places:
            return Known(None, 0, variable(self.places[node.id]))
        if node.id in self.syntax.parameters:
            return self.finite(node, lambda: float(self.syntax.parameters[node.id]), 128)
        if node.id in CONSTANTS:
            return Known(CONSTANTS[node.id], 64)
        if node.id in FUNCTIONS:
            self.refuse(node, f"the function {node.id} has no argument; write {node.id}(...)")
        known = (*self.syntax.variables, *self.syntax.parameters, *CONSTANTS)
        return self.refuse(node, f"unknown name {node.id!r}; known: {', '.join(known)}")

    def chain(self, node: ast.BinOp, depth: int) -> Known:
        """Check operators that stand in a row, as in a + b - c + d, without a level for each."""
        links = [node]
        while isinstance(links[-1].left, ast.BinOp) and not isinstance(links[-1].op, ast.Pow):
            links.append(links[-1].left)
        if len(links) > LONGEST_ROW:
            told = f"{len(links)} operations in a row; at most {LONGEST_ROW}, so put parts in parentheses"
            self.refuse(node, told)
        left = self.known(links[-1].left, depth + 1)
        for link in reversed(links):
            left = self.operation(link, left, self.known(link.right, depth + 1))
        return left

    def operation(self, node: ast.BinOp, left: Known, right: Known) -> Known:
        apply = _OPERATORS.get(type(node.op))
        if apply is None:
            told = "only + - * / ** are operators here"
            self.refuse(node, _INSTEAD.get(type(node.op), told), after=node.left)
        power = isinstance(node.op, ast.Pow)
        if power and right.value is not None and abs(right.value) > LARGEST_EXPONENT:
            self.refuse(node.right, f"an exponent of {right.value:.4g}; at most {LARGEST_EXPONENT} in size")
        if isinstance(node.op, ast.Div) and right.value == 0:
            self.refuse(node.right, "division by zero")
        if power and right.value is None and left.value is not None and left.value <= 0:
            spelt = self.syntax.spelt(node.left)[:40]
            self.refuse(node.left, f"{spelt} to a power that varies; what is raised to it must be positive")
        if left.value is None or right.value is None:
            return Known(None, 0, self.bounded(node, _grown(node.op, left, right)))
        x, y = left.value, right.value
        return self.finite(node, lambda: apply(x, y), left.bits * max(1.0, abs(y)) if power else left.bits + right.bits)

    def call(self, node: ast.Call, depth: int) -> Known:
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func, f"{_called(node.func)} is not allowed; {_functions()}")
        name = node.func.id
        if name not in FUNCTIONS:
            self.refuse(node.func, f"the function {name!r} is not allowed; {_functions()}")
        wanted = 2 if name == "atan2" else 1
        if node.keywords or any(isinstance(each, ast.Starred) for each in node.args) or len(node.args) != wanted:
            self.refuse(node, f"{name} takes {wanted} argument{'s' * (wanted > 1)}, and nothing else")
        given = [self.known(each, depth + 1) for each in node.args]
        values = [each.value for each in given if each.value is not None]
        if len(values) == len(given):
            return self.finite(node, lambda: FUNCTIONS[name](*values), 64)
        inner = given[0].growth if len(given) == 1 else given[0].growth.times(given[1].growth)
        deep = inner.hyperbolic + (name in HYPERBOLIC)
        if deep > MOST_HYPERBOLIC:
            self.refuse(
                node, f"{', '.join(HYPERBOLIC)} more than {MOST_HYPERBOLIC} deep in each other; write it flatter"
            )
        return Known(None, 0, self.bounded(node, inner.of(1)._replace(hyperbolic=deep)))

    def finite(self, node: ast.expr, compute: Callable[[], float], bits: float) -> Known:
        try:
            value = compute()
        except (ArithmeticError, ValueError):
            value = math.nan
        if isinstance(value, complex) or not math.isfinite(value):
            self.refuse(node, f"{self.syntax.spelt(node)[:40]} is no finite real number")
        if bits > LARGEST_NUMBER:
            self.refuse(node, f"{self.syntax.spelt(node)[:40]} takes more than {LARGEST_NUMBER} bits; write it shorter")
        return Known(value, bits)

    def bounded(self, node: ast.expr, growth: Growth) -> Growth:
        if growth.degree > LARGEST_DEGREE:
            self.refuse(node, f"of degree {growth.degree}, powers of powers multiplied; at most {LARGEST_DEGREE}")
        if growth.work > MOST_WORK:
            told = f"its second derivatives would hold {growth.work} factors; at most {MOST_WORK}"
            told += "; write it shorter, or with fewer variables"
            raise TooLargeError(told, self.syntax.column(node), self.syntax.text)
        return growth

    def refuse(self, node: ast.expr, told: str, after: ast.expr | None = None) -> NoReturn:
        column = self.syntax.column(node)
        if after is not None:
            end = self.syntax.offset + (after.end_col_offset or 0)
            rest = self.syntax.text[end:]
            column = end + 1 + len(rest) - len(rest.lstrip(" )"))
        raise ExpressionError(told, column, self.syntax.text)


def _grown(op: ast.operator, left: Known, right: Known) -> Growth:
    """Give the growth of an operation, one of whose sides varies at least."""
    if isinstance(op, ast.Add | ast.Sub):
        return left.growth.plus(right.growth)
    if isinstance(op, ast.Mult | ast.Div):
        return left.growth.times(right.growth)
    if right.value is None:
        return left.growth.times(right.growth).of(max(left.growth.degree, right.growth.degree))
    return left.growth.of(left.growth.degree * max(1, math.ceil(abs(right.value))), left.growth.width)


def _called(node: ast.expr) -> str:
    """Name what is not allowed."""
    if isinstance(node, ast.UnaryOp):
        return "not" if isinstance(node.op, ast.Not) else "~"
    return next((words for kind, words in _REFUSED.items() if isinstance(node, kind)), "this")


def _functions() -> str:
    return f"functions: {', '.join(FUNCTIONS)}"
