"""Search from many starts: against tables, closed forms, exact arithmetic and populations that are known."""

from __future__ import annotations

import math

import mpmath
import numpy as np
from oracles import FUNCTIONS

from saddlesim.objectives import OBJECTIVES
from saddlesim.searching.methods import Landscape
from saddlesim.searching.symmetry import Symmetry, find_symmetry

HIMMELBLAU = OBJECTIVES["himmelblau"]()
LJ3, LJ4 = OBJECTIVES["lennard_jones"](n_atoms=3), OBJECTIVES["lennard_jones"](n_atoms=4)
WELLS = OBJECTIVES["styblinski_tang"](dimension=3)
ALL = np.ones(64, dtype=bool)
SPACE = Symmetry(12, 3, translation=True, rotation=True, permutation=True)
MIRRORED = Symmetry(12, 3, translation=True, rotation=True, permutation=True, improper=True)


class Plain:
    """Only what the protocol asks for, of another objective or of functions."""

    def __init__(self, value, gradient, hessian):
        self.value, self.gradient, self.hessian = value, gradient, hessian

    @classmethod
    def of(cls, objective):
        return cls(objective.value, objective.gradient, objective.hessian)

    def __str__(self):
        return "plain"


def never():
    return False


def landscape(objective, symmetry=None):
    box = objective.domain
    return Landscape(objective, box, symmetry or find_symmetry(objective, box, objective.symmetries))


def exact_gradient(objective, x):
    """Differentiate the text numerically at 60 digits, by Python's own evaluation: (d,)."""
    with mpmath.workdps(60):
        h, at = mpmath.mpf(10) ** -20, [mpmath.mpf(float(each)) for each in x]

        def value(i, step):
            moved = [each + step * (i == j) for j, each in enumerate(at)]
            return eval(objective.expression_text, FUNCTIONS, dict(zip(objective.variables, moved, strict=True)))

        return np.array([float((value(i, h) - value(i, -h)) / (2 * h)) for i in range(len(at))])


def binomial_wells(d):
    """Give how many points of each index a sum of d functions of one component has that have two minima and a maximum each."""
    return {k: math.comb(d, k) * 2 ** (d - k) for k in range(d + 1)}
