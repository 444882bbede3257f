"""One row into the log, by a statement that is compiled once: the log must not cost what it logs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models.signals import post_save, pre_save
from django.db.models.sql import InsertQuery

from django_flex.actions.models import ActionEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Field

#: What every driver takes as it is; other types are prepared by their field.
_PLAIN = frozenset({str, bool, int, float, type(None)})


def insert(event: ActionEvent, using: str) -> None:
    """Store a new event."""
    if pre_save.has_listeners(ActionEvent) or post_save.has_listeners(ActionEvent):
        event.save(force_insert=True, using=using)
        return
    connection = connections[using]
    sql, fields = _statement(using, connection.vendor)
    # One look at each value: most need no field to be prepared by.
    held = event.__dict__
    values = [
        value
        if type(value := held[field.attname]) in _PLAIN
        else field.get_db_prep_save(value, connection)
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    event._state.adding, event._state.db = False, using  # noqa: SLF001 - as Model.save does


@cache
def _statement(using: str, _vendor: str) -> tuple[str, Sequence[Field[Any, Any]]]:
    """Return the INSERT of an event, and the fields whose values it takes, in order."""
    fields = ActionEvent._meta.concrete_fields
    query = InsertQuery(ActionEvent)
    query.insert_values(fields, [ActionEvent()])
    [(sql, _)] = query.get_compiler(using).as_sql()
    return sql, fields
