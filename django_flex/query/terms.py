"""Field terms, order terms and paths: the small grammar inside the strings of a query."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, cast

from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import FieldTerm, Nulls, OrderTerm, Path
from django_flex.query.synonyms import meant_order

if TYPE_CHECKING:
    from collections.abc import Iterable

SEGMENT = re.compile(r"[\w-]{1,64}")
ALIAS = re.compile(r"[A-Za-z0-9_]{1,64}")
_CALL = re.compile(r"(\w{1,64})\((.*)\)", re.DOTALL)
# Longer than any path that MAX_JOINS and MAX_JSON_DEPTH allow; stops work on absurd input.
MAX_PATH_SEGMENTS = 64
MAX_CACHED_LIST = 1_000
MAX_CACHED_PATH = 100


def parse_path(text: str, place: str, *, wildcard: bool = False) -> Path:
    """Split a dotted path into segments; ``fn(path)`` is the same as ``path.fn``.

    Raises:
        QueryError: a segment is empty, too long or has a character that no name has.
    """
    read = _read_short_path if len(text) <= MAX_CACHED_PATH else _read_path
    segments = read(text, wildcard)
    if segments is None:
        raise QueryError(
            worded("'{}' is not a path", excerpt(text)),
            path=place,
            hint=_path_hint(text),
        )
    if len(segments) > MAX_PATH_SEGMENTS:
        raise LimitExceededError(
            "A path is too long", path=place, hint=worded("at most {} segments", MAX_PATH_SEGMENTS)
        )
    return segments


def _path_hint(text: str) -> str:
    """Return what is wrong with a text that is not a path."""
    if any(sign in text for sign in "(){}"):
        return worded("fields of related rows are joined by dots, as in 'customer.name'")
    if any(sign in text for sign in " ;|"):
        return worded("items of a list are separated by commas, as in 'id, name'")
    return worded("names of letters, digits, '_' and '-', joined by single dots")


def _read_path(text: str, wildcard: bool) -> Path | None:  # noqa: FBT001 - lru_cache is quicker so
    """Return the segments of a path; ``None`` if it is invalid. One that is too long is not checked."""
    inner = text
    calls: list[str] = []
    while len(calls) < MAX_PATH_SEGMENTS and (call := _CALL.fullmatch(inner)):
        calls.insert(0, call[1])
        inner = call[2].strip()
    segments = (*(inner.split(".") if inner or not calls else ()), *calls)
    names = segments[:-1] if wildcard and segments[-1] == "*" else segments
    if len(segments) > MAX_PATH_SEGMENTS:
        return segments
    good = not text.startswith("-") and all(SEGMENT.fullmatch(name) for name in names)
    return segments if good else None


# Front ends repeat their paths. Longer ones are not cached: clients could fill the cache.
_read_short_path = lru_cache(maxsize=1_024)(_read_path)


def parse_fields(value: object, most: int, place: str) -> tuple[FieldTerm, ...]:
    """Parse a comma-separated or JSON list of at most ``most`` field terms."""
    # Front ends repeat their lists. Longer ones are not cached: clients could fill the cache.
    if isinstance(value, str) and len(value) <= MAX_CACHED_LIST:
        return _parse_short_list(str(value), most, place)
    return tuple(_field_term(text, place) for text in split_list(value, most, place))


@lru_cache(maxsize=1_024)
def _parse_short_list(value: str, most: int, place: str) -> tuple[FieldTerm, ...]:
    return tuple(_field_term(text, place) for text in split_list(value, most, place))


def parse_order(value: object, most: int, place: str) -> tuple[OrderTerm, ...]:
    """Parse a comma-separated or JSON list of at most ``most`` paths, with ``-`` for descending."""
    if isinstance(value, str) and len(value) <= MAX_CACHED_LIST:
        return _parse_short_order(str(value), most, place)
    return tuple(_order_term(text, place) for text in split_list(value, most, place))


@lru_cache(maxsize=1_024)
def _parse_short_order(value: str, most: int, place: str) -> tuple[OrderTerm, ...]:
    return tuple(_order_term(text, place) for text in split_list(value, most, place))


def _field_term(text: str, place: str) -> FieldTerm:
    excluded = text.startswith("-")
    body = text[1:] if excluded else text
    alias, colon, target = body.rpartition(":")
    if colon and (excluded or target.strip() == "*" or not ALIAS.fullmatch(alias)):
        raise QueryError(
            worded("'{}' is not a field term", excerpt(text)),
            path=place,
            hint="write 'alias:path'; an alias has up to 64 letters, digits and '_'",
        )
    path = parse_path(target.strip(), place, wildcard=not excluded)
    return FieldTerm(path=path, alias=alias if colon else None, excluded=excluded)


def _order_term(text: str, place: str) -> OrderTerm:
    descending = text.startswith("-")
    meant = None if _is_path(text) else meant_order(text)
    if meant is not None and _is_path(meant):
        hint = worded("did you mean '{}'?", meant)
        raise QueryError(worded("'{}' is not a path", excerpt(text)), path=place, hint=hint)
    path = parse_path(text[1:] if descending else text, place)
    nulls: Nulls | None = None
    if len(path) > 1 and path[-1] in {"nulls_first", "nulls_last"}:
        nulls = cast("Literal['first', 'last']", path[-1].removeprefix("nulls_"))
        path = path[:-1]
    return OrderTerm(path=path, descending=descending, nulls=nulls)


def _is_path(text: str) -> bool:
    return _read_short_path(text[: MAX_CACHED_PATH + 1].removeprefix("-"), False) is not None


def split_list(value: object, most: int, place: str) -> list[str]:
    """Parse a comma-separated or JSON list of at most ``most`` strings; an empty part is an error."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise InvalidValueError(
            "A comma-separated string or a JSON list of strings is needed",
            path=place,
            hint="'id, name'",
        )
    parts = [part.strip() for text in value for part in text.split(",")]
    if not parts or not all(parts):
        raise InvalidValueError("The list has an empty part", path=place, hint="'id, name'")
    if len(parts) > most:
        raise LimitExceededError(
            worded("Too many items: {}", len(parts)), path=place, hint=worded("at most {}", most)
        )
    return parts


def excerpt(text: str, length: int = 80) -> str:
    """Shorten a string of a client for a message, and make control characters visible."""
    shown = text if len(text) <= length else f"{text[:length]}…"
    return shown.encode("unicode_escape").decode() if not shown.isprintable() else shown


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """Return "did you mean 'x'?" for the choice most like a name, if one is near."""
    close = get_close_matches(name[:200], list(choices), n=1, cutoff=0.6)
    return worded("did you mean '{}'?", close[0]) if close else None
