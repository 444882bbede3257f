"""``cursor``, ``count`` and ``distinct``: which part of the rows is wanted, and how many there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import CursorError, InvalidValueError, QueryError
from django_flex.query.ast import START, Count, ParameterText
from django_flex.query.terms import parse_path, split_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.query.ast import Distinct

# Longer than any that we make, of the most columns and the longest texts that we put into one.
MAX_CURSOR = 32_768
_CURSOR = re.compile(r"[A-Za-z0-9_-]*")
_CAPPED = re.compile(r"capped:([1-9][0-9]{0,8})")


def parse_cursor(payload: Mapping[str, Any]) -> str | None:
    """Read ``cursor``: ``START`` for the first page, ``None`` where there is none.

    Raises:
        CursorError: a text that cannot be a cursor.
        QueryError: an offset beside it.
    """
    value = payload.get("cursor")
    if _is_absent(value):
        return None
    if "offset" in payload:
        raise QueryError(
            "A cursor says where the page begins", path="offset", hint="leave 'offset' out"
        )
    if value is True or _is(value, "true"):
        return START
    if not isinstance(value, str):
        raise InvalidValueError(
            "A cursor is a text", path="cursor", hint="true, or the cursor of 'next' or 'prev'"
        )
    if len(value) > MAX_CURSOR or not _CURSOR.fullmatch(value):
        raise CursorError
    return str(value)


def parse_count(payload: Mapping[str, Any]) -> Count | None:
    """Read ``count``: ``True`` or a word, ``None`` where nothing is to be counted."""
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
            "There is no such count",
            path="count",
            hint="true, 'exact', 'estimated' or 'capped:1000'",
        )
    return Count("capped", int(capped[1]))


def parse_distinct(payload: Mapping[str, Any], most: int) -> Distinct | None:
    """Read ``distinct``: ``True``, or at most so many paths."""
    value = payload.get("distinct")
    if _is_absent(value):
        return None
    if value is True or _is(value, "true"):
        return True
    paths = tuple(parse_path(text, "distinct") for text in split_list(value, most, "distinct"))
    return tuple(dict.fromkeys(paths))


def _is_absent(value: Any) -> bool:
    return value is None or value is False or _is(value, "false")


def _is(value: Any, word: str) -> bool:
    """Whether a parameter of a URL says a word of JSON."""
    return isinstance(value, ParameterText) and value == word


def paging_to_json(count: Count | None, distinct: Distinct | None) -> dict[str, Any]:
    """Return ``count`` and ``distinct`` as they would be sent again."""
    body: dict[str, Any] = {}
    if count is not None:
        body["count"] = f"capped:{count.most}" if count.kind == "capped" else count.kind
    if distinct is not None:
        body["distinct"] = distinct is True or ", ".join(".".join(path) for path in distinct)
    return body
