"""CUTEst: unconstrained problems of two to four variables from the collection of test problems in the format SIF.

The critical points stand in ``tables/cutest.json``.
"""

from __future__ import annotations

from typing import ClassVar

from saddlesim.objectives.symbolic import Box, ExpressionObjective
from saddlesim.parameters import declared

BUCKLEY = "Buckley, Test functions for unconstrained minimization, TR 1989CS-3, Dalhousie University (1989), problem"
DENNIS_SCHNABEL = "Dennis and Schnabel, Numerical methods for unconstrained optimization (1983), page"
HIMMELBLAU = "Himmelblau, Applied Nonlinear Programming (1972), problem"
TOINT = "Toint, private communication, in CUTEst (Gould, Orban, Toint 2015)"

HATFLDD_TIMES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
HATFLDD_DATA = (1.751, 1.561, 1.391, 1.239, 1.103, 0.981, 0.925, 0.8721, 0.8221, 0.7748)


@declared
class Cube(ExpressionObjective):
    """Rosenbrock's valley along a cubic: straight at the origin, and steep where the minimum is.

    Usual domain [-2, 2]^2. Its one critical point is the minimum 0 at (1, 1): y = x^3, and then x = 1.
    """

    formula: ClassVar[str] = "100*(y - x**3)**2 + (1 - x)**2"
    box: ClassVar[Box] = ((-2, 2), (-2, 2))
    source: ClassVar[str] = f"{BUCKLEY} 5"


@declared
class Cliff(ExpressionObjective):
    """A plain beside an exponential cliff of slope 20: a step that is safe on one side is fatal on the other.

    Usual domain [0, 6]^2. It is convex; its one critical point is the minimum 0.199786 at (3, 3 + log(20)/20).
    """

    formula: ClassVar[str] = "(0.01*x - 0.03)**2 - x + y + exp(20*(x - y))"
    box: ClassVar[Box] = ((0, 6), (0, 6))
    source: ClassVar[str] = f"{BUCKLEY} 206"


@declared
class Denschnc(ExpressionObjective):
    """A system of two equations as least squares: its two roots, and what lies between them.

    Usual domain [-3, 3]^2. The roots are (1, 1) and near (-0.7137, 1.2209).
    """

    formula: ClassVar[str] = "(x**2 + y**2 - 2)**2 + (exp(x - 1) + y**3 - 2)**2"
    box: ClassVar[Box] = ((-3, 3), (-3, 3))
    source: ClassVar[str] = f"{DENNIS_SCHNABEL} 98; CUTEst DENSCHNC"


@declared
class Denschnd(ExpressionObjective):
    """A degenerate minimum 0 at the origin, flat to third and fourth order: descent crawls.

    Usual domain [-2, 2]^3.
    """

    formula: ClassVar[str] = "(x1**2 + x2**3 - x3**4)**2 + (2*x1*x2*x3)**2 + (2*x1*x2 - 3*x2*x3 + x1*x3)**2"
    box: ClassVar[Box] = ((-2, 2), (-2, 2), (-2, 2))
    source: ClassVar[str] = f"{DENNIS_SCHNABEL} 83; CUTEst DENSCHND"


@declared
class Denschne(ExpressionObjective):
    """Two equal minima and the saddle between them on a straight line, in three variables that do not interact.

    Usual domain [-2, 2] x [-2, 1] x [-2, 2]. Critical points: x1 = x3 = 0 and x2 = -1, -1/2, 0.
    """

    formula: ClassVar[str] = "x1**2 + (x2 + x2**2)**2 + (exp(x3) - 1)**2"
    box: ClassVar[Box] = ((-2, 2), (-2, 1), (-2, 2))
    source: ClassVar[str] = f"{DENNIS_SCHNABEL} 107; CUTEst DENSCHNE"


@declared
class Denschnf(ExpressionObjective):
    """Two ellipses as equations: they meet in two points, the minima, between which are two passes and a hill.

    Usual domain [-3, 3]^2.
    """

    formula: ClassVar[str] = "(2*(x + y)**2 + (x - y)**2 - 8)**2 + (5*x**2 + (y - 3)**2 - 9)**2"
    box: ClassVar[Box] = ((-3, 3), (-3, 3))
    source: ClassVar[str] = f"{DENNIS_SCHNABEL} 107; CUTEst DENSCHNF"


