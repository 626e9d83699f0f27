from __future__ import annotations

import itertools
import json
import math
import pickle
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

from saddlesim.cli import app
from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.networks.data import DATA_SETS
from saddlesim.objectives.networks.data.base import DataSet, Samples, unit_variance
from saddlesim.objectives.networks.layered import Weights
from saddlesim.parameters import as_plain, with_fields
from saddlesim.problems import InvalidParameters

Xor, Given, TwoMoons = DATA_SETS["xor"], DATA_SETS["given"], DATA_SETS["two_moons"]
GaussianMixture, Teacher, NormalInputs = (DATA_SETS[key] for key in ("gaussian_mixture", "teacher", "normal_inputs"))
Digits = DATA_SETS["digits"]
REAL = ("digits", "iris", "wine", "breast_cancer")
ROWS = ((1.0, 2.0), (3.0, 4.0))
CLASS_COUNTS = {
    "digits": (178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
    "iris": (50, 50, 50),
    "wine": (59, 71, 48),
    "breast_cancer": (212, 357),
}
N_COLUMNS = {"digits": 64, "iris": 4, "wine": 13, "breast_cancer": 30}


@pytest.fixture(params=DATA_SETS)
def key(request):
    if request.param in REAL:
        pytest.importorskip("sklearn")
    return request.param


@pytest.fixture(params=REAL)
def real(request):
    pytest.importorskip("sklearn")
    return request.param


# ---- what holds of all


def test_inputs_targets_and_labels_fit_together(key):
    for data in DATA_SETS[key].examples():
        assert data.inputs.ndim == data.targets.ndim == 2
        assert len(data.inputs) == len(data.targets) == data.n_samples
        assert data.inputs.dtype == data.targets.dtype == np.float64
        if data.labels is None:
            assert data.n_classes is None
            continue
        assert data.labels.shape == (data.n_samples,)
        assert data.labels.dtype == np.intp
        assert data.targets.tolist() == [[float(k == label) for k in range(data.n_classes)] for label in data.labels]
        assert data.class_probabilities() is data.targets


def test_what_is_read_only_stays_as_it_is(key):
    for data in DATA_SETS[key].examples():
        for array in (data.inputs, data.targets, *(() if data.labels is None else (data.labels,))):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


def test_they_are_the_same_when_made_again_from_their_plain_spelling_or_a_pickle(key):
    for data in DATA_SETS[key].examples():
        plain = json.loads(json.dumps(as_plain(data)))
        assert plain.pop("name") == key
        for again in (DATA_SETS[key](**plain), pickle.loads(pickle.dumps(data))):
            assert again == data
            assert again.inputs.tobytes() == data.inputs.tobytes()
            assert again.targets.tobytes() == data.targets.tobytes()


@pytest.mark.parametrize("key", [each for each in DATA_SETS if each not in ("xor", "given")])
def test_another_seed_is_another_draw(key):
    if key in REAL:
        pytest.importorskip("sklearn")
    data = DATA_SETS[key](n_samples=60)
    other = with_fields(data, {("seed",): 1})
    assert other.inputs.shape == data.inputs.shape
    assert other.inputs.tobytes() != data.inputs.tobytes()


# ---- the built-in ones


def test_xor_is_the_exclusive_or_of_all_pairs_of_bits():
    bits = list(itertools.product((0, 1), repeat=2))
    assert Xor().inputs.tolist() == [list(map(float, each)) for each in bits]
    assert Xor().labels.tolist() == [a ^ b for a, b in bits]


@pytest.mark.parametrize("n_samples", [2, 3, 50, 51])
def test_moons_without_noise_are_half_circles_evenly_filled(n_samples):
    data = TwoMoons(n_samples=n_samples, noise=0)
    counts = -(-n_samples // 2), n_samples // 2
    upper, lower = (data.inputs[data.labels == k] for k in (0, 1))
    assert (len(upper), len(lower)) == counts
    angles = np.arctan2(upper[:, 1], upper[:, 0]), np.arctan2(0.5 - lower[:, 1], 1 - lower[:, 0])
    for points, centre, angle, count in zip((upper, lower), ((0, 0), (1, 0.5)), angles, counts, strict=True):
        np.testing.assert_allclose(np.hypot(*(points - centre).T), 1, rtol=1e-14)
        np.testing.assert_allclose(angle, [math.pi * i / max(count - 1, 1) for i in range(count)], atol=1e-14)


def test_noise_of_the_moons_has_the_standard_deviation_that_was_asked_for():
    still, moved = (TwoMoons(n_samples=5000, noise=noise) for noise in (0, 0.3))
    z = (moved.inputs - still.inputs) / 0.3
    assert abs(z.mean()) < 4 / math.sqrt(z.size)
    assert abs((z**2).mean() - 1) < 4 * math.sqrt(2 / z.size)  # z = 4


def test_classes_of_a_mixture_are_as_many_as_each_other_and_of_variance_one_round_centres_of_the_asked_separation():
    data = GaussianMixture(n_samples=4003, n_classes=40, dimension=10, separation=5.0)
    counts = np.bincount(data.labels)
    assert sorted(counts) == [100] * 37 + [101] * 3
    means = np.stack([data.inputs[data.labels == k].mean(axis=0) for k in range(40)])
    residuals = data.inputs - means[data.labels]
    freedom = 10 * (4003 - 40)
    assert abs((residuals**2).sum() / freedom - 1) < 4 * math.sqrt(2 / freedom)  # chi square, z = 4
    assert abs((means**2).mean() / (25 + 0.01) - 1) < 4 * math.sqrt(2 / 400)


SCALAR = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
    "softplus": lambda z: math.log(1 + math.exp(z)),
    "elu": lambda z: z if z > 0 else math.exp(z) - 1,
}


@pytest.mark.parametrize("activation", SCALAR)
def test_targets_of_a_teacher_are_what_its_weights_make_of_the_inputs(activation):
    data = Teacher(n_samples=7, n_inputs=3, hidden=4, outputs=2, activation=activation)
    first, second = data.weights
    for x, target in zip(data.inputs, data.targets, strict=True):
        hidden = [SCALAR[activation](sum(w * each for w, each in zip(row, x, strict=True))) for row in first]
        told = [sum(v * each for v, each in zip(row, hidden, strict=True)) for row in second]
        np.testing.assert_allclose(target, told, rtol=1e-12, atol=1e-14)


def test_a_student_at_the_weights_of_its_teacher_makes_no_error():
    data = Teacher()
    student = OBJECTIVES["multilayer_perceptron"](layers=(4, 2, 1), data=data, loss="squared_error", has_bias=False)
    x = student.joined([Weights(each, None) for each in data.weights])
    assert student.value(x) < 1e-30
    assert np.abs(student.gradient(x)).max() < 1e-15
    assert student.value(1.1 * x) > 1e-6


def test_noise_of_a_teacher_is_in_the_targets_alone():
    still, noisy = (Teacher(n_samples=5000, noise=noise) for noise in (0, 0.2))
    assert noisy.inputs.tobytes() == still.inputs.tobytes()
    z = (noisy.targets - still.targets) / 0.2
    assert abs((z**2).mean() - 1) < 4 * math.sqrt(2 / z.size)  # z = 4, here and below
    drawn_alike = still.inputs.ravel()[: z.size]  # what the noise would be if it began where the inputs do
    assert abs((z.ravel() * drawn_alike).mean()) < 4 / math.sqrt(z.size)


def test_more_samples_of_a_teacher_are_of_the_same_teacher():
    few, many = Teacher(n_samples=10), Teacher(n_samples=20)
    assert few.weights[0].tobytes() == many.weights[0].tobytes()
    assert many.inputs[:10].tobytes() == few.inputs.tobytes()


def test_weights_of_a_teacher_have_the_variance_of_their_width():
    first, second = Teacher(n_inputs=50, hidden=80, outputs=50).weights
    assert abs(50 * (first**2).mean() - 1) < 4 * math.sqrt(2 / first.size)  # z = 4
    assert abs(80 * (second**2).mean() - 1) < 4 * math.sqrt(2 / second.size)


@pytest.mark.parametrize("variances", [(4.0, 2.0, 1.0), (1.0, 1e-3, 0.0), (3.0,)])
def test_normal_inputs_have_exactly_the_asked_variances(variances):
    data = NormalInputs(variances=variances, n_samples=20)
    np.testing.assert_allclose(data.inputs.mean(axis=0), 0, atol=1e-14)
    covariance = np.atleast_2d(np.cov(data.inputs.T, bias=True))
    np.testing.assert_allclose(np.linalg.eigvalsh(covariance)[::-1], sorted(variances)[::-1], rtol=1e-11, atol=1e-14)
    assert data.targets.tobytes() == data.inputs.tobytes()


# ---- the real ones


def test_real_data_have_the_published_sizes_and_class_counts(real):
    data = DATA_SETS[real]()
    assert data.inputs.shape == (sum(CLASS_COUNTS[real]), N_COLUMNS[real])
    assert tuple(np.bincount(data.labels)) == CLASS_COUNTS[real]


@pytest.mark.parametrize(
    ("key", "column", "statistic", "published", "tolerance"),
    [
        ("iris", 0, np.mean, 5.843333, 5e-7),  # R's summary(iris) and colMeans
        ("iris", 1, np.mean, 3.057333, 5e-7),
        ("iris", 2, np.mean, 3.758, 5e-7),
        ("iris", 3, np.mean, 1.199333, 5e-7),
        ("wine", 0, np.mean, 13.0, 0.05),  # these as described beside the data
        ("wine", 12, np.mean, 746, 1),
        ("wine", 12, np.min, 278, 0.5),
        ("wine", 12, np.max, 1680, 0.5),
        ("breast_cancer", 0, np.min, 6.981, 5e-4),
        ("breast_cancer", 0, np.max, 28.11, 5e-3),
        ("breast_cancer", 23, np.max, 4254.0, 0.05),
    ],
)
def test_measurements_are_the_published_ones(key, column, statistic, published, tolerance):
    pytest.importorskip("sklearn")
    data = DATA_SETS[key](standardised=False)
    assert abs(statistic(data.inputs[:, column]) - published) <= tolerance


def test_columns_are_standardised_within_the_part_that_was_chosen(real):
    for n_samples in (None, 30):
        raw, made = (DATA_SETS[real](n_samples=n_samples, standardised=standardised) for standardised in (False, True))
        constant = np.array([len(set(column)) == 1 for column in raw.inputs.T])
        assert (made.inputs[:, constant] == 0).all()
        np.testing.assert_allclose(made.inputs.mean(axis=0), 0, atol=1e-11)
        np.testing.assert_allclose(made.inputs.var(axis=0)[~constant], 1, rtol=1e-11)
        for k in np.flatnonzero(~constant):  # an increasing affine map
            assert np.corrcoef(raw.inputs[:, k], made.inputs[:, k])[0, 1] == pytest.approx(1, abs=1e-12)


def test_a_constant_column_whose_mean_is_rounded_becomes_zero_exactly():
    columns = [np.stack([np.full(size, 0.1), np.arange(size)], axis=1) for size in range(2, 12)]
    assert any(each[:, 0].mean() != 0.1 for each in columns)
    for each in columns:
        assert not unit_variance(each)[:, 0].any()


def test_parts_are_stratified_and_hold_no_sample_twice(real):
    counts = np.array(CLASS_COUNTS[real])
    sizes = range(len(counts), counts.sum() + 1) if real in ("iris", "wine") else (len(counts), 57, counts.sum() - 1)
    whole = DATA_SETS[real](standardised=False)
    held = Counter(zip(map(bytes, whole.inputs), whole.labels, strict=True))
    for n_samples in sizes:
        part = DATA_SETS[real](n_samples=n_samples, standardised=False, seed=n_samples)
        assert part.n_samples == n_samples
        assert part.n_classes == len(counts)
        shares = np.bincount(part.labels, minlength=len(counts))
        assert shares.min() >= 1
        assert (np.abs(shares - counts * n_samples / counts.sum()) < 1).all()
        assert not Counter(zip(map(bytes, part.inputs), part.labels, strict=True)) - held


@pytest.mark.parametrize("size", [8, 4, 2, 1])
def test_digits_are_down_sampled_to_the_averages_of_blocks(size):
    datasets = pytest.importorskip("sklearn.datasets")
    block = 8 // size
    data = Digits(size=size)
    assert data.inputs.shape == (1797, size * size)
    for image, row in zip(datasets.load_digits().images[:40], data.inputs, strict=False):
        for i, j in itertools.product(range(size), repeat=2):
            pixels = [image[block * i + a, block * j + b] for a in range(block) for b in range(block)]
            assert row[size * i + j] == pytest.approx(sum(pixels) / (16 * len(pixels)), rel=1e-14)


def test_pixels_of_digits_lie_between_0_and_1_and_some_never_change():
    pytest.importorskip("sklearn")
    pixels = Digits().inputs
    assert (pixels.min(), pixels.max()) == (0.0, 1.0)
    assert [k for k, column in enumerate(pixels.T) if len(set(column)) == 1] == [0, 32, 39]


def test_classes_of_digits_are_counted_in_the_order_asked_for():
    pytest.importorskip("sklearn")
    whole, part = Digits(), Digits(classes=(7, 3))
    counts = CLASS_COUNTS["digits"]
    assert part.n_classes == 2
    assert tuple(np.bincount(part.labels)) == (counts[7], counts[3])
    for digit, label in ((7, 0), (3, 1)):
        assert part.inputs[part.labels == label].tobytes() == whole.inputs[whole.labels == digit].tobytes()


# ---- one's own


def test_given_rows_may_be_lists_or_arrays_of_any_numbers():
    for inputs in (ROWS, np.array(ROWS), np.array(ROWS, dtype=np.int64), [np.array(row) for row in ROWS]):
        assert Given(inputs=inputs, labels=np.array([1, 0])).inputs.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert Given(inputs=ROWS, labels=[0, 1.0]).labels.tolist() == [0, 1]
    assert Given(inputs=ROWS, labels=[0, 1], n_classes=3).targets.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert Given(inputs=ROWS, targets=[[0.25, 0.75], [1, 0]]).class_probabilities()[0].tolist() == [0.25, 0.75]


def test_a_large_label_costs_no_square_of_it():
    targets = Given(inputs=ROWS, labels=[0, 1_000_000]).targets
    assert targets.shape == (2, 1_000_001)
    assert targets.sum(axis=1).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"labels": [0, 2], "n_classes": 2}, "label 2 of row 1 is out of range; 2 classes are 0, ..., 1"),
        ({"labels": [0, -1]}, "labels[1]: -1 must not be negative"),
        ({"labels": [0, 1.5]}, "labels[1]: 1.5 is no whole number"),
        ({"labels": [True, False]}, "labels[0]: True is no whole number"),
        ({"labels": ["a", "b"]}, "labels[0]: 'a' is no whole number"),
        ({"labels": [0]}, "inputs (2, 2) and labels (1,) differ in rows; give as many of one as of the other"),
        ({"targets": [[1.0]]}, "inputs (2, 2) and targets (1, 1) differ in rows; give as many of one as of the other"),
        ({}, "samples come with labels, which are classes, or with targets, which are values; give one of them"),
        (
            {"labels": [0, 1], "targets": [[1], [2]]},
            "samples come with labels, which are classes, or with targets, which are values; give one of them",
        ),
        (
            {"targets": [[1], [2]], "n_classes": 2},
            "n_classes=2 goes with labels; targets have as many columns as there are classes",
        ),
        ({"targets": [[1.0], [math.nan]]}, "targets: row 1, column 0 is nan; all must be finite numbers"),
        ({"targets": [[1.0], [2.0, 3.0]]}, "targets must be rows of numbers, all of one length"),
        (
            {"inputs": [[1, 2], [3, math.inf]], "labels": [0, 1]},
            "inputs: row 1, column 1 is inf; all must be finite numbers",
        ),
        ({"inputs": [[1, 2], [3]], "labels": [0, 1]}, "inputs must be rows of numbers, all of one length"),
        (
            {"inputs": [], "labels": []},
            "inputs of shape (0,) must be rows of numbers, (S, n), one at least",
        ),
        ({"inputs": [1, 2], "labels": [0, 1]}, "inputs[0]: 1 is no list; write [..., ...]"),
        ({"inputs": [["0", 1], [2, 3]], "labels": [0, 1]}, "inputs[0][0]: '0' is no number"),
        ({"inputs": [[0, 1], [2, True]], "labels": [0, 1]}, "inputs[1][1]: True is no number"),
        ({"targets": [[1], [None]]}, "targets[1][0]: None is no number"),
        ({"labels": [0, 10**30]}, f"labels[1]: {10**30} must be below 20000000"),
        ({"labels": [0, 10**9]}, f"labels[1]: {10**9} must be below 20000000"),
        (
            {"labels": [0, 15_000_000]},
            "label 15000000 of row 1: a column for each of 15000001 classes would hold 30000002 numbers; at most 20000000;"
            " count classes from 0, without gaps",
        ),
        ({"labels": [0, 1], "n_classes": 10**9}, f"n_classes: {10**9} must be at most 20000000"),
        (
            {"labels": [0, 1], "n_classes": 20_000_000},
            "n_classes=20000000: a column for each of 20000000 classes would hold 40000000 numbers; at most 20000000; give"
            " fewer classes or samples",
        ),
    ],
)
def test_what_is_wrong_with_given_rows_is_one_line(given, told):
    with pytest.raises(InvalidParameters) as raised:
        Given(**{"inputs": ROWS} | given)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"inputs": np.full((500, 2), math.nan), "labels": [0] * 500}, "inputs: row 0, column 0 is nan; all must be"),
        ({"inputs": np.ones((500, 2)), "labels": [1, -1] * 250}, "labels[1]: -1 must not be negative"),
        ({"inputs": [["x", "y"]] * 500, "labels": [0] * 500}, "inputs[0][0]: 'x' is no number"),
    ],
)
def test_a_whole_column_that_is_wrong_is_one_line_too(given, told):
    with pytest.raises(InvalidParameters) as raised:
        Given(**given)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[1, 0], [0.5, 0.4]], "row 1 of the targets of given(2 rows) sums to 0.9 with smallest entry 0.4; "),
        ([[1.5, -0.5], [1, 0]], "row 0 of the targets of given(2 rows) sums to 1 with smallest entry -0.5; "),
        ([[1, 0], [0.5, 0.500000002]], "row 1 of the targets of given(2 rows) sums to 1.000000002 with smallest entry"),
    ],
)
def test_a_row_of_targets_that_is_no_distribution_is_named(rows, told):
    data = Given(inputs=ROWS, targets=rows)
    with pytest.raises(ValueError, match="give such rows, or use loss=squared_error") as raised:
        data.class_probabilities()
    assert str(raised.value).startswith(told)
    network = OBJECTIVES["multilayer_perceptron"]
    with pytest.raises(InvalidParameters) as raised:
        network(layers=(2, 2), data=data)
    assert str(raised.value).startswith(told)
    assert network(layers=(2, 2), data=data, loss="squared_error").value(np.zeros(6)) > 0


