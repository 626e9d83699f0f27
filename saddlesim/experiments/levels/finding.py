"""Finding: all critical points of a drawn spherical p-spin glass of two or three components.

On the circle they are the real roots of a polynomial. On the sphere Newton's method goes from ever more starts until these find
nothing new and Morse's sum, minima - saddles + maxima = 2, comes out. Not here: more components, where that says less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.objectives.random_fields import SphericalPSpin

Array = NDArray[np.float64]

MOST_COMPONENTS = 3
N_STARTS = 50  # on the sphere; twice as many in every further round
N_ROUNDS = 7
N_STEPS = 25
LONGEST_STEP = 0.3  # of the radius
SAME_RAY = 1e-9  # 1 - |cosine|
ZERO = 1e-9  # relative: of slopes to curvatures, of curvatures to the largest, of a root's imaginary part


class Found(NamedTuple):
    """Index and level of each critical point, (P,), and whether Morse's sum comes out."""

    morse_index: NDArray[np.int64]
    level: Array
    is_whole: bool


def find(dimension: int, p: int, rng: np.random.Generator) -> Found:
    """Draw a glass and find its critical points."""
    glass = SphericalPSpin(dimension=dimension, p=p, seed=int(rng.integers(2**63)))
    if dimension == 2:
        return _told(glass, _on_the_circle(glass))
    x = np.empty((dimension, 0))
    for n_starts in (N_STARTS * 2**k for k in range(N_ROUNDS)):
        n_known = x.shape[1]
        x = _distinct(np.hstack([x, _newton(glass, rng.standard_normal((dimension, n_starts)))]))
        if x.shape[1] == n_known and _told(glass, x).is_whole:
            break
    return _told(glass, x)


def _told(glass: SphericalPSpin, x: Array) -> Found:
    """Tell the critical points on the rays x, (N, R), and on the opposite ones, where f is f or -f."""
    curvatures = np.linalg.eigvalsh(np.moveaxis(glass.hessian(x), -1, 0))
    n, threshold = glass.dimension - 1, ZERO * np.abs(curvatures).max(axis=1, keepdims=True)
    index, level = (curvatures < -threshold).sum(axis=1), glass.value(x) / glass.dimension
    opposite = (index, level) if glass.p % 2 == 0 else (n - index, -level)
    index, level = np.append(index, opposite[0]), np.append(level, opposite[1])
    return Found(index, level, int(((-1) ** index).sum()) == 1 + (-1) ** n)


def _on_the_circle(glass: SphericalPSpin) -> Array:
    """Give a point on each critical ray (1, t) up to sign: with f = q(t), ``(1 + t^2) q' = p t q``."""
    q = np.zeros(glass.p + 2)
    q[glass.form.monomials.sum(axis=1).astype(int)] = glass.form.coefficients
    power = np.arange(glass.p + 1)
    slope = (power + 1) * q[1:]
    slope[1:] -= (glass.p - power[:-1]) * q[:-2]
    t = np.polynomial.polynomial.polyroots(slope)
    t = t[np.abs(t.imag) <= ZERO * (1 + np.abs(t))].real
    return _on_the_sphere(np.stack([np.ones_like(t), t]))


def _newton(glass: SphericalPSpin, x: Array) -> Array:
    """Walk from starts (N, B), by bounded steps of Newton along the sphere, and give those that end at a critical point."""
    x = _on_the_sphere(x)
    for _ in range(N_STEPS):
        u, gradient = x / np.sqrt(glass.dimension), glass.gradient(x)
        radial = (u[:, None] * u).transpose(2, 0, 1)
        across = np.eye(glass.dimension) - radial
        hessian = across @ np.moveaxis(glass.hessian(x), -1, 0) @ across + radial
        step = -np.linalg.solve(hessian, gradient.T[..., None])[..., 0].T
        length = np.sqrt((step * step).sum(axis=0) / glass.dimension)
        x = _on_the_sphere(x + step * np.minimum(1, LONGEST_STEP / np.maximum(length, ZERO)))
    slope, curvature = np.abs(glass.gradient(x)).max(axis=0), np.abs(glass.hessian(x)).max(axis=(0, 1))
    return x[:, slope <= ZERO * curvature]


def _distinct(x: Array) -> Array:
    """Keep the first of the points on each line through the origin."""
    cosine = np.abs(x.T @ x) / len(x)
    return x[:, (1 - cosine <= SAME_RAY).argmax(axis=0) == np.arange(x.shape[1])]


def _on_the_sphere(x: Array) -> Array:
    return np.asarray(x * np.sqrt(len(x) / (x * x).sum(axis=0)))
