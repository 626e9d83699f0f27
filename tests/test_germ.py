"""Germs against the splitting lemma worked out by hand, and simple numbers found again from floats."""

import math

import numpy as np
import pytest
import sympy
from oracles import MPMATH

from saddlesim.expressions import Formula
from saddlesim.expressions.factors import common_factors
from saddlesim.expressions.germ import Germ, is_critical, simple_points

ZERO = (sympy.Integer(0), sympy.Integer(0))


def germ(text, *point):
    point = tuple(map(sympy.sympify, point))
    return Germ(Formula(text), point)


def reduced_along_s(text, *point):
    """Give the order of the first form of a germ of nullity 1, its coefficient, and T, as polynomials in s."""
    made = germ(text, *point)
    order, form, curve = made.reduced
    s = sympy.Symbol("s0")
    assert sympy.Poly(form, s).monoms() == [(order,)]
    return order, sympy.Poly(form, s).LC(), [sympy.expand(each) for each in curve]


# ---- the Hessian and its null space


@pytest.mark.parametrize(
    ("text", "point", "nullity", "null"),
    [
        ("x**2 + y**2", (0, 0), 0, []),
        ("x**2 + y**4", (0, 0), 1, [(0, 1)]),
        ("(x + 2*y)**2 + x**4", (0, 0), 1, [(-2, 1)]),
        ("(2*x - 3*y)**2 + x**4", (0, 0), 1, [(3, 2)]),
        ("x**3 - 3*x*y**2", (0, 0), 2, [(1, 0), (0, 1)]),
        ("cos(x) + y**2 + x**2/2", (0, 0), 1, [(1, 0)]),
        ("cos(x) + sin(y)", ("pi", "pi/2"), 0, []),
        ("(x - sqrt(2))**4 - (y - 1/3)**2", ("sqrt(2)", "1/3"), 1, [(1, 0)]),
        ("(a + 10*b)**2 + 5*(c - d)**2 + (b - 2*c)**4 + 10*(a - d)**4", (0, 0, 0, 0), 2, None),
    ],
)
def test_nullity_and_null_space(text, point, nullity, null):
    made = germ(text, *point)
    assert made.nullity == nullity
    assert made.hessian * made.null == sympy.zeros(len(point), nullity)
    if null is not None:
        for column, expected in zip((made.null.col(k) for k in range(nullity)), null, strict=True):
            assert sympy.Matrix.hstack(column, sympy.Matrix(expected)).rank() == 1
    assert made.null.T * made.rest == sympy.zeros(nullity, len(point) - nullity)
    both = np.concatenate(made.coordinates, axis=1)
    assert abs(np.linalg.det(both)) > 0.5  # of whole numbers
    np.testing.assert_array_equal(both, both.round())


def test_a_null_space_of_irrational_slope_is_refused():
    with pytest.raises(ValueError, match="whole numbers"):
        germ("(x - sqrt(2)*y)**2 + y**4", 0, 0)


# ---- the splitting lemma


@pytest.mark.parametrize(
    ("text", "order", "coefficient"),
    [
        ("x**2 + y**4", 4, 1),
        ("x**2 - y**4", 4, -1),
        ("x**2 + y**3", 3, 1),
        ("x**2 - 7*y**6", 6, -7),
        ("-x**2 + y**5/3", 5, sympy.Rational(1, 3)),
        ("(x - y**2)**2 + y**5", 5, 1),  # t = s^2 takes the square away
        ("x**2 - 2*x*y**2", 4, -1),  # (x - y^2)^2 - y^4
        ("x**2 + x*y**2 + y**4/4 + y**6", 6, 1),  # (x + y^2/2)^2 + y^6
        ("x**2 + x*y**2 + y**4", 4, sympy.Rational(3, 4)),
        ("(2*x**2 - y)*(y - x**2)", 4, sympy.Rational(1, 4)),  # -(y - 3/2 x^2)^2 + x^4/4
        ("x**2 + x*y**3", 6, sympy.Rational(-1, 4)),  # (x + y^3/2)^2 - y^6/4
        ("cos(y) + y**2/2 + x**2", 4, sympy.Rational(1, 24)),
        ("y - sin(y) + x**2", 3, sympy.Rational(1, 6)),
        ("x**2 + x**3 + y**2*x + y**5", 4, sympy.Rational(-1, 4)),  # x = -y^2/2 + ...
        ("exp(x) - x + 2*x*y**2", 4, -2),  # x^2/2 + 2 x y^2 + ...: x = -2 y^2
    ],
)
def test_the_first_form_along_the_null_space(text, order, coefficient):
    found, leading, _ = reduced_along_s(text, 0, 0)
    assert (found, leading) == (order, coefficient)


def test_the_curve_on_which_the_other_derivative_vanishes():
    s = sympy.Symbol("s0")
    _, _, (curve,) = reduced_along_s("(x - y**2 - y**3)**2 + y**5", 0, 0)
    assert sympy.expand(curve - s**2 - s**3) == 0
    _, _, (curve,) = reduced_along_s("x**2/2 - x*y**2 - x**3 + y**4/2 + 2*y**6", 0, 0)
    assert sympy.expand(curve - s**2 - 3 * s**4) == 0  # x = y^2 + 3 x^2


def test_a_point_that_is_shifted_has_the_same_germ():
    here = reduced_along_s("x**2 - 2*x*y**2 - y**5", 0, 0)
    there = reduced_along_s("(x - sqrt(2))**2 - 2*(x - sqrt(2))*(y - pi/3)**2 - (y - pi/3)**5", "sqrt(2)", "pi/3")
    assert here == there


