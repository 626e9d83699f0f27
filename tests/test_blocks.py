from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from saddlesim import blocks
from saddlesim.runs import run
from saddlesim.scenario import parse_scenario

SMALL = """
version: 1
title: {title}
seed: {seed}
experiment:
  name: escape
  objective: {{name: himmelblau}}
  saddle: saddle_2
  start: {{name: gaussian, scale: 1e-6}}
  optimizers:
    gd: {{name: gradient_descent, learning_rate: {learning_rate}}}
    noisy: {{name: noisy_gradient_descent, learning_rate: 0.001, noise: 1e-4}}{more}
  escape_radius: 0.5
  n_steps: {n_steps}
  n_lanes: {n_lanes}
  n_recorded_lanes: 30
  block_size: 20
expect: {expect}
"""
DEFAULTS = {
    "title": "small",
    "seed": 3,
    "learning_rate": 0.001,
    "more": "",
    "n_steps": 300,
    "n_lanes": 50,
    "expect": "[]",
}
SLOW = {"n_steps": 3000, "n_lanes": 300}  # 30 blocks, some seconds


def small(**changes):
    return parse_scenario(SMALL.format(**{**DEFAULTS, **changes}), name="small")


def contents(folder):
    """Everything a run leaves that must not depend on how it came about."""
    files = [folder / "results.nc", folder / "summary.json", *(folder / "blocks").iterdir()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def computed(done):
    return done.manifest["blocks"]["computed"]


def test_bytes_do_not_depend_on_workers_or_repetition(tmp_path):
    one = run(small(), jobs=1, out=tmp_path / "one")
    two = run(small(), jobs=2, out=tmp_path / "two")
    assert one.folder.name == two.folder.name
    assert len(contents(one.folder)) == 2 + 6
    assert contents(one.folder) == contents(two.folder)
    assert computed(run(small(), out=tmp_path / "one")) == 0
    assert computed(run(small(), out=tmp_path / "one", fresh=True)) == 6
    assert contents(one.folder) == contents(two.folder)


def test_what_enters_no_block_recomputes_nothing(tmp_path):
    first = run(small(), out=tmp_path)
    again = run(
        small(title="another", expect="[{name: n_lanes_, value: 1}]".replace("n_lanes_", "saddle.index")), out=tmp_path
    )
    assert again.folder == first.folder
    assert computed(again) == 0
    assert again.passed


@pytest.mark.parametrize(
    ("changes", "n_computed"),
    [
        ({"seed": 4}, 6),
        ({"n_steps": 301}, 6),
        ({"learning_rate": 0.002}, 3),  # the other optimizer's blocks are found in the folder beside
        ({"more": "\n    third: {name: newton}"}, 3),
        ({"n_lanes": 70}, 4),  # two full blocks of each are there already; the third was not full
    ],
    ids=str,
)
def test_what_enters_a_block_recomputes_it_and_no_other(tmp_path, changes, n_computed):
    first = run(small(), out=tmp_path)
    changed = run(small(**changes), out=tmp_path)
    assert changed.folder != first.folder
    assert computed(changed) == n_computed
    alone = run(small(**changes), out=tmp_path / "apart")
    assert contents(alone.folder) == contents(changed.folder)


def test_other_code_recomputes_everything(tmp_path, monkeypatch):
    first = run(small(), out=tmp_path)
    monkeypatch.setattr(blocks, "source_digest", lambda: "other code")
    other = run(small(), out=tmp_path)
    assert other.folder != first.folder
    assert computed(other) == 6


def test_a_spoilt_block_is_computed_again(tmp_path):
    first = run(small(), out=tmp_path)
    before = contents(first.folder)
    victims = sorted((first.folder / "blocks").iterdir())[:2]
    victims[0].write_bytes(victims[0].read_bytes()[:1000])
    victims[1].write_bytes(b"no archive")
    assert computed(run(small(), out=tmp_path)) == 2
    assert contents(first.folder) == before


def test_adding_an_optimizer_changes_no_other_and_starts_are_common(tmp_path):
    first = run(small(), out=tmp_path / "a").result
    more = run(small(more="\n    third: {name: newton}"), out=tmp_path / "b").result
    for label in ("gd", "noisy"):
        for name in ("escape_step", "final_value", "record_x"):
            np.testing.assert_array_equal(first.lanes(name, label), more.lanes(name, label))
    starts = [more.lanes("record_x", label)[0] for label in ("gd", "noisy", "third")]
    np.testing.assert_array_equal(starts[0], starts[1])
    np.testing.assert_array_equal(starts[0], starts[2])


# ---- interruptions


def start(folder, jobs="2"):
    scenario = folder.parent / "slow.yaml"
    scenario.write_text(SMALL.format(**{**DEFAULTS, **SLOW}))
    command = [sys.executable, "-m", "saddlesim", "run", str(scenario), "-o", str(folder), "-j", jobs]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    wait_for(lambda: list(folder.glob("*/blocks/*.npz")))
    return process


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def workers_of(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(each) for each in children if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return contents(run(small(**SLOW), jobs=2, out=tmp_path_factory.mktemp("whole")).folder)


def finish(folder, whole):
    done = run(small(**SLOW), jobs=2, out=folder)
    assert 0 < computed(done) < 30
    assert not list((done.folder / "blocks").glob(".*"))
    renamed = {name: content for name, content in contents(done.folder).items() if "blocks/." not in name}
    assert renamed == whole


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_says_how_to_go_on_and_does(tmp_path, uninterrupted, jobs):
    process = start(tmp_path / "runs", jobs)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.startswith("interrupted; finished blocks are kept. To go on: saddlesim run ")
    assert "Traceback" not in err
    rename(tmp_path)
    finish(tmp_path / "runs", uninterrupted)


def test_a_killed_run_leaves_no_workers_and_is_resumed(tmp_path, uninterrupted):
    process = start(tmp_path / "runs")
    workers = wait_for(lambda: workers_of(process))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: all(map(is_gone, workers)), seconds=15)
    rename(tmp_path)
    finish(tmp_path / "runs", uninterrupted)


def test_a_killed_worker_ends_the_run_with_one_line(tmp_path, uninterrupted):
    process = start(tmp_path / "runs")
    os.kill(wait_for(lambda: workers_of(process))[0], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert "a worker process died" in err
    assert err.count("\n") == 1
    rename(tmp_path)
    finish(tmp_path / "runs", uninterrupted)


def rename(folder):
    """The command line names a run for its file, slow.yaml, the runs made here for `small`."""
    for path in (folder / "runs").glob("slow-*"):
        path.rename(path.with_name(path.name.replace("slow-", "small-")))


def test_manifest_tells_how_the_run_came_about(tmp_path):
    done = run(small(), out=tmp_path)
    manifest = json.loads((done.folder / "manifest.json").read_text())
    assert manifest["scenario"]["experiment"]["optimizers"]["gd"] == {
        "name": "gradient_descent",
        "learning_rate": 0.001,
        "weight_decay": 0.0,
        "dampening": 0.0,
    }
    assert manifest["scenario"]["seed"] == 3
    assert manifest["environment"]["libraries"]["numpy"] == np.__version__
    assert manifest["blocks"] == {"total": 6, "computed": 6, "jobs": 1}
    assert manifest["times"]["seconds"] > 0
