"""Raw values of a column as Python's, by the converters that Django has for it.

Uses ``BaseDatabaseWrapper.ops`` and ``timezone``, and the signature of converters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: A converter of Django's: a function, or the name of a method of the database's operations, which
#: know their connection and so cannot be cached.
Converter: TypeAlias = "str | Callable[..., Any]"

_OF_DATETIMES = "convert_datetimefield_value"


def without_connection(call: Callable[..., Any], connection: BaseDatabaseWrapper) -> Converter:
    """Return a converter as it can be cached for other connections to the same database."""
    return str(call.__name__) if getattr(call, "__self__", None) is connection.ops else call


def convert(
    values: Sequence[object],
    converters: Sequence[Converter],
    column: object,
    connection: BaseDatabaseWrapper,
) -> Sequence[object]:
    """Return what Django would make of the values of one column.

    Args:
        values: as the database gave them.
        converters: those of the column.
        column: its expression.
        connection: to the database.
    """
    for name in converters:
        call = getattr(connection.ops, name) if isinstance(name, str) else name
        if name == _OF_DATETIMES and connection.timezone is UTC:
            # Such a datetime is in UTC. Django says so of each with five calls.
            values = [
                value.replace(tzinfo=UTC)
                if value.__class__ is datetime and value.tzinfo is None
                else call(value, column, connection)
                for value in values
            ]
        else:
            values = [call(value, column, connection) for value in values]
    return values
