"""Parse datetimes that PostgreSQL sends as text with one call instead of a dozen.

psycopg parses these texts with a regular expression, and Django then converts each datetime to its
time zone, which is most of the time that a list with a datetime takes. For ISO 8601 in UTC the
result is the same without either. Any other text (BC dates, infinity, another ``DateStyle``) is
left to them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.django_internals.connections import connects_in_utc, type_adapters

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

#: The type ``timestamptz``, and the format of texts (psycopg's ``pq.Format.TEXT``).
_TYPE = 1184
_TEXT = 0


def load_datetimes_quickly(cursor: CursorWrapper, connection: BaseDatabaseWrapper) -> None:
    """Let a cursor of PostgreSQL, and none but this, parse its datetimes so.

    Args:
        cursor: Django's, before it executes anything.
        connection: Django's.
    """
    adapters = type_adapters(cursor)
    if adapters is None or not connects_in_utc(connection):
        return
    loader = adapters.get_loader(_TYPE, _TEXT)
    if getattr(loader, "timezone", None) is UTC:
        adapters.register_loader(_TYPE, _quick(loader))


@cache
def _quick(loader: Any) -> object:
    class QuickLoader(loader):  # type: ignore[misc]  # the class that the connection has for it
        def load(self, data: Any) -> object:
            try:
                found = datetime.fromisoformat(str(data, "ascii"))
            except ValueError:
                return super().load(data)
            return found if found.tzinfo is UTC else super().load(data)

    return QuickLoader
