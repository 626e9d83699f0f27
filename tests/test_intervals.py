"""Intervals: what is true is inside. The oracle is libmp, mpmath's kernel, compared exactly and not through a rounding."""

import functools
import itertools
import math
import operator
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import libmp
from oracles import exact_derivative

from saddlesim import intervals
from saddlesim.expressions.code import Arithmetic
from saddlesim.intervals import EPSILON, FUNCTIONS, LARGE, TINY, Interval, constant, power, reciprocal
from saddlesim.objectives import OBJECTIVES

BITS = 110
STEP = 5e-324  # the smallest number there is
MAX = np.finfo(np.float64).max
MANY = pytest.param(1_000_000, id="1e6", marks=[pytest.mark.slow, pytest.mark.exhaustive])
sized = pytest.mark.parametrize("n", [pytest.param(100_000, id="1e5"), MANY])


@pytest.fixture(autouse=True)
def _whoever_calls_ignores_the_flags():
    with np.errstate(all="ignore"):
        yield


# ---- exact numbers, (2, ...): a float rounded towards 0 and what is left of it; inf less something for what overflows


def parts(number):
    negative, mantissa, exponent, bits = number
    drop = min(max(bits - 53, -1074 - exponent, 0), bits)
    kept = mantissa >> drop
    rest = mantissa - (kept << drop)
    spare = max(rest.bit_length() - 60, 0)
    try:
        head, tail = math.ldexp(kept, exponent + drop), math.ldexp(rest >> spare, exponent + spare)
    except OverflowError:
        head, tail = math.inf, -1.0
    tail = STEP if rest and not tail else tail
    return (-head, -tail) if negative else (head, tail)


def exact(function, *arguments):
    """Give a function of libmp at floats: (n,), ... -> (2, n)."""
    values = (function(*each, BITS, "d") for each in zip(*map(reals, arguments), strict=True))
    return np.reshape([parts(each) for each in values], (-1, 2)).T


def reals(x):
    return map(libmp.from_float, np.asarray(x, dtype=np.float64).tolist())


def at_most(a, b):
    return (a[0] < b[0]) | ((a[0] == b[0]) & (a[1] <= b[1]))


def holds(u, number):
    return at_most((u.lo, 0.0), number) & at_most(number, (u.hi, 0.0))


def span(numbers):
    """Give the least and the largest of exact numbers."""
    least = functools.reduce(lambda a, b: np.where(at_most(a, b), a, b), numbers)
    return least, functools.reduce(lambda a, b: np.where(at_most(b, a), a, b), numbers)


def is_tight(u, least, most, units, floor=2 * TINY):
    """Whether bounds are within so many epsilon of a range, as a relative error; an overflow is anywhere beyond 1e308."""
    below, above = np.minimum(least[0], LARGE), np.maximum(most[0], -LARGE)
    slack = units * EPSILON
    return (u.lo >= below - slack * np.abs(below) - floor) & (u.hi <= above + slack * np.abs(above) + floor)


def marks(u):
    return np.broadcast_to(False if u.partial is None else u.partial, u.lo.shape)


def is_whole_line(u):
    return marks(u) & np.isneginf(u.lo) & np.isposinf(u.hi)


def numpy_error(name, values, *x, beyond=0.0):
    """Give NumPy's largest error, in units in the last place, where results are normal numbers; side by side or strided."""
    normal = (np.abs(values[0]) >= TINY) & np.isfinite(values[0]) & np.isfinite(x).all(axis=0)
    (head, tail), x = values[:, normal], np.compress(normal, x, axis=1)
    function = getattr(np, name.replace("atan", "arctan"))
    errors = [np.abs((made - head) - tail) for made in (function(*x), function(*np.repeat(x, 2, axis=1)[:, ::2]))]
    return ((np.max(errors, axis=0) - beyond * (np.abs(x[0]) > 1e8)) / np.spacing(np.abs(head))).max()


# ---- points, and intervals round each whose ends are such points too, so that one evaluation serves a range and a value