def test_forms_in_several_variables():
    s, t = sympy.symbols("s0 s1")
    order, form, curve = germ("x**3 - 3*x*y**2 + x**4", 0, 0).reduced
    assert (order, sympy.expand(form - s**3 + 3 * s * t**2), curve) == (3, 0, ())
    order, form, (curve,) = germ("z**2 - 2*z*x*y + x**4 + y**4", 0, 0, 0).reduced
    assert (order, sympy.expand(form - s**4 - t**4 + s**2 * t**2)) == (4, 0)  # z = x y
    assert sympy.expand(curve - s * t) == 0


@pytest.mark.parametrize("text", ["x**2 + y**10", "x**2", "(x - y**2)**2"])
def test_there_may_be_no_form_up_to_the_highest_order(text):
    made = Germ(Formula(text, ("x", "y")), ZERO)
    assert made.reduced is None
    with pytest.raises(ValueError, match="no form"):
        made.codes()


def test_bounds_of_the_curve_hold_it():
    made = germ("(x - y**2 - y**3)**2 + y**5", 0, 0)
    for reach in (1e-6, 0.1, 2.0):
        sizes, slopes = made.curve_bounds(reach)
        s = np.linspace(-reach, reach, 401)
        assert abs(s**2 + s**3).max() <= sizes[0, 0] <= (reach**2 + reach**3) * (1 + 1e-9)
        assert abs(2 * s + 3 * s**2).max() <= slopes[0, 0] <= (2 * reach + 3 * reach**2) * (1 + 1e-9)


def test_codes_are_derivatives_along_rays():
    """F = -y^4 + y^5 on x = y^2: dF/ds = -4 s^3 + 5 s^4, whose third derivative by rho on s = rho u is -24 u^3 + 120 rho u^4."""
    codes = germ("x**2 - 2*x*y**2 + y**5", 0, 0).codes()
    for rho, u in ((0.5, 1), (0.25, -1)):
        (slope,) = codes.slope.bound(MPMATH)([rho, u])
        assert float(slope) == pytest.approx(-24 * u**3 + 120 * rho * u**4)
        (residual,) = codes.residual.bound(MPMATH)([rho, u])
        assert float(residual) == pytest.approx(0, abs=1e-12)
        (form,) = codes.form.bound(MPMATH)([rho, u])
        assert float(form) == -1


# ---- simple numbers, and whether they are critical


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "1",
        "-3",
        "1/3",
        "-2/7",
        "5/12",
        "17/1000",
        "pi",
        "-pi/4",
        "5*pi/6",
        "sqrt(2)",
        "-sqrt(3)",
        "sqrt(2)/2",
        "sqrt(7/5)",
    ],
)
def test_simple_numbers_are_found_again(number):
    exact = sympy.sympify(number)
    found = list(simple_points([float(exact) * (1 + 1e-12)], [1e-9]))
    assert (exact,) in found
    assert all(abs(float(each) - float(exact)) <= 2e-9 for (each,) in found)


def test_points_are_all_combinations_within_reach():
    found = list(simple_points([0.5, math.sqrt(2)], [1e-10, 1e-10]))
    assert (sympy.Rational(1, 2), sympy.sqrt(2)) in found
    assert all(abs(float(x) - 0.5) <= 1e-10 and abs(float(y) - 2**0.5) <= 1e-10 for x, y in found)
    assert not list(simple_points([0.123456789123], [1e-14]))


def test_the_simplest_fraction_within_reach_comes_first():
    assert next(simple_points([0.3334], [1e-3])) == (sympy.Rational(1, 3),)
    assert next(simple_points([0.02], [0.1])) == (sympy.Integer(0),)


@pytest.mark.parametrize(
    ("text", "point", "critical"),
    [
        ("x**2 + y**2", (0, 0), True),
        ("x**2 + y**2", ("1/1000000000", 0), False),
        ("x**2 + y**2 + x/10**40", (0, 0), False),
        ("cos(x)*y", ("pi/2", 0), True),
        ("cos(x)*y", ("pi/2", "1/1000"), False),
        ("(x**2 - 2)**2 + (y - 1/3)**3", ("sqrt(2)", "1/3"), True),
        ("(x**2 - 2)**2 + (y - 1/3)**3", ("1414213562/1000000000", "1/3"), False),
        ("sin(x)**2 + cos(x)**2 + y**2", ("1/7", 0), True),
        ("(sqrt(2) + sqrt(3) - sqrt(5 + 2*sqrt(6)))*x + y**2 + x**2", (0, 0), True),
        ("log(x)*x + y**2", (0, 0), False),
    ],
)
def test_is_critical_is_exact(text, point, critical):
    assert is_critical(Formula(text), tuple(map(sympy.sympify, point))) is critical


# ---- common factors of a gradient


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("(x**2 + y**2 - 1)**2", {"x**2 + y**2 - 1"}),
        ("x**2*y**2", {"x", "y"}),
        ("(y - sin(x))**2", {"y - sin(x)"}),
        ("x**2 + y**2", set()),
        ("x**3/3 - x + y**2", set()),
        ("(x*y - 1)**4", {"x*y - 1"}),
        ("exp(-(x + y)**2)", {"x + y"}),
        ("(x**2 + y**2)*exp(-x**2 - y**2)", {"x**2 + y**2 - 1"}),
    ],
)
def test_common_factors(text, factors):
    found = {each.text for each in common_factors(Formula(text))}
    wanted = {sympy.sympify(each) for each in factors}
    assert {sympy.sympify(each) for each in found} in (wanted, {-each for each in wanted})
