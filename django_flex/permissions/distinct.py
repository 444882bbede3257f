"""``distinct``: each combination of the fields once, or the first row of each value of some paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import QueryError, UnsupportedQueryError
from django_flex.permissions.authorized import Derived, Group, Output, Selection
from django_flex.permissions.cursors import total_order
from django_flex.permissions.hints import field_denied
from django_flex.permissions.values import value_of
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import Ordering, Value
    from django_flex.query.ast import Path, Query

PLACE = "distinct"


def authorize_distinct(
    query: Query, selection: Selection, order_by: tuple[Ordering, ...], access: Access
) -> tuple[tuple[Ordering, ...], tuple[Value, ...]]:
    """Return the order that applies, and the columns of which each value is to come once.

    Args:
        query: what was asked.
        selection: its fields, checked.
        order_by: its orderings, checked.
        access: the caller's reach.

    Raises:
        FieldDeniedError: a path that the caller may not read, or that does not exist.
        QueryError: something that cannot be compared, or sorted by.
    """
    if query.distinct is None:
        return order_by, ()
    if query.distinct is True:
        check_combinations(selection, order_by)
        return order_by, ()
    # Which row is the first must not depend on where a database puts NULL.
    return total_order(order_by, access.resource), authorize_paths(query.distinct, access)


def authorize_paths(paths: tuple[Path, ...], access: Access) -> tuple[Value, ...]:
    """Return the columns whose values each are to come once.

    Args:
        paths: what was asked; whoever sees that two rows have one value has read it.
        access: the caller's reach.

    Raises:
        FieldDeniedError: a path that the caller may not read, or that does not exist.
        QueryError: a path without a single value.
        UnsupportedQueryError: a path of JSON, whose equality each database sees in its own way.
    """
    return tuple(_column(path, access) for path in paths)


def _column(path: Path, access: Access) -> Value:
    text = ".".join(path)
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise field_denied(text, access, PLACE) from None
    if not access.readable(target):
        raise field_denied(text, access, PLACE)
    access.count_joins(target.hops, PLACE)
    if any(hop.cardinality == "many" for hop in target.hops):
        raise QueryError(f"'{text}' has no single value", path=PLACE)
    guards = access.guards(target.hops)
    column = value_of(
        target.hops, target.attribute, access, access.resource, keys=target.keys, guards=guards
    )
    _refuse_json(text, column)
    return column


def check_combinations(selection: Selection, order_by: tuple[Ordering, ...]) -> None:
    """Refuse what combinations of fields cannot hold, or cannot be sorted by.

    Raises:
        QueryError: an order by something that is not among the fields.
        UnsupportedQueryError: lists and JSON values, which cannot be compared everywhere.
    """
    selected = {key_of(output.column) for output in _outputs(selection)}
    for ordering in order_by:
        if key_of(ordering.column) not in selected or ordering.column.keys:
            raise QueryError(
                "Combinations are sorted by their fields only",
                path="order_by",
                hint="name it in 'fields', too",
            )


def key_of(value: Value) -> tuple[object, ...]:
    """Return what makes two values of a row the same one."""
    if isinstance(value, Derived):
        return (Derived, *value.key)
    return (*(hop.lookup for hop in value.hops), value.attribute.lookup)


def _outputs(selection: Selection | Group) -> Iterator[Output]:
    for member in selection.members:
        if isinstance(member, Selection | Group):
            yield from _outputs(member)
        elif isinstance(member, Output):
            _refuse_json(member.name, member.column)
            yield member
        else:
            raise UnsupportedQueryError(
                f"'{member.name}' is a list and no part of a combination", path=PLACE
            )


def _refuse_json(text: str, value: Value) -> None:
    if value.attribute.kind == "json":
        raise UnsupportedQueryError(
            f"'{text}' is JSON, which has no common equality", path=PLACE, hint="name other fields"
        )
