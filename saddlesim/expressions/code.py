"""Code: SymPy expressions -> straight-line Python, compiled once and run on arrays, intervals or any other numbers.

The code holds our own names only: x0, x1, ... for components, v0, ... for a direction, t0, ... for what is shared, c0, ... for
constants that are no small integers, and the names of functions. What these do is decided by an `Arithmetic`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.printing.pycode import AbstractPythonCodePrinter

from saddlesim.expressions.constants import Enclosure, enclosure

LARGEST_INTEGER = 2**53  # a larger one is no float64


@dataclass(frozen=True)
class Arithmetic:
    """On which numbers code is run, besides their + - * /.

    Attributes
    ----------
    functions : mapping of str to callable
        exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, atan, atan2, abs, sign, kink, ``power(u, n)`` for a whole number n >= 2,
        and ``real_power(u, a)``.
    constant : callable
        Makes a number of an `Enclosure`.
    """

    functions: Mapping[str, Callable[..., Any]]
    constant: Callable[[Enclosure], Any]


@dataclass(frozen=True)
class Code:
    """Compiled code for several expressions at once.

    Attributes
    ----------
    source : str
        A function ``generated`` of sequences of components.
    constants : mapping of name to Enclosure
    """

    source: str
    constants: Mapping[str, Enclosure]

    def bound(self, arithmetic: Arithmetic) -> Callable[..., tuple[Any, ...]]:
        """Give the function on that kind of numbers."""
        namespace: dict[str, Any] = {
            **arithmetic.functions,
            **{name: arithmetic.constant(value) for name, value in self.constants.items()},
            "__builtins__": {},
        }
        exec(compile(self.source, "<expression>", "exec"), namespace)  # noqa: S102  the text is this module's own
        made: Callable[..., tuple[Any, ...]] = namespace["generated"]
        return made


def generate(expressions: Sequence[Any], arguments: Sequence[Sequence[Any]], products: bool) -> Code:
    """Write code that shares common subexpressions.

    Parameters
    ----------
    expressions : sequence of SymPy expressions
    arguments : sequence of sequences of symbols
        Each sequence is one argument of the function.
    products : bool
        Whether integer powers are products of shared squares, the fastest on arrays, or calls of ``power``, the tightest on
        intervals.
    """
    shared, results = sympy.cse(list(expressions), symbols=sympy.numbered_symbols("t"), order="none")
    printer = _Printer(products)
    for symbol, value in shared:
        printer.assign(str(symbol), value)
    told = "".join(f"{printer.doprint(each)}, " for each in results)
    given = ", ".join(f"a{position}" for position in range(len(arguments)))
    unpacked = [f"{', '.join(map(str, names))}, = a{position}" for position, names in enumerate(arguments)]
    body = [*unpacked, *printer.lines, f"return ({told})"]
    return Code(f"def generated({given}):\n" + "".join(f"    {line}\n" for line in body), printer.constants)


LONGEST_POLYNOMIAL = 100  # nodes
MOST_TERMS = 64  # of a polynomial multiplied out; beyond either, that costs more than it can save


def cheaper(expressions: Sequence[Any]) -> list[Any]:
    """Put short polynomials in Horner's form, where that takes fewer operations than what differentiation left."""
    return [min(each, sympy.horner(each), key=_cost) if _is_short_polynomial(each) else each for each in expressions]


def _is_short_polynomial(expression: Any) -> bool:
    nodes = list(itertools.islice(sympy.preorder_traversal(expression), LONGEST_POLYNOMIAL + 1))
    if len(nodes) > LONGEST_POLYNOMIAL or _most_terms(expression) > MOST_TERMS:
        return False
    symbols = expression.free_symbols
    return bool(symbols and expression.is_polynomial(*symbols))


