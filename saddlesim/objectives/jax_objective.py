"""From JAX: a function of somebody's, written with jax.numpy, whose derivatives JAX supplies. Needs the extra `jax`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.objectives.base import scipy_problem, square_box

Array = NDArray[np.float64]


class JaxObjective:
    """An objective made of a JAX function; see `from_jax`."""

    critical_points: ClassVar[None] = None  # not known beforehand

    def __init__(self, f: Callable[[Any], Any], dimension: int, domain: ArrayLike | None = None) -> None:
        self.f = f
        self.dimension = dimension
        self.domain = square_box(2.0, dimension) if domain is None else np.array(domain, dtype=np.float64)
        if self.domain.shape != (dimension, 2):
            raise ValueError(
                f"domain has shape {self.domain.shape}; must be ({dimension}, 2), low and high of each component"
            )
        for low, high in self.domain.tolist():
            if not -math.inf < low < high < math.inf:
                raise ValueError(f"domain has [{low}, {high}]: the first must be below the second, and both finite")
        self._check_value()
        self._compile()

    def _check_value(self) -> None:
        """Let JAX trace f, which computes nothing."""
        jax = _jax()
        with jax.enable_x64(True):
            try:
                made = jax.eval_shape(self.f, jax.ShapeDtypeStruct((self.dimension,), np.float64))
            except Exception as error:  # whatever somebody's function raises
                told = str(error).partition("\n")[0]
                raise ValueError(f"{self} does not take a point: {type(error).__name__}: {told}") from None
        if getattr(made, "shape", None) != ():
            given = f"an array of shape {made.shape}" if hasattr(made, "shape") else f"a {type(made).__name__}"
            raise ValueError(f"{self} gives {given}; must give a scalar")

    def _compile(self) -> None:
        """Differentiate; compiled for lanes of any number when they are first met."""
        jax = _jax()
        f, last = self.f, {"in_axes": -1, "out_axes": -1}
        product = lambda x, v: jax.jvp(jax.grad(f), (x,), (v,))[1]  # noqa: E731
        self._value = jax.jit(jax.vmap(f, **last))
        self._gradient = jax.jit(jax.vmap(jax.grad(f), **last))
        self._hessian = jax.jit(jax.vmap(jax.hessian(f), **last))
        self._product = jax.jit(jax.vmap(product, **last))

    def value(self, x: Array) -> Array:
        """Give f(x): (d, ...) -> (...)."""
        return self._mapped(self._value, 0, x)

    def gradient(self, x: Array) -> Array:
        """Give the gradient: (d, ...) -> (d, ...)."""
        return self._mapped(self._gradient, 1, x)

    def hessian(self, x: Array) -> Array:
        """Give the Hessian, symmetric to the last bit: (d, ...) -> (d, d, ...)."""
        hessian = self._mapped(self._hessian, 2, x)
        return (hessian + np.swapaxes(hessian, 0, 1)) / 2

    def hessian_product(self, x: Array, v: Array) -> Array:
        """Give the Hessian at x times v, forward over reverse: (d, ...), (d, ...) -> (d, ...)."""
        return self._mapped(self._product, 1, *np.broadcast_arrays(x, v))

    def as_scipy(self) -> dict[str, Any]:
        """Give fun, jac, hess, hessp and bounds for `scipy.optimize.minimize`, on single points (d,)."""
        return scipy_problem(self)

    def __call__(self, x: Array) -> Array:
        return self.value(x)

    def _mapped(self, function: Callable[..., Any], order: int, *points: Array) -> Array:
        """Run over all lanes at once, in double precision whatever the rest of the program does with JAX."""
        arrays = [np.asarray(each, dtype=np.float64) for each in points]
        lanes = arrays[0].shape[1:]
        if arrays[0].shape[:1] != (self.dimension,):
            raise ValueError(f"x has shape {arrays[0].shape} but {self} has dimension {self.dimension}")
        with _jax().enable_x64(True):
            out = function(*(each.reshape(self.dimension, -1) for each in arrays))
        return np.array(out, dtype=np.float64).reshape((self.dimension,) * order + lanes)

    def __getstate__(self) -> dict[str, Any]:
        return {"f": self.f, "dimension": self.dimension, "domain": self.domain}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._compile()

    def __str__(self) -> str:
        return f"from_jax({getattr(self.f, '__name__', 'f')}, dimension={self.dimension})"


def from_jax(f: Callable[[Any], Any], dimension: int, domain: ArrayLike | None = None) -> JaxObjective:
    """Make an objective of a JAX function, with gradient, Hessian and Hessian product in double precision.

    Parameters
    ----------
    f : callable
        Takes one point of shape (d,), gives a scalar. At the top level of a module if runs with it are to be stored.
    dimension : int, >= 1
    domain : (d, 2), optional
        The usual box; [-2, 2]^d by default.

    Raises
    ------
    ImportError
        If JAX is not installed; the message says how to.
    ValueError
        If the dimension or the domain does not fit, or f does not give a scalar.
    TypeError
        If the dimension is no whole number.
    """
    try:
        d = operator.index(dimension)
    except TypeError:
        raise TypeError(f"dimension={dimension!r}: must be a whole number") from None
    if d < 1:
        raise ValueError(f"dimension={d}: must be at least 1")
    return JaxObjective(f, d, domain)


def _jax() -> Any:
    try:
        import jax
    except ImportError:
        raise ImportError("from_jax needs JAX; install it with: pip install 'saddlesim[jax]'") from None
    return jax
