"""Check what the code of an action writes against the rows that its caller may change.

Forms of dj-actions select their rows themselves, so only the statements show which rows they
change. Before an UPDATE or DELETE of the model's table is executed, the rows that match its WHERE
clause are selected and locked; if the caller may not change one of them, the run is refused and
rolled back. A statement that cannot be read is refused. It does not cover triggers, stored
procedures and cascades inside the database, connections other than Django's, and code that runs
after the commit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, cast

from django.db import connections
from django.db.models.signals import post_save

from django_flex.contrib.dj_actions.statements import (
    UnreadableStatementError,
    WriteStatement,
    mentions,
    read,
)
from django_flex.exceptions import RowDeniedError
from django_flex.schema.model_attributes import column_compared_as

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper
    from django.db.models import Model, QuerySet

logger = logging.getLogger("django_flex.security")
#: Keys per query.
CHUNK = 1_000


class StatementGuard:
    """Inspects the statements of a run, and refuses those that change other rows.

    Args:
        rows: those that the caller may change.
        using: the database of the run; the table may not be written to in another one.
        row: one that the caller may change in any case.
    """

    def __init__(self, rows: QuerySet[Model], using: str, row: Model | None = None) -> None:
        self._rows = rows
        self._using = using
        self._thread = threading.get_ident()
        self._looking = False
        self.refused = False
        model = rows.model
        # The model's table and those of its parents, by name: the model and the column of its key.
        self._tables: dict[str, tuple[type[Model], str]] = {
            model._meta.db_table.lower(): (model, "pk")
        }
        for parent in model._meta.all_parents:
            link = model._meta.get_ancestor_link(parent)
            if link is not None:
                self._tables.setdefault(parent._meta.db_table.lower(), (parent, link.attname))
        self._known: dict[str, set[object]] = {name: set() for name in self._tables}
        if row is not None:
            self._add(row)

    def _add(self, row: Model) -> None:
        for name, (_, column) in self._tables.items():
            self._known[name].add(getattr(row, column))

    def created(self, instance: Model, *, created: bool, **_: object) -> None:
        """Remember a row that the run itself has added; a receiver of ``post_save``."""
        if created and threading.get_ident() == self._thread:
            self._add(instance)

    def __call__(
        self,
        execute: Callable[[str, object, bool, dict[str, object]], object],
        sql: str,
        params: object,
        many: bool,  # noqa: FBT001 - as Django calls it
        context: dict[str, object],
    ) -> object:
        """Execute a statement if it is allowed; a wrapper for ``execute_wrapper``."""
        if self._looking:
            return execute(sql, params, many, context)
        if self.refused:
            raise RowDeniedError
        statement = self._read(sql)
        if statement is None:
            return execute(sql, params, many, context)
        connection = cast("BaseDatabaseWrapper", context["connection"])
        cursor = cast("CursorWrapper", context["cursor"])
        keys = self._checked(statement, params, connection, many=many)
        result = execute(sql, params, many, context)
        # Meanwhile another transaction may have changed rows so that they match.
        locks = connection.features.has_select_for_update
        if locks and cursor.rowcount != len(keys):
            self._refuse("changed other rows than it seemed to")
        return result

    def _read(self, sql: str) -> WriteStatement | None:
        """Return the statement if it changes rows of a watched table, else ``None``."""
        try:
            found = read(sql)
        except UnreadableStatementError:
            if any(mentions(sql, name) for name in self._tables):
                self._refuse("sent a statement that cannot be checked")
            return None
        if found is None or found.rows is None or found.table.lower() not in self._tables:
            return None
        return found

    def _checked(
        self,
        statement: WriteStatement,
        params: object,
        connection: BaseDatabaseWrapper,
        *,
        many: bool,
    ) -> set[object]:
        """Return the keys of the rows that a statement will change.

        Raises:
            RowDeniedError: the caller may not change one of them, or this cannot be determined.
        """
        name = statement.table.lower()
        if many or connection.alias != self._using or not isinstance(params, list | tuple | None):
            self._refuse("sent a statement that cannot be checked")
        self._looking = True
        try:
            keys = self._keys(statement, params, connection)
            new = list(keys - self._known[name])
            allowed = self._allowed(name, new)
        except Exception:
            logger.exception("It could not be determined what an action writes to")
            self._refuse("sent a statement that cannot be checked")
        finally:
            self._looking = False
        if not allowed.issuperset(new):
            self._refuse("reached rows that its caller may not change")
        self._known[name].update(new)
        return keys

    def _keys(
        self,
        statement: WriteStatement,
        params: Sequence[Any] | None,
        connection: BaseDatabaseWrapper,
    ) -> set[object]:
        model, _ = self._tables[statement.table.lower()]
        quote, field = connection.ops.quote_name, model._meta.pk
        table = model._meta.db_table
        lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
        sql = f"SELECT {quote(table)}.{quote(str(field.column))} {statement.rows}{lock}"
        column = field.get_col(table)
        converters = [
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, None if params is None else params[statement.skipped :])
            found: set[object] = {row[0] for row in cursor.fetchall()}
        for convert in converters:
            found = {convert(value, column, connection) for value in found}
        return found

    def _allowed(self, table: str, keys: list[object]) -> set[object]:
        _, column = self._tables[table]
        rows = self._rows.using(self._using).order_by()
        compared = column_compared_as(rows.model, column)
        found: set[object] = set()
        for start in range(0, len(keys), CHUNK):
            some = rows.filter(**{f"{compared}__in": keys[start : start + CHUNK]})
            found.update(some.values_list(column, flat=True))
        return found

    def _refuse(self, what: str) -> NoReturn:
        self.refused = True
        logger.warning("An action on %s %s; it was rolled back", self._rows.model._meta.label, what)
        raise RowDeniedError

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the statements executed in the block.

        Raises:
            RowDeniedError: a statement was refused, even if the code of the block caught the
                exception.
        """
        with ExitStack() as stack:
            for connection in _connections():
                stack.enter_context(connection.execute_wrapper(self))
            post_save.connect(self.created, sender=self._rows.model)
            stack.callback(post_save.disconnect, self.created, sender=self._rows.model)
            try:
                yield
            except Exception as error:
                if self.refused:
                    raise RowDeniedError from error
                raise
        if self.refused:
            raise RowDeniedError


def _connections() -> Iterable[BaseDatabaseWrapper]:
    return [connections[alias] for alias in connections]


def restricts(rows: QuerySet[Model]) -> bool:
    """Return whether a queryset may contain only some of the rows of its model."""
    query = rows.query
    return bool(query.where or query.is_sliced or query.combinator or query.distinct)
