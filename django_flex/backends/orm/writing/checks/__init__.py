"""Checks of values that are written, and what is said of them."""
