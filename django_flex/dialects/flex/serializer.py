"""Turns a query tree into the JSON object that a client would send: for ``next``, and for clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from django_flex.query.ast import (
    And,
    Comparison,
    Condition,
    Constant,
    FieldValue,
    Not,
    Now,
    Or,
    ParameterText,
    Quantified,
    UserValue,
)
from django_flex.query.values import json_scalar

if TYPE_CHECKING:
    from django_flex.query.ast import Count, Distinct, Query, Related


def condition_to_json(condition: Condition, json_places: frozenset[str]) -> dict[str, object]:
    """Return an object of conditions that parses to an equal tree."""
    match condition:
        case Comparison(path=path, value=value, place=place):
            return {".".join(path): value_to_json(value, read_json=place in json_places)}
        case Quantified(path=path, quantifier=quantifier, condition=inner):
            return {".".join((*path, quantifier)): condition_to_json(inner, json_places)}
        case Not(child=child):
            return {"not": _negated(child, json_places)}
        case Or(children=children):
            as_list = _is_list(children)
            return {
                "or": _each(children, json_places) if as_list else _merge(children, json_places)
            }
        case And(children=children):
            return _merge(children, json_places)
    assert_never(condition)


def _negated(child: Condition, json_places: frozenset[str]) -> object:
    """Return an object, or a list of objects if the negated ``And`` was one."""
    if isinstance(child, And) and len(child.children) > 1 and _is_list(child.children):
        return _each(child.children, json_places)
    return condition_to_json(child, json_places)


def _each(children: tuple[Condition, ...], json_places: frozenset[str]) -> list[dict[str, object]]:
    return [condition_to_json(child, json_places) for child in children]


def _is_list(children: tuple[Condition, ...]) -> bool:
    return bool(children) and all(isinstance(child, And) for child in children)


def _merge(children: tuple[Condition, ...], json_places: frozenset[str]) -> dict[str, object]:
    """Merge children into one object, in their order; children that are an ``And`` go under ``and``."""
    merged: dict[str, object] = {}
    for child in children:
        if not isinstance(child, And):
            merged.update(condition_to_json(child, json_places))
        elif "and" not in merged:
            merged["and"] = _group([c for c in children if isinstance(c, And)], json_places)
    return merged


def _group(groups: list[And], json_places: frozenset[str]) -> object:
    """Return an object, or a list of objects if an ``And`` was one."""
    parts = groups[0].children if len(groups) == 1 else tuple(groups)
    if len(parts) > 1 and _is_list(parts):
        return _each(parts, json_places)
    return condition_to_json(groups[0], json_places)


def value_to_json(value: object, *, read_json: bool = False) -> object:
    """Return a value of a comparison as JSON, dynamic values as their one-key objects."""
    if isinstance(value, tuple):
        return [value_to_json(part, read_json=read_json) for part in value]
    if isinstance(value, ParameterText):
        return json_scalar(value) if read_json else str(value)
    return _dynamic_to_json(value)


def _dynamic_to_json(value: object) -> object:
    match value:
        case Constant(value=inner):
            return {"$value": list(inner) if isinstance(inner, tuple) else inner}
        case Now(text=text):
            return {"$now": text}
        case UserValue(path=path):
            return {"$user": ".".join(path)}
        case FieldValue(path=path):
            return {"$field": ".".join(path)}
        case _:
            return value


def serialize(query: Query, json_places: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return a list query as the object that parses to it again.

    ``json_places`` has the positions of comparisons on JSON paths, where the string of a query
    parameter becomes the JSON value that it was read as.
    """
    body: dict[str, object] = {"fields": ", ".join(map(str, query.fields))}
    if query.related:
        body["related"] = related_to_json(query.related, json_places)
    if query.filters is not None:
        body["filters"] = condition_to_json(query.filters, json_places)
    if query.search is not None:
        body["search"] = query.search
    if query.order_by:
        body["order_by"] = ", ".join(map(str, query.order_by))
    if query.aggregate is not None:
        body["aggregate"] = ", ".join(map(str, query.aggregate))
    if query.shape != query.default_shape:
        body["shape"] = query.shape
    page = query.page
    body |= paging_to_json(page.count, query.distinct)
    body["limit"] = page.limit
    if page.cursor is None:
        return {**body, "offset": page.offset}
    return {**body, "cursor": page.cursor or True}


def aggregate_to_json(query: Query, json_places: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return an aggregate as the object that parses to it again."""
    body: dict[str, object] = {"_action": "aggregate"}
    for key in ("group_by", "aggregate"):
        terms = getattr(query, key)
        if terms is not None:
            body[key] = ", ".join(map(str, terms))
    if query.search is not None:
        body["search"] = query.search
    for key in ("filters", "having"):
        condition = getattr(query, key)
        if condition is not None:
            body[key] = condition_to_json(condition, json_places)
    if query.order_by:
        body["order_by"] = ", ".join(map(str, query.order_by))
    return {**body, "limit": query.page.limit, "offset": query.page.offset}


def paging_to_json(count: Count | None, distinct: Distinct | None) -> dict[str, object]:
    """Return ``count`` and ``distinct`` as they would be sent again."""
    body: dict[str, object] = {}
    if count is not None:
        body["count"] = f"capped:{count.most}" if count.kind == "capped" else count.kind
    if distinct is not None:
        body["distinct"] = distinct is True or ", ".join(".".join(path) for path in distinct)
    return body


def related_to_json(entries: tuple[Related, ...], json_places: frozenset[str]) -> dict[str, object]:
    """Return entries as the object that parses to them again."""
    return {".".join(entry.name): _entry_to_json(entry, json_places) for entry in entries}


def _entry_to_json(entry: Related, json_places: frozenset[str]) -> dict[str, object]:
    body: dict[str, object] = {"limit": entry.limit}
    if entry.aggregate is not None:
        body = {"aggregate": ", ".join(map(str, entry.aggregate))}
    if entry.source != entry.name:
        body["from"] = ".".join(entry.source)
    if entry.fields is not None:
        body["fields"] = ", ".join(map(str, entry.fields))
    if entry.filters is not None:
        body["filters"] = condition_to_json(entry.filters, json_places)
    if entry.order_by:
        body["order_by"] = ", ".join(map(str, entry.order_by))
    if entry.related:
        body["related"] = related_to_json(entry.related, json_places)
    # The rows of another page begin their lists again.
    others = paging_to_json(None, entry.distinct) | {
        "cursor": entry.cursor is not None,
        "offset": entry.offset,
        "search": entry.search,
        "shape": "list" if entry.paged else None,
        "count": entry.counted,
    }
    return body | {name: value for name, value in others.items() if value}
