"""Finding rows to change, and holding written rows against the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.db import connections
from django.db.models import Q

from django_flex.backends.orm.compiled import fetch
from django_flex.backends.orm.conditions import filtered, rows_under, visible_rows
from django_flex.backends.orm.slots import Given, with_slots
from django_flex.exceptions import RowDeniedError

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.backends.orm.work import Work
    from django_flex.permissions.authorized import Rows, Where
    from django_flex.permissions.authorized_writes import Rules


#: How rows are locked: wait for others, refuse or leave out what they hold, or not at all.
Lock: TypeAlias = Literal["row", "nowait", "skip", "none"]


def locked_rows(rules: Rules, condition: Q, using: str, lock: Lock = "row") -> QuerySet[Any]:
    """Return the rows that the caller may change and that satisfy a condition, locked, in order.

    The rules stand in subqueries, so that only the rows themselves are locked: always in the order
    of their keys, so that two writes of the same rows wait for each other instead of blocking.
    """
    queryset = _under(rules.before, condition, using).order_by("pk")
    return _locked(queryset, using, lock, deleting=rules.operation == "delete")


def _under(before: Sequence[Rows], condition: Q, using: str) -> QuerySet[Any]:
    first, *others = before
    everything = with_slots(first.resource.model._base_manager.using(using).all())
    queryset = everything.filter(condition)
    if not first.plain:
        queryset = queryset.filter(pk__in=visible_rows(first, using).order_by().values("pk"))
    for rows in others:
        queryset = queryset.filter(pk__in=rows_under(rows, using).order_by().values("pk"))
    return queryset


def locked_row(rules: Rules, key: Any, using: str, lock: Lock = "row") -> Any:
    """Return the one row of a key that the caller may change, locked; ``None`` without one.

    Its statement is compiled once for all keys and callers.
    """
    found = fetch((rules.before, lock, Given(key)), _row_query, using)
    if not found:
        return None
    model = rules.entry.resource.model
    return model.from_db(using, [f.attname for f in model._meta.concrete_fields], found[0])


def _row_query(asked: tuple[Sequence[Rows], Lock, Given], using: str) -> Any:
    before, lock, key = asked
    queryset = _under(before, Q(pk=key.value), using).order_by()
    names = [f.attname for f in before[0].resource.model._meta.concrete_fields]
    # Tuples have no model that `OF` could name; other tables stand in subqueries alone.
    return _locked(queryset, using, lock, deleting=False, whole=True).values_list(*names).query


def chosen_rows(rules: Rules, where: Where | None, using: str, lock: Lock = "row") -> QuerySet[Any]:
    """Return the rows that the caller may change and that a filter of the caller chooses."""
    if where is None:
        return locked_rows(rules, Q(), using, lock)
    everything = rules.entry.resource.model._base_manager.all()
    chosen = filtered(everything, where, using).order_by().values("pk")
    return locked_rows(rules, Q(pk__in=chosen), using, lock)


def _locked(
    queryset: QuerySet[Any], using: str, lock: Lock, *, deleting: bool, whole: bool = False
) -> QuerySet[Any]:
    if lock == "none":
        return queryset
    features = connections[using].features
    of = ("self",) if features.has_select_for_update_of and not whole else ()
    # An edit keeps the key, so rows that point to this one may be added meanwhile.
    weaker = features.has_select_for_no_key_update and not deleting
    return queryset.select_for_update(
        of=of,
        no_key=weaker,
        nowait=lock == "nowait" and features.has_select_for_update_nowait,
        skip_locked=lock == "skip" and features.has_select_for_update_skip_locked,
    )


def check_after(works: Iterable[Work], rules: Rules, using: str) -> None:
    """Hold written rows against the rules: one query for each rule, however many rows.

    Raises:
        RowDeniedError: a row is not among those that the caller may write.
    """
    if not rules.after:
        return
    by_key = {work.pk: work for work in works}
    for rows in rules.after:
        satisfied = rows_under(rows, using).using(using).filter(pk__in=list(by_key)).order_by()
        denied = by_key.keys() - set(satisfied.values_list("pk", flat=True))
        if denied:
            raise RowDeniedError(path=next(w.place for w in by_key.values() if w.pk in denied))
