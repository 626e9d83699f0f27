"""The pictures of eigenvalue signs, by what their artists hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from saddlesim.experiments import EXPERIMENTS
from saddlesim.plots import plot, rendered


def result(**changes):
    asked = EXPERIMENTS["eigenvalue_signs"](
        **{
            "ensembles": {"goe": {"name": "goe"}, "coin": {"name": "independent_signs"}},
            "dimensions": (2, 3, 8),
            "n_samples": 4000,
            "n_spectra": 40,
            **changes,
        }
    )
    blocks = {p: [asked.run_block(p, b, 0) for b in range(asked.n_blocks(p))] for p in asked.points()}
    return asked.reduce(blocks, 0)


@pytest.fixture(scope="module")
def told():
    return result()


@pytest.fixture(scope="module")
def figures(told):
    return plot(told)


def test_there_is_a_picture_for_all_that_was_drawn(figures):
    assert set(figures) == {"minima", "index", "variance", "spectra"}
    assert set(plot(result(n_spectra=0, dimensions=(2,)))) == {"index"}
    assert all(axes.get_xlabel() and axes.get_ylabel() for figure in figures.values() for axes in figure.axes)
    assert rendered(figures["minima"], "svg") == rendered(plot(result())["minima"], "svg")


def test_the_exact_curve_is_the_exact_law(told, figures):
    (axes,) = figures["minima"].axes
    curves = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 3 and line.get_linestyle() == "-"]
    exact = [told.laws["goe", n].log_probability_positive / math.log(10) for n in (2, 3, 8)]
    assert any(np.allclose(curve, exact) for curve in curves)


def test_what_was_never_seen_is_an_arrow_at_its_bound(told, figures):
    (axes,) = figures["minima"].axes
    assert told.counts["goe", 8].of_kind("minimum") == 0
    arrows = [line for line in axes.lines if "downarrow" in str(line.get_marker()) and len(line.get_xdata())]
    assert [list(line.get_xdata()) for line in arrows] == [[8]]
    assert arrows[0].get_ydata()[0] == pytest.approx(math.log10(told.probability("minimum", "goe", 8).high))


def test_bars_are_the_frequencies_and_the_line_is_the_law(told, figures):
    goe, coin = figures["index"].axes
    assert sum(bar.get_height() for bar in coin.patches) == pytest.approx(1)
    (line,) = goe.lines
    np.testing.assert_allclose(line.get_ydata(), told.laws["goe", 8].distribution[line.get_xdata().astype(int)])


def test_the_variance_stands_over_its_size(told, figures):
    (axes,) = figures["variance"].axes
    drawn = [line.get_ydata() for line in axes.lines if line.get_marker() == "s" and len(line.get_xdata()) == 3]
    np.testing.assert_allclose(drawn[0], [told.counts["coin", n].variance(0.95).value for n in (2, 3, 8)])


def test_spectra_at_the_wall_are_positive_and_have_unit_mass():
    axes = plot(result(ensembles={"goe": {"name": "goe"}}, n_rare_samples=400))["wall"].axes[0]
    assert min(bar.get_x() for bar in axes.patches) >= 0
    assert sum(bar.get_height() * bar.get_width() for bar in axes.patches) == pytest.approx(1)
