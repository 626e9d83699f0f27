"""Classic: functions of two variables with few critical points, most of which have closed forms; and Colville's, of four.

Those that oscillate are in `multimodal`. The critical points stand in ``tables/classic.json``.
"""

from __future__ import annotations

from typing import ClassVar

from saddlesim.objectives.symbolic import Box, ExpressionObjective
from saddlesim.parameters import declared

DIXON_SZEGOE = "Dixon and Szegoe, Towards Global Optimisation 2 (1978) (recalled)"
SURVEY = "SciPy's benchmarks, after Jamil and Yang, A literature survey of benchmark functions, IJMMNO 4 (2013) 150"


@declared
class Himmelblau(ExpressionObjective):
    """Four equal minima round one maximum, with a saddle between neighbours: the map on which basins are taught.

    Usual domain [-6, 6]^2. All nine critical points of the plane: roots of the resultant of the two gradient components,
    counted exactly and refined to the accuracy that the table states.
    """

    formula: ClassVar[str] = "(x**2 + y - 11)**2 + (x + y**2 - 7)**2"
    box: ClassVar[Box] = ((-6, 6), (-6, 6))
    source: ClassVar[str] = "Himmelblau, Applied Nonlinear Programming (1972) (recalled)"


@declared
class SixHumpCamel(ExpressionObjective):
    """Six minima in three mirrored pairs, seven saddles, two maxima: small, and rarely listed in full.

    Usual domain [-3, 3] x [-2, 2].
    """

    formula: ClassVar[str] = "(4 - 2.1*x**2 + x**4/3)*x**2 + x*y + (4*y**2 - 4)*y**2"
    box: ClassVar[Box] = ((-3, 3), (-2, 2))
    source: ClassVar[str] = DIXON_SZEGOE
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class ThreeHumpCamel(ExpressionObjective):
    """Three minima in a row, the lowest in the middle, and the two saddles between: the least in which to go astray.

    Usual domain [-5, 5]^2. Critical points: x = -2 y, and x = 0 or x^4 - 4.2 x^2 + 3.5 = 0.
    """

    formula: ClassVar[str] = "(2 - 1.05*x**2 + x**4/6)*x**2 + x*y + y**2"
    box: ClassVar[Box] = ((-5, 5), (-5, 5))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class GoldsteinPrice(ExpressionObjective):
    """Four minima from 3 to 840 below walls of a million: scaled so badly that many a search misses a saddle.

    Usual domain [-2, 2]^2. The critical points there have rational coordinates, and integer values from 3 at (0, -1) to 1155.
    """

    formula: ClassVar[str] = (
        "(1 + (x + y + 1)**2*(19 - 14*x + 3*x**2 - 14*y + 6*x*y + 3*y**2))"
        "*(30 + (2*x - 3*y)**2*(18 - 32*x + 12*x**2 + 48*y - 36*x*y + 27*y**2))"
    )
    box: ClassVar[Box] = ((-2, 2), (-2, 2))
    source: ClassVar[str] = f"Goldstein and Price, On descent from local minima (1971) (recalled); {SURVEY}"


@declared
class Beale(ExpressionObjective):
    """One minimum in a curved valley, and two saddles, of which hardly any list has the second.

    Usual domain [-4.5, 4.5]^2. The minimum 0 is at (3, 0.5), the saddles at (0, 1) and near (0.1005, -2.6445).
    """

    formula: ClassVar[str] = "(1.5 - x*(1 - y))**2 + (2.25 - x*(1 - y**2))**2 + (2.625 - x*(1 - y**3))**2"
    box: ClassVar[Box] = ((-4.5, 4.5), (-4.5, 4.5))
    source: ClassVar[str] = f"Beale, On an iterative method (1958) (recalled); {SURVEY}"


@declared
class Branin(ExpressionObjective):
    """Three equal minima in a row and the two saddles between, all in closed form.

    Usual domain [-5, 10] x [0, 15]. Critical points: the square vanishes and x = k pi; minima of value 5/(4 pi) = 0.397887 for
    odd k, saddles for even k.
    """

    formula: ClassVar[str] = "(y - 5.1*x**2/(4*pi**2) + 5*x/pi - 6)**2 + 10*(1 - 1/(8*pi))*cos(x) + 10"
    box: ClassVar[Box] = ((-5, 10), (0, 15))
    source: ClassVar[str] = f"Branin, Widely convergent method (1972) (recalled); {SURVEY}"


