"""Splits the composers of a track, which Chinook has in one string, into names."""

from __future__ import annotations

import re

# Texts that look like several names and are one.
SINGLE_NAMES = frozenset(
    {
        "AC/DC",
        "Deacon, John",
        "Dylan, Bob",
        "Gelder, Nick van",
        "Hendrix, Jimi",
        "May, Brian",
        "Mercury, Freddie",
        "Smith, Toby",
        "Tankian, Serj",
    }
)

# The first separator that occurs decides. Between slashes and semicolons a comma belongs to a
# name ("Lennon, John/McCartney, Paul"), otherwise it stands between two.
SEPARATORS = (
    re.compile(r"/"),
    re.compile(r";"),
    re.compile(r",(?:\s*and\b)?|\s&\s|\sand\s|\s-\s"),
)


def split_composers(text: str) -> list[str]:
    """Return the names in a string of composers, in order, each once."""
    text = text.strip()
    if text in SINGLE_NAMES:
        return [text]
    separator = next((one for one in SEPARATORS if one.search(text)), None)
    names = separator.split(text) if separator else [text]
    return list(dict.fromkeys(name for part in names if (name := part.strip(" ,"))))
