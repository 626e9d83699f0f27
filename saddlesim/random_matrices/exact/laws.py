"""Exact laws by name: what is computed, in which precision, within which limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saddlesim.problems import suggestion
from saddlesim.random_matrices.exact import cache
from saddlesim.random_matrices.exact.certifying import Wanted, bits, certified
from saddlesim.random_matrices.exact.generating_functions import index_balls, positive_ball
from saddlesim.random_matrices.exact.kac_rice import density_balls, gaussian_mean_balls, law_loss, random_point_balls

Ball = Any  # flint.arb
Array = NDArray[np.float64]

DOUBLE_DIGITS = 25
SPARE_DIGITS = 10  # where a logarithm is taken of what has been rounded
LARGEST_DIGITS = 1000
LARGEST_SHIFT = 100
LARGEST_SPIN = 10**9  # p of the spherical p-spin


class Law(NamedTuple):
    """How a law is computed: balls for (n, parameters), how many bits are lost by it, the largest n, its parameters.

    Attributes
    ----------
    balls : callable
        ``(n, **parameters) -> list of flint.arb``.
    loss : callable
        ``(n, **parameters) -> int``, a first guess of the bits that the arithmetic loses.
    largest : int
        Rows for which it still ends within some twenty seconds of one core, nothing being held.
    parameters : tuple of str
        What it takes besides n.
    positive : callable, optional
        ``(n, **parameters) -> flint.arb``, the probability of index 0 by a shorter way.
    """

    balls: Callable[..., list[Ball]]
    loss: Callable[..., int]
    largest: int
    parameters: tuple[str, ...] = ()
    positive: Callable[..., Ball] | None = None


def index_distribution(
    ensemble: str, n: int, *, shift: float | Fraction = 0.0, p: int = 3, digits: int | None = None
) -> Array | list[Any]:
    """Give the exact probabilities that k of n eigenvalues are negative, k = 0, ..., n.

    The first time takes, on one core: up to n = 40 less than a second, at n = 100 three seconds (gue), eight (goe) and twenty
    (shifted_goe), at n = 60 ten (gse); at n = 30 five (isotropic_field) to ten (spherical_p_spin_critical). Then they are held in
    the user's cache folder.

    Parameters
    ----------
    ensemble : str
        One of `EXACT_LAWS`.
    n : int, >= 1
    shift : float or Fraction
        Of ``shifted_goe``: t in G + t 1, in units of the off-diagonal standard deviation.
    p : int, >= 2
        Of ``spherical_p_spin_critical``.
    digits : int, optional
        How many significant digits of each are wanted; mpmath numbers, all of whose digits are certified, come back.

    Returns
    -------
    (n + 1,) array, each the double nearest to the exact value, or list of mpmath numbers

    Raises
    ------
    ValueError
        If there is no such law, or not for such an n.

    Examples
    --------
    >>> index_distribution("goe", 2)  # (2 - sqrt 2) / 4, sqrt 2 / 2
    array([0.14644661, 0.70710678, 0.14644661])
    >>> index_distribution("isotropic_field_critical", 2)
    array([0.25, 0.5 , 0.25])
    """
    parameters = _parameters(ensemble, n, shift, p, digits)
    return _rounded(ensemble, n, parameters, digits)


def log_probability_positive(
    ensemble: str, n: int, *, shift: float | Fraction = 0.0, p: int = 3, digits: int | None = None
) -> Any:
    """Give the logarithm of the exact probability that all n eigenvalues are positive, as a float or an mpmath number.

    Examples
    --------
    >>> round(log_probability_positive("goe", 30), 6)
    -258.861998
    >>> log_probability_positive("shifted_goe", 1, shift=20)  # minus the upper tail of the normal law from 20 / sqrt(2) on
    -1.0442437918812724e-45
    """
    parameters = _parameters(ensemble, n, shift, p, digits)
    logarithm = _log_first(ensemble, n, parameters, DOUBLE_DIGITS if digits is None else digits)
    return float(logarithm) if digits is None else logarithm


def index_mean_and_variance(distribution: Array) -> tuple[float, float]:
    """Give the mean and the variance of an index whose n + 1 probabilities are given."""
    places = np.arange(len(distribution))
    mean = float(places @ distribution)
    return mean, float((places - mean) ** 2 @ distribution)


def within_reach(ensemble: str, n: int, *, shift: float = 0.0, p: int = 3) -> bool:
    """Tell whether the law of an ensemble is computed for such a size and shift."""
    return n <= EXACT_LAWS[ensemble].largest and abs(shift) <= LARGEST_SHIFT


def eigenvalue_densities(n: int, x: float | Fraction) -> Array:
    """Give the densities at x of the ordered eigenvalues of GOE(n), l_0 < ... < l_{n-1}, (n,); exact but for rounding.

    Their relative accuracy is that of the largest of them.
    """
    _check_size("shifted_goe", n)
    law = {"densities": n, "x": _spelt(x)}
    numbers = _computed(law, DOUBLE_DIGITS, lambda: density_balls(n, _ball(x)), 3 * _orthogonal_loss(n), "together")
    return np.array([float(mantissa * Fraction(2) ** exponent) for mantissa, exponent in numbers])


def p_spin_mean_counts(components: int, p: int) -> Array:
    """Give the mean number of critical points of each index 0, ..., N - 1 of the pure spherical p-spin of N components, (N,).

    ``2 sqrt(2/p) (p-1)^{N/2} E exp(-(p-2) l_k^2 / (4 p))``, l_k the eigenvalues of GOE(N) (Auffinger, Ben Arous, Cerny 2010).

    Examples
    --------
    >>> p_spin_mean_counts(2, 3)  # 2 sqrt(3 p - 2) in all
    array([2.64575131, 2.64575131])
    """
    if components < 2:
        raise ValueError(f"components={components}: a sphere has at least 2")
    law = {"p_spin_means": components, "p": p}
    _check_size("spherical_p_spin_critical", components - 1)
    numbers = _computed(law, DOUBLE_DIGITS, lambda: _p_spin_means(components, p), _critical_loss(components - 1))
    means = np.array([float(mantissa * Fraction(2) ** exponent) for mantissa, exponent in numbers])
    return np.asarray(2 * math.sqrt(2 / p) * (p - 1) ** (components / 2) * means)


# ---- the laws


def _classical(beta: int) -> Callable[..., list[Ball]]:
    def balls(n: int) -> list[Ball]:
        from flint import arb

        return index_balls(beta, n, arb(0))

    return balls


def _classical_positive(beta: int) -> Callable[..., Ball]:
    def ball(n: int) -> Ball:
        from flint import arb

        return positive_ball(beta, n, arb(0))

    return ball


def _shifted_positive(n: int, shift: Fraction) -> Ball:
    return positive_ball(1, n, -_ball(shift))


def _shifted(n: int, shift: Fraction) -> list[Ball]:
    return index_balls(1, n, -_ball(shift), far=True)


def _critical(n: int) -> list[Ball]:
    from flint import arb

    return _normalised(gaussian_mean_balls(n + 1, arb(1) / 4))


def _p_spin(n: int, p: int) -> list[Ball]:
    return _normalised(_p_spin_means(n + 1, p))


def _p_spin_means(components: int, p: int) -> list[Ball]:
    from flint import arb

    return [arb(1)] * components if p == 2 else gaussian_mean_balls(components, arb(p - 2) / (4 * p))


def _signs(n: int) -> list[Ball]:
    from flint import arb

    return [arb(math.comb(n, k)) / 2**n for k in range(n + 1)]


def _normalised(weights: list[Ball]) -> list[Ball]:
    total = sum(weights)
    return [each / total for each in weights]


def _orthogonal_loss(n: int) -> int:
    return 40 + 6 * n


def _shifted_loss(n: int, shift: Fraction) -> int:
    return _orthogonal_loss(n) + math.ceil(4 * n * math.log2(1 + abs(shift)))


def _critical_loss(n: int, p: int = 3) -> int:
    """Give what the law of GOE(n + 1) loses, and the bits of the smallest probability, which is summed as a part of all."""
    return law_loss(n + 1) + 10 + 6 * n // 5


def _random_point_loss(n: int) -> int:
    return law_loss(n) + 10 + 21 * n // 10


EXACT_LAWS: Mapping[str, Law] = {
    "goe": Law(_classical(1), _orthogonal_loss, 100, (), _classical_positive(1)),
    "gue": Law(_classical(2), lambda n: 40 + 9 * n, 100, (), _classical_positive(2)),
    "gse": Law(_classical(4), lambda n: 40 + 13 * n, 60, (), _classical_positive(4)),
    "shifted_goe": Law(_shifted, _shifted_loss, 100, ("shift",), _shifted_positive),
    "isotropic_field": Law(random_point_balls, _random_point_loss, 30),
    "isotropic_field_critical": Law(_critical, _critical_loss, 30),
    "spherical_p_spin_critical": Law(_p_spin, _critical_loss, 30, ("p",)),
    "independent_signs": Law(_signs, lambda n: 10, 1000),
}

LARGEST_EXACT: Mapping[str, int] = {name: law.largest for name, law in EXACT_LAWS.items()}


# ---- numbers


def _parameters(ensemble: Any, n: int, shift: float | Fraction, p: int, digits: int | None = None) -> dict[str, Any]:
    if not isinstance(ensemble, str) or ensemble not in EXACT_LAWS:
        told = suggestion(str(ensemble), EXACT_LAWS)
        raise ValueError(f"{ensemble!r} has no exact index law here{told}")
    _check_size(ensemble, n)
    _check_whole("p", p, 2, LARGEST_SPIN)
    if digits is not None:
        _check_whole("digits", digits, 1, LARGEST_DIGITS)
    if isinstance(shift, bool) or not isinstance(shift, int | float | Fraction | np.floating):
        raise ValueError(f"shift={shift!r}: must be a number from {-LARGEST_SHIFT} to {LARGEST_SHIFT}")
    shift = shift if isinstance(shift, Fraction) else float(shift)
    if shift and "shift" not in EXACT_LAWS[ensemble].parameters:
        raise ValueError(f"shift={shift}: {ensemble} is not shifted; shifted_goe is")
    if not -LARGEST_SHIFT <= shift <= LARGEST_SHIFT:
        raise ValueError(f"shift={shift}: must be a number from {-LARGEST_SHIFT} to {LARGEST_SHIFT}")
    given = {"shift": Fraction(shift), "p": p}
    return {name: given[name] for name in EXACT_LAWS[ensemble].parameters}


def _check_whole(name: str, number: Any, least: int, largest: int) -> None:
    if isinstance(number, bool) or not hasattr(number, "__index__") or not least <= number <= largest:
        raise ValueError(f"{name}={number!r}: must be whole, from {least} to {largest}")


def _check_size(ensemble: str, n: int) -> None:
    largest = EXACT_LAWS[ensemble].largest
    if isinstance(n, bool) or not (hasattr(n, "__index__") and 1 <= n <= largest):
        raise ValueError(f"n={n!r}: the exact index law of {ensemble} is for whole n from 1 to {largest}")


def _rounded(ensemble: str, n: int, parameters: dict[str, Any], digits: int | None) -> Array | list[Any]:
    if digits is not None:
        from mpmath import mp

        return [mp.make_mpf(_mpf(each, digits)) for each in _numbers(ensemble, n, parameters, digits)]
    held = DOUBLE_DIGITS
    while held <= LARGEST_DIGITS:
        numbers = [
            m * Fraction(2) ** exponent for m, exponent in _numbers(ensemble, n, parameters, held, wanted="doubles")
        ]
        error = Fraction(1, 10**held)
        lower, upper = ([float(each * (1 + sign * error)) for each in numbers] for sign in (-1, 1))
        if lower == upper:
            return np.array(lower)
        held *= 2
    raise ArithmeticError(f"{ensemble}, n={n}: a probability lies too near the middle of two doubles")


def _numbers(ensemble: str, n: int, parameters: dict[str, Any], digits: int, wanted: Wanted = "each") -> cache.Numbers:
    """Give mantissas and exponents of the probabilities, to so many digits."""
    law = EXACT_LAWS[ensemble]
    named = {"index": ensemble, "n": int(n), **{name: _spelt(each) for name, each in parameters.items()}}
    named["wanted"] = wanted
    return _computed(named, digits, lambda: law.balls(int(n), **parameters), law.loss(n, **parameters), wanted)


def _log_first(ensemble: str, n: int, parameters: dict[str, Any], digits: int) -> Any:
    """Give the logarithm of the probability of index 0, which may be as near to 0 as it likes, as an mpmath number."""
    from mpmath import mp

    law = EXACT_LAWS[ensemble]
    alone = law.positive
    if alone is None:  # from the whole law, where it is at most 1/2
        held = digits + SPARE_DIGITS
        with mp.workdps(held):
            return mp.log(mp.make_mpf(_mpf(_numbers(ensemble, n, parameters, held)[0], held)))
    named = {"log_positive": ensemble, "n": int(n), **{name: _spelt(each) for name, each in parameters.items()}}
    (number,) = _computed(named, digits, lambda: [alone(int(n), **parameters).log()], law.loss(n, **parameters))
    return mp.make_mpf(_mpf(number, digits))


def _computed(
    law: dict[str, Any],
    digits: int,
    balls: Callable[[], list[Ball]],
    loss: int,
    wanted: Wanted = "each",
) -> cache.Numbers:
    held = cache.load(law, digits)
    if held is None:
        found = certified(balls, digits, bits(digits) + loss, wanted)
        held = [tuple(map(int, each.mid().man_exp())) for each in found]  # type: ignore[misc]
        cache.save(law, digits, held)
    return held


def _mpf(number: tuple[int, int], digits: int) -> Any:
    from mpmath.libmp import from_man_exp

    return from_man_exp(*number, bits(digits), "n")


def _ball(number: float | Fraction) -> Ball:
    from flint import arb, fmpq

    exact = Fraction(number)
    return arb(fmpq(exact.numerator, exact.denominator))


def _spelt(number: float | Fraction) -> str:
    return str(Fraction(number))