@declared
class Mccormick(ExpressionObjective):
    """A tilted wave along one diagonal and a parabola across it: minima and saddles take turns.

    Usual domain [-1.5, 4] x [-3, 4]. Critical points: x - y = 1 and cos(x + y) = -1/2.
    """

    formula: ClassVar[str] = "sin(x + y) + (x - y)**2 - 1.5*x + 2.5*y + 1"
    box: ClassVar[Box] = ((-1.5, 4), (-3, 4))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Booth(ExpressionObjective):
    """A quadratic of condition number 9 off the axes: no saddle, the control for everything else here.

    Usual domain [-10, 10]^2. Its one critical point is the minimum 0 at (1, 3).
    """

    formula: ClassVar[str] = "(x + 2*y - 7)**2 + (2*x + y - 5)**2"
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Matyas(ExpressionObjective):
    """A quadratic valley along the diagonal, 25 times as steep as it is long: where momentum pays, and no saddle.

    Usual domain [-10, 10]^2. Its one critical point is the minimum 0 at the origin.
    """

    formula: ClassVar[str] = "0.26*(x**2 + y**2) - 0.48*x*y"
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class Treccani(ExpressionObjective):
    """Two equal minima and the saddle halfway between, variables separated: the double well, off centre.

    ``x^4 + 4 x^3 + 4 x^2 + y^2``. Usual domain [-5, 5]^2. Critical points: y = 0 and x = -2, -1 or 0.
    """

    formula: ClassVar[str] = "x**2*(x + 2)**2 + y**2"
    box: ClassVar[Box] = ((-5, 5), (-5, 5))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Zettl(ExpressionObjective):
    """A ring-shaped valley round a maximum, tilted: its lowest point is the minimum, its highest the saddle.

    Usual domain [-5, 10]^2. Critical points: y = 0 and 16 x (x - 1) (x - 2) = -1.
    """

    formula: ClassVar[str] = "(x**2 + y**2 - 2*x)**2 + x/4"
    box: ClassVar[Box] = ((-5, 10), (-5, 10))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Leon(ExpressionObjective):
    """The valley along a cubic under the name and in the box that the lists have: the same function as cube.

    Usual domain [-1.2, 1.2]^2. Some lists print a square for the cube, which is Rosenbrock's function. Its one critical point
    is the minimum 0 at (1, 1): y = x^3, and then x = 1.
    """

    formula: ClassVar[str] = "100*(y - x**3)**2 + (1 - x)**2"
    box: ClassVar[Box] = ((-1.2, 1.2), (-1.2, 1.2))
    source: ClassVar[str] = "Leon, in Lavi and Vogel, Recent Advances in Optimization Techniques (1966); benchmarkfcns"


@declared
class DekkersAarts(ExpressionObjective):
    """A shallow minimum at the origin, two low passes, and beyond them two minima that are 24776 deep.

    Often spelt Deckkers-Aarts, with the minima rounded to (0, +-15). Usual domain [-20, 20]^2. Critical points: x = 0, and
    y = 0 or 2 s - 4e-5 s^3 = 1 where s = y^2; for y = 0 alone there is no other, as 2 s - 4e-5 s^3 stays below 173.
    """

    formula: ClassVar[str] = "100000*x**2 + y**2 - (x**2 + y**2)**2 + (x**2 + y**2)**4/100000"
    box: ClassVar[Box] = ((-20, 20), (-20, 20))
    source: ClassVar[str] = f"Dekkers and Aarts, Math. Program. 50 (1991) 367 (recalled); {SURVEY}"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class Hosaki(ExpressionObjective):
    """Two minima and the saddle between, and a whole edge of critical points where the factor y^2 vanishes.

    Usual domain [0, 5] x [0, 6]. Some lists print exp(-x).
    """

    formula: ClassVar[str] = "(1 + (-8 + (7 + (-7/3 + x/4)*x)*x)*x)*y**2*exp(-y)"
    box: ClassVar[Box] = ((0, 5), (0, 6))
    source: ClassVar[str] = SURVEY
    critical_set: ClassVar[str] = (
        "The edge y = 0, of value 0, and three points with y = 2: minima at x = 1 and x = 4, and at x = 2 the saddle between."
    )


