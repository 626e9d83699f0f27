"""No false proof: critical points that are known exactly, by construction or from resultants, against the census.

Each case is made from a number that hypothesis draws; a failure shows the whole case.
"""

import itertools
import random
from dataclasses import dataclass, replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saddlesim import expression
from saddlesim.proving import census
from saddlesim.proving.branching import CUT

DIGITS = 60
MOST_BOXES = 20_000
NAMES = ("x", "y", "z")
X, Y, Z = SYMBOLS = sympy.symbols("x y z")


@dataclass(frozen=True)
class Known:
    """A critical point: exact coordinates, how many eigenvalues are negative and zero, kind, and degree if degenerate."""

    x: tuple
    index: int
    nullity: int = 0
    kind: str = ""
    degree: int | None = None


@dataclass(frozen=True)
class Case:
    text: str
    box: tuple
    points: tuple
    tight: bool = False  # whether enclosures must be as small as rounding allows

    @property
    def dimension(self):
        return len(self.box)


def check(case, max_boxes=MOST_BOXES):
    """Compare a census with all that is known."""
    with mpmath.workdps(DIGITS):
        objective = expression(case.text, variables=NAMES[: case.dimension])
        found = census(objective, case.box, max_boxes=max_boxes, connected=False)
        where = [tuple(map(_mp, each.x)) for each in case.points]
        inside = [_holds(case.box, each) for each in where]
        taken = []
        for point in found.points:
            at = [k for k, each in enumerate(where) if _holds(point.enclosure, each)]
            assert len(at) == 1, f"{case}: {len(at)} critical points in {point.enclosure.tolist()}"
            known = case.points[at[0]]
            assert point.unique_proved
            width = (point.enclosure[:, 1] - point.enclosure[:, 0]).max()
            assert not case.tight or width <= 1e-12, f"{case}: {point.enclosure.tolist()} is wide"
            assert known.nullity == 0, f"{case}: {point.x} is degenerate"
            assert known.index == point.index or not point.index_proved, f"{case}: index at {point.x}"
            assert point.kind == _kind(known.index, case.dimension) or not point.index_proved
            assert inside[at[0]] or point.on_boundary, f"{case}: {point.x} is outside"
            taken += at
        assert len(set(taken)) == len(taken), f"{case}: twice the same point"
        for each in found.degenerate:
            at = [k for k, point in enumerate(where) if _holds(each.box, point)]
            if not each.isolated:
                continue
            known = [case.points[k] for k in at if case.points[k].nullity]
            assert len(at) == len(known) == 1, f"{case}: not alone in {each.box.tolist()}"
            told = each.kind, each.index, each.nullity
            assert told == (known[0].kind, known[0].index, known[0].nullity), f"{case}: {told} at {each.x}"
            assert each.degree in (None, known[0].degree), f"{case}: degree {each.degree} at {each.x}"
            assert np.allclose(each.x, [float(c) for c in where[at[0]]], rtol=1e-15, atol=1e-300)
            assert at[0] not in taken, f"{case}: twice the same point"
            taken += at
        left = [each.box for each in (*found.unresolved, *found.degenerate)]
        for k, point in enumerate(where):
            assert k in taken or not inside[k] or any(_holds(box, point) for box in left), f"{case}: missed {point}"
        assert not found.alarm, f"{case}: {found.alarm}"
        assert (found.status == "complete") == (not found.unresolved)
    return found


def _mp(number):
    if isinstance(number, mpmath.mpf):
        return number
    if isinstance(number, float):
        return mpmath.mpf(number)
    if isinstance(number, int | Fraction):
        return mpmath.mpf(Fraction(number).numerator) / Fraction(number).denominator
    return mpmath.mpf(str(sympy.N(number, DIGITS)))


def _holds(box, point):
    return all(float(low) <= c <= float(high) for (low, high), c in zip(box, point, strict=True))


