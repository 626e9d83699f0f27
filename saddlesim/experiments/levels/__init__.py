"""Levels: at which index critical points of a random landscape lie, level by level. The rooms below are imported by name."""
