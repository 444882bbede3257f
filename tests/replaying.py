"""Rows that many tests start from: the ORM creates them once, and then its statements are repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

#: The INSERT statements of each function that creates rows, which the ORM takes long to write.
_INSERTS: dict[Callable[[], None], list[tuple[str, Any]]] = {}


def replay(create: Callable[[], None]) -> None:
    """Create the rows of a function that only inserts, and always the same."""
    if create not in _INSERTS:
        _INSERTS[create] = _recorded(create)
        return
    with connection.cursor() as cursor:
        for sql, params in _INSERTS[create]:
            cursor.execute(sql, params)


def _recorded(create: Callable[[], None]) -> list[tuple[str, Any]]:
    inserts: list[tuple[str, Any]] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT"):
            assert not many
            inserts.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        create()
    return inserts
