"""Exit codes: 0 done, 1 the run or an expectation failed, 2 usage or invalid scenario, 130 interrupted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

FAILED, INVALID, INTERRUPTED = 1, 2, 130


class UsageError(Exception):
    """What was asked cannot be done as it was said; one line, exit code 2."""


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn what a command raises into lines on stderr and an exit code."""
    try:
        yield
    except UsageError as error:
        _stop(str(error), INVALID)
    except KeyboardInterrupt:
        _stop("interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read stdout has had enough
        sys.stderr.close()
        raise typer.Exit(FAILED) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _stop(f"{where}{error.strerror or error}", FAILED)


def _stop(message: str, code: int) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code) from None
