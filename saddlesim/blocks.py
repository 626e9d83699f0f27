"""Blocks: blocks -> executor -> store. Parallel, resumable, deterministic; no science.

A block's file is named for a hash of all that enters it: the experiment's own account of it, the seed, the engine, the
package's version and source. So whatever has been computed, in this run folder or in one beside it, is found and not
computed again, and whatever has changed is.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from saddlesim.experiments.base import Block, Experiment
from saddlesim.store import load_block, remove_partial_files, save_block
from saddlesim.version import VERSION

ENGINE = "numpy"
PACKAGE = Path(__file__).parent

Progress = Callable[[int, int], None]


class WorkerDied(RuntimeError):
    """A worker process was killed, by someone or for want of memory."""


@dataclass(frozen=True)
class Task:
    """One block to be had: of which point, the how-manieth, and its file."""

    point: str
    block: int
    path: Path


@dataclass(frozen=True)
class Blocks:
    """All blocks of an experiment, by point and in order; and how many of them had to be computed."""

    by_point: dict[str, list[Block]]
    total: int
    computed: int


def compute(
    experiment: Experiment, seed: int, folder: Path, jobs: int, fresh: bool = False, progress: Progress | None = None
) -> Blocks:
    """Have every block of an experiment in ``folder/blocks``, computing those that are missing.

    Parameters
    ----------
    experiment : Experiment
    seed : int
    folder : Path
        The run folder. Its siblings' blocks are reused, too.
    jobs : int, >= 1
        Worker processes, each with one BLAS thread; with 1 everything is done in this process.
    fresh : bool
        Whether to compute all blocks anew.
    progress : callable, optional
        Told (blocks there, blocks in all) at the start and after each block.

    Raises
    ------
    WorkerDied
        If a worker process ended before its block; those finished are kept.
    """
    store = folder / "blocks"
    store.mkdir(parents=True, exist_ok=True)
    remove_partial_files(store)
    tasks = [
        Task(point, block, store / f"{block_key(experiment, point, block, seed)}.npz")
        for point in experiment.points()
        for block in range(experiment.n_blocks(point))
    ]
    if fresh:
        for path in {task.path for task in tasks}:
            path.unlink(missing_ok=True)
    else:
        _reuse_siblings(tasks, folder)

    by_path: dict[Path, Block] = {}
    for task in tasks:
        if (block := load_block(task.path)) is not None:
            by_path[task.path] = block
    missing = list({task.path: task for task in tasks if task.path not in by_path}.values())
    tell = progress or (lambda done, total: None)
    n_paths = len({task.path for task in tasks})
    tell(len(by_path), n_paths)
    run = (
        _run_here
        if jobs == 1 or len(missing) <= 1
        else functools.partial(_run_in_processes, jobs=min(jobs, len(missing)))
    )
    for task in run(experiment, seed, missing):
        block = load_block(task.path)
        if block is None:
            raise OSError(f"{task.path}: the block just written cannot be read; is the disk full?")
        by_path[task.path] = block
        tell(len(by_path), n_paths)
    by_point = {point: [by_path[task.path] for task in tasks if task.point == point] for point in experiment.points()}
    return Blocks(by_point, n_paths, len(missing))


def block_key(experiment: Experiment, point: str, block: int, seed: int) -> str:
    """Name a block for what enters it."""
    return digest({"block": experiment.block_inputs(point, block), "seed": seed, **code_identity()}, 20)


def digest(content: Any, length: int) -> str:
    """Give the first hexadecimal digits of the SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:length]


def code_identity() -> dict[str, str]:
    """Tell by which code blocks are computed."""
    return {"engine": ENGINE, "version": VERSION, "source": source_digest()}


@functools.cache
def source_digest() -> str:
    """Give a digest of the package's source and tables."""
    hashed = hashlib.sha256()
    for path in sorted(path for suffix in ("*.py", "*.json") for path in PACKAGE.rglob(suffix)):
        hashed.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:20]


def _reuse_siblings(tasks: list[Task], folder: Path) -> None:
    """Copy blocks from run folders beside this one."""
    missing = {task.path.name: task.path for task in tasks if not task.path.exists()}
    if not missing or not folder.parent.is_dir():
        return
    for sibling in sorted(path / "blocks" for path in folder.parent.iterdir() if path != folder):
        for name in sorted(missing.keys() & set(os.listdir(sibling) if sibling.is_dir() else ())):
            target = missing.pop(name)
            partial = target.with_name(f".{name}.{os.getpid()}.partial")
            shutil.copyfile(sibling / name, partial)
            os.replace(partial, target)


# ---- executors


def _one_blas_thread() -> threadpool_limits:
    """Limit NumPy's BLAS and SciPy's own, which must be there to be limited."""
    importlib.import_module("scipy.linalg")
    return threadpool_limits(1)


def _run_here(experiment: Experiment, seed: int, tasks: list[Task]) -> Iterator[Task]:
    with _one_blas_thread():
        for task in tasks:
            save_block(task.path, experiment.run_block(task.point, task.block, seed))
            yield task


def _run_in_processes(experiment: Experiment, seed: int, tasks: list[Task], jobs: int) -> Iterator[Task]:
    context = multiprocessing.get_context("spawn")  # a fork would take over locks that other threads hold
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=(experiment, seed))
    try:
        pending = {executor.submit(_run_in_worker, task): task for task in tasks}
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                yield pending.pop(future)
        executor.shutdown()
    except BrokenProcessPool:
        raise WorkerDied("a worker process died, killed or for want of memory") from None
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()


_worker_experiment: Experiment
_worker_seed: int


def _start_worker(experiment: Experiment, seed: int) -> None:
    """Set a worker up: one BLAS thread, deaf to Ctrl-C, which is the parent's to answer, and gone when the parent is."""
    global _worker_experiment, _worker_seed
    _worker_experiment, _worker_seed = experiment, seed
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _one_blas_thread()
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_in_worker(task: Task) -> None:
    save_block(task.path, _worker_experiment.run_block(task.point, task.block, _worker_seed))
