from __future__ import annotations

import numpy as np
import pytest

from saddlesim.cli.tables import modules_check as modules_table
from saddlesim.experiments import ModulesCheck
from saddlesim.experiments.base import dotted_figures
from saddlesim.experiments.modules_check.derivatives import Check, checks, logit_error
from saddlesim.plots import plot
from saddlesim.runs import run
from saddlesim.scenario import ScenarioError, parse_scenario

TEXT = """
version: 1
title: formulas
seed: 3
experiment: {name: modules_check, steps: [1e-3, 1e-5], logits: [1, 1000]}
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return run(parse_scenario(TEXT), 1, tmp_path_factory.mktemp("runs"))


def test_every_formula_holds_and_a_wrong_one_would_not():
    for label, each in checks(np.random.default_rng(1)).items():
        assert each.error(each.by_complex_step()) < 1e-13, label
        wrong = Check(each.function, each.x, each.closed_form * (1 + 1e-6))
        assert wrong.error(wrong.by_complex_step()) > 5e-7, label


def test_differences_are_off_by_the_step_squared():
    cube = Check(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([3.0, 12.0]))
    assert cube.error(cube.by_differences(1e-3)) == pytest.approx(1e-6 / 12, rel=1e-4)
    assert cube.error(cube.by_complex_step()) < 1e-15


def test_a_step_out_of_the_domain_is_no_number_and_no_warning():
    root = Check(lambda x: np.sqrt(x).sum(), np.array([0.01]), np.array([5.0]))
    assert root.error(root.by_differences(0.1)) == np.inf


def test_the_chain_breaks_where_outputs_round_to_zero():
    assert logit_error(1000.0, np.random.default_rng(0)).chained == np.inf
    assert logit_error(1000.0, np.random.default_rng(0)).fused < 1e-13
    assert logit_error(1.0, np.random.default_rng(0)).chained < 1e-13


def test_table_summary_and_picture_say_the_same(done):
    figures = done.summary
    assert set(dotted_figures(figures)) == set(done.scenario.experiment.summary_names())
    assert figures["logits"]["size_1"]["chained_breaks"]
    assert len(list(modules_table.tables(done))) == 2
    left, right = plot(done.result)["modules_check"].axes
    assert len(left.lines) == len(figures["formulas"]) + 3
    assert len(right.lines) == 3


def test_the_same_bytes_come_whatever_the_workers_and_only_what_is_new_is_computed(done, tmp_path):
    again = run(parse_scenario(TEXT), 2, tmp_path)
    assert (again.folder / "results.nc").read_bytes() == (done.folder / "results.nc").read_bytes()
    blocks = {each.name for each in (again.folder / "blocks").iterdir()}
    more = run(parse_scenario(TEXT.replace("[1, 1000]", "[1, 10]")), 1, tmp_path)
    assert len(blocks & {each.name for each in (more.folder / "blocks").iterdir()}) == 1


def test_bad_input_is_told():
    with pytest.raises(ScenarioError, match="each must be another"):
        parse_scenario(TEXT.replace("[1, 1000]", "[1, 1]"))
    with pytest.raises(ScenarioError, match="must be positive"):
        parse_scenario(TEXT.replace("[1, 1000]", "[0]"))
    assert ModulesCheck().check() == []
