"""Writes: what the caller may change, and under which rules."""
