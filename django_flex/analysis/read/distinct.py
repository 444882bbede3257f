"""``distinct``: each combination of the fields once, or the first row of each value of some paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.hints import field_denied
from django_flex.analysis.read.cursors import total_order
from django_flex.analysis.read.single_values import single_value
from django_flex.exceptions import QueryError, UnsupportedQueryError
from django_flex.exceptions.places import Part, inside, worded
from django_flex.resolved import Group, Output, Selection, key_of
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Path, Query
    from django_flex.resolved import Ordering, Value


def authorize_distinct(
    query: Query, selection: Selection, order_by: tuple[Ordering, ...], access: Access
) -> tuple[tuple[Ordering, ...], tuple[Value, ...]]:
    """Return the order that applies, and the columns whose combinations are distinct.

    Args:
        query: the parsed query.
        selection: its fields, checked.
        order_by: its orderings, checked.
        access: the caller's reach.

    Raises:
        FieldDeniedError: a path that the caller may not read, or that does not exist.
        QueryError: a value cannot be compared, or sorted by.
    """
    if query.distinct is None:
        return order_by, ()
    if query.distinct is True:
        check_combinations(selection, order_by)
        return order_by, ()
    # Which row is the first must not depend on where a database puts NULL.
    return total_order(order_by, access.resource), authorize_paths(query.distinct, access)


def authorize_paths(
    paths: tuple[Path, ...], access: Access, place: Place = Part.DISTINCT
) -> tuple[Value, ...]:
    """Return the columns whose combinations are distinct.

    Args:
        paths: the requested paths; they have to be readable, because equal values are revealed.
        access: the caller's reach.
        place: where in the query the paths are.

    Raises:
        FieldDeniedError: a path that the caller may not read, or that does not exist.
        QueryError: a path without a single value.
        UnsupportedQueryError: a path of JSON, whose equality each database sees in its own way.
    """
    return tuple(_column(path, access, place) for path in paths)


def _column(path: Path, access: Access, place: Place) -> Value:
    text = ".".join(path)
    try:
        target = resolve(access.resource, path)
    except UnknownPathError:
        raise field_denied(text, access, place) from None
    if not access.readable(target):
        raise field_denied(text, access, place)
    column = single_value(target, access, place, "'{}' has no single value", text)
    _refuse_kinds(text, column, place)
    return column


def check_combinations(
    selection: Selection, order_by: tuple[Ordering, ...], place: Place = ""
) -> None:
    """Refuse what combinations of fields cannot hold, or cannot be sorted by.

    Args:
        selection: the fields, checked.
        order_by: the orderings, checked.
        place: of the query, empty if it is the request.

    Raises:
        QueryError: an order by something that is not among the fields.
        UnsupportedQueryError: lists and JSON values, which cannot be compared everywhere.
    """
    distinct = inside(place, Part.DISTINCT)
    selected = {key_of(output.column) for output in _outputs(selection, distinct)}
    for ordering in order_by:
        if key_of(ordering.column) not in selected or ordering.column.keys:
            raise QueryError(
                "Combinations are sorted by their fields only",
                path=inside(place, Part.ORDER_BY),
                hint=worded("name it in '{}', too", Part.FIELDS),
            )


def _outputs(selection: Selection | Group, place: Place) -> Iterator[Output]:
    for member in selection.members:
        if isinstance(member, Selection | Group):
            yield from _outputs(member, place)
        elif isinstance(member, Output):
            _refuse_kinds(member.name, member.column, place)
            yield member
        else:
            raise UnsupportedQueryError(
                worded("'{}' is a list and cannot be part of a combination", member.name),
                path=place,
            )


def _refuse_kinds(text: str, value: Value, place: Place) -> None:
    if value.attribute.kind == "json":
        raise UnsupportedQueryError(
            worded("Databases disagree on when JSON values such as '{}' are equal", text),
            path=place,
            hint="name other fields",
        )
    if value.attribute.kind == "geometry":
        raise UnsupportedQueryError(
            worded("Databases disagree on when geometries such as '{}' are equal", text),
            path=place,
            hint="name other fields",
        )
    if value.attribute.kind == "composite":
        raise UnsupportedQueryError(
            worded("'{}' is several columns", text),
            path=place,
            hint=worded("name them: {}", ", ".join(one.name for one in value.attribute.parts)),
        )
    if value.attribute.kind == "encrypted":
        raise UnsupportedQueryError(
            worded("Values such as '{}' are stored encrypted, and none equals another", text),
            path=place,
            hint="name other fields",
        )
