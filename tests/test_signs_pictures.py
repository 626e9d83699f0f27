"""The pictures of eigenvalue signs, by what their artists hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from saddlesim.experiments import EXPERIMENTS
from saddlesim.plots import plot, rendered
from saddlesim.plots.lines import BELOW


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
def many():
    ensembles = {f"e{k}": {"name": "shifted_goe", "shift": k / 10} for k in range(9)}
    return result(ensembles=ensembles, dimensions=(2, 12), n_samples=200, n_spectra=0)


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


def arrows(axes):
    return [line for line in axes.lines if line.get_marker() is BELOW and len(line.get_xdata())]


def test_what_was_never_seen_is_an_arrow_at_its_bound(told, figures):
    (axes,) = figures["minima"].axes
    assert told.counts["goe", 8].of_kind("minimum") == 0
    (arrow,) = arrows(axes)
    assert list(arrow.get_xdata()) == [8]
    assert arrow.get_ydata()[0] == pytest.approx(math.log10(told.probability("minimum", "goe", 8).high))


def test_bounds_of_several_ensembles_lie_side_by_side_within_the_axes(many):
    (axes,) = plot(many)["minima"].axes
    axes.figure.draw_without_rendering()
    drawn = {line.get_color(): line.get_transform().transform(line.get_xydata()) for line in arrows(axes)}
    across = np.sort([place[-1, 0] for place in drawn.values()])
    assert len(drawn) >= 3
    assert np.diff(across).min() > 5
    assert np.abs(across - axes.transData.transform((12, 0))[0]).min() > 5
    assert axes.bbox.x0 < across[0] < across[-1] < axes.bbox.x1


def test_probabilities_many_orders_apart_have_logarithmic_axes_and_others_have_not(figures):
    far = plot(result(ensembles={"goe": {"name": "goe"}}, dimensions=(10, 300), n_samples=100, n_spectra=0))
    (axes,), (near,) = far["minima"].axes, figures["minima"].axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "symlog")
    assert (near.get_xscale(), near.get_yscale()) == ("linear", "linear")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["300", "10"]


def test_legends_name_what_is_drawn_and_nothing_else(figures):
    def legend(figure):
        return {each.get_text() for each in figure.axes[0].get_legend().get_texts()}

    laws = {"exact law", "for large n"}
    assert legend(figures["minima"]) == {"goe", "coin", *laws, "coin, 2$^{-n}$", "none seen: below"}
    assert legend(figures["variance"]) == {"goe", "coin", *laws}
    bare = plot(result(ensembles={"it": {"name": "equal_variances"}}, dimensions=(3, 4), n_spectra=0))
    assert legend(bare["variance"]) == {"it"}
    assert not legend(bare["minima"]) & {"rare-event estimate", *laws}


def test_every_ensemble_has_its_panel_and_its_look(many):
    figures = plot(many)
    assert [axes.get_title(loc="left") for axes in figures["index"].axes] == [f"e{k}, n = 12" for k in range(9)]
    drawn = [
        line for line in figures["variance"].axes[0].lines if line.get_markersize() == 4 and line.get_marker() != "_"
    ]
    assert len({(line.get_color(), line.get_marker()) for line in drawn}) == 9


def test_bars_are_the_frequencies_with_their_intervals_and_the_dashes_are_the_law(told, figures):
    goe, coin = figures["index"].axes
    assert sum(bar.get_height() for bar in coin.patches) == pytest.approx(1)
    (law,) = (np.array(each.get_segments()) for each in goe.collections if each.get_label() == "exact law")
    np.testing.assert_allclose(
        law[:, 0, 1], told.laws["goe", 8].distribution[law[:, :, 0].mean(axis=1).round().astype(int)]
    )
    (ends,) = (np.array(each.get_segments()) for each in coin.collections if each.get_label() != "exact law")
    np.testing.assert_allclose(ends[0, :, 1], told.probability("minimum", "coin", 8)[1:3])


def test_a_single_index_has_whole_numbers_beside_it():
    figure = plot(result(ensembles={"up": {"name": "shifted_goe", "shift": 40}}, dimensions=(2,), n_samples=100))[
        "index"
    ]
    (axes,) = figure.axes
    assert [bar.get_height() for bar in axes.patches] == [1]
    assert list(axes.get_xticks()) == [0, 1, 2]


def test_the_variance_stands_over_its_size(told, figures):
    (axes,) = figures["variance"].axes
    drawn = [line.get_ydata() for line in axes.lines if line.get_marker() == "s" and len(line.get_xdata()) == 3]
    np.testing.assert_allclose(drawn[0], [told.counts["coin", n].variance(0.95).value for n in (2, 3, 8)])


def test_spectra_at_the_wall_are_positive_and_have_unit_mass():
    axes = plot(result(ensembles={"goe": {"name": "goe"}}, n_rare_samples=400))["wall"].axes[0]
    assert min(bar.get_x() for bar in axes.patches) >= 0
    assert sum(bar.get_height() * bar.get_width() for bar in axes.patches) == pytest.approx(1)
