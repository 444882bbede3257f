"""Parses ``search``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse_search(payload: Mapping[str, object], place: str = "search") -> str | None:
    """Return the text to search for; ``None`` without one.

    Args:
        payload: with the text under ``search``.
        place: the position of the text in the request.

    Raises:
        InvalidValueError: it is not a string.
    """
    value = payload.get("search")
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValueError("A string is needed", path=place, hint='"search": "aisha khan"')
    return str(value)
