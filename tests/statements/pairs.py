"""Statements compiled with one value and used with another, against Django's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Q

from django_flex.backends.orm.expressions.conditions import visible_rows
from django_flex.backends.orm.prepared.binders import comparable
from django_flex.backends.orm.prepared.cache_keys import UncacheableError, cache_key_of
from django_flex.backends.orm.prepared.statements import StatementSource, bind, compile_statement
from django_flex.resolved import Rows
from tests.statements.size import AGAIN

if TYPE_CHECKING:
    from django_flex.schema.resources import Resource

#: A value in four places at once: beside another condition, of a related row, and denied of rows.
CONTEXTS: dict[str, Callable[[str, Any], Q]] = {
    "or": lambda name, value: Q((name, value)) | Q((f"parent__{name}", value)) | Q(whole=7),
    "not": lambda name, value: ~Q((name, value), name="x") & ~Q((f"children__{name}", value)),
}


def query_of(rows: Rows, using: str) -> Any:
    return visible_rows(rows, using).order_by().values_list("pk").query


def sources_of(
    resource: Resource, rule: Callable[[str, Any], Q], name: str, values: list[Any]
) -> Iterator[Any]:
    """Yield the shape, what a statement is made of, and Django's own of each value."""
    for value in values:
        plan = Rows(resource, q=rule(name, value))
        try:
            shape, taken = cache_key_of(plan)
        except UncacheableError:
            continue
        source = StatementSource(plan, query_of, taken, None, "default")
        yield shape, source, djangos(source), value


def djangos(source: StatementSource) -> Any:
    """Return what Django makes of a query by itself; the error if it does not."""
    try:
        sql, parameters = source.query().get_compiler("default").as_sql()
    except EmptyResultSet:
        return "nothing can match"
    except Exception as error:  # noqa: BLE001 - fields raise what they like
        return repr(error)
    return sql, comparable(parameters)


def statement_of(source: StatementSource) -> Any:
    try:
        return compile_statement(source)
    except Exception:  # noqa: BLE001 - fields raise what they like, and then nothing is kept
        return None


def compare(resource: Resource, rule: Callable[[str, Any], Q], name: str, values: list[Any]) -> int:
    """Compare each value as the first with each as the second of the same shape.

    Return how many statements were used with the value of another.
    """
    found, used = [*sources_of(resource, rule, name, values)], 0
    for shape, source, _, first in found:
        statement = statement_of(source)
        others = [one for one in found if one[0] == shape] if statement else []
        for _, other, expected, second in others:
            parameters = bind(statement, other.values, "default")
            if parameters is not None:
                used += first is not second
                sent = (statement.sql, comparable(parameters))
                assert expected == sent, f"{name}: {first!r}, then {second!r}; {AGAIN}"
    return used
