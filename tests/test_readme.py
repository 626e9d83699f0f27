"""That what the README says to paste runs as it stands, each block by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_there_are_blocks():
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.sub(r"\W+", "_", block)[-30:])
def test_a_block_of_the_readme_runs_by_itself(block, tmp_path, monkeypatch, capsys):
    if "import jax" in block:
        pytest.importorskip("jax")
    (tmp_path / "scenarios").symlink_to(README.parent / "scenarios")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "pasted"})
    assert capsys.readouterr().out
