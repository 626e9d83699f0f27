"""Command line: the only room that prints, exits or reads argv. Each command imports what it needs when it is called."""

from saddlesim.cli.app import app, main

__all__ = ["app", "main"]