def test_rows_that_sum_to_one_but_for_rounding_are_distributions():
    assert Given(inputs=ROWS, targets=[[0.1] * 10, [0.5, 0.5 + 9e-10, *[0] * 8]]).class_probabilities().shape == (2, 10)


class Own(DataSet):
    def __init__(self, samples):
        self.given = samples

    def samples(self):
        return self.given

    def __str__(self):
        return "own()"


def test_an_own_data_set_serves_as_it_is_and_is_checked_alike():
    inputs = np.array(ROWS)
    data = Own(Samples(inputs, labels=np.array([1, 0]), n_classes=2))
    network = OBJECTIVES["multilayer_perceptron"](layers=(2, 2), data=data)
    assert network.value(np.zeros(6)) == pytest.approx(math.log(2), rel=1e-14)
    for label in (-1, 2):
        with pytest.raises(ValueError, match=f"^label {label} of row 1 is out of range; 2 classes are 0, ..., 1$"):
            _ = Own(Samples(inputs, labels=np.array([1, label]), n_classes=2)).labels


def test_what_an_own_data_set_holds_stays_its_own():
    inputs, labels = np.array(ROWS), np.array([1, 0])
    data = Own(Samples(inputs, labels=labels))
    assert not data.inputs.flags.writeable
    inputs[0], labels[0] = 7, 0
    assert data.inputs.tolist() == [[1, 2], [3, 4]]
    assert data.labels.tolist() == [1, 0]


