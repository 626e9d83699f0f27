"""Store: blocks and results <-> disk. Whatever is written is there whole or not at all.

Blocks are NumPy archives, results labelled netCDF-3 (through SciPy; opens in xarray), the rest JSON. The same content is
the same bytes: no file holds a time but the manifest.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saddlesim.experiments.base import Block, LabelledArray, Result
from saddlesim.parameters import as_plain
from saddlesim.scenario import as_experiment


def save_block(path: Path, block: Block) -> None:
    """Write a block's arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **block)
    _write(path, lambda partial: partial.write_bytes(buffer.getvalue()))


def load_block(path: Path) -> Block | None:
    """Read a block; None where there is none, or none that is whole."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def save_result(path: Path, result: Result) -> None:
    """Write a result's arrays with their axes and meaning, and the question they answer, as netCDF-3."""
    from scipy.io import netcdf_file

    question = json.dumps({"experiment": as_plain(result.experiment), "seed": result.seed})

    def write(partial: Path) -> None:
        with netcdf_file(partial, "w", version=2) as file:
            file.question = question
            for name, array in result.arrays.items():
                data, axes = _netcdf_data(name, array)
                for axis, length in zip(axes, data.shape, strict=True):
                    if axis not in file.dimensions:
                        file.createDimension(axis, length)
                variable = file.createVariable(name, data.dtype, axes)
                variable[...] = data
                variable.long_name = array.meaning
                if data.dtype.kind == "S":
                    variable._Encoding = "utf-8"

    _write(path, write)


def load_result(path: Path) -> Result:
    """Read a result back, as its experiment's own kind of Result.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a result of ours, or its experiment was not made of built-in or installed parts.
    """
    from scipy.io import netcdf_file

    try:
        with netcdf_file(path, "r", mmap=False) as file:
            question = json.loads(file.question.decode())
            arrays = {name: _from_netcdf(variable) for name, variable in file.variables.items()}
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no result of saddlesim: {error}") from None
    experiment = as_experiment(question["experiment"])
    return experiment.result_class(experiment, question["seed"], arrays)


def save_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON, as `json_text` spells it."""
    _write(path, lambda partial: partial.write_text(json_text(content) + "\n", encoding="utf-8"))


def load_json(path: Path) -> dict[str, Any]:
    """Read JSON."""
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def json_text(content: Any) -> str:
    """Spell as JSON; nan and infinity, which JSON lacks, are null."""
    return json.dumps(_finite(content), indent=2, allow_nan=False)


def save_bytes(path: Path, content: bytes) -> None:
    """Write bytes, such as a picture."""
    _write(path, lambda partial: partial.write_bytes(content))


def remove_partial_files(folder: Path) -> None:
    """Remove what processes that are no more left half written."""
    for partial in folder.glob(".*.partial"):
        if not _is_running(int(partial.name.split(".")[-2])):
            partial.unlink(missing_ok=True)


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    """Write beside the place, then move there at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(each) for key, each in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(each) for each in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def _netcdf_data(name: str, array: LabelledArray) -> tuple[Any, tuple[str, ...]]:
    """Give data in a type that netCDF-3 has: text as characters along one more axis, whole numbers as int32 or int8."""
    data = array.data
    if data.dtype.kind == "U":
        encoded = np.char.encode(data, "utf-8")
        characters = np.frombuffer(encoded.tobytes(), dtype="S1").reshape(*data.shape, encoded.dtype.itemsize)
        return characters, (*array.axes, f"{name}_length")
    if data.dtype.kind in "iub" and data.dtype.itemsize > 1:
        if data.size and (data.min() < -(2**31) or data.max() >= 2**31):
            raise ValueError(f"{name} holds whole numbers beyond 32 bits, which netCDF-3 lacks")
        return data.astype(np.int32), array.axes
    return data.astype(np.int8) if data.dtype.kind in "iub" else data, array.axes


def _from_netcdf(variable: Any) -> LabelledArray:
    data, axes = np.array(variable[...]), tuple(variable.dimensions)
    meaning = variable.long_name.decode()
    if data.dtype.kind == "S":
        words = data.view(f"S{data.shape[-1]}").reshape(data.shape[:-1])
        return LabelledArray(axes[:-1], np.char.decode(words, "utf-8"), meaning)
    return LabelledArray(axes, data.astype(data.dtype.newbyteorder("=")), meaning)
