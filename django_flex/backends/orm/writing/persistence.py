"""Stores validated rows, with as few statements as signals and overridden ``save`` methods allow."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import DataError, IntegrityError, models, transaction

from django_flex.backends.orm.django_internals.connections import features
from django_flex.backends.orm.django_internals.keys import (
    has_lookalike_of_in,
    has_one_of,
    has_several_columns,
)
from django_flex.backends.orm.django_internals.models import (
    columns_of,
    has_several_tables,
    with_parents,
)
from django_flex.backends.orm.schema import model_of
from django_flex.backends.orm.writing.checks.new_values import lack_named, may_lack, name_lack
from django_flex.backends.orm.writing.checks.taken_for_denied import (
    check_all_allowed,
    check_allowed,
)
from django_flex.backends.orm.writing.hooks import vetoes
from django_flex.backends.orm.writing.model_code import (
    delete_instance,
    insert_instance,
    is_saved_by_django,
    may_change_other_columns,
    save_instance,
)
from django_flex.backends.orm.writing.pending_rows import PendingRow
from django_flex.backends.orm.writing.trees import deletion_order
from django_flex.backends.orm.writing.uploads import has_upload, watch_files
from django_flex.backends.orm.writing.validation import check_changed, first_failure
from django_flex.query.values import differ
from django_flex.resolved import RowWrite
from django_flex.schema.introspection import unique_sets
from django_flex.schema.model_declarations import is_filled_by_django

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.backends.orm.django_internals.deletion import Collected
    from django_flex.resolved import WriteRules

#: Rows in one of Django's statements that compares keys of several columns, on SQLite one by one.
_KEYS_AT_ONCE = 200


def insert(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Add rows: one INSERT for all of them, or one each where the model wants to be saved itself."""
    model = model_of(rules.resource)
    uploads = _watched(pending_rows, using)
    apart = len(pending_rows) == 1 or uploads or not _may_go_together(model, using)
    with _explained(pending_rows, rules, using):
        if apart:
            for pending in pending_rows:
                with vetoes(pending, rules), _failure_named(pending, rules, using):
                    insert_instance(pending.instance, using)
            return
        model._base_manager.using(using).bulk_create([pending.instance for pending in pending_rows])