@declared
class Adjiman(ExpressionObjective):
    """No minimum inside the box, only two saddles: what is published as its minimum is on the edge.

    Usual domain [-1, 2] x [-1, 1]. The lowest value there, -2.02181, is at (2, 0.10578), where it still falls with x.
    """

    formula: ClassVar[str] = "cos(x)*sin(y) - x/(y**2 + 1)"
    box: ClassVar[Box] = ((-1, 2), (-1, 1))
    source: ClassVar[str] = SURVEY


@declared
class Ursem1(ExpressionObjective):
    """Two unequal minima and the saddle between, variables separated: the plainest choice between two basins.

    ``-sin(2 x - pi/2) - 3 cos(y) - x/2``. Usual domain [-2.5, 3] x [-2, 2]. Critical points: sin(2 x) = -1/4 and y = 0.
    """

    formula: ClassVar[str] = "cos(2*x) - 3*cos(y) - x/2"
    box: ClassVar[Box] = ((-2.5, 3), (-2, 2))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Giunta(ExpressionObjective):
    """Each variable has one minimum and one maximum, so together a minimum, a maximum and two saddles: the full square.

    Usual domain [-1, 1]^2. The minimum is 0.0644704 near (0.46732, 0.46732), not 0.060447 as some lists print. With
    t = 16 x/15 - 1 a component solves cos(t) (1 + 2 sin(t)) + 0.08 cos(4 t) = 0.
    """

    formula: ClassVar[str] = (
        "0.6 + sin(16*x/15 - 1) + sin(16*x/15 - 1)**2 + sin(64*x/15 - 4)/50"
        " + sin(16*y/15 - 1) + sin(16*y/15 - 1)**2 + sin(64*y/15 - 4)/50"
    )
    box: ClassVar[Box] = ((-1, 1), (-1, 1))
    source: ClassVar[str] = SURVEY
    symmetries: ClassVar[tuple[str, ...]] = ("permutation",)


@declared
class Bukin6(ExpressionObjective):
    """A crease along a parabola, infinitely steep beside it and nearly level along it: gradients mislead everywhere.

    Usual domain [-15, -5] x [-3, 3].
    """

    formula: ClassVar[str] = "100*sqrt(abs(y - 0.01*x**2)) + 0.01*abs(x + 10)"
    box: ClassVar[Box] = ((-15, -5), (-3, 3))
    source: ClassVar[str] = f"Bukin, in Silagadze, Finding two-dimensional peaks (2007); {SURVEY}"
    non_smooth: ClassVar[str] = "on the parabola y = x^2/100 and on the line x = -10"
    critical_set: ClassVar[str] = (
        "None where it is differentiable, for the derivative by y is 50/sqrt(abs(y - x^2/100)) in size."
        " The minimum 0 is the kink (-10, 1)."
    )


@declared
class Easom(ExpressionObjective):
    """A needle one unit wide in a plain that is flat to the last bit: from nearly everywhere no gradient leads anywhere.

    Usual domain [-100, 100]^2. The minimum -1 is at (pi, pi).
    """

    formula: ClassVar[str] = "-cos(x)*cos(y)*exp(-(x - pi)**2 - (y - pi)**2)"
    box: ClassVar[Box] = ((-100, 100), (-100, 100))
    source: ClassVar[str] = f"Easom, A survey of global optimization techniques (1990) (recalled); {SURVEY}"
    critical_set: ClassVar[str] = (
        "Two grids: both cosines 0, all saddles, and x - pi and y - pi both roots of tan(t) = -2 t. More than 5 from (pi, pi)"
        " the values are below 1e-10, and soon they underflow."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation")


@declared
class Colville(ExpressionObjective):
    """Two coupled banana valleys as lists of test functions write them: multiplied out, the same function as wood.

    Usual domain [-10, 10]^4. The minimum 0 is at (1, 1, 1, 1).
    """

    formula: ClassVar[str] = (
        "100*(x1**2 - x2)**2 + (x1 - 1)**2 + (x3 - 1)**2 + 90*(x3**2 - x4)**2"
        " + 10.1*((x2 - 1)**2 + (x4 - 1)**2) + 19.8*(x2 - 1)*(x4 - 1)"
    )
    box: ClassVar[Box] = ((-10, 10),) * 4
    source: ClassVar[str] = f"Colville (1968) (recalled); {SURVEY}"
