"""The audit: what methods claim against what the Hessian says, stops against closed forms, rates against SciPy's intervals."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binomtest

from saddlesim.analysis import listed_points
from saddlesim.experiments import Audit
from saddlesim.experiments.auditing.audit import AUDITED
from saddlesim.experiments.auditing.scipy_methods import METHOD_NAMES, Scipy
from saddlesim.experiments.auditing.stop_points import nearest_labels, stop_points
from saddlesim.experiments.auditing.stopping import StoppingRule
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.endpoints import FINAL_KINDS
from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario
from saddlesim.store import load_result, save_result

TOY = OBJECTIVES["strict_saddle_toy"]()
DESCENT = OPTIMIZERS["gradient_descent"](learning_rate=0.1)
NINE = set(METHOD_NAMES) - {"dogleg", "trust-exact"}


def result_of(asked, seed=0):
    return asked.reduce({point: [asked.run_block(point, 0, seed)] for point in asked.points()}, seed)


@pytest.fixture(scope="module")
def toy():
    """All of SciPy's methods and two optimizers on the function of Lee et al., from everywhere."""
    methods = {name: Scipy(method=name) for name in METHOD_NAMES}
    methods |= {"gd": DESCENT, "newton": OPTIMIZERS["newton"]()}
    return result_of(
        Audit(objectives={"toy": TOY}, methods=methods, distances=(1e-9, 1e-5, 1e-4, 1e-3, 1e-1), n_random=6)
    )


# ---- claims


def test_from_the_stable_eigenspace_nine_of_eleven_claim_success_at_the_saddle(toy):
    for name in METHOD_NAMES:
        (one,) = np.flatnonzero(toy.runs(name, start="stable_eigenspace"))
        np.testing.assert_array_equal(toy["x0"][one], [1, 0])
        claimed, at_saddle = bool(toy["claimed"][one]), np.abs(toy["x"][one]).max() < 1e-4
        assert (claimed and at_saddle) == (name in NINE), name
        if name == "trust-exact":
            assert claimed
            assert abs(toy["x"][one][1]) == pytest.approx(1, abs=1e-4)
        if name == "dogleg":
            assert not claimed
            assert "non-psd" in toy["message"][one]


def test_started_on_the_saddle_everyone_stays_and_claims_success(toy):
    on = toy.runs(start="saddle")
    assert on.sum() == 13
    assert (toy["claimed"][on] == 1).all()
    assert (toy["left"][on] == 0).all()
    assert (toy["x"][on] == 0).all()
    for label in toy.experiment.methods:
        figures = toy.summary()["methods"][label]["by_start"]["saddle"]
        assert (figures["false_success_rate"], figures["release_rate"]) == (1, 0)


def test_where_a_run_stops_is_judged_by_the_hessian_written_out(toy):
    x, y = toy["x"].T
    lowest = np.minimum(1, 3 * y * y - 1)
    np.testing.assert_allclose(toy["lowest_eigenvalue"], lowest, rtol=1e-12)
    np.testing.assert_array_equal(toy["index"], lowest < 0)
    np.testing.assert_allclose(toy["gradient_norm"], np.hypot(x, y**3 - y), rtol=1e-9, atol=1e-15)
    saddle = np.hypot(x, y) < 1e-2
    np.testing.assert_array_equal(np.array(FINAL_KINDS)[toy["kind"]][saddle], "saddle")
    np.testing.assert_array_equal(toy["nearest"][saddle], "saddle")
    claimed_elsewhere = (toy["claimed"] == 1) & ~saddle
    np.testing.assert_array_equal(np.array(FINAL_KINDS)[toy["kind"]][claimed_elsewhere], "minimum")


def test_rates_are_counts_with_wilsons_interval(toy):
    runs = toy.runs("BFGS")
    count, total = int(((toy["claimed"] == 1) & (np.abs(toy["x"][:, 1]) < 0.5) & runs).sum()), int(runs.sum())
    interval = binomtest(count, total).proportion_ci(0.95, method="wilson")
    figures = toy.summary()["methods"]["BFGS"]
    assert 0 < count < total == figures["n_runs"]
    assert figures["false_success_rate"] == count / total
    assert (figures["false_success_rate_low"], figures["false_success_rate_high"]) == (interval.low, interval.high)
    claims = int(((toy["claimed"] == 1) & runs).sum())
    assert figures["false_share_of_claims"] == count / claims
    assert toy.summary()["methods"]["dogleg"]["honest_failure_rate"] > 0.3


@pytest.mark.parametrize(
    ("label", "released"), [("BFGS", 1e-4), ("gd", 1e-4), ("trust-ncg", 1e-3), ("dogleg", math.inf)]
)
def test_runs_leave_from_above_the_gradient_tolerance(toy, label, released):
    """From (0, d) the gradient is d - d^3, at most 1e-5 and 1e-4 of it ends a run at once."""
    assert toy.summary()["methods"][label]["release_distance_beside_saddle"] == released


