"""What a module takes, and what it says of arrays that do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]  # float64, or complex128 where a derivative is checked by a complex step
TOLERANCE = 1e-9  # of a sum of probabilities


def fitted(**given: tuple[ArrayLike | None, str]) -> tuple[Any, ...]:
    """Give arrays of floating point whose last axes fit, and whose lanes before these broadcast; None stays None.

    Parameters
    ----------
    given : tuple of array-like and str
        By the name that a message has for it; the last axes, a letter each: those of one letter are of one size.

    Raises
    ------
    ValueError
        If something holds no numbers, has too few axes or does not fit; names and shapes are told.

    Examples
    --------
    >>> inputs, weights = fitted(inputs=([[1, 2]], "Sn"), weights=([[3, 4], [5, 6]], "mn"))
    >>> fitted(inputs=([[1, 2]], "Sn"), weights=([[3, 4, 5]], "mn"))
    Traceback (most recent call last):
    ValueError: inputs (1, 2) and weights (1, 3) do not fit; they must be (..., S, n) and (..., m, n)
    """
    arrays, sizes, lanes_of = list[Array | None](), dict[str, tuple[int, str]](), dict[tuple[int, ...], str]()
    for name, (each, axes) in given.items():
        if each is None:
            arrays.append(None)
            continue
        array = numbers(name, each)
        n_lanes = array.ndim - len(axes)
        if n_lanes < 0:
            raise ValueError(f"{name} {array.shape} has too few axes; it must be {_spelt(axes)}")
        for letter, size in zip(axes, array.shape[n_lanes:], strict=True):
            there, other = sizes.setdefault(letter, (size, name))
            if there != size:
                raise _misfit(given, other, name)
        if n_lanes and (lanes := array.shape[:n_lanes]) not in lanes_of:
            for those, other in lanes_of.items():
                if not _broadcast(those, lanes):
                    raise ValueError(f"{other} and {name} have lanes {those} and {lanes}, which do not broadcast")
            lanes_of[lanes] = name
        arrays.append(array)
    return tuple(arrays)


def batch(**given: ArrayLike) -> tuple[Any, ...]:
    """Give outputs, targets and the like, all (..., S, m), of one sample and one output at least; errors as in `fitted`."""
    arrays = fitted(**{name: (each, "Sm") for name, each in given.items()})
    (name, *_), (first, *_) = given, arrays
    if 0 in first.shape[-2:]:
        raise ValueError(
            f"{name} {first.shape} hold nothing to take the mean of; give one sample and one output at least"
        )
    return arrays


def check_distributions(targets: Array) -> None:
    """Check that each row of T, (..., S, m), is a distribution over classes.

    Raises
    ------
    ValueError
        If one is none; it is named.
    """
    rows = targets.reshape(-1, targets.shape[-1])
    if (row := improper_row(rows)) is not None:
        raise ValueError(
            f"row {row % targets.shape[-2]} of the targets {improper(rows[row])}; use squared_error for values"
        )


def improper_row(rows: Array) -> int | None:
    """Give the number of the first row, (S, m), that is no distribution; None where all are."""
    off = np.abs(rows.sum(axis=1) - 1)
    if off.max(initial=0.0) <= TOLERANCE and rows.min(initial=0.0) >= 0:  # as nearly always, and fast
        return None
    return int(np.argmax((rows < 0).any(axis=1) | ~(off <= TOLERANCE)))


def improper(row: Array) -> str:
    """Say why a row, (m,), is no distribution."""
    return (
        f"sums to {row.sum():.12g} with smallest entry {row.min():.6g}; a cross-entropy is of class probabilities, >= 0"
        " and of sum 1"
    )


def numbers(name: str, given: ArrayLike) -> Array:
    """Give an array of floating point, itself where it is one.

    Raises
    ------
    ValueError
        If it holds something else, or rows of unequal length.
    """
    try:
        array = np.asarray(given)
        return array if array.dtype.kind in "fc" else np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be an array of numbers, or rows of numbers of one length") from None


def _misfit(given: Mapping[str, tuple[ArrayLike | None, str]], first: str, second: str) -> ValueError:
    (a, axes), (b, other_axes) = given[first], given[second]
    same = axes == other_axes
    told = f"both must be {_spelt(axes)}" if same else f"they must be {_spelt(axes)} and {_spelt(other_axes)}"
    return ValueError(f"{first} {np.shape(a)} and {second} {np.shape(b)} do not fit; {told}")  # type: ignore[arg-type]


def _broadcast(lanes: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(lanes[::-1], others[::-1], strict=False))


def _spelt(axes: str) -> str:
    return f"(..., {', '.join(axes)})"
