"""Keys of several columns as one text: for URLs, for the names of rows in a reply, for filters.

The parts stand side by side with ``~`` between them. Of a part letters, digits, ``-`` and ``.``
stay as they are; any other byte of its UTF-8 is ``_`` and two hexadecimal digits. So the text has
only characters that no URL escapes or decodes, and no two keys have the same one: ``a~b`` is
``a_7Eb``, and the key ``(1, "a b")`` is ``1~a_20b``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Generic, TypeVar

from django.utils.duration import duration_iso_string

from django_flex.exceptions.queries import UnsupportedQueryError

if TYPE_CHECKING:
    from django_flex.exceptions.places import Place

BETWEEN = "~"
_ESCAPED = re.compile(rb"[^A-Za-z0-9.-]")
_ESCAPES = re.compile(r"_([0-9A-Fa-f]{2})")
#: The kinds of values that have a text which gives the same value again.
WRITABLE_KINDS = frozenset(
    {"integer", "decimal", "boolean", "text", "uuid", "datetime", "date", "time", "duration"}
)

#: Those of them whose JSON is that of a key as well; ``shown_key`` has nothing to do.
SHOWN_AS_THEY_ARE = WRITABLE_KINDS - {"decimal"}

#: Conditions beside each other. SQLite allows a depth of 1,000, and each of them adds one.
_BESIDE = 100

Of = TypeVar("Of")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, eq=False)
class KeyConditions(Generic[Of, Made]):
    """How conditions are made: of a column and a value, or some values, and of other conditions."""

    equal: Callable[[Of, object], Made]
    among: Callable[[Of, list[object]], Made]
    every: Callable[[Sequence[Made]], Made]
    some: Callable[[Sequence[Made]], Made]


class KeyTextError(ValueError):
    """A text is not that of a key."""


def shown_key(key: object, scale: int | None = None) -> object:
    """Return a key as it is shown: one of several columns as text, any other as its column is.

    Args:
        key: as Python has it.
        scale: how many decimal places the column has, where the key may have fewer.
    """
    if isinstance(key, tuple):
        return key_text(key)
    if not isinstance(key, Decimal):
        return key
    return format(key, "f" if scale is None else f".{scale}f")


def check_usable(key: object, place: Place = "") -> None:
    """Refuse a key that rows cannot be told apart by: Python and Django look rows up by its hash.

    Args:
        key: as Python has it, of a row that is written or linked, or whose lists are read.
        place: where it was sent.

    Raises:
        UnsupportedQueryError: it is a list, or another value without a hash.
    """
    try:
        hash(key)
    except TypeError:
        message = "The keys of this model have no hash, so its rows can only be read, without lists"
        raise UnsupportedQueryError(message, path=place or None) from None


def is_complete(key: object) -> bool:
    """Whether a row has a key, all of it."""
    return None not in key if isinstance(key, tuple) else key is not None


def key_text(parts: tuple[object, ...]) -> str:
    """Return the text of a key of several columns."""
    texts: list[str] = []
    # A list has this text for each of its rows, and calls take most of its time.
    for part in parts:
        kind = type(part)
        if kind is int:
            texts.append(str(part))
        elif kind is str and part.isascii() and part.isalnum():  # type: ignore[attr-defined]
            texts.append(part)  # type: ignore[arg-type]
        else:
            texts.append(_part_text(part))
    return BETWEEN.join(texts)


def parts_of_text(text: str) -> tuple[str, ...]:
    """Return the texts of the parts of a key.

    Raises:
        KeyTextError: something in it is escaped that is no text.
    """
    return tuple(map(_unescaped, text.split(BETWEEN)))


def one_key(columns: Sequence[Of], key: Sequence[object], make: KeyConditions[Of, Made]) -> Made:
    """Return the condition that columns have the values of a key."""
    return make.every([make.equal(one, value) for one, value in zip(columns, key, strict=True)])


def any_key(
    columns: Sequence[Of], keys: Iterable[Sequence[object]], make: KeyConditions[Of, Made]
) -> Made:
    """Return the condition that columns have the values of one of some keys.

    Keys with one beginning are one condition, and conditions are nested, so that their depth stays
    small however many there are.
    """
    *first, last = columns
    together: dict[tuple[object, ...], list[object]] = {}
    for *beginning, end in keys:
        together.setdefault(tuple(beginning), []).append(end)
    conditions = [
        make.every([*map(make.equal, first, beginning), make.among(last, ends)])
        for beginning, ends in together.items()
    ]
    leading = [beginning[0] for beginning in together]
    bundles = [slice(start, start + _BESIDE) for start in range(0, len(leading), _BESIDE)]
    if len(bundles) < 2:  # noqa: PLR2004 - nothing to bundle
        return make.some(conditions)
    return make.some(
        [
            make.every([make.among(first[0], leading[some]), make.some(conditions[some])])
            for some in bundles
        ]
    )


def _part_text(part: object) -> str:
    """Return the text of a part, escaped."""
    text = _text(part)
    if text.isascii() and text.isalnum():
        return text
    return _ESCAPED.sub(lambda found: b"_%02X" % ord(found[0]), text.encode()).decode()


def _text(part: object) -> str:
    """Return a part as the JSON of a reply would have it."""
    if isinstance(part, bool):
        return "true" if part else "false"
    if isinstance(part, datetime) and part.tzinfo is not None:
        return part.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(part, timedelta):
        return duration_iso_string(part)
    if isinstance(part, Decimal):
        return format(part, "f")
    return part.isoformat() if hasattr(part, "isoformat") else str(part)


def _unescaped(text: str) -> str:
    if "_" not in text:
        return text
    if text.count("_") != len(_ESCAPES.findall(text)):
        raise KeyTextError(text)
    try:
        parts = _ESCAPES.split(text)
        raw = (bytes.fromhex(p) if n % 2 else p.encode() for n, p in enumerate(parts))
        return b"".join(raw).decode()
    except UnicodeError:
        raise KeyTextError(text) from None