def test_classes_of_an_own_data_set_are_counted_where_their_number_is_not_told():
    data = Own(Samples([[1, 2], [3, 4]], labels=[0, 2]))
    assert data.n_classes == 3
    assert data.targets.tolist() == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (
            Samples(ROWS),
            "samples come with labels, which are classes, or with targets, which are values; give one of them",
        ),
        (
            Samples(ROWS, labels=[0.5, 1]),
            "labels of shape (2,) and type float64 must be whole numbers, (S,), counted from 0",
        ),
        (
            Samples(ROWS, labels=[[0], [1]]),
            "labels of shape (2, 1) and type int64 must be whole numbers, (S,), counted from",
        ),
        (Samples(ROWS, targets=ROWS, labels=[0]), "inputs (2, 2) and labels (1,) differ in rows"),
        (
            Samples(ROWS, labels=[0, 10**9]),
            "label 1000000000 of row 1: a column for each of 1000000001 classes would hold",
        ),
        (Samples([1, 2], labels=[0, 1]), "inputs of shape (2,) must be rows of numbers"),
    ],
)
def test_an_own_data_set_that_is_none_is_refused(samples, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}"):
        _ = Own(samples).targets
    with pytest.raises(InvalidParameters, match=f"^data: {re.escape(told)}"):
        OBJECTIVES["multilayer_perceptron"](layers=(2, 2), data=Own(samples))


