"""Parses ``cursor``, ``count`` and ``distinct``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django_flex.exceptions import InvalidValueError, QueryError
from django_flex.query.ast import START, Count, ParameterText
from django_flex.query.terms import parse_path, split_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.query.ast import Distinct

_CAPPED = re.compile(r"capped:([1-9][0-9]{0,8})")


def parse_cursor(payload: Mapping[str, object], place: str = "") -> str | None:
    """Parse ``cursor``: ``START`` for the first page, ``None`` without one.

    Args:
        payload: the object with the key.
        place: of the object, with a dot at its end; empty for a query.

    Raises:
        InvalidValueError: it is not a string.
        QueryError: there is an offset as well.
    """
    value = payload.get("cursor")
    if _is_absent(value):
        return None
    if "offset" in payload:
        raise QueryError(
            "A cursor determines where the page starts",
            path=f"{place}offset",
            hint="leave 'offset' out",
        )
    if value is True or _is(value, "true"):
        return START
    if not isinstance(value, str):
        raise InvalidValueError(
            "A cursor has to be a string",
            path=f"{place}cursor",
            hint="true, or the cursor of 'next' or 'prev'",
        )
    return str(value)


def parse_count(payload: Mapping[str, object], place: str = "count") -> Count | None:
    """Parse ``count``: ``True`` or a word, ``None`` if nothing is counted."""
    value = payload.get("count")
    if _is_absent(value):
        return None
    if value is True or value == "exact" or _is(value, "true"):
        return Count("exact")
    if value == "estimated":
        return Count("estimated")
    capped = _CAPPED.fullmatch(value) if isinstance(value, str) else None
    if capped is None:
        raise InvalidValueError(
            "Unknown kind of count",
            path=place,
            hint="true, 'exact', 'estimated' or 'capped:1000'",
        )
    return Count("capped", int(capped[1]))


def parse_distinct(
    payload: Mapping[str, object], most: int, place: str = "distinct"
) -> Distinct | None:
    """Parse ``distinct``: ``True``, or at most ``most`` paths."""
    value = payload.get("distinct")
    if _is_absent(value):
        return None
    if value is True or _is(value, "true"):
        return True
    paths = tuple(parse_path(text, place) for text in split_list(value, most, place))
    return tuple(dict.fromkeys(paths))


def _is_absent(value: object) -> bool:
    return value is None or value is False or _is(value, "false")


def _is(value: object, word: str) -> bool:
    """Whether a value is a query parameter with this JSON word."""
    return isinstance(value, ParameterText) and value == word
