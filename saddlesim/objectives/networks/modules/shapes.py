"""What a module says of arrays that do not fit."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]  # float64, or complex128 where a derivative is checked by a complex step


def check_linear(x: Array, weight: Array, bias: Array | None = None, dy: Array | None = None) -> None:
    """Check that X (..., S, n), W (..., m, n), b (..., m) and dL/dY (..., S, m) fit.

    Raises
    ------
    ValueError
        If they do not; the shapes are named.
    """
    if x.ndim < 2 or weight.ndim < 2 or x.shape[-1] != weight.shape[-1]:
        raise ValueError(
            f"inputs {x.shape} and weights {weight.shape} do not fit; they must be (..., S, n) and (..., m, n)"
        )
    if bias is not None and (bias.ndim < 1 or bias.shape[-1] != weight.shape[-2]):
        raise ValueError(
            f"bias {bias.shape} does not fit weights {weight.shape}; it must be (..., m) beside (..., m, n)"
        )
    if dy is not None and dy.shape[-2:] != (x.shape[-2], weight.shape[-2]):
        raise ValueError(
            f"dy {dy.shape} does not fit inputs {x.shape} and weights {weight.shape}; it must be (..., S, m) beside"
            " (..., S, n) and (..., m, n)"
        )


def check_alike(**arrays: Array) -> None:
    """Check that two arrays are of one shape, (S, m), beside their lanes.

    Raises
    ------
    ValueError
        If they are not; the shapes are named.
    """
    (name, first), (other, second) = arrays.items()
    if first.ndim < 2 or first.shape[-2:] != second.shape[-2:]:
        raise ValueError(f"{name} {first.shape} and {other} {second.shape} do not fit; both must be (..., S, m)")
