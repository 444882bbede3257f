"""Unique values of rows that are written together, looked up by one query for each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from django_flex.backends.orm.schema import model_of
from django_flex.backends.orm.writing.checks.failures import as_failure
from django_flex.schema.introspection import unique_sets
from django_flex.schema.model_attributes import compared_as

if TYPE_CHECKING:
    from django.db.models import Field

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules


def taken_values(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Check single unique columns of many rows by one query for each column.

    Sets of columns and constraints are left to the database, which refuses the whole list then.

    Raises:
        ValidationFailedError: about the first row whose value is taken.
    """
    model = model_of(rules.resource)
    for (name,) in (names for names in unique_sets(model) if len(names) == 1):
        field = model._meta.get_field(name)
        touched = [pending for pending in pending_rows if name in pending.sent()]
        if touched and field.concrete:
            _check_column(touched, field, rules, using)


def _check_column(
    pending_rows: Sequence[PendingRow], field: Field[Any, Any], rules: WriteRules, using: str
) -> None:
    values = [getattr(pending.instance, field.attname) for pending in pending_rows]
    stored = (
        field.model._base_manager.using(using)
        .filter(**{f"{compared_as(field)}__in": [value for value in values if value is not None]})
        .values_list(field.attname, "pk")
    )
    owners: dict[Any, object] = dict(stored)
    keys = {pending.pk for pending in pending_rows if pending.operation == "edit"}
    seen: set[object] = set()
    for pending, value in zip(pending_rows, values, strict=True):
        if value is None:
            continue
        taken = value in owners and owners[value] not in keys
        if taken or value in seen:
            error = pending.instance.unique_error_message(type(pending.instance), (field.name,))
            raise as_failure(ValidationError({field.name: [error]}), pending, rules)
        seen.add(value)
