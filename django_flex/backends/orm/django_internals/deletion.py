"""What a delete would cascade to, as Django's collector finds it.

Uses ``Collector``: ``collect``, ``related_objects``, ``data``, ``fast_deletes``,
``field_updates`` and ``delete``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.db.models.deletion import Collector

from django_flex.backends.orm.django_internals.keys import has_one_of
from django_flex.backends.orm.django_internals.models import (
    concrete_model,
    is_automatic,
    parts_in_parents,
)
from django_flex.schema.dependents import by_database, relations_to

if TYPE_CHECKING:
    from django.db.models import Field, Model


@dataclass(frozen=True, slots=True)
class CollectedRows:
    """Rows that would be deleted, or where a ``field`` would be set."""

    model: type[Model]
    field: Field[Any, Any] | None
    rows: QuerySet[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """What else a delete of some rows would delete or change.

    ``delete`` does it, as ``Model.delete`` of the only row would after it had collected the same.
    """

    rows: tuple[CollectedRows, ...]
    delete: Callable[[], object] | None


def collect(
    model: type[Model], instances: list[Any], using: str, beside: Sequence[Model] = ()
) -> Collected:
    """Return what else a delete of some rows of one model would delete or change.

    Rows of parent classes are parts of the rows themselves, those of child classes are not; links
    do not count as rows.

    Args:
        model: whose rows are deleted.
        instances: the rows; a manager may return them as instances of child classes.
        using: the database.
        beside: rows that are known to be deleted with them.

    Raises:
        ProtectedError, RestrictedError: rows that Django does not delete.
    """
    collector = Collector(using=using, origin=instances[0])
    *first, last = _by_model([*instances, *beside])
    for group in first:
        collector.collect(group, fail_on_restricted=False)
    collector.collect(last)
    by_django = not _collect_by_database(collector, using)
    alone = len(instances) == 1 and not beside
    return Collected(
        (*_deleted(model, instances, collector, using), *_updated(collector, using)),
        collector.delete if alone and by_django else None,
    )


def _updated(collector: Collector, using: str) -> Iterator[CollectedRows]:
    updates: Mapping[tuple[Field[Any, Any], object], list[QuerySet[Any] | set[Model]]]
    updates = collector.field_updates  # type: ignore[assignment]  # its stubs say one Model each
    for (field, _), changed in updates.items():
        for rows in changed:
            if isinstance(rows, QuerySet):
                yield CollectedRows(field.model, field, rows)
            else:
                keys = {one.pk for one in rows}
                yield CollectedRows(field.model, field, _rows(field.model, keys, using))


def _by_model(instances: list[Any]) -> list[list[Any]]:
    """Group rows, since a collector takes those of one model at a time."""
    groups: dict[type[Model], list[Any]] = {}
    for one in instances:
        groups.setdefault(type(one), []).append(one)
    return list(groups.values())


def _deleted(
    model: type[Model], instances: list[Any], collector: Collector, using: str
) -> Iterator[CollectedRows]:
    whole: dict[object, set[object]] = {}
    for one in instances:
        if concrete_model(one) is concrete_model(model):
            whole.setdefault(type(one), set()).add(one.pk)
    for removed in collector.data.values():
        for one in removed:
            for parent, key in parts_in_parents(one):
                whole.setdefault(parent, set()).add(key)
    for kind, removed in collector.data.items():
        keys = {one.pk for one in removed} - whole.get(kind, set())
        if keys and not is_automatic(kind):
            yield CollectedRows(kind, None, _rows(kind, keys, using))
    for queryset in collector.fast_deletes:
        if not is_automatic(queryset.model):
            yield CollectedRows(queryset.model, None, queryset)


def _rows(model: type[Model], keys: set[object], using: str) -> QuerySet[Any]:
    return model._base_manager.using(using).filter(has_one_of(model, keys))


def _collect_by_database(collector: Collector, using: str) -> bool:
    """Collect what the database would do without being told (Django 6.1: ``DB_CASCADE``), if anything."""
    done: set[type[Model]] = set()
    found = False
    while todo := [model for model in collector.data if model not in done]:
        for model in todo:
            done.add(model)
            for related in relations_to(model):
                field = related.field
                does = by_database(field.remote_field.on_delete)
                if does is None:
                    continue
                found = True
                rows = collector.related_objects(
                    related.related_model, [field], list(collector.data[model])
                )
                if does == "CASCADE":
                    collector.collect(list(rows), fail_on_restricted=False)
                    done.discard(related.related_model)
                else:
                    updates: Any = collector.field_updates
                    updates[field, None].append(rows)
    return found
