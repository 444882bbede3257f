"""Parses ``search``, and checks it against the caps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import InvalidValueError, LimitExceededError
from django_flex.query.search import SEARCH, words_of
from django_flex.query.values import check_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.query.limits import Limits


def parse_search(payload: Mapping[str, object], limits: Limits, place: str = SEARCH) -> str | None:
    """Return the text to search for; ``None`` without one.

    Args:
        payload: with the text under ``search``.
        limits: of the API version.
        place: the position of the text in the request.

    Raises:
        InvalidValueError: it is not a string, or has no words.
        LimitExceededError: it is too long, or has too many words.
    """
    value = payload.get(SEARCH)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValueError("A string is needed", path=place, hint='"search": "aisha khan"')
    check_text(value, place, limits)
    words = len(words_of(value))
    if not words:
        raise InvalidValueError("The search has no words", path=place, hint="leave it out")
    for found, most, unit in (
        (len(value), limits.max_search_length, "characters"),
        (words, limits.max_search_words, "words"),
    ):
        if found > most:
            raise LimitExceededError(
                "The text to search for is too long", path=place, hint=f"at most {most} {unit}"
            )
    return str(value)
