"""Surfaces: potentials of the theory of reaction paths, the catastrophes that a Hessian cannot see, and curves of minima.

Where pysisyphus (Steinmetzer, Kupfer, Graefe, 2021) is named, the formula is as in that package. The critical points stand in
``tables/surfaces.json``.
"""

from __future__ import annotations

import itertools
from typing import ClassVar

from saddlesim.objectives.symbolic import Box, ExpressionObjective
from saddlesim.parameters import declared

THOM = "Thom (1972) (recalled)"
SADDLESCAPE = "Liu, Su, Xiao, Zhang, Zhao, SaddleScape V1.0, arXiv 2601.01081 (2026)"


@declared
class MuellerBrown(ExpressionObjective):
    """Three minima and two passes on a path with two sharp bends: the surface every method for saddles is tried on.

    A sum of four Gaussians, the last of which grows outwards. Usual domain [-1.5, 1.2] x [-0.5, 2].
    """

    formula: ClassVar[str] = (
        "-200*exp(-(x - 1)**2 - 10*y**2) - 100*exp(-x**2 - 10*(y - 0.5)**2)"
        " - 170*exp(-6.5*(x + 0.5)**2 + 11*(x + 0.5)*(y - 1.5) - 6.5*(y - 1.5)**2)"
        " + 15*exp(0.7*(x + 1)**2 + 0.6*(x + 1)*(y - 1) + 0.7*(y - 1)**2)"
    )
    box: ClassVar[Box] = ((-1.5, 1.2), (-0.5, 2))
    source: ClassVar[str] = "Mueller and Brown, Theor. Chim. Acta 53 (1979) 75, footnote 7"


@declared
class WolfeQuapp(ExpressionObjective):
    """Two valleys, a valley-ridge inflection and a curved path: where following the softest mode goes wrong.

    Usual domain [-2, 2]^2. Often called a four-well potential, it has three minima, three saddles and a maximum.
    """

    formula: ClassVar[str] = "x**4 + y**4 - 2*x**2 - 4*y**2 + x*y + 0.3*x + 0.1*y"
    box: ClassVar[Box] = ((-2, 2), (-2, 2))
    source: ClassVar[str] = "Quapp, J. Chem. Phys. 122 (2005) 174106, equation 11; FourWellAnaPot of pysisyphus"


@declared
class Butterfly(ExpressionObjective):
    """A hill whose four descents lead over four passes into four wells: the first example of a solution landscape.

    Usual domain [-2.5, 2.5]^2.
    """

    formula: ClassVar[str] = "x**4 - 1.5*x**2*y**2 + y**4 - 2*y**3 + y**2 + x**2*y - 2*x**2"
    box: ClassVar[Box] = ((-2.5, 2.5), (-2.5, 2.5))
    source: ClassVar[str] = f"{SADDLESCAPE}, example 1"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class FourWells(ExpressionObjective):
    """Two double wells added up: four wells, four passes of two heights and a hill, all at exact places.

    Usual domain [-2, 2]^2. Critical points: x and y each -1, 0 or 1.
    """

    formula: ClassVar[str] = "(x**2 - 1)**2 + 2*(y**2 - 1)**2"
    box: ClassVar[Box] = ((-2, 2), (-2, 2))
    source: ClassVar[str] = f"{SADDLESCAPE}, the example of the cube in two dimensions"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class Anapot(ExpressionObjective):
    """Two unequal minima and one pass off the line between them: the smallest asymmetric reaction.

    Usual domain [-2, 2.5] x [0, 5].
    """

    formula: ClassVar[str] = "4 + 4.5*x - 4*y + x**2 + 2*y**2 - 2*x*y + x**4 - 2*x**2*y"
    box: ClassVar[Box] = ((-2, 2.5), (0, 5))
    source: ClassVar[str] = "AnaPot of pysisyphus"


@declared
class Anapot2(ExpressionObjective):
    """No critical point at all, but a path of steepest descent that is known exactly: y = sin(x).

    ``arccot(-exp(y) cot(x/2 - pi/4)) - 2 exp(-(y - sin(x))^2/2)``. Usual domain [-1.5, 3] x [-2, 2], inside the strip where it is
    smooth. The gradients of the two terms are along (1, cos(x)) and (-cos(x), 1), and the first never vanishes.
    """

    formula: ClassVar[str] = "atan(exp(-y)*cos(x)/(1 + sin(x))) - 2*exp(-(y - sin(x))**2/2)"
    box: ClassVar[Box] = ((-1.5, 3), (-2, 2))
    source: ClassVar[str] = "Gonzalez and Schlegel, J. Chem. Phys. 95 (1991) 5853; AnaPot2 of pysisyphus"
    non_smooth: ClassVar[str] = "where sin(x) = -1, across which it jumps"
    critical_set: ClassVar[str] = "There is no critical point in the domain."


