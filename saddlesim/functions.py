"""Functions: the elementary functions that NumPy lacks for expressions and objectives, safe for complex steps.

A derivative taken by a complex step of 1e-30 needs |x|, its sign and the angle of (x, y) continued off the real axis. Where
such a function has a kink, its derivatives are nan.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64 or complex128


def modulus(x: Array) -> Array:
    """Give |x|, shape (...), continued analytically off the real axis on either side of 0."""
    return np.where(x.real < 0, -x, x) if np.iscomplexobj(x) else np.abs(x)


def sign(x: Array) -> Array:
    """Give the derivative of |x|, shape (...): -1, 1, and nan at 0, where there is none."""
    return np.where(np.real(x) == 0, np.nan, np.sign(np.real(x)))


def kink(x: Array) -> Array:
    """Give the derivative of `sign`, shape (...): 0, and nan at 0."""
    return np.where(np.real(x) == 0, np.nan, 0.0)


def arctan2(y: Array, x: Array) -> Array:
    """Give the angle of the points (x, y), shape (...), in (-pi, pi]; off the real axis to first order."""
    if not (np.iscomplexobj(y) or np.iscomplexobj(x)):
        return np.arctan2(y, x)
    angle = np.arctan2(np.real(y), np.real(x))
    turn = np.real(x) * np.imag(y) - np.real(y) * np.imag(x)
    return np.asarray(angle + 1j * turn / (np.real(x) * np.real(x) + np.real(y) * np.real(y)))