def test_what_rounding_releases_and_what_leaves_by_design(toy):
    figures = toy.summary()["methods"]
    assert figures["trust-exact"]["released_by_design"] == 0.5  # from (1, 0), not from the saddle
    assert figures["BFGS"]["released_by_design"] == 0
    assert figures["BFGS"]["released_by_rounding"] is None  # y = 0 and (0, 0) are exact in floating point
    turned = Audit(
        objectives={"turned": {"name": "quadratic", "eigenvalues": (1, -1), "angle": 1}},
        methods={"gd": DESCENT, "patient": OPTIMIZERS["gradient_descent"](learning_rate=0.9)},
        rule={"gradient_tolerance": 1e-14, "n_steps": 2000},
        distances=(1e-3,),
        n_random=0,
    )
    result = result_of(turned)
    (one,) = np.flatnonzero(result.runs("gd", start="stable_eigenspace"))
    assert abs(result["x0"][one] @ [-math.sin(1), math.cos(1)]) < 1e-16
    assert result.summary()["methods"]["gd"]["released_by_rounding"] == 1  # the last bit grows while x shrinks to 1e-14


# ---- stopping


def test_gradient_descent_stops_at_the_step_of_the_closed_form():
    rule = StoppingRule(gradient_tolerance=1e-5, patience=7)
    x0 = np.array([[1.0, 0.5, 0.0], [0.0, 0.0, 0.0]])
    ends = rule.run(TOY, DESCENT, x0, np.random.default_rng(0))
    steps = [math.ceil(math.log(1e-5 / start) / math.log(0.9)) + 7 for start in (1, 0.5)] + [7]
    assert ends.step.tolist() == steps
    assert ends.claimed.all()
    np.testing.assert_allclose(ends.x[0], [0.9 ** steps[0], 0.5 * 0.9 ** steps[1], 0], rtol=1e-12)
    np.testing.assert_array_equal(ends.evaluations, [[0] * 3, [each + 1 for each in steps], [0] * 3, [0] * 3])


def test_a_lane_alone_stops_as_it_does_among_others():
    x0 = np.random.default_rng(3).uniform(-1.2, 1.2, (2, 9))
    rule = StoppingRule(n_steps=400)
    together = rule.run(TOY, DESCENT, x0, np.random.default_rng(0))
    for lane in range(9):
        alone = rule.run(TOY, DESCENT, x0[:, [lane]], np.random.default_rng(0))
        np.testing.assert_array_equal(alone.x[:, 0], together.x[:, lane])
        assert (alone.step[0], alone.claimed[0]) == (together.step[lane], together.claimed[lane])


def test_a_run_that_diverges_or_has_no_more_steps_claims_nothing():
    quadratic = OBJECTIVES["quadratic"]()
    far = StoppingRule(n_steps=20_000).run(quadratic, DESCENT, np.array([[1.0], [1.0]]), np.random.default_rng(0))
    assert not far.claimed[0]
    assert far.message[0].startswith("not finite after")
    assert stop_points(quadratic, far.x).kind[0] == FINAL_KINDS.index(
        "moving" if np.isfinite(far.x).all() else "infinite"
    )
    short = StoppingRule(n_steps=5).run(quadratic, DESCENT, np.array([[1.0], [1.0]]), np.random.default_rng(0))
    assert (bool(short.claimed[0]), int(short.step[0]), short.message[0]) == (False, 5, "still running after 5 steps")


def test_a_valleys_floor_is_no_saddle_however_short_of_it_a_run_stops():
    factors = OBJECTIVES["low_rank_factorization"]()
    ends = Scipy(method="trust-exact").run(factors, np.random.default_rng(0).standard_normal((factors.dimension, 12)))
    there = stop_points(factors, ends.x)
    lowest_saddle = min(each.value for each in listed_points(factors) if each.kind == "saddle")
    at_floor = factors.value(ends.x) < lowest_saddle - 1e-3
    assert at_floor.sum() > 6
    assert (there.index[at_floor] == 0).all()


def test_listed_points_are_recognised():
    points = OBJECTIVES["himmelblau"]().critical_points
    x = np.stack([each.x for each in points], axis=1)
    labels, distance = nearest_labels(OBJECTIVES["himmelblau"](), x + 1e-6)
    assert labels.tolist() == [each.label for each in points]
    np.testing.assert_allclose(distance, math.sqrt(2) * 1e-6, rtol=1e-6)
    there = stop_points(OBJECTIVES["himmelblau"](), x)
    assert [FINAL_KINDS[code] for code in there.kind] == [each.kind for each in points]
    assert there.index.tolist() == [each.index for each in points]


# ---- the run


SMALL = """
version: 1
title: small
seed: 5
experiment:
  name: audit
  objectives: {{toy: {{name: strict_saddle_toy}}, himmelblau: {{name: himmelblau}}{more}}}
  methods:
    BFGS: {{name: scipy, method: BFGS}}
    trust: {{name: scipy, method: trust-exact, options: {{gtol: 1e-8}}}}
    gd: {{name: gradient_descent, learning_rate: 0.01}}
    noisy: {{name: noisy_gradient_descent, learning_rate: 0.01, noise: 1e-6}}
  distances: [1e-8, 1e-2]
  n_random: 3
"""


