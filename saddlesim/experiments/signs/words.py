"""Words: what counting cannot see, said in a sentence, and numbers that are too small for a float."""

from __future__ import annotations

import math

from saddlesim.experiments.signs.counts import bound_where_none_was_seen


def power_text(log10: float, digits: int = 2) -> str:
    """Spell a number >= 0 by its logarithm to base 10.

    >>> power_text(-13.64), power_text(-112.6, digits=3), power_text(-1.5), power_text(-math.inf)
    ('2.3e-14', '2.51e-113', '0.032', '0')
    """
    if math.isinf(log10):
        return "0"
    if -2 <= log10 <= 0:
        return f"{10**log10:.{digits}g}"
    exponent = math.floor(log10)
    mantissa = f"{10 ** (log10 - exponent):.{digits - 1}f}"
    return f"{mantissa}e{exponent}" if float(mantissa) < 10 else f"{float(mantissa) / 10:.{digits - 1}f}e{exponent + 1}"


def count_text(count: int) -> str:
    """Spell a number of samples.

    >>> count_text(1_000_000), count_text(2500)
    ('1e6', '2500')
    """
    exponent = len(str(count)) - 1
    return f"1e{exponent}" if count == 10**exponent and exponent > 3 else str(count)


def blind_spot(n_samples: int, confidence_level: float, known: dict[str, float | None]) -> str:
    """Say what no event in so many samples means, beside what is known of its probability.

    Parameters
    ----------
    n_samples : int
    confidence_level : float
    known : dict
        From where it is known, such as "exact", to the logarithm of the probability to base 10; None where it is not.

    Examples
    --------
    >>> blind_spot(1_000_000, 0.95, {"exact": -13.64, "rare events": None})
    '0 of 1e6: below 3.0e-6 at 95 %; exact 2.3e-14'
    """
    bound = power_text(math.log10(bound_where_none_was_seen(n_samples, confidence_level)))
    told = [f"{source} {power_text(log10)}" for source, log10 in known.items() if log10 is not None]
    return "; ".join([f"0 of {count_text(n_samples)}: below {bound} at {100 * confidence_level:g} %", *told])