def nearly_multiples():
    """Give those float64 that are nearest to multiples of pi/2: by their continued fractions, for each exponent."""
    for exponent in range(-55, 971):
        p, q = 1 << (2401 + max(exponent, 0)), libmp.pi_fixed(2400) << max(-exponent, 0)
        before, k = 1, 0
        while k < 2**53:
            if k > 2**42:
                yield math.ldexp(k, exponent)
            before, k, p, q = k, (p // q) * k + before, q, p % q


SPECIAL = [0, STEP, TINY, 1e-8, 0.5, 1, 709.782712893384, 710.4758600739439, 745.1332191019411, 708.3964185322641]
SPECIAL += [
    1e15,
    1e16,
    2.0**53,
    2.0**63,
    2.0**64,
    LARGE,
    MAX,
    *(k * np.pi / 2 for k in range(1, 9)),
    *nearly_multiples(),
]


@functools.cache
def pool(n):
    """Give n different numbers of all kinds in order, between -inf and inf: (n + 2,)."""
    rng, m = np.random.default_rng(n), n // 4
    signs = rng.choice([-1.0, 1.0], size=(3, m))
    large_or_small, moderate = 2.0 ** rng.uniform([[-1080], [-60]], [[1024], [60]], size=(2, m))
    quarters = np.round(2.0 ** rng.uniform(0, 62, size=m)) * (np.pi / 2)
    drawn = [rng.uniform(-10, 10, size=m), rng.uniform(-760, 760, size=m), rng.integers(-2000, 2001, size=m // 50) / 2]
    x = np.concatenate([*drawn, *(signs * [large_or_small, moderate, quarters])])
    special = np.concatenate([SPECIAL, np.negative(SPECIAL)])
    near = [np.concatenate([special, x[::4]])]
    near += [np.nextafter(near[0], towards) for towards in (-np.inf, np.inf)]
    others = np.setdiff1d(np.concatenate([x, *near]), special)
    kept = rng.choice(others[np.isfinite(others)], size=n - len(np.unique(special)), replace=False)
    return np.concatenate([[-np.inf], np.unique(np.concatenate([kept, special])), [np.inf]])


@functools.cache
def between(n):
    """Give intervals and the positions in the pool of their ends and of a point: u, first <= point <= last, each (n,)."""
    x, rng, point = pool(n)[1:-1], np.random.default_rng([n, 1]), np.arange(1, n + 1)
    first = np.minimum(np.searchsorted(pool(n), x - reach(x, rng), "left"), point)
    last = np.maximum(np.searchsorted(pool(n), x + reach(x, rng), "right") - 1, point)
    return Interval(pool(n)[first], pool(n)[last]), first, point, last


def reach(x, rng):
    """Nothing, some units, a part of itself, some distance, to 0 or its mirror image, to infinity."""
    size = np.abs(x)
    part, distance = size * 2.0 ** rng.uniform(-45, 1, size=len(x)), 2.0 ** rng.uniform(-30, 12, size=len(x))
    kinds = [np.zeros_like(x), 3 * np.spacing(size), part, distance, size, 2 * size, np.full_like(x, np.inf)]
    return np.choose(rng.choice(7, size=len(x), p=[0.2, 0.15, 0.25, 0.2, 0.1, 0.05, 0.05]), kinds)


# ---- functions of one number

QUARTER = np.array(parts(libmp.mpf_shift(libmp.mpf_pi(BITS, "d"), -1)))
RISING = ([-np.inf, 0.0], [np.inf, 0.0])
POSITIVE = ([0.0, 0.0], [np.inf, 0.0])
ONE = {  # libmp's function and its limits
    "exp": (libmp.mpf_exp, *POSITIVE),
    "log": (libmp.mpf_log, *RISING),
    "sqrt": (libmp.mpf_sqrt, *POSITIVE),
    "sinh": (libmp.mpf_sinh, *RISING),
    "cosh": (libmp.mpf_cosh, RISING[1], RISING[1]),
    "tanh": (libmp.mpf_tanh, [-1.0, 0.0], [1.0, 0.0]),
    "atan": (libmp.mpf_atan, -QUARTER, QUARTER),
    "abs": (libmp.mpf_abs, RISING[1], RISING[1]),
}
POWERS = {f"power {k}": functools.partial(power, n=k) for k in range(1, 10)}
for k, key in enumerate(POWERS, 1):  # of the mantissa, which is exact
    ONE[key] = (lambda x, *_, k=k: libmp.mpf_pow_int(x, k, 53 * k, "d"), RISING[k % 2 == 0], RISING[1])
OURS = {**FUNCTIONS, **POWERS, "-u": operator.neg, "1/u": reciprocal}
MEASURED = ("exp", "log", "sqrt", "sinh", "cosh", "tanh", "atan")
LEAST = {"cosh": 1.0, "abs": 0.0, **{f"power {k}": 0.0 for k in (2, 4, 6, 8)}}  # at 0
UNITS = {"sqrt": 2, "abs": 1, **{f"power {k}": 1.5 * k + 1.5 for k in range(1, 10)}}


def undefined(name, x):
    return x <= 0 if name == "log" else x < 0 if name == "sqrt" else np.zeros(np.shape(x), dtype=bool)


def table(n, function, at_first, at_last, without):
    """Give the exact values at the pool's points, a limit at its ends and one where it is without any: (2, n + 2)."""
    values = np.repeat(np.transpose([at_first]), n + 2, axis=1)
    values[:, -1] = at_last
    inside = np.isfinite(pool(n)) & ~without
    values[:, inside] = exact(function, pool(n)[inside])
    return values


@sized
@pytest.mark.parametrize("name", ONE)
def test_a_function_of_one_encloses_its_range_tightly_and_is_empty_where_nothing_is_defined(name, n):
    without = undefined(name, pool(n))
    values = table(n, *ONE[name], without)
    u, first, point, last = between(n)
    made, some = OURS[name](u), ~without[last]
    low, high = span([values[:, first], values[:, last]])
    if name in LEAST:
        low[:, u.holds_zero] = [[LEAST[name]], [0.0]]
        assert (made.lo[u.holds_zero] == LEAST[name]).all()
    assert np.isnan([made.lo[~some], made.hi[~some]]).all()
    assert (marks(made) == without[first]).all()
    for each in (low, high, values[:, point]):
        assert holds(made, each)[some].all()
    assert is_tight(made, low, high, UNITS.get(name, 7.5))[some].all()
    assert name not in MEASURED or numpy_error(name, values, np.where(without, np.nan, pool(n))) <= 2


@functools.cache
def waves(n):
    """Give sin, cos and tan at the pool's points, (2, n + 2) each, and how many times pi/2 fits below, (n + 2,)."""
    circle = [libmp.mpf_cos_sin(each, BITS, "d") for each in reals(pool(n)[1:-1])]
    slopes = (libmp.mpf_div(sine, cosine, BITS, "d") for cosine, sine in circle)
    made = {"sin": (sine for _, sine in circle), "cos": (cosine for cosine, _ in circle), "tan": slopes}
    ratios = (each.as_integer_ratio() for each in pool(n)[1:-1].tolist())
    quarters = [-(10**400), *((p << 1401) // (q * libmp.pi_fixed(1400)) for p, q in ratios), 10**400]
    made = {name: np.pad(np.transpose([*map(parts, each)]), ((0, 0), (1, 1))) for name, each in made.items()}
    return made, np.array(quarters, dtype=object)


def meets(n, first, last, remainder, modulus):
    """Whether there is a whole m = remainder (mod modulus) for which m pi/2 is between two points of the pool."""
    below = waves(n)[1]
    above = below[first] + (pool(n)[first] != 0)  # only 0 is such a multiple itself
    return ((below[last] - remainder) // modulus >= -((remainder - above) // modulus)).astype(bool)


def unsure(u):
    """Give how near a multiple of pi/2 must be for rounding to leave open on which side it is; a wave is a parabola there."""
    return 6 * EPSILON * (np.maximum(np.abs(u.lo), np.abs(u.hi)) + 7)


@sized
@pytest.mark.parametrize(("name", "crest"), [("sin", 1), ("cos", 0)])
def test_a_wave_encloses_its_range_tightly_and_has_its_exact_extremes(name, crest, n):
    values = waves(n)[0][name]
    u, first, point, last = between(n)
    made = OURS[name](u)
    up, down = meets(n, first, last, crest, 4), meets(n, first, last, crest + 2, 4)
    low, high = span([values[:, first], values[:, last]])
    low[:, down], high[:, up] = [[-1.0], [0.0]], [[1.0], [0.0]]
    for each in (low, high, values[:, point]):
        assert holds(made, each).all()
    assert (np.abs([made.lo, made.hi]) <= 1).all()
    near = np.abs([u.lo, u.hi]).max(axis=0) <= intervals.FAR
    assert is_tight(made, low, high, 7.5, 2 * TINY + unsure(u) ** 2 / 2)[near].all()
    assert near.mean() > 0.3
    assert (made.lo[~near] == -1).all()  # nothing is assumed of the library there
    assert (made.hi[~near] == 1).all()
    assert not marks(made).any()
    assert numpy_error(name, values, pool(n), beyond=2.0**-90) <= 2


def test_a_sine_of_a_large_argument_near_a_multiple_of_pi_is_enclosed():
    x = 410195257422896.8  # where a C library's reduction has been off by 2740 units in the last place
    made = intervals.sin(Interval.exact(x))
    with mpmath.workdps(60):
        assert made.lo <= mpmath.sin(mpmath.mpf(x)) <= made.hi


@sized
def test_a_tangent_is_the_whole_line_where_a_pole_is_and_encloses_its_range_tightly_elsewhere(n):
    values = waves(n)[0]["tan"]
    u, first, point, last = between(n)
    made, pole = intervals.tan(u), meets(n, first, last, 1, 2)
    assert is_whole_line(made)[pole].all()
    for each in (first, point, last):
        assert holds(made, values[:, each])[~pole].all()
    clear = ~pole & (unsure(u) < 0.5) & (np.abs(values[0, [first, last]]).max(axis=0) < 0.5 / unsure(u))
    assert clear.mean() > 0.3
    assert is_tight(made, values[:, first], values[:, last], 7.5)[clear].all()
    assert not marks(made)[clear].any()
    assert numpy_error("tan", values, pool(n)) <= 2


@sized
def test_a_reciprocal_is_the_whole_line_where_zero_is_in_it_and_tight_elsewhere(n):
    u, first, point, last = between(n)
    values = table(n, lambda x, *to: libmp.mpf_div(libmp.fone, x, *to), [0.0, 0.0], [0.0, 0.0], pool(n) == 0)
    zero = (u.lo <= 0) & (u.hi >= 0)
    for made in (reciprocal(u), 1 / u):
        assert is_whole_line(made)[zero].all()
        assert not marks(made)[~zero].any()
        for each in (first, point, last):
            assert holds(made, values[:, each])[~zero].all()
        assert is_tight(made, values[:, last], values[:, first], 2, 2 * STEP)[~zero].all()


@sized
def test_a_sign_jumps_at_zero_and_a_negation_is_exact(n):
    u, _, point, _ = between(n)
    x, zero = pool(n)[point], (u.lo <= 0) & (u.hi >= 0)
    for made, value in ((intervals.sign(u), np.sign(x)), (intervals.kink(u), 0.0 * x)):
        assert ((made.lo <= value) & (value <= made.hi)).all()
        assert (made.lo == made.hi)[~zero].all()
        assert (marks(made) == zero).all()
    assert np.array_equal([(-u).lo, (-u).hi], [-u.hi, -u.lo])


# ---- functions of two numbers: their extremes are at corners

TWO = {  # ours, libmp's, whether it is undefined or jumps somewhere, the units and distance allowed
    "+": (operator.add, lambda x, y, *_: libmp.mpf_add(x, y), lambda u, v: np.False_, 2, 2 * STEP),
    "-": (operator.sub, lambda x, y, *_: libmp.mpf_sub(x, y), lambda u, v: np.False_, 2, 2 * STEP),
    "*": (operator.mul, lambda x, y, *_: libmp.mpf_mul(x, y), lambda u, v: np.False_, 2, 2 * STEP),
    "/": (operator.truediv, libmp.mpf_div, lambda u, v: v.holds_zero, 6, 4 * STEP),
    "atan2": (intervals.atan2, libmp.mpf_atan2, lambda u, v: u.holds_zero & (v.lo <= 0), 7.5, 2 * TINY),
    "real_power": (intervals.real_power, libmp.mpf_pow, lambda u, v: u.lo <= 0, 8, 3 * TINY),
}


def pairs(name, n):
    """Give intervals u, v and points x, y in them, each (n,)."""
    u, _, point, _ = between(n)
    x, rng = pool(n)[point], np.random.default_rng([n, 2])
    mixed = rng.permutation(n)
    if name != "real_power":
        return u, Interval(u.lo[mixed], u.hi[mixed]), x, x[mixed]
    y = rng.choice([-1.0, 1.0], size=n) * 2.0 ** rng.uniform(-30, 7, size=n)  # exponents are moderate
    width = np.abs(y) * 2.0 ** rng.uniform(-60, -1, size=n)
    return u, Interval(y - width, y + width), x, y


def lifted(number):
    return number if isinstance(number, Interval) else Interval.exact(number)


@sized
@pytest.mark.parametrize("name", TWO)
def test_a_function_of_two_encloses_its_range_tightly(name, n):
    ours, function, bad, units, floor = TWO[name]
    u, v, x, y = pairs(name, n)
    defined = np.broadcast_to(~bad(lifted(x), lifted(y)), n) | ((name == "atan2") & ((x != 0) | (y != 0)))
    values = exact(function, x[defined], y[defined])
    for a, b in ((u, v), (x, v), (u, y), (lifted(x), v), (u, lifted(y))):
        made = ours(a, b)
        assert holds(Interval(made.lo[defined], made.hi[defined]), values).all()
        assert (marks(made) == bad(lifted(a), lifted(b))).all()
    assert name != "atan2" or numpy_error(name, values, x[defined], y[defined]) <= 2

    finite = np.isfinite([u.lo, u.hi, v.lo, v.hi]).all(axis=0)
    if name == "/":  # reciprocals are neither infinite nor subnormal
        finite &= ((np.abs([v.lo, v.hi]) > TINY) & (np.abs([v.lo, v.hi]) < 1 / TINY)).all(axis=0)
    some = np.flatnonzero(~bad(u, v) & finite)[: n // 5]
    u, v = (Interval(each.lo[some], each.hi[some]) for each in (u, v))
    corners = [exact(function, a, b) for a in (u.lo, u.hi) for b in (v.lo, v.hi)]
    least, most = span(corners)
    for each in (least, most):
        assert holds(ours(u, v), each).all()
    if name == "real_power":  # an error of the exponent is a relative error of the power
        units = units + 10 * np.abs(np.log([u.lo, u.hi])).max(axis=0) * np.abs([v.lo, v.hi]).max(axis=0)
    assert is_tight(ours(u, v), least, most, units, floor).all()
    assert len(some) > n // 10


# ---- what hypothesis chooses, signed zeros and subnormal numbers among it

ENDS = st.floats(allow_nan=False)
THREE = st.tuples(ENDS, ENDS, st.floats(allow_nan=False, allow_infinity=False))
ANYWHERE = {name: libmps for name, (libmps, *_) in ONE.items()}
ANYWHERE |= {name: getattr(libmp, f"mpf_{name}") for name in ("sin", "cos", "tan")}


@settings(max_examples=300)
@given(THREE)
def test_a_function_of_one_at_floats_of_any_kind(ends):
    x = ends[-1]
    for (name, function), u in itertools.product(ANYWHERE.items(), (Interval(min(ends), max(ends)), Interval.exact(x))):
        made = OURS[name](u)
        assert marks(made) if undefined(name, x) else holds(made, exact(function, [x])[:, 0]), name


@settings(max_examples=300)
@given(THREE, THREE)
def test_a_function_of_two_at_floats_of_any_kind(first, second):
    both = [[Interval(min(each), max(each)), Interval.exact(each[-1])] for each in (first, second)]
    for name, u, v in itertools.product(set(TWO) - {"real_power"}, *both):
        ours, function, bad, *_ = TWO[name]
        assert marks(ours(u, v)) == bad(u, v), name
        if not bad(both[0][1], both[1][1]):
            assert holds(ours(u, v), exact(function, first[-1:], second[-1:])[:, 0]), name


@given(st.fractions(), st.fractions(min_value=0, max_value=1), st.integers(-320, 290))
@example(Fraction(1), Fraction(0), -400)
def test_a_constant_is_enclosed_between_neighbours(low, width, exponent):
    low, high = low * Fraction(10) ** exponent, (low + width) * Fraction(10) ** exponent
    made = constant(low, high)
    assert Fraction(float(made.lo)) <= low < Fraction(float(np.nextafter(made.lo, np.inf)))
    assert Fraction(float(np.nextafter(made.hi, -np.inf))) < high <= Fraction(float(made.hi))
    assert (made.lo == made.hi) == (low == high == Fraction(float(low)))


# ---- what is no finite number, and what shapes, marks and operands there are

LINE, NOTHING = Interval(-np.inf, np.inf), Interval(np.nan, np.nan)
OPERATIONS = {name: ours for name, ours in OURS.items() if name not in ("power", *TWO)}
OPERATIONS |= {f"u {name} 2": lambda u, ours=ours: ours(u, 2) for name, (ours, *_) in TWO.items()}
OPERATIONS |= {f"2 {name} u": lambda u, ours=ours: ours(2, u) for name, (ours, *_) in TWO.items()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_mark_and_a_shape_go_through_every_operation_and_nothing_is_written_to(name):
    arrays = np.array([0.5, 0.25, 0.0]), np.array([0.75, 0.5, 0.125]), np.array([True, False, False])
    for each in arrays:
        each.flags.writeable = False
    made = OPERATIONS[name](Interval(*arrays))
    assert marks(made).tolist() == [True, False, marks(OPERATIONS[name](Interval(0.0, 0.125)))]
    assert made.whole[:2].tolist() == [False, True]
    for shape in ((), (0,), (1,), (2, 3)):
        made = OPERATIONS[name](Interval(np.full(shape, 0.25), np.full(shape, 0.5)))
        assert made.lo.shape == made.hi.shape == made.whole.shape == shape
        assert (made.whole & (made.lo <= made.hi)).all()


@pytest.mark.parametrize("name", TWO)
def test_lanes_of_two_are_broadcast_with_their_marks(name):
    ours, rng = TWO[name][0], np.random.default_rng(5)
    a, b, left, right = rng.uniform(1, 2, (4, 1)), rng.uniform(1, 2, 3), rng.random((4, 1)) < 0.5, rng.random(3) < 0.5
    made = ours(Interval(a, a + 0.5, left), Interval(b, b + 0.5, right))
    assert np.array_equal(made.partial, left | right)
    alone = np.array([[ours(Interval(p, p + 0.5), Interval(q, q + 0.5)).lo for q in b] for p in a[:, 0]])
    assert np.allclose(made.lo, alone, rtol=1e-15, atol=0)


@pytest.mark.parametrize("name", ["+", "-", "*", "/"])
def test_an_operand_is_any_kind_of_number_on_either_side(name):
    ours, u = TWO[name][0], Interval([1.0, -3.0], [2.0, -2.5])
    right, left = ours(u, Interval.exact(3.0)), ours(Interval.exact(3.0), u)
    for three in (3, 3.0, np.float64(3), np.int64(3), np.array(3.0), np.array([3.0, 3.0])):
        for made, expected in ((ours(u, three), right), (ours(three, u), left)):
            assert np.array_equal([made.lo, made.hi], [expected.lo, expected.hi])


@pytest.mark.parametrize("other", [NOTHING, LINE, Interval(0.0, 0.0), Interval(0.0, np.inf), 0, 2.0], ids=str)
def test_the_empty_set_stays_empty(other):
    made = [ours(*each) for ours, *_ in TWO.values() for each in ((NOTHING, other), (other, NOTHING))]
    made += [ours(NOTHING) for name, ours in OPERATIONS.items() if name not in ("sin", "cos", "tan")]
    assert all(np.isnan(each.lo) and np.isnan(each.hi) for each in made)
    assert not NOTHING.holds_zero
    assert not NOTHING.whole


def test_zero_times_what_is_unbounded_is_zero_and_a_quotient_by_zero_is_the_whole_line():
    for zero in (0, 0.0, -0.0, Interval.exact(0.0), Interval(-0.0, 0.0)):
        for unbounded in (LINE, Interval(1.0, np.inf), Interval(-np.inf, 0.0), Interval(-np.inf, -2.0)):
            for made in (zero * unbounded, unbounded * zero):
                assert -STEP <= made.lo <= 0 <= made.hi <= STEP
    for ends in ((-1.0, 1.0), (0.0, 1.0), (-0.0, 1.0), (-1.0, 0.0), (-1.0, -0.0), (0.0, 0.0)):
        assert is_whole_line(Interval(1.0, 2.0) / Interval(*ends))


def test_what_overflows_is_unbounded_above_and_at_least_large_below():
    big, huge = Interval.exact(MAX), Interval.exact(1e3)
    made = [big + big, big * big, power(big, 2), power(big, 3), -power(-big, 3), -(-big - big)]
    made += [
        1 / Interval.exact(STEP),
        intervals.exp(huge),
        intervals.sinh(huge),
        intervals.cosh(huge),
        intervals.real_power(1e200, 2),
    ]
    for each in made:
        assert LARGE * (1 - 7 * EPSILON) <= each.lo < np.inf == each.hi
        assert not each.whole
        assert not marks(each)


# ---- formulas

LIBRARY = ["himmelblau", "goldstein_price", "mueller_brown", "peaks", "branin", "levy13", "trefethen", "anapot2"]
LIBRARY += ["brkmcc", "leps", "keane", "loghairy", "helical_valley", "bukin6", "cross_in_tray", "eggholder", "schwefel"]


@pytest.mark.parametrize("n", [pytest.param(48, id="few"), pytest.param(1500, id="many", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", LIBRARY)
def test_a_formula_and_its_derivatives_are_enclosed(name, n):
    objective, rng = OBJECTIVES[name](), np.random.default_rng(7)
    arithmetic = Arithmetic(FUNCTIONS, lambda enclosure: constant(enclosure.low, enclosure.high))
    least, most = objective.domain.T[:, :, None]
    x = rng.uniform(least, most, (objective.dimension, n))
    x[:, ::4] = np.round(x[:, ::4])  # where kinks and poles are
    width = 10.0 ** rng.uniform(-15, 0, n) * (most - least)
    lo, hi = (x + sign * width * rng.choice([0.0, 0.1, 1.0], x.shape) for sign in (-1, 1))
    for order in range(3):
        made = objective.function.evaluate([Interval(*each) for each in zip(lo, hi, strict=True)], order, arithmetic)
        exactly = np.stack([exact_derivative(objective.function, point, order) for point in x.T], axis=-1)
        for index, u in ((index, lifted(each)) for index, each in made.items()):
            assert (np.isnan(exactly[index]) | (u.lo <= exactly[index]) & (exactly[index] <= u.hi)).all()
        marked = np.any([np.broadcast_to(marks(lifted(each)), n) for each in made.values()], axis=0)
        assert marked[np.isnan(exactly).any(axis=tuple(range(order)))].all()
        assert np.isfinite(exactly).mean() > 0.5
