"""The rows of a model action: selected, locked and read back by the engine, never by the action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections, router, transaction
from django.db.models import Q

from django_flex.backends.orm.conditions import filtered, visible_rows
from django_flex.backends.orm.faults import translated
from django_flex.backends.orm.reads import read_back
from django_flex.backends.orm.rows import chosen_rows, locked_row, locked_rows
from django_flex.backends.orm.transactions import writing
from django_flex.exceptions import ObjectNotFoundError
from django_flex.permissions.acting import referable
from django_flex.permissions.changes import row_key
from django_flex.schema.values import UnfitValueError, coerce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db import models

    from django_flex.backends.orm.rows import Lock
    from django_flex.permissions.acting import Reach
    from django_flex.permissions.authorized import Where
    from django_flex.plan.nodes import ReadPlan
    from django_flex.query.limits import Limits


def database(model: type[models.Model]) -> str:
    """Return the database that an action on a model writes to."""
    return router.db_for_write(model)


@contextmanager
def unprotected(using: str) -> Iterator[None]:
    """Run an action that is no transaction: errors of the database become errors of ours."""
    with translated(connections[using], writing=True):
        yield


def briefly(using: str, limits: Limits) -> AbstractContextManager[None]:
    """Write something small that is not worth waiting for."""
    return writing(using, limits)


@contextmanager
def savepoint(using: str) -> Iterator[None]:
    """Run a part of an action that may fail alone: what it wrote is undone then."""
    with translated(connections[using], writing=True), transaction.atomic(using):
        yield


def row(reach: Reach, key: Any, using: str, lock: Lock) -> Any:
    """Return the one row that an action is about, locked.

    Raises:
        ObjectNotFoundError: it is not there, or hidden from the caller, or no row for the action.
    """
    typed = row_key(key, reach.rules)
    found = locked_row(reach.rules, typed, using, lock)
    if found is None:
        raise ObjectNotFoundError
    return found


def rows(reach: Reach, keys: Iterable[Any], using: str, lock: Lock) -> dict[Any, Any]:
    """Return those rows among some keys that an action may be about, locked, by key."""
    return {one.pk: one for one in locked_rows(reach.rules, Q(pk__in=list(keys)), using, lock)}


def chosen(reach: Reach, where: Where | None, using: str, most: int) -> list[Any]:
    """Return the keys of the rows that a filter chooses: at most so many, and one more."""
    found = chosen_rows(reach.rules, where, using, "none").values_list("pk", flat=True)
    return list(found[: most + 1])


def typed_keys(reach: Reach, keys: Iterable[Any]) -> dict[Any, Any]:
    """Return keys as sent with what they mean; ``None`` for those that no row can have."""
    pk = reach.access.resource.pk
    found: dict[Any, Any] = {}
    for key in keys:
        try:
            found[key] = coerce(key, pk.kind, pk.value_field)
        except UnfitValueError:
            found[key] = None
    return found


def satisfies(reach: Reach, where: Where, key: Any, using: str) -> bool:
    """Whether a row, which is locked, is as the caller says."""
    model = reach.access.resource.model
    found = filtered(model._base_manager.using(using).filter(pk=key), where, using)
    return found.exists()


def shown(plan: ReadPlan, keys: Sequence[Any], using: str) -> Mapping[Any, dict[str, Any]]:
    """Return what the caller may read of some rows, by key."""
    found = read_back(plan, keys, using) if keys else {}
    return {key: plan.make_object(one) for key, one in found.items()}


class Referable:
    """The rows of other models that an input may name: those that the caller may see."""

    __slots__ = ("_reach", "_using")

    def __init__(self, reach: Reach, using: str) -> None:
        self._reach = reach
        self._using = using

    def find(self, model: type[models.Model], keys: Iterable[Any]) -> Mapping[Any, Any]:
        """Return the visible rows among some keys, by the key as it was sent."""
        allowed = referable(self._reach, model)
        pk = allowed.resource.pk
        typed: dict[Any, Any] = {}
        for key in keys:
            try:
                typed[key] = coerce(key, pk.kind, pk.value_field)
            except UnfitValueError:
                continue
        rows = visible_rows(allowed, self._using).using(self._using)
        found = {one.pk: one for one in rows.filter(pk__in=list(typed.values()))}
        return {key: found[value] for key, value in typed.items() if value in found}

    def own(self, queryset: Any) -> Any:
        """Return the part of a queryset of the action's model that the action may be run on."""
        rules = self._reach.rules
        if all(one.plain for one in rules.before):
            return queryset
        allowed = chosen_rows(rules, None, self._using, "none").order_by().values("pk")
        return queryset.using(self._using).filter(pk__in=allowed)

    def narrow(self, queryset: Any) -> Any:
        """Return the part of a queryset that the caller may see."""
        allowed = referable(self._reach, queryset.model)
        if allowed.plain:
            return queryset
        visible = visible_rows(allowed, self._using).using(self._using).order_by().values("pk")
        return queryset.using(self._using).filter(pk__in=visible)
