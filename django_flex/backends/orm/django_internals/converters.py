"""Raw values of a column as Python's, by the converters that Django has for it.

Uses ``BaseDatabaseWrapper.ops`` and ``timezone``, and the signature of converters.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger("django_flex")

#: A converter of Django's: a function, or the name of a method of the database's operations, which
#: know their connection and so cannot be cached.
Converter: TypeAlias = "str | Callable[..., Any]"

_OF_DATETIMES = "convert_datetimefield_value"
#: What makes the converter of a column of GeoDjango. It reads with a reader of GEOS that belongs to the
#: thread that made it, and another thread must not use it.
_MAKER_OF_GEOMETRIES = "get_geometry_converter"


def without_connection(call: Callable[..., Any], connection: BaseDatabaseWrapper) -> Converter:
    """Return a converter as it can be cached for other connections to the same database."""
    maker, _, _ = getattr(call, "__qualname__", "").rpartition(".<locals>.")
    if maker.endswith(f".{_MAKER_OF_GEOMETRIES}"):
        return _MAKER_OF_GEOMETRIES
    return str(call.__name__) if getattr(call, "__self__", None) is connection.ops else call


def convert(
    values: Sequence[object],
    converters: Sequence[Converter],
    column: object,
    connection: BaseDatabaseWrapper,
) -> Sequence[object]:
    """Return what Django would make of the values of one column.

    A value that a converter raises for, such as a curve that GEOS cannot read, is ``None``. That is
    logged, once for all of them.

    Args:
        values: as the database gave them.
        converters: those of the column.
        column: its expression.
        connection: to the database.
    """
    try:
        return _converted(values, converters, column, connection)
    except Exception:  # noqa: BLE001 - the code of a field may raise anything
        return _each_or_none(values, converters, column, connection)


def _each_or_none(
    values: Sequence[object],
    converters: Sequence[Converter],
    column: object,
    connection: BaseDatabaseWrapper,
) -> Sequence[object]:
    found: list[object] = []
    failed: list[Exception] = []
    for value in values:
        try:
            found += _converted((value,), converters, column, connection)
        except Exception as error:  # noqa: BLE001 - as above
            found.append(None)
            failed.append(error)
    if failed:
        text = "%s of %s values of %r cannot be read, and are null"
        logger.error(text, len(failed), len(values), column, exc_info=failed[0])
    return found


def _converted(
    values: Sequence[object],
    converters: Sequence[Converter],
    column: object,
    connection: BaseDatabaseWrapper,
) -> Sequence[object]:
    for name in converters:
        call = getattr(connection.ops, name) if isinstance(name, str) else name
        if name == _MAKER_OF_GEOMETRIES:
            call = call(column)
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
