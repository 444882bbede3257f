"""What could not be carried over from another package, for a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that was left out or changed: where it is there, and what happens to it."""

    place: str
    text: str


def one_line(text: str) -> str:
    """Return a text without what no file of text, or no source, may have: NUL, half characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