def _kind(index, dimension):
    return "minimum" if index == 0 else "maximum" if index == dimension else "saddle"


# ---- boxes and numbers


QUARTERS = [Fraction(k, 4) for k in range(-12, 13)] + [Fraction(1, 3), Fraction(-5, 7)]


def some_box(rng, dimension, least=2.0):
    """Boxes whose ends are often whole numbers or quarters, where critical points are on the boundary."""
    made = []
    for _ in range(dimension):
        low = rng.choice([-3.0, -2.0, -1.25, -2.5, rng.uniform(-3, -1)])
        made.append((low, low + rng.choice([least, 3.0, 4.5, 5.0, rng.uniform(least, 6)])))
    return tuple(made)


def _rational(number):
    number = Fraction(number)
    return sympy.Rational(number.numerator, number.denominator)


# ---- one variable: integer coefficients and exact real roots


def integer_polynomials(rng):
    slope = sympy.Poly([rng.choice([1, -1, 2, -3, 5]), *(rng.randint(-9, 9) for _ in range(rng.randint(1, 7)))], X)
    roots = slope.real_roots()
    points = []
    for root in dict.fromkeys(roots):
        times = roots.count(root)
        up = bool(sympy.N(slope.diff((X, times)).as_expr().subs(X, root), DIGITS) > 0)
        points.append(_on_a_line(root, times, up))
    return Case(str(slope.integrate().as_expr()), some_box(rng, 1), tuple(combined([each]) for each in points))


# ---- sums of functions of one variable, and linear changes of variables


def some_slope(rng, symbol, most=4, multiple=True):
    """Draw a variable, roots of a slope with their multiplicities, and a factor."""
    roots = rng.sample(QUARTERS, rng.randint(1, most))
    return (
        symbol,
        tuple((root, rng.choice([1, 1, 1, 1, 2, 3]) if multiple else 1) for root in roots),
        rng.choice([1, -1, 2]),
    )


def antiderivative(symbol, roots, factor):
    return sympy.integrate(sympy.expand(factor * sympy.prod([(symbol - _rational(r)) ** n for r, n in roots])), symbol)


def points_of(roots, factor):
    for root, times in roots:
        rest = factor * sympy.prod([(_rational(root) - _rational(r)) ** n for r, n in roots if r != root])
        yield _on_a_line(root, times, bool(rest > 0))


def _on_a_line(root, times, up):
    """Give (root, index, nullity, sign of f beside it or 0 for both, degree) of a root of a slope."""
    side = 0 if times % 2 == 0 else 1 if up else -1
    return root, int(times == 1 and not up), int(times > 1), side, side


def combined(parts):
    """Put one point of each variable together."""
    kind = {(1,): "minimum", (-1,): "maximum"}.get(tuple({each[3] for each in parts}), "saddle")
    return Known(
        tuple(each[0] for each in parts),
        sum(each[1] for each in parts),
        sum(each[2] for each in parts),
        kind,
        int(np.prod([each[4] for each in parts])),
    )


def summed(parts):
    """Give text and points of a sum of functions of one variable each."""
    f = sum(antiderivative(*each) for each in parts)
    return str(f), tuple(map(combined, itertools.product(*(list(points_of(r, factor)) for _, r, factor in parts))))


def sums(rng, dimension, multiple=True):
    most = {1: 5, 2: 3, 3: 2}[dimension]
    text, points = summed([some_slope(rng, symbol, most, multiple) for symbol in SYMBOLS[:dimension]])
    return Case(text, some_box(rng, dimension), points)


MAPS = [
    ((1, 1), (1, -1)),
    ((2, 1), (1, 1)),
    ((Fraction(1, 2), 3), (0, 1)),
    ((Fraction(3, 5), Fraction(-4, 5)), (Fraction(4, 5), Fraction(3, 5))),
    ((1, Fraction(7, 3)), (-2, Fraction(1, 4))),
]


