"""Sums of wells: functions of three, four and six variables, made of wells that are data.

The critical points stand in ``tables/sums_of_wells.json``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal, Self

from saddlesim.objectives.classic import DIXON_SZEGOE, SURVEY
from saddlesim.objectives.symbolic import Box, ExpressionObjective
from saddlesim.parameters import declared

# fmt: off
HARTMANN_WEIGHTS = (1, 1.2, 3, 3.2)
HARTMANN3 = (  # the widths and the centre of each well
    ((3, 10, 30), (0.3689, 0.117, 0.2673)), ((0.1, 10, 35), (0.4699, 0.4387, 0.747)),
    ((3, 10, 30), (0.1091, 0.8732, 0.5547)), ((0.1, 10, 35), (0.03815, 0.5743, 0.8828)),
)
HARTMANN6 = (
    ((10, 3, 17, 3.5, 1.7, 8), (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886)),
    ((0.05, 10, 17, 0.1, 8, 14), (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991)),
    ((3, 3.5, 1.7, 10, 17, 8), (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665)),
    ((17, 8, 0.05, 10, 0.1, 14), (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381)),
)
SHEKEL = (  # c and a of each well
    (0.1, (4, 4, 4, 4)), (0.2, (1, 1, 1, 1)), (0.2, (8, 8, 8, 8)), (0.4, (6, 6, 6, 6)), (0.4, (3, 7, 3, 7)),
    (0.6, (2, 9, 2, 9)), (0.3, (5, 5, 3, 3)), (0.7, (8, 1, 8, 1)), (0.5, (6, 2, 6, 2)), (0.5, (7, 3.6, 7, 3.6)),
)
# fmt: on


@declared
class Hartmann3(ExpressionObjective):
    """Four long Gaussian wells in three dimensions, half of them nearly level in the first component.

    Usual domain [0, 1]^3. The minimum -3.862782 is near (0.114614, 0.555649, 0.852547). Of the
    two published values of p_41, 0.0381 and 0.03815, it is the latter here.
    """

    formula: ClassVar[str] = "-sum_{i=1}^{4} c_i exp(-sum_{j=1}^{3} a_ij (x_j - p_ij)^2)"
    box: ClassVar[Box] = ((0, 1), (0, 1), (0, 1))
    source: ClassVar[str] = f"Hartman (1973), in {DIXON_SZEGOE}; data: {SURVEY}"

    @property
    def expression_text(self) -> str:
        return _hartmann(HARTMANN3, self.variables)


@declared
class Hartmann6(ExpressionObjective):
    """Four Gaussian wells in six dimensions, each long in other directions than the next: few minima, far apart.

    Usual domain [0, 1]^6. The minimum -3.322368 is near (0.201690, 0.150011, 0.476874, 0.275332, 0.311652, 0.657300).
    """

    formula: ClassVar[str] = "-sum_{i=1}^{4} c_i exp(-sum_{j=1}^{6} a_ij (x_j - p_ij)^2)"
    box: ClassVar[Box] = ((0, 1),) * 6
    source: ClassVar[str] = f"Hartman (1973), in {DIXON_SZEGOE}; data: {SURVEY}"

    @property
    def expression_text(self) -> str:
        return _hartmann(HARTMANN6, self.variables)


@declared
class Shekel(ExpressionObjective):
    """Foxholes: so many wells of different depth in a plain, each of which draws in its own neighbourhood only.

    Usual domain [0, 10]^4. The minimum, close to (4, 4, 4, 4), is -10.15320, -10.40294 or -10.53641 with 5, 7 or 10 terms. The
    seventh a is (5, 5, 3, 3); some lists have (5, 3, 5, 3).

    Parameters
    ----------
    n_terms : 5, 7 or 10
    """

    n_terms: Literal[5, 7, 10] = 10

    formula: ClassVar[str] = "-sum_{i=1}^{n_terms} 1/(c_i + sum_{j=1}^{4} (x_j - a_ij)^2)"
    box: ClassVar[Box] = ((0, 10),) * 4
    source: ClassVar[str] = f"Shekel (1971), in {DIXON_SZEGOE}; data: {SURVEY}"

    @property
    def table_key(self) -> str:
        return f"{super().table_key}_{self.n_terms}"

    @property
    def expression_text(self) -> str:
        wells = (f"1/({c} + {_squares((1,) * 4, a, self.variables)})" for c, a in SHEKEL[: self.n_terms])
        return f"-({' + '.join(wells)})"

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(n_terms=5), cls(n_terms=7))


def _hartmann(wells: Iterable[tuple[Iterable[float], Iterable[float]]], names: Iterable[str]) -> str:
    names = tuple(names)
    terms = (f"{c}*exp(-({_squares(*well, names)}))" for c, well in zip(HARTMANN_WEIGHTS, wells, strict=True))
    return f"-({' + '.join(terms)})"


def _squares(scales: Iterable[float], centre: Iterable[float], names: Iterable[str]) -> str:
    """Write the sum of a (x - p)^2 over the components."""
    terms = (
        f"({x} - {p})**2" if a == 1 else f"{a}*({x} - {p})**2" for a, p, x in zip(scales, centre, names, strict=True)
    )
    return " + ".join(terms)
