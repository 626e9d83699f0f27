from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from threadpoolctl import threadpool_limits

from saddlesim.blocks import block_key
from saddlesim.cli.tables.field_index_by_level import tables
from saddlesim.experiments import EXPERIMENTS
from saddlesim.experiments.levels.curves import Curves, index_fraction, level_edges, limit_index_fraction
from saddlesim.experiments.levels.finding import find
from saddlesim.experiments.levels.landscapes import IsotropicField, SphericalPSpin
from saddlesim.experiments.levels.law import index_law, pfaffian
from saddlesim.experiments.levels.moments import effective_draws, estimate, moments
from saddlesim.objectives import OBJECTIVES
from saddlesim.plots import plot
from saddlesim.random_matrices.exact import eigenvalue_densities
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    with threadpool_limits(1):
        yield


# ---- the law


@pytest.mark.parametrize("m", [2, 4, 6])
def test_pfaffian_is_the_sum_over_pairings(m):
    rng = np.random.default_rng(m)
    a = rng.standard_normal((3, m, m)) + 1j * rng.standard_normal((3, m, m))
    a -= a.swapaxes(1, 2)

    def pairings(places):
        if not places:
            return 1
        first, *rest = places
        return sum(
            (-1) ** k * a[:, first, other] * pairings([each for each in rest if each != other])
            for k, other in enumerate(rest)
        )

    np.testing.assert_allclose(pfaffian(a), pairings(list(range(m))), rtol=1e-12)


def test_one_row_has_a_closed_law():
    x = np.array([-3.0, -1.0, 0.3, 2.0])
    s = math.sqrt(2)  # g ~ N(0, 2): E (x - g)^+ and E (g - x)^+
    below, above = x * norm.cdf(x / s) + s * norm.pdf(x / s), s * norm.pdf(x / s) - x * norm.cdf(-x / s)
    law, weight = index_law(1, x)
    np.testing.assert_allclose(law, np.stack([above, below]) / (below + above), atol=1e-13)
    np.testing.assert_allclose(weight / weight[0], (below + above) / (below[0] + above[0]), rtol=1e-12)


@pytest.mark.parametrize(("n", "x"), [(2, -1.3), (3, 0.4)])
def test_the_law_is_that_of_the_joint_density_of_eigenvalues(n, x):
    # midpoints on a grid that has x between its cells, so that every sign is that of the whole cell
    side = x + 0.12 * (np.arange(-80, 80) + 0.5)
    grid = np.stack(np.meshgrid(*[side] * n), -1).reshape(-1, n)
    weight = np.exp(-(grid**2).sum(axis=1) / 4) * np.abs(grid - x).prod(axis=1)
    for i, j in itertools.combinations(range(n), 2):
        weight *= np.abs(grid[:, i] - grid[:, j])
    expected = np.bincount((grid < x).sum(axis=1), weight, n + 1) / weight.sum()
    np.testing.assert_allclose(index_law(n, [x])[0][:, 0], expected, atol=3e-3)


