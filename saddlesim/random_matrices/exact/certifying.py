"""Certifying: balls computed with as much precision as the digits asked for need, and what is told of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

Ball = Any  # flint.arb
Wanted = Literal["each", "doubles", "together"]

LARGEST_PRECISION = 20_000  # bits
SPARE = 16  # bits, beside those that were missing
UNDERFLOW = -1100  # the power of two of a number that rounds to zero


def certified(
    balls: Callable[[], list[Ball]], digits: int, first_precision: int, wanted: Wanted = "each"
) -> list[Ball]:
    """Give balls of at least so many significant digits, raising flint's precision until they are there.

    Parameters
    ----------
    balls : callable
        Computes them at the precision that is set.
    digits : int
    first_precision : int, bits
    wanted : {"each", "doubles", "together"}
        What has to have digits: each of them; each that does not surely round to zero as a double, the others being given as
        zero; or each added to the sum of all.

    Raises
    ------
    ArithmeticError
        If they cannot be had with `LARGEST_PRECISION`.
    """
    from flint import arb, ctx

    precision, enough = first_precision, bits(digits) + 4
    while precision <= LARGEST_PRECISION:
        with ctx.workprec(precision):
            found = balls()
            if wanted == "doubles":
                found = [arb(0) if abs(each) < arb(2) ** UNDERFLOW else each for each in found]
            judged = [each + sum(found) for each in found] if wanted == "together" else found
            held = min((each.rel_accuracy_bits() for each in judged if not each.is_zero()), default=enough)
            if held >= enough:
                return found
        # a ball round zero tells nothing of how much is missing
        precision += max(enough - held + SPARE, precision // 8) if held > 0 else precision // 2
    raise ArithmeticError(f"{digits} digits cannot be certified with {LARGEST_PRECISION} bits")


def bits(digits: int) -> int:
    """Give how many bits hold so many digits."""
    return math.ceil(digits * math.log2(10))
