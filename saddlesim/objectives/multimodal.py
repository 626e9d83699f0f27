"""Multimodal: functions of two variables that oscillate. Those with few critical points are in `classic`.

The critical points stand in ``tables/multimodal.json``.
"""

from __future__ import annotations

import math
from typing import ClassVar

from saddlesim.objectives.classic import SURVEY
from saddlesim.objectives.symbolic import Box, ExpressionObjective
from saddlesim.parameters import declared

BOHACHEVSKY = f"Bohachevsky, Johnson, Stein, Technometrics 28 (1986) 209 (recalled); {SURVEY}"
MISHRA = "Mishra, Some new test functions for global optimization, MPRA 2718 (2006), in SciPy's benchmarks"


@declared
class EggCrate(ExpressionObjective):
    """An egg carton on a paraboloid, variables separated: 9 minima, 24 saddles and 16 maxima on a grid.

    Usual domain [-5, 5]^2. Critical points: x and y each a root of 2 t + 25 sin(2 t) = 0, of which there are seven.
    """

    formula: ClassVar[str] = "x**2 + y**2 + 25*(sin(x)**2 + sin(y)**2)"
    box: ClassVar[Box] = ((-5, 5), (-5, 5))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class Bohachevsky1(ExpressionObjective):
    """A wide bowl with ripples at its bottom, variables separated: 25 minima, 40 saddles and 16 maxima on a grid.

    Usual domain [-100, 100]^2. Critical points: 20 x + 9 pi sin(3 pi x) = 0 and 5 y + 2 pi sin(4 pi y) = 0.
    """

    formula: ClassVar[str] = "x**2 + 2*y**2 - 0.3*cos(3*pi*x) - 0.4*cos(4*pi*y) + 0.7"
    box: ClassVar[Box] = ((-100, 100), (-100, 100))
    source: ClassVar[str] = BOHACHEVSKY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class Bohachevsky2(ExpressionObjective):
    """The ripples multiplied instead of added, so that no variable is separate from the other.

    Usual domain [-100, 100]^2; no critical point has abs(x) > 0.45 pi or abs(y) > 0.3 pi. Some lists have a factor 0.4 too many.
    """

    formula: ClassVar[str] = "x**2 + 2*y**2 - 0.3*cos(3*pi*x)*cos(4*pi*y) + 0.3"
    box: ClassVar[Box] = ((-100, 100), (-100, 100))
    source: ClassVar[str] = BOHACHEVSKY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class Bohachevsky3(ExpressionObjective):
    """One plane wave across a bowl: nine minima and eight saddles, all on one line through the origin.

    Usual domain [-100, 100]^2. Critical points: 3 y = 2 x and 20 x + 9 pi sin(17 pi x/3) = 0.
    """

    formula: ClassVar[str] = "x**2 + 2*y**2 - 0.3*cos(3*pi*x + 4*pi*y) + 0.3"
    box: ClassVar[Box] = ((-100, 100), (-100, 100))
    source: ClassVar[str] = BOHACHEVSKY
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class Levy13(ExpressionObjective):
    """Ripples in each variable whose height grows with the distance from the minimum: a bowl lined with small wells.

    Usual domain [-10, 10]^2. The minimum 0 is at (1, 1); no critical point has abs(x - 1) > 3 pi/2.
    """

    critical_set: ClassVar[str] = "1179 minima, 1826 saddles and 648 maxima in the domain, by a census; none is listed."
    formula: ClassVar[str] = "sin(3*pi*x)**2 + (x - 1)**2*(1 + sin(3*pi*y)**2) + (y - 1)**2*(1 + sin(2*pi*y)**2)"
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = MISHRA
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Bird(ExpressionObjective):
    """Minima from -107 up to 1.5, the two lowest mirror images in x + y = pi/2: a symmetry that is not obvious.

    Usual domain [-2 pi, 2 pi]^2. The minima -106.76454 are near (4.70104, 3.15294) and (-1.58214, -3.13025).
    """

    formula: ClassVar[str] = "(x - y)**2 + sin(x)*exp((1 - cos(y))**2) + cos(y)*exp((1 - sin(x))**2)"
    box: ClassVar[Box] = ((-math.tau, math.tau), (-math.tau, math.tau))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class CrossInTray(ExpressionObjective):
    """The tenth root of numbers up to 1e43: 36 rounded wells, parted by cracks too thin for any step to see.

    Usual domain [-10, 10]^2. Critical points: cot(x) = x/(pi r) and cot(y) = y/(pi r) with r^2 = x^2 + y^2; exactly one minimum
    in each of the squares that the cracks enclose, for there log(abs(sin(x) sin(y))) - r/pi is strictly concave.
    """

    formula: ClassVar[str] = "-0.0001*(abs(sin(x)*sin(y)*exp(abs(100 - sqrt(x**2 + y**2)/pi))) + 1)**0.1"
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = SURVEY
    non_smooth: ClassVar[str] = "where sin(x) = 0 or sin(y) = 0, and on the circle of radius 100 pi"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class HolderTable(ExpressionObjective):
    """Wells between ridges of one height, the deeper the further out: every pass is a ridge, and none is a saddle.

    Usual domain [-10, 10]^2. Critical points where it is smooth: 42 minima, one in each rectangle between the ridges; the four
    lowest, -19.20850, near (+-8.05502, +-9.66459).
    """

    critical_set: ClassVar[str] = (
        "One minimum in each of the 42 rectangles that the cracks enclose, and no other smooth point."
    )
    formula: ClassVar[str] = "-abs(sin(x)*cos(y)*exp(abs(1 - sqrt(x**2 + y**2)/pi)))"
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = "Gavana, Global optimization benchmarks (2013), in SciPy's benchmarks"
    non_smooth: ClassVar[str] = "on the ridges, where sin(x) = 0 or cos(y) = 0, and on the circle of radius pi"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class Eggholder(ExpressionObjective):
    """Waves that lengthen away from two lines and grow with the distance: many deep minima, the best on the edge.

    Usual domain [-512, 512]^2.
    """

    formula: ClassVar[str] = "-(y + 47)*sin(sqrt(abs(y + x/2 + 47))) - x*sin(sqrt(abs(x - y - 47)))"
    box: ClassVar[Box] = ((-512, 512), (-512, 512))
    source: ClassVar[str] = SURVEY
    non_smooth: ClassVar[str] = "on the lines y + x/2 + 47 = 0 and x - y - 47 = 0"
    critical_set: ClassVar[str] = (
        "Some hundreds of points. The lowest value, -959.6407, is on the edge near (512, 404.2318), where the gradient is not 0."
    )


