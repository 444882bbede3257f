"""Whether a database can convert to a time zone; only MariaDB and MySQL may not be able to.

They convert by tables that an operator has to fill. Without these ``CONVERT_TZ`` is NULL, so that a
filter by a day or an hour finds nothing, and groups are those of NULL.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import connections
from django.utils.timezone import get_current_timezone_name

from django_flex.backends.orm.django_internals.connections import zone_in_sql, zone_of
from django_flex.exceptions import MisconfiguredError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger("django_flex")

CONVERSION = "CONVERT_TZ("
#: In lower case, so that it is not taken for a conversion itself.
_TRY = "SELECT convert_tz('2026-01-01', %s, %s) IS NOT NULL"
#: A zone that is only in the tables, where a project's expression names the zone by itself.
_ANY = "Europe/London"

# What databases are known to convert: alias, from, to. What they cannot is asked again each time,
# since it takes no restart to fill the tables.
_known: set[tuple[str, str, str]] = set()


def check_time_zone(using: str, name: str) -> None:
    """Check that a database can convert to a zone; once for each zone and process.

    Raises:
        MisconfiguredError: its time zone tables are empty.
    """
    connection = connections[using]
    stored = zone_of(connection)
    if connection.vendor == "mysql" and stored is not None:
        _check(connection, stored, name)


def check_conversion(connection: BaseDatabaseWrapper) -> None:
    """Check that MariaDB can convert times, before a statement that does.

    Raises:
        MisconfiguredError: its time zone tables are empty.
    """
    stored, name = zone_of(connection) or "UTC", get_current_timezone_name()
    _check(connection, stored, _ANY if name == stored else name)


def _check(connection: BaseDatabaseWrapper, stored: str, name: str) -> None:
    conversion = (connection.alias, stored, zone_in_sql(name))
    if conversion[1] == conversion[2] or conversion in _known:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TRY, conversion[1:])
        (converts,) = cursor.fetchone()
    if converts:
        _known.add(conversion)
        return
    logger.error(
        "Database %r cannot convert times from %s to %s: load its time zone tables with "
        "mysql_tzinfo_to_sql",
        *conversion,
    )
    raise MisconfiguredError(
        "The time zone tables of the database are empty",
        hint="its operator has to load them with mysql_tzinfo_to_sql",
    )
