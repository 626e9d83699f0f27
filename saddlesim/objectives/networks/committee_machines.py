"""Committee machines: hidden units that are added up with equal weights, and a teacher of the same kind to learn from.

`SoftCommitteeMachine` is what the loss becomes over all normal inputs, in closed form; `CommitteeMachine` has samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, CriticalPoint, LibraryObjective, square_box
from saddlesim.objectives.critical_point import PointSequence
from saddlesim.objectives.networks.data import DataField
from saddlesim.objectives.networks.data.drawn import Teacher
from saddlesim.objectives.networks.layered import Layer, LayeredNetwork, Weights
from saddlesim.objectives.networks.multilayer_perceptron import ActivationName
from saddlesim.parameters import NonNegative, Size, Vector, declared, excess
from saddlesim.spectrum import eigenvalues

Groups = tuple[int, ...]  # sizes, largest first
MOST_COMPONENTS = 1000  # of a student up to which its saddles are listed, for each wants all eigenvalues


@declared
class SoftCommitteeMachine(LibraryObjective):
    """A student of hidden units that are added up, taught by another: learning rests where all units are alike.

    ``f = 1/2 E (sum_i g(J_i z) - sum_n g(B_n z))^2`` over normal inputs z of unit covariance, g(u) = erf(u / sqrt 2). The mean
    has a closed form, by E g(u) g(v) = 2/pi arcsin(C_uv / sqrt((1 + C_uu)(1 + C_vv))), C being the covariance of (u, v).
    B_n is the n-th axis times a length. Usual domain: twice the longest.

    Critical points, known for as many students as teachers of length 1: divide the teachers into groups. All k students of a
    group are the sum of its teachers divided by sqrt(k (2 k - 1)); the loss is the sum over groups of
    k/pi (pi/6 - k arcsin(1/(2 k))), the value on the plateau of Saad and Solla. Each group of two or more is a strict saddle:
    along (k - 1)^2 directions its units come to differ, and along (k - 1)(n - k + 1) others the Hessian is zero.
    Where numbers differ, the one group of all is known still. No completeness is claimed.

    Parameters
    ----------
    n_inputs : int
        Components of z, at least as many as there are teachers.
    hidden : int
        Units of the student.
    teacher_lengths : tuple of float, > 0
        Of B_n, one a unit of the teacher.
    """

    n_inputs: Size = 3
    hidden: Size = 3
    teacher_lengths: Annotated[Vector, Field(min_length=1)] = (1.0, 1.0, 1.0)

    formula: ClassVar[str] = "1/2 E (sum_i erf(J_i z / sqrt 2) - sum_n erf(B_n z / sqrt 2))^2 over normal z"
    source: ClassVar[str] = "Saad, Solla, On-line learning in soft committee machines, Phys. Rev. E 52 (1995) 4225"
    dimension_rule: ClassVar[str] = "n_inputs hidden"
    critical_set: ClassVar[str] = (
        "With teachers of length 1 and as many students, a point for each division of the teachers into groups, and copies with "
        "students exchanged; `representatives` has one for each choice of group sizes. Others are not known."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)

    def __post_init__(self) -> None:
        if min(self.teacher_lengths) <= 0:
            raise ValueError(f"teacher_lengths={self.teacher_lengths}: each must be positive")
        if len(self.teacher_lengths) > self.n_inputs:
            raise ValueError(
                f"n_inputs={self.n_inputs}: must be at least {len(self.teacher_lengths)}, one axis for each of teacher_lengths"
            )
        units = max(self.hidden, len(self.teacher_lengths))
        if told := excess(f"weights of {units} units", self.n_inputs * units):
            raise ValueError(f"n_inputs={self.n_inputs}: {told}; choose fewer inputs or units")

    @cached_property
    def domain(self) -> Array:
        return square_box(2 * max(self.teacher_lengths), self.n_inputs * self.hidden)

    @cached_property
    def teachers(self) -> Array:
        """B, (M, n)."""
        vectors = np.zeros((len(self.teacher_lengths), self.n_inputs))
        np.fill_diagonal(vectors, self.teacher_lengths)
        return vectors

    @property
    def modules(self) -> Sequence[Layer]:
        """The student's one layer that has weights, for initialisations."""
        return (Layer(self.n_inputs, self.hidden, "erf"),)

    def joined(self, weights: Sequence[Weights]) -> Array:
        """Give the points (d, ...) of students, one layer's weights (..., K, n)."""
        ((matrix, _),) = weights
        return np.moveaxis(matrix.reshape(*matrix.shape[:-2], self.dimension), -1, 0)

    def students(self, x: Array, name: str = "x") -> Array:
        """Give J, lanes first, of points: (d, ...) -> (..., K, n); messages call these by their name."""
        x = self.points(x, name)
        return np.moveaxis(x, 0, -1).reshape(*x.shape[1:], self.hidden, self.n_inputs)

    def value(self, x: Array) -> Array:
        student, teacher = self.students(x), self.teachers
        pairs = [
            (1, Overlaps.of(student, student)),
            (1, Overlaps.of(teacher, teacher)),
            (-2, Overlaps.of(student, teacher)),
        ]
        return np.asarray(sum(sign * each.angles().sum(axis=(-2, -1)) for sign, each in pairs) / math.pi)

    def gradient(self, x: Array) -> Array:
        student = self.students(x)
        total = np.zeros_like(student)
        for sign, others in ((1, student), (-1, self.teachers)):
            g, a, _, root = Overlaps.of(student, others)
            own = (g / (a * root)).sum(axis=-1)
            total = total + sign * ((1 / root) @ others - own[..., None] * student)
        return self.joined([Weights(2 / math.pi * total, None)])

    def hessian_product(self, x: Array, v: Array) -> Array:
        student, turn = self.students(x), self.students(v, "v")
        student, turn = np.broadcast_arrays(student, turn)
        total = np.zeros(student.shape, dtype=np.result_type(student, turn))
        along = (student * turn).sum(axis=-1)[..., None]  # J_i . T_i
        for sign, others in ((1, student), (-1, self.teachers)):
            g, a, b, root = Overlaps.of(student, others)
            cube = root**3
            across = turn @ others.swapaxes(-1, -2)  # T_i . W_q
            # what the derivative by J_i of arcsin changes by as J_i moves
            by_other = (g * across - b * along) / cube
            by_self = (2 * g / a**2 * along / root) + b * (g * along / a - across) / cube
            total = total + sign * (
                by_other @ others
                + by_self.sum(axis=-1)[..., None] * student
                - (g / (a * root)).sum(axis=-1)[..., None] * turn
            )
            if sign > 0:  # and as the other student moves
                there = np.swapaxes(along, -1, -2)  # W_q . T_q
                back = student @ turn.swapaxes(-1, -2)  # J_i . T_q
                total = total + (1 / root) @ turn + ((g * back - a * there) / cube) @ others
                total = total + ((g * there - b * back) / cube).sum(axis=-1)[..., None] * student
        return self.joined([Weights(2 / math.pi * total, None)])

    def hessian(self, x: Array) -> Array:
        x = self.points(x)
        columns = np.eye(self.dimension).reshape(self.dimension, *(1,) * (x.ndim - 1), self.dimension)
        hessian = np.moveaxis(self.hessian_product(x[..., None], columns), -1, 1)
        return np.asarray((hessian + hessian.swapaxes(0, 1)) / 2)

    def critical_point(self, groups: Sequence[int]) -> Array:
        """Give the critical point of groups of these sizes, (d,): the first students and teachers make the first group.

        Raises
        ------
        ValueError
            If no critical point of such groups is known.
        """
        if tuple(groups) not in self.known_groups:
            known = " or ".join(map(str, self.known_groups)) or "none, for all teachers must be of length 1"
            raise ValueError(f"groups={tuple(groups)}: known are {known}")
        students, k, m, start = np.zeros((self.hidden, self.n_inputs)), self.hidden, len(self.teacher_lengths), 0
        if k != m:
            students[:, :m] = _share(k, m)
            return students.ravel()
        for size in groups:
            some = slice(start, start + size)
            students[some, some] = _share(size, size)
            start += size
        return students.ravel()

    @cached_property
    def known_groups(self) -> tuple[Groups, ...]:
        """The sizes of groups of students that `critical_point` takes, those of fewest groups first."""
        if any(length != 1 for length in self.teacher_lengths):
            return ()
        if self.hidden != len(self.teacher_lengths):
            return ((self.hidden,),)
        return tuple(sorted(_partitions(self.hidden, self.hidden), key=len))

    @cached_property
    def representatives(self) -> Sequence[CriticalPoint] | None:
        """The `critical_point` of each choice of group sizes, named by these."""
        if not self.known_groups or self.dimension > MOST_COMPONENTS:
            return None
        return PointSequence(len(self.known_groups), self._described)

    def _described(self, place: int) -> CriticalPoint:
        groups, m = self.known_groups[place], len(self.teacher_lengths)
        x = self.critical_point(groups)
        if self.hidden == m:
            value = sum(plateau_loss(k) for k in groups)
            nullity = sum((k - 1) * (self.n_inputs - k + 1) for k in groups)
        else:
            value = float(self.value(x))
            nullity = (self.hidden - 1) * (self.n_inputs - m)
        values = eigenvalues(self.hessian(x))
        index = int((values[np.argsort(np.abs(values))[nullity:]] < 0).sum())
        kind = "saddle" if index else "minimum"
        return CriticalPoint("_".join([kind, *map(str, groups)]), x, value, index, kind, nullity)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (
            cls(),
            cls(n_inputs=2, hidden=2, teacher_lengths=(1.0, 1.0)),
            cls(n_inputs=5, hidden=4, teacher_lengths=(1.0, 1.0, 1.0, 1.0)),
            cls(n_inputs=3, hidden=2, teacher_lengths=(0.5, 1.5)),
        )


