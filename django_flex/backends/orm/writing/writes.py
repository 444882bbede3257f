"""Executes a write plan.

Everything runs inside a transaction that the engine has opened; any error rolls all of it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from django_flex.backends.orm.django_internals.keys import has_key, has_one_of
from django_flex.backends.orm.schema import field_of, model_of
from django_flex.backends.orm.writing.operations import Found, add, delete, edit, named_rows
from django_flex.backends.orm.writing.rows import check_objects, locked_rows
from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.exceptions.places import Part, counted, worded
from django_flex.query.operations import BY_FILTER
from django_flex.schema.field_checks import check_lookup
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.backends.base import Precondition
    from django_flex.backends.orm.prepared.statement_cache import Database
    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.exceptions.places import Place
    from django_flex.plan.nodes import WritePlan
    from django_flex.resolved import RowWrite
    from django_flex.schema.resources import Attribute


def write(
    plan: WritePlan, database: Database, precondition: Precondition | None = None
) -> list[PendingRow]:
    """Do a write.

    Args:
        plan: what is to be done.
        database: where, with a transaction open on it.
        precondition: asked about the row of an edit or delete, when it is locked.

    Returns:
        The written rows, in the order of the plan.

    Raises:
        ObjectNotFoundError: a row does not exist, or the caller may not see it.
        ValidationFailedError: the model refuses a value.
        RowDeniedError: the caller may not write a row as it would be stored.
        ConflictError: it conflicts with stored data.
    """
    operation, rules = plan.operation, plan.rules
    if operation == "add":
        return add(plan.rows, rules, database)
    if operation == "upsert":
        return _upsert(plan, database)
    by_filter = operation in BY_FILTER
    found = _choose(plan, database) if by_filter else _find(plan, database, precondition)
    change = edit if rules.operation == "edit" else delete
    return change(found, rules, database)


def _find(plan: WritePlan, database: Database, precondition: Precondition | None) -> list[Found]:
    """Lock the rows that are named by their keys; all of them must be there."""
    keys = [row.pk for row in plan.rows]
    model = model_of(plan.rules.resource)
    condition = has_key(model, keys[0]) if len(keys) == 1 else has_one_of(model, keys)
    found = named_rows(plan.rows, locked_rows(plan.rules, condition, database))
    check_objects(plan.rules, (instance for _, instance in found))
    if precondition is not None:
        precondition(keys[0])
    return found


def _choose(plan: WritePlan, database: Database) -> list[Found]:
    """Lock the rows that a filter selects; more than ``max_affected`` are an error."""
    most = plan.max_affected
    chosen = locked_rows(plan.rules, Q(), database, where=plan.where, most=most + 1)
    if len(chosen) > most:
        raise LimitExceededError(
            counted(most, "More than {} row would change", "More than {} rows would change"),
            path=Part.MAX_AFFECTED,
            hint=worded(
                "make the filters more specific, or raise {} up to MAX_ITEMS", Part.MAX_AFFECTED
            ),
        )
    check_objects(plan.rules, chosen)
    return [(plan.rows[0], instance) for instance in chosen]


def _upsert(plan: WritePlan, database: Database) -> list[PendingRow]:
    """Edit the rows that exist, and add the others."""
    editing = plan.editing or plan.rules
    names = [attribute.lookup for attribute in plan.match]
    wanted = [_match_values(row, plan) for row in plan.rows]
    keys = [_as_stored(values, plan) for values in wanted]
    if len(set(keys)) < len(keys):
        raise QueryError("Two items refer to the same row", path=Part.ITEMS)
    condition = Q(*(Q(*zip(names, values, strict=True)) for values in wanted), _connector=Q.OR)
    stored = {
        _as_stored((getattr(instance, name) for name in names), plan): instance
        for instance in locked_rows(editing, condition, database)
    }
    check_objects(editing, stored.values())
    there = [n for n, values in enumerate(keys) if values in stored]
    missing = [n for n, values in enumerate(keys) if values not in stored]
    pending_rows: dict[int, PendingRow] = {}
    if there:
        found = [(plan.edits[n], stored[keys[n]]) for n in there]
        pending_rows |= zip(there, edit(found, editing, database), strict=True)
    if missing:
        new = add([plan.rows[n] for n in missing], plan.rules, database)
        pending_rows |= zip(missing, new, strict=True)
    return [pending_rows[n] for n in range(len(wanted))]


def _match_values(row: RowWrite, plan: WritePlan) -> tuple[object, ...]:
    values = {part.attribute.own_name: part.value for part in row.assignments}
    for attribute in plan.match:
        _check_match(values[attribute.own_name], attribute, row.place)
    return tuple(values[attribute.own_name] for attribute in plan.match)


def _as_stored(values: Iterable[object], plan: WritePlan) -> tuple[object, ...]:
    """Return values of the columns that identify a row as their fields store them.

    What was sent and what an instance has may be written differently, or be a text and an object.
    """
    pairs = zip(plan.match, values, strict=True)
    return tuple(field_of(one).get_prep_value(value) for one, value in pairs)


def _check_match(value: object, attribute: Attribute, place: Place) -> None:
    """Refuse a value that a custom field cannot look up."""
    try:
        if value is not None:
            check_lookup(value, attribute, "exact")
    except UnfitValueError as error:
        place = place or attribute.name
        raise InvalidValueError(
            "The value does not fit", path=place, hint=error.expected
        ) from error
