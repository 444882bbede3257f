"""Add, edit and delete rows of one model, with their links and the rows inside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from django_flex.backends.orm.django_internals.keys import has_one_of
from django_flex.backends.orm.django_internals.models import key_field
from django_flex.backends.orm.expressions.project_querysets import managed_rows
from django_flex.backends.orm.schema import field_of, model_of
from django_flex.backends.orm.writing import hooks, persistence
from django_flex.backends.orm.writing.cascades import check_cascade
from django_flex.backends.orm.writing.checks.new_values import check_filled_by_hooks, check_saved
from django_flex.backends.orm.writing.checks.taken_for_denied import (
    check_all_allowed,
    check_taken,
    denied_first,
)
from django_flex.backends.orm.writing.checks.taken_values import taken_values
from django_flex.backends.orm.writing.content_types import set_types, type_key
from django_flex.backends.orm.writing.forms import save_through
from django_flex.backends.orm.writing.many_to_many import write_links
from django_flex.backends.orm.writing.model_code import may_change_other_columns
from django_flex.backends.orm.writing.named_links import find_named
from django_flex.backends.orm.writing.passwords import set_passwords
from django_flex.backends.orm.writing.pending_rows import (
    PendingRow,
    UnfitAssignmentError,
    added_row,
    changed_row,
)
from django_flex.backends.orm.writing.references import note_missing
from django_flex.backends.orm.writing.rows import check_after, locked_rows
from django_flex.backends.orm.writing.trees import check_additions, check_moves
from django_flex.backends.orm.writing.validation import check_stored_rows, validate
from django_flex.exceptions import ObjectNotFoundError, RowDeniedError, ValidationFailedError
from django_flex.exceptions.places import Part, inside
from django_flex.languages import in_language
from django_flex.resolved import NewRow, RowWrite
from django_flex.schema.conversions.keys import check_usable

if TYPE_CHECKING:
    from django_flex.backends.orm.prepared.statement_cache import Database
    from django_flex.resolved import Assignment, NestedWrites, WriteRules

#: The write of a row, and the row; ``None`` if it does not exist yet.
Found = tuple[RowWrite, Any]


def add(
    rows: Sequence[RowWrite],
    rules: WriteRules,
    database: Database,
    parents: Sequence[Mapping[str, object]] = (),
) -> list[PendingRow]:
    """Add rows.

    Args:
        rows: what they are to hold.
        rules: those of adding.
        database: where, with its statements.
        parents: of rows inside others, for each row the columns that point to the other and their
            values.
    """
    pending_rows = [_pending(row, None, rules) for row in rows]
    for pending, columns in zip(pending_rows, parents, strict=False):
        for column, value in columns.items():
            setattr(pending.instance, column, value)
    _write(pending_rows, rules, database)
    return pending_rows


def edit(found: Sequence[Found], rules: WriteRules, database: Database) -> list[PendingRow]:
    """Change rows that were found and locked."""
    pending_rows = [_pending(row, instance, rules) for row, instance in found]
    _write(pending_rows, rules, database)
    return pending_rows


def delete(found: Sequence[Found], rules: WriteRules, database: Database) -> list[PendingRow]:
    """Delete rows that were found and locked."""
    using = database.using
    pending_rows = [PendingRow(row, instance, "delete") for row, instance in found]
    keys = [pending.pk for pending in pending_rows]
    if hooks.concern("before", pending_rows, rules):
        for pending in pending_rows:
            hooks.call("before", pending, rules)
    collected = check_cascade(pending_rows, rules, using)
    persistence.delete(pending_rows, rules, using, collected)
    for pending, key in zip(pending_rows, keys, strict=True):
        pending.instance.pk = key  # Django removes the key, which hooks and signals still need
    _call_after(pending_rows, rules, using)
    return pending_rows


def _pending(row: RowWrite, instance: Any, rules: WriteRules) -> PendingRow:
    try:
        if instance is None:
            return added_row(row, model_of(rules.resource))
        return changed_row(row, instance)
    except UnfitAssignmentError as error:
        fields, codes = {error.name: [in_language(error.text)]}, {error.name: ["invalid"]}
        raise ValidationFailedError(fields, codes, path=row.place or None) from error


def _write(pending_rows: list[PendingRow], rules: WriteRules, database: Database) -> None:
    """Validate, save, link and nest rows of one operation on one model; then check them."""
    using = database.using
    if not rules.resource.plain:
        managed_rows(model_of(rules.resource)._default_manager, using)  # before any code runs
    if rules.operation == "add":
        check_additions(pending_rows, rules)
    _write_parents(pending_rows, database)
    find_named(pending_rows, rules, database, add)
    note_missing(pending_rows, database)
    set_types(pending_rows, using)
    if rules.code.form_class or rules.code.serializer_class:
        for number, pending in enumerate(pending_rows, 1):
            so_far = pending_rows[:number]
            with denied_first(so_far, rules, using), hooks.vetoes(pending, rules):
                save_through(pending, rules, using)
    else:
        _save(pending_rows, rules, using)
    _check_keys(pending_rows)  # forms save as they like
    for pending in pending_rows:
        if pending.row.links:
            with hooks.vetoes(pending, rules):  # of receivers of m2m_changed
                write_links(pending, using)
    _write_children(pending_rows, database)
    check_after(pending_rows, rules, using)
    _call_after(pending_rows, rules, using)


def _call_after(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    called = hooks.concern("after", pending_rows, rules)
    if called or hooks.concern("after_commit", pending_rows, rules):
        for pending in pending_rows:
            hooks.call("after", pending, rules)
            hooks.call_after_commit(pending, rules, using)


def _save(pending_rows: list[PendingRow], rules: WriteRules, using: str) -> None:
    many = len(pending_rows) > 1
    for pending in pending_rows:
        with hooks.vetoes(pending, rules):  # of validators and of clean()
            validate(pending, rules, unique=not many)
    try:
        _save_valid(pending_rows, rules, using)
    except (RowDeniedError, ValidationFailedError):
        check_all_allowed(pending_rows, rules)
        raise


def _save_valid(pending_rows: list[PendingRow], rules: WriteRules, using: str) -> None:
    """Save rows; of a list it is not known yet whether a value is taken."""
    many = len(pending_rows) > 1
    if many:
        check_taken(pending_rows, rules)
        taken_values(pending_rows, rules, using)
    called = hooks.concern("before", pending_rows, rules)
    for pending in pending_rows:
        if pending.columns().hashed:
            with hooks.vetoes(pending, rules):
                set_passwords(pending)
        if called:
            hooks.call("before", pending, rules)
        if pending.columns().lacked:
            check_filled_by_hooks(pending, rules)
    if rules.operation == "add":
        _check_keys(pending_rows)
        persistence.insert(pending_rows, rules, using)
        for pending in pending_rows:
            if pending.columns().lacked:
                check_saved(pending, rules, using)
    else:
        check_moves(pending_rows, rules, using)
        persistence.update(pending_rows, rules, using)
    if many or may_change_other_columns(model_of(rules.resource)):
        check_stored_rows(pending_rows, rules, using)


def _check_keys(pending_rows: Sequence[PendingRow]) -> None:
    check_usable(tuple([pending.instance.pk for pending in pending_rows]))


def _write_parents(pending_rows: Sequence[PendingRow], database: Database) -> None:
    """Add the rows that others are to point to; those of one column go together."""
    added: dict[str, list[tuple[PendingRow, Assignment, NewRow]]] = {}
    for pending in pending_rows:
        for part in pending.row.assignments:
            if type(part.value) is NewRow:
                added.setdefault(part.attribute.own_name, []).append((pending, part, part.value))
    for uses in added.values():
        # One caller has one set of rules on one model, whichever row they were bound for.
        parents = add([new.row for _, _, new in uses], uses[0][2].rules, database)
        for (pending, part, _), parent in zip(uses, parents, strict=True):
            key = getattr(parent.instance, key_field(field_of(part.attribute)).attname)
            setattr(pending.instance, part.attribute.lookup, key)
            # As if the key had been sent, so that it is held against the rows that may be named.
            parts = (replace(p, value=key) if p is part else p for p in pending.row.assignments)
            pending.rewrite(replace(pending.row, assignments=tuple(parts)))


def _write_children(pending_rows: Sequence[PendingRow], database: Database) -> None:
    """Write the rows inside written rows; what is added goes together for all of them."""
    added: dict[str, list[tuple[PendingRow, NestedWrites]]] = {}
    for pending in pending_rows:
        for children in pending.row.children:
            _remove_children(pending, children, database)
            _edit_children(pending, children, database)
            if children.add:
                added.setdefault(children.relation.name, []).append((pending, children))
    for uses in added.values():
        rows = [row for _, children in uses for row in children.add]
        parents = [
            _pointer(pending, children, database.using)
            for pending, children in uses
            for _ in children.add
        ]
        # One caller has one set of rules on one model, whichever row they were bound for.
        add(rows, uses[0][1].rules["add"], database, parents)


def _edit_children(pending: PendingRow, children: NestedWrites, database: Database) -> None:
    if children.edit:
        rules = children.rules["edit"]
        these = has_one_of(model_of(rules.resource), [row.pk for row in children.edit])
        mine = Q(**_pointer(pending, children, database.using)) & these
        edit(named_rows(children.edit, locked_rows(rules, mine, database)), rules, database)


def _remove_children(pending: PendingRow, children: NestedWrites, database: Database) -> None:
    if not (children.remove or children.replace):
        return
    rules = children.rules["delete"]
    model = model_of(rules.resource)
    kept = has_one_of(model, [row.pk for row in children.edit])
    which = ~kept if children.replace else has_one_of(model, children.remove)
    mine = Q(**_pointer(pending, children, database.using))
    found = locked_rows(rules, mine & which, database)
    if len(found) < len(children.remove):
        raise ObjectNotFoundError(path=inside(children.place, Part.REMOVE))
    gone = [(RowWrite(instance.pk, children.place), instance) for instance in found]
    delete(gone, rules, database)


def _pointer(pending: PendingRow, children: NestedWrites, using: str) -> dict[str, object]:
    """Return the columns of the rows inside that point here, and their values."""
    relation = children.relation
    key: object = getattr(pending.instance, relation.near)
    columns = {relation.far: str(key) if relation.as_text else key}
    if relation.far_type is not None:
        columns[relation.far_type.column] = type_key(relation.far_type.label, using)
    return columns


def named_rows(rows: Sequence[RowWrite], instances: Any) -> list[Found]:
    """Pair rows that are named by their keys with what was found.

    Raises:
        ObjectNotFoundError: a row does not exist, or the caller may not see it.
    """
    by_key = {instance.pk: instance for instance in instances}
    for row in rows:
        if row.pk not in by_key:
            place = row.key_place or (inside(row.place, Part.KEY) if row.place else None)
            raise ObjectNotFoundError(path=place)
    return [(row, by_key[row.pk]) for row in rows]
