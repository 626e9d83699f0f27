"""Merging: which of the points found are copies of one another.

Exchanging hidden units, and turning their signs where h is odd, are orthogonal maps of the weights. So copies agree in value, in
norm and in every eigenvalue of the Hessian; other points agree in all of them by accident only. No list of symmetries is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAME = 1e-6  # difference of the values and of the norms over max(1, .), and of eigenvalues over the largest


def classes(x: Array, value: Array, eigenvalues: Array) -> NDArray[np.int64]:
    """Number the points (P, d) so that copies have one number, (P,), counted from 0 in the order in which they come."""
    norm = np.linalg.norm(x, axis=1)
    numbers, firsts = np.empty(len(x), dtype=np.int64), list[int]()
    for i in range(len(x)):
        off = np.abs(eigenvalues[firsts] - eigenvalues[i]).max(axis=1, initial=0.0)
        same = (
            (np.abs(value[firsts] - value[i]) <= SAME * max(1.0, abs(value[i])))
            & (np.abs(norm[firsts] - norm[i]) <= SAME * max(1.0, norm[i]))
            & (off <= SAME * np.abs(eigenvalues[i]).max(initial=0.0))
        )
        numbers[i] = int(same.argmax()) if same.any() else len(firsts)
        if numbers[i] == len(firsts):
            firsts.append(i)
    return numbers
