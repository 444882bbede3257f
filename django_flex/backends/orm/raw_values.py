"""Raw values of a column into Python's, by the converters that Django has for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

#: A converter of Django's: a function, or the name of a method of the database's operations, which
#: know their connection and so cannot be kept.
Converter: TypeAlias = "str | Callable[..., Any]"

_MOMENT = "convert_datetimefield_value"


def kept(call: Callable[..., Any], connection: Any) -> Converter:
    """Return a converter as it can be kept for other connections to the same database."""
    bound = getattr(call, "__self__", None) is connection.ops
    return str(call.__name__) if bound else call


def converted(
    values: Sequence[Any], calls: Sequence[Converter], column: Any, connection: Any
) -> Sequence[Any]:
    """Return what Django would make of the values of one column.

    Args:
        values: as the database gave them.
        calls: the converters of the column.
        column: its expression.
        connection: to the database.
    """
    for name in calls:
        call = getattr(connection.ops, name) if isinstance(name, str) else name
        if name == _MOMENT and connection.timezone is UTC:
            # Such a moment is in UTC. Django says so of each with five calls.
            values = [
                value.replace(tzinfo=UTC)
                if value.__class__ is datetime and value.tzinfo is None
                else call(value, column, connection)
                for value in values
            ]
        else:
            values = [call(value, column, connection) for value in values]
    return values