def _most_terms(expression: Any) -> int:
    """Bound the number of terms of a polynomial multiplied out."""
    if expression.is_Add:
        return sum(map(_most_terms, expression.args))
    if expression.is_Mul:
        return math.prod(map(_most_terms, expression.args))
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        n, k = int(expression.exp), _most_terms(expression.base)
        return math.comb(n + k - 1, n)
    return 1


def _cost(expression: Any) -> int:
    """Count operations as they will be printed: a power is the logarithm of its exponent, for it is made of squares."""
    told = expression.count_ops(visual=False)
    powers = [each.exp for each in expression.atoms(sympy.Pow) if each.exp.is_Integer]
    return int(told + sum(max(0, abs(int(n)).bit_length() - 2) for n in powers))


class _Printer(AbstractPythonCodePrinter):  # type: ignore[misc]
    """Prints one expression after the other; what it needs before, it assigns."""

    def __init__(self, products: bool) -> None:
        super().__init__({"fully_qualified_modules": False})
        self.products = products
        self.lines: list[str] = []
        self.constants: dict[str, Enclosure] = {}
        self._same: dict[str, str] = {}
        self._constant_names: dict[Any, str] = {}
        self._powers: dict[Any, dict[int, str]] = {}

    def assign(self, name: str, value: Any) -> None:
        """Add a line, unless the value has a name already."""
        told = self.doprint(value)
        if told.isidentifier():
            self._same[name] = told
        else:
            self.lines.append(f"{name} = {told}")

    def doprint(self, expression: Any) -> str:
        return str(self._print(expression))

    def _print(self, expression: Any, **kwargs: Any) -> Any:
        if expression.is_number and not (expression.is_Integer and abs(expression) <= LARGEST_INTEGER):
            return self._named_constant(expression)
        return super()._print(expression, **kwargs)

    def _named_constant(self, number: Any) -> str:
        if number.could_extract_minus_sign():
            return f"-{self._named_constant(-number)}"
        if number not in self._constant_names:
            name = self._constant_names[number] = f"c{len(self.constants)}"
            self.constants[name] = enclosure(number)
        return self._constant_names[number]

    def _print_Symbol(self, symbol: Any) -> str:
        return self._same.get(symbol.name, str(symbol.name))

    def _print_Integer(self, number: Any) -> str:
        return str(int(number))

    def _print_Function(self, call: Any) -> str:
        name = {"Modulus": "abs", "Sign": "sign", "Kink": "kink"}.get(type(call).__name__, type(call).__name__)
        return f"{name}({', '.join(map(self.doprint, call.args))})"

    def _print_Pow(self, power: Any, rational: bool = False) -> str:
        base, exponent = power.as_base_exp()
        if exponent.is_Rational and exponent < 0:
            return f"(1/({self._print_Pow(sympy.Pow(base, -exponent, evaluate=False))}))"
        if exponent.is_Integer:
            return self._whole_power(base, int(exponent))
        if exponent.is_Rational and exponent.q == 2:
            whole, root = int(exponent.p) // 2, f"sqrt({self.doprint(base)})"
            return f"({self._whole_power(base, whole)}*{root})" if whole else root
        return f"real_power({self.doprint(base)}, {self.doprint(exponent)})"

    def _whole_power(self, base: Any, n: int) -> str:
        if not self.products:
            return f"({self.doprint(base)})" if n == 1 else f"power({self.doprint(base)}, {n})"
        if base not in self._powers:
            told = self.doprint(base)
            self._powers[base] = {1: told if told.isidentifier() else self._temporary(told)}
        return self._product(self._powers[base], n)

    def _product(self, powers: dict[int, str], n: int) -> str:
        """Give the name of the n-th power, made of two that there are, or of its halves."""
        if n not in powers:
            k = next((k for k in powers if n - k in powers), n // 2)
            powers[n] = self._temporary(f"{self._product(powers, k)}*{self._product(powers, n - k)}")
        return powers[n]

    def _temporary(self, value: str) -> str:
        name = f"p{len(self.lines)}"
        self.lines.append(f"{name} = {value}")
        return name
