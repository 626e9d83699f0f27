"""What a data set is, and what is checked of one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlesim.objectives.networks.modules.shapes import improper, improper_row
from saddlesim.parameters import call_text, excess
from saddlesim.problems import shown

Array = NDArray[np.float64]
Labels = NDArray[np.intp]


class Samples(NamedTuple):
    """Inputs (S, n) and what belongs to them: targets (S, m), or labels (S,) of classes 0, ..., n_classes - 1.

    Where `n_classes` is left out it is one more than the largest label.
    """

    inputs: ArrayLike
    targets: ArrayLike | None = None
    labels: ArrayLike | None = None
    n_classes: int | None = None


class CheckedSamples(NamedTuple):
    """The same as read-only arrays of their own."""

    inputs: Array
    targets: Array | None
    labels: Labels | None
    n_classes: int | None


class DataSet(ABC):
    """Base of data sets: what is fitted, drawn or loaded once and then read only."""

    source: ClassVar[str] = ""

    @abstractmethod
    def samples(self) -> Samples:
        """Draw or load; the same each time."""

    @cached_property
    def checked(self) -> CheckedSamples:
        """The `samples`, checked and read only; errors as in `checked_samples`."""
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
        row = improper_row(targets)
        if row is not None:
            raise ValueError(
                f"row {row} of the targets of {self} {improper(targets[row])}; give such rows, or use loss=squared_error"
            )
        return targets

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Give the instances that tests and listings build, the default one first."""
        return (cls(),)

    def __str__(self) -> str:
        """Give the constructor call, as in ``xor()``."""
        return call_text(self)


def checked_samples(samples: Samples) -> CheckedSamples:
    """Give copies that are read only.

    Raises
    ------
    ValueError
        If a number is not finite, labels are no whole numbers or out of range, rows do not match, or there is too much of it.
    """
    inputs = matrix("inputs", samples.inputs)
    if samples.targets is None and samples.labels is None:
        raise ValueError(
            "samples come with labels, which are classes, or with targets, which are values; give one of them"
        )
    targets = None if samples.targets is None else matrix("targets", samples.targets)
    labels = None if samples.labels is None else _column(samples.labels)
    for name, given in (("targets", targets), ("labels", labels)):
        if given is not None and len(given) != len(inputs):
            raise ValueError(
                f"inputs {inputs.shape} and {name} {given.shape} differ in rows; give as many of one as of the other"
            )
    n_classes = None if labels is None else _n_classes(labels, samples.n_classes)
    for each in (inputs, targets, labels):
        if each is not None:
            each.flags.writeable = False
    return CheckedSamples(inputs, targets, labels, n_classes)


def check_own(data: Any) -> Any:
    """Give a data set as it is, and see first that it is one: somebody's object is held to what the library's are.

    Raises
    ------
    ValueError
        If it lacks something, or as in `checked_samples`.
    """
    if isinstance(data, DataSet):
        _ = data.checked
        return data
    needed = ("inputs", "targets", "labels", "n_classes")
    if lacks := [name for name in needed if not hasattr(data, name)]:
        raise ValueError(f"{shown(data)} is no data set: it lacks {', '.join(lacks)}; labels and n_classes may be None")
    if lists := [name for name in needed[:2] if not isinstance(getattr(data, name), np.ndarray)]:
        raise ValueError(f"{lists[0]} of {shown(data)}, {shown(getattr(data, lists[0]))}, are no array of numbers")
    checked_samples(Samples(data.inputs, data.targets, data.labels, data.n_classes))
    return data


def check_size(what: str, **counts: int) -> None:
    """Check that an array can be held, by the fields that set the sizes of its axes.

    Raises
    ------
    ValueError
        If it cannot.
    """
    if told := excess(what, math.prod(counts.values())):
        raise ValueError(
            f"{', '.join(f'{name}={count}' for name, count in counts.items())}: {told}; choose smaller ones"
        )


def matrix(name: str, rows: ArrayLike) -> Array:
    """Give rows of finite numbers as an array (S, n) of its own.

    Raises
    ------
    ValueError
        If the rows differ in length, are empty or hold something else.
    """
    try:
        array = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be rows of numbers, all of one length") from None
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name} of shape {array.shape} must be rows of numbers, (S, n), one at least")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(f"{name}: row {row}, column {column} is {array[row, column]}; all must be finite numbers")
    return array


def unit_variance(inputs: Array) -> Array:
    """Give each column mean 0 and variance 1; a constant one becomes 0."""
    centred = inputs - inputs.mean(axis=0)
    spread = np.sqrt((centred * centred).mean(axis=0))
    constant = np.ptp(inputs, axis=0) == 0
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, spread))


def _column(labels: ArrayLike) -> Labels:
    """Give labels as an array (S,) of its own."""
    array = np.array(labels)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            f"labels of shape {array.shape} and type {array.dtype} must be whole numbers, (S,), counted from 0"
        )
    return array.astype(np.intp)


def _n_classes(labels: Labels, given: int | None) -> int:
    """Give how many classes there are, and see that every label is one of them."""
    largest = int(labels.max())
    n_classes = largest + 1 if given is None else given
    wrong = np.flatnonzero((labels < 0) | (labels >= n_classes))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"label {labels[row]} of row {row} is out of range; {n_classes} classes are 0, ..., {n_classes - 1}"
        )
    if told := excess(f"a column for each of {n_classes} classes", len(labels) * n_classes):
        if given is not None:
            raise ValueError(f"n_classes={given}: {told}; give fewer classes or samples")
        raise ValueError(f"label {largest} of row {labels.argmax()}: {told}; count classes from 0, without gaps")
    return n_classes