@pytest.mark.parametrize("n", [4, 7])
def test_signs_of_the_determinant_sum_to_a_hermite_polynomial(n):
    # E det(GOE(n) - x) is the Hermite polynomial of weight exp(-x^2 / 2), up to sign: sum (-1)^k P_k E|det| is proportional to it
    x = np.linspace(-4, 3, 8)
    law, weight = index_law(n, x)
    signed = ((-1.0) ** np.arange(n + 1) @ law) * weight
    hermite = np.polynomial.hermite_e.hermeval(x, [0] * n + [1])
    np.testing.assert_allclose(signed / signed[0], hermite / hermite[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_the_law_is_that_of_the_eigenvalue_of_one_more_row_that_lies_at_the_level(n):
    levels = [-6.5, -1.0, 0.0, 2.3]
    law, weight = index_law(n, levels)
    densities = np.stack([eigenvalue_densities(n + 1, x) for x in levels], axis=1)
    np.testing.assert_allclose(law, densities / densities.sum(axis=0), atol=2e-12)
    determinant = densities.sum(axis=0) * np.exp(np.square(levels) / 4)
    np.testing.assert_allclose(weight / weight[0], determinant / determinant[0], rtol=1e-9)


def test_a_law_of_many_rows_is_whole_and_symmetric():
    law, _ = index_law(60, [-9.0, 0.0, 9.0])
    np.testing.assert_allclose(law.sum(axis=0), 1, atol=1e-10)
    np.testing.assert_allclose(law[:, 0], law[::-1, 2], atol=1e-11)
    assert np.arange(61) @ law[:, 1] == pytest.approx(30, abs=1e-9)


# ---- landscapes


@pytest.mark.parametrize("p", [2, 3, 7])
def test_two_spins_have_the_known_mean_number(p):
    curves = Curves.of(SphericalPSpin(dimension=2, p=p), 30)
    assert curves.exact_number == pytest.approx(2 * math.sqrt(3 * p - 2), rel=1e-11)


@pytest.mark.parametrize("n_spins", [2, 5, 20])
def test_pairs_of_spins_have_two_critical_points_of_every_index(n_spins):
    curves = Curves.of(SphericalPSpin(dimension=n_spins, p=2), 10)
    np.testing.assert_allclose(curves.moments()[0] * curves.exact_number, 2, rtol=1e-8)


@pytest.mark.parametrize(("n_spins", "p"), [(3, 3), (4, 3), (6, 5)])
def test_exact_numbers_have_the_characteristic_of_the_sphere(n_spins, p):
    curves = Curves.of(SphericalPSpin(dimension=n_spins, p=p), 30)
    numbers = curves.moments()[0] * curves.exact_number
    assert (-1.0) ** np.arange(n_spins) @ numbers == pytest.approx(1 + (-1) ** (n_spins - 1), abs=1e-9)


def test_isotropic_fields_have_the_known_fractions():
    two, three = (Curves.of(IsotropicField(dimension=n), 30) for n in (2, 3))
    np.testing.assert_allclose(two.moments()[0], [1 / 4, 1 / 2, 1 / 4], rtol=1e-12)
    rare, common = (29 - 6 * math.sqrt(6)) / 116, (29 + 6 * math.sqrt(6)) / 116
    np.testing.assert_allclose(three.moments()[0], [rare, common, common, rare], rtol=1e-12)


def test_a_field_on_the_line_has_rices_number():
    assert Curves.of(IsotropicField(dimension=1), 30).exact_number == pytest.approx(math.sqrt(3) / math.pi, rel=1e-12)


def test_a_field_in_the_plane_has_longuet_higgins_number():
    # his 2 / (sqrt(3) pi) times the second spectral moment's share of the fourth, here 1
    assert Curves.of(IsotropicField(dimension=2), 30).exact_number == pytest.approx(
        2 / (math.sqrt(3) * math.pi), rel=1e-12
    )


def test_levels_of_a_curve_are_where_bins_and_thresholds_end():
    curves = Curves.of(IsotropicField(dimension=4), 7)
    edges = level_edges(7)
    within = curves.between(edges[:-1], edges[1:])
    outside = curves.between(-math.inf, edges[0]) + curves.between(edges[-1], math.inf)
    assert within.sum() + outside.sum() == pytest.approx(1, abs=1e-12)
    assert index_fraction(within)[3] == pytest.approx(1 / 2, abs=1e-10)


def test_the_limit_is_neared():
    level = np.linspace(-0.9, 0.9, 7)
    far = [
        np.abs(index_fraction(index_law(n, 2 * math.sqrt(n) * level)[0]) - limit_index_fraction(level)).max()
        for n in (5, 20, 60)
    ]
    assert far[0] > 2 * far[1] > 4 * far[2]


# ---- critical points that are found


def test_of_pairs_of_spins_eigenvectors_are_found():
    for n_spins in (2, 3):
        rng, same = np.random.default_rng(3), np.random.default_rng(3)
        found = find(n_spins, 2, rng)
        glass = OBJECTIVES["spherical_p_spin"](dimension=n_spins, p=2, seed=int(same.integers(2**63)))
        known = sorted((each.value / n_spins, each.index) for each in glass.critical_points)
        told = sorted(zip(found.level.tolist(), found.morse_index.tolist(), strict=True))
        np.testing.assert_allclose(told, known, rtol=1e-9)


@pytest.mark.parametrize("p", [3, 6])
def test_on_the_circle_all_are_found(p):
    for seed in range(20):
        found = find(2, p, np.random.default_rng(seed))
        glass = OBJECTIVES["spherical_p_spin"](dimension=2, p=p, seed=int(np.random.default_rng(seed).integers(2**63)))
        angle = np.linspace(0, 2 * np.pi, 20_001)[:-1]
        rising = np.diff(glass.value(np.stack([np.cos(angle), np.sin(angle)])), append=np.nan)
        rising[-1] = rising[0]
        assert found.is_whole
        assert len(found.level) == (np.sign(rising) != np.sign(np.roll(rising, 1))).sum()


def test_on_the_sphere_as_many_are_found_as_tensors_have_eigenvectors_at_most():
    for seed in range(5):
        found = find(3, 3, np.random.default_rng(seed))
        assert found.is_whole
        assert len(found.level) % 4 == 2  # 2 V + 2 (V - 1) of them, with V minima
        assert len(found.level) <= 2 * 7  # Cartwright, Sturmfels: ((p - 1)^3 - 1) / (p - 2) lines


# ---- estimates


def test_equal_draws_give_the_usual_errors():
    rng = np.random.default_rng(0)
    a, coin = rng.standard_normal((500, 1)), rng.random((500, 1)) < 0.1
    made = estimate(moments(a, np.ones_like(a))[:, 0])
    assert made.value == pytest.approx(a.mean())
    assert made.standard_error == pytest.approx(a.std(ddof=1) / math.sqrt(500))
    told = estimate(moments(coin.astype(float), np.ones_like(a))[:, 0], bounded=True)
    wilson = binomtest(int(coin.sum()), 500).proportion_ci(method="wilson")
    assert (told.low, told.high) == pytest.approx((wilson.low, wilson.high), rel=5e-3)


def test_points_of_one_draw_count_once():
    rng = np.random.default_rng(1)
    a, b = rng.random((400, 1)), 1 + rng.random((400, 1))
    one, twice = (estimate(moments(k * a, k * b)[:, 0]) for k in (1, 2))
    assert twice == pytest.approx(one)
    assert effective_draws(moments(a, np.array([[1.0]] * 399 + [[1e9]])))[0] == pytest.approx(1)


def test_where_all_agree_the_interval_is_wilsons_for_none_of_so_many():
    all_ones = estimate(moments(np.full((200, 1), 0.3), np.full((200, 1), 0.3))[:, 0], bounded=True)
    wilson = binomtest(200, 200).proportion_ci(method="wilson")
    assert all_ones[:3] == pytest.approx((1, wilson.low, 1))


def test_errors_of_ratios_are_those_seen_between_repetitions():
    rng = np.random.default_rng(2)
    b = rng.exponential(size=(400, 300, 1))
    a = b * rng.random(b.shape) ** 2
    made = [estimate(moments(*each)[:, 0]) for each in zip(a, b, strict=True)]
    seen = np.std([each.value for each in made])
    assert np.mean([each.standard_error for each in made]) == pytest.approx(seen, rel=4 / math.sqrt(2 * 400))


# ---- the experiment

SCENARIO = """
version: 1
title: levels
experiment:
  name: field_index_by_level
  landscapes:
    circle: {name: spherical_p_spin, dimension: 2, p: 4}
    glass: {name: spherical_p_spin, dimension: 6, p: 3}
    field: {name: isotropic_field, dimension: 4}
    large: {name: isotropic_field, dimension: 120}
  n_levels: 12
  n_draws: 1500
  n_samples: 1500
expect:
  - {name: landscapes.circle.number, value: 6.324555320, z: 4}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    scenario = parse_scenario(SCENARIO, name="it")
    return [run(scenario, jobs, tmp_path_factory.mktemp(str(jobs))) for jobs in (1, 2)]


def test_bytes_do_not_depend_on_workers(runs):
    one, two = runs
    for name in ("results.nc", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert one.passed


def test_every_block_has_a_key_of_its_own():
    asked = parse_scenario(SCENARIO, name="it").experiment
    keys = [block_key(asked, point, block, 0) for point in asked.points() for block in range(asked.n_blocks(point))]
    assert len(set(keys)) == len(keys) == 3 + 30 + 3 * 2


def test_what_is_measured_agrees_with_what_is_exact(runs):
    landscapes = runs[0].summary["landscapes"]
    for label in ("circle", "glass", "field"):
        figures = landscapes[label]
        assert figures["largest_deviation"] < 4
        for each in figures["indices"].values():
            assert abs(each["mean_level"] - each["exact_mean_level"]) < 4 * each["mean_level_standard_error"]
            assert each["spread"] == pytest.approx(each["exact_spread"], rel=0.2)
            assert each["fraction_low"] <= each["fraction"] <= each["fraction_high"]
    assert landscapes["circle"]["n_partial"] == 0
    assert landscapes["glass"]["number"] is None
    assert landscapes["glass"]["indices"]["0"]["fraction"] == pytest.approx(
        landscapes["glass"]["indices"]["0"]["exact_fraction"], rel=0.05
    )


def test_a_large_landscape_has_the_limit_but_no_exact_law(runs):
    figures = runs[0].summary["landscapes"]["large"]
    assert figures["exact_number"] is None
    middle = figures["levels"]["5"]
    assert middle["exact_index_fraction"] is None
    assert middle["index_fraction"] == pytest.approx(middle["limit_index_fraction"], abs=0.01)
    assert figures["indices"]["0"]["fraction"] is None  # its samples weigh too little


def test_summary_names_are_the_figures_there_can_be(runs):
    def names(figures, prefix=""):
        for name, each in figures.items():
            if isinstance(each, dict):
                yield from names(each, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}"

    told = {each for each in names(runs[0].summary) if not each.endswith(".landscape")}
    assert told == set(runs[0].result.experiment.summary_names())


def test_pictures_and_tables_show_it(runs):
    figures = plot(runs[0].result)
    index_axes, minima_axes = figures["index_by_level"].axes
    curves = runs[0].result.curves["field"]
    np.testing.assert_allclose(index_axes.lines[-1].get_ydata(), limit_index_fraction(np.linspace(-1.5, 1.5, 400)))
    assert any(np.array_equal(line.get_xdata(), curves.level) for line in minima_axes.lines)
    assert len(figures["layers"].axes) == 6
    _, table, levels = list(tables(runs[0]))[:3]
    assert table.row_count == 4
    assert [column.header for column in levels.columns[1:]] == ["circle", "glass", "field", "large"]


def test_the_legend_tells_points_from_lines_and_where_there_are_none(runs):
    legend = plot(runs[0].result)["index_by_level"].axes[1].get_legend()
    lines = dict(zip((text.get_text() for text in legend.get_texts()), legend.legend_handles, strict=True))
    assert list(lines) == ["circle", "glass", "field", "large", "points: measured", "lines: exact", "limit of large n"]
    assert [lines[label].get_linestyle() for label in ("circle", "large")] == ["-", "None"]


def test_of_curves_that_are_one_both_are_seen():
    landscapes = {f"p{p}": {"name": "spherical_p_spin", "dimension": 2, "p": p} for p in (2, 3)}
    asked = EXPERIMENTS["field_index_by_level"](landscapes=landscapes, n_draws=100, n_samples=100)
    blocks = {point: [asked.run_block(point, b, 0) for b in range(asked.n_blocks(point))] for point in asked.points()}
    index_axes, _ = plot(asked.reduce(blocks, 0))["index_by_level"].axes
    below, above = (line for line in index_axes.lines if line.get_linestyle() == "-")
    assert below.get_linewidth() > 2 * above.get_linewidth()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("isotropic_field, dimension: 4", "isotropic, dimension: 4", "'isotropic' is no landscape; did you mean"),
        ("dimension: 2, p: 4", "dimension: 1, p: 4", "dimension: 1 must be at least 2"),
        ("dimension: 2, p: 4", "dimension: 2, p: 1", "p: 1 must be at least 2"),
        ("dimension: 120", "dimension: 1000", "dimension: 1000 must be at most 200"),
        ("n_draws: 1500", "n_draws: 5", "n_draws: 5 must be at least 100"),
        ("n_samples: 1500", "n_samples: 0", "n_samples: 0 must be"),
        ("n_levels: 12", "n_levels: 0", "n_levels: 0 must be positive"),
        ("landscapes.circle.number", "landscapes.circle.numbre", "no figure 'landscapes.circle.numbre'"),
    ],
)
def test_what_is_wrong_is_told(before, after, told):
    with pytest.raises(ScenarioError, match=told):
        parse_scenario(SCENARIO.replace(before, after))


def test_landscapes_cannot_be_none():
    with pytest.raises(ValueError, match="landscapes"):
        EXPERIMENTS["field_index_by_level"](landscapes={})


@pytest.mark.slow
def test_on_the_sphere_further_starts_find_nothing_more(monkeypatch):
    counts = [[len(find(3, p, np.random.default_rng(s)).level) for p in (3, 6) for s in range(60)]]
    monkeypatch.setattr("saddlesim.experiments.levels.finding.N_STARTS", 1500)
    counts.append([len(find(3, p, np.random.default_rng(s)).level) for p in (3, 6) for s in range(60)])
    assert counts[0] == counts[1]


@pytest.mark.slow
def test_the_mean_number_on_the_sphere():
    numbers = np.array([len(find(3, 3, np.random.default_rng(seed)).level) for seed in range(2000)])
    exact = Curves.of(SphericalPSpin(dimension=3, p=3), 30).exact_number
    assert abs(numbers.mean() - exact) < 4 * numbers.std() / math.sqrt(len(numbers))
