from __future__ import annotations

import numpy as np
import pytest
from searches import HIMMELBLAU, LJ4, MIRRORED, SPACE, landscape

from saddlesim.objectives import OBJECTIVES
from saddlesim.searching.merging import n_images, same_orbit
from saddlesim.searching.symmetry import Symmetry, find_symmetry


def moved_cluster(x, rng, mirror=False):
    """Rotate, shift and relabel a cluster, (3 n,), and mirror it if asked."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    if (np.linalg.det(q) < 0) != mirror:
        q[:, 0] *= -1
    rows = x.reshape(-1, 3)
    return (rows[rng.permutation(len(rows))] @ q + rng.standard_normal(3)).ravel()


CHIRAL = np.array([0, 0, 0, 1, 0, 0, 0.2, 1.3, 0, 0.5, 0.4, 0.9])


@pytest.mark.parametrize("seed", range(5))
def test_moved_and_relabelled_clusters_are_one(seed):
    rng = np.random.default_rng(seed)
    assert same_orbit(SPACE, CHIRAL, moved_cluster(CHIRAL, rng))
    mirrored = moved_cluster(CHIRAL, rng, mirror=True)
    assert same_orbit(MIRRORED, CHIRAL, mirrored)
    assert not same_orbit(SPACE, CHIRAL, mirrored)
    assert not same_orbit(MIRRORED, CHIRAL, moved_cluster(CHIRAL, rng) + 1e-4 * rng.standard_normal(12))


def test_shapes_of_equal_distances_are_two():
    """Homometric sets: equal distances, but no motion takes one to the other."""
    marks = [0, 1, 4, 10, 12, 17], [0, 1, 8, 11, 13, 17]
    first, second = (sorted(abs(a - b) for a in each for b in each) for each in marks)
    assert first == second
    x, y = (np.array([[each, 0, 0] for each in some], dtype=float).ravel() for some in marks)
    symmetry = Symmetry(18, 3, translation=True, rotation=True, improper=True, permutation=True)
    assert not same_orbit(symmetry, x, y)
    assert same_orbit(symmetry, y, moved_cluster(y, np.random.default_rng(1)))


def test_a_slight_bend_is_no_line():
    line = np.array([-1.0, 0, 0, 0, 0, 0, 1, 0, 0])
    bent = line + 1e-4 * np.array([0, 0, 0, 0, 1, 0, 0, 0, 0])  # distances differ by 5e-9
    assert not same_orbit(Symmetry(9, 3, translation=True, rotation=True, improper=True, permutation=True), line, bent)


@pytest.mark.parametrize(
    ("symmetry", "y", "one"),
    [
        (Symmetry(3), [1, 2, 3], True),
        (Symmetry(3), [2, 1, 3], False),
        (Symmetry(3, permutation=True), [3, 1, 2], True),
        (Symmetry(3, permutation=True), [3, 1, 1], False),
        (Symmetry(3, permutation=True), [-3, -1, -2], False),
        (Symmetry(3, sign=True), [-1, -2, -3], True),
        (Symmetry(3, sign=True), [-1, 2, 3], False),
        (Symmetry(3, sign=True, permutation=True), [-3, -1, -2], True),
        (Symmetry(3, flips=(True, False, False)), [-1, 2, 3], True),
        (Symmetry(3, flips=(True, False, False)), [1, -2, 3], False),
        (Symmetry(3, permutation=True, flips=(True, True, True)), [-3, 2, -1], True),
        (Symmetry(3, translation=True), [11, 12, 13], True),
        (Symmetry(3, translation=True), [11, 12, 14], False),
        (Symmetry(3, scaling=True), [2, 4, 6], True),
        (Symmetry(3, scaling=True), [-2, -4, -6], False),
        (Symmetry(3, row_scaling=True), [7, 1, 0.5], True),
        (Symmetry(3, row_scaling=True), [7, -1, 0.5], False),
    ],
)
def test_vectors_are_one_by_their_symmetry(symmetry, y, one):
    assert same_orbit(symmetry, np.array([1.0, 2.0, 3.0]), np.array(y, dtype=float)) is one


@pytest.mark.parametrize("x", [[0, 0, 0], [1, 1, 1], [1, -1, 0], [1, 2, 2], [1, -2, 3], [0, 0, 2]])
@pytest.mark.parametrize(
    "symmetry",
    [
        Symmetry(3, permutation=True),
        Symmetry(3, sign=True),
        Symmetry(3, permutation=True, sign=True),
        Symmetry(3, flips=(True, False, True)),
        Symmetry(3, flips=(True, False, True), sign=True),
        Symmetry(3, permutation=True, flips=(True, True, True)),
    ],
    ids=str,
)
def test_images_are_as_many_as_the_group_makes(x, symmetry):
    images = {tuple(x)}
    for _ in range(8):
        more = set(images)
        for each in images:
            if symmetry.permutation:
                more |= {(each[1], each[0], each[2]), (each[1], each[2], each[0])}
            if symmetry.sign:
                more.add(tuple(-c for c in each))
            for i, free in enumerate(symmetry.flips):
                more |= {tuple(-c if free and i == j else c for j, c in enumerate(each))}
        images = more
    assert n_images(symmetry, np.array(x, dtype=float)) == len(images)


def test_declared_words_are_taken_for_what_they_mean():
    space = landscape(LJ4).symmetry
    assert (space.n_columns, space.transposed) == (3, False)
    assert all((space.translation, space.rotation, space.improper, space.permutation))
    assert not space.scales
    sphere = landscape(OBJECTIVES["thomson"](n_points=5)).symmetry
    assert all((sphere.rotation, sphere.row_scaling, sphere.permutation))
    assert not sphere.translation
    crate = OBJECTIVES["egg_crate"]()
    assert landscape(crate).symmetry.flips == (True, True)
    uneven = find_symmetry(crate, np.array([[-5.0, 6.0], [-5.0, 6.0]]), crate.symmetries)
    assert uneven.permutation
    assert not any((uneven.sign, *uneven.flips))  # they would take points out of the box


def test_what_is_declared_in_vain_is_not_believed():
    words = ("translation", "rotation", "reflection", "permutation", "scaling", "sign")
    assert find_symmetry(HIMMELBLAU, HIMMELBLAU.domain, words).trivial


def test_rigid_motions_are_six_but_five_on_a_line():
    x = np.stack([np.tile([1.0, 2.0, 2.0], 4) * np.repeat([0.0, 1.0, 2.0, 5.0], 3), CHIRAL], axis=1)
    _, rank = SPACE.modes(x)
    assert rank.tolist() == [5, 6]
