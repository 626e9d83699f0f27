"""Exit codes: 0 done, 1 the run or an expectation failed, 2 usage or invalid scenario, 130 interrupted."""

from __future__ import annotations

import sys
import traceback
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
    except MemoryError:
        _stop("out of memory; ask for fewer dimensions, points or lanes", INVALID)
    except KeyboardInterrupt:
        _stop("interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read stdout has had enough
        sys.stderr.close()
        raise typer.Exit(FAILED) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _stop(f"{where}{error.strerror or error}", FAILED)
    except Exception as error:
        if not (culprit := _trusted_class(error)):
            raise
        _stop(f"{culprit}: {type(error).__name__}: {error}", INVALID)


def _trusted_class(error: Exception) -> str:
    """Give the name of the class of somebody's whose method raised an error; nothing where it is not one's."""
    from saddlesim.objectives import OBJECTIVES

    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    keys = {getattr(type(frame.f_locals.get("self")), "registry_key", "") for frame in frames}
    return next((key for key in keys if key in OBJECTIVES and key not in OBJECTIVES.builtin), "")


def _stop(message: str, code: int) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code) from None
