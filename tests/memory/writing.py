"""Writes of rows in memory, held against the rules before and after."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from django_flex.exceptions import (
    LimitExceededError,
    ObjectNotFoundError,
    RowDeniedError,
    ValidationFailedError,
)
from django_flex.plan.nodes import WritePlan
from django_flex.plan.written import WrittenRow
from django_flex.query.operations import BY_FILTER
from django_flex.resolved import Assignment, RowWrite, WriteRules
from django_flex.resolved.updates import ABSENT, UnfitUpdateError, Update
from django_flex.schema.model_attributes import ModelAttribute
from django_flex.schema.resources import Attribute, Resource
from tests.memory.evaluation import Evaluation
from tests.memory.tables import Row, Tables


def write(plan: WritePlan, tables: Tables) -> list[WrittenRow]:
    """Do a write: the rows are changed at once, and the transaction puts them back if it fails."""
    operation = plan.rules.operation
    if plan.operation == "upsert":
        return [_upsert(n, row, plan, tables) for n, row in enumerate(plan.rows)]
    if operation == "add":
        return [_add(row, plan.rules, tables) for row in plan.rows]
    change = _edit if operation == "edit" else _delete
    if plan.operation not in BY_FILTER:
        found = [(row, _named(row, plan.rules, tables)) for row in plan.rows]
    else:
        found = [(plan.rows[0], one) for one in _chosen(plan, tables)]
    return [change(row, one, plan.rules, tables) for row, one in found]


def _changeable(rules: WriteRules, tables: Tables) -> Iterable[Row]:
    evaluation = Evaluation(tables)
    first, *others = rules.before
    return (
        row
        for row in evaluation.visible(first)
        if all(evaluation.satisfies(row, rows) for rows in others)
    )


def _named(row: RowWrite, rules: WriteRules, tables: Tables) -> Row:
    pk = rules.resource.pk.lookup
    for one in _changeable(rules, tables):
        if one[pk] == row.pk:
            return one
    raise ObjectNotFoundError(path=f"{row.place}.id" if row.place else None)


def _chosen(plan: WritePlan, tables: Tables) -> list[Row]:
    evaluation = Evaluation(tables)
    most = plan.max_affected
    rows = [
        row
        for row in _changeable(plan.rules, tables)
        if plan.where is None or evaluation.holds(row, plan.where)
    ]
    if len(rows) > most:
        raise LimitExceededError(f"More than {most} rows would change", path="_max_affected")
    return rows


def _upsert(number: int, row: RowWrite, plan: WritePlan, tables: Tables) -> WrittenRow:
    values = {part.attribute.lookup: part.value for part in row.assignments}
    names = [attribute.lookup for attribute in plan.match]
    editing = plan.editing or plan.rules
    for one in _changeable(editing, tables):
        if all(one[name] == values[name] for name in names):
            return _edit(plan.edits[number], one, editing, tables)
    return _add(row, plan.rules, tables)


def _add(row: RowWrite, rules: WriteRules, tables: Tables) -> WrittenRow:
    resource = rules.resource
    stored = tables.rows.setdefault(resource.label, {})
    made = {one.lookup: _default(one) for one in _columns(resource)}
    _assign(made, row)
    pk = resource.pk.lookup
    if made[pk] is None:
        made[pk] = max(stored, default=0) + 1
    stored[made[pk]] = made
    _check(made, row, rules, tables)
    return WrittenRow(made[pk], "add")


def _edit(row: RowWrite, one: Row, rules: WriteRules, tables: Tables) -> WrittenRow:
    _assign(one, row)
    _check(one, row, rules, tables)
    return WrittenRow(one[rules.resource.pk.lookup], "edit")


def _delete(row: RowWrite, one: Row, rules: WriteRules, tables: Tables) -> WrittenRow:
    resource = rules.resource
    key = one[resource.pk.lookup]
    del tables.rows[resource.label][key]
    return WrittenRow(key, "delete")


def _assign(one: Row, row: RowWrite) -> None:
    for part in row.assignments:
        if not part.keys:
            one[part.attribute.lookup] = _value(part, one[part.attribute.lookup])
            continue
        inner = one[part.attribute.lookup] = deepcopy(one[part.attribute.lookup]) or {}
        for key in part.keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[part.keys[-1]] = _value(part, inner.get(part.keys[-1], ABSENT))


def _value(part: Assignment, stored: object) -> object:
    if not isinstance(part.value, Update):
        return part.value
    try:
        return part.value.result(stored)
    except UnfitUpdateError as error:
        raise ValidationFailedError({part.name: [str(error)]}, {part.name: ["invalid"]}) from error


def _check(one: Row, row: RowWrite, rules: WriteRules, tables: Tables) -> None:
    """Hold a written row against its columns and the rules."""
    _validate(one, row, rules.resource)
    evaluation = Evaluation(tables)
    for part in row.assignments:
        if part.reference is not None and part.value is not None:
            pk = part.reference.resource.pk.lookup
            if all(other[pk] != part.value for other in evaluation.visible(part.reference)):
                fields = {part.name: ["There is no such object."]}
                raise ValidationFailedError(fields, {part.name: ["not_found"]}, path=row.place)
    if not all(evaluation.satisfies(one, rows) for rows in rules.after):
        raise RowDeniedError(path=row.place or None)


def _validate(one: Row, row: RowWrite, resource: Resource) -> None:
    for attribute in _columns(resource):
        if one[attribute.lookup] is None and not attribute.null and not attribute.primary_key:
            fields = {attribute.name: ["This field cannot be null."]}
            raise ValidationFailedError(fields, {attribute.name: ["null"]}, path=row.place or None)


def _columns(resource: Resource) -> list[Attribute]:
    return [one for one in resource.attributes.values() if one.computed is None]


def _default(attribute: Attribute) -> Any:
    if isinstance(attribute, ModelAttribute):
        return attribute.model_field.get_default()
    return attribute.declaration.default
