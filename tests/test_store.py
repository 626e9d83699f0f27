from __future__ import annotations

import json
import math
import os

import numpy as np
import pytest
from scipy.io import netcdf_file

from saddlesim import store
from saddlesim.experiments import Escape, LabelledArray, Result

ASKED = Escape.examples()[0]
ARRAYS = {
    "name": LabelledArray(("method",), np.array(["gd", "gradient décent"]), "labels"),
    "steps": LabelledArray(("method", "lane"), np.array([[1, -1, 3], [4, 5, 6]]), "whole numbers"),
    "flags": LabelledArray(("lane",), np.array([True, False, True]), "truth"),
    "value": LabelledArray(("method", "lane"), np.array([[0.1, np.nan, np.inf], [1, 2, 3]]), "real numbers"),
}


def test_blocks_come_back_as_they_were(tmp_path):
    block = {"a": np.arange(3, dtype=np.int8), "b": np.array([[0.1, np.nan]])}
    store.save_block(tmp_path / "b.npz", block)
    back = store.load_block(tmp_path / "b.npz")
    assert back.keys() == block.keys()
    for name in block:
        assert back[name].dtype == block[name].dtype
        np.testing.assert_array_equal(back[name], block[name])
    first = (tmp_path / "b.npz").read_bytes()
    store.save_block(tmp_path / "b.npz", block)
    assert (tmp_path / "b.npz").read_bytes() == first


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"PK\x03\x04 and no more"])
def test_what_is_no_whole_block_is_none(tmp_path, content):
    if content is not None:
        (tmp_path / "b.npz").write_bytes(content)
    assert store.load_block(tmp_path / "b.npz") is None


def test_results_come_back_as_they_were(tmp_path):
    store.save_result(tmp_path / "r.nc", Result(ASKED, 5, ARRAYS))
    back = store.load_result(tmp_path / "r.nc")
    assert (back.experiment, back.seed) == (ASKED, 5)
    assert set(back.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert (back.arrays[name].axes, back.arrays[name].meaning) == (array.axes, array.meaning)
        np.testing.assert_array_equal(back[name], array.data)


def test_results_are_netcdf_that_others_read(tmp_path):
    store.save_result(tmp_path / "r.nc", Result(ASKED, 5, ARRAYS))
    with netcdf_file(tmp_path / "r.nc", "r", mmap=False) as file:
        assert file.variables["steps"].dimensions == ("method", "lane")
        assert file.variables["steps"][:].tolist() == [[1, -1, 3], [4, 5, 6]]
        assert file.variables["flags"].data.dtype.itemsize == 1


def test_results_open_in_xarray(tmp_path):
    xarray = pytest.importorskip("xarray")
    store.save_result(tmp_path / "r.nc", Result(ASKED, 5, ARRAYS))
    with xarray.open_dataset(tmp_path / "r.nc", engine="scipy") as data:
        assert data["name"].values.tolist() == ["gd", "gradient décent"]
        assert dict(data.sizes) == {"method": 2, "lane": 3}


def test_whole_numbers_that_netcdf_lacks_are_refused(tmp_path):
    large = {"large": LabelledArray(("lane",), np.array([2**31]), "too large")}
    with pytest.raises(ValueError, match="beyond 32 bits"):
        store.save_result(tmp_path / "r.nc", Result(ASKED, 0, large))
    assert not list(tmp_path.iterdir())


def test_what_json_lacks_is_null(tmp_path):
    store.save_json(tmp_path / "s.json", {"a": math.inf, "b": [math.nan, 1.5], "c": {"d": -math.inf}})
    assert json.loads((tmp_path / "s.json").read_text()) == {"a": None, "b": [None, 1.5], "c": {"d": None}}


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "s.json"
    store.save_json(path, {"a": 1})
    with pytest.raises(TypeError):
        store.save_json(path, {"a": object()})
    assert store.load_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_only_what_the_dead_left_half_written_is_removed(tmp_path):
    largest = 2**22  # process numbers end before it
    dead, living = (tmp_path / f".b.npz.{process}.partial" for process in (largest + 1, os.getpid()))
    dead.touch()
    living.touch()
    store.remove_partial_files(tmp_path)
    assert list(tmp_path.iterdir()) == [living]
