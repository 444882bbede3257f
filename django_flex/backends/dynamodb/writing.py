"""Puts write plans into the unit of work, and checks them against the rules.

Each rule is checked on the item as it was read, or as it will be stored. The attributes that it
looks at become a condition of the write, so that it holds when the item is written.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from django_flex.backends.dynamodb.budgets import Budget
from django_flex.backends.dynamodb.conditions import all_conditions, condition_of, visible
from django_flex.backends.dynamodb.paging import FIRST, read_rows
from django_flex.backends.dynamodb.planning import choose_access, identity
from django_flex.backends.dynamodb.rows import (
    as_json,
    changeable_value,
    instance_of,
    key_value,
    stored_key,
    stored_value,
)
from django_flex.dynamodb.core import requests, values
from django_flex.dynamodb.core.conditions import attributes
from django_flex.dynamodb.core.evaluation import matches
from django_flex.exceptions import (
    DuplicateError,
    LimitExceededError,
    ObjectNotFoundError,
    RowDeniedError,
    UnsupportedQueryError,
    ValidationFailedError,
)
from django_flex.exceptions.places import Part, counted, inside, worded
from django_flex.languages import in_language
from django_flex.plan.written import WrittenRow
from django_flex.query.operations import BY_FILTER
from django_flex.resolved.updates import ABSENT, REMOVE, UnfitUpdateError, Update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.backends.base import Precondition
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.backends.dynamodb.units import Unit
    from django_flex.dynamodb.core.conditions import Condition
    from django_flex.dynamodb.core.schema import Item
    from django_flex.plan.nodes import WritePlan
    from django_flex.resolved import Assignment, Rows, RowWrite, WriteRules
    from django_flex.schema.resources import Attribute


def write(
    table: Table, plan: WritePlan, unit: Unit, precondition: Precondition | None
) -> list[WrittenRow]:
    """Do a write.

    Args:
        table: the table.
        plan: what is to be done.
        unit: the writes of the transaction.
        precondition: asked about the row of an edit or delete, all of which then has to stay as it is.

    Raises:
        ObjectNotFoundError: a row does not exist, or the caller may not see it.
        ValidationFailedError: the model refuses a value.
        RowDeniedError: the caller may not write a row as it would be stored.
        DuplicateError: there is a row with the key of one that is new.
    """
    for rules in (plan.rules, plan.editing):
        if rules is not None:
            _check_no_code(rules)
    if plan.operation == "upsert":
        return _upsert(table, plan, unit)
    if plan.rules.operation == "add":
        # Of a list with a row that is denied, nothing is said that needs what is stored.
        items = [_new_item(table, row, plan.rules) for row in plan.rows]
        return [_add(table, item, unit) for item in items]
    if plan.operation in BY_FILTER:
        return _change_chosen(table, plan, unit)
    return [
        _change(table, row, stored_key(row.pk, table), plan.rules, unit, precondition)
        for row in plan.rows
    ]


def _change_chosen(table: Table, plan: WritePlan, unit: Unit) -> list[WrittenRow]:
    """Edit or delete the rows that a filter selects, if they still match when they are written."""
    where = None if plan.where is None else condition_of(plan.where, table)
    written: list[WrittenRow] = []
    for key in _chosen(table, plan, where):
        item = unit.item(table, key)
        if item is None or not matches(where, item):
            continue  # an index may be a little older than the table
        written.append(_change(table, plan.rows[0], key, plan.rules, unit, None))
        if where is not None:
            unit.guard(table, key, attributes(where))
    return written


def _chosen(table: Table, plan: WritePlan, where: Condition | None) -> list[Item]:
    """Return the keys of the rows that a filter selects; more than ``max_affected`` are an error."""
    most = plan.max_affected
    rules = (visible(rows, table) for rows in plan.rules.before)
    access = choose_access(table, all_conditions(*rules, where), asked=where)
    budget = Budget(max(table.max_evaluated, most + 1))
    found = read_rows(table, access, most + 1, FIRST, budget)
    if len(found.hits) > most:
        raise LimitExceededError(
            counted(most, "More than {} row would change", "More than {} rows would change"),
            path=Part.MAX_AFFECTED,
            hint=worded(
                "make the filters more specific, or raise {} up to MAX_ITEMS", Part.MAX_AFFECTED
            ),
        )
    if found.stopped is not None:
        raise LimitExceededError(
            "Too many rows have to be read to find those that match",
            path=Part.FILTERS,
            hint="send filters that a key serves",
        )
    return [requests.key_of(table.schema, hit.item) for hit in found.hits]


def _check_no_code(rules: WriteRules) -> None:
    """Refuse to skip what has to run around a write; the system checks name it (E009)."""
    if rules.code.hooks or rules.code.form_class or rules.code.serializer_class:
        raise UnsupportedQueryError(
            "This database runs no code around writes, and this model has some", path=Part.ACTION
        )


def _upsert(table: Table, plan: WritePlan, unit: Unit) -> list[WrittenRow]:
    """Edit the rows that are there, and add the others.

    Whether the key of a new row is taken, by a row that the caller may not see, is said last: first
    it is known whether the caller may write all of them.
    """
    columns = table.resource.key_columns
    if {one.lookup for one in plan.match} != {one.lookup for one in columns}:
        raise UnsupportedQueryError(
            "This database can only match rows by their key",
            path=Part.MATCH,
            hint=", ".join(one.name for one in columns),
        )
    editing = plan.editing or plan.rules
    written: list[WrittenRow] = []
    taken = False
    for row, edit in zip(plan.rows, plan.edits, strict=True):
        given = {part.attribute.lookup: part.value for part in row.assignments}
        parts = tuple(given[one.lookup] for one in columns)
        key = stored_key(parts if len(parts) > 1 else parts[0], table)
        there = None if key is None else unit.item(table, key)
        if there is not None and _all_match(editing.before, there, table):
            written.append(_change(table, edit, key, editing, unit, None))
            continue
        item = _new_item(table, row, plan.rules)
        if there is not None:
            taken = True
            continue
        written.append(_add(table, item, unit))
    if taken:
        raise DuplicateError
    return written


def _new_item(table: Table, row: RowWrite, rules: WriteRules) -> Item:
    item = _defaults(table)
    for part in row.assignments:
        _assign(item, part, row, table)
    _check_item(item, row, rules, table)
    _check_after(item, row, rules, table)
    return item


def _add(table: Table, item: Item, unit: Unit) -> WrittenRow:
    unit.add(table, item)
    return WrittenRow(key_value(item, table), "add")


def _change(
    table: Table,
    row: RowWrite,
    key: Item | None,
    rules: WriteRules,
    unit: Unit,
    precondition: Precondition | None,
) -> WrittenRow:
    """Edit or delete a row."""
    before = None if key is None else unit.item(table, key)
    if key is None or before is None or not _all_match(rules.before, before, table):
        place = row.key_place or (inside(row.place, Part.KEY) if row.place else None)
        raise ObjectNotFoundError(path=place)
    if rules.code.check_object is not None:
        rules.code.check_object(instance_of(before, table))
    guarded = _looked_at(rules.before, table)
    if precondition is not None:
        precondition(key_value(before, table))
        guarded |= {*before, *table.description.stored.values()}
    if rules.operation == "delete":
        unit.change(table, key, None, guarded)
        return WrittenRow(key_value(before, table), "delete")
    after = dict(before)
    for part in row.assignments:
        _assign(after, part, row, table)
        if isinstance(part.value, Update) or part.keys:
            guarded |= {table.description.stored[part.attribute.lookup]}
    guarded |= _next_version(after, before, table)
    _check_item(after, row, rules, table)
    if identity(requests.key_of(table.schema, after)) != identity(key):
        raise _refused("pk", in_language("The key of an object cannot be changed."), "invalid", row)
    _check_after(after, row, rules, table)
    guarded |= _looked_at(rules.after, table)
    unit.change(table, key, after, guarded)
    return WrittenRow(key_value(after, table), "edit")


def _all_match(rules: Iterable[Rows], item: Item, table: Table) -> bool:
    return all(matches(visible(rows, table), item) for rows in rules)


def _looked_at(rules: Iterable[Rows], table: Table) -> frozenset[str]:
    """Return the stored attributes that decide whether a row is one of some rows."""
    found: frozenset[str] = frozenset()
    for rows in rules:
        condition = visible(rows, table)
        if condition is not None:
            found |= attributes(condition)
    return found


def _check_after(item: Item, row: RowWrite, rules: WriteRules, table: Table) -> None:
    if not _all_match(rules.after, item, table):
        raise RowDeniedError(path=row.place or None)


def _next_version(after: dict[str, Any], before: Item, table: Table) -> frozenset[str]:
    description = table.description
    if description.version is None:
        return frozenset()
    name = description.stored[description.version]
    # What is there may be no number, or none with a next one: something else has written it.
    number = values.decode(before[name]) if "N" in before.get(name, ()) else 0
    after[name] = values.encode(int(number) + 1 if abs(number) < 10 ** (values.DIGITS - 1) else 1)
    return frozenset({name})


def _defaults(table: Table) -> dict[str, Any]:
    """Return the attributes of a new item that nobody sends."""
    description, instance = table.description, table.model()
    found: dict[str, Any] = {}
    for name, attribute in table.resource.attributes.items():
        if attribute.parts:
            continue
        value = getattr(instance, name)
        if value is not None:
            found[description.stored[name]] = stored_value(value, attribute, table)
    if description.version is not None:
        found[description.stored[description.version]] = values.encode(1)
    return found


def _assign(item: dict[str, Any], part: Assignment, row: RowWrite, table: Table) -> None:
    """Set an attribute to what was sent for it; null is not there."""
    attribute = part.attribute
    name = table.description.stored[attribute.lookup]
    try:
        value = _new_value(item, part, row, table)
        if value is None:
            item.pop(name, None)
            return
        item[name] = stored_value(value, attribute, table)
    except ValueError as error:
        raise _refused(
            part.name, in_language("This value cannot be stored."), "invalid", row
        ) from error


def _new_value(item: Item, part: Assignment, row: RowWrite, table: Table) -> Any:
    if not part.keys and not isinstance(part.value, Update):
        return part.value
    stored = changeable_value(item, part.attribute, table)
    if not part.keys:
        return _updated(part, stored, row)
    whole = deepcopy(stored) if isinstance(stored, dict) else {}
    inner = whole
    for key in part.keys[:-1]:
        following = inner.get(key)
        inner[key] = following if isinstance(following, dict) else {}
        inner = inner[key]
    new = _updated(part, inner.get(part.keys[-1], ABSENT), row)
    if new is not ABSENT:
        inner[part.keys[-1]] = new
    return whole


def _updated(part: Assignment, stored: object, row: RowWrite) -> object:
    if not isinstance(part.value, Update):
        return part.value
    try:
        return _result(part.value, stored)
    except UnfitUpdateError as error:
        raise _refused(part.name, in_language(error.text), "invalid", row) from error


def _result(change: Update, stored: object) -> object:
    """Return the new value for a stored one, of which what is not changed keeps its type."""
    if isinstance(stored, Decimal) and isinstance(change.operand, int | float):
        change = replace(change, operand=Decimal(str(change.operand)))
    if change.operator == REMOVE and isinstance(stored, list):
        # Compared as replies show it: 0.1 is a decimal here, and was sent as a float.
        return [one for one in stored if change.result([as_json(one)])]
    return change.result(stored)


def _check_item(item: Item, row: RowWrite, rules: WriteRules, table: Table) -> None:
    """Check an item as it will be stored.

    Raises:
        ValidationFailedError: a value is missing, or DynamoDB does not take it.
    """
    schema, description = table.schema, table.description
    hashes = {schema.key.hash, *(one.key.hash for one in schema.indexes)}
    for attribute in table.resource.attributes.values():
        if attribute.parts:
            continue
        stored = description.stored[attribute.lookup]
        if stored not in item:
            if not attribute.null:
                text = gettext("This field cannot be null.")
                raise _refused_value(attribute, text, "null", row, rules)
            continue
        if stored in schema.key_types:
            try:
                kind = schema.key_types[stored]
                values.check_key(item[stored], kind, is_hash=stored in hashes)
            except values.BadValueError as error:
                raise _refused_value(attribute, _bad_key(), "invalid", row, rules) from error
    try:
        values.check_item(item)
    except values.BadValueError as error:
        raise _refused("", in_language("This value cannot be stored."), "invalid", row) from error


def _bad_key() -> str:
    return in_language("A part of a key is neither empty nor longer than the database allows.")


def _refused_value(
    attribute: Attribute, text: str, code: str, row: RowWrite, rules: WriteRules
) -> ValidationFailedError:
    """Return the error of a value, with no more names than the caller knows."""
    sent = {part.attribute.lookup: part.name for part in row.assignments}
    name = sent.get(attribute.lookup)
    if name is None and rules.permissions.knows(attribute.own_name):
        name = attribute.name
    if name is None:
        # The same whatever is wrong: that would tell of what is hidden.
        text = in_language("A value that you may not write is missing or invalid.")
        return _refused("", text, "invalid", row)
    return _refused(name, text, code, row)


def _refused(name: str, text: str, code: str, row: RowWrite) -> ValidationFailedError:
    name = name or "__all__"
    return ValidationFailedError({name: [text]}, {name: [code]}, path=row.place or None)