def turned(rng, case):
    """Put A x in place of x: points are at A^-1 of theirs; kind, nullity, degree and index (Sylvester) stay."""
    matrix = sympy.Matrix([[_rational(each) for each in row] for row in rng.choice(MAPS)])
    inverse, new = matrix.inv(), matrix * sympy.Matrix([X, Y])
    f = sympy.sympify(case.text).subs({X: new[0], Y: new[1]}, simultaneous=True)
    points = [replace(each, x=tuple(inverse * sympy.Matrix(list(map(_rational, each.x))))) for each in case.points]
    return Case(str(rng.choice([f, sympy.expand(f)])), case.box, tuple(points))


# ---- two variables by resultants


def polynomials_of_two(rng, degree):
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i) if i + j]
    while True:
        f = sum(rng.randint(-4, 4) * X**i * Y**j for i, j in powers)
        points = by_resultant(f)
        if points is not None:
            return Case(str(f), some_box(rng, 2), tuple(points))


def by_resultant(f):
    """Solve grad f = 0 for a generic polynomial; None where the resultant is 0 or has a multiple root."""
    p, q = sympy.diff(f, X), sympy.diff(f, Y)
    if not (p.has(Y) and q.has(Y)) or sympy.Poly(q, Y).LC().free_symbols or sympy.Poly(q, Y).degree() < 1:
        return None
    resultant = sympy.Poly(sympy.resultant(p, q, Y), X)
    if resultant.degree() < 1 or resultant.discriminant() == 0:
        return None
    points = []
    with mpmath.workdps(DIGITS + 40):
        at = sympy.lambdify((X, Y), [p, *(sympy.diff(f, a, b) for a, b in ((X, X), (X, Y), (Y, Y)))], "mpmath")
        along = [sympy.lambdify(X, each, "mpmath") for each in sympy.Poly(q, Y).all_coeffs()]
        for x in _real(_roots([mpmath.mpf(int(each)) for each in resultant.all_coeffs()])):
            y = min(_roots([each(x) for each in along]), key=lambda each: abs(at(x, each)[0]))  # one is common to both
            assert abs(at(x, y)[0]) < mpmath.mpf(10) ** -40
            _, a, b, c = at(x, mpmath.re(y))
            points.append(Known((x, mpmath.re(y)), 1 if a * c < b * b else 0 if a > 0 else 2))
    return points


def _roots(coefficients):
    return mpmath.polyroots(coefficients, maxsteps=1000, extraprec=600)


def _real(roots):
    return [mpmath.re(each) for each in roots if abs(mpmath.im(each)) < mpmath.mpf(10) ** -50]


# ---- functions that are no polynomials


def waves(rng):
    """sin(a x) + s cos(b y) [+ z^2]: points at pi (k + 1/2) / a and pi m / b."""
    a, b, sign = rng.choice([1, 2, 3]), rng.choice([1, 2, Fraction(1, 2)]), rng.choice([1, -1])
    third = rng.choice([(), (0,)])
    points = []
    for k, m in itertools.product(range(-9, 10), repeat=2):
        index = int(k % 2 == 0) + int((m % 2 == 0) == (sign > 0))
        x = sympy.pi * (k + sympy.Rational(1, 2)) / a, sympy.pi * m / _rational(b)
        points.append(Known((*x, *third), index))
    text = f"sin({a}*x) + {sign}*cos({b}*y)" + " + z**2" * len(third)
    return Case(text, some_box(rng, 2 + len(third)), tuple(points), tight=True)


