"""JSON Schema of query objects: what a role may put into a list, a get or an aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.openapi.filters import filters_ref
from django_flex.openapi.having import having_ref, totals_of
from django_flex.openapi.related import related_ref
from django_flex.openapi.terms import (
    TEXT,
    fields_schema,
    list_or_text,
    object_schema,
    order_schema,
    path_schema,
)
from django_flex.query.operations import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.describe import ModelDescription, Spelling
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node


def query_schema(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node:
    """Return the schema of a list query."""
    reach, limits = model.reach, model.limits
    properties = dict(_selection(name, model, components, spelling))
    filters = filters_ref(f"{name}Filters", reach, components, spelling)
    if filters is not None:
        properties["filters"] = filters
    order = order_schema(name, reach, components, spelling)
    if order is not None:
        properties["order_by"] = order
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
        "distinct": {"anyOf": [{"type": "boolean"}, list_or_text(TEXT)]},
        "shape": {"enum": ["map", "list"], "default": model.shape},
        "format": {"enum": [*FORMATS]},
    }
    if reach.search:
        properties["search"] = {"type": "string", "maxLength": limits.max_search_length}
    if "aggregate" in model.summary.operations:
        total = _total_ref(name, model, components, spelling)
        properties |= {} if total is None else {"aggregate": list_or_text(total)}
    return object_schema(properties, spelling)


def get_schema(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node:
    """Return the schema of a query for one row."""
    return object_schema(dict(_selection(name, model, components, spelling)), spelling)


def aggregate_schema(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node:
    """Return the schema of a query for aggregates."""
    reach = model.reach
    total = _total_ref(name, model, components, spelling)
    properties: Node = {} if total is None else {"aggregate": list_or_text(total)}
    groups = [
        f"{field.path}.{part}" if part else field.path
        for field in reach.fields
        for part in field.parts
    ]
    if groups:
        properties["group_by"] = list_or_text(path_schema(groups, spelling))
        properties["having"] = having_ref(f"{name}Having", model, components, spelling)
        properties["order_by"] = list_or_text(TEXT)
        properties["limit"] = {"type": "integer", "minimum": 1}
        properties["offset"] = {"type": "integer", "minimum": 0}
    filters = filters_ref(f"{name}Filters", reach, components, spelling)
    if filters is not None:
        properties["filters"] = filters
    if reach.search:
        properties["search"] = {"type": "string", "maxLength": model.limits.max_search_length}
    return {**object_schema(properties, spelling), "required": ["aggregate"]}


def _selection(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Iterator[tuple[str, Node]]:
    yield "fields", fields_schema(name, model.reach, components, spelling)
    related = related_ref(f"{name}Related", model.reach, components, spelling)
    if related is not None:
        yield "related", related
    if "explain" in model.summary.operations:
        yield "explain", {"enum": [True, False, "analyze"]}


def has_totals(model: ModelDescription) -> bool:
    """Whether some aggregate may be requested over all rows."""
    return any(totals_of(model))


def _total_ref(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node | None:
    """Return the schema of an aggregate over all rows, ``None`` if there are none."""
    if not has_totals(model):
        return None
    paths = (one.path for one in totals_of(model))
    return components.ref(f"{name}Total", lambda: path_schema(paths, spelling))
