"""What may be sent: the values of an add or edit, the input of an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.codegen.texts import literal, plain
from django_flex.codegen.typescript.schemas import (
    documented,
    listed,
    named,
    type_of,
)
from django_flex.describe import sent_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.describe import (
        ActionDescription,
        ChildrenDescription,
        InputDescription,
        ModelDescription,
        Spelling,
        WriteDescription,
    )

_ROW = "{ readonly [name: string]: unknown }"


def input_members(
    write: WriteDescription,
    operation: str,
    inputs: Mapping[tuple[str, str], str],
    spelling: Spelling,
) -> Iterator[str]:
    """Yield the members of what an add or edit takes.

    Args:
        write: what may be sent.
        operation: ``add`` or ``edit``.
        inputs: the interfaces of inputs, by model and operation.
        spelling: of the wire form.
    """
    for one in write.inputs:
        needed = operation == "add" and one.required
        member = f"{named(one.name)}{'' if needed else '?'}: {_input(one, inputs, spelling)}"
        declared = one.column.declaration
        yield documented(member, declared.label, declared.help)
        other = one.column.other_name
        if other and not needed:
            yield f"{named(other)}?: {_input(one, inputs, spelling)}"
    for child in write.children:
        yield f"{named(child.name)}?: {_children(child, inputs, spelling)}"
    if operation == "edit":
        for one in write.inputs:
            if one.column.kind == "json" and not one.column.types and plain(one.name):
                yield f"[key: `{one.name}.${{string}}`]: unknown"


def _input(one: InputDescription, inputs: Mapping[tuple[str, str], str], spelling: Spelling) -> str:
    if one.upload is not None:
        found = "Blob" if one.column.declaration.required else "Blob | null"
    else:
        found = type_of(sent_schema(one.column))
    if one.many:
        found = listed(found)
    if not one.updates or found == "flex.Json":
        return found
    members = (
        f"readonly {literal(spelling.key(name))}?: {_update(name, one, inputs)}"
        for name in one.updates
    )
    update = f"{{ {'; '.join(members)} }}"
    return f"{found} | {update}"


def _update(name: str, one: InputDescription, inputs: Mapping[tuple[str, str], str]) -> str:
    """Return the type of what an operator takes in place of a value."""
    if name == "$inc":
        return "number | string"
    if one.many:
        return listed(type_of(sent_schema(one.column)))
    if name == "$add":
        return inputs.get((one.column.model or "", "add"), _ROW)
    return "unknown"


def _children(
    one: ChildrenDescription, inputs: Mapping[tuple[str, str], str], spelling: Spelling
) -> str:
    """Return the type of rows inside a row; what points to the outer row need not be sent."""
    add = inputs.get((one.model, "add"))
    added = f"readonly Partial<{add}>[]" if add else listed(_ROW)
    if one.operations == ("add",):
        return added
    edit = inputs.get((one.model, "edit"))
    edited = f"readonly (Partial<{edit}> & {{ id: unknown }})[]" if edit else listed(_ROW)
    allowed = {
        "add": ("$add", added),
        "edit": ("$edit", edited),
        "delete": ("$remove", "readonly unknown[]"),
    }
    members = [
        f"{name}?: {kind}" for word, (name, kind) in allowed.items() if word in one.operations
    ]
    if len(one.operations) == len(allowed):
        members.append(f"$set?: {listed(_ROW)}")
    return f"{{ {'; '.join(members)} }}" if members else listed(_ROW)


def actions_members(model: ModelDescription) -> Iterator[str]:
    """Yield the actions of a model."""
    for one in model.summary.actions:
        member = f"{named(one.id)}: flex.Action<{literal(one.scope)}, {_action_input(one)}>"
        yield documented(member, one.title, one.description)


def _action_input(one: ActionDescription) -> str:
    if not one.input.get("properties"):
        return "{}"
    return type_of({"type": "object", **one.input})
