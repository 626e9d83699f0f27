import io
import math

import numpy as np
import pytest
from censuses import winding
from rich.console import Console
from scipy.stats import sem

from saddlesim.cli.tables import field_critical_points as field_table
from saddlesim.experiments import FieldCriticalPoints
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.fields import enumeration
from saddlesim.experiments.fields.enumeration import enumerate_points, euler_sum
from saddlesim.experiments.fields.laws import INDEX_FRACTIONS, MEAN_VALUES
from saddlesim.experiments.fields.result import ratio
from saddlesim.experiments.levels.curves import Curves
from saddlesim.experiments.levels.landscapes import IsotropicField
from saddlesim.objectives.periodic_fields import PeriodicGaussianField
from saddlesim.plots import plot
from saddlesim.proving import census
from saddlesim.random_matrices import index_distribution
from saddlesim.random_matrices.field_counts import critical_point_density
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario

PLANE = {"name": "periodic_gaussian_field", "dimension": 2, "length_scale": 0.8}


def computed(asked, seed=0):
    points = asked.points()
    return asked.reduce({p: [asked.run_block(p, b, seed) for b in range(asked.n_blocks(p))] for p in points}, seed)


def waves(dimension, *terms):
    """A field of given products of cosines: (coefficient, frequency on each axis), ..."""
    field = PeriodicGaussianField(dimension=dimension, length_scale=0.8)
    coefficients = np.zeros_like(field.coefficients)
    for coefficient, *frequencies in terms:
        coefficients[tuple(frequencies)] = coefficient
    field.__dict__["coefficients"] = coefficients
    return field


