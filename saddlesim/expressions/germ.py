"""Germ: what a function looks like at an exact critical point where its Hessian is singular, as far as SymPy can say.

Coordinates there are ``x = p + N s + M t``: N spans the null space of the Hessian A and M what is orthogonal to it, so that M'AM
is regular. For small s one t = T(s) makes the derivative by t vanish (the splitting lemma of Gromoll and Meyer, recalled), and
critical points near p are those of the reduced function F(s) = f(p + N s + M T(s)). With T up to order m - 1, F up to order m is
exact; its first form of order m, if the form has no critical point but 0, says what p is.

Not here: bounds that make it a proof in a box around p, which are the census's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from saddlesim.expressions.calculus import symbols
from saddlesim.expressions.code import Code, generate
from saddlesim.expressions.formula import Formula

HIGHEST, HIGHEST_OF_POLYNOMIALS = (
    6,
    8,
)  # order of a form that is looked for; derivatives of other functions grow too long
DENOMINATORS = (1, 12, 1000)
DIGITS = 40
TINY = sympy.Rational(1, 10**30)
MOST_OPERATIONS = 3000  # of an expression that is simplified


def simple_points(x: Sequence[float], reach: Sequence[float]) -> Iterator[tuple[Any, ...]]:
    """Give points of simple coordinates, each within `reach` of x.

    Simple are fractions, fractions of pi, and square roots of fractions.
    """
    return itertools.product(*(list(_simple(*each)) for each in zip(x, reach, strict=True)))


def is_critical(formula: Formula, point: tuple[Any, ...]) -> bool:
    """Tell whether SymPy shows that the gradient is zero at a point."""
    gradient = formula.derivatives(1).values()
    place = dict(zip(symbols(formula.dimension), point, strict=True))
    return all(_vanishes(each, place) for each in gradient)


@dataclass(frozen=True)
class Codes:
    """Derivatives along rays s = rho u, for |u| = 1, as code in (rho, u_1, ..., u_k).

    Attributes
    ----------
    residual : Code
        The m-th derivatives by rho of the derivatives by t_1, t_2, ... on the curve t = T(s).
    slope : Code
        The (m - 1)-th derivatives by rho of the derivatives of F by s_1, ..., s_k.
    form : Code
        The form of order m at u.
    """

    residual: Code
    slope: Code
    form: Code


class Germ:
    """A function at an exact critical point with a singular Hessian.

    Parameters
    ----------
    formula : Formula
    point : tuple of SymPy numbers
        A critical one.

    Attributes
    ----------
    hessian : SymPy matrix
    null, rest : SymPy matrices, (d, k) and (d, d - k)
        N and M, of whole numbers.

    Raises
    ------
    ValueError
        If the null space is not spanned by whole numbers.
    """

    def __init__(self, formula: Formula, point: tuple[Any, ...]) -> None:
        self.formula, self.point = formula, point
        names = symbols(formula.dimension)
        place = dict(zip(names, point, strict=True))
        second = formula.derivatives(2)
        d = formula.dimension
        self.hessian = sympy.Matrix(
            d, d, lambda i, j: _simplified(second[min(i, j), max(i, j)].subs(place, simultaneous=True))
        )
        self.null = _columns(self.hessian.nullspace(), d)
        self.rest = _columns(self.null.T.nullspace(), d) if self.null.cols else sympy.eye(d)
        self._s = tuple(sympy.Symbol(f"s{i}") for i in range(self.nullity))
        self._t = tuple(sympy.Symbol(f"t{i}") for i in range(d - self.nullity))

    @property
    def nullity(self) -> int:
        """How many eigenvalues of the Hessian are zero, exactly."""
        return int(self.null.cols)

    def inside(self, box: np.ndarray[Any, Any]) -> bool:
        """Tell, exactly, whether the point is in a box, (d, 2)."""
        return all(
            bool(sympy.Rational(float(low)) <= each) and bool(each <= sympy.Rational(float(high)))
            for each, (low, high) in zip(self.point, box, strict=True)
        )

    @property
    def coordinates(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """N and M in floating point."""
        return _floats(self.null), _floats(self.rest)

    def curve_bounds(self, reach: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Bound |T|, (d - k, 1), and |dT/ds|, (k, d - k), where no component of s is larger than `reach`."""
        curve = self.reduced[2] if self.reduced is not None else ()
        sizes = [[_size(each, self._s, reach)] for each in curve]
        slopes = [[_size(each.diff(s), self._s, reach) for each in curve] for s in self._s]
        return np.array(sizes).reshape(-1, 1), np.array(slopes).reshape(len(self._s), -1)

    @cached_property
    def reduced(self) -> tuple[int, Any, tuple[Any, ...]] | None:
        """The order m of the first form of F, the form, and T up to order m - 1; None where there is none up to `HIGHEST`."""
        taylor = self._taylor()
        regular = self.rest.T * self.hessian * self.rest
        inverse = regular.inv() if self._t else regular
        curve = sympy.zeros(len(self._t), 1)
        for m in range(3, self._highest + 1):
            slope = sympy.Matrix([taylor.diff(each) for each in self._t])
            for _ in range(2 if self._t else 0):  # each time one order more is right
                at = slope.subs(dict(zip(self._t, curve, strict=True)), simultaneous=True)
                curve = (curve - inverse * at).applyfunc(lambda each, m=m: _truncated(each, self._s, m - 1))
            along = taylor.subs(dict(zip(self._t, curve, strict=True)), simultaneous=True)
            form = _part(sympy.expand(along), self._s, m)
            if form != 0:
                return m, form, tuple(curve)
        return None

    def codes(self) -> Codes:
        """Give code for the bounds that prove the point to be alone; it is made once.

        Raises
        ------
        ValueError
            Where there is no form.
        """
        return self._codes

    @cached_property
    def _codes(self) -> Codes:
        if self.reduced is None:
            raise ValueError(f"no form up to order {self._highest}")
        m, form, curve = self.reduced
        rho, directions = sympy.Symbol("r"), tuple(sympy.Symbol(f"u{i}") for i in range(self.nullity))
        ray = {s: rho * u for s, u in zip(self._s, directions, strict=True)}
        on_curve = dict(zip(self._t, curve, strict=True))
        whole = self._whole()
        residual = [_neat(whole.diff(t).subs(on_curve).subs(ray)).diff(rho, m) for t in self._t]
        reduced = _neat(whole.subs(on_curve))
        slope = [_neat(reduced.diff(s).subs(ray)).diff(rho, m - 1) for s in self._s]
        arguments = [(rho, *directions)]
        at_unit = form.subs(dict(zip(self._s, directions, strict=True)))
        return Codes(
            *(generate([_neat(e) for e in each], arguments, products=False) for each in (residual, slope, [at_unit]))
        )

    @cached_property
    def _highest(self) -> int:
        return HIGHEST_OF_POLYNOMIALS if self.formula.sympy.is_polynomial() else HIGHEST

    def _whole(self) -> Any:
        """Give f in coordinates (s, t)."""
        place = sympy.Matrix(self.point) + self.null * sympy.Matrix(self._s) if self._s else sympy.Matrix(self.point)
        place = place + self.rest * sympy.Matrix(self._t) if self._t else place
        return self.formula.sympy.subs(
            dict(zip(symbols(self.formula.dimension), place, strict=True)), simultaneous=True
        )

    def _taylor(self) -> Any:
        """Give the Taylor polynomial of f in (s, t), of degree `_highest`."""
        scale = sympy.Symbol("h")
        every = (*self._s, *self._t)
        along = self._whole().subs({each: scale * each for each in every}, simultaneous=True)
        total, factorial = sympy.Integer(0), sympy.Integer(1)
        for order in range(self._highest + 1):
            total += sympy.expand(_simplified(along.subs(scale, 0)) / factorial)
            along, factorial = along.diff(scale), factorial * (order + 1)
        return total


