"""The text of ``search``: checked, and taken apart into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.exceptions import InvalidValueError, LimitExceededError
from django_flex.query.values import check_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.query.limits import Limits

PLACE = "search"


def parse_search(payload: Mapping[str, Any], limits: Limits, place: str = PLACE) -> str | None:
    """Return the text to search for, ``None`` if none is asked.

    Args:
        payload: with the text under ``search``.
        limits: of the API version.
        place: where the text stands in the request.

    Raises:
        InvalidValueError: it is no text, or has no word in it.
        LimitExceededError: it is too long, or has too many words.
    """
    value = payload.get(PLACE)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValueError("A text is needed", path=place, hint='"search": "aisha khan"')
    check_text(value, place, limits)
    words = len(words_of(value))
    if not words:
        raise InvalidValueError("There is no word in it", path=place, hint="leave it out")
    for found, most, unit in (
        (len(value), limits.max_search_length, "characters"),
        (words, limits.max_search_words, "words"),
    ):
        if found > most:
            raise LimitExceededError(
                "The text to search for is too long", path=place, hint=f"at most {most} {unit}"
            )
    return str(value)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, each once."""
    return tuple(dict.fromkeys(text.split()))
