"""A write plan as rows: which ones, and what is done with them.

Everything here runs inside one transaction that the engine has opened; any error undoes all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Q

from django_flex.backends.orm.operations import Found, add, delete, edit, named_rows
from django_flex.backends.orm.rows import chosen_rows, locked_rows
from django_flex.exceptions import LimitExceededError, QueryError
from django_flex.query.mutations import BY_FILTER

if TYPE_CHECKING:
    from django_flex.backends.orm.work import Work
    from django_flex.permissions.authorized_writes import RowWrite
    from django_flex.plan.nodes import WritePlan

#: Called with the key of the one row that is edited or deleted; raises to stop the write.
Precondition: TypeAlias = Callable[[Any], None]


def write(plan: WritePlan, using: str, precondition: Precondition | None = None) -> list[Work]:
    """Do a write.

    Args:
        plan: what is to be done.
        using: the database, with a transaction open on it.
        precondition: asked about the row of an edit or delete, when it is locked.

    Returns:
        The written rows, in the order of the plan.

    Raises:
        ObjectNotFoundError: a row that is not there, or that the caller may not see.
        ValidationFailedError: values that the model refuses.
        RowDeniedError: a written row that the caller may not write.
        ConflictError: what is stored stands against it.
    """
    operation, rules = plan.asked.operation, plan.rules
    if operation == "add":
        return add(plan.rows, rules, using)
    if operation == "upsert":
        return _upsert(plan, using)
    by_filter = operation in BY_FILTER
    found = _choose(plan, using) if by_filter else _find(plan, using, precondition)
    return edit(found, rules, using) if rules.operation == "edit" else delete(found, rules, using)


def _find(plan: WritePlan, using: str, precondition: Precondition | None) -> list[Found]:
    """Lock the rows that are named by their keys; all of them must be there."""
    keys = [row.pk for row in plan.rows]
    condition = Q(pk=keys[0]) if len(keys) == 1 else Q(pk__in=keys)
    found = named_rows(plan.rows, locked_rows(plan.rules, condition, using))
    if precondition is not None:
        precondition(keys[0])
    return found


def _choose(plan: WritePlan, using: str) -> list[Found]:
    """Lock the rows that a filter chooses; more than were expected are too many."""
    most = plan.asked.max_affected or 0
    chosen = list(chosen_rows(plan.rules, plan.where, using)[: most + 1])
    if len(chosen) > most:
        raise LimitExceededError(
            f"More than {most} rows would change",
            path="_max_affected",
            hint="narrow the filters, or raise _max_affected up to MAX_ITEMS",
        )
    return [(plan.rows[0], instance) for instance in chosen]


def _upsert(plan: WritePlan, using: str) -> list[Work]:
    """Edit the rows that are there, add the others."""
    editing = plan.editing or plan.rules
    names = [attribute.lookup for attribute in plan.match]
    wanted = [_match_values(row, plan) for row in plan.rows]
    if len(set(wanted)) < len(wanted):
        raise QueryError("Two items mean the same row", path="_items")
    condition = Q(*(Q(*zip(names, values, strict=True)) for values in wanted), _connector=Q.OR)
    stored = {
        tuple(getattr(instance, name) for name in names): instance
        for instance in locked_rows(editing, condition, using)
    }
    there = [n for n, values in enumerate(wanted) if values in stored]
    missing = [n for n, values in enumerate(wanted) if values not in stored]
    found = [(plan.edits[n], stored[wanted[n]]) for n in there]
    works = dict(zip(there, edit(found, editing, using), strict=True))
    works |= zip(missing, add([plan.rows[n] for n in missing], plan.rules, using), strict=True)
    return [works[n] for n in range(len(wanted))]


def _match_values(row: RowWrite, plan: WritePlan) -> tuple[Any, ...]:
    values = {part.attribute.name: part.value for part in row.assignments}
    return tuple(values[attribute.name] for attribute in plan.match)
