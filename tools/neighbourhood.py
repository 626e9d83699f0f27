"""Neighbourhood: what a degenerate critical point is, told from the function around it at 60 digits.

Near such a point f is, in suitable coordinates, a regular quadratic form plus a function h on the null space of the Hessian (the
splitting lemma). h is computed here: its values tell the kind, the turns of its gradient the degree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import mpmath
import numpy as np
from mpmath import mpf
from precise import ACCURATE, Precise

NEAR = mpf(10) ** -4  # how far away is looked, in units of the domain
N_DIRECTIONS = 720
N_WALKS = 4
N_STEPS = 40


class Neighbourhood(NamedTuple):
    """What is there.

    Attributes
    ----------
    kind : str
    degree : int or None
        Of the gradient; None where the nullity is above 2.
    isolated : bool
        False where a curve of critical points leads through it.
    """

    kind: str
    degree: int | None
    isolated: bool


def neighbourhood(f: Precise, x: Sequence[Any], vectors: Any, zero: Sequence[int], index: int) -> Neighbourhood:
    """Look around a degenerate point.

    Parameters
    ----------
    f : Precise
    x : (d,)
    vectors : matrix
        The eigenvectors of the Hessian there, in columns.
    zero : sequence of int
        Which of the eigenvalues are zero.
    index : int
        How many are negative.
    """
    null = [vectors[:, i] for i in zero]
    span = [vectors[:, i] for i in range(f.d) if i not in zero]
    rises, slopes = [], []
    for direction in _directions(len(zero)):
        place = _reduced_place(f, x, [NEAR * each for each in direction], null, span)
        gradient = f.gradient(place)
        slopes.append([mpmath.fdot(each, gradient) for each in null])
        rises.append(f.value(place) - f.value(x))
    if any(f.is_zero(each) for each in slopes) or (len(zero) > 1 and _leads_away(f, x, null)):
        return Neighbourhood("degenerate", None, isolated=False)
    up, down = any(each > 0 for each in rises), any(each < 0 for each in rises)
    kind = "saddle"
    if not down and not index:
        kind = "minimum"
    elif not up and index + len(zero) == f.d:
        kind = "maximum"
    return Neighbourhood(kind, _degree(slopes, index), isolated=True)


def _reduced_place(
    f: Precise, x: Sequence[Any], offset: Sequence[Any], null: Sequence[Any], span: Sequence[Any]
) -> list[Any]:
    """Give where f is stationary across the null space, at an offset along it."""
    place = f.moved(x, _combination(f.d, offset, null))
    for _ in range(12 if span else 0):
        gradient, hessian = f.gradient(place), f.hessian(place)
        matrix = mpmath.matrix([[mpmath.fdot(a, hessian * b) for b in span] for a in span])
        step = mpmath.lu_solve(matrix, mpmath.matrix([-mpmath.fdot(a, gradient) for a in span]))
        place = f.moved(place, _combination(f.d, step, span))
        if mpmath.norm(step, mpmath.inf) < ACCURATE:
            break
    return place


def _leads_away(f: Precise, x: Sequence[Any], null: Sequence[Any]) -> bool:
    """Tell whether other critical points are near: Levenberg-Marquardt finds them, but crawls to x if it is alone."""
    for direction in _directions(len(null))[1 :: N_DIRECTIONS // N_WALKS]:
        place = f.moved(x, _combination(f.d, [10 * NEAR * each for each in direction], null))
        for _ in range(N_STEPS):
            gradient, hessian = f.gradient(place), f.hessian(place)
            damping = (mpmath.norm(gradient) / f.usual) ** 2 * f.usual**2
            step = mpmath.lu_solve(hessian * hessian + damping * mpmath.eye(f.d), -hessian * gradient)
            place = f.moved(place, step)
            if f.is_zero(f.gradient(place)):
                away = [(a - b) / unit for a, b, unit in zip(place, x, f.width, strict=True)]
                if mpmath.norm(away) > NEAR / 10:
                    return True
                break
    return False


def _combination(d: int, coefficients: Sequence[Any], vectors: Sequence[Any]) -> Any:
    return sum((t * v for t, v in zip(coefficients, vectors, strict=True)), mpmath.zeros(d, 1))


def _directions(nullity: int) -> list[list[Any]]:
    if nullity == 1:
        return [[mpf(1)], [mpf(-1)]]
    if nullity == 2:
        angles = [2 * mpmath.pi * i / N_DIRECTIONS for i in range(N_DIRECTIONS)]
        return [[mpmath.cos(angle), mpmath.sin(angle)] for angle in angles]
    drawn = np.random.default_rng(0).standard_normal((N_DIRECTIONS, nullity))
    return [[mpf(float(each)) for each in direction / np.linalg.norm(direction)] for direction in drawn]


def _degree(slopes: list[list[Any]], index: int) -> int | None:
    if len(slopes[0]) == 1:
        return int((-1) ** index * (mpmath.sign(slopes[0][0]) - mpmath.sign(slopes[1][0]))) // 2
    if len(slopes[0]) == 2:
        angles = [float(mpmath.atan2(y, x)) for x, y in slopes]
        turns = [math.remainder(b - a, 2 * math.pi) for a, b in zip(angles, [*angles[1:], angles[0]], strict=True)]
        return int((-1) ** index * round(sum(turns) / (2 * math.pi)))
    return None
