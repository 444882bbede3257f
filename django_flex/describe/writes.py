"""What may be sent by add and edit, as a form needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.reach import Access
from django_flex.analysis.writes.nested import VERBS, may_point
from django_flex.analysis.writes.uploads import most_bytes
from django_flex.analysis.writes.writable import may_write, upload_limits_of, writable_names
from django_flex.describe.resource import column_of
from django_flex.describe.values import ChildrenDescription, InputDescription, WriteDescription
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.schema.resources import Relation

OPERATIONS = ("add", "edit")


def writes_of(access: Access) -> Mapping[str, WriteDescription]:
    """Return what may be sent, by operation; nothing for a role that only reads."""
    granted = [name for name in OPERATIONS if name in access.grant.operations]
    return {name: _write(access, name) for name in granted}


def _write(access: Access, operation: str) -> WriteDescription:
    writing = access.grant.writing[operation]
    there = access.under(writing.grant)
    presets = tuple(preset.attribute.name for preset in writing.presets)
    inputs = (
        _input(name, there, needed=operation == "add" and name not in presets)
        for name in writable_names(there, operation)
    )
    return WriteDescription(
        inputs=tuple(inputs), children=tuple(_children(access, operation)), presets=presets
    )


def _input(name: str, access: Access, *, needed: bool) -> InputDescription:
    resource = access.resource
    attribute = resource.attribute(name)
    if attribute is None:
        return _links(resource.relations[name], access)
    target = ResolvedPath((), attribute)
    column = column_of(target, access)
    limits = upload_limits_of(target, access)
    return InputDescription(
        name=name,
        column=column,
        upload=None if limits is None else (most_bytes(limits, access), limits.types),
        required=needed and column.declaration.required,
    )


def _links(relation: Relation, access: Access) -> InputDescription:
    """Describe a many-to-many relation, for which a list of keys is sent."""
    return InputDescription(
        name=relation.name,
        column=column_of(ResolvedPath((relation,), relation.target.pk, via=True), access),
        many=True,
    )


def _children(access: Access, operation: str) -> Iterator[ChildrenDescription]:
    """Yield the relations whose rows may be written inside, as the grants on their models say."""
    resource, entries = access.resource, access.policy.entries
    here = access.under(access.grant.writing[operation].grant)
    for relation in resource.relations.values():
        entry, grant = entries.get(relation.label), access.related_grant(relation.label)
        target = ResolvedPath((relation,), relation.target.pk, via=True)
        outside = relation.column is None and not relation.linked
        if entry is None or grant is None or not outside or not may_write(target, here, operation):
            continue
        there = Access(access.policy, access.actor, entry, grant, access.limits)
        granted = _granted_inside(relation, there, operation)
        if granted:
            yield ChildrenDescription(name=relation.name, model=entry.name, operations=granted)


def _granted_inside(relation: Relation, there: Access, operation: str) -> tuple[str, ...]:
    """Return what may be done with the rows inside a row that is added, or edited."""
    wanted = ("add",) if operation == "add" else VERBS["$set"]
    granted = [name for name in wanted if name in there.grant.operations]
    if "add" in granted:
        writing = there.grant.writing["add"]
        if not may_point(relation, there.under(writing.grant), writing.presets):
            granted.remove("add")
    return tuple(granted)
