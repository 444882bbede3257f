"""The body of a write as a ``Mutation``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.dialects.directus.clauses.fields import parse_shown
from django_flex.dialects.directus.clauses.files import with_files
from django_flex.dialects.directus.clauses.filters import parse_filter
from django_flex.dialects.directus.clauses.normalising import normalised, refuse, to_object
from django_flex.dialects.directus.clauses.relations import first_level
from django_flex.exceptions import InvalidValueError, QueryError, UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.query.ast import Mutation, RowChange
from django_flex.query.operations import BY_FILTER
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django_flex.engine.call import ResolvedCall
    from django_flex.query.ast import Condition, FieldTerm

_OF_READS = frozenset(
    {
        *("filter", "sort", "limit", "offset", "page", "search", "meta", "aggregate"),
        *("groupBy", "export"),
    }
)
_ALL = -1


def parse_mutation(resolved: ResolvedCall) -> Mutation:
    """Return what a write asks for.

    Raises:
        QueryError: the body or a parameter makes no sense.
    """
    call = resolved.call
    if call.if_match is not None:
        raise UnsupportedQueryError("'If-Match' is not supported", path=Part.IF_MATCH)
    by_filter = call.operation in BY_FILTER
    return Mutation(
        resource=resolved.entry.name,
        operation=call.operation,
        changes=(RowChange(None, _data(resolved), "data"),) if by_filter else _changes(resolved),
        many=call.payload.get("key") is None and not _is_one(resolved),
        filters=_chosen(resolved) if by_filter else None,
        returning=_returning(resolved),
    )


def _is_one(resolved: ResolvedCall) -> bool:
    call = resolved.call
    return call.operation == "add" and isinstance(call.payload.get("body"), Mapping)


def _changes(resolved: ResolvedCall) -> tuple[RowChange, ...]:
    operation, payload = resolved.call.operation, resolved.call.payload
    body, key, resource = payload.get("body"), payload.get("key"), resolved.entry.resource
    if operation == "delete":
        keys = [key] if key is not None else _keys(body)
        return tuple(RowChange(one, {}, "keys") for one in keys)
    if operation == "edit" and key is not None:
        return (RowChange(key, with_files(_object(body, ""), payload, resource), ""),)
    if operation == "edit" and isinstance(body, Mapping):
        data = _object(body.get("data"), "data")
        return tuple(RowChange(one, data, "data") for one in _keys(body))
    if isinstance(body, Mapping):
        return (RowChange(None, with_files(_object(body, ""), payload, resource), ""),)
    if not isinstance(body, list) or not body:
        raise InvalidValueError("An object, or a list of objects, is needed", path="body")
    name = resource.pk.name if operation == "edit" else None
    return tuple(_item(item, f"[{position}]", name) for position, item in enumerate(body))


def _item(item: object, place: str, key_name: str | None) -> RowChange:
    values = dict(_object(item, place))
    if key_name is None:
        return RowChange(None, values, place)
    if values.get(key_name) is None:
        raise QueryError("The item needs its key", path=f"{place}.{key_name}")
    key = values.pop(key_name)
    return RowChange(key, values, place)


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidValueError("A JSON object is needed", path=place or "body")
    return value


def _keys(body: object) -> list[object]:
    """Return keys, which are a list, or in a list under ``keys``."""
    keys = body.get("keys") if isinstance(body, Mapping) else body
    if not isinstance(keys, list) or not keys:
        raise InvalidValueError("A list of keys is needed", path="keys", hint="[1, 2]")
    for position, key in enumerate(keys):
        if not isinstance(key, str | int) or isinstance(key, bool):
            raise InvalidValueError(
                "A key has to be a number or a string", path=f"keys[{position}]"
            )
    return keys


def _data(resolved: ResolvedCall) -> Mapping[str, object]:
    if resolved.call.operation == "bulk_delete":
        return {}
    body = resolved.call.payload.get("body")
    assert isinstance(body, Mapping)  # noqa: S101 - for mypy: so the operation was found
    data = _object(body.get("data"), "data")
    if not data:
        raise QueryError("Values to set are needed", path="data", hint='{"status": "published"}')
    return data


def _chosen(resolved: ResolvedCall) -> Condition | None:
    """Return which rows a write by query changes; ``{"filter": {}}`` selects all of them."""
    limits, body = resolved.call.settings.limits, resolved.call.payload.get("body")
    assert isinstance(body, Mapping)  # noqa: S101 - for mypy: so the operation was found
    query = normalised(to_object(body.get("query"), "query", limits), limits, "query.")
    for name in query:
        if name not in {"filter", "sort", "limit"}:
            raise QueryError(
                worded("'{}' has no meaning for a write", excerpt(name)), path=f"query.{name}"
            )
    if query.get("limit", _ALL) != _ALL:
        raise UnsupportedQueryError("A write changes all rows that match", path="query.limit")
    if "filter" not in query:
        raise QueryError(
            "A write by query needs a filter",
            path="query.filter",
            hint="{} selects every row that you may write",
        )
    return parse_filter(query["filter"], resolved.entry.resource, limits, "query.filter")


def _returning(resolved: ResolvedCall) -> tuple[FieldTerm, ...] | None:
    """Return which fields the reply shows, ``None`` for all that the caller may read."""
    call = resolved.call
    query = call.payload.get("query")
    assert isinstance(query, Mapping)  # noqa: S101 - for mypy: the payload is our own
    refuse(query, _OF_READS, worded("a write"))
    if not query:
        return None
    shown = parse_shown(query, first_level(resolved), call.settings.limits)
    if shown.related:
        raise UnsupportedQueryError(
            "Lists of related rows are not supported in the reply to a write", path="fields"
        )
    return shown.terms
