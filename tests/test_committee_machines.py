"""Committee machines: the mean over normal inputs in closed form, its saddles, and samples of it."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import erf

from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.networks.committee_machines import plateau_loss
from saddlesim.objectives.networks.symmetries import canonical, permuted, rescaled

SOFT = OBJECTIVES["soft_committee_machine"]
COMMITTEE = OBJECTIVES["committee_machine"]


def ones(count):
    return (1.0,) * count


def test_the_mean_over_normal_inputs_is_that_of_gauss_hermite_quadrature():
    machine = SOFT(n_inputs=2, hidden=3, teacher_lengths=(1.5, 0.7))
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    z = np.array(list(itertools.product(nodes, nodes))).T
    mass = np.outer(weights, weights).ravel() / (2 * np.pi)
    x = np.random.default_rng(0).standard_normal(machine.dimension)
    student = erf(machine.students(x) @ z / math.sqrt(2)).sum(axis=0)
    teacher = erf(machine.teachers @ z / math.sqrt(2)).sum(axis=0)
    assert machine.value(x) == pytest.approx(mass @ (student - teacher) ** 2 / 2, rel=1e-9)


def test_samples_approach_the_mean_and_all_their_derivatives():
    rng = np.random.default_rng(1)
    mean = SOFT(n_inputs=3, hidden=2, teacher_lengths=(1.0, 0.8))
    inputs = rng.standard_normal((40_000, 3))
    targets = erf(inputs @ mean.teachers.T / math.sqrt(2)).sum(axis=1, keepdims=True)
    data = {"name": "given", "inputs": inputs.tolist(), "targets": targets.tolist()}
    sampled = COMMITTEE(hidden=2, data=data)
    x, v = rng.standard_normal((2, mean.dimension))
    terms = np.arange(sampled.n_terms)
    each = np.array([sampled.value(x, terms[None, some]) for some in np.split(terms, 40)]).ravel()
    deviation = each.std(ddof=1) / math.sqrt(len(each))
    assert abs(each.mean() - mean.value(x)) < 4 * deviation
    np.testing.assert_allclose(sampled.gradient(x), mean.gradient(x), atol=0.02)
    np.testing.assert_allclose(sampled.hessian_product(x, v), mean.hessian_product(x, v), atol=0.05)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_units_that_are_all_alike_rest_on_the_plateau_of_saad_and_solla(k):
    machine = SOFT(n_inputs=k + 1, hidden=k, teacher_lengths=ones(k))
    x = machine.critical_point((k,))
    np.testing.assert_allclose(machine.students(x)[:, :k], 1 / math.sqrt(k * (2 * k - 1)), rtol=1e-14)
    np.testing.assert_allclose(machine.gradient(x), 0, atol=1e-15)
    assert machine.value(x) == pytest.approx(plateau_loss(k), abs=1e-14)
    values = np.linalg.eigvalsh(machine.hessian(x))
    assert (values < -1e-3).sum() == (k - 1) ** 2
    assert (np.abs(values) < 1e-13).sum() == 2 * (k - 1)


@pytest.mark.parametrize("groups", [(2, 2), (3, 2), (2, 2, 1), (4, 1, 1), (3, 3)])
def test_groups_of_units_are_saddles_and_their_losses_add_up(groups):
    k = sum(groups)
    machine = SOFT(n_inputs=k + 2, hidden=k, teacher_lengths=ones(k))
    point = next(each for each in machine.representatives if each.label == "saddle_" + "_".join(map(str, groups)))
    np.testing.assert_allclose(machine.gradient(point.x), 0, atol=1e-15)
    assert machine.value(point.x) == pytest.approx(sum(map(plateau_loss, groups)), abs=1e-14)
    values = np.linalg.eigvalsh(machine.hessian(point.x))
    assert (np.abs(values) < 1e-12).sum() == point.nullity == sum((size - 1) * (k + 3 - size) for size in groups)
    assert point.index == (values < -1e-12).sum() >= sum((size - 1) ** 2 for size in groups)


@pytest.mark.parametrize(("n", "hidden", "teachers"), [(4, 3, 2), (5, 2, 4), (3, 2, 1), (4, 1, 3)])
def test_one_group_rests_whatever_the_numbers_of_students_and_teachers(n, hidden, teachers):
    machine = SOFT(n_inputs=n, hidden=hidden, teacher_lengths=ones(teachers))
    (point,) = machine.representatives
    np.testing.assert_allclose(machine.gradient(point.x), 0, atol=1e-15)
    values = np.linalg.eigvalsh(machine.hessian(point.x))
    assert (np.abs(values) < 1e-12).sum() == point.nullity == (hidden - 1) * (n - teachers)
    assert point.index == (values < -1e-12).sum()
    assert (point.kind == "minimum") == (hidden == 1)


def test_partitions_are_all_there():
    machine = SOFT(n_inputs=7, hidden=7, teacher_lengths=ones(7))
    assert len(set(machine.known_groups)) == len(machine.representatives) == 15  # partitions of 7
    assert all(sum(groups) == 7 for groups in machine.known_groups)


def test_a_student_that_is_the_teacher_has_no_loss_and_any_order_of_its_units_serves():
    machine = SOFT(n_inputs=4, hidden=3, teacher_lengths=(0.5, 1.0, 2.0))
    x = machine.teachers[[2, 0, 1]].ravel()
    assert abs(machine.value(x)) < 1e-15
    np.testing.assert_allclose(machine.gradient(x), 0, atol=1e-15)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"n_inputs": 2}, "n_inputs=2: must be at least 3, one axis for each of teacher_lengths"),
        ({"teacher_lengths": (1.0, 0.0)}, "teacher_lengths=(1.0, 0.0): each must be positive"),
        ({"hidden": 0}, "hidden"),
        (
            {"n_inputs": 1_000_000, "hidden": 30},
            "n_inputs=1000000: weights of 30 units would hold 30000000 numbers; at most",
        ),
        ({"teacher_lengths": ()}, "teacher_lengths"),
    ],
)
def test_impossible_machines_are_refused(fields, told):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        SOFT(**fields)
    assert told in str(error.value)


def test_unknown_groups_are_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"groups=\(1, 2\): known are \(3,\) or \(2, 1\) or \(1, 1, 1\)"):
        SOFT().critical_point((1, 2))
    with pytest.raises(ValueError, match="none, for all teachers must be of length 1"):
        SOFT(teacher_lengths=(1.0, 2.0)).critical_point((2,))


def test_a_committee_gives_one_output():
    with pytest.raises(ValueError, match="has 2 targets a sample; a committee gives one"):
        COMMITTEE(data={"name": "teacher", "outputs": 2})


def test_units_of_a_committee_change_places_but_not_signs():
    machine = COMMITTEE(hidden=3)
    x = np.random.default_rng(3).standard_normal(machine.dimension)
    swapped = permuted(machine, x, 0, (2, 0, 1))
    assert machine.value(swapped) == pytest.approx(float(machine.value(x)), rel=1e-14)
    assert machine.value(canonical(machine, x)) == pytest.approx(float(machine.value(x)), rel=1e-14)
    np.testing.assert_array_equal(canonical(machine, swapped), canonical(machine, x))
    with pytest.raises(ValueError, match="what follows hidden layer 0 is fixed"):
        rescaled(machine, x, 0, (-1.0, 1.0, 1.0))


def test_the_default_teacher_can_be_learnt_without_error():
    machine = COMMITTEE()
    first, second = machine.data.weights
    np.testing.assert_array_equal(second, 1)
    assert machine.value(first.ravel()) == 0
