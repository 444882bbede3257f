"""Parses ``related``: queries for the rows of to-many relations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.dialects.flex.aggregates import parse_aggregate
from django_flex.dialects.flex.paging import parse_count, parse_cursor, parse_distinct
from django_flex.dialects.flex.search import parse_search
from django_flex.dialects.flex.unknown_keys import unknown_key_hint
from django_flex.exceptions import InvalidValueError, QueryError, UnknownKeyError
from django_flex.exceptions.places import worded
from django_flex.query.ast import Related
from django_flex.query.filters import parse_filters
from django_flex.query.terms import ALIAS, excerpt, parse_fields, parse_order, parse_path
from django_flex.query.values import parse_integer

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits

AGGREGATE_KEYS = ("from", "filters", "aggregate")
KEYS = (
    *("from", "fields", "filters", "order_by", "limit", "offset", "related", "search", "shape"),
    *("aggregate", "count", "cursor", "distinct"),
)


def parse_related(value: object, limits: Limits, place: str = "related") -> tuple[Related, ...]:
    """Parse an object of nested queries, each under its name in the reply.

    Raises:
        QueryError: an unknown key, a wrong type or an impossible value, with its place.
    """
    if not isinstance(value, Mapping):
        raise InvalidValueError(
            "An object of queries is needed", path=place, hint='{"lines": {"limit": 3}}'
        )
    return tuple(_entry(name, part, limits, place) for name, part in value.items())


def _entry(name: object, value: object, limits: Limits, place: str) -> Related:
    here = f"{place}.{excerpt(str(name))}"
    path = parse_path(str(name), here)
    if not isinstance(value, Mapping):
        raise InvalidValueError("A query object is needed", path=here, hint='{"limit": 3}')
    _check_keys(value, here)
    if value.get("aggregate") is not None:
        return _aggregated(path, value, limits, here)
    source = _source(value.get("from"), path, here)
    order_by, fields = value.get("order_by"), value.get("fields")
    counted, cursor = _is_counted(value, here), parse_cursor(value, f"{here}.")
    return Related(
        name=path,
        source=source,
        place=here,
        fields=None
        if fields is None
        else parse_fields(fields, limits.max_fields, f"{here}.fields"),
        filters=parse_filters(value.get("filters", {}), limits, f"{here}.filters"),
        order_by=()
        if order_by is None
        else parse_order(order_by, limits.max_orders, f"{here}.order_by"),
        limit=parse_integer(value.get("limit", limits.default_limit), f"{here}.limit", minimum=1),
        offset=parse_integer(value.get("offset", 0), f"{here}.offset", minimum=0),
        related=parse_related(value["related"], limits, f"{here}.related")
        if "related" in value
        else (),
        paged=_is_paged(value.get("shape"), here) or counted or cursor is not None,
        counted=counted,
        search=parse_search(value, f"{here}.search"),
        cursor=cursor,
        distinct=parse_distinct(value, limits.max_fields, f"{here}.distinct"),
    )


def _aggregated(name: Path, value: Mapping[str, object], limits: Limits, place: str) -> Related:
    """Parse an entry for aggregates of some related rows."""
    for key in value:
        if key not in AGGREGATE_KEYS:
            raise QueryError(
                worded("'{}' does not go with 'aggregate'", excerpt(str(key))),
                path=f"{place}.{excerpt(str(key))}",
                hint=worded("{}; a second entry returns rows", ", ".join(AGGREGATE_KEYS)),
            )
    filters = value.get("filters", {})
    return Related(
        name=name,
        source=_source(value.get("from"), name, place),
        place=place,
        filters=parse_filters(filters, limits, f"{place}.filters"),
        aggregate=parse_aggregate(value, limits, f"{place}.aggregate"),
    )


def _check_keys(value: Mapping[str, object], place: str) -> None:
    for key in value:
        if key not in KEYS:
            named = excerpt(str(key))
            raise UnknownKeyError(
                worded("Unknown key '{}'", named),
                path=f"{place}.{named}",
                hint=unknown_key_hint(str(key), value[key], KEYS, at=f"{place}."),
            )


def _source(value: object, name: Path, place: str) -> Path:
    if value is None:
        return name
    if not isinstance(value, str):
        raise InvalidValueError("The name of a relation is needed", path=f"{place}.from")
    if len(name) > 1 or not ALIAS.fullmatch(name[0]):
        raise QueryError("A new name consists of letters, digits and _", path=place)
    return parse_path(value, f"{place}.from")


def _is_counted(value: Mapping[str, object], place: str) -> bool:
    count = parse_count(value, f"{place}.count")
    if count is not None and count.kind != "exact":
        raise InvalidValueError(
            "Related rows are counted exactly", path=f"{place}.count", hint="true"
        )
    return count is not None


def _is_paged(value: object, place: str) -> bool:
    if value not in (None, "list"):
        raise InvalidValueError(
            "Unknown shape",
            path=f"{place}.shape",
            hint="'list' returns the list with its pagination",
        )
    return value is not None
