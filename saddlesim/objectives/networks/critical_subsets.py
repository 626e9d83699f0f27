"""Critical subsets: which singular modes a linear network keeps at a critical point, and what follows from that alone.

At a critical point of |W_2 W_1 - M|_F^2 / 2 the product is M with only a subset I of its singular values s_i kept, as many as the
hidden width h allows (Baldi, Hornik 1989). Not here: the networks (`linear_networks`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from saddlesim.objectives.base import Array, CriticalPoint

Subset = tuple[int, ...]


class CriticalSubset(NamedTuple):
    """A critical manifold of a two-layer linear network.

    Attributes
    ----------
    subset : tuple of int
        The numbers of the singular values that are kept, ascending.
    loss : float
        Half the sum of squares of the others.
    index : int
        Negative eigenvalues of the Hessian, which are as many at all points of the manifold.
    """

    subset: Subset
    loss: float
    index: int  # type: ignore[assignment]


def named_point(subset: Subset, x: Array, loss: float, index: int, nullity: int) -> CriticalPoint:
    """Give a point of a manifold, named by its kind and its subset."""
    kind = "saddle" if index else "minimum"
    label = "_".join([kind, *map(str, subset)]) if subset else "origin"
    return CriticalPoint(label, x, loss, index, kind, nullity)


def subsets(count: int, hidden: int) -> Iterator[Subset]:
    """Give all subsets of 0, ..., count - 1 of at most `hidden` members, those of fewest first."""
    for k in range(min(count, hidden) + 1):
        yield from itertools.combinations(range(count), k)


def checked_subset(subset: Sequence[int], count: int, hidden: int) -> Subset:
    """Give the subset in ascending order.

    Raises
    ------
    ValueError
        If a member is repeated or out of range, or they are more than `hidden`.
    """
    members = tuple(sorted(subset))
    if len(set(members)) < len(members) or not set(members) <= set(range(count)) or len(members) > hidden:
        raise ValueError(
            f"subset={tuple(subset)}: must have at most {min(hidden, count)} different members of 0, ..., {count - 1}, the"
            " numbers of the singular values to keep"
        )
    return members


def two_layer_spectrum(singular_values: Sequence[float], subset: Subset, hidden: int, shape: tuple[int, int]) -> Array:
    """Give all eigenvalues of the Hessian at the balanced point of a subset, ascending, (hidden (m + n),).

    M is (m, n) of the positive singular values given; the others are 0. In the basis of M's singular vectors the Hessian falls
    into blocks of two: s_i + s_j and 0 for i, j in I; s_j +- s_i for j in I and i not; s_j, |m - n| times, for j in I. Each of
    the h - |I| idle hidden units has +-s_i for i not in I, two zeros for i in I, and |m - n| zeros.
    """
    m, n = shape
    s = [*singular_values, *[0.0] * (min(m, n) - len(singular_values))]
    kept, left = [s[j] for j in subset], [s[i] for i in range(len(s)) if i not in subset]
    idle = hidden - len(subset)
    pairs = [value for i, j in itertools.product(kept, kept) for value in (i + j, 0.0)]
    mixed = [value for j, i in itertools.product(kept, left) for value in (j + i, j - i)]
    outside = [j for j in kept for _ in range(abs(m - n))]
    free = [value for i in left for value in (i, -i)] + [0.0] * (2 * len(kept) + abs(m - n))
    return np.sort(np.array(pairs + mixed + outside + free * idle))


def critical_subsets(singular_values: Sequence[float], hidden: int) -> tuple[CriticalSubset, ...]:
    """Give every critical manifold, those that keep fewest singular values first."""
    manifolds, s = list[CriticalSubset](), singular_values
    for kept in subsets(len(s), hidden):
        left = [i for i in range(len(s)) if i not in kept]
        better = sum(s[i] > s[j] for i in left for j in kept)
        loss = sum(s[i] ** 2 for i in left) / 2
        manifolds.append(CriticalSubset(kept, loss, better + (hidden - len(kept)) * len(left)))
    return tuple(manifolds)
