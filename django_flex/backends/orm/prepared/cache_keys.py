"""The cache key of a plan: everything that determines its SQL, without the values.

Names, operators, orders and the number of values belong to the key; what a caller sent and what a
row rule is bound to do not. A plan in which the two cannot be told apart has no key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.db.models import Model, Q

from django_flex.backends.orm.bind_parameters import PLAIN_TYPES, KeyArgument
from django_flex.backends.orm.prepared.deterministic import (
    has_constant_managers,
    has_deterministic_columns,
    is_deterministic,
    is_deterministic_path,
)
from django_flex.backends.orm.schema import model_of
from django_flex.plan.nodes import AggregatePlan, Cell, ChildPlan, ReadPlan, SelectOutput
from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Column,
    Complement,
    ComputedValue,
    Exists,
    GroupKey,
    Keyset,
    Ordering,
    Position,
    Predicate,
    RandomNumber,
    Rows,
    Search,
    TooLong,
    Total,
    TransformedValue,
    VisibleHop,
)
from django_flex.schema.output_fields import output_field_of

Values: TypeAlias = list[Any]


@dataclass(frozen=True, slots=True, eq=False)
class KeyParts:
    """What of a node decides about SQL: names in it, and parts with values, in their order.

    ``inside`` has the names of the parts, which ``parts`` takes out of a node.
    ``fields`` returns what decides how a result is rounded and cast, and raises
    ``UncacheableError`` of a node whose values cannot be taken out.
    """

    names: Callable[[Any], Hashable]
    inside: tuple[str, ...]
    parts: Callable[[Any], tuple[Any, ...]]
    fields: Callable[[Any], Hashable]


class UncacheableError(Exception):
    """The values of a plan cannot be separated from what determines its SQL. Internal."""


def _nothing(_node: object) -> None:
    return None


def _node(names: str, parts: str = "", fields: Callable[[Any], Hashable] = _nothing) -> KeyParts:
    inside = tuple(parts.split())
    take = attrgetter(*names.split()) if names else _nothing
    return KeyParts(take, inside, _parts(inside), fields)


def _parts(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that takes attributes of a node; in C, since each request needs it."""
    take = attrgetter(*names) if names else None
    if take is None:
        return lambda _node: ()
    return take if len(names) > 1 else lambda node: (take(node),)


def _check_hops(value: Column | ComputedValue) -> None:
    """Refuse a field on the way that generates custom SQL."""
    if not all(has_deterministic_columns(model_of(hop.target)) for hop in value.hops):
        raise UncacheableError


def _check_search(search: Search) -> None:
    """Refuse what PostgreSQL searches for, which is not compared by lookups."""
    if search.mode != "substrings":
        raise UncacheableError


def _check_keyset(keyset: Keyset) -> None:
    """Refuse positions in an order of JSON values, which are not compared by lookups."""
    if any(ordering.column.keys for ordering in keyset.order):
        raise UncacheableError


def _fields_of_subquery(source: AggregateSubquery) -> Hashable:
    return _field(output_field_of(source.result))


def _fields_of_result(node: Total | GroupKey) -> Hashable:
    return node.result.kind, _field(output_field_of(node.result))


def _field(field: object) -> Hashable:
    digits = getattr(field, "max_digits", None), getattr(field, "decimal_places", None)
    return type(field), digits


KEY_PARTS: dict[type, KeyParts] = {
    AggregatePlan: _node("resource least", "rows where keys totals having order_by"),
    AllOf: _node("", "children"),
    AnyOf: _node("", "children"),
    Cell: _node("presence", "column"),
    ChildPlan: _node(
        "relation limit offset paged counted",
        "output rows where order_by keyset distinct_on cells",
    ),
    Column: _node("hops attribute keys", "masks", _check_hops),
    Complement: _node("", "child"),
    Exists: _node("hops relation", "rows where masks"),
    AggregateSubquery: _node(
        "way relation function least", "rows where value", _fields_of_subquery
    ),
    GroupKey: _node("alias part", "value", _fields_of_result),
    Keyset: _node("", "order position", _check_keyset),
    Ordering: _node("descending nulls", "column"),
    ReadPlan: _node("resource", "output rows where order_by keyset distinct_on cells ranking"),
    Search: _node("", "words", _check_search),
    Total: _node("alias function least", "value related", _fields_of_result),
    VisibleHop: _node("hops", "rows"),
}


#: With more values than this in its lists, a query is not cached.
MAX_VALUES = 5_000
_LIST_TYPES = (frozenset, list, set, tuple)
_LISTS = frozenset(_LIST_TYPES)


def cache_key_of(plan: object) -> tuple[Hashable, Values]:
    """Return the cache key of a plan, or of a part of it, and the values that were taken out.

    Raises:
        UncacheableError: there is none, or it has too many values.
    """
    values: Values = []
    key = _key(plan, values)
    if sum(len(value) for value in values if type(value) in _LISTS) > MAX_VALUES:
        raise UncacheableError
    return key, values


