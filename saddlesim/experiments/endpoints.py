"""Endpoints: at what kind of point a lane stands when its run is over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives import Objective
from saddlesim.observers import norm
from saddlesim.spectrum import KINDS, classify, eigenvalues

FINAL_KINDS = (*KINDS, "moving", "infinite")  # moving: the gradient there is not zero
FINAL_TOLERANCE = 1e-6  # of |gradient| over |Hessian| max(1, |x|), and of a zero eigenvalue over the largest
HESSIAN_ENTRIES = 2_000_000  # at the most in one piece while final points are classified: 16 MB


def final_kinds(objective: Objective, x: NDArray[np.float64], gradient: NDArray[np.float64]) -> NDArray[np.int8]:
    """Tell at what kind of point each lane stands, as positions in `FINAL_KINDS`, (B,).

    Parameters
    ----------
    x, gradient : (d, B)
    """
    d, n_lanes = x.shape
    kinds = np.full(n_lanes, FINAL_KINDS.index("moving"), dtype=np.int8)
    piece = max(1, HESSIAN_ENTRIES // (d * d))
    for begin in range(0, n_lanes, piece):
        lanes = slice(begin, begin + piece)
        spectrum = eigenvalues(objective.hessian(x[:, lanes]))
        finite = np.isfinite(spectrum).all(axis=-1) & np.isfinite(gradient[:, lanes]).all(axis=0)
        scale = np.abs(spectrum).max(axis=-1) * np.maximum(1.0, norm(x[:, lanes]))
        critical = finite & (norm(gradient[:, lanes]) <= FINAL_TOLERANCE * scale)
        named = classify(np.where(critical[:, None], spectrum, 1.0), rtol=FINAL_TOLERANCE).kind
        codes = np.select([named == kind for kind in KINDS], range(len(KINDS)))
        kinds[lanes] = np.where(critical, codes, np.where(finite, kinds[lanes], FINAL_KINDS.index("infinite")))
    return kinds