def logarithms(rng):
    """a x - b log(x - p): one point p + b/a if that is where the logarithm is defined, else none."""
    a, b, p = rng.choice([1, -1, 2, -3]), rng.choice([1, -1, 2, Fraction(1, 2)]), rng.choice(QUARTERS)
    points = [Known((p + Fraction(b) / a,), int(b < 0))] if b * a > 0 else []
    text = f"{a}*x - ({b})*log(x - ({p}))"
    low = float(p) + rng.choice([0.01, 0.125, 0.3, -2.5, -0.2])
    if rng.random() < 0.5:
        return Case(text, ((low, low + rng.choice([0.15, 1.0, 2.0])),), tuple(points), tight=True)
    text, points = f"{text} + y**2/3", [Known((*each.x, 0), each.index) for each in points]
    return Case(text, ((low, low + rng.choice([0.5, 2.0])), (-0.75, 1.0)), tuple(points), tight=True)


def logarithms_of_quadratics(rng):
    """s log(c - (x - p)^2) and s log((x - p)^2 - c): a point at p in the first alone, for c > 0."""
    c, p, s = rng.choice([1, 2, Fraction(1, 3)]), rng.choice(QUARTERS), rng.choice([1, -1])
    inside = rng.choice([True, False])
    text = f"{s}*log({c} - (x - ({p}))**2)" if inside else f"{s}*log((x - ({p}))**2 - {c})"
    wide = 0.95 * float(c) ** 0.5
    box = ((float(p) - wide * rng.uniform(0.1, 1), float(p) + wide * rng.uniform(0.1, 1)),)
    return Case(text, box, (Known((p,), int(s > 0)),) if inside else (), tight=True)


def quotients(rng):
    """a x + b / x: two points +-sqrt(b/a), or none, and a pole."""
    a, b = rng.choice([1, 2, -3]), rng.choice([1, -1, 2, -5])
    ratio = sympy.Rational(b, a)
    points = [Known((s * sympy.sqrt(ratio),), int(s * b < 0)) for s in (1, -1)] if ratio > 0 else []
    low = rng.choice([0.05, 0.2, 0.7, -3.0, -0.5])
    return Case(f"{a}*x + {b}/x", ((low, low + rng.choice([1.0, 2.0, 4.0])),), tuple(points), tight=True)


# ---- near to degenerate, large and small, on and beside the boundary


def close_pairs(rng):
    root, apart = rng.choice(QUARTERS), Fraction(1, 10 ** rng.randint(3, 9))
    roots, factor = ((root, 1), (root + apart, 1), *rng.choice([(), ((root + 1, 1),)])), rng.choice([1, -1])
    others = rng.choice([[], [some_slope(rng, Y, 2)]])
    text, points = summed([(X, roots, factor), *others])
    if rng.random() < 0.5:  # written round the root, where rounding is smaller
        f = sympy.sympify(text)
        text = str(sympy.expand(f.subs(X, X + _rational(root))).subs(X, X - _rational(root)))
    return Case(text, some_box(rng, 1 + len(others)), points)


def scaled(rng, case):
    """c f(x / s): points are s times theirs."""
    s, c = (Fraction(10) ** rng.randint(-6, 6) for _ in range(2))
    f = _rational(c) * sympy.sympify(case.text).subs({v: v / _rational(s) for v in SYMBOLS}, simultaneous=True)
    points = tuple(replace(each, x=tuple(_rational(u) * _rational(s) for u in each.x)) for each in case.points)
    box = tuple((float(s) * low, float(s) * high) for low, high in case.box)
    return Case(str(sympy.expand(f)), box, points)


def beside_the_boundary(rng):
    case = sums(rng, 2, multiple=False)
    corner = rng.choice(case.points).x
    box = []
    for c in corner:
        end, length = float(c) + rng.choice([0.0, 0.0, 1e-12, -1e-12, 1e-15, -1e-15, 1e-9]), rng.choice([1.0, 2.5])
        box.append(rng.choice([(end, end + length), (end - length, end)]))
    return replace(case, box=tuple(box))


def at_a_cut(rng):
    """A point exactly where the box is cut first, and badly conditioned with many roots: both halves prove it."""
    n = rng.randint(3, 9)
    roots = tuple((k, 1) for k in range(1, n + 1))
    text, points = summed([(X, roots, 1)])
    root, width = rng.randint(1, n), rng.uniform(0.3, 3)
    low = root - CUT * width
    return Case(text, ((low, low + width),), points)


