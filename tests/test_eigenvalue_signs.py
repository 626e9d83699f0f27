"""Eigenvalue signs: counts, intervals and moments against NumPy and SciPy, bytes against workers, and how mistakes are told."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from saddlesim.cli import app
from saddlesim.cli.tables import print_result
from saddlesim.experiments import EigenvalueSigns
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.signs.counts import KINDS, InertiaCounts, fewest_samples, proportion
from saddlesim.experiments.signs.goodness import Goodness
from saddlesim.experiments.signs.laws import expansion_of
from saddlesim.experiments.signs.rare_events import rare_figures
from saddlesim.experiments.signs.words import blind_spot, power_text
from saddlesim.random_matrices import ENSEMBLES, Inertias
from saddlesim.random_matrices.rare import combined_replicas, tilting
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario
from saddlesim.spectrum import classify
from saddlesim.store import load_result


@dataclass(frozen=True)
class Stub:
    """Independent signs, of which some are zero; knows no law unless it is told one, which may be wrong."""

    n: int = 1
    negative: float = 0.5
    zero: float = 0.0
    law: float | None = None

    def of_size(self, n):
        return Stub(n, self.negative, self.zero, self.law)

    def sample_spectrum(self, n_samples, rng):
        weights = [self.negative, self.zero, 1 - self.negative - self.zero]
        return np.sort(rng.choice([-1.0, 0.0, 1.0], p=weights, size=(n_samples, self.n)), axis=1)

    def sample(self, n_samples, rng):
        return self.sample_spectrum(n_samples, rng)[:, :, None] * np.eye(self.n)

    def sample_inertia(self, n_samples, rng):
        spectra = self.sample_spectrum(n_samples, rng)
        return Inertias((spectra < 0).sum(axis=1), (spectra == 0).sum(axis=1))

    def index_distribution(self):
        return None if self.law is None else stats.binom.pmf(np.arange(self.n + 1), self.n, self.law)

    def log_probability_positive(self):
        return None


def signs(**changes):
    fields = {"ensembles": {"stub": Stub()}, "dimensions": (1, 3), "n_samples": 2500, "block_size": 1000}
    return EigenvalueSigns(**{**fields, **changes})


def computed(asked, seed=0):
    blocks = {p: [asked.run_block(p, b, seed) for b in range(asked.n_blocks(p))] for p in asked.points()}
    return asked.reduce(blocks, seed)


# ---- counts and what is estimated from them


def drawn(stub, sizes, stream, seed=0):
    """What a stub draws in blocks of these sizes, by NumPy alone."""
    streams = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(b, stream))) for b in range(len(sizes))]
    return np.concatenate([stub.sample_spectrum(n, rng) for n, rng in zip(sizes, streams, strict=True)])


def test_a_summary_is_what_numpy_makes_of_the_same_draws():
    stub = Stub(negative=0.4, zero=0.1)
    result = computed(signs(ensembles={"stub": stub}, dimensions=(3,), n_spectra=7))
    told = result.summary()["points"]["stub"]["n3"]
    spectra = drawn(stub.of_size(3), (1000, 1000, 500), stream=12)
    index = (spectra < 0).sum(axis=1)
    kinds = classify(spectra).kind
    assert told["n_minima"] == (spectra > 0).all(axis=1).sum()
    for kind in KINDS:
        assert told[f"probability_{kind}"] == pytest.approx((kinds == kind).mean(), abs=1e-15)
    assert sum(told[f"probability_{kind}"] for kind in KINDS) == pytest.approx(1)
    assert told["mean_index"] == pytest.approx(index.mean(), rel=1e-13)
    assert told["mean_index_standard_error"] == pytest.approx(stats.sem(index), rel=1e-12)
    assert told["mean_fraction_high"] == pytest.approx((index.mean() + stats.norm.ppf(0.975) * stats.sem(index)) / 3)
    assert told["variance_index"] == pytest.approx(index.var(ddof=1), rel=1e-12)
    assert told["ratio_to_coin"] == pytest.approx(8 * (spectra > 0).all(axis=1).mean())
    np.testing.assert_array_equal(result.counts["stub", 3].of_index(), np.bincount(index, minlength=4))
    np.testing.assert_array_equal(result.spectra("stub", 3), drawn(stub.of_size(3), (7,), stream=13))


@pytest.mark.parametrize(("method", "name"), [("wilson", "wilson"), ("clopper_pearson", "exact")])
@pytest.mark.parametrize("count", [0, 3, 50])
def test_intervals_are_those_of_scipy(method, name, count):
    interval = stats.binomtest(count, 50).proportion_ci(0.9, method=name)
    told = proportion(count, 50, 0.9, method)
    assert told[:3] == (count / 50, interval.low, interval.high)
    assert told.standard_error == pytest.approx((interval.high - interval.low) / 2 / 1.6448536269514722)


def test_the_variance_has_the_standard_error_that_repetition_shows():
    draws = np.random.default_rng(1).binomial(10, 0.3, size=(4000, 200))
    told = [InertiaCounts.of_samples(10, each, np.zeros_like(each)).variance(0.95) for each in draws]
    values, errors = np.array([[each.value, each.standard_error] for each in told]).T
    assert abs(values.mean() - 2.1) < 4 * values.std() / math.sqrt(4000)
    assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(), rel=4 / math.sqrt(2 * 4000))
    assert np.mean([each.low <= 2.1 <= each.high for each in told]) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(
    ("law", "n_samples", "least"),
    [
        ([0.5, 0.5], 30, 0.92),
        ([0.5, 0.5], 2000, 0.93),
        ([0.55, 0.45], 2000, 0.93),
        ([0.999, 0.001], 2000, 0.93),
        ([0.001, 0.499, 0.499, 0.001], 30, 0.93),  # a rare event behind what looks like a coin
        (2, 200, 0.93),
        (5, 2000, 0.93),
        (20, 2000, 0.93),
    ],
    ids=str,
)
def test_the_interval_of_the_variance_covers_it(law, n_samples, least):
    law = np.array(law if isinstance(law, list) else ENSEMBLES["goe"](n=law).index_distribution())
    index = np.arange(len(law))
    exact = law @ index**2 - (law @ index) ** 2
    draws = np.random.default_rng(7).multinomial(n_samples, law, size=2000)
    told = [InertiaCounts.of_samples(len(law) - 1, index, 0 * index, each).variance(0.95) for each in draws]
    covered = np.mean([each.low - 1e-12 <= exact <= each.high + 1e-12 for each in told])
    assert covered > least  # of 2000, with a standard error of half a per cent
    assert all(each.low <= each.value <= each.high for each in told)


@pytest.mark.parametrize("count", [0, 3, 50, 100, 140, 200])
def test_the_interval_of_a_coins_variance_is_wilsons_through_p_1_minus_p(count):
    low, high = (
        getattr(stats.binomtest(count, 200).proportion_ci(0.9, method="wilson"), end) for end in ("low", "high")
    )
    told = InertiaCounts.of_samples(1, np.arange(2), np.zeros(2, dtype=int), np.array([200 - count, count])).variance(
        0.9
    )
    assert told.low == pytest.approx(min(low * (1 - low), high * (1 - high)), abs=1e-7)
    largest = 0.25 if low < 0.5 < high else max(low * (1 - low), high * (1 - high))
    assert told.high == pytest.approx(max(largest, told.value), abs=1e-7)


@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_the_fewest_samples_are_those_from_which_an_interval_says_something(method, level):
    least = fewest_samples(level, method)
    assert proportion(0, least, level, method).high < 0.5
    assert least == 1 or proportion(0, least - 1, level, method).high >= 0.5


# ---- goodness of fit


def test_pooled_bins_are_those_made_by_hand():
    # 100 samples: 1 + 3 + 6 expected make a bin, 50, 38 two more, and 1.5 + 0.5 go with the last
    counts, law = [0, 2, 9, 52, 34, 3, 0], [0.01, 0.03, 0.06, 0.5, 0.38, 0.015, 0.005]
    told = Goodness.of(counts, law)
    known = stats.chisquare([11, 52, 37], [10, 50, 40])
    assert told.chi_square == pytest.approx(known.statistic, rel=1e-12)
    assert (told.degrees_of_freedom, told.p) == (2, pytest.approx(known.pvalue, rel=1e-12))
    assert told.z == pytest.approx(stats.norm.isf(known.pvalue), rel=1e-12)


def test_the_p_value_is_uniform_under_the_law():
    law = stats.binom.pmf(np.arange(9), 8, 0.5)
    drawn = np.random.default_rng(2).multinomial(5000, law, size=500)
    p = [Goodness.of(each, law).p for each in drawn]
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    together = Goodness.together(Goodness.of(each, law) for each in drawn)
    assert abs(together.z) < 4
    assert together.degrees_of_freedom == 500 * 8


def test_a_wrong_law_is_rejected_and_the_right_one_is_not():
    asked = signs(ensembles={"right": Stub(law=0.5), "wrong": Stub(law=0.47)}, dimensions=(4, 6), n_samples=20_000)
    told = computed(asked).summary()
    assert all(abs(each["chi_square_z"]) < 4 for each in told["points"]["right"].values())
    assert all(each["chi_square_z"] > 6 for each in told["points"]["wrong"].values())
    assert told["ensembles"]["wrong"]["chi_square_p"] < 1e-15
    assert told["ensembles"]["right"]["degrees_of_freedom"] == 4 + 6


def test_what_leaves_one_bin_tests_nothing_and_a_perfect_fit_has_a_finite_z():
    assert Goodness.of([3, 5], [0.4, 0.6]) is None
    assert Goodness.of([500, 490, 10], [0.5, 0.5, 0.0]).p == 0
    assert Goodness.together([None, None]) is None
    assert Goodness.of([50, 50], [0.5, 0.5]).z == pytest.approx(stats.norm.isf(1 - 1e-16))


# ---- laws, and where there are none


def test_an_exact_law_stands_beside_the_estimates():
    result = computed(signs(ensembles={"coin": {"name": "independent_signs"}}, dimensions=(4, 1500)))
    small, large = result.summary()["points"]["coin"].values()
    assert small["exact_probability_minimum"] == pytest.approx(1 / 16)
    assert small["exact_probability_saddle"] == pytest.approx(14 / 16)
    assert (small["exact_mean_index"], small["exact_variance_index"]) == (2, 1)
    assert small["log10_exact_ratio_to_coin"] == pytest.approx(0, abs=1e-12)
    assert large["exact_probability_minimum"] == 0
    assert large["log10_exact_probability_minimum"] == pytest.approx(-1500 * math.log10(2))
    assert large["exact_variance_index"] == pytest.approx(375)
    assert large["ratio_to_coin"] is None
    assert large["blind_spot"] == "0 of 2500: below 1.2e-3 at 95 %; exact 2.9e-452"


def test_expansions_are_those_of_the_literature():
    made = {label: ENSEMBLES[label] for label in ("goe", "gue", "beta_ensemble", "wigner_plus_wishart", "wishart")}
    goe = expansion_of(made["goe"](n=1000))
    assert goe.variance_index == pytest.approx(math.log(1000) / math.pi**2 + 0.2454968, abs=1e-7)
    assert goe.log_probability_positive == pytest.approx(-math.log(3) / 4 * 1e6, rel=0.002)
    assert expansion_of(made["beta_ensemble"](n=1000, beta=1)) == goe
    assert expansion_of(made["beta_ensemble"](n=1000, beta=3)) == (None, None, None)
    assert expansion_of(made["gue"](n=1000)).variance_index == pytest.approx((goe.variance_index + 1 / 8) / 2)
    below, above = (expansion_of(made["wigner_plus_wishart"](n=200, energy=e, ratio=0.25)) for e in (0.0435, 0.5))
    assert below.mean_fraction == 0
    assert 0.2 < above.mean_fraction < 0.5
    assert expansion_of(Stub()) == expansion_of(made["wishart"]()) == (None, None, None)


def test_where_no_law_is_known_the_figures_are_none():
    told = computed(signs()).summary()["points"]["stub"]["n3"]
    assert told["exact_probability_minimum"] is None
    assert told["chi_square_z"] is None
    assert told["blind_spot"] is None  # there were minima


@pytest.mark.parametrize(
    ("count", "level", "known", "words"),
    [
        (1_000_000, 0.95, {"exact": math.log10(2.3e-14)}, "0 of 1e6: below 3.0e-6 at 95 %; exact 2.3e-14"),
        (500, 0.99, {"exact": None}, "0 of 500: below 9.2e-3 at 99 %"),
        (10, 0.5, {"exact": -math.inf}, "0 of 10: below 0.067 at 50 %; exact 0"),
    ],
)
def test_the_blind_spot_of_counting_is_said_in_words(count, level, known, words):
    assert blind_spot(count, level, known) == words


def test_numbers_too_small_for_a_float_are_spelt():
    assert power_text(-400.3) == "5.0e-401"
    assert power_text(math.log10(9.99e-5)) == "1.0e-4"
    assert power_text(math.log10(0.146447), 3) == "0.146"


@pytest.mark.parametrize("n_rare_samples", [0, 50])
def test_the_summary_names_are_those_of_the_summary(n_rare_samples):
    others = {} if n_rare_samples else {"stub": Stub()}
    asked = signs(ensembles={"goe": {"name": "goe"}, **others}, n_rare_samples=n_rare_samples)

    def names(figures, prefix=""):
        for key, each in figures.items():
            yield from names(each, f"{prefix}{key}.") if isinstance(each, dict) else [(f"{prefix}{key}", each)]

    summary = computed(asked).summary()
    told = {name: each for name, each in names(summary) if not isinstance(each, str)}
    listed = set(asked.summary_names())
    assert listed <= set(told)
    absent = {name for name in set(told) - listed if not name.endswith("blind_spot")}
    assert all(told[name] is None for name in absent)
    assert bool(absent) == bool(others)  # a stub of which nothing is known
    assert set(dotted_figures(summary)) <= listed


# ---- blocks

SCENARIO = """
version: 1
title: signs
seed: 3
experiment:
  name: eigenvalue_signs
  ensembles: {coin: {name: independent_signs}}
  dimensions: [2, 5]
  n_samples: 2500
  n_spectra: 5
  block_size: 1000