@declared
class CommitteeMachine(LayeredNetwork):
    """A committee machine on samples: hidden units whose outputs are added up, so that only the first layer learns.

    ``f(x) = 1/(2 S) sum_s (sum_i h(J_i z_s) - t_s)^2 + weight_decay / 2 |x|^2``. With ever more samples of the default
    teacher it becomes a `SoftCommitteeMachine`, if the teacher's units are orthogonal.

    Parameters
    ----------
    hidden : int
        Units.
    activation : str
        Of the units.
    data : data set
        With one target a sample.
    weight_decay : float, >= 0
    """

    hidden: Size = 2
    activation: ActivationName = "erf"
    data: DataField = Field(default_factory=lambda: Teacher(activation="erf", output_weights="ones"))
    weight_decay: NonNegative = 0.0

    formula: ClassVar[str] = "1/(2 S) sum_s (sum_i h(J_i z_s) - t_s)^2 + weight_decay / 2 |x|^2"
    source: ClassVar[str] = "Biehl, Schwarze, Learning by on-line gradient descent, J. Phys. A 28 (1995) 643"
    dimension_rule: ClassVar[str] = "n hidden, n being the number of inputs"
    critical_set: ClassVar[str] = "Unknown, but for copies: units may be exchanged."
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)
    loss: ClassVar[str] = "squared_error"  # type: ignore[misc]

    def __post_init__(self) -> None:
        if self.targets.shape[1] != 1:
            raise ValueError(f"data={self.data}: has {self.targets.shape[1]} targets a sample; a committee gives one")
        self.check_size()

    @cached_property
    def modules(self) -> Sequence[Layer]:
        return (
            Layer(self.inputs.shape[1], self.hidden, self.activation),
            Layer(self.hidden, 1, is_fixed=True),
        )

    @property
    def inputs(self) -> Array:
        return self.data.inputs

    @property
    def targets(self) -> Array:
        return self.data.targets

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(hidden=3, activation="tanh", weight_decay=0.01))


