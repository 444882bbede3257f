"""Plans checked against the capabilities of a backend, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, assert_never

from django.core.files.base import File

from django_flex.query.operations import BY_FILTER
from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Column,
    Complement,
    ComputedField,
    Derived,
    Exists,
    GroupAlias,
    NewRow,
    Predicate,
    Search,
)
from django_flex.resolved.updates import Update
from django_flex.schema.dependents import asked_by_delete

if TYPE_CHECKING:
    from django_flex.plan.capabilities import Capabilities
    from django_flex.plan.nodes import AggregatePlan, ReadPlan, SelectOutput, WritePlan
    from django_flex.resolved import (
        Assignment,
        NestedWrites,
        Ordering,
        Rows,
        RowWrite,
        Value,
        VisibleHop,
        Where,
        WriteRules,
    )
    from django_flex.schema.resources import Attribute, Relation, Resource

#: Hints at what works instead of writing related rows of another database.
_BY_THEMSELVES = "write them by themselves"
_NO_REFERENCE = "leave it out"
#: Without a path the rows are those of a rule, which no client wrote.
_IN_RULE = "rules of this model have to compare its own columns"


def check_read(plan: ReadPlan, can: Capabilities) -> None:
    """Refuse a get or list that a backend cannot execute.

    Raises:
        UnsupportedQueryError: it needs what the backend lacks.
    """
    check_rows(plan.rows, can)
    _check_output(plan.output, can)
    _check_where(plan.where, can)
    _check_order(plan.order_by, plan.resource.pk, can)
    if plan.cells or plan.distinct_on:
        can.require("distinct", "distinct")
    for column in (*plan.distinct_on, *(cell.column for cell in plan.cells)):
        _check_value(column, can, "distinct")
    if plan.offset:
        can.require("offsets", "offset")
    if plan.keyset is not None:
        can.require("cursors", "cursor")
    if plan.ranking is not None:
        can.require("search", "search")
    if plan.count is not None:
        can.require("counts", "count")
    if plan.totals is not None:
        check_groups(plan.totals, can)


def check_groups(plan: AggregatePlan, can: Capabilities) -> None:
    """Refuse an aggregate that a backend cannot execute.

    Raises:
        UnsupportedQueryError: it needs what the backend lacks.
    """
    can.require("aggregates", "aggregate")
    check_rows(plan.rows, can)
    _check_where(plan.where, can)
    _check_where(plan.having, can, path="having")
    for key in plan.keys:
        can.require("groups", "group_by")
        _check_value(key.value, can, "group_by")
    for total in plan.totals:
        for value in (total.value, total.related):
            if value is not None:
                _check_value(value, can, "aggregate")


def check_write(plan: WritePlan, can: Capabilities) -> None:
    """Refuse a write that a backend cannot execute.

    Raises:
        UnsupportedQueryError: it needs what the backend lacks.
    """
    can.require("writes", "_action")
    if plan.editing is not None:
        can.require("upserts", "_action")
        _check_rules(plan.editing, can)
    by_filter = plan.operation in BY_FILTER
    if by_filter:
        can.require("writes_by_filter", "_action")
        _check_where(plan.where, can)
    if len(plan.rows) > 1 or by_filter:
        can.require("transactions", "_items")
    _check_rules(plan.rules, can)
    for row in (*plan.rows, *plan.edits):
        _check_row(row, can)
    if plan.rules.operation == "delete":
        _check_delete(plan.rules.resource, can, "_action")
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
    _check_where(where, can, path="_filters")
    _check_where(condition, can, path="_if")


def check_rows(rows: Rows, can: Capabilities) -> None:
    """Refuse rows whose rules a backend cannot apply.

    Raises:
        UnsupportedQueryError: they need what the backend lacks.
    """
    if any(part is not None for part in (rows.q, rows.queryset, rows.among)):
        can.require("model_rules", None)
    _check_where(rows.condition, can, path=None)
    for others in (rows.links, rows.among):
        if others is not None:
            check_rows(others, can)


def _check_row(row: RowWrite, can: Capabilities) -> None:
    for part in row.assignments:
        if isinstance(part.value, Update):
            can.require("updates", part.name)
        if isinstance(part.value, File):
            can.require("files", part.name)
        if isinstance(part.value, NewRow):
            _check_parent(part.value, part, can)
        elif part.reference is not None and part.value is not None:
            place = f"{row.place}.{part.name}" if row.place else part.name
            label = part.reference.resource.label
            there = can.read_apart(label)
            there.require_resource(label, place, _NO_REFERENCE)
            check_rows(part.reference, there)
    for links in row.links:
        can.require("related_writes", links.name)
        for label in _labels_of(links.relation):
            can.require_resource(label, links.name, _BY_THEMSELVES)
        check_rows(links.rows, can)
    for children in row.children:
        _check_children(children, can)


def _check_parent(new: NewRow, part: Assignment, can: Capabilities) -> None:
    can.require("related_writes", part.name)
    can.require_resource(new.rules.resource.label, new.row.place, _BY_THEMSELVES)
    _check_rules(new.rules, can)
    _check_row(new.row, can)


def _check_children(children: NestedWrites, can: Capabilities) -> None:
    can.require("related_writes", children.place)
    can.require_resource(children.relation.label, children.place, _BY_THEMSELVES)
    for rules in children.rules.values():
        _check_rules(rules, can)
    for row in (*children.add, *children.edit):
        _check_row(row, can)
    if children.remove or children.replace:
        _check_delete(children.relation.target, can, children.place)


def _check_delete(resource: Resource, can: Capabilities, path: str) -> None:
    """Refuse to delete rows whose dependents the backend can neither find nor change."""
    if can.resources is not None:
        for label in asked_by_delete(resource.label):
            can.require_resource(label, path, "edit the row instead")


def _check_rules(rules: WriteRules, can: Capabilities) -> None:
    for rows in (*rules.before, *rules.after):
        check_rows(rows, can)


def _labels_of(relation: Relation) -> Iterator[str]:
    """Yield the labels of the resources that a relation needs: the rows', and that of the links."""
    yield relation.label
    if relation.through is not None:
        yield relation.through


