"""The words of a text to search for."""

from __future__ import annotations


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, each once."""
    return tuple(dict.fromkeys(text.split()))
