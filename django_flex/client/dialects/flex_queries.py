"""A query as the object that this package's own server takes."""

from __future__ import annotations

from typing import Any

from django_flex.client.exceptions import BuildError, UnknownOperator, Unsupported
from django_flex.client.queries.aggregates import Agg
from django_flex.client.queries.filters import (
    NOTHING,
    Comparison,
    Condition,
    Group,
    Negation,
    Quantified,
)
from django_flex.client.queries.query import Query
from django_flex.client.values.encoding import key_of

#: Operators here, and what they are called there; those with ``not`` are written as a complement.
_DIRECT = {
    "eq": "", "ne": "ne", "ieq": "iexact", "lt": "lt", "lte": "lte", "gt": "gt", "gte": "gte",
    "in": "in", "nin": "nin", "range": "range", "contains": "contains", "icontains": "icontains",
    "startswith": "startswith", "istartswith": "istartswith", "endswith": "endswith",
    "iendswith": "iendswith", "regex": "regex", "iregex": "iregex", "has_key": "has_key",
    "has_keys": "has_keys", "has_any_keys": "has_any_keys", "contained_by": "contained_by",
    "overlap": "overlap", "adjacent": "adjacent", "within": "within", "intersects": "intersects",
    "bbox": "bbox", "distance_lte": "distance_lte",
}  # fmt: skip
_NEGATED = {
    "nieq": "iexact", "nrange": "range", "ncontains": "contains", "nicontains": "icontains",
    "nstartswith": "startswith", "nistartswith": "istartswith", "nendswith": "endswith",
    "niendswith": "iendswith", "nintersects": "intersects",
}  # fmt: skip


def query_body(query: Query) -> dict[str, Any]:
    """Return the query object of ``query``.

    Raises:
        Unsupported: the language cannot express it.
    """
    body: dict[str, Any] = _narrowing(query)
    terms = [*query.fields, *(f"{name}:{path}" for name, path in query.alias)]
    if terms and not is_aggregate(query):
        body["fields"] = terms
    if query.aggregates:
        body["aggregate"] = [_aggregate(name, agg) for name, agg in query.aggregates]
    if query.groups:
        body["group_by"] = list(query.groups)
    if query.having != NOTHING:
        body["having"] = condition_object(query.having)
    if not is_aggregate(query):
        body["shape"] = "list"
    return body | dict(query.extra)


def condition_object(condition: Condition) -> dict[str, Any]:
    """Return the condition as an object of the filter language."""
    match condition:
        case Comparison():
            return _comparison(condition)
        case Group(joined, parts):
            objects = [condition_object(part) for part in parts]
            merged = {key: value for item in objects for key, value in item.items()}
            if joined == "and" and len(merged) == sum(map(len, objects)):
                return merged
            return {joined: objects}
        case Negation(inner):
            return {"not": condition_object(inner)}
        case Quantified(path, quantifier, inner):
            return {f"{'.'.join(path)}.{quantifier}": condition_object(inner)}


def _comparison(test: Comparison) -> dict[str, Any]:
    path, name = ".".join(test.path), test.operator.name
    if name in {"isnull", "notnull"}:
        return {f"{path}.isnull": name == "isnull"}
    if name in {"empty", "nempty"}:
        empty = {"or": {f"{path}.isnull": True, path: ""}}
        return empty if name == "empty" else {"not": empty}
    value = (
        [key_of(item) for item in test.value]
        if isinstance(test.value, list)
        else key_of(test.value)
    )
    if name in _NEGATED:
        return {"not": {f"{path}.{_NEGATED[name]}": value}}
    if name not in _DIRECT:
        raise UnknownOperator(f"A django_flex server has no operator {name!r}, on {path!r}")
    if name == "ne" and value is None:
        return {f"{path}.isnull": False}
    return {f"{path}.{_DIRECT[name]}" if _DIRECT[name] else path: value}


def _narrowing(query: Query) -> dict[str, Any]:
    if query.limit is not None and query.limit < 0:
        raise Unsupported("A django_flex server has no limit of -1; iter() reads all rows")
    body: dict[str, Any] = {}
    if query.where != NOTHING:
        body["filters"] = condition_object(query.where)
    if query.order:
        body["order_by"] = list(query.order)
    if query.related:
        body["related"] = {name: _related(name, *rest) for name, rest in _sources(query)}
    if query.distinct:
        body["distinct"] = list(query.distinct) if isinstance(query.distinct, tuple) else True
    for name in ("limit", "offset", "search", "count", "cursor"):
        if getattr(query, name) is not None:
            body[name] = getattr(query, name)
    return body


def _sources(query: Query) -> list[tuple[str, tuple[str, Query]]]:
    return [(name, (related.source, related.query)) for name, related in query.related]


def _related(name: str, source: str, query: Query) -> dict[str, Any]:
    body = query_body(query)
    body.pop("shape", None)
    return body if source == name else {"from": source} | body


def _aggregate(name: str, agg: Agg) -> str:
    function = "count" if agg.function == "count_all" else agg.function
    if not agg.path or agg.path == "*":
        if function != "count":
            raise BuildError(f"{function} needs the path of what it is taken of")
        term = "count"
    else:
        term = f"{agg.path}.{function}"
    return f"{name}:{term}" if name else term


def is_aggregate(query: Query) -> bool:
    """Whether a query asks for figures of rows rather than for the rows."""
    return bool(query.groups) or (bool(query.aggregates) and not query.fields)