@declared
class Hairy(ExpressionObjective):
    """A valley covered with fur: hundreds of sharp hills and saddles on the way to one deep minimum.

    Usual domain [-5, 5] x [-7, 7]; the standard start is the corner (-5, -7). The minimum 20 is at the origin.
    """

    formula: ClassVar[str] = "30*sin(7*x)**2*cos(7*y)**2 + 100*sqrt(0.01 + (x - y)**2) + 100*sqrt(0.01 + x**2)"
    box: ClassVar[Box] = ((-5, 5), (-7, 7))
    source: ClassVar[str] = TOINT
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class Loghairy(ExpressionObjective):
    """The logarithm of the hairy valley: the same critical points, but slopes that fade away from the minimum.

    Usual domain [-5, 5] x [-7, 7]. The minimum log(1.2) is at the origin.
    """

    formula: ClassVar[str] = "log(1 + 0.3*sin(7*x)**2*cos(7*y)**2 + sqrt(0.01 + (x - y)**2) + sqrt(0.01 + x**2))"
    box: ClassVar[Box] = ((-5, 5), (-7, 7))
    source: ClassVar[str] = TOINT
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class Humps(ExpressionObjective):
    """A bowl covered with humps: thousands of hills and saddles, and valleys that lead to one minimum.

    Usual domain [-5, 5]^2. The minimum 0 is at the origin.
    """

    formula: ClassVar[str] = "0.05*(x**2 + y**2) + (sin(20*x)*sin(20*y))**2"
    box: ClassVar[Box] = ((-5, 5), (-5, 5))
    source: ClassVar[str] = TOINT
    critical_set: ClassVar[str] = (
        "Unknown: besides the minimum a maximum and a saddle in each square of side pi/20, some 8000 in the domain."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class Sisser(ExpressionObjective):
    """A minimum whose Hessian is zero: it looks like nothing, and descent to it takes algebraic time.

    Usual domain [-2, 2]^2. Its one critical point is the origin, for it is positive and homogeneous. CUTEst has the middle
    term with the wrong sign under SISSER and the right one under SISSER2.
    """

    formula: ClassVar[str] = "3*x**4 - 2*x**2*y**2 + 3*y**4"
    box: ClassVar[Box] = ((-2, 2), (-2, 2))
    source: ClassVar[str] = f"Sisser, Math. Program. 20 (1981) 110; {BUCKLEY} 216"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "permutation", "sign")


@declared
class Sineval(ExpressionObjective):
    """Rosenbrock's valley along a sine: every bend has to be followed.

    Usual domain [-6, 6] x [-2, 2]. Its one critical point is the minimum 0 at the origin: y = sin(x), and then x = 0.
    """

    formula: ClassVar[str] = "1000*(y - sin(x))**2 + x**2/4"
    box: ClassVar[Box] = ((-6, 6), (-2, 2))
    source: ClassVar[str] = "Xiao and Zhou, Computing 48 (1992) 303, problem 4.2; CUTEst SINEVAL"
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class Engval2(ExpressionObjective):
    """Two unit spheres that touch and three other surfaces through the point between them, as least squares.

    Usual domain [-4, 4]^3. The minimum 0 is at (0, 0, 1); another, of value 112.273, is near (0.674, -0.081, -1.239).
    """

    formula: ClassVar[str] = (
        "(x1**2 + x2**2 + x3**2 - 1)**2 + (x1**2 + x2**2 + (x3 - 2)**2 - 1)**2 + (x1 + x2 + x3 - 1)**2"
        " + (x1 + x2 - x3 + 1)**2 + (3*x2**2 + x1**3 + (5*x3 - x1 + 1)**2 - 36)**2"
    )
    box: ClassVar[Box] = ((-4, 4), (-4, 4), (-4, 4))
    source: ClassVar[str] = f"{BUCKLEY} 15"


@declared
class Mexhat(ExpressionObjective):
    """A penalty 1e5 on a bent thin ellipse: a hat with a crown, two minima on the brim and two saddles.

    Usual domain [0.8, 1.2] x [0.6, 1.4]. Critical points: y = x^2 with x = 1 or (x - 1)^2 = 0.02001, and x = 1, (y - 1)^2 = 2e-6.
    The minima are -0.04001, not -0.0898793 as quoted with it.
    """

    formula: ClassVar[str] = "-2*(x - 1)**2 + 100000*(10000*(y - x**2)**2 + (x - 1)**2 - 0.02)**2"
    box: ClassVar[Box] = ((0.8, 1.2), (0.6, 1.4))
    source: ClassVar[str] = "Brown and Bartholomew-Biggs, TR 178, Hatfield Polytechnic (1987); CUTEst MEXHAT"


@declared
class Brkmcc(ExpressionObjective):
    """A constrained problem by penalty and barrier: a minimum and a saddle beside the pole on an ellipse.

    Usual domain [1, 3] x [0.9, 3], outside that ellipse. The minimum 0.169043 is near (1.7954, 1.3779).
    """

    formula: ClassVar[str] = "(x - 2)**2 + (y - 1)**2 + 1/(25*(1 - x**2/4 - y**2)) + 5*(x - 2*y + 1)**2"
    box: ClassVar[Box] = ((1, 3), (0.9, 3))
    source: ClassVar[str] = f"Bracken and McCormick (1968) (recalled); {BUCKLEY} 85"
    non_smooth: ClassVar[str] = "on the ellipse x^2/4 + y^2 = 1, where it has a pole"


