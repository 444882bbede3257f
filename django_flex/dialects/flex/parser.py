"""Parses a query object into a ``Query``: only syntax, without schema, settings or request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.dialects.flex.aggregates import parse_aggregate, parse_group_by, parse_having
from django_flex.dialects.flex.paging import parse_count, parse_cursor, parse_distinct
from django_flex.dialects.flex.related import parse_related
from django_flex.dialects.flex.search import parse_search
from django_flex.dialects.flex.unknown_keys import unknown_key_hint
from django_flex.exceptions import (
    InvalidValueError,
    QueryError,
    UnknownKeyError,
)
from django_flex.exceptions.places import worded
from django_flex.query.ast import NO_LIMIT, Explain, FieldTerm, PageRequest, ParameterText, Query
from django_flex.query.filters import parse_filters
from django_flex.query.operations import FORMATS, OPERATIONS, operation_hint
from django_flex.query.terms import excerpt, parse_fields, parse_order
from django_flex.query.values import parse_integer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.query.ast import Shape
    from django_flex.query.limits import Limits

CONTROL_KEYS = ("_model", "_action", "_id", "id")
#: Names that are keys of some request, so that no column of these names can be sent beside them.
RESERVED = frozenset(
    [
        "_action",
        "_atomic",
        "_background",
        "_batch",
        "_data",
        "_dry_run",
        "_expect",
        "_fields",
        "_filters",
        "_id",
        "_ids",
        "_if",
        "_if_match",
        "_input",
        "_items",
        "_match",
        "_max_affected",
        "_model",
        "_name",
        "_set",
    ]
)
LATER_KEYS = (
    "search",
    "distinct",
    "aggregate",
    "group_by",
    "having",
    "related",
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
    "explain",
    "format",
    *LATER_KEYS,
)
KEYS = {
    "get": GET_KEYS,
    "list": tuple(key for key in LIST_KEYS if key not in {"_id", "id"}),
    "aggregate": (
        "_model",
        "_action",
        "group_by",
        "aggregate",
        "having",
        "filters",
        "search",
        "order_by",
        "limit",
        "offset",
        "explain",
    ),
}


def parse_query(  # noqa: PLR0913 - all but the first two by name
    payload: Mapping[str, object],
    limits: Limits,
    *,
    resource: str,
    operation: str = "list",
    key_name: str = "id",
    lenient: bool = False,
    stream: str | None = None,
    shape: Shape = "map",
) -> Query:
    """Read the keys of a query object (contract, section 1).

    Args:
        payload: the object as sent.
        limits: the caps that apply.
        resource: the name of the model's entry, already found.
        operation: ``get``, ``list`` or ``aggregate``.
        key_name: what the key of a row is called, besides ``_id``.
        lenient: leave unknown keys out instead of refusing them (RFC 7240).
        stream: the format of the reply, if it was requested outside the object.
        shape: that of a reply if the object names none.

    Raises:
        QueryError: an unknown key, a wrong type or an impossible value, with its place.
    """
    check_keys(payload, keys_under(key_name, KEYS[operation], payload), operation, lenient=lenient)
    fields = payload.get("fields")
    order_by = payload.get("order_by")
    wanted = parse_choice(payload, "format", FORMATS)
    stream = stream if wanted is None else wanted
    return Query(
        resource=resource,
        operation=operation,
        pk=_key_of_get(payload, key_name) if operation == "get" else None,
        fields=(FieldTerm(("*",)),)
        if fields is None
        else parse_fields(fields, limits.max_fields, "fields"),
        filters=parse_filters(payload.get("filters", {}), limits, "filters"),
        order_by=() if order_by is None else parse_order(order_by, limits.max_orders, "order_by"),
        page=_parse_page(payload, limits, streams=stream is not None),
        shape=_parse_shape(payload.get("shape", shape)),
        default_shape=shape,
        search=parse_search(payload),
        explain=_parse_explain(payload.get("explain")),
        stream=stream,
        related=parse_related(payload["related"], limits) if "related" in payload else (),
        distinct=parse_distinct(payload, limits.max_fields),
        aggregate=parse_aggregate(payload, limits),
        group_by=parse_group_by(payload, limits),
        having=parse_having(payload, limits),
    )


def parse_operation(payload: Mapping[str, object], default: str) -> str:
    """Return the canonical operation that ``_action`` names; ``default`` without one."""
    action = payload.get("_action")
    if action is None:
        return default
    if not isinstance(action, str) or action not in OPERATIONS:
        raise InvalidValueError(
            "There is no such action",
            path="_action",
            hint=operation_hint(str(action), OPERATIONS),
        )
    return OPERATIONS[action]


def keys_under(
    key_name: str, known: tuple[str, ...], payload: Mapping[str, object]
) -> tuple[str, ...]:
    """Return the keys of an operation for a model whose key has a name.

    Raises:
        QueryError: ``id`` was sent as the key, and is another column.
    """
    if key_name == "id" or "id" not in known:
        return known
    if "id" in payload:
        raise QueryError(
            "'id' is a column of this model, not its key", path="id", hint="send the key as '_id'"
        )
    return (*(key for key in known if key != "id"), key_name)


def key_in(payload: Mapping[str, object], key_name: str, place: str = "") -> object:
    """Return the key of a row, which is under ``_id`` or its name; ``None`` without one.

    Raises:
        QueryError: there are two.
    """
    if "_id" not in payload:
        return payload.get(key_name)
    key = payload["_id"]
    in_url = isinstance(key, ParameterText)
    # Only the key in a URL may be in the body, too.
    if key_name in payload and not (in_url and str(payload[key_name]) == key):
        raise QueryError(
            worded("'_id' and '{}' are the same key", key_name),
            path=f"{place}{key_name}",
            hint="send one of them",
        )
    return str(key) if in_url else key


def _key_of_get(payload: Mapping[str, object], key_name: str) -> object:
    """Return the key of the row to get.

    Raises:
        QueryError: there is none. One that is null is a key that no row has.
    """
    if "_id" not in payload and key_name not in payload:
        raise QueryError(worded("'{}' needs the key of a row", "get"), path="_id", hint='"_id": 1')
    return key_in(payload, key_name)


def check_keys(
    payload: Mapping[str, object], allowed: Iterable[str], operation: str, *, lenient: bool = False
) -> None:
    """Refuse keys that do not exist, or that do not apply to this operation."""
    known = tuple(allowed)
    for key in payload:
        if key in known or lenient:
            continue
        place = excerpt(str(key))
        if key in LIST_KEYS:
            raise UnknownKeyError(
                worded("'{}' has no meaning for '{}'", place, operation), path=place
            )
        raise UnknownKeyError(
            worded("Unknown key '{}'", place),
            path=place,
            hint=unknown_key_hint(str(key), payload[key], known),
        )


def _parse_page(payload: Mapping[str, object], limits: Limits, *, streams: bool) -> PageRequest:
    default = NO_LIMIT if streams else limits.default_limit
    limit = parse_integer(payload.get("limit", default), "limit", minimum=1)
    return PageRequest(
        limit=limit,
        offset=parse_integer(payload.get("offset", 0), "offset", minimum=0),
        cursor=parse_cursor(payload),
        count=parse_count(payload),
    )


def _parse_explain(value: object) -> Explain | None:
    """Parse ``explain``: only the plan, or also a measurement of running it."""
    if value is None or value is False or value == "false":
        return None
    if value is True or value == "true":
        return "plan"
    if value == "analyze":
        return "analyze"
    raise InvalidValueError("Unknown kind of explanation", path="explain", hint="true or 'analyze'")


def parse_choice(payload: Mapping[str, object], key: str, choices: tuple[str, ...]) -> str | None:
    """Return the word under a key, which has to be one of ``choices``; ``None`` without the key."""
    value = payload.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or value not in choices:
        raise InvalidValueError(
            worded("Unknown {}", key), path=key, hint=worded("one of {}", ", ".join(choices))
        )
    return str(value)


def _parse_shape(value: object) -> Any:
    if value not in ("map", "list"):
        raise InvalidValueError("Unknown shape", path="shape", hint="'map' or 'list'")
    return str(value)


def as_mapping(value: object, place: str) -> Mapping[str, object]:
    """Return a value that must be a JSON object."""
    if not isinstance(value, Mapping):
        raise QueryError("A JSON object is needed", path=place, hint='{"fields": "id, name"}')
    return value
