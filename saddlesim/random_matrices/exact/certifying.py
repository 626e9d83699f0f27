"""Certifying: balls computed with as much precision as the digits asked for need, and what is told of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Ball = Any  # flint.arb

LARGEST_PRECISION = 100_000  # bits


def certified(balls: Callable[[], list[Ball]], digits: int, first_precision: int, together: bool = False) -> list[Ball]:
    """Give balls of at least so many significant digits, raising flint's precision until they are there.

    Parameters
    ----------
    balls : callable
        Computes them at the precision that is set.
    digits : int
    first_precision : int, bits
    together : bool
        Whether digits are counted from the first of the largest, rather than of each.

    Raises
    ------
    ArithmeticError
        If they cannot be had with `LARGEST_PRECISION`.
    """
    from flint import ctx

    wanted, precision = bits(digits) + 4, first_precision
    while precision <= LARGEST_PRECISION:
        with ctx.workprec(precision):
            found = balls()
            checked = [each + sum(found) for each in found] if together else found
            if all(each.rel_accuracy_bits() >= wanted for each in checked):
                return found
        precision = precision * 3 // 2
    raise ArithmeticError(f"{digits} digits cannot be certified with {LARGEST_PRECISION} bits")


def bits(digits: int) -> int:
    """Give how many bits hold so many digits."""
    return math.ceil(digits * math.log2(10))
