"""JSON Schema of query objects: what a role may put into a list, a get or an aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.openapi.components import reference
from django_flex.openapi.filters import KEYS, either, filters_ref
from django_flex.query.operations import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.describe import AggregateDescription, ModelDescription, ReachDescription
    from django_flex.describe.values import Direction
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node, Spelling

_TEXT: Node = {"type": "string"}
_SIGNS: dict[Direction, str] = {"ascending": "", "descending": "-"}
_ALIASED: Node = {
    "description": "Another name in the reply, before the path.",
    "pattern": "^[A-Za-z0-9_]{1,64}:.+",
}
_LEFT_OUT: Node = {"description": "What a wildcard leaves out.", "pattern": "^-."}


def query_schema(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node:
    """Return the schema of a list query."""
    reach, limits = model.reach, model.limits
    properties = dict(_selection(name, model, components, spelling))
    filters = filters_ref(f"{name}Filters", reach, components, spelling)
    if filters is not None:
        properties["filters"] = filters
    order = _order_ref(name, model, components, spelling)
    if order is not None:
        properties["order_by"] = _list_or_text(order)
    properties |= {
        "limit": {
            "type": "integer",
            "minimum": 1,
            "default": min(limits.default_limit, limits.max_limit),
        },
        "offset": {"type": "integer", "minimum": 0, "maximum": limits.max_offset},
        "cursor": {"type": ["boolean", "string"]},
        "count": {
            "anyOf": [
                {"type": "boolean"},
                {"enum": ["exact", "estimated"]},
                {"type": "string", "pattern": "^capped:[1-9][0-9]{0,8}$"},
            ]
        },
        "distinct": {"anyOf": [{"type": "boolean"}, _list_or_text(_TEXT)]},
        "shape": {"enum": ["map", "list"], "default": model.shape},
        "format": {"enum": [*FORMATS]},
    }
    if reach.search:
        properties["search"] = {"type": "string", "maxLength": limits.max_search_length}
    found = totals(model)
    if found and "aggregate" in model.summary.operations:
        properties["aggregate"] = _list_or_text(_terms(found, spelling))
    return _object(properties, spelling)


def get_schema(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node:
    """Return the schema of a query for one row."""
    return _object(dict(_selection(name, model, components, spelling)), spelling)


def aggregate_schema(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node:
    """Return the schema of a query for aggregates."""
    reach = model.reach
    properties: Node = {"aggregate": _list_or_text(_terms(totals(model), spelling))}
    groups = [
        f"{field.path}.{part}" if part else field.path
        for field in reach.fields
        for part in field.parts
    ]
    if groups:
        properties["group_by"] = _list_or_text(_terms(groups, spelling))
        properties["having"] = {"type": "object"}
        properties["order_by"] = _list_or_text(_TEXT)
        properties["limit"] = {"type": "integer", "minimum": 1}
        properties["offset"] = {"type": "integer", "minimum": 0}
    filters = filters_ref(f"{name}Filters", reach, components, spelling)
    if filters is not None:
        properties["filters"] = filters
    if reach.search:
        properties["search"] = {"type": "string", "maxLength": model.limits.max_search_length}
    return {**_object(properties, spelling), "required": ["aggregate"]}


def fields_schema(name: str, model: ModelDescription, components: Components) -> Node:
    """Return the schema of ``fields``: a comma list, or a list of terms."""
    return _list_or_text(components.ref(f"{name}Field", lambda: _field(model.reach)))


def _selection(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Iterator[tuple[str, Node]]:
    yield "fields", fields_schema(name, model, components)
    lists = [one.path for one in model.reach.relations if one.inside is not None]
    if lists:
        yield "related", _related(lists, components, spelling)
    if "explain" in model.summary.operations:
        yield "explain", {"enum": [True, False, "analyze"]}


def _field(reach: ReachDescription) -> Node:
    """Return the schema of one term of ``fields``."""
    readable = [one for one in reach.fields if one.readable]
    ways = dict.fromkeys(one.path.rpartition(".")[0] for one in readable)
    relations = {one.path for one in reach.relations}
    names = [f"{way}.*" if way else "*" for way in ways if not way or way in relations]
    names += [one.path for one in readable]
    names += [path for path in ways if path in relations and path not in names]
    names += [one.path for one in _related_aggregates(reach)]
    terms: list[Node] = [{"enum": [*dict.fromkeys(names)]}] if names else []
    parts: dict[tuple[str, ...], list[str]] = {}
    for one in readable:
        if one.transforms:
            parts.setdefault(one.transforms, []).append(one.path)
    terms += [
        {"pattern": f"^({either(paths)})\\.({'|'.join(transforms)})$"}
        for transforms, paths in parts.items()
    ]
    keyed = [one.path for one in reach.fields if one.keys is not None and one.keys.readable]
    if keyed:
        terms.append({"pattern": f"^({either(keyed)}){KEYS}$"})
    return {"type": "string", "anyOf": [*terms, _ALIASED, _LEFT_OUT]}


def _related_aggregates(reach: ReachDescription) -> Iterator[AggregateDescription]:
    for field in reach.fields:
        yield from (one for one in field.aggregates if one.of_row)
    yield from (one.count for one in reach.relations if one.count is not None and one.count.of_row)


def _related(paths: Iterable[str], components: Components, spelling: Spelling) -> Node:
    """Return the schema of ``related``; an entry may have a name of its own, with ``from``."""
    query = components.ref("RelatedQuery", lambda: _related_query(spelling))
    return {
        "type": "object",
        "properties": dict.fromkeys(paths, query),
        "additionalProperties": {"allOf": [query, {"required": ["from"]}]},
    }


def _related_query(spelling: Spelling) -> Node:
    nested = reference("RelatedQuery")
    properties: Node = {
        "from": _TEXT,
        "fields": _list_or_text(_TEXT),
        "filters": {"type": "object"},
        "order_by": _list_or_text(_TEXT),
        "limit": {"type": "integer", "minimum": 1},
        "offset": {"type": "integer", "minimum": 0},
        "cursor": {"type": ["boolean", "string"]},
        "count": {"enum": [True, False, "exact"]},
        "search": _TEXT,
        "distinct": {"anyOf": [{"type": "boolean"}, _list_or_text(_TEXT)]},
        "shape": {"const": "list"},
        "aggregate": _list_or_text(_TEXT),
        "related": {"type": "object", "additionalProperties": nested},
    }
    return _object(properties, spelling)


def _order_ref(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node | None:
    """Return the schema of one term of ``order_by``, ``None`` if nothing may be sorted by."""
    reach = model.reach
    related = _related_aggregates(reach)
    sorted_by = [(one.path, one.directions, one.transforms) for one in reach.fields]
    sorted_by += [(one.path, one.directions, ()) for one in related]
    names: list[str] = []
    groups: dict[tuple[tuple[Direction, ...], tuple[str, ...]], list[str]] = {}
    for path, directions, transforms in sorted_by:
        if directions:
            groups.setdefault((directions, transforms), []).append(path)
            names += [f"{_SIGNS[one]}{path}" for one in directions if "." not in path]
    if not groups:
        return None
    nulls = "|".join(spelling.path(word) for word in ("nulls_first", "nulls_last"))
    terms: list[Node] = [{"enum": names}] if names else []
    for (directions, transforms), paths in groups.items():
        parts = "|".join(spelling.path(part) for part in transforms)
        sign = "-?" if len(directions) > 1 else _SIGNS[directions[0]]
        part = f"(\\.({parts}))?" if parts else ""
        terms.append({"pattern": f"^{sign}({either(paths)}){part}(\\.({nulls}))?$"})
    return components.ref(f"{name}Order", lambda: {"type": "string", "anyOf": terms})


def totals(model: ModelDescription) -> list[str]:
    """Return the aggregates that may be requested over all rows."""
    found = [model.count] if model.count is not None else []
    found += [one.count for one in model.reach.relations if one.count is not None]
    for field in model.reach.fields:
        found += field.aggregates
    return [one.path for one in found if one.total]


def _terms(paths: Iterable[str], spelling: Spelling) -> Node:
    names = [spelling.path(path) for path in paths]
    around = {"description": "A function around a path: `sum(price)`.", "pattern": r"\)$"}
    return {"type": "string", "anyOf": [{"enum": names}, _ALIASED, around]}


def _list_or_text(items: Node) -> Node:
    """Return the schema of a list, which may also be a text with commas."""
    return {"anyOf": [_TEXT, {"type": "array", "items": items}]}


def _object(properties: Node, spelling: Spelling) -> Node:
    return {
        "type": "object",
        "properties": {spelling.key(name): schema for name, schema in properties.items()},
        "additionalProperties": False,
    }
