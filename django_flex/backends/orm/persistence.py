"""Validated rows into tables: as few statements as Django's signals and overridden saves allow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connections, models, transaction
from django.db.models.signals import post_save, pre_save

from django_flex.backends.orm.validation import first_failure
from django_flex.backends.orm.work import differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.backends.orm.work import Work
    from django_flex.permissions.authorized_writes import Rules


def insert(works: Sequence[Work], rules: Rules, using: str) -> None:
    """Add rows: one INSERT for all of them, or one each where the model wants to be saved itself."""
    model = rules.entry.resource.model
    if len(works) == 1 or not _may_go_together(model, using):
        for work in works:
            # Into each table of an inherited model: a key that was sent takes over no row there.
            work.instance.save(using=using, force_insert=(models.Model,))
        return
    with _explained(works, rules, using):
        model._base_manager.using(using).bulk_create([work.instance for work in works])


def update(works: Sequence[Work], rules: Rules, using: str) -> None:
    """Write the columns that changed, and no others."""
    changed = [(work, _columns(work)) for work in works]
    changed = [(work, columns) for work, columns in changed if columns]
    model = rules.entry.resource.model
    if len(changed) <= 1 or not _may_go_together(model, using):
        for work, columns in changed:
            work.instance.save(using=using, update_fields=columns)
        return
    with _explained([work for work, _ in changed], rules, using):
        _update_together(changed, model, using)


def _update_together(changed: Sequence[tuple[Work, list[str]]], model: Any, using: str) -> None:
    columns = list(dict.fromkeys(name for _, names in changed for name in names))
    fields = [model._meta.get_field(name) for name in columns]
    rows = model._base_manager.using(using)
    first = _values(changed[0][0], fields)
    if not any(differ(_values(work, fields), first) for work, _ in changed[1:]):
        keys = [work.pk for work, _ in changed]
        rows.filter(pk__in=keys).update(**{f.name: v for f, v in zip(fields, first, strict=True)})
        return
    rows.bulk_update([work.instance for work, _ in changed], columns)


def _values(work: Work, fields: Sequence[Any]) -> list[Any]:
    return [getattr(work.instance, f.attname) for f in fields]


def _columns(work: Work) -> list[str]:
    """Return the columns to write: those that changed, and those that tell when."""
    changed = list(work.changes())
    if not changed:
        return []
    moments = [f for f in work.instance._meta.concrete_fields if getattr(f, "auto_now", False)]
    for moment in moments:
        moment.pre_save(work.instance, add=False)
    return [*changed, *(f.name for f in moments if f.name not in changed)]


def _may_go_together(model: Any, using: str) -> bool:
    """Whether nothing is lost when rows are written by one statement, past ``Model.save``."""
    own_save = model.save is not models.Model.save or model.save_base is not models.Model.save_base
    heard = pre_save.has_listeners(model) or post_save.has_listeners(model)
    several_tables = bool(model._meta.all_parents) and not model._meta.proxy
    returns_keys = connections[using].features.can_return_rows_from_bulk_insert
    return returns_keys and not (own_save or heard or several_tables)


@contextmanager
def _explained(works: Sequence[Work], rules: Rules, using: str) -> Iterator[None]:
    """On a conflict within a list, find the row that it is about, and say what is wrong with it."""
    try:
        with transaction.atomic(using):
            yield
    except IntegrityError:
        first_failure(works, rules)
        raise


def delete(works: Sequence[Work], rules: Rules, using: str) -> None:
    """Delete rows and what goes with them, as the models' ``on_delete`` says."""
    model = rules.entry.resource.model
    if len(works) == 1 or model.delete is not models.Model.delete:
        for work in works:
            work.instance.delete(using=using)
        return
    keys = [work.pk for work in works]
    # A queryset's delete() collects what refers to all of them at once.
    model._base_manager.using(using).filter(pk__in=keys).delete()
