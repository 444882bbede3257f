"""What may be sent by add and edit, as a form needs it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.reach import Access
from django_flex.analysis.writes.access import may_read_rows
from django_flex.analysis.writes.nested import VERBS, may_point
from django_flex.analysis.writes.updates import updates_of
from django_flex.analysis.writes.uploads import most_bytes
from django_flex.analysis.writes.writable import may_write, upload_limits_of, writable_names
from django_flex.describe.resource import column_of, entry_name
from django_flex.describe.values import (
    ChildrenDescription,
    ColumnDescription,
    InputDescription,
    WriteDescription,
)
from django_flex.exceptions.places import Part
from django_flex.schema.declarations import Declaration
from django_flex.schema.generic_relations import columns_behind
from django_flex.schema.introspection import model_of
from django_flex.schema.model_attributes import model_field_of
from django_flex.schema.model_declarations import may_be_filled
from django_flex.schema.paths import ResolvedPath
from django_flex.signals import before_add

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.policy.model import Entry
    from django_flex.schema.resources import Attribute, Relation

OPERATIONS = ("add", "edit")


def writes_of(access: Access) -> Mapping[str, WriteDescription]:
    """Return what may be sent, by operation; nothing for a role that only reads."""
    granted = [name for name in OPERATIONS if name in access.grant.operations]
    return {name: _write(access, name) for name in granted}


def _write(access: Access, operation: str) -> WriteDescription:
    writing = access.grant.writing[operation]
    there = access.under(writing.grant)
    presets = tuple(preset.attribute.name for preset in writing.presets)
    names = writable_names(there, operation)
    inputs = (_input(name, access, there, operation) for name in names)
    return WriteDescription(
        inputs=tuple(inputs), children=tuple(_children(access, operation)), presets=presets
    )


def _input(name: str, reading: Access, access: Access, operation: str) -> InputDescription:
    """Describe a name that may be sent; ``access`` is the reach under the grant for writing."""
    resource = access.resource
    attribute = resource.attribute(name)
    if attribute is None:
        relation = resource.relations[name]
        describe = _pointer if relation.same_row else _links
        return describe(relation, access, operation)
    target, presets = ResolvedPath((), attribute), reading.grant.writing[operation].presets
    column = column_of(target, access)
    limits = upload_limits_of(target, access)
    preset = any(one.attribute is attribute for one in presets)
    needed = operation == "add" and not preset and column.declaration.required
    filled = needed and _may_be_filled(attribute, access.entry)
    return InputDescription(
        name=name,
        column=column,
        upload=None if limits is None else (most_bytes(limits, access), limits.types),
        required=needed and not filled,
        may_be_filled=filled,
        updates=tuple(_updates(target, reading, operation)),
    )


def _may_be_filled(attribute: Attribute, entry: Entry) -> bool:
    """Whether code of the project may give a new row a value that was not sent."""
    if entry.hooks.get("before_add"):
        return True
    model, field = model_of(entry.resource), model_field_of(attribute)
    if model is None:  # signals are sent for rows of Django's models
        return False
    return before_add.has_listeners(model) or bool(field and may_be_filled(field, model))


def _updates(target: ResolvedPath, reading: Access, operation: str) -> Iterator[str]:
    """Yield what may be sent in place of a value."""
    relation = reading.resource.relation(target.attribute.name)
    if relation is not None and relation.column is not None:
        there = reading.related_grant(relation.label)
        if there is not None and "add" in there.operations:
            yield Part.ADD.value
    elif operation == "edit" and may_read_rows(target, reading):
        yield from updates_of(target.attribute)


def _links(relation: Relation, access: Access, operation: str) -> InputDescription:
    """Describe a many-to-many relation, for which a list of keys is sent, or of names."""
    column = column_of(ResolvedPath((relation,), relation.item, via=True), access)
    if relation.called is not None:
        declaration = replace(column.declaration, label=relation.caption)
        column = replace(column, declaration=declaration)
    return InputDescription(
        name=relation.name,
        column=column,
        many=True,
        updates=(Part.ADD.value, Part.REMOVE.value) if operation == "edit" else (),
    )


def _pointer(pointer: Relation, access: Access, operation: str) -> InputDescription:
    """Describe a generic foreign key, for which a type and a key are sent."""
    columns = columns_behind(pointer, access.resource)
    types = (
        way.typed_key.label
        for way in pointer.target.relations.values()
        if way.typed_key is not None and entry_name(way.label, access) is not None
    )
    # Where the columns may be sent, too, one way or the other is enough.
    alone = not any(may_write(ResolvedPath((), one), access, operation) for one in columns)
    needed = operation == "add" and any(one.declaration.required for one in columns)
    return InputDescription(
        name=pointer.name,
        column=ColumnDescription(
            kind="json",
            null=all(one.null for one in columns),
            declaration=Declaration(label=pointer.caption),
            types=tuple(dict.fromkeys(types)),
        ),
        required=needed and alone,
    )


def _children(access: Access, operation: str) -> Iterator[ChildrenDescription]:
    """Yield the relations whose rows may be written inside, as the grants on their models say."""
    resource, entries = access.resource, access.policy.entries
    here = access.under(access.grant.writing[operation].grant)
    for relation in resource.relations.values():
        entry, grant = entries.get(relation.label), access.related_grant(relation.label)
        target = ResolvedPath((relation,), relation.item, via=True)
        outside = relation.column is None and not (relation.linked or relation.same_row)
        if entry is None or grant is None or not outside or not may_write(target, here, operation):
            continue
        there = Access(access.policy, access.actor, entry, grant, access.limits)
        granted = _granted_inside(relation, there, operation)
        if granted:
            yield ChildrenDescription(name=relation.name, model=entry.name, operations=granted)


def _granted_inside(relation: Relation, there: Access, operation: str) -> tuple[str, ...]:
    """Return what may be done with the rows inside a row that is added, or edited."""
    wanted = ("add",) if operation == "add" else VERBS[Part.REPLACE]
    granted = [name for name in wanted if name in there.grant.operations]
    if "add" in granted:
        writing = there.grant.writing["add"]
        if not may_point(relation, there.under(writing.grant), writing.presets):
            granted.remove("add")
    return tuple(granted)
