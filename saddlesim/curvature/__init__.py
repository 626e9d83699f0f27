"""Curvature: what is known of a Hessian's spectrum from its products alone, or from the matrix that they make.

`product` is always H v of v, for a vector (d,) or a block of them, (d, K). Not here: what zero means (`spectrum`), objectives.
"""

from saddlesim.curvature.density import SpectralDensity, spectral_density
from saddlesim.curvature.extremes import ConvergenceError, Eigenpairs, extreme_eigenpairs
from saddlesim.curvature.inertia import LARGEST_DENSE, NegativeCount, dense_hessian, exact_spectrum, negative_count
from saddlesim.curvature.krylov import NotFiniteError

__all__ = [
    "LARGEST_DENSE",
    "ConvergenceError",
    "Eigenpairs",
    "NegativeCount",
    "NotFiniteError",
    "SpectralDensity",
    "dense_hessian",
    "exact_spectrum",
    "extreme_eigenpairs",
    "negative_count",
    "spectral_density",
]