class Foreign:
    """No descendant of ours, with what a network asks of data."""

    def __init__(self, **changes):
        made = {"inputs": np.array(ROWS), "targets": np.eye(2), "labels": np.array([0, 1]), "n_classes": 2}
        vars(self).update({name: each for name, each in (made | changes).items() if each is not ...})

    def class_probabilities(self):
        return self.targets

    def __repr__(self):
        return "foreign"


def test_a_foreign_object_serves_as_data():
    network = OBJECTIVES["multilayer_perceptron"](layers=(2, 2), data=Foreign())
    assert network.value(np.zeros(6)) == pytest.approx(math.log(2), rel=1e-14)
    assert network.data.inputs.flags.writeable
    values = Foreign(labels=None, n_classes=None, targets=np.array([[1], [2]]))
    assert (
        OBJECTIVES["multilayer_perceptron"](layers=(2, 1), data=values, loss="squared_error").value(np.zeros(3)) == 1.25
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"inputs": np.array([[1, np.nan], [0, 0]])}, "inputs: row 0, column 1 is nan; all must be finite numbers"),
        ({"inputs": np.ones((3, 2))}, "inputs (3, 2) and targets (2, 2) differ in rows"),
        ({"inputs": ROWS}, "inputs of foreign, ((1.0, 2.0), (3.0, 4.0)), are no array of numbers"),
        ({"labels": np.array([0, 2])}, "label 2 of row 1 is out of range; 2 classes are 0, ..., 1"),
        (
            {"n_classes": ..., "labels": ...},
            "foreign is no data set: it lacks labels, n_classes; labels and n_classes may",
        ),
    ],
)
def test_a_foreign_object_is_checked_as_ours_are(changes, told):
    with pytest.raises(InvalidParameters, match=f"^data: {re.escape(told)}"):
        OBJECTIVES["multilayer_perceptron"](layers=(2, 2), data=Foreign(**changes))


