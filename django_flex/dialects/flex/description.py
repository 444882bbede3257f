"""Facts about models and actions as JSON: the replies to OPTIONS and to questions about actions."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django_flex.describe import (
    ModelDescription,
    as_json,
    operators_of,
    reply_schema,
    sent_schema,
)
from django_flex.dialects.facts import LinkedAction, ModelActions, Models, RowActions
from django_flex.plan.shape import FlexResult
from django_flex.query.limits import CAPS
from django_flex.query.operations import READ_OPERATIONS, WRITE_OPERATIONS
from django_flex.query.operators import TRANSFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.describe import (
        ColumnDescription,
        FieldDescription,
        InputDescription,
        ModelDescription,
        ModelSummary,
        ReachDescription,
        RelationDescription,
        WriteDescription,
    )

#: What an action can be about, in the order of the reply.
SCOPES = ("instance", "bulk", "collection", "global")
#: The operations that this release supports; a grant may list more.
OPERATIONS = READ_OPERATIONS | WRITE_OPERATIONS


def describe(facts: object) -> FlexResult:
    """Return the reply with facts, which are of the types in ``dialects.facts``."""
    match facts:
        case ModelDescription():
            return FlexResult(data=render_model(facts))
        case Models(models=models, urls=urls):
            found = {one.name: {"url": urls[one.name], **_operations(one)} for one in models}
            return FlexResult(data={"models": found})
        case ModelActions():
            return FlexResult(data=_actions(facts))
        case LinkedAction():
            return FlexResult(data=_action(facts))
        case RowActions():
            return FlexResult(data=_row_actions(facts))
        case _:
            raise TypeError(type(facts).__name__)


def _actions(facts: ModelActions) -> dict[str, object]:
    lists: dict[str, list[object]] = {f"{scope}_actions": [] for scope in SCOPES}
    for one in facts.actions:
        lists[f"{one.action.scope}_actions"].append(_action(one))
    return {"resource": facts.resource, "basepath": f"{facts.base}/", **lists}


def _row_actions(facts: RowActions) -> dict[str, object]:
    states: dict[str, object] = {}
    for name, one in facts.states.items():
        state: dict[str, object] = {"available": one.reason is None, "url": one.url}
        states[name] = state if one.reason is None else {**state, "reason": one.reason}
    return {"id": facts.key, "actions": states}


def _action(linked: LinkedAction) -> dict[str, object]:
    """Return an action as data: its input as JSON Schema, and as a plain list of ``fields``."""
    one = linked.action
    return {
        "id": one.id,
        "type": one.scope,
        "status": one.status,
        "version": one.version,
        "title": one.title,
        "description": one.description,
        "tags": list(one.tags),
        "capabilities": list(one.capabilities),
        "method": "POST",
        "url": linked.url,
        "fields": list(one.fields),
        "input": one.input,
        "examples": list(one.examples),
        "destructive": one.destructive,
        "dry_run": one.dry_run,
        "idempotency": one.idempotency,
        "background": one.background,
    }


def render_model(model: ModelDescription) -> dict[str, object]:
    """Return a description of a model as JSON, with labels in the active language."""
    summary, reach = model.summary, model.reach
    return {
        "model": summary.name,
        "label": str(summary.label),
        "label_plural": str(summary.plural),
        "key": model.key,
        "role": summary.role,
        **_operations(summary),
        **_writes(model),
        "fields": {one.path: _field(one) for one in shown_fields(reach)},
        **_some("relations", {one.path: _relation(one) for one in reach.relations if _near(one)}),
        "filters": list(model.filters),
        "order_by": list(model.order_by),
        **_some("default_order_by", list(model.default_order)),
        "default_shape": model.shape,
        **_aggregates(model),
        **_some("search", list(reach.search)),
        "limits": _limits(model),
        **_some(
            "rates",
            {
                name: {"requests": rate.requests, "seconds": rate.seconds}
                for name, rate in model.rates.items()
            },
        ),
    }


def shown_fields(reach: ReachDescription) -> list[FieldDescription]:
    """Return the readable paths over at most one to-one relation, and those that a grant names."""
    relations = {one.path: one for one in reach.relations}
    found = [
        one for one in reach.fields if one.readable and (one.named or _is_near(one.path, relations))
    ]
    return sorted(found, key=lambda one: one.path)


def _is_near(path: str, relations: dict[str, RelationDescription]) -> bool:
    way, _, _ = path.rpartition(".")
    relation = relations.get(way)
    return not way or (relation is not None and _near(relation) and relation.cardinality == "one")


def _near(relation: RelationDescription) -> bool:
    return "." not in relation.path


def _some(key: str, value: object) -> dict[str, object]:
    return {key: value} if value else {}


def _operations(summary: ModelSummary) -> dict[str, object]:
    names = sorted(one.id for one in summary.actions)
    served = [name for name in summary.operations if name in OPERATIONS]
    return {"operations": served, **_some("actions", names)}


def _writes(model: ModelDescription) -> dict[str, object]:
    """Return what may be sent: the names, and what a form needs to know about each."""
    if not model.writes:
        return {}
    return {
        "writable": {
            name: [one.name for one in write.inputs] for name, write in model.writes.items()
        },
        "inputs": {
            name: {one.name: _input(one, adding=name == "add") for one in write.inputs}
            for name, write in model.writes.items()
        },
        **_some(
            "nested",
            {name: rows for name, write in model.writes.items() if (rows := _nested(write))},
        ),
    }


def _nested(write: WriteDescription) -> dict[str, object]:
    return {
        one.name: {"model": one.model, "operations": list(one.operations)} for one in write.children
    }


def _input(one: InputDescription, *, adding: bool) -> dict[str, object]:
    column = one.column
    described: dict[str, object] = {"type": column.kind, "null": column.null}
    if adding:
        described["required"] = one.required
        described |= _some("may_be_filled", one.may_be_filled)
    if column.foreign_key:
        described["relation"] = column.model
    described |= {**_some("many", one.many), **_shown(column)}
    if adding and column.declaration.default is not None:
        described["default"] = as_json(column.declaration.default)
    described |= _some("updates", list(one.updates))
    schema = sent_schema(column)
    if one.upload is not None:
        most, types = one.upload
        described["file"] = {"max_bytes": most, **_some("types", list(types))}
        schema = _file_schema(column)
    described["schema"] = {"type": "array", "items": schema} if one.many else schema
    return described


def _file_schema(column: ColumnDescription) -> dict[str, object]:
    """Return what JSON may be sent for a file: which part of the form it is, or that it is removed."""
    types = "object" if column.declaration.required else ["object", "null"]
    return {"type": types, "properties": {"$file": {"type": "string"}}, "required": ["$file"]}


def _field(one: FieldDescription) -> dict[str, object]:
    column = one.column
    described: dict[str, object] = {"type": column.kind, "null": column.null}
    if column.foreign_key:
        described["relation"] = column.model
    described["operators"] = list(_operators(one))
    described |= _some("transforms", list(one.transforms))
    return {**described, **_shown(column), "schema": reply_schema(column)}


def _shown(column: ColumnDescription) -> dict[str, object]:
    """Return what a front end shows of a column."""
    declared = column.declaration
    choices = [{"value": as_json(c.value), "label": str(c.label)} for c in declared.choices]
    return {
        "label": str(declared.label),
        **_some("help", str(declared.help)),
        **_some("choices", choices),
    }


def _operators(one: FieldDescription) -> Iterator[str]:
    """Yield operators; a transform is named without its operators if all of them are granted."""
    everything = operators_of(one.column.kind)
    for name, granted in groupby(one.operators, key=lambda text: text.partition(".")[0]):
        if name not in TRANSFORMS:
            yield name
            continue
        behind, prefix = list(granted), f"{name}."
        possible = [text for text in everything if text.startswith(prefix)]
        yield from [name] if len(behind) == len(possible) else behind


def _relation(one: RelationDescription) -> dict[str, Any]:
    many = one.cardinality == "many"
    described = {"model": one.model, "many": many, "label": str(one.label)}
    return described if many else {**described, "null": one.null}


def _aggregates(model: ModelDescription) -> dict[str, object]:
    """Return the allowed aggregates with the kinds of their results, and the paths to group by."""
    rows = [one.count for one in model.reach.relations if one.count is not None]
    found = [*([model.count] if model.count else []), *rows]
    for field in model.reach.fields:
        found += field.aggregates
    parts = [
        f"{field.path}.{part}" if part else field.path
        for field in model.reach.fields
        for part in field.parts
    ]
    return {
        **_some("aggregates", {one.path: one.kind for one in found if one.total}),
        **_some("group_by", parts),
    }


def _limits(model: ModelDescription) -> dict[str, object]:
    """Return the default and maximum number of rows of a list, and the caps of the role."""
    limits = model.limits
    caps = {
        name: getattr(limits, name)
        for name, cap in CAPS.items()
        if cap.unit == "number" and name not in {"default_limit", "max_limit"}
    }
    return {
        "default": min(limits.default_limit, limits.max_limit),
        "max": limits.max_limit,
        **caps,
    }
