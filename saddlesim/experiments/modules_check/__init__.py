"""Modules check: whether the formulas that a course derives on paper hold, as a table."""
