"""Stores validated rows, with as few statements as signals and overridden ``save`` methods allow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction

from django_flex.backends.orm.django_internals.connections import features
from django_flex.backends.orm.django_internals.models import columns_of, has_several_tables
from django_flex.backends.orm.schema import model_of
from django_flex.backends.orm.writing.hooks import vetoes
from django_flex.backends.orm.writing.model_code import (
    delete_instance,
    insert_instance,
    is_saved_by_django,
    may_change_other_columns,
    save_instance,
)
from django_flex.backends.orm.writing.pending_rows import PendingRow
from django_flex.backends.orm.writing.uploads import has_upload, watch_files
from django_flex.backends.orm.writing.validation import first_failure
from django_flex.query.values import differ
from django_flex.resolved import RowWrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.resolved import WriteRules


def insert(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Add rows: one INSERT for all of them, or one each where the model wants to be saved itself."""
    model = model_of(rules.resource)
    uploads = _watched(pending_rows, using)
    if len(pending_rows) == 1 or uploads or not _may_go_together(model, using):
        for pending in pending_rows:
            with vetoes(pending, rules):
                insert_instance(pending.instance, using, has_key=pending.instance.pk is not None)
        return
    with _explained(pending_rows, rules, using):
        model._base_manager.using(using).bulk_create([pending.instance for pending in pending_rows])


def update(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Write the columns that changed, or whatever the model's own code makes of the change."""
    changed = [(pending, _columns(pending)) for pending in pending_rows]
    changed = [(pending, columns) for pending, columns in changed if columns]
    model = model_of(rules.resource)
    uploads = _watched([pending for pending, _ in changed], using)
    apart = uploads or may_change_other_columns(model) or not _may_go_together(model, using)
    if len(changed) <= 1 or apart:
        for pending, columns in changed:
            with vetoes(pending, rules):
                if may_change_other_columns(model):
                    # Named columns would lose those that this code changes as well. The row is
                    # locked and was read as a whole: the others are written as they are.
                    save_instance(pending.instance, using)
                else:
                    pending.instance.save(using=using, update_fields=columns)
        return
    with _explained([pending for pending, _ in changed], rules, using):
        _update_together(changed, model, using)


def _watched(pending_rows: Sequence[PendingRow], using: str) -> bool:
    """Whether files are stored with some rows, which are removed if the write fails.

    Django stores them when a row is saved, and not in an UPDATE of many rows.
    """
    with_files = [pending for pending in pending_rows if has_upload(pending.instance)]
    for pending in with_files:
        watch_files(pending.instance, using)
    return bool(with_files)


def _update_together(
    changed: Sequence[tuple[PendingRow, list[str]]], model: type[models.Model], using: str
) -> None:
    columns = list(dict.fromkeys(name for _, names in changed for name in names))
    by_name = {field.name: field for field in columns_of(model)}
    fields = [by_name[name] for name in columns]
    rows = model._base_manager.using(using)
    first = _values(changed[0][0], fields)
    if not any(differ(_values(pending, fields), first) for pending, _ in changed[1:]):
        keys = [pending.pk for pending, _ in changed]
        rows.filter(pk__in=keys).update(**{f.name: v for f, v in zip(fields, first, strict=True)})
        return
    rows.bulk_update([pending.instance for pending, _ in changed], columns)


def _values(pending: PendingRow, fields: Sequence[models.Field[Any, Any]]) -> list[object]:
    return [getattr(pending.instance, f.attname) for f in fields]


def _columns(pending: PendingRow) -> list[str]:
    """Return the columns to write: those that changed, and those that tell when."""
    changed = list(pending.changes())
    if not changed:
        return []
    stamps = [f for f in columns_of(pending.instance) if getattr(f, "auto_now", False)]
    for stamp in stamps:
        stamp.pre_save(pending.instance, add=False)
    return [*changed, *(f.name for f in stamps if f.name not in changed)]


def _may_go_together(model: type[models.Model], using: str) -> bool:
    """Whether nothing is lost when rows are written by one statement, past ``Model.save``."""
    returns_keys = features(using).can_return_rows_from_bulk_insert
    return returns_keys and is_saved_by_django(model) and not has_several_tables(model)


@contextmanager
def _explained(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> Iterator[None]:
    """On a conflict in a list, find the row that caused it, and return its error."""
    try:
        with transaction.atomic(using):
            yield
    except IntegrityError:
        first_failure(pending_rows, rules)
        raise


def delete(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Delete rows and the rows that depend on them, according to ``on_delete``."""
    model = model_of(rules.resource)
    if len(pending_rows) == 1 or model.delete is not models.Model.delete:
        for pending in pending_rows:
            with vetoes(pending, rules):
                delete_instance(pending.instance, using)
        return
    keys = [pending.pk for pending in pending_rows]
    if not keys:
        return
    # A queryset's delete() collects what refers to all of them at once.
    # A receiver does not say which of them it refuses: it is answered for all of them.
    everything = PendingRow(RowWrite(None, ""), pending_rows[0].instance, "delete")
    with vetoes(everything, rules):
        model._base_manager.using(using).filter(pk__in=keys).delete()
