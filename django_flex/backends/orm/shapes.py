"""The shape of a plan: all that decides about its SQL, with the values taken out.

Names, operators, orders and how many values there are belong to the shape; what a caller sent and
what a row rule is bound to does not. Where the two cannot be told apart there is no shape.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.db.models import Q

from django_flex.backends.orm.slots import Given, Slot, gives_same_rows
from django_flex.permissions.authorized import (
    AllOf,
    AnyOf,
    Column,
    Complement,
    Derived,
    Exists,
    Gathered,
    Ordering,
    Rows,
    Search,
    Test,
    Visible,
)
from django_flex.permissions.authorized_aggregates import GroupKey, Total
from django_flex.permissions.cursors import Keyset, Position, TooLong
from django_flex.plan.aggregates import AggregatePlan
from django_flex.plan.nodes import Cell, ChildPlan, ReadPlan, SelectOutput

Values: TypeAlias = list[Any]
Take: TypeAlias = "Callable[[Any], Any]"


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """What of a node decides about SQL: names in it, and parts with values, in their order."""

    names: Callable[[Any], Hashable]
    parts: tuple[str, ...]


def _node(names: str, parts: str = "") -> Anatomy:
    return Anatomy(attrgetter(*names.split()) if names else _no_names, tuple(parts.split()))


def _no_names(_node: Any) -> None:
    return None


_ANATOMY: dict[type, Anatomy] = {
    AggregatePlan: _node("resource least", "rows where keys totals having order_by"),
    AllOf: _node("", "children"),
    AnyOf: _node("", "children"),
    Cell: _node("presence", "column"),
    ChildPlan: _node("relation limit offset paged", "output rows where order_by"),
    Column: _node("hops attribute keys", "guards"),
    Complement: _node("", "child"),
    Exists: _node("hops relation", "rows where guards"),
    Gathered: _node("way relation function least", "rows value"),
    GroupKey: _node("alias part", "value"),
    Keyset: _node("", "order position"),
    Ordering: _node("descending nulls", "column"),
    ReadPlan: _node("resource", "output rows where order_by keyset distinct_on cells ranking"),
    Search: _node("", "words"),
    Total: _node("alias function least", "value related"),
    Visible: _node("hops", "rows"),
}


#: So many values of one query are not looked at one by one.
MANY = 5_000


class NoShapeError(Exception):
    """The values of a plan cannot be told apart from what decides about its SQL. Internal."""


def shape_of(plan: Any) -> tuple[Hashable, Values]:
    """Return the shape of a plan, or of a part of it, and the values that were taken out.

    Raises:
        NoShapeError: there is none, or it has too many values.
    """
    values: Values = []
    shape = _shape(plan, values)
    if sum(len(value) for value in values if isinstance(value, list)) > MANY:
        raise NoShapeError
    return shape, values


def opened(plan: Any, values: Sequence[Any]) -> Any:
    """Return a plan with a slot in place of each value.

    Args:
        plan: the plan.
        values: what stands in the slots: what ``shape_of`` took out, or others of the same kinds.
    """
    slots = iter([Slot(number, value) for number, value in enumerate(values)])
    return _opened(plan, lambda _value: next(slots))


def _shape(node: Any, values: Values) -> Hashable:
    kind: Any = type(node)
    if kind is tuple:
        return tuple([_shape(part, values) for part in node])
    if node is None or kind is str:
        name: str | None = node
        return name
    known = _lasting.get(node) if kind is Column or kind is Ordering else None
    if known is not None:
        return known
    anatomy = _ANATOMY.get(kind)
    if anatomy is not None:
        inside = [_shape(getattr(node, part), values) for part in anatomy.parts]
        shape = (kind, anatomy.names(node), _fields_of(node), *inside)
        if (kind is Column or kind is Ordering) and _lasts(node):
            _lasting[node] = shape
        return shape
    special = _SPECIAL.get(kind)
    if special is None:
        raise NoShapeError
    return kind, special(node, values)


# Columns of the row itself, and orders by them, come again, too.
_lasting: WeakKeyDictionary[Any, Hashable] = WeakKeyDictionary()


def _lasts(node: Column | Ordering) -> bool:
    column = node.column if isinstance(node, Ordering) else node
    return isinstance(column, Column) and not (column.hops or column.keys or column.guards)


# Selections that are remembered come again, with the same shape if there are no values in them.
_outputs: WeakKeyDictionary[SelectOutput, Hashable] = WeakKeyDictionary()


def _output(output: SelectOutput, values: Values) -> Hashable:
    shape = _outputs.get(output)
    if shape is None:
        before = len(values)
        shape = _shape(output.columns, values), _shape(output.flags, values)
        if len(values) == before:
            _outputs[output] = shape
    return shape


def _fields_of(node: Any) -> Hashable:
    """Return what decides how a result is rounded and cast.

    Raises:
        NoShapeError: its values are compared otherwise than by lookups: what PostgreSQL searches
            for, and places in an order of JSON values.
    """
    kind = type(node)
    if kind is Search and node.mode != "substrings":
        raise NoShapeError
    if kind is Keyset and any(ordering.column.keys for ordering in node.order):
        raise NoShapeError
    if kind is Gathered:
        return _field(node.output)
    if kind is Total or kind is GroupKey:
        return node.result.kind, _field(node.result.value_field)
    return None


def _field(field: Any) -> Hashable:
    kind: Any = type(field)
    digits = getattr(field, "max_digits", None), getattr(field, "decimal_places", None)
    return kind, digits


def _rows(rows: Rows, values: Values) -> Hashable:
    if rows.nothing:
        return rows.resource, False
    if rows.queryset is not None or not gives_same_rows(rows.resource.model):
        raise NoShapeError
    rule = None if rows.q is None else _q(rows.q, values)
    return rows.resource, rule, _shape(rows.condition, values)


def _q(q: Q, values: Values) -> Hashable:
    return q.connector, q.negated, *[_q_child(child, values) for child in q.children]


def _q_child(child: Any, values: Values) -> Hashable:
    if isinstance(child, Q):
        return _q(child, values)
    if not isinstance(child, tuple):
        raise NoShapeError
    lookup, value = child
    if isinstance(value, dict) or hasattr(value, "resolve_expression"):
        raise NoShapeError
    return lookup, _value(value, values)


def _test(test: Test, values: Values) -> Hashable:
    column, value = test.column, test.value
    if isinstance(value, Column | Derived):
        return _shape(column, values), test.transforms, test.operator, _shape(value, values)
    if column.attribute.kind == "json" and not _is_literal(value):
        raise NoShapeError
    return _shape(column, values), test.transforms, test.operator, _value(value, values)


def _is_literal(value: Any) -> bool:
    return value is None or value is True or value is False


def _value(value: Any, values: Values) -> Hashable:
    """Take a value out; what stays is its kind, and how many there are."""
    if _is_literal(value):
        return (value,)
    values.append(value)
    if isinstance(value, list | tuple | set | frozenset):
        return value.__class__, len(value)
    # Of a lazy object the class of what it stands for.
    kind: Hashable = value.__class__
    return kind


def _derived(value: Derived, values: Values) -> Hashable:
    if isinstance(value.build, Gathered):
        what: Hashable = _shape(value.build, values)
    else:
        what = value.attribute if value.attribute.computed is not None else None
    return value.key, what, _shape(value.guards, values)


def _given(given: Given, values: Values) -> Hashable:
    return _value(given.value, values)


def _position(position: Position, values: Values) -> Hashable:
    if any(isinstance(value, TooLong) for value in position.values):
        raise NoShapeError
    taken = tuple([_value(value, values) for value in position.values])
    return taken, position.backward, position.inclusive


_SPECIAL: dict[type, Callable[[Any, Values], Hashable]] = {
    Derived: _derived,
    Given: _given,
    Position: _position,
    Rows: _rows,
    SelectOutput: _output,
    Test: _test,
}


def _opened(node: Any, take: Take) -> Any:
    kind = type(node)
    if kind is tuple:
        return tuple(_opened(part, take) for part in node)
    special = _OPENERS.get(kind)
    if special is not None:
        return special(node, take)
    anatomy = _ANATOMY.get(kind)
    if anatomy is None:
        return node
    return replace(node, **{part: _opened(getattr(node, part), take) for part in anatomy.parts})


def _opened_rows(rows: Rows, take: Take) -> Rows:
    if rows.nothing:
        return rows
    rule = None if rows.q is None else _opened_q(rows.q, take)
    return replace(rows, q=rule, condition=_opened(rows.condition, take))


def _opened_output(output: SelectOutput, take: Take) -> SelectOutput:
    return replace(output, columns=_opened(output.columns, take), flags=_opened(output.flags, take))


def _opened_test(test: Test, take: Take) -> Test:
    column = _opened(test.column, take)
    related = isinstance(test.value, Column | Derived)
    value = _opened(test.value, take) if related else _opened_value(test.value, take)
    return replace(test, column=column, value=value)


def _opened_derived(value: Derived, take: Take) -> Derived:
    build = _opened(value.build, take) if isinstance(value.build, Gathered) else value.build
    return replace(value, build=build, guards=_opened(value.guards, take))


def _opened_position(position: Position, take: Take) -> Position:
    return replace(position, values=tuple(_opened_value(value, take) for value in position.values))


def _opened_given(given: Given, take: Take) -> Given:
    return Given(_opened_value(given.value, take))


_OPENERS: dict[type, Callable[[Any, Take], Any]] = {
    Derived: _opened_derived,
    Given: _opened_given,
    Position: _opened_position,
    Rows: _opened_rows,
    SelectOutput: _opened_output,
    Test: _opened_test,
}


def _opened_value(value: Any, take: Take) -> Any:
    return value if _is_literal(value) else take(value)


def _opened_q(q: Q, take: Take) -> Q:
    children: list[Any] = [_opened_child(child, take) for child in q.children]
    made: Q = Q.create(children, q.connector, negated=q.negated)
    return made


def _opened_child(child: Any, take: Take) -> Any:
    if isinstance(child, Q):
        return _opened_q(child, take)
    lookup, value = child
    return lookup, _opened_value(value, take)
