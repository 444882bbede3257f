"""Insert events by a statement that is compiled once, so that logging is cheap."""

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

#: Types that every driver accepts; values of others are prepared by their field.
_PLAIN = frozenset({str, bool, int, float, type(None)})


def insert(event: ActionEvent, using: str) -> None:
    """Store a new event."""
    if pre_save.has_listeners(ActionEvent) or post_save.has_listeners(ActionEvent):
        event.save(force_insert=True, using=using)
        return
    connection = connections[using]
    sql, fields = _statement(using, connection.vendor)
    # Most values need no preparation, so check their type first.
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
    """Return the INSERT statement of an event, and its fields in order."""
    fields = ActionEvent._meta.concrete_fields
    query = InsertQuery(ActionEvent)
    query.insert_values(fields, [ActionEvent()])
    [(sql, _)] = query.get_compiler(using).as_sql()
    return sql, fields
