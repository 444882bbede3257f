"""A client's mapping into a ``Query``: syntax only, no schema, no settings, no request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    QueryError,
    UnknownKeyError,
)
from django_flex.query.ast import Constant, FieldTerm, Page, ParameterText, Query
from django_flex.query.filters import comparisons, parse_filters
from django_flex.query.terms import excerpt, nearest, parse_fields, parse_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.query.ast import Condition
    from django_flex.query.limits import Limits

#: Every name of an operation or action, and the one that the code uses.
OPERATIONS = {
    "get": "get",
    "list": "list",
    "query": "list",
    "add": "add",
    "create": "add",
    "edit": "edit",
    "update": "edit",
    "delete": "delete",
    "upsert": "upsert",
    "aggregate": "aggregate",
    "bulk_edit": "bulk_edit",
    "bulk_delete": "bulk_delete",
    "explain": "explain",
    "export": "export",
}
CONTROL_KEYS = ("_model", "_action", "_id", "id")
LATER_KEYS = (
    "search",
    "distinct",
    "aggregate",
    "group_by",
    "having",
    "related",
    "explain",
    "cursor",
    "count",
)
GET_KEYS = (*CONTROL_KEYS, "fields", "explain", "related")
LIST_KEYS = (
    *CONTROL_KEYS,
    "fields",
    "filters",
    "order_by",
    "limit",
    "offset",
    "shape",
    *LATER_KEYS,
)
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def parse_query(
    payload: Mapping[str, Any],
    limits: Limits,
    *,
    resource: str,
    operation: str = "list",
    lenient: bool = False,
) -> Query:
    """Read the keys of a query object (contract, section 1).

    Args:
        payload: the object as sent.
        limits: the caps that apply.
        resource: the name of the model's entry, already found.
        operation: ``get`` or ``list``.
        lenient: leave unknown keys out instead of refusing them (RFC 7240).

    Raises:
        QueryError: an unknown key, a wrong type or an impossible value, with its place.
    """
    allowed = GET_KEYS if operation == "get" else [k for k in LIST_KEYS if k not in {"_id", "id"}]
    check_keys(payload, allowed, operation, lenient=lenient)
    if "_id" in payload and "id" in payload:
        raise QueryError("'_id' and 'id' are the same key", path="id", hint="send one of them")
    fields = payload.get("fields")
    order_by = payload.get("order_by")
    query = Query(
        resource=resource,
        operation=operation,
        pk=payload.get("_id", payload.get("id")),
        fields=(FieldTerm(("*",)),) if fields is None else parse_fields(fields, limits.max_fields),
        filters=parse_filters(payload.get("filters", {}), limits),
        order_by=() if order_by is None else parse_order(order_by, limits.max_orders),
        page=_parse_page(payload, limits),
        shape=_parse_shape(payload.get("shape", "map")),
        **{key: payload[key] for key in LATER_KEYS[:7] if key in payload},
    )
    check_condition_values(query.filters, limits)
    return query


def parse_operation(payload: Mapping[str, Any], default: str) -> str:
    """Return the canonical operation that ``_action`` names; ``default`` without one."""
    action = payload.get("_action")
    if action is None:
        return default
    if not isinstance(action, str) or action not in OPERATIONS:
        raise InvalidValueError(
            "There is no such action",
            path="_action",
            hint=nearest(str(action), OPERATIONS) or f"one of {', '.join(OPERATIONS)}",
        )
    return OPERATIONS[action]


def serialize(query: Query, json_places: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a list query as the object that parses to it again.

    ``json_places`` names the comparisons on JSON paths, where the text of a query parameter has
    to become the JSON value that it was read as.
    """
    from django_flex.query.serializer import condition_to_json

    body: dict[str, Any] = {"fields": ", ".join(map(str, query.fields))}
    if query.filters is not None:
        body["filters"] = condition_to_json(query.filters, json_places)
    if query.order_by:
        body["order_by"] = ", ".join(map(str, query.order_by))
    if query.shape != "map":
        body["shape"] = query.shape
    return {**body, "limit": query.page.limit, "offset": query.page.offset}


def check_keys(
    payload: Mapping[str, Any], allowed: Iterable[str], operation: str, *, lenient: bool = False
) -> None:
    """Refuse keys that do not exist or say nothing for this operation."""
    known = tuple(allowed)
    for key in payload:
        if key in known or lenient:
            continue
        place = excerpt(str(key))
        if key in LIST_KEYS:
            raise UnknownKeyError(f"'{place}' means nothing for '{operation}'", path=place)
        raise UnknownKeyError(
            f"Unknown key '{place}'",
            path=place,
            hint=nearest(place, known) or f"one of {', '.join(known)}",
        )


def _parse_page(payload: Mapping[str, Any], limits: Limits) -> Page:
    limit = parse_integer(payload.get("limit", limits.default_limit), "limit", minimum=1)
    offset = parse_integer(payload.get("offset", 0), "offset", minimum=0)
    if offset > limits.max_offset:
        raise LimitExceededError(
            "The offset is too large", path="offset", hint=f"at most {limits.max_offset}"
        )
    return Page(
        limit=min(limit, limits.max_limit),
        offset=offset,
        cursor=payload.get("cursor"),
        count=payload.get("count"),
    )


def parse_integer(value: Any, place: str, *, minimum: int) -> int:
    """Read a whole number, as JSON number or as text of a parameter."""
    if isinstance(value, ParameterText) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise InvalidValueError(
            f"A whole number of at least {minimum} is needed", path=place, hint=f"{place}: 20"
        )
    return value


def _parse_shape(value: Any) -> Any:
    if value not in ("map", "list"):
        raise InvalidValueError("There is no such shape", path="shape", hint="'map' or 'list'")
    return str(value)


def check_condition_values(condition: Condition | None, limits: Limits) -> None:
    """Hold the values of a condition against the caps on texts and lists."""
    for comparison in comparisons(condition) if condition is not None else ():
        _check_value(comparison.value, comparison.place, limits)


def _check_value(value: Any, place: str, limits: Limits) -> None:
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, dict):
        value = (*value.keys(), *value.values())
    if isinstance(value, tuple | list):
        if len(value) > limits.max_in_items:
            raise LimitExceededError(
                f"Too many values: {len(value)}",
                path=place,
                hint=f"at most {limits.max_in_items}",
            )
        for part in value:
            _check_value(part, place, limits)
    elif isinstance(value, str):
        check_text(value, place, limits)


def check_text(value: str, place: str, limits: Limits) -> None:
    """Refuse text that is too long or that a database cannot store."""
    if len(value) > limits.max_text_length:
        raise LimitExceededError(
            "The text is too long", path=place, hint=f"at most {limits.max_text_length} characters"
        )
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise InvalidValueError("The text has a NUL character or half a surrogate pair", path=place)


def as_mapping(value: Any, place: str) -> Mapping[str, Any]:
    """Return a value that must be a JSON object."""
    if not isinstance(value, Mapping):
        raise QueryError("A JSON object is needed", path=place, hint='{"fields": "id, name"}')
    return value