class Overlaps(NamedTuple):
    """What E g(u z) g(v z) depends on for vectors u, (..., P, n), and v, (..., Q, n); a = 1 + |u|^2, b = 1 + |v|^2, g = u v.

    arcsin(g / sqrt(a b)) has the derivative v / root - g u / (a root) by u, root = sqrt(a b - g^2), since root moves by
    (b u - g v) / root.
    """

    g: Array  # (..., P, Q)
    a: Array  # (..., P, 1)
    b: Array  # (..., 1, Q)
    root: Array  # (..., P, Q)

    @classmethod
    def of(cls, u: Array, v: Array) -> Overlaps:
        """Look at all pairs."""
        g = u @ v.swapaxes(-1, -2)
        p, q = (u * u).sum(axis=-1)[..., None], (v * v).sum(axis=-1)[..., None, :]
        area = (
            p * q - g * g
        )  # of the parallelogram, squared: not below zero but by rounding, which would outgrow 1 + p + q
        return cls(g, 1 + p, 1 + q, np.sqrt(1 + p + q + np.where(area.real > 1e-14 * (p * q).real, area, 0)))

    def angles(self) -> Array:
        """Give arcsin(g / sqrt(a b)), (..., P, Q)."""
        return np.asarray(np.arcsin(self.g / np.sqrt(self.a * self.b)))


def plateau_loss(k: int) -> float:
    """Give the loss of k units that are all alike, taught by k orthogonal ones of length 1: k/pi (pi/6 - k arcsin(1/(2 k))).

    >>> round(plateau_loss(2), 6), round(plateau_loss(1), 6)
    (0.011611, 0.0)
    """
    return k / math.pi * (math.asin(1 / 2) - k * math.asin(1 / (2 * k)))


def _share(k: int, m: int) -> float:
    """Give the a at which k students a (B_1 + ... + B_m) of m orthogonal teachers of length 1 rest.

    The derivative of f by a is zero where k a sqrt(2 + 2 m a^2 - a^2) = sqrt(1 + 2 m a^2), a quadratic equation in a^2; for
    k = m it has the root 1/(k (2 k - 1)).
    """
    square, half = k * k * (2 * m - 1), k * k - m
    return math.sqrt((math.sqrt(half * half + square) - half) / square)


def _partitions(total: int, largest: int) -> list[Groups]:
    """Give every way to write a whole number as a sum of parts up to `largest`, parts in descending order."""
    if not total:
        return [()]
    return [(part, *rest) for part in range(min(total, largest), 0, -1) for rest in _partitions(total - part, part)]
