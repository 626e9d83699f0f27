"""Formula: a text that is a function, with all its derivatives, on arrays and on any other numbers."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlesim import functions
from saddlesim.expressions.reading import parse
from saddlesim.expressions.syntax import Syntax

if TYPE_CHECKING:
    from saddlesim.expressions.code import Arithmetic, Code

Array = NDArray[Any]  # float64 or complex128
Key = tuple[str, tuple[str, ...], tuple[tuple[str, float], ...]]

LANES_AT_ONCE = 8192  # so that what the code holds meanwhile stays in the processor's cache


class Formula:
    """A function R^d -> R given by a text, which is checked when it is made.

    Code for a derivative, or the value, is generated when one is first asked for, once in a process.

    Parameters
    ----------
    text, variables, parameters
        As `reading.parse` takes them.

    Raises
    ------
    ExpressionError
        With the column of the first thing that is not allowed, or of what is nowhere real and finite.
    TypeError
        If `text` is none.

    Examples
    --------
    >>> saddle = Formula("x**2 - y**2")
    >>> saddle.value(np.array([3.0, 1.0])), saddle.derivative(np.array([3.0, 1.0]), 2).tolist()
    (array(8.), [[2.0, 0.0], [0.0, -2.0]])
    """

    def __init__(
        self, text: str, variables: Iterable[str] | None = None, parameters: Mapping[str, float] | None = None
    ) -> None:
        self.syntax: Syntax = parse(text, variables, parameters)
        self.derivatives(0)  # which finds what is real or finite nowhere

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the components, in order."""
        return self.syntax.variables

    @property
    def dimension(self) -> int:
        """The number of components d."""
        return len(self.syntax.variables)

    @property
    def sympy(self) -> Any:
        """The function as a SymPy expression, in symbols x0, x1, ... of our own."""
        return self.derivatives(0)[()]

    @property
    def latex(self) -> str:
        """The function in LaTeX, in the text's own names."""
        from saddlesim.expressions.calculus import latex

        return latex(self.sympy, self.variables)

    def derivatives(self, order: int) -> Mapping[tuple[int, ...], Any]:
        """Give the partial derivatives of an order in SymPy, by ascending multi-index."""
        from saddlesim.expressions.calculus import derivatives

        return derivatives(*self._key, order)

    def value(self, x: Array) -> Array:
        """Give f(x): (d, ...) -> (...)."""
        return self.derivative(x, 0)

    def derivative(self, x: Array, order: int) -> Array:
        """Give all partial derivatives of an order: (d, ...) -> (d, ..., d, ...) with `order` axes of components in front."""
        if order < 0:
            raise ValueError(f"order={order}: must not be negative")
        made = _array_function(self._key, order)
        out = np.empty((self.dimension,) * order + x.shape[1:], dtype=np.result_type(x, np.float64))
        _in_pieces(lambda into, piece: _fill(into, made(piece), _places(self.dimension, order)), out, order, x)
        return out

    def product(self, x: Array, v: Array) -> Array:
        """Give the Hessian at x times v: (d, ...), (d, ...) -> (d, ...), without the Hessian."""
        x, v = np.broadcast_arrays(x, v)
        made = _array_product(self._key)
        out = np.empty(x.shape, dtype=np.result_type(x, v, np.float64))
        _in_pieces(lambda into, *pieces: _fill(into, made(*pieces), _places(self.dimension, 1)), out, 1, x, v)
        return out

    def code(self, order: int, products: bool) -> Code:
        """Give the code of all partial derivatives of an order; see `code.generate`."""
        return _code(self._key, order, products)

    def evaluate(self, x: Sequence[Any], order: int, arithmetic: Arithmetic) -> dict[tuple[int, ...], Any]:
        """Give the partial derivatives of an order, by ascending multi-index, on any kind of numbers, such as intervals.

        Parameters
        ----------
        x : sequence of d numbers
        order : int, >= 0
        arithmetic : Arithmetic
            What the functions and constants are for such numbers. Integer powers come as calls of ``power``.
        """
        return dict(zip(self.derivatives(order), self.code(order, products=False).bound(arithmetic)(x), strict=True))

    @property
    def _key(self) -> Key:
        return self.syntax.text, self.syntax.variables, tuple(sorted(self.syntax.parameters.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Formula, (self.syntax.text, self.syntax.variables, dict(self.syntax.parameters))

    def __repr__(self) -> str:
        return f"Formula({self.syntax.text!r}, {self.variables})"


def _in_pieces(fill: Callable[..., None], out: Array, n_axes: int, *arrays: Array) -> None:
    """Fill `out`, whose first `n_axes` axes are of components, some thousand lanes at a time."""
    into = out.reshape(*out.shape[:n_axes], -1)
    flat = [each.reshape(len(each), -1) for each in arrays]
    n_lanes = into.shape[-1]
    with np.errstate(all="ignore"):  # what is not finite is the answer
        for begin in range(0, n_lanes, LANES_AT_ONCE):
            piece = slice(begin, begin + LANES_AT_ONCE)
            fill(into[..., piece], *(each[:, piece] for each in flat))


def _fill(into: Array, components: Iterable[Any], places: list[list[tuple[int, ...]]]) -> None:
    for component, where in zip(components, places, strict=True):
        for place in where:
            into[place] = component


@functools.cache
def _places(dimension: int, order: int) -> list[list[tuple[int, ...]]]:
    """For each ascending multi-index, all places of the symmetric array that it fills."""
    ascending = itertools.combinations_with_replacement(range(dimension), order)
    return [sorted(set(itertools.permutations(index))) for index in ascending]


@functools.lru_cache(maxsize=512)
def _code(key: Key, order: int, products: bool) -> Code:
    from saddlesim.expressions.calculus import derivatives, symbols
    from saddlesim.expressions.code import cheaper, generate

    wanted = list(derivatives(*key, order).values())
    if products and order:  # the function itself stays as its author wrote it
        wanted = cheaper(wanted)
    return generate(wanted, [symbols(len(key[1]))], products)


@functools.lru_cache(maxsize=512)
def _array_function(key: Key, order: int) -> Callable[[Array], tuple[Any, ...]]:
    return _code(key, order, products=True).bound(array_arithmetic())


@functools.lru_cache(maxsize=512)
def _array_product(key: Key) -> Callable[[Array, Array], tuple[Any, ...]]:
    from saddlesim.expressions.calculus import derivatives, directions, symbols
    from saddlesim.expressions.code import generate

    d = len(key[1])
    x, v = symbols(d), directions(d)
    hessian = derivatives(*key, 2)
    rows = [sum(hessian[min(i, j), max(i, j)] * v[j] for j in range(d)) for i in range(d)]
    return generate(rows, [x, v], products=True).bound(array_arithmetic())


@functools.cache
def array_arithmetic() -> Arithmetic:
    """Give the arithmetic of NumPy arrays, real or complex; powers are products there, so that there is no ``power``."""
    from saddlesim.expressions.code import Arithmetic

    same = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")  # have the same name in NumPy
    named: dict[str, Any] = {name: getattr(np, name) for name in same}
    own: dict[str, Any] = {
        "atan": np.arctan,
        "atan2": functions.arctan2,
        "abs": functions.modulus,
        "sign": functions.sign,
        "kink": functions.kink,
        "real_power": np.power,
    }
    return Arithmetic({**named, **own}, lambda enclosure: enclosure.nearest())
