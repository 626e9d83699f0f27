"""Linear networks: how gradient flow learns the modes of a linear network one after another.

In 1/2 |W_N ... W_1 - M|^2 a balanced start along M's singular vectors stays so, and the strength u of a mode, the product of its
entries in N layers, goes by u' = N u^(2 - 2/N) (s - u) (Saxe, McClelland, Ganguli 2014). Times are those of x' = -grad f, where
a step of gradient descent takes eta. A mode stays near u = 0 for long, and the longer the deeper: that is the plateau.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mode_strength(time: ArrayLike, start: float, singular_value: float) -> NDArray[np.float64]:
    """Give u(t) of a network of two layers from u(0) > 0: s / (1 - (1 - s / u0) exp(-2 s t)), of the shape of `time`.

    >>> mode_strength([0.0, 100.0], 0.01, 3.0).tolist()
    [0.01, 3.0]
    """
    decay = np.exp(-2 * singular_value * np.asarray(time, dtype=np.float64))
    return np.asarray(singular_value / (1 - (1 - singular_value / start) * decay))


def mode_time(start: float, end: float, singular_value: float, depth: int = 2) -> float:
    """Give the time in which a mode grows from strength u0 to u < s, by separation of variables.

    For two layers ``ln(u (s - u0) / (u0 (s - u))) / (2 s)``; for N > 2, with p = 2/N - 1, ``(F(u) - F(u0)) / N`` where
    ``F(u) = u^p 2F1(1, p; 1 + p; u / s) / (p s)``, so that it grows as u0^p / (N - 2) / s instead of a logarithm.

    Raises
    ------
    ValueError
        If not 0 < u0 <= u < s, or the depth is below 2.

    Examples
    --------
    >>> round(mode_time(0.01, 1.5, 3.0), 6)  # ln(299) / 6
    0.950074
    """
    from scipy.special import hyp2f1

    if depth < 2 or not 0 < start <= end < singular_value:
        raise ValueError(
            f"start={start}, end={end}, singular_value={singular_value}, depth={depth}: must be 0 < start <= end <"
            " singular_value and depth >= 2"
        )
    if depth == 2:
        odds = end * (singular_value - start) / (start * (singular_value - end))
        return math.log(odds) / (2 * singular_value)
    p = 2 / depth - 1
    low, high = (u**p * hyp2f1(1, p, 1 + p, u / singular_value) / (p * singular_value) for u in (start, end))
    return float(high - low) / depth


def mode_half_time(start: float, singular_value: float, depth: int = 2) -> float:
    """Give the time until a mode has half its strength, for two layers ln(s / u0 - 1) / (2 s); errors as in `mode_time`."""
    return mode_time(start, singular_value / 2, singular_value, depth)