# ---- degenerate points


WIDE = ((-3.5, 4.0), (-3.25, 3.75))


def powers(rng):
    """+-(x - p)^a +- (y - q)^b."""
    parts = [(symbol, ((rng.choice(QUARTERS), rng.randint(1, 4)),), rng.choice([1, -1])) for symbol in (X, Y)]
    f = sum(sign * (symbol - _rational(root)) ** (n + 1) for symbol, ((root, n),), sign in parts)
    return Case(str(f), WIDE, (combined([next(points_of(roots, sign)) for _, roots, sign in parts]),))


def lines(rng):
    """Products of n lines through a point: n-legged saddles, of degree 1 - n."""
    normals = rng.sample([(1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, -3)], rng.randint(2, 5))
    p, q = (rng.choice(QUARTERS) for _ in range(2))
    f = sympy.prod([a * (X - _rational(p)) + b * (Y - _rational(q)) for a, b in normals])
    n = len(normals)
    point = Known((p, q), 1) if n == 2 else Known((p, q), 0, 2, "saddle", 1 - n)
    return Case(str(rng.choice([f, sympy.expand(f)])), WIDE, (point,))


def bent(rng):
    """(x - h(y))^2 + s (y - q)^n: a point on a parabola, with the germ s (y - q)^n along it (splitting lemma)."""
    n, s, q, c = rng.randint(3, 5), rng.choice([1, -1]), rng.choice(QUARTERS), rng.choice([1, 2, Fraction(1, 2)])
    f = (X - _rational(c) * Y**2) ** 2 + s * (Y - _rational(q)) ** n
    side = s if n % 2 == 0 else 0
    point = Known((c * q * q, q), 0, 1, "minimum" if side == 1 else "saddle", side)
    return Case(
        str(rng.choice([f, sympy.expand(f)])), ((float(c * q * q) - 1.5, float(c * q * q) + 1.25), WIDE[1]), (point,)
    )


CASES = {  # what makes a case, and how many of it fast and slow
    "polynomials of one variable": (integer_polynomials, 40, 1500),
    "sums in one variable": (lambda rng: sums(rng, 1), 20, 500),
    "sums in two": (lambda rng: sums(rng, 2), 10, 500),
    "sums in three": (lambda rng: sums(rng, 3, multiple=False), 4, 100),
    "sums in two, turned": (lambda rng: turned(rng, sums(rng, 2, multiple=False)), 8, 300),
    "cubics by resultants": (lambda rng: polynomials_of_two(rng, 3), 12, 500),
    "quartics by resultants": (lambda rng: polynomials_of_two(rng, 4), 8, 300),
    "waves": (waves, 10, 300),
    "logarithms": (logarithms, 25, 500),
    "logarithms of quadratics": (logarithms_of_quadratics, 15, 300),
    "quotients": (quotients, 20, 300),
    "close pairs": (close_pairs, 15, 500),
    "large and small": (lambda rng: scaled(rng, sums(rng, 2, multiple=False)), 10, 300),
    "beside the boundary": (beside_the_boundary, 15, 500),
    "at a cut": (at_a_cut, 15, 400),
    "powers": (powers, 6, 100),
    "powers, turned": (lambda rng: turned(rng, powers(rng)), 4, 60),
    "lines": (lines, 6, 80),
    "bent": (bent, 4, 40),
}


def check_many(name, n):
    @settings(max_examples=n, suppress_health_check=list(HealthCheck), database=None)
    @given(st.integers(0, 2**32))
    def every(number):
        check(CASES[name][0](random.Random(number)))

    every()


@pytest.mark.parametrize("name", CASES)
def test_no_proof_is_false(name):
    check_many(name, CASES[name][1])


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_no_proof_is_false_in_thousands(name):
    check_many(name, CASES[name][2])
