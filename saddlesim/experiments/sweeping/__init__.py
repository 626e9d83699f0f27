"""Sweeping: an escape made again with other values of its fields, and how its steps grow with them."""
