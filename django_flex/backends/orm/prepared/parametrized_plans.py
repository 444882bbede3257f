"""Plans with bind parameters in place of their values, from which statements are compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from django.db.models import Q

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.prepared.cache_keys import KEY_PARTS, is_literal
from django_flex.plan.nodes import SelectOutput
from django_flex.resolved import AggregateSubquery, Column, ComputedValue, Position, Predicate, Rows

if TYPE_CHECKING:
    from django_flex.backends.orm.bind_parameters import BindParameter

Take: TypeAlias = "Callable[[object], object]"
Node = TypeVar("Node")


def with_parameters(plan: object, parameters: Iterable[BindParameter]) -> object:
    """Return a plan with a bind parameter in place of each value.

    Args:
        plan: the plan.
        parameters: with what ``cache_key_of`` took out, or others of the same kinds, in that order.
    """
    each = iter(parameters)
    return _bound(plan, lambda _value: next(each))


def _bound(node: Node, take: Take) -> Node:
    """Return a node of the same type, with a parameter in place of each value in it."""
    bound: Any = node
    kind = type(node)
    if kind is tuple:
        bound = tuple(_bound(part, take) for part in bound)
    elif (special := _BINDING.get(kind)) is not None:
        bound = special(node, take)
    elif (parts := KEY_PARTS.get(kind)) is not None:
        inside = {part: _bound(getattr(node, part), take) for part in parts.inside}
        bound = replace(bound, **inside)
    result: Node = bound
    return result


def _bound_rows(rows: Rows, take: Take) -> Rows:
    if rows.nothing:
        return rows
    rule = None if rows.q is None else _bound_q(rows.q, take)
    condition, links = _bound(rows.condition, take), _bound(rows.links, take)
    return replace(rows, q=rule, condition=condition, links=links)


def _bound_output(output: SelectOutput, take: Take) -> SelectOutput:
    return replace(output, columns=_bound(output.columns, take), flags=_bound(output.flags, take))


def _bound_test(test: Predicate, take: Take) -> Predicate:
    column = _bound(test.column, take)
    related = isinstance(test.value, Column | ComputedValue)
    value = _bound(test.value, take) if related else _bound_value(test.value, take)
    return replace(test, column=column, value=value)


def _bound_computed(value: ComputedValue, take: Take) -> ComputedValue:
    source = (
        _bound(value.source, take) if isinstance(value.source, AggregateSubquery) else value.source
    )
    return replace(value, source=source, masks=_bound(value.masks, take))


def _bound_position(position: Position, take: Take) -> Position:
    return replace(position, values=tuple(_bound_value(value, take) for value in position.values))


def _bound_argument(argument: KeyArgument, take: Take) -> KeyArgument:
    return KeyArgument(_bound_value(argument.value, take))


_BINDING: dict[type, Callable[[Any, Take], Any]] = {
    ComputedValue: _bound_computed,
    KeyArgument: _bound_argument,
    Position: _bound_position,
    Rows: _bound_rows,
    SelectOutput: _bound_output,
    Predicate: _bound_test,
}


def _bound_value(value: object, take: Take) -> object:
    return value if is_literal(value) else take(value)


def _bound_q(q: Q, take: Take) -> Q:
    children: list[Any] = [_bound_child(child, take) for child in q.children]
    return Q.create(children, q.connector, negated=q.negated)


def _bound_child(child: Any, take: Take) -> Q | tuple[object, object]:
    if isinstance(child, Q):
        return _bound_q(child, take)
    pair: tuple[str, object] = child
    lookup, value = pair
    return lookup, _bound_value(value, take)
