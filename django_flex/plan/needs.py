"""Plans checked against the capabilities of a backend, part by part."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, assert_never
from uuid import UUID
from weakref import WeakKeyDictionary

from django.core.files.base import File

from django_flex.exceptions.places import Part, inside, worded
from django_flex.query.operations import BY_FILTER
from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Column,
    Complement,
    ComputedField,
    ComputedValue,
    Exists,
    GroupAlias,
    NewRow,
    Predicate,
    RandomNumber,
    Search,
    TransformedValue,
)
from django_flex.resolved.updates import Update
from django_flex.schema.dependents import asked_by_delete

if TYPE_CHECKING:
    from django_flex.exceptions.places import Place
    from django_flex.plan.capabilities import Capabilities
    from django_flex.plan.nodes import AggregatePlan, ReadPlan, SelectOutput, WritePlan
    from django_flex.resolved import (
        Assignment,
        NestedWrites,
        Ordering,
        PointedRow,
        Rows,
        RowWrite,
        Value,
        VisibleHop,
        Where,
        WriteRules,
    )
    from django_flex.schema.resources import Attribute, Relation, Resource

#: Types of values that every backend stores, unless they are keys of other rows.
_VALUES = frozenset((bool, bytes, date, datetime, Decimal, float, int, str, NoneType, UUID))
#: Hints at what works instead of writing related rows of another database.
_BY_THEMSELVES = worded("write them by themselves")
_NO_REFERENCE = worded("leave it out")
#: Without a path the rows are those of a rule, which no client wrote.
_IN_RULE = worded("rules of this model have to compare its own columns")


# What a statement selects is planned once for a selection, so that is checked once, too.
_accepted: WeakKeyDictionary[SelectOutput, Capabilities] = WeakKeyDictionary()


def check_read(plan: ReadPlan, can: Capabilities) -> None:
    """Refuse a get or list that a backend cannot execute.

    Raises:
        UnsupportedQueryError: it needs what the backend lacks.
    """
    check_rows(plan.rows, can)
    if _accepted.get(plan.output) is not can:
        _check_output(plan.output, can)
        _accepted[plan.output] = can
    _check_where(plan.where, can)
    _check_order(plan.order_by, plan.resource.pk, can)
    if plan.cells or plan.distinct_on:
        can.require("distinct", Part.DISTINCT)
        for column in (*plan.distinct_on, *(cell.column for cell in plan.cells)):
            _check_value(column, can, Part.DISTINCT)
    if plan.offset:
        can.require("offsets", Part.OFFSET)
    if plan.keyset is not None:
        can.require("cursors", Part.CURSOR)
    if plan.ranking is not None:
        can.require("search", Part.SEARCH)
    if plan.count is not None:
        can.require("counts", Part.COUNT)
    if plan.totals is not None:
        check_groups(plan.totals, can)


def check_groups(plan: AggregatePlan, can: Capabilities) -> None:
    """Refuse an aggregate that a backend cannot execute.

    Raises:
        UnsupportedQueryError: it needs what the backend lacks.
    """
    can.require("aggregates", Part.AGGREGATE)
    check_rows(plan.rows, can)
    _check_where(plan.where, can)
    _check_where(plan.having, can, path=Part.HAVING)
    for key in plan.keys:
        can.require("groups", Part.GROUP_BY)
        _check_value(key.value, can, Part.GROUP_BY)
    for total in plan.totals:
        for value in (total.value, total.related):
            if value is not None:
                _check_value(value, can, Part.AGGREGATE)


def check_write(plan: WritePlan, can: Capabilities) -> None:
    """Refuse a write that a backend cannot execute.

    Raises:
        UnsupportedQueryError: it needs what the backend lacks.
    """
    can.require("writes", Part.ACTION)
    if plan.editing is not None:
        can.require("upserts", Part.ACTION)
        _check_rules(plan.editing, can)
    by_filter = plan.operation in BY_FILTER
    if by_filter:
        can.require("writes_by_filter", Part.ACTION)
        _check_where(plan.where, can)
    if len(plan.rows) > 1 or by_filter:
        can.require("transactions", Part.ITEMS)
    _check_rules(plan.rules, can)
    _check_written((*plan.rows, *plan.edits), can)
    if plan.rules.operation == "delete":
        _check_delete(plan.rules.resource, can, Part.ACTION)
    if plan.returning is not None:
        check_read(plan.returning, can)


def check_choice(
    rules: WriteRules, where: Where | None, condition: Where | None, can: Capabilities
) -> None:
    """Refuse an action on rows that a backend cannot choose.

    Args:
        rules: which rows the caller may run it on.
        where: the filter that chooses among them.
        condition: what a row has to match.
        can: what the backend can do.

    Raises:
        UnsupportedQueryError: they need what the backend lacks.
    """
    _check_rules(rules, can)
    _check_where(where, can, path=Part.CHOSEN_BY)
    _check_where(condition, can, path=Part.CONDITION)


def check_rows(rows: Rows, can: Capabilities) -> None:
    """Refuse rows whose rules a backend cannot apply.

    Raises:
        UnsupportedQueryError: they need what the backend lacks.
    """
    if rows.q is not None or rows.queryset is not None or rows.among is not None:
        can.require("model_rules", None)
    if rows.condition is not None:
        _check_where(rows.condition, can, path=None)
    if rows.links is not None:
        check_rows(rows.links, can)
    if rows.among is not None:
        check_rows(rows.among, can)


def _check_written(rows: Iterable[RowWrite], can: Capabilities) -> None:
    # Those of one column refer to the same rows, which are checked where they are referred to first.
    referred: dict[Rows, Place] = {}
    for row in rows:
        _check_row(row, can)
        for part in row.assignments:
            reference = part.reference
            named = part.value is not None and type(part.value) is not NewRow
            if reference is not None and named and reference not in referred:
                referred[reference] = inside(row.place, part.name)
    for reference, place in referred.items():
        _check_apart(reference, place, can)


def _check_row(row: RowWrite, can: Capabilities) -> None:
    for part in row.assignments:
        if type(part.value) not in _VALUES:
            _check_assignment(part, can)
    for pointed in row.pointed:
        _check_pointed(pointed, inside(row.place, pointed.name), can)
    for links in row.links:
        can.require("related_writes", links.name)
        for label in links.relation.needed:
            can.require_resource(label, links.name, _BY_THEMSELVES)
        check_rows(links.rows, can)
    for children in row.children:
        _check_children(children, can)


def _check_assignment(part: Assignment, can: Capabilities) -> None:
    if isinstance(part.value, Update):
        can.require("updates", part.name)
    elif isinstance(part.value, File):
        can.require("files", part.name)
    elif isinstance(part.value, NewRow):
        _check_parent(part.value, part, can)


def _check_apart(rows: Rows, place: Place, can: Capabilities) -> None:
    """Refuse to refer to rows that cannot be looked up in their own database."""
    label = rows.resource.label
    there = can.read_apart(label)
    there.require_resource(label, place, _NO_REFERENCE)
    check_rows(rows, there)


def _check_pointed(pointed: PointedRow, place: Place, can: Capabilities) -> None:
    for rows in (pointed.rows, pointed.types):
        if rows is not None:
            _check_apart(rows, place, can)


def _check_parent(new: NewRow, part: Assignment, can: Capabilities) -> None:
    can.require("related_writes", part.name)
    can.require_resource(new.rules.resource.label, new.row.place, _BY_THEMSELVES)
    _check_rules(new.rules, can)
    _check_written((new.row,), can)


def _check_children(children: NestedWrites, can: Capabilities) -> None:
    can.require("related_writes", children.place)
    for label in children.relation.needed:
        can.require_resource(label, children.place, _BY_THEMSELVES)
    for rules in children.rules.values():
        _check_rules(rules, can)
    _check_written((*children.add, *children.edit), can)
    if children.remove or children.replace:
        _check_delete(children.relation.target, can, children.place)


def _check_delete(resource: Resource, can: Capabilities, path: Place) -> None:
    """Refuse to delete rows whose dependents the backend can neither find nor change."""
    if can.resources is not None:
        for label in asked_by_delete(resource.label):
            can.require_resource(label, path, worded("edit the row instead"))


def _check_rules(rules: WriteRules, can: Capabilities) -> None:
    for rows in (*rules.before, *rules.after):
        check_rows(rows, can)


def _check_output(output: SelectOutput, can: Capabilities) -> None:
    for column in output.columns:
        _check_value(column, can, Part.FIELDS)
    for mask in output.flags:
        _check_hops(mask.hops, can, Part.FIELDS)
        check_rows(mask.rows, can)
    for child in output.children:
        can.require("lists", child.relation.name)
        there = can.read_apart(child.relation.label)
        _check_relation(child.relation, there, child.relation.name)
        check_rows(child.rows, there)
        _check_output(child.output, there)
        _check_where(child.where, there, path=(Part.RELATED, child.relation.name, Part.FILTERS))
        _check_order(child.order_by, child.relation.target.pk, there)
        name = child.relation.name
        for column in (*child.distinct_on, *(cell.column for cell in child.cells)):
            can.require("distinct", (Part.RELATED, name, Part.DISTINCT))
            _check_value(column, there, (Part.RELATED, name, Part.DISTINCT))
        if child.keyset is not None:
            can.require("cursors", (Part.RELATED, name, Part.CURSOR))
        if child.counted:
            can.require("counts", (Part.RELATED, child.relation.name, Part.COUNT))
        if child.offset:
            can.require("offsets", (Part.RELATED, child.relation.name, Part.OFFSET))


def _check_order(order_by: Iterable[Ordering], pk: Attribute, can: Capabilities) -> None:
    for ordering in order_by:
        column = ordering.column
        if isinstance(column, ComputedValue) or column.hops or column.attribute is not pk:
            can.require("orders", Part.ORDER_BY)
        _check_value(column, can, Part.ORDER_BY)


def _check_value(value: Value, can: Capabilities, path: Place | None) -> None:
    # Each column of each reply passes here, and most are the row's own: empty parts cost no call.
    if value.masks:
        _check_masks(value.masks, can, path)
    if isinstance(value, Column):
        if value.hops:
            _check_hops(value.hops, can, path)
        if value.keys:
            can.require("json_keys", path)
        return
    _check_computed(value, can, path)


def _check_computed(value: ComputedValue, can: Capabilities, path: Place | None) -> None:
    match value.source:
        case AggregateSubquery() as subquery:
            can.require("related_aggregates", path)
            _check_relation(subquery.relation, can, path)
            check_rows(subquery.rows, can)
            _check_where(subquery.where, can, path=path)
            _check_hops(subquery.way, can, path)
            if subquery.value is not None:
                _check_value(subquery.value, can, path)
        case ComputedField():
            can.require("computed", path)
            for label in (label for hop in value.hops for label in hop.needed):
                can.require_resource(label, path)
        case TransformedValue():
            can.require("parts", path)
            _check_value(value.source.value, can, path)
        case RandomNumber():
            can.require("random", path)
        case GroupAlias():
            pass  # the value of a group, which is checked separately
        case _:
            assert_never(value.source)


def _check_masks(masks: Iterable[VisibleHop], can: Capabilities, path: Place | None) -> None:
    for mask in masks:
        _check_hops(mask.hops, can, path)
        check_rows(mask.rows, can)


def _check_hops(hops: tuple[Relation, ...], can: Capabilities, path: Place | None) -> None:
    if hops:
        can.require("joins", path)
    for hop in hops:
        _check_relation(hop, can, path)


def _check_relation(relation: Relation, can: Capabilities, path: Place | None) -> None:
    for label in relation.needed:
        can.require_resource(label, path, _IN_RULE if path is None else None)


def _check_where(
    where: Where | None, can: Capabilities, *, path: Place | None = Part.FILTERS
) -> None:
    match where:
        case None:
            return
        case Predicate():
            _check_test(where, can, path)
        case AllOf(children=children) | AnyOf(children=children):
            for child in children:
                _check_where(child, can, path=path)
        case Complement(child=child):
            _check_where(child, can, path=path)
        case Exists():
            can.require("related_filters", path)
            _check_relation(where.relation, can, path)
            _check_masks(where.masks, can, path)
            _check_hops(where.hops, can, path)
            check_rows(where.rows, can)
            _check_where(where.where, can, path=path)
        case Search():
            can.require("search", Part.SEARCH)
            for word in where.words:
                _check_where(word, can, path=Part.SEARCH)
        case _:
            assert_never(where)


def _check_test(test: Predicate, can: Capabilities, path: Place | None) -> None:
    _check_value(test.column, can, path)
    for name in test.transforms:
        can.require_transform(name, path)
    kind = "" if test.transforms else test.column.attribute.kind
    can.require_operator(test.operator, kind, path)
    if test.is_containment:
        can.require("containment", path)
    if isinstance(test.value, Column | ComputedValue):
        can.require("comparisons", path)
        _check_value(test.value, can, path)
