"""Noise: what random numbers drawn along the way do, and the search for the escape direction from noise alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.theory.distributions import LARGEST_RATIO, indefinite_form_tails

Array = NDArray[np.float64]


def noisy_variance(steps: ArrayLike, noise: float, eigenvalue: float, learning_rate: float) -> Array:
    """Give Var x_t = sigma^2 (a^2t - 1) / (a^2 - 1), a = 1 - eta lambda, of noisy gradient descent started at x_0 = 0.

    The marginal law at step t, not the law of the first passage.
    """
    t = np.asarray(steps, dtype=np.float64)
    square = (1 - learning_rate * eigenvalue) ** 2
    with np.errstate(over="ignore"):
        grown = t if square == 1 else (np.power(square, t) - 1) / (square - 1)
    return np.asarray(noise * noise * grown)


def power_iteration_contraction(eigenvalues: ArrayLike, learning_rate: float) -> float:
    """Give the factor by which an iteration of u <- u - eta H u turns u towards the lowest eigenvector, in the end.

    Against the component along it, each other one shrinks by |1 - eta lambda_i| / (1 + eta gamma), and this is the largest of
    these: how fast NEON, whose iteration this is near a saddle, finds the escape direction. 1 for a double lowest eigenvalue.

    Parameters
    ----------
    eigenvalues : (d,)
        d >= 2.
    learning_rate : float
    """
    lowest, *others = np.sort(np.asarray(eigenvalues, dtype=np.float64))
    return float(np.max(np.abs(1 - learning_rate * np.array(others))) / (1 - learning_rate * lowest))


def neon_success_cdf(
    iterations: ArrayLike, eigenvalues: ArrayLike, learning_rate: float, radius: float, decrease: float
) -> Array:
    """Give the probability that so many iterations of NEON from a saddle have found a way down, on its quadratic form.

    With u_0 = radius z / |z|, z normal, -u'Hu / 2 >= decrease means sum_i (-lambda_i c_i^2 radius^2 / 2 - decrease) z_i^2 >= 0.
    -u'Hu grows with every iteration as long as eta is below 2 / lambda_max.
    """
    t = np.asarray(iterations, dtype=np.float64)
    with np.errstate(over="ignore"):
        falls = [-each / 2 * (radius * np.power(1 - learning_rate * each, t)) ** 2 for each in np.asarray(eigenvalues)]
    return np.asarray(indefinite_form_tails(np.clip(np.array(falls) / decrease, -LARGEST_RATIO, LARGEST_RATIO) - 1)[1])
