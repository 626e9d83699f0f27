"""Least squares: the problems of fixed dimension of More, Garbow and Hillstrom, sums of squares that unsettle optimizers.

Where a formula is a sum over data, `expression_text` writes it out. The critical points stand in ``tables/least_squares.json``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

from saddlesim.objectives.symbolic import Box, ExpressionObjective
from saddlesim.parameters import declared

MGH = "More, Garbow, Hillstrom, Testing unconstrained optimization software, ACM TOMS 7 (1981) 17, problem"

# fmt: off
BARD = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39)
BELL = (0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521, 0.3989, 0.3521, 0.242, 0.1295, 0.054, 0.0175, 0.0044, 0.0009)
MEYER = (34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872)
KOWALIK_OSBORNE = (
    (4, 0.1957), (2, 0.1947), (1, 0.1735), (0.5, 0.16), (0.25, 0.0844), (0.167, 0.0627), (0.125, 0.0456), (0.1, 0.0342),
    (0.0833, 0.0323), (0.0714, 0.0235), (0.0625, 0.0246),
)
OSBORNE = (
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.58, 0.558,
    0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.42, 0.414, 0.411, 0.406,
)
# fmt: on


@declared
class FreudensteinRoth(ExpressionObjective):
    """A second minimum, far from zero, that draws most descents in from the standard start (0.5, -2).

    Usual domain [0, 30] x [-5, 6], which holds both, 0 at (5, 4) and 48.98425 near (11.4128, -0.8968), and the saddle between.
    """

    formula: ClassVar[str] = "(-13 + x + ((5 - y)*y - 2)*y)**2 + (-29 + x + ((y + 1)*y - 14)*y)**2"
    box: ClassVar[Box] = ((0, 30), (-5, 6))
    source: ClassVar[str] = f"{MGH} 2"


@declared
class PowellBadlyScaled(ExpressionObjective):
    """Two minima at the ends of a hyperbola of width 1e-4, where the components differ by six orders of magnitude.

    Usual domain [-1, 10]^2. One minimum, of value 0, is near (1.098e-5, 9.106); the other is its mirror image in x = y.
    """

    critical_set: ClassVar[str] = (
        "The minimum 0 near (1.098e-5, 9.106) and its mirror image; others are not known, and none is listed."
    )
    formula: ClassVar[str] = "(10000*x*y - 1)**2 + (exp(-x) + exp(-y) - 1.0001)**2"
    box: ClassVar[Box] = ((-1, 10), (-1, 10))
    source: ClassVar[str] = f"{MGH} 3"
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)


@declared
class BrownBadlyScaled(ExpressionObjective):
    """Components of size 1e6 and 1e-6 at the minimum: what one learning rate for both comes to.

    Usual domain [0, 2e6] x [-2, 2], which holds the standard start (1, 1) and the minimum 0 at (1e6, 2e-6).
    """

    formula: ClassVar[str] = "(x - 1000000)**2 + (y - 0.000002)**2 + (x*y - 2)**2"
    box: ClassVar[Box] = ((0, 2_000_000), (-2, 2))
    source: ClassVar[str] = f"{MGH} 4"


@declared
class JennrichSampson(ExpressionObjective):
    """Two exponentials that are best equal: a steep minimum on the diagonal, and a plateau where one is given up.

    Usual domain [-1, 1]^2. The minimum 124.362 is near (0.2578, 0.2578); 259.58 is approached as one component goes to -infinity.
    """

    formula: ClassVar[str] = "sum_{i=1}^{10} (2 + 2 i - exp(i x) - exp(i y))^2"
    box: ClassVar[Box] = ((-1, 1), (-1, 1))
    source: ClassVar[str] = f"{MGH} 6, with m = 10"
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)

    @property
    def expression_text(self) -> str:
        return _squares(f"{2 + 2 * i} - exp({i}*x) - exp({i}*y)" for i in range(1, 11))


@declared
class HelicalValley(ExpressionObjective):
    """A valley that winds round an axis: descent has to walk the helix down.

    ``100 ((x3 - 10 t)^2 + (r - 1)^2) + x3^2`` where r^2 = x1^2 + x2^2 and t is the angle of (x1, x2) in turns, from -1/4 to 3/4.
    Usual domain [-2, 2]^2 x [-3, 8]. Its one critical point is the minimum 0 at (1, 0, 0): the derivatives by t, r and x3 give
    x3 = 10 t, r = 1 and x3 = 0.
    """

    formula: ClassVar[str] = "100*((x3 - 2.5 - 5*atan2(-x1, x2)/pi)**2 + (sqrt(x1**2 + x2**2) - 1)**2) + x3**2"
    box: ClassVar[Box] = ((-2, 2), (-2, 2), (-3, 8))
    source: ClassVar[str] = f"{MGH} 7"
    non_smooth: ClassVar[str] = "on the axis x1 = x2 = 0, and on the half plane x1 = 0, x2 < 0, across which it jumps"


@declared
class Bard(ExpressionObjective):
    """A rational fit with three parameters: one minimum, and a flat way to infinity that some starts take.

    Usual domain [-2, 2] x [0.1, 3]^2, where no denominator vanishes. The minimum 8.21488e-3 is near (0.0824, 1.133, 2.344);
    17.4286 is approached far out.
    """

    formula: ClassVar[str] = "sum_{i=1}^{15} (y_i - x1 - i / ((16 - i) x2 + min(i, 16 - i) x3))^2"
    box: ClassVar[Box] = ((-2, 2), (0.1, 3), (0.1, 3))
    source: ClassVar[str] = f"{MGH} 8"
    non_smooth: ClassVar[str] = "where one of the fifteen denominators vanishes: it has poles there"

    @property
    def expression_text(self) -> str:
        return _squares(f"{y} - x1 - {i}/({16 - i}*x2 + {min(i, 16 - i)}*x3)" for i, y in enumerate(BARD, start=1))


@declared
class GaussianFit(ExpressionObjective):
    """A bell curve through fifteen values of the normal density: nearly no residual, nearly no curvature elsewhere.

    Usual domain [-1, 1] x [0, 3] x [-2, 2]. The minimum 1.12793e-8 is near (0.39896, 1.00002, 0).
    """

    formula: ClassVar[str] = "sum_{i=1}^{15} (x1 exp(-x2 ((8 - i)/2 - x3)^2 / 2) - y_i)^2"
    box: ClassVar[Box] = ((-1, 1), (0, 3), (-2, 2))
    source: ClassVar[str] = f"{MGH} 9"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)

    @property
    def expression_text(self) -> str:
        return _squares(f"x1*exp(-x2*({(8 - i) / 2} - x3)**2/2) - {y}" for i, y in enumerate(BELL, start=1))


@declared
class Meyer(ExpressionObjective):
    """The resistance of a thermistor: Hessian eigenvalues that differ by fifteen orders of magnitude.

    Usual domain [0, 0.05] x [3000, 9000] x [200, 500]. The minimum 87.9458 is near (0.0056096, 6181.35, 345.224).
    """

    formula: ClassVar[str] = "sum_{i=1}^{16} (x1 exp(x2 / (45 + 5 i + x3)) - y_i)^2"
    box: ClassVar[Box] = ((0, 0.05), (3000, 9000), (200, 500))
    source: ClassVar[str] = f"{MGH} 10"
    non_smooth: ClassVar[str] = "where 45 + 5 i + x3 = 0 for one i from 1 to 16"

    @property
    def expression_text(self) -> str:
        return _squares(f"x1*exp(x2/({45 + 5 * i} + x3)) - {y}" for i, y in enumerate(MEYER, start=1))


@declared
class Gulf(ExpressionObjective):
    """A Weibull law fitted at Gulf Research: a long flat valley, and a plateau 32.835 on which the gradient underflows.

    Usual domain [0.1, 100] x [0, 25.6] x [0, 5], where u_i > x2 and it is smooth. The minimum 0 is at (50, 25, 1.5).
    """

    critical_set: ClassVar[str] = "The minimum 0 alone is listed; others are not known."
    formula: ClassVar[str] = "sum_{i=1}^{99} (exp(-|u_i - x2|^x3 / x1) - i/100)^2, u_i = 25 + (-50 log(i/100))^(2/3)"
    box: ClassVar[Box] = ((0.1, 100), (0, 25.6), (0, 5))
    source: ClassVar[str] = f"{MGH} 11, with m = 99"
    non_smooth: ClassVar[str] = "where x1 = 0, or x2 is one of the u_i"

    @property
    def expression_text(self) -> str:
        data = [(i / 100, 25 + (-50 * math.log(i / 100)) ** (2 / 3)) for i in range(1, 100)]
        return _squares(f"exp(-abs({u} - x2)**x3/x1) - {t}" for t, u in data)


@declared
class Box3(ExpressionObjective):
    """Box's exponentials: a minimum, its image under an exchange, and a whole line of minima of the same value 0.

    Usual domain [0, 12]^2 x [-2, 2].
    """

    formula: ClassVar[str] = "sum_{i=1}^{10} (exp(-t x1) - exp(-t x2) - x3 (exp(-t) - exp(-10 t)))^2, t = i/10"
    box: ClassVar[Box] = ((0, 12), (0, 12), (-2, 2))
    source: ClassVar[str] = f"{MGH} 12, with m = 10"
    critical_set: ClassVar[str] = "Minima of value 0 at (1, 10, 1) and (10, 1, -1) and on the line x1 = x2, x3 = 0."

    @property
    def expression_text(self) -> str:
        times = [(i / 10, i) for i in range(1, 11)]
        return _squares(f"exp(-{t}*x1) - exp(-{t}*x2) - x3*(exp(-{t}) - exp(-{i}))" for t, i in times)


@declared
class PowellSingular(ExpressionObjective):
    """A minimum with two zero eigenvalues: Newton's method turns linear, and the Hessian does not know the kind.

    Usual domain [-4, 5]^4. It is convex, a sum of even powers of independent linear forms, so that 0 is the one critical point.
    """

    formula: ClassVar[str] = "(x1 + 10*x2)**2 + 5*(x3 - x4)**2 + (x2 - 2*x3)**4 + 10*(x1 - x4)**4"
    box: ClassVar[Box] = ((-4, 5), (-4, 5), (-4, 5), (-4, 5))
    source: ClassVar[str] = f"{MGH} 13"
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class Wood(ExpressionObjective):
    """Two coupled banana valleys: a minimum, and a saddle near (-1, 1, -1, 1) at which programs used to stop.

    Usual domain [-10, 10]^4. The minimum 0 is at (1, 1, 1, 1).
    """

    formula: ClassVar[str] = (
        "100*(x2 - x1**2)**2 + (1 - x1)**2 + 90*(x4 - x3**2)**2 + (1 - x3)**2 + 10*(x2 + x4 - 2)**2 + (x2 - x4)**2/10"
    )
    box: ClassVar[Box] = ((-10, 10), (-10, 10), (-10, 10), (-10, 10))
    source: ClassVar[str] = f"{MGH} 14; Colville (1968) (recalled)"


@declared
class KowalikOsborne(ExpressionObjective):
    """An enzyme's rate fitted by a quotient of quadratics: a flat minimum, and another at infinity.

    Usual domain [0, 0.42]^4, where no denominator vanishes. The minimum 3.07506e-4 is near (0.1928, 0.1913, 0.1231, 0.1361);
    1.02734e-3 is approached far out.
    """

    formula: ClassVar[str] = "sum_{i=1}^{11} (y_i - x1 (u_i^2 + u_i x2) / (u_i^2 + u_i x3 + x4))^2"
    box: ClassVar[Box] = ((0, 0.42), (0, 0.42), (0, 0.42), (0, 0.42))
    source: ClassVar[str] = f"{MGH} 15"
    non_smooth: ClassVar[str] = "where one of the eleven denominators vanishes: it has poles there"

    @property
    def expression_text(self) -> str:
        return _squares(f"{y} - x1*{u}*({u} + x2)/({u}*({u} + x3) + x4)" for u, y in KOWALIK_OSBORNE)


@declared
class BrownDennis(ExpressionObjective):
    """Large residuals, for which Gauss and Newton's steps differ: one minimum of value 85822.2 that no start misses.

    Usual domain [-25, 25]^2 x [-5, 5]^2. It is strictly convex, a sum of fourth powers of norms of affine maps that have no
    kernel in common, so that there is one critical point.
    """

    formula: ClassVar[str] = "sum_{i=1}^{20} ((x1 + t x2 - exp(t))^2 + (x3 + x4 sin(t) - cos(t))^2)^2, t = i/5"
    box: ClassVar[Box] = ((-25, 25), (-25, 25), (-5, 5), (-5, 5))
    source: ClassVar[str] = f"{MGH} 16, with m = 20"

    @property
    def expression_text(self) -> str:
        times = [i / 5 for i in range(1, 21)]
        return _squares(f"(x1 + {t}*x2 - exp({t}))**2 + (x3 + x4*sin({t}) - cos({t}))**2" for t in times)


@declared
class Osborne1(ExpressionObjective):
    """Two decays and a background in 33 data: rates and amplitudes that differ by two orders of magnitude.

    Usual domain [0, 1] x [0, 3] x [-3, 0] x [0, 0.1]^2. The minimum 5.46489e-5 is near (0.375, 1.936, -1.465, 0.0129, 0.0221).
    """

    formula: ClassVar[str] = "sum_{i=1}^{33} (y_i - x1 - x2 exp(-t x4) - x3 exp(-t x5))^2, t = 10 (i - 1)"
    box: ClassVar[Box] = ((0, 1), (0, 3), (-3, 0), (0, 0.1), (0, 0.1))
    source: ClassVar[str] = f"{MGH} 17"
    critical_set: ClassVar[str] = "Known are a minimum, its image, and outside the domain a line of x4 = x5."
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)

    @property
    def expression_text(self) -> str:
        return _squares(f"{y} - x1 - x2*exp(-{10 * i}*x4) - x3*exp(-{10 * i}*x5)" for i, y in enumerate(OSBORNE))


@declared
class BiggsExp6(ExpressionObjective):
    """Three exponentials in thirteen data: the right minimum, its images, and what passes for a wrong one but is a saddle.

    Usual domain [0, 12]^6. The minimum 0 is at (1, 10, 1, 5, 4, 3). The point of value 5.65565e-3 that is published as another
    minimum has x1 = x5 and lies on a line of critical points of index 1.
    """

    formula: ClassVar[str] = (
        "sum_{i=1}^{13} (x3 exp(-t x1) - x4 exp(-t x2) + x6 exp(-t x5) - exp(-t) + 5 exp(-10 t) - 3 exp(-4 t))^2, t = i/10"
    )
    box: ClassVar[Box] = ((0, 12),) * 6
    source: ClassVar[str] = f"{MGH} 18, with m = 13"
    critical_set: ClassVar[str] = (
        "Infinite: where x1 = x5 only x3 + x6 counts, which makes a line of saddles of value 5.65565e-3."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)

    @property
    def expression_text(self) -> str:
        return _squares(
            f"x3*exp(-{t}*x1) - x4*exp(-{t}*x2) + x6*exp(-{t}*x5) - (exp(-{t}) - 5*exp(-{i}) + 3*exp(-4*{t}))"
            for t, i in ((i / 10, i) for i in range(1, 14))
        )


def _squares(residuals: Iterable[str]) -> str:
    return " + ".join(f"({each})**2" for each in residuals)
