"""Factors: what all components of a gradient have in common, which vanishes on whole curves or surfaces of critical points."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from saddlesim.expressions.calculus import symbols
from saddlesim.expressions.code import Code, generate
from saddlesim.expressions.formula import Formula

MOST_OPERATIONS = 600  # of a gradient; greatest common divisors of longer ones take too long


@dataclass(frozen=True)
class CommonFactor:
    """A factor q of a gradient q (h_1, ..., h_d).

    Attributes
    ----------
    text : str
        q, in the formula's own names.
    value, gradient, rest : Code
        q, its derivatives, and h_1, ..., h_d, in the components of x.
    """

    text: str
    value: Code
    gradient: Code
    rest: Code


def common_factors(formula: Formula) -> tuple[CommonFactor, ...]:
    """Give the factors of the greatest common divisor of a gradient's components; none if it is 1 or out of reach."""
    gradient = list(formula.derivatives(1).values())
    if sum(each.count_ops() for each in gradient) > MOST_OPERATIONS:
        return ()
    names = symbols(formula.dimension)
    parted = [sympy.fraction(sympy.together(each)) for each in gradient]
    divisor = sympy.gcd_list([above for above, _ in parted])
    divisor = sympy.fraction(sympy.together(divisor))[0]
    factors = [each for each, _ in sympy.factor_list(divisor)[1]] if divisor.free_symbols else []
    own = dict(zip(names, map(sympy.Symbol, formula.variables), strict=True))
    made = []
    for factor in factors:
        rest = [sympy.cancel(above / factor) / below for above, below in parted]
        parts = ([factor], [factor.diff(each) for each in names], rest)
        codes = [generate(each, [names], products=False) for each in parts]
        made.append(CommonFactor(str(factor.subs(own)), *codes))
    return tuple(made)