def test_bytes_do_not_depend_on_workers(tmp_path):
    one, two = (run(parse_scenario(SMALL.format(more=""), name="a"), jobs, tmp_path / str(jobs)) for jobs in (1, 2))
    files = sorted(path.relative_to(one.folder) for path in one.folder.rglob("*") if path.suffix in (".nc", ".npz"))
    assert len(files) == 1 + 8
    for name in [*files, "summary.json"]:
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert load_result(one.folder / "results.nc").summary() == one.summary


def test_adding_an_objective_changes_no_other_result(tmp_path):
    first = run(parse_scenario(SMALL.format(more=""), name="a"), out=tmp_path)
    more = run(parse_scenario(SMALL.format(more=", pca: {name: pca}"), name="a"), out=tmp_path)
    assert more.manifest["blocks"]["computed"] == 4
    assert more.summary["objectives"]["toy"] == first.summary["objectives"]["toy"]


def test_all_methods_meet_the_same_random_starts_in_the_domain(toy):
    starts = [toy["x0"][toy.runs(label, start="random")] for label in toy.experiment.methods]
    assert all(np.array_equal(each, starts[0]) for each in starts)
    assert (starts[0] >= TOY.domain[:, 0]).all()
    assert (starts[0] <= TOY.domain[:, 1]).all()


def test_the_summary_has_the_figures_that_it_names(toy):
    assert set(dotted_figures(toy.summary())) <= set(toy.experiment.summary_names())
    named = [each for each in toy.experiment.summary_names() if each.startswith("methods.BFGS.")]
    present = dotted_figures({"methods": {"BFGS": toy.summary()["methods"]["BFGS"]}})
    undefined = ("released_by_rounding", "by_start.random.release_rate")  # no run of these is among those asked about
    assert {each for each in named if each not in present} == {
        f"methods.BFGS.{rate}{suffix}" for rate in undefined for suffix in ("", "_low", "_high", "_standard_error")
    }


def test_pictures_show_the_rates(toy, tmp_path):
    figures = plot(toy)
    by_start, by_objective = figures["false_success"].axes[:2]
    told = [float(each.get_text()) for each in by_start.texts][:5]
    rates = [toy.summary()["methods"]["CG"]["by_start"][start]["false_success_rate"] for start in toy["start_name"]]
    assert told == [round(100 * each) for each in rates]
    assert len(by_objective.texts) == 13
    line = figures["release"].axes[0].lines[list(toy.experiment.methods).index("gd")]
    np.testing.assert_array_equal(line.get_ydata(), [0, 0, 1, 1, 1])
    figures["false_success"].savefig(tmp_path / "a.png")
    figures["release"].savefig(tmp_path / "b.png")


def test_stored_results_open_again(toy, tmp_path):
    save_result(tmp_path / "results.nc", toy)
    assert load_result(tmp_path / "results.nc").summary() == toy.summary()


def test_every_optimizer_can_be_audited():
    assert set(AUDITED) == {"scipy", *OPTIMIZERS}
    assert list(Audit(objectives={"toy": TOY}).methods) == list(METHOD_NAMES)


# ---- bad input


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("method: BFGS", "method: BFG", "methods.BFGS.method: 'BFG' is not allowed; must be 'CG', 'BFGS', 'L-BFGS-B'"),
        ("gtol: 1e-8", "gtoll: 1e-8", "methods.trust.options.gtoll: is no option of trust-exact; did you mean 'gtol'?"),
        ("gtol: 1e-8", "gtol: small", "methods.trust.options.gtol: 'small' is no number"),
        ("name: scipy, method: BFGS", "name: scypi", "methods.BFGS.name: 'scypi' is no method; did you mean 'scipy'?"),
        ("n_random: 3", "saddles: {toy: []}", "saddles.toy: [] has too few entries; at least 1"),
        ("n_random: 3", "saddles: {toy: [[0, 1]]}", "saddles.toy[0]: [0, 1] is a minimum of strict_saddle_toy()"),
        ("n_random: 3", "saddles: {tox: [saddle]}", "saddles.tox: 'tox' is none of the objectives; did you mean 'toy'"),
        (
            "name: himmelblau",
            "name: booth",
            "objectives.himmelblau: booth() lists no strict saddle; give some by saddles:",
        ),
        ("[1e-8, 1e-2]", "[0, 1e-2]", "distances=(0.0, 0.01): all must be positive"),
    ],
    ids=["method", "option", "value", "name", "no-saddles", "minimum", "no-objective", "none-listed", "distance"],
)
def test_bad_input_is_told_in_a_line(old, new, told):
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(SMALL.format(more="").replace(old, new))
    (line,) = [each for each in str(raised.value).splitlines() if each.startswith("scenario:")]
    assert told in line


def test_the_command_line_refuses_an_unknown_option_with_code_2(tmp_path):
    (tmp_path / "a.yaml").write_text(SMALL.format(more="").replace("gtol", "xtol"), encoding="utf-8")
    command = [sys.executable, "-m", "saddlesim", "run", "a.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert "a.yaml:10:57: experiment.methods.trust.options.xtol: is no option of trust-exact" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]
