"""What a data set is, and what is checked of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.parameters import call_text

Array = NDArray[np.float64]
Labels = NDArray[np.intp]


class Samples(NamedTuple):
    """Inputs (S, n) and what belongs to them: targets (S, m), or labels (S,) of classes 0, ..., n_classes - 1."""

    inputs: Array
    targets: Array | None = None
    labels: Labels | None = None
    n_classes: int | None = None


class DataSet(ABC):
    """Base of data sets: what is fitted, drawn or loaded once and then read only."""

    source: ClassVar[str] = ""

    @abstractmethod
    def samples(self) -> Samples:
        """Draw or load; the same each time."""

    @cached_property
    def checked(self) -> Samples:
        """The `samples`, checked and read only.

        Raises
        ------
        ValueError
            If a number is not finite, labels are out of range, or the rows do not match.
        """
        return checked_samples(self.samples())

    @property
    def inputs(self) -> Array:
        """X, (S, n)."""
        return self.checked.inputs

    @property
    def n_samples(self) -> int:
        """S, how many there are."""
        return len(self.inputs)

    @property
    def labels(self) -> Labels | None:
        """The classes, (S,), counted from 0; None where there are none."""
        return self.checked.labels

    @property
    def n_classes(self) -> int | None:
        """How many classes there are; None where there are none."""
        return self.checked.n_classes

    @cached_property
    def targets(self) -> Array:
        """T, (S, m): the values to be fitted, or for classes a row that is 1 at the class and else 0."""
        _, targets, labels, n_classes = self.checked
        if targets is not None:
            return targets
        hot = np.zeros((self.n_samples, n_classes or 0))
        hot[np.arange(self.n_samples), labels] = 1
        hot.flags.writeable = False
        return hot

    def class_probabilities(self) -> Array:
        """Give the targets, (S, m), as distributions over classes.

        Raises
        ------
        ValueError
            If a row is none; it is named.
        """
        targets = self.targets
        sums = targets.sum(axis=1)
        wrong = np.flatnonzero((targets < 0).any(axis=1) | (np.abs(sums - 1) > 1e-9))
        if wrong.size:
            row = int(wrong[0])
            raise ValueError(
                f"row {row} of the targets of {self} sums to {sums[row]:.12g} with smallest entry {targets[row].min():.6g}; a"
                " cross-entropy is of class probabilities, >= 0 and of sum 1; give such rows, or use loss=squared_error"
            )
        return targets

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Give the instances that tests and listings build, the default one first."""
        return (cls(),)

    def __str__(self) -> str:
        """Give the constructor call, as in ``xor()``."""
        return call_text(self)


def checked_samples(samples: Samples) -> Samples:
    """Give the same, read only.

    Raises
    ------
    ValueError
        See `DataSet.checked`.
    """
    inputs, targets, labels, n_classes = samples
    _check_finite("inputs", inputs)
    given: Any = targets if targets is not None else labels
    if len(given) != len(inputs):
        raise ValueError(
            f"inputs {inputs.shape} and {'targets' if targets is not None else 'labels'} {given.shape} differ in rows;"
            " give as many of one as of the other"
        )
    if targets is not None:
        _check_finite("targets", targets)
    elif labels is not None and n_classes is not None:
        wrong = np.flatnonzero((labels < 0) | (labels >= n_classes))
        if wrong.size:
            row = int(wrong[0])
            raise ValueError(
                f"label {labels[row]} of row {row} is out of range; {n_classes} classes are 0, ..., {n_classes - 1}"
            )
    for each in (inputs, given):
        each.flags.writeable = False
    return samples


def matrix(name: str, rows: ArrayLike) -> Array:
    """Give rows of numbers as an array (S, n) of its own.

    Raises
    ------
    ValueError
        If the rows differ in length, are empty or hold something else.
    """
    try:
        array = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be rows of numbers, all of one length") from None
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name} of shape {array.shape} must be rows of numbers, (S, n), one at least")
    return array


def unit_variance(inputs: Array) -> Array:
    """Give each column mean 0 and variance 1; a constant one becomes 0."""
    centred = inputs - inputs.mean(axis=0)
    spread = np.sqrt((centred * centred).mean(axis=0))
    constant = np.ptp(inputs, axis=0) == 0
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, spread))


def _check_finite(name: str, array: Array) -> None:
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(f"{name}: row {row}, column {column} is {array[row, column]}; all must be finite numbers")