@declared
class Anapot3(ExpressionObjective):
    """Two minima on a circle, so that the two paths between them are half circles, each over its own pass.

    Usual domain [-1.5, 1.5]^2. Critical points: (-1, 0), (1, 0), (0, -1) and (0, 1), since it is (1 - r^2)^2 + sin^2(angle).
    """

    formula: ClassVar[str] = "(1 - x**2 - y**2)**2 + y**2/(x**2 + y**2)"
    box: ClassVar[Box] = ((-1.5, 1.5), (-1.5, 1.5))
    source: ClassVar[str] = "E, Ren, Vanden-Eijnden, J. Chem. Phys. 126 (2007) 164103; AnaPot3 of pysisyphus"
    non_smooth: ClassVar[str] = "at the origin, where every direction has another limit"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class Anapot4(ExpressionObjective):
    """Two deep wells far apart, a pass between them, and a coupling sin(x y) that no polynomial model has.

    Usual domain [-3.5, 3.5]^2.
    """

    formula: ClassVar[str] = "-10*x**2 + 10*y**2 + 4*sin(x*y) - 2*x + x**4"
    box: ClassVar[Box] = ((-3.5, 3.5), (-3.5, 3.5))
    source: ClassVar[str] = "AnaPot4 of pysisyphus"


@declared
class AnapotCbm(ExpressionObjective):
    """Two wells and a pass on a straight line: the plainest reaction path, for which every method should agree.

    Usual domain [-1.25, 1.25] x [-0.75, 0.75]. Critical points: y (2 x^2 + 1) = 0 gives y = 0, and then x is -1, 0 or 1.
    """

    formula: ClassVar[str] = "x**4 + 4*x**2*y**2 - 2*x**2 + 2*y**2"
    box: ClassVar[Box] = ((-1.25, 1.25), (-0.75, 0.75))
    source: ClassVar[str] = "J. Chem. Theory Comput. 6 (2010) 1136; AnaPotCBM of pysisyphus"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class CerjanMiller(ExpressionObjective):
    """One valley with a pass at either end, for walking uphill from the minimum: the first eigenvector follower's test.

    ``(a - b y^2) x^2 exp(-x^2) + c/2 y^2`` with a = b = c = 1. Usual domain [-1.5, 1.5]^2. Critical points: y = 0, for
    2 x^2 exp(-x^2) <= 2/e < 1, and x = -1, 0, 1.
    """

    formula: ClassVar[str] = "(1 - y**2)*x**2*exp(-x**2) + y**2/2"
    box: ClassVar[Box] = ((-1.5, 1.5), (-1.5, 1.5))
    source: ClassVar[str] = "Cerjan and Miller, J. Chem. Phys. 75 (1981) 2800, equation 3.1; CerjanMiller of pysisyphus"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class NeriaFischerKarplus(ExpressionObjective):
    """Two wells and a pass between them on a path like an S, which neither of its ends points along.

    Usual domain [-4, 4]^2.
    """

    formula: ClassVar[str] = "0.06*(x**2 + y**2)**2 + x*y - 9*exp(-(x - 3)**2 - y**2) - 9*exp(-(x + 3)**2 - y**2)"
    box: ClassVar[Box] = ((-4, 4), (-4, 4))
    source: ClassVar[str] = "Neria, Fischer, Karplus (1996) (recalled); Hirsch and Quapp (2004); NFK of pysisyphus"
    symmetries: ClassVar[tuple[str, ...]] = ("sign",)


@declared
class ValleyRidge(ExpressionObjective):
    """Two passes in a row with no minimum between: the valley from the first turns into a ridge and forks.

    ``V x^2 (x^2 - 2 x_s^2) / x_s^4 + A y^2 (x_i - x) + y^4 (B + C x)`` with V = 0.5, x_s = A = B = C = 1 and the inflection at
    x_i = 0.3265. Usual domain [-1.5, 1.5]^2; further out than x = -1 it falls without end.
    """

    formula: ClassVar[str] = "x**2*(x**2 - 2)/2 + y**2*(0.3265 - x) + y**4*(1 + x)"
    box: ClassVar[Box] = ((-1.5, 1.5), (-1.5, 1.5))
    source: ClassVar[str] = "Garcia-Garrido and Wiggins, arXiv 2105.00285 (2021); VRIPot of pysisyphus"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Leps(ExpressionObjective):
    """One atom passed on between two others beside an oscillator: the test of the nudged elastic band.

    The London-Eyring-Polanyi-Sato energy of three atoms on a line, whose outer two stand still 3.742 apart, and a spring to y:
    with u = exp(-1.942 (r - 0.742)) for each pair, Q = d/2 (3/2 u^2 - u) and J = d/4 (u^2 - 6 u), divided by 1 + 0.05,
    1 + 0.8 and 1 + 0.05; d is 4.746, 4.746 and 3.445. Usual domain [0.4, 3.2] x [-2, 2].
    """

    formula: ClassVar[str] = (
        "Q1 + Q2 + Q3 - sqrt(J1^2 + J2^2 + J3^2 - J1 J2 - J2 J3 - J3 J1) + 0.405 (x - 1.871 + y/1.154)^2"
        " at the distances x, 3.742 - x and 3.742"
    )
    box: ClassVar[Box] = ((0.4, 3.2), (-2, 2))
    source: ClassVar[str] = "Henkelman, Johannesson, Jonsson (2002), equation A.2; LEPSExpr of pysisyphus"

    @property
    def expression_text(self) -> str:
        coulomb, exchange = [], []
        for d, r, overlap in (("4.746", "x", "1.05"), ("4.746", "(3.742 - x)", "1.8"), ("3.445", "3.742", "1.05")):
            square, u = (f"exp(-{rate}*({r} - 0.742))" for rate in ("3.884", "1.942"))
            coulomb.append(f"{d}/2*(3/2*{square} - {u})/{overlap}")
            exchange.append(f"{d}/4*({square} - 6*{u})/{overlap}")
        squares = " + ".join(f"({a} - {b})**2" for a, b in itertools.combinations(exchange, 2))
        return f"{' + '.join(coulomb)} - sqrt(({squares})/2) + 0.405*(x - 1.871 + y/1.154)**2"


