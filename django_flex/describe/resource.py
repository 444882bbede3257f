"""Facts of the schema, as they appear in a description."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.describe.values import ColumnDescription
from django_flex.schema.declarations import Declaration

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Attribute, Relation


def column_of(target: ResolvedPath, access: Access) -> ColumnDescription:
    """Describe the values of a path; a key inside a JSON value may have any value."""
    attribute = target.attribute
    if target.keys and attribute.kind == "file":
        (part,) = target.keys
        kind = "integer" if part == "size" else "text"
        return ColumnDescription(kind=kind, null=True, declaration=Declaration(label=part))
    if target.keys and attribute.kind in {"array", "hstore"}:
        return replace(_described(target.value), null=True)
    if target.keys:
        label = target.keys[-1].replace("_", " ")
        return ColumnDescription(kind="json", null=True, declaration=Declaration(label=label))
    resource = target.hops[-1].target if target.hops else access.resource
    relation = target.hops[-1] if target.via else resource.relation(attribute.name)
    return ColumnDescription(
        kind=attribute.kind,
        null=attribute.null,
        declaration=attribute.declaration,
        items=_items_of(attribute),
        geometry=attribute.geometry,
        primary_key=attribute.primary_key,
        foreign_key=relation is not None,
        model=None if relation is None else entry_name(relation.label, access),
        computed=attribute.computed is not None,
        other_name=None if target.via else resource.other_name(attribute),
    )


def _items_of(attribute: Attribute) -> ColumnDescription | None:
    return None if attribute.items is None else _described(attribute.items)


def _described(items: Attribute) -> ColumnDescription:
    return ColumnDescription(
        kind=items.kind, null=items.null, declaration=items.declaration, items=_items_of(items)
    )


def entry_name(label: str, access: Access) -> str | None:
    """Return the name of a resource's entry, ``None`` where the caller has no grant in one."""
    entry, grant = access.policy.entries.get(label), access.related_grant(label)
    return None if entry is None or grant is None or grant.empty else entry.name


def may_be_missing(relation: Relation, access: Access) -> bool:
    """Whether a related row may be missing: none is needed, or some are hidden from the role.

    Row rules are not evaluated; it is enough that there is one.
    """
    if relation.null or not relation.constrained:
        return True
    granted = access.resolved(relation.label)
    if granted is None or not granted.lists_role or access.grant.unrestricted:
        return False
    entry = access.policy.entries.get(relation.label)
    return granted.rows.kind != "all" or entry is None or entry.queryset is not None