def _key(node: object, values: Values) -> Hashable:
    kind = type(node)
    if kind is tuple and isinstance(node, tuple):
        return tuple([_key(part, values) for part in node])
    if node is None:
        return None
    if kind is str and isinstance(node, str):
        return node
    known = _own_keys.get(node) if kind is Column or kind is Ordering else None
    if known is not None:
        return known
    parts = KEY_PARTS.get(kind)
    if parts is not None:
        # Most parts of most nodes are nothing: None, or an empty tuple.
        inside = [_key(part, values) if part else part for part in parts.parts(node)]
        key: tuple[object, ...] = (kind, parts.names(node), parts.fields(node), *inside)
        if (kind is Column or kind is Ordering) and _is_own(node):
            _own_keys[node] = key
        return key
    special = _SPECIAL.get(kind)
    if special is None:
        raise UncacheableError
    return kind, special(node, values)


# Columns of the row itself, and orders by them, are shared by plans.
_own_keys: WeakKeyDictionary[object, Hashable] = WeakKeyDictionary()


def _is_own(node: object) -> bool:
    column = node.column if isinstance(node, Ordering) else node
    return isinstance(column, Column) and not (column.hops or column.keys or column.masks)


# Selections are shared by plans, too, with the same key if there are no values in them.
_output_keys: WeakKeyDictionary[SelectOutput, Hashable] = WeakKeyDictionary()


def _output(output: SelectOutput, values: Values) -> Hashable:
    key = _output_keys.get(output)
    if key is None:
        before = len(values)
        key = _key(output.columns, values), _key(output.flags, values)
        if len(values) == before:
            _output_keys[output] = key
    return key


def _rows(rows: Rows, values: Values) -> Hashable:
    if rows.nothing:
        return rows.resource, False
    model = model_of(rows.resource)
    given = rows.queryset is not None or rows.among is not None
    if given or not (has_constant_managers(model) and has_deterministic_columns(model)):
        raise UncacheableError
    rule = None if rows.q is None else _q(rows.q, model, values)
    condition, links = _key(rows.condition, values), _key(rows.links, values)
    return rows.resource, rows.plain, rule, condition, links


def _q(q: Q, model: type[Model], values: Values) -> Hashable:
    return q.connector, q.negated, *[_q_child(child, model, values) for child in q.children]


def _q_child(child: object, model: type[Model], values: Values) -> Hashable:
    if isinstance(child, Q):
        return _q(child, model, values)
    if not isinstance(child, tuple):
        raise UncacheableError
    lookup, value = child
    if not is_deterministic_path(model, lookup):
        raise UncacheableError
    return lookup, _value(value, values)


def _test(test: Predicate, values: Values) -> Hashable:
    column, value = test.column, test.value
    if isinstance(value, Column | ComputedValue):
        return _key(column, values), test.transforms, test.operator, _key(value, values)
    if column.attribute.kind in {"json", "geometry"} and not is_literal(value):
        raise UncacheableError
    return _key(column, values), test.transforms, test.operator, _value(value, values)


def is_literal(value: object) -> bool:
    return value is None or value is True or value is False


def _value(value: object, values: Values) -> Hashable:
    """Take a value out; what stays is its kind, and how many there are.

    Raises:
        UncacheableError: it is not a plain value.
    """
    if is_literal(value):
        return (value,)
    kind = type(value)
    if kind in PLAIN_TYPES:
        values.append(value)
        plain: Any = kind  # mypy does not take the class of just any object for hashable
        name: Hashable = plain
        return name
    if kind in _LISTS and isinstance(value, _LIST_TYPES):
        values.append(value)
        if PLAIN_TYPES.issuperset(map(type, value)):
            return kind, len(value)
        _check_each(value)
        # Django asks of what model an object is.
        return kind, len(value), *map(type, value), *[one.__class__ for one in value]
    _check_each((value,))
    values.append(value)
    # A lazy object claims the class of the object that it wraps.
    return kind, value.__class__


def _check_each(values: Iterable[object]) -> None:
    """Refuse values that Django makes SQL of, that can be read once only, or that hold others."""
    for value in values:
        single = isinstance(value, str | bytes | Model) or not isinstance(value, Iterable)
        if not single or hasattr(value, "resolve_expression") or hasattr(value, "as_sql"):
            raise UncacheableError


def _derived(value: ComputedValue, values: Values) -> Hashable:
    _check_hops(value)
    if isinstance(value.source, AggregateSubquery):
        what: Hashable = _key(value.source, values)
    elif isinstance(value.source, RandomNumber):
        what = RandomNumber
    elif isinstance(value.source, TransformedValue):
        what = value.source.transform, _key(value.source.value, values)
    else:
        # Over relations it is read from the rows of the base manager.
        same = all(has_constant_managers(model_of(hop.target)) for hop in value.hops)
        if not (same and is_deterministic(value.attribute)):
            raise UncacheableError
        what = value.attribute if value.attribute.computed is not None else None
    return value.key, what, _key(value.masks, values)


def _argument(argument: KeyArgument, values: Values) -> Hashable:
    return _value(argument.value, values)


def _position(position: Position, values: Values) -> Hashable:
    if any(isinstance(value, TooLong) for value in position.values):
        raise UncacheableError
    taken = tuple([_value(value, values) for value in position.values])
    return taken, position.backward, position.inclusive


_SPECIAL: dict[type, Callable[[Any, Values], Hashable]] = {
    ComputedValue: _derived,
    KeyArgument: _argument,
    Position: _position,
    Rows: _rows,
    SelectOutput: _output,
    Predicate: _test,
}
