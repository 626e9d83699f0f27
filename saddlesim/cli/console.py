"""Console: where tables for people go."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH_OF_FILES = 130  # where stdout is no terminal


def console_for_results() -> Console:
    """Give the console on stdout, wide where nobody's window limits it."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
