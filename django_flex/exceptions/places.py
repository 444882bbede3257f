"""Where in a request an error is, and texts that name keys, both without the words of a dialect.

A dialect has its own words for the parts of a request: what is ``order_by`` in one is ``sort`` in
another. Code below the dialects names a ``Part``, and ``FlexError.in_words`` puts the word in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeAlias


class Part(StrEnum):
    """A part of a request. Its value is its name in the query language, without a dialect."""

    FIELDS = "fields"
    FILTERS = "filters"
    ORDER_BY = "order_by"
    LIMIT = "limit"
    OFFSET = "offset"
    CURSOR = "cursor"
    COUNT = "count"
    DISTINCT = "distinct"
    SEARCH = "search"
    RELATED = "related"
    AGGREGATE = "aggregate"
    GROUP_BY = "group_by"
    HAVING = "having"
    EXPLAIN = "explain"
    FORMAT = "format"
    #: The key of a row among several.
    KEY = "id"
    MODEL = "_model"
    ACTION = "_action"
    #: The fields of a written row in the reply.
    RETURNING = "_fields"
    #: The rows of a write of several, and the values of a write by filter.
    ITEMS = "_items"
    SET = "_set"
    MATCH = "_match"
    MAX_AFFECTED = "_max_affected"
    IF_MATCH = "_if_match"
    DRY_RUN = "_dry_run"
    BATCH = "_batch"
    ATOMIC = "_atomic"
    #: Of a model action: the rows that it is run on, and what they have to match.
    KEYS = "_ids"
    CHOSEN_BY = "_filters"
    EXPECTED = "_expect"
    CONDITION = "_if"
    BACKGROUND = "_background"
    #: What is done with rows inside a written row.
    ADD = "$add"
    EDIT = "$edit"
    REMOVE = "$remove"
    REPLACE = "$set"


#: A place in a request: what a dialect calls it, a part, or the segments of a way into it.
Place: TypeAlias = "str | tuple[str | int, ...]"


class Worded(str):
    """A text that remembers what it was made of; as a string it has the words of the query language.

    In ``template`` each ``{}`` stands for one of ``words``: a part of a request, another text, or a
    name, which is never translated.
    """

    __slots__ = ("template", "words")
    template: str
    words: tuple[str, ...]


Text: TypeAlias = str
#: Returns a place as a text, given the words of a dialect.
Join: TypeAlias = "Callable[[Place, Mapping[Part, str]], str]"
#: Returns a message or a template in another language.
Translate: TypeAlias = "Callable[[str], str]"
OWN_WORDS: Mapping[Part, str] = {}


def worded(template: str, *words: object) -> Worded:
    """Return a text in which each ``{}`` of the template stands for a part, a text or a name.

    Without words the template is the text, with single braces.
    """
    texts = tuple(word if isinstance(word, str) else str(word) for word in words)
    text = Worded(_fill(template, tuple(_word(word, OWN_WORDS) for word in texts)))
    text.template, text.words = template, texts
    return text


def counted(number: int, one: str, many: str, *words: object) -> Worded:
    """Return a text with a number, which stands first in its template.

    Args:
        number: how many.
        one: the template if there is one.
        many: the template for all other numbers.
        words: what else is in the template.
    """
    return worded(one if number == 1 else many, number, *words)


def inside(place: Place, *segments: str | int) -> Place:
    """Return a place inside another one; an empty one is the whole request."""
    outer = (place,) if isinstance(place, str) else place
    return (*outer, *segments) if place else segments


def dotted(place: Place, words: Mapping[Part, str] = OWN_WORDS) -> str:
    """Return a place as a text: ``related.lines.limit``, ``_items[2].name``.

    Args:
        place: the place.
        words: what a dialect calls the parts; those that are missing are called by their values.
    """
    if isinstance(place, str):
        return _word(place, words)
    text = ""
    for segment in place:
        if isinstance(segment, int):
            text += f"[{segment}]"
        else:
            text += f".{_word(segment, words)}" if text else _word(segment, words)
    return text


def in_words(
    text: Text, words: Mapping[Part, str] = OWN_WORDS, translate: Translate | None = None
) -> str:
    """Return a text with the words of a dialect.

    Args:
        text: the text.
        words: what the dialect calls the parts of a request.
        translate: into the language of the reply; without it the text stays English.
    """
    if not isinstance(text, Worded):
        return text if translate is None else translate(text)
    template = text.template if translate is None else translate(text.template)
    return _fill(template, tuple(_word(word, words, translate) for word in text.words))


def _fill(template: str, words: tuple[str, ...]) -> str:
    return template.format(*words) if words else template


def _word(segment: str, words: Mapping[Part, str], translate: Translate | None = None) -> str:
    if isinstance(segment, Part):
        return words.get(segment, segment.value)
    return in_words(segment, words, translate) if isinstance(segment, Worded) else segment
