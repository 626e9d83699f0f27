"""Critical subsets: which singular modes a product of matrices keeps at a critical point, and what follows from that alone.

At a critical point of |W_N ... W_1 - M|_F^2 / 2 the product is M with only a subset I of its singular values s_i kept, as many
as the narrowest width allows (Baldi, Hornik 1989 for two layers; Achour, Malgouyres, Gerchinovitz 2024 for more). Not here: what
is factored (`matrix_problems`, `networks`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from saddlesim.objectives.critical_point import CriticalPoint, PointSequence
from saddlesim.spectrum import Array

Subset = tuple[int, ...]


class CriticalSubset(NamedTuple):
    """A critical manifold of a linear network.

    Attributes
    ----------
    subset : tuple of int
        The numbers of the singular values that are kept, ascending.
    loss : float
        Half the sum of squares of the others.
    index : int
        Negative eigenvalues of the Hessian: at all points of the manifold if there are two layers, at its balanced points if
        there are more.
    """

    subset: Subset
    loss: float
    index: int  # type: ignore[assignment]


def n_subsets(count: int, width: int) -> int:
    """Give how many subsets of at most `width` members 0, ..., count - 1 have.

    >>> n_subsets(4, 2)  # 1 + 4 + 6
    11
    """
    return sum(math.comb(count, k) for k in range(min(count, width) + 1))


def subset_at(place: int, count: int) -> Subset:
    """Give the subset of 0, ..., count - 1 at a place of the list that has those of fewest members first, each lot in order.

    >>> [subset_at(place, 3) for place in range(8)]
    [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    """
    k = 0
    while place >= math.comb(count, k):
        place -= math.comb(count, k)
        k += 1
    members = list[int]()
    for each in range(count):
        with_it = math.comb(count - each - 1, k - len(members) - 1) if len(members) < k else 0
        if place < with_it:
            members.append(each)
        else:
            place -= with_it
    return tuple(members)


def checked_subset(subset: Sequence[int], count: int, width: int) -> Subset:
    """Give the subset in ascending order.

    Raises
    ------
    ValueError
        If a member is repeated or out of range, or they are more than `width`.
    """
    members = tuple(sorted(subset))
    if len(set(members)) < len(members) or not set(members) <= set(range(count)) or len(members) > width:
        raise ValueError(
            f"subset={tuple(subset)}: must have at most {min(width, count)} different members of 0, ..., {count - 1}, the"
            " numbers of the singular values to keep"
        )
    return members


def critical_subset(singular_values: Sequence[float], subset: Subset, widths: Sequence[int]) -> CriticalSubset:
    """Give the critical manifold that keeps a subset; the idle units of a single hidden layer can take up any of the others."""
    s = singular_values
    left = [i for i in range(len(s)) if i not in subset]
    better = sum(s[i] > s[j] for i in left for j in subset)
    idle = widths[0] - len(subset) if len(widths) == 1 else 0
    return CriticalSubset(subset, sum(s[i] ** 2 for i in left) / 2, better + idle * len(left))


def critical_subsets(singular_values: Sequence[float], widths: Sequence[int]) -> tuple[CriticalSubset, ...]:
    """Give every critical manifold, those that keep fewest singular values first."""
    count = len(singular_values)
    subsets = (subset_at(place, count) for place in range(n_subsets(count, min(widths))))
    return tuple(critical_subset(singular_values, subset, widths) for subset in subsets)


def balanced_spectrum(
    singular_values: Sequence[float], subset: Subset, widths: Sequence[int], shape: tuple[int, int]
) -> Array:
    """Give all eigenvalues of the Hessian at the balanced point of a subset, ascending, (d,).

    M is (m, n), of the positive singular values given and zeros. At that point each of the N layers has the roots s_j^(1/N) of
    those kept on its diagonal, and zeros, so that the Hessian falls into blocks:

    - for i, j in I the entries (i, j) of all layers meet in the product alone, a block of rank one: its eigenvalue is
      sum_l s_i^(2 (N-l)/N) s_j^(2 (l-1)/N), which is s_i + s_j for two layers;
    - for j in I and i not, W_N has the way from j to i and W_1 that from i to j: s_j^(1 - 2/N) (s_j +- s_i);
    - for j in I, |m - n| ways lead out of or into M's square part: s_j^(2 - 2/N);
    - of two layers, each of the h - |I| idle hidden units has +-s_i for i not in I;
    - all others are 0. So beyond two layers the Hessian has no negative eigenvalue where the largest values are kept.
    """
    (m, n), depth = shape, len(widths) + 1
    power = 2 / depth
    s = [*singular_values, *[0.0] * (min(m, n) - len(singular_values))]
    kept, left = [s[j] for j in subset], [s[i] for i in range(len(s)) if i not in subset]
    values = [
        sum(i ** (power * (depth - 1 - layer)) * j ** (power * layer) for layer in range(depth))
        for i, j in itertools.product(kept, kept)
    ]
    values += [j ** (1 - power) * (j + sign * i) for j, i, sign in itertools.product(kept, left, (1, -1))]
    values += [j ** (2 - power) for j in kept] * abs(m - n)
    if depth == 2:
        values += [sign * i for i in left for sign in (1, -1)] * (widths[0] - len(kept))
    d = sum(before * after for before, after in itertools.pairwise((n, *widths, m)))
    return np.sort(np.pad(values, (0, d - len(values))))


def manifold_points(
    singular_values: Sequence[float],
    widths: Sequence[int],
    position: Callable[[Subset], Array],
    nullity: Callable[[Subset], int],
) -> Sequence[CriticalPoint]:
    """Give one critical point of each manifold, made when it is asked for, named by its kind and its subset.

    It is a minimum where as many are kept as can be, and none better is left out. All others are saddles, though of index 0
    where the best are kept but fewer than can be: along a way of units that carry nothing, eps on each of N layers adds or, with
    one sign turned, takes eps^N of a value that is missing.
    """
    make = partial(_manifold_point, tuple(singular_values), tuple(widths), position, nullity)
    return PointSequence(n_subsets(len(singular_values), min(widths)), make)


def _manifold_point(
    singular_values: Sequence[float],
    widths: Sequence[int],
    position: Callable[[Subset], Array],
    nullity: Callable[[Subset], int],
    place: int,
) -> CriticalPoint:
    count = len(singular_values)
    subset, loss, index = critical_subset(singular_values, subset_at(place, count), widths)
    kind = "saddle" if index or len(subset) < min(count, *widths) else "minimum"
    label = "_".join([kind, *map(str, subset)]) if subset else "origin"
    return CriticalPoint(label, position(subset), loss, index, kind, nullity(subset))
