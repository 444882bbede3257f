"""JSON Schema of the terms of queries: of ``fields``, of ``order_by``, of aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.openapi.filters import KEYS, either

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.describe import AggregateDescription, ReachDescription, Spelling
    from django_flex.describe.values import Direction
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node

TEXT: Node = {"type": "string"}
_SIGNS: dict[Direction, str] = {"ascending": "", "descending": "-"}
_ALIASED: Node = {
    "description": "Another name in the reply, before the path.",
    "pattern": "^[A-Za-z0-9_]{1,64}:.+",
}
_LEFT_OUT: Node = {"description": "What a wildcard leaves out.", "pattern": "^-."}


def list_or_text(items: Node) -> Node:
    """Return the schema of a list, which may also be a text with commas."""
    return {"anyOf": [TEXT, {"type": "array", "items": items}]}


def fields_schema(
    name: str, reach: ReachDescription, components: Components, spelling: Spelling
) -> Node:
    """Return the schema of ``fields``: a comma list, or a list of terms."""
    return list_or_text(components.ref(f"{name}Field", lambda: _field(reach, spelling)))


def _field(reach: ReachDescription, spelling: Spelling) -> Node:
    """Return the schema of one term of ``fields``."""
    readable = [one for one in reach.fields if one.readable]
    ways = dict.fromkeys(one.path.rpartition(".")[0] for one in readable)
    relations = {one.path for one in reach.relations}
    names = [f"{way}.*" if way else "*" for way in ways if not way or way in relations]
    names += [one.path for one in readable]
    names += [path for path in ways if path in relations and path not in names]
    names += [spelling.path(one.path) for one in related_aggregates(reach)]
    terms: list[Node] = [{"enum": [*dict.fromkeys(names)]}] if names else []
    parts: dict[tuple[str, ...], list[str]] = {}
    for one in readable:
        if one.transforms:
            parts.setdefault(one.transforms, []).append(one.path)
    terms += [
        {"pattern": f"^({either(paths)})\\.({'|'.join(map(spelling.path, transforms))})$"}
        for transforms, paths in parts.items()
    ]
    keyed = [one.path for one in reach.fields if one.keys is not None and one.keys.readable]
    if keyed:
        terms.append({"pattern": f"^({either(keyed)}){KEYS}$"})
    return {"type": "string", "anyOf": [*terms, _ALIASED, _LEFT_OUT]}


def related_aggregates(reach: ReachDescription) -> Iterator[AggregateDescription]:
    """Yield the aggregates of the rows that one row is related to."""
    many = tuple(f"{one.path}." for one in reach.relations if one.cardinality == "many")
    for field in reach.fields:
        if field.path.startswith(many):
            yield from (one for one in field.aggregates if one.of_row)
    yield from (one.count for one in reach.relations if one.count is not None and one.count.of_row)


def order_schema(
    name: str, reach: ReachDescription, components: Components, spelling: Spelling
) -> Node | None:
    """Return the schema of ``order_by``, ``None`` if nothing may be sorted by."""
    related = related_aggregates(reach)
    sorted_by = [(one.path, one.directions, one.transforms) for one in reach.fields]
    sorted_by += [(one.path, one.directions, ()) for one in reach.relations]
    sorted_by += [(spelling.path(one.path), one.directions, ()) for one in related]
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
    order = components.ref(f"{name}Order", lambda: {"type": "string", "anyOf": terms})
    return list_or_text(order)


def path_schema(paths: Iterable[str], spelling: Spelling) -> Node:
    """Return the schema of an aggregate or group, with or without another name."""
    names = [spelling.path(path) for path in paths]
    around = {"description": "A function around a path: `sum(price)`.", "pattern": r"\)$"}
    return {"type": "string", "anyOf": [{"enum": names}, _ALIASED, around]}


def object_schema(properties: Node, spelling: Spelling) -> Node:
    """Return the schema of an object of some keys, all of which may be left out, and no others."""
    return {
        "type": "object",
        "properties": {spelling.key(name): schema for name, schema in properties.items()},
        "additionalProperties": False,
    }
