"""Proved bounds of constants, against their values at many more digits."""

import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from oracles import FUNCTIONS as MPMATH_FUNCTIONS

from saddlesim.expressions import ExpressionError, Formula
from saddlesim.expressions.constants import DIGITS, Enclosure, enclosure

ZERO = "atan(1/2) + atan(1/3) - pi/4"  # by the tangent of a sum

FUNCTIONS = ["sin", "cos", "tan", "atan", "exp", "sinh", "cosh", "tanh", "sqrt", "log", "abs"]
NUMBERS = st.recursive(
    st.sampled_from(
        ["2", "1/3", "0.1", "7/5", "pi", "e", "1e-9", "12345678901234567890123456789012345678901234567890/7"]
    ),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({})".format, st.sampled_from(FUNCTIONS), inner),
        st.builds("({})**({})".format, inner, st.sampled_from(["2", "-3", "1/2", "1/3", "pi"])),
    ),
    max_leaves=6,
)


def value_of(text):
    """Give a constant by mpmath at 1000 digits; None where it is not finite and real."""
    exact = re.sub(r"(?<![a-z])(\d+\.?\d*(e-\d+)?)", r"q('\1')", text)
    with mpmath.workdps(1000):
        try:
            value = eval(exact, {**MPMATH_FUNCTIONS, "abs": abs, "pi": mpmath.pi, "e": mpmath.e, "q": mpmath.mpf})
            sign, mantissa, exponent, _ = mpmath.mpf(value)._mpf_
        except (TypeError, ArithmeticError, ValueError):  # complex, or at a pole
            return None
        return (-1) ** sign * int(mantissa) * Fraction(2) ** int(exponent)


@given(NUMBERS)
def test_bounds_of_random_constants_hold_their_values(text):
    try:
        formula = Formula(f"x + ({text})")
    except ExpressionError:
        return
    constant = formula.sympy - sympy.Symbol("x0")
    found, value = enclosure(constant), value_of(text)
    if value is not None:
        slack = max(abs(value), Fraction(1)) / 10**150
        assert found.low - slack <= value <= found.high + slack


def test_a_zero_that_is_not_proved_to_be_one_is_enclosed_by_both_signs():
    (found,) = Formula(f"x*({ZERO})").code(0, products=False).constants.values()
    assert found.low < 0 < found.high
    assert found.high - found.low < Fraction(1, 10 ** (DIGITS[-1] - 5))
    with pytest.raises(ExpressionError, match="is no finite real number"):
        Formula(f"x*log({ZERO})")
    almost = enclosure(
        sympy.atan(sympy.Rational(1, 2)) + sympy.atan(sympy.Rational(1, 3)) - sympy.pi / 4 + sympy.Rational(1, 10**90)
    )
    assert almost.low > 0


def test_a_rational_is_exact():
    assert enclosure(sympy.Rational(1, 10)) == Enclosure(Fraction(1, 10), Fraction(1, 10))


@pytest.mark.parametrize("number", [sympy.gamma(sympy.pi), sympy.sqrt(sympy.pi - 4), sympy.zoo, sympy.I * sympy.pi])
def test_what_is_out_of_reach_is_refused(number):
    with pytest.raises(ExpressionError, match="is not known to be a finite real number"):
        enclosure(number)


@pytest.mark.parametrize("t", np.random.default_rng(0).standard_cauchy(12))
def test_bounds_of_an_arc_tangent(t):
    found = enclosure(sympy.atan(sympy.Rational(*float(t).as_integer_ratio())))
    with mpmath.workdps(200):
        low, high = (mpmath.mpf(each.numerator) / each.denominator for each in found)
        assert low < mpmath.atan(mpmath.mpf(float(t))) < high
        assert (high - low) / abs(low) < 1e-40