@declared
class Peaks(ExpressionObjective):
    """Three hills, three hollows and the plain around them: the picture that everybody has seen.

    Usual domain [-3, 3]^2.
    """

    formula: ClassVar[str] = (
        "3*(1 - x)**2*exp(-x**2 - (y + 1)**2) - 10*(x/5 - x**3 - y**5)*exp(-x**2 - y**2) - exp(-(x + 1)**2 - y**2)/3"
    )
    box: ClassVar[Box] = ((-3, 3), (-3, 3))
    source: ClassVar[str] = "the function peaks of MATLAB (recalled)"


@declared
class CircleOfMinima(ExpressionObjective):
    """A circle of minima round a maximum: no saddle at all, and a Hessian that is singular at every minimum.

    Usual domain [-1.5, 1.5]^2.
    """

    formula: ClassVar[str] = "(x**2 + y**2 - 1)**2"
    box: ClassVar[Box] = ((-1.5, 1.5), (-1.5, 1.5))
    source: ClassVar[str] = "classical (the potential of a broken rotational symmetry)"
    critical_set: ClassVar[str] = "The circle x^2 + y^2 = 1 of minima, value 0, and the maximum 1 at the origin."
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "reflection", "permutation", "sign")


@declared
class FlatValley(ExpressionObjective):
    """Two curves of minima and a strict saddle between: the deep linear network of one weight a layer.

    Usual domain [-2, 2]^2. The trajectories of gradient flow are hyperbolas x^2 - y^2 = c; only y = -x ends at the saddle.
    """

    formula: ClassVar[str] = "(x*y - 1)**2"
    box: ClassVar[Box] = ((-2, 2), (-2, 2))
    source: ClassVar[str] = "classical; Saxe, McClelland, Ganguli (2014) for the flow (recalled)"
    critical_set: ClassVar[str] = (
        "The two branches of x y = 1, minima of value 0 and the sharper the further out, and the saddle of value 1 at the origin."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("permutation", "sign")


@declared
class Peano(ExpressionObjective):
    """A minimum along every straight line through the origin, and yet none: the saddle that lines do not see.

    Usual domain [-1, 1] x [-1, 2]. Its one critical point is the origin: 2 y = 3 x^2 and x (8 x^2 - 6 y) = 0 give x^3 = 0.
    """

    formula: ClassVar[str] = "(y - x**2)*(y - 2*x**2)"
    box: ClassVar[Box] = ((-1, 1), (-1, 2))
    source: ClassVar[str] = "Peano, in Genocchi, Calcolo differenziale (1884) (recalled)"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Fold(ExpressionObjective):
    """The fold: the plainest degenerate critical point, a minimum on one side of it and a descent on the other.

    Usual domain [-1, 1]^2. Its one critical point is the origin; + c y removes it, or for c < 0 splits it into two.
    """

    formula: ClassVar[str] = "x**2 + y**3"
    box: ClassVar[Box] = ((-1, 1), (-1, 1))
    source: ClassVar[str] = f"the fold A2 of catastrophe theory; {THOM}"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection",)


@declared
class Cusp(ExpressionObjective):
    """The cusp: a minimum that the Hessian cannot tell from a saddle, and to which descent takes algebraic time.

    Usual domain [-1, 1]^2. Its one critical point is the origin.
    """

    formula: ClassVar[str] = "x**2 + y**4"
    box: ClassVar[Box] = ((-1, 1), (-1, 1))
    source: ClassVar[str] = f"the cusp A3 of catastrophe theory; {THOM}"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")


@declared
class DualCusp(ExpressionObjective):
    """The dual cusp: a saddle with the Hessian of a minimum, which is left in time 1/d^2 instead of log(1/d).

    Usual domain [-1, 1]^2. Its one critical point is the origin.
    """

    formula: ClassVar[str] = "x**2 - y**4"
    box: ClassVar[Box] = ((-1, 1), (-1, 1))
    source: ClassVar[str] = f"the dual cusp A-3 of catastrophe theory; {THOM}"
    symmetries: ClassVar[tuple[str, ...]] = ("reflection", "sign")
