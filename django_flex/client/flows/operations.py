"""What a collection can do, as flows over JSON values. The shells only decode and wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django_flex.client.dialects.base import RowSet, Write
from django_flex.client.exceptions import BuildError, NotFound, Problem
from django_flex.client.flows.effects import Flow
from django_flex.client.flows.exchange import spoken
from django_flex.client.flows.progress import Progress
from django_flex.client.flows.requests import read, send, send_write
from django_flex.client.flows.session import Session
from django_flex.client.queries.filters import NOTHING
from django_flex.client.queries.query import Query
from django_flex.client.values.encoding import columns_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """What a write may say beside its rows; a dialect refuses what it does not have.

    ``if_match`` is the ``ETag`` that the row has to have, ``idempotency_key`` makes repeated sends
    one write, ``dry_run`` rolls back, ``max_affected`` bounds a write by query.
    """

    if_match: str | None = None
    idempotency_key: str | None = None
    dry_run: bool = False
    max_affected: int | None = None

    def headers(self) -> dict[str, str]:
        """Return the options that are headers."""
        told = {"If-Match": self.if_match, "Idempotency-Key": self.idempotency_key}
        return {name: value for name, value in told.items() if value is not None}

    def keys(self) -> dict[str, Any]:
        """Return the options that are keys of the body."""
        told: dict[str, Any] = {"dry_run": True} if self.dry_run else {}
        if self.max_affected is not None:
            told["max_affected"] = self.max_affected
        return told


PLAIN = WriteOptions()


def list_rows(session: Session, query: Query) -> Flow[RowSet]:
    """Read one page."""
    dialect = yield from spoken(session)
    reply = yield from read(session, dialect.list_request(query))
    return dialect.row_set(query, reply)


def next_rows(session: Session, query: Query, page: RowSet) -> Flow[RowSet | None]:
    """Read the page after ``page``; ``None`` if there is none."""
    dialect = yield from spoken(session)
    following = page.next
    if following is None and page.has_more is not False and page.rows and dialect.name != "flex":
        following = replace(query, offset=(query.offset or 0) + len(page.rows))
    if following is None:
        return None
    reply = yield from read(session, dialect.next_request(query, following))
    asked = following if isinstance(following, Query) else query
    return dialect.row_set(asked, reply)


def get_row(session: Session, query: Query, key: Any) -> Flow[Any]:
    """Read one row by its key.

    Raises:
        NotFound: there is none that the caller may see.
    """
    dialect = yield from spoken(session)
    reply = yield from read(session, dialect.get_request(query, key))
    return dialect.item(reply)


def first_row(session: Session, query: Query) -> Flow[Any]:
    """Read the first row; ``None`` if there is none."""
    found = yield from list_rows(session, replace(query, limit=1))
    return found.rows[0] if found.rows else None


def one_row(session: Session, query: Query) -> Flow[Any]:
    """Read the only row.

    Raises:
        NotFound: there is none.
        BuildError: there are several.
    """
    found = yield from list_rows(session, replace(query, limit=2))
    if not found.rows:
        raise not_found(query)
    if len(found.rows) > 1:
        raise BuildError(f"Several rows of {query.collection!r} match; one() expects one")
    return found.rows[0]


def count_rows(session: Session, query: Query) -> Flow[int]:
    """Count the rows that match."""
    dialect = yield from spoken(session)
    reply = yield from read(session, dialect.count_request(query))
    return dialect.row_set(query, reply).filtered or 0


def explained(session: Session, query: Query) -> Flow[Any]:
    """Ask for the plan of a query."""
    dialect = yield from spoken(session)
    reply = yield from send(session, dialect.explain_request(query))
    return dialect.item(reply)


def create_row(
    session: Session, query: Query, row: object, options: WriteOptions = PLAIN
) -> Flow[Any]:
    """Add a row; returns it, or ``None`` if the caller may not read it."""
    dialect = yield from spoken(session)
    asked = _write(query, [columns_of(row)], options)
    reply = yield from send_write(session, dialect.create_request(asked))
    return dialect.item(reply)


def create_rows(
    session: Session,
    query: Query,
    rows: Sequence[object],
    *,
    chunk: int,
    told: Callable[[Progress], None] | None = None,
) -> Flow[list[Any]]:
    """Add rows in chunks, each of them all or nothing; ``told`` hears how many are done."""
    if chunk < 1:
        raise BuildError(f"A chunk has at least one row, not {chunk}")
    dialect = yield from spoken(session)
    made: list[Any] = []
    started = session.clock()
    for start in range(0, len(rows), chunk):
        part = [columns_of(row) for row in rows[start : start + chunk]]
        asked = replace(_write(query, part, PLAIN), many=True)
        reply = yield from send_write(session, dialect.create_request(asked))
        made += dialect.items(reply)
        if told is not None:
            seconds = session.clock() - started
            told(Progress(done=start + len(part), total=len(rows), seconds=seconds))
    return made


def update_row(
    session: Session, query: Query, key: Any, row: object, options: WriteOptions = PLAIN
) -> Flow[Any]:
    """Change a row; returns it, or ``None`` if the caller may not read it.

    Without a key it is the row of a collection with one row, such as the settings of Directus.
    """
    dialect = yield from spoken(session)
    keys = () if key is None else (key,)
    asked = replace(_write(query, [columns_of(row)], options), keys=keys)
    reply = yield from send_write(session, dialect.update_request(asked))
    return dialect.item(reply)


def update_rows(
    session: Session,
    query: Query,
    keys: Sequence[Any],
    rows: object | Sequence[object],
    options: WriteOptions = PLAIN,
) -> Flow[list[Any]]:
    """Change rows by their keys: all alike, or each as the row at its place says.

    Raises:
        BuildError: there is not one row for each key.
    """
    if not keys:
        return []
    dialect = yield from spoken(session)
    if isinstance(rows, Sequence) and not isinstance(rows, str | bytes):
        changes = [columns_of(row) for row in rows]
    else:
        changes = [columns_of(rows)] * len(keys)
    if len(changes) != len(keys):
        raise BuildError(f"There are {len(keys)} keys and {len(changes)} rows")
    asked = replace(_write(query, changes, options), keys=tuple(keys), many=True)
    reply = yield from send_write(session, dialect.update_request(asked))
    return dialect.items(reply)


def update_matching(
    session: Session, query: Query, row: object, options: WriteOptions = PLAIN
) -> Flow[Any]:
    """Change all rows that match the filters of the query.

    Raises:
        BuildError: it has no filter.
    """
    _needs_filter(query)
    dialect = yield from spoken(session)
    asked = replace(_write(query, [columns_of(row)], options), by_query=True)
    reply = yield from send_write(session, dialect.update_request(asked))
    return dialect.items(reply)


def upsert_row(
    session: Session, query: Query, row: object, match: Sequence[str], options: WriteOptions = PLAIN
) -> Flow[Any]:
    """Change the row with these values of ``match``, or add it."""
    dialect = yield from spoken(session)
    asked = replace(_write(query, [columns_of(row)], options), match=tuple(match))
    reply = yield from send_write(session, dialect.upsert_request(asked))
    return dialect.item(reply)


def delete_rows(
    session: Session, query: Query, keys: Any, options: WriteOptions = PLAIN
) -> Flow[int]:
    """Delete the row with a key, or those with a list of keys; returns how many were asked for."""
    dialect = yield from spoken(session)
    many = isinstance(keys, list | tuple | set | frozenset)
    chosen = tuple(keys) if many else (keys,)
    if not chosen:
        return 0
    asked = replace(_write(query, [], options), keys=chosen, many=many)
    yield from send_write(session, dialect.delete_request(asked))
    return len(chosen)


def delete_matching(session: Session, query: Query, options: WriteOptions = PLAIN) -> Flow[int]:
    """Delete all rows that match the filters of the query; returns how many, if the server says."""
    _needs_filter(query)
    dialect = yield from spoken(session)
    asked = replace(_write(query, [], options), by_query=True)
    reply = yield from send_write(session, dialect.delete_request(asked))
    told = dialect.item(reply)
    return int(told.get("affected", 0)) if isinstance(told, dict) else 0


def run_action(
    session: Session,
    collection: str,
    action: str,
    key: Any,
    payload: Mapping[str, Any],
    headers: Mapping[str, str],
) -> Flow[Any]:
    """Run a model action."""
    dialect = yield from spoken(session)
    request = dialect.action_request(collection, action, key, payload)
    reply = yield from send(session, replace(request, headers={**request.headers, **headers}))
    return dialect.item(reply)


def run_batch(
    session: Session, operations: Sequence[Mapping[str, Any]], *, atomic: bool
) -> Flow[list[Any]]:
    """Run several operations in one request."""
    if not operations:
        return []
    dialect = yield from spoken(session)
    reply = yield from send_write(session, dialect.batch_request(operations, atomic=atomic))
    return dialect.items(reply)


def schema_of(session: Session, collection: str) -> Flow[Any]:
    """Ask what the caller may do with a collection; without a name, which there are."""
    dialect = yield from spoken(session)
    reply = yield from read(session, dialect.schema_request(collection))
    return dialect.item(reply)


def me(session: Session, fields: Sequence[str]) -> Flow[Any]:
    """Ask who the server takes the caller for."""
    dialect = yield from spoken(session)
    reply = yield from read(session, dialect.me_request(fields))
    return dialect.item(reply)


def not_found(query: Query) -> NotFound:
    """Return the error for a query that finds no row."""
    return NotFound(Problem(status=404, message=f"No row of {query.collection!r} matches"))


def _needs_filter(query: Query) -> None:
    if query.where == NOTHING:
        raise BuildError(f"Without a filter this would change every row of {query.collection!r}")


def _write(query: Query, rows: Sequence[Mapping[str, Any]], options: WriteOptions) -> Write:
    return Write(query=query, rows=tuple(rows), options=options.keys(), headers=options.headers())
