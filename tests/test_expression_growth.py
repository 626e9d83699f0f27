"""That whatever text passes has its derivatives soon: what grows too much is refused, and all else is quick."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlesim.expressions import ExpressionError, Formula
from saddlesim.expressions.calculus import symbols
from saddlesim.expressions.code import cheaper

LETTERS = "abcdfghijklmnopqrstuvwxyz"
TEXTS = {
    "a power of a power": "((x**100)**10)",
    "powers multiplied": "(x + y)**100*(x - y)**100",
    "powers of seven variables": "(x + y + z + w + a + b + c)**40*(x - y)**40",
    "thirty factors": "*".join(f"(x{i} + 1)" for i in range(30)),
    "sines in each other": "sin(" * 25 + "x + y + z" + ")" * 25,
    "tanh in each other": "tanh(" * 7 + "x*y + z" + ")" * 7,
    "quotients in each other": "1/(x + " * 29 + "y" + ")" * 29,
    "a sum to the hundredth": f"({' + '.join(LETTERS)})**100*sin({' - '.join(LETTERS)})**100",
    "two thousand terms": "+".join(f"x*{i}" for i in range(1, 1500)),
    "a hundred variables": f"sin({'+'.join(f'x{i}' for i in range(100))})*exp({'+'.join(f'x{i}**2' for i in range(100))})",
    "sums multiplied": "*".join("(" + "+".join(f"x{j}*{i + j + 2}" for j in range(10)) + ")" for i in range(10)),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_whatever_passes_has_its_hessian_within_seconds(text):
    begin = time.process_time()
    formula = Formula(text)
    for order in range(3):
        assert formula.derivative(np.full(formula.dimension, 0.01), order).shape == (formula.dimension,) * order
    assert time.process_time() - begin < 8


@given(
    st.recursive(
        st.sampled_from(["x", "y", "z", "2"]),
        lambda inner: st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
            st.builds("{}({})".format, st.sampled_from(["sin", "exp", "tanh", "sqrt", "log", "atan"]), inner),
            st.builds("({})**{}".format, inner, st.sampled_from([2, 5, 20, 90])),
        ),
        max_leaves=60,
    )
)
def test_random_texts_are_refused_or_quick(text):
    begin = time.process_time()
    try:
        formula = Formula(text, ["x", "y", "z"])
        formula.derivative(np.full(3, 0.5), 2)
    except ExpressionError:
        pass
    assert time.process_time() - begin < 8


def test_a_short_polynomial_is_put_in_horners_form_and_a_long_one_left():
    x, y = symbols(2)
    assert cheaper([x**3 + 2 * x**2 + x * y]) == [x * (x * (x + 2) + y)]
    product = (x + y) ** 90 * (x - y) ** 90
    assert cheaper([product]) == [product]
    with pytest.raises(ExpressionError, match="at most 1000"):
        Formula("(x**40)**40")
