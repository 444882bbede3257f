"""The statement cache: SQL that is compiled once for a cache key, run with the values of each request.

Most of the time of a small read goes into building and compiling the same queryset again. The cache
holds the SQL text that Django compiled, its converters, and the lookups that turn values into
parameters. It never holds the values themselves.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connections
from django.utils.timezone import get_current_timezone_name

from django_flex.backends.orm.django_internals.availability import is_available
from django_flex.backends.orm.django_internals.compilation import limit_sql, run_query
from django_flex.backends.orm.prepared.cache_keys import UncacheableError, cache_key_of
from django_flex.backends.orm.prepared.datetimes import load_datetimes_quickly
from django_flex.backends.orm.prepared.statements import (
    CompiledStatement,
    StatementSource,
    bind,
    compile_statement,
    python_rows,
)
from django_flex.backends.orm.prepared.verification import check, digest_of, matches_django
from django_flex.exceptions import FlexError
from django_flex.metering import count_statement

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

    from django_flex.backends.orm.django_internals.compilation import Note, Row
    from django_flex.backends.orm.prepared.statements import Build
    from django_flex.backends.orm.prepared.verification import SentStatement

logger = logging.getLogger("django_flex")

#: How many requests in a row try to compile a statement for a cache key; then one in ``RETRY_EVERY``.
MAX_TRIES = 4
RETRY_EVERY = 64
#: A statement that this many requests in a row could not use was compiled for unusual values.
MAX_MISSES = 8
#: Rows that are fetched at once if there is a ``note`` to call with them: at first, and later.
FIRST_ROWS, NEXT_ROWS = 32, 256


@dataclass(slots=True, eq=False)
class CacheEntry:
    """What is known of a cache key.

    Args:
        statement: what Django compiled for it, if that may be used.
        tries: how many requests found no statement.
        misses: how many requests in a row needed different SQL.
        mismatched: whether its statement differed from what Django compiles for other values; if
            so, none is cached.
    """

    statement: CompiledStatement | None = None
    tries: int = 0
    misses: int = 0
    mismatched: bool = False

    def missed(self) -> None:
        """Count a request that the statement could not be used for.

        After several in a row it is dropped: it was compiled for unusual values.
        """
        if self.statement is None:
            return
        self.misses += 1
        if self.misses >= MAX_MISSES:
            self.statement, self.tries, self.misses = None, 0, 0


@dataclass(slots=True, eq=False)
class StatementCache:
    """The statements of one API version, the least recently used dropped first. Threads share it.

    Args:
        size: how many there are at most; 0 for none.
        checked: whether each use is compared with Django's own statement, which is for tests.
    """

    size: int = 512
    checked: bool = False
    entries: OrderedDict[Hashable, CacheEntry] = field(default_factory=OrderedDict)

    def entry(self, key: Hashable) -> CacheEntry:
        """Return the entry of a cache key, a new one if it has none."""
        found = self.entries.get(key)
        if found is not None:
            try:  # noqa: SIM105 - of each request, which a context manager would take longer
                self.entries.move_to_end(key)
            except KeyError:  # another thread has dropped it in between
                pass
            return found
        found = self.entries[key] = CacheEntry()
        while len(self.entries) > self.size:
            with suppress(KeyError):
                self.entries.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """A database by its alias, and the cache of the statements that are run on it.

    ``reading`` opens the context that related rows of another database are read in. ``time_zone``
    is the name of Django's current one, if that is known for several statements. With ``from_primary`` related rows of another database are read
    where they are written.
    """

    using: str
    statements: StatementCache
    reading: Callable[[str], AbstractContextManager[object]] = nullcontext
    time_zone: str | None = None
    from_primary: bool = False


def fetch(
    plan: object,
    build: Build,
    database: Database,
    page: tuple[int, int] | None = None,
    note: Note | None = None,
) -> list[Row]:
    """Fetch the rows of a plan.

    Args:
        plan: the plan, or a tuple of all that decides about the statement.
        build: makes Django's query from it, which returns tuples.
        database: the database to read, with its cached statements.
        page: the limits that ``build`` sets, where they may differ between plans of one cache key.
        note: called with the raw rows, several at a time, before they are converted; it may raise.
    """
    using, cache = database.using, database.statements
    if not (cache.size and is_available("statement cache")):
        return run_query(build(plan, using), using, note)
    try:
        key, values = cache_key_of(plan)
    except UncacheableError:
        return run_query(build(plan, using), using, note)
    connection = connections[using]
    # The time zone in which a day begins is part of the SQL.
    zone = database.time_zone or get_current_timezone_name()
    entry = cache.entry((build, key, using, connection.vendor, zone))
    source = StatementSource(plan, build, values, page, using)
    known = entry.statement
    statement = known or _compiled(entry, source, cache, zone)
    parameters = None if statement is None else bind(statement, values, using)
    if statement is None or parameters is None:
        entry.missed()
        return run_query(source.query(), using, note)
    entry.misses = 0
    sql = statement.sql
    if page is not None:
        sql = f"{sql} {limit_sql(connection, *page)}{statement.tail}"
    sent = sql, parameters
    if statement.verification.pending and not _verified(entry, statement, sent, source, cache):
        return run_query(source.query(), using, note)
    count_statement(kept=known is not None)
    with connection.cursor() as cursor:
        if statement.datetimes and connection.vendor == "postgresql":
            load_datetimes_quickly(cursor, connection)
        cursor.execute(sql, parameters)
        rows = _taken(cursor, note)
    if statement.width is not None:
        rows = [row[: statement.width] for row in rows]
    found = python_rows(rows, statement.converters, connection)
    if cache.checked:
        check(sent, rows, found, source.query(), using)
    return found


def _taken(cursor: CursorWrapper, note: Note | None) -> list[Row]:
    """Fetch all rows of a cursor; stop if ``note`` raises."""
    if note is None:
        found: list[Row] = cursor.fetchall()
        return found
    rows: list[Row] = []
    wanted = FIRST_ROWS
    while True:
        some = cursor.fetchmany(wanted)
        note(some)
        rows.extend(some)
        if len(some) < wanted:
            return rows
        wanted = NEXT_ROWS


def _compiled(
    entry: CacheEntry, source: StatementSource, cache: StatementCache, zone: str
) -> CompiledStatement | None:
    """Compile a statement for a cache key that has none, unless that was tried often enough.

    One unusual value says nothing about a cache key, so later requests try again; but rarely, since
    it may be the plan itself that cannot be proven. If code of the project has changed the time
    zone since the key was made, the statement would be that of another key.
    """
    if zone != get_current_timezone_name():
        return None
    tries = entry.tries
    entry.tries += 1
    if entry.mismatched or (tries >= MAX_TRIES and tries % RETRY_EVERY):
        return None
    try:
        statement = compile_statement(source)
    except FlexError:
        return None  # Django is asked without bind parameters, and says the same
    except Exception:
        if cache.checked:
            raise
        if not tries:
            # A bind parameter got to where only values are allowed. Run the query without them, as usual.
            logger.exception("A query could not be compiled for the statement cache")
        return None
    entry.statement = statement
    return statement


def _verified(
    entry: CacheEntry,
    statement: CompiledStatement,
    sent: SentStatement,
    source: StatementSource,
    cache: StatementCache,
) -> bool:
    """Whether a new statement equals what Django compiles for a request; else it is dropped."""
    if cache.checked:
        return True  # each run is compared, and more of it
    verification, digest = statement.verification, digest_of(sent[1])
    if verification.knows(digest):
        return True
    query = source.query()
    if matches_django(sent, query, source.using):
        verification.passed(digest, varies=bool(statement.proven.binders))
        return True
    entry.statement, entry.mismatched = None, True
    logger.error(
        "A cached statement on '%s' differs from what Django compiles; it is dropped",
        query.model._meta.label if query.model else "",
    )
    return False
