"""The minimisers of the cubic and of the trust-region model, against brute force and the conditions that characterise them."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import optimize

from saddlesim.optimizers import subproblems
from saddlesim.optimizers.subproblems import cubic_step, trust_region_step


def cubic_value(eigenvalues, components, lipschitz, s):
    length = np.sqrt((s * s).sum(axis=-1))
    return (components * s + eigenvalues * s * s / 2).sum(axis=-1) + lipschitz / 6 * length**3


def quadratic_value(eigenvalues, components, s):
    return (components * s + eigenvalues * s * s / 2).sum(axis=-1)


def numbers(*specials):
    spread = st.builds(lambda mantissa, exponent: mantissa * 10.0**exponent, st.floats(-9, 9), st.integers(-12, 3))
    moderate = st.floats(-3, 3).filter(lambda number: number == 0 or abs(number) > 1e-3)
    return st.one_of(
        st.sampled_from(specials), moderate, spread.filter(lambda number: number == 0 or abs(number) > 1e-20)
    )


EIGENVALUES = numbers(0.0, 1.0, -1.0, -1.0 + 1e-12, 2.0, 1e-8, -1e-8)
COMPONENTS = numbers(0.0, 0.0, 0.0, 1.0, 1e-16, -1e-12, 1e-8)
SCALES = st.builds(lambda exponent: 10.0**exponent, st.floats(-6, 6))


@st.composite
def models(draw, most=6):
    d = draw(st.integers(1, most))
    eigenvalues = sorted(draw(st.lists(EIGENVALUES, min_size=d, max_size=d)))
    return np.array(eigenvalues), np.array(draw(st.lists(COMPONENTS, min_size=d, max_size=d)))


HARD = (np.array([-1.0, -1.0, 3.0]), np.array([0.0, 0.0, 0.5]))
NEARLY_HARD = (np.array([-1.0, -1.0 + 1e-12, 3.0]), np.array([1e-16, 0.0, 0.5]))
FLAT = (np.zeros(2), np.array([0.3, 0.0]))
NOTHING = (np.zeros(2), np.zeros(2))
NEARLY_DONE = (np.array([29.27, 29.27]), np.array([2e-15, 2e-15]))
JUST_COMPLETE = (np.array([-1.0, 1.0]), np.array([1e-130, 2.0]))  # at radius 1 the rest alone is as long as it may be


@given(models(), SCALES)
@example(HARD, 0.5)
@example(NEARLY_HARD, 0.5)
@example(NEARLY_DONE, 10.0)
@example(FLAT, 1.0)
@example(NOTHING, 1.0)
@example(JUST_COMPLETE, 2.0)
def test_cubic_steps_meet_the_conditions_of_the_global_minimiser(model, lipschitz):
    eigenvalues, components = model
    s = cubic_step(eigenvalues, components, lipschitz)
    shift = lipschitz * np.sqrt((s * s).sum()) / 2
    size = (np.abs(eigenvalues) + shift) * np.abs(s) + np.abs(components)
    assert (np.abs((eigenvalues + shift) * s + components) <= 1e-12 * size).all()
    assert eigenvalues[0] + shift >= -1e-12 * abs(eigenvalues[0])


@given(models(), SCALES)
@example(NEARLY_DONE, 10.0)
@example(JUST_COMPLETE, 1.0)
@example(JUST_COMPLETE, 2.0)
def test_the_secular_equation_takes_few_iterations(model, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subproblems, "MOST_ITERATIONS", 30)  # as many again are in reserve
        few = [cubic_step(*model, size), trust_region_step(*model, size)]
    np.testing.assert_array_equal(few, [cubic_step(*model, size), trust_region_step(*model, size)])


@given(models(), SCALES)
@example(HARD, 0.5)
@example(HARD, 100.0)
@example(NEARLY_HARD, 100.0)
@example(FLAT, 1.0)
@example(NOTHING, 1.0)
@example(JUST_COMPLETE, 1.0)
@example((np.array([1.0, 2.0]), np.array([0.1, 0.1])), 1e-6)
def test_trust_region_steps_meet_the_conditions_of_the_global_minimiser(model, radius):
    eigenvalues, components = model
    s = trust_region_step(eigenvalues, components, radius)
    length = np.sqrt((s * s).sum())
    assert length <= radius * (1 + 1e-12)
    if length < radius * (1 - 1e-12):
        np.testing.assert_allclose(eigenvalues * s, -components, rtol=1e-12, atol=1e-300)
        assert eigenvalues[0] >= 0
    else:
        shift = -(s * (components + eigenvalues * s)).sum() / length**2
        size = np.abs(eigenvalues).max() * length + np.sqrt((components**2).sum())
        assert np.abs((eigenvalues + shift) * s + components).max() <= 1e-12 * size
        assert shift >= -1e-12 * size / length
        assert eigenvalues[0] + shift >= -1e-12 * size / length


def polished(function, starts):
    """Give the lowest value that is found from the few best of many points, (d, n)."""
    best = starts[:, np.argsort(function(starts.T))[:3]].T
    options = {"gtol": 1e-10}
    return min(optimize.minimize(function, x, method="BFGS", options=options).fun for x in best)


def cubic_grid(d, length):
    axis = np.linspace(-length, length, 401 if d < 3 else 61)
    return np.stack([each.ravel() for each in np.meshgrid(*[axis] * d)])


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("kind", ["any", "hard", "nearly hard", "flat", "positive"])
def test_cubic_steps_equal_brute_force(d, kind):
    rng = np.random.default_rng([d, len(kind)])
    for _ in range(4):
        eigenvalues, components, lipschitz = np.sort(rng.normal(size=d)), rng.normal(size=d), rng.uniform(0.3, 3)
        if kind == "flat":
            eigenvalues[:] = 0
        elif kind == "positive":
            eigenvalues = np.sort(np.abs(eigenvalues))
        elif kind != "any":
            eigenvalues[0] = -1 - abs(eigenvalues[0])
            components = 0.1 * components  # too little for the rest to be long enough
            components[0] = 0 if kind == "hard" else 1e-9
        s = cubic_step(eigenvalues, components, lipschitz)
        if kind == "hard":
            assert np.sqrt((s * s).sum()) == pytest.approx(-2 * eigenvalues[0] / lipschitz, rel=1e-14)
            assert s[0] > 0
        length = 2 * (np.abs(eigenvalues).max() / lipschitz + np.sqrt(np.sqrt((components**2).sum()) / lipschitz))

        def function(x, model=(eigenvalues, components, lipschitz)):
            return cubic_value(*model, x)

        brute = polished(function, cubic_grid(d, length))
        assert function(s) == pytest.approx(brute, rel=1e-7, abs=1e-9)
        assert function(s) <= brute + 1e-12 * abs(brute)


def boundary_minimum(eigenvalues, components, radius):
    """Give the lowest value on a circle or a pair of points, by looking everywhere."""
    if len(eigenvalues) == 1:
        return quadratic_value(eigenvalues, components, np.array([[-radius], [radius]])).min()

    def at(angle):
        return quadratic_value(eigenvalues, components, radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1))

    angles = np.linspace(0, 2 * np.pi, 3001)
    around = [angles[k] for k in np.argsort(at(angles))[:4]]
    options = {"xatol": 1e-12}
    return min(
        optimize.minimize_scalar(at, bounds=(angle - 0.003, angle + 0.003), method="bounded", options=options).fun
        for angle in around
    )


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("kind", ["any", "hard", "nearly hard", "flat", "positive", "tiny radius"])
def test_trust_region_steps_equal_brute_force(d, kind):
    rng = np.random.default_rng([d, len(kind)])
    for _ in range(10):
        eigenvalues, components, radius = np.sort(rng.normal(size=d)), rng.normal(size=d), rng.uniform(0.3, 3)
        if kind == "tiny radius":
            radius = 1e-6
        elif kind == "flat":
            eigenvalues[:] = 0
        elif kind == "positive":
            eigenvalues = np.sort(np.abs(eigenvalues))
        elif kind != "any":
            eigenvalues[0] = -1 - abs(eigenvalues[0])
            components = 0.1 * components
            components[0] = 0 if kind == "hard" else 1e-9
        s = trust_region_step(eigenvalues, components, radius)
        candidates = [boundary_minimum(eigenvalues, components, radius)]
        newton = -components / eigenvalues if eigenvalues.all() else np.full(d, np.inf)
        if eigenvalues[0] > 0 and (newton**2).sum() <= radius**2:
            candidates.append(quadratic_value(eigenvalues, components, newton))
        value = quadratic_value(eigenvalues, components, s)
        assert value == pytest.approx(min(candidates), rel=1e-7)
        assert value <= min(candidates) + 1e-12 * abs(min(candidates))
        if kind == "hard":
            assert np.sqrt((s * s).sum()) == pytest.approx(radius, rel=1e-14)
            assert s[0] > 0


@pytest.mark.parametrize("gradient", [1e-12, 1e-3, 1.0, 1e3])
def test_cubic_steps_have_their_closed_form_on_the_line(gradient):
    gamma, lipschitz = 0.7, 0.4  # g = -gamma x
    expected = (gamma + np.sqrt(gamma**2 + 2 * lipschitz * gradient)) / lipschitz
    for sign in (-1, 1):
        s = cubic_step(np.array([-gamma]), np.array([-sign * gradient]), lipschitz)
        assert s[0] == pytest.approx(sign * expected, rel=1e-14)
    convex = cubic_step(np.array([gamma]), np.array([gradient]), lipschitz)[0]
    assert convex == pytest.approx(-2 * gradient / (gamma + np.sqrt(gamma**2 + 2 * lipschitz * gradient)), rel=1e-14)


def test_an_exact_saddle_is_left_by_the_lowest_eigenvector():
    eigenvalues, components = np.array([-2.0, -1.0, 5.0]), np.zeros(3)
    np.testing.assert_array_equal(cubic_step(eigenvalues, components, 0.5), [8.0, 0, 0])
    np.testing.assert_array_equal(trust_region_step(eigenvalues, components, 0.5), [0.5, 0, 0])
    for minimum in (np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])):
        np.testing.assert_array_equal(cubic_step(minimum, components, 0.5), components)
        np.testing.assert_array_equal(trust_region_step(minimum, components, 0.5), components)


@pytest.mark.parametrize("scale", [2.0**-480, 2.0**-200, 2.0**200, 2.0**480])
@pytest.mark.parametrize("model", [HARD, NEARLY_HARD, FLAT, (np.array([-1.0, 0.5]), np.array([0.3, -0.2]))])
def test_units_of_f_and_of_x_do_not_matter(model, scale):
    eigenvalues, components = model
    cubic, ball = cubic_step(eigenvalues, components, 0.5), trust_region_step(eigenvalues, components, 0.5)
    other = cubic_step(scale * eigenvalues, scale * components, scale * 0.5)  # f in other units
    np.testing.assert_allclose(other, cubic, rtol=1e-12)
    np.testing.assert_allclose(trust_region_step(scale * eigenvalues, scale * components, 0.5), ball, rtol=1e-12)
    np.testing.assert_allclose(cubic_step(eigenvalues, scale * components, 0.5 / scale), scale * cubic, rtol=1e-12)
    other = trust_region_step(eigenvalues, scale * components, scale * 0.5)  # x in other units
    np.testing.assert_allclose(other, scale * ball, rtol=1e-12)


@pytest.mark.parametrize("step", [cubic_step, trust_region_step])
def test_lanes_have_their_own_sizes_and_do_not_see_each_other(step):
    rng = np.random.default_rng(5)
    eigenvalues, components = np.sort(rng.normal(size=(50, 4)), axis=1), rng.normal(size=(50, 4))
    components[::3, 0] = 0
    sizes = 10.0 ** rng.uniform(-3, 3, 50)
    together = step(eigenvalues, components, sizes)
    for lane in range(50):
        np.testing.assert_array_equal(step(eigenvalues[lane], components[lane], sizes[lane]), together[lane])
    eigenvalues[7], components[8, 2] = np.nan, np.inf
    broken = step(eigenvalues, components, sizes)
    assert np.isnan(broken[7:9]).all()
    np.testing.assert_array_equal(np.delete(broken, [7, 8], axis=0), np.delete(together, [7, 8], axis=0))