def _columns(vectors: Sequence[Any], d: int) -> Any:
    """Put vectors side by side, each multiplied by what makes its components whole."""
    if not all(each.is_Rational for vector in vectors for each in vector):
        raise ValueError("the null space of the Hessian is not spanned by whole numbers")
    whole = [vector * math.lcm(*(int(each.q) for each in vector)) for vector in vectors]
    return sympy.Matrix.hstack(*whole) if whole else sympy.zeros(d, 0)


def _size(polynomial: Any, by: Sequence[Any], reach: float) -> float:
    """Bound |polynomial| where no variable is larger than `reach`, by the sum of its terms' sizes."""
    terms = sympy.Poly(polynomial, *by).terms() if by else []
    return float(sum(abs(float(c)) * reach ** sum(powers) for powers, c in terms) * (1 + 1e-12))


def _floats(matrix: Any) -> np.ndarray[Any, Any]:
    return np.array([[float(each) for each in row] for row in matrix.tolist()]).reshape(matrix.shape)


def _vanishes(expression: Any, place: dict[Any, Any]) -> bool:
    at = expression.subs(place, simultaneous=True)
    if at == 0:
        return True
    number = sympy.N(at, DIGITS)
    if not number.is_Float or abs(number) > TINY:
        return False
    return bool(_simplified(at) == 0)


def _simplified(expression: Any) -> Any:
    expanded = sympy.expand(expression)
    return expanded if expanded.is_Rational or expanded.count_ops() > MOST_OPERATIONS else sympy.simplify(expanded)


def _neat(expression: Any) -> Any:
    """Multiply polynomials out, which makes bounds tight near 0."""
    return sympy.expand(expression) if expression.is_polynomial() else expression


def _truncated(expression: Any, by: Sequence[Any], order: int) -> Any:
    return sum(_part(sympy.expand(expression), by, k) for k in range(order + 1))


def _part(expanded: Any, by: Sequence[Any], order: int) -> Any:
    """Give the terms of an order of a polynomial."""
    terms = sympy.Poly(expanded, *by).terms() if by else []
    return sum(
        (
            c * sympy.prod([s**n for s, n in zip(by, powers, strict=True)])
            for powers, c in terms
            if sum(powers) == order
        ),
        sympy.Integer(0),
    )


def _simple(x: float, reach: float) -> Iterator[Any]:
    """Give simple numbers near x, the simplest of each sort."""
    sorts: tuple[tuple[float, Callable[[Any], Any]], ...] = (
        (x, lambda q: q),
        (x / math.pi, lambda q: q * sympy.pi),
        (x * abs(x), lambda q: sympy.sign(q) * sympy.sqrt(sympy.Abs(q))),
    )
    for unit, make in sorts:
        for largest in DENOMINATORS:
            q = Fraction(unit).limit_denominator(largest)
            made = make(sympy.Rational(q.numerator, q.denominator))
            if abs(float(made) - x) <= reach:
                yield made
                break