# ---- what is refused of the others, and what a missing library is


@pytest.mark.parametrize(
    ("key", "given", "told"),
    [
        ("two_moons", {"n_samples": 1}, "n_samples: 1 must be at least 2"),
        ("two_moons", {"noise": -1}, "noise: -1 must not be negative"),
        ("gaussian_mixture", {"n_classes": 1}, "n_classes: 1 must be at least 2"),
        ("normal_inputs", {"variances": [1, -1]}, "variances=(1.0, -1.0): none may be negative"),
        ("normal_inputs", {"n_samples": 3}, "n_samples=3: must be more than the 3 variances"),
        (
            "gaussian_mixture",
            {"n_samples": 1_000_000, "dimension": 1_000_000},
            "n_samples=1000000, dimension=1000000: inputs would hold 1000000000000 numbers; at most 20000000; choose smaller"
            " ones",
        ),
        (
            "gaussian_mixture",
            {"n_samples": 10_000, "n_classes": 10_000},
            "n_samples=10000, n_classes=10000: targets would hold 100000000 numbers; at most 20000000; choose smaller ones",
        ),
        (
            "gaussian_mixture",
            {"n_classes": 10_000, "dimension": 10_000},
            "n_classes=10000, dimension=10000: centres would hold 100000000 numbers; at most 20000000; choose smaller ones",
        ),
        (
            "teacher",
            {"n_samples": 1_000_000, "n_inputs": 100},
            "n_samples=1000000, n_inputs=100: signals at n_inputs would hold 100000000 numbers; at most 20000000; choose"
            " smaller ones",
        ),
        (
            "teacher",
            {"hidden": 1_000_000},
            "n_samples=100, hidden=1000000: signals at hidden would hold 100000000 numbers; at most 20000000; choose smaller"
            " ones",
        ),
        (
            "teacher",
            {"n_samples": 1, "n_inputs": 10_000, "hidden": 10_000},
            "n_inputs=10000, hidden=10000: the teacher's weights would hold 100000000 numbers; at most 20000000; choose"
            " smaller ones",
        ),
        (
            "normal_inputs",
            {"variances": [1] * 100, "n_samples": 1_000_000},
            "n_samples=1000000, variances=100: inputs would hold 100000000 numbers; at most 20000000; choose smaller ones",
        ),
        ("digits", {"size": 3}, "size: 3 is not allowed; must be 8, 4, 2 or 1"),
        ("digits", {"n_samples": 1798}, "n_samples=1798: there are 1797 samples of 10 classes; choose 10 to 1797"),
        (
            "digits",
            {"n_samples": 538, "classes": [0, 1, 2]},
            "n_samples=538: there are 537 samples of 3 classes; choose 3 to 537",
        ),
        ("digits", {"classes": [1, 10]}, "classes=(1, 10): must be different digits, 0 to 9"),
        ("digits", {"classes": [1, 1]}, "classes=(1, 1): must be different digits, 0 to 9"),
        ("iris", {"n_samples": 2}, "n_samples=2: there are 150 samples of 3 classes; choose 3 to 150"),
        ("wine", {"n_samples": 179}, "n_samples=179: there are 178 samples of 3 classes; choose 3 to 178"),
        ("breast_cancer", {"n_samples": 0}, "n_samples: 0 must be positive"),
    ],
)
def test_what_cannot_be_drawn_or_chosen_is_one_line(key, given, told):
    if key in REAL:
        pytest.importorskip("sklearn")
    with pytest.raises(InvalidParameters) as raised:
        DATA_SETS[key](**given)
    assert str(raised.value) == told


