"""Symmetries of networks: motions of the weights that leave the function computed, and so the loss, as it is.

Hidden units may change places; where h is odd both signs of a unit may be turned; where h is homogeneous a unit's inputs may be
multiplied and its outputs divided by any positive factor. The first two are finite, so that critical points come in copies; the
third makes them lie on manifolds, along which the Hessian is zero. Weight decay allows the first two alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from saddlesim.objectives.base import Array
from saddlesim.objectives.networks.layered import LayeredNetwork, Weights

ODD = ("identity", "tanh", "erf")
HOMOGENEOUS = ("identity", "relu")


def permuted(network: LayeredNetwork, x: Array, hidden: int, order: Sequence[int]) -> Array:
    """Give the points (d, ...) whose hidden units of layer `hidden`, counted from 0, stand in another order.

    Raises
    ------
    ValueError
        If there is no such hidden layer, or `order` does not name each unit once.
    """
    width = _width(network, hidden)
    if sorted(order) != list(range(width)):
        raise ValueError(f"order={order}: must name each of the units 0, ..., {width - 1} once")
    return _mapped(network, x, hidden, np.array(order), np.ones(width))


def rescaled(network: LayeredNetwork, x: Array, hidden: int, factors: ArrayLike) -> Array:
    """Give the points with the inputs of each unit of a hidden layer times a factor and its outputs divided by it.

    Parameters
    ----------
    network : LayeredNetwork
        Of an activation that is odd, for factors of -1, or homogeneous, for positive ones; linear units take any but 0.
    x : (d, ...)
        Points.
    hidden : int
        Which hidden layer, counted from 0.
    factors : (h,)
        One a unit.

    Raises
    ------
    ValueError
        If the factors are no symmetry of the activation.
    """
    scale, width = np.asarray(factors, dtype=np.float64), _width(network, hidden)
    if scale.shape != (width,):
        raise ValueError(f"factors of shape {scale.shape}: hidden layer {hidden} has {width} units")
    name = network.modules[hidden].activation
    if network.modules[hidden + 1].is_fixed and (scale != 1).any():
        raise ValueError(f"factor {scale[scale != 1][0]:g} is no symmetry: what follows hidden layer {hidden} is fixed")
    allowed = (
        (name in HOMOGENEOUS) & (scale > 0) | (name in ODD) & (np.abs(scale) == 1) | (name == "identity") & (scale != 0)
    )
    if not allowed.all():
        raise ValueError(
            f"factor {scale[~allowed][0]:g} is no symmetry of {name}: odd ones allow -1, homogeneous ones positive"
        )
    return _mapped(network, x, hidden, np.arange(width), scale)


def canonical(network: LayeredNetwork, x: Array) -> Array:
    """Give one point for all copies of a point (d,) under the finite symmetries.

    Of each hidden unit the first weight of largest modulus is positive where h is odd, and units stand in the order of their
    weights. Copies that differ by rounding come out alike but for rounding, unless two units are nearly alike.
    """
    for hidden, (layer, following) in enumerate(itertools.pairwise(network.modules)):
        own = _own(network.split(x)[hidden])
        if layer.activation in ODD and not following.is_fixed:
            leading = np.take_along_axis(own, np.abs(own).argmax(axis=1)[:, None], axis=1)[:, 0]
            x = _mapped(network, x, hidden, np.arange(len(own)), np.where(leading < 0, -1.0, 1.0))
            own = _own(network.split(x)[hidden])
        x = _mapped(network, x, hidden, np.lexsort(own.T[::-1]), np.ones(len(own)))
    return x


def _own(weights: Weights) -> Array:
    """Give what enters each unit, its bias last, (m, n + 1)."""
    matrix, bias = weights
    return matrix if bias is None else np.concatenate([matrix, bias[:, None]], axis=1)


def _width(network: LayeredNetwork, hidden: int) -> int:
    n_hidden = len(network.modules) - 1
    if not 0 <= hidden < n_hidden:
        raise ValueError(f"hidden={hidden}: {network} has {n_hidden} hidden layers, counted from 0")
    return network.modules[hidden].n_outputs


def _mapped(network: LayeredNetwork, x: Array, hidden: int, order: Array, scale: Array) -> Array:
    weights = network.split(network.points(x))
    (matrix, bias), (after, after_bias) = weights[hidden : hidden + 2]
    weights[hidden] = Weights(
        (matrix * scale[:, None])[..., order, :], None if bias is None else (bias * scale)[..., order]
    )
    weights[hidden + 1] = Weights((after / scale)[..., order], after_bias)
    return network.joined(weights)
