import io
from types import SimpleNamespace

import numpy as np
import pytest
from mpmath import mp
from rich.console import Console
from scipy.stats import spearmanr

from saddlesim.cli.tables import network_index as index_table
from saddlesim.experiments import NetworkIndexByLoss
from saddlesim.experiments.base import dotted_figures, generator
from saddlesim.experiments.network_index.judging import OUTCOMES, judge
from saddlesim.experiments.network_index.merging import classes
from saddlesim.experiments.network_index.ranks import rank_correlation
from saddlesim.experiments.network_index.starts import draw_starts
from saddlesim.experiments.network_index.walks import WALKS
from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.networks.initialisation import INITIALISATIONS
from saddlesim.objectives.networks.linear_networks import TwoLayerLinearNetwork
from saddlesim.objectives.networks.symmetries import canonical, permuted, rescaled
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario

SCENARIO = """
version: 1
title: index
seed: 3
experiment:
  name: network_index_by_loss
  network:
    name: multilayer_perceptron
    layers: [2, 3, 3]
    data: {name: gaussian_mixture, n_samples: 31, separation: 2}
    weight_decay: 0.003
  initialisations:
    small: {name: small, scale: 0.1}
    large: {name: small, scale: 1.0}
  n_runs: 3
  training_steps: [0, 30, 300]
  noise: [0, 0.5]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return run(parse_scenario(SCENARIO, name="it"), 1, tmp_path_factory.mktemp("one"))


# ---- what is accepted


def high_precision_gradient(network, x):
    """The gradient of a perceptron of one tanh layer on class labels, by the chain rule in 40 digits."""
    n, h, m = network.layers
    with mp.workdps(40):
        x = [mp.mpf(float(each)) for each in x]
        w, rest = x[: n * h], x[n * h :]
        b, v, c = rest[:h], rest[h : h + h * m], rest[h + h * m :]
        decay = mp.mpf(network.weight_decay)
        gradient = [decay * each for each in x]
        at_b, at_v, at_c = n * h, n * h + h, n * h + h + h * m
        for sample, label in zip(network.inputs, network.data.labels, strict=True):
            sample = [mp.mpf(float(each)) for each in sample]
            hidden = [mp.tanh(sum(w[i * n + j] * sample[j] for j in range(n)) + b[i]) for i in range(h)]
            weights = [mp.exp(sum(v[k * h + i] * hidden[i] for i in range(h)) + c[k]) for k in range(m)]
            errors = [weights[k] / sum(weights) - (k == label) for k in range(m)]
            for k in range(m):
                gradient[at_c + k] += errors[k] / network.n_terms
                for i in range(h):
                    gradient[at_v + k * h + i] += errors[k] * hidden[i] / network.n_terms
            for i in range(h):
                back = sum(errors[k] * v[k * h + i] for k in range(m)) * (1 - hidden[i] ** 2) / network.n_terms
                gradient[at_b + i] += back
                for j in range(n):
                    gradient[i * n + j] += back * sample[j]
        return np.array([float(each) for each in gradient])


def test_accepted_points_are_critical_to_forty_digits_and_by_an_independent_hessian(done):
    result, network = done.result, done.scenario.experiment.network
    accepted = np.argwhere(result["outcome"] == OUTCOMES.index("accepted"))
    assert len(accepted) >= 20
    for place in map(tuple, accepted[::4]):
        x = result["x"][place]
        steps = 1e-5 * np.eye(len(x))
        columns = [(network.gradient(x + each) - network.gradient(x - each)) / 2e-5 for each in steps]
        hessian = (np.array(columns) + np.array(columns).T) / 2
        values, vectors = np.linalg.eigh(hessian)
        gradient = high_precision_gradient(network, x)
        assert np.linalg.norm(gradient) <= 1e-10 * max(1, np.abs(values).max() * np.linalg.norm(x))
        assert np.linalg.norm((vectors.T @ gradient) / values) <= 1e-6 * np.linalg.norm(x)
        np.testing.assert_allclose(values, result["eigenvalues"][place], atol=1e-8)
        assert result["morse_index"][place] == (values < -1e-8).sum()
        assert result["value"][place] == network.value(x)


def flat_place(a=0.3):
    """f = a x + x^3 / 3 + y^2 / 2 has no critical point; |gradient| is smallest at the origin, where H g = 0 and g = a."""
    return SimpleNamespace(
        value=lambda x: a * x[0] + x[0] ** 3 / 3 + x[1] ** 2 / 2,
        gradient=lambda x: np.stack([a + x[0] ** 2, x[1]]),
        hessian=lambda x: np.stack([[2 * x[0], 0 * x[0]], [0 * x[0], 1 + 0 * x[0]]]),
    )


@pytest.mark.parametrize("method", WALKS)
def test_where_the_gradient_is_flat_no_search_finds_a_critical_point(method):
    start = np.array([1.0, 0.7])
    end = WALKS[method](flat_place(), start, 200, 1.0)
    told = OUTCOMES[judge(flat_place(), end, start).outcome]
    assert told != "accepted"
    if method == "minimum_residual":
        assert told == "gradient_flat"
        np.testing.assert_allclose(end, 0, atol=1e-3)


def test_a_small_gradient_with_a_long_step_is_refused_and_so_is_what_ran_away():
    nearly = flat_place(1e-12)  # the roots of the gradient are 1e-6 off the real axis
    told = judge(nearly, np.array([1e-7, 0.0]), np.zeros(2))
    assert OUTCOMES[told.outcome] == "long_step"
    assert told.gradient_excess < 1 < told.step_excess
    quadratic = OBJECTIVES["quadratic"](eigenvalues=(1, -1))
    assert OUTCOMES[judge(quadratic, np.zeros(2), np.array([0.5, 0])).outcome] == "accepted"
    assert OUTCOMES[judge(quadratic, np.array([np.nan, 0]), np.zeros(2)).outcome] == "lost"
    assert OUTCOMES[judge(quadratic, np.array([30.0, 0]), np.zeros(2)).outcome] == "lost"


# ---- the searches


@pytest.mark.parametrize("method", WALKS)
def test_the_saddles_of_a_linear_network_are_found_with_their_indices(method):
    network = TwoLayerLinearNetwork(target_singular_values=(3, 2, 1), hidden=3)
    rng = np.random.default_rng(4)
    for each in network.critical_subsets():
        start = network.critical_point(each.subset) + 1e-2 * rng.standard_normal(network.dimension)
        found = judge(network, WALKS[method](network, start, 100, 1.0), start)
        assert OUTCOMES[found.outcome] == "accepted"
        assert found.value == pytest.approx(each.loss, abs=1e-12)
        assert found.morse_index == each.index


def test_eigenvector_following_keeps_the_index_that_it_starts_with(done):
    asked, method = done.scenario.experiment, done.scenario.experiment.methods.index("eigenvector_following")
    laws = [asked.initialisations[label] for label in ("small", "large", "small")]
    starts = [
        draw_starts(asked.network, law, (0, 30, 300), 0.5, (0.0, 0.5), generator(3, number, 0)).x
        for number, law in enumerate(laws)
    ]
    wanted = (np.linalg.eigvalsh(np.moveaxis(asked.network.hessian(np.hstack(starts)), -1, 0)) < 0).sum(axis=1)
    spectra, index = done.result["eigenvalues"][method], done.result["morse_index"][method]
    gap = np.array(
        [spectrum[k] - spectrum[k - 1] if k else np.inf for spectrum, k in zip(spectra, wanted, strict=True)]
    )
    told = (done.result["outcome"][method] == OUTCOMES.index("accepted")) & (
        gap > 1e-9
    )  # else which is lower is chance
    assert told.sum() >= 5
    np.testing.assert_array_equal(index[told], wanted[told])


def test_starts_lie_along_gradient_descent():
    network = OBJECTIVES["multilayer_perceptron"](weight_decay=0.01)
    law = INITIALISATIONS["small"](scale=0.5)
    starts = draw_starts(network, law, (0, 2, 5), 0.25, (0.0, 0.1), np.random.default_rng(7))
    x = law.draw(network, 1, np.random.default_rng(7))[:, 0]
    for step in range(6):
        if step in (0, 2, 5):
            plain, noisy = starts.x[:, starts.training_step == step].T
            np.testing.assert_array_equal(plain, x)
            spread = np.sqrt(((noisy - plain) ** 2).mean() / (plain**2).mean())
            assert 0.03 < spread < 0.3
        x = x - 0.25 * network.gradient(x)


# ---- copies


def test_copies_under_exchange_and_signs_of_hidden_units_are_one_point_and_others_are_not():
    network = OBJECTIVES["multilayer_perceptron"](
        layers=(2, 3, 3), data={"name": "gaussian_mixture"}, weight_decay=0.01
    )
    x = np.random.default_rng(0).standard_normal((2, network.dimension))
    copies = [
        x[0],
        x[1],
        permuted(network, x[0], 0, (2, 0, 1)),
        rescaled(network, x[0], 0, (-1, 1, -1)),
        rescaled(network, permuted(network, x[1], 0, (1, 0, 2)), 0, (1, -1, 1)),
        x[0] + 1e-4,
    ]
    points = np.array(copies)
    spectra = np.linalg.eigvalsh(np.moveaxis(network.hessian(points.T), -1, 0))
    assert classes(points, network.value(points.T), spectra).tolist() == [0, 1, 0, 0, 1, 2]


def test_points_that_were_merged_are_copies_one_of_the_other(done):
    result, network = done.result, done.scenario.experiment.network
    numbers, merged = result["critical_point"], 0
    for number in range(numbers.max() + 1):
        images = [canonical(network, x) for x in result["x"][numbers == number]]
        merged += len(images) - 1
        regular = [each for each in images if _units_apart(network, each)]
        for each in regular[1:]:
            np.testing.assert_allclose(each, regular[0], atol=1e-4)
    assert merged >= 10


def _units_apart(network, x):
    """Whether signs and order of the hidden units are beyond rounding: no unit is asleep, no two are alike."""
    matrix, bias = network.split(x)[0]
    own = np.concatenate([matrix, bias[:, None]], axis=1)
    largest = np.sort(np.abs(own), axis=1)
    return (largest[:, -1] - largest[:, -2]).min() > 1e-3 and np.diff(np.sort(own[:, 0])).min() > 1e-3


# ---- figures


def test_the_rank_correlation_is_spearmans_and_its_interval_covers():
    rng, covered = np.random.default_rng(2), 0
    a, b = rng.integers(0, 5, 40), rng.standard_normal(40)
    assert rank_correlation(a, b, rng).value == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    truth = 6 / np.pi * np.arcsin(0.7 / 2)  # of normal pairs of correlation 0.7
    for _ in range(30):
        x = rng.standard_normal((2, 80))
        told = rank_correlation(x[0], 0.7 * x[0] + np.sqrt(1 - 0.49) * x[1], rng)
        covered += told.low <= truth <= told.high
    assert covered >= 28.5 - 4 * np.sqrt(30 * 0.95 * 0.05)  # z = 4
    assert rank_correlation(np.arange(4.0), np.arange(4.0), rng) is None


def test_the_interval_holds_fishers():
    y = np.array([21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19.0])
    x = np.array([67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51.0])
    told = rank_correlation(x, y, np.random.default_rng(0))  # ci.spear of R's statpsych gives these digits
    assert told.value == pytest.approx(0.8699639, abs=5e-8)
    assert told.low <= 0.5840951 < 0.9638297 <= told.high


def test_a_perfect_order_of_few_points_is_no_certainty():
    for n, lowest in ((5, -0.2), (10, 0.9), (100, 0.998)):
        told = rank_correlation(np.arange(float(n)), np.arange(float(n)) ** 3, np.random.default_rng(0))
        assert told.value == told.high == 1
        assert lowest < told.low < 1 - 10 / n**3
        assert told.standard_error > 0
        turned = rank_correlation(np.arange(float(n)), -np.arange(float(n)), np.random.default_rng(0))
        assert (turned.value, turned.low, turned.high) == pytest.approx((-1, -1, -told.low))


def test_nothing_is_told_of_points_that_are_all_alike():
    rng = np.random.default_rng(0)
    assert rank_correlation(np.ones(9), np.arange(9.0), rng) is None


def test_figures_are_those_of_the_ends(done):
    result, told = done.result, done.summary
    asked, outcome = done.scenario.experiment, result["outcome"]
    assert outcome.shape == (3, told["n_starts"]) == (3, 3 * 3 * 2)
    assert told["accepted"] == (outcome == 0).sum() == sum(each["accepted"] for each in told["methods"].values())
    assert told["accepted"] + told["refused"] == told["walks"] == outcome.size
    numbers = result["critical_point"]
    assert told["distinct"] == len(set(numbers[outcome == 0].tolist()))
    assert (numbers[outcome != 0] == -1).all()
    for place, method in enumerate(asked.methods):
        assert told["methods"][method]["distinct"] == len(set(numbers[place][outcome[place] == 0].tolist()))
        for k, name in enumerate(OUTCOMES):
            assert told["methods"][method][name] == (outcome[place] == k).sum()
    firsts = [np.argwhere(numbers == k)[0] for k in range(told["distinct"])]
    value, index = (np.array([result[name][tuple(each)] for each in firsts]) for name in ("value", "morse_index"))
    assert told["rank_correlation"] == pytest.approx(spearmanr(index, value).statistic, abs=1e-12)
    assert told["rank_correlation_low"] <= told["rank_correlation"] <= told["rank_correlation_high"]
    assert told["bands"]["low"]["lowest_loss"] == value.min()
    assert told["bands"]["high"]["highest_loss"] == value.max()
    assert max(told["largest_gradient_excess"], told["largest_step_excess"]) <= 1
    assert set(dotted_figures(told)) <= set(asked.summary_names())


def test_bytes_do_not_depend_on_workers_or_on_being_resumed(done, tmp_path):
    scenario = parse_scenario(SCENARIO, name="it")
    two = run(scenario, 2, tmp_path)
    for blocks in sorted((two.folder / "blocks").iterdir())[::2]:
        blocks.unlink()
    for name in ("results.nc", "summary.json"):
        (two.folder / name).unlink()
    resumed = run(scenario, 1, tmp_path)
    assert resumed.manifest["blocks"]["computed"] == 5
    for name in ("results.nc", "summary.json"):
        assert (resumed.folder / name).read_bytes() == (done.folder / name).read_bytes()


def test_blocks_are_told_apart_by_all_that_enters_them():
    asked = parse_scenario(SCENARIO, name="it").experiment
    inputs = [asked.block_inputs(point, block) for point in asked.points() for block in range(asked.n_blocks(point))]
    assert len({str(each) for each in inputs}) == 9


def test_the_picture_shows_accepted_and_refused_points(done):
    figures = plot(done.result)
    accepted, refused = figures["index_by_loss"].axes[:2]
    found = done.result.accepted
    np.testing.assert_array_equal(
        accepted.collections[0].get_offsets(), np.stack([found.value, found.index_fraction], axis=1)
    )
    shown = refused.collections[1].get_offsets()
    ends = done.result.refused
    assert len(shown) == (ends.value <= 1.3 * found.value.max()).sum()
    assert len(figures["spectra"].axes[0].lines) == len(found) + 1


def test_what_is_not_shown_and_how_ends_are_marked_is_told(done):
    figures = plot(done.result)
    found, ends = done.result.accepted, done.result.refused
    hidden = (ends.value > 1.3 * found.value.max()).sum() + (done.result["outcome"] == OUTCOMES.index("lost")).sum()
    told = figures["index_by_loss"].axes[1].get_xlabel()
    assert (f"{hidden} not shown" in told) if hidden else ("not shown" not in told)
    (legend,) = figures["spectra"].legends
    assert [text.get_text() for text in legend.get_texts()][-2:] == ["accepted", "refused"]


def test_the_table_says_what_is_supported_and_what_is_not(done):
    text = io.StringIO()
    for each in index_table.tables(done):
        Console(file=text, width=250).print(each)
    assert f"from {done.summary['distinct']} distinct points" in text.getvalue()
    assert "not supported: that all critical points do so" in text.getvalue()
    assert f"{done.summary['refused']} of {done.summary['walks']} walks were refused" in text.getvalue()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("weight_decay: 0.003", "weight_decay: 0", "weight_decay=0: the gradient of loss=cross_entropy then vanishes"),
        ("layers: [2, 3, 3]", "layers: [2, 3, 3]\n    activation: relu", "relu has kinks"),
        ("layers: [2, 3, 3]", "layers: [2, 300, 3]", "1803 weights: whole Hessians"),
        ("[0, 30, 300]", "[0, 300, 30]", r"\[0, 300, 30\] must ascend"),
        ("n_runs: 3", "n_runs: 3\n  methods: [newton, newton]", "each once"),
        ("[0, 30, 300]", "[0, 1000000000000]", r"training_steps\[1\]: 1000000000000 must be at most 100000000"),
        (
            "n_runs: 3\n  training_steps: [0, 30, 300]",
            f"n_runs: 10000\n  training_steps: {list(range(9))}",
            r"n_runs: 10000: points and eigenvalues of \d+ walks would hold \d+ numbers; at most 20000000; choose fewer runs",
        ),
        ("n_runs: 3", "n_runs: 3\n  methods: [bfgs]", "methods"),
    ],
)
def test_what_is_wrong_is_told(before, after, told):
    with pytest.raises(ScenarioError, match=told):
        parse_scenario(SCENARIO.replace(before, after))


def test_no_other_objective_is_taken():
    with pytest.raises(ScenarioError, match="is no layered network"):
        parse_scenario(
            "version: 1\ntitle: no\nexperiment: {name: network_index_by_loss, network: {name: himmelblau},"
            " initialisations: {a: {name: zero}}}"
        )


def test_an_experiment_without_classes_has_no_error():
    asked = NetworkIndexByLoss(
        network=TwoLayerLinearNetwork(target_singular_values=(2, 1), hidden=2),
        initialisations={"small": INITIALISATIONS["small"](scale=0.3)},
        n_runs=1,
        training_steps=(0, 20),
        methods=("newton",),
    )
    told = asked.reduce({"newton": [asked.run_block("newton", 0, 0)]}, 0).summary()
    assert told["rank_correlation_with_error"] is None
    assert told["accepted"] >= 1