SCENARIO = """
version: 1
title: Real data
experiment:
  name: escape
  objective:
    name: multilayer_perceptron
    layers: [4, 3]
    data: {name: iris}
  saddle: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  start: {name: gaussian, scale: 1e-3}
  optimizers: {gd: {name: gradient_descent, learning_rate: 0.01}}
  n_steps: 10
  n_lanes: 2
"""


@pytest.mark.parametrize("name", REAL)
def test_a_missing_library_is_one_line_that_says_what_to_install(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(InvalidParameters) as raised:
        DATA_SETS[name](n_samples=30)
    told = " needs scikit-learn, which is not installed; install with: pip install 'saddlesim[learn]'"
    assert str(raised.value).startswith(f"{name}(")
    assert str(raised.value).endswith(told)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_scenario_that_asks_for_a_missing_library_is_exit_2(monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    (tmp_path / "real.yaml").write_text(SCENARIO)
    done = CliRunner().invoke(app, [command, "real.yaml"])
    assert done.exit_code == 2
    assert done.stdout == ""
    (told,) = (line for line in done.stderr.splitlines() if "needs" in line)
    assert told.startswith("real.yaml:9:11: experiment.objective.data: iris(")
    assert told.endswith("install with: pip install 'saddlesim[learn]'")


def test_nothing_is_imported_before_real_data_are_asked_for():
    code = (
        "import sys\nfrom saddlesim.objectives.networks.data import DATA_SETS\n"
        "[DATA_SETS[key]().inputs for key in ('xor', 'two_moons', 'gaussian_mixture', 'teacher', 'normal_inputs')]\n"
        "print(*{'sklearn', 'scipy', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            f"given, inputs: [[1, 2, 3, 4]], labels: [{10**30}]",
            "labels[0]: 1000000000000000000000000000000 must be below",
        ),
        (
            "gaussian_mixture, dimension: 4, n_samples: 1e6, n_classes: 1e6",
            "n_samples=1000000, n_classes=1000000: targets",
        ),
        ("given, inputs: [[1, 2, 3, '4']], labels: [0]", "inputs[0][3]: '4' is no number"),
    ],
)
def test_data_that_cannot_be_held_or_read_are_one_line_of_a_scenario_and_nothing_is_written(
    monkeypatch, tmp_path, data, told
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "much.yaml").write_text(SCENARIO.replace("name: iris", f"name: {data}"))
    done = CliRunner().invoke(app, ["run", "much.yaml"])
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = (line for line in done.stderr.splitlines() if "experiment.objective.data" in line)
    assert told in line
    assert [each.name for each in tmp_path.iterdir()] == ["much.yaml"]