# ---- the laws


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_laws_are_those_of_the_spectrum_of_one_more_row(d):
    np.testing.assert_allclose(INDEX_FRACTIONS[d], index_distribution("isotropic_field_critical", d), rtol=1e-13)
    field = IsotropicField(dimension=d)
    fractions, levels, _ = Curves.of(field, 30).moments()  # quadrature over the level, which knows no closed form
    np.testing.assert_allclose(INDEX_FRACTIONS[d], fractions, rtol=1e-9)
    np.testing.assert_allclose(MEAN_VALUES[d], levels * field.threshold * math.sqrt(d), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_laws_are_those_of_weighted_matrices(d):
    n, rng = 400_000, np.random.default_rng(d)
    upper = np.triu(rng.standard_normal((n, d, d)))
    values = rng.standard_normal(n)
    hessians = upper + np.swapaxes(upper, 1, 2)
    hessians[:, range(d), range(d)] /= math.sqrt(2)
    spectra = np.linalg.eigvalsh(hessians) - values[:, None]
    weight, index = np.abs(spectra.prod(axis=1)), (spectra < 0).sum(axis=1)
    number = critical_point_density(d) * (2 * math.pi) ** (d / 2)  # E |det|
    assert abs(weight.mean() - number) < 4 * sem(weight)
    for k in range(d + 1):
        fraction, mean = (
            ratio(weight * (index == k), weight),
            ratio(values * weight * (index == k), weight * (index == k)),
        )
        assert abs(fraction.value - INDEX_FRACTIONS[d][k]) < 4 * fraction.standard_error
        assert abs(mean.value - MEAN_VALUES[d][k]) < 4 * mean.standard_error


def test_even_indices_balance_odd_ones_and_heights_do_so_about_zero():
    for d, fractions in INDEX_FRACTIONS.items():
        assert sum(fractions) == pytest.approx(1, rel=1e-15)
        assert sum((-1) ** k * p for k, p in enumerate(fractions)) == pytest.approx(0, abs=1e-15)
        assert MEAN_VALUES[d] == tuple(-each for each in reversed(MEAN_VALUES[d]))


def test_densities_are_those_of_the_literature():
    # Bardeen, Bond, Kaiser, Szalay (1986): peaks in three dimensions, with R = sqrt 3 sigma_1 / sigma_2 = 3 l / sqrt 15
    peaks = (29 - 6 * math.sqrt(6)) / (5**1.5 * 2 * (2 * math.pi) ** 2 * (3 / math.sqrt(15)) ** 3)
    assert critical_point_density(3) * INDEX_FRACTIONS[3][3] == pytest.approx(peaks, rel=1e-12)
    assert critical_point_density(2, 0.4) == pytest.approx(2 / (math.sqrt(3) * math.pi) / 0.16, rel=1e-12)


# ---- the enumeration


@pytest.mark.parametrize(("d", "l", "seed"), [(1, 0.2, 3), (2, 0.4, 1), (3, 0.8, 2)])
def test_what_is_listed_are_critical_points_of_that_index(d, l, seed):  # noqa: E741
    field = PeriodicGaussianField(dimension=d, length_scale=l, seed=seed)
    found = enumerate_points(field)
    spectra = np.linalg.eigvalsh(np.moveaxis(field.hessian(found.x), -1, 0))
    assert found.resolved
    assert np.abs(field.gradient(found.x)).max() < 1e-12 / l**2
    np.testing.assert_array_equal(found.index, (spectra < 0).sum(axis=1))
    np.testing.assert_array_equal(found.value, field.value(found.x))
    assert ((found.x >= 0) & (found.x < 2 * np.pi)).all()
    apart = np.abs(found.x[:, :, None] - found.x[:, None, :])
    apart = np.minimum(apart, 2 * np.pi - apart).max(axis=0) + np.eye(len(found.index))
    assert apart.min() > 1e-4
    assert euler_sum(found.index) == 0


def test_products_of_waves_have_the_points_that_one_counts_by_hand():
    # cos 3 x + cos 2 y: 6 times 4 points; cos x + cos 2 y + cos z: 2 times 4 times 2; many lie on edges of cells
    assert np.bincount(enumerate_points(waves(2, (1, 3, 0), (1, 0, 2))).index).tolist() == [6, 12, 6]
    assert np.bincount(enumerate_points(waves(3, (1, 1, 0, 0), (1, 0, 2, 0), (1, 0, 0, 1))).index).tolist() == [
        2,
        6,
        6,
        2,
    ]


@pytest.mark.parametrize("excess", [1e-2, 1e-4, 1e-6, 1e-8, -1e-8, -1e-2])
def test_two_points_that_have_just_been_born_are_told_apart(excess):
    # cos x + a cos 2 x + b sin x has a fold at x = 2 where its first and second derivatives vanish there
    place = 2.0
    c, s, c2, s2 = (each(i * place) for i in (1, 2) for each in (math.cos, math.sin))
    a, b = np.linalg.solve([[-2 * s2, c], [-4 * c2, -s]], [s, c])
    field = waves(1, (1, 1), (a, 2), (b * (1 + excess), len(PeriodicGaussianField(length_scale=0.8).variances)))
    third = s + 8 * a * s2 - b * c
    found = enumerate_points(field)
    born = np.abs(found.x[0] - place) < 0.5
    square = -2 * b * excess * c / third  # of the distance of either from the fold, but for higher powers
    assert found.resolved
    assert born.sum() == (2 if square > 0 else 0)
    if square > 0:
        expected = place + math.sqrt(square) * np.array([-1, 1])
        np.testing.assert_allclose(found.x[0, born], expected, atol=3 * square + 1e-11)


@pytest.mark.parametrize("excess", [1e-2, 1e-4, 1e-6, 1e-8])
def test_where_three_points_are_nearly_one_none_is_missed_in_silence(excess):
    # the slope of cos x + a cos 2 x is -sin x (1 + 4 a cos x): beyond a = 1/4 there are three points about pi
    found = enumerate_points(waves(1, (1, 1), ((1 + excess) / 4, 2)))
    place = math.acos(-1 / (1 + excess))
    if found.resolved:
        np.testing.assert_allclose(found.x[0], [0, place, math.pi, 2 * math.pi - place], atol=1e-10)
    assert found.resolved == (excess == 1e-2)


@pytest.mark.parametrize("field", [PeriodicGaussianField(dimension=1, seed=5)], ids=str)
def test_a_proved_census_of_one_period_has_the_same_points(field):
    compare_with_census(field)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_proved_census_of_one_period_has_the_same_points_in_the_plane(seed):
    compare_with_census(PeriodicGaussianField(length_scale=1.5, seed=seed))


def compare_with_census(field):
    found = enumerate_points(field)
    around = np.sort(np.concatenate([found.x, found.x[:, :1] * 0 + 2 * np.pi], axis=1))
    gaps = np.diff(around, axis=1)
    widest = gaps.argmax(axis=1)[:, None]
    low = np.take_along_axis(around, widest, 1) + np.take_along_axis(gaps, widest, 1) / 2  # no point lies near an edge
    proved = census(field, np.concatenate([low, low + 2 * np.pi], axis=1).tolist(), connected=False)
    assert proved.status == "complete"
    assert sorted(each.index for each in proved.points) == sorted(found.index.tolist())
    x = np.array([each.x for each in proved.points]).T % (2 * np.pi)
    np.testing.assert_allclose(np.sort(x[0]), np.sort(found.x[0]), atol=1e-9)
    np.testing.assert_allclose(np.sort(x[-1]), np.sort(found.x[-1]), atol=1e-9)


def test_a_search_that_misses_points_is_found_out(monkeypatch):
    field, searched = PeriodicGaussianField(length_scale=0.8), enumeration.points_on_grid
    grids = []

    def one_short(field, n_cells):
        grids.append(n_cells)
        return searched(field, n_cells)[:, 1:]

    monkeypatch.setattr(enumeration, "points_on_grid", one_short)
    assert not enumerate_points(field).resolved  # grids agree, but signs do not add up
    assert grids == [enumeration.first_grid(field) * 2**k for k in range(enumeration.N_REFINEMENTS + 1)]
    monkeypatch.setattr(enumeration, "points_on_grid", lambda field, n: searched(field, n)[:, : 0 if n < 40 else None])
    assert enumerate_points(field).resolved  # the second grid finds what the first did not, and the third as many


# ---- the experiment


def test_figures_are_those_of_the_points():
    asked = FieldCriticalPoints(fields={"plane": PLANE}, n_fields=7, block_size=3)
    result = computed(asked)
    found = [enumerate_points(PeriodicGaussianField(length_scale=0.8, seed=int(seed))) for seed in result["seed"][0]]
    assert len(set(result["seed"][0].tolist())) == 7
    index, value = (np.concatenate([getattr(each, name) for each in found]) for name in ("index", "value"))
    half = np.concatenate([(each.x < np.pi).all(axis=0) for each in found])
    numbers = np.array([len(each.index) for each in found])
    told = result.summary()["fields"]["plane"]
    assert told["n_points"] == len(index)
    assert told["mean_number"] == pytest.approx(numbers.mean())
    assert told["mean_number_standard_error"] == pytest.approx(sem(numbers))
    for k in range(3):
        assert told[f"index_{k}"]["count"] == (index == k).sum()
        assert told[f"index_{k}"]["fraction"] == pytest.approx((index == k).mean())
        assert told[f"index_{k}"]["mean_value"] == pytest.approx(value[index == k].mean())
        assert told["half_box"][f"index_{k}"]["count"] == ((index == k) & half).sum()
    sums = [abs(euler_sum(each.index[(each.x < np.pi).all(axis=0)])) for each in found]
    assert told["half_box"]["mean_absolute_euler_sum"] == pytest.approx(np.mean(sums))
    assert told["nonzero_euler_sums"] == told["unresolved"] == told["index_1"]["fraction_z"] == 0
    assert set(dotted_figures(result.summary())) == set(asked.summary_names())


def test_blocks_are_told_apart_by_all_that_enters_them_and_nothing_else():
    asked = FieldCriticalPoints(
        fields={"a": PLANE, "b": PLANE | {"seed": 5}, "c": PLANE | {"length_scale": 0.7}}, n_fields=8
    )
    assert asked.block_inputs("a", 0) == asked.block_inputs("b", 0)
    inputs = [asked.block_inputs(*place) for place in (("a", 0), ("a", 1), ("c", 0), ("c", 1))]
    assert len({str(each) for each in inputs}) == 4


def test_draws_are_the_same_in_blocks_of_any_size():
    one, other = (computed(FieldCriticalPoints(fields={"plane": PLANE}, n_fields=5, block_size=n)) for n in (1, 3))
    for name in one.arrays:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("seed", range(4))
def test_signs_in_the_half_box_add_up_to_the_turns_of_the_gradient_round_it(seed):
    field = PeriodicGaussianField(length_scale=0.5, seed=seed)
    found = enumerate_points(field)
    inside = (found.x <= np.pi).all(axis=0)
    assert euler_sum(found.index[inside]) == winding(field, [[0, np.pi], [0, np.pi]])


def test_a_ratio_has_the_standard_error_of_the_jackknife():
    rng = np.random.default_rng(0)
    wholes = rng.poisson(50, 400)
    parts = rng.binomial(wholes, 0.3)
    left_out = (parts.sum() - parts) / (wholes.sum() - wholes)
    told = ratio(parts, wholes)
    assert told.value == parts.sum() / wholes.sum()
    assert told.standard_error == pytest.approx(
        math.sqrt(399 / 400 * ((left_out - left_out.mean()) ** 2).sum()), rel=0.01
    )
    assert ratio([0.0, 0.0], [0, 0]) is None


SCENARIO = """
version: 1
title: counted
experiment:
  name: field_critical_points
  fields:
    line: {name: periodic_gaussian_field, dimension: 1, length_scale: 0.3}
    plane: {name: periodic_gaussian_field, dimension: 2, length_scale: 0.8}
  n_fields: 6
  block_size: 2
expect:
  - {name: fields.line.index_0.fraction, value: 0.5, z: 4}
  - {name: fields.plane.unresolved, value: 0}
"""


def test_bytes_do_not_depend_on_workers_and_the_picture_shows_the_points(tmp_path):
    scenario = parse_scenario(SCENARIO, name="it")
    one, two = (run(scenario, jobs, tmp_path / str(jobs)) for jobs in (1, 2))
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert one.passed
    (figure,) = plot(one.result).values()
    landscape, fractions, *_ = figure.axes
    points = one.result.drawn["plane"]
    for line, index in zip(landscape.lines, range(3), strict=True):
        x = points.x[:, (points.field == 0) & (points.index == index)]
        np.testing.assert_array_equal(line.get_xydata().T, x)
    drawn = [line.get_ydata()[0] for line in fractions.lines if line.get_marker() == "s"]
    shown = [one.result.fraction(each, k).value for k in range(3) for each in (points, points.in_half_box)]
    np.testing.assert_allclose(drawn, shown)


def test_the_table_tells_of_unresolved_draws(tmp_path):
    done = run(parse_scenario(SCENARIO, name="it"), 1, tmp_path)
    done.summary["fields"]["line"]["unresolved"] = 2
    text = io.StringIO()
    for each in field_table.tables(done):
        Console(file=text, width=200).print(each)
    assert "2 draws are unresolved" in text.getvalue()
    assert f"{done.summary['fields']['plane']['n_points']} critical points" in text.getvalue()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("dimension: 2, length_scale: 0.8", "dimension: 4, length_scale: 0.9", "too many cells; at most 3"),
        ("0.8}", "1.2}", "length_scale=1.2: the torus is felt, moments differ by 0.0004 from the isotropic"),
        ("0.8}", "0.01}", r"length_scale=0.01: 2514\^2 cells are more than 200000; take it longer"),
        ("n_fields: 6", "n_fields: 1", "n_fields: 1"),
        (
            "{name: periodic_gaussian_field, dimension: 2, length_scale: 0.8}",
            "{name: himmelblau}",
            "no periodic_gaussian",
        ),
    ],
)
def test_what_is_wrong_is_told(before, after, told):
    with pytest.raises(ScenarioError, match=told):
        parse_scenario(SCENARIO.replace(before, after))
