"""Finds rows to change, and checks written rows against the rules."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import Error, connections
from django.db.models import Q

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.connection.database_errors import came_in_between
from django_flex.backends.orm.django_internals.connections import features, isolation_level
from django_flex.backends.orm.django_internals.keys import (
    has_key,
    has_one_of,
    has_several_columns,
    is_among,
    key_lookups,
)
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.models import column_names, paths_to_parents
from django_flex.backends.orm.expressions.conditions import filtered, rows_under, visible_rows
from django_flex.backends.orm.prepared.statement_cache import Database, fetch
from django_flex.backends.orm.schema import model_of
from django_flex.exceptions import FlexError, RowDeniedError, UnsupportedQueryError
from django_flex.schema.conversions.keys import check_usable

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from django_flex.backends.base import Lock
    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import Rows, Where, WriteRules

logger = logging.getLogger("django_flex")

#: Levels of isolation under which each statement of MySQL and MariaDB reads what is committed.
_READS_WHAT_IS_COMMITTED = frozenset({"read committed", "read uncommitted", "serializable"})


def locked_rows(
    rules: WriteRules,
    condition: Q,
    database: Database,
    lock: Lock = "row",
    *,
    where: Where | None = None,
    most: int | None = None,
) -> list[Any]:
    """Lock the rows that the caller may change and that satisfy some conditions.

    The rules are in subqueries, so that only the rows themselves are locked: always in the order of
    their keys, so that two writes of the same rows do not deadlock.
    After waiting for a lock the rules are checked again, see ``_still_allowed``.

    Args:
        rules: whose ``before`` says which rows may be changed.
        condition: on columns of the rows themselves.
        database: where, with its statements.
        lock: how.
        where: a filter of the caller's, over any relation.
        most: how many rows to lock at most.

    Returns:
        The rows as they are now that they are locked, in the order of their keys.

    Raises:
        ConflictError: another write came in between, so it is not clear which rows are meant.
        UnsupportedQueryError: their keys have no hash.
    """
    using = database.using
    # What a base manager defers would be missing from what a row was before, and not be written.
    queryset = _chosen(rules, condition, where, using).order_by("pk").defer(None)
    locked = _locked(queryset, using, lock, deleting=rules.operation == "delete")
    found = _loaded(locked if most is None else locked[:most])
    check_usable(tuple(one.pk for one in found))
    if not (found and _may_have_changed(rules, where, using, lock)):
        return found
    still = _still_allowed(rules, [one.pk for one in found], where, database)
    if len(found) == most and len(still) < most:
        # There may be more, which were left out for those that are none by now.
        raise came_in_between()
    found = [one for one in found if one.pk in still]
    _check_snapshot(found, using)
    return found


def _loaded(rows: QuerySet[Any]) -> list[Any]:
    """Return rows as instances, of which the code of a field may fail to make a value.

    Raises:
        UnsupportedQueryError: it does; the error is logged.
    """
    try:
        return list(rows)
    except (FlexError, Error, PermissionDenied, ValidationError):
        raise
    except Exception as error:
        logger.exception("A row of '%s' cannot be read", rows.model._meta.label_lower)
        raise UnsupportedQueryError("The row has a value that cannot be read") from error


def _still_allowed(
    rules: WriteRules, keys: Sequence[object], where: Where | None, database: Database
) -> set[Any]:
    """Return the keys of those locked rows that satisfy rules and filter now.

    A statement that has waited for a lock continues with the row's new values and checks the row's
    own columns against the conditions again, but not the subqueries: these still see what was there
    when the statement began, on PostgreSQL (READ COMMITTED) and on MariaDB. So ask a second time.
    """
    if where is None and len(keys) == 1:
        found = fetch((rules.before, *_key_arguments(rules, keys[0])), _key_query, database)
        return {row[0] if len(row) == 1 else row for row in found}
    these = has_one_of(model_of(rules.resource), keys)
    again = _chosen(rules, these, where, database.using).order_by()
    return set(again.values_list("pk", flat=True))


def allowed_rows(rules: WriteRules, where: Where | None, using: str) -> QuerySet[Any]:
    """Return the rows that the caller may change and that a filter chooses, not locked."""
    return _chosen(rules, Q(), where, using).order_by("pk")


def _chosen(rules: WriteRules, condition: Q, where: Where | None, using: str) -> QuerySet[Any]:
    queryset = _under(rules.before, condition, using)
    if where is None:
        return queryset
    everything = model_of(rules.resource)._base_manager.all()
    chosen = filtered(everything, where, using, rules.before)
    return queryset.filter(is_among(chosen.order_by()))


def _under(before: Sequence[Rows], condition: Q, using: str) -> QuerySet[Any]:
    first, *others = before
    everything = bindable(model_of(first.resource)._base_manager.using(using))
    queryset = everything.filter(condition)
    if not first.plain:
        queryset = queryset.filter(is_among(visible_rows(first, using).order_by()))
    for rows in others:
        queryset = queryset.filter(is_among(rows_under(rows, using).order_by()))
    return queryset


def _key_arguments(rules: WriteRules, key: Any) -> tuple[KeyArgument, ...]:
    """Return the values that a row is looked up by: one for each column of the key."""
    several = has_several_columns(model_of(rules.resource))
    return tuple(map(KeyArgument, key)) if several else (KeyArgument(key),)


def _has_key(model: type[Model], key: Sequence[KeyArgument]) -> Q:
    values = [part.value for part in key]
    return has_key(model, values if len(values) > 1 else values[0])


def locked_row(rules: WriteRules, key: object, database: Database, lock: Lock = "row") -> object:
    """Lock the one row of a key that the caller may change; return it, ``None`` without one.

    Its statements are compiled once for all keys and callers.
    """
    found = fetch((rules.before, lock, *_key_arguments(rules, key)), _row_query, database)
    if not found:
        return None
    using, model = database.using, model_of(rules.resource)
    row = model.from_db(using, column_names(model), found[0])
    if _may_have_changed(rules, None, using, lock):
        if not _still_allowed(rules, [row.pk], None, database):
            return None
        _check_snapshot([row], using)
    return row


def hold(rows: QuerySet[Any], using: str) -> None:
    """Lock rows before a rule is checked, so that they do not change afterwards.

    Raises:
        ConflictError: another write came in between, and the rule would not see it.
    """
    found = list(_locked(rows.order_by("pk"), using, "row", deleting=True))
    if found:
        _check_snapshot(found, using)


def _row_query(asked: tuple[Sequence[Rows], Lock, *tuple[KeyArgument, ...]], using: str) -> Any:
    before, lock, *key = asked
    model = model_of(before[0].resource)
    queryset = _under(before, _has_key(model, key), using).order_by()
    names = column_names(model)
    # Tuples have no model that `OF` could name; other tables only occur in subqueries.
    return _locked(queryset, using, lock, deleting=False, whole=True).values_list(*names).query


def _key_query(asked: tuple[Sequence[Rows], *tuple[KeyArgument, ...]], using: str) -> Any:
    before, *key = asked
    model = model_of(before[0].resource)
    found = _under(before, _has_key(model, key), using).order_by()
    return found.values_list(*key_lookups(model)).query


def _may_have_changed(rules: WriteRules, where: Where | None, using: str, lock: Lock) -> bool:
    """Whether rules or filters have to be asked again about rows that are locked by now.

    Not where nothing was locked, nor on SQLite: its one writer takes the only lock as it begins.
    """
    if lock == "none" or not features(using).has_select_for_update:
        return False
    return where is not None or not all(rows.plain for rows in rules.before)


def _check_snapshot(found: Sequence[Any], using: str) -> None:
    """Refuse rows that were changed since a transaction of MySQL or MariaDB began to read.

    Under REPEATABLE READ a locking read returns the current row and a plain read the old one, which
    is what the rules were checked against. PostgreSQL itself refuses to lock such a row.

    Raises:
        ConflictError: as for any other write that came in between.
    """
    connection = connections[using]
    if connection.vendor != "mysql" or isolation_level(connection) in _READS_WHAT_IS_COMMITTED:
        return
    by_key = {one.pk: one for one in found}
    model = type(found[0])
    for row in model._base_manager.using(using).filter(has_one_of(model, by_key)):
        names = column_names(row)
        if any(getattr(row, name) != getattr(by_key[row.pk], name) for name in names):
            raise came_in_between()


def _locked(
    queryset: QuerySet[Any], using: str, lock: Lock, *, deleting: bool, whole: bool = False
) -> QuerySet[Any]:
    if lock == "none":
        return queryset
    can = features(using)
    of = _tables(queryset.model) if can.has_select_for_update_of and not whole else ()
    # An edit keeps the key, so rows that point to this one may be added meanwhile.
    weaker = can.has_select_for_no_key_update and not deleting
    return queryset.select_for_update(
        of=of,
        no_key=weaker,
        nowait=lock == "nowait" and can.has_select_for_update_nowait,
        skip_locked=lock == "skip" and can.has_select_for_update_skip_locked,
    )


def _tables(model: type[Model]) -> tuple[str, ...]:
    """Return what ``OF`` names: the row, and with inheritance its part in each parent's table."""
    return ("self", *paths_to_parents(model))


def check_objects(rules: WriteRules, instances: Iterable[object]) -> None:
    """Let the door check locked rows before they are changed, if it has a check.

    Raises:
        FlexError: raised by the door's check.
    """
    check = rules.code.check_object
    if check is not None:
        for instance in instances:
            check(instance)


def check_after(pending_rows: Iterable[PendingRow], rules: WriteRules, using: str) -> None:
    """Check written rows against the rules: one query for each rule, however many rows.

    Raises:
        RowDeniedError: a row is not among those that the caller may write.
    """
    if not rules.after:
        return
    by_key = {pending.pk: pending for pending in pending_rows}
    for rows in rules.after:
        these = has_one_of(model_of(rules.resource), by_key)
        satisfied = rows_under(rows, using).using(using).filter(these).order_by()
        denied = by_key.keys() - set(satisfied.values_list("pk", flat=True))
        if denied:
            raise RowDeniedError(path=next(w.place for w in by_key.values() if w.pk in denied))
