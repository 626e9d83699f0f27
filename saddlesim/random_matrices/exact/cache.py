"""Cache: exact laws that were computed before, as files that whoever cannot write them does without."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from saddlesim.version import VERSION

Numbers = list[tuple[int, int]]  # mantissa and exponent of two


def load(law: dict[str, Any], digits: int) -> Numbers | None:
    """Give a law's numbers if they are there with as many digits."""
    with contextlib.suppress(OSError, RuntimeError, ValueError, KeyError, TypeError):  # not there, or not whole
        held = json.loads(_path(law).read_text(encoding="ascii"))
        if held["digits"] >= digits:
            return [(int(mantissa, 16), int(exponent)) for mantissa, exponent in held["numbers"]]
    return None


def save(law: dict[str, Any], digits: int, numbers: Numbers) -> None:
    """Keep a law's numbers."""
    content = {"law": law, "digits": digits, "numbers": [(hex(mantissa), exponent) for mantissa, exponent in numbers]}
    # a home that is read-only or missing is no reason to fail: it is computed again next time
    with contextlib.suppress(OSError, RuntimeError):
        path = _path(law)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="ascii") as partial:
            json.dump(content, partial)
        os.replace(partial.name, path)


def folder() -> Path:
    """Give where they are kept: SADDLESIM_CACHE, or saddlesim in the user's cache folder."""
    if chosen := os.environ.get("SADDLESIM_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "saddlesim"


def _path(law: dict[str, Any]) -> Path:
    named = json.dumps({"law": law, "version": VERSION, "source": _source_digest()}, sort_keys=True)
    return folder() / "laws" / f"{hashlib.sha256(named.encode()).hexdigest()[:20]}.json"


@functools.cache
def _source_digest() -> str:
    """Give a digest of the code that computes laws, which must not outlive a change of it."""
    hashed = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()
