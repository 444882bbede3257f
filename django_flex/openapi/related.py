"""JSON Schema of ``related``: what the lists inside a row may ask, and aggregates of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.describe import capitalized
from django_flex.openapi.filters import filters_ref
from django_flex.openapi.terms import (
    TEXT,
    fields_schema,
    list_or_text,
    object_schema,
    order_schema,
    path_schema,
    related_aggregates,
)

if TYPE_CHECKING:
    from django_flex.describe import ReachDescription, RelationDescription, Spelling
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node

_OBJECT: Node = {"type": "object"}


def related_ref(
    name: str, reach: ReachDescription, components: Components, spelling: Spelling
) -> Node | None:
    """Return a reference to the schema of ``related``, ``None`` if there are no such lists.

    An entry has the name of its relation, or a name of its own and the relation in ``from``.
    """
    entries: dict[str, Node] = {}
    sums = [one.path for one in related_aggregates(reach)]
    for relation in reach.relations:
        if relation.cardinality == "one":
            continue
        entry = _entry(name, relation, sums, components, spelling)
        if entry is not None:
            entries[relation.path] = entry
    if not entries:
        return None

    def make() -> Node:
        renamed: list[Node] = [
            {"allOf": [entry, {"required": ["from"]}]} for entry in entries.values()
        ]
        return {
            "type": "object",
            "properties": entries,
            "additionalProperties": renamed[0] if len(renamed) == 1 else {"anyOf": renamed},
        }

    return components.ref(name, make)


def _entry(
    name: str,
    relation: RelationDescription,
    sums: list[str],
    components: Components,
    spelling: Spelling,
) -> Node | None:
    """Return a reference to the schema of one entry, ``None`` if nothing may be asked of it."""
    way = f"{relation.path}."
    totals = [path.removeprefix(way) for path in sums if path.startswith(way)]
    inside = relation.inside
    if inside is None and not totals:
        return None
    wanted = f"{name}{capitalized(relation.path)}"
    filters: Node | None = _OBJECT
    if inside is not None:
        filters = filters_ref(f"{wanted}Filters", inside, components, spelling)

    def make() -> Node:
        properties: Node = {"from": {"const": relation.path}}
        if filters is not None:
            properties["filters"] = filters
        if inside is not None:
            properties |= _rows(wanted, inside, components, spelling)
        if totals:
            properties["aggregate"] = list_or_text(path_schema(totals, spelling))
        return object_schema(properties, spelling)

    return components.ref(wanted, make)


def _rows(name: str, inside: ReachDescription, components: Components, spelling: Spelling) -> Node:
    """Return the keys of an entry that returns rows, not aggregates of them."""
    order = order_schema(name, inside, components, spelling)
    nested = related_ref(f"{name}Related", inside, components, spelling)
    return {
        "fields": fields_schema(name, inside, components, spelling),
        **({} if order is None else {"order_by": order}),
        **({} if nested is None else {"related": nested}),
        **({"search": TEXT} if inside.search else {}),
        "limit": {"type": "integer", "minimum": 1},
        "offset": {"type": "integer", "minimum": 0},
        "cursor": {"type": ["boolean", "string"]},
        "count": {"enum": [True, False, "exact"]},
        "distinct": {"anyOf": [{"type": "boolean"}, list_or_text(TEXT)]},
        "shape": {"const": "list"},
    }
