"""Finds rows to change, and checks written rows against the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Q

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.connection.database_errors import came_in_between
from django_flex.backends.orm.django_internals.connections import features, isolation_level
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.models import column_names, paths_to_parents
from django_flex.backends.orm.expressions.conditions import filtered, rows_under, visible_rows
from django_flex.backends.orm.prepared.statement_cache import Database, fetch
from django_flex.backends.orm.schema import model_of
from django_flex.exceptions import RowDeniedError

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from django_flex.backends.base import Lock
    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import Rows, Where, WriteRules

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
    """
    using = database.using
    queryset = _chosen(rules, condition, where, using).order_by("pk")
    locked = _locked(queryset, using, lock, deleting=rules.operation == "delete")
    found = list(locked if most is None else locked[:most])
    if not (found and _may_have_changed(rules, where, using, lock)):
        return found
    still = _still_allowed(rules, [one.pk for one in found], where, database)
    if len(found) == most and len(still) < most:
        # There may be more, which were left out for those that are none by now.
        raise came_in_between()
    found = [one for one in found if one.pk in still]
    _check_snapshot(found, using)
    return found


def _still_allowed(
    rules: WriteRules, keys: Sequence[object], where: Where | None, database: Database
) -> set[Any]:
    """Return the keys of those locked rows that satisfy rules and filter now.

    A statement that has waited for a lock continues with the row's new values and checks the row's
    own columns against the conditions again, but not the subqueries: these still see what was there
    when the statement began, on PostgreSQL (READ COMMITTED) and on MariaDB. So ask a second time.
    """
    if where is None and len(keys) == 1:
        return {key for (key,) in fetch((rules.before, KeyArgument(keys[0])), _key_query, database)}
    again = _chosen(rules, Q(pk__in=keys), where, database.using).order_by()
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
    return queryset.filter(pk__in=chosen.order_by().values("pk"))


def _under(before: Sequence[Rows], condition: Q, using: str) -> QuerySet[Any]:
    first, *others = before
    everything = bindable(model_of(first.resource)._base_manager.using(using))
    queryset = everything.filter(condition)
    if not first.plain:
        queryset = queryset.filter(pk__in=visible_rows(first, using).order_by().values("pk"))
    for rows in others:
        queryset = queryset.filter(pk__in=rows_under(rows, using).order_by().values("pk"))
    return queryset


def locked_row(rules: WriteRules, key: object, database: Database, lock: Lock = "row") -> object:
    """Lock the one row of a key that the caller may change; return it, ``None`` without one.

    Its statements are compiled once for all keys and callers.
    """
    found = fetch((rules.before, lock, KeyArgument(key)), _row_query, database)
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


def _row_query(asked: tuple[Sequence[Rows], Lock, KeyArgument], using: str) -> Any:
    before, lock, key = asked
    queryset = _under(before, Q(pk=key.value), using).order_by()
    names = column_names(model_of(before[0].resource))
    # Tuples have no model that `OF` could name; other tables only occur in subqueries.
    return _locked(queryset, using, lock, deleting=False, whole=True).values_list(*names).query


def _key_query(asked: tuple[Sequence[Rows], KeyArgument], using: str) -> Any:
    before, key = asked
    return _under(before, Q(pk=key.value), using).order_by().values_list("pk").query


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
    seen = type(found[0])._base_manager.using(using).filter(pk__in=list(by_key)) if found else ()
    for row in seen:
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
        satisfied = rows_under(rows, using).using(using).filter(pk__in=list(by_key)).order_by()
        denied = by_key.keys() - set(satisfied.values_list("pk", flat=True))
        if denied:
            raise RowDeniedError(path=next(w.place for w in by_key.values() if w.pk in denied))