expect:
  - {name: points.coin.n5.probability_minimum, value: 0.03125, z: 4}
  - {name: points.coin.n2.exact_variance_index, value: 0.5}
"""


def contents(folder):
    files = [folder / "results.nc", folder / "summary.json", *(folder / "blocks").iterdir()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_bytes_do_not_depend_on_workers_or_interruption(tmp_path):
    text = SCENARIO.replace("n_spectra: 5", "n_spectra: 10\n  n_rare_samples: 2000")
    text = text.replace("{coin: {name: independent_signs}}", "{coin: {name: independent_signs}, goe: {name: goe}}")
    scenario = parse_scenario(text, name="it")
    one, two = (run(scenario, jobs, tmp_path / str(jobs)) for jobs in (1, 2))
    assert contents(one.folder) == contents(two.folder)
    assert one.passed
    before = contents(one.folder)
    for path in sorted((one.folder / "blocks").iterdir())[::2]:
        path.unlink()
    again = run(scenario, 1, tmp_path / "1")
    assert (
        again.manifest["blocks"]["computed"] == 32
    )  # of 12 of signs, 4 and 4 of spectra, 2 * 20 replicas and 2 * 2 tilted ones
    assert contents(again.folder) == before


@pytest.mark.parametrize(
    ("before", "after", "n_computed"),
    [
        ("{coin:", "{other: {name: independent_signs}, coin:", 0),  # the same law by another name
        ("[2, 5]", "[2, 3, 5]", 4),
        ("n_samples: 2500", "n_samples: 3500", 4),
        ("n_spectra: 5", "n_spectra: 6", 2),
        ("n_samples: 2500", "n_samples: 2500\n  interval: clopper_pearson\n  confidence_level: 0.5", 0),
    ],
)
def test_what_is_added_computes_itself_and_changes_nothing_else(tmp_path, before, after, n_computed):
    first = run(parse_scenario(SCENARIO, name="it"), 1, tmp_path)
    more = run(parse_scenario(SCENARIO.replace(before, after), name="it"), 1, tmp_path)
    assert more.manifest["blocks"]["computed"] == n_computed
    if "n_samples: 3500" not in after:
        for n in (2, 5):
            told, again = (each.result.counts["coin", n].of_index() for each in (first, more))
            np.testing.assert_array_equal(told, again)


def test_sizes_have_random_numbers_of_their_own_and_ensembles_share_them():
    class Same(Stub):
        """One law whatever the size."""

        def of_size(self, n):
            return Same(n)

        def sample_inertia(self, n_samples, rng):
            return Inertias(rng.integers(0, 2, n_samples), np.zeros(n_samples, dtype=int))

    asked = signs(ensembles={"a": Same(), "b": Same()}, dimensions=tuple(range(1, 11)))
    first, second = np.reshape([each.samples[0] for each in computed(asked).counts.values()], (2, 10))
    np.testing.assert_array_equal(first, second)
    assert len(set(first)) > 5


def test_a_stored_result_is_read_back_whole(tmp_path):
    done = run(parse_scenario(SCENARIO, name="it"), 1, tmp_path)
    again = load_result(done.folder / "results.nc")
    assert again.summary() == done.summary
    np.testing.assert_array_equal(again.spectra("coin", 5), done.result.spectra("coin", 5))
    assert again.spectra("coin", 5).shape == (5, 5)
    np.testing.assert_array_equal(again.laws["coin", 2].distribution, [0.25, 0.5, 0.25])


# ---- rare events


def test_rare_events_are_estimated_by_either_method():
    asked = signs(
        ensembles={"goe": {"name": "goe"}, "field": {"name": "isotropic_field"}},  # tilted, split
        dimensions=(2, 3),
        n_rare_samples=4000,
        n_spectra=4000,
    )
    result = computed(asked)
    told = {label: result.summary()["points"][label]["n2"]["rare"] for label in asked.ensembles}
    known = {"goe": math.log((2 - math.sqrt(2)) / 4), "field": math.log((1 - 1 / math.sqrt(3)) / 2)}
    assert [each["method"] for each in told.values()] == ["tilting", "splitting"]
    assert [each["n_samples"] for each in told.values()] == [4000, 20]
    for label, exact in known.items():
        error = told[label]["log_probability_standard_error"]
        assert 0 < error < 0.05
        assert abs(told[label]["log_probability"] - exact) < 4 * error
        point = {"goe": "goe:2:rare", "field": "field:2:rare"}[label]
        logs = [asked.run_block(point, b, 0)["log_weight"] for b in range(asked.n_blocks(point))]
        weights = np.exp(np.concatenate(logs))
        assert error == pytest.approx(stats.sem(weights) / weights.mean(), rel=1e-10)
        assert told[label]["exact_z"] == pytest.approx((math.log(weights.mean()) - exact) / error, abs=1e-8)
        spectra, weights = result.positive_spectra(label, 2)
        assert (spectra > 0).all()
        drawn = asked.ensembles[label].of_size(2).sample_spectrum(40_000, np.random.default_rng(5))
        kept = drawn[drawn[:, 0] > 0]
        mean = np.average(spectra, axis=0, weights=weights)
        # split ones are not independent: twelve moves leave about a tenth of them that are
        independent = len(spectra) / (1 if label == "goe" else 10)
        errors = kept.std(axis=0) * math.sqrt(1 / independent + 1 / len(kept))
        assert (np.abs(mean - kept.mean(axis=0)) < 4 * errors).all()


def test_an_estimate_of_blocks_is_the_mean_of_their_weights():
    asked_for = {"ensembles": {"goe": {"name": "goe"}}, "dimensions": (4,), "n_rare_samples": 2500}
    asked = signs(**asked_for)
    weights = np.exp(np.concatenate([asked.run_block("goe:4:rare", b, 0)["log_weight"] for b in range(3)]))
    assert weights.shape == (2500,)
    told = computed(asked).rare("goe", 4)
    assert told.log_probability == pytest.approx(math.log(weights.mean()), rel=1e-12)
    error = stats.sem(weights) / weights.mean()
    assert told.log_high - told.log_probability == pytest.approx(stats.t.ppf(0.975, 2499) * error, rel=1e-10)
    for level in (0.5, 0.95, 0.999):
        of_level = signs(**asked_for, confidence_level=level)
        (figures,) = (each["rare"] for each in computed(of_level).summary()["points"]["goe"].values())
        assert figures["log_probability_standard_error"] == pytest.approx(error, rel=1e-10)
        exact = 0.25 - math.sqrt(2) / 16 - 1 / (2 * math.pi)  # of four rows
        z = (math.log(weights.mean()) - math.log(exact)) / error
        assert figures["exact_z"] == pytest.approx(z, rel=1e-8)


def test_whether_a_probability_is_within_reach_is_told_without_computing_it(monkeypatch):
    def computed(*form):
        raise AssertionError(f"the tables of {form} were computed")

    monkeypatch.setattr(tilting, "positive_futures", computed)
    assert not signs(ensembles={"goe": {"name": "goe"}}, dimensions=(100, 400), n_rare_samples=1000).check()
    (problem,) = signs(ensembles={"it": {"name": "goe"}}, dimensions=(500,), n_rare_samples=1000).check()
    assert str(problem).startswith("ensembles.it: n_rare_samples asks for P(all positive) of goe(n=500): ")


def test_what_never_turns_positive_is_told_as_not_reached(tmp_path, capsys):
    result = EigenvalueSigns(ensembles={"stub": Stub()}, dimensions=(2,), n_rare_samples=400)
    told = rare_figures(combined_replicas([-math.inf] * 20), None)
    assert told["log_probability"] is None
    assert told["effective_sample_size"] == 0
    (problem,) = result.check()
    assert problem.path == ("ensembles", "stub")
    assert "no change of its matrices is known" in problem.message


@pytest.mark.parametrize(("name", "given", "least"), [("goe", 1, 2), ("equal_variances", 199, 200)])
def test_too_few_rare_samples_are_told(name, given, least):
    asked = {"ensembles": {"it": {"name": name}}, "dimensions": (2,)}
    (problem,) = signs(**asked, n_rare_samples=given).check()
    assert problem.path == ("n_rare_samples",)
    assert problem.message.endswith(f"at least {least}")
    assert not signs(**asked, n_rare_samples=least).check()


# ---- what is told


def test_the_table_has_a_line_for_each_size_and_says_what_was_not_seen(tmp_path, capsys):
    print_result(
        run(parse_scenario(SCENARIO.replace("[2, 5]", "[2, 30]").replace("n5", "n2")), 1, tmp_path), False, False
    )
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("coin ")] == [
        ["coin", "2"],
        ["coin", "30"],
    ]
    assert "coin, n = 30: 0 of 2500: below 1.2e-3 at 95 %; exact 9.3e-10" in out


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[2, 5]", "[2, 0]", r"dimensions\[1\]: 0 must be positive"),
        ("[2, 5]", "[200000]", r"dimensions\[0\]: 200000 must be at most 100000"),
        ("[2, 5]", "[]", "dimensions: no size is given; at least one"),
        ("[2, 5]", "[2, 5, 2]", r"dimensions\[2\]: 2 stands twice; remove one"),
        ("{coin: {name: independent_signs}}", "{}", "ensembles: .* has too few entries"),
        ("independent_signs", "independent_sign", "ensembles.coin.name: .* did you mean 'independent_signs'"),
        ("n_samples: 2500", "n_samples: 3", r"n_samples: 3 samples cannot tell .* \(wilson\); at least 4"),
        ("n_samples: 2500", "interval: wald", "interval: 'wald' is not allowed; must be 'wilson' or 'clopper_pearson'"),
        ("n_samples: 2500", "confidence_level: 1", "confidence_level: 1 must be "),
        ("n_spectra: 5", "n_spectra: 1e7", "n_spectra: 70000000 eigenvalues in all, .* at most 285714"),
        ("n5.probability_minimum", "n6.probability_minimum", "no figure 'points.coin.n6.probability_minimum'"),
        ("independent_signs}", "independent_signs, n: 7}", r"ensembles.coin.n: 7 would be ignored, for dimensions"),
        ("independent_signs}", "sparse}", "no figure 'points.coin.n2.exact_variance_index'"),  # its law is not known
    ],
)
def test_what_is_wrong_is_told(before, after, told):
    with pytest.raises(ScenarioError, match=told) as caught:
        parse_scenario(SCENARIO.replace(before, after), "a.yaml")
    located = [line for line in str(caught.value).splitlines() if line.startswith("a.yaml:")]
    assert len(located) == 1


def test_an_ensemble_that_cannot_have_a_size_is_told_by_its_label():
    class Even(Stub):
        def of_size(self, n):
            if n % 2:
                raise ValueError(f"n={n}: must be even")
            return Stub(n)

    (problem,) = signs(ensembles={"stub": Stub(), "even": Even()}, dimensions=(2, 3, 5)).check()
    assert problem.path == ("ensembles", "even")
    assert problem.message.endswith("cannot have dimension 3: n=3: must be even")


def test_ensembles_are_listed():
    told = CliRunner().invoke(app, ["list", "ensembles", "--json"])
    assert told.exit_code == 0
    entries = json.loads(told.stdout)
    assert [each["name"] for each in entries] == list(ENSEMBLES)
    assert all(each["what"] and each["source"] for each in entries)
    shown = CliRunner().invoke(app, ["list", "ensembles"])
    assert all(name in shown.stdout for name in ENSEMBLES)
