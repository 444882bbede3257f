"""Content types, and the rows that generic foreign keys are to point to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.apps import apps

from django_flex.backends.orm.connection.databases import database_of_related
from django_flex.backends.orm.expressions.conditions import visible_rows
from django_flex.backends.orm.schema import field_of, model_of
from django_flex.backends.orm.writing.references import visible_keys
from django_flex.resolved import Assignment, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import PointedRow


def type_key(label: str, using: str) -> object:
    """Return the key of the content type of a model; it is added if it does not exist yet.

    Args:
        label: of the model.
        using: the database that it is written to.
    """
    types: Any = apps.get_model("contenttypes.ContentType")
    app, _, name = apps.get_model(label)._meta.label.rpartition(".")
    # Not of Django's cache: that would keep a type whose row is rolled back with this write.
    rows = types.objects.db_manager(using)
    found, _ = rows.get_or_create(app_label=app, model=name.lower())
    key: object = found.pk
    return key


def set_types(pending_rows: Sequence[PendingRow], using: str) -> None:
    """Set the types that generic foreign keys are to point to, as if their keys had been sent.

    A row that does not exist, and one that is hidden, is noted; both look the same. It takes one
    query for each model, however many rows there are.
    """
    # Each generic foreign key of a model has a column of types, with limits of its own.
    by_label: dict[tuple[str, str], list[tuple[PendingRow, PointedRow]]] = {}
    for pending in pending_rows:
        for pointed in pending.row.pointed:
            of = pointed.label, pointed.columns[0].name
            by_label.setdefault(of, []).append((pending, pointed))
    for (label, _), uses in by_label.items():
        pointed_rows = [pointed for _, pointed in uses]
        column_of_types: Any = field_of(pointed_rows[0].columns[0])
        types: Any = column_of_types.related_model
        there = database_of_related(column_of_types.model, types, using, writing=True)
        key = type_key(label, there)
        known = _known(pointed_rows, key, using, there)
        for pending, pointed in uses:
            column = pointed.columns[0]
            setattr(pending.instance, column.lookup, key)
            assigned = Assignment(pointed.name, column, key)
            every = (*pending.row.assignments, assigned)
            pending.rewrite(replace(pending.row, assignments=every, pointed=()))
            if pointed.pk not in known:
                pending.missing += [
                    Fault(pointed.name, one.own_name, pointed.missing, "does_not_exist")
                    for one in pointed.columns
                ]


def _known(uses: Sequence[PointedRow], kind: object, using: str, of_types: str) -> set[object]:
    """Return those keys of one type that are of visible rows; none, if it is no type to use.

    Args:
        uses: the rows to point to.
        kind: the key of their type.
        using: the database of the rows that point.
        of_types: that of content types.
    """
    first = uses[0]
    column: Any = field_of(first.columns[0])
    limited = column.get_limit_choices_to()
    if limited or first.types is not None:
        types: Any = column.related_model._default_manager.using(of_types)
        if first.types is not None:
            types = visible_rows(first.types, of_types).using(of_types)
        if not types.complex_filter(limited).filter(pk=kind).exists():
            return set()
    there = database_of_related(column.model, model_of(first.rows.resource), using, writing=True)
    return set(visible_keys(first.rows, {pointed.pk for pointed in uses}, there))
