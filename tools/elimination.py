"""Elimination: all real critical points of a polynomial, by exact isolation of real roots and interval arithmetic.

Variables that occur squared with a constant coefficient, and else linearly, are eliminated first: the critical points of what is
left, with these variables at their stationary place, are those of the whole. Then one or two variables must remain. Of two, the
resultants of the gradient's components by either give the coordinates of all critical points: each is one pair of roots, and
whichever pair is none is told by interval arithmetic.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sympy
from mpmath import iv

from saddlesim.expressions import Formula
from saddlesim.expressions.calculus import symbols

WIDTH = sympy.Rational(1, 10**45)  # to which roots are isolated
DIGITS = 90  # of interval arithmetic
MOST_PRODUCTS = 130  # the largest degree of a resultant that is tried


class Elimination(NamedTuple):
    """Boxes that together hold all real critical points, at most one each.

    Attributes
    ----------
    boxes : list of tuple
        mpmath's intervals, one for each component.
    eliminated : int
        How many variables were eliminated first.
    remaining : int
        How many were left.
    """

    boxes: list[tuple[Any, ...]]
    eliminated: int
    remaining: int


def eliminate(function: Formula) -> Elimination | None:
    """Isolate all real critical points; None where it is no rational polynomial, or not within reach of this method.

    None as well where the components of the gradient have a common factor.
    """
    names = symbols(function.dimension)
    f = sympy.expand(function.sympy)
    if not f.is_polynomial(*names) or not all(each.is_Rational for each in sympy.Poly(f, *names).coeffs()):
        return None
    f, solved = _without_squares(f, names)
    left = [each for each in names if each not in solved]
    if len(left) > 2:
        return None
    iv.dps = DIGITS
    gradient = [sympy.Poly(f.diff(each), *left) for each in left]
    pairs = _pairs(gradient, left) if left else [()]
    if pairs is None:
        return None
    boxes = []
    for pair in pairs:
        place = dict(zip(left, map(_interval, pair), strict=True))
        if all(0 in enclosure(each, [place[name] for name in left]) for each in gradient):
            for name, expression in reversed(solved.items()):
                free = [each for each in names if expression.has(each)] or [names[0]]
                place[name] = enclosure(sympy.Poly(expression, *free), [place.get(each, iv.mpf(0)) for each in free])
            boxes.append(tuple(place[name] for name in names))
    return Elimination(boxes, len(solved), len(left))


def enclosure(polynomial: Any, x: Sequence[Any]) -> Any:
    """Enclose a polynomial with rational coefficients on a box, in mpmath's intervals."""
    total = iv.mpf(0)
    for exponents, coefficient in polynomial.terms():
        term = iv.mpf(int(coefficient.p)) / int(coefficient.q)
        for base, n in zip(x, exponents, strict=True):
            if n:
                term *= base**n
        total += term
    return total


def _without_squares(f: Any, names: Sequence[Any]) -> tuple[Any, Mapping[Any, Any]]:
    """Eliminate variables, one after the other; give what is left and each one's stationary place in terms of later ones."""
    solved: dict[Any, Any] = {}
    while True:
        for name in names:
            if name in solved or not f.has(name):
                continue
            polynomial = sympy.Poly(f, name)
            if polynomial.degree() == 2 and polynomial.LC().is_Rational:
                solved[name] = sympy.expand(-polynomial.nth(1) / (2 * polynomial.LC()))
                f = sympy.expand(f.subs(name, solved[name]))
                break
        else:
            return f, solved


def _pairs(gradient: Sequence[Any], left: Sequence[Any]) -> list[tuple[Any, ...]] | None:
    """Give intervals that hold the coordinates of all critical points in one or two variables, each of them one number."""
    if len(left) == 1:
        return [(root,) for root in _real_roots(gradient[0], left[0])]
    factors = [[factor for factor, _ in each.factor_list()[1]] for each in gradient]
    roots: list[list[Any]] = [[], []]
    products: list[Any] = [sympy.Integer(1), sympy.Integer(1)]
    for p, q in itertools.product(*factors):
        if sympy.gcd(p, q).total_degree() > 0 or p.total_degree() * q.total_degree() > MOST_PRODUCTS:
            return None
        for i in range(2):
            products[i] *= sympy.resultant(p.as_expr(), q.as_expr(), left[1 - i])
    for i in range(2):
        roots[i] = _real_roots(sympy.Poly(products[i], left[i]), left[i])
    return list(itertools.product(*roots))


def _real_roots(polynomial: Any, name: Any) -> list[Any]:
    if polynomial.degree() <= 0:
        return []
    return [interval for interval, _ in sympy.Poly(polynomial, name).sqf_part().intervals(eps=WIDTH)]


def _interval(bounds: tuple[Any, Any]) -> Any:
    low, high = (iv.mpf(int(each.p)) / int(each.q) for each in bounds)
    return iv.mpf([low.a, high.b])
