"""Calculus: a checked tree -> SymPy, and its derivatives. The only module besides code.py that imports SymPy.

|u| is a function of our own here, for SymPy's has derivatives in the sense of distributions: ours has none where u = 0.
"""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from saddlesim.expressions.syntax import ExpressionError, Syntax, parse

Multiindex = tuple[int, ...]  # the components that are differentiated by, ascending


class Kink(sympy.Function):  # type: ignore[misc]
    """The derivative of `Sign`: 0, and undefined at 0."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Differentiate."""
        return Kink(self.args[0])

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return _raised(rf"\operatorname{{sgn}}'\left({printer._print(self.args[0])}\right)", exp)


class Sign(sympy.Function):  # type: ignore[misc]
    """The derivative of `Modulus`: -1 or 1, and undefined at 0."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Differentiate."""
        return Kink(self.args[0])

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return _raised(rf"\operatorname{{sgn}}\left({printer._print(self.args[0])}\right)", exp)


class Modulus(sympy.Function):  # type: ignore[misc]
    """|u|."""

    @classmethod
    def eval(cls, argument: Any) -> Any:
        """Take a number's at once."""
        return sympy.Abs(argument) if argument.is_number else None

    def fdiff(self, argindex: int = 1) -> Any:
        """Differentiate."""
        return Sign(self.args[0])

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return _raised(rf"\left|{printer._print(self.args[0])}\right|", exp)


def _raised(told: str, exponent: Any) -> str:
    return told if exponent is None else f"{told}^{{{exponent}}}"


_FUNCTIONS = {
    **{name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "atan": sympy.atan,
    "atan2": sympy.atan2,
    "abs": Modulus,
}
_CONSTANTS = {"pi": sympy.pi, "e": sympy.E}
_KNOWN = (sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan)


def symbols(dimension: int) -> tuple[Any, ...]:
    """Give the symbols that stand for the components, whatever the user calls them."""
    return tuple(sympy.Symbol(f"x{i}") for i in range(dimension))


def directions(dimension: int) -> tuple[Any, ...]:
    """Give the symbols that stand for the components of a direction."""
    return tuple(sympy.Symbol(f"v{i}") for i in range(dimension))


@functools.lru_cache(maxsize=256)
def derivatives(
    text: str, variables: tuple[str, ...], parameters: tuple[tuple[str, float], ...], order: int
) -> Mapping[Multiindex, Any]:
    """Give the partial derivatives of an order, one for each ascending multi-index; for order 0 the function at ()."""
    if order == 0:
        return {(): _expression(parse(text, variables, dict(parameters)))}
    lower = derivatives(text, variables, parameters, order - 1)
    by = symbols(len(variables))
    wanted = itertools.combinations_with_replacement(range(len(variables)), order)
    return {index: lower[index[:-1]].diff(by[index[-1]]) for index in wanted}


def latex(expression: Any, variables: Sequence[str]) -> str:
    """Write an expression in LaTeX, with the user's names."""
    names = {
        symbol: sympy.latex(sympy.Symbol(name)) for symbol, name in zip(symbols(len(variables)), variables, strict=True)
    }
    return str(sympy.latex(expression, symbol_names=names))


def _expression(syntax: Syntax) -> Any:
    names = dict(zip(syntax.variables, symbols(len(syntax.variables)), strict=True))
    made = _made(syntax, syntax.tree, names)
    made = made.replace(sympy.cot, lambda u: sympy.cos(u) / sympy.sin(u))  # which SymPy makes of tan(u + pi/2)
    odd = made.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo) or [
        each for each in made.atoms(sympy.Function) if not isinstance(each, (*_KNOWN, sympy.atan2, Modulus))
    ]
    if odd:
        raise ExpressionError("not real anywhere, or not finite", syntax.offset + 1, syntax.text)
    return made


def _made(syntax: Syntax, node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Make SymPy's of a node that has passed; a decimal is the exact fraction that it says."""
    match node:
        case ast.Constant():
            return sympy.Rational(syntax.spelt(node))
        case ast.Name(id=name):
            if name in names:
                return names[name]
            if name in syntax.parameters:
                return sympy.Rational(repr(float(syntax.parameters[name])))
            return _CONSTANTS[name]
        case ast.UnaryOp(operand=operand):
            made = _made(syntax, operand, names)
            return -made if isinstance(node.op, ast.USub) else made
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_made(syntax, each, names) for each in arguments))
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return sympy.Add(*_terms(syntax, node, names))
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return _row(syntax, node, names)
        case ast.BinOp(left=left, right=right):
            return _made(syntax, left, names) ** _made(syntax, right, names)
    raise TypeError(f"{type(node).__name__} has not been checked")


def _terms(syntax: Syntax, node: ast.expr, names: Mapping[str, Any]) -> list[Any]:
    """Give the terms of a sum, all at once: adding them one by one would take time quadratic in their number."""
    terms = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = _made(syntax, node.right, names)
        terms.append(-right if isinstance(node.op, ast.Sub) else right)
        node = node.left
    return [_made(syntax, node, names), *reversed(terms)]


def _row(syntax: Syntax, node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Multiply and divide what stands in a row."""
    rest = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        rest.append((node.op, _made(syntax, node.right, names)))
        node = node.left
    made = _made(syntax, node, names)
    for op, right in reversed(rest):
        made = made * right if isinstance(op, ast.Mult) else made / right
    return made
