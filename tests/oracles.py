"""Oracles for derivatives: complex steps, and the expression's text evaluated by Python at high precision."""

import itertools

import mpmath
import numpy as np

from saddlesim.expressions import FUNCTIONS as FUNCTIONS_OF_EXPRESSIONS
from saddlesim.expressions.code import Arithmetic

H = 1e-30


def complex_step(function, x):
    """Give the derivative by each component, along a new last-but-lanes axis: (..., B) becomes (..., d, B)."""
    steps = 1j * H * np.eye(len(x))
    with np.errstate(all="ignore"):
        return np.stack([np.imag(function(x + step[:, None])) / H for step in steps], axis=-2)


def assert_close(actual, expected, tolerance):
    """Compare the lanes that are finite, relatively to the largest component of each, but for what rounding leaves of 0."""
    lanes = tuple(range(expected.ndim - 1))
    finite = np.isfinite(expected).all(axis=lanes) & np.isfinite(actual).all(axis=lanes)
    assert actual.shape == expected.shape
    with np.errstate(invalid="ignore"):
        size = np.abs(expected).max(axis=lanes, initial=0.0)
        scale = np.maximum(size, 1e-5 * size[finite].max(initial=0.0))
        error = np.abs(actual - expected).max(axis=lanes, initial=0.0)
    assert (error <= tolerance * scale + H)[finite].all(), f"error {error}, scale {scale}"


FUNCTIONS = {name: getattr(mpmath, name) for name in FUNCTIONS_OF_EXPRESSIONS if name != "abs"}
MPMATH = Arithmetic(
    {
        **FUNCTIONS,
        "abs": abs,
        "sign": lambda u: mpmath.sign(u) if u else mpmath.nan,
        "kink": lambda u: mpmath.mpf(0) if u else mpmath.nan,
        "power": lambda u, n: u**n,
        "real_power": lambda u, a: u**a,
    },
    lambda enclosure: mpmath.mpf(enclosure.low.numerator) / enclosure.low.denominator,
)


def exact_derivative(function, x, order):
    """Give the partial derivatives of a Formula at one point at 40 digits, as a full array; nan where there is none."""
    out = np.full((len(x),) * order, np.nan)
    with mpmath.workdps(40):
        try:
            made = function.evaluate([mpmath.mpf(float(each)) for each in x], order, MPMATH)
        except (ZeroDivisionError, ValueError):
            return out
        for index, value in made.items():
            for place in itertools.permutations(index):
                out[place] = float(value) if isinstance(value, int) or not mpmath.im(value) else np.nan
    return out


def evaluated_text(text, variables, x):
    """Let Python itself evaluate a text at one point at 40 digits; its decimals are floats there."""
    with mpmath.workdps(40):
        names = dict(zip(variables, (mpmath.mpf(float(each)) for each in x), strict=True))
        value = eval(text, {**FUNCTIONS, "abs": abs, "pi": mpmath.pi, "e": mpmath.e}, names)
        return float(value)