def _check_output(output: SelectOutput, can: Capabilities) -> None:
    for column in output.columns:
        _check_value(column, can, "fields")
    for mask in output.flags:
        _check_hops(mask.hops, can, "fields")
        check_rows(mask.rows, can)
    for child in output.children:
        can.require("lists", child.relation.name)
        there = can.read_apart(child.relation.label)
        _check_relation(child.relation, there, child.relation.name)
        check_rows(child.rows, there)
        _check_output(child.output, there)
        _check_where(child.where, there, path=f"related.{child.relation.name}.filters")
        _check_order(child.order_by, child.relation.target.pk, there)
        if child.offset:
            can.require("offsets", f"related.{child.relation.name}.offset")


def _check_order(order_by: Iterable[Ordering], pk: Attribute, can: Capabilities) -> None:
    for ordering in order_by:
        column = ordering.column
        if isinstance(column, Derived) or column.hops or column.attribute is not pk:
            can.require("orders", "order_by")
        _check_value(column, can, "order_by")


def _check_value(value: Value, can: Capabilities, path: str | None) -> None:
    _check_masks(value.masks, can, path)
    if isinstance(value, Column):
        _check_hops(value.hops, can, path)
        if value.keys:
            can.require("json_keys", path)
        return
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
            for hop in value.hops:
                can.require_resource(hop.label, path)
        case GroupAlias():
            pass  # the value of a group, which is checked separately
        case _:
            assert_never(value.source)


def _check_masks(masks: Iterable[VisibleHop], can: Capabilities, path: str | None) -> None:
    for mask in masks:
        _check_hops(mask.hops, can, path)
        check_rows(mask.rows, can)


def _check_hops(hops: tuple[Relation, ...], can: Capabilities, path: str | None) -> None:
    if hops:
        can.require("joins", path)
    for hop in hops:
        _check_relation(hop, can, path)


def _check_relation(relation: Relation, can: Capabilities, path: str | None) -> None:
    for label in _labels_of(relation):
        can.require_resource(label, path, _IN_RULE if path is None else None)


def _check_where(where: Where | None, can: Capabilities, *, path: str | None = "filters") -> None:
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
            can.require("search", "search")
            for word in where.words:
                _check_where(word, can, path="search")
        case _:
            assert_never(where)


def _check_test(test: Predicate, can: Capabilities, path: str | None) -> None:
    _check_value(test.column, can, path)
    for name in test.transforms:
        can.require_word("transforms", name, path)
    can.require_word("operators", test.operator, path)
    if isinstance(test.value, Column | Derived):
        can.require("comparisons", path)
        _check_value(test.value, can, path)
