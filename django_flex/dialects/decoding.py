"""Strict decoding of JSON, for any dialect whose bodies are JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from django_flex.exceptions import RequestError
from django_flex.exceptions.places import counted

if TYPE_CHECKING:
    from django_flex.query.limits import Limits


def parse_json(text: bytes, limits: Limits, place: str) -> object:
    """Decode JSON strictly (RFC 8259): UTF-8, no NaN, no overflow, bounded nesting.

    Raises:
        RequestError: it is not JSON, or nested too deeply.
    """
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise RequestError("This is not valid JSON", path=place) from error
    except RecursionError as error:
        raise _too_deep(limits, place) from error
    if _deeper_than(value, limits.max_json_depth):
        raise _too_deep(limits, place)
    return value


def _too_deep(limits: Limits, place: str) -> RequestError:
    return RequestError(
        "The JSON is nested too deeply",
        path=place,
        hint=counted(limits.max_json_depth, "at most {} level", "at most {} levels"),
    )


def _deeper_than(value: object, depth: int) -> bool:
    level = [value]
    for _ in range(depth + 1):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
        if not level:
            return False
    return True