def update(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Write the columns that changed, or whatever the model's own code makes of the change."""
    changed = [(pending, _columns(pending)) for pending in pending_rows]
    changed = [(pending, columns) for pending, columns in changed if columns]
    if not changed:
        return
    model = model_of(rules.resource)
    uploads = _watched([pending for pending, _ in changed], using)
    others = may_change_other_columns(model)
    apart = len(changed) <= 1 or uploads or others or not _may_go_together(model, using)
    with _explained(pending_rows, rules, using):
        if not apart:
            _update_together(changed, model, using)
            return
        for pending, columns in changed:
            with vetoes(pending, rules), _failure_named(pending, rules, using):
                if others:
                    # Named columns would lose those that this code changes as well. The row is
                    # locked and was read as a whole: the others are written as they are.
                    save_instance(pending.instance, using)
                else:
                    pending.instance.save(using=using, update_fields=columns)


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
        these = has_one_of(model, [pending.pk for pending, _ in changed])
        rows.filter(these).update(**{f.name: v for f, v in zip(fields, first, strict=True)})
        return
    size = _KEYS_AT_ONCE if has_several_columns(model) else None
    rows.bulk_update([pending.instance for pending, _ in changed], columns, size)


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
    if not returns_keys or has_several_tables(model) or has_lookalike_of_in(model):
        return False
    return is_saved_by_django(model)


def _failure_named(
    pending: PendingRow, rules: WriteRules, using: str
) -> AbstractContextManager[None]:
    """On a failure, name the values that a new row lacks, or those that the model filled."""
    if may_change_other_columns(type(pending.instance)):
        return _changes_named(pending, rules, using)
    return lack_named(pending, rules)


@contextmanager
def _changes_named(pending: PendingRow, rules: WriteRules, using: str) -> Iterator[None]:
    """On a failure, name the values that a new row lacks, and those that the model filled.

    To ask the database about the latter needs a savepoint. The values that were sent have been
    checked before: if one of them is taken by now, it is another write that came in between.
    """
    instance = pending.instance
    ask = _has_unique_values(type(instance))
    before = _snapshot(instance)
    try:
        with (
            transaction.atomic(using) if ask or rules.after else nullcontext(),
            lack_named(pending, rules),
        ):
            yield
    except (DataError, IntegrityError):
        now = _snapshot(instance)
        changed = {name for name in now if differ(before.get(name), now[name])}
        if changed:
            check_changed(pending, rules, changed, unique=ask)
        raise


def _snapshot(instance: models.Model) -> dict[str, object]:
    return {f.name: instance.__dict__.get(f.attname) for f in columns_of(instance)}


@cache
def _has_unique_values(model: type[models.Model]) -> bool:
    """Whether a value may be in the way of another row, apart from a key that Django fills."""
    given = frozenset(f.name for f in columns_of(model) if f.primary_key and is_filled_by_django(f))
    constraints = any(one._meta.constraints for one in with_parents(model))
    return constraints or bool(unique_sets(model) - {given})


@contextmanager
def _explained(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> Iterator[None]:
    """On a conflict in a list, find the row that caused it, and return its error.

    A single row was checked as a whole before: another write came in between, or the database knows
    more than the model.

    Raises:
        RowDeniedError: the caller may not write one of the rows: nothing is said of the conflict.
        ValidationFailedError: about the first row that caused it.
    """
    if len(pending_rows) == 1:
        with _denied_before(pending_rows[0], rules, using):
            yield
        return
    try:
        with transaction.atomic(using):
            yield
    except IntegrityError as error:
        check_all_allowed(pending_rows, rules)
        for pending in pending_rows:
            name_lack(pending, rules, error)
        first_failure(pending_rows, rules)
        _name_conflict(pending_rows, rules, using)
        raise


def _name_conflict(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Store rows one after the other and undo it, to tell which is in the way of one before.

    This runs no code of the model, and stores no files.

    Raises:
        ValidationFailedError: about the first row that is.
    """
    model = model_of(rules.resource)
    if has_several_tables(model) or any(has_upload(one.instance) for one in pending_rows):
        return
    rows = model._base_manager.using(using)
    with suppress(IntegrityError, DataError), transaction.atomic(using):
        for pending in pending_rows:
            first_failure([pending], rules)
            if pending.operation == "add":
                rows.bulk_create([copy.copy(pending.instance)])
            else:
                values = {name: now for name, (_, now) in pending.changes().items()}
                rows.filter(pk=pending.pk).update(**values)
        transaction.set_rollback(True, using)


@contextmanager
def _denied_before(pending: PendingRow, rules: WriteRules, using: str) -> Iterator[None]:
    """On a conflict, say nothing of it if the rules do not allow the row.

    To ask the database about it needs a savepoint. Without unique values there are no conflicts
    with rows that are hidden.

    Raises:
        RowDeniedError: the caller may not write the row.
    """
    model = type(pending.instance)
    doubtful = bool(rules.after) and (may_lack(pending) or _has_unique_values(model))
    # Where the model changes other columns, what names them has a savepoint.
    apart = doubtful and not may_change_other_columns(model)
    try:
        with transaction.atomic(using) if apart else nullcontext():
            yield
    except IntegrityError:
        if doubtful:
            check_allowed(pending, rules)
        raise


def delete(
    pending_rows: Sequence[PendingRow],
    rules: WriteRules,
    using: str,
    collected: Collected | None = None,
) -> None:
    """Delete rows and the rows that depend on them, according to ``on_delete``.

    Args:
        pending_rows: the rows.
        rules: those of the operation.
        using: the database.
        collected: what depends on them, if that was looked up before.
    """
    model = model_of(rules.resource)
    if len(pending_rows) == 1 or model.delete is not models.Model.delete:
        for pending in deletion_order(pending_rows):
            with vetoes(pending, rules):
                delete_instance(pending.instance, using, collected)
        return
    keys = [pending.pk for pending in pending_rows]
    if not keys:
        return
    # A queryset's delete() collects what refers to all of them at once.
    # A receiver does not say which of them it refuses: it is answered for all of them.
    everything = PendingRow(RowWrite(None, ""), pending_rows[0].instance, "delete")
    with vetoes(everything, rules):
        model._base_manager.using(using).filter(has_one_of(model, keys)).delete()