@declared
class Hatfldd(ExpressionObjective):
    """Two exponentials in ten data: two minima with nearly no residual, and the saddle where the exponentials are one.

    Usual domain [-1, 5] x [-3, 1] x [-3, 1]. The minima are 6.6151e-8 and 2.5469e-7.
    """

    formula: ClassVar[str] = "sum_{i=1}^{10} (exp(t_i x3) - x1 exp(t_i x2) + z_i)^2"
    box: ClassVar[Box] = ((-1, 5), (-3, 1), (-3, 1))
    source: ClassVar[str] = "The OPTIMA user manual, issue 8, page 35, Hatfield Polytechnic (1989); CUTEst HATFLDD"

    @property
    def expression_text(self) -> str:
        return " + ".join(
            f"(exp({t}*x3) - x1*exp({t}*x2) + {z})**2" for t, z in zip(HATFLDD_TIMES, HATFLDD_DATA, strict=True)
        )


@declared
class Allinitu(ExpressionObjective):
    """All sorts of terms at once, written to test a code: one low minimum, two higher ones, and saddles of index 1 and 2.

    Usual domain [-2, 2]^4. The lowest minimum 5.74438 is near (1.4599, 0, 0.0809, -0.8111).
    """

    formula: ClassVar[str] = (
        "x3 - 1 + x1**2 + x2**2 + (x3 + x4)**2 + 2*sin(x3)**2 + x1**2*x2**2 + x4 - 3 + (x4 - 1)**2 + x2**4"
        " + (x3**2 + (x4 + x1)**2)**2 + (x1 - 4 + sin(x4)**2 + x2**2*x3**2)**2 + sin(x4)**4"
    )
    box: ClassVar[Box] = ((-2, 2), (-2, 2), (-2, 2), (-2, 2))
    source: ClassVar[str] = "Gould, private communication, in CUTEst (Gould, Orban, Toint 2015)"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Himmelbb(ExpressionObjective):
    """The square of a product: minima of value 0 along four curves that cross, and single hills and saddles between.

    Usual domain [-1.5, 1.5]^2.
    """

    formula: ClassVar[str] = "(x*y*(1 - x)*(1 - y - x*(1 - x)**5))**2"
    box: ClassVar[Box] = ((-1.5, 1.5), (-1.5, 1.5))
    source: ClassVar[str] = f"{HIMMELBLAU} 27; {BUCKLEY} 77"
    critical_set: ClassVar[str] = (
        "The curves x = 0, y = 0, x = 1 and y = 1 - x (1 - x)^5 of minima, and points between."
    )


@declared
class Himmelbg(ExpressionObjective):
    """A minimum, a saddle on the rim around it, and beyond it a descent to the same value at infinity.

    Usual domain [-1, 4]^2. Critical points: the origin, and (6/5, 4/5), from 4 x = 6 y = 2 x^2 + 3 y^2.
    """

    formula: ClassVar[str] = "(2*x**2 + 3*y**2)*exp(-x - y)"
    box: ClassVar[Box] = ((-1, 4), (-1, 4))
    source: ClassVar[str] = f"{HIMMELBLAU} 33; {BUCKLEY} 87"


@declared
class Himmelbh(ExpressionObjective):
    """A cubic and a quadratic: one minimum, one saddle, and below the saddle a descent without end.

    Usual domain [-3, 3] x [-2, 4]. Critical points: the minimum -1 at (1, 1) and the saddle 3 at (-1, 1).
    """

    formula: ClassVar[str] = "x**3 - 3*x + y**2 - 2*y + 2"
    box: ClassVar[Box] = ((-3, 3), (-2, 4))
    source: ClassVar[str] = f"Himmelblau, in Lootsma, Numerical methods for nonlinear optimization (1972); {BUCKLEY} 8"


@declared
class Snail(ExpressionObjective):
    """A valley that winds into its minimum as a spiral: descent goes round and round.

    ``r^2/(1 + r^2) (1 + 3/2 r - 1/2 r cos(r - t))`` in polar coordinates. Usual domain [-10, 10]^2. The derivative by t vanishes
    where r - t is a multiple of pi, that by r is positive there, so that the minimum 0 at the origin is the one critical point.
    """

    formula: ClassVar[str] = (
        "(x**2 + y**2)/(1 + x**2 + y**2)"
        "*(1 + 1.5*sqrt(x**2 + y**2) - 0.5*x*cos(sqrt(x**2 + y**2)) - 0.5*y*sin(sqrt(x**2 + y**2)))"
    )
    box: ClassVar[Box] = ((-10, 10), (-10, 10))
    source: ClassVar[str] = "Engels, private communication, in CUTEst (Gould, Orban, Toint 2015)"
    non_smooth: ClassVar[str] = "at the origin, where the formula's derivatives are 0/0; the function has two there"
    critical_set: ClassVar[str] = "The minimum 0 at the origin alone."
