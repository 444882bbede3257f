"""English plurals of the names of models, for URLs and for people."""

from __future__ import annotations

import re
from functools import cache

#: Words whose plural follows no rule.
IRREGULAR = {
    "alumnus": "alumni",
    "axis": "axes",
    "bacterium": "bacteria",
    "corpus": "corpora",
    "criterion": "criteria",
    "datum": "data",
    "echo": "echoes",
    "epoch": "epochs",
    "foot": "feet",
    "genus": "genera",
    "goose": "geese",
    "lens": "lenses",
    "matrix": "matrices",
    "monarch": "monarchs",
    "mouse": "mice",
    "nucleus": "nuclei",
    "ox": "oxen",
    "phenomenon": "phenomena",
    "potato": "potatoes",
    "quiz": "quizzes",
    "radius": "radii",
    "stimulus": "stimuli",
    "stomach": "stomachs",
    "tomato": "tomatoes",
    "tooth": "teeth",
    "vertex": "vertices",
    "veto": "vetoes",
}
#: Words that mean one or many alike.
UNCOUNTABLE = frozenset(
    {
        *("advice", "aircraft", "baggage", "chassis", "content", "corps", "data", "deer"),
        *("equipment", "evidence", "feedback", "fish", "furniture", "homework", "information"),
        *("knowledge", "luggage", "media", "metadata", "money", "people", "research", "salmon"),
        *("sheep", "staff", "traffic", "weather"),
    }
)
_BEGINNING = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z])")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
#: The end of a word, and what the plural has in its place; the first that matches decides.
_RULES = (
    (re.compile(r"person$"), "people"),
    (re.compile(r"child$"), "children"),
    # Behind another word, too: `salesman`, `bookshelf`, `midwife`, `superhero`, `fintech`.
    (re.compile(r"(?<!hu|ro)(?<!cai|ger|nor|sha)(?<!otto)(?<!talis)man$"), "men"),
    (re.compile(r"(?<=cal|hal|lea|loa|wol)f$|(?<=shea|shel|thie)f$"), "ves"),
    (re.compile(r"(?<=li|wi)fe$|(?<=kni)fe$"), "ves"),
    (re.compile(r"hero$"), "heroes"),
    (re.compile(r"tech$"), "techs"),
    (re.compile(r"ware$"), "ware"),
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
