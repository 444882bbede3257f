"""Moments that PostgreSQL sends as text, read by one call instead of a dozen.

psycopg reads such a text by a regular expression, and Django has each moment made anew in its zone:
most of what a list with a date takes. Where the text is one of ISO 8601 in UTC the result is the
same without either. Any other text (before our era, infinity, another ``DateStyle``) is theirs to read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

#: The type ``timestamptz``, and the format of texts (psycopg's ``pq.Format.TEXT``).
_TYPE = 1184
_TEXT = 0


def read_moments_quickly(cursor: Any, connection: Any) -> None:
    """Let a cursor of PostgreSQL, and none but this, read its moments so.

    Args:
        cursor: Django's, before it executes anything.
        connection: Django's.
    """
    adapters = getattr(cursor.cursor, "adapters", None)  # psycopg 2 has none
    if adapters is None or connection.timezone is not UTC:
        return
    loader = adapters.get_loader(_TYPE, _TEXT)
    if getattr(loader, "timezone", None) is UTC:
        adapters.register_loader(_TYPE, _quick(loader))


@cache
def _quick(loader: Any) -> Any:
    class QuickLoader(loader):  # type: ignore[misc]  # the class that the connection has for it
        def load(self, data: Any) -> Any:
            try:
                found = datetime.fromisoformat(str(data, "ascii"))
            except ValueError:
                return super().load(data)
            return found if found.tzinfo is UTC else super().load(data)

    return QuickLoader