@declared
class DropWave(ExpressionObjective):
    """Rings of a drop in water: one minimum in the middle, and no critical point else that is isolated.

    Usual domain [-5.12, 5.12]^2.
    """

    formula: ClassVar[str] = "-(1 + cos(12*sqrt(x**2 + y**2)))/((x**2 + y**2)/2 + 2)"
    box: ClassVar[Box] = ((-5.12, 5.12), (-5.12, 5.12))
    source: ClassVar[str] = "Molga and Smutnicki, Test functions for optimization needs (2005) (recalled)"
    non_smooth: ClassVar[str] = (
        "at the origin, but only as written: the function is analytic, its formula's derivative 0/0"
    )
    critical_set: ClassVar[str] = (
        "The origin, minimum -1, and circles round it: maxima 0 where cos(6 r) = 0, minima where tan(6 r) = -r/(6 r^2 + 24)."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "reflection", "permutation", "sign")


@declared
class Schaffer2(ExpressionObjective):
    """Thousands of minima and maxima and not one saddle: all are on the axes, and valleys run from them to infinity.

    Usual domain [-100, 100]^2.
    """

    formula: ClassVar[str] = "0.5 + (sin(x**2 - y**2)**2 - 0.5)/(1 + 0.001*(x**2 + y**2))**2"
    box: ClassVar[Box] = ((-100, 100), (-100, 100))
    source: ClassVar[str] = MISHRA
    critical_set: ClassVar[str] = (
        "The origin, minimum 0, and (+-r, 0) and (0, +-r) where tan(2 r^2) = -1/(1000 + r^2): maxima and minima in turn, "
        "25465 in all."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class Schaffer4(ExpressionObjective):
    """Schaffer's valleys with a maximum in the middle and four equal lowest minima round it; again not one saddle.

    Often written with abs(x^2 - y^2), which changes nothing. Usual domain [-100, 100]^2.
    """

    formula: ClassVar[str] = "0.5 + (cos(sin(x**2 - y**2))**2 - 0.5)/(1 + 0.001*(x**2 + y**2))**2"
    box: ClassVar[Box] = ((-100, 100), (-100, 100))
    source: ClassVar[str] = MISHRA
    critical_set: ClassVar[str] = (
        "The origin, maximum 1, and one point near each (+-r, 0) and (0, +-r) with r^2 = k pi/2, k = 1, 2, ...: minima for odd k,"
        " maxima for even k, 25465 in all. The lowest minima, 0.2925786, are near r = 1.253132."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class Keane(ExpressionObjective):
    """Pits in the squares of a lattice of level lines, which are all maxima: no saddle parts one pit from the next.

    Usual domain [0, 10]^2. The lowest minima, -0.6736675, are near (0, 1.393249) and (1.393249, 0).
    """

    formula: ClassVar[str] = "-sin(x - y)**2*sin(x + y)**2/sqrt(x**2 + y**2)"
    box: ClassVar[Box] = ((0, 10), (0, 10))
    source: ClassVar[str] = "Keane (1994) (recalled); benchmarkfcns, after the same survey, for the sign"
    non_smooth: ClassVar[str] = "at the origin"
    critical_set: ClassVar[str] = (
        "The lines x - y = k pi and x + y = k pi of maxima 0, and one minimum in each square between them, where the logarithm"
        " of abs(f) is strictly concave."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class Sawtooth(ExpressionObjective):
    """A radial sawtooth times a wave in the angle: minima, saddles and maxima on four rays, and a kink in the middle.

    In polar coordinates ``(sin(r) - sin(2 r)/2 + sin(3 r)/3 - sin(4 r)/4 + 4) r^2/(r + 1) (cos(2 t - 1/2)/2 + cos(t) + 2)``; here
    r^2 is multiplied out with the angle. Usual domain [-20, 20]^2. Critical points: the origin, and elsewhere both factors are
    critical; the angle is 1/6, 1/6 + 2 pi/3, 1/6 - 2 pi/3 or pi + 1/2. The origin is a minimum without a Hessian, and makes
    the sum of (-1)^index 1: the smooth points alone make 0.
    """

    formula: ClassVar[str] = (
        "(sin(r) - sin(2 r)/2 + sin(3 r)/3 - sin(4 r)/4 + 4)/(r + 1)"
        " (cos(1/2) (x^2 - y^2)/2 + sin(1/2) x y + x r + 2 r^2), r = sqrt(x^2 + y^2)"
    )
    box: ClassVar[Box] = ((-20, 20), (-20, 20))
    source: ClassVar[str] = "sawtoothxy of MATLAB's Global Optimization Toolbox; al-roomi.org"
    non_smooth: ClassVar[str] = "at the origin, which is the minimum 0"

    @property
    def expression_text(self) -> str:
        r = "sqrt(x**2 + y**2)"
        teeth = f"sin({r}) - sin(2*{r})/2 + sin(3*{r})/3 - sin(4*{r})/4 + 4"
        return f"({teeth})/({r} + 1)*(cos(1/2)*(x**2 - y**2)/2 + sin(1/2)*x*y + x*{r} + 2*(x**2 + y**2))"


@declared
class Shubert(ExpressionObjective):
    """A product of two waves: 722 minima, 722 maxima and 1444 saddles, and every saddle has the value 0.

    Usual domain [-10, 10]^2. The 760 minima of the literature count 38 on the edges, where the slope along the edge is zero but
    not the gradient. Critical points: both factors are critical, which makes extrema only, or both are 0; each has 38 critical
    points and 38 zeros. The value -186.7309088 is reached at eighteen points.
    """

    critical_set: ClassVar[str] = "722 minima, 722 maxima and 1444 saddles in the domain, by a census; none is listed."
    formula: ClassVar[str] = "(sum_{i=1}^{5} i cos((i + 1) x + i)) (sum_{i=1}^{5} i cos((i + 1) y + i))"
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = f"Shubert (1972) (recalled); {SURVEY}"
    symmetries: ClassVar[tuple[str, ...]] = ("permutation", "translation")

    @property
    def expression_text(self) -> str:
        return f"({_wave('x', 1)})*({_wave('y', 1)})"


@declared
class Hansen(ExpressionObjective):
    """A product of two different waves: 494 minima, 494 maxima and 988 saddles, and every saddle has the value 0.

    Usual domain [-10, 10]^2. Critical points: both factors are critical, which makes extrema only, or both are 0; the first has
    26 critical points and 26 zeros, the second 38 of each. The value -176.5417931 is reached at nine points.
    """

    critical_set: ClassVar[str] = "494 minima, 494 maxima and 988 saddles in the domain, by a census; none is listed."
    formula: ClassVar[str] = "(sum_{i=1}^{5} i cos((i - 1) x + i)) (sum_{i=1}^{5} i cos((i + 1) y + i))"
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("translation",)

    @property
    def expression_text(self) -> str:
        return f"({_wave('x', -1)})*({_wave('y', 1)})"


@declared
class Trefethen(ExpressionObjective):
    """Waves of five lengths on a shallow bowl: the fourth problem of the 100-digit challenge, its minimum to ten digits.

    Usual domain [-1, 1]^2, which holds the minimum -3.306868647 near (-0.0244031, 0.2106124).
    """

    critical_set: ClassVar[str] = "693 minima, 1360 saddles and 667 maxima in the domain, by a census; none is listed."
    formula: ClassVar[str] = (
        "exp(sin(50*x)) + sin(60*exp(y)) + sin(70*sin(x)) + sin(sin(80*y)) - sin(10*(x + y)) + (x**2 + y**2)/4"
    )
    box: ClassVar[Box] = ((-1, 1), (-1, 1))
    source: ClassVar[str] = "Bornemann, Laurie, Wagon, Waldvogel, The SIAM 100-Digit Challenge (2004), problem 4"


def _wave(name: str, shift: int) -> str:
    """Write sum_{i=1}^{5} i cos((i + shift) t + i) for the variable of that name."""
    return " + ".join(f"{i}*cos({i + shift}*{name} + {i})" for i in range(1, 6))
