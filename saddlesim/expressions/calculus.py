"""Calculus: a checked tree -> SymPy, and its derivatives. What SymPy sees to be real or finite nowhere is refused.

|u| is a function of our own here, for SymPy's has derivatives in the sense of distributions: ours has none where u = 0.
"""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy

from saddlesim.expressions.constants import enclosure
from saddlesim.expressions.reading import parse
from saddlesim.expressions.syntax import ExpressionError, Syntax

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
    known: list[dict[Any, Any]] = [{} for _ in by]
    return {index: _derivative(lower[index[:-1]], by[index[-1]], known[index[-1]]) for index in wanted}


def _derivative(expression: Any, by: Any, known: dict[Any, Any]) -> Any:
    """Differentiate, as SymPy does but each subexpression once; `known` holds those by the same symbol."""
    if expression not in known:
        known[expression] = (
            sympy.Add(*_summands(expression, by, known)) if expression.args else sympy.Integer(expression == by)
        )
    return known[expression]


def _summands(expression: Any, by: Any, known: dict[Any, Any]) -> Iterator[Any]:
    """Give what a derivative is the sum of, by the rules for sums, products, powers and functions of functions."""
    inner = [_derivative(each, by, known) for each in expression.args]
    if expression.is_Add:
        yield from inner
    elif expression.is_Pow and any(inner):
        (base, exponent), (slope, growth) = expression.args, inner
        yield expression * (growth * sympy.log(base) + slope * exponent / base)
    else:
        for place, slope in enumerate(inner):
            if slope != 0 and expression.is_Mul:
                yield sympy.Mul(*expression.args[:place], slope, *expression.args[place + 1 :])
            elif slope != 0:
                yield expression.fdiff(place + 1) * slope


def latex(expression: Any, variables: Sequence[str]) -> str:
    """Write an expression in LaTeX, with the user's names."""
    names = {
        symbol: sympy.latex(sympy.Symbol(name)) for symbol, name in zip(symbols(len(variables)), variables, strict=True)
    }
    return str(sympy.latex(expression, symbol_names=names))


def _expression(syntax: Syntax) -> Any:
    names = dict(zip(syntax.variables, symbols(len(syntax.variables)), strict=True))
    made = _checked(syntax, syntax.tree, names)
    made = made.replace(sympy.cot, lambda u: sympy.cos(u) / sympy.sin(u))  # which SymPy makes of tan(u + pi/2)
    if any(not isinstance(each, (*_KNOWN, sympy.atan2, Modulus)) for each in _calls(made)):
        raise ExpressionError("not real anywhere, or not finite", syntax.offset + 1, syntax.text)
    return made


def _calls(expression: Any) -> set[Any]:
    """Give the calls of functions in which a variable stands."""
    return {each for each in expression.atoms(sympy.Function) if each.free_symbols}


def _checked(syntax: Syntax, node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Make SymPy's of a node, and refuse it if it is finite and real nowhere, or a number that is not so for sure."""
    made = _made(syntax, node, names)
    told = f"{syntax.spelt(node)[:40]} is no finite real number"
    if made.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise ExpressionError(told, syntax.column(node), syntax.text)
    if made.is_number:
        try:
            enclosure(made)
        except ExpressionError:
            raise ExpressionError(f"{told}, as far as can be proved", syntax.column(node), syntax.text) from None
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
            made = _checked(syntax, operand, names)
            return -made if isinstance(node.op, ast.USub) else made
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_checked(syntax, each, names) for each in arguments))
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return sympy.Add(*_terms(syntax, node, names))
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return _row(syntax, node, names)
        case ast.BinOp(left=left, right=right):
            return _power(syntax, node, _checked(syntax, left, names), _checked(syntax, right, names))
    raise TypeError(f"{type(node).__name__} has not been checked")


def _power(syntax: Syntax, node: ast.BinOp, base: Any, exponent: Any) -> Any:
    if base.is_number and not exponent.is_number and not base.is_positive:
        told = f"{syntax.spelt(node.left)[:40]} to a power that varies; what is raised to it must be positive"
        raise ExpressionError(told, syntax.column(node.left), syntax.text)
    return base**exponent


def _terms(syntax: Syntax, node: ast.expr, names: Mapping[str, Any]) -> list[Any]:
    """Give the terms of a sum, all at once: adding them one by one would take time quadratic in their number."""
    terms = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = _checked(syntax, node.right, names)
        terms.append(-right if isinstance(node.op, ast.Sub) else right)
        node = node.left
    return [_checked(syntax, node, names), *reversed(terms)]


def _row(syntax: Syntax, node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Multiply and divide what stands in a row."""
    rest = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        rest.append((node, _checked(syntax, node.right, names)))
        node = node.left
    made = _checked(syntax, node, names)
    for link, right in reversed(rest):
        if isinstance(link.op, ast.Div) and right == 0:
            raise ExpressionError("division by zero", syntax.column(link.right), syntax.text)
        made = made * right if isinstance(link.op, ast.Mult) else made / right
    return made
