"""The census against counts from the literature, roots refined to 50 digits, and degenerate points worked out by hand."""

import itertools

import mpmath
import numpy as np
from oracles import MPMATH

from saddlesim import expression
from saddlesim.proving import census

DIGITS = 50
BOX = [[-1.5, 1.75], [-1.25, 1.5]]


def taken(text, box, variables=None, **given):
    return census(expression(text, variables=variables), box, connected=False, **given)


def refined(function, x):
    """Refine a root of the gradient by Newton's method, and give the eigenvalues of the Hessian there."""
    d = len(x)

    def derivative(point, order):
        return function.evaluate(list(point), order, MPMATH)

    point = mpmath.matrix([mpmath.mpf(float(each)) for each in x])
    for _ in range(8):
        slope, second = derivative(point, 1), derivative(point, 2)
        gradient = mpmath.matrix([slope[i,] for i in range(d)])
        hessian = mpmath.matrix(d, d)
        for i, j in itertools.product(range(d), repeat=2):
            hessian[i, j] = second[min(i, j), max(i, j)]
        point -= mpmath.lu_solve(hessian, gradient)
    assert mpmath.norm(gradient) <= mpmath.mpf(10) ** (10 - DIGITS) * (1 + mpmath.mnorm(hessian))
    return point, sorted(mpmath.eigsy(hessian, eigvals_only=True))


def winding(objective, box):
    """Count how often the gradient turns round along the boundary, by angles between points that are close."""
    (a, b), (c, d) = np.asarray(box, dtype=float)
    for n in (2000, 20_000, 400_000):
        s, one = np.linspace(0, 1, n, endpoint=False), np.ones(n)
        x = np.concatenate([a + (b - a) * s, b * one, b - (b - a) * s, a * one])
        y = np.concatenate([c * one, c + (d - c) * s, d * one, d - (d - c) * s])
        right, up = objective.gradient(np.stack([x, y]))
        angles = np.arctan2(up, right)
        steps = (np.diff(np.append(angles, angles[0])) + np.pi) % (2 * np.pi) - np.pi
        if abs(steps).max() < 1:
            return round(steps.sum() / (2 * np.pi))
    raise AssertionError("the gradient turns too fast, or vanishes on the boundary")


def holds(box, x):
    return bool(((box[:, 0] <= x) & (x <= box[:, 1])).all())
