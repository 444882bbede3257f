"""English plurals of the names of models, for URLs and for people."""

from __future__ import annotations

import re
from functools import cache

#: Words whose plural follows no rule.
IRREGULAR = {
    "criterion": "criteria",
    "datum": "data",
    "echo": "echoes",
    "foot": "feet",
    "goose": "geese",
    "hero": "heroes",
    "lens": "lenses",
    "man": "men",
    "mouse": "mice",
    "phenomenon": "phenomena",
    "potato": "potatoes",
    "quiz": "quizzes",
    "tomato": "tomatoes",
    "tooth": "teeth",
    "woman": "women",
    **{f"{stem}f": f"{stem}ves" for stem in ("cal", "hal", "lea", "loa", "shel", "thie", "wol")},
    **{f"{stem}fe": f"{stem}ves" for stem in ("kni", "li", "wi")},
}
#: Words that mean one or many alike.
UNCOUNTABLE = frozenset(
    {
        *("aircraft", "content", "data", "equipment", "feedback", "fish", "information"),
        *("media", "metadata", "money", "people", "sheep", "software", "staff"),
    }
)
_BEGINNING = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z])")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
#: The end of a word, and what the plural has in its place; the first that matches decides.
_RULES = (
    (re.compile(r"person$"), "people"),
    (re.compile(r"child$"), "children"),
    (re.compile(r"sis$"), "ses"),
    (re.compile(r"(?<=[^aeiou])y$"), "ies"),
    (re.compile(r"(?<=[suiao])s$|(?<=[xz])$|(?<=[cs]h)$"), None),
    (re.compile(r"s$"), "s"),  # `settings` is a plural already
    (re.compile(r"$"), "s"),
)


@cache
def in_words(object_name: str) -> str:
    """Return ``booking_line`` for ``BookingLine``, and ``http_log`` for ``HTTPLog``."""
    return _BEGINNING.sub("_", object_name).lower()


@cache
def plural(name: str) -> str:
    """Return the plural of a name in lower case, of which the last word changes.

    Args:
        name: words joined by ``_`` or spaces.
    """
    found = _LAST_WORD.search(name)
    if found is None:
        return f"{name}s"
    return name[: found.start()] + _plural_of_word(found[0])


def _plural_of_word(word: str) -> str:
    if word in UNCOUNTABLE:
        return word
    if word in IRREGULAR:
        return IRREGULAR[word]
    end, instead = next(rule for rule in _RULES if rule[0].search(word))
    return f"{word}es" if instead is None else end.sub(instead, word, count=1)
